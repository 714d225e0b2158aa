//! What can be wrong with a tool, and what to do about it.

use std::path::PathBuf;

use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::id::ToolName;
use mex_runtime::port::{RecorderFault, StoreFault};
use semver::Version;

use super::lock::LockInvalid;

/// A tool cannot be used or provisioned (contract SC-5).
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// The lock file is not valid.
    #[error(transparent)]
    Lock(#[from] LockInvalid),
    /// The lock file does not name it.
    #[error("`{name}` is not in `toolchain.lock.json`; a tool is what the lock file names")]
    NotLocked {
        /// The tool.
        name: ToolName,
    },
    /// It is not installed.
    #[error("`{name}` {version} is not installed; run `mex tools install {name}`")]
    Missing {
        /// The tool.
        name: ToolName,
        /// The version the lock file names.
        version: Version,
    },
    /// Its bytes are not the pinned ones.
    #[error("`{name}` is not the pinned tool: expected {expected:?}, found {}; run `mex tools install --force {name}` when you know who changed it", shown(.found))]
    Changed {
        /// The tool.
        name: ToolName,
        /// The pin.
        expected: Digest,
        /// What is there; null where it is no regular file.
        found: Option<Digest>,
    },
    /// It is there, and neither the lock file, nor an event, nor a record says what it must be.
    #[error(
        "`{name}` has no pin: neither `toolchain.lock.json` nor a provisioning record gives its digest; run `mex tools install --force {name}`"
    )]
    Unpinned {
        /// The tool.
        name: ToolName,
    },
    /// It reports another version.
    #[error("`{name}` reports `{found}` where the lock file pins {expected}")]
    Version {
        /// The tool.
        name: ToolName,
        /// The lock file's version.
        expected: Version,
        /// The first line it printed, cut.
        found: String,
    },
    /// No source of the lock file can be used here.
    #[error("`{name}` has no source that this machine can use: {why}")]
    NoSource {
        /// The tool.
        name: ToolName,
        /// Why not, source by source.
        why: String,
    },
    /// A build tool is not on this machine.
    #[error(
        "`{program}` is needed to build `{name}` and is not on this machine; install {what}, then run `mex tools install {name}` again"
    )]
    BuildToolMissing {
        /// The tool to build.
        name: ToolName,
        /// The program looked for.
        program: String,
        /// What to install.
        what: &'static str,
    },
    /// The build or the fetch failed.
    #[error("`{name}` could not be built: {why}")]
    Build {
        /// The tool.
        name: ToolName,
        /// What happened, with the last lines of the output.
        why: String,
    },
    /// What came out of the build is not what the lock file pins.
    #[error(
        "`{name}` was built from {what}, and its digest is {found:?} where the lock file pins {expected:?}; nothing was installed"
    )]
    NotReproduced {
        /// The tool.
        name: ToolName,
        /// What was compared: the executable, the crate or the archive.
        what: &'static str,
        /// The pin.
        expected: Digest,
        /// What came out.
        found: Digest,
    },
    /// Another process installs at this moment.
    #[error("another `mex tools install` works in `{}`; wait for it to end", path.display())]
    Busy {
        /// The lock file it holds.
        path: PathBuf,
    },
    /// Somebody asked to stop.
    #[error("the installation of `{name}` was cancelled; nothing of it was kept")]
    Cancelled {
        /// The tool.
        name: ToolName,
    },
    /// A file or folder of the tools folder cannot be used.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `create`, `rename`, `lock`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// The provisioning record beside a tool is not one.
    #[error("`{}` is not a provisioning record: {why}", path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The Flight Recorder could not record: nothing was installed (contract GATE-9).
    #[error(transparent)]
    Recorder(#[from] RecorderFault),
    /// The build's output could not be stored: nothing was installed.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

fn shown(found: &Option<Digest>) -> String {
    found.map_or_else(|| "no regular file".to_owned(), |digest| format!("{digest:?}"))
}

impl ToolchainError {
    /// The code a host shows.
    pub const fn code(&self) -> Code {
        match self {
            Self::Lock(_) => Code::ToolchainLock,
            Self::NotLocked { .. } | Self::Unpinned { .. } => Code::IntegrityToolUnpinned,
            Self::Missing { .. } => Code::IntegrityToolMissing,
            Self::Changed { .. } => Code::IntegrityToolChanged,
            Self::Version { .. } => Code::ToolVersion,
            Self::Cancelled { .. } => Code::Cancelled,
            Self::Recorder(fault) => fault.code,
            Self::Store(fault) => fault.code,
            Self::NoSource { .. }
            | Self::BuildToolMissing { .. }
            | Self::Build { .. }
            | Self::NotReproduced { .. }
            | Self::Busy { .. }
            | Self::Io { .. }
            | Self::Record { .. } => Code::ToolchainInstall,
        }
    }
}
