//! `mex registry build`: extract, validate and compare in one go, each still a job of its own.
//! Owns the order and where it stops: a draft that breaks a rule is never compared.

use std::path::PathBuf;

use mex_runtime::port::Cancel;
use schemars::JsonSchema;
use serde::Serialize;

use super::{DRAFT_FILE, ExtractOutcome, ExtractRequest, ValidateOutcome, ValidateRequest};
use crate::app::App;
use crate::error::AppResult;
use crate::publish::{DiffOutcome, DiffRequest};

/// What is built from what.
#[derive(Debug, Clone, Default)]
pub struct BuildRequest {
    /// As for an extraction; its folder gets every document.
    pub extract: ExtractRequest,
    /// The profiles that go with it; those in force where none are named.
    pub profiles: Option<PathBuf>,
}

/// How far it came.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BuildOutcome {
    /// The draft.
    pub extracted: ExtractOutcome,
    /// Whether it holds; null where only what would be sent to a model was shown.
    pub validated: Option<ValidateOutcome>,
    /// What it changes; null where it breaks a rule.
    pub diffed: Option<DiffOutcome>,
}

impl App {
    /// From a specification to a diff that can be reviewed.
    ///
    /// # Errors
    /// As each step. A draft that breaks rules is an outcome without a diff.
    pub fn build_registry(
        &self,
        request: &BuildRequest,
        cancel: &Cancel,
    ) -> AppResult<BuildOutcome> {
        // The steps hand one another files: those of the caller, or of this process's work folder.
        let kept = self.work.path().join("registry-build");
        let out = request.extract.out.clone().unwrap_or(kept);
        let extract = ExtractRequest { out: Some(out.clone()), ..request.extract.clone() };
        let mut extracted = self.extract_registry(&extract, cancel)?;
        if request.extract.out.is_none() {
            extracted.written = None;
        }
        if extracted.draft.is_none() {
            return Ok(BuildOutcome { extracted, validated: None, diffed: None });
        }
        let draft = out.join(DRAFT_FILE);
        let validated = self.validate_registry(&ValidateRequest {
            file: draft.clone(),
            spec: request.extract.spec.clone(),
            engines: request.extract.engines.clone(),
            profiles: request.profiles.clone(),
            out: request.extract.out.clone(),
        })?;
        let mut diffed = None;
        if validated.validation.valid {
            diffed = Some(self.diff_registry(&DiffRequest {
                draft: Some(draft),
                version: None,
                profiles: request.profiles.clone(),
                out: request.extract.out.clone(),
            })?);
        }
        Ok(BuildOutcome { extracted, validated: Some(validated), diffed })
    }
}
