//! One scan: stage once, run the jobs side by side, judge, record (contract SC-1 to SC-4).
//! Owns the order; what runs is the runtime's, what it means is the policy's. Every way out that
//! is no verdict closes the scan as interrupted with its reason.
//! Long because one scan is told in one place, from the request to the verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;

use mex_runtime::artifact::{ArtifactHandle, ToolIdentity, media_type};
use mex_runtime::code::Code;
use mex_runtime::coverage::Coverage;
use mex_runtime::event::{EventBody, EventContext, SystemEvent};
use mex_runtime::finding::Finding;
use mex_runtime::id::{JobId, JobName, OpId, PolicyDecisionId, ProfileId, RunId, WorkspaceId};
use mex_runtime::operation::Actor;
use mex_runtime::policy::allowlist::{Allowlist, ApprovalMeans, FingerprintKey};
use mex_runtime::policy::judge::judge;
use mex_runtime::policy::matching::AllowlistInForce;
use mex_runtime::policy::merge::merge;
use mex_runtime::policy::problems;
use mex_runtime::policy::signature::AllowedSigners;
use mex_runtime::policy::verdict::{
    Absence, AbsentJob, JudgedOperation, ScanMode, Verdict, VerdictInput,
};
use mex_runtime::port::{Cancel, Clock as _, Progress, Record, Recorder as _};
use mex_runtime::result::Status;
use mex_scanners::secret_name::redacted;
use mex_scanners::stage::{Holds, Stage, StageOptions};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::delta::Since;
use crate::documents::{self, Document};
use crate::engines::Engines;
use crate::error::{AppError, AppResult, query};
use crate::facts::ToolStates;
use crate::job::{JobRun, Jobs};
use crate::plan::{CycloneDx, History, JOBS};
use crate::progress::{Step, StepSink};
use crate::reuse::Freshness;
use crate::workspace::Workspace;

/// What a person or CI asks for.
#[derive(Debug, Clone)]
pub struct ScanRequest {
    /// The project folder.
    pub path: PathBuf,
    /// The jobs named; none means every job that is built in.
    pub jobs: BTreeSet<JobName>,
    /// What it is for.
    pub mode: ScanMode,
    /// The profile to run under.
    pub profile: ProfileId,
    /// A policy file.
    pub policy: Option<PathBuf>,
    /// An allowlist file, in place of what was approved in the data folder.
    pub allowlist: Option<PathBuf>,
    /// An allowed-signers file: whose SSH signatures approve.
    pub signers: Option<PathBuf>,
    /// Whether the history is searched too.
    pub history: History,
    /// The version of CycloneDX the inventory is written in.
    pub cyclonedx: CycloneDx,
    /// Whether what did not change runs again.
    pub freshness: Freshness,
}

/// What came of it. Version `so-1.0`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScanOutcome {
    /// Always `"so-1.0"`.
    pub schema_version: &'static str,
    /// The scan.
    pub run_id: RunId,
    /// The project's path as given, without secrets in its names.
    pub project: String,
    /// The workspace.
    pub wsid: WorkspaceId,
    /// The decision with everything that made it.
    pub verdict: Verdict,
    /// The same as an artifact.
    pub verdict_ref: ArtifactHandle,
    /// Each job with its attempts.
    pub jobs: Vec<JobRun>,
    /// Every finding, merged over all tools.
    pub findings: Vec<Finding>,
    /// The whole ledger.
    pub coverage: Coverage,
    /// Where the exceptions in force come from.
    pub allowlist: AllowlistOrigin,
    /// What changed since the scan of this project before it.
    pub since: Since,
    /// What was staged.
    pub staged: Staged,
    /// From start to verdict.
    pub duration_ms: u64,
}

/// Where the exceptions of a scan come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllowlistOrigin {
    /// There is none.
    None,
    /// The caller named a file.
    File,
    /// It was approved in the data folder for this project.
    DataFolder,
}

