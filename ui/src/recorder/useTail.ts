// What is recorded while somebody watches: asked for once a second, only while it is wanted and seen.
import { useEffect, useState } from 'react';
import type { EventNarrowing } from '../bindings/more';
import type { StoredEvent } from '../bindings/types';
import { Refusal } from '../backend/backend';
import { useBackend } from '../backend/use';

/** Held at once; what came before is read as pages. */
export const MOST = 2_000;
const EVERY_MS = 1_000;

export interface Tailed {
  /** Newest first. */
  events: readonly StoredEvent[];
  refusal: Refusal | undefined;
}

const NOTHING: Tailed = { events: [], refusal: undefined };

/** What came since it was turned on. `key` names the filter; another one begins anew. */
export function useTail(on: boolean, filter: EventNarrowing, key: string): Tailed {
  const backend = useBackend();
  const [tailed, setTailed] = useState<Tailed>(NOTHING);
  useEffect(() => {
    setTailed(NOTHING);
    if (!on) return undefined;
    let stopped = false;
    let after: number | null = null;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        if (document.visibilityState === 'visible') {
          const got = await backend.tail({ after_seq: after, filter, limit: 500 });
          if (stopped) return;
          after = got.through_seq;
          if (got.events.length > 0) {
            const came = [...got.events].reverse();
            setTailed((before) => ({
              events: [...came, ...before.events].slice(0, MOST),
              refusal: undefined,
            }));
          }
          if (got.more) {
            void look();
            return;
          }
        }
      } catch (thrown) {
        if (!stopped) setTailed((before) => ({ ...before, refusal: Refusal.of(thrown) }));
        return;
      }
      waiting = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      stopped = true;
      clearTimeout(waiting);
    };
    // The filter is its key.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [backend, on, key]);
  return tailed;
}
