//! Record the intent, judge, run what was admitted, judge the result, record the outcome.
//! Owns that order (contract GATE-8, GATE-9, FR-5). Never gathers a fact and never spawns:
//! facts, adapters and ports are the host's. Where the recorder cannot record, nothing goes on.

use crate::adapter::Adapter;
use crate::artifact::ArtifactHandle;
use crate::capability::CapabilityDecision;
use crate::coverage::Coverage;
use crate::digest::Digest;
use crate::event::EventContext;
use crate::gate::{Attempt, Denial, Facts, Gate, GateReport};
use crate::id::{DiagnosticId, EngineId, OperationName};
use crate::port::{
    ArtifactStore, Cancel, Clock, ProgressSink, Recorder, RecorderFault, StagedTree,
};
use crate::report::Report;
use crate::result::EngineResult;

/// The ports an execution needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The Flight Recorder.
    pub recorder: &'a dyn Recorder,
    /// The artifact store.
    pub store: &'a dyn ArtifactStore,
    /// Time and ids.
    pub clock: &'a dyn Clock,
}

/// Everything around one attempt that is not the attempt.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The ports.
    pub ports: Ports<'a>,
    /// Who and what the events belong to.
    pub events: &'a EventContext,
    /// The staged tree; null where nothing is staged.
    pub stage: Option<&'a StagedTree>,
    /// The allowlist in force, for provenance.
    pub allowlist: Option<&'a ArtifactHandle>,
    /// Digest of platform, sandbox and product version, for provenance.
    pub environment_id: Digest,
    /// Cooperative cancel.
    pub cancel: &'a Cancel,
    /// Where progress goes.
    pub progress: ProgressSink<'a>,
}

/// Gathers what an attempt is judged by. Called once, after the intent was recorded.
pub type FactsFor<'a, 'f> = &'a dyn Fn(&Attempt) -> Facts<'f>;

/// Finds the adapter of an operation.
pub type AdapterFor<'a> = &'a dyn Fn(&EngineId, &OperationName) -> Option<&'a dyn Adapter>;

/// What became of an attempt, with everything that was said of it.
#[derive(Debug)]
pub struct Executed {
    /// The answer envelope (contract ENV-2).
    pub result: EngineResult,
    /// The envelope as an artifact; null only where the store failed.
    pub result_ref: Option<ArtifactHandle>,
    /// The report; null where nothing ran or the gates refused the result.
    pub report: Option<Report>,
    /// What was read and what was not; empty where nothing ran.
    pub coverage: Coverage,
    /// The six gates, in order, before the run.
    pub gates_before: Vec<GateReport>,
    /// The gates on the result; empty where nothing ran.
    pub gates_after: Vec<GateReport>,
    /// Every single capability check.
    pub capability_checks: Vec<CapabilityDecision>,
    /// The diagnostics made, one a denial and one an error of the run.
    pub diagnostics: Vec<DiagnosticId>,
    /// Whether the adapter was called.
    pub adapter: AdapterCall,
}

/// Whether an adapter was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdapterCall {
    /// It was.
    Called,
    /// It was not.
    NotCalled,
}

impl Executed {
    /// Every denial, before and after the run.
    pub fn denials(&self) -> impl Iterator<Item = (Gate, &Denial)> {
        self.gates_before
            .iter()
            .chain(&self.gates_after)
            .flat_map(|report| report.denials.iter().map(move |denial| (report.gate, denial)))
    }
}

/// Carries an attempt from intent to outcome.
///
/// # Errors
/// When the recorder cannot record: nothing runs after that (contract GATE-9). Whatever else
/// goes wrong is in the result.
pub fn execute(
    attempt: &Attempt,
    facts_for: FactsFor<'_, '_>,
    adapter_for: AdapterFor<'_>,
    around: &Surroundings<'_>,
) -> Result<Executed, RecorderFault> {
    let _ = (attempt, facts_for, adapter_for, around);
    Err(RecorderFault {
        code: crate::code::Code::Internal,
        message: "nothing can be executed in this build".to_owned(),
    })
}
