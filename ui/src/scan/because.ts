// Why something is new, unchanged or gone, as one line. Every word of the closed lists has one of ours.
import type { Cause, CauseChange, CauseKind } from '../bindings/types';

export const KINDS: Record<CauseKind, string> = {
  dependency: 'a dependency',
  database: 'the advisory database',
  code: 'the project’s own files',
  exception: 'an exception',
  policy: 'the policy',
  tool: 'a scanner',
  coverage: 'what was looked at',
  unknown: 'nothing that was recorded explains it',
};

export const CHANGES: Record<CauseChange, string> = {
  added: 'came in',
  removed: 'went away',
  changed: 'changed',
  relicensed: 'has another licence',
  lockfile_changed: 'stands in a lockfile that changed',
  snapshot_changed: 'is of another day',
  withdrawn: 'was withdrawn',
  reinstated: 'counts again',
  expired: 'ran out',
  revoked: 'was revoked',
  renewed: 'was renewed',
  signed: 'was signed',
  unsigned: 'is not signed any more',
  matches: 'matches it',
  matches_no_more: 'matches it no more',
  not_looked_at: 'was not looked at',
  unexplained: 'is not explained',
};

/** A cause in one line: what kind, what, how it moved. */
export function because(cause: Cause): string {
  if (cause.kind === 'unknown') return `Why: ${KINDS.unknown}`;
  const moved = cause.was !== null && cause.is !== null ? ` from ${cause.was} to ${cause.is}` : '';
  const more = moved === '' ? (cause.is ?? cause.was) : null;
  const told = `${cause.subject} ${CHANGES[cause.how]}${moved}`;
  return `Why: ${KINDS[cause.kind]}: ${told}${more === null ? '' : ` (${more})`}`;
}
