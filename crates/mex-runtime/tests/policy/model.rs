//! P6: the verdict follows the policy alone. A reference model of the rules, written apart from
//! them and by the words of contract SC-2 to SC-4, agrees on every combination.

use jiff::SignedDuration;
use mex_runtime::artifact::SandboxLevel;
use mex_runtime::code::Code;
use mex_runtime::coverage::CoverageState;
use mex_runtime::finding::{AdvisoryKind, Finding};
use mex_runtime::policy::allowlist::{Exception, Match};
use mex_runtime::policy::verdict::{Absence, Denial, ScanMode};
use mex_runtime::result::Status;

use crate::build::{
    Case, PURL, accept_vulnerability, component, database, days, entry, exception, finding, job,
    license, operation, print, scan, secret, vulnerability,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Found {
    Nothing,
    Low,
    Medium,
    High,
    Critical,
    Unscored,
    Unmaintained,
    Malware,
    Secret,
    KnownLicense,
    UnknownLicense,
    Component,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Missing {
    Nothing,
    Lockfile,
    Tool,
    LeftOutJob,
    WantedJob,
    OldDatabase,
    FutureDatabase,
    EmptyDatabase,
    Sandbox,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Accepted {
    No,
    Valid,
    Expired,
    SomethingElse,
}

#[derive(Clone, Copy, Debug)]
struct World {
    release: bool,
    status: Status,
    found: Found,
    found_accepted: Accepted,
    missing: Missing,
    missing_accepted: Accepted,
}

/// The model: what a person would say, reading the contract.
fn expected(world: World) -> &'static str {
    let blocks = !matches!(
        world.found,
        Found::Nothing
            | Found::Low
            | Found::Medium
            | Found::Unmaintained
            | Found::KnownLicense
            | Found::Component
    );
    if world.release && blocks && world.found_accepted != Accepted::Valid {
        return "block";
    }
    if world.status == Status::Denied {
        return "denied";
    }
    let broken = world.status != Status::Succeeded;
    let (gap, acceptable) = match world.missing {
        Missing::Nothing => (false, true),
        Missing::Lockfile | Missing::Tool | Missing::WantedJob => (true, true),
        Missing::FutureDatabase | Missing::EmptyDatabase => (true, false),
        Missing::LeftOutJob | Missing::OldDatabase | Missing::Sandbox => (world.release, true),
    };
    let accepted = acceptable && world.missing_accepted == Accepted::Valid;
    if broken || (gap && !accepted) { "incomplete" } else { "pass" }
}

/// The product, on the same world.
fn actual(world: World) -> &'static str {
    let mut vuln = operation("vuln", 4);
    let mut secrets = Vec::new();
    vuln.status = world.status;
    if world.status == Status::Denied {
        vuln.denials.push(Denial {
            gate: "G-CAP".to_owned(),
            code: Code::CapNotGranted,
            reason: "the profile does not grant it".to_owned(),
        });
    }
    let rated = |word| finding(vulnerability("osv-scanner", &["CVE-2020-1"], PURL, word));
    let of_kind = |kind| {
        let mut said = vulnerability("osv-scanner", &["CVE-2020-1"], PURL, "");
        said.kind = kind;
        finding(said)
    };
    match world.found {
        Found::Nothing => {}
        Found::Low => vuln.findings.push(rated("LOW")),
        Found::Medium => vuln.findings.push(rated("MODERATE")),
        Found::High => vuln.findings.push(rated("HIGH")),
        Found::Critical => vuln.findings.push(rated("CRITICAL")),
        Found::Unscored => vuln.findings.push(rated("")),
        Found::Unmaintained => vuln.findings.push(of_kind(AdvisoryKind::Unmaintained)),
        Found::Malware => vuln.findings.push(of_kind(AdvisoryKind::Malware)),
        Found::Secret => secrets.push(Finding::Secret(secret("github-pat", "a.rs", '1', 3))),
        Found::KnownLicense => vuln.findings.push(Finding::License(license(Some("MIT")))),
        Found::UnknownLicense => vuln.findings.push(Finding::License(license(None))),
        Found::Component => vuln.findings.push(component()),
    }
    let mut gap = ("vuln", "nothing");
    match world.missing {
        Missing::Nothing | Missing::LeftOutJob | Missing::WantedJob => {}
        Missing::Lockfile => {
            vuln.coverage.entries.push(entry("vuln", "yarn.lock", CoverageState::NotScanned));
            gap.1 = "yarn.lock";
        }
        Missing::Tool => {
            vuln.coverage.entries.push(entry("vuln", "a/Cargo.lock", CoverageState::ToolMissing));
            gap.1 = "a/Cargo.lock";
        }
        Missing::OldDatabase => {
            vuln.databases = vec![database(days(8))];
            gap.1 = "database:crates.io/osv";
        }
        Missing::FutureDatabase => {
            vuln.databases = vec![database(-days(2))];
            gap.1 = "database:crates.io/osv";
        }
        Missing::EmptyDatabase => {
            vuln.databases[0].record_count = 0;
            gap.1 = "database:crates.io/osv";
        }
        Missing::Sandbox => {
            vuln.sandbox = Some(SandboxLevel::Unsandboxed);
            gap.1 = "sandbox";
        }
    }
    let mode = if world.release { ScanMode::Release } else { ScanMode::Normal };
    let mut case = Case::new(mode, scan(vuln));
    case.operations[0].findings = secrets;
    if matches!(world.missing, Missing::LeftOutJob | Missing::WantedJob) {
        gap = ("sbom", "job");
        let why = match world.missing {
            Missing::WantedJob => Absence::NotAvailable("it does not exist yet".to_owned()),
            _ => Absence::LeftOut,
        };
        case = case.without("sbom", why);
    }
    let mut exceptions = Vec::new();
    exceptions.extend(accept_found(world));
    exceptions.extend(accept_missing(world, gap));
    case.accepting(exceptions).decision().0
}

fn life(accepted: Accepted) -> Option<SignedDuration> {
    match accepted {
        Accepted::No => None,
        Accepted::Valid | Accepted::SomethingElse => Some(days(10)),
        // Valid until, not including, its expiry: the moment itself is over.
        Accepted::Expired => Some(SignedDuration::ZERO),
    }
}

fn accept_found(world: World) -> Option<Exception> {
    let life = life(world.found_accepted)?;
    let other = world.found_accepted == Accepted::SomethingElse;
    Some(if world.found == Found::Secret {
        let fingerprint = print(if other { '2' } else { '1' });
        exception("found", Match::Secret { fingerprint, rule: None, path: None }, life)
    } else if world.found == Found::UnknownLicense {
        let read = if other { license(Some("SEE LICENSE")) } else { license(None) };
        let content_sha256 = read.content_sha256;
        exception("found", Match::License { unit: PURL.to_owned(), content_sha256 }, life)
    } else {
        accept_vulnerability("found", &[if other { "CVE-2020-2" } else { "CVE-2020-1" }], life)
    })
}

fn accept_missing(world: World, (name, subject): (&str, &str)) -> Option<Exception> {
    let life = life(world.missing_accepted)?;
    let other = world.missing_accepted == Accepted::SomethingElse;
    let subject = if other { "something else" } else { subject }.to_owned();
    Some(exception("missing", Match::Gap { job: job(name), subject }, life))
}

#[test]
fn the_verdict_agrees_with_the_reference_model_on_every_combination() {
    const ACCEPTED: [Accepted; 4] =
        [Accepted::No, Accepted::Valid, Accepted::Expired, Accepted::SomethingElse];
    let mut seen = std::collections::BTreeMap::<&str, u32>::new();
    for release in [false, true] {
        for status in
            [Status::Succeeded, Status::Failed, Status::Denied, Status::Cancelled, Status::TimedOut]
        {
            for found in [
                Found::Nothing,
                Found::Low,
                Found::Medium,
                Found::High,
                Found::Critical,
                Found::Unscored,
                Found::Unmaintained,
                Found::Malware,
                Found::Secret,
                Found::KnownLicense,
                Found::UnknownLicense,
                Found::Component,
            ] {
                for missing in [
                    Missing::Nothing,
                    Missing::Lockfile,
                    Missing::Tool,
                    Missing::LeftOutJob,
                    Missing::WantedJob,
                    Missing::OldDatabase,
                    Missing::FutureDatabase,
                    Missing::EmptyDatabase,
                    Missing::Sandbox,
                ] {
                    for found_accepted in ACCEPTED {
                        for missing_accepted in ACCEPTED {
                            let world = World {
                                release,
                                status,
                                found,
                                found_accepted,
                                missing,
                                missing_accepted,
                            };
                            let (model, product) = (expected(world), actual(world));
                            assert_eq!(model, product, "{world:?}");
                            *seen.entry(model).or_default() += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(seen.values().sum::<u32>(), 2 * 5 * 12 * 9 * 4 * 4);
    assert_eq!(seen.len(), 4, "every verdict occurs: {seen:?}");
}
