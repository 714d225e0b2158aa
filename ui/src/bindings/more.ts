// What reports, exceptions, registry, recorder, artifacts, tools and consents ask, as the use cases
// write it, until the generated bindings stand here. Types, and the names of their commands.
import type { ById, Progress, Rows } from './desk';
import type {
  ArtifactHandle,
  DatabaseIdentity,
  Decision,
  Digest,
  ExceptionRef,
  JobEntry,
  JobName,
  OperationEntry,
  SandboxLevel,
  ScanEntry,
  StoredEvent,
  Timestamp,
  ToolIdentity,
  VulnSeverity,
} from './types';

export type Determinism = 'D0' | 'D1' | 'D2' | 'D3';

// Reports.

export interface PageQuestion {
  run_id: string;
  query?: string;
  after?: string | null;
  limit?: number | null;
}

export type ReportWord = 'secrets' | 'vulnerabilities' | 'components' | 'licenses';

export interface ReportMark {
  kind: ReportWord;
  job: JobName;
  op_id: string;
  artifact: ArtifactHandle;
  findings: number;
  timestamp: Timestamp;
  tools: ToolIdentity[];
  databases: DatabaseIdentity[];
  sandbox: SandboxLevel | null;
  determinism: Determinism | null;
  reused_from: string | null;
}

export interface ReportList {
  run_id: string;
  project: string;
  reports: ReportMark[];
  absent: string[];
}

export interface Component {
  purl: string;
  ecosystem: string;
  name: string;
  version: string;
}

export interface Score {
  version: string;
  vector: string;
  tenths: number | null;
  source: string;
}

export interface SeverityWord {
  word: string;
  source: string;
}

export interface Attribution {
  tool: string;
  native_id: string;
}

export type AdvisoryKind = 'vulnerability' | 'malware' | 'unmaintained' | 'unsound' | 'notice';
export type VulnerabilitySort = 'severity' | 'package' | 'id';

export interface VulnerabilityRow {
  problem: Digest;
  id: string;
  aliases: string[];
  kind: AdvisoryKind;
  severity: VulnSeverity;
  score: Score | null;
  scores: Score[];
  words: SeverityWord[];
  package: Component;
  path: string[];
  fixed_versions: string[];
  lockfiles: string[];
  attributions: Attribution[];
  summary: string;
  lifted_by: ExceptionRef | null;
}

export type ComponentSort = 'name' | 'ecosystem' | 'dependents' | 'severity';

export interface ComponentRow {
  component: Component;
  kind: string;
  locations: string[];
  declared_licenses: string[];
  concluded_license: string | null;
  known_by: string[];
  direct: boolean | null;
  dependencies: number;
  dependents: number;
  vulnerabilities: number;
  worst: VulnSeverity | null;
}

export interface TreeNode {
  purl: string;
  name: string;
  version: string;
  children: number;
  below: number;
  vulnerabilities: number;
  vulnerabilities_below: number;
  worst: VulnSeverity | null;
}

export interface LicenseGroup {
  expression: string | null;
  count: number;
}

export type LicenseChoice =
  | { which: 'any' }
  | { which: 'unknown' }
  | { which: 'expression'; expression: string };

export type LicenseUnit =
  | { of: 'component'; component: Component }
  | { of: 'project' }
  | { of: 'file'; path: string };

export interface LicenseStatement {
  text: string;
  spdx: string | null;
  source: string;
}

export interface LicenseText {
  path: string;
  sha256: Digest;
}

export interface LicenseRow {
  problem: Digest | null;
  unit: LicenseUnit;
  declared: LicenseStatement[];
  detected: LicenseStatement[];
  concluded: string | null;
  unknown_because: string;
  texts: LicenseText[];
  content_sha256: Digest;
  lockfiles: string[];
  attributions: Attribution[];
  lifted_by: ExceptionRef | null;
}

export interface SecretRow {
  problem: Digest;
  rule: string;
  path: string;
  start_line: number;
  end_line: number;
  commit: string | null;
  fingerprint: string;
  in_name: boolean;
  attributions: Attribution[];
  lifted_by: ExceptionRef | null;
}

