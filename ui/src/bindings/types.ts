// What every screen reads of the generated bindings, by name. Types alone.
export type {
  AppError,
  ArtifactHandle,
  Attribution,
  Cause,
  CauseChange,
  CauseKind,
  Component,
  Counts,
  DatabaseAge,
  DatabaseIdentity,
  Decision,
  Delta,
  Diagnostic,
  Digest,
  Effect,
  ExceptionRef,
  ExceptionUse,
  Finding,
  FindingDelta,
  JobEntry,
  JobName,
  LicenseStatement,
  LinkConfidence,
  Location,
  OperationEntry,
  Problem,
  ProblemStatus,
  Reason,
  RunMark,
  SandboxLevel,
  ScanEntry,
  ScanMode,
  Seen,
  Severity,
  Status,
  StoredDiagnostic,
  StoredEvent,
  ToolIdentity,
  Verdict,
  VulnSeverity,
} from './generated/types';

/** An event as text: what only its own kind has is not known here, and stands in `payload`. */
export interface RecordedEvent {
  event_id: string;
  timestamp: string;
  actor: string;
  actor_id: string;
  job_id?: string | null;
  workflow_run_id?: string | null;
  event_type: string;
  payload: Record<string, unknown>;
  schema_version?: string;
}
