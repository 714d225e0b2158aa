//! `mex registry diff`: a draft against the registry in force, stored and recorded, so that a review
//! can bind to it (contract REG-4). Owns finding a recorded diff again and making it anew, which is
//! how a stale one shows.

use std::path::{Path, PathBuf};

use mex_recorder::query::RegistryDiffed;
use mex_runtime::artifact::{ArtifactHandle, media_type};
use mex_runtime::capability::diff::RegistryDiff;
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, HumanAction};
use mex_runtime::id::{ActorId, JobId};
use mex_runtime::port::ArtifactStore as _;
use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult, query};
use crate::input;
use crate::publish::candidate::{Candidate, Drafted, MAX_BYTES};
use crate::publish::{RegistryImpact, folder};
use crate::scan::internal;

/// What is compared with the registry in force.
#[derive(Debug, Clone, Default)]
pub struct DiffRequest {
    /// A draft or a registry file.
    pub draft: Option<PathBuf>,
    /// An older version that was published here, in place of a file.
    pub version: Option<String>,
    /// Profiles that would go with it; those in force where none are named, those of the version
    /// where one is.
    pub profiles: Option<PathBuf>,
    /// A folder for `capability_registry_diff.json`.
    pub out: Option<PathBuf>,
}

/// A recorded diff.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DiffOutcome {
    /// The job that made it.
    pub job_id: JobId,
    /// What a review binds to.
    pub diff_sha256: Digest,
    /// Who made the draft: whoever had it compared first.
    pub drafted_by: Option<ActorId>,
    /// Where the review of it stands.
    pub review: ReviewState,
    /// The diff.
    pub diff: RegistryDiff,
    /// The draft, as an artifact.
    pub draft_ref: ArtifactHandle,
    /// The diff, as an artifact.
    pub diff_ref: ArtifactHandle,
}

/// Where the review of a diff stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ReviewState {
    /// Nobody decided yet.
    Open,
    /// It may be published.
    Approved {
        /// By whom.
        reviewer_id: String,
        /// The review.
        review_sha256: Digest,
    },
    /// It may not be published, ever.
    Rejected {
        /// By whom.
        reviewer_id: String,
        /// Why.
        comment: String,
    },
    /// The draft, the base or the diff is another by now.
    Dead {
        /// Which.
        reason: String,
    },
}

/// The newest draft with everything a reviewer needs beside it (the desktop's registry screen).
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RegistryDraftView {
    /// What a review binds to.
    pub diff_sha256: Digest,
    /// Who made the draft.
    pub drafted_by: Option<ActorId>,
    /// When it was compared.
    #[schemars(with = "String")]
    pub diffed_at: jiff::Timestamp,
    /// Where the review of it stands.
    pub review: ReviewState,
    /// The diff, with every added right to tick.
    pub diff: RegistryDiff,
    /// What breaks a rule that needs no specification, as the engines are now, one sentence each; empty
    /// for a valid draft. A diff is only ever made of a valid one.
    pub validation: Vec<String>,
    /// What it would have changed.
    pub impact: RegistryImpact,
}

/// A recorded diff, made again from its own draft against what is in force now.
pub(super) struct Rediffed {
    pub(super) recorded: RegistryDiffed,
    pub(super) candidate: Candidate,
    pub(super) diff: RegistryDiff,
    pub(super) diff_sha256: Digest,
}

