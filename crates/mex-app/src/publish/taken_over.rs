//! `mex registry takeover`: a registry that was published elsewhere comes into force here (contract
//! REG-6). Owns judging its signed record by the signer that was named; never trusts a key for
//! standing in the file.

use std::path::{Path, PathBuf};

use mex_recorder::{PublishOrigin, PublishRecord};
use mex_runtime::artifact::media_type;
use mex_runtime::capability::diff::RegistryDiff;
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::PublishedHow;
use semver::Version;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::input;
use crate::publish::candidate::{Candidate, MAX_BYTES};
use crate::publish::released::{PublishOutcome, Release};

/// The longest record or key file read, in bytes.
const MOST_RECORD: usize = 64 * 1024;

/// What is taken over.
#[derive(Debug, Clone)]
pub struct TakeoverRequest {
    /// The registry file. Its profiles and its record lie beside it, as `NAME.profiles.json` and
    /// `NAME.publish.json`.
    pub file: PathBuf,
    /// The signer's public key: 64 hex characters, or a file that holds them.
    pub signer: String,
}

impl App {
    /// Takes over a registry that a known signer published.
    ///
    /// # Errors
    /// `MEX-REGISTRY-RECORD` for a record that does not hold, is another signer's, or is of other
    /// files; `MEX-REGISTRY-PUBLISH` for a version that is not above the one in force.
    pub fn takeover_registry(
        &self,
        request: &TakeoverRequest,
    ) -> AppResult<(PublishOutcome, RegistryDiff)> {
        self.on_registry_record("takeover", self.try_takeover(request))
    }

    fn try_takeover(&self, request: &TakeoverRequest) -> AppResult<(PublishOutcome, RegistryDiff)> {
        let refused = |message: String| AppError::new(Code::RegistryRecord, message);
        self.registry_job("take a registry over", |context, job_id| {
            let signer = signer(&request.signer)?;
            let registry = input::text(&request.file, MAX_BYTES, "registry")?;
            let profiles = input::text(&beside(&request.file, "profiles"), MAX_BYTES, "profiles")?;
            let text =
                input::text(&beside(&request.file, "publish"), MOST_RECORD, "publish record")?;
            let record = PublishRecord::parse(&text).map_err(|error| refused(error.to_string()))?;
            if record.public_key != signer {
                return Err(refused(format!(
                    "the record is intact and signed by {}, not by the signer named",
                    record.public_key
                )));
            }
            for (what, text, expected) in [
                ("registry", &registry, record.statement.registry_sha256),
                ("profiles", &profiles, record.statement.profiles_sha256),
            ] {
                let found = Digest::of(text.as_bytes());
                if found != expected {
                    return Err(refused(format!(
                        "the record is of {what} {expected}, and the file is {found}"
                    )));
                }
            }
            let folder = self.registry_folder();
            let lock = folder.lock()?;
            self.finish_publish(&folder)?;
            let base = self.in_force()?;
            let candidate = Candidate::read(&registry, &profiles, &self.catalog)?;
            let version = record.statement.capability_registry_version.clone();
            if candidate.rules().0.version() != version {
                return Err(refused(format!(
                    "the record is of version {version}, and the file says {}",
                    candidate.rules().0.version()
                )));
            }
            let highest = self.highest_version()?;
            if Version::parse(&version).ok().is_none_or(|version| version <= highest) {
                let message = format!(
                    "version {version} is not above {highest}, the highest there ever was here"
                );
                return Err(AppError::new(Code::RegistryPublish, message)
                    .hint("an older version comes back with `mex registry rollback`"));
            }
            let diff = candidate.diff(&base, &self.engine_needs(), &highest)?;
            let origin_ref =
                self.store(text.as_bytes(), media_type::REGISTRY_RECORD, "publish_record")?;
            let release = Release {
                registry,
                version,
                profiles,
                base: &base,
                diff_sha256: None,
                review_sha256: None,
                how: PublishedHow::TakenOver,
                origin: Some(PublishOrigin {
                    public_key: record.public_key.clone(),
                    record_sha256: origin_ref.sha256,
                }),
            };
            let outcome = self.release(&release, context, job_id)?;
            drop(lock);
            self.in_force()?;
            let summary = format!(
                "capability registry {} of {}",
                outcome.capability_registry_version, record.public_key
            );
            Ok(((outcome, diff), summary))
        })
    }
}

/// `registry.json` has `registry.profiles.json` and `registry.publish.json` beside it.
fn beside(file: &Path, what: &str) -> PathBuf {
    file.with_extension(format!("{what}.json"))
}

/// A public key as it was typed, or the file that holds it.
fn signer(typed: &str) -> AppResult<String> {
    let is_key = |text: &str| {
        text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    };
    let typed = typed.trim();
    if is_key(typed) {
        return Ok(typed.to_owned());
    }
    let text = input::text(Path::new(typed), MOST_RECORD, "signer's key").map_err(|error| {
        error.hint("give the signer's public key: 64 hex characters, or a file that holds them")
    })?;
    let key = text.trim().to_owned();
    if is_key(&key) {
        return Ok(key);
    }
    Err(AppError::new(
        Code::RegistryRecord,
        format!("`{typed}` is no Ed25519 public key: 64 lowercase hex characters"),
    ))
}