export type CoverageState =
  | 'scanned'
  | 'skipped'
  | 'not_scanned'
  | 'failed'
  | 'tool_missing'
  | 'database_unusable';

export interface CoverageEntry {
  job: JobName;
  subject: string;
  tool: string | null;
  state: CoverageState;
  reason: string;
  items: number;
}

export interface CoverageCount {
  job: JobName;
  state: CoverageState;
  entries: number;
  items: number;
  gap: boolean;
}

export interface SelfStatement {
  path: string;
  tool: string;
  effect: string;
  asks: string[];
}

export interface CoveragePage extends Rows<CoverageEntry> {
  counts: CoverageCount[];
  self_statements: SelfStatement[];
}

// Exceptions.

export type Match =
  | { type: 'secret'; fingerprint: string; rule?: string | null; path?: string | null }
  | { type: 'vulnerability'; purl: string; aliases: string[] }
  | { type: 'license'; unit: string; content_sha256: Digest }
  | { type: 'gap'; job: JobName; subject: string };

export interface Exception {
  id: string;
  matches: Match;
  reason: string;
  owner: string;
  approver: { name: string; how: 'known_user' | 'ssh_signature' | 'typed' };
  created: Timestamp;
  expires: Timestamp;
  signature?: string | null;
}

export type ExceptionState = 'live' | 'expiring' | 'expired';
export type ExceptionStanding = 'lifts' | 'unused' | 'expired' | 'unsigned' | 'doubled';

export interface ExceptionView {
  exception: Exception;
  state: ExceptionState;
  days_left: number;
  last_use: ExceptionStanding | null;
}

export type ExceptionPlace =
  | { in: 'data_folder'; wsid: string; project: string }
  | { in: 'file'; path: string };

export interface DocumentView {
  document_id: string;
  place: ExceptionPlace;
  sha256: Digest | null;
  last_scan: string | null;
  exceptions: ExceptionView[];
}

export interface ExceptionList {
  schema_version: string;
  documents: DocumentView[];
}

export interface Proposal {
  number: number;
  path: string;
  tool: string;
  ask: string;
  problem: Digest | null;
  subject: string;
}

export type UntilRequest = { until: 'days'; days: number } | { until: 'named'; moment: string };

export interface AcceptanceRequest {
  reason: string;
  owner: string;
  until: UntilRequest;
  approver?: string | null;
}

export type ExceptionSubject =
  | { of: 'problem'; id: string; run?: string | null }
  | { of: 'proposal'; number: number; run: string };

export interface Hidden {
  rule: string;
  subject: string;
  severity: VulnSeverity | null;
}

export interface ScanImpact {
  run_id: string;
  begun_at: Timestamp;
  mode: string;
  project: string;
  before: Decision;
  after: Decision;
  hides: Hidden[];
  unknown_secrets: number;
}

export interface Impact {
  now: ScanImpact | null;
  scans: ScanImpact[];
  days: number;
  judged: number;
  left_out: number;
}

export type AllowlistChange = 'added' | 'renewed' | 'revoked' | 'signed' | 'baselined' | 'kept';

export interface DraftView {
  draft_id: string;
  change: AllowlistChange;
  exceptions: Exception[];
  impact: Impact;
}

export interface Changed {
  schema_version: string;
  change: AllowlistChange;
  document_id: string;
  place: ExceptionPlace;
  sha256: Digest;
  before: Digest | null;
  exceptions: Exception[];
  impact: Impact | null;
}

// Registry.

export interface CapabilityEntry {
  capability_id: string;
  kind: 'surface' | 'engine' | 'runtime' | 'integration' | 'model' | 'workflow';
  display_name: string;
  section_ref: string;
  required_capabilities: string[];
  default_governance_mode: 'gov_strict' | 'gov_standard' | 'gov_light';
  risk_class: 'low' | 'medium' | 'high' | 'critical';
  tags: string[];
}

export interface ProfileView {
  profile_id: string;
  capabilities: string[];
}

export interface RegistryView {
  capability_registry_version: string;
  sha256: Digest;
  source: string;
  entries: CapabilityEntry[];
  profiles: ProfileView[];
}

