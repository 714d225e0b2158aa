// What a verdict means, in words, and what comes next.
import type { Decision, Effect, Reason, Verdict } from '../bindings/types';

export const MEANS: Record<Decision, string> = {
  block: 'This must not go out.',
  denied: 'A gate refused an operation; nothing it would have said counts.',
  incomplete: 'Something was not scanned. What was not looked at is not clean.',
  pass: 'Everything was scanned, and nothing stands against it.',
};

/** One group of reasons: those that exceptions hide stand apart whatever they would do. */
export interface Group {
  key: Effect | 'hidden';
  title: string;
  about: string;
  reasons: Reason[];
}

const GROUPS: readonly Omit<Group, 'reasons'>[] = [
  { key: 'denies', title: 'Refused by a gate', about: 'nothing ran' },
  { key: 'blocks', title: 'Blocks', about: 'must be mended or accepted' },
  { key: 'leaves_incomplete', title: 'Not scanned', about: 'nobody knows what is there' },
  { key: 'hidden', title: 'Hidden by exceptions', about: 'would count without them' },
  { key: 'warns', title: 'Warns', about: 'stops nothing here' },
];

/** The reasons of a verdict in the order a person needs them; empty groups are left out. */
export function grouped(verdict: Verdict): Group[] {
  const key = (reason: Reason) => (reason.lifted_by === null ? reason.effect : 'hidden');
  return GROUPS.map((group) => ({
    ...group,
    reasons: verdict.reasons.filter((reason) => key(reason) === group.key),
  })).filter((group) => group.reasons.length > 0);
}

/** The one thing to do next: the step of the first reason that decides. */
export function nextStep(verdict: Verdict): string {
  const deciding: Record<Decision, Effect | null> = {
    block: 'blocks',
    denied: 'denies',
    incomplete: 'leaves_incomplete',
    pass: null,
  };
  const effect = deciding[verdict.verdict];
  if (effect === null) {
    return verdict.mode === 'release'
      ? 'seal what you built, so that this verdict travels with it'
      : 'scan for a release before anything goes out';
  }
  return (
    verdict.reasons.find((one) => one.effect === effect && one.lifted_by === null)?.next_step ?? ''
  );
}
