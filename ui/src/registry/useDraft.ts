// The draft that is shown, and whether it still is the draft (promise P30). What is shown never
// changes under the reader: when another draft is there, the shown one is dead until it is read anew.
// Asks for where the chain of events ends, which costs nothing, and for the draft only when it moved.
import { useEffect, useState } from 'react';
import type { RegistryDraftView } from '../bindings/more';
import { useAgain, useAsk, useBackend } from '../backend/use';

const EVERY_MS = 3_000;

export type Life = { alive: true } | { alive: false; why: string };

export interface Shown {
  /** What the reader has before them. */
  shown: RegistryDraftView | null | undefined;
  life: Life;
  /** Where the review of what is shown stands now. */
  review: RegistryDraftView['review'];
  /** Puts what is there now before the reader. */
  readAnew: () => void;
  asked: ReturnType<typeof useAsk<'registryDraft'>>;
}

export function useDraft(): Shown {
  const asked = useAsk('registryDraft', undefined);
  const again = useAgain();
  const newest = asked.data;
  const [shown, setShown] = useState<RegistryDraftView | null>();
  // The first answer is shown; later ones only tell whether it still holds.
  if ((shown === undefined || shown === null) && newest !== undefined && newest !== shown)
    setShown(newest);
  useWatch();
  const review = (newest?.diff_sha256 === shown?.diff_sha256 ? newest : shown)?.review ?? {
    state: 'open',
  };
  return {
    shown,
    life: life(shown ?? null, newest, asked.isError, review),
    review,
    readAnew: () => {
      setShown(undefined);
      again(['registryDraft']);
    },
    asked,
  };
}

/** Says that the draft may be another one, whenever something was recorded. */
function useWatch(): void {
  const backend = useBackend();
  const again = useAgain();
  useEffect(() => {
    let end: number | undefined;
    let stopped = false;
    const look = async () => {
      try {
        const { through_seq } = await backend.tail({ after_seq: null });
        if (stopped) return;
        // What was read before this screen was opened may be old too.
        if (end !== through_seq) again(['registryDraft']);
        end = through_seq;
      } catch {
        // Nobody can say whether something changed: the draft itself is asked, and says so.
        if (!stopped) again(['registryDraft']);
      }
    };
    void look();
    const every = setInterval(() => {
      if (document.visibilityState === 'visible') void look();
    }, EVERY_MS);
    return () => {
      stopped = true;
      clearInterval(every);
    };
  }, [backend, again]);
}

function life(
  shown: RegistryDraftView | null,
  newest: RegistryDraftView | null | undefined,
  failed: boolean,
  review: RegistryDraftView['review'],
): Life {
  if (shown === null) return { alive: true };
  if (failed)
    return { alive: false, why: 'Whether this still is the draft could not be asked just now.' };
  if (newest === null) return { alive: false, why: 'There is no draft any more.' };
  if (newest !== undefined && newest.diff_sha256 !== shown.diff_sha256)
    return { alive: false, why: 'The draft changed since you began to read.' };
  if (review.state === 'dead') return { alive: false, why: review.reason };
  return { alive: true };
}
