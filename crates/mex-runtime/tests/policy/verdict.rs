//! What the verdict document says beyond its word (SC-2 to SC-4, P38).

use jiff::SignedDuration;
use mex_runtime::artifact::SandboxLevel;
use mex_runtime::coverage::{Coverage, CoverageState, Drop, ToolCount};
use mex_runtime::finding::Finding;
use mex_runtime::policy::allowlist::{ApprovalMeans, Match};
use mex_runtime::policy::file::ApprovalRule;
use mex_runtime::policy::matching::{Approval, ExceptionStanding};
use mex_runtime::policy::verdict::{Absence, Decision, Effect, Rule, ScanMode};
use mex_runtime::severity::VulnSeverity;

use crate::build::{
    Case, PURL, accept_vulnerability, allowlist, database, days, entry, exception, finding, job,
    operation, print, scan, secret, vulnerability,
};

fn with(word: &str, aliases: &[&str]) -> Case {
    let mut vuln = operation("vuln", 4);
    vuln.findings = vec![finding(vulnerability("osv-scanner", aliases, PURL, word))];
    Case::new(ScanMode::Release, scan(vuln))
}

#[test]
fn a_release_blocks_and_the_same_scan_otherwise_does_not() {
    let mut case = with("HIGH", &["CVE-2020-1"]);
    assert_eq!(case.decision(), ("block", vec!["SC-2/vulnerability"]));
    let verdict = case.judge();
    let blocking: Vec<_> = verdict.standing(Effect::Blocks).collect();
    assert_eq!(blocking[0].subject, "CVE-2020-1 in pkg:cargo/time@0.1.45");
    assert_eq!(blocking[0].job, Some(job("vuln")));
    assert!(!blocking[0].sentence.is_empty() && !blocking[0].next_step.is_empty());
    case.mode = ScanMode::Normal;
    assert_eq!(case.decision(), ("pass", vec![]));
    assert_eq!(case.judge().counts.vulnerabilities[&VulnSeverity::High], 1);
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let codes = [Decision::Block, Decision::Denied, Decision::Incomplete, Decision::Pass];
    assert_eq!(codes.map(Decision::exit_code), [1, 3, 4, 0]);
}

#[test]
fn a_policy_may_add_a_severity_that_blocks() {
    let mut case = with("MEDIUM", &["CVE-2020-1"]);
    assert_eq!(case.decision().0, "pass");
    case.policy =
        mex_runtime::policy::file::Policy::parse(include_str!("../../../../policy/release.toml"))
            .unwrap();
    assert_eq!(case.decision(), ("block", vec!["SC-2/vulnerability"]));
}

#[test]
fn the_two_jobs_that_do_not_exist_and_the_old_database_are_the_only_reasons() {
    let mut vuln = operation("vuln", 4);
    vuln.databases = vec![database(days(92))];
    let why = || Absence::NotAvailable("it does not exist yet".to_owned());
    let case =
        Case::new(ScanMode::Release, scan(vuln)).without("sbom", why()).without("license", why());
    assert_eq!(
        case.decision(),
        ("incomplete", vec!["SC-3/job-not-available", "SC-3/stale-database"])
    );
    assert_eq!(case.judge().reasons.len(), 3);
}

#[test]
fn a_job_nobody_mentions_is_left_out() {
    let mut case = Case::new(ScanMode::Release, vec![operation("vuln", 4)]);
    let verdict = case.judge();
    assert_eq!(verdict.standing(Effect::LeavesIncomplete).count(), 3);
    assert_eq!(case.decision().1, ["SC-3/job-left-out"]);
    case.mode = ScanMode::Normal;
    assert_eq!(case.decision().0, "pass");
    case.operations.clear();
    assert_eq!(case.decision(), ("incomplete", vec!["SC-3/nothing-ran"]));
}

/// P1, P38: old by the policy's days to the second; ahead by a day is a clock or a lie.
#[test]
fn a_databases_age_is_judged_at_its_limits() {
    let second = SignedDuration::from_secs(1);
    for (age, age_days, expect) in [
        (days(7), 7, vec![]),
        (days(7) + second, 7, vec!["SC-3/stale-database"]),
        (days(93), 93, vec!["SC-3/stale-database"]),
        (-days(1), 0, vec![]),
        (-days(1) - second, 0, vec!["SC-3/future-database"]),
    ] {
        let mut vuln = operation("vuln", 4);
        vuln.databases = vec![database(age)];
        let case = Case::new(ScanMode::Release, scan(vuln));
        assert_eq!(case.decision().1, expect, "{age}");
        assert_eq!(case.judge().databases[0].age_days, age_days, "{age}");
    }
}

