// What each gate asks, when it judges, and one word for a whole attempt.
import type { GateCell, GateRow, GateWord } from '../bindings/desk';

export const ASKS: Record<string, string> = {
  'G-SCHEMA': 'Is it a valid operation of a known engine?',
  'G-CAP': 'Is every right it asks for known, needed, granted and consented?',
  'G-INTEGRITY': 'Are its inputs and its tool exactly the pinned bytes?',
  'G-BUDGET': 'Is its budget there, positive and within the engine’s limits?',
  'G-PROVENANCE': 'Does every output name what it was made from?',
  'G-DET': 'Does it claim no more determinism than holds, with evidence?',
};

/** These have nothing to judge once it ran (contract GATE-2 to GATE-4). */
const BEFORE_ALONE: readonly string[] = ['G-SCHEMA', 'G-CAP', 'G-INTEGRITY'];

/** True where the gate has nothing to judge on a result, and nothing is recorded of it. */
export function hasNothingToJudge(gate: string, after: GateCell): boolean {
  return (
    BEFORE_ALONE.includes(gate) && after.event_id === null && after.outcome === 'NOT_EVALUATED'
  );
}

const GRAVITY: readonly GateWord[] = ['PASS', 'NOT_EVALUATED', 'DENY', 'ERROR'];

/** The gravest of some words; of none, nothing was evaluated. */
export function gravest(words: readonly GateWord[]): GateWord {
  return words.reduce(
    (a, b) => (GRAVITY.indexOf(b) > GRAVITY.indexOf(a) ? b : a),
    words[0] ?? 'NOT_EVALUATED',
  );
}

/** One word for an attempt: PASS only where every gate passed whenever it has to judge. */
export function wholeWord(rows: readonly GateRow[]): GateWord {
  return gravest(
    rows.flatMap((row) => [
      row.before.outcome,
      ...(hasNothingToJudge(row.gate, row.after) ? [] : [row.after.outcome]),
    ]),
  );
}
