//! `mex registry publish` and `rollback` (contract REG-6): what was approved comes into force. Owns the
//! order: everything is judged again, prepared beside what is in force, recorded, and only then put in
//! its place, so that a kill at any moment leaves the old registry or the new one, whole.

use std::path::PathBuf;

use mex_recorder::{PublishOrigin, PublishStatement};
use mex_runtime::artifact::media_type;
use mex_runtime::capability::LoadedRegistry;
use mex_runtime::capability::review::{Review, ReviewDecision};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, EventContext, PublishedHow, RegistryPublish, RegistryReview};
use mex_runtime::id::{EventId, JobId};
use mex_runtime::policy::file::{ApprovalRule, ReviewerRule};
use mex_runtime::port::{Clock as _, Record, Recorder as _};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::documents;
use crate::error::{AppError, AppResult, query};
use crate::publish::diffed::{DiffRequest, Rediffed, export};
use crate::publish::folder::{Pending, PublishedText};
use crate::publish::reviewed::ReviewRequest;
use crate::scan::internal;

/// What is published.
#[derive(Debug, Clone, Default)]
pub struct PublishRequest {
    /// The review that allows it: its digest, that of its diff, or the start of either; the newest
    /// approval where none is named.
    pub review: Option<String>,
    /// A policy file; the compiled-in default where none is named.
    pub policy: Option<PathBuf>,
    /// Whose signatures count, where the review is signed.
    pub signers: Option<PathBuf>,
    /// A folder for a copy of what was published.
    pub out: Option<PathBuf>,
}

/// An older version published again, as a new one.
#[derive(Debug, Clone)]
pub struct RollbackRequest {
    /// Which.
    pub version: String,
    /// Why.
    pub reason: String,
    /// The `right_id` of each right that comes back.
    pub ticked: Vec<String>,
    /// A policy file; the compiled-in default where none is named.
    pub policy: Option<PathBuf>,
    /// A folder for a copy of what was published.
    pub out: Option<PathBuf>,
}

/// What came into force.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PublishOutcome {
    /// The job that published it.
    pub job_id: JobId,
    /// The version in force now.
    pub capability_registry_version: String,
    /// SHA-256 of its file.
    pub registry_sha256: Digest,
    /// SHA-256 of its profiles.
    pub profiles_sha256: Digest,
    /// The version it follows.
    pub previous_version: String,
    /// How it came to be published.
    pub how: PublishedHow,
    /// The event that says so.
    pub event_id: EventId,
    /// The key that signed the record beside it.
    pub public_key: String,
    /// Where it lies.
    pub path: String,
}

/// Everything a publish is made of.
pub(super) struct Release<'a> {
    pub(super) registry: String,
    pub(super) version: String,
    pub(super) profiles: String,
    pub(super) base: &'a LoadedRegistry,
    pub(super) diff_sha256: Option<Digest>,
    pub(super) review_sha256: Option<Digest>,
    pub(super) how: PublishedHow,
    pub(super) origin: Option<PublishOrigin>,
}

impl App {
    /// Publishes what was approved.
    ///
    /// # Errors
    /// `MEX-REGISTRY-STALE` where the draft, the base or the diff is another by now,
    /// `MEX-REGISTRY-REVIEW` where the review does not hold any more or under this policy,
    /// `MEX-REGISTRY-PUBLISH` where nothing was approved. The registry in force stays in force.
    pub fn publish_registry(&self, request: &PublishRequest) -> AppResult<PublishOutcome> {
        let published = self.registry_job("publish a registry", |context, job_id| {
            let folder = self.registry_folder();
            let lock = folder.lock()?;
            self.finish_publish(&folder)?;
            let decided = self.approval(request.review.as_deref())?;
            let again = self.rediff(self.recorded_diff(Some(&decided.diff_sha256.to_string()))?)?;
            let review_sha256 = self.hold_review(&decided, &again, request)?;
            let how = PublishedHow::Reviewed;
            let outcome = self.publish_rediffed(&again, review_sha256, how, context, job_id)?;
            drop(lock);
            self.export_published(request.out.as_deref())?;
            let summary = format!("capability registry {}", outcome.capability_registry_version);
            Ok((outcome, summary))
        });
        self.on_registry_record("publish", published)
    }

    /// Publishes an older version again, under a new one: diff, review and publish in one step. Every
    /// right that comes back is ticked as in any review.
    ///
    /// # Errors
    /// As [`App::review_registry`] and [`App::publish_registry`]; where the policy asks for a second
    /// reviewer or a signature: those steps are taken one by one then.
    pub fn rollback_registry(&self, request: &RollbackRequest) -> AppResult<PublishOutcome> {
        self.on_registry_record("rollback", self.try_rollback(request))
    }

