// What only screens ask for, until the generated bindings stand here. Types alone.
import type {
  AppError,
  Digest,
  JobEntry,
  JobName,
  LinkConfidence,
  OperationEntry,
  Problem,
  ProblemStatus,
  SandboxLevel,
  ScanEntry,
  ScanMode,
  Severity,
  Status,
  StoredDiagnostic,
  StoredEvent,
  Timestamp,
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
export type ProblemSort = 'severity' | 'newest' | 'oldest' | 'title';
export type ProblemField = string;

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

export interface ProblemRow extends Problem {
  job: JobName | null;
  tools: string[];
  place: string | null;
  since: SinceLast | null;
}

export type SinceLast = 'new' | 'unchanged' | 'gone' | 'not_looked_at' | 'reopened';

export interface ProblemsQuestion {
  query: string;
  sort?: ProblemSort;
  after?: Cursor | null;
  limit?: number | null;
}

export interface ProblemCountsView {
  filtered: number;
  total: number;
  by_severity: { severity: Severity; filtered: number; total: number }[];
  by_status: { status: ProblemStatus; filtered: number; total: number }[];
}

export interface ProblemGroup {
  value: string;
  count: number;
  worst: Severity;
}

export interface FacetValue {
  value: string;
  count: number;
}

export interface PolicyDecision {
  run_id: string | null;
  effect: 'blocks' | 'denies' | 'leaves_incomplete' | 'warns';
  rule: string;
  sentence: string;
  next_step: string;
  policy: string;
  lifted_by: string | null;
  judged_at: Timestamp;
}

export interface ArtifactRow {
  sha256: Digest;
  role: string;
  media_type: string;
  size_bytes: number;
  absent: string;
}

export interface ProblemView {
  problem: ProblemRow;
  instances: Rows<StoredDiagnostic>;
  finding: Record<string, unknown> | null;
  job: JobEntry | null;
  link_confidence: LinkConfidence;
  candidates: string[];
  timeline: Rows<StoredEvent>;
  decisions: PolicyDecision[];
  artifacts: ArtifactRow[];
  next_steps: string[];
  since: { standing: SinceLast; why: string[] } | null;
  can_open: boolean;
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

export interface GateTable {
  operation: OperationEntry;
  rows: { gate: string; before: GateCell; after: GateCell }[];
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
