//! The capability registry as its screen asks for it: what is in force, the draft with everything to
//! tick, review, publish, rollback. What each of them means stays with [`crate::publish`].

use mex_runtime::capability::review::ReviewDecision;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Screens;
use crate::error::AppResult;
use crate::publish::{
    PublishOutcome, PublishRequest, RegistryDraftView, RegistryVersions, ReviewOutcome,
    ReviewRequest, RollbackRequest,
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
}

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishRegistryRequest {
    /// The digest of the review that allows it.
    pub review_id: String,
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
        self.app.review_registry(&ReviewRequest {
            diff: Some(request.diff_sha256.clone()),
            decision: request.decision,
            comment: request.comment.clone(),
            ticked: request.ticked.clone(),
            policy: None,
            signed: None,
            out: None,
        })
    }

    /// Publishes what was approved.
    ///
    /// # Errors
    /// As [`crate::app::App::publish_registry`].
    pub fn publish_registry(&self, request: &PublishRegistryRequest) -> AppResult<PublishOutcome> {
        self.app.publish_registry(&PublishRequest {
            review: Some(request.review_id.clone()),
            ..PublishRequest::default()
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
