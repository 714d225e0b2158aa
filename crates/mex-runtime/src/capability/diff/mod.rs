//! `capability_registry_diff.json` (contract REG-4): what a draft changes, field by field and in
//! plain words. Owns the document, its order and its digest, which a review binds to. Never decides:
//! what it lists is for a person to tick. Nothing that is added can be missing from it (promise P31):
//! renames and marks stand beside the plain set difference and never in its place.

mod compare;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::CapabilityId;
use super::profile::Profiles;
use super::registry::{CapabilityEntry, CapabilityRegistry, render};
use crate::digest::Digest;

/// The only `schema_version` of a diff.
pub const SCHEMA_VERSION: &str = "rf-1.0";

/// What each engine needs: the required capabilities of an engine with those of its operations.
pub type EngineNeeds = BTreeMap<String, BTreeSet<String>>;

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct DiffSide<'a> {
    /// The registry.
    pub registry: &'a CapabilityRegistry,
    /// The profiles that go with it, judged against it.
    pub profiles: &'a Profiles,
    /// SHA-256 of the profiles file.
    pub profiles_sha256: Digest,
    /// What engines need; null where the side says nothing of engines, and then they are not compared.
    pub engines: Option<&'a EngineNeeds>,
}

/// What a draft changes (contract REG-4). Version `rf-1.0`. The same sides give the same bytes: it
/// holds no clock, no random id and no path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryDiff {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// What is in force.
    pub base: BaseSide,
    /// What would be.
    pub next: NextSide,
    /// How far the version moves, and so what the change is.
    pub bump: VersionBump,
    /// Ids that would exist and do not, by id: the plain set difference.
    pub added: Vec<CapabilityEntry>,
    /// Ids that exist and would not, by id: the plain set difference.
    pub removed: Vec<CapabilityEntry>,
    /// Pairs of the two lists that look like one thing under another name, by the new id.
    pub renamed: Vec<Rename>,
    /// Entries that stay and say something else, by id.
    pub changed: Vec<ChangedEntry>,
    /// Profiles that change, by id.
    pub profiles: Vec<ProfileChange>,
    /// Engines whose needs change, by id.
    pub engines: Vec<EngineChange>,
    /// Everything somebody could do then and cannot now, each to be ticked on its own (contract
    /// REG-5); by `right_id`, each once.
    pub added_rights: Vec<AddedRight>,
    /// The whole of it in plain words, in the order of this document.
    pub sentences: Vec<Sentence>,
}

/// What a draft is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaseSide {
    /// The version in force.
    pub capability_registry_version: String,
    /// SHA-256 of the registry in force.
    pub registry_sha256: Digest,
    /// SHA-256 of the profiles in force.
    pub profiles_sha256: Digest,
}

/// What would be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NextSide {
    /// The version it would have.
    pub capability_registry_version: String,
    /// SHA-256 of the draft it was made from.
    pub draft_sha256: Digest,
    /// SHA-256 of the registry file that would be written, byte by byte.
    pub registry_sha256: Digest,
    /// SHA-256 of the profiles that would go with it.
    pub profiles_sha256: Digest,
}

/// How far a version moves (contract REG-6).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum VersionBump {
    /// Nothing changes.
    None,
    /// Words change, and no right.
    Patch,
    /// A right is added, or a risk raised.
    Minor,
    /// Something that was there is gone: an id, a profile, a grant.
    Major,
}

/// What deserves a second look.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Its misuse can do more than was said before.
    RiskRaised,
    /// Its misuse is said to do less than before.
    RiskLowered,
    /// More is allowed than was: an axis where a scope stood, scopes where none were.
    RightWidened,
    /// Less is allowed than was.
    RightNarrowed,
    /// Its use is watched less closely.
    WatchedLess,
    /// Its use is watched more closely.
    WatchedMore,
}

/// One field of an entry that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// Which.
    pub field: String,
    /// What it says now.
    pub before: Value,
    /// What it would say.
    pub after: Value,
    /// Of a list: what comes in, sorted.
    pub gained: Vec<String>,
    /// Of a list: what goes, sorted.
    pub lost: Vec<String>,
}

/// An entry that stays and says something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedEntry {
    /// Which.
    pub capability_id: CapabilityId,
    /// Its fields that change, in the order of an entry.
    pub fields: Vec<FieldChange>,
    /// What deserves a second look, sorted.
    pub marks: Vec<Mark>,
}

/// A removed and an added id that look like one thing. Both stand in their own lists too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The removed id.
    pub from: CapabilityId,
    /// The added id.
    pub to: CapabilityId,
    /// What changes beside the id, in the order of an entry.
    pub fields: Vec<FieldChange>,
    /// What deserves a second look, sorted.
    pub marks: Vec<Mark>,
}

/// Whether something comes, goes or stays.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It would not be there.
    Removed,
    /// It stays and is another.
    Changed,
}

/// A profile that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// Which.
    pub profile_id: String,
    /// Whether it comes, goes or stays.
    pub change: ChangeKind,
    /// Its description, where it changes: before and after.
    pub description: Option<(String, String)>,
    /// Grants that come in, sorted: the plain set difference.
    pub gained: Vec<String>,
    /// Grants that go, sorted: the plain set difference.
    pub lost: Vec<String>,
    /// What deserves a second look, sorted.
    pub marks: Vec<Mark>,
}

