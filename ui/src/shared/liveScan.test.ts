import { expect, it } from 'vitest';
import type { Progress, ProgressStep } from '../bindings/desk';
import { heard, NOTHING_YET } from './liveScan';

const batch = (elapsed_ms: number, ...steps: ProgressStep[]): Progress => ({
  news: 'batch',
  elapsed_ms,
  steps,
});
const all = (...messages: Progress[]) =>
  messages.reduce((live, message) => heard(live, message, 0), NOTHING_YET);

it('keeps lines in the order they began, with the latest phase and what is read', () => {
  const live = all(
    batch(0, { step: 'begun', line: 'secret' }, { step: 'begun', line: 'vuln' }),
    batch(100, { step: 'phase', line: 'secret', phase: 'running gitleaks' }),
    batch(150, { step: 'reading', line: 'secret', subject: 'a.js' }),
    batch(200, { step: 'reading', line: 'secret', subject: 'b.js' }),
  );
  expect(live.lines.map((line) => line.line)).toEqual(['secret', 'vuln']);
  expect(live.lines[0]).toMatchObject({ phase: 'running gitleaks', reading: 'b.js', ended: null });
});

it('an end without a verdict is no pass', () => {
  const error = {
    code: 'MEX-CANCELLED' as const,
    message: 'somebody stopped it',
    hint: '',
    details: null,
  };
  const live = all(batch(0, { step: 'begun', line: 'secret' }), {
    news: 'finished',
    elapsed_ms: 10,
    outcome: { end: 'failed', error },
  });
  expect(live.end).toEqual({ kind: 'failed', error });
  expect(live.lines[0]?.ended).toBeNull();
});

it('keeps notes and says how a line ended', () => {
  const live = all(
    batch(0, { step: 'note', text: 'old database' }),
    batch(5, { step: 'ended', line: 'sbom', status: 'failed', summary: 'syft ended with 1' }),
  );
  expect(live.notes).toEqual(['old database']);
  expect(live.lines[0]?.ended).toEqual({ status: 'failed', summary: 'syft ended with 1', atMs: 5 });
});
