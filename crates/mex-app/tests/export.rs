//! Exports judged by the official schemas (contract section 12; SC-3, SC-4, FR-9): every end a scan
//! can have, in every format. Scans are made of judged operations; real ones are run by `mex-cli`.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]
#![expect(clippy::disallowed_methods, reason = "libxml2's validator is a program of its own")]

#[path = "../../mex-runtime/tests/policy/build.rs"]
mod build;
#[path = "standards/validate.rs"]
mod validate;

use build::{Case, PURL, accept_vulnerability, days, entry, exception, finding, operation, scan};
use mex_app::export::{Scanned, ScannedJob, Standard, document};
use mex_app::runtime::code::Code;
use mex_app::runtime::coverage::{Coverage, CoverageState};
use mex_app::runtime::digest::Digest;
use mex_app::runtime::finding::{AdvisoryKind, Finding, Score};
use mex_app::runtime::id::RunId;
use mex_app::runtime::policy::allowlist::Match;
use mex_app::runtime::policy::merge::merge;
use mex_app::runtime::policy::verdict::{Absence, Denial, JudgedOperation, ScanMode};
use mex_app::runtime::result::Status;
use serde_json::{Value, json};

fn scanned(case: &Case) -> Scanned {
    let mut coverage = Coverage::empty();
    for operation in &case.operations {
        coverage.merge(operation.coverage.clone());
    }
    let job = |operation: &JudgedOperation| ScannedJob {
        job: operation.job.clone(),
        tools: Vec::new(),
        artifacts: Vec::new(),
    };
    Scanned {
        run_id: RunId::new("0194d6a0-0000-7000-8000-000000000001".parse().unwrap()),
        verdict: case.judge(),
        jobs: case.operations.iter().map(job).collect(),
        findings: merge(case.operations.iter().flat_map(|one| one.findings.clone()).collect()),
        coverage,
        manifest: Some(Digest::of(b"manifest")),
    }
}

const INVENTORY: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"component":{"bom-ref":"project","type":"application","name":"project"}},"components":[{"bom-ref":"x","type":"library","name":"time","version":"0.1.45","purl":"pkg:cargo/time@0.1.45"}],"dependencies":[]}"#;

const SPDX: &str = r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","dataLicense":"CC0-1.0","name":"project","documentNamespace":"urn:uuid:0","creationInfo":{"created":"1970-01-01T00:00:00Z","creators":["Tool: mex"]},"packages":[{"SPDXID":"SPDXRef-x","name":"time","downloadLocation":"NOASSERTION"}]}"#;

/// All five formats, each found valid.
struct Exports {
    sarif: Value,
    openvex: Option<Value>,
    cyclonedx: Value,
    spdx: Value,
    junit: String,
}

fn exports(case: &Case) -> Exports {
    let scanned = scanned(case);
    let made = |standard: Standard, inventory: Option<&str>| {
        let bytes = || document(&scanned, standard, inventory.map(str::as_bytes)).unwrap();
        let (one, again) = (bytes(), bytes());
        assert_eq!(one, again, "{standard:?} of one scan is not one document");
        one
    };
    let json = |bytes: Vec<u8>| -> Value { serde_json::from_slice(&bytes).unwrap() };
    let all = Exports {
        sarif: json(made(Standard::Sarif, None).unwrap()),
        openvex: made(Standard::OpenVex, None).map(json),
        cyclonedx: json(made(Standard::CycloneDx, Some(INVENTORY)).unwrap()),
        spdx: json(made(Standard::Spdx, Some(SPDX)).unwrap()),
        junit: String::from_utf8(made(Standard::Junit, None).unwrap()).unwrap(),
    };
    assert_eq!(validate::sarif(&all.sarif), Vec::<String>::new(), "{:#}", all.sarif);
    assert_eq!(validate::cyclonedx(&all.cyclonedx), Vec::<String>::new(), "{:#}", all.cyclonedx);
    assert_eq!(validate::spdx(&all.spdx), Vec::<String>::new(), "{:#}", all.spdx);
    assert_eq!(validate::junit(all.junit.as_bytes()), Vec::<String>::new(), "{}", all.junit);
    if let Some(openvex) = &all.openvex {
        assert_eq!(validate::openvex(openvex), Vec::<String>::new(), "{openvex:#}");
    }
    all
}

