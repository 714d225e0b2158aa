//! `capability_registry_draft.json` (contract REG-2): what an extractor proposes, and why.
//! Owns the document and its invariants: every entry says where it stands in the specification, how
//! sure the extractor is, and which fields no text gave. Never decides: a draft is in force for
//! nobody until it was validated, reviewed and published.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::registry::{self, CapabilityEntry};
use crate::digest::Digest;
use crate::id::PolicyDecisionId;

/// The only `schema_version` of a draft.
pub const SCHEMA_VERSION: &str = "rd-1.0";

/// A proposed registry. The same inputs and rules give the same bytes: it holds no clock, no
/// random id and no path of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryDraft {
    /// `rd-1.0`.
    pub schema_version: String,
    /// Who proposes.
    pub extractor: ExtractorIdentity,
    /// The model that was asked; null without one.
    pub model_id: Option<String>,
    /// The decision that let the model be asked; null without one.
    pub policy_decision_id: Option<PolicyDecisionId>,
    /// The trace of the inference, as FR-EVT-006 names it; null without a model.
    pub trace_id: Option<String>,
    /// SHA-256 of each prompt, in the order sent; empty without a model.
    pub prompt_hashes: Vec<Digest>,
    /// Everything that was read, in the order given.
    pub inputs: Vec<DraftInput>,
    /// The registry the draft is to follow; null where there is none.
    pub previous: Option<PreviousRegistry>,
    /// The proposed entries, by id; each id once.
    pub entries: Vec<DraftEntry>,
    /// The engines that the specification or `mechanical_engines.json` declares, by id.
    pub engines: Vec<DraftEngine>,
    /// What a person should look at, sorted by kind, id and place.
    pub findings: Vec<DraftFinding>,
}

/// Which extractor, with which rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtractorIdentity {
    /// `deterministic` or `model`.
    pub name: ExtractorName,
    /// The version of its rules; raised whenever the same input may give another draft.
    pub version: String,
}

/// The extractors there are (contract REG-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExtractorName {
    /// Needs no model; the default.
    Deterministic,
    /// The deterministic one, with proposals of a model beside its own.
    Model,
}

/// One file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftInput {
    /// What it is.
    pub role: InputRole,
    /// Its name, relative and with `/`; sections are named by it.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its size.
    pub size_bytes: u64,
}

/// What a file is to the extraction (contract REG-1).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum InputRole {
    /// A Markdown file of the specification.
    Specification,
    /// `mechanical_engines.json`.
    Engines,
    /// The previous registry.
    Previous,
}

/// The registry a draft is to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviousRegistry {
    /// Its version.
    pub capability_registry_version: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// One proposed entry and everything that speaks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftEntry {
    /// The entry as it would be published (contract REG-6).
    pub entry: CapabilityEntry,
    /// Where it was declared, the deciding place first; never empty.
    pub places: Vec<Place>,
    /// How sure the extractor is that this is a declaration.
    pub certainty: Certainty,
    /// Why it is that sure, as one sentence.
    pub because: String,
    /// The fields that no text gave, each with the rule that gave it; by field.
    pub derived: Vec<DerivedField>,
}

/// How sure an extractor is, from least to most.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// A model proposed it, or one weak form of words alone speaks for it.
    Low,
    /// Running text declares it in a known form.
    Medium,
    /// A structure names it as an id: a block, a table, a definition.
    High,
}

/// A field of an entry that a rule gave.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DerivedField {
    /// Which.
    pub field: EntryField,
    /// The rule of the table in `docs/registry-extraction.md`, such as `RISK-1`.
    pub rule: String,
    /// What the rule saw and what it gave, as one sentence.
    pub because: String,
}

/// The fields of an entry.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EntryField {
    /// The id itself, where the text spells it otherwise.
    CapabilityId,
    /// `kind`.
    Kind,
    /// `display_name`.
    DisplayName,
    /// `section_ref`.
    SectionRef,
    /// `required_capabilities`.
    RequiredCapabilities,
    /// `default_governance_mode`.
    DefaultGovernanceMode,
    /// `risk_class`.
    RiskClass,
    /// `tags`.
    Tags,
}

