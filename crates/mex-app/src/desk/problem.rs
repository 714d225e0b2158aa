//! One Problem with everything an operator needs to understand it (contract UI-2): finding, related
//! job, timeline slice, policy decisions, artifacts, what to do. Reads what was recorded; what is gone
//! is said to be gone.

use mex_recorder::query::{JobEntry, OperationEntry, StoredDiagnostic, StoredEvent};
use mex_runtime::artifact::{ArtifactHandle, DatabaseIdentity, SandboxLevel, ToolIdentity};
use mex_runtime::delta::Cause;
use mex_runtime::diagnostic::LinkConfidence;
use mex_runtime::finding::Finding;
use mex_runtime::id::{EventId, JobId, RunId};
use mex_runtime::policy::matching::ExceptionUse;
use mex_runtime::policy::verdict::{Decision, Reason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gates::{CapabilityDecision, GateRow};
use super::problems::{ProblemRow, ProblemStanding};
use super::{Cursor, Rows};

/// One Problem with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProblemDetail {
    /// The Problem.
    pub row: ProblemRow,
    /// What happened and what to do, in the words of its newest instance; null where retention took it.
    pub message: Option<String>,
    /// Its newest instances; more with `instances`.
    pub instances: Rows<StoredDiagnostic>,
    /// What the tools said, merged; null for what is no finding, and where the reports are gone.
    pub finding: Option<Finding>,
    /// Why there is no finding, as one sentence; empty where there is one or never was.
    pub finding_absent: String,
    /// Jobs and events it is linked with.
    pub related: RelatedWork,
    /// What was recorded around it, oldest first; more with `events`.
    pub timeline: Vec<StoredEvent>,
    /// What allowed, denied, blocked or lifted.
    pub decisions: PolicyDecisions,
    /// What backs it.
    pub artifacts: Vec<ArtifactHandle>,
    /// What to do, the most useful first.
    pub next_steps: Vec<NextStep>,
    /// How it stands against the scan before, and why.
    pub since: ProblemSince,
}

/// What a Problem is linked with. Only a `direct` link is shown as one (contract DIAG-4).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RelatedWork {
    /// How sure the link is.
    pub link_confidence: LinkConfidence,
    /// The one job, where the link is direct or there is exactly one candidate.
    pub job: Option<JobEntry>,
    /// Every candidate where there are several.
    pub candidate_jobs: Vec<JobId>,
    /// The events it names.
    pub events: Vec<EventId>,
    /// The attempts it rests on.
    pub operations: Vec<RelatedOperation>,
}

/// An attempt a Problem rests on, with what stands on every result: tools, databases, sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RelatedOperation {
    /// The attempt.
    pub operation: OperationEntry,
    /// The tools that ran.
    pub tools: Vec<ToolIdentity>,
    /// The advisory databases read.
    pub databases: Vec<DatabaseIdentity>,
    /// The sandbox they ran in; null where nothing ran.
    pub sandbox: Option<SandboxLevel>,
    /// The six gates.
    pub gates: Vec<GateRow>,
}

/// What the policy said.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PolicyDecisions {
    /// The scan that was judged; null for what is of no scan.
    pub run_id: Option<RunId>,
    /// Its verdict.
    pub verdict: Option<Decision>,
    /// The reasons that stand under this Problem.
    pub reasons: Vec<Reason>,
    /// The exceptions that lift it.
    pub exceptions: Vec<ExceptionUse>,
    /// Every capability check of the attempts it rests on.
    pub checks: Vec<CapabilityDecision>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NextStep {
    /// What sort, so that the window can offer a button.
    pub kind: NextStepKind,
    /// One sentence.
    pub sentence: String,
    /// What it is about: a package, a path, a tool, a capability; empty where it is about the Problem.
    pub subject: String,
}

/// What a next step asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NextStepKind {
    /// Change the project: update, replace, remove, revoke, declare.
    Mend,
    /// Open the file in the editor.
    OpenFile,
    /// Accept it for a time, by an exception.
    Except,
    /// Install or repair a tool.
    InstallTools,
    /// Fetch or import an advisory database.
    UpdateDatabase,
    /// Grant a consent.
    GrantConsent,
    /// Scan again.
    ScanAgain,
    /// Read something recorded.
    Read,
}

/// How a Problem stands against the scan before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemSince {
    /// In one word.
    pub standing: ProblemStanding,
    /// The newest scan of its project.
    pub newest: Option<RunId>,
    /// The scan that one is compared with.
    pub before: Option<RunId>,
    /// Why it is new or gone, the most specific first; empty where it is unchanged or nobody can say.
    pub causes: Vec<Cause>,
    /// The same in one sentence.
    pub sentence: String,
}

/// Which page of a Problem's instances is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstancesQuestion {
    /// The Problem.
    pub id: String,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}
