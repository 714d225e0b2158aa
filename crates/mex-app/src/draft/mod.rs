//! From a specification to a draft of the registry, and whether it holds (contract REG-1 to REG-3).
//! Owns the use cases `extract`, `validate` and `build`, each a governed job of kind `workflow_run` with
//! its inputs and outputs as artifacts. What a text declares is [`mex_runtime::capability::extract`]'s to
//! say; a refused attempt stores nothing and changes nothing.

mod ask;
mod built;
mod input;
mod validated;

pub use ask::{ModelAsked, ModelRequest, Sending};
pub use built::{BuildOutcome, BuildRequest};
pub use validated::{ValidateOutcome, ValidateRequest};

use std::path::PathBuf;

use mex_runtime::artifact::{ArtifactHandle, media_type};
use mex_runtime::capability::draft::RegistryDraft;
use mex_runtime::capability::extract::{Deterministic, ExtractError, Extractor};
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, EventContext, HumanAction};
use mex_runtime::id::JobId;
use mex_runtime::port::Cancel;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::publish::folder;
use crate::scan::internal;
use input::Specification;

/// The name of the file a draft is written as.
pub const DRAFT_FILE: &str = "capability_registry_draft.json";

/// What is extracted from what.
#[derive(Debug, Clone, Default)]
pub struct ExtractRequest {
    /// The Markdown files of the specification.
    pub spec: Vec<PathBuf>,
    /// `mechanical_engines.json`; the compiled-in one where none is named.
    pub engines: Option<PathBuf>,
    /// The previous registry; the one in force where none is named.
    pub previous: Option<PathBuf>,
    /// A model to ask beside the rules.
    pub model: Option<ModelRequest>,
    /// A folder for the draft.
    pub out: Option<PathBuf>,
}

/// A draft with where it is kept.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ExtractOutcome {
    /// The job that made it.
    pub job_id: JobId,
    /// SHA-256 of its bytes; null where nothing was asked but what would be sent.
    pub draft_sha256: Option<Digest>,
    /// The draft as an artifact.
    pub draft_ref: Option<ArtifactHandle>,
    /// The draft.
    pub draft: Option<RegistryDraft>,
    /// What went to a model, or would; null without one.
    pub model: Option<ModelAsked>,
    /// Where it was written.
    pub written: Option<String>,
}

impl App {
    /// Makes a draft of a specification.
    ///
    /// # Errors
    /// For an input that cannot be read as what it is, a denial, and a model that does not answer:
    /// nothing is stored and nothing written then.
    pub fn extract_registry(
        &self,
        request: &ExtractRequest,
        cancel: &Cancel,
    ) -> AppResult<ExtractOutcome> {
        let result = self.registry_job("extract a registry draft", |context, job_id| {
            let outcome = self.extract_in(request, context, job_id, cancel)?;
            let summary = match (&outcome.draft, &outcome.draft_sha256) {
                (Some(draft), Some(sha256)) => format!(
                    "{} entries, {} findings, draft {sha256}",
                    draft.entries.len(),
                    draft.findings.len()
                ),
                _ => "what would be sent was shown".to_owned(),
            };
            Ok((outcome, summary))
        });
        self.on_draft_record("extract", result)
    }

    pub(super) fn extract_in(
        &self,
        request: &ExtractRequest,
        context: &EventContext,
        job_id: JobId,
        cancel: &Cancel,
    ) -> AppResult<ExtractOutcome> {
        let read = Specification::read(self, request)?;
        let files = read.files();
        let input = read.input(&files);
        let mut asked = None;
        let draft = match &request.model {
            None => Deterministic.extract(&input).map_err(refused)?,
            Some(model) => {
                let (draft, what) = self.ask_model(model, &input, context, cancel)?;
                asked = Some(what);
                match draft {
                    Some(draft) => draft,
                    None => {
                        return Ok(ExtractOutcome {
                            job_id,
                            draft_sha256: None,
                            draft_ref: None,
                            draft: None,
                            model: asked,
                            written: None,
                        });
                    }
                }
            }
        };
        if cancel.is_cancelled() {
            let message = "the extraction was cancelled";
            return Err(AppError::new(mex_runtime::code::Code::Cancelled, message));
        }
        let bytes = draft.to_bytes().map_err(internal)?;
        let mut input_refs = Vec::new();
        for (bytes, media, role) in read.artifacts() {
            input_refs.push(self.store(bytes, media, role)?);
        }
        let draft_ref = self.store(&bytes, media_type::REGISTRY_DRAFT, "registry_draft")?;
        let mut written = None;
        if let Some(out) = &request.out {
            let path = out.join(DRAFT_FILE);
            folder::write(&path, &bytes)?;
            written = Some(path.display().to_string());
        }
        let drafted = HumanAction::RegistryDrafted {
            draft_ref: Box::new(draft_ref.clone()),
            input_refs,
            model_id: draft.model_id.clone(),
        };
        self.record(context, EventBody::HumanAction(drafted))?;
        Ok(ExtractOutcome {
            job_id,
            draft_sha256: Some(draft_ref.sha256),
            draft_ref: Some(draft_ref),
            draft: Some(draft),
            model: asked,
            written,
        })
    }

    /// Records a refused attempt (contract section 15) and hands the result on.
    fn on_draft_record<T>(&self, attempt: &str, result: AppResult<T>) -> AppResult<T> {
        if let Err(error) = &result {
            self.record_registry_refusal(attempt, error)?;
        }
        result
    }
}

fn refused(error: ExtractError) -> AppError {
    AppError::new(error.code(), error.to_string())
}
