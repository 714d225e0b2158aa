//! The adapters against outputs recorded from the real tools, whose version stands in the path.
//! The recordings hold no secret: `@SECRETn@` is replaced by a canary composed at run time.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]

use std::collections::BTreeSet;

use mex_runtime::finding::Finding;
use mex_runtime::policy::allowlist::FingerprintKey;
use mex_runtime::policy::merge::merge;
use mex_scanners::answer::{Answer, Ending};
use mex_scanners::fingerprint::fingerprint_all;
use mex_scanners::gitleaks::normalise::{Place, Settled, read, settle};
use mex_scanners::license_scan;
use mex_scanners::lockfile::{Lockfile, kind, lint};
use mex_scanners::redact::Redactor;
use mex_scanners::{cargo_audit, cargo_deny, gitleaks, osv_scanner};

const TREE: &str = include_str!("recorded/gitleaks-8.30.1/tree.stdout.json");
const TREE_LOG: &[u8] = include_bytes!("recorded/gitleaks-8.30.1/tree.stderr.txt");
const OSV_CARGO: &[u8] = include_bytes!("recorded/osv-scanner-2.6.0/cargo.stdout.json");
const OSV_CARGO_LOG: &[u8] = include_bytes!("recorded/osv-scanner-2.6.0/cargo.stderr.txt");
const OSV_NPM: &[u8] = include_bytes!("recorded/osv-scanner-2.6.0/npm.stdout.json");
const OSV_NPM_LOG: &[u8] = include_bytes!("recorded/osv-scanner-2.6.0/npm.stderr.txt");
const AUDIT: &[u8] = include_bytes!("recorded/cargo-audit-0.22.2/cargo.stdout.json");

const DENY: &[u8] = include_bytes!("recorded/cargo-deny-0.20.2/list.stdout.json");
const DENY_NO_SOURCES: &[u8] = include_bytes!("recorded/cargo-deny-0.20.2/no-sources.stderr.txt");
const DENY_LOCK: &str = include_str!("recorded/cargo-deny-0.20.2/Cargo.lock.txt");

fn deny(
    code: i32,
    stdout: &[u8],
    stderr: &[u8],
) -> Result<cargo_deny::normalise::Normalised, mex_runtime::result::TypedError> {
    cargo_deny::normalise::normalise(&Answer::whole(code, stdout, stderr), "Cargo.lock")
}

/// P4, contract SC-2: every crate of the lockfile, and the project's own as a listed drop.
#[test]
fn cargo_denys_list_names_every_locked_crate_and_balances() {
    let read = deny(0, DENY, b"").unwrap();
    assert!(read.count.balances());
    assert_eq!((read.count.said, read.count.kept), (4, 3));
    let licences = |name: &str, version: &str| {
        read.crates[&(name.to_owned(), version.to_owned())].licenses.join(" ")
    };
    assert_eq!(licences("adler2", "2.0.1"), "0BSD MIT Apache-2.0");
    assert_eq!(licences("texts", "0.1.0"), "MIT");
    assert_eq!(licences("bare", "0.1.0"), "");
    let locked = license_scan::crates::packages(DENY_LOCK).unwrap();
    for package in locked.iter().filter(|package| package.source.is_some()) {
        let key = (package.name.clone(), package.version.clone());
        assert!(read.crates.contains_key(&key), "{key:?}");
    }
}

/// Promise P2: what cargo-deny says without ending well, or not at all, is an error that says why.
#[test]
fn cargo_denys_failures_are_errors() {
    let fault = deny(1, b"", DENY_NO_SOURCES).unwrap_err();
    assert_eq!(fault.code.to_string(), "MEX-TOOL-EXIT");
    assert!(fault.message.contains("failed to get `bare`"), "{}", fault.message);
    assert!(!fault.message.contains("15:31"), "no clock in a ledger: {}", fault.message);
    for (code, stdout) in [
        (0, &b""[..]),
        (0, b"{"),
        (0, b"[]"),
        (0, b"{\"a 1 registry+x\":{}}"),
        (0, b"{\"no crate\":{\"licenses\":[]}}"),
        (0, &DENY[..DENY.len() - 1]),
        (2, DENY),
        (101, DENY),
    ] {
        assert!(deny(code, stdout, b"").is_err(), "{code} {}", String::from_utf8_lossy(stdout));
    }
}

