//! Artifacts: what they are, whether they are whole, and out with them.

use mex_recorder::Absence;
use mex_runtime::artifact::Sidecar;
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::port::{ArtifactState, ArtifactStore as _};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult};

/// One artifact with everything known of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ArtifactView {
    /// Its digest.
    pub sha256: Digest,
    /// Whether its bytes are what the digest says.
    pub state: &'static str,
    /// The documents beside it, one for each time it was stored with another origin.
    pub sidecars: Vec<Sidecar>,
}

/// What a check of the store found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ArtifactCheck {
    /// How many were read and are whole.
    pub intact: u64,
    /// Those that are not, with what is wrong.
    pub damaged: Vec<(Digest, String)>,
}

impl App {
    /// What an artifact is.
    ///
    /// # Errors
    /// For a digest that names none or several.
    pub fn artifact(&self, id: &str) -> AppResult<ArtifactView> {
        let sha256 = self.artifact_id(id)?;
        let sidecars = self.recorder.artifacts().sidecars(&sha256).unwrap_or_default();
        if sidecars.is_empty() {
            return Err(self.absent(&sha256)?);
        }
        let state = match sidecars
            .first()
            .map(|sidecar| self.recorder.artifacts().check(&sidecar.artifact))
        {
            Some(ArtifactState::Intact) => "intact",
            Some(ArtifactState::Corrupt) => "corrupt",
            Some(ArtifactState::Missing) | None => "missing",
        };
        Ok(ArtifactView { sha256, state, sidecars })
    }

    /// Reads and hashes one artifact, or all.
    ///
    /// # Errors
    /// For a digest that names none or several, and a store that cannot be listed.
    pub fn verify_artifacts(&self, id: Option<&str>) -> AppResult<ArtifactCheck> {
        let wanted = match id {
            Some(id) => vec![self.artifact_id(id)?],
            None => self.recorder.artifacts().list()?,
        };
        let mut check = ArtifactCheck { intact: 0, damaged: Vec::new() };
        for sha256 in wanted {
            let read = self.recorder.artifacts().read(&sha256).map(drop);
            let beside = self.recorder.artifacts().sidecar(&sha256).map(drop);
            match read.and(beside) {
                Ok(()) => check.intact += 1,
                Err(fault) => check.damaged.push((sha256, fault.message)),
            }
        }
        Ok(check)
    }

    /// The bytes of an artifact, verified.
    ///
    /// # Errors
    /// When they are missing or not what the digest says.
    pub fn artifact_bytes(&self, id: &str) -> AppResult<Vec<u8>> {
        Ok(self.recorder.artifacts().read(&self.artifact_id(id)?)?)
    }

    /// Why there is no such artifact (contract FR-7).
    fn absent(&self, sha256: &Digest) -> AppResult<AppError> {
        Ok(match self.recorder.absence(sha256).map_err(crate::error::query)? {
            Absence::Purged { event_id, .. } => AppError::new(
                Code::StoreMissing,
                format!("the artifact `{sha256}` was purged by retention, event {event_id}"),
            ),
            Absence::Unknown => {
                AppError::new(Code::StoreMissing, format!("there is no artifact `{sha256}`"))
                    .hint("list what a scan left with `mex jobs show SCAN --format json`")
            }
        })
    }

    fn artifact_id(&self, typed: &str) -> AppResult<Digest> {
        if let Ok(digest) = typed.parse::<Digest>() {
            return Ok(digest);
        }
        let well_formed = !typed.is_empty()
            && typed.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
        if !well_formed {
            return Err(AppError::new(
                Code::NotFound,
                format!("`{typed}` is no SHA-256 and no start of one"),
            ));
        }
        let mut matching = self
            .recorder
            .artifacts()
            .list()?
            .into_iter()
            .filter(|digest| digest.to_string().starts_with(typed));
        match (matching.next(), matching.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => {
                Err(AppError::new(Code::NotFound, format!("there is no artifact `{typed}`")))
            }
            (Some(one), Some(two)) => {
                let message = format!("`{typed}` is ambiguous: `{one}`, `{two}`, perhaps more");
                Err(AppError::new(Code::AmbiguousId, message))
            }
        }
    }
}
