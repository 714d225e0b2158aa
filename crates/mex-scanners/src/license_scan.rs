//! The adapter of `engine.supply_chain.license`: what packages declare, read from what the lockfiles
//! name, with cargo-deny as a second witness for crates, and what the project says of its own files.
//! Owns who answers for which package and the ledger of it (contract SC-2, SC-3). Never judges.
//! Long because several sources over many lockfiles are one answer, with one ledger.

mod archive;
pub mod crates;
pub mod git;
pub mod go;
pub mod manifest;
mod modules;
pub mod npm;
mod others;
mod own;
pub mod rust;
mod unpacked;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use mex_runtime::adapter::{Adapter, AdapterOutcome, Produced, RunContext};
use mex_runtime::artifact::{SandboxLevel, ToolIdentity, media_type};
use mex_runtime::budget::Budget;
use mex_runtime::code::Code;
use mex_runtime::coverage::{
    Coverage, CoverageEntry, CoverageState, Drop as Dropped, SelfStatement, ToolCount,
};
use mex_runtime::determinism::Determinism;
use mex_runtime::digest::Digest;
use mex_runtime::finding::{Attribution, Finding, License, LicenseStatement, LicenseUnit};
use mex_runtime::gate::Admitted;
use mex_runtime::id::{EngineId, JobName, OperationName, ToolName};
use mex_runtime::license::statement;
use mex_runtime::policy::merge::merge;
use mex_runtime::port::Progress;
use mex_runtime::result::TypedError;
use semver::Version;
use serde_json::{Value, json};

use crate::answer::{error, status};
use crate::cargo_deny;
use crate::cargo_deny::normalise::{Normalised, Witness};
use crate::dependency::archives::Archives;
use crate::errand::{self, Ask, Errand, answer, read_only, unprepared};
use crate::ground::{self, Depth};
use crate::lockfile::{Lockfile, discover, entry as vuln_entry};
use crate::process::{Keep, Mount, MountMode};
use crate::sandbox::Sandbox;
use crate::scancode::{self, Kept, Scope};
use crate::stage::StageLedger;
use crate::tool::PinnedTool;
use crate::toolchain::Toolchain;
use crates::{AtHand, Locked, Shelves};
use go::GoHere;
use manifest::Speech;
use rust::RustHere;

/// What brings the archives of a lockfile, as people type it.
pub(crate) const FETCH: &str = "`mex op plan dependency_fetch | mex op run -`";
/// A manifest or lockfile larger than this is not read; no real one comes near it.
const MANIFEST_BYTES: u64 = 64 << 20;

/// Finds licences.
pub struct LicenseScan {
    toolchain: Arc<Toolchain>,
    sandbox: Arc<Sandbox>,
    here: Here,
    kept: Kept,
}

/// The sources of packages on this machine.
#[derive(Debug, Clone)]
pub struct Here {
    /// Crates, and the toolchain that describes them.
    pub rust: RustHere,
    /// Go modules.
    pub go: GoHere,
    /// What `dependency_fetch` brought.
    pub fetched: Archives,
}

impl LicenseScan {
    /// With the sources that are here and the results kept by content.
    pub const fn new(
        toolchain: Arc<Toolchain>,
        sandbox: Arc<Sandbox>,
        here: Here,
        kept: Kept,
    ) -> Self {
        Self { toolchain, sandbox, here, kept }
    }
}

impl Adapter for LicenseScan {
    fn engine_id(&self) -> EngineId {
        EngineId::known("engine.supply_chain.license")
    }

    fn operation(&self) -> OperationName {
        OperationName::known("license_scan")
    }

    fn version(&self) -> Version {
        Version::new(1, 0, 0)
    }

