//! The jobs of one scan, each on a thread of its own: plan, execute, close.
//! Never judges the scan; a recorder that fails stops every job.

use std::sync::Mutex;

use mex_runtime::artifact::{ArtifactHandle, ToolIdentity};
use mex_runtime::event::{EventBody, EventContext, SystemEvent};
use mex_runtime::execute::{Executed, Otherwise, ReusedFrom, execute_unless_known, is_known};
use mex_runtime::finding::Finding;
use mex_runtime::gate::Attempt;
use mex_runtime::id::{JobId, JobName, OpId, ProfileId, RunId, WorkspaceId};
use mex_runtime::operation::Actor;
use mex_runtime::policy::file::LicenseFiles;
use mex_runtime::policy::verdict::{Denial, JudgedOperation};
use mex_runtime::port::{Cancel, Clock as _, Recorder as _};
use mex_runtime::result::Status;
use mex_scanners::stage::{Holds, Stage};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::around::Around;
use crate::engines::Engines;
use crate::error::{AppError, AppResult};
use crate::facts::ToolStates;
use crate::plan::{self, CycloneDx, History, Part, Planned};
use crate::progress::{Step, StepSink};
use crate::reuse::{EarlierRuns, Freshness};
use crate::scan::locked;

/// What the jobs of one scan share.
pub struct Jobs<'a> {
    /// The product.
    pub app: &'a App,
    /// The adapters.
    pub engines: &'a Engines,
    /// The staged tree.
    pub stage: &'a Stage,
    /// Its manifest.
    pub manifest: &'a ArtifactHandle,
    /// The workspace.
    pub wsid: &'a WorkspaceId,
    /// The scan.
    pub run_id: RunId,
    /// The profile.
    pub profile: &'a ProfileId,
    /// What stands of the tools, looked at once a scan.
    pub tools: &'a ToolStates,
    /// Whether the history is searched.
    pub history: History,
    /// The version of CycloneDX the inventory is written in.
    pub cyclonedx: CycloneDx,
    /// Which files are read for licences, as the policy says.
    pub license_files: LicenseFiles,
    /// The allowlist in force.
    pub allowlist: Option<&'a ArtifactHandle>,
    /// Whether earlier results may stand for a run.
    pub freshness: Freshness,
    /// Cooperative cancel.
    pub cancel: &'a Cancel,
    /// Where progress goes.
    pub steps: StepSink<'a>,
}

/// An attempt for which an earlier result stands (contract SC-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReusedAttempt {
    /// The attempt.
    pub op_id: OpId,
    /// The one whose tools ran.
    pub from: ReusedFrom,
}

/// One job as it ran.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct JobRun {
    /// Which.
    pub job: JobName,
    /// Its id.
    pub job_id: JobId,
    /// The worst end of its attempts.
    pub status: Status,
    /// Its attempts.
    pub op_ids: Vec<OpId>,
    /// What it left: reports, ledgers, evidence.
    pub artifacts: Vec<ArtifactHandle>,
    /// The tools that ran, or whose earlier result stands.
    pub tools: Vec<ToolIdentity>,
    /// Those of the attempts that ran nothing, because nothing changed.
    pub reused: Vec<ReusedAttempt>,
    /// From begin to end.
    pub duration_ms: u64,
}

/// What one job gave.
type OneJob = AppResult<(JobRun, Vec<JudgedOperation>)>;

/// Everything the jobs gave.
pub struct Ran {
    /// For the verdict.
    pub operations: Vec<JudgedOperation>,
    /// For people.
    pub runs: Vec<JobRun>,
}

