//! Artifacts as their screen shows them: what the recorder names, newest first, and one of them with
//! where it comes from. Shows bytes as text alone; never runs or renders what they say.

use jiff::Timestamp;
use mex_runtime::artifact::{ArtifactHandle, Sidecar};
use mex_runtime::digest::Digest;
use mex_runtime::id::{JobId, OpId, RunId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cursor, Screens};
use crate::artifact::ArtifactCheck;
use crate::error::AppResult;

/// How much of an artifact's text is shown, in bytes.
pub const SHOWN_BYTES: usize = 64 * 1024;

/// Which page of artifacts is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ArtifactsQuestion {
    /// Named by this scan; its id or the start of it.
    pub run: Option<String>,
    /// Named by this attempt.
    pub op: Option<String>,
    /// In this role: `report`, `evidence`, `coverage`, `manifest`, ...
    pub role: Option<String>,
    /// Where to go on.
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    pub limit: Option<u32>,
}

/// One naming of an artifact by an event. The same bytes can be named many times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtifactRow {
    /// The bytes.
    pub handle: ArtifactHandle,
    /// Where the event stands that names them.
    pub seq: u64,
    /// When they were named.
    pub at: Timestamp,
    /// The attempt.
    pub op_id: Option<OpId>,
    /// The job.
    pub job_id: Option<JobId>,
    /// The scan.
    pub run_id: Option<RunId>,
    /// The operation, such as `vuln_scan`; empty for a document of a scan.
    pub operation: String,
}

/// One artifact with everything known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArtifactDetail {
    /// Its digest.
    pub sha256: Digest,
    /// Whether its bytes are what the digest says.
    pub state: ArtifactStanding,
    /// The documents beside it, one for each time it was stored with another origin.
    pub sidecars: Vec<Sidecar>,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// Its beginning as text, at most 64 KiB; null where it is no UTF-8 text or is not whole.
    pub text: Option<String>,
    /// There is more than `text` shows.
    pub cut: bool,
}

/// Whether an artifact's bytes are what its digest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactStanding {
    /// They are.
    Intact,
    /// They are not.
    Corrupt,
    /// There are none.
    Missing,
}

impl Screens {
    /// One artifact with its beginning as text.
    ///
    /// # Errors
    /// For a digest that names none or several.
    pub fn artifact(&self, asked: &super::ById) -> AppResult<ArtifactDetail> {
        let view = self.app.artifact(&asked.id)?;
        let state = match view.state {
            "intact" => ArtifactStanding::Intact,
            "corrupt" => ArtifactStanding::Corrupt,
            _ => ArtifactStanding::Missing,
        };
        let bytes = match state {
            ArtifactStanding::Intact => self.app.artifact_bytes(&view.sha256.to_string())?,
            ArtifactStanding::Corrupt | ArtifactStanding::Missing => Vec::new(),
        };
        let size_bytes = view.sidecars.first().map_or(0, |sidecar| sidecar.artifact.size_bytes);
        let text = (state == ArtifactStanding::Intact).then(|| beginning(&bytes)).flatten();
        let cut = text.as_ref().is_some_and(|text| text.len() < bytes.len());
        Ok(ArtifactDetail {
            sha256: view.sha256,
            state,
            sidecars: view.sidecars,
            size_bytes,
            text: text.map(str::to_owned),
            cut,
        })
    }

    /// Reads and hashes one artifact.
    ///
    /// # Errors
    /// For a digest that names none or several.
    pub fn verify_artifact(&self, asked: &super::ById) -> AppResult<ArtifactCheck> {
        self.app.verify_artifacts(Some(&asked.id))
    }
}

/// The beginning of UTF-8 text, whole characters; `None` where it is none or holds a NUL.
fn beginning(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..SHOWN_BYTES).unwrap_or(bytes);
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character that the cut goes through is no fault of the text.
        Err(error) if error.error_len().is_none() && head.len() < bytes.len() => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    (!text.contains('\0')).then_some(text)
}
