//! The comparison itself: two maps walked side by side. Owns what counts as added, removed, renamed,
//! widened. Never drops anything for being covered or renamed: such words stand beside it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::words;
use super::{
    AddedRight, BaseSide, ChangeKind, ChangedEntry, DiffSide, EngineChange, EngineNeeds,
    FieldChange, Mark, NextSide, ProfileChange, RegistryDiff, Rename, RightKind, SCHEMA_VERSION,
    VersionBump,
};
use crate::capability::id::CapabilityId;
use crate::capability::registry::{CapabilityEntry, CapabilityRegistry};
use crate::digest::Digest;

pub(super) fn compare(
    base: &DiffSide<'_>,
    next: &DiffSide<'_>,
) -> Result<RegistryDiff, serde_json::Error> {
    let mut diff = RegistryDiff {
        schema_version: SCHEMA_VERSION.to_owned(),
        base: BaseSide {
            capability_registry_version: base.registry.version().to_owned(),
            registry_sha256: base.registry.digest(),
            profiles_sha256: base.profiles_sha256,
        },
        next: NextSide {
            capability_registry_version: String::new(),
            draft_sha256: Digest::of(b""),
            registry_sha256: next.registry.digest(),
            profiles_sha256: next.profiles_sha256,
        },
        bump: VersionBump::None,
        added: missing_in(base.registry, next.registry),
        removed: missing_in(next.registry, base.registry),
        renamed: Vec::new(),
        changed: Vec::new(),
        profiles: profiles(base, next),
        engines: engines(base.engines, next.engines),
        added_rights: Vec::new(),
        sentences: Vec::new(),
    };
    for (before, after) in pairs(base.registry, next.registry) {
        let (fields, marks) = fields(before, after)?;
        if !fields.is_empty() {
            diff.changed.push(ChangedEntry {
                capability_id: after.capability_id.clone(),
                fields,
                marks,
            });
        }
    }
    diff.renamed = renames(&diff.removed, &diff.added)?;
    diff.added_rights = rights(base, next, &diff);
    Ok(diff)
}

/// The entries of `whole` that `part` does not have.
fn missing_in(part: &CapabilityRegistry, whole: &CapabilityRegistry) -> Vec<CapabilityEntry> {
    whole.entries().filter(|own| part.entry(&own.capability_id).is_none()).cloned().collect()
}

fn pairs<'a>(
    base: &'a CapabilityRegistry,
    next: &'a CapabilityRegistry,
) -> impl Iterator<Item = (&'a CapabilityEntry, &'a CapabilityEntry)> {
    next.entries().filter_map(|after| Some((base.entry(&after.capability_id)?, after)))
}

/// What changes from one entry to another, their ids apart.
fn fields(
    before: &CapabilityEntry,
    after: &CapabilityEntry,
) -> Result<(Vec<FieldChange>, Vec<Mark>), serde_json::Error> {
    let same = CapabilityEntry { capability_id: after.capability_id.clone(), ..before.clone() };
    if same == *after {
        return Ok((Vec::new(), Vec::new()));
    }
    let mut found = Vec::new();
    let (one, two) = (before, after);
    plain(&mut found, "kind", &one.kind, &two.kind)?;
    plain(&mut found, "display_name", &one.display_name, &two.display_name)?;
    plain(&mut found, "section_ref", &one.section_ref, &two.section_ref)?;
    let (needs, other) = (&one.required_capabilities, &two.required_capabilities);
    listed(&mut found, "required_capabilities", needs, other)?;
    let (mode, other) = (&one.default_governance_mode, &two.default_governance_mode);
    plain(&mut found, "default_governance_mode", mode, other)?;
    plain(&mut found, "risk_class", &one.risk_class, &two.risk_class)?;
    listed(&mut found, "tags", &one.tags, &two.tags)?;
    let mut marks = BTreeSet::new();
    if after.risk_class != before.risk_class {
        let raised = after.risk_class > before.risk_class;
        marks.insert(if raised { Mark::RiskRaised } else { Mark::RiskLowered });
    }
    if after.default_governance_mode != before.default_governance_mode {
        // Strict stands before light.
        let less = after.default_governance_mode > before.default_governance_mode;
        marks.insert(if less { Mark::WatchedLess } else { Mark::WatchedMore });
    }
    match (before.is_axis(), after.is_axis()) {
        (false, true) => marks.insert(Mark::RightWidened),
        (true, false) => marks.insert(Mark::RightNarrowed),
        _ => false,
    };
    let wider = |id: &CapabilityId| {
        before.required_capabilities.iter().any(|own| own != id && id.covers(own))
    };
    let new = |id: &&CapabilityId| !before.required_capabilities.contains(id);
    if after.required_capabilities.iter().filter(new).any(wider) {
        marks.insert(Mark::RightWidened);
    }
    Ok((found, marks.into_iter().collect()))
}

