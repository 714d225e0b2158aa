import { expect, it } from 'vitest';
import type { GateCell, GateRow, GateWord } from '../bindings/desk';
import { gravest, wholeWord } from './gateWords';

it.each<[GateWord[], GateWord]>([
  [[], 'NOT_EVALUATED'],
  [['PASS', 'PASS'], 'PASS'],
  [['PASS', 'NOT_EVALUATED'], 'NOT_EVALUATED'],
  [['NOT_EVALUATED', 'DENY', 'PASS'], 'DENY'],
  [['DENY', 'ERROR'], 'ERROR'],
])('%j is %s: what was not evaluated never passes', (words, word) => {
  expect(gravest(words)).toBe(word);
});

const cell = (outcome: GateWord, event: boolean): GateCell => ({
  outcome,
  reason: '',
  code: null,
  severity: null,
  diagnostic_id: null,
  event_id: event ? 'event' : null,
});
const row = (gate: string, after: GateCell): GateRow => ({
  gate,
  before: cell('PASS', true),
  after,
});

it.each<[string, GateRow[], GateWord]>([
  ['a gate that judges before alone', [row('G-CAP', cell('NOT_EVALUATED', false))], 'PASS'],
  [
    'the same, recorded as not evaluated',
    [row('G-CAP', cell('NOT_EVALUATED', true))],
    'NOT_EVALUATED',
  ],
  [
    'a gate that must judge the result and did not',
    [row('G-DET', cell('NOT_EVALUATED', false))],
    'NOT_EVALUATED',
  ],
  [
    'a result that was refused',
    [row('G-CAP', cell('NOT_EVALUATED', false)), row('G-DET', cell('DENY', true))],
    'DENY',
  ],
])('%s', (_, rows, word) => expect(wholeWord(rows)).toBe(word));
