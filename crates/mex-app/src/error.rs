//! The one error every host sees: a closed code, a sentence, what to do (contract section 12).
//! Never a second wording of a cause: what a lower layer says is carried, not repeated.

use mex_runtime::code::Code;
use mex_runtime::port::{RecorderFault, StoreFault};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// What went wrong, as hosts show it.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error, JsonSchema)]
#[error("{message}")]
pub struct AppError {
    /// The closed code.
    pub code: Code,
    /// One sentence that names the field, file or rule.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// More for programs; null where there is no more.
    pub details: Value,
}

impl AppError {
    /// An error with the code's own hint.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: code.hint().to_owned(), details: Value::Null }
    }

    /// Another next step than the code's own.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// More for programs.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    /// The exit code of section 12: 2 bad input or usage, 3 a gate's denial, 4 could not be done.
    pub const fn exit_code(&self) -> u8 {
        match self.code {
            Code::Usage
            | Code::InputNotJson
            | Code::InputTooBig
            | Code::InputUnreadable
            | Code::ImportFormat
            | Code::OutputPath
            | Code::QueryInvalid
            | Code::UndoExpired
            | Code::PreferencesInvalid
            | Code::EditorInvalid
            | Code::LinkInvalid
            | Code::NotFound
            | Code::AmbiguousId
            | Code::HeadInvalid
            | Code::PolicyInvalid
            | Code::AllowlistInvalid
            | Code::AllowlistInTree
            | Code::ExceptionInvalid
            | Code::DiffWorkspaces
            | Code::SignersInvalid
            | Code::SignatureInvalid
            | Code::RegistryInvalid
            | Code::RegistryReview
            | Code::RegistryStale
            | Code::RegistryPublish
            | Code::RegistryRecord
            | Code::EnginesInvalid
            | Code::ModelAddress
            | Code::ToolchainLock
            | Code::ConsentInvalid
            | Code::StageMissing
            | Code::StageNotAFolder
            | Code::StageUnreadable
            | Code::StageEmpty
            | Code::DbEmpty
            | Code::DbTruncated
            | Code::DbUnparsable
            | Code::DbEcosystem
            | Code::InvalidEvent
            | Code::StoreMissing => 2,
            // What a gate refused.
            Code::UnknownCapability
            | Code::SchemaEnvelope
            | Code::SchemaParams
            | Code::SchemaEngine
            | Code::SchemaOperation
            | Code::SchemaVersion
            | Code::CapEmpty
            | Code::CapProfile
            | Code::CapNotNeeded
            | Code::CapNotRequested
            | Code::CapNotGranted
            | Code::CapConsent
            | Code::IntegrityParamsSize
            | Code::IntegrityInputMissing
            | Code::IntegrityInputCorrupt
            | Code::IntegrityPath
            | Code::IntegrityToolMissing
            | Code::IntegrityToolChanged
            | Code::IntegrityToolUnpinned
            | Code::IntegrityConformance
            | Code::BudgetMissing
            | Code::BudgetZero
            | Code::BudgetExceeds
            | Code::ProvenancePolicy
            | Code::ProvenanceRoles
            | Code::DetCeiling
            | Code::DetPolicy
            | Code::GateFault => 3,
            _ => 4,
        }
    }
}

impl From<RecorderFault> for AppError {
    fn from(fault: RecorderFault) -> Self {
        Self::new(fault.code, fault.message)
    }
}

impl From<StoreFault> for AppError {
    fn from(fault: StoreFault) -> Self {
        Self::new(fault.code, fault.message)
    }
}

/// What a use case gives.
pub type AppResult<T> = Result<T, AppError>;

/// A question the recorder could not answer.
pub(crate) fn query(error: mex_recorder::QueryError) -> AppError {
    AppError::new(error.code(), error.to_string())
}

/// An error with everything below it, in one sentence.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        below = cause.source();
    }
    text
}
