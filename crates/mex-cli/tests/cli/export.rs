//! Exports of real scans: valid by their official schemas, without a secret, whole or not there, and
//! red wherever something did not run (contract section 12; SC-3, FR-9).

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::fault::{Deed, inject};
use crate::harness::{Mex, answer, canary, cargo_lock};
use crate::validate;

const FORMATS: [(&str, &str); 5] = [
    ("sarif", "results.sarif"),
    ("openvex", "openvex.json"),
    ("cyclonedx", "bom.cdx.json"),
    ("spdx", "bom.spdx.json"),
    ("junit", "junit.xml"),
];

/// Of the embedded snapshot.
const VULNERABLE: (&str, &str) = ("smallvec", "0.6.0");

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Judges every format that is there.
fn assert_valid(out: &Path) {
    let none: [String; 0] = [];
    assert_eq!(validate::sarif(&json(&out.join("results.sarif"))), none);
    assert_eq!(validate::junit(&fs::read(out.join("junit.xml")).unwrap()), none);
    let there = |name: &str| Some(out.join(name)).filter(|path| path.exists());
    if let Some(path) = there("openvex.json") {
        assert_eq!(validate::openvex(&json(&path)), none);
    }
    if let Some(path) = there("bom.cdx.json") {
        assert_eq!(validate::cyclonedx(&json(&path)), none);
    }
    if let Some(path) = there("bom.spdx.json") {
        assert_eq!(validate::spdx(&json(&path)), none);
    }
}

#[test]
fn a_scan_leaves_every_format_valid_without_its_secrets_and_the_record_gives_the_same() {
    let mex = Mex::ready();
    let secret = canary();
    mex.write("Cargo.lock", cargo_lock(&[VULNERABLE, ("itoa", "1.0.11")]))
        .write("a b/ü.py", format!("token = \"{secret}\"\n"))
        .write("py/Pipfile.lock", r#"{"default":{},"develop":{"pytest":{"version":"==7.0.0"}}}"#);
    let (out, sarif) = (mex.folder.path().join("out"), mex.folder.path().join("x.sarif"));
    let arguments = ["--release", "--out", text(&out), "--sarif", text(&sarif)];
    let outcome = mex.scan(&arguments).expect(1).json();
    assert_valid(&out);
    assert_eq!(fs::read(&sarif).unwrap(), fs::read(out.join("results.sarif")).unwrap());
    let run = outcome["run_id"].as_str().unwrap();
    for (format, file) in FORMATS {
        let again = mex.run(["artifact", "export", run, "--standard", format]).expect(0).stdout;
        assert_eq!(again, fs::read_to_string(out.join(file)).unwrap(), "{format} of the record");
        let written = mex.folder.path().join(file);
        let arguments = ["artifact", "export", run, "--standard", format, "--out", text(&written)];
        mex.run(arguments).expect(0);
        assert_eq!(again, fs::read_to_string(written).unwrap());
    }
    for entry in fs::read_dir(&out).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&secret), "{}", path.display());
    }
    let seen = json(&sarif);
    let results = seen["runs"][0]["results"].as_array().unwrap();
    let found = results.iter().find(|one| one["ruleId"] == "github-pat").unwrap();
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/%C3%BC.py");
    assert_eq!(place["region"]["startLine"], 1);
    let invocation = &seen["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false, "a lockfile was not read whole");
    let said = invocation["toolExecutionNotifications"].to_string();
    assert!(said.contains("Pipfile.lock"), "{said}");
    let statements = json(&out.join("openvex.json"));
    assert!(statements.to_string().contains("pkg:cargo/smallvec@0.6.0"));
    let bom = json(&out.join("bom.cdx.json"));
    assert_eq!(bom["compositions"][0]["aggregate"], "incomplete");
    assert!(!bom["vulnerabilities"].as_array().unwrap().is_empty());
    assert!(json(&out.join("bom.spdx.json"))["comment"].as_str().unwrap().contains("Pipfile.lock"));
    // Another scan of a mended project takes the place of the first.
    fs::remove_dir_all(mex.project().join("py")).unwrap();
    fs::remove_dir_all(mex.project().join("a b")).unwrap();
    mex.write("Cargo.lock", cargo_lock(&[("itoa", "1.0.11")]));
    mex.scan(&["--out", text(&out)]).expect(0);
    assert_valid(&out);
    assert!(!out.join("openvex.json").exists(), "what an older scan said is not this one's");
    let clean = json(&out.join("results.sarif"));
    assert_eq!(clean["runs"][0]["results"], serde_json::json!([]));
    assert_eq!(clean["runs"][0]["invocations"][0]["executionSuccessful"], true);
    let refused = mex.scan(&["--sarif", text(&out)]).expect(2);
    assert_eq!(refused.json()["code"], "MEX-OUTPUT-PATH");
}

