//! What an attempt leaves in the Flight Recorder, allowed or denied (contract GATE-8, GATE-9, CAP-4).

use std::collections::BTreeSet;

use mex_runtime::code::Code;
use mex_runtime::diagnostic::{Source, Surface};
use mex_runtime::event::{DecisionOutcome, EventBody, GateOutcome, GatePhase, SystemEvent};
use mex_runtime::execute::AdapterCall;
use mex_runtime::gate::{Attempt, ConformanceState, InputRefused, MAX_REQUEST_BYTES, ToolState};
use mex_runtime::id::OpId;
use mex_runtime::result::Status;
use mex_runtime::severity::Severity;
use serde_json::json;

use crate::support::{World, uuid};

const SIX: [&str; 6] = ["G-SCHEMA", "G-CAP", "G-INTEGRITY", "G-BUDGET", "G-PROVENANCE", "G-DET"];

fn all(outcome: GateOutcome) -> Vec<(String, GateOutcome)> {
    SIX.iter().map(|gate| ((*gate).to_owned(), outcome)).collect()
}

/// GATE-1, GATE-8, CAP-4, FR-5.
#[test]
fn gate_pass_logs_outcome() {
    let world = World::new();
    let executed = world.execute(&world.secret_scan().to_string()).unwrap();

    assert_eq!(executed.result.status, Status::Succeeded, "{:?}", executed.result.errors);
    assert_eq!(world.calls(), 1);
    assert_eq!(world.log.gates(GatePhase::Before), all(GateOutcome::Pass));
    let after: Vec<_> = ["G-BUDGET", "G-PROVENANCE", "G-DET"]
        .map(|gate| (gate.to_owned(), GateOutcome::Pass))
        .into();
    assert_eq!(world.log.gates(GatePhase::After), after);
    assert!(world.log.diagnostics().is_empty());

    let events = world.log.events();
    let begun = matches!(&events[0].body, EventBody::System(SystemEvent::OperationBegun { .. }));
    assert!(begun, "the intent comes first");
    let mut checked = BTreeSet::new();
    for event in &events {
        assert_eq!(event.actor_id.as_str(), "tester");
        if let EventBody::CapabilityCheck(check) = &event.body {
            assert_eq!(check.decision_outcome, DecisionOutcome::Allow);
            assert_eq!(check.capability_registry_version, world.registry.version());
            assert_eq!(event.capability_id.as_ref(), Some(&check.capability_id));
            assert!(event.policy_decision_id.is_some() && event.job_id.is_some());
            checked.insert(check.capability_id.clone());
        }
    }
    let asked = ["fs.read:inputs", "fs.write:artifacts", "proc.exec:gitleaks"].map(str::to_owned);
    assert_eq!(checked, asked.into());
    match &events.last().unwrap().body {
        EventBody::System(SystemEvent::OperationEnded {
            status,
            engine_version,
            result_ref,
            ..
        }) => {
            assert_eq!(*status, Status::Succeeded);
            assert_eq!(engine_version, "gitleaks 1.2.3");
            assert_eq!(*result_ref, executed.result_ref);
        }
        other => panic!("the last event is {other:?}"),
    }
}

