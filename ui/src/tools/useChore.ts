// Something done for tools and databases while somebody watches: its lines, its end. Comes back to
// what already runs when the window was loaded again.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Progress } from '../bindings/desk';
import type { Chore } from '../bindings/more';
import type { Status } from '../bindings/types';
import { Refusal } from '../backend/backend';
import { useAgain, useBackend } from '../backend/use';
import { useAnnounce } from '../shared/Live';

export interface ChoreLine {
  line: string;
  phase: string;
  reading: string;
  ended: { status: Status; summary: string } | null;
}

export interface ChoreState {
  lines: readonly ChoreLine[];
  notes: readonly string[];
  elapsed_ms: number;
  end: 'running' | 'done' | Refusal;
}

const FRESH: ChoreState = { lines: [], notes: [], elapsed_ms: 0, end: 'running' };

/** The state after one message. */
export function heard(state: ChoreState, message: Progress): ChoreState {
  if (message.news === 'finished') {
    const { outcome } = message;
    return {
      ...state,
      elapsed_ms: message.elapsed_ms,
      end: outcome.end === 'failed' ? new Refusal(outcome.error) : 'done',
    };
  }
  const lines = new Map(state.lines.map((one) => [one.line, one]));
  const notes = [...state.notes];
  for (const step of message.steps) {
    if (step.step === 'note') {
      notes.push(step.text);
      continue;
    }
    const line = lines.get(step.line) ?? { line: step.line, phase: '', reading: '', ended: null };
    if (step.step === 'phase') lines.set(step.line, { ...line, phase: step.phase, reading: '' });
    else if (step.step === 'reading') lines.set(step.line, { ...line, reading: step.subject });
    else if (step.step === 'ended')
      lines.set(step.line, { ...line, ended: { status: step.status, summary: step.summary } });
    else lines.set(step.line, line);
  }
  return { ...state, lines: [...lines.values()], notes, elapsed_ms: message.elapsed_ms };
}

export function useChore(chore: Chore, name: string) {
  const backend = useBackend();
  const again = useAgain();
  const announce = useAnnounce();
  const [state, setState] = useState<ChoreState | null>(null);
  const told = useRef(0);

  const follow = useCallback(
    async (begin: (listener: (message: Progress) => void) => Promise<unknown>) => {
      told.current += 1;
      const own = told.current;
      setState(FRESH);
      try {
        await begin((message) => {
          if (told.current !== own) return;
          setState((before) => heard(before ?? FRESH, message));
          if (message.news === 'finished') {
            announce(message.outcome.end === 'failed' ? `${name} failed` : `${name} done`);
            again(['tools', 'databases', 'openState']);
          }
        });
      } catch (thrown) {
        if (told.current === own) setState({ ...FRESH, end: Refusal.of(thrown) });
      }
    },
    [again, announce, name],
  );
  useEffect(() => {
    backend.runningChores().then(
      (running) => {
        if (running.includes(chore))
          void follow((listener) => backend.attachChore({ chore }, listener));
      },
      () => undefined,
    );
    return () => {
      told.current += 1;
    };
  }, [backend, chore, follow]);

  const start = useCallback(() => {
    void follow((listener) =>
      chore === 'install_tools'
        ? backend.installTools({ names: [], rebuild: 'where_missing' }, listener)
        : backend.syncDatabases({}, listener),
    );
  }, [backend, chore, follow]);
  const cancel = useCallback(() => {
    backend.cancelChore({ chore }).catch(() => undefined);
  }, [backend, chore]);
  return { state, start, cancel, close: () => setState(null) };
}
