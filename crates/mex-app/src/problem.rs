//! Problems: list, show, triage (contract DIAG-3, DIAG-6), and the few that the product makes of
//! itself. What a scan finds is made in [`mex_runtime::policy::problems`].

use mex_recorder::query::{
    IdKind, Page, Problem, ProblemCount, ProblemFilter, ProblemKey, StoredDiagnostic,
};
use mex_runtime::code::Code;
use mex_runtime::diagnostic::{
    Diagnostic, EvidenceRefs, LinkConfidence, Location, ProblemStatus, Source, Surface,
};
use mex_runtime::digest::Digest;
use mex_runtime::event::EventContext;
use mex_runtime::id::{DiagnosticId, RunId};
use mex_runtime::port::{Clock as _, Record, Recorder as _};
use mex_runtime::severity::Severity;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult, query};

/// A page of Problems with the counts over all of them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ProblemList {
    /// Gravest first.
    #[serde(flatten)]
    pub page: Page<Problem, ProblemKey>,
    /// Over all Problems of the scan asked for, or of the data folder, whatever else is filtered.
    pub counts: Vec<ProblemCount>,
}

/// One Problem with its newest instances.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ProblemView {
    /// The Problem.
    pub problem: Problem,
    /// Its instances, newest first.
    pub instances: Vec<StoredDiagnostic>,
}

impl App {
    /// Problems that match a filter. `run` is a scan's id or the start of one.
    ///
    /// # Errors
    /// For a run that names none or several scans.
    pub fn problems(&self, mut filter: ProblemFilter, run: Option<&str>) -> AppResult<ProblemList> {
        if let Some(run) = run {
            filter.run_id = Some(self.resolve::<RunId>(IdKind::Scan, run)?);
        }
        let counts = self.recorder.problem_counts(filter.run_id).map_err(query)?;
        Ok(ProblemList { page: self.recorder.problems(&filter).map_err(query)?, counts })
    }

    /// One Problem, by fingerprint or by the id of an instance.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn problem(&self, id: &str) -> AppResult<ProblemView> {
        let fingerprint = self.problem_id(id)?;
        let problem = self.recorder.problem(&fingerprint).map_err(query)?;
        let instances = self.recorder.instances(&fingerprint, None, 20).map_err(query)?.items;
        Ok(ProblemView { problem, instances })
    }

    /// Sets the status of Problems for one reason.
    ///
    /// # Errors
    /// For an id that names none or several: then nothing is changed.
    pub fn triage(
        &self,
        ids: &[String],
        to: ProblemStatus,
        reason: &str,
    ) -> AppResult<Vec<Problem>> {
        if reason.trim().is_empty() {
            return Err(AppError::new(Code::Usage, "a change of status needs a reason")
                .hint("say why with `--reason`"));
        }
        let fingerprints: Vec<Digest> =
            ids.iter().map(|id| self.problem_id(id)).collect::<AppResult<_>>()?;
        let mut changed = Vec::with_capacity(fingerprints.len());
        for fingerprint in fingerprints {
            self.recorder
                .set_problem_status(&fingerprint, to, reason, &self.actor_id)
                .map_err(|error| AppError::new(error.code(), error.to_string()))?;
            changed.push(self.recorder.problem(&fingerprint).map_err(query)?);
        }
        Ok(changed)
    }

    pub(crate) fn problem_id(&self, id: &str) -> AppResult<Digest> {
        match self.resolve::<Digest>(IdKind::Problem, id) {
            Err(error) if error.code == Code::NotFound => {
                let instance: DiagnosticId =
                    self.resolve(IdKind::Diagnostic, id).map_err(|_| error)?;
                Ok(self.recorder.diagnostic(instance).map_err(query)?.fingerprint)
            }
            other => other,
        }
    }
}

/// A published registry that is not in force: a fatal Problem (contract REG-7).
pub(crate) fn registry_fallback(app: &App, context: &EventContext, reason: &str) -> AppResult<()> {
    let diagnostic = Diagnostic {
        id: DiagnosticId::new(app.clock.uuid()),
        title: "the published capability registry is not in force".to_owned(),
        message: format!(
            "{reason}. The embedded registry rules. Find out who changed the registry folder, then \
             publish again through a review."
        ),
        severity: Severity::Fatal,
        own_severity: Severity::Fatal,
        source: Source::System,
        surface: Surface::System,
        tool: None,
        fingerprint_tool: None,
        code: Some(Code::RegistryInvalid.as_str().to_owned()),
        tags: vec!["registry".to_owned()],
        wsid: None,
        job_id: None,
        model_id: None,
        actor: context.actor,
        capability_id: None,
        policy_decision_id: None,
        decision_in_fingerprint: true,
        locations: vec![Location {
            entity_id: Some("capability_registry".to_owned()),
            ..Location::default()
        }],
        evidence_refs: EvidenceRefs::default(),
        link_confidence: LinkConfidence::Unlinked,
        timestamp: app.clock.now(),
    };
    app.recorder.record(vec![Record::Diagnostic(Box::new(diagnostic), context.clone())])?;
    Ok(())
}
