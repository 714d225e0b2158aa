//! Why an advisory database was refused, as a sentence a person can act on.

use mex_runtime::code::Code;

/// A database was not taken in; nothing was changed (contract SC-6, promise P1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DatabaseRefused {
    /// One of `MEX-DB-*`, `MEX-INPUT-UNREADABLE`, `MEX-STORE-IO`, `MEX-CANCELLED`.
    pub code: Code,
    /// One sentence that names the file or record and what to do.
    pub message: String,
}

impl DatabaseRefused {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
