// What only screens ask for, until the generated bindings stand here. Types alone.
export type {
  ById,
  CapabilityDecision,
  Cursor,
  Finished,
  GateCell,
  GateRow,
  GateTable,
  GateWord,
  HostNews,
  OpenState,
  ProblemCount,
  Progress,
  ProgressStep,
  RunningScan,
  SandboxState,
  ScanView,
  StartScanRequest,
} from './generated/types';
import type { CapabilityDecision, Cursor, GateRow, ProblemCount } from './generated/types';
import type {
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
  Reason,
  SandboxLevel,
  Severity,
  StoredDiagnostic,
  StoredEvent,
  Timestamp,
  ToolIdentity,
} from './types';

export interface Rows<T> {
  items: T[];
  next: Cursor | null;
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

export type EditorChoice =
  | 'none' | 'code' | 'codium' | 'zed' | 'sublime' | 'idea' | 'kate' | 'gnome_text_editor' | 'gvim' | 'emacs' | 'own';

export interface Preferences {
  schema_version: string;
  theme: Theme;
  editor: EditorChoice;
  own_editor: string[];
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
  editor?: EditorChoice | null;
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

export interface TriageUndone {
  problems: Problem[];
  left: number;
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

export interface LinkTarget {
  kind: 'problem' | 'job' | 'event' | 'artifact' | 'registry' | 'scan' | 'operation';
  id: string;
  uri: string;
}
