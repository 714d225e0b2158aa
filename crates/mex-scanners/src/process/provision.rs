//! Spawns of provisioning: the compilers that build a tool, and the built tool's version probe.
//! Not sandboxed, because a compiler needs the network and the machine's toolchains; so each is
//! recorded as an FR-EVT-001 that says `unsandboxed` (contract FR-3). Never runs during a scan.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mex_runtime::artifact::{ArtifactHandle, SandboxLevel, Sidecar, media_type};
use mex_runtime::budget::{Limit, Usage};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, EventContext, TerminalCommand};
use mex_runtime::id::EventId;
use mex_runtime::port::{ArtifactStore, Cancel, Clock, Recorder, RecorderFault, StoreFault};

/// Of a build's output only the end is kept.
const KEPT_BYTES: usize = 256 * 1024;

/// Where provisioning records what it does.
pub struct ProvisionContext<'a> {
    /// Every spawn is an event.
    pub recorder: &'a dyn Recorder,
    /// Captured output goes here.
    pub store: &'a dyn ArtifactStore,
    /// Time and ids.
    pub clock: &'a dyn Clock,
    /// Who and what the events belong to.
    pub events: &'a EventContext,
    /// Checked ten times a second.
    pub cancel: &'a Cancel,
}

/// One command of provisioning.
pub struct Build<'a> {
    /// The program, looked up on `PATH` of `env`.
    pub program: &'a str,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// Its working directory.
    pub cwd: &'a Path,
    /// It is killed after this long.
    pub timeout: Duration,
}

/// How a build ended.
#[derive(Debug)]
pub struct Built {
    /// The exit code; null where a signal ended it.
    pub exit_code: Option<i32>,
    /// What it was killed at.
    pub killed_at: Option<Limit>,
    /// Whether somebody asked to stop.
    pub cancelled: bool,
    /// The end of its stdout.
    pub stdout: Vec<u8>,
    /// The end of its stderr.
    pub stderr: Vec<u8>,
}

/// The command could not be started, or not be recorded: then its result is not used.
#[derive(Debug, thiserror::Error)]
pub enum BuildFault {
    /// It could not be started or watched.
    #[error("`{program}` could not be run: {source}")]
    Spawn {
        /// The program.
        program: String,
        /// The system's own words.
        source: io::Error,
    },
    /// The run could not be recorded.
    #[error(transparent)]
    Recorder(#[from] RecorderFault),
    /// The output could not be stored.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

impl BuildFault {
    /// The closed code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Spawn { .. } => Code::ToolSpawn,
            Self::Recorder(fault) => fault.code,
            Self::Store(fault) => fault.code,
        }
    }
}

/// Runs one command of provisioning to its end and records it.
///
/// # Errors
/// When it could not be started, or its run could not be recorded.
pub fn run_build(build: &Build<'_>, context: &ProvisionContext<'_>) -> Result<Built, BuildFault> {
    let spawn = |source| BuildFault::Spawn { program: build.program.to_owned(), source };
    let begun = Instant::now();
    #[expect(clippy::disallowed_methods, reason = "the spawn of provisioning, recorded below")]
    let mut command = Command::new(build.program);
    let mut child = command
        .args(&build.args)
        .env_clear()
        .envs(&build.env)
        .current_dir(build.cwd)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(spawn)?;
    let out = child.stdout.take().map(|pipe| std::thread::spawn(move || tail(pipe)));
    let err = child.stderr.take().map(|pipe| std::thread::spawn(move || tail(pipe)));
    let (mut killed_at, mut cancelled) = (None, false);
    let status = loop {
        if let Some(status) = child.try_wait().map_err(spawn)? {
            break status;
        }
        cancelled = context.cancel.is_cancelled();
        if begun.elapsed() > build.timeout {
            killed_at = Some(Limit::WallTime);
        }
        if cancelled || killed_at.is_some() {
            kill_group(child.id());
            break child.wait().map_err(spawn)?;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    // What the command left running would hold the pipes open.
    kill_group(child.id());
    let read = |thread: Option<std::thread::JoinHandle<_>>| {
        thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
    };
    let ((stdout, out_bytes), (stderr, err_bytes)) = (read(out), read(err));
    let wall_time_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let body = EventBody::TerminalCommand(TerminalCommand {
        session_id: context.recorder.session_id().to_owned(),
        cwd: build.cwd.display().to_string(),
        command: build.program.to_owned(),
        args: build.args.clone(),
        exit_code: status.code(),
        signal: status.signal(),
        duration_ms: wall_time_ms,
        stdout_ref: keep(context, &stdout, out_bytes, "stdout")?,
        stderr_ref: keep(context, &stderr, err_bytes, "stderr")?,
        env_ref: None,
        op_id: None,
        tool: None,
        sandbox: SandboxLevel::Unsandboxed,
        limits: None,
        killed_at,
        usage: Usage {
            cpu_time_ms: None,
            wall_time_ms,
            memory_bytes: None,
            output_bytes: out_bytes + err_bytes,
        },
    });
    let id = EventId::new(context.clock.uuid());
    let event = context.events.event(id, context.clock.now(), body);
    context.recorder.record(vec![event.into()])?;
    Ok(Built { exit_code: status.code(), killed_at, cancelled, stdout, stderr })
}

fn kill_group(id: u32) {
    if let Some(group) = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw) {
        // Gone already is as good as killed.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

/// The end of what a pipe says, and how much there was.
fn tail(mut pipe: impl Read) -> (Vec<u8>, u64) {
    let (mut kept, mut total) = (Vec::new(), 0_u64);
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = pipe.read(&mut buffer) {
        total += u64::try_from(count).unwrap_or(u64::MAX);
        kept.extend_from_slice(&buffer[..count]);
        let excess = kept.len().saturating_sub(KEPT_BYTES);
        kept.drain(..excess);
    }
    (kept, total)
}

pub(super) fn keep(
    context: &ProvisionContext<'_>,
    bytes: &[u8],
    original_bytes: u64,
    role: &str,
) -> Result<Option<ArtifactHandle>, StoreFault> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let size_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let artifact = ArtifactHandle {
        sha256: Digest::of(bytes),
        media_type: media_type::TEXT.to_owned(),
        size_bytes,
        role: role.to_owned(),
    };
    let sidecar = Sidecar {
        schema_version: "sc-1.0".to_owned(),
        artifact: artifact.clone(),
        stored_at: context.clock.now(),
        provenance: None,
        truncated: original_bytes > size_bytes,
        original_bytes,
        annotations: BTreeMap::new(),
    };
    context.store.put(bytes, &sidecar)?;
    Ok(Some(artifact))
}
