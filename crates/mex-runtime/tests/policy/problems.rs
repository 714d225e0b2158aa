//! DIAG-2 and DIAG-5: what makes two instances one Problem, and what a BLOCK adds.

use std::collections::BTreeMap;

use mex_runtime::coverage::CoverageState;
use mex_runtime::diagnostic::{Diagnostic, LinkConfidence};
use mex_runtime::digest::Digest;
use mex_runtime::finding::Finding;
use mex_runtime::id::JobId;
use mex_runtime::operation::Actor;
use mex_runtime::policy::problems::{BLOCK_TAG, ProblemContext, finding_fingerprint, problems};
use mex_runtime::policy::verdict::ScanMode;
use mex_runtime::severity::Severity;
use uuid::Uuid;

use crate::build::{
    Case, PURL, accept_vulnerability, days, entry, finding, job, now, operation, scan, secret,
    vulnerability,
};

fn made(case: &Case) -> Vec<Diagnostic> {
    let jobs = BTreeMap::from([(job("vuln"), JobId::new(Uuid::from_u128(77)))]);
    let context = ProblemContext {
        actor: Actor::Human,
        wsid: None,
        jobs,
        policy_decision_id: None,
        timestamp: now(),
    };
    let mut next = 0;
    problems(&case.input(), &case.judge(), &context, &mut || {
        next += 1;
        Uuid::from_u128(next)
    })
}

fn print_of(finding: &Finding) -> Digest {
    finding_fingerprint(finding).unwrap()
}

#[test]
fn three_tools_release_or_not_are_one_problem() {
    let said = |tool| finding(vulnerability(tool, &["CVE-2020-1", "GHSA-a"], PURL, "HIGH"));
    let tools = ["cargo-audit", "npm", "osv-scanner"];
    let prints: Vec<_> = tools.map(|tool| print_of(&said(tool))).to_vec();
    assert!(prints.iter().all(|print| *print == prints[0]));

    let mut vuln = operation("vuln", 4);
    vuln.findings = tools.map(said).to_vec();
    let mut case = Case::new(ScanMode::Normal, scan(vuln));
    let normal = made(&case);
    case.mode = ScanMode::Release;
    let release = made(&case);
    assert_eq!((normal.len(), release.len()), (1, 1));
    assert_eq!(normal[0].fingerprint().unwrap(), prints[0]);
    assert_eq!(release[0].fingerprint().unwrap(), prints[0]);
    assert_eq!(release[0].tool.as_deref(), Some("cargo-audit, npm, osv-scanner"));
    assert_eq!((normal[0].severity, release[0].severity), (Severity::Error, Severity::Fatal));
    assert!(release[0].tags.iter().any(|tag| tag == BLOCK_TAG));
    assert!(!normal[0].tags.iter().any(|tag| tag == BLOCK_TAG));
    assert_eq!(release[0].job_id, Some(JobId::new(Uuid::from_u128(77))));
    assert_eq!(release[0].link_confidence, LinkConfidence::Direct);
    assert_eq!(release[0].evidence_refs.op_ids, [case.operations[3].op_id]);
}

#[test]
fn another_component_alias_severity_or_secret_is_another_problem() {
    let base = vulnerability("osv-scanner", &["CVE-2020-1"], PURL, "HIGH");
    let one = print_of(&finding(base.clone()));
    for other in [
        vulnerability("osv-scanner", &["CVE-2020-1"], "pkg:cargo/time@0.1.46", "HIGH"),
        vulnerability("osv-scanner", &["CVE-2020-2"], PURL, "HIGH"),
        vulnerability("osv-scanner", &["CVE-2020-1"], PURL, "LOW"),
    ] {
        assert_ne!(print_of(&finding(other)), one);
    }
    let mut worded = base;
    worded.summary = "a tool's own wording".to_owned();
    worded.lockfiles = vec!["another/Cargo.lock".to_owned()];
    assert_eq!(print_of(&finding(worded)), one);

    let leak =
        |rule, path, digit, line| print_of(&Finding::Secret(secret(rule, path, digit, line)));
    let one = leak("github-pat", "src/a.rs", '1', 3);
    assert_eq!(leak("github-pat", "src/a.rs", '1', 400), one, "a moved line");
    assert_ne!(leak("github-pat", "src/b.rs", '1', 3), one);
    assert_ne!(leak("github-pat", "src/a.rs", '2', 3), one);
    assert_ne!(leak("jwt", "src/a.rs", '1', 3), one);
}

#[test]
fn one_secret_on_two_lines_is_one_problem_with_two_instances() {
    let mut case = Case::new(ScanMode::Release, scan(operation("vuln", 4)));
    case.operations[0].findings = vec![
        Finding::Secret(secret("github-pat", "src/a.rs", '1', 3)),
        Finding::Secret(secret("github-pat", "src/a.rs", '1', 9)),
    ];
    let made = made(&case);
    assert_eq!(made.len(), 2);
    assert_eq!(made[0].fingerprint().unwrap(), made[1].fingerprint().unwrap());
    let lines: Vec<_> =
        made.iter().map(|made| made.locations[0].range.unwrap().start_line).collect();
    assert_eq!(lines, [3, 9]);
    assert!(made.iter().all(|made| made.severity == Severity::Fatal));
}

#[test]
fn what_is_lifted_is_no_block_and_says_what_lifts_it() {
    let mut vuln = operation("vuln", 4);
    vuln.findings = vec![finding(vulnerability("osv-scanner", &["CVE-2020-1"], PURL, "HIGH"))];
    let case = Case::new(ScanMode::Release, scan(vuln)).accepting(vec![accept_vulnerability(
        "known",
        &["CVE-2020-1"],
        days(10),
    )]);
    let made = made(&case);
    assert_eq!((made.len(), made[0].severity), (1, Severity::Error));
    assert!(made[0].tags.iter().any(|tag| tag == "exception:team/known"));
}

#[test]
fn gaps_and_remarkable_exceptions_are_problems_of_their_own() {
    let mut vuln = operation("vuln", 4);
    vuln.coverage.entries.push(entry("vuln", "yarn.lock", CoverageState::NotScanned));
    let mut case = Case::new(ScanMode::Normal, scan(vuln)).accepting(vec![accept_vulnerability(
        "old",
        &["CVE-2020-1"],
        -days(1),
    )]);
    let before = made(&case);
    let codes: Vec<_> = before.iter().map(|made| made.code.as_deref().unwrap()).collect();
    assert_eq!(codes, ["SC-3/gap", "SC-4/expired"]);
    assert_eq!(before[1].severity, Severity::Warning);
    case.operations[3].coverage.entries[1].reason = "worded anew".to_owned();
    let after = made(&case);
    assert_ne!(before[0].message, after[0].message);
    assert_eq!(before[0].fingerprint().unwrap(), after[0].fingerprint().unwrap());
    let ids: std::collections::BTreeSet<_> = after.iter().map(|made| made.id).collect();
    assert_eq!(ids.len(), 2);
}
