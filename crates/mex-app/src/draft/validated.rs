//! `mex registry validate`: a draft or a registry file by every rule, with the specification, engines
//! and profiles it belongs to. Owns gathering them; the rules are the runtime's.

use std::path::PathBuf;

use mex_runtime::artifact::{ArtifactHandle, media_type};
use mex_runtime::capability::draft::RegistryDraft;
use mex_runtime::capability::extract::{Outline, SpecFile, outlines};
use mex_runtime::capability::validate::{Against, Subject, Validation, validate};
use mex_runtime::code::Code;
use mex_runtime::engine::EngineCatalog;
use mex_runtime::event::{EventBody, EventContext, HumanAction};
use mex_runtime::id::JobId;
use schemars::JsonSchema;
use serde::Serialize;

use super::input::spec_files;
use super::refused;
use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::input;
use crate::publish::folder;
use crate::scan::internal;

/// The longest file read, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The name of the file a validation is written as.
const FILE: &str = "capability_registry_validation.json";

/// What is validated, against what.
#[derive(Debug, Clone, Default)]
pub struct ValidateRequest {
    /// A draft, or a registry file.
    pub file: PathBuf,
    /// The specification; sections are not judged where none is named.
    pub spec: Vec<PathBuf>,
    /// `mechanical_engines.json`; the compiled-in one where none is named.
    pub engines: Option<PathBuf>,
    /// The profiles; those in force where none are named.
    pub profiles: Option<PathBuf>,
    /// A folder for the result.
    pub out: Option<PathBuf>,
}

/// A validation with where it is kept.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ValidateOutcome {
    /// The job that made it.
    pub job_id: JobId,
    /// The result.
    pub validation: Validation,
    /// The result as an artifact.
    pub validation_ref: ArtifactHandle,
}

impl App {
    /// Judges a draft or a registry file by every rule. One that breaks rules is an outcome.
    ///
    /// # Errors
    /// For files that cannot be read, and a denial.
    pub fn validate_registry(&self, request: &ValidateRequest) -> AppResult<ValidateOutcome> {
        let result = self.registry_job("validate a registry draft", |context, job_id| {
            let text = input::text(&request.file, MAX_BYTES, "draft")?;
            let files = spec_files(&request.spec)?;
            let outcome = self.validate_in(&text, &files, request, context, job_id)?;
            let validation = &outcome.validation;
            let summary = format!(
                "{} entries, {} rules broken, {} notes",
                validation.entries,
                validation.defects.len(),
                validation.notes.len()
            );
            Ok((outcome, summary))
        });
        self.on_draft_record("validate", result)
    }

    pub(super) fn validate_in(
        &self,
        text: &str,
        files: &[(String, Vec<u8>)],
        request: &ValidateRequest,
        context: &EventContext,
        job_id: JobId,
    ) -> AppResult<ValidateOutcome> {
        let files: Vec<SpecFile<'_>> =
            files.iter().map(|(name, bytes)| SpecFile { name, bytes }).collect();
        let outlines: Option<Vec<(String, Outline)>> = match files.as_slice() {
            [] => None,
            files => Some(outlines(files).map_err(refused)?),
        };
        let own;
        let catalog = match &request.engines {
            None => &self.catalog,
            Some(path) => {
                let text = input::text(path, MAX_BYTES, "engines file")?;
                own = EngineCatalog::parse(&text)
                    .map_err(|error| AppError::new(Code::EnginesInvalid, error.to_string()))?;
                &own
            }
        };
        let profiles = match &request.profiles {
            Some(path) => input::text(path, MAX_BYTES, "profiles file")?,
            None => self.in_force()?.profiles_text.clone(),
        };
        let against = Against {
            outlines: outlines.as_deref(),
            engines: Some(catalog),
            profiles: Some(&profiles),
        };
        let draft = is_draft(text)
            .then(|| RegistryDraft::parse(text))
            .transpose()
            .map_err(|error| AppError::new(Code::RegistryInvalid, error.to_string()))?;
        let subject = draft.as_ref().map_or(Subject::Registry(text), Subject::Draft);
        let validation = validate(subject, against).map_err(internal)?;
        let mut bytes = serde_json::to_vec_pretty(&validation).map_err(internal)?;
        bytes.push(b'\n');
        let media = media_type::REGISTRY_VALIDATION;
        let validation_ref = self.store(&bytes, media, "registry_validation")?;
        if let Some(out) = &request.out {
            folder::write(&out.join(FILE), &bytes)?;
        }
        let validated = HumanAction::RegistryValidated {
            validation_ref: Box::new(validation_ref.clone()),
            subject_sha256: validation.subject_sha256,
            valid: validation.valid,
        };
        self.record(context, EventBody::HumanAction(validated))?;
        Ok(ValidateOutcome { job_id, validation, validation_ref })
    }
}

fn is_draft(text: &str) -> bool {
    mex_runtime::json::parse(text).is_ok_and(|value| {
        value
            .get("schema_version")
            .and_then(serde_json::Value::as_str)
            .is_some_and(|version| version.starts_with("rd-"))
    })
}