    /// What is here of the packages that the lockfiles name, and of the toolchain that reads them.
    fn ground(&self, _: &Admitted, context: &RunContext<'_>) -> Option<Digest> {
        let root = &context.stage?.root;
        let now = context.clock.now();
        let Here { rust, go, fetched } = &self.here;
        let mut wanted: BTreeSet<Locked> = BTreeSet::new();
        for text in texts_named(root, "Cargo.lock")? {
            wanted.extend(crates::packages(&text)?);
        }
        let crates = match &rust.cargo_home {
            Some(home) if !wanted.is_empty() => home.ground(&wanted, now)?,
            _ => Value::Null,
        };
        let toolchain = match &rust.toolchain {
            Some(toolchain) => ["bin/cargo", "bin/rustc"]
                .into_iter()
                .map(|program| ground::file(&toolchain.join(program), now))
                .collect::<Option<Vec<Value>>>()?,
            None => Vec::new(),
        };
        ground::digest(&json!({
            "common": ground::common(context)?,
            "cargo_home": rust.cargo_home.as_ref().map(crates::CargoHome::root),
            "crates": crates,
            "toolchain": [json!(rust.toolchain), json!(toolchain)],
            "modules": go.ground(&texts_named(root, "go.sum")?, now)?,
            "fetched": ground::folder(fetched.folder(), Depth::All, now)?,
            cargo_deny::NAME: cargo_deny::argv::CONFIG,
            scancode::NAME: scancode::config_digest(Scope::Full),
        }))
    }

    fn run(&self, admitted: &Admitted, context: &RunContext<'_>) -> AdapterOutcome {
        let mut total = Share::default();
        match context.stage {
            None => total.errors.push(error(
                Code::Internal,
                "a licence scan was started without a staged tree".to_owned(),
            )),
            Some(stage) => {
                total.budget = Some(*admitted.budget());
                let errand = Errand {
                    toolchain: &self.toolchain,
                    sandbox: &self.sandbox,
                    admitted,
                    context,
                };
                if let Err(fault) = self.scan(&errand, &stage.root, &mut total) {
                    let fault = unprepared("the list of manifests", &fault);
                    total.gap("files", None, CoverageState::Failed, &fault.message, 1);
                    total.errors.push(fault);
                }
            }
        }
        total.outcome(self.sandbox.level)
    }
}

/// What one source adds to the outcome.
#[derive(Default)]
struct Share {
    findings: Vec<Finding>,
    entries: Vec<CoverageEntry>,
    counts: Vec<ToolCount>,
    statements: Vec<SelfStatement>,
    evidence: Vec<Produced>,
    tools: Vec<ToolIdentity>,
    errors: Vec<TypedError>,
    level: Option<SandboxLevel>,
    asked: Vec<Vec<String>>,
    /// What the runs so far used of the operation's budget is gone from it.
    budget: Option<Budget>,
    /// What we read ourselves: the evidence beside the tools' own.
    witnessed: Vec<Value>,
    /// How scancode was asked, where it was.
    scope: Option<Scope>,
}

/// One line of the licence job's ledger.
fn entry(
    subject: &str,
    tool: Option<&ToolName>,
    state: CoverageState,
    reason: &str,
    items: u64,
) -> CoverageEntry {
    CoverageEntry { job: job(), ..vuln_entry(subject, tool, state, reason, items) }
}

fn job() -> JobName {
    JobName::known("license")
}

impl Share {
    fn gap(
        &mut self,
        subject: &str,
        tool: Option<&ToolName>,
        state: CoverageState,
        reason: &str,
        items: u64,
    ) {
        self.entries.push(entry(subject, tool, state, reason, items));
    }

    fn read(&mut self, subject: &str, items: u64) {
        self.entries.push(entry(subject, None, CoverageState::Scanned, "", items));
    }

    /// Keeps what was read of one package or manifest.
    fn witness(&mut self, of: &str, speech: &Speech) {
        self.witnessed.push(json!({
            "of": of,
            "from": speech.from,
            "declared": speech.declared,
            "texts": speech.texts,
        }));
    }

    fn outcome(mut self, level: SandboxLevel) -> AdapterOutcome {
        let mut coverage = Coverage {
            entries: self.entries,
            counts: self.counts,
            self_statements: self.statements,
            ..Coverage::empty()
        };
        coverage.canonicalise();
        self.tools.sort();
        self.tools.dedup();
        self.asked.sort();
        let witnessed = json!({ "read": self.witnessed }).to_string();
        self.evidence.push(Produced {
            role: "evidence".to_owned(),
            media_type: media_type::TOOL_JSON.to_owned(),
            original_bytes: witnessed.len() as u64,
            bytes: witnessed.into_bytes(),
        });
        let config = json!({
            "asked": self.asked,
            cargo_deny::NAME: cargo_deny::argv::CONFIG,
            scancode::NAME: self.scope.map(scancode::config_digest),
        });
        AdapterOutcome {
            status: status(&self.errors),
            findings: merge(self.findings),
            coverage,
            evidence: self.evidence,
            tools: self.tools,
            config_sha256: Digest::of(config.to_string().as_bytes()),
            sandbox: self.level.unwrap_or(level),
            // Tools are known by digest, and an archive counts only with the lockfile's checksum
            // (contract DET-4).
            determinism: Determinism::D2,
            databases: Vec::new(),
            errors: self.errors,
        }
    }
}

