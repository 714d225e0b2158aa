//! Two scans side by side: which findings are one, what is never gone, and what holds for any pair.

use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::artifact::{DatabaseIdentity, ToolIdentity};
use mex_runtime::coverage::{Coverage, CoverageEntry, CoverageState};
use mex_runtime::delta::{
    AdvisoryRecord, Cause, CauseChange, CauseKind, Change, Delta, FindingDelta, Ran, RunMark, Side,
    compare,
};
use mex_runtime::digest::Digest;
use mex_runtime::finding::{Finding, License, LicenseUnit};
use mex_runtime::id::RunId;
use mex_runtime::policy::merge::merge;
use mex_runtime::policy::problems::finding_fingerprint;
use mex_runtime::policy::verdict::ScanMode;
use mex_runtime::result::Status;
use proptest::prelude::*;
use uuid::Uuid;

use crate::build::{
    Case, PURL, accept_vulnerability, component, database, days, entry, finding, job, now,
    operation, secret, vulnerability,
};

const LOCK: &str = "Cargo.lock";

/// A scan of jobs that looked at everything, with these findings.
fn side(number: u128, findings: Vec<Finding>) -> Side {
    let scanned = |name: &str, subject: &str, tool: Option<&str>| CoverageEntry {
        tool: tool.map(|tool| tool.parse().unwrap()),
        ..entry(name, subject, CoverageState::Scanned)
    };
    let mut coverage = Coverage::empty();
    coverage.entries = vec![
        scanned("vuln", LOCK, Some("osv-scanner")),
        scanned("vuln", LOCK, Some("cargo-audit")),
        scanned("secret", "files", None),
        scanned("sbom", LOCK, None),
        scanned("license", LOCK, None),
        scanned("license", "files", None),
        scanned("license", "manifests", None),
    ];
    coverage.canonicalise();
    let findings = merge(findings);
    let files = [LOCK, "a.py", "b.py", "c.py"];
    Side {
        mark: RunMark {
            run_id: RunId::new(Uuid::from_u128(number)),
            begun_at: now(),
            mode: ScanMode::Normal,
            verdict: mex_runtime::policy::verdict::Decision::Pass,
        },
        verdict: judged(&findings, Vec::new()),
        findings,
        coverage,
        operations: ["secret", "vuln", "sbom", "license"].map(ran).to_vec(),
        files: Some(files.map(|path| (path.to_owned(), Digest::of(path.as_bytes()))).into()),
        commit: None,
        policy: None,
        records: BTreeMap::new(),
    }
}

fn judged(
    findings: &[Finding],
    exceptions: Vec<mex_runtime::policy::allowlist::Exception>,
) -> mex_runtime::policy::verdict::Verdict {
    let mut all = operation("vuln", 4);
    all.findings = findings.to_vec();
    Case::new(ScanMode::Normal, vec![all]).accepting(exceptions).judge()
}

fn ran(name: &str) -> Ran {
    let tools = match name {
        "vuln" => vec!["osv-scanner", "cargo-audit"],
        "secret" => vec!["gitleaks"],
        _ => Vec::new(),
    };
    let tool = |name: &str| ToolIdentity {
        name: name.parse().unwrap(),
        version: "1.0.0".to_owned(),
        sha256: Digest::of(name.as_bytes()),
    };
    Ran {
        job: job(name),
        status: Status::Succeeded,
        reported: true,
        tools: tools.into_iter().map(tool).collect(),
        databases: if name == "vuln" { vec![database(days(1))] } else { Vec::new() },
        adapter_version: Some("1.0.0".to_owned()),
    }
}

fn vulnerable() -> Finding {
    finding(vulnerability("osv-scanner", &["CVE-2020-26235"], PURL, "HIGH"))
}

#[track_caller]
fn only(delta: &Delta) -> &FindingDelta {
    let [one] = delta.findings.as_slice() else { panic!("{:#?}", delta.findings) };
    one
}

fn kinds(causes: &[Cause]) -> Vec<(CauseKind, CauseChange)> {
    causes.iter().map(|cause| (cause.kind, cause.how)).collect()
}

/// Changes a scan, and says what its one finding of the scan before became.
fn after(change: impl FnOnce(&mut Side)) -> (Change, Vec<(CauseKind, CauseChange)>) {
    let before = side(1, vec![vulnerable(), component()]);
    let mut after = side(2, vec![component()]);
    change(&mut after);
    let delta = compare(&before, &after);
    let one = only(&delta);
    (one.change, kinds(&one.causes))
}

