//! Every rule of a registry, and that a validator that is not ours says the same (contract REG-3).

use std::path::Path;

use mex_runtime::capability::extract::{SpecFile, outlines};
use mex_runtime::capability::validate::{Against, Rule, Subject, Validation, validate};
use mex_runtime::engine::EngineCatalog;
use serde_json::{Value, json};

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

fn committed() -> Value {
    serde_json::from_str(&text("capability_registry/assets/capability_registry.json")).unwrap()
}

fn judge(registry: &str) -> Validation {
    let spec = text("capability_registry/spec/README.md");
    let outlines =
        outlines(&[SpecFile { name: "spec/README.md", bytes: spec.as_bytes() }]).unwrap();
    let catalog = EngineCatalog::parse(&text("mechanical_engines.json")).unwrap();
    let profiles = text("capability_registry/profiles.json");
    let against =
        Against { outlines: Some(&outlines), engines: Some(&catalog), profiles: Some(&profiles) };
    validate(Subject::Registry(registry), against).unwrap()
}

fn rules(validation: &Validation) -> Vec<(String, Rule)> {
    validation.defects.iter().map(|defect| (defect.entry.clone(), defect.rule)).collect()
}

fn entry<'v>(registry: &'v mut Value, id: &str) -> &'v mut Value {
    let list = registry["capabilities"].as_array_mut().unwrap();
    list.iter_mut().find(|entry| entry["capability_id"] == id).unwrap()
}