fn vulnerable(word: &str) -> JudgedOperation {
    let mut vuln = operation("vuln", 4);
    let mut one = build::vulnerability(
        "osv-scanner",
        &["CVE-2020-26235", "GHSA-wcg3-cvx6-7396", "RUSTSEC-2020-0071"],
        PURL,
        word,
    );
    one.scores = vec![Score {
        version: "3.1".to_owned(),
        vector: "CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H".to_owned(),
        tenths: Some(62),
        source: "GHSA-wcg3-cvx6-7396".to_owned(),
    }];
    one.summary = "a segfault in `time`".to_owned();
    vuln.findings = vec![finding(one)];
    vuln
}

fn results(sarif: &Value) -> &Vec<Value> {
    sarif["runs"][0]["results"].as_array().unwrap()
}

fn invocation(sarif: &Value) -> &Value {
    &sarif["runs"][0]["invocations"][0]
}

#[test]
fn a_clean_scan_is_clean_in_every_format_and_silent_in_openvex() {
    let all = exports(&Case::new(ScanMode::Release, scan(operation("vuln", 4))));
    assert_eq!(results(&all.sarif).len(), 0);
    assert_eq!(invocation(&all.sarif)["executionSuccessful"], true);
    assert_eq!(invocation(&all.sarif)["exitCode"], 0);
    assert!(all.openvex.is_none());
    assert_eq!(all.cyclonedx["vulnerabilities"], json!([]));
    assert!(all.cyclonedx.get("compositions").is_none());
    assert!(!all.junit.contains("<failure") && !all.junit.contains("<error"), "{}", all.junit);
}

#[test]
fn a_vulnerability_has_its_names_severity_and_place_in_every_format() {
    for (word, level, rating, blocks) in [
        ("CRITICAL", "error", "critical", true),
        ("HIGH", "error", "high", true),
        ("MODERATE", "warning", "medium", false),
        ("LOW", "warning", "medium", false),
    ] {
        let all = exports(&Case::new(ScanMode::Release, scan(vulnerable(word))));
        let one = &results(&all.sarif)[0];
        assert_eq!((&one["ruleId"], &one["level"]), (&json!("CVE-2020-26235"), &json!(level)));
        let rule = &all.sarif["runs"][0]["tool"]["driver"]["rules"][0];
        assert_eq!(rule["id"], one["ruleId"]);
        assert_eq!(rule["properties"]["security-severity"], "6.2");
        assert!(!rule["help"]["text"].as_str().unwrap().is_empty());
        assert_eq!(one["partialFingerprints"]["mexProblem/v1"].as_str().unwrap().len(), 64);
        assert_eq!(one["suppressions"], json!([]));
        let place = &one["locations"][0];
        assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "Cargo.lock");
        assert_eq!(place["logicalLocations"][0]["fullyQualifiedName"], PURL);
        let statement = &all.openvex.as_ref().unwrap()["statements"][0];
        assert_eq!(statement["status"], "under_investigation");
        assert_eq!(statement["vulnerability"]["name"], "CVE-2020-26235");
        assert_eq!(
            statement["vulnerability"]["aliases"],
            json!(["GHSA-wcg3-cvx6-7396", "RUSTSEC-2020-0071"])
        );
        assert_eq!(statement["products"][0]["subcomponents"][0]["@id"], PURL);
        let listed = &all.cyclonedx["vulnerabilities"][0];
        assert_eq!(listed["affects"], json!([{"ref": "x"}]));
        assert_eq!(listed["ratings"][0]["severity"], rating);
        assert_eq!(listed["ratings"][1]["score"], json!(6.2));
        assert_eq!(listed["analysis"]["state"], "in_triage");
        assert_eq!(all.junit.contains("<failure type=\"SC-2/vulnerability\""), blocks, "{word}");
        assert_eq!(invocation(&all.sarif)["executionSuccessful"], true);
    }
}