/// The files of a tree that speak of licences.
#[derive(Default)]
pub(crate) struct Tree {
    /// Manifests of the project's own, by path.
    manifests: Vec<String>,
    /// Every file of the project's own.
    files: Vec<String>,
    /// Folders of installed packages.
    installed: Vec<String>,
    /// Folders with a `.cargo-checksum.json`.
    pub(crate) vendored: Vec<String>,
}

/// Walks a staged tree. What is installed or vendored is somebody else's.
pub(crate) fn look_around(root: &Path) -> std::io::Result<Tree> {
    let mut tree = Tree::default();
    let mut open = vec![String::new()];
    while let Some(folder) = open.pop() {
        let mut names = Vec::new();
        for item in fs::read_dir(root.join(&folder))? {
            let item = item?;
            names.push((item.file_name().to_string_lossy().into_owned(), item.file_type()?));
        }
        let path = |name: &str| {
            if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
        };
        if names.iter().any(|(name, _)| name == ".cargo-checksum.json") {
            tree.vendored.push(folder.clone());
            continue;
        }
        for (name, kind) in &names {
            let others = name == "node_modules"
                || (name == "vendor" && root.join(path(name)).join("modules.txt").is_file());
            if kind.is_dir() && others {
                tree.installed.push(path(name));
            } else if kind.is_dir() {
                open.push(path(name));
            } else if kind.is_file() {
                if matches!(name.as_str(), "Cargo.toml" | "package.json" | "pyproject.toml") {
                    tree.manifests.push(path(name));
                }
                tree.files.push(path(name));
            }
        }
    }
    tree.manifests.sort();
    tree.files.sort();
    tree.vendored.sort();
    Ok(tree)
}

/// The texts of every file of one name in a staged tree, or in one that holds little else; null
/// where one cannot be read.
fn texts_named(root: &Path, name: &str) -> Option<Vec<String>> {
    let (mut found, mut open) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = open.pop() {
        for item in fs::read_dir(&folder).ok()? {
            let item = item.ok()?;
            if item.file_type().ok()?.is_dir() {
                open.push(item.path());
            } else if item.file_name() == name {
                found.push(item.path());
            }
        }
    }
    found.sort();
    found.iter().map(|path| String::from_utf8(read(path).ok()?).ok()).collect()
}

pub(crate) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MANIFEST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MANIFEST_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

impl LicenseScan {
    fn scan(&self, errand: &Errand<'_>, root: &Path, total: &mut Share) -> std::io::Result<()> {
        let found = discover(root)?;
        let mut tree = look_around(root)?;
        total
            .entries
            .extend(found.entries.into_iter().map(|entry| CoverageEntry { job: job(), ..entry }));
        let (rust, others): (Vec<&Lockfile>, Vec<&Lockfile>) =
            found.lockfiles.iter().partition(|lock| lock.kind.parser == "Cargo.lock");
        self.crates(errand, root, &rust, &tree, total);
        for lock in others {
            if lock.kind.parser == "package-lock.json" {
                npm_lock(root, lock, &self.here.fetched, total);
            } else {
                let known = (&self.here.go, &self.kept);
                let read = others::lock(errand, root, lock, &tree, known, total);
                if read.is_none() {
                    no_licences(lock, total);
                }
            }
        }
        not_the_projects(&found.lockfiles, &mut tree, total);
        let ledger = StageLedger::beside(root).unwrap_or_default();
        let original = |path: &str| ledger.original_path(path).to_owned();
        own::files(errand, root, &tree, &self.kept, &original, total);
        total.entries.extend(ledger.coverage(&job()));
        total.statements = ledger.self_statements;
        Ok(())
    }