impl Jobs<'_> {
    /// Runs the wanted jobs side by side.
    ///
    /// # Errors
    /// The first fault of the recorder or the store; the other jobs are cancelled then.
    pub fn run(&self, wanted: &[JobName]) -> AppResult<Ran> {
        let results: Mutex<Vec<(usize, OneJob)>> = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for (place, job) in wanted.iter().enumerate() {
                let results = &results;
                scope.spawn(move || {
                    let result = self.run_one(job);
                    if result.is_err() {
                        self.cancel.cancel();
                    }
                    locked(results).push((place, result));
                });
            }
        });
        let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        results.sort_by_key(|(place, _)| *place);
        let mut ran = Ran { operations: Vec::new(), runs: Vec::new() };
        for (_, result) in results {
            let (run, operations) = result?;
            ran.runs.push(run);
            ran.operations.extend(operations);
        }
        Ok(ran)
    }

    fn run_one(&self, job: &JobName) -> OneJob {
        let app = self.app;
        let started = app.clock.now();
        let job_id = JobId::new(app.clock.uuid());
        let context = EventContext {
            actor: Actor::Human,
            actor_id: app.actor_id.clone(),
            job_id: Some(job_id),
            workflow_run_id: Some(self.run_id),
            wsid: Some(self.wsid.clone()),
        };
        (self.steps)(Step::Begun { line: job.to_string() });
        let begun = SystemEvent::JobBegun {
            job: Some(job.clone()),
            job_kind: "scan_job".to_owned(),
            profile_id: Some(self.profile.clone()),
            session_id: app.recorder.session_id().to_owned(),
            title: format!("{job} job of a scan"),
        };
        app.record(&context, EventBody::System(begun))?;
        let mut run = JobRun {
            job: job.clone(),
            job_id,
            status: Status::Succeeded,
            op_ids: Vec::new(),
            artifacts: Vec::new(),
            tools: Vec::new(),
            reused: Vec::new(),
            duration_ms: 0,
        };
        let mut operations = Vec::new();
        for part in self.parts(job)? {
            let executed = self.execute(&part, job, job_id, &context)?;
            run.add(&executed);
            operations.push(self.judged(job, &part, executed));
        }
        let summary = summary(&operations);
        let ended = SystemEvent::JobEnded {
            job: Some(job.clone()),
            status: run.status,
            summary: summary.clone(),
        };
        app.record(&context, EventBody::System(ended))?;
        (self.steps)(Step::Ended { line: job.to_string(), status: run.status, summary });
        run.duration_ms =
            u64::try_from(app.clock.now().duration_since(started).as_millis()).unwrap_or(0);
        Ok((run, operations))
    }

    fn execute(
        &self,
        part: &Part,
        job: &JobName,
        job_id: JobId,
        context: &EventContext,
    ) -> AppResult<Executed> {
        let attempt = self.attempt(part, job_id)?;
        let around = Around::of(self, job)?;
        let earlier = self.earlier()?;
        Ok(execute_unless_known(
            &attempt,
            &|attempt| around.ground.facts(attempt),
            &|engine, operation| self.engines.find(engine, operation),
            &around.surroundings(context),
            Some(&earlier),
        )?)
    }

    /// Whether every wanted job has a whole earlier result, so that no tool needs the files.
    ///
    /// # Errors
    /// For a job that is not built in, and where the data folder cannot be read.
    pub fn are_known(&self, wanted: &[JobName]) -> AppResult<bool> {
        let job_id = JobId::new(self.app.clock.uuid());
        let context = EventContext::system(self.app.actor_id.clone());
        for job in wanted {
            let around = Around::of(self, job)?;
            for part in self.parts(job)? {
                let known = is_known(
                    &self.attempt(&part, job_id)?,
                    &|attempt| around.ground.facts(attempt),
                    &|engine, operation| self.engines.find(engine, operation),
                    &around.surroundings(&context),
                    &self.earlier()?,
                );
                if !known {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn parts(&self, job: &JobName) -> AppResult<impl Iterator<Item = Part>> {
        let parts = self.app.parts(job, self.history)?;
        Ok(parts
            .into_iter()
            .map(|part| part.with_inventory(self.cyclonedx).with_license_files(self.license_files)))
    }

    fn attempt(&self, part: &Part, job_id: JobId) -> AppResult<Attempt> {
        let app = self.app;
        let planned = Planned {
            actor_id: &app.actor_id,
            profile_id: self.profile,
            job_id,
            run_id: Some(self.run_id),
            wsid: self.wsid,
            manifest: self.manifest,
            consents: Vec::new(),
        };
        let operation = plan::operation(part, OpId::new(app.clock.uuid()), &app.catalog, &planned)?;
        Attempt::planned(&operation).map_err(|error| AppError::new(error.code(), error.to_string()))
    }

    fn earlier(&self) -> AppResult<EarlierRuns<'_>> {
        Ok(EarlierRuns {
            app: self.app,
            seal: self.app.seal()?,
            freshness: self.freshness,
            otherwise: match self.stage.holds() {
                Holds::Everything => Otherwise::Run,
                Holds::Digests => Otherwise::Fail,
            },
        })
    }

    /// What the verdict needs of an attempt. What the stage left out belongs to the job that
    /// reads every file; the other jobs name their lockfiles themselves.
    fn judged(&self, job: &JobName, part: &Part, executed: Executed) -> JudgedOperation {
        let denials = executed
            .denials()
            .map(|(gate, denial)| Denial {
                gate: gate.to_string(),
                code: denial.code,
                reason: denial.reason.clone(),
            })
            .collect();
        let provenance = executed.result.provenance.as_ref();
        let mut coverage = executed.coverage;
        if !coverage.entries.is_empty() {
            let ledger = self.stage.ledger();
            let mut stage = mex_runtime::coverage::Coverage::empty();
            if job.as_str() == "secret" {
                stage.entries = ledger.coverage(job);
            }
            stage.self_statements = ledger.self_statements.clone();
            coverage.merge(stage);
        }
        JudgedOperation {
            job: job.clone(),
            op_id: executed.result.op_id,
            operation: part.operation.clone(),
            status: executed.result.status,
            errors: executed.result.errors.clone(),
            denials,
            findings: executed
                .report
                .as_ref()
                .map(|report| report.findings().to_vec())
                .unwrap_or_default(),
            databases: provenance
                .map(|provenance| provenance.databases.clone())
                .unwrap_or_default(),
            sandbox: provenance
                .filter(|provenance| !provenance.tools.is_empty())
                .map(|provenance| provenance.sandbox),
            coverage,
        }
    }
}

impl JobRun {
    fn add(&mut self, executed: &Executed) {
        let result = &executed.result;
        self.op_ids.push(result.op_id);
        let reused = executed.reused.map(|from| ReusedAttempt { op_id: result.op_id, from });
        self.reused.extend(reused);
        self.artifacts.extend(result.outputs.iter().chain(&result.evidence).cloned());
        if let Some(provenance) = &result.provenance {
            self.tools.extend(provenance.tools.iter().cloned());
            self.tools.sort();
            self.tools.dedup();
        }
        if badness(result.status) > badness(self.status) {
            self.status = result.status;
        }
    }
}

const fn badness(status: Status) -> u8 {
    match status {
        Status::Succeeded => 0,
        Status::Failed => 1,
        Status::TimedOut => 2,
        Status::Cancelled => 3,
        Status::Denied => 4,
    }
}

fn summary(operations: &[JudgedOperation]) -> String {
    let all = || operations.iter().flat_map(|operation| &operation.findings);
    // An inventory is told as what it is: it is nothing to act on.
    let components = all().filter(|one| matches!(one, Finding::Component(_))).count();
    let findings = all().count() - components;
    let gaps: usize = operations.iter().map(|operation| operation.coverage.gaps().count()).sum();
    let first_trouble = operations.iter().find_map(|operation| {
        let denial = operation
            .denials
            .first()
            .map(|denial| format!("{} {}: {}", denial.gate, denial.code, denial.reason));
        denial.or_else(|| {
            operation.errors.first().map(|error| format!("{}: {}", error.code, error.message))
        })
    });
    first_trouble.unwrap_or_else(|| {
        let one = |count: usize, word: &str| {
            format!("{count} {word}{}", if count == 1 { "" } else { "s" })
        };
        let found = match (findings, components) {
            (_, 0) => one(findings, "finding"),
            (0, _) => one(components, "component"),
            _ => format!("{}, {}", one(findings, "finding"), one(components, "component")),
        };
        format!("{found}, {}", one(gaps, "gap"))
    })
}
