//! Why a project could not be staged as a whole. Never for a single file: that is a gap.

use std::io;
use std::path::PathBuf;

use mex_runtime::code::Code;

/// A project that could not be staged.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// There is nothing at the path.
    #[error("`{path}` does not exist")]
    Missing {
        /// The project.
        path: PathBuf,
    },
    /// The path is a file.
    #[error("`{path}` is not a folder")]
    NotAFolder {
        /// The project.
        path: PathBuf,
    },
    /// The folder itself cannot be read.
    #[error("`{path}` cannot be read")]
    Unreadable {
        /// What cannot be read.
        path: PathBuf,
        /// The system's word.
        #[source]
        source: io::Error,
    },
    /// There is no file to scan.
    #[error("`{path}` holds no file to scan")]
    Empty {
        /// The project.
        path: PathBuf,
    },
    /// There are more files than the policy allows.
    #[error("`{path}` holds more than {limit} files")]
    TooMany {
        /// The project.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// The first file that is not what a manifest says.
    #[error("`{file}` is not what the manifest says: {what} (contract DET-4)")]
    Changed {
        /// The file, relative with `/`.
        file: String,
        /// `changed`, `added` or `removed`.
        what: &'static str,
    },
    /// The copy could not be written.
    #[error("the staged copy could not be written: {action} `{path}` failed")]
    Io {
        /// What was being done.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's word.
        #[source]
        source: io::Error,
    },
    /// Somebody cancelled.
    #[error("staging was cancelled")]
    Cancelled,
}

impl StageError {
    /// The closed code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => Code::StageMissing,
            Self::NotAFolder { .. } => Code::StageNotAFolder,
            Self::Unreadable { .. } => Code::StageUnreadable,
            Self::Empty { .. } => Code::StageEmpty,
            Self::Changed { .. } => Code::StageChanged,
            Self::TooMany { .. } | Self::Io { .. } => Code::StageIo,
            Self::Cancelled => Code::Cancelled,
        }
    }
}