#[test]
fn an_exception_suppresses_with_its_reason_and_expiry_and_hides_nothing() {
    let accepted = |reason: &str| {
        let mut one = accept_vulnerability("e1", &["CVE-2020-26235"], days(20));
        one.reason = reason.to_owned();
        exports(&Case::new(ScanMode::Release, scan(vulnerable("HIGH"))).accepting(vec![one]))
    };
    let all = accepted("we never parse dates of others");
    let suppression = &results(&all.sarif)[0]["suppressions"][0];
    assert_eq!(
        (&suppression["kind"], &suppression["status"]),
        (&json!("external"), &json!("accepted"))
    );
    let why = suppression["justification"].as_str().unwrap();
    for part in [
        "we never parse dates",
        "2026-12-11",
        "reviewer (name typed)",
        "platform team",
        "`e1` of `team`",
    ] {
        assert!(why.contains(part), "{why}");
    }
    let statement = &all.openvex.as_ref().unwrap()["statements"][0];
    assert_eq!(statement["status"], "affected", "an accepted risk is no `not_affected`");
    assert!(statement["action_statement"].as_str().unwrap().contains("accepted until 2026-12-11"));
    assert_eq!(all.cyclonedx["vulnerabilities"][0]["analysis"]["state"], "exploitable");
    assert!(
        all.junit.contains("<skipped message=\"time 0.1.45 has CVE-2020-26235"),
        "{}",
        all.junit
    );
    assert!(!all.junit.contains("<failure") && !all.junit.contains("<error"));

    let all = accepted("vulnerable_code_not_in_execute_path: dates are never parsed");
    let statement = &all.openvex.as_ref().unwrap()["statements"][0];
    assert_eq!(statement["status"], "not_affected");
    assert_eq!(statement["justification"], "vulnerable_code_not_in_execute_path");
    let analysis = &all.cyclonedx["vulnerabilities"][0]["analysis"];
    assert_eq!(analysis["state"], "not_affected");
    assert_eq!(analysis["justification"], "code_not_reachable");
}

#[test]
fn an_expired_exception_suppresses_nothing() {
    let one = accept_vulnerability("e1", &["CVE-2020-26235"], days(-1));
    let all = exports(&Case::new(ScanMode::Release, scan(vulnerable("HIGH"))).accepting(vec![one]));
    assert_eq!(results(&all.sarif)[0]["suppressions"], json!([]));
    assert_eq!(all.openvex.unwrap()["statements"][0]["status"], "under_investigation");
    assert!(all.junit.contains("<failure"));
}

/// Whatever kept a scan from running: no format looks clean, and none claims what was not looked at.
#[test]
fn sc_3_a_scan_that_did_not_run_looks_clean_in_no_format() {
    let denial = Denial {
        gate: "G-CAP".to_owned(),
        code: Code::CapNotGranted,
        reason: "the profile does not grant `proc.exec:osv-scanner`".to_owned(),
    };
    let mut denied = operation("vuln", 4);
    denied.status = Status::Denied;
    denied.denials = vec![denial];
    denied.coverage = Coverage::empty();
    let mut failed = operation("vuln", 4);
    failed.status = Status::TimedOut;
    failed.coverage.entries = vec![entry("vuln", "Cargo.lock", CoverageState::Failed)];
    let mut silent = operation("vuln", 4);
    silent.coverage = Coverage::empty();
    let gap = |state| {
        let mut one = operation("vuln", 4);
        one.coverage.entries = vec![entry("vuln", "Cargo.lock", state)];
        one
    };
    let lost = Absence::NotAvailable("the tool is not built in".to_owned());
    let cases = [
        ("denied", Case::new(ScanMode::Normal, scan(denied))),
        ("failed", Case::new(ScanMode::Normal, scan(failed))),
        ("silent", Case::new(ScanMode::Normal, scan(silent))),
        ("not scanned", Case::new(ScanMode::Normal, scan(gap(CoverageState::NotScanned)))),
        ("no tool", Case::new(ScanMode::Normal, scan(gap(CoverageState::ToolMissing)))),
        ("no database", Case::new(ScanMode::Normal, scan(gap(CoverageState::DatabaseUnusable)))),
        (
            "left out",
            Case::new(ScanMode::Release, scan(operation("vuln", 4)))
                .without("vuln", Absence::LeftOut),
        ),
        ("gone", Case::new(ScanMode::Normal, scan(operation("vuln", 4))).without("vuln", lost)),
        ("nothing", Case::new(ScanMode::Normal, Vec::new())),
    ];
    for (what, case) in &cases {
        let all = exports(case);
        assert_eq!(invocation(&all.sarif)["executionSuccessful"], false, "{what}");
        let said = invocation(&all.sarif)["toolExecutionNotifications"].as_array().unwrap();
        assert!(said.iter().any(|one| one["level"] == "error"), "{what}: {said:?}");
        let seen = results(&all.sarif);
        assert!(seen.iter().any(|one| one["level"] == "error"), "{what}: {seen:?}");
        let lockfile = seen[0].to_string().contains("\"uri\":\"Cargo.lock\"");
        let named = ["failed", "not scanned", "no tool", "no database"].contains(what);
        assert!(!named || lockfile, "{what}: {seen:?}");
        assert!(all.openvex.is_none(), "{what}: nothing was found, so nothing is known");
        assert!(all.cyclonedx.get("vulnerabilities").is_none(), "{what}: {:#}", all.cyclonedx);
        let told = all.cyclonedx["properties"].to_string();
        assert!(told.contains("mex:gap:vuln"), "{what}: {told}");
        assert!(all.junit.contains("<error type="), "{what}: {}", all.junit);
        assert!(all.junit.contains("mex.verdict\" time=\"0\"><error"), "{what}: {}", all.junit);
    }
    let mut sbom = operation("sbom", 2);
    sbom.coverage.entries.push(entry("sbom", "py/Pipfile.lock", CoverageState::NotScanned));
    let operations =
        vec![operation("secret", 1), sbom, operation("license", 3), operation("vuln", 4)];
    let all = exports(&Case::new(ScanMode::Normal, operations));
    assert_eq!(all.cyclonedx["compositions"][0]["aggregate"], "incomplete");
    assert!(all.spdx["comment"].as_str().unwrap().contains("py/Pipfile.lock"), "{:#}", all.spdx);
}

