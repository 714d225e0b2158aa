//! One step of the registry's way as a governed job (contract REG-1): begun, checked, ended on record.
//! Owns the job's events; never what the step does.

use mex_runtime::capability::{CapabilityQuery, ConsentReferences, check};
use mex_runtime::code::Code;
use mex_runtime::event::{DecisionOutcome, EventBody, EventContext, SystemEvent};
use mex_runtime::id::{JobId, PolicyDecisionId, ProfileId};
use mex_runtime::port::{Clock as _, Record, Recorder as _};
use mex_runtime::result::Status;

use crate::app::App;
use crate::error::{AppError, AppResult};

/// The profile of every step.
const PROFILE: &str = "capability_registry_build";

/// What a step reads and writes: the inputs it is given, the artifact store.
const NEEDS: [&str; 2] = ["fs.read:inputs", "fs.write:artifacts"];

impl App {
    /// Runs one step as a job. Both capabilities it needs are checked first, each check an event; a
    /// step that is denied does nothing.
    ///
    /// # Errors
    /// A denial (exit 3), and what the step says; the job ends on record either way.
    pub(crate) fn registry_job<T>(
        &self,
        title: &str,
        step: impl FnOnce(&EventContext, JobId) -> AppResult<(T, String)>,
    ) -> AppResult<T> {
        let job_id = JobId::new(self.clock.uuid());
        let context = EventContext { job_id: Some(job_id), ..self.by_person() };
        let profile_id: ProfileId = PROFILE.parse().map_err(|error: mex_runtime::id::BadId| {
            AppError::new(Code::Internal, error.to_string())
        })?;
        let begun = SystemEvent::JobBegun {
            job: None,
            job_kind: "workflow_run".to_owned(),
            profile_id: Some(profile_id.clone()),
            session_id: self.recorder.session_id().to_owned(),
            title: title.to_owned(),
        };
        self.record(&context, EventBody::System(begun))?;
        let done = self.allowed(&context, &profile_id).and_then(|()| step(&context, job_id));
        let (status, summary) = match &done {
            Ok((_, summary)) => (Status::Succeeded, summary.clone()),
            Err(error) if error.exit_code() == 3 => (Status::Denied, error.message.clone()),
            Err(error) => (Status::Failed, error.message.clone()),
        };
        let ended = SystemEvent::JobEnded { job: None, status, summary };
        self.record(&context, EventBody::System(ended))?;
        done.map(|(value, _)| value)
    }

    fn allowed(&self, context: &EventContext, profile_id: &ProfileId) -> AppResult<()> {
        self.rights(&NEEDS, profile_id, context).map(drop)
    }

    /// One more right a step needs while it runs, under whatever consent is live now; the check is an
    /// event.
    ///
    /// # Errors
    /// A denial (exit 3).
    pub(crate) fn registry_right(
        &self,
        right: &str,
        context: &EventContext,
    ) -> AppResult<PolicyDecisionId> {
        let profile_id = self.known_profile(PROFILE)?;
        self.rights(&[right], &profile_id, context)
    }

    /// Checks every right; gives the last decision.
    fn rights(
        &self,
        needs: &[&str],
        profile_id: &ProfileId,
        context: &EventContext,
    ) -> AppResult<PolicyDecisionId> {
        let rules = self.in_force()?;
        let consents = self.consents()?;
        let query = CapabilityQuery {
            registry: &rules.registry,
            profiles: &rules.profiles,
            profile_id,
            usable: None,
            consents: &consents,
            references: ConsentReferences::AnyLive,
            now: self.clock.now(),
        };
        let mut records = Vec::new();
        let mut denied = None;
        let mut last = None;
        for need in needs {
            let decision = check(need, &query);
            let body = EventBody::CapabilityCheck(mex_runtime::event::CapabilityCheck {
                simulated: false,
                ..decision.event(profile_id, &rules.registry, None)
            });
            let mut event = self.event(context, body);
            event.capability_id = Some((*need).to_owned());
            last = Some(decision.policy_decision_id(profile_id, &rules.registry));
            event.policy_decision_id = last;
            records.push(Record::from(event));
            if decision.outcome == DecisionOutcome::Deny && denied.is_none() {
                let code = decision.code().unwrap_or(Code::CapNotGranted);
                denied = Some(AppError::new(code, decision.reason()));
            }
        }
        self.recorder.record(records)?;
        match (denied, last) {
            (None, Some(last)) => Ok(last),
            (Some(denied), _) => Err(denied),
            (None, None) => Err(AppError::new(Code::CapEmpty, "the step asks for no capability")),
        }
    }
}
