import { useEffect, useState } from 'react';

/** How long somebody pauses before what stands in a line is asked. */
const PAUSE_MS = 90;

/** A line somebody types in: it is told when they pause, and another one from outside stands there at once. */
export function useTyped(
  value: string,
  onChange: (line: string) => void,
): { line: string; type: (line: string) => void; put: (line: string) => void } {
  const [line, setLine] = useState(value);
  const [given, setGiven] = useState(value);
  if (given !== value) {
    setGiven(value);
    if (value !== line.trim()) setLine(value);
  }
  useEffect(() => {
    if (line.trim() === value) return undefined;
    const pause = setTimeout(() => onChange(line.trim()), PAUSE_MS);
    return () => clearTimeout(pause);
  }, [line, value, onChange]);
  return {
    line,
    type: setLine,
    // At once, without a pause.
    put: (next) => {
      setLine(next);
      onChange(next.trim());
    },
  };
}
