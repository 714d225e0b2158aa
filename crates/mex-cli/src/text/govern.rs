//! Capabilities, consents and the registry for people.

use mex_app::record::ConsentEntry;
use mex_app::registry::RegistryView;
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
    page.push_str(&pairs(
        out,
        &[
            ("registry", answer.capability_registry_version.clone()),
            ("known there", yes(answer.known)),
            ("engine and operation may use it", yes(answer.usable)),
            ("profile", answer.profile_id.to_string()),
            (
                "grant that covers it",
                answer.matched_grant.clone().unwrap_or_else(|| "none".to_owned()),
            ),
            (
                "live consent",
                answer.consent_id.map_or_else(|| "none used".to_owned(), |id| id.to_string()),
            ),
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

/// A registry with its profiles.
pub fn registry(out: &Out, view: &RegistryView) -> String {
    let mut page = pairs(
        out,
        &[
            ("version", view.capability_registry_version.clone()),
            ("source", view.source.clone()),
            ("sha256", view.sha256.to_string()),
        ],
    );
    let rows = view.entries.iter().map(|entry| {
        vec![
            entry.capability_id.to_string(),
            word(&entry.kind),
            word(&entry.risk_class),
            entry.display_name.clone(),
        ]
    });
    page.push('\n');
    page.push_str(&table(out, &["CAPABILITY", "KIND", "RISK", "NAME"], rows));
    for profile in &view.profiles {
        page.push_str(&format!(
            "\n{}  {}\n",
            out.bold(&profile.profile_id),
            profile.capabilities.join(", ")
        ));
    }
    page
}
