//! What a person allowed, for how long, and whether it still holds (contract CAP-5).

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::CapabilityId;
use super::registry::CapabilityRegistry;
use crate::code::Code;
use crate::id::{ActorId, ConsentId, ProfileId};

/// How long a consent holds where nobody says otherwise, in hours.
pub const DEFAULT_CONSENT_HOURS: i64 = 24;

/// One consent: explicit, scoped, expiring, revocable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Its id; an operation references it.
    pub id: ConsentId,
    /// What was consented to; an axis covers its scopes.
    pub capability_id: CapabilityId,
    /// The profile it holds for; null holds for any.
    pub profile_id: Option<ProfileId>,
    /// The person.
    pub granted_by: ActorId,
    /// From when it holds.
    pub granted_at: Timestamp,
    /// From when it does not hold any more.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// A consent cannot be granted as asked: code `MEX-CONSENT-INVALID`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsentRefused {
    /// The registry does not know the capability.
    #[error("`{0}` is not in the capability registry")]
    Unknown(CapabilityId),
    /// The capability needs no consent, so one would only look like protection.
    #[error("`{0}` needs no consent: a profile grants it")]
    NotNeeded(CapabilityId),
    /// The duration is not positive or longer than a year.
    #[error("a consent holds for more than no time and at most 8760 hours")]
    Duration,
}

impl ConsentRefused {
    /// The code hosts switch on.
    pub const fn code(&self) -> Code {
        Code::ConsentInvalid
    }
}

impl Consent {
    /// Makes a consent that holds from `now` on.
    ///
    /// # Errors
    /// For a capability that is unknown or needs none, and for a duration that makes no sense.
    pub fn grant(
        id: ConsentId,
        capability_id: CapabilityId,
        profile_id: Option<ProfileId>,
        granted_by: ActorId,
        now: Timestamp,
        holds_for: SignedDuration,
        registry: &CapabilityRegistry,
    ) -> Result<Self, ConsentRefused> {
        if !registry.knows(&capability_id) {
            return Err(ConsentRefused::Unknown(capability_id));
        }
        if !capability_id.needs_consent() {
            return Err(ConsentRefused::NotNeeded(capability_id));
        }
        if holds_for <= SignedDuration::ZERO || holds_for > SignedDuration::from_hours(8760) {
            return Err(ConsentRefused::Duration);
        }
        let expires_at = now.checked_add(holds_for).map_err(|_| ConsentRefused::Duration)?;
        Ok(Self {
            id,
            capability_id,
            profile_id,
            granted_by,
            granted_at: now,
            expires_at,
            revoked_at: None,
        })
    }

    /// Whether it holds at `now`: granted, not expired, not revoked. A time before the grant
    /// does not count, so a clock set back revives nothing (promise P38).
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.granted_at <= now && now < self.expires_at && self.revoked_at.is_none()
    }

    /// Whether it allows `capability` under `profile` at `now`.
    pub fn allows(&self, capability: &CapabilityId, profile: &ProfileId, now: Timestamp) -> bool {
        self.is_live(now)
            && self.capability_id.covers(capability)
            && self.profile_id.as_ref().is_none_or(|own| own == profile)
    }
}
