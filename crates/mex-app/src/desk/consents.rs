//! Consents as their screen asks for them. What a consent is stays with [`crate::consent`].

use mex_recorder::query::ConsentEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Screens;
use crate::consent::ConsentRequest;
use crate::error::AppResult;

/// What a person consents to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantConsentRequest {
    /// The capability, with its scope.
    pub capability: String,
    /// Only under this profile; null holds for any.
    #[serde(default)]
    pub profile: Option<String>,
    /// For so many hours.
    pub hours: u32,
    /// Why.
    pub reason: String,
}

/// A consent that is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeConsentRequest {
    /// Which.
    pub id: String,
    /// Why.
    pub reason: String,
}

impl Screens {
    /// Every consent with its state, newest first.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub fn consents(&self) -> AppResult<Vec<ConsentEntry>> {
        self.app.list_consents()
    }

    /// Grants a consent for a time.
    ///
    /// # Errors
    /// As [`crate::app::App::grant_consent`].
    pub fn grant_consent(&self, request: &GrantConsentRequest) -> AppResult<ConsentEntry> {
        self.app.grant_consent(&ConsentRequest {
            capability: request.capability.clone(),
            profile: request.profile.clone(),
            hours: request.hours,
            reason: request.reason.clone(),
        })
    }

    /// Takes a consent back; it allows nothing from now on.
    ///
    /// # Errors
    /// As [`crate::app::App::revoke_consent`].
    pub fn revoke_consent(&self, request: &RevokeConsentRequest) -> AppResult<ConsentEntry> {
        self.app.revoke_consent(&request.id, &request.reason)
    }
}
