//! The policy file and the allowlist at the door: what is wrong is named, all of it at once (SC-2, SC-4).

use mex_runtime::policy::allowlist::{self, Allowlist};
use mex_runtime::policy::file::{ApprovalRule, Policy};
use mex_runtime::severity::VulnSeverity;
use serde_json::{Value, json};

use crate::build::{PURL, print};

const DEFAULT: &str = include_str!("../../../../policy/default.toml");
const STRICT: &str = include_str!("../../../../policy/release.toml");

fn policy_faults(text: &str) -> Vec<String> {
    Policy::parse(text).unwrap_err().faults.iter().map(ToString::to_string).collect()
}

#[test]
fn the_built_in_policy_is_the_commented_default_file() {
    assert_eq!(Policy::parse(DEFAULT).unwrap(), Policy::default());
}

#[test]
fn the_release_policy_adds_and_removes_nothing() {
    let strict = Policy::parse(STRICT).unwrap();
    assert_eq!(strict.approvals, ApprovalRule::SshSignature);
    let blocking = strict.blocking_severities();
    assert!(blocking.contains(&VulnSeverity::Medium));
    assert!(blocking.is_superset(&Policy::default().blocking_severities()));
}

#[test]
fn a_policy_never_removes_what_sc_2_asks_for() {
    for (from, to, named) in [
        ("\"UNSCORED\"]", "]", "UNSCORED"),
        ("\"HIGH\", ", "", "HIGH"),
        ("\"CRITICAL\", ", "", "CRITICAL"),
        ("\"secret\", \"vuln\"", "\"vuln\"", "`secret` is missing"),
        ("[[gate.conditions]]\nrule = \"SC-2/secret\"\n", "", "SC-2/secret"),
        ("[[gate.conditions]]\nrule = \"SC-2/license\"\n", "", "SC-2/license"),
    ] {
        let text = DEFAULT.replace(from, to);
        assert_ne!(text, DEFAULT, "{from}");
        let faults = policy_faults(&text);
        assert!(faults.iter().any(|fault| fault.contains(named)), "{named}: {faults:?}");
    }
    let severities = "severities = [\"CRITICAL\", \"HIGH\", \"UNSCORED\"]";
    assert!(DEFAULT.contains(severities));
    let none = policy_faults(&DEFAULT.replace(severities, "severities = []"));
    assert_eq!(none.len(), 3, "{none:?}");
}

#[test]
fn a_bad_policy_is_refused_with_the_field_or_line_named() {
    for (from, to, named) in [
        ("name = \"default\"", "name = \"default\"\nname = \"again\"", "line 9 (`name`)"),
        ("name = \"default\"", "name = \" \"", "name"),
        ("name = \"default\"", "nmae = \"default\"", "nmae"),
        ("po-1.0", "po-2.0", "schema_version"),
        ("days = 7", "days = 0", "database_max_age_days"),
        ("days = 7", "days = 366", "database_max_age_days"),
        ("days = 7", "days = -1", "(`database_max_age_days`)"),
        ("approvals = \"named\"", "approvals = \"anybody\"", "anybody"),
        ("license_files = \"words\"", "license_files = \"some\"", "some"),
        ("version = \"0.1\"", "version = \"0.2\"", "gate.id"),
        ("rule = \"SC-2/secret\"", "rule = \"SC-2/license\"", "twice"),
        ("rule = \"SC-2/secret\"", "rule = \"SC-2/secret\"\nunless = true", "unless"),
        ("rule = \"SC-2/secret\"", "rule = \"SC-9/mine\"", "SC-9/mine"),
    ] {
        let text = DEFAULT.replacen(from, to, 1);
        assert_ne!(text, DEFAULT, "{from}");
        let faults = policy_faults(&text).join("; ");
        assert!(faults.contains(named), "{to}: {faults}");
    }
    assert!(policy_faults("")[0].contains("schema_version"));
    let big = format!("{DEFAULT}\n#{}", "x".repeat(1024 * 1024));
    assert!(policy_faults(&big)[0].contains("bytes"));
}

fn document() -> Value {
    let entry = |id: &str, matches: Value| {
        json!({
            "id": id, "matches": matches, "reason": "test data", "owner": "platform team",
            "approver": {"name": "reviewer", "how": "typed"},
            "created": "2026-11-01T00:00:00Z", "expires": "2026-12-01T00:00:00Z",
        })
    };
    json!({
        "schema_version": "al-1.0",
        "document_id": "team",
        "fingerprint_key": {
            "algorithm": "argon2id", "salt": "00112233445566778899aabbccddeeff",
            "m_kib": 19456, "t": 2, "p": 1,
        },
        "exceptions": [
            entry("one", json!({"type": "secret", "fingerprint": print('a')})),
            entry("two", json!({"type": "vulnerability", "purl": PURL, "aliases": ["CVE-2020-26235"]})),
            entry("three", json!({"type": "gap", "job": "vuln", "subject": "yarn.lock"})),
        ],
    })
}