    fn try_rollback(&self, request: &RollbackRequest) -> AppResult<PublishOutcome> {
        let rule = documents::policy(request.policy.as_deref())?.value.registry;
        if rule.reviewer == ReviewerRule::Second || rule.approvals == ApprovalRule::SshSignature {
            let message = "the policy asks for a second reviewer or a signature: a rollback in one \
                           step has neither";
            return Err(AppError::new(Code::RegistryReview, message)
                .hint("`mex registry diff --version N`, then `review` and `publish`"));
        }
        if request.reason.trim().is_empty() {
            return Err(AppError::new(Code::RegistryPublish, "a rollback needs a reason")
                .hint("say why with `--reason`"));
        }
        let diffed = self.diff_registry(&DiffRequest {
            version: Some(request.version.clone()),
            ..DiffRequest::default()
        })?;
        let review = self.review_registry(&ReviewRequest {
            diff: Some(diffed.diff_sha256.to_string()),
            decision: ReviewDecision::Approve,
            comment: request.reason.clone(),
            ticked: request.ticked.clone(),
            policy: request.policy.clone(),
            signed: None,
            out: None,
        })?;
        self.registry_job("roll a registry back", |context, job_id| {
            let folder = self.registry_folder();
            let lock = folder.lock()?;
            self.finish_publish(&folder)?;
            let again = self.rediff(self.recorded_diff(Some(&diffed.diff_sha256.to_string()))?)?;
            let how = PublishedHow::RolledBack;
            let outcome =
                self.publish_rediffed(&again, review.review_sha256, how, context, job_id)?;
            drop(lock);
            self.export_published(request.out.as_deref())?;
            let summary = format!(
                "capability registry {} holds what {} held",
                outcome.capability_registry_version, request.version
            );
            Ok((outcome, summary))
        })
    }

    /// The approval somebody means: the newest decision on its diff.
    fn approval(&self, typed: Option<&str>) -> AppResult<RegistryReview> {
        let nothing = |message: String| {
            AppError::new(Code::RegistryPublish, message)
                .hint("have a diff approved with `mex registry review`")
        };
        let typed = typed.map(|text| text.trim().to_ascii_lowercase());
        let starts = |digest: &Digest| {
            typed.as_ref().is_none_or(|typed| {
                !typed.is_empty() && digest.to_string().starts_with(typed.as_str())
            })
        };
        let mut found: Vec<RegistryReview> = Vec::new();
        for stored in self.recorder.reviews().map_err(query)? {
            let EventBody::RegistryReview(review) = stored.event.body else { continue };
            let named =
                starts(&review.diff_sha256) || review.review_sha256.as_ref().is_some_and(&starts);
            let older = found.iter().any(|known| known.diff_sha256 == review.diff_sha256);
            if named && !older {
                found.push(review);
            }
            if typed.is_none() && !found.is_empty() {
                break;
            }
        }
        let newest = match (found.len(), found.into_iter().next()) {
            (0 | 1, one) => one.ok_or_else(|| nothing("nothing was reviewed".to_owned()))?,
            _ => {
                return Err(AppError::new(
                    Code::AmbiguousId,
                    "more than one review begins with what was typed",
                ));
            }
        };
        // A review that was taken back is not the newest decision on its diff.
        let standing = self.decided(&newest.diff_sha256)?.unwrap_or(newest);
        if standing.decision != ReviewDecision::Approve.word() {
            let who = standing.reviewer_id.unwrap_or_default();
            return Err(nothing(format!("the diff was rejected by `{who}`: {}", standing.comment)));
        }
        Ok(standing)
    }

    /// Judges a stored review once more, under the policy of this publish.
    fn hold_review(
        &self,
        decided: &RegistryReview,
        again: &Rediffed,
        request: &PublishRequest,
    ) -> AppResult<Digest> {
        let sha256 = decided.review_sha256.ok_or_else(|| {
            AppError::new(Code::RegistryReview, "the review on record names no document")
        })?;
        let text = self.registry_text(&sha256)?;
        let review =
            Review::parse(&text).map_err(|fault| AppError::new(fault.code(), fault.to_string()))?;
        if review.decision != ReviewDecision::Approve {
            return Err(AppError::new(
                Code::RegistryReview,
                "the event says approved and the review document does not",
            ));
        }
        let policy = documents::policy(request.policy.as_deref())?.value;
        let signers = request.signers.as_deref().map(documents::signers).transpose()?;
        let signers = signers.as_ref().map(|document| &document.value);
        self.judge_review(&review, again, policy.registry, signers)?;
        Ok(sha256)
    }

