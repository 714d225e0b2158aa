//! The hand-labelled sample: what a person says each text declares, held against the extractor.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mex_runtime::capability::draft::RegistryDraft;
use mex_runtime::capability::extract::{Deterministic, ExtractInput, Extractor as _, SpecFile};
use serde::Deserialize;

/// What a person says of one file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    /// Each capability declared, with the line.
    declares: BTreeMap<String, u64>,
    /// Each engine declared, with the line.
    #[serde(default)]
    engines: BTreeMap<String, u64>,
    /// What looks like a declaration and is none.
    mentions: BTreeSet<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/registry/sample")
}

fn labels() -> BTreeMap<String, Labels> {
    let text = std::fs::read_to_string(folder().join("labels.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn draft(name: &str) -> RegistryDraft {
    let bytes = std::fs::read(folder().join(name)).unwrap();
    let files = [SpecFile { name, bytes: &bytes }];
    let input = ExtractInput { specification: &files, engines: None, previous: None };
    Deterministic.extract(&input).unwrap()
}

/// Everything a draft declares, as `(file, id, line)`.
fn declared(name: &str) -> BTreeSet<(String, String, u64)> {
    let draft = draft(name);
    let entries = draft
        .entries
        .iter()
        .map(|one| (one.entry.capability_id.to_string(), one.places.first().unwrap().first_line));
    let engines = draft
        .engines
        .iter()
        .map(|one| (one.engine_id.clone(), one.places.first().unwrap().first_line));
    entries.chain(engines).map(|(id, line)| (name.to_owned(), id, line)).collect()
}

/// REG-2: on texts in fourteen styles of writing, at least 95 of 100 declarations are found, and at
/// least 95 of 100 found ones are declarations. A line that is off by more than a paragraph counts
/// as not found.
#[test]
fn reg_2_precision_and_recall_on_the_labelled_sample_are_at_least_95_percent() {
    let labels = labels();
    let files = std::fs::read_dir(folder()).unwrap().count() - 1;
    assert_eq!(files, labels.len(), "a file has no labels");
    let (mut missed, mut wrong, mut right, mut expected_all) = (Vec::new(), Vec::new(), 0, 0);
    for (name, labels) in &labels {
        let found = declared(name);
        let expected: BTreeMap<&String, u64> =
            labels.declares.iter().chain(&labels.engines).map(|(id, line)| (id, *line)).collect();
        expected_all += expected.len();
        for (_, id, line) in &found {
            match expected.get(id) {
                Some(at) if at.abs_diff(*line) <= 4 => right += 1,
                _ => wrong.push(format!("{name}:{line} {id}")),
            }
        }
        for (id, line) in &expected {
            let hit = |(_, own, at): &(String, String, u64)| own == *id && at.abs_diff(*line) <= 4;
            if !found.iter().any(hit) {
                missed.push(format!("{name}:{line} {id}"));
            }
        }
        for id in &labels.mentions {
            assert!(!expected.contains_key(id), "`{id}` is labelled twice in {name}");
        }
    }
    assert!(expected_all >= 60, "the sample has {expected_all} declarations");
    let precision = f64::from(right) / (f64::from(right) + wrong.len() as f64);
    let recall = f64::from(right) / expected_all as f64;
    println!("{expected_all} declarations, precision {precision:.3}, recall {recall:.3}");
    let report = format!("missed: {missed:#?}\nwrong: {wrong:#?}");
    assert!(precision >= 0.95 && recall >= 0.95, "{precision:.3} {recall:.3}\n{report}");
}