fn faults(document: &Value) -> Vec<String> {
    Allowlist::parse(&document.to_string())
        .unwrap_err()
        .faults
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_valid_allowlist_reads_and_gives_its_key() {
    let allowlist = Allowlist::parse(&document().to_string()).unwrap();
    let key = allowlist.key().unwrap();
    assert_eq!(key.document_id, "team");
    assert_eq!((key.salt[0], key.salt[1], key.salt[15]), (0, 0x11, 0xff));
    assert_eq!((key.m_kib, key.t, key.p), (19_456, 2, 1));
    let again = serde_json::to_string(&allowlist).unwrap();
    assert_eq!(Allowlist::parse(&again).unwrap(), allowlist);
}

#[test]
fn an_exception_is_bound_answered_for_and_ends() {
    for (pointer, value, named) in [
        ("/exceptions/0/reason", json!("  "), "exceptions[0] (one).reason"),
        ("/exceptions/0/owner", json!(""), "exceptions[0] (one).owner"),
        ("/exceptions/0/approver/name", json!(""), "approver.name"),
        ("/exceptions/0/approver/how", json!("trust-me"), "approver"),
        ("/exceptions/0/expires", json!("2026-11-01T00:00:00Z"), "expires"),
        ("/exceptions/0/expires", json!("never"), "expires"),
        ("/exceptions/1/id", json!("one"), "same id"),
        ("/exceptions/1/id", json!("a b"), "exceptions[1] (a b).id"),
        ("/exceptions/0/matches/fingerprint", json!(""), "fingerprint"),
        ("/exceptions/0/matches/fingerprint", json!("*"), "fingerprint"),
        ("/exceptions/0/matches", json!({"type": "secret"}), "fingerprint"),
        (
            "/exceptions/0/matches",
            json!({"type": "secret", "fingerprint": print('a'), "line": 3}),
            "line",
        ),
        (
            "/exceptions/0/matches",
            json!({"type": "secret", "fingerprint": print('a'), "path": "src/*"}),
            "path",
        ),
        ("/exceptions/1/matches/aliases", json!([]), "aliases"),
        ("/exceptions/1/matches/aliases", json!(["CVE-*"]), "aliases"),
        ("/exceptions/1/matches/purl", json!("pkg:cargo/time"), "purl"),
        ("/exceptions/1/matches/purl", json!("pkg:cargo/*@1"), "purl"),
        ("/exceptions/1/matches/purl", json!("pkg:npm/@scope/name"), "purl"),
        ("/exceptions/1/matches/purl", json!("*"), "purl"),
        ("/exceptions/2/matches/subject", json!(""), "subject"),
        ("/exceptions/2/matches/job", json!("everything"), "matches"),
        ("/document_id", json!(""), "document_id"),
        ("/schema_version", json!("al-2.0"), "schema_version"),
        ("/fingerprint_key/salt", json!("abc"), "salt"),
        ("/fingerprint_key/salt", json!("0".repeat(31) + "é"), "salt"),
        ("/fingerprint_key/m_kib", json!(8), "m_kib"),
        ("/fingerprint_key/t", json!(99), "fingerprint_key.t"),
        ("/fingerprint_key/algorithm", json!("md5"), "fingerprint_key"),
    ] {
        let mut document = document();
        *document.pointer_mut(pointer).unwrap() = value.clone();
        let found = faults(&document);
        assert!(found.iter().any(|fault| fault.contains(named)), "{pointer} {value}: {found:?}");
    }
}

#[test]
fn every_fault_is_reported_at_once() {
    let mut document = document();
    let exceptions = document["exceptions"].as_array_mut().unwrap();
    for field in ["reason", "owner", "approver", "expires"] {
        exceptions[0].as_object_mut().unwrap().remove(field);
    }
    exceptions[1]["surprise"] = json!(1);
    exceptions[2] = json!("all of it");
    document["more"] = json!(true);
    let found = faults(&document);
    for named in [
        "one).reason",
        "one).owner",
        "one).approver",
        "one).expires",
        "surprise",
        "exceptions[2]",
        "more",
    ] {
        assert!(found.iter().any(|fault| fault.contains(named)), "{named}: {found:?}");
    }
    assert_eq!(found.len(), 7, "{found:?}");
}

#[test]
fn what_is_no_json_object_is_refused() {
    let doubled = document().to_string().replacen("\"one\"", "\"one\",\"id\":\"uno\"", 1);
    let huge = " ".repeat(allowlist::MAX_BYTES + 1);
    for text in ["", "[]", "null", "{", "{} {}", &doubled, &huge, &"[".repeat(100_000)] {
        let error = Allowlist::parse(text).unwrap_err();
        assert!(!error.faults.is_empty() && !error.to_string().is_empty());
    }
}