#[test]
fn no_pass_without_a_database_a_ledger_or_a_balanced_count() {
    let mut vuln = operation("vuln", 4);
    vuln.databases.clear();
    assert_eq!(Case::new(ScanMode::Normal, scan(vuln)).decision().1, ["SC-3/unusable-database"]);

    let mut vuln = operation("vuln", 4);
    vuln.coverage = Coverage::empty();
    assert_eq!(Case::new(ScanMode::Normal, scan(vuln)).decision().1, ["SC-3/empty-ledger"]);

    let mut vuln = operation("vuln", 4);
    let withdrawn = Drop { reason: "withdrawn".to_owned(), count: 1, ids: vec!["A-1".to_owned()] };
    vuln.coverage.counts = vec![ToolCount {
        tool: "osv-scanner".parse().unwrap(),
        subject: "Cargo.lock".to_owned(),
        said: 3,
        kept: 2,
        dropped: vec![withdrawn],
    }];
    assert_eq!(Case::new(ScanMode::Normal, scan(vuln.clone())).decision().0, "pass");
    vuln.coverage.counts[0].said = 4;
    assert_eq!(Case::new(ScanMode::Normal, scan(vuln)).decision().1, ["SC-3/lost-count"]);
}

#[test]
fn what_is_lifted_stays_in_the_verdict_under_the_id_that_lifts_it() {
    let case = with("CRITICAL", &["CVE-2020-1", "GHSA-a"]).accepting(vec![accept_vulnerability(
        "known",
        &["GHSA-a", "CVE-2020-1"],
        days(10),
    )]);
    let verdict = case.judge();
    assert_eq!(verdict.verdict, Decision::Pass);
    let lifted: Vec<_> = verdict.lifted().collect();
    assert_eq!((lifted.len(), lifted[0].rule), (1, Rule::Vulnerability));
    assert_eq!(lifted[0].lifted_by.as_ref().unwrap().id, "known");
    assert_eq!(verdict.counts.lifted, 1);
    assert_eq!(verdict.exceptions[0].standing, ExceptionStanding::Lifts);
    assert_eq!(verdict.exceptions[0].approval, Approval::TypedOnly);
}

#[test]
fn an_exception_is_bound_to_one_component_and_one_vulnerability() {
    let accept = |aliases: &[&str]| vec![accept_vulnerability("known", aliases, days(10))];
    let decide = |found: &[&str], accepted: &[&str]| {
        with("HIGH", found).accepting(accept(accepted)).decision().0
    };
    assert_eq!(decide(&["CVE-2020-1", "GHSA-a"], &["CVE-2020-1"]), "pass");
    assert_eq!(decide(&["CVE-2020-1", "GHSA-a"], &["ghsa-A"]), "pass", "a CVE came later");
    assert_eq!(decide(&["CVE-2020-1", "GHSA-a"], &["CVE-2020-2"]), "block");
    assert_eq!(decide(&["CVE-2020-1", "CVE-2020-2"], &["CVE-2020-1"]), "block", "a second CVE");
    assert_eq!(decide(&["CVE-2020-1", "CVE-2020-2", "GHSA-a"], &["GHSA-a"]), "block");

    let mut case = with("HIGH", &["CVE-2020-1"]).accepting(accept(&["CVE-2020-1"]));
    let other = vulnerability("osv-scanner", &["CVE-2020-1"], "pkg:cargo/time@0.1.44", "HIGH");
    case.operations[3].findings.push(finding(other));
    assert_eq!(case.decision().0, "block");
}

#[test]
fn a_secrets_exception_follows_the_secret_and_nothing_else() {
    let accept = |rule: Option<&str>, path: Option<&str>| {
        let (rule, path) = (rule.map(str::to_owned), path.map(str::to_owned));
        vec![exception("known", Match::Secret { fingerprint: print('1'), rule, path }, days(10))]
    };
    let decide = |found, exceptions| {
        let mut case = Case::new(ScanMode::Release, scan(operation("vuln", 4)));
        case.operations[0].findings = vec![Finding::Secret(found)];
        case.accepting(exceptions).decision().0
    };
    assert_eq!(decide(secret("github-pat", "a.rs", '1', 3), accept(None, None)), "pass");
    assert_eq!(decide(secret("github-pat", "a.rs", '1', 99), accept(None, None)), "pass");
    assert_eq!(decide(secret("github-pat", "b.rs", '1', 3), accept(None, Some("a.rs"))), "block");
    assert_eq!(decide(secret("github-pat", "a.rs", '1', 3), accept(Some("jwt"), None)), "block");
    assert_eq!(decide(secret("github-pat", "a.rs", '2', 3), accept(None, None)), "block");
    let mut foreign = secret("github-pat", "a.rs", '1', 3);
    foreign.allowlist_fingerprints[0].document_id = "another".to_owned();
    assert_eq!(decide(foreign, accept(None, None)), "block");
}

