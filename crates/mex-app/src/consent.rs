//! Consents: grant, revoke, list (contract CAP-5). A consent is what its events say; nothing else
//! is stored, so a revocation holds at once, in every process on the data folder.

use jiff::{SignedDuration, Timestamp};
use mex_recorder::FlightRecorder;
use mex_recorder::query::{ConsentEntry, ConsentState, IdKind};
use mex_runtime::capability::{CapabilityId, Consent};
use mex_runtime::code::Code;
use mex_runtime::event::{ConsentEvent, EventBody};
use mex_runtime::id::{ConsentId, ProfileId};
use mex_runtime::port::Clock as _;

use crate::app::App;
use crate::error::{AppError, AppResult, query};

/// What a person consents to.
#[derive(Debug, Clone)]
pub struct ConsentRequest {
    /// The capability, with its scope.
    pub capability: String,
    /// Only under this profile; none holds for any.
    pub profile: Option<String>,
    /// For so many hours.
    pub hours: u32,
    /// Why.
    pub reason: String,
}

impl App {
    /// Grants a consent for a time.
    ///
    /// # Errors
    /// For a capability that is unknown or needs no consent, an unknown profile, no reason.
    pub fn grant_consent(&self, request: &ConsentRequest) -> AppResult<ConsentEntry> {
        let invalid = |message: String| AppError::new(Code::ConsentInvalid, message);
        if request.reason.trim().is_empty() {
            return Err(
                invalid("a consent needs a reason".to_owned()).hint("say why with `--reason`")
            );
        }
        let capability: CapabilityId = request.capability.parse().map_err(
            |error: mex_runtime::capability::BadCapabilityId| invalid(error.to_string()),
        )?;
        let profile: Option<ProfileId> = match &request.profile {
            None => None,
            Some(name) => Some(self.known_profile(name)?),
        };
        let id = ConsentId::new(self.clock.uuid());
        let consent = Consent::grant(
            id,
            capability,
            profile,
            self.actor_id.clone(),
            self.clock.now(),
            SignedDuration::from_hours(i64::from(request.hours)),
            &self.in_force()?.registry,
        )
        .map_err(|error| AppError::new(error.code(), error.to_string()))?;
        let granted = ConsentEvent::Granted {
            consent_id: id,
            capability_id: consent.capability_id.to_string(),
            profile_id: consent.profile_id.clone(),
            expires_at: consent.expires_at,
            reason: request.reason.clone(),
        };
        self.record(&self.by_person(), EventBody::Consent(granted))?;
        self.consent(id)
    }

    /// Takes a consent back.
    ///
    /// # Errors
    /// For an id that names none or several, and for one that is not live any more.
    pub fn revoke_consent(&self, id: &str, reason: &str) -> AppResult<ConsentEntry> {
        let id: ConsentId = self.resolve(IdKind::Consent, id)?;
        let entry = self.consent(id)?;
        if entry.state != ConsentState::Live {
            return Err(AppError::new(
                Code::ConsentInvalid,
                format!("the consent `{id}` is not live any more"),
            )
            .hint("nothing has to be done: it allows nothing"));
        }
        let revoked = ConsentEvent::Revoked { consent_id: id, reason: reason.to_owned() };
        self.record(&self.by_person(), EventBody::Consent(revoked))?;
        self.consent(id)
    }

    /// Every consent with its state.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub fn list_consents(&self) -> AppResult<Vec<ConsentEntry>> {
        self.recorder.consents(self.clock.now()).map_err(query)
    }

    fn consent(&self, id: ConsentId) -> AppResult<ConsentEntry> {
        self.list_consents()?
            .into_iter()
            .find(|entry| entry.consent_id == id)
            .ok_or_else(|| AppError::new(Code::NotFound, format!("there is no consent `{id}`")))
    }

    pub(crate) fn known_profile(&self, name: &str) -> AppResult<ProfileId> {
        let rules = self.in_force()?;
        let unknown = || {
            let known: Vec<&str> =
                rules.profiles.iter().map(|profile| profile.profile_id.as_str()).collect();
            AppError::new(Code::NotFound, format!("there is no profile `{name}`"))
                .hint(format!("the profiles are {}", known.join(", ")))
        };
        let id: ProfileId = name.parse().map_err(|_| unknown())?;
        rules.profiles.profile(&id).map(|_| id).ok_or_else(unknown)
    }
}

/// Every consent, as the gates read them.
pub(crate) fn all(recorder: &FlightRecorder, now: Timestamp) -> AppResult<Vec<Consent>> {
    let entries = recorder.consents(now).map_err(query)?;
    Ok(entries
        .into_iter()
        // What is recorded and not a capability any more allows nothing.
        .filter_map(|entry| {
            Some(Consent {
                id: entry.consent_id,
                capability_id: entry.capability_id.parse().ok()?,
                profile_id: entry.profile_id,
                granted_by: entry.granted_by,
                granted_at: entry.granted_at,
                expires_at: entry.expires_at,
                revoked_at: (entry.state == ConsentState::Revoked).then_some(entry.granted_at),
            })
        })
        .collect())
}
