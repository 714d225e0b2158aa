//! Record the intent, judge, run what was admitted, judge the result, record the outcome.
//! Owns that order (contract GATE-8, GATE-9, FR-5). Never gathers a fact and never spawns:
//! facts, adapters and ports are the host's. Where the recorder cannot record, nothing goes on.

mod entry;
mod kept;
mod reuse;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::adapter::{Adapter, RunContext};
use crate::artifact::ArtifactHandle;
use crate::capability::CapabilityDecision;
use crate::code::Code;
use crate::coverage::Coverage;
use crate::digest::Digest;
use crate::engine::EngineCatalog;
use crate::event::EventContext;
use crate::gate::{
    Admitted, Attempt, Denial, Facts, Gate, GateReport, Judgement, judge, judge_result,
};
use crate::id::{DiagnosticId, EngineId, OperationName};
use crate::port::{
    ArtifactStore, Cancel, Clock, Progress, ProgressSink, Recorder, RecorderFault, StagedTree,
};
use crate::report::Report;
use crate::result::{EngineResult, Status, TypedError};
use entry::{Ending, OpenEntry};
use kept::Kept;
pub use reuse::{DoubtfulResult, EarlierResult, EarlierResults, Otherwise, ReusedFrom};

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

impl Surroundings<'_> {
    const fn run_context(&self) -> RunContext<'_> {
        RunContext {
            stage: self.stage,
            recorder: self.ports.recorder,
            store: self.ports.store,
            clock: self.ports.clock,
            events: self.events,
            cancel: self.cancel,
            progress: self.progress,
        }
    }
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
    /// The attempt whose result stands for this one; null where it ran itself (contract SC-12).
    pub reused: Option<ReusedFrom>,
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
    execute_unless_known(attempt, facts_for, adapter_for, around, None)
}

/// As [`execute`], but the adapter is not called where an earlier result under the same key is whole
/// (contract SC-12). Intent, gates before and after and the outcome are this attempt's own.
///
/// # Errors
/// As [`execute`]. An earlier result that is damaged is a diagnostic, and everything runs again.
pub fn execute_unless_known(
    attempt: &Attempt,
    facts_for: FactsFor<'_, '_>,
    adapter_for: AdapterFor<'_>,
    around: &Surroundings<'_>,
    earlier: Option<&dyn EarlierResults>,
) -> Result<Executed, RecorderFault> {
    let mut entry = OpenEntry::begin(attempt, around)?;
    (around.progress)(Progress::Phase("judging".to_owned()));
    let facts = facts_for(attempt);
    let judgement = judge(attempt, &facts);
    entry.judged(&judgement, facts.registry)?;
    let Judgement { gates, capability_checks, admitted } = judgement;
    let denied = refusals(&gates);
    entry.said_before(gates, capability_checks);
    let Some(admitted) = admitted else {
        let errors = if denied.is_empty() { vec![unadmitted()] } else { denied };
        return entry.close(Ending::not_run(Status::Denied, errors));
    };
    if around.cancel.is_cancelled() {
        let stopped = typed(Code::Cancelled, "it was stopped before it began".to_owned());
        return entry.close(Ending::not_run(Status::Cancelled, vec![stopped]));
    }
    let engine = &admitted.operation().engine_id;
    let name = &admitted.operation().operation;
    let adapter = match matching(adapter_for(engine, name), &admitted, facts.catalog) {
        Ok(adapter) => adapter,
        Err(error) => return entry.close(Ending::not_run(Status::Failed, vec![*error])),
    };
    let context = around.run_context();
    let key_now = || reuse::key(&admitted, adapter, &context, around, earlier?);
    let key = key_now();
    if let (Some(earlier), Some(key)) = (earlier, &key) {
        match reuse::find(&admitted, key, &adapter.version(), earlier, around) {
            Ok(Some(found)) => {
                let kept = Kept::reuse(&admitted, found, around);
                return judged(entry, &admitted, kept, None);
            }
            Ok(None) => {}
            Err(doubt) => entry.doubted(&doubt)?,
        }
    }
    if earlier.is_some_and(|earlier| earlier.otherwise() == Otherwise::Fail) {
        let gone = "the earlier result that was to be reused is gone meanwhile: scan again";
        let errors = vec![typed(Code::StoreMissing, gone.to_owned())];
        entry.failed(&errors)?;
        return entry.close(Ending::not_run(Status::Failed, errors));
    }
    // A panic is a fault of ours; it must not take the entry with it.
    let ran = catch_unwind(AssertUnwindSafe(|| adapter.run(&admitted, &context)));
    let Ok(outcome) = ran else {
        let error = typed(Code::Internal, format!("the adapter of `{engine}` panicked"));
        let ending =
            Ending { adapter: AdapterCall::Called, ..Ending::not_run(Status::Failed, vec![error]) };
        entry.failed(&ending.errors)?;
        return entry.close(ending);
    };
    (around.progress)(Progress::Phase("storing".to_owned()));
    let shape = facts.catalog.operation(engine, name).map(|operation| operation.entry());
    let kept = Kept::store(&admitted, outcome, shape, &adapter.version(), around);
    // What changed while it ran leaves a result of which nobody can say what it stands for.
    let key = key.filter(|before| key_now() == Some(*before));
    judged(entry, &admitted, kept, key)
}