/// A way to spoil a registry, and the rule it breaks on which entry.
type Spoil = (fn(&mut Value), &'static str, Rule);

const SPOILS: &[Spoil] = &[
    (|all| entry(all, "device")["risk_class"] = json!("scary"), "device", Rule::Schema),
    (|all| entry(all, "device")["risk_class"] = Value::Null, "device", Rule::Schema),
    (
        |all| drop(entry(all, "device").as_object_mut().unwrap().remove("kind")),
        "device",
        Rule::Schema,
    ),
    (|all| entry(all, "device")["display_name"] = json!("  "), "device", Rule::Schema),
    (|all| entry(all, "device")["more"] = json!(1), "device", Rule::Schema),
    (|all| entry(all, "device")["tags"] = json!("axis"), "device", Rule::Schema),
    (
        |all| entry(all, "fs.read:inputs")["capability_id"] = json!("Fs.Read:x"),
        "Fs.Read:x",
        Rule::Schema,
    ),
    (|all| all["schema_version"] = json!("cr-9.0"), "schema_version", Rule::Schema),
    (
        |all| all["capability_registry_version"] = json!("1.0"),
        "capability_registry_version",
        Rule::Schema,
    ),
    (|all| all["surprise"] = json!(1), "surprise", Rule::Schema),
    (|all| all["capabilities"] = json!({}), "capabilities", Rule::Schema),
    (
        |all| {
            let again = entry(all, "device").clone();
            all["capabilities"].as_array_mut().unwrap().push(again);
        },
        "device",
        Rule::Unique,
    ),
    (|all| entry(all, "device")["tags"] = json!([]), "device", Rule::Axis),
    (|all| entry(all, "fs.read")["tags"] = json!([]), "fs.read:inputs", Rule::Scope),
    (
        |all| entry(all, "device")["section_ref"] = json!("spec/README.md#nowhere"),
        "device",
        Rule::Section,
    ),
    (
        |all| entry(all, "device")["section_ref"] = json!("other.md#devices"),
        "device",
        Rule::Section,
    ),
    (|all| entry(all, "device")["section_ref"] = json!("spec/README.md"), "device", Rule::Section),
    (
        |all| entry(all, "device")["required_capabilities"] = json!(["doc.absent"]),
        "device",
        Rule::Required,
    ),
    (
        |all| entry(all, "device")["required_capabilities"] = json!(["device"]),
        "device",
        Rule::Cycle,
    ),
    (
        |all| {
            entry(all, "device")["required_capabilities"] = json!(["net.http"]);
            entry(all, "net.http")["required_capabilities"] = json!(["fs.write"]);
            entry(all, "fs.write")["required_capabilities"] = json!(["device"]);
        },
        "net.http",
        Rule::Cycle,
    ),
    (
        |all| {
            let mut twin = entry(all, "proc.exec:go").clone();
            twin["capability_id"] = json!("proc.exec:GO");
            all["capabilities"].as_array_mut().unwrap().push(twin);
        },
        "proc.exec:GO",
        Rule::LookAlike,
    ),
    (
        |all| {
            let list = all["capabilities"].as_array_mut().unwrap();
            list.retain(|entry| entry["capability_id"] != "proc.exec:syft");
        },
        "proc.exec:syft",
        Rule::Engines,
    ),
    (
        |all| {
            let list = all["capabilities"].as_array_mut().unwrap();
            list.retain(|entry| entry["capability_id"] != "doc.summarize");
        },
        "doc.summarize",
        Rule::Profiles,
    ),
];

/// REG-3: each rule is found broken, with its entry, the section and a next step.
#[test]
fn reg_3_each_rule_is_found_with_its_entry_section_and_hint() {
    assert_eq!(rules(&judge(&committed().to_string())), []);
    for (spoil, id, rule) in SPOILS {
        let mut registry = committed();
        spoil(&mut registry);
        let validation = judge(&registry.to_string());
        assert!(!validation.valid);
        let found =
            validation.defects.iter().find(|defect| defect.entry == *id && defect.rule == *rule);
        let found = found.unwrap_or_else(|| panic!("{id} {rule:?}: {:#?}", validation.defects));
        assert!(!found.message.is_empty() && !found.hint.is_empty());
    }
}

/// REG-3: all broken rules at once, not the first.
#[test]
fn reg_3_all_errors_come_at_once() {
    let mut registry = committed();
    entry(&mut registry, "device")["risk_class"] = json!("scary");
    entry(&mut registry, "net.http")["section_ref"] = json!("spec/README.md#nowhere");
    entry(&mut registry, "fs.write")["required_capabilities"] = json!(["doc.absent"]);
    let found = rules(&judge(&registry.to_string()));
    for (id, rule) in
        [("device", Rule::Schema), ("net.http", Rule::Section), ("fs.write", Rule::Required)]
    {
        assert!(found.contains(&(id.to_owned(), rule)), "{found:?}");
    }
}

/// REG-3: an id nothing uses is a note, and one that is used through its axis or scope is not.
#[test]
fn reg_3_unused_ids_are_notes() {
    let mut registry = committed();
    let mut idle = entry(&mut registry, "doc.summarize").clone();
    idle["capability_id"] = json!("doc.translate");
    registry["capabilities"].as_array_mut().unwrap().push(idle);
    let validation = judge(&registry.to_string());
    assert!(validation.valid, "{:#?}", validation.defects);
    let notes: Vec<&str> = validation
        .notes
        .iter()
        .filter(|note| note.rule == Rule::Unused)
        .map(|note| note.entry.as_str())
        .collect();
    assert!(notes.contains(&"doc.translate"), "{notes:?}");
    assert!(!notes.contains(&"proc.exec:go") && !notes.contains(&"fs.read"), "{notes:?}");
}

/// REG-3: the published JSON Schema, read by a validator that is not ours, refuses exactly the
/// documents in which we find the schema broken.
#[test]
fn reg_3_a_foreign_validator_gives_the_same_answer() {
    let schema: Value =
        serde_json::from_str(&text("schemas/capability-registry.schema.json")).unwrap();
    let foreign = jsonschema::draft202012::new(&schema).unwrap();
    let mut documents = vec![committed(), json!({}), json!([]), json!(null)];
    for (spoil, _, _) in SPOILS {
        let mut registry = committed();
        spoil(&mut registry);
        documents.push(registry);
    }
    for id in [
        "a..b",
        ".a",
        "a.",
        "a:b:c",
        "a b",
        "a.b:",
        "a.b:c//d",
        "a.b:../c",
        "a.b:c/..",
        "a.b:c/../d",
        "a.b:c/.d",
        "A.b",
        "1a",
        "a_b",
        "a.b:C-1_2.3/x",
        "",
        "é",
    ] {
        let mut registry = committed();
        entry(&mut registry, "fs.read:inputs")["capability_id"] = json!(id);
        documents.push(registry);
        let mut registry = committed();
        entry(&mut registry, "device")["required_capabilities"] = json!([id]);
        documents.push(registry);
    }
    for length in [160, 161] {
        let mut registry = committed();
        entry(&mut registry, "fs.read:inputs")["capability_id"] = json!("a".repeat(length));
        documents.push(registry);
    }
    for (field, value) in [
        ("capability_id", json!(1)),
        ("section_ref", json!("")),
        ("section_ref", json!(null)),
        ("required_capabilities", json!("fs.read")),
        ("required_capabilities", json!([1])),
        ("default_governance_mode", json!("strict")),
        ("kind", json!("Engine")),
        ("tags", json!([1])),
        ("tags", json!([])),
        ("display_name", json!("x")),
    ] {
        let mut registry = committed();
        entry(&mut registry, "device")[field] = value;
        documents.push(registry);
    }
    for version in ["1.0.0", "1.0.0-rc.1+5", "01.0.0", "1.0", "v1.0.0", "", "1.0.0-"] {
        let mut registry = committed();
        registry["capability_registry_version"] = json!(version);
        documents.push(registry);
    }
    assert!(documents.len() > 60);
    for document in documents {
        let ours = judge(&document.to_string());
        let broken: Vec<_> = ours.defects.iter().filter(|one| one.rule == Rule::Schema).collect();
        let theirs: Vec<String> =
            foreign.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(broken.is_empty(), theirs.is_empty(), "{broken:#?} {theirs:#?}");
    }
}