/// A place in an input that says something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The input's name.
    pub file: String,
    /// The heading it stands under, as `file.md#anchor`; the file alone above the first heading,
    /// and for `mechanical_engines.json`.
    pub section_ref: String,
    /// The first line, counted from 1.
    pub first_line: u64,
    /// The last line; the same for a single line.
    pub last_line: u64,
    /// What stands there, cut at 400 characters, with what cannot be shown as U+FFFD.
    pub quote: String,
    /// In which form.
    pub form: Form,
}

/// The forms in which something is said.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A fenced JSON block.
    Json,
    /// A fenced YAML block.
    Yaml,
    /// A fenced TOML block.
    Toml,
    /// A row of a table.
    Table,
    /// A definition line, or an item of a definition list.
    Definition,
    /// A heading that is an id.
    Heading,
    /// A list item.
    ListItem,
    /// A sentence.
    Sentence,
    /// `mechanical_engines.json`.
    Engines,
    /// A model's proposal, with the lines it quotes.
    Model,
}

/// An engine that somebody declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftEngine {
    /// Its id, as it stands.
    pub engine_id: String,
    /// What it needs, sorted, as it stands; of `mechanical_engines.json` with its operations' own.
    pub required_capabilities: Vec<String>,
    /// Where it was declared: the origin.
    pub places: Vec<Place>,
}

/// Something a person should look at before validating.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftFinding {
    /// What it is.
    pub kind: FindingKind,
    /// The id it is about, as it stands; empty where it is about none.
    pub id: String,
    /// The places, in order.
    pub places: Vec<Place>,
    /// One sentence.
    pub message: String,
}

/// What a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Two places say different things of one id; the entry carries the first place's word.
    Conflict,
    /// Two ids that look alike: by case, by homoglyphs, by what cannot be seen.
    LookAlike,
    /// A declaration whose id has no form of ours.
    BadId,
    /// A declaration with a field that has a value nobody knows; a rule gave the field.
    BadField,
    /// A block, a table or text that could not be read as what it says it is.
    Unreadable,
    /// Bytes that are not UTF-8, or a character that cannot be seen.
    Encoding,
    /// A bound was reached: what stands behind it was not read.
    Bound,
    /// An engine needs a capability that nothing declares.
    Uncovered,
    /// A proposal of a model that was refused.
    Refused,
    /// An id that stands in running text only, in an example of the forbidden, or negated.
    Mention,
}

impl RegistryDraft {
    /// The bytes of the document, indented, with a newline at its end.
    ///
    /// # Errors
    /// When the draft has no JSON form: a fault of the product.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// SHA-256 of [`Self::to_bytes`]: what a diff and a review bind to.
    ///
    /// # Errors
    /// As [`Self::to_bytes`].
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        Ok(Digest::of(&self.to_bytes()?))
    }

    /// Reads a draft.
    ///
    /// # Errors
    /// For unknown or duplicate fields, and for another version.
    pub fn parse(text: &str) -> Result<Self, DraftError> {
        let unreadable = |error: serde_json::Error| DraftError::Unreadable(error.to_string());
        let value = crate::json::parse(text).map_err(unreadable)?;
        let version = value.get("schema_version").and_then(serde_json::Value::as_str);
        if let Some(version) = version.filter(|version| *version != SCHEMA_VERSION) {
            return Err(DraftError::Version(version.chars().take(80).collect()));
        }
        let draft: Self = serde_json::from_value(value).map_err(unreadable)?;
        for pair in draft.entries.windows(2) {
            if let [first, second] = pair
                && first.entry.capability_id >= second.entry.capability_id
            {
                return Err(DraftError::Order(second.entry.capability_id.to_string()));
            }
        }
        if let Some(bare) = draft.entries.iter().find(|entry| entry.places.is_empty()) {
            return Err(DraftError::NoPlace(bare.entry.capability_id.to_string()));
        }
        Ok(draft)
    }

    /// The registry file this draft would become under a version, as `capability_registry.json`
    /// is written: indented, by id, with a newline at its end.
    ///
    /// # Errors
    /// When an entry has no JSON form: a fault of the product.
    pub fn registry_text(&self, version: &semver::Version) -> Result<String, serde_json::Error> {
        let entries: Vec<&CapabilityEntry> = self.entries.iter().map(|own| &own.entry).collect();
        registry::render(version, &entries)
    }
}

