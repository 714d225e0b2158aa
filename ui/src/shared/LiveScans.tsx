// The scans that run now, wherever the window is. One subscription a scan; a reloaded window takes
// it up again.
import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { Progress, StartScanRequest } from '../bindings/desk';
import { useAgain, useAsk, useBackend } from '../backend/use';
import { heard, type Live, NOTHING_YET } from './liveScan';
import { useAnnounce } from './Live';

interface Scans {
  live: ReadonlyMap<string, Live>;
  start: (request: StartScanRequest) => Promise<string>;
}

const Context = createContext<Scans>({
  live: new Map(),
  start: () => Promise.reject(new Error('no scans here')),
});

export function LiveScans({ children }: { children: ReactNode }) {
  const backend = useBackend();
  const again = useAgain();
  const announce = useAnnounce();
  const [live, setLive] = useState<ReadonlyMap<string, Live>>(new Map());
  const followed = useRef(new Set<string>());
  const take = useCallback(
    (runId: string, message: Progress) => {
      setLive((before) => {
        const after = new Map(before);
        after.set(runId, heard(before.get(runId) ?? NOTHING_YET, message, Date.now()));
        return after;
      });
      if (message.news !== 'finished') return;
      announce(
        message.outcome.end === 'scan'
          ? `The scan ended: ${message.outcome.verdict}`
          : 'The scan ended without a verdict',
      );
      again([
        'scan',
        'scans',
        'delta',
        'operations',
        'gates',
        'runningScans',
        'openState',
        'recentProjects',
      ]);
      again(['problems', 'problemCounts', 'problemFacets', 'problem']);
    },
    [again, announce],
  );
  const start = useCallback(
    async (request: StartScanRequest) => {
      // Messages may come before the answer that names the scan.
      const early: Progress[] = [];
      const named: { runId?: string } = {};
      const { run_id } = await backend.startScan(request, (message) => {
        if (named.runId === undefined) early.push(message);
        else take(named.runId, message);
      });
      named.runId = run_id;
      followed.current.add(run_id);
      setLive((before) => new Map(before).set(run_id, { ...NOTHING_YET, heardAt: Date.now() }));
      for (const message of early) take(run_id, message);
      again(['runningScans', 'scans', 'scan']);
      return run_id;
    },
    [backend, take, again],
  );
  const running = useAsk('runningScans', undefined);
  useEffect(() => {
    for (const { run_id } of running.data ?? []) {
      if (followed.current.has(run_id)) continue;
      followed.current.add(run_id);
      backend
        .attachScan({ id: run_id }, (message) => take(run_id, message))
        // It ended in between: what was recorded of it is shown in its place.
        .catch(() => again(['runningScans', 'scan']));
    }
  }, [running.data, backend, take, again]);
  const scans = useMemo(() => ({ live, start }), [live, start]);
  return <Context value={scans}>{children}</Context>;
}

/** What is known of a scan that runs, or ran since the window was opened. */
export function useLiveScan(runId: string | undefined): Live | undefined {
  return use(Context).live.get(runId ?? '');
}

/** Begins a scan and gives its id. Rejects where it cannot begin. */
export function useStartScan(): (request: StartScanRequest) => Promise<string> {
  return use(Context).start;
}
