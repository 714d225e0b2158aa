//! Six gates on one valid operation with its facts at hand. The aim: 10 microseconds. One capability
//! check besides its event: 2 microseconds. A registry of 5,000 entries read, judged, compared and
//! written: the part of 200 milliseconds that is no disk.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up must stop")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mex_runtime::capability::diff::{DiffSide, RegistryDiff};
use mex_runtime::capability::{
    CapabilityQuery, CapabilityRegistry, ConsentReferences, Profiles, check,
};
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

fn one_check(criterion: &mut Criterion) {
    let registry = CapabilityRegistry::parse(&large("")).expect("a valid registry");
    let profiles = Profiles::parse(PROFILES, &registry).expect("our own file is valid");
    let profile_id = "supply_chain_scan".parse().expect("a profile's id");
    let query = CapabilityQuery {
        registry: &registry,
        profiles: &profiles,
        profile_id: &profile_id,
        usable: None,
        consents: &[],
        references: ConsentReferences::Named(&[]),
        now: "2026-11-21T12:00:00Z".parse().expect("a time"),
    };
    criterion.bench_function("capability_check", |bench| {
        bench.iter(|| check(black_box("proc.exec:osv-scanner"), black_box(&query)));
    });
}

/// Our own registry with 5,000 entries more.
fn large(word: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(REGISTRY).expect("JSON");
    let all = value["capabilities"].as_array_mut().expect("a list");
    all.extend((0..5_000).map(|number| {
        json!({
            "capability_id": format!("doc.part_{number}"), "kind": "engine",
            "display_name": format!("Part {number}{word}"),
            "section_ref": "spec/README.md#documents",
            "required_capabilities": ["fs.read:inputs"],
            "default_governance_mode": "gov_standard", "risk_class": "low", "tags": [],
        })
    }));
    value.to_string()
}

fn registry_of_5000(criterion: &mut Criterion) {
    let catalog = EngineCatalog::parse(ENGINES).expect("our own file is valid");
    let (before, after) = (large(""), large(" anew"));
    let base = CapabilityRegistry::parse(&before).expect("a valid registry");
    let own = Profiles::parse(PROFILES, &base).expect("our own file is valid");
    let profiles_sha256 = Digest::of(PROFILES.as_bytes());
    let highest = semver::Version::new(1, 0, 0);
    criterion.bench_function("registry_of_5000_validated_compared_and_written", |bench| {
        bench.iter(|| {
            let next = CapabilityRegistry::parse(black_box(&after)).expect("a valid registry");
            assert!(catalog.uncovered(&next).is_empty());
            let profiles = Profiles::parse(PROFILES, &next).expect("our own file is valid");
            let side = |registry, profiles| DiffSide {
                registry,
                profiles,
                profiles_sha256,
                engines: None,
            };
            let diff = RegistryDiff::between(
                &side(&base, &own),
                &side(&next, &profiles),
                Digest::of(after.as_bytes()),
                &highest,
            )
            .expect("it has a JSON form");
            assert_eq!(diff.changed.len(), 5_000);
            diff.digest().expect("it has a canonical form")
        });
    });
}

criterion_group!(benches, six_gates, one_check, registry_of_5000);
criterion_main!(benches);