#[test]
fn the_newer_cyclonedx_is_valid_too_and_carries_the_vulnerabilities() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[VULNERABLE]));
    let out = mex.folder.path().join("out");
    let arguments = ["--jobs", "vuln,sbom", "--cyclonedx", "1.7", "--out", text(&out)];
    mex.scan(&arguments).expect(0);
    assert_valid(&out);
    let bom = json(&out.join("bom.cdx.json"));
    assert_eq!(bom["specVersion"], "1.7");
    assert!(!bom["vulnerabilities"].as_array().unwrap().is_empty());
    assert_eq!(mex.scan(&["--cyclonedx", "1.5"]).code, 2);
}

#[test]
fn a_scan_that_every_gate_denies_is_red_in_every_format() {
    let mex = Mex::bare();
    mex.write("Cargo.lock", cargo_lock(&[("itoa", "1.0.11")]));
    let out = mex.folder.path().join("out");
    fs::create_dir(&out).unwrap();
    for (_, file) in FORMATS {
        fs::write(out.join(file), "of an older scan").unwrap();
    }
    mex.scan(&["--out", text(&out)]).expect(3);
    assert_valid(&out);
    let seen = json(&out.join("results.sarif"));
    assert_eq!(seen["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert!(!seen["runs"][0]["results"].as_array().unwrap().is_empty());
    let junit = fs::read_to_string(out.join("junit.xml")).unwrap();
    for job in ["secret", "vuln", "sbom", "verdict"] {
        let case = format!("classname=\"mex.{job}\" time=\"0\"><error ");
        assert!(junit.contains(&case), "{job}: {junit}");
    }
    for file in ["openvex.json", "bom.cdx.json", "bom.spdx.json"] {
        assert!(!out.join(file).exists(), "{file} would speak of what nobody scanned");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_anything_runs() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[]));
    let at = |name: &str| mex.folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("file"), "x").unwrap();
    for (option, place) in [
        ("--sarif", mex.project().to_str().unwrap().to_owned()),
        ("--sarif", at("missing/x.sarif")),
        ("--sarif", at("file/x.sarif")),
        ("--sarif", "/dev/null".to_owned()),
        ("--sarif", "/proc/x.sarif".to_owned()),
        ("--out", at("file")),
        ("--out", at("missing/out")),
        ("--out", "/proc".to_owned()),
    ] {
        let project = mex.project();
        mex.run(["scan", text(&project), option, &place]).refuses(2, "MEX-OUTPUT-PATH");
    }
    let jobs = mex.run(["jobs", "list", "--format", "json"]).expect(0).json();
    assert_eq!(jobs["scans"], serde_json::json!([]), "nothing ran");
    assert_eq!(fs::read(at("file")).unwrap(), b"x");
}

/// The verdict stands whatever becomes of its copies, and no half of one is left.
#[test]
fn a_full_disk_leaves_no_half_export_and_no_pass() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[]));
    for (deed, release_blocks) in
        [(Deed::Full, false), (Deed::Torn, false), (Deed::Error, false), (Deed::Full, true)]
    {
        let out = mex.folder.path().join("out");
        fs::create_dir_all(&out).unwrap();
        fs::write(out.join("results.sarif"), "whole, of an older scan").unwrap();
        if release_blocks {
            mex.write("a.py", format!("token = \"{}\"\n", canary()));
        }
        let project = mex.project();
        let mut arguments =
            vec!["scan", text(&project), "--format", "json", "--jobs", "secret,vuln"];
        arguments.extend(["--out", text(&out)]);
        if release_blocks {
            arguments.push("--release");
        }
        let mut command = mex.command(arguments);
        // The first changes are the look whether the folder can be written to.
        inject(&mut command, &out, deed, 6);
        let answer = answer(command.spawn().unwrap());
        let (code, verdict) = if release_blocks { (1, "block") } else { (4, "pass") };
        assert_eq!(answer.code, code, "{deed:?}: {answer:?}");
        assert_eq!(answer.json()["verdict"]["verdict"], verdict);
        assert!(answer.stderr.contains("error[MEX-OUTPUT-IO]"), "{deed:?}: {answer:?}");
        for entry in fs::read_dir(&out).unwrap() {
            let path = entry.unwrap().path();
            let known = path.extension().is_some_and(|end| end == "json" || end == "sarif");
            assert!(known, "{deed:?} leaves {}", path.display());
            if path.extension().is_some_and(|end| end == "json") {
                json(&path);
            }
        }
        fs::remove_dir_all(&out).unwrap();
    }
}