/// An engine whose needs change. Engines are part of the program: a published registry never
/// changes them, and what their file says is shown because it tells what a right is wanted for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngineChange {
    /// Which.
    pub engine_id: String,
    /// Whether it comes, goes or stays.
    pub change: ChangeKind,
    /// Needs that come in, sorted: the plain set difference.
    pub gained: Vec<String>,
    /// Needs that go, sorted: the plain set difference.
    pub lost: Vec<String>,
    /// What deserves a second look, sorted.
    pub marks: Vec<Mark>,
}

/// Where a right is added.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RightKind {
    /// An id comes into the registry.
    Capability,
    /// An entry becomes an axis: its scopes exist from then on.
    Scopes,
    /// An entry needs more.
    Entry,
    /// A profile grants more.
    Profile,
    /// An engine needs more.
    Engine,
}

/// One right that is added: what a reviewer ticks on its own (contract REG-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddedRight {
    /// What is ticked: `capability:ID`, `scopes:ID`, `entry:ID:ID`, `profile:P:ID`, `engine:E:ID`.
    pub right_id: String,
    /// Where.
    pub kind: RightKind,
    /// Who gains it: an entry, a profile or an engine; the id itself for the registry.
    pub subject: String,
    /// The capability.
    pub capability_id: String,
    /// What stood there before and was narrower, sorted: then this is a widening.
    pub widens: Vec<String>,
    /// What stood there before and covered it already; null where nothing did.
    pub covered_by: Option<String>,
    /// In plain words.
    pub sentence: String,
}

/// One change in plain words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sentence {
    /// What it is about: an id of a capability, a profile or an engine.
    pub subject: String,
    /// The sentence; ids in backticks.
    pub text: String,
    /// What deserves a second look, sorted.
    pub marks: Vec<Mark>,
}

impl RegistryDiff {
    /// Compares what is in force with what would be. The version it would have follows `highest`, the
    /// highest there ever was, so that no version is ever given twice.
    ///
    /// # Errors
    /// When an entry has no JSON form: a fault of the product.
    pub fn between(
        base: &DiffSide<'_>,
        next: &DiffSide<'_>,
        draft_sha256: Digest,
        highest: &Version,
    ) -> Result<Self, serde_json::Error> {
        let mut diff = compare::compare(base, next)?;
        diff.bump = diff.bump();
        let own = Version::parse(base.registry.version());
        let version =
            diff.bump.raise(own.as_ref().ok().filter(|own| *own > highest).unwrap_or(highest));
        let text = next.registry.text_as(&version)?;
        diff.next = NextSide {
            capability_registry_version: version.to_string(),
            draft_sha256,
            registry_sha256: Digest::of(text.as_bytes()),
            profiles_sha256: next.profiles_sha256,
        };
        diff.sentences = words::sentences(&diff);
        Ok(diff)
    }

    /// Whether nothing changes but what no reader of the registry can see.
    pub fn is_empty(&self) -> bool {
        self.bump == VersionBump::None
    }

    /// SHA-256 of the canonical JSON: what a review binds to (contract REG-5).
    ///
    /// # Errors
    /// Never for a value of this type; the signature is the canonicaliser's.
    pub fn digest(&self) -> Result<Digest, serde_json::Error> {
        Digest::of_canonical(self)
    }

    /// Reads a diff.
    ///
    /// # Errors
    /// For unknown or duplicate fields, and for another version.
    pub fn parse(text: &str) -> Result<Self, DiffError> {
        let unreadable = |error: serde_json::Error| DiffError::Unreadable(error.to_string());
        let value = crate::json::parse(text).map_err(unreadable)?;
        let version = value.get("schema_version").and_then(Value::as_str);
        if let Some(version) = version.filter(|version| *version != SCHEMA_VERSION) {
            return Err(DiffError::Version(version.chars().take(80).collect()));
        }
        serde_json::from_value(value).map_err(unreadable)
    }

    fn bump(&self) -> VersionBump {
        let gone = !self.removed.is_empty()
            || self.profiles.iter().any(|one| !one.lost.is_empty())
            || self.profiles.iter().any(|one| one.change == ChangeKind::Removed);
        let raised = self.changed.iter().any(|one| one.marks.contains(&Mark::RiskRaised));
        let more = self.added_rights.iter().any(|right| right.kind != RightKind::Engine);
        let profile_added = self.profiles.iter().any(|one| one.change == ChangeKind::Added);
        if gone {
            VersionBump::Major
        } else if more || raised || profile_added {
            VersionBump::Minor
        } else if !self.changed.is_empty() || !self.profiles.is_empty() {
            VersionBump::Patch
        } else {
            VersionBump::None
        }
    }
}

impl VersionBump {
    /// The version after `own`.
    pub fn raise(self, own: &Version) -> Version {
        match self {
            Self::None => own.clone(),
            Self::Patch => Version::new(own.major, own.minor, own.patch.saturating_add(1)),
            Self::Minor => Version::new(own.major, own.minor.saturating_add(1), 0),
            Self::Major => Version::new(own.major.saturating_add(1), 0, 0),
        }
    }
}

impl CapabilityRegistry {
    /// The text of this registry under a version: what a publish writes (contract REG-6).
    ///
    /// # Errors
    /// When an entry has no JSON form: a fault of the product.
    pub fn text_as(&self, version: &Version) -> Result<String, serde_json::Error> {
        let entries: Vec<&CapabilityEntry> = self.entries().collect();
        render(version, &entries)
    }
}

/// Why a diff is refused: code `MEX-REGISTRY-INVALID`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiffError {
    /// It cannot be read at all.
    #[error("the diff is not readable: {0}")]
    Unreadable(String),
    /// It is of another version.
    #[error("the diff has `schema_version` `{0}` and this mex reads `rf-1.0`")]
    Version(String),
}
