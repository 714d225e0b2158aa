//! Bad input: a typed error, exit 2, 3 or 4, nothing changed, nothing lost (contract section 15).

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::harness::{Mex, cargo_lock};

#[test]
fn a_path_that_is_no_readable_folder_is_refused_by_name() {
    let mex = Mex::ready();
    let missing = mex.folder.path().join("nowhere");
    mex.run(["scan", missing.to_str().unwrap()]).refuses(2, "MEX-STAGE-MISSING");
    let file = mex.folder.path().join("file");
    fs::write(&file, "x").unwrap();
    mex.run(["scan", file.to_str().unwrap()]).refuses(2, "MEX-STAGE-NOT-A-FOLDER");
    mex.run(["scan", mex.project().to_str().unwrap()]).refuses(2, "MEX-STAGE-EMPTY");
}

#[test]
fn nonsense_on_the_command_line_is_usage() {
    let mex = Mex::bare();
    for arguments in [
        &["scan"][..],
        &["frobnicate"],
        &["scan", ".", "--no-such"],
        &["problems", "list", "--limit", "0"],
        &["consent", "grant", "net.http", "--reason", "x", "--hours", "0"],
    ] {
        assert_eq!(mex.run(arguments).code, 2, "{arguments:?}");
    }
    let answer = mex.run(["scan", "--format", "json", "--nonsense"]).expect(2);
    assert_eq!(answer.json()["code"], "MEX-USAGE");
    mex.run(["scan", ".", "--jobs", "secrets"]).refuses(2, "MEX-USAGE");
}

#[test]
fn bad_policies_are_refused_with_the_field_and_nothing_runs() {
    let mex = Mex::ready();
    mex.write("a.txt", "a");
    let policy = mex.folder.path().join("policy.toml");
    for text in [
        "",
        "schema_version = \"po-9\"",
        "schema_version = \"po-1.0\"\nschema_version = \"po-1.0\"",
        "unknown = 1",
        "= = =",
        &"#".repeat(2 << 20),
    ] {
        fs::write(&policy, text).unwrap();
        let code = if text.len() > 1 << 20 { "MEX-INPUT-TOO-BIG" } else { "MEX-POLICY-INVALID" };
        mex.run(["scan", mex.project().to_str().unwrap(), "--policy", policy.to_str().unwrap()])
            .refuses(2, code);
    }
    let events =
        mex.run(["recorder", "query", "--type", "terminal_command", "--format", "json"]).json();
    let before = events["items"].as_array().unwrap().len();
    mex.run(["scan", mex.project().to_str().unwrap(), "--policy", "/nowhere"])
        .refuses(2, "MEX-INPUT-UNREADABLE");
    let events =
        mex.run(["recorder", "query", "--type", "terminal_command", "--format", "json"]).json();
    assert_eq!(events["items"].as_array().unwrap().len(), before);
}

#[test]
fn bad_allowlists_are_refused_with_every_fault() {
    let mex = Mex::ready();
    mex.write("a.txt", "a");
    let file = mex.folder.path().join("allow.json");
    for text in ["", "[]", "{\"a\":1,\"a\":2}", "{\"schema_version\":\"al-1.0\"}", "\u{feff}{}"] {
        fs::write(&file, text).unwrap();
        mex.run(["scan", mex.project().to_str().unwrap(), "--allowlist", file.to_str().unwrap()])
            .refuses(2, "MEX-ALLOWLIST-INVALID");
    }
    fs::write(&file, b"\xff\xfe").unwrap();
    mex.run(["scan", mex.project().to_str().unwrap(), "--allowlist", file.to_str().unwrap()])
        .refuses(2, "MEX-INPUT-UNREADABLE");
}

