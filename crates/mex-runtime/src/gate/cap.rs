//! `G-CAP`: default deny over the whole of what is requested (contract GATE-3).
//! Owns the rules about the request as a whole; a single capability is [`crate::capability::check`]'s.

use std::collections::BTreeSet;

use super::Subject;
use super::outcome::{GateFault, Opinion};
use crate::capability::{CapabilityDecision, CapabilityQuery, ConsentReferences, check};
use crate::code::Code;

/// The gate's opinion, and every single check for its event (contract CAP-4).
pub(super) fn judge(
    subject: &Subject<'_>,
) -> (Result<Opinion, GateFault>, Vec<CapabilityDecision>) {
    let Subject { operation, entry, facts, .. } = *subject;
    let mut opinion = Opinion::pass();
    let query = CapabilityQuery {
        registry: facts.registry,
        profiles: facts.profiles,
        profile_id: &operation.capability_profile_id,
        usable: entry.map(|entry| entry.usable_capabilities()),
        consents: facts.consents,
        references: ConsentReferences::Named(&operation.consents),
        now: facts.now,
    };
    if facts.profiles.profile(&operation.capability_profile_id).is_none() {
        opinion.deny(
            Code::CapProfile,
            format!("profile `{}` does not exist", operation.capability_profile_id),
        );
    }
    let requested: BTreeSet<&str> =
        operation.capabilities_requested.iter().map(String::as_str).collect();
    if requested.is_empty() {
        opinion.deny(Code::CapEmpty, "`capabilities_requested` is empty");
    }
    let decisions: Vec<CapabilityDecision> =
        requested.iter().map(|capability| check(capability, &query)).collect();
    for decision in &decisions {
        // The missing profile was said once for all.
        for refusal in decision.refusals.iter().filter(|own| own.code != Code::CapProfile) {
            opinion.deny_capability(refusal.code, refusal.reason.clone(), &decision.capability_id);
        }
    }
    match entry {
        None => opinion.leave_open("what the operation needs is not known, see `G-SCHEMA`"),
        Some(entry) => {
            for needed in entry.required_capabilities() {
                if !requested.contains(needed.as_str()) {
                    opinion.deny_capability(
                        Code::CapNotRequested,
                        format!("`{needed}` is required and was not requested"),
                        needed.as_str(),
                    );
                }
            }
        }
    }
    (Ok(opinion), decisions)
}
