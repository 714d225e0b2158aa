//! The six global gates and the proof of admission they alone can make (contract section 4).
//! Owns the order, the verdict and [`Admitted`]; what each gate asks stands in its own file.
//! Never acts: recording and running is [`crate::execute`]'s.

mod admitted;
mod attempt;
mod budget;
mod cap;
mod det;
mod facts;
mod integrity;
mod outcome;
pub mod path;
mod provenance;
mod schema;

pub use admitted::Admitted;
pub use attempt::{Attempt, InputRefused, MAX_REQUEST_BYTES};
pub use facts::{
    ConformanceState, Facts, OpIdState, PathFact, ResultFacts, StoredOutput, ToolState,
};
pub use integrity::MAX_PARAMS_BYTES;
pub use outcome::{Denial, Gate, GateReport, Judgement};

use crate::engine::{Engine, EngineOperation};
use crate::operation::PlannedOperation;
use outcome::{GateFault, Opinion};

/// What every gate that judges before the run sees: an envelope that parsed.
#[derive(Clone, Copy)]
struct Subject<'a> {
    attempt: &'a Attempt,
    operation: &'a PlannedOperation,
    engine: Option<&'a Engine>,
    entry: Option<&'a EngineOperation>,
    facts: &'a Facts<'a>,
}

/// Judges an attempt by all six gates, in the order of contract GATE-1. Pure: the same attempt
/// and facts give the same judgement. `admitted` is there exactly where all six passed.
pub fn judge(attempt: &Attempt, facts: &Facts<'_>) -> Judgement {
    let operation = match attempt.operation() {
        Ok(operation) => operation,
        Err(errors) => return unparsed(attempt, errors),
    };
    let engine = facts.catalog.engine(&operation.engine_id);
    let entry = engine.and_then(|engine| engine.operation(&operation.operation));
    let subject = Subject { attempt, operation, engine, entry, facts };
    let (cap, capability_checks) = cap::judge(&subject);
    let opinions: [(Gate, Result<Opinion, GateFault>); 6] = [
        (Gate::Schema, schema::judge(&subject)),
        (Gate::Cap, cap),
        (Gate::Integrity, integrity::judge(&subject)),
        (Gate::Budget, budget::judge(&subject)),
        (Gate::Provenance, provenance::judge(&subject)),
        (Gate::Det, det::judge(&subject)),
    ];
    let gates: Vec<GateReport> = opinions
        .into_iter()
        .map(|(gate, opinion)| GateReport::of(gate, opinion, attempt))
        .collect();
    let admitted = admitted::admit(&subject, &gates, &capability_checks);
    Judgement { gates, capability_checks, admitted }
}

/// Judges what came out of a run: the limits that were hit, provenance, determinism. The other
/// gates have nothing to say about a result.
pub fn judge_result(admitted: &Admitted, result: &ResultFacts<'_>) -> Vec<GateReport> {
    let operation = admitted.operation();
    [
        (Gate::Budget, budget::judge_result(result)),
        (Gate::Provenance, provenance::judge_result(operation, result)),
        (Gate::Det, det::judge_result(operation, result)),
    ]
    .into_iter()
    .map(|(gate, opinion)| {
        GateReport::after(gate, opinion, operation.engine_id.as_str(), operation.operation.as_str())
    })
    .collect()
}

fn unparsed(attempt: &Attempt, errors: &[String]) -> Judgement {
    let gates = Gate::ALL
        .into_iter()
        .map(|gate| {
            let opinion = match gate {
                Gate::Schema => schema::envelope(errors),
                _ => Opinion::not_evaluated("the envelope does not parse, see `G-SCHEMA`"),
            };
            GateReport::of(gate, Ok(opinion), attempt)
        })
        .collect();
    Judgement { gates, capability_checks: Vec::new(), admitted: None }
}
