//! The events of the Flight Recorder: a closed list with a shape each (contract FR-2 to FR-6).
//! Owns shapes and their validation. Never orders, chains or stores: that is the recorder's,
//! which takes order from its own sequence and not from a clock (promise P38).
//! Long because the list is closed and one place shows the whole of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::{ArtifactHandle, DatabaseIdentity, LimitLevel, SandboxLevel, ToolIdentity};
use crate::budget::{Limit, Usage};
use crate::code::Code;
use crate::diagnostic::ProblemStatus;
use crate::digest::Digest;
use crate::id::{
    ActorId, ConsentId, DiagnosticId, EngineId, EventId, JobId, JobName, OpId, PolicyDecisionId,
    ProfileId, RunId, ToolName, WorkspaceId,
};
use crate::operation::Actor;
use crate::result::{Status, TypedError};
use crate::severity::Severity;

/// One event as it is hashed and stored (contract FR-2). Version `fe-1.0`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Always `"fe-1.0"`.
    pub schema_version: String,
    /// UUIDv7.
    pub event_id: EventId,
    /// RFC 3339, UTC.
    pub timestamp: Timestamp,
    /// Who acted.
    pub actor: Actor,
    /// Who, by name.
    pub actor_id: ActorId,
    /// The job, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_id: Option<JobId>,
    /// The scan, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_run_id: Option<RunId>,
    /// The model, if one took part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// The workspaces concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wsids: Vec<WorkspaceId>,
    /// The capability concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability_id: Option<String>,
    /// The decision this event states or follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_decision_id: Option<PolicyDecisionId>,
    /// Joins events of one undertaking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// Who and what an event belongs to; the parts that many events of one attempt share.
#[derive(Debug, Clone, PartialEq)]
pub struct EventContext {
    /// Who acted.
    pub actor: Actor,
    /// Who, by name.
    pub actor_id: ActorId,
    /// The job, if any.
    pub job_id: Option<JobId>,
    /// The scan, if any.
    pub workflow_run_id: Option<RunId>,
    /// The workspace, if any.
    pub wsid: Option<WorkspaceId>,
}

impl EventContext {
    /// The product acting by itself, outside any job.
    pub const fn system(actor_id: ActorId) -> Self {
        Self { actor: Actor::System, actor_id, job_id: None, workflow_run_id: None, wsid: None }
    }

    /// An event in this context.
    pub fn event(&self, event_id: EventId, timestamp: Timestamp, body: EventBody) -> Event {
        Event {
            schema_version: "fe-1.0".to_owned(),
            event_id,
            timestamp,
            actor: self.actor,
            actor_id: self.actor_id.clone(),
            job_id: self.job_id,
            workflow_run_id: self.workflow_run_id,
            model_id: None,
            wsids: self.wsid.iter().cloned().collect(),
            capability_id: None,
            policy_decision_id: None,
            trace_id: None,
            body,
        }
    }
}

/// What happened. The list is closed: an unknown `event_type` is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event_type", content = "payload", rename_all = "snake_case")]
pub enum EventBody {
    /// FR-EVT-001: one run of an external tool, version probes included (contract FR-3).
    TerminalCommand(TerminalCommand),
    /// FR-EVT-003: a diagnostic was made (contract FR-4).
    Diagnostic(DiagnosticEvent),
    /// Something the product did (contract FR-5, GATE-8).
    System(SystemEvent),
    /// One capability check (contract CAP-4).
    CapabilityCheck(CapabilityCheck),
    /// A consent was granted, revoked or ran out (contract CAP-5).
    Consent(ConsentEvent),
    /// FR-EVT-005: a debug bundle left the product (contract FR-6).
    DebugBundleExport(DebugBundleExport),
    /// FR-EVT-006: a model was asked (contract FR-6).
    LlmInference(LlmInference),
    /// A registry diff was reviewed (contract REG-5).
    RegistryReview(RegistryReview),
    /// A registry was published (contract REG-6).
    RegistryPublish(RegistryPublish),
    /// A person changed something (contract FR-6).
    HumanAction(HumanAction),
    /// Old events were purged (contract FR-7).
    Retention(Retention),
    /// A signed head was exported (contract FR-8).
    Checkpoint(Checkpoint),
}