    fn crates(
        &self,
        errand: &Errand<'_>,
        root: &Path,
        locks: &[&Lockfile],
        tree: &Tree,
        total: &mut Share,
    ) {
        let mut named: Vec<(&Lockfile, Vec<Locked>)> = Vec::new();
        for lock in locks {
            let text = read(&root.join(&lock.path)).ok().and_then(|b| String::from_utf8(b).ok());
            match text.as_deref().and_then(crates::packages) {
                Some(packages) => named.push((lock, packages)),
                None => total.gap(
                    &lock.path,
                    None,
                    CoverageState::Failed,
                    "a package of it has no name or version: make the lockfile again",
                    1,
                ),
            }
        }
        (errand.context.progress)(Progress::Phase("reading what crates declare".to_owned()));
        let vendored = crates::vendored(root, &tree.vendored);
        let home = self.here.rust.cargo_home.as_ref();
        let all = named.iter().flat_map(|(_, packages)| packages);
        let git = git::Checkouts::read(home, all, errand.context.cancel);
        let shelves =
            Shelves { home, fetched: &self.here.fetched, root, vendored: &vendored, git: &git };
        let known = look_up_all(&named, &shelves, errand);
        let tool = (!named.is_empty()).then(|| {
            asked_for(errand, cargo_deny::NAME).and_then(|()| errand.tool(cargo_deny::NAME))
        });
        for (lock, packages) in &named {
            let needs = packages
                .iter()
                .filter(|package| package.source.is_some())
                .any(|package| !declares(known.get(package)));
            let witness = match &tool {
                Some(Ok(tool)) => {
                    let crates = LockedCrates { lock, packages, shelves };
                    self.cargo_deny(errand, tool, &crates, needs, total)
                }
                Some(Err(fault)) => {
                    let name = ToolName::known(cargo_deny::NAME);
                    total.gap(&lock.path, Some(&name), without(fault), &fault.message, 1);
                    None
                }
                None => None,
            };
            one_lock(lock, packages, &known, witness, total);
        }
        if let Some(Err(fault)) = tool
            && without(&fault) != CoverageState::NotScanned
        {
            total.errors.push(fault);
        }
    }

    /// Asks cargo-deny about one lockfile. Where every crate's own archive declared an expression,
    /// it can add no finding, so its failing leaves no gap.
    fn cargo_deny(
        &self,
        errand: &Errand<'_>,
        tool: &PinnedTool,
        crates: &LockedCrates<'_>,
        needs: bool,
        total: &mut Share,
    ) -> Option<Normalised> {
        let LockedCrates { lock, shelves, .. } = *crates;
        let root = shelves.root;
        let name = ToolName::known(cargo_deny::NAME);
        let folder = lock.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let budget = total.budget.unwrap_or(*errand.admitted.budget());
        let mut without = |reason: &str, fault: Option<TypedError>| {
            if needs {
                total.gap(&lock.path, Some(&name), CoverageState::Failed, reason, 1);
                total.errors.extend(fault);
            } else {
                let reason = format!("{reason}; every crate of it declares an expression");
                total.gap(&lock.path, Some(&name), CoverageState::Skipped, &reason, 1);
            }
            None
        };
        if !root.join(folder).join("Cargo.toml").is_file() {
            return without("it needs a `Cargo.toml` beside the lockfile", None);
        }
        let Some(toolchain) = &self.here.rust.toolchain else {
            return without("it needs a Rust toolchain of rustup, and there is none here", None);
        };
        (errand.context.progress)(Progress::Phase("running cargo-deny".to_owned()));
        (errand.context.progress)(Progress::Reading(lock.path.clone()));
        let args = cargo_deny::argv::args(folder);
        let identities = match RustHere::identities(toolchain) {
            Ok(identities) => identities,
            Err(fault) => {
                let fault = unprepared("the Rust toolchain", &fault);
                return without(&fault.message.clone(), Some(fault));
            }
        };
        let finished =
            match self.run_cargo_deny(errand, tool, toolchain, crates, args.clone(), budget) {
                Ok(finished) => finished,
                Err(fault) => return without(&fault.message.clone(), Some(fault)),
            };
        match cargo_deny::normalise::normalise(&answer(&finished), &lock.path) {
            Err(fault) => {
                let reason = format!(
                    "{}: run `cargo fetch --locked` in the project, then scan again",
                    fault.message
                );
                let out = without(&reason, Some(fault));
                total.ran(tool, identities, &finished, args);
                out
            }
            Ok(read) => {
                total.ran(tool, identities, &finished, args);
                let said = read.count.said;
                total.entries.push(entry(
                    &lock.path,
                    Some(&name),
                    CoverageState::Scanned,
                    "",
                    said,
                ));
                total.evidence.push(Produced {
                    role: "evidence".to_owned(),
                    media_type: media_type::TOOL_JSON.to_owned(),
                    bytes: finished.stdout.bytes.clone(),
                    original_bytes: finished.stdout.original_bytes,
                });
                Some(read)
            }
        }
    }