/// A field that is one value.
fn plain<T: PartialEq + Serialize>(
    found: &mut Vec<FieldChange>,
    field: &str,
    before: &T,
    after: &T,
) -> Result<(), serde_json::Error> {
    if before != after {
        found.push(FieldChange {
            field: field.to_owned(),
            before: serde_json::to_value(before)?,
            after: serde_json::to_value(after)?,
            gained: Vec::new(),
            lost: Vec::new(),
        });
    }
    Ok(())
}

/// A field that is a list, whose order and repetitions say nothing.
fn listed<T: Ord + ToString + Serialize>(
    found: &mut Vec<FieldChange>,
    field: &str,
    before: &[T],
    after: &[T],
) -> Result<(), serde_json::Error> {
    let (one, two) = (before.iter().collect::<BTreeSet<_>>(), after.iter().collect());
    if one != two {
        let text = |ids: Vec<&&T>| ids.into_iter().map(|id| id.to_string()).collect();
        found.push(FieldChange {
            field: field.to_owned(),
            before: serde_json::to_value(before)?,
            after: serde_json::to_value(after)?,
            gained: text(two.difference(&one).collect()),
            lost: text(one.difference(&two).collect()),
        });
    }
    Ok(())
}

/// Removed and added entries that look like one thing: alone in saying the same name, or alone in
/// saying the same everything else.
fn renames(
    removed: &[CapabilityEntry],
    added: &[CapabilityEntry],
) -> Result<Vec<Rename>, serde_json::Error> {
    let name = |entry: &CapabilityEntry| {
        format!("{:?} {}", entry.kind, entry.display_name.trim().to_lowercase())
    };
    let rest = |entry: &CapabilityEntry| {
        let needs: BTreeSet<_> = entry.required_capabilities.iter().collect();
        let tags: BTreeSet<_> = entry.tags.iter().collect();
        format!(
            "{:?} {} {needs:?} {:?} {:?} {tags:?}",
            entry.kind, entry.section_ref, entry.default_governance_mode, entry.risk_class
        )
    };
    let mut taken: BTreeSet<&CapabilityId> = BTreeSet::new();
    let mut found = Vec::new();
    for key in [&name as &dyn Fn(&CapabilityEntry) -> String, &rest] {
        let mut by_key: BTreeMap<String, (Vec<&CapabilityEntry>, Vec<&CapabilityEntry>)> =
            BTreeMap::new();
        for entry in removed.iter().filter(|entry| !taken.contains(&entry.capability_id)) {
            by_key.entry(key(entry)).or_default().0.push(entry);
        }
        for entry in added.iter().filter(|entry| !taken.contains(&entry.capability_id)) {
            by_key.entry(key(entry)).or_default().1.push(entry);
        }
        for (from, to) in by_key.into_values() {
            let ([from], [to]) = (&*from, &*to) else { continue };
            taken.extend([&from.capability_id, &to.capability_id]);
            let (fields, mut marks) = fields(from, to)?;
            if to.capability_id.covers(&from.capability_id) {
                marks.push(Mark::RightWidened);
            }
            if from.capability_id.covers(&to.capability_id) {
                marks.push(Mark::RightNarrowed);
            }
            marks.sort();
            marks.dedup();
            found.push(Rename {
                from: from.capability_id.clone(),
                to: to.capability_id.clone(),
                fields,
                marks,
            });
        }
    }
    found.sort_by(|one, two| one.to.cmp(&two.to));
    Ok(found)
}

/// Grants or needs that come and go, with what that means.
struct Moved {
    gained: Vec<String>,
    lost: Vec<String>,
    marks: Vec<Mark>,
}

fn moved(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Moved {
    let gained: Vec<String> = after.difference(before).cloned().collect();
    let lost: Vec<String> = before.difference(after).cloned().collect();
    let mut marks = BTreeSet::new();
    if gained.iter().any(|id| !narrower(before, id).is_empty()) {
        marks.insert(Mark::RightWidened);
    }
    if lost.iter().any(|id| !narrower(after, id).is_empty()) {
        marks.insert(Mark::RightNarrowed);
    }
    Moved { gained, lost, marks: marks.into_iter().collect() }
}

/// What of `held` is a part of `id` and not the same.
fn narrower(held: &BTreeSet<String>, id: &str) -> Vec<String> {
    held.iter().filter(|own| own.as_str() != id && covers(id, own)).cloned().collect()
}

fn covers(wide: &str, narrow: &str) -> bool {
    match (wide.parse::<CapabilityId>(), narrow.parse::<CapabilityId>()) {
        (Ok(wide), Ok(narrow)) => wide.covers(&narrow),
        // What is no capability id is nothing but itself.
        _ => wide == narrow,
    }
}

fn profiles(base: &DiffSide<'_>, next: &DiffSide<'_>) -> Vec<ProfileChange> {
    let all = |side: &DiffSide<'_>| -> BTreeMap<String, (String, BTreeSet<String>)> {
        side.profiles
            .iter()
            .map(|profile| {
                let grants = profile.capabilities.iter().map(ToString::to_string).collect();
                (profile.profile_id.to_string(), (profile.description.clone(), grants))
            })
            .collect()
    };
    let (before, after) = (all(base), all(next));
    let nothing = (String::new(), BTreeSet::new());
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    ids.into_iter()
        .filter_map(|id| {
            let change = change(before.contains_key(id), after.contains_key(id));
            let (old, new) =
                (before.get(id).unwrap_or(&nothing), after.get(id).unwrap_or(&nothing));
            let Moved { gained, lost, marks } = moved(&old.1, &new.1);
            let said = (change == ChangeKind::Changed && old.0 != new.0)
                .then(|| (old.0.clone(), new.0.clone()));
            let same = change == ChangeKind::Changed
                && gained.is_empty()
                && lost.is_empty()
                && said.is_none();
            (!same).then(|| ProfileChange {
                profile_id: id.clone(),
                change,
                description: said,
                gained,
                lost,
                marks,
            })
        })
        .collect()
}

