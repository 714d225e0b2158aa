//! Six gates on one valid operation with its facts at hand. The aim: 10 microseconds.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up must stop")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mex_runtime::capability::{CapabilityRegistry, Profiles};
use mex_runtime::engine::EngineCatalog;
use mex_runtime::gate::{Attempt, ConformanceState, Facts, OpIdState, PathFact, ToolState, judge};
use mex_runtime::id::{EngineId, OpId, OperationName};
use mex_runtime::port::ArtifactState;
use mex_runtime::{artifact, digest::Digest};
use serde_json::json;

const ENGINES: &str = include_str!("../../../mechanical_engines.json");
const REGISTRY: &str = include_str!("../../../capability_registry/assets/capability_registry.json");
const PROFILES: &str = include_str!("../../../capability_registry/profiles.json");

fn six_gates(criterion: &mut Criterion) {
    let catalog = EngineCatalog::parse(ENGINES).expect("our own file is valid");
    let registry = CapabilityRegistry::parse(REGISTRY).expect("our own file is valid");
    let profiles = Profiles::parse(PROFILES, &registry).expect("our own file is valid");
    let (engine, name) =
        (EngineId::known("engine.supply_chain.vuln"), OperationName::known("vuln_scan"));
    let operation = catalog.operation(&engine, &name).expect("our own operation");
    let manifest = artifact::ArtifactHandle {
        sha256: Digest::of(b"manifest"),
        media_type: artifact::media_type::MANIFEST.into(),
        size_bytes: 8,
        role: "manifest".into(),
    };
    let id = "01900000-0000-7000-8000-000000000001";
    let request = json!({
        "schema_version": "poe-1.0", "op_id": id, "engine_id": engine, "engine_version_req": "^1",
        "operation": name, "inputs": [{"artifact": manifest}],
        "params": {"lockfiles": ["Cargo.lock"], "tools": ["osv-scanner", "cargo-audit"]},
        "capabilities_requested": operation.required_capabilities(),
        "capability_profile_id": "supply_chain_scan", "actor_id": "bench", "job_id": id,
        "budget": operation.entry().default_budget, "determinism": "D2",
        "evidence_policy": {"required": true}, "output_spec": {"roles": ["report", "coverage"]},
    });
    let op_id: OpId = id.parse().expect("a UUID");
    let attempt = Attempt::parse(&request.to_string(), op_id).expect("an object");
    let pinned = |name: &mex_runtime::id::ToolName| {
        ToolState::Pinned(artifact::ToolIdentity {
            name: name.clone(),
            version: "1.0.0".into(),
            sha256: Digest::of(name.as_str().as_bytes()),
        })
    };
    let facts = Facts {
        catalog: &catalog,
        registry: &registry,
        profiles: &profiles,
        consents: &[],
        now: "2026-11-21T12:00:00Z".parse().expect("a time"),
        op_id: OpIdState::Fresh,
        artifacts: [(manifest.clone(), ArtifactState::Intact)].into(),
        tools: operation.entry().tools.iter().map(|name| (name.clone(), pinned(name))).collect(),
        stage_manifest: Some(&manifest),
        wsid: None,
        paths: [("Cargo.lock".to_owned(), PathFact::StagedFile)].into(),
        conformance: [(engine, ConformanceState::Passed)].into(),
    };
    assert!(judge(&attempt, &facts).admitted.is_some(), "the operation is valid");
    criterion.bench_function("six_gates", |bench| {
        bench.iter(|| judge(black_box(&attempt), black_box(&facts)));
    });
}

criterion_group!(benches, six_gates);
criterion_main!(benches);