export type DiffMark =
  | 'risk_raised'
  | 'risk_lowered'
  | 'right_widened'
  | 'right_narrowed'
  | 'watched_less'
  | 'watched_more';

export interface FieldChange {
  field: string;
  before: unknown;
  after: unknown;
  gained: string[];
  lost: string[];
}

export interface ChangedEntry {
  capability_id: string;
  fields: FieldChange[];
  marks: DiffMark[];
}

export interface Rename {
  from: string;
  to: string;
  fields: FieldChange[];
  marks: DiffMark[];
}

export type ChangeKind = 'added' | 'removed' | 'changed';

export interface ProfileChange {
  profile_id: string;
  change: ChangeKind;
  description: [string, string] | null;
  gained: string[];
  lost: string[];
  marks: DiffMark[];
}

export interface EngineChange {
  engine_id: string;
  change: ChangeKind;
  gained: string[];
  lost: string[];
  marks: DiffMark[];
}

export interface AddedRight {
  right_id: string;
  kind: 'capability' | 'scopes' | 'entry' | 'profile' | 'engine';
  subject: string;
  capability_id: string;
  widens: string[];
  covered_by: string | null;
  sentence: string;
}

export interface DiffSentence {
  subject: string;
  text: string;
  marks: DiffMark[];
}

export interface RegistryDiff {
  schema_version: string;
  base: { capability_registry_version: string; registry_sha256: Digest; profiles_sha256: Digest };
  next: {
    capability_registry_version: string;
    draft_sha256: Digest;
    registry_sha256: Digest;
    profiles_sha256: Digest;
  };
  bump: 'none' | 'patch' | 'minor' | 'major';
  added: CapabilityEntry[];
  removed: CapabilityEntry[];
  renamed: Rename[];
  changed: ChangedEntry[];
  profiles: ProfileChange[];
  engines: EngineChange[];
  added_rights: AddedRight[];
  sentences: DiffSentence[];
}

export type ReviewState =
  | { state: 'open' }
  | { state: 'approved'; reviewer_id: string; review_sha256: Digest }
  | { state: 'rejected'; reviewer_id: string; comment: string }
  | { state: 'dead'; reason: string };

export interface ImpactEntry {
  change: 'newly_denied' | 'newly_allowed';
  capability_id: string;
  profile_id: string;
  engine_id: string;
  operation: string;
  count: number;
  recorded: 'allow' | 'deny';
  first_at: Timestamp;
  last_at: Timestamp;
  reason: string;
  op_ids: string[];
}

export interface RegistryImpact {
  days: number;
  checks: number;
  operations: number;
  operations_newly_allowed: number;
  operations_newly_denied: number;
  checks_newly_allowed: number;
  checks_newly_denied: number;
  changes: ImpactEntry[];
  left_out: number;
}

export interface RegistryDraftView {
  diff_sha256: Digest;
  drafted_by: string | null;
  diffed_at: Timestamp;
  review: ReviewState;
  diff: RegistryDiff;
  validation: string[];
  impact: RegistryImpact;
}

export interface ReviewRequest {
  diff_sha256: Digest;
  decision: 'approve' | 'reject';
  comment: string;
  ticked: string[];
}

export interface ReviewOutcome {
  job_id: string;
  review_sha256: Digest;
  next_version: string | null;
}

export interface PublishOutcome {
  job_id: string;
  capability_registry_version: string;
  registry_sha256: Digest;
  profiles_sha256: Digest;
  previous_version: string;
  how: PublishedHow;
  event_id: string;
  public_key: string;
  path: string;
}

export type PublishedHow = 'reviewed' | 'rolled_back' | 'taken_over' | 'kept';

export interface RegistryVersion {
  capability_registry_version: string;
  registry_sha256: Digest | null;
  in_force: boolean;
  state: { state: 'intact' } | { state: 'unreadable'; reason: string };
  how: PublishedHow | null;
  published_at: Timestamp | null;
  published_by: string | null;
  diff_sha256: Digest | null;
  review_sha256: Digest | null;
}

export interface RegistryVersions {
  in_force: string;
  source: string;
  public_key: string;
  versions: RegistryVersion[];
}

// Recorder.

