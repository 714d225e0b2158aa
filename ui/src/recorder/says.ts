// What an event says, as one sentence, and how it went. The whole of it is in the event itself.
// Owns the words; long because every kind of event has its own.
import type { RecordedEvent } from '../bindings/types';
import type { Tone } from '../shared/Word';
import { bytes, count, counted, duration, short, words } from '../shared/format';

export interface Says {
  /** Ids stand in backticks. */
  text: string;
  /** How it went, where it went some way. */
  outcome: { tone: Tone; word: string } | null;
}

type Payload = Readonly<Record<string, unknown>>;

const text = (value: unknown, otherwise = ''): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;
const id = (value: unknown): string => `\`${text(value, '?')}\``;
const because = (value: unknown): string => (text(value) === '' ? '' : `: ${text(value)}`);
const plain = (sentence: string): Says => ({ text: sentence, outcome: null });
const went = (sentence: string, tone: Tone, word: string): Says => ({
  text: sentence,
  outcome: { tone, word },
});

const ENDS: Record<string, Tone> = {
  succeeded: 'pass',
  failed: 'incomplete',
  denied: 'denied',
  cancelled: 'quiet',
  timed_out: 'incomplete',
  pass: 'pass',
  block: 'block',
  incomplete: 'incomplete',
  deny: 'denied',
  allow: 'pass',
  not_evaluated: 'quiet',
};
const GRADES: Record<string, Tone> = { fatal: 'block', error: 'block', warning: 'incomplete' };
const toned = (sentence: string, word: unknown): Says =>
  went(sentence, ENDS[text(word)] ?? 'quiet', words(text(word)));

export function says(event: RecordedEvent): Says {
  const { payload } = event;
  switch (event.event_type) {
    case 'terminal_command':
      return command(payload);
    case 'diagnostic':
      return went(
        `a diagnostic was made: ${text(payload['severity'])} from ${text(payload['source'])}`,
        GRADES[text(payload['severity'])] ?? 'quiet',
        text(payload['severity']),
      );
    case 'system':
      return system(payload);
    case 'capability_check':
      return toned(
        `${id(payload['capability_id'])} under ${id(payload['profile_id'])}${because(payload['reason'])}${
          payload['simulated'] === true ? ' (simulated)' : ''
        }`,
        payload['decision_outcome'],
      );
    case 'consent':
      return payload['change'] === 'granted'
        ? plain(
            `a consent to ${id(payload['capability_id'])} was granted${because(payload['reason'])}`,
          )
        : plain(`a consent was revoked${because(payload['reason'])}`);
    case 'debug_bundle_export':
      return plain(`a debug bundle of ${text(payload['scope'])} left, ${text(payload['mode'])}`);
    case 'llm_inference':
      return plain(`a ${text(payload['locality'])} model was asked`);
    case 'registry_review':
      return toned(
        `a registry diff was reviewed${because(payload['comment'])}`,
        payload['decision'] === 'approve' ? 'pass' : 'deny',
      );
    case 'registry_publish':
      return plain(`registry ${id(payload['capability_registry_version'])} was published`);
    case 'human_action':
      return human(payload);
    case 'retention':
      return plain(
        `${counted(Number(payload['events_purged'] ?? 0), 'event')} older than ${text(payload['retention_days'])} days were purged`,
      );
    case 'checkpoint':
      return plain(`a signed head was exported at ${text(payload['seq'])}`);
    default:
      return plain(words(event.event_type));
  }
}

function command(payload: Payload): Says {
  const tool = payload['tool'] as { name?: unknown; version?: unknown } | null | undefined;
  const program = text(payload['command']).split('/').at(-1) ?? '';
  const named =
    tool === null || tool === undefined ? program : `${text(tool.name)} ${text(tool.version)}`;
  const took = duration(Number(payload['duration_ms'] ?? 0));
  const sentence = `\`${named}\` ran for ${took}`;
  const limit = payload['killed_at'];
  if (limit !== null && limit !== undefined)
    return went(
      `${sentence} and was killed at its limit ${words(text(limit))}`,
      'incomplete',
      'killed',
    );
  if (payload['signal'] !== null && payload['signal'] !== undefined)
    return went(sentence, 'incomplete', `signal ${text(payload['signal'])}`);
  // What an exit code means is the tool's own matter: 1 may be a result.
  return went(sentence, 'quiet', `exit ${text(payload['exit_code'], '?')}`);
}