/// FR-EVT-001 (contract FR-3). Output is referenced, never inlined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminalCommand {
    /// One process lifetime of the product.
    pub session_id: String,
    /// The tool's working directory, as the tool saw it.
    pub cwd: String,
    /// The executable, as the tool saw it.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Null where it was killed by a signal.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// From start to end.
    pub duration_ms: u64,
    /// Captured stdout, redacted; null where it was empty or could hold a secret that cannot be redacted.
    pub stdout_ref: Option<ArtifactHandle>,
    /// Captured stderr, redacted.
    pub stderr_ref: Option<ArtifactHandle>,
    /// The environment it got, as an artifact.
    pub env_ref: Option<ArtifactHandle>,
    /// The attempt it belongs to; null for provisioning and for the sandbox looking at itself.
    pub op_id: Option<OpId>,
    /// The pinned tool it is.
    pub tool: Option<ToolIdentity>,
    /// The sandbox it ran in.
    pub sandbox: SandboxLevel,
    /// What held it to its limits; absent where only its time was limited, as in provisioning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitLevel>,
    /// The limit it was killed at.
    pub killed_at: Option<Limit>,
    /// What it used.
    pub usage: Usage,
}

/// FR-EVT-003 (contract FR-4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiagnosticEvent {
    /// The instance.
    pub diagnostic_id: DiagnosticId,
    /// Its severity.
    pub severity: Severity,
    /// Its source.
    pub source: String,
    /// Its workspace.
    pub wsid: Option<WorkspaceId>,
    /// The Problem it belongs to.
    pub fingerprint: Digest,
    /// SHA-256 of the stored instance, so that the instance is under the chain too.
    pub diagnostic_sha256: Digest,
}

/// How a gate judged (contract GATE-8).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    /// Nothing against it.
    Pass,
    /// Refused, or the gate itself failed.
    Deny,
    /// Could not be judged, because something before it is missing.
    NotEvaluated,
}

/// Whether a gate judged before the run or after it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GatePhase {
    /// Before anything ran.
    Before,
    /// On the result.
    After,
}

