//! From CVSS vectors and databases' words to one severity (contract SC-2).
//! Owns the computing; never trusts a score somebody else computed, and never lets what
//! it cannot read make a vulnerability look milder than it may be.

use std::str::FromStr;

use cvss::Cvss;

use crate::finding::{AdvisoryKind, Score, SeverityWord};
use crate::severity::VulnSeverity;

/// The base metrics of CVSS v3.0 and v3.1. A vector that lacks one is refused here: the parser would
/// take the missing one for harmless.
const V3_BASE: [&str; 8] = ["AV", "AC", "PR", "UI", "S", "C", "I", "A"];

/// The base metrics of CVSS v4.0; everything else in a vector is threat, environment or supplement.
const V4_BASE: [&str; 12] =
    ["CVSS", "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"];

/// A vector with what it computes to: CVSS v2 (with or without its parentheses), v3.0, v3.1 and v4.0.
///
/// Only the base metrics count. Temporal, threat (`E:` of v4.0) and environmental metrics speak of
/// one day or one place: the standard leaves them to whoever is affected, and a database's
/// `E:U` from publication day must not make an exploited vulnerability look harmless.
/// A vector that does not parse whole, or lacks a base metric, has the version `unknown` and no score.
pub fn score(vector: &str, source: &str) -> Score {
    let computed = base_score(vector.trim());
    Score {
        version: computed.map_or("unknown", |(version, _)| version).to_owned(),
        vector: vector.to_owned(),
        tenths: computed.map(|(_, tenths)| tenths),
        source: source.to_owned(),
    }
}

/// The severity of a vulnerability: the highest of all computed scores and known words.
///
/// Malware is `Critical` and an informational advisory is `Informational`, whatever else is said.
/// Where nothing can be read it is `Unscored`; where only some of it can, what cannot be read
/// counts as `Unscored` too, so an unparsable vector beside the word `LOW` is not low.
pub fn severity(scores: &[Score], words: &[SeverityWord], kind: AdvisoryKind) -> VulnSeverity {
    match kind {
        AdvisoryKind::Malware => return VulnSeverity::Critical,
        AdvisoryKind::Unmaintained | AdvisoryKind::Unsound | AdvisoryKind::Notice => {
            return VulnSeverity::Informational;
        }
        AdvisoryKind::Vulnerability => {}
    }
    let scores = scores.iter().map(|score| score.tenths.map_or(VulnSeverity::Unscored, of_tenths));
    let words = words.iter().filter_map(|word| of_word(&word.word));
    scores.chain(words).max().unwrap_or(VulnSeverity::Unscored)
}

/// The qualitative rating of a score in tenths (CVSS v3.1 section 5, v4.0 section 6).
pub const fn of_tenths(tenths: u8) -> VulnSeverity {
    match tenths {
        0 => VulnSeverity::None,
        1..=39 => VulnSeverity::Low,
        40..=69 => VulnSeverity::Medium,
        70..=89 => VulnSeverity::High,
        _ => VulnSeverity::Critical,
    }
}

/// What a database's word stands for: null where it says nothing (`UNKNOWN`, empty), `Unscored`
/// where it says something we do not know.
pub fn of_word(word: &str) -> Option<VulnSeverity> {
    match word.trim().to_ascii_uppercase().as_str() {
        "" | "UNKNOWN" | "UNSCORED" | "UNSPECIFIED" | "UNDEFINED" | "UNTRIAGED" => None,
        "NONE" => Some(VulnSeverity::None),
        "INFO" | "NEGLIGIBLE" | "MINOR" | "LOW" => Some(VulnSeverity::Low),
        "MODERATE" | "MEDIUM" => Some(VulnSeverity::Medium),
        "IMPORTANT" | "HIGH" => Some(VulnSeverity::High),
        "CRITICAL" => Some(VulnSeverity::Critical),
        _ => Some(VulnSeverity::Unscored),
    }
}