/// Judges what is there now and closes the entry with it.
fn judged(
    mut entry: OpenEntry<'_>,
    admitted: &Admitted,
    mut kept: Kept,
    reuse_key: Option<Digest>,
) -> Result<Executed, RecorderFault> {
    let after = judge_result(admitted, &kept.result_facts());
    entry.ran(&after, &kept.errors)?;
    kept.refuse(&after);
    entry.said_after(after);
    entry.close(Ending { reuse_key, ..kept.ending() })
}

/// Whether [`execute_unless_known`] would find a whole earlier result now. Records nothing and runs
/// nothing: a host asks it before it makes ready what only a run needs.
pub fn is_known(
    attempt: &Attempt,
    facts_for: FactsFor<'_, '_>,
    adapter_for: AdapterFor<'_>,
    around: &Surroundings<'_>,
    earlier: &dyn EarlierResults,
) -> bool {
    let facts = facts_for(attempt);
    let Some(admitted) = judge(attempt, &facts).admitted else { return false };
    let operation = admitted.operation();
    let found = adapter_for(&operation.engine_id, &operation.operation);
    let Ok(adapter) = matching(found, &admitted, facts.catalog) else { return false };
    let context = around.run_context();
    reuse::key(&admitted, adapter, &context, around, earlier).is_some_and(|key| {
        let found = reuse::find(&admitted, &key, &adapter.version(), earlier, around);
        found.is_ok_and(|found| found.is_some())
    })
}

fn refusals(gates: &[GateReport]) -> Vec<TypedError> {
    gates
        .iter()
        .flat_map(|gate| &gate.denials)
        .map(|denial| typed(denial.code, denial.reason.clone()))
        .collect()
}

fn typed(code: Code, message: String) -> TypedError {
    TypedError { code, message, hint: code.hint().to_owned(), details_ref: None }
}

fn unadmitted() -> TypedError {
    typed(Code::GateFault, "a gate could not be evaluated, so nothing was admitted".to_owned())
}

fn matching<'a>(
    found: Option<&'a dyn Adapter>,
    admitted: &Admitted,
    catalog: &EngineCatalog,
) -> Result<&'a dyn Adapter, Box<TypedError>> {
    let operation = admitted.operation();
    let (engine, name) = (&operation.engine_id, &operation.operation);
    let Some(adapter) = found else {
        let message = format!("`{engine}` has no adapter for `{name}` in this build");
        return Err(Box::new(typed(Code::Internal, message)));
    };
    let declared = catalog.engine(engine).map(|engine| engine.adapter_version());
    if adapter.engine_id() != *engine
        || adapter.operation() != *name
        || declared != Some(&adapter.version())
    {
        let message = format!(
            "the adapter found for `{engine}` `{name}` is that of `{}` `{}` {}",
            adapter.engine_id(),
            adapter.operation(),
            adapter.version()
        );
        return Err(Box::new(typed(Code::Internal, message)));
    }
    Ok(adapter)
}