/// What the product did. `kind` tells which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SystemEvent {
    /// One gate's outcome (contract GATE-8).
    GateOutcome {
        /// The gate: `G-SCHEMA`, ..., or one an engine added.
        gate: String,
        /// Before or after the run.
        phase: GatePhase,
        /// The outcome.
        outcome: GateOutcome,
        /// The engine as asked for; text, because an unknown one is judged too.
        engine_id: String,
        /// The operation as asked for.
        operation: String,
        /// The attempt.
        op_id: OpId,
        /// Why, as one sentence; empty for a pass.
        reason: String,
        /// The code of a denial.
        code: Option<Code>,
        /// The severity of a denial.
        severity: Option<Severity>,
        /// The diagnostic of a denial.
        diagnostic_id: Option<DiagnosticId>,
    },
    /// The intent: an attempt is about to be judged and run. No intent, no action.
    OperationBegun {
        /// The attempt.
        op_id: OpId,
        /// The engine as asked for.
        engine_id: String,
        /// The operation as asked for.
        operation: String,
        /// The process lifetime that owns it.
        session_id: String,
        /// SHA-256 of the request as received.
        request_sha256: Digest,
    },
    /// The outcome of an attempt (contract FR-5).
    OperationEnded {
        /// The attempt.
        op_id: OpId,
        /// The engine as asked for.
        engine_id: String,
        /// The operation as asked for.
        operation: String,
        /// How it ended.
        status: Status,
        /// The tools as identified.
        tools: Vec<ToolIdentity>,
        /// The string used as the report's `engine_version`.
        engine_version: String,
        /// What it read.
        inputs: Vec<ArtifactHandle>,
        /// What it left.
        outputs: Vec<ArtifactHandle>,
        /// What backs it.
        evidence: Vec<ArtifactHandle>,
        /// What went wrong.
        errors: Vec<TypedError>,
        /// The EngineResult as an artifact.
        result_ref: Option<ArtifactHandle>,
        /// The attempt whose result was reused (contract SC-12).
        reused_from: Option<OpId>,
        /// When that attempt ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reused_result_of: Option<Timestamp>,
        /// Under which key this result may be reused: everything it depends on, sealed with a secret
        /// of the data folder. Absent where it may not be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reuse_key: Option<Digest>,
    },
    /// A sweep closed what a crash left open.
    OperationInterrupted {
        /// The attempt.
        op_id: OpId,
        /// The process lifetime that left it.
        session_id: String,
    },
    /// A job began.
    JobBegun {
        /// Which of a scan's jobs; null outside a scan.
        job: Option<JobName>,
        /// `scan_job`, `operation`, `conformance`, `provisioning`, `workflow_run`.
        job_kind: String,
        /// The profile it runs under.
        profile_id: Option<ProfileId>,
        /// The process lifetime that owns it.
        session_id: String,
        /// One line for people.
        title: String,
    },
    /// A job ended.
    JobEnded {
        /// Which of a scan's jobs.
        job: Option<JobName>,
        /// How.
        status: Status,
        /// One line for people.
        summary: String,
    },
    /// A sweep closed a job that a crash left open.
    JobInterrupted {
        /// The process lifetime that left it.
        session_id: String,
    },
    /// A scan began.
    ScanBegun {
        /// The project's path as given, for people.
        project: String,
        /// `release` or `normal`.
        mode: String,
        /// The policy in force.
        policy_ref: Option<ArtifactHandle>,
        /// The allowlist in force.
        allowlist_ref: Option<ArtifactHandle>,
        /// The allowed-signers file that signatures were judged by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signers_ref: Option<Box<ArtifactHandle>>,
        /// The process lifetime that owns it.
        session_id: String,
    },
    /// A scan ended with a verdict.
    ScanEnded {
        /// `block`, `denied`, `incomplete` or `pass`.
        verdict: String,
        /// The verdict document.
        verdict_ref: Option<ArtifactHandle>,
        /// The whole scan's coverage ledger.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coverage_ref: Option<ArtifactHandle>,
        /// Every rule that decided.
        rules: Vec<String>,
        /// The registry in force (contract REG-8).
        capability_registry_version: String,
    },
    /// A scan ended without a verdict: cancelled, or closed by a sweep.
    ScanInterrupted {
        /// Why.
        reason: String,
    },
    /// A finding blocks a release (contract SC-2, FR-5).
    Block {
        /// The fatal diagnostic.
        diagnostic_id: DiagnosticId,
        /// The attempt that found it.
        op_id: Option<OpId>,
        /// The rule that blocks.
        rule: String,
        /// The engine and its version string.
        engine_version: String,
    },
    /// A tool was provisioned (contract SC-5).
    ToolProvisioned {
        /// What was built or unpacked, pinned from now on.
        tool: ToolIdentity,
        /// `archive` or `source`.
        method: String,
        /// What it was made from: a module with version, a crate checksum, an archive digest.
        origin: String,
        /// For a tool of many files: the digest of the table of their stats, so that a file that
        /// did not move since is not hashed again (contract SC-5).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stats_sha256: Option<Digest>,
    },
    /// A tool's identity was checked outside a run.
    ToolVerified {
        /// The tool's name.
        tool: ToolName,
        /// Whether it is the pinned one.
        intact: bool,
        /// Why not.
        reason: String,
    },
    /// An advisory database was taken in (contract SC-6).
    DatabaseImported {
        /// Which.
        database: DatabaseIdentity,
        /// `embedded`, `file` or `sync`.
        method: String,
        /// Where from, for people.
        origin: String,
    },
    /// An advisory database was refused.
    DatabaseRefused {
        /// The ecosystem asked for.
        ecosystem: String,
        /// Where from, for people.
        origin: String,
        /// The code of the refusal.
        code: Code,
        /// Why.
        reason: String,
    },
    /// A conformance suite ran.
    ConformanceRun {
        /// The engine.
        engine_id: EngineId,
        /// The adapter's version.
        adapter_version: String,
        /// SHA-256 over the engine's tool digests.
        tools_sha256: Digest,
        /// Whether every case passed.
        passed: bool,
        /// Each case with its result.
        cases: BTreeMap<String, bool>,
    },
    /// The embedded registry rules although another one was there (contract REG-7).
    RegistryFallback {
        /// Why.
        reason: String,
    },
    /// The sandbox was probed.
    SandboxProbed {
        /// The level reached.
        level: SandboxLevel,
        /// What was missing.
        reason: String,
        /// What holds tools to their limits here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limits: Option<LimitLevel>,
        /// Why there is no control group; empty where there is one.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        limits_reason: String,
    },
}

