//! The fields of an entry as a text states them: names people write for them, and their values.
//! Owns both vocabularies; what no text states is [`super::derive`]'s.

use super::super::draft::EntryField;
use super::super::registry::{CapabilityKind, GovernanceMode, RiskClass};

/// What one place states of an id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) kind: Option<CapabilityKind>,
    pub(super) display_name: Option<String>,
    pub(super) section_ref: Option<String>,
    pub(super) required: Option<Vec<String>>,
    pub(super) governance: Option<GovernanceMode>,
    pub(super) risk: Option<RiskClass>,
    pub(super) tags: Option<Vec<String>>,
    /// What it is, in words: only a display name is made from it.
    pub(super) description: Option<String>,
    /// Fields whose value nobody knows.
    pub(super) bad: Vec<(EntryField, String)>,
}

/// What a name of a column, a key or a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldName {
    /// A field of the entry.
    Entry(EntryField),
    /// Words about it.
    Description,
}

/// The field a name means, however it is spelled.
pub(super) fn field_name(name: &str) -> Option<FieldName> {
    let name: String =
        name.trim().trim_matches(['*', '`', ':', '_']).to_lowercase().replace(['_', '-'], " ");
    let entry = |field| Some(FieldName::Entry(field));
    match name.as_str() {
        "kind" | "type" | "capability kind" => entry(EntryField::Kind),
        "display name" | "name" | "title" | "label" | "displayname" => {
            entry(EntryField::DisplayName)
        }
        "section ref" | "section" | "sectionref" => entry(EntryField::SectionRef),
        "required capabilities"
        | "requires"
        | "needs"
        | "required"
        | "depends on"
        | "prerequisites"
        | "required rights"
        | "requiredcapabilities" => entry(EntryField::RequiredCapabilities),
        "default governance mode"
        | "governance mode"
        | "governance"
        | "default governance"
        | "mode"
        | "defaultgovernancemode" => entry(EntryField::DefaultGovernanceMode),
        "risk class" | "risk" | "risk level" | "riskclass" => entry(EntryField::RiskClass),
        "tags" | "tag" | "labels" => entry(EntryField::Tags),
        "description" | "meaning" | "what it is" | "what it allows" | "allows" | "purpose"
        | "definition" | "what it means" | "explanation" | "summary" | "grants" => {
            Some(FieldName::Description)
        }
        _ => None,
    }
}

/// A value that says that there is none.
pub(super) fn is_nothing(value: &str) -> bool {
    let bare = value.trim().trim_matches(['`', '*', '.', '(', ')']).to_lowercase();
    matches!(
        bare.as_str(),
        "" | "-" | "–" | "—" | "none" | "n/a" | "nothing" | "[]" | "no" | "null"
    )
}

impl Stated {
    /// Takes one value in; a first value stays.
    pub(super) fn set(&mut self, name: FieldName, value: &str) {
        let bare = plain(value);
        let FieldName::Entry(field) = name else {
            if !is_nothing(&bare) {
                self.description.get_or_insert(bare);
            }
            return;
        };
        let list = || -> Vec<String> {
            if is_nothing(&bare) {
                return Vec::new();
            }
            bare.split([',', ';'])
                .flat_map(|part| part.split(" and "))
                .map(|part| part.trim().trim_matches(['[', ']', '"', '\'', '.']).to_owned())
                .filter(|part| !part.is_empty())
                .collect()
        };
        let known = match field {
            EntryField::CapabilityId => true,
            EntryField::DisplayName => {
                if !is_nothing(&bare) {
                    self.display_name.get_or_insert(bare.clone());
                }
                true
            }
            EntryField::SectionRef => {
                if !is_nothing(&bare) {
                    self.section_ref.get_or_insert(bare.clone());
                }
                true
            }
            EntryField::RequiredCapabilities => {
                self.required.get_or_insert(list());
                true
            }
            EntryField::Tags => {
                self.tags.get_or_insert(list());
                true
            }
            EntryField::Kind => put(&mut self.kind, kind(&bare)),
            EntryField::DefaultGovernanceMode => put(&mut self.governance, governance(&bare)),
            EntryField::RiskClass => put(&mut self.risk, risk(&bare)),
        };
        if !known && !is_nothing(&bare) {
            self.bad.push((field, bare.chars().take(80).collect()));
        }
    }

