// Text that somebody else wrote (promise P28): what would not be seen, or would turn the line
// around, is named. Never markup, never cut without saying so.

export interface Piece {
  text: string;
  /** Set where the piece stands for a character that has no look of its own. */
  hidden?: string;
}

/** More than this is folded; nothing a person reads in one line is longer. */
export const LONG = 2_000;

const NAMES: Record<number, string> = {
  0x00: 'NUL',
  0x07: 'BEL',
  0x08: 'BS',
  0x09: 'TAB',
  0x0a: 'LF',
  0x0d: 'CR',
  0x1b: 'ESC',
  0x7f: 'DEL',
  0xad: 'SHY',
  0x061c: 'ALM',
  0x200b: 'ZWSP',
  0x200c: 'ZWNJ',
  0x200d: 'ZWJ',
  0x200e: 'LRM',
  0x200f: 'RLM',
  0x2028: 'LS',
  0x2029: 'PS',
  0x202a: 'LRE',
  0x202b: 'RLE',
  0x202c: 'PDF',
  0x202d: 'LRO',
  0x202e: 'RLO',
  0x2060: 'WJ',
  0x2066: 'LRI',
  0x2067: 'RLI',
  0x2068: 'FSI',
  0x2069: 'PDI',
  0xfeff: 'BOM',
};

// Controls, format characters, separators, lone surrogates and unassigned specials.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufffc]/u;

/** The pieces of a text. With `lines`, a line feed and a tab stay what they are. */
export function pieces(text: string, lines = false): Piece[] {
  const found: Piece[] = [];
  let plain = '';
  for (const character of text) {
    const kept = lines && (character === '\n' || character === '\t');
    if (kept || !HIDDEN.test(character)) {
      plain += character;
      continue;
    }
    if (plain !== '') found.push({ text: plain });
    plain = '';
    const point = character.codePointAt(0) ?? 0;
    const code = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
    found.push({ text: NAMES[point] ?? code, hidden: code });
  }
  if (plain !== '') found.push({ text: plain });
  return found;
}

/** The same as one plain string, for labels, titles and the clipboard. */
export function visible(text: string): string {
  return pieces(text)
    .map((piece) => (piece.hidden === undefined ? piece.text : `⟨${piece.text}⟩`))
    .join('');
}
