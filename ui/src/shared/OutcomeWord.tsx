import type { GateWord } from '../bindings/desk';
import { type Tone, Word } from './Word';

const WORDS: Record<GateWord, [Tone, string]> = {
  PASS: ['pass', 'PASS'],
  DENY: ['denied', 'DENY'],
  ERROR: ['block', 'ERROR'],
  NOT_EVALUATED: ['quiet', 'NOT EVALUATED'],
};

/** How a gate judged. Never a green tick for what did not run. */
export function OutcomeWord({ word }: { word: GateWord }) {
  const [tone, text] = WORDS[word];
  return (
    <Word tone={tone} size="s">
      {text}
    </Word>
  );
}
