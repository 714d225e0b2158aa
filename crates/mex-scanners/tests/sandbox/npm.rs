//! The machine's own npm, registered and answered from a snapshot inside the real sandbox, next to
//! the real osv-scanner (contract SC-5, SC-11); and npms of ours that lie, each of which must end as
//! an error. Advisories: `recorded/npm-osv`, real ones.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use mex_runtime::adapter::AdapterOutcome;
use mex_runtime::artifact::ToolIdentity;
use mex_runtime::capability::Consent;
use mex_runtime::code::Code;
use mex_runtime::coverage::CoverageState;
use mex_runtime::digest::Digest;
use mex_runtime::event::EventContext;
use mex_runtime::finding::{AdvisoryKind, Finding, Vulnerability};
use mex_runtime::port::Cancel;
use mex_runtime::result::Status;
use mex_runtime::severity::VulnSeverity;
use mex_scanners::advisory::{Databases, Selected, small_zip};
use mex_scanners::npm_audit::live::NpmAuditLive;
use mex_scanners::npm_audit::{ALIASES, NOT_ITS_LOCK, SAME_DATABASE, TOO_LONG};
use mex_scanners::process::provision::ProvisionContext;
use mex_scanners::toolchain::{
    Existing, Lock, MachinePlace, ProvisioningRecord, ToolState, Toolchain,
};
use mex_scanners::vuln_scan::VulnScan;
use serde_json::{Value, json};

use crate::kit::Ports;
use crate::through::{Bench, Today};

/// Registers npm and puts osv-scanner beside it, once.
fn tools() -> Arc<Toolchain> {
    static ALL: OnceLock<(tempfile::TempDir, Arc<Toolchain>)> = OnceLock::new();
    let (_, toolchain) = ALL.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let real = std::env::var_os("MEX_TEST_TOOLS_DIR")
            .expect("set MEX_TEST_TOOLS_DIR to a folder with the real tools; `./dev test` does");
        let target = folder.path().join("tools/osv-scanner/2.6.0");
        std::fs::create_dir_all(&target).unwrap();
        std::fs::copy(Path::new(&real).join("osv-scanner"), target.join("osv-scanner")).unwrap();
        let toolchain = Toolchain::open(folder.path(), Lock::embedded().unwrap()).unwrap();
        register(&toolchain);
        (folder, Arc::new(toolchain))
    });
    toolchain.clone()
}

fn register(toolchain: &Toolchain) {
    let ports = Ports::default();
    let context = ProvisionContext {
        recorder: &ports,
        store: &ports,
        clock: &ports,
        events: &EventContext::system("test".parse().unwrap()),
        cancel: &Cancel::default(),
    };
    toolchain
        .install(&["npm".parse().unwrap()], Existing::Keep, &context, &|_, _| ())
        .expect("npm 10 or newer and node must be on PATH; `./dev test` sees to it");
    assert_eq!(ports.records.lock().unwrap().len(), 2, "one run, one registration");
}

/// The real advisories, and these of ours, as one snapshot.
fn databases(more: &[Value]) -> (tempfile::TempDir, Arc<Databases>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded/npm-osv");
    let mut records: Vec<Selected> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "json"))
        .map(|entry| Selected {
            id: entry.path().file_stem().unwrap().to_string_lossy().into_owned(),
            bytes: std::fs::read(entry.path()).unwrap(),
        })
        .collect();
    assert_eq!(records.len(), 28);
    records.extend(more.iter().map(|record| Selected {
        id: record["id"].as_str().unwrap().to_owned(),
        bytes: record.to_string().into_bytes(),
    }));
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("npm.zip");
    std::fs::write(&file, small_zip(&records).unwrap()).unwrap();
    let databases = Databases::open_bare(place.path()).unwrap();
    databases.import(&file, Some("npm"), &Today).unwrap();
    (place, Arc::new(databases))
}

fn lock(packages: &[(&str, &str)]) -> String {
    let places = packages
        .iter()
        .map(|(place, version)| (format!("node_modules/{place}"), json!({"version": version})));
    let own = [(String::new(), json!({"name": "own", "version": "1.0.0"}))];
    let packages: serde_json::Map<String, Value> = own.into_iter().chain(places).collect();
    json!({"name": "own", "lockfileVersion": 3, "requires": true, "packages": packages}).to_string()
}

