//! Every rule a registry must keep before anybody reviews it (contract REG-3), all broken ones at
//! once, each with entry, rule, section and next step. Owns the rules over a whole registry with what
//! it belongs to: specification, engines, profiles. Never mends anything.
//! Long because it is the list of the rules, each with its check.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::draft::{DraftFinding, FindingKind, RegistryDraft};
use super::extract::{Outline, lookalike};
use super::id::CapabilityId;
use super::profile;
use super::registry::{self, AXES, CapabilityEntry};
use crate::digest::Digest;
use crate::engine::{Engine, EngineCatalog};

/// The only `schema_version` of a validation.
pub const SCHEMA_VERSION: &str = "rv-1.0";

/// What a validation came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// `rv-1.0`.
    pub schema_version: String,
    /// SHA-256 of what was validated: of the draft's bytes, or of the registry's.
    pub subject_sha256: Digest,
    /// Whether no rule is broken.
    pub valid: bool,
    /// How many entries there are.
    pub entries: u64,
    /// Every broken rule, by entry and rule.
    pub defects: Vec<Defect>,
    /// What breaks no rule and should be seen, by entry and rule.
    pub notes: Vec<Defect>,
}

/// One broken rule, or one note.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Defect {
    /// The entry by id, or the place in the document.
    pub entry: String,
    /// The rule.
    pub rule: Rule,
    /// Where the specification speaks of it; empty where it does not.
    pub section: String,
    /// What is wrong, as one sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}

