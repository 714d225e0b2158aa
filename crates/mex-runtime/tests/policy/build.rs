//! Small builders the policy tests share.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use mex_runtime::artifact::{DatabaseIdentity, SandboxLevel};
use mex_runtime::coverage::{Coverage, CoverageEntry, CoverageState};
use mex_runtime::cvss;
use mex_runtime::digest::Digest;
use mex_runtime::finding::{
    AdvisoryKind, Attribution, BomComponent, Component, DocumentFingerprint, Finding, License,
    LicenseUnit, Secret, SeverityWord, Vulnerability,
};
use mex_runtime::id::{JobName, OpId};
use mex_runtime::license;
use mex_runtime::policy::allowlist::{
    Allowlist, ApprovalMeans, Approver, Exception, KeyAlgorithm, KeyParameters, Match,
};
use mex_runtime::policy::file::Policy;
use mex_runtime::policy::matching::AllowlistInForce;
use mex_runtime::policy::verdict::{
    Absence, AbsentJob, JudgedOperation, ScanMode, Verdict, VerdictInput,
};
use mex_runtime::policy::{judge, verdict};
use mex_runtime::result::Status;
use uuid::Uuid;

pub const NOW: &str = "2026-11-21T12:00:00Z";
pub const PURL: &str = "pkg:cargo/time@0.1.45";

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

pub fn job(name: &str) -> JobName {
    name.parse().unwrap()
}

