//! The half-open entry of one attempt: an intent that was recorded and must be closed.
//! Owns every event and diagnostic of an execution. Never decides anything.

use jiff::Timestamp;

use super::reuse::{DoubtfulResult, ReusedFrom, may_be_reused};
use super::{AdapterCall, Executed, Surroundings};
use crate::artifact::{ArtifactHandle, Provenance, Sidecar, ToolIdentity, media_type};
use crate::capability::{CapabilityDecision, CapabilityRegistry};
use crate::code::Code;
use crate::coverage::Coverage;
use crate::diagnostic::{Diagnostic, EvidenceRefs, LinkConfidence, Source, Surface};
use crate::digest::Digest;
use crate::event::{Event, EventBody, GateOutcome, GatePhase, SystemEvent};
use crate::gate::{Attempt, Denial, GateReport, Judgement};
use crate::id::{DiagnosticId, EventId, PolicyDecisionId, ProfileId};
use crate::operation::Input;
use crate::port::{Record, RecorderFault};
use crate::report::{Report, engine_version};
use crate::result::{EngineResult, SCHEMA_VERSION, Status, TypedError};
use crate::severity::Severity;

/// An intent without an outcome yet. Dropping it leaves what a crash leaves: the sweep at the
/// next start closes it as interrupted.
#[must_use = "an intent that is recorded must be closed with its outcome"]
pub(super) struct OpenEntry<'a> {
    attempt: &'a Attempt,
    around: &'a Surroundings<'a>,
    started_at: Timestamp,
    gates_before: Vec<GateReport>,
    gates_after: Vec<GateReport>,
    capability_checks: Vec<CapabilityDecision>,
    diagnostics: Vec<DiagnosticId>,
}

/// How an attempt ends.
pub(super) struct Ending {
    pub(super) status: Status,
    pub(super) adapter: AdapterCall,
    pub(super) outputs: Vec<ArtifactHandle>,
    pub(super) evidence: Vec<ArtifactHandle>,
    pub(super) provenance: Option<Provenance>,
    pub(super) errors: Vec<TypedError>,
    pub(super) logs_ref: Option<ArtifactHandle>,
    pub(super) tools: Vec<ToolIdentity>,
    pub(super) report: Option<Report>,
    pub(super) coverage: Coverage,
    pub(super) reused: Option<ReusedFrom>,
    /// The key under which the result may be reused, should it be one that may.
    pub(super) reuse_key: Option<Digest>,
}

impl Ending {
    /// An end without a run.
    pub(super) fn not_run(status: Status, errors: Vec<TypedError>) -> Self {
        Self {
            status,
            adapter: AdapterCall::NotCalled,
            outputs: Vec::new(),
            evidence: Vec::new(),
            provenance: None,
            errors,
            logs_ref: None,
            tools: Vec::new(),
            report: None,
            coverage: Coverage::empty(),
            reused: None,
            reuse_key: None,
        }
    }
}

impl<'a> OpenEntry<'a> {
    /// Records the intent. No intent, no action.
    pub(super) fn begin(
        attempt: &'a Attempt,
        around: &'a Surroundings<'a>,
    ) -> Result<Self, RecorderFault> {
        let started_at = around.ports.clock.now();
        let entry = Self {
            attempt,
            around,
            started_at,
            gates_before: Vec::new(),
            gates_after: Vec::new(),
            capability_checks: Vec::new(),
            diagnostics: Vec::new(),
        };
        let begun = SystemEvent::OperationBegun {
            op_id: attempt.op_id(),
            engine_id: attempt.engine_text().to_owned(),
            operation: attempt.operation_text().to_owned(),
            session_id: around.ports.recorder.session_id().to_owned(),
            request_sha256: attempt.request_sha256(),
        };
        around.ports.recorder.record(vec![entry.event(EventBody::System(begun)).into()])?;
        Ok(entry)
    }

    /// Records every gate outcome, every capability check and every denial's diagnostic, all or
    /// nothing (contract GATE-8, CAP-4).
    pub(super) fn judged(
        &mut self,
        judgement: &Judgement,
        registry: &CapabilityRegistry,
    ) -> Result<(), RecorderFault> {
        let mut records = Vec::new();
        let profile =
            self.attempt.operation().ok().map(|operation| &operation.capability_profile_id);
        for (check, profile) in judgement.capability_checks.iter().zip(profile.into_iter().cycle())
        {
            records.push(self.checked(check, profile, registry).into());
        }
        for gate in &judgement.gates {
            self.outcome(gate, GatePhase::Before, &mut records);
        }
        self.around.ports.recorder.record(records)
    }

    /// Records the gates on the result, and a diagnostic for every error of the run that no gate
    /// speaks of.
    pub(super) fn ran(
        &mut self,
        gates: &[GateReport],
        errors: &[TypedError],
    ) -> Result<(), RecorderFault> {
        let mut records = Vec::new();
        for gate in gates {
            self.outcome(gate, GatePhase::After, &mut records);
        }
        let said = |error: &&TypedError| {
            let mut denials = gates.iter().flat_map(|gate| &gate.denials);
            !denials.any(|denial| denial.code == error.code && denial.reason == error.message)
        };
        for error in errors.iter().filter(said) {
            records.push(self.error(error));
        }
        self.around.ports.recorder.record(records)
    }