macro_rules! rules {
    ($($variant:ident $word:literal, $hint:literal;)*) => {
        /// The rules, each named as `docs/registry-extraction.md` lists it.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        pub enum Rule {
            $(#[doc = $hint] #[serde(rename = $word)] $variant,)*
        }

        impl Rule {
            /// Every rule, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What to do where it is broken.
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

rules! {
    Schema "REG-3/schema", "write the field as `schemas/capability-registry.schema.json` asks for";
    Unique "REG-3/unique", "declare each id once";
    Axis "CAP-1/axis", "declare the axis, with the tag `axis`";
    Scope "CAP-1/scope", "declare the axis before the colon, with the tag `axis`";
    Section "REG-3/section", "name a heading that the specification has, as `file.md#anchor`";
    Required "REG-3/required", "declare the capability that is required, or take it out";
    Cycle "REG-3/cycle", "take one of the requirements out";
    LookAlike "REG-3/look-alike", "give one of them another name; a person cannot tell them apart";
    Engines "REG-3/engines", "declare what the engines need, or take it out of `mechanical_engines.json`";
    Profiles "REG-3/profiles", "list in profiles only ids that the registry knows";
    Conflict "REG-3/conflict", "make both places of the specification say the same";
    Unreadable "REG-3/unreadable", "mend the block, so that it is what its language says";
    BadId "REG-3/bad-id", "write ids as lower-case words joined by dots, with at most one scope";
    BadField "REG-3/bad-field", "use one of the values that the field has";
    Bound "REG-3/bound", "make the specification flatter or smaller, so that all of it is read";
    Unused "REG-3/unused", "nothing has to be done: no engine, profile or entry names it yet";
    Encoding "REG-3/encoding", "save the specification as UTF-8";
    Refused "REG-3/refused", "nothing has to be done: the proposal was left out";
    Mention "REG-3/mention", "declare it where it is meant as a right; nothing has to be done otherwise";
}

/// What is validated.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A draft, with its findings.
    Draft(&'a RegistryDraft),
    /// The text of a registry file.
    Registry(&'a str),
}

/// What a registry is validated against; each null part is not judged.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The outline of every file of the specification, by name.
    pub outlines: Option<&'a [(String, Outline)]>,
    /// The engines.
    pub engines: Option<&'a EngineCatalog>,
    /// The profiles as text.
    pub profiles: Option<&'a str>,
}

struct Judge<'a> {
    entries: Vec<CapabilityEntry>,
    sections: BTreeMap<String, String>,
    against: Against<'a>,
    defects: Vec<Defect>,
    notes: Vec<Defect>,
}

/// Judges by every rule. Nothing stops at the first.
///
/// # Errors
/// When a draft has no JSON form: a fault of the product.
pub fn validate(
    subject: Subject<'_>,
    against: Against<'_>,
) -> Result<Validation, serde_json::Error> {
    let mut judge = Judge {
        entries: Vec::new(),
        sections: BTreeMap::new(),
        against,
        defects: Vec::new(),
        notes: Vec::new(),
    };
    let subject_sha256 = match subject {
        Subject::Registry(text) => {
            judge.read(text);
            Digest::of(text.as_bytes())
        }
        Subject::Draft(draft) => {
            judge.read(&draft.registry_text(&semver::Version::new(0, 0, 0))?);
            judge.findings(&draft.findings);
            draft.digest()?
        }
    };
    judge.rules();
    let Judge { entries, mut defects, mut notes, .. } = judge;
    defects.sort();
    defects.dedup();
    notes.sort();
    notes.dedup();
    Ok(Validation {
        schema_version: SCHEMA_VERSION.to_owned(),
        subject_sha256,
        valid: defects.is_empty(),
        entries: u64::try_from(entries.len()).unwrap_or(u64::MAX),
        defects,
        notes,
    })
}

impl Judge<'_> {
    fn defect(&mut self, entry: &str, rule: Rule, message: String) {
        let section = self.sections.get(entry).cloned().unwrap_or_default();
        self.defects.push(Defect {
            entry: entry.to_owned(),
            rule,
            section,
            message,
            hint: rule.hint().to_owned(),
        });
    }

    fn note(&mut self, entry: &str, rule: Rule, message: String) {
        self.defect(entry, rule, message);
        self.notes.extend(self.defects.pop());
    }

    /// The document as far as it can be read: each entry that cannot is one defect.
    fn read(&mut self, text: &str) {
        let document = match crate::json::parse(text) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => {
                return self.defect("", Rule::Schema, "the registry is no JSON object".to_owned());
            }
            Err(error) => {
                return self.defect(
                    "",
                    Rule::Schema,
                    format!("the registry is not readable: {error}"),
                );
            }
        };
        for key in document.keys() {
            if !matches!(
                key.as_str(),
                "schema_version" | "capability_registry_version" | "capabilities"
            ) {
                self.defect(key, Rule::Schema, format!("there is no field `{key}`"));
            }
        }
        if document.get("schema_version").and_then(Value::as_str) != Some(registry::SCHEMA_VERSION)
        {
            let message = format!("`schema_version` must be `{}`", registry::SCHEMA_VERSION);
            self.defect("schema_version", Rule::Schema, message);
        }
        let version = document.get("capability_registry_version").and_then(Value::as_str);
        if version.is_none_or(|version| semver::Version::parse(version).is_err()) {
            let message =
                "`capability_registry_version` must be a version such as `1.0.0`".to_owned();
            self.defect("capability_registry_version", Rule::Schema, message);
        }
        let Some(listed) = document.get("capabilities").and_then(Value::as_array) else {
            return self.defect(
                "capabilities",
                Rule::Schema,
                "`capabilities` must be a list".to_owned(),
            );
        };
        let mut seen = BTreeSet::new();
        for (at, value) in listed.iter().enumerate() {
            let named = value.get("capability_id").and_then(Value::as_str);
            let place = named.map_or_else(|| format!("capabilities/{at}"), str::to_owned);
            if let Some(section) = value.get("section_ref").and_then(Value::as_str) {
                self.sections.entry(place.clone()).or_insert_with(|| section.to_owned());
            }
            if named.is_some() && !seen.insert(place.clone()) {
                self.defect(&place, Rule::Unique, "`capability_id` stands twice".to_owned());
            }
            match CapabilityEntry::deserialize(value) {
                Err(error) => self.defect(&place, Rule::Schema, error.to_string()),
                Ok(entry) => {
                    for (field, text) in
                        [("display_name", &entry.display_name), ("section_ref", &entry.section_ref)]
                    {
                        if text.trim().is_empty() {
                            self.defect(
                                &place,
                                Rule::Schema,
                                format!("`{field}` must not be empty"),
                            );
                        }
                    }
                    self.entries.push(entry);
                }
            }
        }
    }

    fn rules(&mut self) {
        let ids: BTreeSet<CapabilityId> =
            self.entries.iter().map(|entry| entry.capability_id.clone()).collect();
        let axes: BTreeSet<String> = self
            .entries
            .iter()
            .filter(|entry| entry.tags.iter().any(|tag| tag == "axis"))
            .map(|entry| entry.capability_id.to_string())
            .collect();
        let knows = |id: &CapabilityId| {
            ids.contains(id)
                || id.scope().is_some()
                    && !id.scope_must_be_registered()
                    && axes.contains(id.base())
        };
        for axis in AXES.iter().filter(|axis| !axes.contains(**axis)) {
            self.defect(axis, Rule::Axis, format!("the axis `{axis}` is not declared as one"));
        }
        for entry in std::mem::take(&mut self.entries) {
            self.entry(&entry, &axes, &knows);
            self.entries.push(entry);
        }
        self.cycles();
        self.alike();
        let mut used: BTreeSet<CapabilityId> =
            self.entries.iter().flat_map(|entry| &entry.required_capabilities).cloned().collect();
        self.engines(&knows, &mut used);
        self.profiles(&knows, &mut used);
        if self.against.engines.is_some() && self.against.profiles.is_some() {
            // An axis is used where a scope of it is, and a scope where its axis is.
            let named: BTreeSet<&str> =
                used.iter().flat_map(|id| [id.as_str(), id.base()]).collect();
            let whole: BTreeSet<&str> =
                used.iter().filter(|id| id.scope().is_none()).map(CapabilityId::as_str).collect();
            let unused: Vec<String> = ids
                .iter()
                .filter(|id| !named.contains(id.as_str()) && !whole.contains(id.base()))
                .map(ToString::to_string)
                .collect();
            for id in unused {
                let message = "no engine needs it, no profile grants it, no entry requires it";
                self.note(&id, Rule::Unused, message.to_owned());
            }
        }
    }

    fn entry(
        &mut self,
        entry: &CapabilityEntry,
        axes: &BTreeSet<String>,
        knows: &dyn Fn(&CapabilityId) -> bool,
    ) {
        let id = entry.capability_id.as_str();
        if entry.capability_id.scope().is_some() && !axes.contains(entry.capability_id.base()) {
            let base = entry.capability_id.base();
            self.defect(id, Rule::Scope, format!("`{base}` is not declared as an axis"));
        }
        for required in &entry.required_capabilities {
            if *required == entry.capability_id {
                self.defect(id, Rule::Cycle, "it requires itself".to_owned());
            } else if !knows(required) {
                self.defect(
                    id,
                    Rule::Required,
                    format!("it requires `{required}`, which is not declared"),
                );
            }
        }
        let Some(outlines) = self.against.outlines else { return };
        let (file, anchor) = match entry.section_ref.split_once('#') {
            Some((file, anchor)) => (file, Some(anchor)),
            None => (entry.section_ref.as_str(), None),
        };
        let known = outlines.iter().find(|(name, _)| name == file);
        let reason = match (known, anchor) {
            (None, _) => {
                format!("`section_ref` names the file `{file}`, which the specification has not")
            }
            (Some(_), None) => "`section_ref` names a file and no heading".to_owned(),
            (Some((_, outline)), Some(anchor)) if !outline.has_anchor(anchor) => {
                format!("`section_ref` names the heading `{anchor}`, which `{file}` has not")
            }
            _ => return,
        };
        self.defect(id, Rule::Section, reason);
    }

    /// Requirements that lead back to where they began. Each entry of a circle is named.
    fn cycles(&mut self) {
        let edges: BTreeMap<&str, Vec<&str>> = self
            .entries
            .iter()
            .map(|entry| {
                let own = entry.capability_id.as_str();
                let required = entry.required_capabilities.iter().map(CapabilityId::as_str);
                (own, required.filter(|id| *id != own).collect())
            })
            .collect();
        // Whatever requires nothing that is left is in no circle: what stays over is, or leads to one.
        let mut left: BTreeMap<&str, usize> = edges
            .iter()
            .map(|(id, to)| (*id, to.iter().filter(|to| edges.contains_key(**to)).count()))
            .collect();
        let mut back: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (from, to) in &edges {
            for to in to {
                back.entry(to).or_default().push(from);
            }
        }
        let mut free: Vec<&str> =
            left.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        while let Some(id) = free.pop() {
            left.remove(id);
            for from in back.get(id).into_iter().flatten() {
                if let Some(count) = left.get_mut(from) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(from);
                    }
                }
            }
        }
        let circle: Vec<String> = left.keys().map(|id| (*id).to_owned()).collect();
        for id in circle {
            let message = "what it requires leads back into a circle of requirements".to_owned();
            self.defect(&id, Rule::Cycle, message);
        }
    }

    fn alike(&mut self) {
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for entry in &self.entries {
            let id = entry.capability_id.to_string();
            let group = groups.entry(lookalike::looks(&id)).or_default();
            if !group.contains(&id) {
                group.push(id);
            }
        }
        for group in groups.into_values().filter(|group| group.len() > 1) {
            for id in &group {
                let others: Vec<String> = group
                    .iter()
                    .filter(|other| *other != id)
                    .map(|other| format!("`{other}`"))
                    .collect();
                self.defect(
                    id,
                    Rule::LookAlike,
                    format!("it can be taken for {}", others.join(", ")),
                );
            }
        }
    }

    fn engines(
        &mut self,
        knows: &dyn Fn(&CapabilityId) -> bool,
        used: &mut BTreeSet<CapabilityId>,
    ) {
        let Some(catalog) = self.against.engines else { return };
        let mut missing: BTreeMap<&CapabilityId, BTreeSet<&str>> = BTreeMap::new();
        for engine in catalog.engines() {
            for id in engine.operations().flat_map(|operation| operation.usable_capabilities()) {
                used.insert(id.clone());
                if !knows(id) {
                    missing.entry(id).or_default().insert(Engine::id(engine).as_str());
                }
            }
        }
        for (id, engines) in missing {
            let names: Vec<String> = engines.into_iter().map(|name| format!("`{name}`")).collect();
            let message = format!("{} names it and it is not declared", names.join(", "));
            self.defect(id.as_str(), Rule::Engines, message);
        }
    }

    fn profiles(
        &mut self,
        knows: &dyn Fn(&CapabilityId) -> bool,
        used: &mut BTreeSet<CapabilityId>,
    ) {
        let Some(text) = self.against.profiles else { return };
        for profile in profile::read(text) {
            match profile {
                Err(reason) => self.defect("profiles", Rule::Profiles, reason),
                Ok(profile) => {
                    for id in &profile.capabilities {
                        used.insert(id.clone());
                        if !knows(id) {
                            let message = format!(
                                "the profile `{}` grants it and it is not declared",
                                profile.profile_id
                            );
                            self.defect(id.as_str(), Rule::Profiles, message);
                        }
                    }
                }
            }
        }
    }

    fn findings(&mut self, findings: &[DraftFinding]) {
        for finding in findings {
            let (rule, breaks) = match finding.kind {
                FindingKind::Conflict => (Rule::Conflict, true),
                FindingKind::LookAlike => (Rule::LookAlike, true),
                FindingKind::BadId => (Rule::BadId, true),
                FindingKind::BadField => (Rule::BadField, true),
                FindingKind::Unreadable => (Rule::Unreadable, true),
                FindingKind::Bound => (Rule::Bound, true),
                FindingKind::Uncovered => (Rule::Engines, true),
                FindingKind::Encoding => (Rule::Encoding, false),
                FindingKind::Refused => (Rule::Refused, false),
                FindingKind::Mention => (Rule::Mention, false),
            };
            // What the engines need is judged by their own rule where they are at hand.
            if finding.kind == FindingKind::Uncovered && self.against.engines.is_some() {
                continue;
            }
            let section = finding.places.first().map(|place| {
                let line = place.first_line;
                format!("{} line {line}", place.section_ref)
            });
            let defect = Defect {
                entry: finding.id.clone(),
                rule,
                section: section.unwrap_or_default(),
                message: finding.message.clone(),
                hint: rule.hint().to_owned(),
            };
            if breaks {
                self.defects.push(defect);
            } else {
                self.notes.push(defect);
            }
        }
    }
}
