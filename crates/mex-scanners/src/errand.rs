//! One run of a pinned tool on behalf of an adapter: the same right, stage, sandbox and record for
//! all of them. Owns the check of `proc.exec` before each spawn (least privilege) and the folders
//! handed in; never knows what a tool says.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use mex_runtime::adapter::{AdapterOutcome, RunContext};
use mex_runtime::artifact::SandboxLevel;
use mex_runtime::budget::Budget;
use mex_runtime::code::Code;
use mex_runtime::coverage::Coverage;
use mex_runtime::determinism::Determinism;
use mex_runtime::digest::Digest;
use mex_runtime::gate::Admitted;
use mex_runtime::id::ToolName;
use mex_runtime::result::{Status, TypedError};

use crate::answer::{Answer, Ending, error, line};
use crate::process::{
    self, Exit, Finished, Keep, Launch, Mount, MountMode, Network, Redact, SpawnContext,
};
use crate::sandbox::Sandbox;
use crate::tool::PinnedTool;
use crate::toolchain::{Toolchain, ToolchainError};

/// What all runs of one admitted operation share.
pub(crate) struct Errand<'a> {
    pub toolchain: &'a Toolchain,
    pub sandbox: &'a Sandbox,
    pub admitted: &'a Admitted,
    pub context: &'a RunContext<'a>,
}

/// One run.
pub(crate) struct Ask<'a> {
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub cwd: &'a str,
    pub mounts: Vec<Mount>,
    pub extra_executables: Vec<PathBuf>,
    pub budget: Budget,
    pub redact: Redact<'a>,
    pub keep_stdout: Keep,
}

/// An outcome of which nothing is known yet but how its tools will be asked: failed, until a run says
/// otherwise. Every tool is pinned by digest (contract DET-4).
pub(crate) fn unfinished(config_sha256: Digest, sandbox: SandboxLevel) -> AdapterOutcome {
    AdapterOutcome {
        status: Status::Failed,
        findings: Vec::new(),
        coverage: Coverage::empty(),
        evidence: Vec::new(),
        tools: Vec::new(),
        databases: Vec::new(),
        config_sha256,
        sandbox,
        determinism: Determinism::D2,
        errors: Vec::new(),
    }
}

impl Errand<'_> {
    /// The tool, where this operation may run it.
    ///
    /// # Errors
    /// `MEX-CAP-NOT-GRANTED` without the right; what the toolchain says otherwise;
    /// `MEX-TOOL-VERSION` where a tool known by its record alone calls itself another version.
    pub fn tool(&self, name: &'static str) -> Result<PinnedTool, TypedError> {
        let right = format!("proc.exec:{name}");
        if !self.admitted.may(&right) {
            return Err(error(
                Code::CapNotGranted,
                format!("`{name}` is not run: the operation holds no `{right}`"),
            ));
        }
        let typed = |fault: ToolchainError| error(fault.code(), fault.to_string());
        let tool = self.toolchain.resolve(&ToolName::known(name)).map_err(typed)?;
        if let Some(args) = self.toolchain.version_question(&tool.identity) {
            let ask = Ask {
                args,
                env: Vec::new(),
                cwd: "/scratch",
                mounts: Vec::new(),
                extra_executables: Vec::new(),
                budget: version_budget(self.admitted.budget()),
                redact: &<[u8]>::to_vec,
                keep_stdout: Keep::Artifact,
            };
            let finished = self.run(&tool, ask)?;
            let said = answer(&finished);
            said.code(name)?;
            self.toolchain.hear_version(&tool.identity, said.stdout).map_err(typed)?;
        }
        Ok(tool)
    }

    /// Runs the tool to its end.
    ///
    /// # Errors
    /// When it did not run, or its run could not be recorded.
    pub fn run(&self, tool: &PinnedTool, ask: Ask<'_>) -> Result<Finished, TypedError> {
        self.run_with(tool, ask, Network::None)
    }

    /// As [`Self::run`], with the network where the operation was granted it.
    ///
    /// # Errors
    /// As there, and `MEX-CAP-NOT-GRANTED` for the network without `net.http`.
    pub fn run_with(
        &self,
        tool: &PinnedTool,
        ask: Ask<'_>,
        network: Network,
    ) -> Result<Finished, TypedError> {
        if network == Network::Granted && !self.admitted.may("net.http") {
            let name = &tool.identity.name;
            return Err(error(
                Code::CapNotGranted,
                format!("`{name}` gets no network: the operation holds no `net.http`"),
            ));
        }
        let launch = Launch {
            tool,
            args: ask.args,
            cwd: ask.cwd.to_owned(),
            env: ask.env,
            mounts: ask.mounts,
            extra_executables: ask.extra_executables,
            budget: ask.budget,
            network,
            redact: ask.redact,
            keep_stdout: ask.keep_stdout,
        };
        let still_pinned = |tool: &PinnedTool| {
            self.toolchain.still_pinned(tool).map_err(|fault| fault.to_string())
        };
        let context = SpawnContext {
            recorder: self.context.recorder,
            store: self.context.store,
            clock: self.context.clock,
            events: self.context.events,
            op_id: Some(self.admitted.operation().op_id),
            cancel: self.context.cancel,
            sandbox: self.sandbox,
            still_pinned: &still_pinned,
        };
        process::run(&launch, &context)
            .map_err(|fault| error(fault.code(), line(&fault.to_string())))
    }

    /// A folder that the unprivileged user inside the sandbox can read. It lies in the work folder,
    /// so that the sweep at start takes away what a kill left (contract ART-4).
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open_folder(&self, mode: u32) -> io::Result<tempfile::TempDir> {
        let work = self.sandbox.work_dir();
        let folder = tempfile::Builder::new().prefix("input-").tempdir_in(work)?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode))?;
        Ok(folder)
    }

    /// A folder with one configuration of ours.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn config_folder(&self, name: &str, text: &str) -> io::Result<tempfile::TempDir> {
        let folder = self.open_folder(0o755)?;
        let path = folder.path().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
            fs::set_permissions(parent, fs::Permissions::from_mode(0o755))?;
        }
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444))?;
        Ok(folder)
    }
}

