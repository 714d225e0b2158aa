//! The adapter of `engine.supply_chain.vuln`: osv-scanner once an ecosystem and cargo-audit once a
//! `Cargo.lock`, side by side. Owns who reads which lockfile with which database and the ledger of
//! it; one tool or ecosystem failing never hides another's findings (contract SC-11). Never judges.
//! Long because two tools over many lockfiles are one answer, with one ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use mex_runtime::adapter::{Adapter, AdapterOutcome, Produced, RunContext};
use mex_runtime::artifact::{DatabaseIdentity, SandboxLevel, ToolIdentity, media_type};
use mex_runtime::code::Code;
use mex_runtime::coverage::{Coverage, CoverageEntry, CoverageState, ToolCount};
use mex_runtime::determinism::Determinism;
use mex_runtime::digest::Digest;
use mex_runtime::finding::Finding;
use mex_runtime::gate::Admitted;
use mex_runtime::id::{EngineId, JobName, OperationName, ToolName};
use mex_runtime::policy::merge::merge;
use mex_runtime::port::Progress;
use mex_runtime::result::TypedError;
use semver::Version;
use serde_json::json;

use crate::advisory::{Databases, Form, Snapshot};
use crate::answer::{error, status};
use crate::errand::{self, Ask, Errand, answer, config_folder, open_folder, read_only, unprepared};
use crate::lockfile::{Discovered, Lockfile, discover, entry};
use crate::process::{Keep, Mount, MountMode};
use crate::sandbox::Sandbox;
use crate::stage::StageLedger;
use crate::tool::PinnedTool;
use crate::toolchain::Toolchain;
use crate::{cargo_audit, osv_scanner};

/// Finds known vulnerabilities.
pub struct VulnScan {
    toolchain: Arc<Toolchain>,
    databases: Arc<Databases>,
    sandbox: Arc<Sandbox>,
}

impl VulnScan {
    /// With the snapshots of one tools folder.
    pub fn new(
        toolchain: Arc<Toolchain>,
        databases: Arc<Databases>,
        sandbox: Arc<Sandbox>,
    ) -> Self {
        Self { toolchain, databases, sandbox }
    }
}

impl Adapter for VulnScan {
    fn engine_id(&self) -> EngineId {
        EngineId::known("engine.supply_chain.vuln")
    }

    fn operation(&self) -> OperationName {
        OperationName::known("vuln_scan")
    }

    fn version(&self) -> Version {
        Version::new(1, 0, 0)
    }

    fn run(&self, admitted: &Admitted, context: &RunContext<'_>) -> AdapterOutcome {
        let mut total = Share::default();
        match context.stage {
            None => total.errors.push(error(
                Code::Internal,
                "a vulnerability scan was started without a staged tree".to_owned(),
            )),
            Some(stage) => match discover(&stage.root) {
                Err(fault) => {
                    total.fail("files", None, unprepared("the list of lockfiles", &fault))
                }
                Ok(found) => {
                    let asked = admitted.operation().params.get("lockfiles");
                    let found = only(found, asked, &mut total);
                    total.entries.extend(found.entries);
                    let errand = Errand {
                        toolchain: &self.toolchain,
                        sandbox: &self.sandbox,
                        admitted,
                        context,
                    };
                    let (osv, audit) = std::thread::scope(|scope| {
                        let audit = scope
                            .spawn(|| self.cargo_audit(&errand, &found.lockfiles, &stage.root));
                        let osv = self.osv_scanner(&errand, &found.lockfiles, &stage.root);
                        let audit = audit.join().unwrap_or_else(|_| Share {
                            errors: vec![error(
                                Code::Internal,
                                "the thread of `cargo-audit` ended early".to_owned(),
                            )],
                            ..Share::default()
                        });
                        (osv, audit)
                    });
                    total.take(osv);
                    total.take(audit);
                    if let Ok(ledger) = StageLedger::beside(&stage.root) {
                        total.entries.extend(ledger.coverage(&JobName::known("vuln")));
                        total.statements = ledger.self_statements;
                    }
                }
            },
        }
        total.outcome(self.sandbox.level)
    }
}

