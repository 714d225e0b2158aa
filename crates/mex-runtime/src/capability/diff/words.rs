//! A diff in plain words. Owns the sentences; never leaves a change out: one sentence or more for
//! each thing the document lists.

use super::{
    AddedRight, ChangeKind, FieldChange, Mark, ProfileChange, RegistryDiff, RightKind, Sentence,
};

/// What one added right means.
pub(super) fn right(right: &AddedRight) -> String {
    let (who, id) = (&right.subject, &right.capability_id);
    let mut text = match right.kind {
        RightKind::Capability => format!("`{id}` becomes a right that can be granted"),
        RightKind::Scopes => format!("`{id}` may carry scopes"),
        RightKind::Entry => format!("`{who}` gains `{id}`"),
        RightKind::Profile => format!("the profile `{who}` gains `{id}`"),
        RightKind::Engine => format!("the engine `{who}` gains `{id}`"),
    };
    if !right.widens.is_empty() {
        text.push_str(&format!(": the whole of it, where {} stood", listed(&right.widens)));
    }
    if let Some(wider) = &right.covered_by {
        text.push_str(&format!("; `{wider}` covered it already"));
    }
    text
}

pub(super) fn sentences(diff: &RegistryDiff) -> Vec<Sentence> {
    let mut found = Vec::new();
    let mut say = |subject: &str, text: String, marks: &[Mark]| {
        found.push(Sentence { subject: subject.to_owned(), text, marks: marks.to_vec() });
    };
    for entry in &diff.added {
        let id = entry.capability_id.as_str();
        let mut text = format!(
            "`{id}` is added: a right of the kind {} and of {} risk, {}",
            word(&entry.kind),
            word(&entry.risk_class),
            watched(&word(&entry.default_governance_mode)),
        );
        if entry.is_axis() {
            text.push_str(", with every scope of it");
        }
        say(id, text, &[]);
        for need in &entry.required_capabilities {
            say(id, format!("`{id}` gains `{need}`"), &[]);
        }
    }
    for entry in &diff.removed {
        let id = entry.capability_id.as_str();
        say(id, format!("`{id}` is removed: whoever asks for it is denied"), &[]);
    }
    for rename in &diff.renamed {
        let (from, to) = (&rename.from, &rename.to);
        let mut text = format!("`{to}` looks like `{from}` under another name");
        if rename.marks.contains(&Mark::RightWidened) {
            text.push_str(", and allows more");
        }
        say(to.as_str(), text, &rename.marks);
        for field in &rename.fields {
            say(to.as_str(), changed(to.as_str(), field), &marks_of(field, &rename.marks));
        }
    }
    for entry in &diff.changed {
        let id = entry.capability_id.as_str();
        for field in &entry.fields {
            say(id, changed(id, field), &marks_of(field, &entry.marks));
        }
    }
    for profile in &diff.profiles {
        profile_sentences(profile, diff, &mut say);
    }
    for engine in &diff.engines {
        let id = &engine.engine_id;
        match engine.change {
            ChangeKind::Added => say(id, format!("the engine `{id}` is added"), &[]),
            ChangeKind::Removed => say(id, format!("the engine `{id}` is removed"), &[]),
            ChangeKind::Changed => {}
        }
        gains(diff, RightKind::Engine, id, &mut say);
        for lost in &engine.lost {
            say(id, format!("the engine `{id}` loses `{lost}`"), &[]);
        }
    }
    found
}

fn profile_sentences(
    profile: &ProfileChange,
    diff: &RegistryDiff,
    say: &mut dyn FnMut(&str, String, &[Mark]),
) {
    let id = &profile.profile_id;
    match profile.change {
        ChangeKind::Added => say(id, format!("the profile `{id}` is added"), &[]),
        ChangeKind::Removed => {
            say(id, format!("the profile `{id}` is removed: whoever runs under it is denied"), &[]);
        }
        ChangeKind::Changed => {}
    }
    if profile.description.is_some() {
        say(id, format!("the profile `{id}` is described in other words"), &[]);
    }
    gains(diff, RightKind::Profile, id, say);
    for lost in &profile.lost {
        say(id, format!("the profile `{id}` loses `{lost}`"), &[]);
    }
}

fn gains(
    diff: &RegistryDiff,
    kind: RightKind,
    subject: &str,
    say: &mut dyn FnMut(&str, String, &[Mark]),
) {
    let own = |right: &&AddedRight| right.kind == kind && right.subject == subject;
    for right in diff.added_rights.iter().filter(own) {
        let widened: &[Mark] = if right.widens.is_empty() { &[] } else { &[Mark::RightWidened] };
        say(subject, right.sentence.clone(), widened);
    }
}

/// One field that changes, in words.
fn changed(id: &str, field: &FieldChange) -> String {
    let (before, after) = (text(&field.before), text(&field.after));
    match field.field.as_str() {
        "required_capabilities" => {
            let mut parts = Vec::new();
            if !field.gained.is_empty() {
                parts.push(format!("gains {}", listed(&field.gained)));
            }
            if !field.lost.is_empty() {
                parts.push(format!("no longer needs {}", listed(&field.lost)));
            }
            format!("`{id}` {}", parts.join(" and "))
        }
        "tags" => {
            let mut parts = Vec::new();
            if field.gained.iter().any(|tag| tag == "axis") {
                parts.push("becomes an axis: every scope of it is allowed where it is".to_owned());
            }
            if field.lost.iter().any(|tag| tag == "axis") {
                parts.push("is no axis any more: no scope of it exists".to_owned());
            }
            let plain = |tags: &[String]| -> Vec<String> {
                tags.iter().filter(|tag| *tag != "axis").cloned().collect()
            };
            let (gained, lost) = (plain(&field.gained), plain(&field.lost));
            if !gained.is_empty() {
                parts.push(format!("is tagged {}", listed(&gained)));
            }
            if !lost.is_empty() {
                parts.push(format!("is not tagged {} any more", listed(&lost)));
            }
            format!("`{id}` {}", parts.join(" and "))
        }
        "risk_class" => format!("the risk of `{id}` goes from {before} to {after}"),
        "default_governance_mode" => {
            format!("`{id}` is {} instead of {}", watched(&after), watched(&before))
        }
        "display_name" => format!("`{id}` is called \"{after}\" instead of \"{before}\""),
        "section_ref" => format!("`{id}` is defined in `{after}` instead of `{before}`"),
        other => format!("`{other}` of `{id}` goes from {before} to {after}"),
    }
}

/// The marks of an entry that this field is the reason of.
fn marks_of(field: &FieldChange, marks: &[Mark]) -> Vec<Mark> {
    let own: &[Mark] = match field.field.as_str() {
        "risk_class" => &[Mark::RiskRaised, Mark::RiskLowered],
        "default_governance_mode" => &[Mark::WatchedLess, Mark::WatchedMore],
        "tags" if field.gained.iter().any(|tag| tag == "axis") => &[Mark::RightWidened],
        "tags" if field.lost.iter().any(|tag| tag == "axis") => &[Mark::RightNarrowed],
        "required_capabilities" if !field.gained.is_empty() => &[Mark::RightWidened],
        _ => &[],
    };
    marks.iter().copied().filter(|mark| own.contains(mark)).collect()
}

fn watched(mode: &str) -> String {
    match mode {
        "gov_strict" => "asked for at every use".to_owned(),
        "gov_standard" => "checked at every use".to_owned(),
        "gov_light" => "recorded at every use".to_owned(),
        other => other.to_owned(),
    }
}

fn listed(ids: &[String]) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A closed word as it is written in a file.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).map(|value| text(&value)).unwrap_or_default()
}
