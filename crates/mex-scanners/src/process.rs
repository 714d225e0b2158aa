//! The only place in the product that starts a process (contract GATE-9, SC-8).
//! Owns the spawn, its limits, its end and its FR-EVT-001. Never decides whether a tool may run
//! (the gates do) and never says what its output means (the adapters do).

mod capture;
pub mod editor;
mod group;
pub mod provision;
mod record;
mod tree;
mod types;
mod watch;

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use mex_runtime::artifact::{LimitLevel, SandboxLevel};
use mex_runtime::budget::{Budget, Limit};

pub use group::sweep as sweep_groups;
pub(crate) use group::{Group, Groups};
pub(crate) use record::Probed;
pub use record::record_probe;
pub use types::{
    Captured, Exit, Finished, Keep, Launch, Mount, MountMode, Network, Redact, ScratchFault,
    ScratchFiles, SpawnContext, SpawnError,
};

use crate::sandbox::{self, Plan};
use watch::{Ended, Watched};

/// Runs one pinned tool to its end and records it.
///
/// # Errors
/// When the tool is not the pinned one any more, could not be started, or its run could not be
/// recorded or its output not stored: then there is no result to use (contract GATE-9).
pub fn run(launch: &Launch<'_>, context: &SpawnContext<'_>) -> Result<Finished, SpawnError> {
    let tool = &launch.tool.identity.name;
    let failed = |action: &'static str| {
        move |source: io::Error| SpawnError::Io { tool: tool.clone(), action, source }
    };
    (context.still_pinned)(launch.tool)
        .map_err(|reason| SpawnError::Changed { tool: tool.clone(), reason })?;
    let scratch = tempfile::Builder::new()
        .prefix("scratch-")
        .tempdir_in(context.sandbox.work_dir())
        .map_err(failed("making the scratch folder"))?;
    let scratch = ScratchFiles::new(scratch);
    let seed = context.clock.uuid();
    let mut plan = sandbox::plan(context.sandbox, launch, scratch.host(), seed)?;
    if let Some(uid) = plan.uid {
        std::os::unix::fs::chown(scratch.host(), Some(uid), Some(uid))
            .map_err(failed("giving the scratch folder away"))?;
    }
    let group = context.sandbox.group(&launch.budget, seed, &mut plan);
    let begun = Instant::now();
    let child = start(&plan).map_err(failed("the spawn"))?;
    let watched = Watched {
        budget: launch.budget,
        cancel: context.cancel,
        scratch: scratch.host(),
        level: plan.level,
        group: group.as_ref(),
        begun,
    };
    let mut ended = watch::to_the_end(child, &watched).map_err(failed("watching it"))?;
    let said = sandbox::take_init_words(&mut ended.stderr);
    let exit = exit_of(&ended, plan.level);
    plan.restore_paths(&mut ended.stdout);
    plan.restore_paths(&mut ended.stderr);
    let unset = match said {
        sandbox::InitWords::Ready => None,
        sandbox::InitWords::Failed(reason) => Some(reason),
        sandbox::InitWords::Silent => match exit {
            // Killed by us before the init could speak.
            Exit::Limit(_) | Exit::Cancelled => None,
            Exit::Code(_) | Exit::Signal(_) => {
                Some(String::from_utf8_lossy(&ended.stderr.bytes).chars().take(400).collect())
            }
        },
    };
    let kept =
        record::terminal_command(launch, context, &plan, &ended, (exit, limits(group.as_ref())))?;
    if let Some(reason) = unset {
        return Err(SpawnError::Sandbox { tool: tool.clone(), reason });
    }
    Ok(Finished {
        exit,
        stdout: ended.stdout,
        stderr: ended.stderr,
        stdout_ref: kept.stdout,
        stderr_ref: kept.stderr,
        usage: ended.usage,
        sandbox: plan.level,
        scratch,
    })
}

/// Runs the sandbox's own init in probe mode, at most five seconds.
///
/// # Errors
/// When it could not be started or watched, as one sentence: then there was no run to record.
pub(crate) fn probe(
    plan: &Plan,
    scratch: &Path,
    budget: Budget,
    group: Option<&Group>,
) -> Result<Probed, String> {
    let child = start(plan).map_err(|error| format!("`{}`: {error}", plan.program.display()))?;
    let watched = Watched {
        budget,
        cancel: &mex_runtime::port::Cancel::default(),
        scratch,
        level: plan.level,
        group,
        begun: Instant::now(),
    };
    let ended = watch::to_the_end(child, &watched).map_err(|error| error.to_string())?;
    let text = |word: &OsString| word.to_string_lossy().into_owned();
    Ok(Probed {
        command: plan.program.to_string_lossy().into_owned(),
        args: plan.args.iter().map(text).collect(),
        exit: exit_of(&ended, plan.level),
        stdout: ended.stdout,
        stderr: ended.stderr,
        usage: ended.usage,
        sandbox: plan.level,
        limits: limits(group),
    })
}

fn limits(group: Option<&Group>) -> LimitLevel {
    group.map_or(LimitLevel::RlimitsAndPoller, |_| LimitLevel::Cgroup)
}

/// Becomes the tool: the last step of the sandbox's init. Returns only when that failed.
pub(crate) fn become_tool(program: &OsString, args: &[OsString], uid: Option<u32>) -> io::Error {
    #[expect(clippy::disallowed_methods, reason = "this is the one file that may spawn")]
    let mut command = Command::new(program);
    command.args(args);
    if let Some(uid) = uid {
        command.uid(uid).gid(uid);
    }
    command.exec()
}

fn start(plan: &Plan) -> io::Result<Child> {
    #[expect(clippy::disallowed_methods, reason = "this is the one file that may spawn")]
    let mut command = Command::new(&plan.program);
    command
        .args(&plan.args)
        .env_clear()
        .envs(plan.env.iter().map(|(name, value)| (name, value)))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
}

/// What an exit status means. Bubblewrap tells a death by signal as 128 + signal, so inside it
/// an exit code of 129 to 192 is taken for one: both are trouble, never a result.
fn exit_of(ended: &Ended, level: SandboxLevel) -> Exit {
    if let Some(limit) = ended.killed_at {
        return Exit::Limit(limit);
    }
    if ended.cancelled {
        return Exit::Cancelled;
    }
    let signal = match (ended.status.signal(), ended.status.code()) {
        (Some(signal), _) => signal,
        (None, Some(code @ 129..=192)) if level == SandboxLevel::Namespaced => code - 128,
        (None, code) => return Exit::Code(code.unwrap_or(-1)),
    };
    match signal {
        libc::SIGXCPU => Exit::Limit(Limit::CpuTime),
        libc::SIGXFSZ => Exit::Limit(Limit::Output),
        other => Exit::Signal(other),
    }
}
