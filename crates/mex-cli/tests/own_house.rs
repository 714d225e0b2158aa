//! The product judges itself (promise P35, contract SC-9): this repository, scanned in release mode
//! by the built binary with the provisioned tools. Never accepts a finding, nor a gap it does not know.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]
#![expect(clippy::expect_used, reason = "a panic in a test is the failure report")]
#![expect(clippy::disallowed_methods, reason = "this test starts the built binary itself")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Names packages by version and digest, and no licence.
const PACKAGES_OF_SCANCODE: &str = "crates/mex-scanners/assets/scancode/requirements.txt";
const PACKAGES_OF_PAGES: &str = "ui/package-lock.json";

fn tools_dir() -> PathBuf {
    let folder = std::env::var_os("MEX_TOOLS_DIR").map(PathBuf::from).unwrap_or_else(|| {
        panic!("MEX_TOOLS_DIR must name the provisioned tools: run the tests with `./dev test`")
    });
    assert!(folder.join("tools").is_dir(), "`{}` holds no tools", folder.display());
    folder
}

fn mex(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mex"))
        .args(arguments)
        .env("MEX_DATA_DIR", data)
        .env("MEX_TOOLS_DIR", tools_dir())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What stands against a pass, without what only warns or is lifted: `(rule, job)`.
fn standing(verdict: &Value) -> BTreeSet<(String, String)> {
    let reasons = verdict["reasons"].as_array().expect("reasons");
    reasons
        .iter()
        .filter(|reason| reason["effect"] != "warns" && reason["lifted_by"].is_null())
        .map(|reason| {
            let word = |field: &str| reason[field].as_str().unwrap_or_default().to_owned();
            let mut rule = word("rule");
            if rule == "SC-3/gap" {
                rule = format!("{rule} {}", word("subject"));
            }
            (rule, word("job"))
        })
        .collect()
}

/// What may stand against us where no fresh database can be had.
fn accepted(verdict: &Value) -> BTreeSet<(String, String)> {
    // The packages of one tool are pinned by a file that has no place for licences, and without a
    // synchronised database nobody knows their advisories, nor those of the pages' packages.
    let mut accepted: BTreeSet<(String, String)> =
        [(format!("SC-3/gap {PACKAGES_OF_SCANCODE}"), "license".to_owned())].into();
    let databases = verdict["databases"].as_array().expect("databases");
    for (ecosystem, lockfile) in [("PyPI", PACKAGES_OF_SCANCODE), ("npm", PACKAGES_OF_PAGES)] {
        let of = |one: &Value| {
            one["database"]["ecosystem"] == ecosystem || one["ecosystem"] == ecosystem
        };
        if !databases.iter().any(of) {
            accepted.insert((format!("SC-3/gap {lockfile}"), "vuln".to_owned()));
        }
    }
    assert!(!databases.is_empty(), "the scan names no database");
    if databases.iter().any(|database| database["stale"] == true) {
        accepted.insert(("SC-3/stale-database".to_owned(), "vuln".to_owned()));
    }
    accepted
}

/// P35: nothing in this repository blocks a release; what keeps it incomplete is exactly the stale
/// embedded database and one file of pins that has no place for licences.
#[test]
fn this_repository_is_incomplete_for_exactly_the_known_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let conformance = mex(&data, &["conformance", "--quiet"]);
    assert!(conformance.status.success(), "{}", String::from_utf8_lossy(&conformance.stderr));

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.to_str().unwrap();
    let scan = mex(&data, &["scan", root, "--release", "--quiet", "--format", "json"]);
    let stderr = String::from_utf8_lossy(&scan.stderr);
    let outcome: Value = serde_json::from_slice(&scan.stdout)
        .unwrap_or_else(|error| panic!("stdout is not one JSON document: {error}; {stderr}"));
    let verdict = &outcome["verdict"];
    assert_eq!(standing(verdict), accepted(verdict), "{verdict:#}");
    assert_eq!((verdict["verdict"].as_str(), scan.status.code()), (Some("incomplete"), Some(4)));
}

/// The check itself refuses a blocking finding and an unknown gap, and sees through lifted ones.
#[test]
fn own_gate_check_refuses_what_it_does_not_know() {
    let reason = |rule: &str, effect: &str, job: &str| serde_json::json!({"rule": rule, "effect": effect, "job": job, "lifted_by": null});
    let mut packages = reason("SC-3/gap", "leaves_incomplete", "license");
    packages["subject"] = PACKAGES_OF_SCANCODE.into();
    let mut advisories = packages.clone();
    advisories["job"] = "vuln".into();
    let mut advisories_of_pages = advisories.clone();
    advisories_of_pages["subject"] = PACKAGES_OF_PAGES.into();
    let verdict = serde_json::json!({
        "databases": [{"stale": true}],
        "reasons": [
            packages,
            advisories,
            advisories_of_pages,
            reason("SC-3/stale-database", "leaves_incomplete", "vuln"),
            reason("SC-2/vulnerability", "warns", "vuln"),
        ],
    });
    assert_eq!(standing(&verdict), accepted(&verdict));
    for bad in [
        reason("SC-2/secret", "blocks", "secret"),
        reason("SC-3/gap", "leaves_incomplete", "vuln"),
        reason("SC-3/gap", "leaves_incomplete", "sbom"),
        reason("SC-3/job-left-out", "leaves_incomplete", "sbom"),
        reason("SC-8/unsandboxed", "leaves_incomplete", "secret"),
    ] {
        let mut verdict = verdict.clone();
        verdict["reasons"].as_array_mut().unwrap().push(bad.clone());
        assert_ne!(standing(&verdict), accepted(&verdict), "{bad}");
    }
    let mut fresh = verdict;
    fresh["databases"][0]["stale"] = false.into();
    assert_ne!(standing(&fresh), accepted(&fresh), "a stale reason without a stale database");
}