/// How a run ended, for an adapter's own reading.
pub(crate) fn answer(finished: &Finished) -> Answer<'_> {
    Answer {
        ending: match finished.exit {
            Exit::Code(code) => Ending::Code(code),
            Exit::Signal(signal) => Ending::Signal(signal),
            Exit::Limit(limit) => Ending::Limit(limit),
            Exit::Cancelled => Ending::Cancelled,
        },
        stdout: &finished.stdout.bytes,
        stdout_bytes: finished.stdout.original_bytes,
        stderr: &finished.stderr.bytes,
        stderr_bytes: finished.stderr.original_bytes,
    }
}

/// What a question for a version may cost.
fn version_budget(budget: &Budget) -> Budget {
    Budget {
        wall_time_ms: budget.wall_time_ms.min(20_000),
        cpu_time_ms: budget.cpu_time_ms.min(20_000),
        output_bytes: budget.output_bytes.min(1 << 16),
        ..*budget
    }
}

/// The weaker of two levels; the first run's own where there was none before.
pub(crate) fn weaker(known: Option<SandboxLevel>, seen: SandboxLevel) -> SandboxLevel {
    match (known, seen) {
        (Some(SandboxLevel::Unsandboxed), _) | (_, SandboxLevel::Unsandboxed) => {
            SandboxLevel::Unsandboxed
        }
        _ => SandboxLevel::Namespaced,
    }
}

/// What is left of a budget after a run, never zero.
pub(crate) fn rest(budget: &Budget, finished: &Finished) -> Budget {
    let used_cpu = finished.usage.cpu_time_ms.unwrap_or(0);
    Budget {
        wall_time_ms: budget.wall_time_ms.saturating_sub(finished.usage.wall_time_ms).max(1),
        cpu_time_ms: budget.cpu_time_ms.saturating_sub(used_cpu).max(1),
        output_bytes: budget.output_bytes.saturating_sub(finished.usage.output_bytes).max(1),
        ..*budget
    }
}

/// A host path, read-only inside.
pub(crate) fn read_only(host: &Path, inside: &str) -> Mount {
    Mount { host: host.to_path_buf(), inside: inside.to_owned(), mode: MountMode::ReadOnly }
}

/// The error for a folder of ours that could not be prepared.
pub(crate) fn unprepared(what: &str, fault: &io::Error) -> TypedError {
    error(Code::StageIo, format!("{what} could not be prepared: {}", fault.kind()))
}
