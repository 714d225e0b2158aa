// The wire as the use cases write it: snake_case, ids and times as text. Types alone.
export type {
  AppError,
  ArtifactHandle,
  Cause,
  CauseKind,
  Counts,
  DatabaseAge,
  DatabaseIdentity,
  Decision,
  Delta,
  Digest,
  Effect,
  ExceptionRef,
  ExceptionUse,
  FindingDelta,
  JobName,
  ProblemStatus,
  Reason,
  RunMark,
  SandboxLevel,
  ScanEntry,
  ScanMode,
  Seen,
  Severity,
  Status,
  ToolIdentity,
  Verdict,
  VulnSeverity,
} from './generated/types';
import type {
  ArtifactHandle,
  Digest,
  JobName,
  ProblemStatus,
  Severity,
  Status,
  VulnSeverity,
} from './generated/types';

export type Timestamp = string;

export type LinkConfidence = 'direct' | 'inferred' | 'ambiguous' | 'unlinked';

export interface Page<T, K = number> {
  items: T[];
  next: K | null;
}

export interface StoredEvent {
  seq: number;
  prev_hash: Digest;
  hash: Digest;
  event: RecordedEvent;
}

export interface RecordedEvent {
  schema_version: string;
  event_id: string;
  timestamp: Timestamp;
  actor: 'human' | 'agent' | 'system';
  actor_id: string;
  job_id?: string | null;
  workflow_run_id?: string | null;
  event_type: string;
  payload: Record<string, unknown>;
  [more: string]: unknown;
}

export type JobState =
  { state: 'running' } | { state: 'ended'; status: Status } | { state: 'interrupted' };

export type JobEntry = JobState & {
  job_id: string;
  run_id: string | null;
  job: JobName | null;
  job_kind: string;
  title: string;
  profile_id: string | null;
  session_id: string;
  actor_id: string;
  begun_seq: number;
  begun_at: Timestamp;
  ended_at: Timestamp | null;
  summary: string;
};

export type OperationEntry = JobState & {
  op_id: string;
  engine_id: string;
  operation: string;
  job_id: string | null;
  run_id: string | null;
  session_id: string;
  request_sha256: Digest;
  begun_seq: number;
  begun_at: Timestamp;
  ended_at: Timestamp | null;
  result_ref: ArtifactHandle | null;
  ended: StoredEvent | null;
};


export interface Location {
  path: string | null;
  uri: string | null;
  wsid: string | null;
  entity_id: string | null;
  range: { start_line: number; end_line: number } | null;
}

export interface Diagnostic {
  id: string;
  title: string;
  message: string;
  severity: Severity;
  own_severity: Severity;
  source: string;
  surface: string;
  tool: string | null;
  code: string | null;
  tags: string[];
  wsid: string | null;
  job_id: string | null;
  actor: string;
  capability_id: string | null;
  policy_decision_id: string | null;
  locations: Location[];
  evidence_refs: {
    fr_event_ids: string[];
    related_job_ids: string[];
    op_ids: string[];
    artifact_hashes: Digest[];
  };
  link_confidence: LinkConfidence;
  timestamp: Timestamp;
}

export interface StoredDiagnostic {
  seq: number;
  event_id: string;
  run_id: string | null;
  fingerprint: Digest;
  diagnostic: Diagnostic;
}

export interface Problem {
  fingerprint: Digest;
  title: string;
  severity: Severity;
  source: string;
  code: string | null;
  wsid: string | null;
  status: ProblemStatus;
  status_reason: string;
  reopened: boolean;
  count: number;
  purged: number;
  first_seen: Timestamp;
  last_seen: Timestamp;
  updated_at: Timestamp;
  last_diagnostic_id: string;
}

export interface Component {
  purl: string;
  ecosystem: string;
  name: string;
  version: string;
}

export interface Attribution {
  tool: string;
  native_id: string;
}

export type Finding =
  | {
      type: 'vulnerability';
      id: string;
      aliases: string[];
      component: Component;
      severity: VulnSeverity;
      kind: 'vulnerability' | 'malware' | 'unmaintained' | 'unsound' | 'notice';
      scores: { version: string; vector: string; tenths: number | null; source: string }[];
      words: { word: string; source: string }[];
      fixed_versions: string[];
      lockfiles: string[];
      attributions: Attribution[];
      summary: string;
    }
  | {
      type: 'secret';
      rule: string;
      path: string;
      fingerprint: string;
      start_line: number;
      end_line: number;
      commit: string | null;
      attributions: Attribution[];
    }
  | {
      type: 'component';
      component: Component;
      kind: string;
      locations: string[];
      licenses: string[];
      known_by: string[];
      depends_on: string[];
      attributions: Attribution[];
    }
  | {
      type: 'license';
      unit:
        | { of: 'component'; component: Component }
        | { of: 'project' }
        | { of: 'file'; path: string };
      declared: LicenseStatement[];
      detected: LicenseStatement[];
      concluded: string | null;
      unknown_because: string;
      texts: { path: string; sha256: Digest }[];
      content_sha256: Digest;
      lockfiles: string[];
      attributions: Attribution[];
    };

export interface LicenseStatement {
  text: string;
  spdx: string | null;
  source: string;
}
