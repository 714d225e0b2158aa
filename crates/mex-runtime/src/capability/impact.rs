//! What a draft would have changed (contract REG-5, issue text "impact preview"): recorded capability
//! checks judged again under what is in force and under the draft, over the facts of their moment.
//! Owns the judging of one recorded check; never reads the record and never allows anything.

use jiff::Timestamp;

use super::check::{CapabilityQuery, ConsentReferences, check};
use super::consent::Consent;
use super::id::CapabilityId;
use super::profile::Profiles;
use super::registry::CapabilityRegistry;
use crate::code::Code;
use crate::event::{CapabilityCheck, DecisionOutcome};
use crate::id::ProfileId;

/// Rules to judge by: a registry with its profiles.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The registry.
    pub registry: &'a CapabilityRegistry,
    /// Its profiles.
    pub profiles: &'a Profiles,
}

/// One recorded check with the facts of its moment.
#[derive(Debug, Clone, Copy)]
pub struct RecordedCheck<'a> {
    /// As it was recorded.
    pub check: &'a CapabilityCheck,
    /// When.
    pub at: Timestamp,
    /// What the engine and operation may use; null where nothing is known of them, and then that
    /// question gets the recorded answer.
    pub usable: Option<&'a [CapabilityId]>,
    /// Every consent there is.
    pub consents: &'a [Consent],
}

/// What a recorded check comes to under some rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejudged {
    /// Allowed or denied.
    pub outcome: DecisionOutcome,
    /// Why not; empty for an allow.
    pub reason: String,
}

impl RecordedCheck<'_> {
    /// Asks the questions of contract GATE-3 again under other rules. The consent that was used
    /// counts and no other: whether somebody consented is a fact of that moment and of no registry.
    pub fn under(&self, rules: Rules<'_>) -> Rejudged {
        let deny =
            |reason: &str| Rejudged { outcome: DecisionOutcome::Deny, reason: reason.to_owned() };
        // A profile id that has no form never granted anything.
        let Ok(profile_id) = self.check.profile_id.parse::<ProfileId>() else {
            return deny("the profile it asked under has no form");
        };
        if self.usable.is_none() && self.check.code == Some(Code::CapNotNeeded) {
            return deny(&self.check.reason);
        }
        let named: Vec<_> = self.check.consent_id.into_iter().collect();
        let decision = check(
            &self.check.capability_id,
            &CapabilityQuery {
                registry: rules.registry,
                profiles: rules.profiles,
                profile_id: &profile_id,
                usable: self.usable,
                consents: self.consents,
                references: ConsentReferences::Named(&named),
                now: self.at,
            },
        );
        Rejudged { outcome: decision.outcome, reason: decision.reason() }
    }
}
