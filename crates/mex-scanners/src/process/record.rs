//! One FR-EVT-001 for each run, with its captured text as artifacts (contract FR-3, ART-2).
//! Never inlines output, never stores it before it is redacted (contract FR-9).

use std::collections::BTreeMap;

use mex_runtime::artifact::{ArtifactHandle, LimitLevel, SandboxLevel, Sidecar, media_type};
use mex_runtime::budget::{Limit, Usage};
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, TerminalCommand};
use mex_runtime::id::EventId;
use mex_runtime::port::Record;

use super::provision::{self, BuildFault, ProvisionContext};
use super::types::{Captured, Exit, Keep, Launch, SpawnContext, SpawnError};
use super::watch::Ended;
use crate::sandbox::{Plan, Sandbox};

/// What was stored of a run.
pub(super) struct Kept {
    pub(super) stdout: Option<ArtifactHandle>,
    pub(super) stderr: Option<ArtifactHandle>,
}

/// Stores the captured text and records the run.
pub(super) fn terminal_command(
    launch: &Launch<'_>,
    context: &SpawnContext<'_>,
    plan: &Plan,
    ended: &Ended,
    (exit, limits): (Exit, LimitLevel),
) -> Result<Kept, SpawnError> {
    let tool = &launch.tool.identity.name;
    let store = |captured: &Captured, role: &str| {
        if captured.bytes.is_empty() {
            return Ok(None);
        }
        let bytes = (launch.redact)(&captured.bytes);
        let original =
            if captured.is_truncated() { captured.original_bytes } else { bytes.len() as u64 };
        put(launch, context, &bytes, original, (role, media_type::TEXT)).map(Some)
    };
    let stdout = match launch.keep_stdout {
        Keep::Artifact => store(&ended.stdout, "stdout")?,
        Keep::No => None,
    };
    let stderr = store(&ended.stderr, "stderr")?;
    let names: BTreeMap<&str, &str> =
        plan.tool_env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let env = mex_runtime::json::canonical(&names).map_err(|error| SpawnError::Io {
        tool: tool.clone(),
        action: "writing its environment",
        source: error.into(),
    })?;
    let env_bytes = env.len() as u64;
    let env = put(launch, context, &env, env_bytes, ("env", media_type::TOOL_JSON))?;
    let (exit_code, signal, killed_at) = exit_fields(exit);
    let body = EventBody::TerminalCommand(TerminalCommand {
        session_id: context.recorder.session_id().to_owned(),
        cwd: launch.cwd.clone(),
        command: plan.command.clone(),
        args: launch.args.clone(),
        exit_code,
        signal,
        duration_ms: ended.usage.wall_time_ms,
        stdout_ref: stdout.clone(),
        stderr_ref: stderr.clone(),
        env_ref: Some(env),
        op_id: context.op_id,
        tool: Some(launch.tool.identity.clone()),
        sandbox: plan.level,
        limits: Some(limits),
        killed_at,
        usage: ended.usage,
    });
    let id = EventId::new(context.clock.uuid());
    let event = context.events.event(id, context.clock.now(), body);
    context
        .recorder
        .record(vec![Record::from(event)])
        .map_err(|source| SpawnError::Recorder { tool: tool.clone(), source })?;
    Ok(Kept { stdout, stderr })
}

fn exit_fields(exit: Exit) -> (Option<i32>, Option<i32>, Option<Limit>) {
    match exit {
        Exit::Code(code) => (Some(code), None, None),
        Exit::Signal(signal) => (None, Some(signal), None),
        Exit::Limit(limit) => (None, Some(libc::SIGKILL), Some(limit)),
        Exit::Cancelled => (None, Some(libc::SIGKILL), None),
    }
}

/// The sandbox looking at itself: a run like any other, by a program that is no pinned tool.
#[derive(Debug, Clone)]
pub(crate) struct Probed {
    pub(super) command: String,
    pub(super) args: Vec<String>,
    pub(super) exit: Exit,
    pub(super) stdout: Captured,
    pub(super) stderr: Captured,
    pub(super) usage: Usage,
    /// What it found, once that is known.
    pub(crate) sandbox: SandboxLevel,
    pub(super) limits: LimitLevel,
}

impl Probed {
    /// What it said.
    ///
    /// # Errors
    /// What it said instead, as one sentence.
    pub(crate) fn said(&self) -> Result<String, String> {
        let text = |captured: &Captured| String::from_utf8_lossy(&captured.bytes).into_owned();
        match self.exit {
            Exit::Code(0) => Ok(text(&self.stdout)),
            exit => {
                let said = text(&self.stderr);
                Err(format!("{exit:?}: {}", said.trim().chars().take(300).collect::<String>()))
            }
        }
    }
}

/// Records the runs of a sandbox's probe (contract FR-3). None where nothing could be started.
///
/// # Errors
/// When a run could not be recorded or its output not stored: then the sandbox is not used.
pub fn record_probe(sandbox: &Sandbox, context: &ProvisionContext<'_>) -> Result<(), BuildFault> {
    for probed in &sandbox.probed {
        let (exit_code, signal, killed_at) = exit_fields(probed.exit);
        let store = |captured: &Captured, role| {
            provision::keep(context, &captured.bytes, captured.original_bytes, role)
        };
        let body = EventBody::TerminalCommand(TerminalCommand {
            session_id: context.recorder.session_id().to_owned(),
            cwd: "/".to_owned(),
            command: probed.command.clone(),
            args: probed.args.clone(),
            exit_code,
            signal,
            duration_ms: probed.usage.wall_time_ms,
            stdout_ref: store(&probed.stdout, "stdout")?,
            stderr_ref: store(&probed.stderr, "stderr")?,
            env_ref: None,
            op_id: None,
            tool: None,
            sandbox: probed.sandbox,
            limits: Some(probed.limits),
            killed_at,
            usage: probed.usage,
        });
        let id = EventId::new(context.clock.uuid());
        let event = context.events.event(id, context.clock.now(), body);
        context.recorder.record(vec![event.into()])?;
    }
    Ok(())
}

fn put(
    launch: &Launch<'_>,
    context: &SpawnContext<'_>,
    bytes: &[u8],
    original_bytes: u64,
    (role, media_type): (&str, &str),
) -> Result<ArtifactHandle, SpawnError> {
    let tool = &launch.tool.identity;
    let artifact = ArtifactHandle {
        sha256: Digest::of(bytes),
        media_type: media_type.to_owned(),
        size_bytes: bytes.len() as u64,
        role: role.to_owned(),
    };
    let mut annotations = BTreeMap::from([
        ("tool".to_owned(), tool.name.to_string()),
        ("tool_version".to_owned(), tool.version.clone()),
        ("tool_sha256".to_owned(), tool.sha256.to_string()),
    ]);
    if let Some(op_id) = context.op_id {
        annotations.insert("op_id".to_owned(), op_id.to_string());
    }
    let sidecar = Sidecar {
        schema_version: "sc-1.0".to_owned(),
        artifact: artifact.clone(),
        stored_at: context.clock.now(),
        provenance: None,
        truncated: original_bytes > bytes.len() as u64,
        original_bytes,
        annotations,
    };
    context
        .store
        .put(bytes, &sidecar)
        .map_err(|source| SpawnError::Store { tool: tool.name.clone(), source })?;
    Ok(artifact)
}
