// What is left to do of a scan that ended: which jobs, and whether they can be begun without the others.
import type { ScanView } from '../bindings/desk';
import { JOBS } from '../shared/jobs';

export interface Retry {
  /** The jobs that failed, were denied, or never came to an end. */
  failed: string[];
  /** Those that ended well. */
  well: string[];
  /** What is begun: the failed ones, or `whole` where one scan has to hold them all. */
  begins: 'failed' | 'whole';
}

/** Undefined where nothing failed, and where a scan cannot be begun as it was. */
export function retryOf(view: ScanView): Retry | undefined {
  const { entry, verdict } = view;
  if (entry.state === 'running') return undefined;
  // A policy of somebody's own was a file of theirs: the window does not know which.
  if (verdict !== null && verdict.policy !== 'default') return undefined;
  const well = view.jobs
    .filter((job) => job.state === 'ended' && job.status === 'succeeded')
    .flatMap((job) => job.job ?? []);
  const begun = view.jobs.flatMap((job) => job.job ?? []);
  // A scan that was interrupted may have begun none of its jobs: then all are left.
  const wanted = entry.state === 'interrupted' ? [...begun, ...JOBS.map((one) => one.job)] : begun;
  const failed = [...new Set(wanted)].filter((job) => !well.includes(job));
  if (failed.length === 0) return undefined;
  const whole = entry.mode === 'release' || well.length === 0;
  return { failed, well, begins: whole ? 'whole' : 'failed' };
}
