// The sizes that code needs to know, as tokens.css gives them: a row's height, and when a grid is wide.
import { type RefObject, useEffect, useState } from 'react';

let known: number | undefined;

/** The token `--row` in pixels. */
export function rowHeight(): number {
  if (known !== undefined) return known;
  known = pixels('--row', 2);
  return known;
}

function pixels(token: string, usual: number): number {
  const root = getComputedStyle(document.documentElement);
  const rem = Number.parseFloat(root.fontSize) || 16;
  return (Number.parseFloat(root.getPropertyValue(token)) || usual) * rem;
}

/** Whether an element has room for what is only shown where there is room. */
export function useIsWide(element: RefObject<HTMLElement | null>): boolean {
  const [wide, setWide] = useState(true);
  useEffect(() => {
    if (element.current === null) return undefined;
    const seen = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWide(entry.contentRect.width >= pixels('--grid-wide', 56));
    });
    seen.observe(element.current);
    return () => seen.disconnect();
  }, [element]);
  return wide;
}