#[test]
fn nothing_that_was_not_looked_at_is_gone() {
    let unknown = [(CauseKind::Unknown, CauseChange::Unexplained)];
    assert_eq!(after(|_| {}), (Change::Gone, unknown.to_vec()), "it was looked at");
    let hidden: &[Hide<'_>] = &[
        ("left out", &|side| side.operations.retain(|ran| ran.job != job("vuln"))),
        ("denied", &|side| {
            side.operations[1].reported = false;
            side.operations[1].status = Status::Denied;
        }),
        ("silent ledger", &|side| side.coverage.entries.retain(|entry| entry.job != job("vuln"))),
        ("the tool failed", &|side| gap(side, LOCK, Some("osv-scanner"), CoverageState::Failed)),
        ("no tool", &|side| gap(side, LOCK, Some("osv-scanner"), CoverageState::ToolMissing)),
        ("no database", &|side| gap(side, LOCK, None, CoverageState::DatabaseUnusable)),
        ("the ecosystem", &|side| gap(side, "ecosystem:crates.io", None, CoverageState::Failed)),
        ("left out by the stage", &|side| {
            side.files.as_mut().unwrap().remove(LOCK);
            side.coverage.entries.retain(|entry| entry.subject != LOCK);
            let left_out = entry("secret", LOCK, CoverageState::Skipped);
            side.coverage.entries.push(left_out);
        }),
    ];
    for (what, hide) in hidden {
        let (change, causes) = after(hide);
        assert_eq!(change, Change::NotLookedAt, "{what}");
        assert!(causes.iter().all(|(kind, _)| *kind == CauseKind::Coverage), "{what}: {causes:?}");
    }
    // A tool that never knew of it has no say, and a lockfile that is not there is no gap.
    let other = after(|side| gap(side, LOCK, Some("npm"), CoverageState::Failed));
    assert_eq!(other.0, Change::Gone);
    let removed = after(|side| {
        side.files.as_mut().unwrap().remove(LOCK);
        side.coverage.entries.retain(|entry| entry.subject != LOCK);
        side.findings.clear();
    });
    assert_eq!(removed, (Change::Gone, vec![(CauseKind::Dependency, CauseChange::Removed)]));
}

/// What a scan lacks, and how it comes to lack it.
type Hide<'a> = (&'a str, &'a dyn Fn(&mut Side));

fn gap(side: &mut Side, subject: &str, tool: Option<&str>, state: CoverageState) {
    let mut gap = entry("vuln", subject, state);
    gap.tool = tool.map(|tool| tool.parse().unwrap());
    side.coverage.entries.push(gap);
}

#[test]
fn every_cause_that_holds_is_listed_the_most_specific_first() {
    let newer = || DatabaseIdentity { sha256: Digest::of(b"newer"), ..database(days(0)) };
    let record = |says: &str| AdvisoryRecord {
        id: "GHSA-1".to_owned(),
        names: ["GHSA-1", "CVE-2020-26235"].map(str::to_owned).into(),
        withdrawn: says == "withdrawn",
        content: Digest::of(says.as_bytes()),
    };
    let new = |findings: Vec<Finding>, old: Vec<AdvisoryRecord>, now: Vec<AdvisoryRecord>| {
        let mut before = side(1, findings);
        let mut after = side(2, vec![vulnerable(), component()]);
        after.operations[1].databases = vec![newer()];
        after.operations[1].tools[1].version = "2.0.0".to_owned();
        before.records.insert(database(days(1)).sha256, old);
        after.records.insert(newer().sha256, now);
        kinds(&only(&compare(&before, &after)).causes)
    };
    let tool = (CauseKind::Tool, CauseChange::Changed);
    let dependency = (CauseKind::Dependency, CauseChange::Added);
    for (old, now, how) in [
        (Vec::new(), vec![record("a")], CauseChange::Added),
        (vec![record("a")], vec![record("b")], CauseChange::Changed),
        (vec![record("withdrawn")], vec![record("a")], CauseChange::Reinstated),
    ] {
        let record = (CauseKind::Database, how);
        assert_eq!(new(vec![component()], old.clone(), now.clone()), [record]);
        assert_eq!(new(Vec::new(), old, now), [dependency, record]);
    }
    assert_eq!(new(Vec::new(), vec![record("a")], vec![record("a")]), [dependency]);

    // Where the records cannot be read any more, only that the database is another one is known.
    let mut later = side(2, vec![vulnerable(), component()]);
    later.operations[1].databases = vec![newer()];
    later.operations[1].tools[0].version = "2.0.0".to_owned();
    let delta = compare(&side(1, vec![component()]), &later);
    let snapshot = (CauseKind::Database, CauseChange::SnapshotChanged);
    assert_eq!(kinds(&only(&delta).causes), [tool, snapshot]);
}

