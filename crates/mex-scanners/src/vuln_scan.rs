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
use mex_runtime::budget::Budget;
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
use crate::errand::{self, Ask, Errand, answer, read_only, unprepared};
use crate::lockfile::{Discovered, Lockfile, discover, entry};
use crate::process::{Finished, Keep, Mount, MountMode};
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
                    let fault = unprepared("the list of lockfiles", &fault);
                    total.entries.push(entry("files", None, gap(&fault), &fault.message, 1));
                    total.errors.push(fault);
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

    /// The same gap for each lockfile, and one error.
    fn fail(&mut self, locks: &[&Lockfile], tool: &ToolName, fault: TypedError) {
        self.note(locks, tool, gap(&fault), &fault.message);
        self.errors.push(fault);
    }

    fn note(&mut self, locks: &[&Lockfile], tool: &ToolName, state: CoverageState, reason: &str) {
        let entries = locks.iter().map(|lock| entry(&lock.path, Some(tool), state, reason, 1));
        self.entries.extend(entries);
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
        let mut ecosystems: BTreeMap<&str, Vec<&Lockfile>> = BTreeMap::new();
        for lockfile in lockfiles {
            ecosystems.entry(lockfile.kind.ecosystem).or_default().push(lockfile);
        }
        let all: Vec<&Lockfile> = lockfiles.iter().collect();
        let (tool, mut share) = tool_for(errand, osv_scanner::NAME, &all);
        let Some(tool) = tool else { return share };
        let mut budget = *errand.admitted.budget();
        for (ecosystem, locks) in ecosystems {
            let Some(snapshot) = self.database(ecosystem, Form::Osv, &tool, &locks, &mut share)
            else {
                continue;
            };
            (errand.context.progress)(Progress::Phase(format!(
                "running osv-scanner for {ecosystem}"
            )));
            let one = run_osv(errand, &tool, &snapshot, &locks, root, &mut budget);
            // One lockfile it cannot read loses the findings of all: then each gets a run of its own,
            // as long as the operation's budget lasts.
            if one.errors.is_empty() || locks.len() == 1 || one.errors.iter().any(is_final) {
                share.take(one);
            } else {
                for lock in locks {
                    share.take(run_osv(errand, &tool, &snapshot, &[lock], root, &mut budget));
                }
            }
        }
        share
    }

    fn cargo_audit(&self, errand: &Errand<'_>, lockfiles: &[Lockfile], root: &Path) -> Share {
        let locks: Vec<&Lockfile> =
            lockfiles.iter().filter(|lock| lock.kind.parser == "Cargo.lock").collect();
        let (tool, mut share) = tool_for(errand, cargo_audit::NAME, &locks);
        let Some(tool) = tool else { return share };
        let Some(snapshot) = self.database("crates.io", Form::Rustsec, &tool, &locks, &mut share)
        else {
            return share;
        };
        let mut budget = *errand.admitted.budget();
        for lock in locks {
            (errand.context.progress)(Progress::Phase("running cargo-audit".to_owned()));
            (errand.context.progress)(Progress::Reading(lock.path.clone()));
            share.take(run_audit(errand, &tool, &snapshot, lock, root, &mut budget));
        }
        share
    }

    /// The snapshot in force, put on record; where there is none, each lockfile is a gap of its
    /// own that hides nobody's findings (contract SC-11), and no error of the operation.
    fn database(
        &self,
        ecosystem: &str,
        form: Form,
        tool: &PinnedTool,
        locks: &[&Lockfile],
        share: &mut Share,
    ) -> Option<Snapshot> {
        let snapshot = self.databases.current(ecosystem, form);
        match &snapshot {
            Some(snapshot) => share.databases.push(snapshot.identity.clone()),
            None => {
                let reason = format!(
                    "there is no advisory database for {ecosystem}: run `mex db sync {ecosystem}` or `mex db import`"
                );
                share.note(locks, &tool.identity.name, CoverageState::DatabaseUnusable, &reason);
            }
        }
        snapshot
    }
}

/// The tool and its share begun. No tool where no lockfile asks for it, or where every lockfile is
/// a gap for want of it.
fn tool_for(
    errand: &Errand<'_>,
    name: &'static str,
    locks: &[&Lockfile],
) -> (Option<PinnedTool>, Share) {
    let mut share = Share::default();
    if locks.is_empty() {
        return (None, share);
    }
    match errand.tool(name) {
        Ok(tool) => {
            share.tools.push(tool.identity.clone());
            (Some(tool), share)
        }
        Err(fault) => {
            share.fail(locks, &ToolName::known(name), fault);
            (None, share)
        }
    }
}