function system(payload: Payload): Says {
  const operation = `\`${text(payload['engine_id'])}\` ${text(payload['operation'])}`;
  switch (payload['kind']) {
    case 'gate_outcome':
      return toned(
        `${id(payload['gate'])} ${text(payload['phase'])} ${operation}${because(payload['reason'])}`,
        payload['outcome'],
      );
    case 'operation_begun':
      return plain(`${operation} is about to be judged`);
    case 'operation_ended': {
      const reused = text(payload['reused_from']);
      const from = reused === '' ? '' : `, reused from \`${short(reused)}\``;
      return toned(`${operation} ended${from}`, payload['status']);
    }
    case 'operation_interrupted':
      return went('an attempt was left open by a crash and closed', 'incomplete', 'interrupted');
    case 'job_begun':
      return plain(`job begun: ${text(payload['title'], text(payload['job_kind']))}`);
    case 'job_ended':
      return toned(`job ended${because(payload['summary'])}`, payload['status']);
    case 'job_interrupted':
      return went('a job was left open by a crash and closed', 'incomplete', 'interrupted');
    case 'scan_begun':
      return plain(`scan begun of \`${text(payload['project'])}\`, ${text(payload['mode'])}`);
    case 'scan_ended':
      return toned('scan ended with a verdict', payload['verdict']);
    case 'scan_interrupted':
      return went(
        `scan without a verdict${because(payload['reason'])}`,
        'incomplete',
        'interrupted',
      );
    case 'block':
      return went(`a finding blocks the release by ${id(payload['rule'])}`, 'block', 'block');
    case 'tool_provisioned': {
      const tool = payload['tool'] as { name?: unknown; version?: unknown } | undefined;
      return plain(
        `\`${text(tool?.name)} ${text(tool?.version)}\` was provisioned from ${text(payload['origin'])}`,
      );
    }
    case 'tool_verified':
      return payload['intact'] === true
        ? went(`${id(payload['tool'])} is the pinned one`, 'pass', 'intact')
        : went(
            `${id(payload['tool'])} is not the pinned one${because(payload['reason'])}`,
            'denied',
            'changed',
          );
    case 'database_imported': {
      const database = payload['database'] as
        { ecosystem?: unknown; record_count?: unknown } | undefined;
      return plain(
        `advisory database \`${text(database?.ecosystem)}\` with ${count(Number(database?.record_count ?? 0))} records was taken in`,
      );
    }
    case 'database_refused':
      return went(
        `advisory database ${id(payload['ecosystem'])} was refused${because(payload['reason'])}`,
        'denied',
        'refused',
      );
    case 'conformance_run':
      return payload['passed'] === true
        ? went(`conformance of ${id(payload['engine_id'])}`, 'pass', 'passed')
        : went(`conformance of ${id(payload['engine_id'])}`, 'incomplete', 'failed');
    case 'registry_fallback':
      return went(
        `the embedded registry rules${because(payload['reason'])}`,
        'incomplete',
        'fallback',
      );
    case 'sandbox_probed':
      return payload['level'] === 'namespaced'
        ? went('the sandbox was probed', 'pass', 'namespaced')
        : went(
            `the sandbox was probed${because(payload['reason'])}`,
            'incomplete',
            text(payload['level']),
          );
    default:
      return plain(words(text(payload['kind'], 'something happened')));
  }
}

function human(payload: Payload): Says {
  switch (payload['action']) {
    case 'problem_status':
      return plain(
        `a problem went from ${text(payload['from'])} to ${text(payload['to'])}${because(payload['reason'])}`,
      );
    case 'document_approved':
      return plain(`${text(payload['document'])} was approved${because(payload['reason'])}`);
    case 'allowlist_changed': {
      const all = Array.isArray(payload['exceptions']) ? payload['exceptions'].length : 0;
      return plain(
        `${counted(all, 'exception')} ${text(payload['change'])}${because(payload['reason'])}`,
      );
    }
    case 'allowlist_refused':
      return went(
        `a change of exceptions was refused, ${id(payload['code'])}${because(payload['reason'])}`,
        'denied',
        'refused',
      );
    case 'report_imported':
      return plain(
        `a ${text(payload['format'])} report of ${bytes(Number(payload['origin_bytes'] ?? 0))} was taken in`,
      );
    case 'report_refused':
      return went(
        `a report was refused, ${id(payload['code'])}${because(payload['reason'])}`,
        'denied',
        'refused',
      );
    default:
      return plain(words(text(payload['action'], 'a person did something')));
  }
}

/** What a kind of event is called, as a filter: the closed list of the recorder. */
export const EVENT_TYPES: readonly (readonly [string, string])[] = [
  ['terminal_command', 'tool runs'],
  ['diagnostic', 'diagnostics'],
  ['system', 'gates, jobs, scans'],
  ['capability_check', 'capability checks'],
  ['consent', 'consents'],
  ['human_action', 'people’s acts'],
  ['registry_review', 'registry reviews'],
  ['registry_publish', 'registry publications'],
  ['llm_inference', 'model inferences'],
  ['debug_bundle_export', 'debug bundles'],
  ['retention', 'retention'],
  ['checkpoint', 'exported heads'],
];

/** What a system event can be. */
export const KINDS: readonly string[] = [
  'gate_outcome',
  'operation_begun',
  'operation_ended',
  'job_begun',
  'job_ended',
  'scan_begun',
  'scan_ended',
  'scan_interrupted',
  'block',
  'tool_provisioned',
  'tool_verified',
  'database_imported',
  'conformance_run',
  'sandbox_probed',
  'registry_fallback',
];