/// What sort of advisory a record is.
///
/// `ids` are its id and aliases, `informational` the database's word for an advisory that is no
/// vulnerability, `cwe_ids` its weaknesses: a `MAL-` id or CWE-506 (embedded malicious code) is
/// malware. An informational word we do not know is taken for a vulnerability, the graver reading.
pub fn advisory_kind(
    ids: &[String],
    informational: Option<&str>,
    cwe_ids: &[String],
) -> AdvisoryKind {
    let malware_id = |id: &String| id.trim().to_ascii_uppercase().starts_with("MAL-");
    let malware_cwe = |cwe: &String| cwe.trim().eq_ignore_ascii_case("CWE-506");
    if ids.iter().any(malware_id) || cwe_ids.iter().any(malware_cwe) {
        return AdvisoryKind::Malware;
    }
    match informational.map(|word| word.trim().to_ascii_lowercase()).as_deref() {
        Some("unmaintained") => AdvisoryKind::Unmaintained,
        Some("unsound") => AdvisoryKind::Unsound,
        Some("notice") => AdvisoryKind::Notice,
        _ => AdvisoryKind::Vulnerability,
    }
}

fn base_score(vector: &str) -> Option<(&'static str, u8)> {
    let bare = vector.strip_prefix("CVSS:2.0/").unwrap_or(vector);
    let bare = bare.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(bare);
    let (version, value) = match Cvss::from_str(bare).ok()? {
        Cvss::CvssV20(vector) => ("2.0", vector.score().value()),
        Cvss::CvssV30(_) | Cvss::CvssV31(_) if !has_all(bare, &V3_BASE) => return None,
        Cvss::CvssV40(_) if !has_all(bare, &V4_BASE) => return None,
        Cvss::CvssV30(vector) => ("3.0", vector.base_score().value()),
        Cvss::CvssV31(vector) => ("3.1", vector.base_score().value()),
        Cvss::CvssV40(_) => ("4.0", Cvss::from_str(&v4_base(bare)).ok()?.score()),
        _ => return None,
    };
    // The crate rounds to one decimal and stays within 0.0 to 10.0; anything else is not a score.
    let tenths = (value * 10.0).round();
    (0.0..=100.0).contains(&tenths).then_some((version, tenths as u8))
}

fn has_all(vector: &str, metrics: &[&str]) -> bool {
    let keys = || vector.split('/').filter_map(|part| part.split(':').next());
    metrics.iter().all(|metric| keys().any(|key| key.eq_ignore_ascii_case(metric)))
}