fn engines(before: Option<&EngineNeeds>, after: Option<&EngineNeeds>) -> Vec<EngineChange> {
    let (Some(before), Some(after)) = (before, after) else { return Vec::new() };
    let nothing = BTreeSet::new();
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    ids.into_iter()
        .filter_map(|id| {
            let change = change(before.contains_key(id), after.contains_key(id));
            let Moved { gained, lost, marks } =
                moved(before.get(id).unwrap_or(&nothing), after.get(id).unwrap_or(&nothing));
            let same = change == ChangeKind::Changed && gained.is_empty() && lost.is_empty();
            (!same).then(|| EngineChange { engine_id: id.clone(), change, gained, lost, marks })
        })
        .collect()
}

const fn change(was: bool, is: bool) -> ChangeKind {
    match (was, is) {
        (false, _) => ChangeKind::Added,
        (_, false) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    }
}

/// Everything that is added, once each, by its id.
fn rights(base: &DiffSide<'_>, next: &DiffSide<'_>, diff: &RegistryDiff) -> Vec<AddedRight> {
    let mut found: BTreeMap<String, AddedRight> = BTreeMap::new();
    let mut add = |kind: RightKind, subject: &str, id: &str, held: &BTreeSet<String>| {
        let widens = narrower(held, id);
        let covered_by = held.iter().find(|own| own.as_str() != id && covers(own, id)).cloned();
        let mut right = AddedRight {
            right_id: right_id(kind, subject, id),
            kind,
            subject: subject.to_owned(),
            capability_id: id.to_owned(),
            widens,
            covered_by,
            sentence: String::new(),
        };
        right.sentence = words::right(&right);
        found.insert(right.right_id.clone(), right);
    };
    let nothing = BTreeSet::new();
    for entry in &diff.added {
        let id = &entry.capability_id;
        // A scope of an axis that does not ask for its scopes to be registered exists already.
        let known: BTreeSet<String> =
            base.registry.knows(id).then(|| id.base().to_owned()).into_iter().collect();
        add(RightKind::Capability, id.as_str(), id.as_str(), &known);
        for need in &entry.required_capabilities {
            add(RightKind::Entry, id.as_str(), need.as_str(), &nothing);
        }
    }
    for changed in &diff.changed {
        let id = changed.capability_id.as_str();
        let (Some(before), Some(after)) = (
            base.registry.entry(&changed.capability_id),
            next.registry.entry(&changed.capability_id),
        ) else {
            continue;
        };
        if after.is_axis() && !before.is_axis() {
            add(RightKind::Scopes, id, id, &nothing);
        }
        let held: BTreeSet<String> =
            before.required_capabilities.iter().map(ToString::to_string).collect();
        for need in &after.required_capabilities {
            if !before.required_capabilities.contains(need) {
                add(RightKind::Entry, id, need.as_str(), &held);
            }
        }
    }
    let profiles = |side: &DiffSide<'_>, id: &str| -> BTreeSet<String> {
        let own = side.profiles.iter().find(|own| own.profile_id.as_str() == id);
        own.into_iter().flat_map(|own| &own.capabilities).map(ToString::to_string).collect()
    };
    for profile in diff.profiles.iter().filter(|profile| !profile.gained.is_empty()) {
        let held = profiles(base, &profile.profile_id);
        for id in &profile.gained {
            add(RightKind::Profile, &profile.profile_id, id, &held);
        }
    }
    for engine in &diff.engines {
        let held = base.engines.and_then(|needs| needs.get(&engine.engine_id));
        for id in &engine.gained {
            add(RightKind::Engine, &engine.engine_id, id, held.unwrap_or(&nothing));
        }
    }
    found.into_values().collect()
}

fn right_id(kind: RightKind, subject: &str, id: &str) -> String {
    match kind {
        RightKind::Capability => format!("capability:{id}"),
        RightKind::Scopes => format!("scopes:{id}"),
        RightKind::Entry => format!("entry:{subject}:{id}"),
        RightKind::Profile => format!("profile:{subject}:{id}"),
        RightKind::Engine => format!("engine:{subject}:{id}"),
    }
}
