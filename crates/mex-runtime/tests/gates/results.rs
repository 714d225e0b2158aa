//! What becomes of a run's result: gates after it, store faults, panics, wrong adapters
//! (contract GATE-5 to GATE-7, DET-3, ART-2, promises P2, P4).

use mex_runtime::adapter::AdapterOutcome;
use mex_runtime::code::Code;
use mex_runtime::coverage::{Drop, ToolCount};
use mex_runtime::determinism::Determinism;
use mex_runtime::event::{GateOutcome, GatePhase};
use mex_runtime::execute::AdapterCall;
use mex_runtime::result::{Status, TypedError};
use serde_json::json;

use crate::support::{World, clean};

fn run(outcome: fn() -> AdapterOutcome) -> (World, mex_runtime::execute::Executed) {
    let mut world = World::new();
    world.adapter.outcome = outcome;
    let executed = world.execute(&world.secret_scan().to_string()).unwrap();
    (world, executed)
}

fn error(code: Code) -> TypedError {
    TypedError { code, message: "it went wrong".into(), hint: String::new(), details_ref: None }
}

/// ENV-2, ART-2, GATE-6: outputs and evidence are stored, referenced, and say where they come from.
#[test]
fn art_2_everything_a_run_leaves_has_a_sidecar() {
    let (world, executed) = run(clean);
    let roles: Vec<_> = executed.result.outputs.iter().map(|own| own.role.as_str()).collect();
    assert_eq!(roles, ["report", "coverage"]);
    let shelf = world.shelf.bytes.lock().unwrap();
    for handle in executed.result.outputs.iter().chain(&executed.result.evidence) {
        let (_, sidecar) = &shelf[&handle.sha256];
        assert_eq!(sidecar.provenance, executed.result.provenance);
    }
    let provenance = executed.result.provenance.as_ref().unwrap();
    assert_eq!(provenance.capability_registry_version, world.registry.version(), "REG-8");
    assert_eq!(provenance.input_sha256, [world.manifest.sha256]);
    let (bytes, _) = &shelf[&executed.result_ref.as_ref().unwrap().sha256];
    assert_eq!(serde_json::from_slice::<serde_json::Value>(bytes).unwrap(), json!(executed.result));
}

/// DET-3, GATE-7: a result without evidence is refused after it ran.
#[test]
fn det_3_a_result_without_evidence_is_refused() {
    let (world, executed) = run(|| AdapterOutcome { evidence: Vec::new(), ..clean() });
    assert_eq!(executed.result.status, Status::Denied);
    assert_eq!(executed.adapter, AdapterCall::Called);
    assert!(executed.report.is_none() && executed.result.outputs.is_empty());
    let codes: Vec<_> = executed.denials().map(|(gate, own)| (gate.as_str(), own.code)).collect();
    assert_eq!(codes, [("G-DET", Code::DetEvidence)]);
    assert_eq!(world.log.diagnostics().len(), 1);
}

/// GATE-7: the claim must hold.
#[test]
fn gate_7_a_result_below_its_claim_is_refused() {
    let (_, executed) = run(|| AdapterOutcome { determinism: Determinism::D1, ..clean() });
    assert_eq!(executed.result.status, Status::Denied);
    assert_eq!(executed.result.errors[0].code, Code::DetLevel);
    assert_eq!(executed.result.evidence.len(), 1, "evidence is kept");
}

/// GATE-5: over budget keeps the evidence and the findings so far, and is a diagnostic.
#[test]
fn gate_5_over_budget_keeps_evidence_and_is_a_diagnostic() {
    let (world, executed) = run(|| AdapterOutcome {
        status: Status::TimedOut,
        errors: vec![error(Code::BudgetOverrun)],
        ..clean()
    });
    assert_eq!(executed.result.status, Status::TimedOut);
    assert_eq!(executed.result.evidence.len(), 1);
    assert_eq!(executed.result.errors.len(), 1, "said once");
    let after = world.log.gates(GatePhase::After);
    assert!(after.contains(&("G-BUDGET".to_owned(), GateOutcome::Deny)));
    let codes: Vec<_> = world.log.diagnostics().into_iter().map(|own| own.code.unwrap()).collect();
    assert_eq!(codes, ["MEX-BUDGET-OVERRUN"]);
}

/// P2: a failed tool keeps what is there, is never a success, and is a diagnostic.
#[test]
fn p2_a_failed_run_keeps_outputs_and_says_why() {
    let (world, executed) = run(|| AdapterOutcome {
        status: Status::Failed,
        errors: vec![error(Code::ToolCrashed)],
        ..clean()
    });
    assert_eq!(executed.result.status, Status::Failed);
    assert!(executed.report.is_some() && executed.result.outputs.len() == 2);
    assert_eq!(world.log.diagnostics()[0].code.as_deref(), Some("MEX-TOOL-CRASHED"));
}

/// P4: what a tool said is kept or listed as dropped, or the run failed.
#[test]
fn p4_a_count_that_does_not_balance_fails_the_run() {
    let (_, executed) = run(|| {
        let mut outcome = clean();
        let dropped = vec![Drop { reason: "withdrawn".into(), count: 1, ids: vec![] }];
        let (tool, subject) = ("gitleaks".parse().unwrap(), "files".to_owned());
        outcome.coverage.counts = vec![ToolCount { tool, subject, said: 3, kept: 1, dropped }];
        outcome
    });
    assert_eq!(executed.result.status, Status::Failed);
    assert_eq!(executed.result.errors[0].code, Code::Internal);
}

#[test]
fn a_panic_in_an_adapter_is_a_failure_and_closes_the_entry() {
    let (world, executed) = run(|| panic!("on purpose"));
    assert_eq!(executed.result.status, Status::Failed);
    assert_eq!(executed.result.errors[0].code, Code::Internal);
    assert!(!executed.result.errors[0].message.contains("purpose"), "a panic could hold anything");
    assert_eq!(world.log.diagnostics().len(), 1);
    let last = world.log.system().pop();
    assert!(matches!(
        last,
        Some(mex_runtime::event::SystemEvent::OperationEnded { status: Status::Failed, .. })
    ));
}

/// Only a gate denies; an adapter that says so has failed.
#[test]
fn an_adapter_cannot_deny() {
    let (_, executed) = run(|| AdapterOutcome { status: Status::Denied, ..clean() });
    assert_eq!(executed.result.status, Status::Failed);
}

/// GATE-6: what is not safely stored is no output.
#[test]
fn gate_6_a_report_that_cannot_be_stored_fails_the_run() {
    for (role, listed) in [("report", 1), ("tool-output", 2), ("result", 2)] {
        let mut world = World::new();
        world.shelf.refuse_role = Some(role);
        let executed = world.execute(&world.secret_scan().to_string()).unwrap();
        assert_eq!(executed.result.status, Status::Failed, "{role}");
        assert!(executed.result.errors.iter().any(|own| own.code == Code::StoreIo), "{role}");
        assert_eq!(executed.result.outputs.len(), listed, "{role}");
    }
}

/// GATE-9: the adapter of another operation is not run with this one's proof.
#[test]
fn gate_9_a_wrong_adapter_is_not_run() {
    let mut world = World::new();
    world.adapter.engine = "engine.supply_chain.vuln";
    let executed = world.execute(&world.secret_scan().to_string()).unwrap();
    assert_eq!(executed.result.status, Status::Failed);
    assert_eq!(world.calls(), 0);
}
