//! The answer envelope: what became of one attempt (contract ENV-2).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::{ArtifactHandle, Provenance};
use crate::code::Code;
use crate::id::OpId;

/// The only `schema_version` of an [`EngineResult`].
pub const SCHEMA_VERSION: &str = "er-1.0";

/// How an attempt ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It ran, and the gates accepted what came out.
    Succeeded,
    /// It ran, or tried to, and the result cannot be trusted.
    Failed,
    /// A gate refused it.
    Denied,
    /// Somebody stopped it.
    Cancelled,
    /// It was stopped at its wall or CPU limit.
    TimedOut,
}

/// What became of one attempt (contract ENV-2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngineResult {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The attempt.
    pub op_id: OpId,
    /// How it ended.
    pub status: Status,
    /// When the gates began to judge it.
    pub started_at: Timestamp,
    /// When it was closed.
    pub ended_at: Timestamp,
    /// What the output spec asked for.
    pub outputs: Vec<ArtifactHandle>,
    /// What backs the result.
    pub evidence: Vec<ArtifactHandle>,
    /// Where the outputs come from; null where nothing ran.
    pub provenance: Option<Provenance>,
    /// Everything that went wrong, typed.
    pub errors: Vec<TypedError>,
    /// The captured text of the tools.
    pub logs_ref: Option<ArtifactHandle>,
}

/// One error of an attempt (contract ENV-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TypedError {
    /// The closed code; hosts switch on it, never on the text.
    pub code: Code,
    /// One sentence: lower case, names the field, file or rule.
    pub message: String,
    /// What to do, as one sentence; empty where nothing can be done.
    #[serde(default)]
    pub hint: String,
    /// More, as an artifact.
    #[serde(default)]
    pub details_ref: Option<ArtifactHandle>,
}
