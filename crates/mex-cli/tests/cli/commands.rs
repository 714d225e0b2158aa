//! Every other command on a data folder with one scan in it.

use std::fs;

use crate::harness::{Mex, cargo_lock};

fn scanned() -> Mex {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[("time", "0.1.45")]));
    mex.scan(&[]).expect(0);
    mex
}

#[test]
fn what_ran_can_be_followed_from_the_scan_to_the_gates() {
    let mex = scanned();
    let list = mex.run(["jobs", "list", "--format", "json"]).expect(0).json();
    let run = list["scans"][0]["run_id"].as_str().unwrap().to_owned();
    let shown = mex.run(["jobs", "show", &run, "--format", "json"]).expect(0).json();
    let operations = shown["operations"].as_array().unwrap();
    assert_eq!(operations.len(), 3, "one a job");
    for operation in operations {
        let gates = mex.run(["gates", "show", operation["op_id"].as_str().unwrap()]).expect(0);
        for gate in ["G-SCHEMA", "G-CAP", "G-INTEGRITY", "G-BUDGET", "G-PROVENANCE", "G-DET"] {
            assert!(gates.stdout.contains(gate), "{gates:?}");
        }
        assert!(!gates.stdout.contains("DENY"));
    }
    mex.run(["jobs", "show", "ffffffff"]).refuses(2, "MEX-NOT-FOUND");
    mex.run(["gates", "show", "x"]).refuses(2, "MEX-NOT-FOUND");
}

#[test]
fn problems_are_triaged_with_a_reason_and_the_state_survives_the_next_scan() {
    let mex = scanned();
    let list = mex.run(["problems", "list", "--format", "json"]).expect(0).json();
    let id = list["items"][0]["fingerprint"].as_str().unwrap().to_owned();
    mex.run(["problems", "ack", &id, "--reason", " "]).refuses(2, "MEX-USAGE");
    mex.run(["problems", "ack", &id[..12], "--reason", "known"]).expect(0);
    mex.scan(&[]).expect(0);
    let shown = mex.run(["problems", "show", &id, "--format", "json"]).expect(0).json();
    assert_eq!(shown["problem"]["status"], "acknowledged");
    mex.run(["problems", "resolve", &id, "--reason", "updated"]).expect(0);
    mex.scan(&[]).expect(0);
    let shown = mex.run(["problems", "show", &id, "--format", "json"]).expect(0).json();
    assert_eq!(shown["problem"]["status"], "open");
    assert_eq!(shown["problem"]["reopened"], true);
}

#[test]
fn an_exported_head_is_held_and_a_mutated_one_is_refused() {
    let mex = scanned();
    let head = mex.folder.path().join("head.json");
    mex.run(["recorder", "head", "--out", head.to_str().unwrap()]).expect(0);
    mex.scan(&[]).expect(0);
    mex.run(["recorder", "verify", "--against", head.to_str().unwrap()]).expect(0);
    let text = fs::read_to_string(&head).unwrap();
    fs::write(&head, text.replacen("\"seq\": ", "\"seq\": 1", 1)).unwrap();
    let answer = mex.run(["recorder", "verify", "--against", head.to_str().unwrap()]);
    assert_ne!(answer.code, 0, "{answer:?}");
}

#[test]
fn artifacts_are_shown_verified_and_exported_and_a_damaged_one_is_found() {
    let mex = scanned();
    mex.run(["artifact", "verify"]).expect(0);
    let list = mex.run(["jobs", "list", "--format", "json"]).json();
    let sha = list["scans"][0]["verdict_ref"]["sha256"].as_str().unwrap().to_owned();
    let shown = mex.run(["artifact", "show", &sha[..10]]).expect(0);
    assert!(shown.stdout.contains("INTACT"), "{shown:?}");
    let exported = mex.run(["artifact", "export", &sha]).expect(0);
    assert!(exported.stdout.contains("\"verdict\""));
    let path = mex.data().join("artifacts").join(&sha[..2]).join(&sha[2..]);
    fs::write(&path, "spoiled").unwrap();
    mex.run(["artifact", "verify"]).expect(4);
    mex.run(["artifact", "export", &sha]).refuses(4, "MEX-STORE-CORRUPT");
    mex.run(["artifact", "show", &"0".repeat(64)]).refuses(2, "MEX-STORE-MISSING");
}

