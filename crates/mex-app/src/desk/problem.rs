//! One Problem with everything an operator needs to understand it (contract UI-2): finding, related
//! job, timeline slice, policy decisions, artifacts, what to do. Reads what was recorded; what is gone
//! is said to be gone.

use mex_recorder::query::find::FoundProblem;
use mex_recorder::query::{
    EventFilter, JobEntry, OperationEntry, Order, StoredDiagnostic, StoredEvent,
};
use mex_runtime::artifact::{ArtifactHandle, DatabaseIdentity, SandboxLevel, ToolIdentity};
use mex_runtime::delta::Cause;
use mex_runtime::diagnostic::{Diagnostic, LinkConfidence};
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::finding::Finding;
use mex_runtime::id::{EventId, JobId, RunId};
use mex_runtime::policy::matching::ExceptionUse;
use mex_runtime::policy::verdict::{Decision, Reason};
use mex_runtime::result::EngineResult;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gates::{CapabilityDecision, GateRow, rows_of};
use super::problems::{ProblemRow, ProblemStanding, row};
use super::reports::shelf::ParsedScan;
use super::{ById, Cursor, Rows, Screens, bounded, key_of, rows};
use crate::error::{AppResult, query};

/// How many of its newest instances are shown with a Problem.
const INSTANCES: u32 = 20;

/// How many events of its job are shown around it.
const SLICE: u32 = 100;

/// How many attempts are shown with it.
const OPERATIONS: usize = 10;

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

impl Screens {
    /// One Problem with its evidence.
    ///
    /// # Errors
    /// For an id that names none or several. What retention or somebody took is told in the answer.
    pub fn problem(&self, asked: &ById) -> AppResult<ProblemDetail> {
        let app = &self.app;
        let fingerprint = app.problem_id(&asked.id)?;
        let found = app.recorder.found_problem(&fingerprint).map_err(query)?;
        let newest = self.newest()?;
        let scan = found.run_id.and_then(|run_id| self.parsed(&run_id.to_string()).ok());
        let diagnostic = found.newest.clone();
        let (finding, finding_absent) = finding_of(&fingerprint, &found, scan.as_deref());
        let related = self.related(diagnostic.as_ref())?;
        let decisions = self.decisions(&fingerprint, &found, scan.as_deref(), &related)?;
        let since = self.problem_since(&fingerprint, &found, &newest)?;
        let row = row(found, &newest);
        let next_steps = super::steps::next_steps(&row, diagnostic.as_ref(), &decisions.reasons);
        Ok(ProblemDetail {
            message: diagnostic.as_ref().map(|one| one.message.clone()),
            instances: rows(app.recorder.instances(&fingerprint, None, INSTANCES).map_err(query)?)?,
            finding,
            finding_absent,
            timeline: self.slice(&row, diagnostic.as_ref())?,
            artifacts: self.artifacts_of(diagnostic.as_ref(), &related),
            related,
            decisions,
            next_steps,
            since,
            row,
        })
    }

