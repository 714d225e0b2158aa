//! `mex registry review`: a person's decision on one diff (contract REG-5). Owns the order: the diff is
//! made again, the review judged, stored, recorded. One decision at a time, over all processes; a
//! rejection is final, and takes an approval back.

use std::path::PathBuf;

use mex_runtime::artifact::{ArtifactHandle, media_type};
use mex_runtime::capability::review::{
    Review, ReviewDecision, ReviewFault, ReviewGround, ReviewerMeans, SCHEMA_VERSION,
};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, RegistryReview};
use mex_runtime::id::JobId;
use mex_runtime::policy::signature::AllowedSigners;
use mex_runtime::port::Clock as _;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::documents;
use crate::error::{AppError, AppResult, query};
use crate::input;
use crate::publish::ReviewState;
use crate::publish::diffed::{Rediffed, export};
use crate::scan::internal;

/// The longest signature read, in bytes.
const MOST_SIGNATURE: usize = 64 * 1024;

/// A decision as somebody gives it.
#[derive(Debug, Clone)]
pub struct ReviewRequest {
    /// The diff: its digest or the start of it; the newest where none is named.
    pub diff: Option<String>,
    /// Yes or no.
    pub decision: ReviewDecision,
    /// Why.
    pub comment: String,
    /// The `right_id` of each added right.
    pub ticked: Vec<String>,
    /// A policy file; the compiled-in default where none is named.
    pub policy: Option<PathBuf>,
    /// The reviewer's signature.
    pub signed: Option<SignedReview>,
    /// A folder for `capability_registry_review.json`.
    pub out: Option<PathBuf>,
}

/// A review that carries a signature.
#[derive(Debug, Clone)]
pub struct SignedReview {
    /// Under which name.
    pub reviewer: String,
    /// The signature as `ssh-keygen -Y sign` wrote it.
    pub signature: PathBuf,
    /// Whose signatures count.
    pub signers: PathBuf,
}

/// A recorded review.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReviewOutcome {
    /// The job that took it in.
    pub job_id: JobId,
    /// What a publish names.
    pub review_sha256: Digest,
    /// The version that may be published now; null after a rejection.
    pub next_version: Option<String>,
    /// The review.
    pub review: Review,
    /// The review, as an artifact.
    pub review_ref: ArtifactHandle,
}

impl App {
    /// Takes in a decision on a diff.
    ///
    /// # Errors
    /// `MEX-REGISTRY-STALE` where the draft, the base or the diff is another by now;
    /// `MEX-REGISTRY-REVIEW` for a right that was not ticked, a rejection without a comment, one's own
    /// draft where a second reviewer is asked for, a diff that was decided already.
    pub fn review_registry(&self, request: &ReviewRequest) -> AppResult<ReviewOutcome> {
        self.on_registry_record("review", self.try_review(request))
    }

    fn try_review(&self, request: &ReviewRequest) -> AppResult<ReviewOutcome> {
        self.registry_job("review a registry diff", |context, job_id| {
            let folder = self.registry_folder();
            let _lock = folder.lock()?;
            self.finish_publish(&folder)?;
            let policy = documents::policy(request.policy.as_deref())?.value;
            let again = self.rediff(self.recorded_diff(request.diff.as_deref())?)?;
            self.may_decide(&again.diff_sha256, request.decision)?;
            let mut review = self.review_of(request, again.diff_sha256);
            let signers = match &request.signed {
                Some(signed) => {
                    let text = input::text(&signed.signature, MOST_SIGNATURE, "signature")?;
                    review.signature = Some(text.trim().to_owned());
                    Some(documents::signers(&signed.signers)?.value)
                }
                None => None,
            };
            self.judge_review(&review, &again, policy.registry, signers.as_ref())?;
            let bytes = review.to_bytes().map_err(internal)?;
            let review_ref = self.store(&bytes, media_type::REGISTRY_REVIEW, "registry_review")?;
            let event = RegistryReview {
                diff_sha256: review.diff_sha256,
                decision: review.decision.word().to_owned(),
                comment: review.comment.clone(),
                review_sha256: Some(review_ref.sha256),
                reviewer_id: Some(review.reviewer_id.clone()),
            };
            self.record(context, EventBody::RegistryReview(event))?;
            export(request.out.as_deref(), "capability_registry_review.json", &bytes)?;
            let next = again.diff.next.capability_registry_version.clone();
            let summary = format!("{}: {} by {}", next, review.decision.word(), review.reviewer_id);
            let outcome = ReviewOutcome {
                job_id,
                review_sha256: review_ref.sha256,
                next_version: (review.decision == ReviewDecision::Approve).then_some(next),
                review,
                review_ref,
            };
            Ok((outcome, summary))
        })
    }

