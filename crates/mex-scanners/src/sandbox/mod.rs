//! What stands between a tool and the machine (contract SC-8, promises P17 to P22).
//! Owns the probe, the namespaces' arguments and the init that drops rights. Never starts a
//! process itself: [`crate::process`] does.

mod filter;
mod init;
mod plan;

use std::path::{Path, PathBuf};

use mex_runtime::artifact::{LimitLevel, SandboxLevel};
use mex_runtime::budget::Budget;
use uuid::Uuid;

pub use crate::process::sweep_groups;
use crate::process::{Group, Groups, Probed};
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
    /// What holds tools to their limits.
    pub limits: LimitLevel,
    /// Why not more; empty for [`LimitLevel::Cgroup`].
    pub limits_reason: String,
    groups: Option<Groups>,
    /// The runs of the probe, to be recorded: [`crate::process::record_probe`].
    pub(crate) probed: Vec<Probed>,
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
        let mut sandbox = Self {
            level: SandboxLevel::Namespaced,
            bwrap: bwrap.to_owned(),
            host,
            ..Self::bare(init, work_dir)
        };
        match Groups::find(work_dir) {
            Ok(groups) => sandbox.groups = Some(groups),
            Err(reason) => sandbox.limits_reason = reason,
        }
        let mut looked = sandbox.look_inside();
        if sandbox.groups.is_some()
            && let Err(reason) = looked
        {
            // The same without a group tells whether it was the group's fault.
            sandbox.limits_reason = reason;
            sandbox.groups = None;
            looked = sandbox.look_inside();
        }
        match looked {
            Ok(()) if sandbox.groups.is_some() => sandbox.limits = LimitLevel::Cgroup,
            Ok(()) => {}
            Err(reason) => {
                sandbox.level = SandboxLevel::Unsandboxed;
                sandbox.reason = reason;
            }
        }
        for probed in &mut sandbox.probed {
            probed.sandbox = sandbox.level;
        }
        sandbox
    }

    /// No sandbox, by the platform's fault or a test's wish. Limits, a cleared environment and
    /// the system call filter still hold; the caller warns.
    pub fn unsandboxed(init: InitCommand, work_dir: &Path, reason: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            limits_reason: "there is no sandbox".to_owned(),
            ..Self::bare(init, work_dir)
        }
    }

    fn bare(init: InitCommand, work_dir: &Path) -> Self {
        Self {
            level: SandboxLevel::Unsandboxed,
            reason: String::new(),
            limits: LimitLevel::RlimitsAndPoller,
            limits_reason: String::new(),
            groups: None,
            probed: Vec::new(),
            init,
            work_dir: work_dir.to_owned(),
            bwrap: PathBuf::new(),
            host: Host::User,
        }
    }

    /// Without control groups, by a test's wish: what a machine that allows none is held to.
    #[must_use]
    pub fn without_groups(mut self) -> Self {
        self.groups = None;
        self.limits = LimitLevel::RlimitsAndPoller;
        self.limits_reason = "a test".to_owned();
        self
    }

    /// A control group for one run, and the plan changed so that it begins in it. None where the
    /// machine has none or gives no more: then the run says so.
    pub(crate) fn group(&self, budget: &Budget, id: Uuid, plan: &mut Plan) -> Option<Group> {
        let group = self.groups.as_ref()?.make(budget, id).ok()?;
        plan.begin_in(&self.init, group.doors());
        Some(group)
    }

    /// Where scratch folders are made.
    pub(crate) fn work_dir(&self) -> &Path {
        &self.work_dir
    }

    fn look_inside(&mut self) -> Result<(), String> {
        let scratch = tempfile::Builder::new()
            .prefix("probe-")
            .tempdir_in(&self.work_dir)
            .map_err(|error| format!("`{}`: {error}", self.work_dir.display()))?;
        let mut plan = plan::for_probe(self);
        let budget = Budget {
            cpu_time_ms: 5_000,
            wall_time_ms: 5_000,
            memory_bytes: 256 << 20,
            output_bytes: 1 << 16,
        };
        let group = self.group(&budget, Uuid::nil(), &mut plan);
        if self.groups.is_some() && group.is_none() {
            return Err("no control group can be made".to_owned());
        }
        let probed = crate::process::probe(&plan, scratch.path(), budget, group.as_ref())?;
        let said = probed.said();
        self.probed.push(probed);
        match said?.trim() {
            init::ALL_HOLDS if group.is_some_and(|group| !group.was_used()) => {
                Err("a run does not show up in its control group".to_owned())
            }
            init::ALL_HOLDS => Ok(()),
            other => Err(format!("the sandbox does not hold: {other}")),
        }
    }
}
