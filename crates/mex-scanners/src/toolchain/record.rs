//! The provisioning record beside a tool, version `tr-1.0`: what was built, from what, when.
//! Not trusted by itself: who can change the tool can change the record, so a data folder compares
//! it with its own `tool_provisioned` event (contract SC-5).

use std::path::Path;

use jiff::Timestamp;
use mex_runtime::artifact::ToolIdentity;
use mex_runtime::digest::Digest;
use mex_runtime::event::SystemEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::ToolchainError;
use super::machine::MachinePlace;

/// The file's name in the tool's folder.
pub(super) const FILE_NAME: &str = "record.json";

/// What one provisioning made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvisioningRecord {
    /// Always `"tr-1.0"`.
    pub schema_version: String,
    /// What was built or unpacked, pinned from then on.
    pub tool: ToolIdentity,
    /// `archive`, `source` or `machine`.
    pub method: String,
    /// What it was made from: a module with version, a crate with checksum, an archive with digest.
    pub origin: String,
    /// What built it: the version of Go or Rust, the python inside it; empty for an archive.
    pub built_with: String,
    /// For a tool of many files: the digest of the table of their stats beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats_sha256: Option<Digest>,
    /// When.
    pub provisioned_at: Timestamp,
    /// Where a tool of the machine's own was found; its digest is over all of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<MachinePlace>,
}

impl ProvisioningRecord {
    /// The event that pins the tool in a data folder, at provisioning and at adoption.
    pub fn event(&self) -> SystemEvent {
        SystemEvent::ToolProvisioned {
            tool: self.tool.clone(),
            method: self.method.clone(),
            origin: self.origin.clone(),
            stats_sha256: self.stats_sha256,
        }
    }

    /// Reads the record in a tool's folder; `None` where there is none.
    ///
    /// # Errors
    /// When there is one and it cannot be read or is not of version `tr-1.0`.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, ToolchainError> {
        let path = folder.join(FILE_NAME);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(ToolchainError::Io { action: "read", path, source }),
        };
        let wrong = |why: String| ToolchainError::Record { path: path.clone(), why };
        let value = mex_runtime::json::parse(&text).map_err(|error| wrong(error.to_string()))?;
        let record: Self =
            serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
        if record.schema_version != "tr-1.0" {
            return Err(wrong("`schema_version` must be `tr-1.0`".to_owned()));
        }
        Ok(Some(record))
    }
}