fn lockfile(path: &str, bytes: &[u8]) -> Lockfile {
    let kind = kind::of(path.rsplit('/').next().unwrap()).unwrap();
    Lockfile { path: path.to_owned(), kind, packages: lint::look(kind, bytes).unwrap().packages }
}

fn cargo_lock() -> Lockfile {
    lockfile("Cargo.lock", include_bytes!("recorded/Cargo.lock.txt"))
}

fn npm_lock() -> Lockfile {
    lockfile("web/package-lock.json", include_bytes!("recorded/package-lock.json.txt"))
}

/// A canary that no detector knows and nobody issued.
fn canary(number: usize) -> String {
    format!(
        "canary-{number}-{}",
        (0..24).map(|n| char::from(b'a' + ((number * 7 + n * 5) % 26) as u8)).collect::<String>()
    )
}

fn tree() -> Vec<u8> {
    let mut text = TREE.to_owned();
    for number in 0..10 {
        text = text.replace(&format!("@SECRET{number}@"), &canary(number));
    }
    text.into_bytes()
}

fn settled(stdout: &[u8], code: i32, log: &[u8]) -> (Settled, usize) {
    let reading = read(&Answer::whole(code, stdout, log));
    let secrets: BTreeSet<Vec<u8>> = reading.secrets();
    let key = FingerprintKey { document_id: "own".into(), salt: [7; 16], m_kib: 32, t: 1, p: 1 };
    let prints = fingerprint_all(&secrets, &key, &[]).unwrap();
    let redactor = Redactor::new(secrets.iter().map(Vec::as_slice));
    let same = |path: &str| path.to_owned();
    let place = Place {
        prefix: "/project/",
        original: &same,
        shown: &same,
        lines_before: 0,
        subject: "files",
    };
    (settle(&reading, &place, &prints, &redactor).unwrap(), reading.errors.len())
}

fn osv(
    code: i32,
    stdout: &[u8],
    log: &[u8],
    lock: &Lockfile,
) -> osv_scanner::normalise::Normalised {
    osv_scanner::normalise::normalise(&Answer::whole(code, stdout, log), &[lock])
}

fn audit(code: i32, stdout: &[u8]) -> cargo_audit::normalise::Normalised {
    cargo_audit::normalise::normalise(&Answer::whole(code, stdout, b""), &cargo_lock(), 1)
}

fn ids(findings: &[Finding]) -> Vec<String> {
    let id = |finding: &Finding| match finding {
        Finding::Vulnerability(v) => format!("{} {}", v.id, v.component.purl),
        Finding::Secret(s) => format!("{} {}", s.rule, s.path),
        Finding::Component(c) => c.component.purl.clone(),
        Finding::License(l) => l.place().to_owned(),
    };
    findings.iter().map(id).collect()
}

/// P4: count in = count out + listed drops, for each tool.
#[test]
fn recorded_outputs_balance() {
    let (secrets, errors) = settled(&tree(), 42, TREE_LOG);
    assert_eq!(errors, 0);
    assert_eq!((secrets.count.said, secrets.count.kept), (7, 7));
    assert!(secrets.count.balances());
    let cargo = osv(1, OSV_CARGO, OSV_CARGO_LOG, &cargo_lock());
    assert_eq!(cargo.errors, []);
    assert_eq!((cargo.counts[0].said, cargo.findings.len()), (3, 3));
    let npm = osv(1, OSV_NPM, OSV_NPM_LOG, &npm_lock());
    assert_eq!(npm.errors, []);
    assert_eq!((npm.counts[0].said, npm.findings.len()), (6, 6));
    let audit = audit(1, AUDIT);
    assert_eq!(audit.errors, []);
    assert_eq!((audit.counts[0].said, audit.findings.len()), (3, 3));
    for count in cargo.counts.iter().chain(&npm.counts).chain(&audit.counts) {
        assert!(count.balances(), "{count:?}");
    }
}

/// Contract SC-7: what both tools say of one crate is one finding with both attributions.
#[test]
fn two_tools_that_say_the_same_are_one_finding() {
    let cargo = osv(1, OSV_CARGO, OSV_CARGO_LOG, &cargo_lock());
    let merged = merge([cargo.findings, audit(1, AUDIT).findings].concat());
    assert_eq!(merged.len(), 3, "{:?}", ids(&merged));
    for finding in &merged {
        let Finding::Vulnerability(vulnerability) = finding else { panic!("{finding:?}") };
        assert_eq!(vulnerability.attributions.len(), 2, "{}", vulnerability.id);
    }
}