#[test]
fn a_job_nobody_asked_for_is_said_to_be_unknown() {
    let case =
        Case::new(ScanMode::Normal, scan(operation("vuln", 4))).without("vuln", Absence::LeftOut);
    let all = exports(&case);
    assert_eq!(invocation(&all.sarif)["executionSuccessful"], true);
    let said = invocation(&all.sarif)["toolExecutionNotifications"].to_string();
    assert!(said.contains("`vuln` was not asked for"), "{said}");
    assert!(all.junit.contains("name=\"job vuln\""), "{}", all.junit);
    assert!(all.cyclonedx.get("vulnerabilities").is_none());
}

#[test]
fn an_accepted_gap_is_told_and_suppressed() {
    let mut vuln = operation("vuln", 4);
    vuln.coverage.entries.push(entry("vuln", "old/Gopkg.lock", CoverageState::NotScanned));
    let accepted = Match::Gap { job: build::job("vuln"), subject: "old/Gopkg.lock".to_owned() };
    let case = Case::new(ScanMode::Release, scan(vuln)).accepting(vec![exception(
        "gap-1",
        accepted,
        days(20),
    )]);
    assert_eq!(case.decision().0, "pass");
    let all = exports(&case);
    assert_eq!(invocation(&all.sarif)["executionSuccessful"], true);
    assert_eq!(invocation(&all.sarif)["toolExecutionNotifications"][0]["level"], "note");
    assert_eq!(results(&all.sarif)[0]["suppressions"][0]["status"], "accepted");
    assert!(all.junit.contains("<skipped"));
    assert!(
        all.cyclonedx.get("vulnerabilities").is_none(),
        "an accepted gap was not searched either"
    );
}

/// Contract FR-9: rule, place and fingerprint, and nothing of the file.
#[test]
fn a_secret_is_rule_place_and_fingerprint_alone() {
    let mut secret = operation("secret", 1);
    let mut old = build::secret("private-key", "old/key.pem", 'b', 9);
    old.commit = Some("0123456789abcdef0123456789abcdef01234567".to_owned());
    let mut unplaced = build::secret("github-pat", "names/[REDACTED:secret:github-pat](1)", 'c', 0);
    unplaced.end_line = 0;
    secret.findings = vec![
        Finding::Secret(build::secret("github-pat", "a b/ü.env", 'a', 7)),
        Finding::Secret(build::secret("github-pat", "a b/ü.env", 'a', 12)),
        Finding::Secret(old),
        Finding::Secret(unplaced),
    ];
    let operations =
        vec![secret, operation("sbom", 2), operation("license", 3), operation("vuln", 4)];
    let all = exports(&Case::new(ScanMode::Release, operations));
    let seen = results(&all.sarif);
    assert_eq!(seen.len(), 4);
    let two: Vec<&Value> = seen
        .iter()
        .filter(|one| one["partialFingerprints"]["secretArgon2id/v1"] == json!(build::print('a')))
        .collect();
    assert_eq!(two.len(), 2);
    assert_eq!(
        two[0]["partialFingerprints"], two[1]["partialFingerprints"],
        "one secret on two lines is one Problem"
    );
    for one in seen {
        let place = &one["locations"][0]["physicalLocation"];
        assert!(place.get("contextRegion").is_none() && place["region"].get("snippet").is_none());
    }
    let text = all.sarif.to_string();
    assert!(text.contains("a%20b/%C3%BC.env") && text.contains("\"startLine\":12"));
    assert!(text.contains("%5BREDACTED%3Asecret%3Agithub-pat%5D%281%29"));
    assert!(all.openvex.is_none());
    assert!(!all.cyclonedx.to_string().contains("github-pat"));
}

