//! A reference model of the gate rules, written apart from them over plain JSON, agrees with the
//! gates on thousands of generated operations (contract GATE-1 to GATE-7, promise P6).

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::capability::Consent;
use mex_runtime::event::GateOutcome;
use mex_runtime::gate::{Attempt, ConformanceState, PathFact, ToolState, judge};
use mex_runtime::id::{ConsentId, OpId};
use mex_runtime::port::ArtifactState;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{ENGINES, NOW, PROFILES, REGISTRY, World, uuid};

type Said = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// The model's own view of the world, kept beside the one the gates see.
struct Plain {
    engines: Value,
    known: BTreeSet<String>,
    profiles: Value,
    bad_tools: BTreeMap<String, &'static str>,
    bad_input: Option<&'static str>,
    bad_paths: BTreeSet<String>,
    conformant: bool,
    /// id, capability, profile or any: of consents that hold.
    live: Vec<(String, String, Option<String>)>,
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn base(id: &str) -> &str {
    id.split(':').next().unwrap_or(id)
}

fn wide(grant: &str, id: &str) -> bool {
    grant == id || (!grant.contains(':') && grant == base(id))
}

/// Everything the rules say of a request, by gate; and which gates could not judge.
fn model(request: &Value, world: &Plain) -> (Said, BTreeSet<&'static str>) {
    let mut said = Said::new();
    let mut open = BTreeSet::new();
    let mut say = |gate: &'static str, code: &'static str| {
        said.entry(gate).or_default().insert(code);
    };
    let whole = request["schema_version"] == "poe-1.0"
        && request.get("surprise").is_none()
        && request.get("inputs").is_some_and(Value::is_array)
        && matches!(request["determinism"].as_str(), Some("D0" | "D1" | "D2" | "D3"))
        && request["job_id"].as_str().is_some_and(|id| id.len() == 36)
        && request.get("params").is_some_and(Value::is_object);
    if !whole {
        say("G-SCHEMA", "MEX-SCHEMA-ENVELOPE");
        open.extend(["G-CAP", "G-INTEGRITY", "G-BUDGET", "G-PROVENANCE", "G-DET"]);
        return (said, open);
    }
    let engine = world.engines["engines"]
        .as_array()
        .and_then(|list| list.iter().find(|own| own["engine_id"] == request["engine_id"]));
    let operation = engine.and_then(|engine| {
        let list = engine["operations"].as_array()?;
        list.iter().find(|own| own["operation"] == request["operation"])
    });
    match (engine, operation) {
        (None, _) => say("G-SCHEMA", "MEX-SCHEMA-ENGINE"),
        (Some(_), None) => say("G-SCHEMA", "MEX-SCHEMA-OPERATION"),
        (Some(_), Some(_)) => {}
    }
    if engine.is_some() && request["engine_version_req"] == "^9" {
        say("G-SCHEMA", "MEX-SCHEMA-VERSION");
    }
    if operation.is_none() {
        open.extend(["G-CAP", "G-INTEGRITY", "G-BUDGET", "G-PROVENANCE", "G-DET"]);
    }

    // Schema of params and inputs, for what the generator makes.
    let params = &request["params"];
    if let Some(operation) = operation {
        let properties = &operation["params"]["properties"];
        let unknown = params.as_object().unwrap().keys().any(|key| properties.get(key).is_none());
        let scope = params.get("scope").is_some_and(|scope| scope != "tree" && scope != "history");
        let missing =
            texts(&operation["params"]["required"]).iter().any(|key| params.get(key).is_none());
        let offered = texts(&properties["tools"]["items"]["enum"]);
        let tools = texts(&params["tools"]).iter().any(|tool| !offered.contains(tool));
        let long = texts(&params["lockfiles"]).iter().any(|path| path.len() > 4096);
        if unknown || scope || missing || tools || long {
            say("G-SCHEMA", "MEX-SCHEMA-PARAMS");
        }
        let wants = texts(&operation["input_kinds"]).contains(&"manifest".to_owned());
        if request["inputs"].as_array().unwrap().len() != usize::from(wants) {
            say("G-SCHEMA", "MEX-SCHEMA-ENVELOPE");
        }
    }

    // Capabilities.
    let requested: BTreeSet<String> =
        texts(&request["capabilities_requested"]).into_iter().collect();
    if requested.is_empty() {
        say("G-CAP", "MEX-CAP-EMPTY");
    }
    let profile = world.profiles["profiles"].as_array().and_then(|list| {
        list.iter().find(|own| own["profile_id"] == request["capability_profile_id"])
    });
    if profile.is_none() {
        say("G-CAP", "MEX-CAP-PROFILE");
    }
    let mut required = BTreeSet::new();
    let mut usable = BTreeSet::new();
    if let (Some(engine), Some(operation)) = (engine, operation) {
        required.extend(texts(&engine["required_capabilities"]));
        required.extend(texts(&operation["required_capabilities"]));
        usable.extend(required.clone());
        usable.extend(texts(&operation["optional_capabilities"]));
    }
    for id in &requested {
        let scoped_axis =
            ["fs.read", "fs.write", "net.http", "device"].contains(&base(id)) && id.contains(':');
        if !world.known.contains(id) && !scoped_axis {
            say("G-CAP", "HSK-4001");
            continue;
        }
        if operation.is_some() && !usable.iter().any(|own| wide(own, id)) {
            say("G-CAP", "MEX-CAP-NOT-NEEDED");
        }
        if profile.is_some_and(|own| !texts(&own["capabilities"]).iter().any(|own| wide(own, id))) {
            say("G-CAP", "MEX-CAP-NOT-GRANTED");
        }
        if ["net.http", "device", "secrets.use"].contains(&base(id)) {
            let named = texts(&request["consents"]);
            let held = world.live.iter().any(|(consent, capability, own)| {
                named.contains(consent)
                    && wide(capability, id)
                    && own.as_ref().is_none_or(|own| *own == request["capability_profile_id"])
            });
            if !held {
                say("G-CAP", "MEX-CAP-CONSENT");
            }
        }
    }
    if !required.is_subset(&requested) {
        say("G-CAP", "MEX-CAP-NOT-REQUESTED");
    }

    // Integrity.
    if params.to_string().len() > 32_768 {
        say("G-INTEGRITY", "MEX-INTEGRITY-PARAMS-SIZE");
    }
    if !request["inputs"].as_array().unwrap().is_empty()
        && let Some(code) = world.bad_input
    {
        say("G-INTEGRITY", code);
    }
    if let Some(operation) = operation {
        let has_paths = operation["params"]["properties"].get("lockfiles").is_some();
        if has_paths
            && texts(&params["lockfiles"]).iter().any(|path| world.bad_paths.contains(path))
        {
            say("G-INTEGRITY", "MEX-INTEGRITY-PATH");
        }
        let chosen = params.get("tools").map(texts);
        for tool in texts(&operation["tools"]) {
            if chosen.as_ref().is_none_or(|chosen| chosen.contains(&tool))
                && let Some(code) = world.bad_tools.get(&tool)
            {
                say("G-INTEGRITY", code);
            }
        }
        if !world.conformant {
            say("G-INTEGRITY", "MEX-INTEGRITY-CONFORMANCE");
        }
    }

    // Budget.
    match request["budget"].as_object() {
        None => {
            say("G-BUDGET", "MEX-BUDGET-MISSING");
            open.remove("G-BUDGET");
        }
        Some(budget) => {
            for (field, value) in budget {
                let value = value.as_u64().unwrap();
                if value == 0 {
                    say("G-BUDGET", "MEX-BUDGET-ZERO");
                }
                if operation.is_some_and(|own| value > own["max_budget"][field].as_u64().unwrap()) {
                    say("G-BUDGET", "MEX-BUDGET-EXCEEDS");
                }
            }
        }
    }

    // Provenance and determinism.
    let level = request["determinism"].as_str().unwrap();
    let live = matches!(level, "D0" | "D1");
    if live && request["evidence_policy"].is_null() {
        say("G-PROVENANCE", "MEX-PROVENANCE-POLICY");
    }
    let roles = texts(&request["output_spec"]["roles"]);
    let made = operation.map(|own| texts(&own["output_roles"]));
    if roles.is_empty() || made.is_some_and(|made| roles.iter().any(|role| !made.contains(role))) {
        say("G-PROVENANCE", "MEX-PROVENANCE-ROLES");
    }
    if live && request["evidence_policy"]["required"] != true {
        say("G-DET", "MEX-DET-POLICY");
    }
    if operation.is_some_and(|own| level > own["determinism_ceiling"].as_str().unwrap()) {
        say("G-DET", "MEX-DET-CEILING");
    }
    open.retain(|gate| !said.contains_key(gate));
    (said, open)
}

const OPERATIONS: [(&str, &str); 6] = [
    ("engine.guard.secret_scan", "secret_scan"),
    ("engine.supply_chain.vuln", "vuln_scan"),
    ("engine.supply_chain.vuln", "npm_audit_live"),
    ("engine.supply_chain.license", "license_scan"),
    ("engine.supply_chain.fetch", "advisory_db_sync"),
    ("engine.supply_chain.fetch", "tool_install"),
];
const MUTATIONS: u32 = 48;

/// Changes request, the gates' world and the model's world in one way each.
fn mutate(kind: u32, request: &mut Value, world: &mut World, plain: &mut Plain) {
    let capabilities = |request: &mut Value, id: &str| {
        request["capabilities_requested"].as_array_mut().unwrap().push(json!(id));
    };
    let consent =
        |world: &mut World, request: &mut Value, n: u64, id: &str, profile: Option<&str>| {
            world.consents.push(Consent {
                id: ConsentId::new(uuid(n)),
                capability_id: id.parse().unwrap(),
                profile_id: profile.map(|own| own.parse().unwrap()),
                granted_by: "tester".parse().unwrap(),
                granted_at: "2026-11-21T11:00:00Z".parse().unwrap(),
                expires_at: "2026-11-22T11:00:00Z".parse().unwrap(),
                revoked_at: None,
            });
            request["consents"].as_array_mut().unwrap().push(json!(uuid(n)));
        };
    match kind {
        0 => request["schema_version"] = json!("poe-2.0"),
        1 => request["surprise"] = json!(true),
        2 => drop(request.as_object_mut().unwrap().remove("inputs")),
        3 => request["determinism"] = json!("D4"),
        4 => request["job_id"] = json!(7),
        5 => request["params"] = json!([]),
        6 => request["engine_id"] = json!("engine.unheard_of"),
        7 => request["operation"] = json!("unheard_of"),
        8 => request["engine_version_req"] = json!("^9"),
        9 => request["engine_version_req"] = json!(null),
        10 => request["params"]["path"] = json!("../x"),
        11 => request["params"]["scope"] = json!("everything"),
        12 => request["params"]["scope"] = json!("history"),
        13 => request["inputs"] = json!([]),
        14 => request["capabilities_requested"] = json!([]),
        15 => capabilities(request, "made.up"),
        16 => capabilities(request, "proc.exec:rm"),
        17 => capabilities(request, "Not A Capability"),
        18 => capabilities(request, "doc.summarize"),
        19 => capabilities(request, "fs.read"),
        20 => drop(request["capabilities_requested"].as_array_mut().unwrap().pop()),
        21 => request["capability_profile_id"] = json!("nobody"),
        22 => request["capability_profile_id"] = json!("Analyst"),
        23 => request["capability_profile_id"] = json!("Coder"),
        24 => capabilities(request, "net.http:api.osv.dev"),
        25 => {
            consent(world, request, 50, "net.http", None);
            plain.live.push((uuid(50).to_string(), "net.http".into(), None));
        }
        26 => {
            consent(world, request, 51, "net.http:api.osv.dev", Some("Coder"));
            let own = ("net.http:api.osv.dev".to_owned(), Some("Coder".to_owned()));
            plain.live.push((uuid(51).to_string(), own.0, own.1));
        }
        27 => {
            consent(world, request, 52, "net.http", None);
            world.consents.last_mut().unwrap().expires_at = NOW.parse().unwrap();
        }
        28 => {
            consent(world, request, 53, "net.http", None);
            world.consents.last_mut().unwrap().revoked_at = Some(NOW.parse().unwrap());
        }
        29 => {
            consent(world, request, 54, "net.http", None);
            request["consents"].as_array_mut().unwrap().pop();
        }
        30 => request["params"]["tools"] = json!(["osv-scanner"]),
        31 => request["params"]["lockfiles"] = json!(["Cargo.lock"]),
        32 => {
            request["params"]["lockfiles"] = json!(["../Cargo.lock"]);
            plain.bad_paths.insert("../Cargo.lock".into());
            world.paths.insert("../Cargo.lock".into(), PathFact::StagedFile);
        }
        33 => {
            request["params"]["lockfiles"] = json!(["cargo.lock", "Cargo.lock"]);
            plain.bad_paths.insert("cargo.lock".into());
            let staged = "Cargo.lock".to_owned();
            world.paths.insert("cargo.lock".into(), PathFact::CaseDiffers { staged });
        }
        34 => {
            request["params"]["lockfiles"] = json!(["link/Cargo.lock"]);
            plain.bad_paths.insert("link/Cargo.lock".into());
            world.paths.insert("link/Cargo.lock".into(), PathFact::LinkLeaves);
        }
        35 => {
            let state = ArtifactState::Corrupt;
            world.artifacts.values_mut().for_each(|own| *own = state);
            plain.bad_input = Some("MEX-INTEGRITY-INPUT-CORRUPT");
        }
        36 => {
            world.artifacts.clear();
            plain.bad_input = Some("MEX-INTEGRITY-INPUT-MISSING");
        }
        37 => {
            for (name, code, state) in [
                ("gitleaks", "MEX-INTEGRITY-TOOL-MISSING", ToolState::Missing),
                ("cargo-audit", "MEX-INTEGRITY-TOOL-UNPINNED", ToolState::Unpinned),
            ] {
                world.tools.insert(name.parse().unwrap(), state);
                plain.bad_tools.insert(name.into(), code);
            }
        }
        38 => {
            world.conformance.values_mut().for_each(|own| *own = ConformanceState::Failed);
            plain.conformant = false;
        }
        39 => request["budget"] = json!(null),
        40 if request["budget"].is_object() => request["budget"]["memory_bytes"] = json!(0),
        41 if request["budget"].is_object() => request["budget"]["wall_time_ms"] = json!(u64::MAX),
        40 | 41 => {}
        42 => request["determinism"] = json!("D3"),
        43 => {
            request["determinism"] = json!("D1");
            request["evidence_policy"] = json!(null);
        }
        44 => request["evidence_policy"] = json!({"required": false}),
        45 => request["output_spec"]["roles"] = json!([]),
        46 => request["output_spec"]["roles"] = json!(["report", "gold"]),
        47 => {
            let long = format!("a/{}", "b".repeat(33_000));
            request["params"]["lockfiles"] = json!([long]);
            plain.bad_paths.insert(long);
        }
        _ => unreachable!("no such mutation"),
    }
}

fn known() -> BTreeSet<String> {
    let registry: Value = serde_json::from_str(REGISTRY).unwrap();
    let list = registry["capabilities"].as_array().unwrap().clone();
    list.iter().filter_map(|own| own["capability_id"].as_str()).map(str::to_owned).collect()
}

/// The gates and the model agree on outcome and codes of each gate, and on admission.
#[test]
fn gates_agree_with_the_reference_model() {
    let long = std::env::var_os("MEX_LONG_TESTS").is_some();
    let cases = if long { 100_000 } else { 4_000 };
    let (admitted, denied) = (Cell::new(0_u32), Cell::new(0_u32));
    let seen = std::cell::RefCell::new(BTreeSet::new());
    let pristine = std::cell::RefCell::new(World::new());
    let engines: Value = serde_json::from_str(ENGINES).unwrap();
    let profiles: Value = serde_json::from_str(PROFILES).unwrap();
    let known = known();
    let strategy = (
        0..OPERATIONS.len(),
        prop_oneof![Just(true), Just(true), Just(false)],
        proptest::collection::vec(0..MUTATIONS, 0..4),
    );
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&strategy, |(operation, consented, mutations)| {
        let mut world = pristine.borrow_mut();
        let fresh = |world: &mut World| {
            world.consents.clear();
            world.paths = [("Cargo.lock".to_owned(), PathFact::StagedFile)].into();
            world.artifacts = [(world.manifest.clone(), ArtifactState::Intact)].into();
            let names: Vec<_> = world.tools.keys().cloned().collect();
            world.tools = names
                .into_iter()
                .map(|name| (name.clone(), ToolState::Pinned(crate::support::tool(name.as_str()))))
                .collect();
            world.conformance.values_mut().for_each(|own| *own = ConformanceState::Passed);
        };
        fresh(&mut world);
        let mut plain = Plain {
            engines: engines.clone(),
            known: known.clone(),
            profiles: profiles.clone(),
            bad_tools: BTreeMap::new(),
            bad_input: None,
            bad_paths: BTreeSet::new(),
            conformant: true,
            live: Vec::new(),
        };
        let (engine, name) = OPERATIONS[operation];
        let mut request = world.request(engine, name);
        match name {
            "advisory_db_sync" => request["params"] = json!({"ecosystem": "npm"}),
            "tool_install" => request["params"] = json!({"tool": "gitleaks"}),
            _ => {}
        }
        if texts(&request["capabilities_requested"]).contains(&"net.http".to_owned()) && consented {
            request["capability_profile_id"] = json!("Coder");
            mutate(25, &mut request, &mut world, &mut plain);
        }
        // What spoils the shape comes last, so that the others find it whole.
        let mut mutations = mutations;
        mutations.sort_by_key(|kind| (*kind < 6, *kind));
        for kind in mutations {
            // A mutation of params needs them to be an object still.
            mutate(kind, &mut request, &mut world, &mut plain);
        }
        let (said, open) = model(&request, &plain);
        let attempt = Attempt::parse(&request.to_string(), OpId::new(uuid(9))).unwrap();
        let facts = world.facts();
        let judgement = judge(&attempt, &facts);
        prop_assert_eq!(judgement.gates.len(), 6);
        for report in &judgement.gates {
            let gate = report.gate.as_str();
            let codes: BTreeSet<_> = report.denials.iter().map(|own| own.code.as_str()).collect();
            let expected = said.get(gate).cloned().unwrap_or_default();
            prop_assert_eq!(&codes, &expected, "{} of {}", gate, request);
            let outcome = match (expected.is_empty(), open.contains(gate)) {
                (false, _) => GateOutcome::Deny,
                (true, true) => GateOutcome::NotEvaluated,
                (true, false) => GateOutcome::Pass,
            };
            prop_assert_eq!(report.outcome, outcome, "{} of {}", gate, request);
            seen.borrow_mut().extend(codes);
        }
        let allowed = said.is_empty() && open.is_empty();
        prop_assert_eq!(judgement.admitted.is_some(), allowed, "{}", request);
        let count = if allowed { &admitted } else { &denied };
        count.set(count.get() + 1);
        Ok(())
    });
    if let Err(failure) = run {
        panic!("{failure}");
    }
    assert!(admitted.get() > cases / 20, "{} admitted", admitted.get());
    assert!(denied.get() > cases / 5, "{} denied", denied.get());
    assert!(seen.borrow().len() >= 22, "every kind of denial occurs: {:?}", seen.borrow());
}
