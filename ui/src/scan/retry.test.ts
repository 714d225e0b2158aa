import { expect, it } from 'vitest';
import type { ScanView } from '../bindings/desk';
import { retryOf } from './retry';

/** A scan with these jobs, each by how it ended; null did not end. */
function view(
  jobs: Record<string, string | null>,
  { mode = 'normal', state = 'ended', policy = 'default' } = {},
): ScanView {
  return {
    entry: { state, mode },
    verdict: state === 'ended' ? { policy } : null,
    jobs: Object.entries(jobs).map(([job, status]) =>
      status === null ? { job, state: 'interrupted' } : { job, state: 'ended', status },
    ),
  } as unknown as ScanView;
}
const WELL = { secret: 'succeeded', vuln: 'succeeded', sbom: 'succeeded', license: 'succeeded' };

it('offers nothing where nothing failed, and while it runs', () => {
  expect(retryOf(view(WELL))).toBeUndefined();
  expect(retryOf(view({ ...WELL, vuln: null }, { state: 'running' }))).toBeUndefined();
});

it.each(['failed', 'denied', 'timed_out', 'cancelled', null])(
  'begins only what ended as %s, where it is only to know',
  (status) => {
    expect(retryOf(view({ ...WELL, vuln: status }))).toEqual({
      failed: ['vuln'],
      well: ['secret', 'sbom', 'license'],
      begins: 'failed',
    });
  },
);

it('begins the whole scan for a release, and where nothing ended well', () => {
  expect(retryOf(view({ ...WELL, vuln: 'failed' }, { mode: 'release' }))?.begins).toBe('whole');
  expect(retryOf(view({ secret: 'denied', vuln: 'denied' }))?.begins).toBe('whole');
});

it('takes the jobs that an interrupted scan never began', () => {
  const left = retryOf(view({ secret: 'succeeded', vuln: null }, { state: 'interrupted' }));
  expect(left?.failed).toEqual(['vuln', 'sbom', 'license']);
});

it('never begins another scan than the one that was judged', () => {
  expect(retryOf(view({ ...WELL, vuln: 'failed' }, { policy: 'ours' }))).toBeUndefined();
});
