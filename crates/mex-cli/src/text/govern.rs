//! Capabilities and consents for people.

use mex_app::record::ConsentEntry;
use mex_app::runtime::event::DecisionOutcome;
use mex_app::simulate::Simulated;

use crate::out::{Out, plain};
use crate::text::table::{pairs, table};
use crate::text::{moment, short, word};

/// Allowed or denied, with the whole chain.
pub fn simulated(out: &Out, answer: &Simulated) -> String {
    let verdict = match answer.outcome {
        DecisionOutcome::Allow => out.good("ALLOW"),
        DecisionOutcome::Deny => out.bad("DENY"),
    };
    let yes = |truth: bool| if truth { "yes" } else { "no" }.to_owned();
    let mut page = format!("{verdict}  {}\n", plain(&answer.capability_id));
    let known = answer.entry.as_ref().map_or_else(
        || "no".to_owned(),
        |entry| {
            format!(
                "yes, as `{}`: {} risk, {}, {}",
                entry.capability_id,
                word(&entry.risk_class),
                word(&entry.default_governance_mode),
                entry.section_ref
            )
        },
    );
    let grant = match (&answer.matched_grant, answer.granted_by_axis) {
        (None, _) => "none".to_owned(),
        (Some(grant), false) => format!("`{grant}`, the capability itself"),
        (Some(grant), true) => format!("`{grant}`, an axis that covers it"),
    };
    let consent = match (&answer.consent, answer.needs_consent) {
        (Some(consent), _) => format!(
            "{} for `{}`, by {}, until {}",
            short(&consent.id),
            consent.capability_id,
            consent.granted_by,
            moment(consent.expires_at)
        ),
        (None, true) => "needed, and none is live".to_owned(),
        (None, false) => "none needed".to_owned(),
    };
    page.push_str(&pairs(
        out,
        &[
            (
                "registry",
                format!(
                    "{} ({}, {})",
                    answer.capability_registry_version,
                    answer.registry_source,
                    short(&answer.registry_sha256)
                ),
            ),
            ("known there", known),
            ("engine and operation may use it", yes(answer.usable)),
            ("profile", answer.profile_id.to_string()),
            ("grant that covers it", grant),
            ("consent", consent),
        ],
    ));
    for (code, reason) in &answer.refusals {
        page.push_str(&format!("  {}  {}\n", out.dim(code.as_str()), plain(reason)));
        page.push_str(&format!("  {} {}\n", out.dim("→"), code.hint()));
    }
    page
}

/// Consents with their state.
pub fn consents(out: &Out, entries: &[ConsentEntry]) -> String {
    if entries.is_empty() {
        return "No consent was ever granted here.\n".to_owned();
    }
    let rows = entries.iter().map(|entry| {
        vec![
            word(&entry.state),
            entry.capability_id.clone(),
            entry.profile_id.as_ref().map_or_else(|| "any".to_owned(), ToString::to_string),
            moment(entry.expires_at),
            entry.granted_by.to_string(),
            entry.reason.clone(),
            short(&entry.consent_id),
        ]
    });
    table(out, &["STATE", "CAPABILITY", "PROFILE", "EXPIRES", "BY", "REASON", "ID"], rows)
}
