// A document as people read it: JSON that stands on one line is indented. No token of it is changed,
// dropped or rounded: a document that says one field twice shows it twice.

/** The text with line breaks between its tokens; what is cut, or no JSON, stays as it stands. */
export function laidOut(text: string, cut: boolean): string {
  const begin = text.trimStart().charAt(0);
  if (cut || (begin !== '{' && begin !== '[') || text.trim().includes('\n')) return text;
  let made = '';
  let depth = 0;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  tokens.forEach((token, index) => {
    const shut = token === '}' || token === ']';
    const before = tokens[index - 1] ?? '';
    const empty = shut && (before === '{' || before === '[');
    if (shut) depth -= 1;
    if (shut && !empty) made += `\n${'  '.repeat(Math.max(0, depth))}`;
    made += token === ':' ? ': ' : token;
    const opens = token === '{' || token === '[';
    if (opens) depth += 1;
    const next = tokens[index + 1];
    if (token === ',' || (opens && next !== '}' && next !== ']'))
      made += `\n${'  '.repeat(Math.max(0, depth))}`;
  });
  return made;
}