fn gap(fault: &TypedError) -> CoverageState {
    match fault.code {
        Code::IntegrityToolMissing => CoverageState::ToolMissing,
        Code::DbMissing | Code::DbEmpty | Code::DbTruncated | Code::DbUnparsable => {
            CoverageState::DatabaseUnusable
        }
        _ => CoverageState::Failed,
    }
}

/// Whether a run apart would end the same way: the budget is used up, or somebody cancelled.
fn is_final(fault: &TypedError) -> bool {
    let codes = [Code::ToolTimeout, Code::BudgetOverrun, Code::ToolTruncated, Code::Cancelled];
    codes.contains(&fault.code)
}

fn run_osv(
    errand: &Errand<'_>,
    tool: &PinnedTool,
    snapshot: &Snapshot,
    locks: &[&Lockfile],
    root: &Path,
    budget: &mut Budget,
) -> Share {
    use osv_scanner::argv;
    let inside = argv::database_path(&snapshot.identity.ecosystem);
    let asked = database_copy(errand, snapshot, &inside)
        .map(|copy| Asked {
            args: argv::args(locks.iter().copied()),
            env: argv::env(),
            config: (argv::CONFIG_FOLDER, argv::CONFIG_FILE, argv::CONFIG),
            database: Mount {
                host: copy.path().to_path_buf(),
                inside: argv::DATABASES.to_owned(),
                mode: MountMode::ReadWrite,
            },
            _copy: Some(copy),
        })
        .map_err(|fault| unprepared("the advisory database", &fault));
    run_one(errand, tool, locks, root, asked, budget, |finished, share| {
        let read = osv_scanner::normalise::normalise(&answer(finished), locks);
        share.findings = read.findings;
        share.counts = read.counts;
        share.entries = read.entries;
        share.errors = read.errors;
    })
}

fn run_audit(
    errand: &Errand<'_>,
    tool: &PinnedTool,
    snapshot: &Snapshot,
    lock: &Lockfile,
    root: &Path,
    budget: &mut Budget,
) -> Share {
    use cargo_audit::argv;
    let asked = Ok(Asked {
        args: argv::args(&lock.path),
        env: argv::env(),
        config: (argv::CONFIG_FOLDER, argv::CONFIG_FILE, argv::CONFIG),
        database: read_only(&snapshot.path, argv::DATABASE),
        _copy: None,
    });
    run_one(errand, tool, &[lock], root, asked, budget, |finished, share| {
        let records = snapshot.identity.record_count;
        let read = cargo_audit::normalise::normalise(&answer(finished), lock, records);
        share.findings = read.findings;
        share.counts = read.counts;
        share.entries = read.entries;
        share.errors = read.errors;
    })
}

/// What a tool is asked, beside the project that each of them sees.
struct Asked {
    args: Vec<String>,
    env: Vec<(String, String)>,
    /// Folder inside, file name, text.
    config: (&'static str, &'static str, &'static str),
    database: Mount,
    /// Where the database is a copy of the run's own: gone with this value.
    _copy: Option<tempfile::TempDir>,
}

/// One run of one tool over some lockfiles: the same for both tools but for what is asked and how
/// the answer is read. Takes what it used off the budget, which is that of the whole operation.
fn run_one(
    errand: &Errand<'_>,
    tool: &PinnedTool,
    locks: &[&Lockfile],
    root: &Path,
    asked: Result<Asked, TypedError>,
    budget: &mut Budget,
    read: impl FnOnce(&Finished, &mut Share),
) -> Share {
    let mut share = Share::default();
    let name = &tool.identity.name;
    let result = asked.and_then(|asked| {
        share.asked.push(asked.args.clone());
        let (folder, file, text) = asked.config;
        let config = errand
            .config_folder(file, text)
            .map_err(|fault| unprepared(&format!("the configuration of `{name}`"), &fault))?;
        let ask = Ask {
            args: asked.args,
            env: asked.env,
            cwd: folder,
            mounts: vec![
                read_only(root, "/project"),
                read_only(config.path(), folder),
                asked.database,
            ],
            extra_executables: Vec::new(),
            budget: *budget,
            redact: &<[u8]>::to_vec,
            keep_stdout: Keep::No,
        };
        errand.run(tool, ask)
    });
    match result {
        Err(fault) => share.fail(locks, name, fault),
        Ok(finished) => {
            *budget = errand::rest(budget, &finished);
            share.level = Some(finished.sandbox);
            read(&finished, &mut share);
            if !finished.stdout.bytes.is_empty() && !finished.stdout.is_truncated() {
                share.keep(&finished.stdout.bytes);
            }
        }
    }
    share
}

/// The tool wants to write beside its database; it gets a copy, the snapshot stays as it is.
fn database_copy(
    errand: &Errand<'_>,
    snapshot: &Snapshot,
    inside: &str,
) -> std::io::Result<tempfile::TempDir> {
    let folder = errand.open_folder(0o777)?;
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
