//! The conformance suite: what every engine must do with seven sorts of operations (contract
//! section 12, `mex conformance`). Owns the cases and their judgement; a host runs them through
//! [`crate::execute::execute`] with [`crate::gate::ConformanceState::SuiteRunning`] and keeps the result.

use std::fmt;

use serde_json::{Value, json};

use crate::code::Code;
use crate::determinism::Determinism;
use crate::engine::{EngineOperation, ReportShape};
use crate::event::GateOutcome;
use crate::execute::{AdapterCall, Executed};
use crate::gate::Gate;
use crate::id::OpId;
use crate::operation::PlannedOperation;
use crate::result::Status;

/// The sorts of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CaseKind {
    /// As it should be.
    Valid,
    /// Not an envelope.
    Malformed,
    /// One limit above the engine's maximum.
    OverBudget,
    /// Nothing requested.
    CapabilityLess,
    /// A path out of the workspace.
    Escaping,
    /// D1 without an evidence policy.
    EvidenceLess,
    /// More determinism than the engine can give.
    FalselyDeterministic,
}

impl fmt::Display for CaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::Malformed => "malformed",
            Self::OverBudget => "over budget",
            Self::CapabilityLess => "capability-less",
            Self::Escaping => "escaping",
            Self::EvidenceLess => "evidence-less",
            Self::FalselyDeterministic => "falsely deterministic",
        })
    }
}

/// What a case must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// It runs, and every gate passes before and after.
    Succeeds(ReportShape),
    /// It does not run, and this gate says this, among whatever else is said.
    Denied(Gate, Code),
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct ConformanceCase {
    /// Its sort.
    pub kind: CaseKind,
    /// The request, as text for [`crate::gate::Attempt::parse`].
    pub request: String,
    /// The id in the request.
    pub op_id: OpId,
    /// What it must come to.
    pub expect: Expect,
}

/// A case did not come to what it must: code `MEX-CONFORMANCE-FAILED`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {kind} case {why}")]
pub struct ConformanceFailure {
    /// The case.
    pub kind: CaseKind,
    /// What was wrong.
    pub why: String,
}

/// Makes the cases of an operation from one valid planned operation, which every other case
/// spoils in one way. `fresh` gives an id a case.
///
/// # Errors
/// When the operation has no JSON form.
pub fn cases(
    entry: &EngineOperation,
    base: &PlannedOperation,
    fresh: &mut dyn FnMut() -> OpId,
) -> Result<Vec<ConformanceCase>, serde_json::Error> {
    let base = serde_json::to_value(base)?;
    let mut cases = Vec::new();
    let mut case = |kind, expect, spoil: &dyn Fn(&mut Value)| {
        let op_id = fresh();
        let mut request = base.clone();
        request["op_id"] = json!(op_id);
        spoil(&mut request);
        cases.push(ConformanceCase { kind, request: request.to_string(), op_id, expect });
    };
    let denied = Expect::Denied;
    case(CaseKind::Valid, Expect::Succeeds(entry.entry().report), &|_| {});
    case(CaseKind::Malformed, denied(Gate::Schema, Code::SchemaEnvelope), &|request| {
        request["schema_version"] = json!("poe-0.0");
        request["unheard_of"] = json!(true);
    });
    let above = entry.entry().max_budget.output_bytes.saturating_add(1);
    case(CaseKind::OverBudget, denied(Gate::Budget, Code::BudgetExceeds), &|request| {
        request["budget"]["output_bytes"] = json!(above);
    });
    case(CaseKind::CapabilityLess, denied(Gate::Cap, Code::CapEmpty), &|request| {
        request["capabilities_requested"] = json!([]);
    });
    let mut escaping = base["params"].clone();
    let by_path = entry.put_workspace_path(&mut escaping, "../outside/Cargo.lock");
    let refused = if by_path {
        denied(Gate::Integrity, Code::IntegrityPath)
    } else {
        // Without a path among its params it must not take one at all.
        escaping["path"] = json!("../outside/Cargo.lock");
        denied(Gate::Schema, Code::SchemaParams)
    };
    case(CaseKind::Escaping, refused, &|request| request["params"] = escaping.clone());
    case(CaseKind::EvidenceLess, denied(Gate::Det, Code::DetPolicy), &|request| {
        request["determinism"] = json!(Determinism::D1.min(entry.entry().determinism_ceiling));
        request["evidence_policy"] = Value::Null;
    });
    let ceiling = entry.entry().determinism_ceiling;
    if ceiling < Determinism::D3 {
        case(CaseKind::FalselyDeterministic, denied(Gate::Det, Code::DetCeiling), &|request| {
            request["determinism"] = json!(Determinism::D3);
        });
    }
    Ok(cases)
}

/// Says whether a case came to what it must.
///
/// # Errors
/// With the first thing that is wrong.
pub fn judge_case(case: &ConformanceCase, executed: &Executed) -> Result<(), ConformanceFailure> {
    let wrong = |why: String| Err(ConformanceFailure { kind: case.kind, why });
    let status = executed.result.status;
    if executed.result.op_id != case.op_id {
        return wrong("was answered under another op_id".to_owned());
    }
    if !executed.gates_before.iter().map(|report| report.gate).eq(Gate::ALL) {
        return wrong("was not judged by all six gates in their order".to_owned());
    }
    match case.expect {
        Expect::Succeeds(shape) => {
            let mut reports = executed.gates_before.iter().chain(&executed.gates_after);
            if let Some(report) = reports.find(|report| report.outcome != GateOutcome::Pass) {
                let codes: Vec<_> = report.denials.iter().map(|own| own.code.as_str()).collect();
                return wrong(format!("did not pass {}: {}", report.gate, codes.join(", ")));
            }
            if status != Status::Succeeded || executed.adapter == AdapterCall::NotCalled {
                let first = executed.result.errors.first();
                let message = first.map_or("no error said", |error| &error.message);
                return wrong(format!("ended {status:?}: {message}"));
            }
            if executed.report.is_none() && shape != ReportShape::None {
                return wrong("made no report".to_owned());
            }
            if executed.result.evidence.is_empty() || executed.result.provenance.is_none() {
                return wrong("left no evidence or no provenance".to_owned());
            }
        }
        Expect::Denied(gate, code) => {
            if status != Status::Denied || executed.adapter == AdapterCall::Called {
                return wrong(format!("ended {status:?} and must be denied before it runs"));
            }
            if !executed.denials().any(|(by, denial)| by == gate && denial.code == code) {
                return wrong(format!("was denied, but {gate} did not say {code}"));
            }
            if executed.diagnostics.len() < executed.denials().count() {
                return wrong("has a denial without a diagnostic".to_owned());
            }
        }
    }
    Ok(())
}
