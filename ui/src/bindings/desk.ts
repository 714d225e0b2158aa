// What only screens ask for, until the generated bindings stand here. Types alone.
import type {
  AppError,
  ArtifactHandle,
  Cause,
  DatabaseIdentity,
  Decision,
  ExceptionUse,
  Finding,
  JobEntry,
  JobName,
  LinkConfidence,
  OperationEntry,
  Problem,
  ProblemStatus,
  Reason,
  SandboxLevel,
  ScanEntry,
  ScanMode,
  Severity,
  Status,
  StoredDiagnostic,
  StoredEvent,
  Timestamp,
  ToolIdentity,
  Verdict,
} from './types';

export type Cursor = string;

export interface Rows<T> {
  items: T[];
  next: Cursor | null;
}

export interface ById {
  id: string;
}

export interface ProblemCount {
  severity: Severity;
  status: ProblemStatus;
  count: number;
}

export interface RunningScan {
  run_id: string;
  project: string;
  name: string;
  mode: ScanMode;
  begun_at: Timestamp;
}

export interface SandboxState {
  level: SandboxLevel;
  reason: string;
  limits: string;
  limits_reason: string;
}

export interface OpenState {
  version: string;
  data_dir: string;
  tools_dir: string;
  registry_version: string;
  registry_source: 'embedded' | 'published';
  sandbox: SandboxState | null;
  actor: string;
  problem_counts: ProblemCount[];
  running: RunningScan[];
  first_run: boolean;
}

export type Theme = 'system' | 'light' | 'dark' | 'contrast';
export type ProblemSort = 'gravest' | 'newest' | 'oldest' | 'title' | 'count';
export type ProblemField =
  | 'severity'
  | 'status'
  | 'job'
  | 'tool'
  | 'code'
  | 'rule'
  | 'package'
  | 'file'
  | 'tag'
  | 'source'
  | 'project';

export interface SavedView {
  query: string;
  sort: ProblemSort;
  group_by?: ProblemField | null;
}

export interface Preferences {
  schema_version: string;
  theme: Theme;
  editor: string[];
  saved_views: Record<string, SavedView>;
  last_filters: Record<string, string>;
  forgotten_projects: string[];
  window: string;
}

export interface PreferencesState {
  preferences: Preferences;
  retention_days: number;
  damage: string | null;
}

export interface PreferencesPatch {
  theme?: Theme | null;
  editor?: string[] | null;
  saved_views?: Record<string, SavedView> | null;
  last_filters?: Record<string, string> | null;
  window?: string | null;
  retention_days?: number | null;
}

export interface RecentProject {
  path: string;
  name: string;
  wsid: string;
  last_scan: { run_id: string; verdict: string | null; mode: string; at: Timestamp };
  missing: boolean;
}

export interface FolderView {
  path: string;
  name: string;
  exists: boolean;
  wsid: string | null;
  lockfiles: string[];
  problem: string;
}

export interface StartScanRequest {
  path: string;
  jobs?: JobName[];
  mode: ScanMode;
  freshness?: 'reuse' | 'fresh';
  history?: 'ignore' | 'search';
  policy?: string | null;
  allowlist?: string | null;
}

export type ProgressStep =
  | { step: 'begun'; line: string }
  | { step: 'phase'; line: string; phase: string }
  | { step: 'reading'; line: string; subject: string }
  | { step: 'ended'; line: string; status: Status; summary: string }
  | { step: 'note'; text: string };

export type Progress =
  | { news: 'batch'; elapsed_ms: number; steps: ProgressStep[] }
  | { news: 'finished'; elapsed_ms: number; outcome: Finished };

export type Finished =
  | { end: 'scan'; run_id: string; verdict: string }
  | { end: 'done' }
  | { end: 'failed'; error: AppError };

export interface ScanView {
  entry: ScanEntry;
  verdict: Verdict | null;
  verdict_absent: string;
  jobs: JobEntry[];
  operations: OperationEntry[];
  before: string | null;
}

