//! What a caller asks of a spawn and what it gets back, as plain types.
//! Never an implementation beyond reading files a tool left.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use mex_runtime::artifact::{ArtifactHandle, SandboxLevel};
use mex_runtime::budget::{Budget, Limit, Usage};
use mex_runtime::code::Code;
use mex_runtime::event::EventContext;
use mex_runtime::id::{OpId, ToolName};
use mex_runtime::port::{ArtifactStore, Cancel, Clock, Recorder, RecorderFault, StoreFault};
use rustix::fs::{Mode, OFlags};

use crate::sandbox::Sandbox;
use crate::tool::PinnedTool;

/// Whether a tool may write to something mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MountMode {
    /// It may read.
    ReadOnly,
    /// It may read and write.
    ReadWrite,
}

/// A host path as the tool sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is on this machine.
    pub host: PathBuf,
    /// Where the tool finds it: absolute, such as `/project`.
    pub inside: String,
    /// Whether the tool may write to it.
    pub mode: MountMode,
}

/// Whether a tool can reach the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// An empty network namespace and no sockets but local ones.
    None,
    /// The machine's own; only where `net.http` was granted with a consent.
    Granted,
}

/// What becomes of captured stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// It is redacted and stored as an artifact, and the event refers to it.
    Artifact,
    /// The caller stores it itself after normalising; the event's `stdout_ref` is null.
    No,
}

/// Takes secrets out of captured text before it is stored.
pub type Redact<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

/// One run of a pinned tool.
pub struct Launch<'a> {
    /// The tool.
    pub tool: &'a PinnedTool,
    /// Its arguments; paths as the tool sees them.
    pub args: Vec<String>,
    /// Its working directory, as the tool sees it.
    pub cwd: String,
    /// Its whole environment, beside `HOME`, `PATH`, `TMPDIR`, `LANG` and `TZ` of ours.
    pub env: Vec<(String, String)>,
    /// What it can see beside itself, `/scratch` (writable, empty, its `HOME`) and `/tmp`.
    pub mounts: Vec<Mount>,
    /// Other executables it may start, found on `PATH` inside.
    pub extra_executables: Vec<PathBuf>,
    /// Its limits, all enforced (contract ENV-3, GATE-5).
    pub budget: Budget,
    /// Whether it can reach the network.
    pub network: Network,
    /// Applied to stdout and stderr before they are stored (contract FR-9).
    pub redact: Redact<'a>,
    /// What becomes of stdout.
    pub keep_stdout: Keep,
}

/// What a run may use: ports, and who it belongs to.
pub struct SpawnContext<'a> {
    /// Where the run is recorded.
    pub recorder: &'a dyn Recorder,
    /// Where captured text goes.
    pub store: &'a dyn ArtifactStore,
    /// Time and ids.
    pub clock: &'a dyn Clock,
    /// Who and what the event belongs to.
    pub events: &'a EventContext,
    /// The attempt; none for provisioning.
    pub op_id: Option<OpId>,
    /// Checked at least ten times a second.
    pub cancel: &'a Cancel,
    /// What stands between the tool and the machine.
    pub sandbox: &'a Sandbox,
    /// Whether the executable still is the pinned one, asked at the moment of the spawn
    /// (contract SC-5): `Toolchain::still_pinned`, with its error as one sentence.
    pub still_pinned: &'a dyn Fn(&PinnedTool) -> Result<(), String>,
}

/// Bytes taken from a tool; cut where it wrote more than its limit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captured {
    /// What was kept.
    pub bytes: Vec<u8>,
    /// How many there were.
    pub original_bytes: u64,
}

impl Captured {
    /// Whether bytes are missing: then they must never be parsed as if whole (contract GATE-5).
    pub fn is_truncated(&self) -> bool {
        self.original_bytes > self.bytes.len() as u64
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with a code.
    Code(i32),
    /// By a signal nobody here sent.
    Signal(i32),
    /// Killed at a limit.
    Limit(Limit),
    /// Killed because somebody cancelled.
    Cancelled,
}

/// A run that ended and was recorded.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub exit: Exit,
    /// What it wrote to stdout, not redacted: the caller reads it and lets it go.
    pub stdout: Captured,
    /// What it wrote to stderr, not redacted.
    pub stderr: Captured,
    /// The stored stdout, where the launch asked to keep it and there was any.
    pub stdout_ref: Option<ArtifactHandle>,
    /// The stored stderr, where there was any.
    pub stderr_ref: Option<ArtifactHandle>,
    /// What it used.
    pub usage: Usage,
    /// What stood between it and the machine.
    pub sandbox: SandboxLevel,
    /// The files it wrote under `/scratch`; gone with this value.
    pub scratch: ScratchFiles,
}

