//! From the id of a Problem to a place in a file of its project. Only an id is taken; never a path.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the editor was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenedInEditor {
    /// The file, relative to the project.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// The editor's program, without its folder.
    pub program: String,
}