/// GATE-3, GATE-8, DIAG-5.
#[test]
fn gate_denial_records_diagnostic_and_event() {
    let world = World::new();
    let mut request = world.secret_scan();
    request["capabilities_requested"] = json!(["fs.read:inputs", "fs.write:artifacts", "made.up"]);
    request["budget"] = json!(null);
    let executed = world.execute(&request.to_string()).unwrap();

    assert_eq!(executed.result.status, Status::Denied);
    assert_eq!((executed.adapter, world.calls()), (AdapterCall::NotCalled, 0));
    let codes: Vec<_> = executed.denials().map(|(gate, own)| (gate.as_str(), own.code)).collect();
    assert_eq!(
        codes,
        [
            ("G-CAP", Code::UnknownCapability),
            ("G-CAP", Code::CapNotRequested),
            ("G-BUDGET", Code::BudgetMissing),
        ]
    );
    let diagnostics = world.log.diagnostics();
    assert_eq!(diagnostics.len(), 3);
    assert_eq!(executed.diagnostics, diagnostics.iter().map(|own| own.id).collect::<Vec<_>>());
    let events = world.log.events();
    for (diagnostic, (_, code)) in diagnostics.iter().zip(&codes) {
        assert_eq!(diagnostic.source, Source::Engine);
        assert_eq!(diagnostic.surface, Surface::System);
        assert_eq!(diagnostic.severity, Severity::Error);
        assert_eq!(diagnostic.code.as_deref(), Some(code.as_str()));
        assert_eq!(diagnostic.evidence_refs.op_ids, [OpId::new(uuid(1))]);
        let event = events
            .iter()
            .find(|event| diagnostic.evidence_refs.fr_event_ids == [event.event_id])
            .expect("the diagnostic references its gate's event");
        assert_eq!(event.policy_decision_id, diagnostic.policy_decision_id);
        match &event.body {
            EventBody::System(SystemEvent::GateOutcome {
                outcome,
                op_id,
                code: said,
                severity,
                diagnostic_id,
                reason,
                ..
            }) => {
                assert_eq!(*outcome, GateOutcome::Deny);
                assert_eq!(*op_id, OpId::new(uuid(1)));
                assert_eq!(*said, Some(*code));
                assert_eq!(*severity, Some(Severity::Error));
                assert_eq!(*diagnostic_id, Some(diagnostic.id));
                assert!(!reason.is_empty());
            }
            other => panic!("not a gate outcome: {other:?}"),
        }
    }
    let denied: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::CapabilityCheck(check)
                if check.decision_outcome == DecisionOutcome::Deny =>
            {
                Some((check.capability_id.as_str(), check.code))
            }
            _ => None,
        })
        .collect();
    assert_eq!(denied, [("made.up", Some(Code::UnknownCapability))]);
    let judged: BTreeSet<_> = world.log.gates(GatePhase::Before).into_iter().collect();
    for gate in ["G-SCHEMA", "G-INTEGRITY", "G-PROVENANCE", "G-DET"] {
        assert!(judged.contains(&(gate.to_owned(), GateOutcome::Pass)), "{gate} ran too");
    }
}

/// DIAG-2: the same denial twice is one Problem, another denial is another.
#[test]
fn diag_2_identical_denials_have_one_fingerprint() {
    let world = World::new();
    let mut request = world.secret_scan();
    request["capabilities_requested"] = json!([]);
    for op in [1, 2] {
        request["op_id"] = json!(uuid(op));
        world.execute(&request.to_string()).unwrap();
    }
    let prints: Vec<_> =
        world.log.diagnostics().iter().map(|own| own.fingerprint().unwrap()).collect();
    assert_eq!(prints.len(), 8, "empty, and three not requested, twice");
    assert_eq!(prints[..4], prints[4..]);
    assert_eq!(prints.iter().collect::<BTreeSet<_>>().len(), 4);
}

/// GATE-9, P12: at whichever call the recorder fails, the attempt stops with its fault; before
/// the run nothing runs.
#[test]
fn gate_9_nothing_runs_when_the_recorder_cannot_record() {
    let healthy = World::new();
    healthy.execute(&healthy.secret_scan().to_string()).unwrap();
    let calls = healthy.log.calls.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(calls, 4, "intent, judgement, result, outcome");
    for at in 0..calls {
        let mut world = World::new();
        world.log.fail_at = Some(at);
        let fault = world.execute(&world.secret_scan().to_string()).unwrap_err();
        assert_eq!(fault.code, Code::RecorderDb);
        assert_eq!(world.calls(), usize::from(at >= 2), "failing at call {at}");
    }
}

/// GATE-8: any JSON object is a recorded attempt, under an id of ours where it has none.
#[test]
fn gate_8_any_object_is_a_recorded_attempt() {
    for request in ["{}", r#"{"op_id":"no","engine_id":"\u0000\u0001x","operation":7}"#] {
        let world = World::new();
        let executed = world.execute(request).unwrap();
        assert_eq!(executed.result.status, Status::Denied);
        assert_eq!(executed.result.op_id, OpId::new(uuid(99)), "an id of ours");
        let mut gates = world.log.gates(GatePhase::Before);
        gates.dedup();
        let mut expected = all(GateOutcome::NotEvaluated);
        expected[0].1 = GateOutcome::Deny;
        assert_eq!(gates, expected);
        assert!(executed.denials().all(|(_, own)| own.code == Code::SchemaEnvelope));
        assert!(!executed.denials().any(|(_, own)| own.reason.contains('\u{0}')));
    }
}