    /// One page of a Problem's instances, newest first.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn instances(&self, asked: &InstancesQuestion) -> AppResult<Rows<StoredDiagnostic>> {
        let fingerprint = self.app.problem_id(&asked.id)?;
        let before: Option<u64> = key_of(asked.after.as_ref())?;
        let limit = bounded(asked.limit);
        rows(self.app.recorder.instances(&fingerprint, before, limit).map_err(query)?)
    }

    fn related(&self, diagnostic: Option<&Diagnostic>) -> AppResult<RelatedWork> {
        let mut related = RelatedWork {
            link_confidence: LinkConfidence::Unlinked,
            job: None,
            candidate_jobs: Vec::new(),
            events: Vec::new(),
            operations: Vec::new(),
        };
        let Some(diagnostic) = diagnostic else { return Ok(related) };
        let refs = &diagnostic.evidence_refs;
        related.link_confidence = diagnostic.link_confidence;
        related.events.clone_from(&refs.fr_event_ids);
        let mut jobs: Vec<JobId> = diagnostic.job_id.into_iter().collect();
        jobs.extend(refs.related_job_ids.iter().filter(|id| Some(**id) != diagnostic.job_id));
        match (jobs.as_slice(), diagnostic.link_confidence) {
            // An ambiguous link is never shown as one (contract DIAG-4).
            ([one], LinkConfidence::Direct | LinkConfidence::Inferred) => {
                related.job = self.app.recorder.job(*one).ok();
            }
            _ => related.candidate_jobs = jobs,
        }
        let mut operations = Vec::new();
        for op_id in refs.op_ids.iter().take(OPERATIONS) {
            operations.extend(self.app.recorder.operation(*op_id).ok());
        }
        if operations.is_empty()
            && let Some(job) = &related.job
        {
            operations = self.app.recorder.operations_of(job.job_id).map_err(query)?;
            operations.truncate(OPERATIONS);
        }
        for operation in operations {
            related.operations.push(self.related_operation(operation)?);
        }
        Ok(related)
    }

    fn related_operation(&self, operation: OperationEntry) -> AppResult<RelatedOperation> {
        let tools = match operation.ended.as_ref().map(|stored| &stored.event.body) {
            Some(EventBody::System(SystemEvent::OperationEnded { tools, .. })) => tools.clone(),
            _ => Vec::new(),
        };
        let result: Option<EngineResult> =
            operation.result_ref.as_ref().and_then(|handle| self.app.read_document(handle).ok());
        let provenance = result.and_then(|result| result.provenance);
        let outcomes = self.app.recorder.gate_outcomes(operation.op_id).map_err(query)?;
        Ok(RelatedOperation {
            sandbox: provenance.as_ref().filter(|one| !one.tools.is_empty()).map(|one| one.sandbox),
            databases: provenance.map(|one| one.databases).unwrap_or_default(),
            gates: rows_of(&outcomes),
            tools,
            operation,
        })
    }

    fn decisions(
        &self,
        fingerprint: &Digest,
        found: &FoundProblem,
        scan: Option<&ParsedScan>,
        related: &RelatedWork,
    ) -> AppResult<PolicyDecisions> {
        let verdict = scan.and_then(|scan| scan.verdict.as_ref());
        let reasons: Vec<Reason> = verdict
            .into_iter()
            .flat_map(|verdict| &verdict.reasons)
            .filter(|reason| reason.fingerprint.as_ref() == Some(fingerprint))
            .cloned()
            .collect();
        let lifts = |used: &&ExceptionUse| {
            reasons.iter().any(|reason| reason.lifted_by.as_ref() == Some(&used.exception))
        };
        let exceptions =
            verdict.into_iter().flat_map(|one| &one.exceptions).filter(lifts).cloned().collect();
        let mut checks = Vec::new();
        for one in &related.operations {
            checks.extend(self.capability_checks(one.operation.op_id)?);
        }
        let verdict = verdict.map(|verdict| verdict.verdict);
        Ok(PolicyDecisions { run_id: found.run_id, verdict, reasons, exceptions, checks })
    }

    /// What was recorded around a Problem: its job from the beginning, and at the end its own event.
    fn slice(
        &self,
        row: &ProblemRow,
        diagnostic: Option<&Diagnostic>,
    ) -> AppResult<Vec<StoredEvent>> {
        let recorder = &self.app.recorder;
        let own = recorder.diagnostic(row.problem.last_diagnostic_id).ok();
        let own = own.and_then(|instance| recorder.event(instance.event_id).ok());
        let filter = EventFilter {
            job_id: diagnostic.and_then(|one| one.job_id),
            run_id: row.run_id,
            before_seq: own.as_ref().map(|event| event.seq),
            order: Order::Oldest,
            limit: SLICE,
            ..EventFilter::default()
        };
        if filter.job_id.is_none() && filter.run_id.is_none() {
            return Ok(own.into_iter().collect());
        }
        let mut events = recorder.events(&filter).map_err(query)?.items;
        events.extend(own);
        Ok(events)
    }

    fn artifacts_of(
        &self,
        diagnostic: Option<&Diagnostic>,
        related: &RelatedWork,
    ) -> Vec<ArtifactHandle> {
        let mut found: Vec<ArtifactHandle> = Vec::new();
        for one in &related.operations {
            if let Some(EventBody::System(SystemEvent::OperationEnded {
                outputs,
                evidence,
                result_ref,
                ..
            })) = one.operation.ended.as_ref().map(|stored| &stored.event.body)
            {
                found.extend(outputs.iter().chain(evidence).chain(result_ref).cloned());
            }
        }
        let named = diagnostic.into_iter().flat_map(|one| &one.evidence_refs.artifact_hashes);
        for sha256 in named {
            let sidecar = self.app.recorder.artifacts().sidecar(sha256);
            found.extend(sidecar.ok().map(|sidecar| sidecar.artifact));
        }
        found.sort();
        found.dedup();
        found
    }
}

fn finding_of(
    fingerprint: &Digest,
    found: &FoundProblem,
    scan: Option<&ParsedScan>,
) -> (Option<Finding>, String) {
    let thing = scan
        .into_iter()
        .flat_map(|scan| &scan.findings)
        .find(|thing| thing.problem == *fingerprint);
    let absent = match (thing, found.run_id, scan) {
        (Some(_), ..) | (None, None, _) => String::new(),
        (None, Some(run_id), None) => format!("the scan `{run_id}` cannot be read any more"),
        (None, Some(_), Some(scan)) => scan.absent.join("; "),
    };
    (thing.map(|thing| thing.finding.clone()), absent)
}