/// What was staged.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Staged {
    /// How many files.
    pub files: u64,
    /// How many bytes.
    pub bytes: u64,
    /// The commit, where the tree is clean.
    pub commit: Option<String>,
    /// The manifest.
    pub manifest: ArtifactHandle,
}

/// Everything a scan needs once its request was found valid.
struct Prepared {
    workspace: Workspace,
    policy: Document<mex_runtime::policy::file::Policy>,
    policy_ref: ArtifactHandle,
    allowlists: Vec<AllowlistInForce>,
    origin: AllowlistOrigin,
    signers_ref: Option<ArtifactHandle>,
    keys: Vec<FingerprintKey>,
    tools: ToolStates,
    wanted: Vec<JobName>,
    context: EventContext,
    run_id: RunId,
}

/// A project as its jobs see it.
struct Ready {
    stage: Stage,
    manifest: ArtifactHandle,
    engines: Engines,
}

impl App {
    /// Scans a project and gives one verdict.
    ///
    /// # Errors
    /// Bad input (exit 2) before anything runs; a recorder or store that fails; a cancel. Whatever
    /// goes wrong with a tool is in the verdict and no error here.
    pub fn scan(
        &self,
        request: &ScanRequest,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<ScanOutcome> {
        self.scan_as(self.fresh_run_id(), request, cancel, steps)
    }

    /// The id of a scan that is about to begin.
    pub fn fresh_run_id(&self) -> RunId {
        RunId::new(self.clock.uuid())
    }

    /// [`App::scan`] under an id that its caller already told somebody.
    ///
    /// # Errors
    /// As [`App::scan`].
    pub fn scan_as(
        &self,
        run_id: RunId,
        request: &ScanRequest,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<ScanOutcome> {
        let prepared = self.prepare(run_id, request)?;
        self.begin_scan(request, &prepared)?;
        let result = self.run_scan(request, &prepared, cancel, steps);
        if let Err(error) = &result {
            let reason = format!("{}: {}", error.code, error.message);
            // The first error is the one to show; a recorder that fails here failed before as well.
            let _ = self.record(
                &prepared.context,
                EventBody::System(SystemEvent::ScanInterrupted { reason }),
            );
        }
        result
    }

    fn prepare(&self, run_id: RunId, request: &ScanRequest) -> AppResult<Prepared> {
        let policy = documents::policy(request.policy.as_deref())?;
        let workspace = Workspace::at(&request.path)?;
        for (named, what) in
            [(&request.allowlist, "allowlist"), (&request.signers, "allowed-signers file")]
        {
            if let Some(path) = named {
                workspace.keeps_out(path, what)?;
            }
        }
        let signers = request.signers.as_deref().map(documents::signers).transpose()?;
        let signers_ref = signers
            .as_ref()
            .map(|document| self.store(document.text.as_bytes(), media_type::TEXT, "signers"))
            .transpose()?;
        let wanted: Vec<JobName> = JOBS
            .iter()
            .filter_map(|name| name.parse().ok())
            .filter(|job: &JobName| request.jobs.is_empty() || request.jobs.contains(job))
            .collect();
        let policy_ref = self.store(policy.text.as_bytes(), "application/toml", "policy")?;
        let own = self.project_allowlist(&workspace.wsid)?;
        let mut keys = vec![own.key()?];
        let (in_force, origin) = match documents::allowlist(request.allowlist.as_deref())? {
            Some(document) => {
                keys.push(key_of(&document.value)?);
                let handle =
                    self.store(document.text.as_bytes(), media_type::ALLOWLIST, "allowlist")?;
                (Some((document.value, handle)), AllowlistOrigin::File)
            }
            None => match own.approved {
                Some(handle) => (Some((own.document, handle)), AllowlistOrigin::DataFolder),
                None => (None, AllowlistOrigin::None),
            },
        };
        keys.sort();
        keys.dedup();
        let allowlists: Vec<AllowlistInForce> = in_force
            .into_iter()
            .map(|(document, handle)| AllowlistInForce {
                verified: verified(
                    &document,
                    signers.as_ref().map(|document| &document.value),
                    self.clock.now(),
                ),
                document,
                handle: Some(handle),
            })
            .collect();
        let context = EventContext {
            actor: Actor::Human,
            actor_id: self.actor_id.clone(),
            job_id: None,
            workflow_run_id: Some(run_id),
            wsid: Some(workspace.wsid.clone()),
        };
        Ok(Prepared {
            workspace,
            policy,
            policy_ref,
            allowlists,
            origin,
            signers_ref,
            keys,
            tools: ToolStates::default(),
            wanted,
            context,
            run_id,
        })
    }

    fn begin_scan(&self, request: &ScanRequest, prepared: &Prepared) -> AppResult<()> {
        let begun = SystemEvent::ScanBegun {
            project: redacted(&request.path.display().to_string()),
            mode: match request.mode {
                ScanMode::Release => "release".to_owned(),
                ScanMode::Normal => "normal".to_owned(),
            },
            policy_ref: Some(prepared.policy_ref.clone()),
            allowlist_ref: prepared.allowlists.first().and_then(|list| list.handle.clone()),
            signers_ref: prepared.signers_ref.clone().map(Box::new),
            session_id: self.recorder.session_id().to_owned(),
        };
        self.record(&prepared.context, EventBody::System(begun))?;
        Ok(())
    }

    fn run_scan(
        &self,
        request: &ScanRequest,
        prepared: &Prepared,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<ScanOutcome> {
        let started = self.clock.now();
        let ready = self.ready(request, prepared, cancel, steps)?;
        let ran = self.jobs_of(request, prepared, &ready, cancel, steps).run(&prepared.wanted)?;
        self.toolchain()?.remember(&self.tool_memory()?, self.clock.now());
        let Ready { stage, manifest, .. } = ready;
        if cancel.is_cancelled() {
            return Err(AppError::new(
                Code::Cancelled,
                "the scan was cancelled; what ran until then is recorded",
            ));
        }
        let operations: Vec<JudgedOperation> = ran.operations;
        let absent = left_out(&prepared.wanted);
        let rules = self.in_force()?;
        let input = VerdictInput {
            mode: request.mode,
            now: self.clock.now(),
            policy: &prepared.policy.value,
            allowlists: &prepared.allowlists,
            operations: &operations,
            absent_jobs: &absent,
            capability_registry_version: rules.registry.version(),
        };
        let verdict = judge(&input).map_err(internal)?;
        let verdict_ref = self.store(
            &mex_runtime::json::canonical(&verdict).map_err(internal)?,
            media_type::VERDICT,
            "verdict",
        )?;
        let mut coverage = Coverage::empty();
        for operation in &operations {
            coverage.merge(operation.coverage.clone());
        }
        let coverage_ref = self.store(
            &mex_runtime::json::canonical(&coverage).map_err(internal)?,
            media_type::COVERAGE,
            "scan-coverage",
        )?;
        self.conclude(prepared, &input, &verdict, (&verdict_ref, &coverage_ref), &ran.runs)?;
        let since = self.since_last(prepared.run_id);
        let findings =
            merge(operations.iter().flat_map(|operation| operation.findings.clone()).collect());
        Ok(ScanOutcome {
            schema_version: "so-1.0",
            run_id: prepared.run_id,
            project: redacted(&request.path.display().to_string()),
            wsid: prepared.workspace.wsid.clone(),
            verdict,
            verdict_ref,
            jobs: ran.runs,
            findings,
            coverage,
            allowlist: prepared.origin,
            since,
            staged: Staged {
                files: stage.ledger().files,
                bytes: stage.manifest().files.iter().map(|file| file.size).sum(),
                commit: stage.manifest().commit.clone(),
                manifest,
            },
            duration_ms: elapsed_ms(started, self.clock.now()),
        })
    }

    /// Hashes the project and, where any job has something to run, stages it: the copies are what
    /// takes time, and an unchanged project needs none (contract SC-12).
    fn ready(
        &self,
        request: &ScanRequest,
        prepared: &Prepared,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<Ready> {
        let of = |stage: Stage| -> AppResult<Ready> {
            let manifest = self.store_manifest(&stage)?;
            let keys = prepared.keys.clone();
            let engines = Engines::new(self, keys, Some(&stage), request.freshness)?;
            Ok(Ready { stage, manifest, engines })
        };
        let workspace = &prepared.workspace;
        // Of a project that was never scanned no earlier result exists: it is hashed while copied.
        let this = self.recorder.scan(prepared.run_id).map_err(query)?;
        if request.freshness == Freshness::Reuse && self.scan_before(&this)?.is_some() {
            let seen = of(stage_project(self, workspace, Holds::Digests, cancel, steps)?)?;
            let jobs = self.jobs_of(request, prepared, &seen, cancel, steps);
            if jobs.are_known(&prepared.wanted)? {
                return Ok(seen);
            }
        }
        of(stage_project(self, workspace, Holds::Everything, cancel, steps)?)
    }

    fn jobs_of<'a>(
        &'a self,
        request: &'a ScanRequest,
        prepared: &'a Prepared,
        ready: &'a Ready,
        cancel: &'a Cancel,
        steps: StepSink<'a>,
    ) -> Jobs<'a> {
        Jobs {
            app: self,
            engines: &ready.engines,
            stage: &ready.stage,
            manifest: &ready.manifest,
            wsid: &prepared.workspace.wsid,
            run_id: prepared.run_id,
            profile: &request.profile,
            tools: &prepared.tools,
            history: request.history,
            cyclonedx: request.cyclonedx,
            license_files: prepared.policy.value.license_files,
            freshness: request.freshness,
            allowlist: prepared.allowlists.first().and_then(|list| list.handle.as_ref()),
            cancel,
            steps,
        }
    }

    /// Stores the manifest (contract ENV-6).
    pub(crate) fn store_manifest(&self, stage: &Stage) -> AppResult<ArtifactHandle> {
        let bytes = mex_runtime::json::canonical(stage.manifest()).map_err(internal)?;
        self.store(&bytes, media_type::MANIFEST, "manifest")
    }

    /// Records the Problems, the BLOCKs and the verdict in one transaction.
    fn conclude(
        &self,
        prepared: &Prepared,
        input: &VerdictInput<'_>,
        verdict: &Verdict,
        (verdict_ref, coverage_ref): (&ArtifactHandle, &ArtifactHandle),
        runs: &[JobRun],
    ) -> AppResult<()> {
        let decision = PolicyDecisionId::new(self.clock.uuid());
        let context = problems::ProblemContext {
            actor: prepared.context.actor,
            wsid: Some(prepared.workspace.wsid.clone()),
            jobs: runs
                .iter()
                .map(|run| (run.job.clone(), run.job_id))
                .collect::<BTreeMap<JobName, JobId>>(),
            policy_decision_id: Some(decision),
            timestamp: self.clock.now(),
        };
        let diagnostics = problems::problems(input, verdict, &context, &mut || self.clock.uuid());
        let mut records = Vec::with_capacity(diagnostics.len() + 1);
        for diagnostic in diagnostics {
            let mut owner = prepared.context.clone();
            owner.job_id = diagnostic.job_id;
            if diagnostic.tags.iter().any(|tag| tag == problems::BLOCK_TAG) {
                let block = block_event(&diagnostic, runs);
                records.push(Record::from(self.event(&owner, EventBody::System(block))));
            }
            records.push(Record::Diagnostic(Box::new(diagnostic), owner));
        }
        let ended = SystemEvent::ScanEnded {
            verdict: verdict.verdict.word().to_owned(),
            verdict_ref: Some(verdict_ref.clone()),
            coverage_ref: Some(coverage_ref.clone()),
            rules: verdict.deciding_rules().iter().map(ToString::to_string).collect(),
            capability_registry_version: verdict.capability_registry_version.clone(),
        };
        let mut event = self.event(&prepared.context, EventBody::System(ended));
        event.policy_decision_id = Some(decision);
        records.push(Record::from(event));
        self.recorder.record(records)?;
        Ok(())
    }
}

/// Stages a project, or hashes it alone, telling progress on a line of its own.
pub(crate) fn stage_project(
    app: &App,
    workspace: &Workspace,
    holds: Holds,
    cancel: &Cancel,
    steps: StepSink<'_>,
) -> AppResult<Stage> {
    let line = "stage".to_owned();
    steps(Step::Begun { line: line.clone() });
    let sink = |progress: Progress| steps(step_of("stage", progress));
    let (work, options) = (app.work.path(), StageOptions::default());
    let (staged, done) = match holds {
        Holds::Everything => {
            (Stage::take(&workspace.path, work, &options, &sink, cancel), "copied and hashed")
        }
        Holds::Digests => (Stage::look(&workspace.path, work, &options, &sink, cancel), "hashed"),
    };
    match staged {
        Ok(stage) => {
            let summary = format!("{} files {done}", stage.ledger().files);
            steps(Step::Ended { line, status: Status::Succeeded, summary });
            Ok(stage)
        }
        Err(error) => {
            let summary = redacted(&error.to_string());
            steps(Step::Ended { line, status: Status::Failed, summary });
            Err(AppError::new(error.code(), redacted(&crate::error::chain(&error))))
        }
    }
}

/// A runtime's progress on a host's line.
pub(crate) fn step_of(line: &str, progress: Progress) -> Step {
    let line = line.to_owned();
    match progress {
        Progress::Phase(phase) => Step::Phase { line, phase },
        Progress::Reading(subject) => Step::Reading { line, subject },
    }
}

fn block_event(diagnostic: &mex_runtime::diagnostic::Diagnostic, runs: &[JobRun]) -> SystemEvent {
    let op_id: Option<OpId> = diagnostic.evidence_refs.op_ids.first().copied();
    let tools: Vec<ToolIdentity> = runs
        .iter()
        .find(|run| Some(run.job_id) == diagnostic.job_id)
        .map(|run| run.tools.clone())
        .unwrap_or_default();
    SystemEvent::Block {
        diagnostic_id: diagnostic.id,
        op_id,
        rule: diagnostic.code.clone().unwrap_or_default(),
        engine_version: mex_runtime::report::engine_version(&tools),
    }
}

/// The key a document's secret fingerprints are made with.
pub(crate) fn key_of(document: &Allowlist) -> AppResult<FingerprintKey> {
    document.key().map_err(|error| AppError::new(Code::AllowlistInvalid, error.to_string()))
}

/// The exceptions whose approver's signature holds now. What only says that it is signed does not count.
pub(crate) fn verified(
    document: &Allowlist,
    signers: Option<&AllowedSigners>,
    now: jiff::Timestamp,
) -> BTreeSet<String> {
    let Some(signers) = signers else { return BTreeSet::new() };
    document
        .exceptions
        .iter()
        .filter(|exception| exception.approver.how == ApprovalMeans::SshSignature)
        .filter(|exception| signers.verify(exception, &document.document_id, now).is_ok())
        .map(|exception| exception.id.clone())
        .collect()
}

/// The jobs that were not asked for; in a release each is a gap (contract SC-3).
fn left_out(wanted: &[JobName]) -> Vec<AbsentJob> {
    JOBS.iter()
        .filter_map(|name| name.parse::<JobName>().ok())
        .filter(|job| !wanted.contains(job))
        .map(|job| AbsentJob { job, why: Absence::LeftOut })
        .collect()
}

fn elapsed_ms(from: jiff::Timestamp, to: jiff::Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}

pub(crate) fn internal(error: serde_json::Error) -> AppError {
    AppError::new(Code::Internal, error.to_string())
}

/// Collects from several threads without losing what a panicking one had.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