    fn publish_rediffed(
        &self,
        again: &Rediffed,
        review_sha256: Digest,
        how: PublishedHow,
        context: &EventContext,
        job_id: JobId,
    ) -> AppResult<PublishOutcome> {
        let base = self.in_force()?;
        let version = &again.diff.next.capability_registry_version;
        let parsed = semver::Version::parse(version)
            .map_err(|error| AppError::new(Code::Internal, error.to_string()))?;
        let registry = again.candidate.text(&parsed)?;
        if Digest::of(registry.as_bytes()) != again.diff.next.registry_sha256 {
            return Err(AppError::new(
                Code::RegistryStale,
                "the registry that would be written is not the one that was reviewed",
            ));
        }
        let release = Release {
            registry,
            version: version.clone(),
            profiles: again.candidate.profiles_text().to_owned(),
            base: &base,
            diff_sha256: Some(again.diff_sha256),
            review_sha256: Some(review_sha256),
            how,
            origin: None,
        };
        self.release(&release, context, job_id)
    }

    /// Puts a registry in force, under the folder's lock. Until its event is recorded nothing changed;
    /// from then on it is in force, and whoever looks next puts its files in place where this process
    /// does not come to it.
    ///
    /// # Errors
    /// When something cannot be stored, recorded or written.
    pub(super) fn release(
        &self,
        release: &Release<'_>,
        context: &EventContext,
        job_id: JobId,
    ) -> AppResult<PublishOutcome> {
        let folder = self.registry_folder();
        let handle =
            self.store(release.registry.as_bytes(), media_type::REGISTRY, "capability_registry")?;
        let profiles =
            self.store(release.profiles.as_bytes(), media_type::PROFILES, "registry_profiles")?;
        let publish = RegistryPublish {
            capability_registry_version: release.version.clone(),
            registry_sha256: handle.sha256,
            diff_sha256: release.diff_sha256,
            profiles_sha256: Some(profiles.sha256),
            review_sha256: release.review_sha256,
            previous_sha256: Some(release.base.registry.digest()),
            how: release.how,
        };
        let event = self.event(context, EventBody::RegistryPublish(publish));
        let event_id = event.event_id;
        let record = self
            .recorder
            .sign_publish(PublishStatement {
                capability_registry_version: release.version.clone(),
                registry_sha256: handle.sha256,
                profiles_sha256: profiles.sha256,
                previous_version: release.base.registry.version().to_owned(),
                previous_sha256: release.base.registry.digest(),
                diff_sha256: release.diff_sha256,
                review_sha256: release.review_sha256,
                how: release.how,
                origin: release.origin.clone(),
                event_id,
                published_at: self.clock.now(),
                published_by: self.actor_id.clone(),
            })
            .map_err(internal)?;
        let bytes = record.to_bytes().map_err(internal)?;
        let record_ref = self.store(&bytes, media_type::REGISTRY_RECORD, "publish_record")?;
        let text = PublishedText {
            registry: release.registry.clone(),
            profiles: release.profiles.clone(),
            record: bytes,
        };
        folder.prepare(
            &text,
            &Pending {
                schema_version: "pp-1.0".to_owned(),
                event_id,
                capability_registry_version: release.version.clone(),
                registry_sha256: handle.sha256,
                profiles_sha256: profiles.sha256,
                record_sha256: record_ref.sha256,
            },
        )?;
        self.recorder.record(vec![Record::from(event)])?;
        folder.take_over(&text).map_err(|error| {
            error.hint("it is published; its files are put in place by the next command")
        })?;
        Ok(PublishOutcome {
            job_id,
            capability_registry_version: release.version.clone(),
            registry_sha256: handle.sha256,
            profiles_sha256: profiles.sha256,
            previous_version: release.base.registry.version().to_owned(),
            how: release.how,
            event_id,
            public_key: record.public_key,
            path: folder.registry().display().to_string(),
        })
    }

    /// Copies what is in force, with its record, to a folder: what another machine takes over.
    pub(super) fn export_published(&self, out: Option<&std::path::Path>) -> AppResult<()> {
        let Some(out) = out else { return Ok(()) };
        let rules = self.in_force()?;
        let version = rules.registry.version();
        let record = super::folder::read(&self.registry_folder().version(version, ".publish"))?
            .ok_or_else(|| {
                AppError::new(Code::NotFound, format!("version {version} has no publish record"))
            })?;
        export(Some(out), "capability_registry.json", rules.registry_text.as_bytes())?;
        export(Some(out), "capability_registry.profiles.json", rules.profiles_text.as_bytes())?;
        export(Some(out), "capability_registry.publish.json", record.as_bytes())
    }
}