/// One capability check (contract CAP-4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapabilityCheck {
    /// The capability checked, as asked for.
    pub capability_id: String,
    /// `allow` or `deny`.
    pub decision_outcome: DecisionOutcome,
    /// The profile that was asked.
    pub profile_id: String,
    /// The grant that matched.
    pub matched_grant: Option<String>,
    /// The consent that was used.
    pub consent_id: Option<ConsentId>,
    /// The registry in force.
    pub capability_registry_version: String,
    /// Why not; empty for an allow.
    pub reason: String,
    /// The code of a deny.
    pub code: Option<Code>,
    /// The attempt; null for a simulation.
    pub op_id: Option<OpId>,
    /// True for `mex capability simulate`.
    pub simulated: bool,
}

/// The outcome of a decision.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DecisionOutcome {
    /// Allowed.
    Allow,
    /// Denied.
    Deny,
}

/// A change of a consent (contract CAP-5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum ConsentEvent {
    /// Granted by a person.
    Granted {
        /// The consent.
        consent_id: ConsentId,
        /// The capability, with its scope.
        capability_id: String,
        /// The profile it holds for; null holds for any.
        profile_id: Option<ProfileId>,
        /// When it ends.
        expires_at: Timestamp,
        /// Why it was granted.
        reason: String,
    },
    /// Revoked by a person.
    Revoked {
        /// The consent.
        consent_id: ConsentId,
        /// Why.
        reason: String,
    },
}

/// FR-EVT-005.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DebugBundleExport {
    /// The bundle.
    pub bundle_sha256: Digest,
    /// What it covers.
    pub scope: String,
    /// How it was redacted.
    pub mode: String,
}

/// FR-EVT-006: `trace_id` and `model_id` of the event are required with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LlmInference {
    /// SHA-256 of each prompt.
    pub prompt_sha256: Vec<Digest>,
    /// Where the model runs: `local` or `cloud`.
    pub locality: String,
    /// SHA-256 of the answer.
    pub response_sha256: Option<Digest>,
}

/// A registry diff was reviewed (contract REG-5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryReview {
    /// The diff the decision binds to.
    pub diff_sha256: Digest,
    /// `approve` or `reject`.
    pub decision: String,
    /// Why.
    pub comment: String,
    /// The review document: what was ticked, and its signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_sha256: Option<Digest>,
    /// Who reviewed: the name of a verified signature, or who is logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer_id: Option<String>,
}

/// A registry was published (contract REG-6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryPublish {
    /// The version published.
    pub capability_registry_version: String,
    /// SHA-256 of the file.
    pub registry_sha256: Digest,
    /// The diff that was reviewed.
    pub diff_sha256: Option<Digest>,
    /// The profiles published with it; absent where the compiled-in ones stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles_sha256: Option<Digest>,
    /// The review that allowed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_sha256: Option<Digest>,
    /// The registry it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_sha256: Option<Digest>,
    /// How it came to be published.
    #[serde(default)]
    pub how: PublishedHow,
}

/// How a registry came to be published.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PublishedHow {
    /// Through a review of its diff.
    #[default]
    Reviewed,
    /// An older version was published again as a new one.
    RolledBack,
    /// It was published elsewhere, by a signer that was named.
    TakenOver,
    /// Nothing was published: said again before old events were purged.
    Kept,
}

