//! The only place in the product that starts a process (contract GATE-9, SC-8).
//! Owns the spawn, its limits, its end and its FR-EVT-001. Never decides whether a tool may run
//! (the gates do) and never says what its output means (the adapters do).

mod capture;
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

use mex_runtime::artifact::SandboxLevel;
use mex_runtime::budget::Limit;

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
    let plan = sandbox::plan(context.sandbox, launch, scratch.host(), seed)?;
    if let Some(uid) = plan.uid {
        std::os::unix::fs::chown(scratch.host(), Some(uid), Some(uid))
            .map_err(failed("giving the scratch folder away"))?;
    }
    let begun = Instant::now();
    let child = start(&plan).map_err(failed("the spawn"))?;
    let watched = Watched {
        budget: launch.budget,
        cancel: context.cancel,
        scratch: scratch.host(),
        level: plan.level,
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
    let kept = record::terminal_command(launch, context, &plan, &ended, exit)?;
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

/// Runs the sandbox's own init in probe mode, at most five seconds; `Ok` is its stdout.
///
/// # Errors
/// What it said instead, as one sentence.
pub(crate) fn probe(plan: &Plan, scratch: &Path) -> Result<String, String> {
    let child = start(plan).map_err(|error| format!("`{}`: {error}", plan.program.display()))?;
    let watched = Watched {
        budget: mex_runtime::budget::Budget {
            cpu_time_ms: 5_000,
            wall_time_ms: 5_000,
            memory_bytes: 256 << 20,
            output_bytes: 1 << 16,
        },
        cancel: &mex_runtime::port::Cancel::default(),
        scratch,
        level: plan.level,
        begun: Instant::now(),
    };
    let ended = watch::to_the_end(child, &watched).map_err(|error| error.to_string())?;
    match exit_of(&ended, plan.level) {
        Exit::Code(0) => Ok(String::from_utf8_lossy(&ended.stdout.bytes).into_owned()),
        exit => {
            let said = String::from_utf8_lossy(&ended.stderr.bytes);
            Err(format!("{exit:?}: {}", said.trim().chars().take(300).collect::<String>()))
        }
    }
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
