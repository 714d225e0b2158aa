//! `docs/conformance.md` holds: every id of the contract and every promise stands there once, and
//! every test named there exists. Reads documents and sources; never judges what a test proves.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The ids of the contract, by prefix and count.
const SERIES: &[(&str, u32)] = &[
    ("ENV", 6),
    ("DET", 4),
    ("GATE", 9),
    ("FR", 9),
    ("DIAG", 6),
    ("ART", 4),
    ("SC", 13),
    ("CAP", 5),
    ("REG", 8),
    ("UI", 6),
    ("SEAL", 3),
];

/// Promises whose number is in use.
const PROMISES: &[u32] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 28, 29, 30, 31,
    32, 35, 36, 37, 38, 40,
];

/// Sections without ids of their own.
const SECTIONS: &[&str] = &["CLI", "BUNDLE", "INPUT"];

fn expected() -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for (prefix, count) in SERIES {
        ids.extend((1..=*count).map(|number| format!("{prefix}-{number}")));
    }
    ids.extend(PROMISES.iter().map(|number| format!("P{number}")));
    ids.extend(SECTIONS.iter().map(|section| (*section).to_owned()));
    ids
}

/// id -> the cell that says what proves it. A row is `| ID | what | proof |`.
fn rows(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, _, proof] = cells.as_slice() else {
            return Err(format!("a row has not three cells: {line}"));
        };
        if *id == "id" {
            continue;
        }
        if rows.insert((*id).to_owned(), (*proof).to_owned()).is_some() {
            return Err(format!("`{id}` stands there twice"));
        }
    }
    Ok(rows)
}

/// Each name in backticks.
fn names(proof: &str) -> impl Iterator<Item = &str> {
    proof.split('`').skip(1).step_by(2)
}

fn sources() -> BTreeMap<String, String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join("crates"), &mut found);
    walk(&root().join("src-tauri/src"), &mut found);
    walk(&root().join("src-tauri/tests"), &mut found);
    found
        .into_iter()
        .map(|path| {
            let name = match path.strip_prefix(root().join("crates")) {
                Ok(name) => name.to_owned(),
                // The desktop's crate lies where Tauri looks for it.
                Err(_) => Path::new("mex-desktop")
                    .join(path.strip_prefix(root().join("src-tauri")).unwrap()),
            };
            (name.to_str().unwrap().replace('\\', "/"), std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// `crate/path::test_name`: the file `crates/crate/path.rs` defines that test. The name
/// `compile_fail` stands for the file's doc tests that must not compile.
fn missing_test(name: &str, sources: &BTreeMap<String, String>) -> Option<String> {
    let Some((file, test)) = name.rsplit_once("::") else {
        return Some(format!("`{name}` is not `crate/path::test`"));
    };
    let Some(text) = sources.get(&format!("{file}.rs")) else {
        return Some(format!("`{name}`: there is no file `crates/{file}.rs`"));
    };
    if test == "compile_fail" {
        let missing = !text.contains("/// ```compile_fail,");
        return missing.then(|| format!("`{name}`: the file has no such doc test"));
    }
    let defines = |line: &str| {
        let line = line.trim_start();
        line.strip_prefix("fn ")
            .or_else(|| line.strip_prefix("async fn "))
            .and_then(|rest| rest.strip_prefix(test))
            .is_some_and(|rest| rest.starts_with('('))
    };
    let lines: Vec<&str> = text.lines().collect();
    let is_test = lines.iter().enumerate().any(|(at, line)| {
        defines(line) && lines[at.saturating_sub(6)..at].iter().any(|line| line.contains("#[test]"))
    });
    (!is_test).then(|| format!("`{name}`: `crates/{file}.rs` has no such test"))
}

#[test]
fn every_id_of_the_contract_stands_once() {
    let text = std::fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    let found: BTreeSet<String> = rows(&text).unwrap().into_keys().collect();
    let expected = expected();
    let missing: Vec<_> = expected.difference(&found).collect();
    let unknown: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
    assert!(unknown.is_empty(), "no such id: {unknown:?}");
}

#[test]
fn every_row_names_real_tests_or_says_open() {
    let text = std::fs::read_to_string(root().join("docs/conformance.md")).unwrap();
    let sources = sources();
    let mut wrong = Vec::new();
    for (id, proof) in rows(&text).unwrap() {
        let open = ["open (A)", "open (B)", "open (C)", "open (D)", "open (E)"]
            .iter()
            .any(|word| proof.contains(word));
        if names(&proof).next().is_none() && !open {
            wrong.push(format!("{id} names no test and is not open"));
        }
        wrong.extend(names(&proof).filter_map(|name| missing_test(name, &sources)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn table_check_refuses_doubles_and_tests_that_do_not_exist() {
    assert!(rows("| ENV-1 | a | open (B) |\n| ENV-1 | b | open (B) |").is_err());
    assert!(rows("| ENV-1 | a |").is_err());
    let sources = sources();
    let here = "mex-cli/tests/conformance_table::";
    for (test, exists) in [
        ("table_check_refuses_doubles_and_tests_that_do_not_exist", true),
        ("no_such_test", false),
        ("names", false),
    ] {
        assert_eq!(missing_test(&format!("{here}{test}"), &sources).is_none(), exists, "{test}");
    }
    assert!(missing_test("mex-cli/tests/none::x", &sources).is_some());
    assert!(missing_test("mex-runtime/src/gate/admitted::compile_fail", &sources).is_none());
    assert!(missing_test("mex-runtime/src/code::compile_fail", &sources).is_some());
}