/// Keeps the lockfiles that `params.lockfiles` names; all where it is absent.
fn only(mut found: Discovered, asked: Option<&serde_json::Value>, total: &mut Share) -> Discovered {
    let Some(list) = asked.and_then(serde_json::Value::as_array) else { return found };
    let wanted: BTreeSet<&str> = list.iter().filter_map(serde_json::Value::as_str).collect();
    for path in &wanted {
        let known = found.lockfiles.iter().any(|lock| lock.path == *path)
            || found.entries.iter().any(|entry| entry.subject == *path);
        if !known {
            total.entries.push(entry(
                path,
                None,
                CoverageState::Failed,
                "`params.lockfiles` names it, and the project has no such lockfile",
                1,
            ));
        }
    }
    found.lockfiles.retain(|lock| {
        let keep = wanted.contains(lock.path.as_str());
        if !keep {
            total.entries.push(entry(
                &lock.path,
                None,
                CoverageState::NotScanned,
                "`params.lockfiles` does not name it",
                1,
            ));
        }
        keep
    });
    found
}

/// What one tool adds to the outcome.
#[derive(Default)]
struct Share {
    findings: Vec<Finding>,
    entries: Vec<CoverageEntry>,
    counts: Vec<ToolCount>,
    statements: Vec<mex_runtime::coverage::SelfStatement>,
    evidence: Vec<Produced>,
    tools: Vec<ToolIdentity>,
    databases: Vec<DatabaseIdentity>,
    errors: Vec<TypedError>,
    level: Option<SandboxLevel>,
    asked: Vec<Vec<String>>,
}

impl Share {
    fn take(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.entries.extend(other.entries);
        self.counts.extend(other.counts);
        self.evidence.extend(other.evidence);
        self.tools.extend(other.tools);
        self.databases.extend(other.databases);
        self.errors.extend(other.errors);
        self.asked.extend(other.asked);
        if let Some(level) = other.level {
            self.level = Some(errand::weaker(self.level, level));
        }
    }

    fn fail(&mut self, subject: &str, tool: Option<&ToolName>, fault: TypedError) {
        let state = match fault.code {
            Code::IntegrityToolMissing => CoverageState::ToolMissing,
            Code::DbMissing | Code::DbEmpty | Code::DbTruncated | Code::DbUnparsable => {
                CoverageState::DatabaseUnusable
            }
            _ => CoverageState::Failed,
        };
        self.entries.push(entry(subject, tool, state, &fault.message, 1));
        self.errors.push(fault);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.evidence.push(Produced {
            role: "evidence".to_owned(),
            media_type: media_type::TOOL_JSON.to_owned(),
            bytes: bytes.to_vec(),
            original_bytes: bytes.len() as u64,
        });
    }

    fn outcome(mut self, level: SandboxLevel) -> AdapterOutcome {
        let mut coverage = Coverage {
            entries: self.entries,
            counts: self.counts,
            self_statements: self.statements,
            ..Coverage::empty()
        };
        coverage.canonicalise();
        self.databases.sort();
        self.databases.dedup();
        self.tools.sort();
        self.tools.dedup();
        self.asked.sort();
        let config = json!({
            "asked": self.asked,
            osv_scanner::NAME: osv_scanner::argv::CONFIG,
            cargo_audit::NAME: cargo_audit::argv::CONFIG,
        });
        AdapterOutcome {
            status: status(&self.errors),
            findings: merge(self.findings),
            coverage,
            evidence: self.evidence,
            tools: self.tools,
            config_sha256: Digest::of(config.to_string().as_bytes()),
            sandbox: self.level.unwrap_or(level),
            // Every tool is pinned by digest and every database is a pinned snapshot (contract DET-4).
            determinism: Determinism::D2,
            databases: self.databases,
            errors: self.errors,
        }
    }
}