    /// Records a diagnostic for each error of a run that gave no outcome.
    pub(super) fn failed(&mut self, errors: &[TypedError]) -> Result<(), RecorderFault> {
        let records = errors.iter().map(|error| self.error(error)).collect();
        self.around.ports.recorder.record(records)
    }

    /// Records that an earlier result is there and is not believed.
    pub(super) fn doubted(&mut self, doubt: &DoubtfulResult) -> Result<(), RecorderFault> {
        let id = DiagnosticId::new(self.around.ports.clock.uuid());
        let code = Code::StoreCorrupt;
        let title = format!("{} ran again: {}", self.subject(), code.meaning());
        let mut diagnostic =
            self.diagnostic(id, code, title, &doubt.to_string(), Severity::Warning);
        diagnostic.tags = vec!["reuse".to_owned()];
        let record = self.diagnosed(diagnostic, None);
        self.around.ports.recorder.record(vec![record])
    }

    /// Keeps what the gates said before the run for the answer.
    pub(super) fn said_before(&mut self, gates: Vec<GateReport>, checks: Vec<CapabilityDecision>) {
        self.gates_before = gates;
        self.capability_checks = checks;
    }

    /// Keeps what the gates said after the run for the answer.
    pub(super) fn said_after(&mut self, gates: Vec<GateReport>) {
        self.gates_after = gates;
    }

    /// Stores the EngineResult and records the outcome (contract ENV-2, FR-5).
    pub(super) fn close(self, ending: Ending) -> Result<Executed, RecorderFault> {
        let mut result = EngineResult {
            schema_version: SCHEMA_VERSION.to_owned(),
            op_id: self.attempt.op_id(),
            status: ending.status,
            started_at: self.started_at,
            ended_at: self.around.ports.clock.now(),
            outputs: ending.outputs,
            evidence: ending.evidence,
            provenance: ending.provenance,
            errors: ending.errors,
            logs_ref: ending.logs_ref,
        };
        let result_ref = match self.store_result(&result) {
            Ok(handle) => Some(handle),
            Err(error) => {
                if result.status == Status::Succeeded {
                    result.status = Status::Failed;
                }
                result.errors.push(*error);
                None
            }
        };
        let inputs = self.attempt.operation().map_or(&[][..], |operation| &operation.inputs);
        let ended = SystemEvent::OperationEnded {
            op_id: result.op_id,
            engine_id: self.attempt.engine_text().to_owned(),
            operation: self.attempt.operation_text().to_owned(),
            status: result.status,
            engine_version: engine_version(&ending.tools),
            tools: ending.tools,
            inputs: inputs
                .iter()
                .filter_map(|input| match input {
                    Input::Artifact(handle) => Some(handle.clone()),
                    Input::Entity(_) => None,
                })
                .collect(),
            outputs: result.outputs.clone(),
            evidence: result.evidence.clone(),
            errors: result.errors.clone(),
            reuse_key: ending
                .reuse_key
                .filter(|_| result_ref.is_some() && may_be_reused(&result, &ending.coverage)),
            result_ref: result_ref.clone(),
            reused_from: ending.reused.map(|from| from.op_id),
            reused_result_of: ending.reused.map(|from| from.ended_at),
        };
        let ended = self.event(EventBody::System(ended));
        self.around.ports.recorder.record(vec![ended.into()])?;
        Ok(Executed {
            report: ending.report.filter(|_| result.status != Status::Denied),
            result,
            result_ref,
            coverage: ending.coverage,
            gates_before: self.gates_before,
            gates_after: self.gates_after,
            capability_checks: self.capability_checks,
            diagnostics: self.diagnostics,
            adapter: ending.adapter,
            reused: ending.reused,
        })
    }

    fn store_result(&self, result: &EngineResult) -> Result<ArtifactHandle, Box<TypedError>> {
        let fault = |code, message| Box::new(super::typed(code, message));
        let bytes = crate::json::canonical(result).map_err(|error| {
            fault(Code::Internal, format!("the result has no JSON form: {error}"))
        })?;
        let artifact = ArtifactHandle {
            sha256: Digest::of(&bytes),
            media_type: media_type::ENGINE_RESULT.to_owned(),
            size_bytes: bytes.len() as u64,
            role: "result".to_owned(),
        };
        let sidecar = Sidecar {
            schema_version: "sc-1.0".to_owned(),
            artifact: artifact.clone(),
            stored_at: result.ended_at,
            provenance: result.provenance.clone(),
            truncated: false,
            original_bytes: artifact.size_bytes,
            annotations: std::collections::BTreeMap::new(),
        };
        let store = self.around.ports.store;
        store.put(&bytes, &sidecar).map_err(|refused| fault(refused.code, refused.message))?;
        Ok(artifact)
    }

    fn event(&self, body: EventBody) -> Event {
        let clock = self.around.ports.clock;
        self.around.events.event(EventId::new(clock.uuid()), clock.now(), body)
    }

