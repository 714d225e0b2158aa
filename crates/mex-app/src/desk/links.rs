//! Deep links: `mex://problem/ID` and its like, from text to a thing that exists. Resolves only what
//! is recorded; never opens, runs or changes anything.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A link as it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkQuestion {
    /// `mex://KIND/ID`, the id whole or its unique start.
    pub uri: String,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkTarget {
    /// What sort of thing.
    pub kind: LinkKind,
    /// Its whole id.
    pub id: String,
    /// The same link, whole.
    pub uri: String,
}

/// What a link can lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// A Problem.
    Problem,
    /// A job.
    Job,
    /// An event.
    Event,
    /// An artifact.
    Artifact,
    /// A version of the capability registry; empty id for the one in force.
    Registry,
    /// A scan.
    Scan,
    /// An attempt to run one operation.
    Operation,
}
