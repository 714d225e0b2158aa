//! `mex op run` and `mex op plan`: one PlannedOperation in, one EngineResult out (contract
//! section 12). Any JSON object is a recorded attempt (contract GATE-8); what is not JSON is bad input.

use std::path::Path;

use mex_runtime::artifact::ArtifactHandle;
use mex_runtime::code::Code;
use mex_runtime::event::{EventBody, EventContext, SystemEvent};
use mex_runtime::execute::{Executed, Surroundings, execute};
use mex_runtime::gate::Attempt;
use mex_runtime::id::{JobId, JobName, OpId};
use mex_runtime::operation::{Actor, PlannedOperation};
use mex_runtime::port::{Cancel, Clock as _, Progress, Recorder as _, StagedTree};
use mex_runtime::result::{EngineResult, Status};
use mex_scanners::stage::{Holds, Stage};

use crate::app::App;
use crate::consented::while_consented;
use crate::engines::Engines;
use crate::error::{AppError, AppResult};
use crate::facts::{Ground, Purpose};
use crate::fetch;
use crate::plan::{self, History, Planned};
use crate::progress::{Step, StepSink};
use crate::reuse::Freshness;
use crate::scan::{stage_project, step_of};
use crate::workspace::Workspace;

/// A staged project with its stored manifest.
pub(crate) struct Staging {
    pub(crate) workspace: Workspace,
    pub(crate) stage: Stage,
    pub(crate) manifest: ArtifactHandle,
}