impl App {
    /// Compares a draft with the registry in force and records the diff.
    ///
    /// # Errors
    /// For a draft that is not valid: every rule it breaks is named, and nothing is stored.
    pub fn diff_registry(&self, request: &DiffRequest) -> AppResult<DiffOutcome> {
        self.registry_job("compare a registry draft", |context, job_id| {
            let rules = self.in_force()?;
            let (draft, own_profiles) = self.draft_text(request, &rules.registry_text)?;
            let profiles = match &request.profiles {
                Some(path) => input::text(path, MAX_BYTES, "profiles file")?,
                None => own_profiles.unwrap_or_else(|| rules.profiles_text.clone()),
            };
            let candidate = Candidate::read(&draft, &profiles, &self.catalog)?;
            let diff = candidate.diff(&rules, &self.engine_needs(), &self.highest_version()?)?;
            let bytes = mex_runtime::json::canonical(&diff).map_err(internal)?;
            let draft_ref =
                self.store(draft.as_bytes(), media_type::REGISTRY_DRAFT, "registry_draft")?;
            let profiles_ref =
                self.store(profiles.as_bytes(), media_type::PROFILES, "registry_profiles")?;
            let diff_ref = self.store(&bytes, media_type::REGISTRY_DIFF, "registry_diff")?;
            let recorded = HumanAction::RegistryDiffed {
                draft_ref: Box::new(draft_ref.clone()),
                profiles_ref: Box::new(profiles_ref),
                diff_ref: Box::new(diff_ref.clone()),
                base_version: diff.base.capability_registry_version.clone(),
                next_version: diff.next.capability_registry_version.clone(),
            };
            self.record(context, EventBody::HumanAction(recorded))?;
            let mut text = serde_json::to_vec_pretty(&diff).map_err(internal)?;
            text.push(b'\n');
            export(request.out.as_deref(), "capability_registry_diff.json", &text)?;
            let summary = format!(
                "{} added, {} removed, {} changed, {} rights to tick",
                diff.added.len(),
                diff.removed.len(),
                diff.changed.len(),
                diff.added_rights.len()
            );
            let outcome = DiffOutcome {
                job_id,
                diff_sha256: diff_ref.sha256,
                drafted_by: self.drafter(&draft_ref.sha256)?,
                review: self.review_state(&diff_ref.sha256, Ok(()))?,
                diff,
                draft_ref,
                diff_ref,
            };
            Ok((outcome, summary))
        })
    }

    /// The newest recorded diff with its review, its impact over the last `days` and what is to be
    /// ticked; none where no draft was ever compared here.
    ///
    /// # Errors
    /// When the record cannot be read, or its artifacts are gone.
    pub fn registry_draft(&self, days: u16) -> AppResult<Option<RegistryDraftView>> {
        let Some(newest) = self.recorder.registry_diffs().map_err(query)?.into_iter().next() else {
            return Ok(None);
        };
        let diffed_at = newest.event.event.timestamp;
        let recorded_sha256 = newest.diff_ref.sha256;
        let shown: RegistryDiff = self.read_diff(&recorded_sha256)?;
        let drafted_by = self.drafter(&newest.draft_ref.sha256)?;
        let draft = self.registry_text(&newest.draft_ref.sha256)?;
        let profiles = self.registry_text(&newest.profiles_ref.sha256)?;
        let validation = Drafted::read(&draft)?
            .judge(&profiles, &self.catalog)?
            .defects
            .into_iter()
            .map(|defect| format!("`{}`: {}", defect.entry, defect.message))
            .collect();
        let (review, impact) = match self.rediff(newest) {
            Ok(again) => {
                let impact = self.impact_of_candidate(&again.candidate, days)?;
                (self.review_state(&recorded_sha256, Ok(()))?, impact)
            }
            Err(error) => {
                (self.review_state(&recorded_sha256, Err(error))?, RegistryImpact::none(days))
            }
        };
        Ok(Some(RegistryDraftView {
            diff_sha256: recorded_sha256,
            drafted_by,
            diffed_at,
            review,
            diff: shown,
            validation,
            impact,
        }))
    }

    /// The draft somebody means, as text, with the profiles that were published with it.
    fn draft_text(
        &self,
        request: &DiffRequest,
        in_force: &str,
    ) -> AppResult<(String, Option<String>)> {
        match (&request.draft, &request.version) {
            (Some(_), Some(_)) => Err(AppError::new(
                Code::Usage,
                "a draft file and an older version were named: name one of them",
            )),
            (Some(path), None) => Ok((input::text(path, MAX_BYTES, "draft")?, None)),
            (None, Some(version)) => {
                let (registry, profiles) = self.version_text(version)?;
                Ok((registry, Some(profiles)))
            }
            (None, None) => Ok((in_force.to_owned(), None)),
        }
    }

    /// The highest version there ever was here, so that none is given twice.
    pub(super) fn highest_version(&self) -> AppResult<Version> {
        let mut all = self.kept_versions()?;
        for publish in self.recorder.publishes().map_err(query)? {
            if let EventBody::RegistryPublish(publish) = publish.event.body {
                all.extend(Version::parse(&publish.capability_registry_version));
            }
        }
        all.extend(Version::parse(self.in_force()?.registry.version()));
        Ok(all.into_iter().max().unwrap_or_else(|| Version::new(0, 0, 0)))
    }

