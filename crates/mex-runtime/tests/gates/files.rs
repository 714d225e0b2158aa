//! The data files of the repository hold together (contract REG-3, REG-6, REG-7, CAP-1, CAP-3),
//! and files that break a rule are refused with every defect named.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use mex_runtime::capability::{
    CapabilityId, CapabilityRegistry, Consent, ConsentRefused, EmbeddedRegistry, Profiles,
    ProfilesError, PublishedFiles, RegistryError, RegistryMismatch, RegistrySource,
    choose_registry,
};
use mex_runtime::digest::Digest;
use mex_runtime::engine::{EngineCatalog, EnginesError};
use mex_runtime::event::RegistryPublish;
use mex_runtime::id::{ActorId, ConsentId, ProfileId};
use serde_json::{Value, json};

use crate::support::{ENGINES, NOW, PROFILES, REGISTRY, World, uuid};

const SPEC: &str = include_str!("../../../../capability_registry/spec/README.md");

/// REG-3: every capability an engine names is registered, every section exists, four profiles resolve.
#[test]
fn reg_3_registry_engines_profiles_and_specification_agree() {
    let world = World::new();
    assert_eq!(world.catalog.uncovered(&world.registry), BTreeSet::new());
    let anchors: BTreeSet<String> = SPEC
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| format!("spec/README.md#{}", title.to_lowercase().replace(' ', "-")))
        .collect();
    for entry in world.registry.entries() {
        assert!(anchors.contains(&entry.section_ref), "{}", entry.section_ref);
    }
    let profiles: Vec<_> = world.profiles.iter().map(|own| own.profile_id.to_string()).collect();
    let ours = ["Analyst", "Coder", "capability_registry_build", "supply_chain_scan"];
    assert_eq!(profiles, ours, "CAP-3");
}

/// Section 8: the table of engines, operations and needs.
#[test]
fn section_8_every_engine_and_its_needs() {
    let catalog = EngineCatalog::parse(ENGINES).unwrap();
    let needs = |engine: &str, operation: &str| -> BTreeSet<String> {
        let found = catalog.operation(&engine.parse().unwrap(), &operation.parse().unwrap());
        found.unwrap().required_capabilities().iter().map(ToString::to_string).collect()
    };
    let with = |more: &[&str]| -> BTreeSet<String> {
        ["fs.read:inputs", "fs.write:artifacts"].iter().chain(more).map(|id| (*id).into()).collect()
    };
    let exec = ["proc.exec:osv-scanner", "proc.exec:cargo-audit", "proc.exec:npm"];
    assert_eq!(needs("engine.guard.secret_scan", "secret_scan"), with(&["proc.exec:gitleaks"]));
    assert_eq!(needs("engine.supply_chain.vuln", "vuln_scan"), with(&exec));
    let live = [&exec[..], &["net.http"]].concat();
    assert_eq!(needs("engine.supply_chain.vuln", "npm_audit_live"), with(&live));
    assert_eq!(needs("engine.supply_chain.sbom", "sbom_generate"), with(&["proc.exec:syft"]));
    let licence = ["proc.exec:scancode", "proc.exec:cargo-deny"];
    assert_eq!(needs("engine.supply_chain.license", "license_scan"), with(&licence));
    for operation in ["advisory_db_sync", "dependency_fetch", "tool_install"] {
        assert!(needs("engine.supply_chain.fetch", operation).contains("net.http"));
    }
}

