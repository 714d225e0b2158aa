//! The adapter of `engine.supply_chain.vuln`: osv-scanner once an ecosystem, cargo-audit once a
//! `Cargo.lock` and npm once a package-lock, side by side. Owns who reads which lockfile with which database and the ledger of
//! it; one tool or ecosystem failing never hides another's findings (contract SC-11). Never judges.
//! Long because three tools over many lockfiles are one answer, with one ledger.

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

use crate::advisory::{DatabaseRefused, Databases, Form, Snapshot, small_zip};
use crate::answer::{error, status};
use crate::errand::{self, Ask, Errand, answer, read_only, unprepared};
use crate::ground;
use crate::lockfile::words::Words;
use crate::lockfile::{Discovered, Lockfile, discover, entry};
use crate::process::{Finished, Keep, Mount, MountMode};
use crate::reading::Normalised;
use crate::sandbox::Sandbox;
use crate::stage::StageLedger;
use crate::tool::PinnedTool;
use crate::toolchain::Toolchain;
use crate::{cargo_audit, npm_audit, osv_scanner};

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

    /// Every snapshot there is, whichever a lockfile will ask for: one that comes, goes or is older
    /// changes what is said of some ecosystem.
    fn ground(&self, _: &Admitted, context: &RunContext<'_>) -> Option<Digest> {
        let databases: Vec<DatabaseIdentity> =
            self.databases.list().into_iter().map(|snapshot| snapshot.identity).collect();
        ground::digest(&json!({
            "common": ground::common(context)?,
            "databases": databases,
            osv_scanner::NAME: osv_scanner::argv::CONFIG,
            cargo_audit::NAME: cargo_audit::argv::CONFIG,
            npm_audit::NAME: npm_audit::argv::RESPONDER_TEXT,
        }))
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
                    let (locks, root) = (&found.lockfiles, &stage.root);
                    std::thread::scope(|scope| {
                        let audit = scope.spawn(|| self.cargo_audit(&errand, locks, root));
                        let npm = scope.spawn(|| self.npm_audit(&errand, locks, root));
                        total.take(self.osv_scanner(&errand, locks, root));
                        total.take(audit.join().unwrap_or_else(|_| ended_early(cargo_audit::NAME)));
                        total.take(npm.join().unwrap_or_else(|_| ended_early(npm_audit::NAME)));
                    });
                    if let Ok(ledger) = StageLedger::beside(&stage.root) {
                        total.entries.extend(ledger.coverage(&JobName::known("vuln")));
                        total.statements = ledger.self_statements;
                    }
                }
            },
        }
        total.looked_at();
        total.outcome(self.sandbox.level)
    }
}

/// The share of a thread that gave none.
fn ended_early(tool: &str) -> Share {
    let why = format!("the thread of `{tool}` ended early");
    Share { errors: vec![error(Code::Internal, why)], ..Share::default() }
}