/// A run that did not happen, or whose result must not be used.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The executable is another one than when it was pinned.
    #[error("`{tool}` is not the pinned tool any more: {reason} (contract SC-5)")]
    Changed {
        /// The tool.
        tool: ToolName,
        /// What was found.
        reason: String,
    },
    /// A path of the launch is not usable.
    #[error("`{path}` cannot be given to `{tool}`: {reason} (contract SC-8)")]
    Path {
        /// The tool.
        tool: ToolName,
        /// The path.
        path: String,
        /// Why.
        reason: &'static str,
    },
    /// The process could not be started or watched.
    #[error("`{tool}` could not be started: {action} failed")]
    Io {
        /// The tool.
        tool: ToolName,
        /// What was being done.
        action: &'static str,
        /// The system's word.
        #[source]
        source: io::Error,
    },
    /// The sandbox ended before the tool began.
    #[error("the sandbox for `{tool}` could not be set up: {reason}")]
    Sandbox {
        /// The tool.
        tool: ToolName,
        /// What it said, cut.
        reason: String,
    },
    /// The run could not be recorded; its result must not be used (contract GATE-9).
    #[error("the run of `{tool}` could not be recorded")]
    Recorder {
        /// The tool.
        tool: ToolName,
        /// The recorder's fault.
        #[source]
        source: RecorderFault,
    },
    /// Captured text could not be stored.
    #[error("the output of `{tool}` could not be stored")]
    Store {
        /// The tool.
        tool: ToolName,
        /// The store's fault.
        #[source]
        source: StoreFault,
    },
}

impl SpawnError {
    /// The closed code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Changed { .. } => Code::IntegrityToolChanged,
            Self::Path { .. } | Self::Io { .. } => Code::ToolSpawn,
            Self::Sandbox { .. } => Code::SandboxUnavailable,
            Self::Recorder { source, .. } => source.code,
            Self::Store { source, .. } => source.code,
        }
    }
}

/// The files a tool left under `/scratch`. The folder is removed with this value (contract ART-4).
#[derive(Debug)]
pub struct ScratchFiles {
    folder: tempfile::TempDir,
}

/// A file of a tool's scratch folder that is not read.
#[derive(Debug, thiserror::Error)]
pub enum ScratchFault {
    /// The name is no plain relative path.
    #[error("`{0}` is not a relative path without `..`")]
    Name(String),
    /// It is not there, a link, or not a regular file.
    #[error("the tool left no regular file `{name}`")]
    Unreadable {
        /// The name asked for.
        name: String,
        /// The system's word.
        #[source]
        source: io::Error,
    },
}

impl ScratchFiles {
    pub(super) const fn new(folder: tempfile::TempDir) -> Self {
        Self { folder }
    }

    pub(super) fn host(&self) -> &Path {
        self.folder.path()
    }

    /// Reads a file the tool wrote to `/scratch/NAME`, at most `cap` bytes of it. Follows no link.
    ///
    /// # Errors
    /// When the name leaves the folder, or there is no regular file of that name.
    pub fn read(&self, name: &str, cap: u64) -> Result<Captured, ScratchFault> {
        let unreadable =
            |source: io::Error| ScratchFault::Unreadable { name: name.to_owned(), source };
        let path = Path::new(name);
        let plain =
            !name.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)));
        if !plain {
            return Err(ScratchFault::Name(name.to_owned()));
        }
        let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let mut at: OwnedFd =
            rustix::fs::open(self.folder.path(), OFlags::DIRECTORY | flags, Mode::empty())
                .map_err(|errno| unreadable(errno.into()))?;
        for part in path.components() {
            at = rustix::fs::openat(&at, part.as_os_str(), OFlags::RDONLY | flags, Mode::empty())
                .map_err(|errno| unreadable(errno.into()))?;
        }
        let file = File::from(at);
        let meta = file.metadata().map_err(unreadable)?;
        if !meta.is_file() {
            return Err(unreadable(io::ErrorKind::InvalidInput.into()));
        }
        let mut bytes = Vec::new();
        file.take(cap).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(Captured { original_bytes: meta.len().max(bytes.len() as u64), bytes })
    }
}