fn spoilt(text: &str, spoil: impl Fn(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    spoil(&mut value);
    value.to_string()
}

/// Section 15: a bad engines file is refused, all defects at once.
#[test]
fn engines_with_defects_are_refused_with_all_of_them() {
    let text = spoilt(ENGINES, |file| {
        file["schema_version"] = json!("me-9");
        file["engines"][0]["operations"][0]["params"]["additionalProperties"] = json!(true);
        file["engines"][0]["operations"][0]["default_budget"]["cpu_time_ms"] = json!(0);
        file["engines"][1]["operations"][0]["params"]["properties"]["lockfiles"]["type"] = json!(5);
        file["engines"][1]["operations"][1]["params"]["allOf"] =
            json!([{"format": "workspace-path"}]);
        file["engines"][2]["required_capabilities"] = json!(["fs.read:inputs"]);
        file["engines"][3]["surprise"] = json!(1);
        file["engines"][4]["engine_id"] = json!("engine.guard.secret_scan");
    });
    let EnginesError::Defects(defects) = EngineCatalog::parse(&text).unwrap_err() else {
        panic!("readable")
    };
    let all: Vec<_> = defects.iter().map(ToString::to_string).collect();
    for part in [
        "`schema_version`: must be `me-1.0`",
        "engine.guard.secret_scan/secret_scan`: `params` must be a schema of an object",
        "`default_budget.cpu_time_ms`",
        "vuln_scan`: `params` is not a JSON Schema",
        "under `allOf`",
        "runs `syft` without the capability `proc.exec:syft`",
        "unknown field `surprise`",
        "`engine_id` must be unique",
    ] {
        assert!(all.iter().any(|own| own.contains(part)), "{part} in {all:#?}");
    }
    for text in ["", "[]", "{}", "{\"schema_version\":\"me-1.0\",\"schema_version\":\"me-1.0\"}"] {
        assert!(EngineCatalog::parse(text).is_err(), "{text}");
    }
}

/// REG-3, CAP-1: a bad registry is refused, all defects at once.
#[test]
fn registries_with_defects_are_refused_with_all_of_them() {
    let text = spoilt(REGISTRY, |file| {
        file["capability_registry_version"] = json!("new");
        let list = file["capabilities"].as_array_mut().unwrap();
        list[0]["tags"] = json!([]);
        list[1]["required_capabilities"] = json!(["fs.fly"]);
        list[2]["risk_class"] = json!("huge");
        let again = list[3].clone();
        list.push(again);
        list[4]["display_name"] = json!(" ");
    });
    let RegistryError::Defects(defects) = CapabilityRegistry::parse(&text).unwrap_err() else {
        panic!("readable")
    };
    let all: Vec<_> = defects.iter().map(ToString::to_string).collect();
    for part in [
        "must be a version",
        "`device`: must be registered with the tag `axis`",
        "`fs.fly`, which is not registered",
        "unknown variant `huge`",
        "`capability_id` must be unique",
        "`display_name` must not be empty",
    ] {
        assert!(all.iter().any(|own| own.contains(part)), "{part} in {all:#?}");
    }
}

/// CAP-3: a profile grants nothing the registry does not know.
#[test]
fn cap_3_a_profile_is_a_list_of_registered_ids() {
    let registry = CapabilityRegistry::parse(REGISTRY).unwrap();
    let text = spoilt(PROFILES, |file| {
        let profiles = file["profiles"].as_array_mut().unwrap();
        profiles[0]["capabilities"] = json!(["proc.exec:unheard-of", "fs.read:anything"]);
        let again = profiles[1].clone();
        profiles.push(again);
    });
    let ProfilesError::Defects(defects) = Profiles::parse(&text, &registry).unwrap_err() else {
        panic!("readable")
    };
    assert_eq!(defects.len(), 2, "{defects:?}");
    assert!(defects[0].contains("proc.exec:unheard-of") && defects[1].contains("stands twice"));
}

/// CAP-3: a profile holds no profile, so there is no cycle; the way round is named all the same.
#[test]
fn cap_3_profiles_that_hold_each_other_are_refused_with_the_cycle() {
    let registry = CapabilityRegistry::parse(REGISTRY).unwrap();
    let text = json!({"schema_version": "cp-1.0", "profiles": [
        {"profile_id": "one", "description": "x", "capabilities": ["two", "fs.read", "fs.read"]},
        {"profile_id": "two", "description": "x", "capabilities": ["three"]},
        {"profile_id": "three", "description": "x", "capabilities": ["one"]},
        {"profile_id": "four", "description": "x", "capabilities": ["one"]},
        {"profile_id": "five", "description": "x", "includes": ["one"], "capabilities": []},
    ]});
    let ProfilesError::Defects(defects) =
        Profiles::parse(&text.to_string(), &registry).unwrap_err()
    else {
        panic!("readable")
    };
    for part in [
        "profile `one` holds profile `two`, a cycle (one -> two -> three -> one)",
        "profile `four` holds profile `one`: a profile is nothing but ids",
        "grants `fs.read` twice",
        "unknown field `includes`",
    ] {
        assert!(defects.iter().any(|own| own.contains(part)), "{part} in {defects:#?}");
    }
}

fn event(registry: &str, version: &str, profiles: Option<&str>) -> RegistryPublish {
    RegistryPublish {
        capability_registry_version: version.to_owned(),
        registry_sha256: Digest::of(registry.as_bytes()),
        diff_sha256: None,
        profiles_sha256: profiles.map(|text| Digest::of(text.as_bytes())),
        review_sha256: None,
        previous_sha256: None,
        how: Default::default(),
    }
}

/// REG-7: the embedded registry rules unless the published one is exactly the one the last
/// publish event names; a disagreement is never silent.
#[test]
fn reg_7_which_registry_rules() {
    let embedded = EmbeddedRegistry {
        registry: REGISTRY,
        sha256: Digest::of(REGISTRY.as_bytes()),
        profiles: PROFILES,
    };
    let newer = REGISTRY.replace("\"1.0.0\"", "\"1.1.0\"");
    let choose = |registry: Option<&str>, event: Option<&RegistryPublish>| {
        choose_registry(embedded, PublishedFiles { registry, profiles: None }, event).unwrap()
    };
    let none = choose(None, None);
    assert_eq!((none.source, none.mismatch), (RegistrySource::Embedded, None));
    let good = event(&newer, "1.1.0", None);
    let published = choose(Some(&newer), Some(&good));
    assert_eq!((published.source, published.mismatch), (RegistrySource::Published, None));
    assert_eq!(published.registry.version(), "1.1.0");
    assert_eq!(published.registry_text, newer);

    let tampered = newer.replace("\"low\"", "\"medium\"");
    let broken = newer.replace("cr-1.0", "cr-9.9");
    let broken_event = event(&broken, "1.1.0", None);
    let misnamed = event(&newer, "9.0.0", None);
    for (file, event) in [
        (Some(&*newer), None),
        (None, Some(&good)),
        (Some(&*tampered), Some(&good)),
        (Some(&*broken), Some(&broken_event)),
        (Some(&*newer), Some(&misnamed)),
    ] {
        let chosen = choose(file, event);
        assert_eq!(chosen.source, RegistrySource::Embedded);
        assert_eq!(chosen.registry.version(), "1.0.0");
        assert!(chosen.mismatch.is_some());
    }
    let digest = choose(Some(&tampered), Some(&good)).mismatch;
    assert!(matches!(digest, Some(RegistryMismatch::Digest { .. })));
    let spoilt = EmbeddedRegistry { registry: &tampered, ..embedded };
    let nothing = PublishedFiles::default();
    assert!(choose_registry(spoilt, nothing, None).is_err(), "compiled-in digest");
}

/// REG-7: published profiles are trusted with their registry or not at all.
#[test]
fn reg_7_profiles_are_trusted_with_their_registry_or_not_at_all() {
    let embedded = EmbeddedRegistry {
        registry: REGISTRY,
        sha256: Digest::of(REGISTRY.as_bytes()),
        profiles: PROFILES,
    };
    let newer = REGISTRY.replace("\"1.0.0\"", "\"1.1.0\"");
    let narrow = json!({"schema_version": "cp-1.0", "profiles": [
        {"profile_id": "Analyst", "description": "x", "capabilities": ["fs.read:inputs"]},
    ]})
    .to_string();
    let choose = |profiles: Option<&str>, event: Option<&RegistryPublish>| {
        let registry = event.map(|_| newer.as_str());
        choose_registry(embedded, PublishedFiles { registry, profiles }, event).unwrap()
    };
    let good = event(&newer, "1.1.0", Some(&narrow));
    let published = choose(Some(&narrow), Some(&good));
    assert_eq!((published.source, &published.mismatch), (RegistrySource::Published, &None));
    assert_eq!(published.profiles.iter().count(), 1);
    assert_eq!(published.profiles_text, narrow);

    let unresolved = narrow.replace("fs.read:inputs", "fs.fly");
    let unresolved_event = event(&newer, "1.1.0", Some(&unresolved));
    let wider = narrow.replace("fs.read:inputs", "fs.read");
    let without = event(&newer, "1.1.0", None);
    for (profiles, event) in [
        (Some(&*narrow), None),
        (Some(&*narrow), Some(&without)),
        (None, Some(&good)),
        (Some(&*wider), Some(&good)),
        (Some(&*unresolved), Some(&unresolved_event)),
    ] {
        let chosen = choose(profiles, event);
        assert_eq!(chosen.source, RegistrySource::Embedded, "{:?}", chosen.mismatch);
        assert_eq!(chosen.profiles_text, PROFILES);
        assert!(chosen.mismatch.is_some());
    }
}

/// CAP-1, CAP-2: what the registry knows.
#[test]
fn cap_1_scopes_of_programs_and_secrets_must_be_registered() {
    let registry = CapabilityRegistry::parse(REGISTRY).unwrap();
    let knows = |text: &str| registry.knows(&text.parse::<CapabilityId>().unwrap());
    for text in [
        "fs.read",
        "fs.read:anything",
        "net.http:api.osv.dev",
        "device:usb",
        "proc.exec:gitleaks",
        "doc.summarize",
        "terminal.exec",
    ] {
        assert!(knows(text), "{text}");
    }
    for text in [
        "proc.exec:rm",
        "secrets.use:key",
        "doc.summarize:all",
        "doc.write",
        "fs",
        "device.camera",
        "net.http.proxy:x",
        "proc.exec.sub:x",
    ] {
        assert!(!knows(text), "{text}");
    }
}

/// CAP-5: explicit, scoped, expiring, revocable.
#[test]
fn cap_5_a_consent_holds_for_its_scope_and_time_alone() {
    let registry = CapabilityRegistry::parse(REGISTRY).unwrap();
    let grant = |capability: &str, hours: i64| {
        Consent::grant(
            ConsentId::new(uuid(5)),
            capability.parse().unwrap(),
            Some(ProfileId::known("Coder")),
            ActorId::known("tester"),
            NOW.parse().unwrap(),
            SignedDuration::from_hours(hours),
            &registry,
        )
    };
    assert!(matches!(grant("fs.read", 1), Err(ConsentRefused::NotNeeded(_))));
    assert!(matches!(grant("secrets.use:nobody", 1), Err(ConsentRefused::Unknown(_))));
    assert_eq!(grant("net.http", 0), Err(ConsentRefused::Duration));
    assert_eq!(grant("net.http", 100_000), Err(ConsentRefused::Duration));

    let mut consent = grant("net.http:api.osv.dev", 24).unwrap();
    let (coder, other) = (ProfileId::known("Coder"), ProfileId::known("Analyst"));
    let id = |text: &str| text.parse::<CapabilityId>().unwrap();
    let at =
        |hours: i64| NOW.parse::<jiff::Timestamp>().unwrap() + SignedDuration::from_hours(hours);
    assert!(consent.allows(&id("net.http:api.osv.dev"), &coder, at(0)));
    assert!(consent.allows(&id("net.http:api.osv.dev"), &coder, at(23)));
    assert!(!consent.allows(&id("net.http:api.osv.dev"), &coder, at(24)), "expired");
    assert!(!consent.allows(&id("net.http:api.osv.dev"), &coder, at(-1)), "before the grant");
    assert!(!consent.allows(&id("net.http:api.osv.dev"), &other, at(1)), "another profile");
    assert!(!consent.allows(&id("net.http"), &coder, at(1)), "wider than the scope");
    assert!(!consent.allows(&id("net.http:evil.example"), &coder, at(1)), "another scope");
    consent.revoked_at = Some(at(1));
    assert!(!consent.allows(&id("net.http:api.osv.dev"), &coder, at(2)), "revoked");
}