fn bench(files: &[(&str, &str)]) -> Bench {
    let mut bench = Bench::with(files);
    bench.budget = json!({
        "cpu_time_ms": 120_000, "wall_time_ms": 120_000,
        "memory_bytes": 4_u64 << 30, "output_bytes": 256 << 20,
    });
    bench
}

fn scan(files: &[(&str, &str)], databases: Arc<Databases>) -> AdapterOutcome {
    let bench = bench(files);
    bench.run(&VulnScan::new(tools(), databases, bench.sandbox.clone()))
}

fn vulnerabilities(outcome: &AdapterOutcome) -> Vec<&Vulnerability> {
    outcome
        .findings
        .iter()
        .map(|finding| match finding {
            Finding::Vulnerability(vulnerability) => vulnerability,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Which tools say which id of which package.
fn said(outcome: &AdapterOutcome) -> BTreeMap<String, Vec<&str>> {
    vulnerabilities(outcome)
        .into_iter()
        .map(|found| {
            let tools = found.attributions.iter().map(|by| by.tool.as_str()).collect();
            (format!("{} {}", found.id, found.component.purl), tools)
        })
        .collect()
}

/// Every real advisory that is not withdrawn, hit once, and packages just outside each range.
const HIT: [(&str, &str); 27] = [
    ("ansi-regex", "3.0.0"),
    ("body-parser", "1.20.2"),
    ("braces", "3.0.2"),
    ("coa", "2.0.3"),
    ("cookie", "0.6.0"),
    ("debug", "3.0.0"),
    ("elliptic", "6.5.6"),
    ("event-stream", "3.3.6"),
    ("express", "4.19.2"),
    ("flatmap-stream", "0.1.1"),
    ("follow-redirects", "1.15.5"),
    ("jquery", "3.4.1"),
    ("json5", "2.2.1"),
    ("jsonwebtoken", "8.5.1"),
    ("lodash", "4.17.0"),
    ("minimist", "1.2.0"),
    ("path-to-regexp", "0.1.9"),
    ("postcss", "8.4.30"),
    ("rollup", "4.22.3"),
    ("semver", "7.5.1"),
    ("tough-cookie", "4.1.2"),
    ("ua-parser-js", "0.7.29"),
    ("undici", "6.11.0"),
    ("vite", "5.4.5"),
    ("ws", "8.17.0"),
    ("json5x", "2.2.1"),
    ("1odash", "4.17.0"),
];

/// Contract SC-7, SC-11: one snapshot, two readings, the same findings.
#[test]
fn npm_and_osv_scanner_find_the_same_in_one_snapshot() {
    let (_place, databases) = databases(&[]);
    let outcome = scan(&[("web/package-lock.json", &lock(&HIT))], databases);
    assert_eq!(outcome.errors, []);
    let said = said(&outcome);
    for (finding, tools) in &said {
        assert_eq!(tools.as_slice(), ["npm", "osv-scanner"], "{finding}");
    }
    assert!(said.len() >= 25, "{said:#?}");
    assert!(!said.keys().any(|key| key.contains("json5x") || key.contains("1odash")));
    let mine = |tool: &str| {
        let mut of_tool =
            outcome.coverage.counts.iter().filter(|count| count.tool.as_str() == tool);
        let count = of_tool.next().unwrap();
        assert!(count.balances(), "{count:?}");
        count.kept
    };
    assert_eq!(mine("npm"), mine("osv-scanner"));
    let entry = outcome.coverage.entries.iter().find(|entry| {
        entry.tool.as_ref().is_some_and(|tool| tool.as_str() == "npm")
            && entry.state == CoverageState::Scanned
    });
    let entry = entry.unwrap();
    assert_eq!((entry.items, entry.reason.as_str()), (27, SAME_DATABASE));
    assert_eq!(outcome.databases.len(), 1, "one database, whoever read it");
    assert!(outcome.tools.iter().any(|tool| tool.name.as_str() == "npm"));
}

/// A lockfile with a backslash, behind which any name may stand.
const PNPM: &str = "lockfileVersion: '9.0'\n# \\\npackages:\n\n  nobody@1.0.0:\n    resolution: {integrity: sha512-00}\n";

/// What osv-scanner itself says of a project: with the records chosen, and with the whole database.
fn by_osv_scanner(files: &[(&str, &str)], databases: Arc<Databases>) -> (BTreeSet<String>, usize) {
    let outcome = scan(files, databases);
    let found = said(&outcome).into_iter().filter(|(_, tools)| tools.contains(&"osv-scanner"));
    let zips = outcome.evidence.iter().filter(|kept| kept.media_type == "application/zip");
    (found.map(|(id, _)| id).collect(), zips.count())
}

/// Contract SC-6: a small database with the records that name a package of the lockfiles finds what
/// the whole one finds. 20,000 generated records beside the real ones; 200,000 in the long variant.
#[test]
fn the_records_chosen_by_the_index_find_what_the_whole_database_finds() {
    let bulk = if std::env::var_os("MEX_LONG_TESTS").is_some() { 200_000 } else { 20_000 };
    let generated: Vec<Value> = (0..bulk)
        .map(|number| {
            // Names of several words that also stand in the lockfiles, and many that do not.
            let name = match number % 5 {
                0 => format!("pkg-{number}"),
                1 => format!("@scope/pkg_{number}"),
                2 => format!("pkg.{}", number % 50),
                3 => "lodash".to_owned() + &"x".repeat(number % 7),
                _ => format!("Upper-{}", number % 100),
            };
            json!({
                "id": format!("GEN-{number:06}"), "modified": "2026-01-01T00:00:00Z",
                "affected": [{"package": {"ecosystem": "npm", "name": name},
                    "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]}],
            })
        })
        .collect();
    let (_place, databases) = databases(&generated);
    let mut packages = HIT.to_vec();
    packages.extend([
        ("pkg-10", "1.0.0"),
        ("@scope/pkg_11", "1.9.9"),
        ("pkg.12", "1.0.0"),
        ("Upper-4", "1.0.0"),
        ("pkg-15", "2.0.0"),
        ("nobody-knows-it", "1.0.0"),
    ]);
    let lock = lock(&packages);
    let chosen = [("package-lock.json", lock.as_str())];
    // A backslash in any lockfile of the run, and nothing may be chosen.
    let whole = [chosen[0], ("other/pnpm-lock.yaml", PNPM)];
    let (few, zips) = by_osv_scanner(&chosen, databases.clone());
    assert_eq!(zips, 1, "the small database is evidence");
    let (all, zips) = by_osv_scanner(&whole, databases.clone());
    assert_eq!(zips, 0, "the whole one is the snapshot itself");
    assert!(few.len() > 25 + 4, "{few:#?}");
    assert_eq!(few, all);
    assert!(few.iter().any(|id| id.contains("pkg/npm/%40scope/pkg_11") || id.contains("pkg_11")));
    assert!(!few.iter().any(|id| id.contains("pkg-15")));
    let snapshot = databases.current("npm", mex_scanners::advisory::Form::Osv).unwrap();
    let none = snapshot.select(&|_| false).unwrap();
    assert_eq!(none.len(), 1, "never an empty database");
    let one = snapshot.select(&|name| name == "@scope/pkg_11").unwrap();
    assert_eq!(small_zip(&one).unwrap(), small_zip(&one).unwrap(), "the same bytes each time");
}

/// Contract SC-2 on the real records: withdrawn is dropped, malware is critical, nothing is milder
/// than its worst word or vector.
#[test]
fn real_odd_records_have_the_severity_they_should() {
    let (_place, databases) = databases(&[]);
    let outcome = scan(&[("package-lock.json", &lock(&HIT))], databases);
    let of = |package: &str, id: &str| {
        let found = vulnerabilities(&outcome).into_iter().find(|found| {
            found.component.name == package && found.aliases.iter().any(|alias| alias == id)
        });
        found.map(|found| (found.kind, found.severity))
    };
    use AdvisoryKind::{Malware, Vulnerability};
    use VulnSeverity::{Critical, High, Low, Medium};
    for (id, package, expect) in [
        // Malware by its weakness, with a word, without a vector.
        ("GHSA-73qr-pfmq-6rp8", "coa", Some((Malware, Critical))),
        ("GHSA-pjwm-rvh2-c87w", "ua-parser-js", Some((Malware, Critical))),
        ("GHSA-mh6f-8j2x-4483", "event-stream", Some((Malware, Critical))),
        ("GHSA-mh6f-8j2x-4483", "flatmap-stream", Some((Malware, Critical))),
        // Withdrawn.
        ("GHSA-257q-pv89-v3xv", "jquery", None),
        ("GHSA-27h2-hvpr-p74q", "jsonwebtoken", None),
        ("GHSA-7fhm-mqm4-2wp7", "minimist", None),
        // A word alone.
        ("GHSA-pxg6-pf52-xh8x", "cookie", Some((Vulnerability, Low))),
        // A v4 vector beside a milder v3.1 one, and `E:U` that must not count.
        ("GHSA-f7q4-pwc6-w24p", "elliptic", Some((Vulnerability, Medium))),
        ("GHSA-gcx4-mw62-g8wm", "rollup", Some((Vulnerability, High))),
        // v3.0 says 5.3 and the word is MODERATE.
        ("GHSA-gxpj-cx7g-858c", "debug", Some((Vulnerability, Medium))),
        ("GHSA-xvch-5gv4-984h", "minimist", Some((Vulnerability, Critical))),
    ] {
        assert_eq!(of(package, id), expect, "{package} {id}");
    }
}

/// Contract SC-11: every version of the lockfile, its other name, aliases, links, bundles.
#[test]
fn every_kind_of_package_lock_is_read() {
    let one = r#"{"lockfileVersion":1,"requires":true,"dependencies":{
        "a":{"version":"1.0.0","requires":{"minimist":"*"},
             "dependencies":{"minimist":{"version":"1.2.0","bundled":true}}},
        "ll":{"version":"npm:lodash@4.17.0"},
        "git":{"version":"git+ssh://git@example.invalid/x.git#0123456789012345678901234567890123456789",
               "from":"git+ssh://git@example.invalid/x.git"}}}"#;
    let packages = r#""packages":{"":{"name":"own","version":"1.0.0","workspaces":["w"],
            "dependencies":{"a":"1","ll":"npm:lodash@4.17.0"}},
        "node_modules/a":{"version":"1.0.0","bundleDependencies":["minimist"]},
        "node_modules/a/node_modules/minimist":{"version":"1.2.0","inBundle":true},
        "node_modules/ll":{"name":"lodash","version":"4.17.0"},
        "node_modules/w":{"resolved":"w","link":true},
        "w":{"name":"lodash","version":"4.17.0"},
        "node_modules/git":{"resolved":"git+ssh://git@example.invalid/x.git#0123456789012345678901234567890123456789"}}"#;
    let two = format!(r#"{{"lockfileVersion":2,{packages},"dependencies":{{}}}}"#);
    let three = format!(r#"{{"lockfileVersion":3,{packages}}}"#);
    let manifest = r#"{"name":"own","version":"1.0.0","workspaces":["w"],
        "dependencies":{"a":"1","ll":"npm:lodash@4.17.0"}}"#;
    let (_place, databases) = databases(&[]);
    for (name, text) in [
        ("package-lock.json", one),
        ("package-lock.json", &two),
        ("package-lock.json", &three),
        ("npm-shrinkwrap.json", &three),
    ] {
        let path = format!("deep/er/{name}");
        let outcome = scan(&[(&path, text), ("deep/er/package.json", manifest)], databases.clone());
        let of_npm: BTreeSet<String> = said(&outcome)
            .into_iter()
            .filter(|(_, tools)| tools.contains(&"npm"))
            .map(|(id, _)| id)
            .collect();
        let mut expect: BTreeSet<String> = [
            "CVE-2020-7598 pkg:npm/minimist@1.2.0",
            "CVE-2020-8203 pkg:npm/lodash@4.17.0",
            "CVE-2021-23337 pkg:npm/lodash@4.17.0",
            "CVE-2021-44906 pkg:npm/minimist@1.2.0",
        ]
        .map(str::to_owned)
        .into();
        let gap = outcome.coverage.entries.iter().find(|entry| entry.reason == ALIASES);
        assert_eq!(gap.map(|entry| entry.items), (text == one).then_some(1));
        if text == one {
            expect.retain(|id| !id.contains("lodash"));
        }
        assert_eq!(of_npm, expect, "{text} {:?}", outcome.errors);
        assert!(
            !outcome.errors.iter().any(|error| error.message.contains("npm`")),
            "{text} {:?}",
            outcome.errors
        );
    }
}

/// Contract SC-3, SC-11: what npm cannot read stands in the ledger, and hides nothing.
#[test]
fn locks_of_others_and_a_missing_database_are_in_the_ledger() {
    let (_place, with) = databases(&[]);
    let files = [
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages: {}\n"),
        ("y/yarn.lock", "# yarn lockfile v1\n\n\nlodash@^4.17.0:\n  version \"4.17.0\"\n"),
    ];
    let outcome = scan(&files, with);
    let skipped = outcome
        .coverage
        .entries
        .iter()
        .filter(|entry| entry.state == CoverageState::Skipped && entry.reason == NOT_ITS_LOCK);
    assert_eq!(skipped.count(), 2, "{:#?}", outcome.coverage.entries);
    assert!(!outcome.tools.iter().any(|tool| tool.name.as_str() == "npm"), "it had nothing to do");

    let nowhere = tempfile::tempdir().unwrap();
    let without = Arc::new(Databases::open_bare(nowhere.path()).unwrap());
    let outcome = scan(&[("package-lock.json", &lock(&HIT))], without);
    let gaps: Vec<_> = outcome
        .coverage
        .entries
        .iter()
        .filter(|entry| entry.state == CoverageState::DatabaseUnusable)
        .filter_map(|entry| entry.tool.as_ref())
        .map(|tool| tool.as_str())
        .collect();
    assert_eq!(gaps, ["npm", "osv-scanner"]);
}

/// Contract SC-3: nothing that is no lockfile comes out clean.
#[test]
fn broken_locks_are_never_clean() {
    let (_place, databases) = databases(&[]);
    let conflict = format!("<<<<<<< HEAD\n{}\n=======\n{{}}\n>>>>>>> b\n", lock(&HIT));
    let cyclic = r#"{"lockfileVersion":3,"packages":{
        "node_modules/a":{"version":"1.0.0","dependencies":{"b":"1"}},
        "node_modules/b":{"version":"1.0.0","dependencies":{"a":"1"}}}}"#;
    for (text, clean) in [
        (conflict.as_str(), false),
        ("", false),
        ("{", false),
        ("[]", false),
        ("{}", false),
        (r#"{"lockfileVersion":3,"packages":[]}"#, false),
        (r#"{"lockfileVersion":1,"dependencies":{"a":1}}"#, false),
        (
            r#"{"lockfileVersion":99,"packages":{"node_modules/__proto__":{"version":"1.0.0"}}}"#,
            false,
        ),
        (r#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0"}}}"#, true),
        (cyclic, true),
    ] {
        let outcome = scan(&[("package-lock.json", text)], databases.clone());
        let gap = outcome.coverage.entries.iter().any(|entry| entry.state.is_gap());
        assert_eq!(!gap && outcome.errors.is_empty(), clean, "{text} {:#?}", outcome.coverage);
        assert_eq!(outcome.findings, [], "{text}");
    }
}

/// P24: a lockfile of 50,000 packages is too long for npm, whose time is quadratic; the ledger says
/// so, and the one hit is found.
#[test]
fn fifty_thousand_packages_are_left_to_osv_scanner() {
    let names: Vec<String> = (0..50_000).map(|number| format!("generated-{number}")).collect();
    let mut packages: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    packages.push(("lodash", "4.17.0"));
    let (_place, databases) = databases(&[]);
    let outcome = scan(&[("package-lock.json", &lock(&packages))], databases);
    assert_eq!(outcome.errors, []);
    assert_eq!(said(&outcome).len(), 2);
    let entry = outcome.coverage.entries.iter().find(|entry| entry.reason == TOO_LONG);
    assert_eq!(entry.unwrap().state, CoverageState::Skipped);
}

/// An npm of ours: a package folder with one script, run by the real node.
struct Fake {
    folder: tempfile::TempDir,
    toolchain: Arc<Toolchain>,
}

fn node() -> PathBuf {
    std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|folder| folder.join("node"))
        .find(|file| file.is_file())
        .and_then(|file| std::fs::canonicalize(file).ok())
        .expect("node must be on PATH; `./dev test` sees to it")
}

impl Fake {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The sandbox's user reads it.
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let package = folder.path().join("npm");
        std::fs::create_dir_all(package.join("bin")).unwrap();
        let modules = package.join("node_modules/npm-registry-fetch");
        std::fs::create_dir_all(&modules).unwrap();
        std::fs::write(modules.join("index.js"), "module.exports = async () => { throw 1 }")
            .unwrap();
        std::fs::write(package.join("package.json"), r#"{"name":"npm","version":"11.0.0"}"#)
            .unwrap();
        std::fs::write(package.join("bin/npm-cli.js"), script).unwrap();
        let toolchain = Toolchain::open(folder.path(), Lock::embedded().unwrap()).unwrap();
        let mut fake = Self { folder, toolchain: Arc::new(toolchain) };
        // What a wrong record says is there is the right digest.
        fake.record(Digest::of(b"nothing"));
        let ToolState::Changed { found: Some(found), .. } = fake.state() else { panic!() };
        fake.record(found);
        fake
    }

    fn state(&self) -> ToolState {
        self.toolchain.state(&"npm".parse().unwrap())
    }

    fn package(&self) -> PathBuf {
        self.folder.path().join("npm")
    }

    fn record(&mut self, sha256: Digest) {
        let record = ProvisioningRecord {
            schema_version: "tr-1.0".to_owned(),
            tool: ToolIdentity {
                name: "npm".parse().unwrap(),
                version: "11.0.0".to_owned(),
                sha256,
            },
            method: "machine".to_owned(),
            origin: "tests".to_owned(),
            built_with: String::new(),
            stats_sha256: None,
            provisioned_at: "2026-08-25T12:00:00Z".parse().unwrap(),
            machine: Some(MachinePlace { runtime: node(), folder: self.package() }),
        };
        let place = self.folder.path().join("tools/npm/10.0.0");
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join("record.json"), serde_json::to_vec(&record).unwrap()).unwrap();
    }
}

const CLEAN: &str =
    r#"{"auditReportVersion":2,"vulnerabilities":{},"metadata":{"vulnerabilities":{"total":0}}}"#;

/// Contract SC-11, promise P2: if npm did not ask, asked for less or for something else, or left the
/// answer unused, that is an error and never clean.
#[test]
fn an_npm_that_does_not_ask_or_does_not_listen_is_an_error() {
    let say = |report: &str, code: u8| {
        format!("process.stdout.write({report:?}); process.exitCode = {code};")
    };
    let ask = |body: &str, then: &str| {
        format!(
            "const ask = require('npm-registry-fetch');\n(async () => {{ const got = await \
             ask('/-/npm/v1/security/advisories/bulk', {{method: 'POST', body: {body}}}); {then} }})()"
        )
    };
    let right = r#"{"lodash": ["4.17.0"]}"#;
    let listen = |then: &str| format!("const told = await got.json(); {then}");
    let report_of = |advisories: &str, nodes: &str| {
        format!(
            r#"{{"auditReportVersion":2,"vulnerabilities":{{"lodash":{{"name":"lodash","via":[{advisories}],"nodes":[{nodes}]}}}},"metadata":{{"vulnerabilities":{{"total":1}}}}}}"#
        )
    };
    let made_up = r#"{"source":"GHSA-made-up0-0000","name":"lodash","range":"<5.0.0"}"#;
    let elsewhere = r#"{"source":"GHSA-35jh-r3h4-6jhm","name":"lodash","range":">=9.0.0"}"#;
    let place = r#""node_modules/lodash""#;
    let (_databases, databases) = databases(&[]);
    for (what, script, code) in [
        ("says clean without asking", say(CLEAN, 0), Code::ToolOutput),
        ("asks about nothing", ask("{}", &listen(&say(CLEAN, 0))), Code::ToolOutput),
        (
            "asks about another version",
            ask(r#"{"lodash": ["4.17.21"]}"#, &listen(&say(CLEAN, 0))),
            Code::ToolOutput,
        ),
        (
            "asks for more than the lockfile names",
            ask(r#"{"lodash": ["4.17.0"], "other": ["1.0.0"]}"#, &listen(&say(CLEAN, 0))),
            Code::ToolOutput,
        ),
        ("leaves the answer", ask(right, &say(CLEAN, 0)), Code::ToolOutput),
        ("does not report what it was told", ask(right, &listen(&say(CLEAN, 0))), Code::ToolOutput),
        ("ends with another code", ask(right, &listen(&say(CLEAN, 1))), Code::ToolExit),
        (
            "reports what it was not told",
            ask(right, &listen(&say(&report_of(made_up, place), 1))),
            Code::ToolOutput,
        ),
        (
            "reports a range without a place",
            ask(right, &listen(&say(&report_of(elsewhere, place), 1))),
            Code::ToolOutput,
        ),
        ("says nothing", String::new(), Code::ToolExit),
        ("says garbage", say("clean\n", 0), Code::ToolExit),
        ("says half", say(&CLEAN[..40], 0), Code::ToolExit),
        (
            "says offline",
            say(r#"{"error":{"code":"ENOLOCK","summary":"no lock"}}"#, 1),
            Code::ToolExit,
        ),
        (
            "removes the notes",
            ask(right, &listen("require('fs').rmSync(process.env.MEX_ASKED); "))
                + ";"
                + &say(CLEAN, 0),
            Code::ToolOutput,
        ),
        ("dies", "process.kill(process.pid, 'SIGKILL')".to_owned(), Code::ToolCrashed),
    ] {
        let fake = Fake::new(&script);
        let bench = bench(&[("package-lock.json", &lock(&[("lodash", "4.17.0")]))]);
        let adapter =
            VulnScan::new(fake.toolchain.clone(), databases.clone(), bench.sandbox.clone());
        let outcome = bench.run(&adapter);
        let of_npm: Vec<_> =
            outcome.errors.iter().filter(|error| error.message.contains("npm`")).collect();
        assert!(of_npm.iter().any(|error| error.code == code), "{what}: {:#?}", outcome.errors);
        assert_eq!(outcome.status, Status::Failed, "{what}");
        let failed = outcome.coverage.entries.iter().any(|entry| {
            entry.tool.as_ref().is_some_and(|tool| tool.as_str() == "npm") && entry.state.is_gap()
        });
        assert!(failed, "{what}: {:#?}", outcome.coverage.entries);
    }
}

/// Contract SC-5: a tool of many files is denied when any of them is another one.
#[test]
fn a_changed_file_of_a_registered_npm_is_denied() {
    let fake = Fake::new("");
    assert!(matches!(fake.state(), ToolState::Pinned(_)));
    let script = fake.package().join("bin/npm-cli.js");
    let modified = std::fs::metadata(&script).unwrap().modified().unwrap();
    std::fs::write(&script, "").unwrap();
    std::fs::File::options().write(true).open(&script).unwrap().set_modified(modified).unwrap();
    assert!(matches!(fake.state(), ToolState::Pinned(_)), "the same bytes, hashed again");
    let more = fake.package().join("node_modules/more.js");
    std::fs::write(&more, "x").unwrap();
    assert!(matches!(fake.state(), ToolState::Changed { .. }));
    std::fs::remove_file(&more).unwrap();
    let away = fake.folder.path().join("away");
    std::os::unix::fs::symlink("/etc/passwd", fake.package().join("out")).unwrap();
    assert!(matches!(fake.state(), ToolState::Changed { found: None, .. }));
    std::fs::remove_file(fake.package().join("out")).unwrap();
    assert!(matches!(fake.state(), ToolState::Pinned(_)));
    // Another npm in the same place, whose record says that it is the one: an event knows better.
    let ToolState::Pinned(identity) = fake.state() else { panic!() };
    fake.toolchain.witness(&identity);
    let mut fake = fake;
    std::fs::write(&script, "process.exit(0)").unwrap();
    let ToolState::Changed { found: Some(found), .. } = fake.state() else { panic!() };
    fake.record(found);
    assert!(matches!(fake.state(), ToolState::Changed { .. }));
    std::fs::rename(fake.package(), away).unwrap();
    assert_eq!(fake.state(), ToolState::Missing);
}

/// Answers one request with these bytes behind the head and returns what was asked.
fn registry(status: &'static str, body: String) -> (String, std::thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let mut heard = Vec::new();
        // npm may try again; the test ends it by a last connection of its own.
        loop {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = vec![0; 1 << 16];
            let count = stream.read(&mut bytes).unwrap_or(0);
            if bytes[..count].starts_with(b"END") {
                return heard;
            }
            heard.extend_from_slice(&bytes[..count]);
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(body.as_bytes());
        }
    });
    (address, thread)
}

fn live(status: &'static str, body: &str) -> (AdapterOutcome, String) {
    let (address, server) = registry(status, body.to_owned());
    let mut bench = bench(&[("package-lock.json", &lock(&[("lodash", "4.17.0")]))]);
    bench.params = json!({"registry": address});
    bench.profile = "Coder";
    bench.consents = vec![Consent {
        id: uuid::Uuid::now_v7().to_string().parse().unwrap(),
        capability_id: "net.http".parse().unwrap(),
        profile_id: None,
        granted_by: "tester".parse().unwrap(),
        granted_at: "2026-11-21T00:00:00Z".parse().unwrap(),
        expires_at: "2026-11-22T00:00:00Z".parse().unwrap(),
        revoked_at: None,
    }];
    let outcome = bench.run(&NpmAuditLive::new(tools(), bench.sandbox.clone()));
    let end = address.trim_start_matches("http://").trim_end_matches('/');
    std::net::TcpStream::connect(end).unwrap().write_all(b"END").unwrap();
    let heard = String::from_utf8_lossy(&server.join().unwrap()).into_owned();
    (outcome, heard)
}

/// Contract SC-11: the registry itself, where somebody consented; 405, as company mirrors answer, is
/// an error and never clean.
#[test]
fn the_live_audit_takes_an_honest_answer_and_refuses_every_other() {
    let honest = r#"{"lodash":[{"id":1106913,"url":"https://github.com/advisories/GHSA-35jh-r3h4-6jhm","title":"Command Injection in lodash","severity":"high","vulnerable_versions":"<4.17.21","cwe":["CWE-77","CWE-94"],"cvss":{"score":7.2,"vectorString":"CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"}}]}"#;
    let (outcome, heard) = live("200 OK", honest);
    assert_eq!(outcome.errors, [], "{heard}");
    let found = vulnerabilities(&outcome);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, "GHSA-35jh-r3h4-6jhm");
    assert_eq!(
        (found[0].severity, found[0].kind),
        (VulnSeverity::High, AdvisoryKind::Vulnerability)
    );
    assert_eq!(found[0].fixed_versions, ["4.17.21"]);
    assert!(heard.starts_with("POST /-/npm/v1/security/advisories/bulk"), "{heard}");
    assert_eq!(heard.matches("HTTP/1.1").count(), 1, "one question and no other: {heard}");
    assert_eq!(outcome.determinism, mex_runtime::determinism::Determinism::D0);
    let evidence: String = outcome
        .evidence
        .iter()
        .map(|produced| String::from_utf8_lossy(&produced.bytes).into_owned())
        .collect();
    assert!(evidence.contains("4.17.0") && evidence.contains("1106913"), "question and answer");

    for (status, body) in [
        ("405 Method Not Allowed", ""),
        ("405 Method Not Allowed", "{}"),
        ("200 OK", "<html>login</html>"),
        ("200 OK", ""),
        ("200 OK", "[1"),
        ("404 Not Found", "{}"),
        ("403 Forbidden", "{}"),
    ] {
        let (outcome, _) = live(status, body);
        assert!(!outcome.errors.is_empty(), "{status} {body}");
        assert_eq!(outcome.status, Status::Failed, "{status} {body}");
        assert_eq!(outcome.findings, [], "{status} {body}");
    }
}