fn v4_base(vector: &str) -> String {
    let is_base = |part: &&str| {
        let key = part.split(':').next().unwrap_or_default();
        V4_BASE.iter().any(|base| base.eq_ignore_ascii_case(key))
    };
    vector.split('/').filter(is_base).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenths(vector: &str) -> Option<(String, u8)> {
        let score = score(vector, "TEST-1");
        score.tenths.map(|tenths| (score.version, tenths))
    }

    fn word(text: &str) -> SeverityWord {
        SeverityWord { word: text.to_owned(), source: "TEST-1".to_owned() }
    }

    fn judged(vectors: &[&str], words: &[&str]) -> VulnSeverity {
        let scores: Vec<_> = vectors.iter().map(|vector| score(vector, "TEST-1")).collect();
        let words: Vec<_> = words.iter().map(|text| word(text)).collect();
        severity(&scores, &words, AdvisoryKind::Vulnerability)
    }

    /// Contract SC-2: v2, v3.0, v3.1 and v4.0, from the vector. Expected values are the
    /// published ones of the specifications' examples and of the advisories named.
    #[test]
    fn every_version_computes_its_published_base_score() {
        for (vector, version, expect) in [
            // CVE-2002-0392, the v2 guide's first example
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", "2.0", 78),
            ("(AV:N/AC:L/Au:N/C:N/I:N/A:C)", "2.0", 78),
            ("CVSS:2.0/AV:N/AC:L/Au:N/C:N/I:N/A:C", "2.0", 78),
            // GHSA-pxg6-pf52-xh8x and its neighbours in the npm database
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", "3.0", 53),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "3.1", 98),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "3.1", 61),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "3.1", 0),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", "4.0", 87),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", "4.0", 100),
        ] {
            assert_eq!(tenths(vector), Some((version.to_owned(), expect)), "{vector}");
        }
    }

    #[test]
    fn threat_and_environment_of_another_day_and_place_do_not_lower_a_score() {
        let base = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N";
        assert_eq!(tenths(base), Some(("4.0".to_owned(), 69)));
        for metrics in ["/E:U", "/E:P", "/E:A", "/E:U/MAV:P/CR:L", "/AU:Y"] {
            assert_eq!(tenths(&format!("{base}{metrics}")), tenths(base), "{metrics}");
        }
        let v3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        assert_eq!(tenths(&format!("{v3}/E:U/RL:O/RC:U")), tenths(v3));
    }

    #[test]
    fn what_is_no_whole_vector_has_no_score() {
        for vector in [
            "",
            "7.5",
            "HIGH",
            "CVSS:3.1",
            "CVSS:3.1/AV:N",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:H",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:Z",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N/E:?",
            "CVSS:5.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "AV:N/AC:L/Au:N/C:N/I:N",
            "(AV:N/AC:L/Au:N/C:N/I:N/A:C",
        ] {
            let score = score(vector, "TEST-1");
            assert_eq!((score.version.as_str(), score.tenths), ("unknown", None), "{vector}");
        }
    }

    #[test]
    fn ratings_change_exactly_at_their_limits() {
        use VulnSeverity::{Critical, High, Low, Medium, None};
        for (tenths, expect) in [
            (0, None),
            (1, Low),
            (39, Low),
            (40, Medium),
            (69, Medium),
            (70, High),
            (89, High),
            (90, Critical),
            (100, Critical),
        ] {
            assert_eq!(of_tenths(tenths), expect, "{tenths}");
        }
    }

    #[test]
    fn the_highest_of_scores_and_words_counts() {
        let medium = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L";
        assert_eq!(judged(&[medium], &["LOW"]), VulnSeverity::Medium);
        assert_eq!(judged(&[medium], &["critical"]), VulnSeverity::Critical);
        assert_eq!(judged(&[], &["MODERATE", "LOW"]), VulnSeverity::Medium);
        assert_eq!(
            judged(&["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"], &["LOW"]),
            VulnSeverity::Critical
        );
    }

    #[test]
    fn unscored_is_never_low_and_blocks_like_high() {
        assert_eq!(judged(&[], &[]), VulnSeverity::Unscored);
        assert_eq!(judged(&["garbage"], &[]), VulnSeverity::Unscored);
        assert_eq!(judged(&["garbage"], &["LOW"]), VulnSeverity::Unscored);
        assert_eq!(judged(&["garbage"], &["HIGH"]), VulnSeverity::High);
        assert_eq!(judged(&[], &["UNKNOWN"]), VulnSeverity::Unscored);
        assert_eq!(judged(&[], &["SPICY", "LOW"]), VulnSeverity::Unscored);
        assert!(VulnSeverity::Unscored.blocks_release());
    }

    #[test]
    fn informational_is_a_warning_and_malware_is_critical() {
        for kind in [AdvisoryKind::Unmaintained, AdvisoryKind::Unsound, AdvisoryKind::Notice] {
            assert_eq!(severity(&[], &[], kind), VulnSeverity::Informational);
        }
        assert_eq!(severity(&[], &[word("LOW")], AdvisoryKind::Malware), VulnSeverity::Critical);
        let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let kind = |ids: &[&str], informational, cwes: &[&str]| {
            advisory_kind(&text(ids), informational, &text(cwes))
        };
        assert_eq!(kind(&["MAL-2025-1"], None, &[]), AdvisoryKind::Malware);
        assert_eq!(kind(&["GHSA-x"], None, &["CWE-506"]), AdvisoryKind::Malware);
        assert_eq!(kind(&["RUSTSEC-1"], Some("unsound"), &[]), AdvisoryKind::Unsound);
        assert_eq!(kind(&["RUSTSEC-1"], Some("surprising"), &[]), AdvisoryKind::Vulnerability);
        assert_eq!(kind(&["GHSA-x"], None, &["CWE-79"]), AdvisoryKind::Vulnerability);
    }
}