export interface EventNarrowing {
  event_type?: string | null;
  kind?: string | null;
  job?: string | null;
  run?: string | null;
  op?: string | null;
  capability?: string | null;
  since?: Timestamp | null;
  until?: Timestamp | null;
}

export interface EventsQuestion {
  filter?: EventNarrowing;
  order?: 'newest' | 'oldest';
  after?: string | null;
  limit?: number | null;
}

export interface TailQuestion {
  after_seq: number | null;
  filter?: EventNarrowing;
  limit?: number | null;
}

export interface Tail {
  events: StoredEvent[];
  through_seq: number;
  more: boolean;
}

export interface ChainFault {
  seq: number | null;
  event_id: string | null;
  kind: string;
  why: string;
}

export interface VerifyReport {
  events: number;
  purged: number;
  last_seq: number;
  last_hash: Digest;
  head_seq: number | null;
  faults: ChainFault[];
  limits: string[];
}

export interface Head {
  schema_version: string;
  seq: number;
  hash: Digest;
  events: number;
  timestamp: Timestamp;
  public_key: string;
  signature: string;
}

export interface JobView {
  scan: ScanEntry | null;
  jobs: JobEntry[];
  operations: OperationEntry[];
}

// Artifacts.

export interface ArtifactsQuestion {
  run?: string | null;
  op?: string | null;
  role?: string | null;
  after?: string | null;
  limit?: number | null;
}

export interface ArtifactNaming {
  handle: ArtifactHandle;
  seq: number;
  at: Timestamp;
  op_id: string | null;
  job_id: string | null;
  run_id: string | null;
  operation: string;
}

export interface Provenance {
  schema_version: string;
  engine_id: string;
  operation: string;
  op_id: string;
  adapter_version: string;
  tools: ToolIdentity[];
  config_sha256: Digest;
  input_sha256: Digest[];
  databases: DatabaseIdentity[];
  allowlist: ArtifactHandle | null;
  determinism: Determinism;
  capabilities_granted: string[];
  environment_id: Digest;
  sandbox: SandboxLevel;
  capability_registry_version: string;
  reused_from?: string | null;
}

export interface Sidecar {
  schema_version: string;
  artifact: ArtifactHandle;
  stored_at: Timestamp;
  provenance: Provenance | null;
  truncated: boolean;
  original_bytes: number;
  annotations?: Record<string, string>;
}

export interface ArtifactDetail {
  sha256: Digest;
  state: 'intact' | 'corrupt' | 'missing';
  sidecars: Sidecar[];
  size_bytes: number;
  text: string | null;
  cut: boolean;
}

export interface ArtifactCheck {
  intact: number;
  damaged: [Digest, string][];
}

// Tools, databases, consents.

export interface ToolRow {
  name: string;
  version: string;
  state: 'pinned' | 'missing' | 'changed' | 'unpinned' | 'unreadable';
  sha256: Digest | null;
  note: string;
}

export interface DatabaseView extends DatabaseIdentity {
  age_days: number;
  stale: boolean;
  current: boolean;
  method: string;
  origin: string;
}

export interface InstallRequest {
  names?: string[];
  rebuild?: 'where_missing' | 'always';
}

export interface ConsentEntry {
  consent_id: string;
  capability_id: string;
  profile_id: string | null;
  granted_at: Timestamp;
  granted_by: string;
  expires_at: Timestamp;
  reason: string;
  state: 'live' | 'expired' | 'revoked';
}

export interface GrantConsentRequest {
  capability: string;
  profile?: string | null;
  hours: number;
  reason: string;
}

