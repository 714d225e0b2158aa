//! `mex import`: foreign reports are evidence and Problems of their own source; nothing they say
//! lifts, hides or passes anything, and whatever is wrong with them is a typed error (contract
//! sections 6, 7, 15; FR-9).

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Mex, canary, cargo_lock};

fn put(mex: &Mex, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = mex.folder.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

fn import(mex: &Mex, path: &Path) -> Value {
    mex.run(["import", path.to_str().unwrap(), "--format", "json"]).expect(0).json()
}

/// All Problems, by source.
fn problems(mex: &Mex, source: &str) -> Vec<Value> {
    let all =
        mex.run(["problems", "list", "--limit", "10000", "--format", "json"]).expect(0).json();
    let all = all["items"].as_array().unwrap().clone();
    all.into_iter().filter(|one| one["source"] == source).collect()
}

fn sarif(results: Value) -> Value {
    json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "Lint Er", "version": "1.2", "rules": [
            {"id": "R1", "defaultConfiguration": {"level": "error"}, "messageStrings": {"one": {"text": "{0} is not {1}"}}},
        ]}},
        "results": results,
    }]})
}

#[test]
fn a_sarif_report_becomes_problems_of_its_plugin_and_again_no_others() {
    let mex = Mex::bare();
    let at = |path: &str, line: u64| {
        json!([{"physicalLocation": {
            "artifactLocation": {"uri": path}, "region": {"startLine": line},
        }}])
    };
    let report = sarif(json!([
        {"ruleId": "R1", "message": {"id": "one", "arguments": ["a", "b"]}, "locations": at("src/a.rs", 3)},
        {"ruleId": "R1", "message": {"text": "moved"}, "locations": at("src/a.rs", 9)},
        {"ruleId": "R2", "message": {"text": "w"}, "locations": at("../outside", 1)},
        {"ruleId": "R3", "level": "note", "message": {"text": "n"}, "suppressions": [{"kind": "inSource"}]},
        {"ruleId": "R4", "kind": "pass", "message": {"text": "fine"}},
        {"ruleId": "R5", "baselineState": "absent", "message": {"text": "gone"}},
    ]));
    let file = put(&mex, "r.sarif", report.to_string());
    for round in 1..=2 {
        let taken = import(&mex, &file);
        assert_eq!(taken["source"], "plugin:lint-er");
        assert_eq!((&taken["said"], &taken["problems"]), (&json!(6), &json!(3)));
        assert_eq!(taken["dropped"], json!({"gone since an older run": 1, "of kind `pass`": 1}));
        let all = problems(&mex, "plugin:lint-er");
        let told: Vec<(&str, &str, u64)> = all
            .iter()
            .map(|one| {
                let field = |name: &str| one[name].as_str().unwrap();
                (field("title"), field("severity"), one["count"].as_u64().unwrap())
            })
            .collect();
        assert_eq!(told.len(), 3, "{told:?}");
        for expected in [
            ("R1 in src/a.rs", "error", 2 * round),
            ("R2 in ../outside", "warning", round),
            ("R3", "info", round),
        ] {
            assert!(told.contains(&expected), "{told:?} without {expected:?}");
        }
        let evidence = taken["import_ref"]["sha256"].as_str().unwrap();
        let kept = mex.run(["artifact", "export", evidence]).expect(0).json();
        assert_eq!(kept["schema_version"], "im-1.0");
        assert_eq!(kept["problems"][0]["message"], "a is not b");
        let beside = mex.run(["artifact", "show", evidence, "--format", "json"]).expect(0).json();
        let text = mex.run(["artifact", "show", evidence]).expect(0).stdout;
        assert!(text.contains("origin.sha256"), "{text}");
        let origin = &beside["sidecars"][0]["annotations"];
        assert_eq!(origin["origin.sha256"], taken["origin_sha256"]);
        assert_eq!(origin["origin.format"], "sarif 2.1.0");
        let shown = all[0]["fingerprint"].as_str().unwrap();
        let text = mex.run(["problems", "show", shown]).expect(0).stdout;
        assert!(text.contains("plugin:lint-er, an imported report"), "{text}");
        assert!(!text.contains("exception add") && !text.contains("--run SCAN"), "{text}");
        let list = mex.run(["problems", "list"]).expect(0).stdout;
        assert!(list.contains("(plugin:lint-er)"), "{list}");
        let accept =
            ["exception", "add", "--problem", shown, "--reason", "x", "--owner", "y", "--yes"];
        mex.run(accept).refuses(2, "MEX-EXCEPTION-INVALID");
        let shown = mex.run(["problems", "show", shown, "--format", "json"]).expect(0).json();
        let instance = shown["instances"][0].to_string();
        assert!(instance.contains(evidence), "{instance}");
        assert!(instance.contains(taken["event_id"].as_str().unwrap()), "{instance}");
    }
    let events = mex.run(["recorder", "query", "--type", "human_action", "--format", "json"]);
    assert_eq!(events.expect(0).stdout.matches("report_imported").count(), 2);
    mex.run(["recorder", "verify"]).expect(0);
}

