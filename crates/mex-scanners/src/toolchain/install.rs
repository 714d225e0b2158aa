//! Provisioning: a tool is built from what the lock file names, proved, recorded, and only then
//! renamed into place (contract SC-5). A half-made tool is in a folder nobody resolves.
//! Long because every kind of source, built or found, ends in one proof and one record.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mex_runtime::artifact::ToolIdentity;
use mex_runtime::digest::Digest;
use mex_runtime::event::EventBody;
use mex_runtime::id::{EventId, ToolName};
use mex_runtime::json;

use super::lock::{LockedTool, PLATFORM, Source};
use super::machine::{self, Wanted};
use super::record::{FILE_NAME, ProvisioningRecord};
use super::tree::{MANIFEST, STATS, Tree};
use super::{Toolchain, ToolchainError, hash, manifest, python};
use crate::process::provision::{Build, BuildFault, Built, ProvisionContext, run_build};

/// The first characters of a folder that a tool is built in.
const BUILD_PREFIX: &str = ".build-";
/// A build that takes longer has hung.
const BUILD_TIMEOUT: Duration = Duration::from_secs(3600);
/// What a build may inherit: where its programs and caches are, and how the network is reached.
const INHERITED: &[&str] = &[
    "PATH",
    "HOME",
    "RUSTUP_HOME",
    "PYENV_ROOT",
    "PYENV_VERSION",
    "PIP_INDEX_URL",
    "PIP_CERT",
    "GOPROXY",
    "GOSUMDB",
    "GONOSUMDB",
    "GONOSUMCHECK",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// What to do with a tool that is there and intact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Keep it.
    Keep,
    /// Build it again and replace it.
    Replace,
}

/// What came of one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    /// It was there and is the pinned one.
    Kept(ToolIdentity),
    /// It was built now.
    Built(ProvisioningRecord),
}

impl Toolchain {
    /// Provisions tools, one after the other, each with all processors.
    ///
    /// # Errors
    /// At the first tool that could not be built, is not what the lock file pins, or could not be
    /// recorded; the tools before it stay, nothing of it does. `Busy` where another process installs.
    pub fn install(
        &self,
        names: &[ToolName],
        existing: Existing,
        context: &ProvisionContext<'_>,
        progress: &dyn Fn(&ToolName, &str),
    ) -> Result<Vec<Installed>, ToolchainError> {
        let _held = self.hold()?;
        names.iter().map(|name| self.install_one(name, existing, context, progress)).collect()
    }

    fn hold(&self) -> Result<File, ToolchainError> {
        let path = self.folder.join(".lock");
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = opened.map_err(|source| io("lock", &path, source))?;
        match file.try_lock() {
            Ok(()) => {
                self.sweep_builds();
                Ok(file)
            }
            Err(std::fs::TryLockError::WouldBlock) => Err(ToolchainError::Busy { path }),
            Err(std::fs::TryLockError::Error(source)) => Err(io("lock", &path, source)),
        }
    }