#[test]
fn identity_is_content_and_place_and_never_a_line_or_a_version() {
    let before = side(1, vec![Finding::Secret(secret("key", "a.py", 'a', 3)), vulnerable()]);
    let later = "pkg:cargo/time@0.1.46";
    let moved = vulnerability("cargo-audit", &["RUSTSEC-1", "CVE-2020-26235"], later, "HIGH");
    let after =
        side(2, vec![Finding::Secret(secret("key", "b.py", 'a', 9)), finding(moved.clone())]);
    let delta = compare(&before, &after);
    assert_eq!((delta.counts.unchanged, delta.findings.len()), (2, 2), "{delta:#?}");

    // Another secret at the same place, the same secret at a second place, another CVE: new.
    for other in [
        Finding::Secret(secret("key", "a.py", 'b', 3)),
        Finding::Secret(secret("key", "b.py", 'a', 3)),
        finding(vulnerability("osv-scanner", &["CVE-2"], PURL, "HIGH")),
        finding(vulnerability("osv-scanner", &["CVE-2020-26235"], "pkg:cargo/tim@0.1.45", "HIGH")),
    ] {
        let mut findings = before.findings.clone();
        findings.push(other);
        let counts = compare(&before, &side(2, findings)).counts;
        assert_eq!((counts.new, counts.unchanged, counts.gone), (1, 2, 0));
    }

    // The texts of an UNKNOWN licence are what it is.
    let unknown = |version: &str, words: &str| {
        let Finding::Vulnerability(one) = finding(moved.clone()) else { unreachable!() };
        let mut component = one.component;
        component.purl = format!("pkg:cargo/time@{version}");
        version.clone_into(&mut component.version);
        let mut license = License::new(LicenseUnit::Component { component });
        license.declared = vec![mex_runtime::license::statement(words, "Cargo.toml")];
        license.lockfiles = vec![LOCK.to_owned()];
        Finding::License(license)
    };
    let counts = |one: Finding, other: Finding| {
        let counts = compare(&side(1, vec![one]), &side(2, vec![other])).counts;
        (counts.new, counts.unchanged, counts.gone)
    };
    assert_eq!(counts(unknown("0.1.45", "odd"), unknown("0.1.46", "odd")), (0, 1, 0));
    assert_eq!(counts(unknown("0.1.45", "odd"), unknown("0.1.45", "odder")), (1, 0, 1));
}

#[test]
fn what_an_exception_hides_is_no_other_finding() {
    let before = side(1, vec![vulnerable()]);
    let mut lifted = side(2, vec![vulnerable()]);
    let accepted = |life| vec![accept_vulnerability("ok", &["CVE-2020-26235"], life)];
    lifted.verdict = judged(&lifted.findings, accepted(days(9)));
    let mut expired = side(3, vec![vulnerable()]);
    expired.verdict = judged(&expired.findings, accepted(days(-1)));
    for (one, other, how) in [
        (&before, &lifted, CauseChange::Added),
        (&lifted, &expired, CauseChange::Expired),
        (&expired, &lifted, CauseChange::Renewed),
        (&lifted, &before, CauseChange::Revoked),
    ] {
        let delta = compare(one, other);
        let changed = only(&delta).changes.as_slice();
        assert_eq!(changed.len(), 1, "{changed:?}");
        assert_eq!(kinds(&changed[0].causes), [(CauseKind::Exception, how)]);
    }
}

/// Findings over few packages, names and places, so that every sort of meeting happens.
fn findings() -> impl Strategy<Value = Vec<Finding>> {
    let vulnerability =
        (0..3_u8, 0..3_u8, 0..3_u8, 0..2_u8).prop_map(|(alias, more, version, tool)| {
            let names = [format!("CVE-{alias}"), format!("GHSA-{more}")];
            let tool = if tool == 0 { "osv-scanner" } else { "cargo-audit" };
            let purl = format!("pkg:cargo/time@0.{version}.0");
            finding(vulnerability(tool, &[&names[0], &names[1]], &purl, "HIGH"))
        });
    let secret = (0..3_usize, 0..2_u8, 1..3_u64).prop_map(|(file, print, line)| {
        let file = ["a.py", "b.py", "gone.py"][file];
        Finding::Secret(secret("key", file, char::from(b'a' + print), line))
    });
    prop::collection::vec(prop_oneof![vulnerability, secret], 0..8)
}

