//! Which allowlist a person approved for each project (contract SC-4), as the events say. Reads by
//! the index of lifecycles; never a file.

use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, HumanAction};
use mex_runtime::id::WorkspaceId;

use crate::error::QueryError;
use crate::recorder::FlightRecorder;

/// What the newest event of a project says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedAllowlist {
    /// The project.
    pub wsid: WorkspaceId,
    /// The document.
    pub document_id: String,
    /// Its version in force.
    pub sha256: Digest,
}

impl FlightRecorder {
    /// The newest version of every project's own allowlist, the last changed first. What was
    /// written to a file alone is nobody's.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn approved_allowlists(&self) -> Result<Vec<ApprovedAllowlist>, QueryError> {
        let mut found: Vec<ApprovedAllowlist> = Vec::new();
        for stored in self.lifecycle("human_action")?.into_iter().rev() {
            let EventBody::HumanAction(HumanAction::AllowlistChanged {
                document_id,
                sha256,
                file: None,
                ..
            }) = stored.event.body
            else {
                continue;
            };
            for wsid in stored.event.wsids {
                if !found.iter().any(|known| known.wsid == wsid) {
                    let document_id = document_id.clone();
                    found.push(ApprovedAllowlist { wsid, document_id, sha256 });
                }
            }
        }
        Ok(found)
    }
}