/// P2: any exit code that contradicts the report, or means nothing, is an error.
#[test]
fn every_exit_code_but_the_right_one_is_an_error() {
    let clean = b"[]\n";
    let clean_log = b"1:00PM INF scanned ~1 bytes (1 bytes) in 1ms\n1:00PM INF no leaks found\n";
    let no_results = br#"{"results":[]}"#;
    let no_results_log = b"Scanned /project/Cargo.lock file and found 4 packages\n";
    for code in 0..=255 {
        let errors =
            |stdout: &[u8], log: &[u8]| read(&Answer::whole(code, stdout, log)).errors.len();
        assert_eq!(errors(&tree(), TREE_LOG) == 0, code == 42, "gitleaks {code}");
        assert_eq!(errors(clean, clean_log) == 0, code == 0, "gitleaks clean {code}");
        let passes =
            |stdout: &[u8], log: &[u8]| osv(code, stdout, log, &cargo_lock()).errors.is_empty();
        assert_eq!(passes(OSV_CARGO, OSV_CARGO_LOG), code == 1, "osv-scanner {code}");
        assert_eq!(passes(no_results, no_results_log), code == 0, "osv-scanner clean {code}");
        assert_eq!(audit(code, AUDIT).errors.is_empty(), code == 1, "cargo-audit {code}");
    }
}

/// P2: a report cut at any hundredth, or otherwise broken, is an error.
#[test]
fn broken_reports_are_errors() {
    let whole = [tree(), OSV_CARGO.to_vec(), AUDIT.to_vec()];
    let check = |which: usize, bytes: &[u8], what: &str| {
        let errors = match which {
            0 => read(&Answer::whole(42, bytes, TREE_LOG)).errors.len(),
            1 => osv(1, bytes, OSV_CARGO_LOG, &cargo_lock()).errors.len(),
            _ => audit(1, bytes).errors.len(),
        };
        assert!(errors > 0, "tool {which}: {what}");
    };
    for (which, bytes) in whole.iter().enumerate() {
        for percent in 0..100 {
            let end = bytes.trim_ascii_end().len() * percent / 100;
            check(which, &bytes[..end], &format!("cut at {percent} %"));
        }
        let deep = "[".repeat(100_000);
        for broken in [&b""[..], b"null", b"{}", b"\xff\xfe", b"{\"a\"", deep.as_bytes()] {
            check(which, broken, &String::from_utf8_lossy(&broken[..broken.len().min(10)]));
        }
        let mut odd = bytes.clone();
        let middle = odd.len() / 2;
        odd[middle] = 0xff;
        check(which, &odd, "one byte that is no UTF-8");
    }
}

/// P2: signals and truncation are errors whatever was written.
#[test]
fn signals_and_cuts_are_errors() {
    for signal in 1..=15 {
        let told = Answer {
            ending: Ending::Signal(signal),
            ..Answer::whole(42, TREE.as_bytes(), TREE_LOG)
        };
        assert!(!read(&told).errors.is_empty());
        assert!(!osv_scanner::normalise::normalise(&told, &[&cargo_lock()]).errors.is_empty());
        assert!(!cargo_audit::normalise::normalise(&told, &cargo_lock(), 1).errors.is_empty());
    }
    let cut = Answer { stdout_bytes: u64::MAX, ..Answer::whole(42, TREE.as_bytes(), TREE_LOG) };
    assert_eq!(read(&cut).said(), 0, "nothing of a cut report is read");
}

/// P5: the order in which a tool reports does not show.
#[test]
fn order_of_the_report_does_not_show() {
    let (forward, _) = settled(&tree(), 42, TREE_LOG);
    let mut list: Vec<serde_json::Value> = serde_json::from_slice(&tree()).unwrap();
    list.reverse();
    let (backward, _) = settled(&serde_json::to_vec(&list).unwrap(), 42, TREE_LOG);
    assert_eq!(forward, backward);
}

/// P25 at this boundary: neither findings nor evidence hold a canary.
#[test]
fn no_secret_leaves_the_adapter() {
    let (settled, _) = settled(&tree(), 42, TREE_LOG);
    let text = format!("{:?} {}", settled.findings, settled.evidence);
    for number in 0..7 {
        assert!(!text.contains(&canary(number)), "{number}");
    }
    let log = String::from_utf8(gitleaks::safe_log(TREE_LOG)).unwrap();
    assert!(!log.contains("/project"), "{log}");
}