/// Why a draft is refused: code `MEX-REGISTRY-INVALID`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// It cannot be read at all.
    #[error("the draft is not readable: {0}")]
    Unreadable(String),
    /// It is of another version.
    #[error("the draft has `schema_version` `{0}` and this mex reads `rd-1.0`")]
    Version(String),
    /// Its entries are not in the order of their ids, each once.
    #[error("the draft's entries must stand once each and by id, and `{0}` does not")]
    Order(String),
    /// An entry comes from nowhere.
    #[error("the draft's entry `{0}` names no place it comes from")]
    NoPlace(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> RegistryDraft {
        let text = r#"{"capability_id":"fs.read","kind":"runtime","display_name":"Read","section_ref":"spec/a.md#files","required_capabilities":[],"default_governance_mode":"gov_strict","risk_class":"high","tags":["axis"]}"#;
        RegistryDraft {
            schema_version: SCHEMA_VERSION.to_owned(),
            extractor: ExtractorIdentity {
                name: ExtractorName::Deterministic,
                version: "1.0.0".to_owned(),
            },
            model_id: None,
            policy_decision_id: None,
            trace_id: None,
            prompt_hashes: Vec::new(),
            inputs: Vec::new(),
            previous: None,
            entries: vec![DraftEntry {
                entry: serde_json::from_str(text).unwrap(),
                places: vec![Place {
                    file: "spec/a.md".to_owned(),
                    section_ref: "spec/a.md#files".to_owned(),
                    first_line: 3,
                    last_line: 3,
                    quote: "`fs.read` is the right to read files".to_owned(),
                    form: Form::Sentence,
                }],
                certainty: Certainty::Medium,
                because: "a sentence declares it".to_owned(),
                derived: Vec::new(),
            }],
            engines: Vec::new(),
            findings: Vec::new(),
        }
    }

    #[test]
    fn reg_2_a_draft_is_read_back_as_it_was_written() {
        let bytes = draft().to_bytes().unwrap();
        let read = RegistryDraft::parse(std::str::from_utf8(&bytes).unwrap()).unwrap();
        assert_eq!(read, draft());
        assert_eq!(read.digest().unwrap(), Digest::of(&bytes));
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["model_id"], serde_json::Value::Null);
        assert_eq!(value["prompt_hashes"], serde_json::json!([]));
    }

    #[test]
    fn reg_2_a_draft_of_another_version_out_of_order_or_from_nowhere_is_refused() {
        let text = |draft: &RegistryDraft| String::from_utf8(draft.to_bytes().unwrap()).unwrap();
        let future = text(&draft()).replace("rd-1.0", "rd-9.0");
        assert_eq!(RegistryDraft::parse(&future), Err(DraftError::Version("rd-9.0".to_owned())));
        let mut twice = draft();
        twice.entries.push(twice.entries[0].clone());
        assert_eq!(
            RegistryDraft::parse(&text(&twice)),
            Err(DraftError::Order("fs.read".to_owned()))
        );
        let mut bare = draft();
        bare.entries[0].places.clear();
        assert_eq!(
            RegistryDraft::parse(&text(&bare)),
            Err(DraftError::NoPlace("fs.read".to_owned()))
        );
        for broken in ["", "{}", "[]", &text(&draft()).replace("\"findings\"", "\"found\"")] {
            assert!(matches!(RegistryDraft::parse(broken), Err(DraftError::Unreadable(_))));
        }
    }

    #[test]
    fn reg_6_a_draft_becomes_the_file_a_registry_is() {
        let text = draft().registry_text(&semver::Version::new(2, 0, 1)).unwrap();
        assert!(text.starts_with("{\n  \"schema_version\": \"cr-1.0\",\n"), "{text}");
        assert!(text.contains("\"capability_registry_version\": \"2.0.1\""), "{text}");
        assert!(text.ends_with("}\n"), "{text}");
    }
}
