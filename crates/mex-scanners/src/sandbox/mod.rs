//! What stands between a tool and the machine (contract SC-8, promises P17 to P22).
//! Owns the probe, the namespaces' arguments and the init that drops rights. Never starts a
//! process itself: [`crate::process`] does.

mod filter;
mod init;
mod plan;

use std::path::{Path, PathBuf};

use mex_runtime::artifact::SandboxLevel;

pub use init::init_main;
pub(crate) use init::{InitWords, take_init_words};
pub(crate) use plan::{Plan, plan};

/// How many threads a tool's whole tree may have; fixed here, not by the budget (contract GATE-5).
pub(crate) const MAX_TASKS: u64 = 512;

/// Where bubblewrap is looked for; never on `PATH`.
const BWRAP_PLACES: [&str; 3] = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"];

/// How this program is started as the sandbox's init: it must end in [`init_main`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitCommand {
    /// The executable on this machine.
    pub path: PathBuf,
    /// What comes before the init's own arguments, such as a hidden subcommand.
    pub leading_args: Vec<String>,
}

/// Who this program runs as, which decides how rights are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// Root: the init drops to a uid of the run's own.
    Root,
    /// Anybody else: a user namespace.
    User,
}

/// The sandbox as it was found to work here; never assumed (promise P21).
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// What was reached.
    pub level: SandboxLevel,
    /// Why not more; empty for [`SandboxLevel::Namespaced`].
    pub reason: String,
    init: InitCommand,
    work_dir: PathBuf,
    bwrap: PathBuf,
    host: Host,
}

impl Sandbox {
    /// Tries the sandbox with a real tiny run that looks at itself from the inside. Scratch
    /// folders are made under `work_dir`, which must exist.
    pub fn probe(init: InitCommand, work_dir: &Path) -> Self {
        let found = BWRAP_PLACES.iter().map(Path::new).find(|path| path.is_file());
        let Some(bwrap) = found else {
            return Self::unsandboxed(init, work_dir, "bubblewrap is not installed");
        };
        Self::probe_with(bwrap, init, work_dir)
    }

    /// The same with a bubblewrap of the caller's choice.
    pub fn probe_with(bwrap: &Path, init: InitCommand, work_dir: &Path) -> Self {
        let host = if rustix::process::geteuid().is_root() { Host::Root } else { Host::User };
        let sandbox = Self {
            level: SandboxLevel::Namespaced,
            reason: String::new(),
            init,
            work_dir: work_dir.to_owned(),
            bwrap: bwrap.to_owned(),
            host,
        };
        match sandbox.look_inside() {
            Ok(()) => sandbox,
            Err(reason) => Self::unsandboxed(sandbox.init, work_dir, &reason),
        }
    }

    /// No sandbox, by the platform's fault or a test's wish. Limits, a cleared environment and
    /// the system call filter still hold; the caller warns.
    pub fn unsandboxed(init: InitCommand, work_dir: &Path, reason: &str) -> Self {
        Self {
            level: SandboxLevel::Unsandboxed,
            reason: reason.to_owned(),
            init,
            work_dir: work_dir.to_owned(),
            bwrap: PathBuf::new(),
            host: Host::User,
        }
    }

    /// Where scratch folders are made.
    pub(crate) fn work_dir(&self) -> &Path {
        &self.work_dir
    }

    fn look_inside(&self) -> Result<(), String> {
        let scratch = tempfile::Builder::new()
            .prefix("probe-")
            .tempdir_in(&self.work_dir)
            .map_err(|error| format!("`{}`: {error}", self.work_dir.display()))?;
        let plan = plan::for_probe(self, scratch.path());
        let said = crate::process::probe(&plan, scratch.path())?;
        match said.trim() {
            init::ALL_HOLDS => Ok(()),
            other => Err(format!("the sandbox does not hold: {other}")),
        }
    }
}