/// Scans of which some did not look everywhere.
fn sides() -> impl Strategy<Value = Side> {
    (findings(), any::<[bool; 4]>()).prop_map(|(findings, lacks)| {
        let mut side = side(1, findings);
        if lacks[0] {
            side.operations.retain(|ran| ran.job != job("secret"));
        }
        if lacks[1] {
            gap(&mut side, LOCK, Some("osv-scanner"), CoverageState::Failed);
        }
        if lacks[2] {
            side.files = None;
        }
        if lacks[3] {
            side.operations[0].adapter_version = Some("2.0.0".to_owned());
        }
        side
    })
}

type Problems = Vec<(BTreeSet<Digest>, BTreeSet<Digest>)>;

/// The Problems before and after of what changed so.
fn problems(delta: &Delta, changes: &[Change]) -> Problems {
    let of = |seen: &Option<mex_runtime::delta::Seen>| -> BTreeSet<Digest> {
        seen.iter().flat_map(|seen| seen.problems.iter().copied()).collect()
    };
    let mut all: Problems = delta
        .findings
        .iter()
        .filter(|finding| changes.contains(&finding.change))
        .map(|finding| (of(&finding.before), of(&finding.after)))
        .collect();
    all.sort();
    all
}

proptest! {
    #[test]
    fn the_same_scan_twice_is_nothing_but_unchanged(side in sides()) {
        let delta = compare(&side, &side);
        prop_assert!(delta.findings.iter().all(|one| one.change == Change::Unchanged && one.changes.is_empty()));
        prop_assert!(delta.exceptions.is_empty() && delta.gaps.is_empty());
    }

    #[test]
    fn every_finding_of_both_scans_stands_once_and_the_other_way_round_new_is_gone(
        before in sides(),
        after in sides(),
    ) {
        let delta = compare(&before, &after);
        let told = |of: &[Change], is_after: bool| -> Vec<Digest> {
            let mut all: Vec<Digest> = problems(&delta, of)
                .into_iter()
                .flat_map(|(was, is)| if is_after { is } else { was })
                .collect();
            all.sort();
            all
        };
        let found = |side: &Side| -> BTreeSet<Digest> {
            side.findings.iter().map(|finding| finding_fingerprint(finding).unwrap()).collect()
        };
        let later = told(&[Change::New, Change::Unchanged], true);
        prop_assert_eq!(later.iter().copied().collect::<BTreeSet<_>>(), found(&after));
        let earlier = told(&[Change::Gone, Change::NotLookedAt, Change::Unchanged], false);
        prop_assert_eq!(earlier.iter().copied().collect::<BTreeSet<_>>(), found(&before));

        let back = compare(&after, &before);
        let turned = |problems: Problems| -> Problems {
            let mut all: Problems = problems.into_iter().map(|(was, is)| (is, was)).collect();
            all.sort();
            all
        };
        let lost = [Change::Gone, Change::NotLookedAt];
        prop_assert_eq!(problems(&delta, &[Change::New]), turned(problems(&back, &lost)));
        prop_assert_eq!(problems(&delta, &lost), turned(problems(&back, &[Change::New])));
        prop_assert_eq!(
            problems(&delta, &[Change::Unchanged]),
            turned(problems(&back, &[Change::Unchanged]))
        );
        for one in &delta.findings {
            prop_assert_eq!(one.causes.is_empty(), one.change == Change::Unchanged);
            prop_assert!(one.changes.iter().all(|changed| !changed.causes.is_empty()));
            let hidden = one.causes.iter().all(|cause| cause.kind == CauseKind::Coverage);
            prop_assert!(one.change != Change::NotLookedAt || hidden);
        }
    }

    #[test]
    fn a_scan_that_lacks_a_job_or_tool_loses_no_finding_of_it(before in sides(), after in sides()) {
        let ran = |name: &str| after.operations.iter().any(|ran| ran.job == job(name));
        let failed = after.coverage.gaps().count() > 0;
        let findings = compare(&before, &after).findings;
        for gone in findings.into_iter().filter(|one| one.change == Change::Gone) {
            use mex_runtime::delta::FindingKind::{Secret, Vulnerability};
            prop_assert!(gone.kind != Secret || ran("secret"));
            let was = gone.before.unwrap();
            let by_osv = before.findings.iter().any(|finding| match finding {
                Finding::Vulnerability(one) => {
                    was.problems.contains(&finding_fingerprint(finding).unwrap())
                        && one.attributions.iter().any(|said| said.tool.as_str() == "osv-scanner")
                }
                _ => false,
            });
            // A package that the inventory proves absent is the exception.
            let absent = after.findings.iter().all(|one| matches!(one, Finding::Secret(_)));
            prop_assert!(gone.kind != Vulnerability || !(failed && by_osv) || absent);
        }
    }
}
