//! The one source of capability ids (contract CAP-1, REG-6) and the rules it must keep.
//! Owns reading and looking up; drafting, reviewing and publishing a registry live elsewhere.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::CapabilityId;
use crate::digest::Digest;

/// The only `schema_version` of a registry file.
pub const SCHEMA_VERSION: &str = "cr-1.0";

/// The axes every registry must have (contract CAP-1).
pub const AXES: [&str; 6] =
    ["fs.read", "fs.write", "proc.exec", "net.http", "device", "secrets.use"];

/// One entry (contract REG-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapabilityEntry {
    /// The id; unique.
    pub capability_id: CapabilityId,
    /// What it is a right to.
    pub kind: CapabilityKind,
    /// For people; not empty.
    #[schemars(extend("pattern" = r"\S"))]
    pub display_name: String,
    /// The heading of the specification that defines it, as `file.md#anchor`.
    #[schemars(extend("pattern" = r"\S"))]
    pub section_ref: String,
    /// Rights it cannot be used without; each is registered too.
    pub required_capabilities: Vec<CapabilityId>,
    /// How closely its use is watched.
    pub default_governance_mode: GovernanceMode,
    /// What its misuse can do.
    pub risk_class: RiskClass,
    /// Free words; `axis` marks an id that may carry scopes.
    pub tags: Vec<String>,
}

impl CapabilityEntry {
    /// Whether the id may carry scopes (contract CAP-1).
    pub fn is_axis(&self) -> bool {
        self.tags.iter().any(|tag| tag == "axis")
    }
}

/// What a capability is a right to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CapabilityKind {
    /// Something people see.
    Surface,
    /// An engine's work.
    Engine,
    /// The runtime's own means: files, network, processes.
    Runtime,
    /// An outside program or system.
    Integration,
    /// A model.
    Model,
    /// A chain of steps.
    Workflow,
}

/// How closely a capability's use is watched.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GovernanceMode {
    /// Every use is asked for.
    GovStrict,
    /// Every use is checked and recorded.
    GovStandard,
    /// Every use is recorded.
    GovLight,
}

/// What misuse can do; ordered from mild to grave.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RiskClass {
    /// Little.
    Low,
    /// Something that can be undone.
    Medium,
    /// Something that is hard to undo.
    High,
    /// Something that cannot be undone.
    Critical,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRegistry {
    schema_version: String,
    capability_registry_version: String,
    capabilities: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct WrittenRegistry<'a> {
    schema_version: &'a str,
    capability_registry_version: String,
    capabilities: &'a [&'a CapabilityEntry],
}

/// The text of a registry file: indented, the entries as given, with a newline at its end.
pub(super) fn render(
    version: &semver::Version,
    entries: &[&CapabilityEntry],
) -> Result<String, serde_json::Error> {
    let written = WrittenRegistry {
        schema_version: SCHEMA_VERSION,
        capability_registry_version: version.to_string(),
        capabilities: entries,
    };
    Ok(serde_json::to_string_pretty(&written)? + "\n")
}

/// One thing wrong with a registry: the entry and the rule (contract REG-3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry `{entry}`: {rule}")]
pub struct RegistryDefect {
    /// The entry, by id or place.
    pub entry: String,
    /// The rule it breaks.
    pub rule: String,
}

/// Why a registry is refused: code `MEX-REGISTRY-INVALID`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// It cannot be read at all.
    #[error("the capability registry is not readable: {0}")]
    Unreadable(String),
    /// Every rule it breaks.
    #[error("the capability registry breaks {} rules, first {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Defects(Vec<RegistryDefect>),
}

/// A valid registry with the digest of the file it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilityRegistry {
    version: String,
    digest: Digest,
    entries: BTreeMap<CapabilityId, CapabilityEntry>,
}

