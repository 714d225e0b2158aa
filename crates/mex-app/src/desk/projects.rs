//! Project folders: those that were scanned, and whether a folder can be. Never reads a file of one.

use jiff::Timestamp;
use mex_runtime::id::{RunId, WorkspaceId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A project that was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecentProject {
    /// Its folder as the newest scan named it.
    pub path: String,
    /// The last part of the path.
    pub name: String,
    /// Its workspace.
    pub wsid: WorkspaceId,
    /// Its newest scan.
    pub last_scan: LastScan,
    /// The folder is not there any more, or is no folder.
    pub missing: bool,
}

/// A project's newest scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastScan {
    /// Which.
    pub run_id: RunId,
    /// `block`, `denied`, `incomplete` or `pass`; null where it runs or was interrupted.
    pub verdict: Option<String>,
    /// `release` or `normal`.
    pub mode: String,
    /// When it began.
    pub at: Timestamp,
}

/// A folder on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderQuestion {
    /// Its path.
    pub path: String,
}

/// Whether a folder can be scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FolderView {
    /// Its path without links, or as it was given where it is not there.
    pub path: String,
    /// The last part of the path.
    pub name: String,
    /// It is there and is a folder.
    pub exists: bool,
    /// Its workspace, where it exists.
    pub wsid: Option<WorkspaceId>,
    /// Names of lockfiles in its top folder, sorted.
    pub lockfiles: Vec<String>,
    /// Why it cannot be scanned, as one sentence; empty where it can.
    pub problem: String,
}
