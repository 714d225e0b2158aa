//! Drafts for people: what was found, what a rule gave, what breaks a rule.

use mex_app::draft::{BuildOutcome, ExtractOutcome, ModelAsked, ValidateOutcome};
use mex_app::runtime::capability::draft::{DraftFinding, FindingKind, RegistryDraft};
use mex_app::runtime::capability::validate::Defect;

use crate::out::{Out, plain};
use crate::text::table::{pairs, table};
use crate::text::{registry, word};

/// How many lines of one kind are shown.
const MOST: usize = 50;

/// A draft.
pub fn extracted(out: &Out, outcome: &ExtractOutcome) -> String {
    let mut page = String::new();
    if let Some(asked) = &outcome.model {
        page.push_str(&model(out, asked));
    }
    let (Some(draft), Some(sha256)) = (&outcome.draft, &outcome.draft_sha256) else { return page };
    let mut lines = vec![
        ("draft", sha256.to_string()),
        (
            "follows",
            draft
                .previous
                .as_ref()
                .map_or_else(String::new, |own| own.capability_registry_version.clone()),
        ),
        ("entries", draft.entries.len().to_string()),
    ];
    if let Some(written) = &outcome.written {
        lines.push(("written", plain(written)));
    }
    page.push_str(&pairs(out, &lines));
    page.push('\n');
    page.push_str(&entries(out, draft));
    page.push_str(&findings(out, &draft.findings));
    page
}

fn entries(out: &Out, draft: &RegistryDraft) -> String {
    let rows = draft.entries.iter().map(|one| {
        let rules: Vec<&str> = one.derived.iter().map(|field| field.rule.as_str()).collect();
        let place = one.places.first();
        vec![
            one.entry.capability_id.to_string(),
            word(&one.entry.risk_class),
            word(&one.certainty),
            place.map_or_else(String::new, |place| {
                plain(&format!("{}:{}", place.file, place.first_line))
            }),
            rules.join(" "),
        ]
    });
    table(out, &["CAPABILITY", "RISK", "SURE", "FROM", "BY RULE"], rows)
}

fn findings(out: &Out, all: &[DraftFinding]) -> String {
    let mentions = all.iter().filter(|one| one.kind == FindingKind::Mention).count();
    let rest: Vec<&DraftFinding> =
        all.iter().filter(|one| one.kind != FindingKind::Mention).collect();
    let mut page = String::new();
    for one in rest.iter().take(MOST) {
        let place = one.places.first();
        let place = place
            .map_or_else(String::new, |place| format!(" ({}:{})", place.file, place.first_line));
        page.push_str(&format!(
            "\n{} {}{}",
            out.warn(&word(&one.kind)),
            plain(&one.message),
            plain(&place)
        ));
    }
    if rest.len() > MOST {
        page.push_str(&format!("\n… and {} more findings", rest.len() - MOST));
    }
    if mentions > 0 {
        page.push_str(&format!("\n{mentions} ids are named and not declared"));
    }
    if !page.is_empty() {
        page.push('\n');
    }
    page
}

fn model(out: &Out, asked: &ModelAsked) -> String {
    let what = match (asked.sent, asked.locality.as_str()) {
        (true, _) => "was sent",
        (false, _) => "would be sent",
    };
    let mut lines = vec![
        ("model", plain(&format!("{} at {} ({})", asked.model_id, asked.url, asked.locality))),
        (what, format!("{} requests, {} bytes", asked.requests, asked.bytes)),
    ];
    for handle in asked.request_refs.iter().take(8) {
        lines.push(("request", format!("mex artifact export {}", handle.sha256)));
    }
    let mut page = pairs(out, &lines);
    if !asked.all_shown {
        page.push_str("a part of the text is beyond the bound and is not shown to the model\n");
    }
    page.push('\n');
    page
}

/// A validation.
pub fn validated(out: &Out, outcome: &ValidateOutcome) -> String {
    let validation = &outcome.validation;
    let verdict =
        if validation.valid { out.good("no rule is broken") } else { out.bad("rules are broken") };
    let mut page = format!(
        "{verdict}: {} entries, {} defects, {} notes\n",
        validation.entries,
        validation.defects.len(),
        validation.notes.len()
    );
    page.push_str(&defects(out, &validation.defects));
    page
}

fn defects(out: &Out, all: &[Defect]) -> String {
    let mut page = String::new();
    for one in all.iter().take(MOST) {
        page.push_str(&format!(
            "\n{} {} {}\n  {}\n",
            out.bold(&plain(&one.entry)),
            out.bad(one.rule.as_str()),
            plain(&one.message),
            out.dim(&plain(&format!("{} {}", one.section, one.hint))),
        ));
    }
    if all.len() > MOST {
        page.push_str(&format!("\n… and {} more\n", all.len() - MOST));
    }
    page
}

/// A build: the draft, whether it holds, what it changes.
pub fn built(out: &Out, outcome: &BuildOutcome) -> String {
    let mut page = extracted(out, &outcome.extracted);
    if let Some(own) = &outcome.validated {
        page.push('\n');
        page.push_str(&validated(out, own));
    }
    if let Some(diffed) = &outcome.diffed {
        page.push('\n');
        page.push_str(&registry::diffed(out, diffed));
    }
    page
}