/// Contract section 15: what is no object is bad input and not an attempt.
#[test]
fn what_is_not_an_object_is_bad_input() {
    let parse = |text: &str| Attempt::parse(text, OpId::new(uuid(1)));
    for text in ["", "nul", "[]", "1", "\"x\"", "null", "{\"a\":1,\"a\":1}", "{}x", "\u{feff}{}"] {
        assert_eq!(parse(text).unwrap_err().code(), Code::InputNotJson, "{text:?}");
    }
    let deep = "{\"a\":".repeat(100_000);
    assert_eq!(parse(&deep).unwrap_err().code(), Code::InputNotJson);
    let big = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_REQUEST_BYTES));
    assert_eq!(parse(&big).unwrap_err(), InputRefused::TooBig { bytes: big.len() });
}

/// FR-9: no denial repeats a value of params, which could be a secret.
#[test]
fn fr_9_denials_name_fields_and_not_values() {
    let world = World::new();
    let canary = format!("canary{}", 123_456_789);
    let mut request = world.secret_scan();
    request["params"] = json!({"scope": canary});
    request["budget"] = json!({"cpu_time_ms": canary});
    for spoilt in [request.clone(), {
        request["budget"] = json!(null);
        request
    }] {
        let executed = world.execute(&spoilt.to_string()).unwrap();
        assert_eq!(executed.result.status, Status::Denied);
    }
    let everything = format!("{:?}", world.log.records.lock().unwrap());
    assert!(everything.contains("`params/scope`"), "the field is named");
    assert!(!everything.contains(&canary));
}

/// GATE-2, GATE-4, SC-5, section 12: each fact that speaks against an attempt has its code.
#[test]
fn every_fact_against_an_attempt_has_its_code() {
    use mex_runtime::digest::Digest;
    use mex_runtime::gate::OpIdState;
    use mex_runtime::port::ArtifactState;
    type Spoil = fn(&mut World);
    let cases: [(Code, Spoil); 9] = [
        (Code::SchemaEnvelope, |w| w.op_id = OpIdState::Used),
        (Code::IntegrityInputMissing, |w| w.artifacts.clear()),
        (Code::IntegrityInputCorrupt, |w| {
            w.artifacts.values_mut().for_each(|state| *state = ArtifactState::Corrupt);
        }),
        (Code::IntegrityInputCorrupt, |w| w.manifest.size_bytes += 0x100),
        (Code::IntegrityToolMissing, |w| w.tools.clear()),
        (Code::IntegrityToolUnpinned, |w| {
            w.tools.values_mut().for_each(|state| *state = ToolState::Unpinned);
        }),
        (Code::IntegrityToolChanged, |w| {
            let changed =
                ToolState::Changed { expected: Digest::of(b"a"), found: Digest::of(b"b") };
            w.tools.values_mut().for_each(|state| *state = changed.clone());
        }),
        (Code::IntegrityConformance, |w| w.conformance.clear()),
        (Code::IntegrityConformance, |w| {
            w.conformance.values_mut().for_each(|state| *state = ConformanceState::Failed);
        }),
    ];
    for (code, spoil) in cases {
        let mut world = World::new();
        let request = world.secret_scan().to_string();
        spoil(&mut world);
        let executed = world.execute(&request).unwrap();
        let codes: Vec<_> = executed.denials().map(|(_, own)| own.code).collect();
        assert_eq!(codes, [code]);
        assert_eq!(world.calls(), 0, "{code}");
    }
}

/// A stop before the start is no run.
#[test]
fn cancelled_before_the_start_does_not_run() {
    let world = World::new();
    world.cancel.cancel();
    let executed = world.execute(&world.secret_scan().to_string()).unwrap();
    assert_eq!(executed.result.status, Status::Cancelled);
    assert_eq!(executed.result.errors[0].code, Code::Cancelled);
    assert_eq!(world.calls(), 0);
    assert_eq!(world.log.gates(GatePhase::Before), all(GateOutcome::Pass));
}
