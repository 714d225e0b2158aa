//! What an exception would hide is what it does hide (SC-4).

use mex_runtime::coverage::{CoverageState, ToolCount};
use mex_runtime::finding::{Finding, License, LicenseUnit};
use mex_runtime::policy::allowlist::Exception;
use mex_runtime::policy::merge::merge;
use mex_runtime::policy::preview::{exact_match, preview};
use mex_runtime::policy::verdict::{Absence, Reason, Rule, ScanMode};

use crate::build::{
    Case, PURL, allowlist, days, entry, exception, finding, now, operation, scan, secret,
    vulnerability,
};

/// A scan with something of many sorts that stands against it.
fn full(mode: ScanMode) -> Case {
    let mut vuln = operation("vuln", 4);
    vuln.findings = vec![
        finding(vulnerability("osv-scanner", &["CVE-2020-1", "GHSA-a-b-c"], PURL, "HIGH")),
        finding(vulnerability("cargo-audit", &["CVE-2021-2"], PURL, "LOW")),
    ];
    vuln.coverage.entries.push(entry("vuln", "web/package-lock.json", CoverageState::NotScanned));
    vuln.coverage.counts.push(ToolCount {
        tool: "cargo-audit".parse().unwrap(),
        subject: "Cargo.lock".to_owned(),
        said: 2,
        kept: 1,
        dropped: Vec::new(),
    });
    let mut operations = scan(vuln);
    operations[0].findings = vec![
        Finding::Secret(secret("token", "src/a.py", 'a', 1)),
        Finding::Secret(secret("token", "src/b.py", 'a', 1)),
    ];
    let file = LicenseUnit::File { path: "vendor/COPYING".to_owned() };
    operations[2].findings = vec![Finding::License(License::new(file))];
    Case::new(mode, operations).without("sbom", Absence::LeftOut)
}

fn findings(case: &Case) -> Vec<Finding> {
    merge(case.operations.iter().flat_map(|one| one.findings.clone()).collect())
}

fn subjects<'a>(reasons: impl IntoIterator<Item = &'a Reason>) -> Vec<(Rule, String)> {
    reasons.into_iter().map(|reason| (reason.rule, reason.subject.clone())).collect()
}

/// Judges with the exceptions in force, and compares with what the preview said.
fn agrees(mode: ScanMode, exceptions: Vec<Exception>) -> Vec<(Rule, String)> {
    let case = full(mode);
    let verdict = case.judge();
    let document = allowlist(exceptions.clone()).document;
    let found = findings(&case);
    let seen = preview(&verdict, &found, &document, now());
    let real = case.accepting(exceptions).judge();
    let again = preview(&real, &found, &document, now());
    assert_eq!((again.before, again.after), (seen.before, seen.after));
    assert_eq!(subjects(&again.hides).len(), seen.hides.len());
    let mut hidden = subjects(&seen.hides);
    let mut lifted = subjects(real.lifted());
    hidden.sort();
    lifted.sort();
    assert_eq!(hidden, lifted);
    assert_eq!((seen.before, seen.after), (verdict.verdict, real.verdict));
    hidden
}

#[test]
fn an_impact_is_what_the_exceptions_then_do_and_an_exact_one_hides_one_problem() {
    for mode in [ScanMode::Release, ScanMode::Normal] {
        let case = full(mode);
        let verdict = case.judge();
        let mut all = Vec::new();
        for (number, reason) in verdict.reasons.iter().enumerate() {
            let matches = exact_match(reason, &findings(&case), "team");
            assert_eq!(matches.is_none(), reason.rule == Rule::LostCount, "{reason:?}");
            let Some(matches) = matches else { continue };
            let one = exception(&format!("x-{number}"), matches, days(5));
            assert_eq!(agrees(mode, vec![one.clone()]), subjects([reason]));
            all.push(one);
        }
        assert!(all.len() >= 6, "{all:?}");
        assert_eq!(agrees(mode, all.clone()).len(), all.len());
        let over = Exception { expires: now(), ..all[0].clone() };
        assert!(agrees(mode, vec![over]).is_empty());
    }
}

#[test]
fn a_secret_of_another_document_has_no_exact_exception() {
    let case = full(ScanMode::Release);
    let verdict = case.judge();
    let secret = verdict.reasons.iter().find(|reason| reason.rule == Rule::Secret).unwrap();
    assert!(exact_match(secret, &findings(&case), "other").is_none());
}
