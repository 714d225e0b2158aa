//! What can go wrong in the data folder, as closed types with a code each (contract section 15).
//! Never text alone: hosts switch on [`OpenError::code`] and [`QueryError::code`].

use std::path::PathBuf;

use mex_runtime::code::Code;
use mex_runtime::port::RecorderFault;

/// The data folder cannot be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is missing and cannot be made, is not a folder, or cannot be written.
    #[error(
        "the data folder `{path}` cannot be used: {why}; name a writable one with `--data-dir`"
    )]
    DataDir {
        /// What could not be used.
        path: PathBuf,
        /// The system's own words.
        why: String,
    },
    /// The database is damaged, or is not ours.
    #[error("the database `{path}` is damaged: {why}; move it away and restore a backup")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A newer product wrote it.
    #[error(
        "the database `{path}` has schema version {found}, this mex knows up to {known}; update mex"
    )]
    Future {
        /// The file.
        path: PathBuf,
        /// The version found.
        found: i64,
        /// The newest version this code knows.
        known: i64,
    },
    /// The linked SQLite has a known corruption bug.
    #[error(
        "SQLite {found} is linked, 3.51.3 or newer is needed: older ones can damage a database"
    )]
    OldSqlite {
        /// The version linked.
        found: String,
    },
    /// The database answered with a fault.
    #[error("the database `{path}` cannot be opened: {why}")]
    Db {
        /// The file.
        path: PathBuf,
        /// SQLite's own words.
        why: String,
    },
    /// The sweep at start could not record what a crash left open.
    #[error(transparent)]
    Sweep(#[from] RecorderFault),
}

impl OpenError {
    /// The closed code of this error.
    pub const fn code(&self) -> Code {
        match self {
            Self::DataDir { .. } => Code::DataDir,
            Self::Corrupt { .. } => Code::DataCorrupt,
            Self::Future { .. } => Code::DataFuture,
            Self::OldSqlite { .. } | Self::Db { .. } => Code::RecorderDb,
            Self::Sweep(fault) => fault.code,
        }
    }
}

/// A question the recorder cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Nothing has this id.
    #[error("there is no {what} `{id}`")]
    NotFound {
        /// What was looked for: `event`, `job`, ...
        what: &'static str,
        /// The id or prefix as given.
        id: String,
    },
    /// More than one thing starts with this text.
    #[error("`{prefix}` is the start of more than one {what}: {}; give more of it", candidates.join(", "))]
    Ambiguous {
        /// What was looked for.
        what: &'static str,
        /// The prefix as given.
        prefix: String,
        /// At most ten ids it could mean.
        candidates: Vec<String>,
    },
    /// What is stored does not have its shape: somebody changed it.
    #[error("{what} at sequence {seq} does not have its shape: {why}; run `mex recorder verify`")]
    Damaged {
        /// What was read.
        what: &'static str,
        /// Where.
        seq: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The database answered with a fault.
    #[error("the Flight Recorder's database cannot be read: {0}")]
    Db(String),
}

impl QueryError {
    /// The closed code of this error.
    pub const fn code(&self) -> Code {
        match self {
            Self::NotFound { .. } => Code::NotFound,
            Self::Ambiguous { .. } => Code::AmbiguousId,
            Self::Damaged { .. } => Code::ChainBroken,
            Self::Db(_) => Code::RecorderDb,
        }
    }
}

impl From<sqlx::Error> for QueryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.to_string())
    }
}

/// A change that was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// What should change is not there, or cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The change could not be recorded, so it was not made.
    #[error(transparent)]
    Fault(#[from] RecorderFault),
    /// The artifact store could not be read or written.
    #[error(transparent)]
    Store(#[from] mex_runtime::port::StoreFault),
    /// The value asked for is refused.
    #[error("{field} {why}")]
    Refused {
        /// The field.
        field: &'static str,
        /// What it must be.
        why: &'static str,
    },
}

impl ChangeError {
    /// The closed code of this error.
    pub const fn code(&self) -> Code {
        match self {
            Self::Query(error) => error.code(),
            Self::Fault(fault) => fault.code,
            Self::Store(fault) => fault.code,
            Self::Refused { .. } => Code::Usage,
        }
    }
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(db_fault(&error))
    }
}

/// A database fault as the runtime sees it: `HSK-500-DB`.
pub(crate) fn db_fault(error: &dyn std::fmt::Display) -> RecorderFault {
    RecorderFault {
        code: Code::RecorderDb,
        message: format!("the Flight Recorder could not write its database: {error}"),
    }
}

/// An event refused on write: `HSK-400-INVALID-EVENT`.
pub(crate) fn invalid(path: &str, why: &str) -> RecorderFault {
    RecorderFault { code: Code::InvalidEvent, message: format!("invalid event at `{path}`: {why}") }
}