impl VulnScan {
    fn osv_scanner(&self, errand: &Errand<'_>, lockfiles: &[Lockfile], root: &Path) -> Share {
        let mut share = Share::default();
        let name = ToolName::known(osv_scanner::NAME);
        let mut ecosystems: BTreeMap<&str, Vec<&Lockfile>> = BTreeMap::new();
        for lockfile in lockfiles {
            ecosystems.entry(lockfile.kind.ecosystem).or_default().push(lockfile);
        }
        if ecosystems.is_empty() {
            return share;
        }
        let tool = match errand.tool(osv_scanner::NAME) {
            Ok(tool) => tool,
            Err(fault) => {
                lockfiles.iter().for_each(|lock| {
                    share.entries.push(entry(
                        &lock.path,
                        Some(&name),
                        gap(&fault),
                        &fault.message,
                        1,
                    ))
                });
                share.errors.push(fault);
                return share;
            }
        };
        share.tools.push(tool.identity.clone());
        for (ecosystem, locks) in ecosystems {
            let Some(snapshot) = self.databases.current(ecosystem, Form::Osv) else {
                no_database(&mut share, ecosystem, &name, &locks);
                continue;
            };
            (errand.context.progress)(Progress::Phase(format!(
                "running osv-scanner for {ecosystem}"
            )));
            share.databases.push(snapshot.identity.clone());
            let one = run_osv(errand, &tool, &snapshot, &locks, root);
            // One lockfile it cannot read loses the findings of all: then each gets a run of its own.
            if one.errors.is_empty() || locks.len() == 1 || errand.context.cancel.is_cancelled() {
                share.take(one);
            } else {
                for lock in locks {
                    share.take(run_osv(errand, &tool, &snapshot, &[lock], root));
                }
            }
        }
        share
    }

    fn cargo_audit(&self, errand: &Errand<'_>, lockfiles: &[Lockfile], root: &Path) -> Share {
        let mut share = Share::default();
        let name = ToolName::known(cargo_audit::NAME);
        let locks: Vec<&Lockfile> =
            lockfiles.iter().filter(|lock| lock.kind.parser == "Cargo.lock").collect();
        if locks.is_empty() {
            return share;
        }
        let tool = match errand.tool(cargo_audit::NAME) {
            Ok(tool) => tool,
            Err(fault) => {
                locks.iter().for_each(|lock| {
                    share.entries.push(entry(
                        &lock.path,
                        Some(&name),
                        gap(&fault),
                        &fault.message,
                        1,
                    ))
                });
                share.errors.push(fault);
                return share;
            }
        };
        share.tools.push(tool.identity.clone());
        let Some(snapshot) = self.databases.current("crates.io", Form::Rustsec) else {
            no_database(&mut share, "crates.io", &name, &locks);
            return share;
        };
        share.databases.push(snapshot.identity.clone());
        for lock in locks {
            (errand.context.progress)(Progress::Phase("running cargo-audit".to_owned()));
            (errand.context.progress)(Progress::Reading(lock.path.clone()));
            share.take(run_audit(errand, &tool, &snapshot, lock, root));
        }
        share
    }
}

fn gap(fault: &TypedError) -> CoverageState {
    if fault.code == Code::IntegrityToolMissing {
        CoverageState::ToolMissing
    } else {
        CoverageState::Failed
    }
}

/// A gap of its own that hides nobody's findings (contract SC-11); no error of the operation.
fn no_database(share: &mut Share, ecosystem: &str, tool: &ToolName, locks: &[&Lockfile]) {
    let reason = format!(
        "there is no advisory database for {ecosystem}: run `mex db sync {ecosystem}` or `mex db import`"
    );
    for lock in locks {
        share.entries.push(entry(
            &lock.path,
            Some(tool),
            CoverageState::DatabaseUnusable,
            &reason,
            1,
        ));
    }
}