/// Keeps the lockfiles that `params.lockfiles` names; all where it is absent.
pub(crate) fn only(
    mut found: Discovered,
    asked: Option<&serde_json::Value>,
    total: &mut Share,
) -> Discovered {
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
pub(crate) struct Share {
    pub(crate) findings: Vec<Finding>,
    pub(crate) entries: Vec<CoverageEntry>,
    pub(crate) counts: Vec<ToolCount>,
    statements: Vec<mex_runtime::coverage::SelfStatement>,
    evidence: Vec<Produced>,
    tools: Vec<ToolIdentity>,
    databases: Vec<DatabaseIdentity>,
    pub(crate) errors: Vec<TypedError>,
    level: Option<SandboxLevel>,
    pub(crate) asked: Vec<Vec<String>>,
}

impl Share {
    pub(crate) fn take(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.entries.extend(other.entries);
        self.counts.extend(other.counts);
        self.evidence.extend(other.evidence);
        self.tools.extend(other.tools);
        self.databases.extend(other.databases);
        self.errors.extend(other.errors);
        self.asked.extend(other.asked);
        if let Some(level) = other.level {
            self.level(level);
        }
    }

    pub(crate) fn level(&mut self, level: SandboxLevel) {
        self.level = Some(errand::weaker(self.level, level));
    }

    /// The same gap for each lockfile, and one error.
    pub(crate) fn fail(&mut self, locks: &[&Lockfile], tool: &ToolName, fault: TypedError) {
        self.note(locks, tool, gap(&fault), &fault.message);
        self.errors.push(fault);
    }

    pub(crate) fn note(
        &mut self,
        locks: &[&Lockfile],
        tool: &ToolName,
        state: CoverageState,
        reason: &str,
    ) {
        let entries = locks.iter().map(|lock| entry(&lock.path, Some(tool), state, reason, 1));
        self.entries.extend(entries);
    }

    /// Adds what one run means.
    pub(crate) fn read(&mut self, run: Normalised) {
        self.findings.extend(run.findings);
        self.counts.extend(run.counts);
        self.entries.extend(run.entries);
        self.errors.extend(run.errors);
    }

    /// A project without lockfiles: what was looked at is all there is to show.
    fn looked_at(&mut self) {
        if !self.evidence.is_empty() || !self.errors.is_empty() {
            return;
        }
        if self.entries.is_empty() {
            let reason = "the project has no lockfile and no manifest that asks for one";
            self.entries.push(entry("lockfiles", None, CoverageState::Skipped, reason, 0));
        }
        let mut looked_at = Coverage { entries: self.entries.clone(), ..Coverage::empty() };
        looked_at.canonicalise();
        self.keep(json!({"looked_at": looked_at.entries}).to_string().as_bytes());
    }

    pub(crate) fn keep(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.keep_as(media_type::TOOL_JSON, bytes.to_vec());
        }
    }

    fn keep_as(&mut self, media_type: &str, bytes: Vec<u8>) {
        self.evidence.push(Produced {
            role: "evidence".to_owned(),
            media_type: media_type.to_owned(),
            original_bytes: bytes.len() as u64,
            bytes,
        });
    }

    pub(crate) fn outcome(mut self, level: SandboxLevel) -> AdapterOutcome {
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
            npm_audit::NAME: npm_audit::argv::RESPONDER_TEXT,
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

    /// npm over what it can read, from the snapshot that osv-scanner reads (contract SC-11).
    fn npm_audit(&self, errand: &Errand<'_>, lockfiles: &[Lockfile], root: &Path) -> Share {
        let name = ToolName::known(npm_audit::NAME);
        let (locks, others): (Vec<&Lockfile>, Vec<&Lockfile>) = lockfiles
            .iter()
            .filter(|lock| lock.kind.ecosystem == "npm")
            .partition(|lock| lock.kind.parser == "package-lock.json");
        let mut share = Share::default();
        share.note(&others, &name, CoverageState::Skipped, npm_audit::NOT_ITS_LOCK);
        if !named(errand, npm_audit::NAME) {
            let reason = "`params.tools` does not name it; where it is not on this machine, install npm 10 or newer, then run `mex tools install npm`";
            share.note(&locks, &name, CoverageState::ToolMissing, reason);
            return share;
        }
        let (tool, begun) = tool_for(errand, npm_audit::NAME, &locks);
        share.take(begun);
        let Some(tool) = tool else { return share };
        let Some(snapshot) = self.database("npm", Form::Osv, &tool, &locks, &mut share) else {
            return share;
        };
        let mut budget = *errand.admitted.budget();
        for lock in locks {
            (errand.context.progress)(Progress::Phase("running npm audit".to_owned()));
            (errand.context.progress)(Progress::Reading(lock.path.clone()));
            share.take(run_npm(errand, &tool, &snapshot, lock, root, &mut budget));
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

/// Whether `params.tools` lets a tool run.
fn named(errand: &Errand<'_>, tool: &str) -> bool {
    let list =
        errand.admitted.operation().params.get("tools").and_then(serde_json::Value::as_array);
    list.is_none_or(|list| list.iter().any(|name| name.as_str() == Some(tool)))
}

/// The tool and its share begun. No tool where no lockfile asks for it, or where every lockfile is
/// a gap for want of it.
pub(crate) fn tool_for(
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
    let small = match small_database(snapshot, locks, root) {
        Ok(small) => small,
        Err(fault) => {
            let mut share = Share::default();
            share.fail(locks, &tool.identity.name, error(fault.code, fault.message));
            return share;
        }
    };
    let asked = database_copy(errand, snapshot, small.as_deref(), &inside)
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
        if let Some(small) = small {
            share.keep_as(media_type::ZIP, small);
        }
        let read = osv_scanner::normalise::normalise(&answer(finished), locks);
        share.read(read);
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
        share.read(read);
    })
}

fn run_npm(
    errand: &Errand<'_>,
    tool: &PinnedTool,
    snapshot: &Snapshot,
    lock: &Lockfile,
    root: &Path,
    budget: &mut Budget,
) -> Share {
    use npm_audit::advisories::Told;
    use npm_audit::normalise::{Source, normalise};
    let mut share = Share::default();
    let locked = match npm_audit::run::locked(root, lock) {
        Ok(locked) if locked.nodes.len() > npm_audit::MAX_PACKAGES => {
            // It cannot hide a finding: the records are those that osv-scanner reads.
            let (name, state) = (&tool.identity.name, CoverageState::Skipped);
            share.note(&[lock], name, state, npm_audit::TOO_LONG);
            return share;
        }
        locked => locked,
    };
    let result = locked.and_then(|locked| {
        let refused = |fault: DatabaseRefused| error(fault.code, fault.message);
        let selected = snapshot.select(&|name| locked.names.contains(name)).map_err(refused)?;
        let told = Told::new(&locked.names, &selected).map_err(|id| {
            let why = format!("the record `{id}` of the npm database cannot be read");
            error(Code::DbUnparsable, why)
        })?;
        let answer = told.answer(&locked.names);
        let registry = npm_audit::argv::REGISTRY;
        let ran = npm_audit::run::run(errand, tool, root, lock, Some(&answer), registry, *budget)?;
        Ok((locked, told, ran))
    });
    match result {
        Err(fault) => share.fail(&[lock], &tool.identity.name, fault),
        Ok((locked, told, (args, ran))) => {
            *budget = errand::rest(budget, &ran.finished);
            share.asked.push(args);
            share.level = Some(ran.finished.sandbox);
            let said = crate::errand::answer(&ran.finished);
            let asked = ran.asked.as_deref();
            let read = normalise(&said, asked, &lock.path, &locked, Source::Snapshot(&told));
            share.read(read);
            if !ran.finished.stdout.is_truncated() {
                share.keep(&ran.finished.stdout.bytes);
                share.keep(asked.unwrap_or_default());
            }
        }
    }
    share
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

/// The records that may hit a package of these lockfiles, as a database of their own; null where
/// names cannot be told, which takes the whole. Same findings, a fraction of the time.
fn small_database(
    snapshot: &Snapshot,
    locks: &[&Lockfile],
    root: &Path,
) -> Result<Option<Vec<u8>>, DatabaseRefused> {
    let mut words = Words::default();
    for lock in locks {
        // One that cannot be read is the tool's to tell.
        let Ok(text) = fs::read_to_string(root.join(&lock.path)) else { return Ok(None) };
        if !words.read(lock.kind, &text) {
            return Ok(None);
        }
    }
    small_zip(&snapshot.select(&|name| words.may_name(name))?).map(Some)
}

/// The tool wants to write beside its database; it gets a copy, the snapshot stays as it is.
fn database_copy(
    errand: &Errand<'_>,
    snapshot: &Snapshot,
    small: Option<&[u8]>,
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
    match small {
        Some(bytes) => fs::write(&target, bytes)?,
        None => drop(fs::copy(&snapshot.path, &target)?),
    }
    fs::set_permissions(&target, fs::Permissions::from_mode(0o444))?;
    Ok(folder)
}
