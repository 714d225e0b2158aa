//! Our own registry is what our own specification says.

use std::path::{Path, PathBuf};

use mex_runtime::capability::CapabilityRegistry;
use mex_runtime::capability::draft::{Certainty, EntryField, FindingKind, Form, RegistryDraft};
use mex_runtime::capability::extract::{
    Deterministic, ExtractInput, Extractor as _, SpecFile, outlines,
};
use mex_runtime::capability::validate::{Against, Subject, validate};
use mex_runtime::engine::EngineCatalog;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn draft() -> RegistryDraft {
    let spec = text("capability_registry/spec/README.md");
    let engines = text("mechanical_engines.json");
    let previous = text("capability_registry/assets/capability_registry.json");
    let files = [SpecFile { name: "spec/README.md", bytes: spec.as_bytes() }];
    let input = ExtractInput {
        specification: &files,
        engines: Some(("mechanical_engines.json", &engines)),
        previous: Some(("capability_registry.json", &previous)),
    };
    Deterministic.extract(&input).unwrap()
}

/// REG-2, REG-6: extracting `capability_registry/spec/` gives exactly the committed registry.
#[test]
fn reg_2_our_specification_gives_our_registry_byte_for_byte() {
    let committed = text("capability_registry/assets/capability_registry.json");
    let registry = CapabilityRegistry::parse(&committed).unwrap();
    let version = registry.version().parse().unwrap();
    assert_eq!(draft().registry_text(&version).unwrap(), committed);
}

/// REG-2: nothing of it is guessed but the heading, nothing contradicts, nothing is uncovered; what
/// the engines name says so.
#[test]
fn reg_2_our_specification_states_everything_and_contradicts_nothing() {
    let draft = draft();
    for one in &draft.entries {
        let derived: Vec<EntryField> = one.derived.iter().map(|field| field.field).collect();
        assert_eq!(derived, [EntryField::SectionRef], "{}", one.entry.capability_id);
        assert_eq!(one.certainty, Certainty::High, "{}", one.entry.capability_id);
    }
    let beside: Vec<_> =
        draft.findings.iter().filter(|one| one.kind != FindingKind::Mention).collect();
    assert!(beside.is_empty(), "{beside:#?}");
    let syft = draft
        .entries
        .iter()
        .find(|one| one.entry.capability_id.as_str() == "proc.exec:syft")
        .unwrap();
    assert!(syft.places.iter().any(|place| place.form == Form::Engines), "{:#?}", syft.places);
    assert!(syft.places.iter().any(|place| place.form == Form::Table));
    assert_eq!(draft.previous.unwrap().capability_registry_version, "1.0.0");
    assert!(draft.engines.iter().any(|one| one.engine_id == "engine.supply_chain.sbom"));
}

/// REG-3: our own registry breaks no rule, and everything in it is used by somebody.
#[test]
fn reg_3_our_own_registry_is_valid() {
    let spec = text("capability_registry/spec/README.md");
    let outlines =
        outlines(&[SpecFile { name: "spec/README.md", bytes: spec.as_bytes() }]).unwrap();
    let catalog = EngineCatalog::parse(&text("mechanical_engines.json")).unwrap();
    let profiles = text("capability_registry/profiles.json");
    let against =
        Against { outlines: Some(&outlines), engines: Some(&catalog), profiles: Some(&profiles) };
    let draft = draft();
    let validation = validate(Subject::Draft(&draft), against).unwrap();
    assert!(validation.valid, "{:#?}", validation.defects);
    assert_eq!(validation.entries, 20);
    let registry = text("capability_registry/assets/capability_registry.json");
    let validation = validate(Subject::Registry(&registry), against).unwrap();
    assert!(validation.valid, "{:#?}", validation.defects);
}