fn run_osv(
    errand: &Errand<'_>,
    tool: &PinnedTool,
    snapshot: &Snapshot,
    locks: &[&Lockfile],
    root: &Path,
) -> Share {
    use osv_scanner::argv;
    let mut share = Share::default();
    let name = ToolName::known(osv_scanner::NAME);
    let args = argv::args(locks.iter().copied());
    share.asked.push(args.clone());
    let result = (|| {
        let config = config_folder(argv::CONFIG_FILE, argv::CONFIG)
            .map_err(|fault| unprepared("osv-scanner's configuration", &fault))?;
        let database = database_copy(snapshot, &argv::database_path(&snapshot.identity.ecosystem))
            .map_err(|fault| unprepared("the advisory database", &fault))?;
        let mounts = vec![
            read_only(root, "/project"),
            read_only(config.path(), argv::CONFIG_FOLDER),
            Mount {
                host: database.path().to_path_buf(),
                inside: argv::DATABASES.to_owned(),
                mode: MountMode::ReadWrite,
            },
        ];
        let ask = Ask {
            args,
            env: argv::env(),
            cwd: argv::CONFIG_FOLDER,
            mounts,
            extra_executables: Vec::new(),
            budget: *errand.admitted.budget(),
            redact: &<[u8]>::to_vec,
            keep_stdout: Keep::No,
        };
        errand.run(tool, ask)
    })();
    match result {
        Err(fault) => {
            for lock in locks {
                share.entries.push(entry(&lock.path, Some(&name), gap(&fault), &fault.message, 1));
            }
            share.errors.push(fault);
        }
        Ok(finished) => {
            share.level = Some(finished.sandbox);
            let read = osv_scanner::normalise::normalise(&answer(&finished), locks);
            share.findings = read.findings;
            share.counts = read.counts;
            share.entries = read.entries;
            share.errors = read.errors;
            if !finished.stdout.bytes.is_empty() && !finished.stdout.is_truncated() {
                share.keep(&finished.stdout.bytes);
            }
        }
    }
    share
}

fn run_audit(
    errand: &Errand<'_>,
    tool: &PinnedTool,
    snapshot: &Snapshot,
    lock: &Lockfile,
    root: &Path,
) -> Share {
    use cargo_audit::argv;
    let mut share = Share::default();
    let name = ToolName::known(cargo_audit::NAME);
    let args = argv::args(&lock.path);
    share.asked.push(args.clone());
    let result = (|| {
        let config = config_folder(argv::CONFIG_FILE, argv::CONFIG)
            .map_err(|fault| unprepared("cargo-audit's configuration", &fault))?;
        let mounts = vec![
            read_only(root, "/project"),
            read_only(config.path(), argv::CONFIG_FOLDER),
            read_only(&snapshot.path, argv::DATABASE),
        ];
        let ask = Ask {
            args,
            env: argv::env(),
            cwd: argv::CONFIG_FOLDER,
            mounts,
            extra_executables: Vec::new(),
            budget: *errand.admitted.budget(),
            redact: &<[u8]>::to_vec,
            keep_stdout: Keep::No,
        };
        errand.run(tool, ask)
    })();
    match result {
        Err(fault) => share.fail(&lock.path, Some(&name), fault),
        Ok(finished) => {
            share.level = Some(finished.sandbox);
            let read = cargo_audit::normalise::normalise(
                &answer(&finished),
                lock,
                snapshot.identity.record_count,
            );
            share.findings = read.findings;
            share.counts = read.counts;
            share.entries = read.entries;
            share.errors = read.errors;
            if !finished.stdout.bytes.is_empty() && !finished.stdout.is_truncated() {
                share.keep(&finished.stdout.bytes);
            }
        }
    }
    share
}

/// The tool wants to write beside its database; it gets a copy, the snapshot stays as it is.
fn database_copy(snapshot: &Snapshot, inside: &str) -> std::io::Result<tempfile::TempDir> {
    let folder = open_folder(0o777)?;
    let target = folder.path().join(inside);
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
        for part in parent.ancestors().take_while(|part| part.starts_with(folder.path())) {
            fs::set_permissions(part, fs::Permissions::from_mode(0o777))?;
        }
    }
    fs::copy(&snapshot.path, &target)?;
    fs::set_permissions(&target, fs::Permissions::from_mode(0o444))?;
    Ok(folder)
}
