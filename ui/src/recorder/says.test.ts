import { expect, it } from 'vitest';
import type { RecordedEvent } from '../bindings/types';
import type { Exchange } from '../backend/recording';
import { EVENT_TYPES, says } from './says';

const recordings = import.meta.glob<readonly Exchange[]>('../../recording/events.json', {
  eager: true,
  import: 'default',
});
const events = Object.values(recordings).flatMap((all) =>
  all.flatMap((one) => (one.answer as { items: { event: RecordedEvent }[] }).items),
);
const made = (event_type: string, payload: Record<string, unknown>): RecordedEvent => ({
  schema_version: 'fe-1.0',
  event_id: 'e',
  timestamp: '2026-11-21T21:40:00Z',
  actor: 'system',
  actor_id: 'mex',
  event_type,
  payload,
});

it('has a sentence for every event that was recorded', () => {
  expect(events.length).toBeGreaterThan(100);
  for (const { event } of events) expect(says(event).text, event.event_type).not.toBe('');
});

it.each(EVENT_TYPES.map(([type]) => type))('%s without anything in it is still said', (type) => {
  expect(says(made(type, {})).text).not.toBe('');
});

it.each([
  ['pass', 'pass'],
  ['deny', 'denied'],
  ['not_evaluated', 'quiet'],
])('a gate that says %s has the tone %s and no other', (outcome, tone) => {
  const event = made('system', { kind: 'gate_outcome', gate: 'G-CAP', phase: 'before', outcome });
  expect(says(event).outcome?.tone).toBe(tone);
});

it('takes no exit code for a result', () => {
  const event = made('terminal_command', { command: '/t/npm', duration_ms: 10, exit_code: 1 });
  expect(says(event).outcome).toEqual({ tone: 'quiet', word: 'exit 1' });
  expect(says(made('terminal_command', { signal: 9 })).outcome?.word).toBe('signal 9');
});

it('names what nobody has words for yet by its own name', () => {
  expect(says(made('system', { kind: 'something_new' })).text).toBe('something new');
  expect(says(made('another_type', {})).text).toBe('another type');
});
