//! SC-7 and P4: one vulnerability, every attribution, no order.

use mex_runtime::cvss;
use mex_runtime::finding::{AdvisoryKind, Finding, Vulnerability};
use mex_runtime::license::statement;
use mex_runtime::policy::merge::{canonical_alias, merge};
use mex_runtime::report::canonical_findings;
use mex_runtime::severity::VulnSeverity;
use proptest::prelude::*;

use crate::build::{PURL, component, finding, license, secret, vulnerability};

fn merged(vulnerabilities: Vec<Vulnerability>) -> Vec<Vulnerability> {
    merge(vulnerabilities.into_iter().map(finding).collect())
        .into_iter()
        .map(|finding| match finding {
            Finding::Vulnerability(vulnerability) => vulnerability,
            _ => unreachable!(),
        })
        .collect()
}

#[test]
fn three_tools_and_three_names_are_one_vulnerability_with_every_attribution() {
    let all = merged(vec![
        vulnerability("cargo-audit", &["RUSTSEC-2020-0071", "CVE-2020-26235"], PURL, ""),
        vulnerability("osv-scanner", &["GHSA-wcg3-cvx6-7396", "CVE-2020-26235"], PURL, "MODERATE"),
        vulnerability("npm", &["GHSA-WCG3-CVX6-7396"], PURL, "HIGH"),
    ]);
    let [one] = all.as_slice() else { panic!("{all:#?}") };
    assert_eq!(one.id, "CVE-2020-26235");
    assert_eq!(one.aliases, ["CVE-2020-26235", "GHSA-wcg3-cvx6-7396", "RUSTSEC-2020-0071"]);
    assert_eq!(one.severity, VulnSeverity::High);
    let said: Vec<_> =
        one.attributions.iter().map(|a| (a.tool.as_str(), a.native_id.as_str())).collect();
    assert_eq!(
        said,
        [
            ("cargo-audit", "RUSTSEC-2020-0071"),
            ("npm", "GHSA-WCG3-CVX6-7396"),
            ("osv-scanner", "GHSA-wcg3-cvx6-7396"),
        ]
    );
}

#[test]
fn names_join_over_any_number_of_steps_but_never_over_components() {
    let chain = vec![
        vulnerability("osv-scanner", &["A-1", "A-2"], PURL, "LOW"),
        vulnerability("osv-scanner", &["A-3", "A-4"], PURL, "LOW"),
        vulnerability("osv-scanner", &["A-2", "A-3"], PURL, "LOW"),
        vulnerability("osv-scanner", &["A-4"], "pkg:cargo/time@0.1.46", "LOW"),
    ];
    let all = merged(chain);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].aliases.len() + all[1].aliases.len(), 5);
}

#[test]
fn severity_is_computed_anew_and_the_graver_kind_stays() {
    let mut unsound = vulnerability("cargo-audit", &["RUSTSEC-2025-1"], PURL, "");
    unsound.kind = AdvisoryKind::Unsound;
    unsound.severity = VulnSeverity::Informational;
    let alone = merged(vec![unsound.clone()]);
    assert_eq!(alone[0].severity, VulnSeverity::Informational);

    let mut rated = vulnerability("osv-scanner", &["GHSA-a", "RUSTSEC-2025-1"], PURL, "");
    rated.scores = vec![cvss::score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "GHSA-a")];
    let both = merged(vec![unsound, rated]);
    assert_eq!(
        (both[0].kind, both[0].severity),
        (AdvisoryKind::Vulnerability, VulnSeverity::Critical)
    );
}

#[test]
fn fixed_versions_ascend_as_versions_do() {
    let mut one = vulnerability("osv-scanner", &["A-1"], PURL, "LOW");
    one.fixed_versions = ["0.10.0", "0.9.1", "next"].map(str::to_owned).to_vec();
    let mut other = vulnerability("cargo-audit", &["A-1"], PURL, "LOW");
    other.fixed_versions = ["0.9.1", "1.0.0-rc.1", "1.0.0"].map(str::to_owned).to_vec();
    assert_eq!(
        merged(vec![one, other])[0].fixed_versions,
        ["0.9.1", "0.10.0", "1.0.0-rc.1", "1.0.0", "next"]
    );
}

#[test]
fn the_canonical_alias_is_cve_then_ghsa_then_rustsec_then_any() {
    let pick = |aliases: &[&str]| {
        let aliases: Vec<String> = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        canonical_alias(&aliases).map(str::to_owned)
    };
    assert_eq!(pick(&["RUSTSEC-1", "GHSA-b", "CVE-2", "CVE-1"]).as_deref(), Some("CVE-1"));
    assert_eq!(pick(&["RUSTSEC-1", "GHSA-b", "A-1"]).as_deref(), Some("GHSA-b"));
    assert_eq!(pick(&["MAL-1", "RUSTSEC-1"]).as_deref(), Some("RUSTSEC-1"));
    assert_eq!(pick(&["MAL-1", "GO-1"]).as_deref(), Some("GO-1"));
    assert_eq!(pick(&[]), None);
}

