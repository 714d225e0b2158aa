// One line of an event for a list: what sort, and the one thing to know of it. Raw events stand in the timeline.
import type { RecordedEvent } from '../bindings/types';

const TYPES: Record<string, string> = {
  terminal_command: 'command',
  capability_check: 'capability',
  debug_bundle_export: 'bundle',
  llm_inference: 'model',
  registry_review: 'review',
  registry_publish: 'publish',
  human_action: 'person',
};

/** The sort of an event, in a word or two. */
export function eventName(event: RecordedEvent): string {
  const kind = event.payload['kind'];
  if (event.event_type === 'system' && typeof kind === 'string') return kind.replaceAll('_', ' ');
  return TYPES[event.event_type] ?? event.event_type.replaceAll('_', ' ');
}

const TELLING: readonly string[] = [
  'gate',
  'phase',
  'command',
  'outcome',
  'decision_outcome',
  'capability_id',
  'operation',
  'exit_code',
  'title',
  'status',
  'verdict',
  'summary',
  'change',
  'action',
  'rule',
  'severity',
  'code',
  'reason',
  'level',
];

/** What it says, in one line of text that somebody else may have written. */
export function eventLine(event: RecordedEvent): string {
  const { payload } = event;
  return TELLING.map((name) => {
    const value = payload[name];
    if (typeof value === 'number') return `${name.replaceAll('_', ' ')} ${value}`;
    return typeof value === 'string' && value !== '' ? value.replaceAll('_', ' ') : '';
  })
    .filter(Boolean)
    .join(' · ');
}