impl App {
    /// Judges and runs one operation on a project folder.
    ///
    /// # Errors
    /// For what is no JSON object, a project that cannot be staged (the attempt is recorded as
    /// denied first), and a recorder that fails. A denial or a failed tool is a result.
    pub fn run_operation(
        &self,
        request: &str,
        workspace: &Path,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<EngineResult> {
        let attempt = Attempt::parse(request, OpId::new(self.clock.uuid()))
            .map_err(|error| AppError::new(error.code(), error.to_string()))?;
        // What reaches the network has a suite that costs no process: nobody has to ask for it.
        let asked = attempt.operation().ok();
        if asked.is_some_and(|operation| operation.engine_id.as_str() == fetch::ENGINE) {
            self.conform_fetch_with_own(cancel)?;
        }
        let staging = self.stage_workspace(workspace, cancel, steps);
        let executed =
            self.attempt(&attempt, staging.as_ref().ok(), Purpose::Use, cancel, steps)?;
        // A project that cannot be staged is bad input, whatever the gates said of the rest.
        staging.map(|_| executed.result)
    }

    /// A valid operation for a job on a project, or one of those beside the jobs that need a consent,
    /// as a request to read, change and run. Every consent that is live now is named in the latter.
    ///
    /// # Errors
    /// For a name that is none of them, and a project that cannot be staged.
    pub fn plan_operation(
        &self,
        name: &str,
        workspace: &Path,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<PlannedOperation> {
        let staging = self.stage_workspace(workspace, cancel, steps)?;
        let (part, profile, consents) = match plan::live(name)? {
            Some(part) => (part, fetch::PROFILE, self.live_consents()?),
            None => {
                let job: JobName = name.parse().map_err(|_| {
                    let message = format!("there is no job or operation `{name}` to plan");
                    AppError::new(Code::Usage, message).hint(
                        "the jobs are secret, vuln, sbom, license; beside them there are dependency_fetch and npm_audit_live",
                    )
                })?;
                let part =
                    self.parts(&job, History::Ignore)?.into_iter().next().ok_or_else(|| {
                        AppError::new(Code::Internal, format!("the job `{job}` has no operation"))
                    })?;
                (part, "supply_chain_scan", Vec::new())
            }
        };
        let profile = self.known_profile(profile)?;
        let planned = Planned {
            actor_id: &self.actor_id,
            profile_id: &profile,
            job_id: JobId::new(self.clock.uuid()),
            run_id: None,
            wsid: &staging.workspace.wsid,
            manifest: &staging.manifest,
            consents,
        };
        plan::operation(&part, OpId::new(self.clock.uuid()), &self.catalog, &planned)
    }

    pub(crate) fn stage_workspace(
        &self,
        path: &Path,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<Staging> {
        let workspace = Workspace::at(path)?;
        let stage = stage_project(self, &workspace, Holds::Everything, cancel, steps)?;
        let manifest = self.store_manifest(&stage)?;
        Ok(Staging { workspace, stage, manifest })
    }

    /// Carries one attempt from intent to outcome, as a job of its own.
    pub(crate) fn attempt(
        &self,
        attempt: &Attempt,
        staging: Option<&Staging>,
        purpose: Purpose,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<Executed> {
        let asked = attempt.operation().ok();
        let job_id =
            asked.map_or_else(|| JobId::new(self.clock.uuid()), |operation| operation.job_id);
        let context = EventContext {
            actor: Actor::Human,
            actor_id: self.actor_id.clone(),
            job_id: Some(job_id),
            workflow_run_id: asked.and_then(|operation| operation.workflow_run_id),
            wsid: staging.map(|staging| staging.workspace.wsid.clone()),
        };
        let line = "operation".to_owned();
        steps(Step::Begun { line: line.clone() });
        let job_kind = match purpose {
            Purpose::Use => "operation",
            Purpose::Conformance => "conformance",
        };
        let begun = SystemEvent::JobBegun {
            job: None,
            job_kind: job_kind.to_owned(),
            profile_id: asked.map(|operation| operation.capability_profile_id.clone()),
            session_id: self.recorder.session_id().to_owned(),
            title: format!("{}.{}", attempt.engine_text(), attempt.operation_text()),
        };
        self.record(&context, EventBody::System(begun))?;
        let executed = self.execute_staged(attempt, staging, purpose, &context, cancel, steps)?;
        let summary = executed
            .denials()
            .next()
            .map(|(gate, denial)| format!("{gate} {}: {}", denial.code, denial.reason))
            .or_else(|| executed.result.errors.first().map(|error| error.message.clone()))
            .unwrap_or_else(|| format!("{} outputs", executed.result.outputs.len()));
        let status = executed.result.status;
        let ended = SystemEvent::JobEnded { job: None, status, summary: summary.clone() };
        self.record(&context, EventBody::System(ended))?;
        steps(Step::Ended { line, status, summary });
        Ok(executed)
    }

    fn execute_staged(
        &self,
        attempt: &Attempt,
        staging: Option<&Staging>,
        purpose: Purpose,
        context: &EventContext,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<Executed> {
        let engines = Engines::new(
            self,
            Vec::new(),
            staging.map(|staging| &staging.stage),
            Freshness::Reuse,
        )?;
        let tree = staging.map(|staging| StagedTree {
            root: staging.stage.root(),
            manifest: staging.manifest.clone(),
        });
        let ground = Ground {
            app: self,
            rules: self.in_force()?,
            consents: self.consents()?,
            stage: staging
                .map(|staging| (&staging.stage, &staging.manifest, &staging.workspace.wsid)),
            tools: None,
            purpose,
        };
        let progress = |progress: Progress| steps(step_of("operation", progress));
        let environment_id = self.environment_id(self.sandbox()?.level)?;
        let (executed, lost) = while_consented(self, attempt, cancel, |cancel| {
            let surroundings = Surroundings {
                ports: self.ports(),
                events: context,
                stage: tree.as_ref(),
                allowlist: None,
                environment_id,
                cancel,
                progress: &progress,
            };
            execute(
                attempt,
                &|attempt| ground.facts(attempt),
                &|engine, operation| engines.find(engine, operation),
                &surroundings,
            )
        });
        if let Some(lost) = lost {
            self.record_lost_consent(&lost, attempt, context)?;
            steps(Step::Note { text: lost.reason() });
        }
        Ok(executed?)
    }
}

/// The exit code of section 12 for one operation's end.
pub const fn exit_code(status: Status) -> u8 {
    match status {
        Status::Succeeded => 0,
        Status::Denied => 3,
        Status::Failed | Status::Cancelled | Status::TimedOut => 4,
    }
}