#[test]
fn a_capability_is_explained_and_a_consent_is_granted_used_and_revoked() {
    let mex = Mex::bare();
    let ask = |capability: &str| {
        mex.run([
            "capability",
            "simulate",
            "--profile",
            "supply_chain_scan",
            "--engine",
            "engine.supply_chain.vuln",
            "--operation",
            "vuln_scan",
            "--capability",
            capability,
        ])
    };
    let allowed = ask("proc.exec:osv-scanner").expect(0);
    assert!(allowed.stdout.contains("ALLOW"), "{allowed:?}");
    assert!(ask("net.http").expect(3).stdout.contains("DENY"));
    assert!(ask("made.up").expect(3).stdout.contains("HSK-4001"));
    mex.run(["consent", "grant", "fs.read", "--reason", "x"]).refuses(2, "MEX-CONSENT-INVALID");
    mex.run(["consent", "grant", "net.http", "--reason", " "]).refuses(2, "MEX-CONSENT-INVALID");
    let granted = mex
        .run(["consent", "grant", "net.http", "--reason", "to sync", "--format", "json"])
        .expect(0)
        .json();
    let id = granted[0]["consent_id"].as_str().unwrap().to_owned();
    assert_eq!(granted[0]["state"], "live");
    let revoked = mex
        .run(["consent", "revoke", &id, "--reason", "done", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(revoked[0]["state"], "revoked");
    mex.run(["consent", "revoke", &id, "--reason", "again"]).refuses(2, "MEX-CONSENT-INVALID");
}

#[test]
fn the_registry_in_force_is_shown_and_a_spoiled_file_is_refused() {
    let mex = Mex::bare();
    let shown = mex.run(["registry", "show", "--format", "json"]).expect(0).json();
    assert_eq!(shown["source"], "embedded");
    assert!(shown["entries"].as_array().unwrap().len() > 10);
    let file = mex.folder.path().join("registry.json");
    fs::write(&file, "{}").unwrap();
    mex.run(["registry", "show", "--file", file.to_str().unwrap()])
        .refuses(2, "MEX-REGISTRY-INVALID");
    let folder = mex.data().join("capability_registry/assets");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("capability_registry.json"), "{}").unwrap();
    let fallback = mex.run(["registry", "show", "--format", "json"]).expect(0).json();
    assert_eq!(fallback["source"], "embedded");
    let problems = mex.run(["problems", "list", "--severity", "fatal"]).expect(0);
    assert!(problems.stdout.contains("not in force"), "{problems:?}");
}

#[test]
fn the_tools_and_databases_are_listed_with_digest_and_age() {
    let mex = Mex::bare();
    let tools = mex.run(["tools", "verify", "--format", "json"]).expect(0).json();
    assert!(tools.as_array().unwrap().iter().all(|tool| tool["state"] == "pinned"), "{tools}");
    let databases = mex.run(["db", "list", "--format", "json"]).expect(0).json();
    let forms: Vec<&str> =
        databases.as_array().unwrap().iter().filter_map(|one| one["form"].as_str()).collect();
    assert!(forms.contains(&"osv") && forms.contains(&"rustsec"), "{databases}");
}

#[test]
fn a_sync_without_consent_is_denied_and_a_bad_import_changes_nothing() {
    let mex = Mex::bare();
    mex.run(["db", "sync"]).refuses(3, "MEX-CAP-CONSENT");
    let before = mex.run(["db", "list", "--format", "json"]).stdout;
    let file = mex.folder.path().join("db.zip");
    for (bytes, code) in
        [(&b""[..], "MEX-DB"), (b"PK\x03\x04half", "MEX-DB"), (b"<html>", "MEX-DB")]
    {
        fs::write(&file, bytes).unwrap();
        let answer =
            mex.run(["db", "import", file.to_str().unwrap(), "--ecosystem", "npm"]).expect(2);
        assert!(answer.stderr.contains(code), "{answer:?}");
    }
    assert_eq!(mex.run(["db", "list", "--format", "json"]).stdout, before);
}

#[test]
fn help_version_completions_and_manual_are_data() {
    let mex = Mex::bare();
    for arguments in
        [&["--help"][..], &["--version"], &["scan", "--help"], &["completions", "bash"], &["man"]]
    {
        let answer = mex.run(arguments).expect(0);
        assert!(!answer.stdout.is_empty() && answer.stderr.is_empty(), "{arguments:?}");
    }
    assert!(!mex.data().exists(), "asking for help must not make a data folder");
}