    /// Takes away the builds a killed install left; whoever holds the lock is alone.
    fn sweep_builds(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(BUILD_PREFIX.as_bytes()) {
                // What cannot be removed now is tried again at the next install, and never resolved.
                let _left = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    fn install_one(
        &self,
        name: &ToolName,
        existing: Existing,
        context: &ProvisionContext<'_>,
        progress: &dyn Fn(&ToolName, &str),
    ) -> Result<Installed, ToolchainError> {
        let locked = self.locked(name)?;
        if existing == Existing::Keep
            && let Ok(tool) = self.resolve(name)
        {
            return Ok(Installed::Kept(tool.identity));
        }
        let work = tempfile::Builder::new()
            .prefix(BUILD_PREFIX)
            .tempdir_in(&self.folder)
            .map_err(|source| io("create", &self.folder, source))?;
        if let Some(wanted) = machine::wanted(locked) {
            return self.register(locked, &wanted, work.path(), context, progress);
        }
        let FromSource { built, method, origin, built_with } =
            build_from_sources(locked, work.path(), context, progress)?;
        progress(name, "proving it");
        let found = built.digest()?;
        if let Some(expected) = locked.executable_sha256.get(PLATFORM)
            && *expected != found
        {
            let (name, expected) = (name.clone(), *expected);
            return Err(ToolchainError::NotReproduced { name, what: "source", expected, found });
        }
        probe(locked, &built, work.path(), context)?;
        // What ran may have written: the folder must still be what was hashed.
        if built.digest()? != found {
            let why = "it changed its own files when it was run".to_owned();
            return Err(ToolchainError::Build { name: name.clone(), why });
        }
        let stats = built.write_tables()?;
        let record = ProvisioningRecord {
            schema_version: "tr-1.0".to_owned(),
            tool: ToolIdentity {
                name: name.clone(),
                version: locked.version.to_string(),
                sha256: found,
            },
            method: method.to_owned(),
            origin,
            built_with,
            stats_sha256: stats,
            provisioned_at: context.clock.now(),
            machine: None,
        };
        self.put_in_place(locked, Some(&built), &record, work.path(), context)?;
        Ok(Installed::Built(record))
    }

    /// Takes a tool of the machine's own on record as it is now: where it lies, what it says of its
    /// version, the digest of all its files.
    fn register(
        &self,
        locked: &LockedTool,
        wanted: &Wanted<'_>,
        work: &Path,
        context: &ProvisionContext<'_>,
        progress: &dyn Fn(&ToolName, &str),
    ) -> Result<Installed, ToolchainError> {
        let name = &locked.name;
        let unusable = |why: String| ToolchainError::NoSource { name: name.clone(), why };
        progress(name, "looking for the machine's own");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let place = machine::find(name.as_str(), wanted, &path).map_err(unusable)?;
        let version = machine::version(name.as_str(), &place).map_err(unusable)?;
        if version < locked.version {
            let least = &locked.version;
            return Err(unusable(format!("it is {version} here, and {least} is the least")));
        }
        let mut args = vec![place.folder.join(wanted.entry).display().to_string()];
        args.extend(locked.version_probe.args.clone());
        let program = place.runtime.display().to_string();
        let home = ("HOME".to_owned(), work.display().to_string());
        let env = BTreeMap::from([home]);
        let timeout = Duration::from_secs(30);
        let build = Build { program: &program, args, env, cwd: work, timeout };
        let said = run_build(&build, context).map_err(|fault| from_fault(name, fault))?;
        let said = ended_well(name, name.as_str(), said)?;
        let reported = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        if reported != version.to_string() {
            let found = reported.chars().take(80).collect();
            return Err(ToolchainError::Version { name: name.clone(), expected: version, found });
        }
        progress(name, "taking its digest");
        let digest = manifest::digest(&place.runtime, &place.folder, &mut BTreeMap::new());
        let found = digest
            .map_err(|source| io("read", &place.folder, source))?
            .ok_or_else(|| unusable("a link of its folder leads outside".to_owned()))?;
        let record = ProvisioningRecord {
            schema_version: "tr-1.0".to_owned(),
            tool: ToolIdentity { name: name.clone(), version: version.to_string(), sha256: found },
            method: "machine".to_owned(),
            origin: format!("the {name} and {} of this machine", wanted.runtime),
            built_with: String::new(),
            stats_sha256: None,
            provisioned_at: context.clock.now(),
            machine: Some(place),
        };
        self.put_in_place(locked, None, &record, work, context)?;
        Ok(Installed::Built(record))
    }

    fn put_in_place(
        &self,
        locked: &LockedTool,
        built: Option<&Made>,
        record: &ProvisioningRecord,
        work: &Path,
        context: &ProvisionContext<'_>,
    ) -> Result<(), ToolchainError> {
        let ready = match built {
            Some(Made::Folder { folder, .. }) => folder.clone(),
            Some(Made::File(_)) | None => {
                let ready = work.join("ready");
                std::fs::create_dir(&ready).map_err(|source| io("create", &ready, source))?;
                ready
            }
        };
        let executable = ready.join(locked.name.as_str());
        if let Some(Made::File(built)) = built {
            std::fs::rename(built, &executable)
                .map_err(|source| io("rename", &executable, source))?;
        }
        let beside = ready.join(FILE_NAME);
        let bytes = json::canonical(record).map_err(|error| ToolchainError::Record {
            path: beside.clone(),
            why: error.to_string(),
        })?;
        std::fs::write(&beside, bytes).map_err(|source| io("write", &beside, source))?;
        let mut modes = vec![(&ready, 0o755), (&beside, 0o644)];
        if matches!(built, Some(Made::File(_))) {
            modes.push((&executable, 0o755));
        }
        for (path, mode) in modes {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
                .map_err(|source| io("write", path, source))?;
        }
        // No event, no tool (contract GATE-9).
        let id = EventId::new(context.clock.uuid());
        let body = EventBody::System(record.event());
        let event = context.events.event(id, context.clock.now(), body);
        context.recorder.record(vec![event.into()])?;
        let target = self.own_folder(locked);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(|source| io("create", parent, source))?;
        }
        if target.exists() {
            let aside = work.join("replaced");
            std::fs::rename(&target, &aside).map_err(|source| io("rename", &target, source))?;
        }
        std::fs::rename(&ready, &target).map_err(|source| io("rename", &target, source))?;
        self.witness(&record.tool);
        if let Some(stats) = record.stats_sha256 {
            self.witness_stats(&record.tool, stats);
        }
        Ok(())
    }
}

/// What a build left.
enum Made {
    /// One executable.
    File(PathBuf),
    /// A folder of many files with the executable in it.
    Folder { folder: PathBuf, executable: PathBuf },
}

impl Made {
    fn tree(folder: &Path) -> Result<Tree, ToolchainError> {
        let read = Tree::read(folder, None).and_then(|tree| {
            tree.ok_or_else(|| std::io::Error::other("it holds more than plain files"))
        });
        read.map_err(|source| io("read", folder, source))
    }

