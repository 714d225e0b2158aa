//! The capability registry as its screen asks for it: what is in force, the draft with everything to
//! tick, review, publish, rollback. What each of them means stays with [`crate::publish`].

use std::path::PathBuf;

use mex_runtime::capability::review::ReviewDecision;
use mex_runtime::code::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Screens;
use crate::error::{AppError, AppResult};
use crate::publish::{
    PublishOutcome, PublishRequest, RegistryDraftView, RegistryVersions, ReviewOutcome,
    ReviewRequest, RollbackRequest, SignedReview,
};
use crate::registry::RegistryView;

/// How far back an impact looks where a question does not say.
const USUAL_DAYS: u16 = 30;

/// Which registry is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryQuestion {
    /// A version that was published here; null is the one in force.
    #[serde(default)]
    pub version: Option<String>,
}

/// Which days an impact looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryDraftQuestion {
    /// So many days back; null is 30.
    #[serde(default)]
    pub days: Option<u16>,
}

/// A decision on the diff that was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewRegistryRequest {
    /// The digest of what was shown, whole.
    pub diff_sha256: String,
    /// Yes or no.
    pub decision: ReviewDecision,
    /// Why.
    pub comment: String,
    /// The `right_id` of every right that was ticked.
    pub ticked: Vec<String>,
    /// A policy file, which says whether a second reviewer or a signature is asked for; null for the
    /// default.
    #[serde(default)]
    pub policy: Option<String>,
    /// The reviewer's signature; null reviews as who is logged in.
    #[serde(default)]
    pub signed: Option<SignedReviewRequest>,
}

/// A signature that somebody made of [`Screens::review_payload`] with a key that mex never sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedReviewRequest {
    /// Under which name, as the allowed-signers file has it.
    pub reviewer: String,
    /// The file that `ssh-keygen -Y sign` wrote.
    pub signature: String,
    /// The allowed-signers file.
    pub signers: String,
}

/// What is to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewPayloadRequest {
    /// The decision, as it is sent once it is signed.
    pub review: ReviewRegistryRequest,
    /// Who will sign, as the allowed-signers file has it.
    pub reviewer: String,
}

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishRegistryRequest {
    /// The digest of the review that allows it.
    pub review_id: String,
    /// The policy file of the review; null for the default.
    #[serde(default)]
    pub policy: Option<String>,
    /// The allowed-signers file, where the review is signed.
    #[serde(default)]
    pub signers: Option<String>,
}

/// An older version that comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackRegistryRequest {
    /// Which.
    pub version: String,
    /// Why.
    pub reason: String,
    /// The `right_id` of every right that comes back.
    pub ticked: Vec<String>,
}

impl Screens {
    /// The registry in force, or an older version.
    ///
    /// # Errors
    /// As [`crate::app::App::registry_version`].
    pub fn registry_view(&self, question: &RegistryQuestion) -> AppResult<RegistryView> {
        match &question.version {
            Some(version) => self.app.registry_version(version),
            None => self.app.registry_view(None),
        }
    }

    /// The newest draft with its diff, its review and its impact; null where none was compared.
    ///
    /// # Errors
    /// As [`crate::app::App::registry_draft`].
    pub fn registry_draft(
        &self,
        question: &RegistryDraftQuestion,
    ) -> AppResult<Option<RegistryDraftView>> {
        self.app.registry_draft(question.days.unwrap_or(USUAL_DAYS).clamp(1, 3650))
    }

    /// Every version that was published here, newest first.
    ///
    /// # Errors
    /// As [`crate::app::App::registry_versions`].
    pub fn registry_versions(&self) -> AppResult<RegistryVersions> {
        self.app.registry_versions()
    }

    /// Takes in a decision on the diff that was shown.
    ///
    /// # Errors
    /// As [`crate::app::App::review_registry`].
    pub fn review_registry(&self, request: &ReviewRegistryRequest) -> AppResult<ReviewOutcome> {
        self.app.review_registry(&asked(request))
    }

    /// What a reviewer signs, byte by byte (contract REG-5, SC-4). The key stays with who has it: a
    /// signature comes back with [`Screens::review_registry`].
    ///
    /// # Errors
    /// As [`crate::app::App::review_payload`], and for a reviewer without a name.
    pub fn review_payload(&self, request: &ReviewPayloadRequest) -> AppResult<Vec<u8>> {
        if request.reviewer.trim().is_empty() {
            let message = "nobody was named who signs";
            return Err(AppError::new(Code::RegistryReview, message)
                .hint("name the reviewer as the allowed-signers file does"));
        }
        self.app.review_payload(&asked(&request.review), &request.reviewer)
    }

    /// Publishes what was approved.
    ///
    /// # Errors
    /// As [`crate::app::App::publish_registry`].
    pub fn publish_registry(&self, request: &PublishRegistryRequest) -> AppResult<PublishOutcome> {
        self.app.publish_registry(&PublishRequest {
            review: Some(request.review_id.clone()),
            policy: request.policy.as_ref().map(PathBuf::from),
            signers: request.signers.as_ref().map(PathBuf::from),
            out: None,
        })
    }

    /// Publishes an older version again, as a new one.
    ///
    /// # Errors
    /// As [`crate::app::App::rollback_registry`].
    pub fn rollback_registry(
        &self,
        request: &RollbackRegistryRequest,
    ) -> AppResult<PublishOutcome> {
        self.app.rollback_registry(&RollbackRequest {
            version: request.version.clone(),
            reason: request.reason.clone(),
            ticked: request.ticked.clone(),
            policy: None,
            out: None,
        })
    }
}

fn asked(request: &ReviewRegistryRequest) -> ReviewRequest {
    ReviewRequest {
        diff: Some(request.diff_sha256.clone()),
        decision: request.decision,
        comment: request.comment.clone(),
        ticked: request.ticked.clone(),
        policy: request.policy.as_ref().map(PathBuf::from),
        signed: request.signed.as_ref().map(|signed| SignedReview {
            reviewer: signed.reviewer.clone(),
            signature: PathBuf::from(&signed.signature),
            signers: PathBuf::from(&signed.signers),
        }),
        out: None,
    }
}
