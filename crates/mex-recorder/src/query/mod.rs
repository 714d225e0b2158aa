//! What can be asked of the recorder, as plain types; each sibling answers one family of questions.
//! Never pages by offset: every list continues from a key, so a million rows cost what ten do.
//! Long because what can be asked and answered is one list of plain types.

pub(crate) mod approvals;
pub(crate) mod consents;
pub(crate) mod events;
pub mod find;
pub(crate) mod jobs;
pub(crate) mod problems;
pub(crate) mod registry;
pub(crate) mod resolve;
pub(crate) mod reuse;
pub(crate) mod triage;

use std::collections::BTreeMap;

use jiff::Timestamp;
use mex_runtime::artifact::ArtifactHandle;
use mex_runtime::diagnostic::{Diagnostic, ProblemStatus};
use mex_runtime::digest::Digest;
use mex_runtime::event::Event;
use mex_runtime::id::{
    ActorId, ConsentId, DiagnosticId, EngineId, EventId, JobId, JobName, OpId, ProfileId, RunId,
    WorkspaceId,
};
use mex_runtime::result::Status;
use mex_runtime::severity::Severity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use approvals::ApprovedAllowlist;
pub use registry::RegistryDiffed;
pub use triage::StatusChange;

/// The most items one page holds, whatever a filter asks for.
pub const MAX_PAGE: u32 = 1_000;

/// Items in order, and where to go on.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Page<T, K = u64> {
    /// At most the filter's limit.
    pub items: Vec<T>,
    /// The key to continue from; null at the end.
    pub next: Option<K>,
}

/// An event with its place in the chain.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StoredEvent {
    /// Its place, from 1. Order comes from here, never from a clock (promise P38).
    pub seq: u64,
    /// The chain hash of its predecessor (contract FR-8).
    pub prev_hash: Digest,
    /// Its own chain hash.
    pub hash: Digest,
    /// What was recorded.
    pub event: Event,
}

/// Which end a list starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
}

/// Which events are wanted; every field narrows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventFilter {
    /// The word in `event_type`.
    pub event_type: Option<String>,
    /// The `kind` of a system event, the `action` of a human one, the `change` of a consent.
    pub kind: Option<String>,
    /// Of this job.
    pub job_id: Option<JobId>,
    /// Of this scan.
    pub run_id: Option<RunId>,
    /// Of this attempt.
    pub op_id: Option<OpId>,
    /// About this capability.
    pub capability_id: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
    /// Only sequence numbers above this.
    pub after_seq: Option<u64>,
    /// Only sequence numbers below this.
    pub before_seq: Option<u64>,
    /// Which end first.
    pub order: Order,
    /// At most this many; zero means [`MAX_PAGE`].
    pub limit: u32,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state", content = "status")]
pub enum JobState {
    /// A living process works on it.
    Running,
    /// It came to its end.
    Ended(Status),
    /// A crash left it open; a sweep closed it.
    Interrupted,
}

/// A job as its events tell it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct JobEntry {
    /// Its id.
    pub job_id: JobId,
    /// The scan it belongs to.
    pub run_id: Option<RunId>,
    /// Which of a scan's jobs.
    pub job: Option<JobName>,
    /// `scan_job`, `operation`, ...
    pub job_kind: String,
    /// One line for people.
    pub title: String,
    /// The profile it runs under.
    pub profile_id: Option<ProfileId>,
    /// The process lifetime that owns it.
    pub session_id: String,
    /// Who began it.
    pub actor_id: ActorId,
    /// Where its first event stands; also the key of a list.
    pub begun_seq: u64,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ended, if it did.
    pub ended_at: Option<Timestamp>,
    /// How it stands.
    #[serde(flatten)]
    pub state: JobState,
    /// One line about its end.
    pub summary: String,
}

/// How a scan stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ScanState {
    /// A living process works on it.
    Running,
    /// It has a verdict.
    Ended {
        /// `block`, `denied`, `incomplete` or `pass`.
        verdict: String,
        /// The verdict document.
        verdict_ref: Option<ArtifactHandle>,
        /// The whole scan's coverage ledger.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coverage_ref: Option<Box<ArtifactHandle>>,
        /// Every rule that decided.
        rules: Vec<String>,
        /// The registry in force.
        capability_registry_version: String,
    },
    /// It has none: cancelled, or closed by a sweep.
    Interrupted {
        /// Why.
        reason: String,
    },
}

/// A scan as its events tell it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ScanEntry {
    /// Its id.
    pub run_id: RunId,
    /// The workspace scanned.
    pub wsid: Option<WorkspaceId>,
    /// The project's path as given.
    pub project: String,
    /// `release` or `normal`.
    pub mode: String,
    /// The policy in force.
    pub policy_ref: Option<ArtifactHandle>,
    /// The allowlist in force.
    pub allowlist_ref: Option<ArtifactHandle>,
    /// The process lifetime that owns it.
    pub session_id: String,
    /// Who began it.
    pub actor_id: ActorId,
    /// Where its first event stands; also the key of a list.
    pub begun_seq: u64,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ended, if it did.
    pub ended_at: Option<Timestamp>,
    /// How it stands.
    #[serde(flatten)]
    pub state: ScanState,
}