#[test]
fn secrets_join_only_where_nothing_but_the_finder_differs() {
    let one = secret("github-pat", "src/a.rs", '1', 3);
    let mut same = one.clone();
    same.attributions[0].tool = "other".parse().unwrap();
    let moved = secret("github-pat", "src/a.rs", '1', 4);
    let all = merge([one, same, moved].map(Finding::Secret).to_vec());
    let tools: Vec<_> = all
        .iter()
        .map(|finding| match finding {
            Finding::Secret(secret) => secret.attributions.len(),
            _ => unreachable!(),
        })
        .collect();
    assert_eq!(tools, [2, 1]);
}

fn any_vulnerability() -> impl Strategy<Value = Vulnerability> {
    let name = prop::sample::select(vec!["CVE-1", "CVE-2", "GHSA-a", "GHSA-b", "RUSTSEC-1", "X-1"]);
    (
        prop::collection::vec(name, 1..3),
        prop::sample::select(vec![PURL, "pkg:cargo/time@0.1.46"]),
        prop::sample::select(vec!["cargo-audit", "osv-scanner", "npm"]),
        prop::sample::select(vec!["", "LOW", "HIGH", "ODD"]),
        prop::sample::select(vec!["", "a summary", "another"]),
        prop::sample::select(vec!["1.2.3", "1.10.0", "next"]),
    )
        .prop_map(|(aliases, purl, tool, word, summary, fixed)| {
            let mut vulnerability = vulnerability(tool, &aliases, purl, word);
            vulnerability.summary = summary.to_owned();
            vulnerability.fixed_versions = vec![fixed.to_owned()];
            vulnerability
        })
}

proptest! {
    /// SC-1, SC-7, P4: order, repetition and staging change nothing, and nothing gets lost.
    #[test]
    fn merging_is_order_independent_idempotent_and_loses_nothing(
        (sorted, shuffled) in prop::collection::vec(any_vulnerability(), 0..8)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        cut in 0_usize..8,
    ) {
        let of = |all: &[Vulnerability]| merge(all.iter().cloned().map(finding).collect());
        let once = of(&sorted);
        prop_assert_eq!(&once, &of(&shuffled));
        prop_assert_eq!(&once, &merge(once.clone()));
        prop_assert_eq!(&once, &canonical_findings(once.clone()));
        let (head, tail) = shuffled.split_at(cut.min(shuffled.len()));
        prop_assert_eq!(&once, &merge([of(head), of(tail)].concat()));

        let seen: Vec<&Vulnerability> = once.iter().map(|finding| match finding {
            Finding::Vulnerability(vulnerability) => vulnerability,
            _ => unreachable!(),
        }).collect();
        for said in &sorted {
            let homes: Vec<_> = seen.iter().filter(|one| {
                one.component == said.component && one.aliases.contains(&said.id)
            }).collect();
            prop_assert_eq!(homes.len(), 1);
            prop_assert!(said.attributions.iter().all(|a| homes[0].attributions.contains(a)));
            prop_assert!(said.words.iter().all(|word| homes[0].words.contains(word)));
            prop_assert!(said.aliases.iter().all(|alias| homes[0].aliases.contains(alias)));
            prop_assert!(homes[0].severity >= said.severity || said.severity == VulnSeverity::Unscored);
        }
    }
}

#[test]
fn what_tools_say_of_one_licence_or_component_is_one_finding_and_draws_one_conclusion() {
    let declared = license(Some("MIT"));
    let mut detected = license(None);
    detected.detected = vec![statement("ISC", "LICENSE")];
    let mut unread = license(None);
    unread.detected = vec![statement("LicenseRef-scancode-unknown", "NOTICE")];
    let parts = [declared, detected, unread].map(Finding::License);
    let concluded = |findings: &[Finding]| match merge(findings.to_vec()).as_slice() {
        [Finding::License(one)] => one.concluded.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(concluded(&parts[..1]).as_deref(), Some("MIT"));
    assert_eq!(concluded(&parts[1..2]).as_deref(), Some("ISC"));
    assert_eq!(concluded(&parts[..2]).as_deref(), Some("MIT"));
    assert_eq!(concluded(&parts), None, "a text nobody knows is UNKNOWN whatever is declared");
    let mut backwards = parts.to_vec();
    backwards.reverse();
    assert_eq!(merge(parts.to_vec()), merge(backwards));

    let other = match component() {
        Finding::Component(mut other) => {
            other.known_by = vec!["lockfile".to_owned()];
            other.kind = "application".to_owned();
            Finding::Component(other)
        }
        _ => unreachable!(),
    };
    for both in [[component(), other.clone()], [other, component()]] {
        match merge(both.to_vec()).as_slice() {
            [Finding::Component(one)] => {
                assert_eq!(one.known_by, ["lockfile", "syft"]);
                assert_eq!(one.kind, "application");
            }
            other => panic!("{other:?}"),
        }
    }
}