    /// The recorded diff whose digest begins with what somebody typed; the newest where nothing was.
    ///
    /// # Errors
    /// When none, or more than one, begins with it.
    pub(super) fn recorded_diff(&self, typed: Option<&str>) -> AppResult<RegistryDiffed> {
        let all = self.recorder.registry_diffs().map_err(query)?;
        let Some(typed) = typed else {
            return all.into_iter().next().ok_or_else(|| {
                AppError::new(Code::NotFound, "no registry draft was ever compared here")
                    .hint("compare one with `mex registry diff`")
            });
        };
        let typed = typed.trim().to_ascii_lowercase();
        let mut found: Vec<RegistryDiffed> = Vec::new();
        for one in all {
            let id = one.diff_ref.sha256.to_string();
            let known = found.iter().any(|own| own.diff_ref.sha256 == one.diff_ref.sha256);
            if !typed.is_empty() && id.starts_with(&typed) && !known {
                found.push(one);
            }
        }
        match (found.pop(), found.is_empty()) {
            (Some(one), true) => Ok(one),
            (Some(_), false) => Err(AppError::new(
                Code::AmbiguousId,
                format!("more than one registry diff begins with `{typed}`"),
            )),
            (None, _) => Err(AppError::new(
                Code::NotFound,
                format!("no registry diff begins with `{typed}`"),
            )
            .hint("`mex registry diff` prints the digest of what it compared")),
        }
    }

    pub(super) fn read_diff(&self, sha256: &Digest) -> AppResult<RegistryDiff> {
        RegistryDiff::parse(&self.registry_text(sha256)?)
            .map_err(|error| AppError::new(Code::StoreCorrupt, error.to_string()))
    }

    pub(super) fn registry_text(&self, sha256: &Digest) -> AppResult<String> {
        let bytes = self.recorder.artifacts().read(sha256)?;
        String::from_utf8(bytes).map_err(|_| {
            AppError::new(Code::StoreCorrupt, format!("the artifact {sha256} is no text"))
        })
    }

    /// Makes a recorded diff again. Whatever moved since shows here: then nothing that was decided on
    /// the old one counts (promise P30).
    ///
    /// # Errors
    /// `MEX-REGISTRY-STALE`, naming what is another now.
    pub(super) fn rediff(&self, recorded: RegistryDiffed) -> AppResult<Rediffed> {
        let rules = self.in_force()?;
        let draft = self.registry_text(&recorded.draft_ref.sha256)?;
        let profiles = self.registry_text(&recorded.profiles_ref.sha256)?;
        let candidate = Candidate::again(&draft, &profiles, &self.catalog)?;
        let diff = candidate.diff(&rules, &self.engine_needs(), &self.highest_version()?)?;
        let diff_sha256 = diff.digest().map_err(internal)?;
        if diff_sha256 != recorded.diff_ref.sha256 {
            let shown = self.read_diff(&recorded.diff_ref.sha256)?;
            return Err(AppError::new(Code::RegistryStale, stale(&shown, &diff)));
        }
        Ok(Rediffed { recorded, candidate, diff, diff_sha256 })
    }

    /// Who made a draft: whoever had these bytes compared first.
    pub(super) fn drafter(&self, draft_sha256: &Digest) -> AppResult<Option<ActorId>> {
        let all = self.recorder.registry_diffs().map_err(query)?;
        let first = all.into_iter().rev().find(|one| one.draft_ref.sha256 == *draft_sha256);
        Ok(first.map(|one| one.event.event.actor_id))
    }
}

/// Why a diff that was shown is another one now.
fn stale(shown: &RegistryDiff, now: &RegistryDiff) -> String {
    if shown.base.registry_sha256 != now.base.registry_sha256 {
        return format!(
            "the diff is made against registry {}, and {} is in force",
            shown.base.capability_registry_version, now.base.capability_registry_version
        );
    }
    let part = if shown.base.profiles_sha256 != now.base.profiles_sha256 {
        "the profiles in force are others now"
    } else if shown.next.capability_registry_version != now.next.capability_registry_version {
        "another version was published meanwhile"
    } else if shown.engines != now.engines {
        "the engines are others now"
    } else {
        "the same draft gives another diff now"
    };
    format!("the diff is dead: {part}")
}

/// Writes nothing where nothing was asked for.
pub(super) fn export(out: Option<&Path>, name: &str, bytes: &[u8]) -> AppResult<()> {
    out.map_or(Ok(()), |out| folder::write(&out.join(name), bytes))
}