    /// Reads `(risk: high, kind: runtime)` and `Risk: high; governance: strict.` out of a text.
    pub(super) fn read_inline(&mut self, text: &str) {
        for part in
            text.split(['(', ')', ';', '\n', ',', '[', ']']).flat_map(|part| part.split(". "))
        {
            let Some((name, value)) = part.split_once([':', '=']) else { continue };
            let name = name.trim();
            if name.len() > 32 {
                continue;
            }
            // Only what cannot be a sentence of its own.
            let certain = matches!(
                field_name(name),
                Some(FieldName::Entry(
                    EntryField::RiskClass | EntryField::DefaultGovernanceMode | EntryField::Kind
                ))
            );
            if let (true, Some(field)) = (certain, field_name(name)) {
                let mut tried = self.clone();
                tried.set(field, value.trim().trim_end_matches('.'));
                // In running text an unknown word is prose, not a bad value.
                if tried.bad.len() == self.bad.len() {
                    *self = tried;
                }
            }
        }
    }
}

fn put<T: Copy>(place: &mut Option<T>, value: Option<T>) -> bool {
    if let Some(value) = value {
        place.get_or_insert(value);
    }
    value.is_some()
}

/// Without markup and on one line.
pub(super) fn plain(text: &str) -> String {
    let bare: String = text.chars().filter(|c| !"`*".contains(*c)).collect();
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn word(value: &str) -> String {
    value.trim().trim_matches(['.', '"', '\'']).to_lowercase().replace([' ', '-'], "_")
}

pub(super) fn kind(value: &str) -> Option<CapabilityKind> {
    Some(match word(value).as_str() {
        "surface" => CapabilityKind::Surface,
        "engine" => CapabilityKind::Engine,
        "runtime" => CapabilityKind::Runtime,
        "integration" => CapabilityKind::Integration,
        "model" => CapabilityKind::Model,
        "workflow" => CapabilityKind::Workflow,
        _ => return None,
    })
}

pub(super) fn governance(value: &str) -> Option<GovernanceMode> {
    Some(match word(value).trim_start_matches("gov_") {
        "strict" => GovernanceMode::GovStrict,
        "standard" => GovernanceMode::GovStandard,
        "light" => GovernanceMode::GovLight,
        _ => return None,
    })
}

pub(super) fn risk(value: &str) -> Option<RiskClass> {
    Some(match word(value).as_str() {
        "low" => RiskClass::Low,
        "medium" | "moderate" => RiskClass::Medium,
        "high" => RiskClass::High,
        "critical" => RiskClass::Critical,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reg_2_fields_are_read_under_the_names_people_give_them() {
        let mut stated = Stated::default();
        for (name, value) in [
            ("Risk class", "High"),
            ("default_governance_mode", "`gov_strict`"),
            ("**Kind**", "runtime"),
            ("Needs", "`fs.read:inputs`, `net.http`"),
            ("tags", "—"),
            ("Name", "Read files"),
        ] {
            stated.set(field_name(name).unwrap(), value);
        }
        assert_eq!(stated.risk, Some(RiskClass::High));
        assert_eq!(stated.governance, Some(GovernanceMode::GovStrict));
        assert_eq!(stated.kind, Some(CapabilityKind::Runtime));
        assert_eq!(stated.required.as_deref().unwrap(), ["fs.read:inputs", "net.http"]);
        assert_eq!(stated.tags.as_deref(), Some(&[][..]));
        stated.set(field_name("risk").unwrap(), "frightening");
        assert_eq!(stated.bad, [(EntryField::RiskClass, "frightening".to_owned())]);
        assert_eq!(field_name("Operation"), None);
    }

    #[test]
    fn reg_2_fields_in_running_text_are_read_where_they_are_no_prose() {
        let mut stated = Stated::default();
        stated.read_inline("reads files (risk: medium, kind: runtime). Governance: standard.");
        assert_eq!(stated.risk, Some(RiskClass::Medium));
        assert_eq!(stated.kind, Some(CapabilityKind::Runtime));
        assert_eq!(stated.governance, Some(GovernanceMode::GovStandard));
        let mut prose = Stated::default();
        prose.read_inline("there is a risk: somebody may read it");
        assert_eq!(prose, Stated::default());
    }
}