    fn digest(&self) -> Result<Digest, ToolchainError> {
        match self {
            Self::File(path) => {
                let file = File::open(path).map_err(|source| io("read", path, source))?;
                hash(file).map_err(|source| io("read", path, source))
            }
            Self::Folder { folder, .. } => Ok(Self::tree(folder)?.sha256()),
        }
    }

    /// Leaves manifest and stats beside a tool of many files; the digest of the latter.
    fn write_tables(&self) -> Result<Option<Digest>, ToolchainError> {
        let Self::Folder { folder, .. } = self else { return Ok(None) };
        let tree = Self::tree(folder)?;
        let stats = tree.stats();
        for (name, text) in [(MANIFEST, tree.manifest()), (STATS, stats.clone())] {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|source| io("write", &path, source))?;
        }
        Ok(Some(Digest::of(stats.as_bytes())))
    }
}

/// A build, and what the record says of it.
struct FromSource {
    built: Made,
    method: &'static str,
    origin: String,
    built_with: String,
}

fn build_from_sources(
    locked: &LockedTool,
    work: &Path,
    context: &ProvisionContext<'_>,
    progress: &dyn Fn(&ToolName, &str),
) -> Result<FromSource, ToolchainError> {
    let name = &locked.name;
    let bin = work.join("bin");
    let text = |path: &Path| path.display().to_string();
    for source in &locked.sources {
        match source {
            // No archive is pinned yet; building from source is always possible.
            Source::Archive { .. } => {}
            // Registered, not built.
            Source::Machine { .. } => {}
            Source::GoModule { package, version, go, ldflags, .. } => {
                progress(name, "building it with Go");
                let mut env = inherited();
                for (key, value) in [
                    ("GOPATH", text(&work.join("gopath"))),
                    ("GOCACHE", text(&work.join("gocache"))),
                    ("GOBIN", text(&bin)),
                    ("GOTOOLCHAIN", go.clone()),
                    ("GOFLAGS", "-modcacherw".to_owned()),
                    ("CGO_ENABLED", "0".to_owned()),
                    ("GOAMD64", "v1".to_owned()),
                ] {
                    env.insert(key.to_owned(), value);
                }
                let origin = format!("{package}@{version}");
                let args = ["install", "-trimpath", "-ldflags", ldflags, &origin];
                let args = args.map(str::to_owned).to_vec();
                run(name, ("go", "Go 1.21 or newer"), args, env, work, context)?;
                return Ok(FromSource {
                    built: Made::File(bin.join(name.as_str())),
                    method: "source",
                    origin,
                    built_with: go.clone(),
                });
            }
            Source::Crate { name: package, version, crate_sha256, rust } => {
                progress(name, "building it with Cargo");
                let home = work.join("cargo-home");
                let mut env = inherited();
                for (key, value) in [
                    ("CARGO_HOME", text(&home)),
                    ("CARGO_TARGET_DIR", text(&work.join("target"))),
                    ("RUSTUP_TOOLCHAIN", rust.clone()),
                ] {
                    env.insert(key.to_owned(), value);
                }
                let version_arg = format!("={version}");
                let root = text(work);
                let args =
                    ["install", "--locked", "--root", &root, "--version", &version_arg, package];
                let args = args.map(str::to_owned).to_vec();
                run(name, ("cargo", "Rust with rustup"), args, env, work, context)?;
                let file = format!("{package}-{version}.crate");
                let found = crate_digest(&home, &file).map_err(|s| io("read", &home, s))?;
                match found {
                    Some(found) if found == *crate_sha256 => {}
                    Some(found) => {
                        return Err(ToolchainError::NotReproduced {
                            name: name.clone(),
                            what: "a crate",
                            expected: *crate_sha256,
                            found,
                        });
                    }
                    None => {
                        return Err(ToolchainError::Build {
                            name: name.clone(),
                            why: format!("`{file}` was not fetched, so its checksum is unknown"),
                        });
                    }
                }
                let origin = format!("crate {package}@{version} sha256:{crate_sha256}");
                return Ok(FromSource {
                    built: Made::File(bin.join(name.as_str())),
                    method: "source",
                    origin,
                    built_with: format!("rust {rust}"),
                });
            }
            Source::Python { package, requirements_sha256, .. } => {
                let pin = (package.as_str(), requirements_sha256);
                let (folder, origin, built_with) =
                    python::build(locked, pin, work, context, progress)?;
                let executable = folder.join(name.as_str());
                let built = Made::Folder { folder, executable };
                return Ok(FromSource { built, method: "packages", origin, built_with });
            }
        }
    }
    let why = "no archive is pinned for this platform and no source is named".to_owned();
    Err(ToolchainError::NoSource { name: name.clone(), why })
}

