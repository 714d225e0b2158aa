import { createContext, use, useEffect, useState } from 'react';
import { ago, moment } from './format';

const Now = createContext(() => Date.now());

/** Now, moving once in `everyMs`; null stands still, so that an idle window uses nothing. */
export function useNow(everyMs: number | null = null): number {
  const clock = use(Now);
  const [now, setNow] = useState(clock);
  useEffect(() => {
    if (everyMs === null) return undefined;
    const tick = setInterval(() => setNow(clock()), everyMs);
    return () => clearInterval(tick);
  }, [clock, everyMs]);
  return now;
}

/** A moment, as the time since or as the clock tells it; the other stands in its title. */
export function Time({ at, as = 'ago' }: { at: string; as?: 'ago' | 'moment' }) {
  const now = useNow();
  const since = ago(at, now);
  return (
    <time dateTime={at} title={as === 'ago' ? moment(at) : since}>
      {as === 'ago' ? since : moment(at)}
    </time>
  );
}
