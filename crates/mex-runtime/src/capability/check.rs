//! One capability check: allow or deny, and why (contract GATE-3, CAP-4).
//! Owns the four questions asked of a single capability; the whole of a request is `G-CAP`'s.

use jiff::Timestamp;

use super::consent::Consent;
use super::id::CapabilityId;
use super::profile::Profiles;
use super::registry::CapabilityRegistry;
use crate::code::Code;
use crate::decision::decision_id;
use crate::event::{CapabilityCheck, DecisionOutcome};
use crate::id::{ConsentId, OpId, PolicyDecisionId, ProfileId};

/// Which consents count for a check.
#[derive(Debug, Clone, Copy)]
pub enum ConsentReferences<'a> {
    /// Those the operation references, and no other (contract ENV-1).
    Named(&'a [ConsentId]),
    /// Any that is live: for `mex capability simulate`.
    AnyLive,
}

/// Everything a check depends on.
#[derive(Debug, Clone, Copy)]
pub struct CapabilityQuery<'a> {
    /// The registry in force.
    pub registry: &'a CapabilityRegistry,
    /// The profiles.
    pub profiles: &'a Profiles,
    /// The profile asked.
    pub profile_id: &'a ProfileId,
    /// What engine and operation may use; null where the operation is unknown, then question
    /// (b) is not asked.
    pub usable: Option<&'a [CapabilityId]>,
    /// Every consent there is.
    pub consents: &'a [Consent],
    /// Which of them count.
    pub references: ConsentReferences<'a>,
    /// Now.
    pub now: Timestamp,
}

/// One reason against a capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilityRefusal {
    /// The code of the question it failed.
    pub code: Code,
    /// One sentence that names the capability.
    pub reason: String,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilityDecision {
    /// The capability as asked for.
    pub capability_id: String,
    /// `allow` where nothing was refused.
    pub outcome: DecisionOutcome,
    /// The profile's grant that covers it.
    pub matched_grant: Option<CapabilityId>,
    /// The consent that was used.
    pub consent_id: Option<ConsentId>,
    /// Every question it failed, in the order (a) to (d); an unknown capability fails (a) alone.
    pub refusals: Vec<CapabilityRefusal>,
}

impl CapabilityDecision {
    /// The first refusal's code; null for an allow.
    pub fn code(&self) -> Option<Code> {
        self.refusals.first().map(|refusal| refusal.code)
    }

    /// Every refusal's sentence, joined by `; `; empty for an allow.
    pub fn reason(&self) -> String {
        let reasons: Vec<&str> = self.refusals.iter().map(|refusal| &*refusal.reason).collect();
        reasons.join("; ")
    }

    /// The event of this check (contract CAP-4). `op_id` is null for a simulation.
    pub fn event(
        &self,
        profile_id: &ProfileId,
        registry: &CapabilityRegistry,
        op_id: Option<OpId>,
    ) -> CapabilityCheck {
        CapabilityCheck {
            capability_id: self.capability_id.clone(),
            decision_outcome: self.outcome,
            profile_id: profile_id.to_string(),
            matched_grant: self.matched_grant.as_ref().map(ToString::to_string),
            consent_id: self.consent_id,
            capability_registry_version: registry.version().to_owned(),
            reason: self.reason(),
            code: self.code(),
            op_id,
            simulated: op_id.is_none(),
        }
    }

    /// The same for the same decision, whenever it is made (contract DIAG-2).
    pub fn policy_decision_id(
        &self,
        profile_id: &ProfileId,
        registry: &CapabilityRegistry,
    ) -> PolicyDecisionId {
        let consent = self.consent_id.map(|id| id.to_string()).unwrap_or_default();
        decision_id(
            &["capability", profile_id.as_str(), registry.version()],
            &[&self.capability_id, &self.reason(), &consent],
        )
    }
}

/// Asks the four questions of contract GATE-3 of one capability. Default is deny.
pub fn check(capability: &str, query: &CapabilityQuery<'_>) -> CapabilityDecision {
    let mut decision = CapabilityDecision {
        capability_id: capability.to_owned(),
        outcome: DecisionOutcome::Deny,
        matched_grant: None,
        consent_id: None,
        refusals: Vec::new(),
    };
    let id = match capability.parse::<CapabilityId>() {
        Ok(id) if query.registry.knows(&id) => id,
        _ => {
            decision.refusals.push(CapabilityRefusal {
                code: Code::UnknownCapability,
                reason: format!(
                    "UnknownCapability: `{capability}` is not in capability registry {}",
                    query.registry.version()
                ),
            });
            return decision;
        }
    };
    let mut refuse = |code, reason| decision.refusals.push(CapabilityRefusal { code, reason });
    if query.usable.is_some_and(|usable| !usable.iter().any(|own| own.covers(&id))) {
        refuse(Code::CapNotNeeded, format!("`{id}` is not one the engine or operation needs"));
    }
    match query.profiles.profile(query.profile_id) {
        None => {
            refuse(Code::CapProfile, format!("profile `{}` does not exist", query.profile_id));
        }
        Some(profile) => match profile.grant(&id) {
            Some(grant) => decision.matched_grant = Some(grant.clone()),
            None => refuse(
                Code::CapNotGranted,
                format!("profile `{}` does not grant `{id}`", query.profile_id),
            ),
        },
    }
    if id.needs_consent() {
        let counts = |consent: &&Consent| match query.references {
            ConsentReferences::Named(ids) => ids.contains(&consent.id),
            ConsentReferences::AnyLive => true,
        };
        let live = query
            .consents
            .iter()
            .filter(counts)
            .find(|consent| consent.allows(&id, query.profile_id, query.now));
        match live {
            Some(consent) => decision.consent_id = Some(consent.id),
            None => refuse(Code::CapConsent, format!("`{id}` has no live consent")),
        }
    }
    if decision.refusals.is_empty() {
        decision.outcome = DecisionOutcome::Allow;
    }
    decision
}