/// An attempt as its events tell it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OperationEntry {
    /// Its id.
    pub op_id: OpId,
    /// The engine as asked for.
    pub engine_id: String,
    /// The operation as asked for.
    pub operation: String,
    /// The job it belongs to.
    pub job_id: Option<JobId>,
    /// The scan it belongs to.
    pub run_id: Option<RunId>,
    /// The process lifetime that owns it.
    pub session_id: String,
    /// SHA-256 of the request as received.
    pub request_sha256: Digest,
    /// Where its first event stands; also the key of a list.
    pub begun_seq: u64,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ended, if it did.
    pub ended_at: Option<Timestamp>,
    /// How it stands.
    #[serde(flatten)]
    pub state: JobState,
    /// The EngineResult, as an artifact.
    pub result_ref: Option<ArtifactHandle>,
    /// The `operation_ended` event in full, if there is one.
    pub ended: Option<StoredEvent>,
}

/// Diagnostics of one fingerprint (contract DIAG-3).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Problem {
    /// What groups them.
    pub fingerprint: Digest,
    /// One line, of the newest instance.
    pub title: String,
    /// Of the newest instance: `fatal` where it blocked.
    pub severity: Severity,
    /// Where it comes from.
    pub source: String,
    /// A rule's name or a code.
    pub code: Option<String>,
    /// The workspace of the newest instance.
    pub wsid: Option<WorkspaceId>,
    /// Where it stands with people.
    pub status: ProblemStatus,
    /// Why it stands there, in the words of who set it.
    pub status_reason: String,
    /// True where it was resolved and came back (contract DIAG-6).
    pub reopened: bool,
    /// How many instances were ever recorded.
    pub count: u64,
    /// How many of them retention took.
    pub purged: u64,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// Its newest instance.
    pub last_diagnostic_id: DiagnosticId,
}

/// Where a list of Problems continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemKey {
    /// Severity of the last one shown, 0 for hint to 4 for fatal.
    pub severity_rank: i64,
    /// Sequence number of its newest instance.
    pub last_seq: u64,
}

/// Which Problems are wanted; every field narrows. Gravest first, then newest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProblemFilter {
    /// Any of these; empty means all.
    pub statuses: Vec<ProblemStatus>,
    /// Any of these; empty means all.
    pub severities: Vec<Severity>,
    /// With an instance of this job.
    pub job_id: Option<JobId>,
    /// With an instance of this scan.
    pub run_id: Option<RunId>,
    /// With this code.
    pub code: Option<String>,
    /// With this text in title or code, in any case.
    pub text: Option<String>,
    /// Continue after this.
    pub after: Option<ProblemKey>,
    /// At most this many; zero means [`MAX_PAGE`].
    pub limit: u32,
}

/// One raw instance (contract DIAG-3).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StoredDiagnostic {
    /// Where its FR-EVT-003 stands.
    pub seq: u64,
    /// That event.
    pub event_id: EventId,
    /// The scan it was made in.
    pub run_id: Option<RunId>,
    /// The Problem it belongs to.
    pub fingerprint: Digest,
    /// As its maker stated it.
    pub diagnostic: Diagnostic,
}

/// How many Problems share a severity and a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemCount {
    /// The severity.
    pub severity: Severity,
    /// The status.
    pub status: ProblemStatus,
    /// How many.
    pub count: u64,
}

/// How a consent stands at a moment (contract CAP-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// It can be used.
    Live,
    /// Its time is over.
    Expired,
    /// A person took it back.
    Revoked,
}

/// A consent as its events tell it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ConsentEntry {
    /// Its id.
    pub consent_id: ConsentId,
    /// The capability, with its scope.
    pub capability_id: String,
    /// The profile it holds for; null holds for any.
    pub profile_id: Option<ProfileId>,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// Who granted it.
    pub granted_by: ActorId,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Why it was granted.
    pub reason: String,
    /// How it stands.
    pub state: ConsentState,
}

/// The latest conformance run of one engine with one adapter and one set of tools.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ConformanceEntry {
    /// The engine.
    pub engine_id: EngineId,
    /// The adapter's version.
    pub adapter_version: String,
    /// SHA-256 over the engine's tool digests.
    pub tools_sha256: Digest,
    /// Whether every case passed.
    pub passed: bool,
    /// Each case with its result.
    pub cases: BTreeMap<String, bool>,
    /// When it ran.
    pub ran_at: Timestamp,
    /// The event that says so.
    pub event_id: EventId,
}

/// What a prefix may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// An event.
    Event,
    /// A job.
    Job,
    /// A scan.
    Scan,
    /// An attempt.
    Operation,
    /// A diagnostic instance.
    Diagnostic,
    /// A Problem, by fingerprint.
    Problem,
    /// A consent.
    Consent,
}

impl IdKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Job => "job",
            Self::Scan => "scan",
            Self::Operation => "operation",
            Self::Diagnostic => "diagnostic",
            Self::Problem => "problem",
            Self::Consent => "consent",
        }
    }
}

/// A filter's limit as SQL takes it, one more than a page so that its end is known.
pub(crate) fn page_limit(limit: u32) -> u32 {
    if limit == 0 { MAX_PAGE } else { limit.min(MAX_PAGE) }
}
