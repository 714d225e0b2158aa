//! Tools and advisory databases as their screen shows them: pins, digests, licences, ages, sandbox.

use mex_runtime::digest::Digest;
use mex_runtime::id::ToolName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Screens;
use crate::db::DatabaseView;
use crate::error::AppResult;
use crate::tools::ToolView;

/// A pinned tool with what the lock file says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolRow {
    /// Its name.
    pub name: ToolName,
    /// The version pinned; of one of the machine's own, the version found.
    pub version: String,
    /// Whether it is there and what is pinned.
    pub state: ToolStanding,
    /// The digest, where it is the pinned one.
    pub sha256: Option<Digest>,
    /// What is wrong, as one sentence; empty where nothing is.
    pub note: String,
}

/// How a tool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolStanding {
    /// There, and exactly what is pinned.
    Pinned,
    /// Not installed.
    Missing,
    /// There, and not what is pinned.
    Changed,
    /// There, and nothing gives its digest.
    Unpinned,
    /// Cannot be read.
    Unreadable,
}

/// Which tools are installed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InstallRequest {
    /// Their names; empty for all of them.
    pub names: Vec<String>,
    /// What is there is built again too.
    pub rebuild: RebuildChoice,
}

/// Whether what is there is built again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RebuildChoice {
    /// Only what is missing.
    #[default]
    WhereMissing,
    /// Everything named.
    Always,
}

/// Which advisory databases are fetched. Needs a live consent for `net.http`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SyncRequest {
    /// The ecosystems as OSV spells them; empty for the usual ones.
    pub ecosystems: Vec<String>,
}

impl Screens {
    /// What is pinned and what is there.
    ///
    /// # Errors
    /// When the tools folder cannot be read.
    pub fn tools(&self) -> AppResult<Vec<ToolRow>> {
        Ok(self.app.tools()?.into_iter().map(row).collect())
    }

    /// Every advisory snapshot, newest first.
    ///
    /// # Errors
    /// When the tools folder cannot be read.
    pub fn databases(&self) -> AppResult<Vec<DatabaseView>> {
        self.app.databases_view()
    }
}

fn row(view: ToolView) -> ToolRow {
    let state = match view.state {
        "pinned" => ToolStanding::Pinned,
        "missing" => ToolStanding::Missing,
        "changed" => ToolStanding::Changed,
        "unpinned" => ToolStanding::Unpinned,
        // Whatever else it is called: nobody can say that it is the pinned one.
        _ => ToolStanding::Unreadable,
    };
    ToolRow { name: view.name, version: view.version, state, sha256: view.sha256, note: view.note }
}
