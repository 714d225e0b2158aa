// The one size that code needs to know: a row's height, as tokens.css gives it.

let known: number | undefined;

/** The token `--row` in pixels. */
export function rowHeight(): number {
  if (known !== undefined) return known;
  const root = getComputedStyle(document.documentElement);
  const rem = Number.parseFloat(root.fontSize) || 16;
  const rows = Number.parseFloat(root.getPropertyValue('--row')) || 2;
  known = rows * rem;
  return known;
}