export interface MoreCommands {
  reports(question: { run_id: string }): Promise<ReportList>;
  vulnerabilities(
    question: PageQuestion & { sort?: VulnerabilitySort },
  ): Promise<Rows<VulnerabilityRow>>;
  components(question: PageQuestion & { sort?: ComponentSort }): Promise<Rows<ComponentRow>>;
  dependencyTree(question: {
    run_id: string;
    parent?: string | null;
    after?: string | null;
    limit?: number | null;
  }): Promise<Rows<TreeNode>>;
  licenseGroups(question: PageQuestion): Promise<Rows<LicenseGroup>>;
  licenses(question: PageQuestion & { under?: LicenseChoice }): Promise<Rows<LicenseRow>>;
  secrets(question: PageQuestion): Promise<Rows<SecretRow>>;
  coverage(
    question: PageQuestion & { job?: JobName | null; states?: CoverageState[] },
  ): Promise<CoveragePage>;
  closeReport(question: { run_id: string }): Promise<void>;
  exceptions(question: { project?: string | null }): Promise<ExceptionList>;
  proposals(question: ById): Promise<Proposal[]>;
  draftException(question: {
    subject: ExceptionSubject;
    id?: string | null;
    acceptance: AcceptanceRequest;
  }): Promise<DraftView>;
  draftRenewal(question: {
    id: string;
    project?: string | null;
    until: UntilRequest;
    reason?: string | null;
    approver?: string | null;
  }): Promise<DraftView>;
  draftBaseline(question: {
    run: string;
    gaps?: 'leave' | 'accept';
    acceptance: AcceptanceRequest;
  }): Promise<DraftView>;
  saveDraft(question: { draft_id: string }): Promise<Changed>;
  declineDraft(question: { draft_id: string }): Promise<void>;
  revokeException(question: {
    id: string;
    project?: string | null;
    reason: string;
  }): Promise<Changed>;
  registryView(): Promise<RegistryView>;
  registryVersion(question: { version: string }): Promise<RegistryView>;
  registryDraft(): Promise<RegistryDraftView | null>;
  reviewRegistry(question: ReviewRequest): Promise<ReviewOutcome>;
  publishRegistry(question: { review_id: Digest }): Promise<PublishOutcome>;
  registryVersions(): Promise<RegistryVersions>;
  rollbackRegistry(question: {
    version: string;
    reason: string;
    ticked: string[];
  }): Promise<PublishOutcome>;
  events(question: EventsQuestion): Promise<Rows<StoredEvent>>;
  event(question: ById): Promise<StoredEvent>;
  tail(question: TailQuestion): Promise<Tail>;
  job(question: ById): Promise<JobView>;
  verifyRecorder(question: { head?: string | null }): Promise<VerifyReport>;
  exportHead(): Promise<Head>;
  artifacts(question: ArtifactsQuestion): Promise<Rows<ArtifactNaming>>;
  artifact(question: ById): Promise<ArtifactDetail>;
  verifyArtifact(question: ById): Promise<ArtifactCheck>;
  saveArtifact(question: ById): Promise<{ path: string | null }>;
  tools(): Promise<ToolRow[]>;
  databases(): Promise<DatabaseView[]>;
  installTools(question: InstallRequest, listener: (message: Progress) => void): Promise<void>;
  importDatabase(question: { ecosystem?: string | null }): Promise<DatabaseView | null>;
  runningChores(): Promise<Chore[]>;
  attachChore(
    question: { chore: Chore },
    listener: (message: Progress) => void,
  ): Promise<void>;
  cancelChore(question: { chore: Chore }): Promise<{ stopping: boolean }>;
  consents(): Promise<ConsentEntry[]>;
  grantConsent(question: GrantConsentRequest): Promise<ConsentEntry>;
  revokeConsent(question: { id: string; reason: string }): Promise<ConsentEntry>;
}

export type Chore = 'install_tools' | 'sync_databases';

export const MORE_NAMES = [
  'reports', 'vulnerabilities', 'components', 'dependencyTree', 'licenseGroups', 'licenses', 'secrets',
  'coverage', 'closeReport', 'exceptions', 'proposals', 'draftException', 'draftRenewal',
  'draftBaseline', 'saveDraft', 'declineDraft', 'revokeException', 'registryView', 'registryVersion',
  'registryDraft', 'reviewRegistry', 'publishRegistry', 'registryVersions', 'rollbackRegistry',
  'events', 'event', 'tail', 'job', 'verifyRecorder', 'exportHead', 'artifacts', 'artifact',
  'verifyArtifact', 'saveArtifact', 'tools', 'databases', 'installTools', 'importDatabase',
  'runningChores', 'attachChore', 'cancelChore', 'consents', 'grantConsent', 'revokeConsent',
] as const;
