//! Artifacts as their screen shows them: what the recorder names, newest first, and one of them with
//! where it comes from. Shows bytes as text alone; never runs or renders what they say.

use jiff::Timestamp;
use mex_recorder::query::{IdKind, StoredEvent};
use mex_runtime::artifact::{ArtifactHandle, Sidecar};
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::id::{JobId, OpId, RunId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cursor, Rows, Screens, bounded, key_of};
use crate::artifact::ArtifactCheck;
use crate::error::{AppResult, query};

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

/// Where a page goes on: behind the so-manyth artifact that an event names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Behind {
    seq: u64,
    nth: usize,
}

impl Screens {
    /// One page of what the recorder's events name, newest event first.
    ///
    /// # Errors
    /// For ids that name none or several.
    pub fn artifacts(&self, asked: &ArtifactsQuestion) -> AppResult<Rows<ArtifactRow>> {
        let app = &self.app;
        let run: Option<RunId> =
            asked.run.as_deref().map(|id| app.resolve(IdKind::Scan, id)).transpose()?;
        let op: Option<OpId> =
            asked.op.as_deref().map(|id| app.resolve(IdKind::Operation, id)).transpose()?;
        let behind: Option<Behind> = key_of(asked.after.as_ref())?;
        let limit = bounded(asked.limit) as usize;
        // The event that the last page ended in is read again, from where it stopped.
        let mut below = behind.map(|behind| behind.seq + 1);
        let mut items: Vec<ArtifactRow> = Vec::new();
        let mut last = Behind { seq: 0, nth: 0 };
        loop {
            let events = app.recorder.naming(run, op, below, 200).map_err(query)?;
            for stored in &events {
                for (nth, row) in named(stored).into_iter().enumerate() {
                    let here = Behind { seq: stored.seq, nth };
                    let shown = behind.is_some_and(|b| b.seq == here.seq && nth <= b.nth);
                    let role = asked.role.as_ref().is_none_or(|role| row.handle.role == *role);
                    if shown || !role {
                        continue;
                    }
                    if items.len() == limit {
                        return Ok(Rows { items, next: Some(Cursor::of(&last)?) });
                    }
                    items.push(row);
                    last = here;
                }
            }
            match events.last() {
                Some(oldest) => below = Some(oldest.seq),
                None => return Ok(Rows { items, next: None }),
            }
        }
    }

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

/// Every artifact that an event names, in its order.
fn named(stored: &StoredEvent) -> Vec<ArtifactRow> {
    let event = &stored.event;
    let row = |handle: &ArtifactHandle, op_id: Option<OpId>, operation: &str| ArtifactRow {
        handle: handle.clone(),
        seq: stored.seq,
        at: event.timestamp,
        op_id,
        job_id: event.job_id,
        run_id: event.workflow_run_id,
        operation: operation.to_owned(),
    };
    match &event.body {
        EventBody::System(SystemEvent::OperationEnded {
            op_id,
            operation,
            inputs,
            outputs,
            evidence,
            result_ref,
            ..
        }) => outputs
            .iter()
            .chain(evidence)
            .chain(result_ref)
            .chain(inputs)
            .map(|handle| row(handle, Some(*op_id), operation))
            .collect(),
        EventBody::System(SystemEvent::ScanEnded { verdict_ref, coverage_ref, .. }) => {
            verdict_ref.iter().chain(coverage_ref).map(|handle| row(handle, None, "")).collect()
        }
        EventBody::System(SystemEvent::ScanBegun {
            policy_ref,
            allowlist_ref,
            signers_ref,
            ..
        }) => policy_ref
            .iter()
            .chain(allowlist_ref)
            .chain(signers_ref.as_deref())
            .map(|handle| row(handle, None, ""))
            .collect(),
        _ => Vec::new(),
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