#[test]
fn a_report_of_a_run_that_did_not_end_well_is_a_problem_and_not_clean() {
    let tool = json!({"driver": {"name": "t"}});
    for run in [
        json!({"tool": tool}),
        json!({"tool": tool, "results": null}),
        json!({"tool": tool, "results": [], "invocations": [{"executionSuccessful": false}]}),
        json!({"tool": tool, "results": [], "invocations": [
            {"executionSuccessful": true, "toolExecutionNotifications": [{"level": "error", "message": {"text": "x"}}]},
        ]}),
        json!({"tool": tool, "results": [], "externalPropertyFileReferences": {"results": [{}]}}),
        // However often it says so, the Problem stays one of a size that can be recorded.
        json!({"tool": tool, "results": [], "invocations": [{"executionSuccessful": true,
            "toolExecutionNotifications": vec![json!({"level": "error", "message": {"text": "x".repeat(3000)}}); 1000]}]}),
    ] {
        let mex = Mex::bare();
        let report = json!({"version": "2.1.0", "runs": [run]}).to_string();
        let taken = import(&mex, &put(&mex, "r.sarif", &report));
        let gaps = taken["gaps"].as_array().unwrap().len();
        assert!(gaps == 1 || gaps == 21, "{gaps} in {report:.300}");
        let all = problems(&mex, "plugin:t");
        assert_eq!(all.len(), 1, "{report}");
        assert_eq!(
            (&all[0]["code"], &all[0]["severity"]),
            (&json!("import/incomplete"), &json!("error"))
        );
    }
}

/// Promise P6 for imports: whatever a VEX claims, the verdict and the Problem stay.
#[test]
fn a_claim_of_not_affected_lifts_nothing_and_is_proposed_as_an_exception() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[("smallvec", "0.6.0")]));
    let before = mex.scan(&["--release", "--jobs", "vuln"]).expect(1).json();
    let found = before["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["type"] == "vulnerability" && one["severity"] != "INFORMATIONAL")
        .unwrap()
        .clone();
    let (id, purl) = (found["id"].as_str().unwrap(), found["component"]["purl"].as_str().unwrap());
    let alias = found["aliases"].as_array().unwrap().last().unwrap();
    let openvex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "urn:x", "author": "somebody",
        "timestamp": "2026-01-01T00:00:00Z", "version": 1,
        "statements": [{
            "vulnerability": {"name": alias, "aliases": [id]}, "status": "not_affected",
            "products": [{"@id": "urn:product", "subcomponents": [{"@id": purl}]}],
            "justification": "vulnerable_code_not_present", "impact_statement": "feature is off",
        }],
    });
    let cyclonedx = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "components": [{"type": "library", "name": "smallvec", "bom-ref": "a", "purl": purl}],
        "vulnerabilities": [{
            "id": id, "affects": [{"ref": "a"}],
            "analysis": {"state": "not_affected", "justification": "code_not_present"},
        }],
    });
    for (name, report) in [("vex.json", openvex), ("vex.cdx.json", cyclonedx)] {
        let taken = import(&mex, &put(&mex, name, report.to_string()));
        assert_eq!(taken["problems"], 0);
        let claim = &taken["claims"][0];
        assert_eq!(claim["component"], purl);
        let known = claim["speaks_of"].as_array().unwrap();
        assert_eq!(known.len(), 1, "{taken:#}");
        let shown = mex.run(["problems", "show", known[0].as_str().unwrap(), "--format", "json"]);
        assert_eq!(shown.expect(0).json()["problem"]["status"], "open");
        let reason = claim["proposed_reason"].as_str().unwrap();
        assert!(reason.starts_with("vulnerable_code_not_present: "), "{reason}");
        let text = mex.run(["import", mex.folder.path().join(name).to_str().unwrap()]).expect(0);
        assert!(text.stdout.contains("mex exception add --problem"), "{text:?}");
        assert!(text.stdout.contains("they lift nothing"), "{text:?}");
    }
    let after = mex.scan(&["--release", "--jobs", "vuln"]).expect(1).json();
    let reasons = |outcome: &Value| outcome["verdict"]["reasons"].to_string();
    assert_eq!(reasons(&before), reasons(&after));
    assert_eq!(after["verdict"]["counts"]["lifted"], 0);
}

