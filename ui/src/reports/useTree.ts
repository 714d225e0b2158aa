// The levels of a dependency tree, asked for as they are opened.
import { useCallback, useEffect, useRef, useState } from 'react';
import { Refusal } from '../backend/backend';
import { useBackend } from '../backend/use';
import { type Branch, type Branches, UNASKED } from './tree';

const PAGE = 200;

export function useTree(runId: string) {
  const backend = useBackend();
  const [branches, setBranches] = useState<Branches>(new Map());
  const asked = useRef(new Set<string>());
  const put = useCallback((parent: string | null, change: (before: Branch) => Branch) => {
    setBranches((before) => {
      const after = new Map(before);
      after.set(parent, change(before.get(parent) ?? UNASKED));
      return after;
    });
  }, []);
  const load = useCallback(
    (parent: string | null, after: string | null = null) => {
      const key = JSON.stringify([parent, after]);
      if (asked.current.has(key)) return;
      asked.current.add(key);
      put(parent, (before) => ({ ...before, waiting: true, refusal: null }));
      backend.dependencyTree({ run_id: runId, parent, after, limit: PAGE }).then(
        (got) =>
          put(parent, (before) => ({
            nodes: [...before.nodes, ...got.items],
            next: got.next,
            waiting: false,
            refusal: null,
          })),
        (thrown: unknown) => {
          asked.current.delete(key);
          put(parent, (before) => ({ ...before, waiting: false, refusal: Refusal.of(thrown) }));
        },
      );
    },
    [backend, runId, put],
  );
  useEffect(() => load(null), [load]);
  return { branches, load };
}