    fn run_cargo_deny(
        &self,
        errand: &Errand<'_>,
        tool: &PinnedTool,
        toolchain: &Path,
        crates: &LockedCrates<'_>,
        args: Vec<String>,
        budget: Budget,
    ) -> Result<crate::process::Finished, TypedError> {
        use cargo_deny::argv;
        let LockedCrates { packages, shelves, .. } = *crates;
        let root = shelves.root;
        let config = errand
            .config_folder(argv::CONFIG_FILE, argv::CONFIG)
            .map_err(|fault| unprepared("cargo-deny's configuration", &fault))?;
        let home = errand.open_folder(0o777).map_err(|fault| unprepared("a cargo home", &fault))?;
        let mut mounts = vec![
            read_only(root, "/project"),
            read_only(config.path(), argv::CONFIG_FOLDER),
            read_only(toolchain, argv::TOOLCHAIN),
            Mount {
                host: home.path().to_path_buf(),
                inside: argv::CARGO_HOME.to_owned(),
                mode: MountMode::ReadWrite,
            },
        ];
        // Of the user's own cargo home the fetched sources alone: no settings, no credentials.
        for part in ["registry", "git"] {
            let Some(user) = &self.here.rust.cargo_home else { continue };
            let host = user.root().join(part);
            if host.is_dir() {
                let inside = home.path().join(part);
                fs::create_dir(&inside)
                    .and_then(|()| fs::set_permissions(&inside, fs::Permissions::from_mode(0o755)))
                    .map_err(|fault| unprepared("a cargo home", &fault))?;
                mounts.push(read_only(&host, &format!("{}/{part}", argv::CARGO_HOME)));
            }
        }
        let unprepared_crates = |fault: io::Error| unprepared("the fetched crates", &fault);
        let fetched = errand.open_folder(0o755).map_err(unprepared_crates)?;
        if unpacked::is_needed(packages, &shelves)
            && unpacked::fill(fetched.path(), packages, &shelves).map_err(unprepared_crates)?
        {
            let settings = home.path().join("config.toml");
            fs::write(&settings, unpacked::config(argv::FETCHED))
                .and_then(|()| fs::set_permissions(&settings, fs::Permissions::from_mode(0o444)))
                .map_err(unprepared_crates)?;
            mounts.push(read_only(fetched.path(), argv::FETCHED));
        }
        let ask = Ask {
            args,
            env: argv::env(),
            cwd: argv::CONFIG_FOLDER,
            mounts,
            extra_executables: Vec::new(),
            budget,
            redact: &<[u8]>::to_vec,
            keep_stdout: Keep::No,
        };
        errand.run(tool, ask)
    }
}

/// One lockfile's crates, and where their sources may be.
#[derive(Clone, Copy)]
struct LockedCrates<'a> {
    lock: &'a Lockfile,
    packages: &'a [Locked],
    shelves: Shelves<'a>,
}

