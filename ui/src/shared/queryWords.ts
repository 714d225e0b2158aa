// A query line taken apart for suggestions. Owns where words begin and end; what they mean is the host's.

export interface WordAt {
  /** Where the word stands in the line. */
  start: number;
  end: number;
  /** A leading `-` and the field with its colon; null where no field is named yet. */
  negated: boolean;
  field: string | null;
  /** What is typed of the value, or of the field's name. */
  typed: string;
}

/** The word the caret stands in. Quotes keep spaces together; a comma begins another value. */
export function wordAt(line: string, caret: number): WordAt {
  let start = 0;
  let quoted = false;
  for (let at = 0; at < caret; at += 1) {
    if (line[at] === '"') quoted = !quoted;
    else if (line[at] === ' ' && !quoted) start = at + 1;
  }
  let end = caret;
  while (end < line.length && (quoted || line[end] !== ' ')) {
    if (line[end] === '"') quoted = !quoted;
    end += 1;
  }
  const word = line.slice(start, end);
  const negated = word.startsWith('-');
  const bare = negated ? word.slice(1) : word;
  const colon = bare.indexOf(':');
  if (colon < 0) return { start, end, negated, field: null, typed: bare };
  const values = bare.slice(colon + 1);
  const typed = values.slice(values.lastIndexOf(',') + 1).replaceAll('"', '');
  return { start, end, negated, field: bare.slice(0, colon), typed };
}

/** The line with the word at the caret replaced by a field, and where the caret stands then. */
export function withField(
  line: string,
  at: WordAt,
  field: string,
): { line: string; caret: number } {
  const word = `${at.negated ? '-' : ''}${field}:`;
  return {
    line: line.slice(0, at.start) + word + line.slice(at.end),
    caret: at.start + word.length,
  };
}

/** The same with a value of its field. */
export function withValue(
  line: string,
  at: WordAt,
  value: string,
): { line: string; caret: number } {
  const word = line.slice(at.start, at.end);
  const keep = Math.max(word.lastIndexOf(','), word.indexOf(':')) + 1;
  const quoted = /[\s,"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value;
  const put = `${word.slice(0, keep)}${quoted} `;
  const rest = line.slice(at.end).trimStart();
  return { line: line.slice(0, at.start) + put + rest, caret: at.start + put.length };
}

/** The line with a word more, or without it where it stands there. */
export function toggled(line: string, word: string): string {
  const words = line.split(' ').filter(Boolean);
  const without = words.filter((one) => one !== word);
  return (without.length === words.length ? [...words, word] : without).join(' ');
}