#[test]
fn vulnerabilities_of_a_bom_and_statements_of_a_vex_are_problems() {
    let mex = Mex::bare();
    let bom = |version: &str| {
        json!({
            "bomFormat": "CycloneDX", "specVersion": version,
            "metadata": {"tools": [{"name": "Gr Ype", "version": "1"}]},
            "components": [{"type": "library", "name": "a", "bom-ref": "r", "purl": "pkg:npm/a@1",
                "components": [{"type": "library", "name": "b"}]}],
            "vulnerabilities": [
                {"id": "CVE-1", "ratings": [{"severity": "low"}, {"severity": "critical"}], "affects": [{"ref": "r"}]},
                {"id": "CVE-2", "affects": [{"ref": "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#pkg:npm/b@2"}]},
                {"id": "CVE-3", "ratings": [{"score": 5.0, "severity": "unknown"}]},
            ],
        })
    };
    for version in ["1.4", "1.5", "1.6", "1.7"] {
        let taken = import(&mex, &put(&mex, "bom.json", bom(version).to_string()));
        assert_eq!((&taken["said"], &taken["components"]), (&json!(3), &json!(2)));
    }
    let all = problems(&mex, "plugin:gr-ype");
    let told: Vec<(&str, &str)> = all
        .iter()
        .map(|one| (one["title"].as_str().unwrap(), one["severity"].as_str().unwrap()))
        .collect();
    assert_eq!(told.len(), 3, "four versions of one report: {told:?}");
    for expected in
        [("CVE-1 in pkg:npm/a@1", "error"), ("CVE-2 in pkg:npm/b@2", "error"), ("CVE-3", "warning")]
    {
        assert!(told.contains(&expected), "{told:?}");
    }
    let vex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "author": "x",
        "statements": [
            {"vulnerability": {"name": "CVE-4"}, "status": "affected", "products": [{"@id": "pkg:npm/a@1"}]},
            {"vulnerability": {"name": "CVE-5"}, "status": "under_investigation",
             "products": [{"identifiers": {"purl": "pkg:npm/b@2"}}]},
            {"vulnerability": {"name": "CVE-6"}, "status": "fixed"},
        ],
    });
    let taken = import(&mex, &put(&mex, "vex.json", vex.to_string()));
    assert_eq!((&taken["said"], &taken["problems"]), (&json!(3), &json!(2)));
    assert_eq!(taken["claims"][0]["status"], "fixed");
}

/// Our own exports come back in.
#[test]
fn what_a_scan_exports_can_be_imported() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[("smallvec", "0.6.0")]));
    let out = mex.folder.path().join("out");
    mex.scan(&["--jobs", "vuln,sbom", "--out", out.to_str().unwrap()]).expect(0);
    let sarif = import(&mex, &out.join("results.sarif"));
    assert_eq!((&sarif["source"], &sarif["gaps"]), (&json!("plugin:mex"), &json!([])));
    let vex = import(&mex, &out.join("openvex.json"));
    let bom = import(&mex, &out.join("bom.cdx.json"));
    assert_eq!(vex["problems"], bom["problems"]);
    assert!(sarif["problems"].as_u64() >= vex["problems"].as_u64() && vex["problems"] != 0);
}