#[test]
fn unknown_licences_and_informational_advisories_are_told_as_what_they_are() {
    let mut vuln = operation("vuln", 4);
    let mut one = build::vulnerability("cargo-audit", &["RUSTSEC-2020-0071"], PURL, "");
    one.kind = AdvisoryKind::Unmaintained;
    one.severity = mex_app::runtime::cvss::severity(&[], &[], AdvisoryKind::Unmaintained);
    vuln.findings = vec![finding(one)];
    let mut license = operation("license", 3);
    license.findings = vec![Finding::License(build::license(None)), build::component()];
    let operations = vec![operation("secret", 1), operation("sbom", 2), license, vuln];
    let all = exports(&Case::new(ScanMode::Release, operations));
    let levels: Vec<(&str, &str)> = results(&all.sarif)
        .iter()
        .map(|one| (one["ruleId"].as_str().unwrap(), one["level"].as_str().unwrap()))
        .collect();
    assert!(levels.contains(&("SC-2/license", "error")), "{levels:?}");
    assert!(levels.contains(&("RUSTSEC-2020-0071", "warning")), "{levels:?}");
    assert_eq!(levels.len(), 2, "a component is no result");
    assert!(all.openvex.is_none(), "nobody's maintenance is a vulnerability");
    assert!(all.junit.contains("<failure type=\"SC-2/license\""));
}

/// Promise P28, in files: names and words of others are neither markup nor escapes.
#[test]
fn hostile_names_stay_text_in_every_format() {
    let hostile = "a\u{1b}[31m\u{202e}]]><x/>\"&{0}[l](u)\u{0}\u{fffe}";
    let mut vuln = operation("vuln", 4);
    let mut one = build::vulnerability("osv-scanner", &["CVE-2026-1", hostile], PURL, "HIGH");
    one.summary = hostile.to_owned();
    one.lockfiles = vec![format!("{hostile}/Cargo.lock")];
    vuln.findings = vec![finding(one)];
    vuln.coverage.entries.push(entry("vuln", hostile, CoverageState::Failed));
    let case = Case::new(ScanMode::Release, scan(vuln));
    let all = exports(&case);
    let texts = [
        all.sarif.to_string(),
        all.openvex.as_ref().unwrap().to_string(),
        all.cyclonedx["vulnerabilities"].to_string(),
        all.junit.clone(),
    ];
    for text in &texts {
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{0}', '\u{fffe}']), "{text}");
        assert!(!text.contains("\\u001b"), "{text}");
    }
    assert!(!all.junit.contains("<x/>"));
}

#[test]
fn the_validators_refuse_what_is_not_valid() {
    let all = exports(&Case::new(ScanMode::Release, scan(vulnerable("HIGH"))));
    let spoiled = |document: &Value, pointer: &str, value: Value| {
        let mut document = document.clone();
        *document.pointer_mut(pointer).unwrap() = value;
        document
    };
    let sarif = spoiled(&all.sarif, "/runs/0/results/0/level", json!("grave"));
    assert_eq!(validate::sarif(&sarif).len(), 1);
    let openvex = all.openvex.unwrap();
    assert!(!validate::openvex(&spoiled(&openvex, "/statements", json!([]))).is_empty());
    assert!(!validate::openvex(&spoiled(&openvex, "/timestamp", json!("today"))).is_empty());
    let state = "/vulnerabilities/0/analysis/state";
    assert!(!validate::cyclonedx(&spoiled(&all.cyclonedx, state, json!("fine"))).is_empty());
    let affects = "/vulnerabilities/0/affects/0/ref";
    assert!(!validate::cyclonedx(&spoiled(&all.cyclonedx, affects, json!("y"))).is_empty());
    assert!(!validate::spdx(&spoiled(&all.spdx, "/packages/0/SPDXID", json!(1))).is_empty());
    let junit = all.junit.replace("hostname=\"localhost\"", "");
    assert!(!validate::junit(junit.as_bytes()).is_empty());
}