    /// What a reviewer signs, byte by byte, under [`mex_runtime::capability::review::NAMESPACE`].
    ///
    /// # Errors
    /// As [`App::review_registry`], the signature apart. Nothing is recorded.
    pub fn review_payload(&self, request: &ReviewRequest, reviewer: &str) -> AppResult<Vec<u8>> {
        let again = self.rediff(self.recorded_diff(request.diff.as_deref())?)?;
        let review = Review {
            reviewer_id: reviewer.trim().to_owned(),
            how: ReviewerMeans::SshSignature,
            ..self.review_of(request, again.diff_sha256)
        };
        match self.judge_review(&review, &again, Default::default(), None) {
            // Everything else holds.
            Err(error) if error.message == ReviewFault::Unsigned.to_string() => {}
            other => other?,
        }
        review.signed_bytes().map_err(internal)
    }

    fn review_of(&self, request: &ReviewRequest, diff_sha256: Digest) -> Review {
        let mut ticked = request.ticked.clone();
        ticked.sort();
        ticked.dedup();
        let (reviewer_id, how) = match &request.signed {
            Some(signed) => (signed.reviewer.trim().to_owned(), ReviewerMeans::SshSignature),
            None => (self.actor_id.to_string(), ReviewerMeans::KnownUser),
        };
        Review {
            schema_version: SCHEMA_VERSION.to_owned(),
            reviewer_id,
            how,
            decision: request.decision,
            comment: request.comment.trim().to_owned(),
            diff_sha256,
            ticked,
            signature: None,
        }
    }

    /// Whether a review may stand under a policy's rule.
    ///
    /// # Errors
    /// With the first rule it breaks.
    pub(super) fn judge_review(
        &self,
        review: &Review,
        again: &Rediffed,
        rule: mex_runtime::policy::file::RegistryRule,
        signers: Option<&AllowedSigners>,
    ) -> AppResult<()> {
        let drafted_by = self.drafter(&again.recorded.draft_ref.sha256)?;
        let ground = ReviewGround {
            diff: &again.diff,
            drafted_by: drafted_by.as_ref().map(|actor| actor.as_str()),
            rule,
            signers,
            now: self.clock.now(),
        };
        review.judge(&ground).map_err(|fault| {
            let details = match &fault {
                ReviewFault::Unticked(ids) | ReviewFault::UnknownTicks(ids) => {
                    serde_json::json!({ "rights": ids })
                }
                _ => serde_json::Value::Null,
            };
            AppError::new(fault.code(), fault.to_string()).details(details)
        })
    }

    /// The newest decision on a diff.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub(super) fn decided(&self, diff_sha256: &Digest) -> AppResult<Option<RegistryReview>> {
        let all = self.recorder.reviews().map_err(query)?;
        Ok(all.into_iter().find_map(|stored| match stored.event.body {
            EventBody::RegistryReview(review) if review.diff_sha256 == *diff_sha256 => Some(review),
            _ => None,
        }))
    }

    fn may_decide(&self, diff_sha256: &Digest, decision: ReviewDecision) -> AppResult<()> {
        let Some(known) = self.decided(diff_sha256)? else { return Ok(()) };
        let takes_back =
            decision == ReviewDecision::Reject && known.decision == ReviewDecision::Approve.word();
        if takes_back {
            return Ok(());
        }
        let who = known.reviewer_id.unwrap_or_else(|| "somebody".to_owned());
        let message = format!("this diff was decided already: {} by `{who}`", known.decision);
        Err(AppError::new(Code::RegistryReview, message).hint(
            "an approval can be taken back by a rejection; a rejection is final: change the draft",
        ))
    }

    /// Where the review of a diff stands; `alive` says whether it still fits.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub(super) fn review_state(
        &self,
        diff_sha256: &Digest,
        alive: AppResult<()>,
    ) -> AppResult<ReviewState> {
        let decided = self.decided(diff_sha256)?;
        let who = |review: &RegistryReview| review.reviewer_id.clone().unwrap_or_default();
        Ok(match (decided, alive) {
            (Some(review), _) if review.decision == ReviewDecision::Reject.word() => {
                ReviewState::Rejected { reviewer_id: who(&review), comment: review.comment }
            }
            (_, Err(error)) => ReviewState::Dead { reason: error.message },
            (Some(review), Ok(())) => match review.review_sha256 {
                Some(review_sha256) => {
                    ReviewState::Approved { reviewer_id: who(&review), review_sha256 }
                }
                None => ReviewState::Open,
            },
            (None, Ok(())) => ReviewState::Open,
        })
    }
}