/// A person changed something (contract FR-6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum HumanAction {
    /// A Problem's status was set (contract DIAG-6).
    ProblemStatus {
        /// The Problem.
        fingerprint: Digest,
        /// What it was.
        from: ProblemStatus,
        /// What it is now.
        to: ProblemStatus,
        /// Why.
        reason: String,
    },
    /// A status was set a moment ago and taken back: the Problem stands as it did before.
    ProblemStatusUndone {
        /// The Problem.
        fingerprint: Digest,
        /// What it was.
        from: ProblemStatus,
        /// What it is again.
        to: ProblemStatus,
        /// The reason it stands so, as before.
        reason: String,
        /// It was resolved and had come back, as before.
        reopened: bool,
        /// The `problem_status` event that does not hold any more.
        undone: EventId,
    },
    /// A document was taken into the data folder: an allowlist, a policy, retention settings.
    DocumentApproved {
        /// What it is: `allowlist`, `policy`, `retention`.
        document: String,
        /// Its digest.
        sha256: Digest,
        /// Why.
        reason: String,
    },
    /// An allowlist has a new version (contract SC-4). The newest event of a project without `file`
    /// names the document its scans use: no file in the data folder does.
    AllowlistChanged {
        /// The allowlist.
        document_id: String,
        /// What was done.
        change: AllowlistChange,
        /// The exceptions concerned.
        exceptions: Vec<String>,
        /// The new version.
        sha256: Digest,
        /// The version it came from; null for the first.
        before: Option<Digest>,
        /// The file it was written to; null for the project's own document.
        file: Option<String>,
        /// Why.
        reason: String,
    },
    /// A report of somebody else's tool was taken in. It lifts nothing and no verdict reads it.
    ReportImported {
        /// `sarif`, `cyclonedx` or `openvex`.
        format: String,
        /// Its version.
        format_version: String,
        /// Who is named as the source of its Problems, behind `plugin:`.
        plugin: String,
        /// SHA-256 of the file as it was given.
        origin_sha256: Digest,
        /// Its length.
        origin_bytes: u64,
        /// What was kept of it.
        import_ref: Box<ArtifactHandle>,
        /// How many results, vulnerabilities or statements it holds.
        said: u64,
        /// How many Problems they are.
        problems: u64,
        /// How many say that something is not affected or fixed.
        claims: u64,
    },
    /// A report was refused; nothing changed (contract section 15).
    ReportRefused {
        /// The code of the refusal.
        code: Code,
        /// Why.
        reason: String,
    },
    /// A person had a draft made of a specification (contract REG-2).
    RegistryDrafted {
        /// The draft.
        draft_ref: Box<ArtifactHandle>,
        /// What was read: the specification, the engines, the previous registry.
        input_refs: Vec<ArtifactHandle>,
        /// The model that was asked; null without one.
        model_id: Option<String>,
    },
    /// A person had a draft or a registry file validated (contract REG-3).
    RegistryValidated {
        /// Everything that was found.
        validation_ref: Box<ArtifactHandle>,
        /// What was validated.
        subject_sha256: Digest,
        /// Whether no rule is broken.
        valid: bool,
    },
    /// A person had a draft compared with the registry in force (contract REG-4).
    RegistryDiffed {
        /// The draft.
        draft_ref: Box<ArtifactHandle>,
        /// The profiles that would go with it.
        profiles_ref: Box<ArtifactHandle>,
        /// The diff, in canonical form: its digest is what a review binds to.
        diff_ref: Box<ArtifactHandle>,
        /// The version it would follow.
        base_version: String,
        /// The version it would have.
        next_version: String,
    },
    /// A review, publish, rollback or takeover of a capability registry was refused; nothing changed
    /// (contract section 15).
    RegistryRefused {
        /// What was tried.
        attempt: String,
        /// The code of the refusal.
        code: Code,
        /// Why.
        reason: String,
    },
    /// A change of an allowlist was refused; nothing changed (contract section 15).
    AllowlistRefused {
        /// What was tried.
        attempt: String,
        /// The code of the refusal.
        code: Code,
        /// Why.
        reason: String,
    },
}

/// What was done to an allowlist.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AllowlistChange {
    /// An exception came in.
    Added,
    /// An exception holds for longer.
    Renewed,
    /// An exception was taken out.
    Revoked,
    /// An approver's signature came in.
    Signed,
    /// All findings of a scan became exceptions.
    Baselined,
    /// Nothing: said again before old events were purged.
    Kept,
}

