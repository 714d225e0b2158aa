// What is known of something that runs, from the steps it sends. Pure: steps in, lines out.
import type { Progress, ProgressStep } from '../bindings/desk';
import type { AppError, Status } from '../bindings/types';

export interface LiveLine {
  line: string;
  phase: string;
  /** What it reads right now: text somebody else wrote. */
  reading: string;
  begunMs: number;
  ended: { status: Status; summary: string; atMs: number } | null;
}

export interface Live {
  lines: readonly LiveLine[];
  notes: readonly string[];
  /** Of the last batch; a clock goes on from there. */
  elapsedMs: number;
  heardAt: number;
  end:
    | { kind: 'verdict'; verdict: string }
    | { kind: 'done' }
    | { kind: 'failed'; error: AppError }
    | null;
}

export const NOTHING_YET: Live = { lines: [], notes: [], elapsedMs: 0, heardAt: 0, end: null };

/** What is known after one more message; `now` is when it was heard. */
export function heard(live: Live, message: Progress, now: number): Live {
  const after = { ...live, elapsedMs: message.elapsed_ms, heardAt: now };
  if (message.news === 'batch')
    return message.steps.reduce((all, step) => stepped(all, step), after);
  const { outcome } = message;
  switch (outcome.end) {
    case 'scan':
      return { ...after, end: { kind: 'verdict', verdict: outcome.verdict } };
    case 'done':
      return { ...after, end: { kind: 'done' } };
    case 'failed':
      return { ...after, end: { kind: 'failed', error: outcome.error } };
  }
}

function stepped(live: Live, step: ProgressStep): Live {
  if (step.step === 'note') return { ...live, notes: [...live.notes, step.text].slice(-50) };
  const lines = [...live.lines];
  let at = lines.findIndex((one) => one.line === step.line);
  if (at < 0) {
    at = lines.length;
    lines.push({ line: step.line, phase: '', reading: '', begunMs: live.elapsedMs, ended: null });
  }
  const line = lines[at];
  if (line === undefined) return live;
  switch (step.step) {
    case 'begun':
      lines[at] = { ...line, begunMs: live.elapsedMs, ended: null };
      break;
    case 'phase':
      lines[at] = { ...line, phase: step.phase, reading: '' };
      break;
    case 'reading':
      lines[at] = { ...line, reading: step.subject };
      break;
    case 'ended':
      lines[at] = {
        ...line,
        reading: '',
        ended: { status: step.status, summary: step.summary, atMs: live.elapsedMs },
      };
      break;
  }
  return { ...live, lines };
}