/// Every crate once, over all lockfiles, on all processors.
fn look_up_all(
    named: &[(&Lockfile, Vec<Locked>)],
    shelves: &Shelves<'_>,
    errand: &Errand<'_>,
) -> BTreeMap<Locked, AtHand> {
    let wanted: BTreeSet<&Locked> = named
        .iter()
        .flat_map(|(_, packages)| packages)
        .filter(|package| package.source.is_some())
        .collect();
    let wanted: Vec<&Locked> = wanted.into_iter().collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = wanted.len().div_ceil(threads).max(1);
    let cancel = errand.context.cancel;
    std::thread::scope(|scope| {
        let workers: Vec<_> = wanted
            .chunks(share)
            .map(|chunk| {
                scope.spawn(move || {
                    let mut found = Vec::with_capacity(chunk.len());
                    for package in chunk.iter().take_while(|_| !cancel.is_cancelled()) {
                        found.push(((*package).clone(), crates::look_up(package, shelves)));
                    }
                    found
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    })
}

impl Share {
    /// Remembers a run whatever came of it.
    fn ran(
        &mut self,
        tool: &PinnedTool,
        with: Vec<ToolIdentity>,
        finished: &crate::process::Finished,
        args: Vec<String>,
    ) {
        self.tools.push(tool.identity.clone());
        self.tools.extend(with);
        self.level = Some(errand::weaker(self.level, finished.sandbox));
        self.asked.push(args);
        self.budget = self.budget.as_ref().map(|budget| errand::rest(budget, finished));
    }
}

/// Whether the operation's `tools` name a tool; all of them where absent.
fn asked_for(errand: &Errand<'_>, tool: &str) -> Result<(), TypedError> {
    let named = errand.admitted.operation().params.get("tools").and_then(Value::as_array);
    if named.is_none_or(|list| list.iter().any(|name| name.as_str() == Some(tool))) {
        return Ok(());
    }
    let message = format!("`{tool}` is not run: `params.tools` does not name it");
    Err(error(Code::CapNotGranted, message))
}

/// What a tool that cannot be had leaves in the ledger.
const fn without(fault: &TypedError) -> CoverageState {
    match fault.code {
        Code::IntegrityToolMissing => CoverageState::ToolMissing,
        Code::CapNotGranted => CoverageState::NotScanned,
        _ => CoverageState::Failed,
    }
}

/// Whether a crate's own manifest gives an expression, so that nothing else is needed.
fn declares(found: Option<&AtHand>) -> bool {
    matches!(found, Some(AtHand::Read(speech))
        if !speech.declared.is_empty() && speech.declared.iter().all(|one| one.spdx.is_some()))
}

fn one_lock(
    lock: &Lockfile,
    packages: &[Locked],
    known: &BTreeMap<Locked, AtHand>,
    witness: Option<Normalised>,
    total: &mut Share,
) {
    let (witness, mut count) =
        witness.map_or_else(Default::default, |read| (read.crates, Some(read.count)));
    let mut unused = Vec::new();
    let mut answered = 0;
    // By reason: how many, and the first of them.
    let mut open: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for package in packages {
        let Some(source) = &package.source else {
            // The project's own: its manifest speaks for the project.
            answered += 1;
            continue;
        };
        let seen = witness.get(&(package.name.clone(), package.version.clone()));
        let speech = match (known.get(package), seen) {
            (Some(AtHand::Read(speech)), _) => Ok(speech.clone()),
            (Some(AtHand::Refused(why)), _) => Err(why.clone()),
            // Its source is where cargo-deny reads it, such as a checkout of git.
            (Some(AtHand::Absent), Some(_)) => Ok(Speech::default()),
            (Some(AtHand::Absent), None) if source.starts_with("git+") => Err(
                "its commit is not here: run `cargo fetch --locked` in the project, then scan again"
                    .to_owned(),
            ),
            (Some(AtHand::Absent) | None, _) => Err(
                format!(
                    "no source is here: run `cargo fetch --locked` in the project, or {FETCH} there, then scan again"
                ),
            ),
        };
        let speech = match speech {
            Ok(speech) => speech,
            Err(why) => {
                unused.extend(seen.map(|seen| seen.native_id.clone()));
                let one = open
                    .entry(why)
                    .or_insert_with(|| (0, format!("{} {}", package.name, package.version)));
                one.0 += 1;
                continue;
            }
        };
        answered += 1;
        let component = package.component();
        total.witness(&component.purl, &speech);
        let mut license = License::new(LicenseUnit::Component { component });
        let declares = speech.declared.iter().any(|one| one.spdx.is_some());
        license.declared = speech.declared;
        license.texts = speech.texts;
        license.lockfiles = vec![lock.path.clone()];
        if let Some(seen) = seen {
            license.attributions = vec![Attribution {
                tool: ToolName::known(cargo_deny::NAME),
                native_id: seen.native_id.clone(),
            }];
            if !declares {
                license.detected = joined(seen, known.get(package));
            }
        }
        total.findings.push(Finding::License(license));
    }
    if let Some(count) = &mut count {
        drop_kept(count, "its archive is not the one the lockfile names", unused);
    }
    total.counts.extend(count);
    total.read(&lock.path, answered);
    for (why, (count, first)) in open {
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let reason = format!("`{first}`{more}: {why}");
        total.gap(&lock.path, None, CoverageState::NotScanned, &reason, count);
    }
}

/// What cargo-deny's list says of one crate. Of a crate that declares nothing it names what the texts
/// say, and all of that holds. Where nobody read the manifest the list may be that of an expression, whose
/// words it leaves out: several licences are none then.
fn joined(seen: &Witness, source: Option<&AtHand>) -> Vec<LicenseStatement> {
    if !matches!(source, Some(AtHand::Read(_))) && seen.licenses.len() > 1 {
        let source = "cargo-deny's list, which does not say how they are joined".to_owned();
        return vec![LicenseStatement { text: seen.licenses.join(", "), spdx: None, source }];
    }
    seen.licenses.iter().map(|text| statement(text, "licence texts")).collect()
}

/// What a tool said that stands in no finding after all, told as that.
fn drop_kept(count: &mut ToolCount, reason: &str, ids: Vec<String>) {
    if !ids.is_empty() {
        count.kept = count.kept.saturating_sub(ids.len() as u64);
        count.dropped.push(Dropped { reason: reason.to_owned(), count: ids.len() as u64, ids });
    }
}

/// A package-lock as JSON; null where it is none.
pub(crate) fn npm_json(root: &Path, lock: &Lockfile) -> Option<Value> {
    let bytes = read(&root.join(&lock.path)).ok()?;
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    serde_json::from_slice(text).ok()
}

fn npm_lock(root: &Path, lock: &Lockfile, fetched: &Archives, total: &mut Share) {
    let Some(value) = npm_json(root, lock) else {
        total.gap(&lock.path, None, CoverageState::Failed, "the lockfile cannot be read", 1);
        return;
    };
    let folder = lock.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (mut answered, mut open) = (0, Vec::new());
    for package in npm::packages(&value, root, folder, fetched) {
        let Some(speech) = package.speech else {
            open.push(package.component);
            continue;
        };
        answered += 1;
        total.witness(&package.component.purl, &speech);
        let mut license = License::new(LicenseUnit::Component { component: package.component });
        license.declared = speech.declared;
        license.texts = speech.texts;
        license.lockfiles = vec![lock.path.clone()];
        total.findings.push(Finding::License(license));
    }
    total.read(&lock.path, answered);
    if let Some(first) = open.first() {
        let more =
            if open.len() > 1 { format!(" and {} more", open.len() - 1) } else { String::new() };
        let reason = format!(
            "`{} {}`{more}: the lockfile gives no licence and no installed manifest is part of the project: run {FETCH} in the project, or make the lockfile again with npm 7 or newer from an installed tree",
            first.name, first.version
        );
        total.gap(&lock.path, None, CoverageState::NotScanned, &reason, open.len() as u64);
    }
}

/// Leaves the lockfiles whose licence fields were read above out of the project's own files: what they
/// name are the licences of packages, and a reader of texts needs gigabytes for a long list of them.
fn not_the_projects(locks: &[Lockfile], tree: &mut Tree, total: &mut Share) {
    let lists: BTreeSet<&str> = locks
        .iter()
        .filter(|lock| ["package-lock.json", "composer.lock"].contains(&lock.kind.parser))
        .map(|lock| lock.path.as_str())
        .collect();
    tree.files.retain(|path| !lists.contains(path.as_str()));
    if !lists.is_empty() {
        let reason = "lockfiles whose licences are those of the packages they name";
        total.gap("files:lockfiles", None, CoverageState::Skipped, reason, lists.len() as u64);
    }
}

/// A lockfile of a kind that has no licence fields: one line, whatever its size.
fn no_licences(lock: &Lockfile, total: &mut Share) {
    use crate::lockfile::lint::Count;
    let items = match lock.packages {
        Some(Count::Exactly(0) | Count::About(0)) => {
            total.read(&lock.path, 0);
            return;
        }
        Some(Count::Exactly(count) | Count::About(count)) => count,
        None => 1,
    };
    let reason = format!(
        "a `{}` names no licences, and nobody here has the sources of its packages: have the gap accepted by an exception, or scan an inventory that names them",
        lock.kind.parser
    );
    total.gap(&lock.path, None, CoverageState::NotScanned, &reason, items);
}
