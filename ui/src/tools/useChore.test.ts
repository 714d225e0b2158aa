import { expect, it } from 'vitest';
import type { Progress } from '../bindings/desk';
import { type ChoreState, heard } from './useChore';

const FRESH: ChoreState = { lines: [], notes: [], elapsed_ms: 0, end: 'running' };
const batch = (...steps: Extract<Progress, { news: 'batch' }>['steps']): Progress => ({
  news: 'batch',
  elapsed_ms: 5,
  steps,
});

it('keeps a line for each thing that is done, in the order they began', () => {
  const state = [
    batch({ step: 'begun', line: 'npm' }, { step: 'begun', line: 'syft' }),
    batch({ step: 'phase', line: 'npm', phase: 'fetching' }),
    batch({ step: 'ended', line: 'npm', status: 'succeeded', summary: 'done' }),
  ].reduce(heard, FRESH);
  expect(state.lines.map((one) => [one.line, one.ended?.status])).toEqual([
    ['npm', 'succeeded'],
    ['syft', undefined],
  ]);
});

it('is done only where the end says so', () => {
  const done = heard(FRESH, { news: 'finished', elapsed_ms: 9, outcome: { end: 'done' } });
  expect(done.end).toBe('done');
  const error = { code: 'MEX-DB-FETCH' as const, message: 'no', hint: '', details: null };
  const failed = heard(FRESH, {
    news: 'finished',
    elapsed_ms: 9,
    outcome: { end: 'failed', error },
  });
  expect(failed.end).toMatchObject({ code: 'MEX-DB-FETCH' as const });
});