/// `aliases` in any order; `word` empty for none.
pub fn vulnerability(tool: &str, aliases: &[&str], purl: &str, word: &str) -> Vulnerability {
    let (package, version) = purl.split_once('@').unwrap();
    let words: Vec<SeverityWord> = [word]
        .iter()
        .filter(|word| !word.is_empty())
        .map(|word| SeverityWord { word: (*word).to_owned(), source: aliases[0].to_owned() })
        .collect();
    Vulnerability {
        id: aliases[0].to_owned(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        component: Component {
            purl: purl.to_owned(),
            ecosystem: "crates.io".to_owned(),
            name: package.rsplit('/').next().unwrap().to_owned(),
            version: version.to_owned(),
        },
        severity: cvss::severity(&[], &words, AdvisoryKind::Vulnerability),
        kind: AdvisoryKind::Vulnerability,
        scores: Vec::new(),
        words,
        fixed_versions: Vec::new(),
        lockfiles: vec!["Cargo.lock".to_owned()],
        attributions: vec![Attribution {
            tool: tool.parse().unwrap(),
            native_id: aliases[0].to_owned(),
        }],
        summary: String::new(),
    }
}

fn package() -> Component {
    Component {
        purl: PURL.to_owned(),
        ecosystem: "crates.io".to_owned(),
        name: "time".to_owned(),
        version: "0.1.45".to_owned(),
    }
}

/// The licence of [`PURL`], with what it declares.
pub fn license(declared: Option<&str>) -> License {
    let mut license = License::new(LicenseUnit::Component { component: package() });
    license.declared = declared.iter().map(|text| license::statement(text, "Cargo.toml")).collect();
    license::conclude(&mut license);
    license
}

/// [`PURL`] as an inventory lists it.
pub fn component() -> Finding {
    Finding::Component(BomComponent {
        component: package(),
        kind: "library".to_owned(),
        locations: vec!["Cargo.lock".to_owned()],
        licenses: Vec::new(),
        known_by: vec!["syft".to_owned()],
        depends_on: Vec::new(),
        attributions: Vec::new(),
    })
}

/// A secret's fingerprint in tests: 64 hex characters of one digit.
pub fn print(digit: char) -> String {
    digit.to_string().repeat(64)
}

pub fn secret(rule: &str, path: &str, digit: char, line: u64) -> Secret {
    Secret {
        rule: rule.to_owned(),
        path: path.to_owned(),
        fingerprint: print(digit),
        start_line: line,
        end_line: line,
        commit: None,
        allowlist_fingerprints: vec![DocumentFingerprint {
            document_id: "team".to_owned(),
            fingerprint: print(digit),
        }],
        attributions: vec![Attribution {
            tool: "gitleaks".parse().unwrap(),
            native_id: rule.to_owned(),
        }],
    }
}

pub fn entry(name: &str, subject: &str, state: CoverageState) -> CoverageEntry {
    CoverageEntry {
        job: job(name),
        subject: subject.to_owned(),
        tool: None,
        state,
        reason: if state == CoverageState::Scanned { String::new() } else { "told".to_owned() },
        items: 1,
    }
}

pub fn database(age: SignedDuration) -> DatabaseIdentity {
    DatabaseIdentity {
        ecosystem: "crates.io".to_owned(),
        form: "osv".to_owned(),
        sha256: Digest::of(b"database"),
        date: now() - age,
        record_count: 900,
    }
}

/// An operation with which nothing is wrong.
pub fn operation(name: &str, number: u128) -> JudgedOperation {
    JudgedOperation {
        job: job(name),
        op_id: OpId::new(Uuid::from_u128(number)),
        operation: format!("{name}_scan").parse().unwrap(),
        status: Status::Succeeded,
        errors: Vec::new(),
        denials: Vec::new(),
        findings: Vec::new(),
        coverage: Coverage {
            entries: vec![entry(name, "Cargo.lock", CoverageState::Scanned)],
            ..Coverage::empty()
        },
        databases: if name == "vuln" { vec![database(days(1))] } else { Vec::new() },
        sandbox: Some(SandboxLevel::Namespaced),
    }
}

/// The four jobs, with `vuln` as given.
pub fn scan(vuln: JudgedOperation) -> Vec<JudgedOperation> {
    vec![operation("secret", 1), operation("sbom", 2), operation("license", 3), vuln]
}

pub fn exception(id: &str, matches: Match, life: SignedDuration) -> Exception {
    Exception {
        id: id.to_owned(),
        matches,
        reason: "not reachable from here".to_owned(),
        owner: "platform team".to_owned(),
        approver: Approver { name: "reviewer".to_owned(), how: ApprovalMeans::Typed },
        created: now() - days(30),
        expires: now() + life,
        signature: None,
    }
}

pub fn accept_vulnerability(id: &str, aliases: &[&str], life: SignedDuration) -> Exception {
    let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
    exception(id, Match::Vulnerability { purl: PURL.to_owned(), aliases }, life)
}

pub fn allowlist(exceptions: Vec<Exception>) -> AllowlistInForce {
    AllowlistInForce {
        document: Allowlist {
            schema_version: "al-1.0".to_owned(),
            document_id: "team".to_owned(),
            fingerprint_key: KeyParameters {
                algorithm: KeyAlgorithm::Argon2id,
                salt: "0".repeat(32),
                m_kib: 19_456,
                t: 2,
                p: 1,
            },
            exceptions,
        },
        handle: None,
        verified: BTreeSet::new(),
    }
}

/// A scan to be judged; what a test does not set is without fault.
pub struct Case {
    pub mode: ScanMode,
    pub policy: Policy,
    pub allowlists: Vec<AllowlistInForce>,
    pub operations: Vec<JudgedOperation>,
    pub absent_jobs: Vec<AbsentJob>,
}

impl Case {
    pub fn new(mode: ScanMode, operations: Vec<JudgedOperation>) -> Self {
        Self {
            mode,
            policy: Policy::default(),
            allowlists: Vec::new(),
            operations,
            absent_jobs: Vec::new(),
        }
    }

    pub fn accepting(mut self, exceptions: Vec<Exception>) -> Self {
        self.allowlists.push(allowlist(exceptions));
        self
    }

    pub fn without(mut self, name: &str, why: Absence) -> Self {
        self.operations.retain(|operation| operation.job != job(name));
        self.absent_jobs.push(AbsentJob { job: job(name), why });
        self
    }

    pub fn input(&self) -> VerdictInput<'_> {
        VerdictInput {
            mode: self.mode,
            now: now(),
            policy: &self.policy,
            allowlists: &self.allowlists,
            operations: &self.operations,
            absent_jobs: &self.absent_jobs,
            capability_registry_version: "1",
        }
    }

    pub fn judge(&self) -> Verdict {
        judge(&self.input()).unwrap()
    }

    /// The verdict's word and the rules that decided.
    pub fn decision(&self) -> (&'static str, Vec<&'static str>) {
        let verdict = self.judge();
        let rules = verdict.deciding_rules().into_iter().map(verdict::Rule::as_str).collect();
        (verdict.verdict.word(), rules)
    }
}

pub fn finding(vulnerability: Vulnerability) -> Finding {
    Finding::Vulnerability(vulnerability)
}