impl CapabilityRegistry {
    /// Reads a registry file.
    ///
    /// # Errors
    /// All defects at once, each with its entry and rule; code `MEX-REGISTRY-INVALID`.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let unreadable = |error: serde_json::Error| RegistryError::Unreadable(error.to_string());
        let raw: RawRegistry =
            serde_json::from_value(crate::json::parse(text).map_err(unreadable)?)
                .map_err(unreadable)?;
        let mut defects = Vec::new();
        let mut defect = |entry: &str, rule: String| {
            defects.push(RegistryDefect { entry: entry.to_owned(), rule });
        };
        if raw.schema_version != SCHEMA_VERSION {
            defect("schema_version", format!("must be `{SCHEMA_VERSION}`"));
        }
        if semver::Version::parse(&raw.capability_registry_version).is_err() {
            defect("capability_registry_version", "must be a version such as `1.0.0`".to_owned());
        }
        let mut entries = BTreeMap::new();
        for (at, value) in raw.capabilities.into_iter().enumerate() {
            let place = value
                .get("capability_id")
                .and_then(serde_json::Value::as_str)
                .map_or_else(|| format!("capabilities/{at}"), str::to_owned);
            match serde_json::from_value::<CapabilityEntry>(value) {
                Err(error) => defect(&place, error.to_string()),
                Ok(entry) => {
                    for (field, text) in
                        [("display_name", &entry.display_name), ("section_ref", &entry.section_ref)]
                    {
                        if text.trim().is_empty() {
                            defect(&place, format!("`{field}` must not be empty"));
                        }
                    }
                    if entries.insert(entry.capability_id.clone(), entry).is_some() {
                        defect(&place, "`capability_id` must be unique".to_owned());
                    }
                }
            }
        }
        let registry = Self {
            version: raw.capability_registry_version,
            digest: Digest::of(text.as_bytes()),
            entries,
        };
        registry.cross_check(&mut defects);
        if defects.is_empty() { Ok(registry) } else { Err(RegistryError::Defects(defects)) }
    }

    fn cross_check(&self, defects: &mut Vec<RegistryDefect>) {
        for axis in AXES {
            let registered = axis.parse().is_ok_and(|id: CapabilityId| self.is_axis(&id));
            if !registered {
                defects.push(RegistryDefect {
                    entry: axis.to_owned(),
                    rule: "must be registered with the tag `axis` (CAP-1)".to_owned(),
                });
            }
        }
        for entry in self.entries.values() {
            let mut defect = |rule: String| {
                defects.push(RegistryDefect { entry: entry.capability_id.to_string(), rule });
            };
            if entry.capability_id.scope().is_some() && !self.base_is_axis(&entry.capability_id) {
                defect("a scope may stand only behind a registered axis (CAP-1)".to_owned());
            }
            for required in &entry.required_capabilities {
                if !self.knows(required) {
                    defect(format!(
                        "`required_capabilities` names `{required}`, which is not registered (REG-3)"
                    ));
                }
            }
        }
    }

    /// `capability_registry_version`, which every policy output pins (contract REG-8).
    pub fn version(&self) -> &str {
        &self.version
    }

    /// SHA-256 of the file's bytes.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Every entry, by id.
    pub fn entries(&self) -> impl Iterator<Item = &CapabilityEntry> {
        self.entries.values()
    }

    /// The entry of an id that is registered by itself.
    pub fn entry(&self, id: &CapabilityId) -> Option<&CapabilityEntry> {
        self.entries.get(id)
    }

    /// Whether the id exists (contract CAP-1): registered itself, or a scope of a registered
    /// axis that does not ask for its scopes to be registered.
    pub fn knows(&self, id: &CapabilityId) -> bool {
        self.entries.contains_key(id)
            || (id.scope().is_some() && !id.scope_must_be_registered() && self.base_is_axis(id))
    }

    fn is_axis(&self, id: &CapabilityId) -> bool {
        self.entries.get(id).is_some_and(CapabilityEntry::is_axis)
    }

    fn base_is_axis(&self, id: &CapabilityId) -> bool {
        id.base().parse().is_ok_and(|base: CapabilityId| self.is_axis(&base))
    }
}