export type ProblemStanding = 'new' | 'unchanged' | 'reopened' | 'not_seen' | 'no_scan';

export interface ProblemRow {
  problem: Problem;
  run_id: string | null;
  job: JobName | null;
  tools: string[];
  package: string | null;
  purl: string | null;
  file: string | null;
  line: number | null;
  tags: string[];
  standing: ProblemStanding;
}

export interface ProblemsQuestion {
  query?: string;
  sort?: ProblemSort;
  after?: Cursor | null;
  limit?: number | null;
}

export interface ProblemCounts {
  filtered: number;
  total: number;
  matching: ProblemCount[];
  all: ProblemCount[];
}

export interface ProblemFacetsQuestion {
  query?: string;
  field: ProblemField;
  starts_with?: string;
  limit?: number | null;
}

export interface ProblemFacet {
  value: string;
  term: string;
  count: number;
  worst: Severity;
}

export interface ProblemFacets {
  values: ProblemFacet[];
  more: boolean;
  without: number;
}

export interface NeighboursQuestion {
  query?: string;
  sort?: ProblemSort;
  id: string;
}

export interface Triaged {
  undo_token: string;
  undo_ms: number;
  problems: Problem[];
}

export type ProblemTextForm = 'text' | 'markdown' | 'json' | 'link';

export interface ProblemDetail {
  row: ProblemRow;
  message: string | null;
  instances: Rows<StoredDiagnostic>;
  finding: Finding | null;
  finding_absent: string;
  related: RelatedWork;
  timeline: StoredEvent[];
  decisions: PolicyDecisions;
  artifacts: ArtifactHandle[];
  next_steps: NextStep[];
  since: ProblemSince;
}

export interface RelatedWork {
  link_confidence: LinkConfidence;
  job: JobEntry | null;
  candidate_jobs: string[];
  events: string[];
  operations: RelatedOperation[];
}

export interface RelatedOperation {
  operation: OperationEntry;
  tools: ToolIdentity[];
  databases: DatabaseIdentity[];
  sandbox: SandboxLevel | null;
  gates: GateRow[];
}

export interface PolicyDecisions {
  run_id: string | null;
  verdict: Decision | null;
  reasons: Reason[];
  exceptions: ExceptionUse[];
  checks: CapabilityDecision[];
}

export interface NextStep {
  kind:
    | 'mend'
    | 'open_file'
    | 'except'
    | 'install_tools'
    | 'update_database'
    | 'grant_consent'
    | 'scan_again'
    | 'read';
  sentence: string;
  subject: string;
}

export interface ProblemSince {
  standing: ProblemStanding;
  newest: string | null;
  before: string | null;
  causes: Cause[];
  sentence: string;
}

export type GateWord = 'PASS' | 'DENY' | 'ERROR' | 'NOT_EVALUATED';

export interface GateCell {
  outcome: GateWord;
  reason: string;
  code: string | null;
  severity: Severity | null;
  diagnostic_id: string | null;
  event_id: string | null;
}

export interface CapabilityDecision {
  event_id: string;
  check: {
    capability_id: string;
    decision_outcome: 'allow' | 'deny';
    profile_id: string;
    matched_grant: string | null;
    consent_id: string | null;
    capability_registry_version: string;
    reason: string;
    code: string | null;
    simulated: boolean;
  };
}

export interface GateRow {
  gate: string;
  before: GateCell;
  after: GateCell;
}

export interface GateTable {
  operation: OperationEntry;
  rows: GateRow[];
  checks: CapabilityDecision[];
}

export interface LinkTarget {
  kind: 'problem' | 'job' | 'event' | 'artifact' | 'registry' | 'scan' | 'operation';
  id: string;
  uri: string;
}

export type HostNews =
  | { news: 'open'; wanted: { kind: 'project'; path: string } | { kind: 'link'; uri: string } }
  | { news: 'dropped'; items: { path: string; kind: 'folder' | 'file' }[] }
  | { news: 'quit_asked'; running: string[] };