    fn checked(
        &self,
        check: &CapabilityDecision,
        profile: &ProfileId,
        registry: &CapabilityRegistry,
    ) -> Event {
        let body = check.event(profile, registry, Some(self.attempt.op_id()));
        let mut event = self.event(EventBody::CapabilityCheck(body));
        event.capability_id = Some(check.capability_id.clone());
        event.policy_decision_id = Some(check.policy_decision_id(profile, registry));
        event
    }

    /// One event for a pass and for what could not be judged; for a denial one event and one
    /// diagnostic each, so that no code is lost behind the first.
    fn outcome(&mut self, report: &GateReport, phase: GatePhase, records: &mut Vec<Record>) {
        if report.denials.is_empty() {
            let mut event = self.gate_event(report, phase, None, None);
            event.policy_decision_id = Some(report.policy_decision_id);
            records.push(event.into());
        }
        for denial in &report.denials {
            let id = DiagnosticId::new(self.around.ports.clock.uuid());
            let mut event = self.gate_event(report, phase, Some(denial), Some(id));
            event.policy_decision_id = Some(denial.policy_decision_id);
            event.capability_id.clone_from(&denial.capability_id);
            let mut diagnostic = self.diagnostic(
                id,
                denial.code,
                format!("{} denied {}: {}", report.gate, self.subject(), denial.code.meaning()),
                &denial.reason,
                denial.severity,
            );
            diagnostic.tags = vec!["gate".to_owned(), report.gate.to_string(), "denied".to_owned()];
            diagnostic.capability_id.clone_from(&denial.capability_id);
            diagnostic.policy_decision_id = Some(denial.policy_decision_id);
            diagnostic.evidence_refs.fr_event_ids.push(event.event_id);
            records.push(event.into());
            records.push(self.diagnosed(diagnostic, Some(denial.policy_decision_id)));
        }
    }

    fn gate_event(
        &self,
        report: &GateReport,
        phase: GatePhase,
        denial: Option<&Denial>,
        diagnostic_id: Option<DiagnosticId>,
    ) -> Event {
        debug_assert_eq!(denial.is_some(), report.outcome == GateOutcome::Deny);
        self.event(EventBody::System(SystemEvent::GateOutcome {
            gate: report.gate.to_string(),
            phase,
            outcome: report.outcome,
            engine_id: self.attempt.engine_text().to_owned(),
            operation: self.attempt.operation_text().to_owned(),
            op_id: self.attempt.op_id(),
            reason: denial.map_or_else(|| report.reason.clone(), |denial| denial.reason.clone()),
            code: denial.map(|denial| denial.code),
            severity: denial.map(|denial| denial.severity),
            diagnostic_id,
        }))
    }

    fn error(&mut self, error: &TypedError) -> Record {
        let id = DiagnosticId::new(self.around.ports.clock.uuid());
        let title = format!("{} failed: {}", self.subject(), error.code.meaning());
        let mut diagnostic =
            self.diagnostic(id, error.code, title, &error.message, Severity::Error);
        diagnostic.tags = vec!["run".to_owned(), "failed".to_owned()];
        diagnostic.evidence_refs.artifact_hashes =
            error.details_ref.iter().map(|handle| handle.sha256).collect();
        self.diagnosed(diagnostic, None)
    }

    fn diagnosed(&mut self, diagnostic: Diagnostic, decision: Option<PolicyDecisionId>) -> Record {
        debug_assert_eq!(diagnostic.policy_decision_id, decision);
        self.diagnostics.push(diagnostic.id);
        Record::Diagnostic(Box::new(diagnostic), self.around.events.clone())
    }

    fn diagnostic(
        &self,
        id: DiagnosticId,
        code: Code,
        title: String,
        reason: &str,
        severity: Severity,
    ) -> Diagnostic {
        let events = self.around.events;
        Diagnostic {
            id,
            title,
            message: format!("{reason}. hint: {}", code.hint()),
            severity,
            own_severity: severity,
            source: Source::Engine,
            surface: Surface::System,
            tool: None,
            fingerprint_tool: None,
            code: Some(code.as_str().to_owned()),
            tags: Vec::new(),
            wsid: events.wsid.clone(),
            job_id: events.job_id,
            model_id: None,
            actor: events.actor,
            capability_id: None,
            policy_decision_id: None,
            decision_in_fingerprint: true,
            locations: Vec::new(),
            evidence_refs: EvidenceRefs {
                fr_event_ids: Vec::new(),
                related_job_ids: events.job_id.into_iter().collect(),
                op_ids: vec![self.attempt.op_id()],
                artifact_hashes: Vec::new(),
            },
            link_confidence: LinkConfidence::Direct,
            timestamp: self.around.ports.clock.now(),
        }
    }

    /// Engine and operation as asked for, for people.
    fn subject(&self) -> String {
        match (self.attempt.engine_text(), self.attempt.operation_text()) {
            ("", _) => "an operation without an engine".to_owned(),
            (engine, "") => engine.to_owned(),
            (engine, operation) => format!("{engine} {operation}"),
        }
    }
}
