// The wire as the use cases write it: snake_case, ids and times as text. Types alone.

export type Digest = string;
export type Timestamp = string;

export type Severity = 'fatal' | 'error' | 'warning' | 'info' | 'hint';
export type ProblemStatus = 'open' | 'acknowledged' | 'muted' | 'resolved';
export type LinkConfidence = 'direct' | 'inferred' | 'ambiguous' | 'unlinked';
export type Decision = 'block' | 'denied' | 'incomplete' | 'pass';
export type ScanMode = 'normal' | 'release';
export type Status = 'succeeded' | 'failed' | 'denied' | 'cancelled' | 'timed_out';
export type JobName = string;
export type SandboxLevel = 'unsandboxed' | 'namespaced';
export type Effect = 'blocks' | 'denies' | 'leaves_incomplete' | 'warns';
export type VulnSeverity =
  | 'INFORMATIONAL'
  | 'NONE'
  | 'LOW'
  | 'MEDIUM'
  | 'UNSCORED'
  | 'HIGH'
  | 'CRITICAL';

export interface AppError {
  code: string;
  message: string;
  hint: string;
  details: unknown;
}

export interface Page<T, K = number> {
  items: T[];
  next: K | null;
}

export interface ArtifactHandle {
  sha256: Digest;
  media_type: string;
  size_bytes: number;
  role: string;
}

export interface ToolIdentity {
  name: string;
  version: string;
  sha256: Digest;
}

export interface DatabaseIdentity {
  ecosystem: string;
  form: string;
  sha256: Digest;
  date: Timestamp;
  record_count: number;
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
  | { state: 'running' }
  | { state: 'ended'; status: Status }
  | { state: 'interrupted' };

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

export type ScanState =
  | { state: 'running' }
  | {
      state: 'ended';
      verdict: Decision;
      verdict_ref: ArtifactHandle | null;
      coverage_ref?: ArtifactHandle | null;
      rules: string[];
      capability_registry_version: string;
    }
  | { state: 'interrupted'; reason: string };

export type ScanEntry = ScanState & {
  run_id: string;
  wsid: string | null;
  project: string;
  mode: ScanMode;
  policy_ref: ArtifactHandle | null;
  allowlist_ref: ArtifactHandle | null;
  session_id: string;
  actor_id: string;
  begun_seq: number;
  begun_at: Timestamp;
  ended_at: Timestamp | null;
};

export interface ExceptionRef {
  document_id: string;
  id: string;
}

export interface Reason {
  effect: Effect;
  rule: string;
  job: JobName | null;
  subject: string;
  severity: VulnSeverity | null;
  sentence: string;
  next_step: string;
  fingerprint: Digest | null;
  lifted_by: ExceptionRef | null;
}

export interface DatabaseAge {
  database: DatabaseIdentity;
  age_days: number;
  stale: boolean;
}

export interface Counts {
  vulnerabilities: Partial<Record<VulnSeverity, number>>;
  secrets: number;
  unknown_licenses: number;
  components: number;
  gaps: number;
  lifted: number;
}

export interface ExceptionUse {
  exception: ExceptionRef;
  standing: string;
  subjects: string[];
  reason: string;
  owner: string;
  approver: string;
  approval: string;
  expires: Timestamp;
  note: string;
}

export interface Verdict {
  schema_version: string;
  verdict: Decision;
  mode: ScanMode;
  judged_at: Timestamp;
  policy: string;
  policy_sha256: Digest;
  reasons: Reason[];
  exceptions: ExceptionUse[];
  allowlists: ArtifactHandle[];
  counts: Counts;
  databases: DatabaseAge[];
  sandbox: SandboxLevel | null;
  capability_registry_version: string;
}

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

export type CauseKind =
  | 'dependency'
  | 'database'
  | 'code'
  | 'exception'
  | 'policy'
  | 'tool'
  | 'coverage'
  | 'unknown';

export interface Cause {
  kind: CauseKind;
  how: string;
  subject: string;
  was: string | null;
  is: string | null;
}

export interface RunMark {
  run_id: string;
  begun_at: Timestamp;
  mode: ScanMode;
  verdict: Decision;
}

export interface FindingDelta {
  change: 'new' | 'not_looked_at' | 'gone' | 'unchanged';
  kind: 'vulnerability' | 'secret' | 'license';
  subject: string;
  before: Seen | null;
  after: Seen | null;
  causes: Cause[];
  changes: { what: string; before: string; after: string; causes: Cause[] }[];
}

export interface Seen {
  places: string[];
  severity: VulnSeverity | null;
  standing: 'lifted' | 'warns' | 'blocks';
  problems: Digest[];
}

export interface Delta {
  schema_version: string;
  before: RunMark;
  after: RunMark;
  counts: {
    new: number;
    new_by_cause: Partial<Record<CauseKind, number>>;
    gone: number;
    gone_by_cause: Partial<Record<CauseKind, number>>;
    not_looked_at: number;
    unchanged: number;
    standing_changed: number;
  };
  findings: FindingDelta[];
  exceptions: { exception: ExceptionRef; cause: Cause }[];
  gaps: { change: string; rule: string; job: string | null; subject: string }[];
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