/// Old events were purged (contract FR-7). The chain keeps the digests of what went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The last sequence number purged.
    pub purged_through_seq: u64,
    /// The chain hash of that event.
    pub purged_through_hash: Digest,
    /// How many events went.
    pub events_purged: u64,
    /// Artifacts removed.
    pub artifacts_purged: Vec<Digest>,
    /// Events older than this went.
    pub older_than: Timestamp,
    /// The setting that decided.
    pub retention_days: u32,
}

/// A signed head was exported (contract FR-8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The last sequence number under the head.
    pub seq: u64,
    /// The chain hash there.
    pub hash: Digest,
    /// The public key that signed, hex.
    pub public_key: String,
}

/// An event that does not have its shape: `HSK-400-INVALID-EVENT`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid event at `{path}`: {why}")]
pub struct InvalidEvent {
    /// JSON pointer to what is wrong.
    pub path: String,
    /// What it should be.
    pub why: String,
}

impl EventBody {
    /// The word in `event_type`.
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::TerminalCommand(_) => "terminal_command",
            Self::Diagnostic(_) => "diagnostic",
            Self::System(_) => "system",
            Self::CapabilityCheck(_) => "capability_check",
            Self::Consent(_) => "consent",
            Self::DebugBundleExport(_) => "debug_bundle_export",
            Self::LlmInference(_) => "llm_inference",
            Self::RegistryReview(_) => "registry_review",
            Self::RegistryPublish(_) => "registry_publish",
            Self::HumanAction(_) => "human_action",
            Self::Retention(_) => "retention",
            Self::Checkpoint(_) => "checkpoint",
        }
    }
}

impl Event {
    /// Checks what the types cannot say (contract FR-2): called by the recorder on every write.
    ///
    /// # Errors
    /// Names the first field that is wrong, as a JSON pointer.
    pub fn validate(&self) -> Result<(), InvalidEvent> {
        let wrong =
            |path: &str, why: &str| Err(InvalidEvent { path: path.into(), why: why.into() });
        if self.schema_version != "fe-1.0" {
            return wrong("/schema_version", "must be `fe-1.0`");
        }
        if self.event_id.uuid().get_version_num() != 7 {
            return wrong("/event_id", "must be a UUIDv7");
        }
        match &self.body {
            EventBody::LlmInference(_) if self.model_id.as_deref().unwrap_or("").is_empty() => {
                wrong("/model_id", "is required for `llm_inference`")
            }
            EventBody::LlmInference(_) if self.trace_id.as_deref().unwrap_or("").is_empty() => {
                wrong("/trace_id", "is required for `llm_inference`")
            }
            EventBody::HumanAction(_) if self.actor != Actor::Human => {
                wrong("/actor", "must be `human` for `human_action`")
            }
            EventBody::CapabilityCheck(check)
                if self.capability_id.as_deref() != Some(&check.capability_id) =>
            {
                wrong("/capability_id", "must equal the capability checked")
            }
            EventBody::TerminalCommand(command) if command.command.is_empty() => {
                wrong("/payload/command", "must not be empty")
            }
            EventBody::TerminalCommand(command) if command.session_id.is_empty() => {
                wrong("/payload/session_id", "must not be empty")
            }
            EventBody::System(SystemEvent::GateOutcome {
                outcome: GateOutcome::Deny,
                code: None,
                ..
            }) => wrong("/payload/code", "is required for a denial"),
            _ => Ok(()),
        }
    }

    /// Reads an event, naming the place of what is wrong.
    ///
    /// # Errors
    /// For anything that is not an event of the closed list with its exact shape.
    pub fn from_json(text: &str) -> Result<Self, InvalidEvent> {
        let invalid =
            |error: serde_json::Error| InvalidEvent { path: "/".into(), why: error.to_string() };
        let value = crate::json::parse(text).map_err(invalid)?;
        let event: Self = serde_json::from_value(value).map_err(invalid)?;
        event.validate()?;
        Ok(event)
    }
}
