//! The capability registry for people: what is in force, what a draft changes, what was decided.

use mex_app::publish::{
    DiffOutcome, ImpactChange, ImpactEntry, PublishOutcome, RegistryImpact, RegistryVersions,
    ReviewOutcome, ReviewState, VersionState,
};
use mex_app::registry::RegistryView;
use mex_app::runtime::capability::diff::{Mark, RegistryDiff};

use crate::out::{Out, plain};
use crate::text::table::{pairs, table};
use crate::text::{moment, short, word};

/// A registry with its profiles.
pub fn view(out: &Out, view: &RegistryView) -> String {
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

/// A recorded diff: what it would change, and what is to be ticked.
pub fn diffed(out: &Out, outcome: &DiffOutcome) -> String {
    let diff = &outcome.diff;
    let mut page = pairs(
        out,
        &[
            ("registry", versions_of(diff)),
            ("diff", outcome.diff_sha256.to_string()),
            (
                "draft",
                format!(
                    "{} by {}",
                    short(&diff.next.draft_sha256),
                    outcome.drafted_by.as_ref().map_or("nobody on record", |actor| actor.as_str())
                ),
            ),
            ("review", state(&outcome.review)),
        ],
    );
    page.push('\n');
    page.push_str(&changes(out, diff));
    if diff.is_empty() {
        return page;
    }
    page.push_str(&format!(
        "\n{} read it, then `mex registry review {} --approve{}`, or `--reject --comment WHY`\n",
        out.dim("→"),
        short(&outcome.diff_sha256),
        if diff.added_rights.is_empty() {
            ""
        } else {
            " --tick RIGHT` for each right, `--comment WHY"
        }
    ));
    page
}

/// What a diff changes, sentence by sentence, and the rights it adds.
pub fn changes(out: &Out, diff: &RegistryDiff) -> String {
    if diff.is_empty() && diff.sentences.is_empty() {
        return "Nothing changes.\n".to_owned();
    }
    let mut page = format!("{}\n", out.bold("What it would change"));
    for sentence in &diff.sentences {
        let marks: Vec<String> = sentence.marks.iter().map(|own| mark(out, *own)).collect();
        let marks =
            if marks.is_empty() { String::new() } else { format!("  {}", marks.join("  ")) };
        page.push_str(&format!("  {}{marks}\n", plain(&sentence.text)));
    }
    if !diff.added_rights.is_empty() {
        page.push_str(&format!(
            "\n{}\n",
            out.bold(&format!("{} added right(s), each to be ticked", diff.added_rights.len()))
        ));
        for right in &diff.added_rights {
            page.push_str(&format!("  {}\n", out.warn(&plain(&right.right_id))));
            page.push_str(&format!("      {}\n", plain(&right.sentence)));
        }
    }
    page
}

fn versions_of(diff: &RegistryDiff) -> String {
    format!(
        "{} -> {} ({})",
        diff.base.capability_registry_version,
        diff.next.capability_registry_version,
        word(&diff.bump)
    )
}

fn mark(out: &Out, mark: Mark) -> String {
    match mark {
        Mark::RiskRaised => out.bad("RISK RAISED"),
        Mark::RightWidened => out.bad("RIGHT WIDENED"),
        Mark::WatchedLess => out.warn("WATCHED LESS"),
        Mark::RiskLowered => out.warn("RISK LOWERED"),
        Mark::RightNarrowed => out.dim("narrowed"),
        Mark::WatchedMore => out.dim("watched more"),
    }
}

fn state(review: &ReviewState) -> String {
    match review {
        ReviewState::Open => "nobody decided yet".to_owned(),
        ReviewState::Approved { reviewer_id, .. } => format!("approved by {reviewer_id}"),
        ReviewState::Rejected { reviewer_id, comment } => {
            format!("rejected by {reviewer_id}: {comment}")
        }
        ReviewState::Dead { reason } => format!("dead: {reason}"),
    }
}

/// What a draft would have changed.
pub fn impact(out: &Out, impact: &RegistryImpact) -> String {
    let mut page = pairs(
        out,
        &[
            (
                "looked at",
                format!(
                    "{} checks of {} operations in {} days",
                    impact.checks, impact.operations, impact.days
                ),
            ),
            (
                "newly allowed",
                format!(
                    "{} operations, {} checks",
                    impact.operations_newly_allowed, impact.checks_newly_allowed
                ),
            ),
            (
                "newly denied",
                format!(
                    "{} operations, {} checks",
                    impact.operations_newly_denied, impact.checks_newly_denied
                ),
            ),
        ],
    );
    if impact.left_out > 0 {
        page.push_str(&out.warn(&format!("{} checks were not judged\n", impact.left_out)));
    }
    if impact.changes.is_empty() {
        page.push_str("Nothing that was asked here would be answered otherwise.\n");
        return page;
    }
    page.push('\n');
    let rows = impact.changes.iter().map(|row: &ImpactEntry| {
        vec![
            match row.change {
                ImpactChange::NewlyAllowed => "newly allowed".to_owned(),
                ImpactChange::NewlyDenied => "newly denied".to_owned(),
            },
            row.capability_id.clone(),
            row.profile_id.clone(),
            format!("{} {}", row.engine_id, row.operation),
            row.count.to_string(),
            moment(row.last_at),
            row.op_ids.first().map(short).unwrap_or_default(),
        ]
    });
    page.push_str(&table(
        out,
        &["CHANGE", "CAPABILITY", "PROFILE", "OPERATION", "TIMES", "LAST", "EXAMPLE"],
        rows,
    ));
    page
}

/// A recorded review.
pub fn reviewed(out: &Out, outcome: &ReviewOutcome) -> String {
    let review = &outcome.review;
    let decision = match &outcome.next_version {
        Some(version) => format!("{}  {version} may be published", out.good("APPROVED")),
        None => format!("{}  it may not be published", out.bad("REJECTED")),
    };
    let mut page = format!("{decision}\n");
    page.push_str(&pairs(
        out,
        &[
            ("by", format!("{} ({})", review.reviewer_id, word(&review.how))),
            ("comment", review.comment.clone()),
            ("ticked", review.ticked.join(", ")),
            ("diff", review.diff_sha256.to_string()),
            ("review", outcome.review_sha256.to_string()),
        ],
    ));
    if outcome.next_version.is_some() {
        let id = short(&outcome.review_sha256);
        page.push_str(&format!("{} mex registry publish {id}\n", out.dim("→")));
    }
    page
}

/// What came into force.
pub fn published(out: &Out, outcome: &PublishOutcome) -> String {
    let mut page = format!(
        "{}  capability registry {}\n",
        out.good("IN FORCE"),
        outcome.capability_registry_version
    );
    page.push_str(&pairs(
        out,
        &[
            ("follows", outcome.previous_version.clone()),
            ("how", word(&outcome.how)),
            ("sha256", outcome.registry_sha256.to_string()),
            ("signed by", outcome.public_key.clone()),
            ("event", outcome.event_id.to_string()),
            ("file", outcome.path.clone()),
        ],
    ));
    page
}

/// What was taken over, and what that changed.
pub fn taken_over(out: &Out, outcome: &PublishOutcome, diff: &RegistryDiff) -> String {
    format!("{}\n{}", published(out, outcome), changes(out, diff))
}

/// Every version that was published here.
pub fn versions(out: &Out, all: &RegistryVersions) -> String {
    let mut page = pairs(
        out,
        &[
            ("in force", format!("{} ({})", all.in_force, all.source)),
            ("records signed by", all.public_key.clone()),
        ],
    );
    if all.versions.is_empty() {
        page.push_str("Nothing was published here: the embedded registry rules.\n");
        return page;
    }
    page.push('\n');
    let rows = all.versions.iter().map(|own| {
        vec![
            own.capability_registry_version.clone(),
            if own.in_force { "in force" } else { "" }.to_owned(),
            word(&own.how),
            moment(own.published_at),
            own.published_by.to_string(),
            match &own.state {
                VersionState::Intact => "intact".to_owned(),
                VersionState::Unreadable { reason } => reason.clone(),
            },
            short(&own.registry_sha256),
        ]
    });
    page.push_str(&table(out, &["VERSION", "", "HOW", "WHEN", "BY", "STATE", "SHA256"], rows));
    page
}
