//! The suite itself: it accepts an engine that behaves, and catches ones that do not.

use mex_runtime::conformance::{CaseKind, cases, judge_case};
use mex_runtime::gate::ConformanceState;
use mex_runtime::id::OpId;
use mex_runtime::operation::PlannedOperation;
use serde_json::{Value, json};

use crate::support::{World, clean, uuid};

fn suite(world: &World, request: Value) -> Vec<(CaseKind, Result<(), String>)> {
    let base: PlannedOperation = serde_json::from_value(request).unwrap();
    let entry = world.catalog.operation(&base.engine_id, &base.operation).unwrap();
    let mut next = 100;
    let mut fresh = || {
        next += 1;
        OpId::new(uuid(next))
    };
    cases(entry, &base, &mut fresh)
        .unwrap()
        .into_iter()
        .map(|case| {
            let executed = world.execute(&case.request).unwrap();
            (case.kind, judge_case(&case, &executed).map_err(|failure| failure.to_string()))
        })
        .collect()
}

fn running() -> World {
    let mut world = World::new();
    world.conformance.values_mut().for_each(|state| *state = ConformanceState::SuiteRunning);
    world
}

/// Section 12: each engine against the seven sorts of operations.
#[test]
fn an_engine_that_behaves_passes_all_seven_cases() {
    for (engine, operation) in [
        ("engine.guard.secret_scan", "secret_scan"),
        ("engine.supply_chain.vuln", "vuln_scan"),
        ("engine.supply_chain.sbom", "sbom_generate"),
        ("engine.supply_chain.license", "license_scan"),
    ] {
        let mut world = running();
        (world.adapter.engine, world.adapter.operation) = (engine, operation);
        let mut request = world.request(engine, operation);
        request["output_spec"]["roles"] = json!(["report", "coverage"]);
        let results = suite(&world, request);
        assert_eq!(results.len(), 7);
        for (kind, result) in results {
            assert_eq!(result, Ok(()), "{engine} {kind}");
        }
        assert_eq!(world.calls(), 1, "the valid case alone runs");
    }
}

#[test]
fn an_engine_that_leaves_no_evidence_or_lies_about_its_level_fails() {
    for outcome in [
        || mex_runtime::adapter::AdapterOutcome { evidence: Vec::new(), ..clean() },
        || {
            let determinism = mex_runtime::determinism::Determinism::D0;
            mex_runtime::adapter::AdapterOutcome { determinism, ..clean() }
        },
        || panic!("on purpose"),
    ] {
        let mut world = running();
        world.adapter.outcome = outcome;
        let results = suite(&world, world.secret_scan());
        let failed: Vec<_> = results.iter().filter(|(_, result)| result.is_err()).collect();
        assert!(matches!(&failed[..], [(CaseKind::Valid, Err(_))]), "{failed:?}");
    }
}

/// A case that is not denied as it must be fails the suite.
#[test]
fn a_wrong_answer_is_caught() {
    let world = running();
    let base: PlannedOperation = serde_json::from_value(world.secret_scan()).unwrap();
    let entry = world.catalog.operation(&base.engine_id, &base.operation).unwrap();
    let cases = cases(entry, &base, &mut || OpId::new(uuid(3))).unwrap();
    let denied = world.execute(&cases[3].request).unwrap();
    assert!(judge_case(&cases[0], &denied).is_err(), "denied where it must succeed");
    assert!(judge_case(&cases[2], &denied).is_err(), "denied for another reason");
    assert!(judge_case(&cases[3], &denied).is_ok());
}