#[test]
fn what_is_no_json_object_is_bad_input_and_any_object_is_a_recorded_attempt() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[]));
    let project = mex.project();
    let project = project.to_str().unwrap();
    let run = ["op", "run", "-", "--workspace", project];
    for text in ["", "nonsense", "[1]", "null", "{\"a\":1,\"a\":2}", "{", "{}{}"] {
        mex.run_with_stdin(run, text.as_bytes()).refuses(2, "MEX-INPUT-NOT-JSON");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    mex.run_with_stdin(run, deep.as_bytes()).refuses(2, "MEX-INPUT-NOT-JSON");
    mex.run_with_stdin(run, &vec![b' '; 3 << 20]).refuses(2, "MEX-INPUT-TOO-BIG");
    let answer = mex.run_with_stdin([&run[..], &["--format", "json"]].concat(), b"{}").expect(3);
    let result = answer.json();
    assert_eq!(result["status"], "denied");
    let gates = mex
        .run(["gates", "show", result["op_id"].as_str().unwrap(), "--format", "json"])
        .expect(0)
        .json();
    let judged: std::collections::BTreeSet<&str> = gates["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|outcome| outcome["event"]["payload"]["gate"].as_str())
        .collect();
    assert_eq!(judged.len(), 6, "{judged:?}");
}

fn planned(mex: &Mex, job: &str) -> Value {
    let project = mex.project();
    mex.run(["op", "plan", job, "--workspace", project.to_str().unwrap()]).expect(0).json()
}

fn run(mex: &Mex, operation: &Value) -> (i32, Value) {
    let project = mex.project();
    let answer = mex.run_with_stdin(
        ["op", "run", "-", "--workspace", project.to_str().unwrap(), "--format", "json"],
        operation.to_string().as_bytes(),
    );
    let result = answer.json();
    (answer.code, result)
}

#[test]
fn a_planned_operation_runs_and_each_spoiled_one_is_denied_by_its_gate() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[("time", "0.1.45")])).write("src/a.txt", "nothing");
    let (code, result) = run(&mex, &planned(&mex, "vuln"));
    assert_eq!((code, result["status"].as_str()), (0, Some("succeeded")), "{result}");
    let spoil: [(&str, Value, &str); 9] = [
        ("/capabilities_requested", json!([]), "MEX-CAP-EMPTY"),
        ("/capabilities_requested", json!(["net.nothing"]), "HSK-4001"),
        ("/capability_profile_id", json!("Analyst"), "MEX-CAP-NOT-GRANTED"),
        ("/budget", Value::Null, "MEX-BUDGET-MISSING"),
        ("/budget/wall_time_ms", json!(u64::MAX), "MEX-BUDGET-EXCEEDS"),
        ("/determinism", json!("D3"), "MEX-DET-CEILING"),
        ("/params", json!({"lockfiles": ["../../etc/passwd"]}), "MEX-INTEGRITY-PATH"),
        ("/params", json!({"unheard": 1}), "MEX-SCHEMA-PARAMS"),
        ("/engine_id", json!("engine.supply_chain.other"), "MEX-SCHEMA-ENGINE"),
    ];
    for (pointer, value, expected) in spoil {
        let mut operation = planned(&mex, "vuln");
        *operation.pointer_mut(pointer).unwrap() = value;
        let (code, result) = run(&mex, &operation);
        assert_eq!(code, 3, "{pointer} {result}");
        let codes: Vec<&str> = result["errors"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|error| error["code"].as_str())
            .collect();
        assert!(codes.contains(&expected), "{pointer}: {codes:?} without {expected}");
    }
}

#[test]
fn a_file_of_two_gigabytes_is_a_gap_at_once_and_the_rest_is_scanned() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[]));
    // Sparse: it has the length and takes no room.
    let big = fs::File::create(mex.project().join("big.bin")).unwrap();
    big.set_len(2 << 30).unwrap();
    let outcome = mex.scan(&[]).expect(4).json();
    let entries = outcome["coverage"]["entries"].as_array().unwrap();
    assert!(
        entries
            .iter()
            .any(|entry| entry["subject"] == "big.bin" && entry["state"] == "not_scanned")
    );
    assert!(entries.iter().any(|entry| entry["subject"] == "files" && entry["state"] == "scanned"));
}

#[test]
fn strange_names_links_and_circles_neither_stop_nor_fool_a_scan() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[]));
    let project = mex.project();
    fs::write(project.join(std::ffi::OsStr::from_bytes(b"not\xffutf8")), "x").unwrap();
    mex.write("new\nline\u{202e}txt", "x").write("deep/a", "x");
    symlink("..", project.join("deep/up")).unwrap();
    symlink("/etc/passwd", project.join("passwd")).unwrap();
    symlink("loop", project.join("loop")).unwrap();
    let answer = mex.scan(&[]).expect(0);
    let coverage = &answer.json()["coverage"]["entries"];
    let subjects: Vec<&str> =
        coverage.as_array().unwrap().iter().filter_map(|entry| entry["subject"].as_str()).collect();
    assert!(subjects.contains(&"passwd"), "{subjects:?}");
}