#[test]
fn what_is_no_report_is_refused_recorded_and_changes_nothing() {
    let mex = Mex::bare();
    let whole = sarif(json!([{"ruleId": "R", "message": {"text": "x"}}])).to_string();
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(whole.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let many = vec![json!({"message": {"text": "x"}}); 50_001];
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("empty", Vec::new(), "MEX-INPUT-NOT-JSON", "ends before"),
        (
            "truncated",
            whole.as_bytes()[..whole.len() / 2].to_vec(),
            "MEX-INPUT-NOT-JSON",
            "ends before",
        ),
        ("xml", b"<bom/>".to_vec(), "MEX-INPUT-NOT-JSON", "not JSON"),
        ("utf-16", utf16, "MEX-INPUT-UNREADABLE", "not UTF-8"),
        ("nul", vec![0; 64], "MEX-INPUT-NOT-JSON", "not JSON"),
        ("old sarif", whole.replace("2.1.0", "2.0.0").into_bytes(), "MEX-IMPORT-FORMAT", "`2.0.0`"),
        ("spdx", br#"{"spdxVersion":"SPDX-2.3"}"#.to_vec(), "MEX-IMPORT-FORMAT", "no report"),
        (
            "old bom",
            br#"{"bomFormat":"CycloneDX","specVersion":"1.3"}"#.to_vec(),
            "MEX-IMPORT-FORMAT",
            "`1.3`",
        ),
        (
            "two keys",
            whole.replacen("\"version\"", "\"version\":\"2.1.0\",\"version\"", 1).into_bytes(),
            "MEX-IMPORT-FORMAT",
            "duplicate field",
        ),
        ("deep", "[".repeat(1_000_000).into_bytes(), "MEX-INPUT-NOT-JSON", "line 1"),
        ("many", sarif(Value::Array(many)).to_string().into_bytes(), "MEX-INPUT-TOO-BIG", "50000"),
    ];
    let count = cases.len();
    for (what, content, code, says) in cases {
        let path = put(&mex, "report", content);
        let refused = mex.run(["import", path.to_str().unwrap()]).refuses(2, code);
        assert!(refused.stderr.contains(says), "{what}: {refused:?}");
    }
    let folder = mex.folder.path().to_str().unwrap().to_owned();
    mex.run(["import", &folder]).refuses(2, "MEX-INPUT-UNREADABLE");
    mex.run(["import", &format!("{folder}/nothing")]).refuses(2, "MEX-INPUT-UNREADABLE");
    let events = mex
        .run(["recorder", "query", "--type", "human_action", "--format", "json"])
        .expect(0)
        .stdout;
    assert_eq!(events.matches("report_refused").count(), count + 2);
    let all = mex.run(["problems", "list", "--format", "json"]).expect(0).json();
    assert_eq!(all["items"], json!([]));
    // A mark of byte order alone is no reason.
    import(&mex, &put(&mex, "report", format!("\u{feff}{whole}")));
}

#[test]
fn a_hundred_megabytes_are_taken_and_more_than_the_limit_is_refused_by_name() {
    let mex = Mex::bare();
    let path = mex.folder.path().join("big.sarif");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    file.write_all(b"{\"version\":\"2.1.0\",\"x\":\"").unwrap();
    let block = [b'a'; 1 << 20];
    for _ in 0..100 {
        file.write_all(&block).unwrap();
    }
    file.write_all(b"\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"big\"}},\"results\":[]}]}")
        .unwrap();
    file.flush().unwrap();
    let taken = import(&mex, &path);
    assert_eq!(taken["source"], "plugin:big");
    let kept = taken["import_ref"]["size_bytes"].as_u64().unwrap();
    assert!(kept < 10_000, "the file itself is not kept: {kept}");
    let file = fs::File::create(&path).unwrap();
    file.set_len(129 << 20).unwrap();
    let refused = mex.run(["import", path.to_str().unwrap()]).refuses(2, "MEX-INPUT-TOO-BIG");
    assert!(refused.stderr.contains("134217728 bytes"), "{refused:?}");
}

/// Contract FR-9 and promise P28: neither a secret nor an escape of a foreign report gets anywhere.
#[test]
fn fr_9_hostile_text_and_secrets_of_a_report_go_nowhere() {
    let mex = Mex::bare();
    let secrets: Vec<String> = (0..8).map(|_| canary()).collect();
    // Of no form that a rule knows; the report quotes the file.
    let odd = format!("pass:{}", uuid::Uuid::new_v4());
    let address = format!("https://me:{}@example.invalid/x", &secrets[7][4..20]);
    let escape = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}";
    let report = json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": format!("t{escape}"), "version": secrets[0]}},
        "results": [{
            "ruleId": format!("R{escape}{}", secrets[1]),
            "message": {"text": format!("{escape} token={} and {odd} at {address}", secrets[2])},
            "partialFingerprints": {"a": secrets[3]},
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": {"uri": format!("src/{}/{escape}.rs", secrets[4])},
                    "region": {"startLine": 1, "snippet": {"text": odd}},
                    "contextRegion": {"startLine": 1, "snippet": {"text": format!("x\n{}", secrets[5])}},
                },
                "logicalLocations": [{"name": secrets[6]}],
            }],
        }],
    }]});
    let file = put(&mex, "r.sarif", report.to_string());
    let mut said = Vec::new();
    for format in ["text", "json"] {
        let answer = mex.run(["import", file.to_str().unwrap(), "--format", format]).expect(0);
        said.push(answer.stdout + &answer.stderr);
        let list = mex.run(["problems", "list", "--format", format]).expect(0);
        said.push(list.stdout + &list.stderr);
    }
    let evidence = import(&mex, &file)["import_ref"]["sha256"].as_str().unwrap().to_owned();
    said.push(mex.run(["artifact", "export", &evidence]).expect(0).stdout);
    let mut folders = vec![mex.data()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                said.push(String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
            }
        }
    }
    for text in &said {
        for secret in secrets.iter().map(String::as_str).chain([odd.as_str(), &address]) {
            assert!(!text.contains(secret), "a secret is in {text:.2000}");
        }
    }
    for text in &said[..5] {
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
    // A report that is refused is not repeated either.
    let word = json!({"@context": "https://openvex.dev/ns/v0.2.0", "statements": [
        {"vulnerability": {"name": "x"}, "status": secrets[0]},
    ]});
    let refused = mex.run(["import", put(&mex, "v", word.to_string()).to_str().unwrap()]);
    let refused = refused.refuses(2, "MEX-IMPORT-FORMAT");
    assert!(!refused.stderr.contains(&secrets[0]), "{refused:?}");
}
