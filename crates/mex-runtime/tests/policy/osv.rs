//! SC-2's severity on real advisories: vectors of every version, words that disagree, none at all.

use mex_runtime::cvss;
use mex_runtime::finding::SeverityWord;
use mex_runtime::severity::VulnSeverity;
use serde_json::Value;

fn severity(record: &str) -> VulnSeverity {
    let record: Value = serde_json::from_str(record).unwrap();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let id = record["id"].as_str().unwrap();
    let scores: Vec<_> = record["severity"]
        .as_array()
        .unwrap()
        .iter()
        .map(|severity| cvss::score(severity["score"].as_str().unwrap(), id))
        .collect();
    assert!(scores.iter().all(|score| score.tenths.is_some()), "{scores:?}");
    let words = [SeverityWord {
        word: record["database_specific"]["severity"].as_str().unwrap().to_owned(),
        source: id.to_owned(),
    }];
    let kind = cvss::advisory_kind(
        &[id.to_owned()],
        None,
        &texts(&record["database_specific"]["cwe_ids"]),
    );
    cvss::severity(&scores, &words, kind)
}

#[test]
fn real_advisories_get_the_highest_of_vectors_and_words() {
    for (record, expect, why) in [
        (
            include_str!("osv/GHSA-f7q4-pwc6-w24p.json"),
            VulnSeverity::Medium,
            "word LOW, v3.1 5.3, v4.0 with E:U",
        ),
        (
            include_str!("osv/GHSA-73qr-pfmq-6rp8.json"),
            VulnSeverity::Critical,
            "malware by CWE-506, no vector",
        ),
        (include_str!("osv/GHSA-pxg6-pf52-xh8x.json"), VulnSeverity::Low, "a word alone"),
        (include_str!("osv/GHSA-gxpj-cx7g-858c.json"), VulnSeverity::Medium, "v3.0"),
        (include_str!("osv/GHSA-gcx4-mw62-g8wm.json"), VulnSeverity::High, "v4.0 alone"),
        (
            include_str!("osv/GHSA-jpcq-cgw6-v4j6.json"),
            VulnSeverity::Medium,
            "v3.1 6.9, one tenth below high",
        ),
        (include_str!("osv/GHSA-cxjh-pqwp-8mfp.json"), VulnSeverity::Medium, "v3.1 6.5"),
        (include_str!("osv/GHSA-xvch-5gv4-984h.json"), VulnSeverity::Critical, "v3.1 9.8"),
    ] {
        assert_eq!(severity(record), expect, "{why}");
    }
}