#[test]
fn expired_unused_doubled_and_unsigned_exceptions_say_so() {
    let mut signed = accept_vulnerability("signed", &["CVE-2020-1"], days(10));
    signed.approver.how = ApprovalMeans::SshSignature;
    let mut case = with("HIGH", &["CVE-2020-1"]).accepting(vec![
        accept_vulnerability("expired", &["CVE-2020-1"], SignedDuration::ZERO),
        accept_vulnerability("first", &["CVE-2020-1"], days(10)),
        accept_vulnerability("second", &["CVE-2020-1"], days(10)),
        accept_vulnerability("unused", &["CVE-1999-1"], days(10)),
        signed,
    ]);
    let standing = |case: &Case| {
        let uses = case.judge().exceptions;
        uses.iter().map(|used| (used.exception.id.clone(), used.standing)).collect::<Vec<_>>()
    };
    let expect =
        |list: [(&str, ExceptionStanding); 5]| list.map(|(id, s)| (id.to_owned(), s)).to_vec();
    use ExceptionStanding::{Doubled, Expired, Lifts, Unsigned, Unused};
    assert_eq!(
        standing(&case),
        expect([
            ("expired", Expired),
            ("first", Lifts),
            ("second", Doubled),
            ("signed", Doubled),
            ("unused", Unused)
        ])
    );
    case.policy.approvals = ApprovalRule::SshSignature;
    assert_eq!(case.decision().0, "block", "what a document says of itself verifies nothing");
    case.allowlists[0].verified.insert("signed".to_owned());
    assert_eq!(case.decision().0, "pass");
    assert_eq!(
        standing(&case),
        expect([
            ("expired", Expired),
            ("first", Unsigned),
            ("second", Unsigned),
            ("signed", Lifts),
            ("unused", Unsigned)
        ])
    );
}

#[test]
fn two_documents_that_contradict_each_other_are_reported() {
    let mut case = with("HIGH", &["CVE-2020-1"]);
    let one = accept_vulnerability("known", &["CVE-2020-1"], days(10));
    let other = accept_vulnerability("known", &["CVE-1999-1"], days(10));
    case.allowlists = vec![allowlist(vec![one]), allowlist(vec![other])];
    let verdict = case.judge();
    assert_eq!(verdict.verdict, Decision::Pass);
    let doubled =
        verdict.exceptions.iter().find(|used| used.standing == ExceptionStanding::Doubled);
    assert!(doubled.unwrap().note.contains("contradicts"), "{:?}", verdict.exceptions);
}

#[test]
fn a_run_without_sandbox_warns_and_keeps_a_release_back() {
    let mut vuln = operation("vuln", 4);
    vuln.sandbox = Some(SandboxLevel::Unsandboxed);
    let mut case = Case::new(ScanMode::Normal, scan(vuln));
    let verdict = case.judge();
    assert_eq!(
        (verdict.verdict, verdict.sandbox),
        (Decision::Pass, Some(SandboxLevel::Unsandboxed))
    );
    assert_eq!(verdict.standing(Effect::Warns).next().unwrap().rule, Rule::Unsandboxed);
    case.mode = ScanMode::Release;
    assert_eq!(case.decision(), ("incomplete", vec!["SC-8/unsandboxed"]));
}

#[test]
fn the_order_of_the_input_changes_nothing_and_the_document_reads_back() {
    let mut vuln = operation("vuln", 4);
    vuln.findings = vec![
        finding(vulnerability("osv-scanner", &["CVE-2020-1"], PURL, "LOW")),
        finding(vulnerability("cargo-audit", &["CVE-2020-2"], PURL, "CRITICAL")),
    ];
    vuln.coverage.entries.push(entry("vuln", "yarn.lock", CoverageState::NotScanned));
    let mut case = Case::new(ScanMode::Release, scan(vuln));
    let verdict = case.judge();
    case.operations.reverse();
    case.operations[0].findings.reverse();
    assert_eq!(verdict, case.judge());
    assert_eq!(verdict.reasons[0].severity, Some(VulnSeverity::Critical));
    let text = serde_json::to_string(&verdict).unwrap();
    assert_eq!(
        serde_json::from_str::<mex_runtime::policy::verdict::Verdict>(&text).unwrap(),
        verdict
    );
    for rule in Rule::ALL {
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.as_str());
    }
}