pub(super) fn inherited() -> BTreeMap<String, String> {
    let given = |name: &&str| std::env::var(name).ok().map(|value| ((*name).to_owned(), value));
    INHERITED.iter().filter_map(given).collect()
}

fn crate_digest(home: &Path, file: &str) -> std::io::Result<Option<Digest>> {
    let cache = home.join("registry").join("cache");
    for registry in std::fs::read_dir(cache)? {
        match File::open(registry?.path().join(file)) {
            Ok(file) => return hash(file).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

pub(super) fn run(
    name: &ToolName,
    (program, what): (&str, &'static str),
    args: Vec<String>,
    env: BTreeMap<String, String>,
    cwd: &Path,
    context: &ProvisionContext<'_>,
) -> Result<Built, ToolchainError> {
    let build = Build { program, args, env, cwd, timeout: BUILD_TIMEOUT };
    let built = run_build(&build, context).map_err(|fault| match fault {
        BuildFault::Spawn { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            ToolchainError::BuildToolMissing {
                name: name.clone(),
                program: program.to_owned(),
                what,
            }
        }
        other => from_fault(name, other),
    })?;
    ended_well(name, program, built)
}

fn from_fault(name: &ToolName, fault: BuildFault) -> ToolchainError {
    match fault {
        BuildFault::Recorder(fault) => fault.into(),
        BuildFault::Store(fault) => fault.into(),
        spawn @ BuildFault::Spawn { .. } => {
            ToolchainError::Build { name: name.clone(), why: spawn.to_string() }
        }
    }
}

fn ended_well(name: &ToolName, program: &str, built: Built) -> Result<Built, ToolchainError> {
    if built.cancelled {
        return Err(ToolchainError::Cancelled { name: name.clone() });
    }
    if built.exit_code == Some(0) {
        return Ok(built);
    }
    let said = String::from_utf8_lossy(&built.stderr);
    let mut last: Vec<&str> = said.lines().rev().filter(|line| !line.is_empty()).take(6).collect();
    last.reverse();
    let how = match (built.killed_at, built.exit_code) {
        (Some(limit), _) => format!("was killed at its limit `{}`", limit.field()),
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "was ended by a signal".to_owned(),
    };
    let why = format!("`{program}` {how}: {}", last.join(" | "));
    Err(ToolchainError::Build { name: name.clone(), why })
}

/// Asks the built tool for its version; the locked one must stand as a word of its own.
fn probe(
    locked: &LockedTool,
    built: &Made,
    cwd: &Path,
    context: &ProvisionContext<'_>,
) -> Result<(), ToolchainError> {
    let own = locked.version_probe.args.clone();
    let (executable, args, env) = match built {
        Made::File(executable) => (executable, own, BTreeMap::new()),
        Made::Folder { folder, executable } => {
            let (mut args, env) = python::probe(folder, cwd);
            args.extend(own);
            (executable, args, env)
        }
    };
    let program = executable.display().to_string();
    let build = Build { program: &program, args, env, cwd, timeout: Duration::from_secs(30) };
    let built = run_build(&build, context).map_err(|fault| from_fault(&locked.name, fault))?;
    let built = ended_well(&locked.name, locked.name.as_str(), built)?;
    locked.agrees(&built.stdout)
}

pub(super) fn io(action: &'static str, path: &Path, source: std::io::Error) -> ToolchainError {
    ToolchainError::Io { action, path: path.to_owned(), source }
}
