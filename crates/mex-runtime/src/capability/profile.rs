//! Named lists of capabilities (contract CAP-3). A profile is nothing but its list.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::CapabilityId;
use super::registry::CapabilityRegistry;
use crate::id::ProfileId;

/// The only `schema_version` of a profiles file.
pub const SCHEMA_VERSION: &str = "cp-1.0";

/// One profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its id.
    pub profile_id: ProfileId,
    /// Whom it is for, as one sentence.
    pub description: String,
    /// What it grants; every id is in the registry.
    pub capabilities: Vec<CapabilityId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfiles {
    schema_version: String,
    profiles: Vec<Value>,
}

/// Why a profiles file is refused: code `MEX-REGISTRY-INVALID`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfilesError {
    /// It cannot be read at all.
    #[error("the profiles are not readable: {0}")]
    Unreadable(String),
    /// Everything wrong with it, each naming the profile and the rule.
    #[error("the profiles are not valid: {}", .0.join("; "))]
    Defects(Vec<String>),
}

/// Valid profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profiles(BTreeMap<ProfileId, Profile>);

impl Profiles {
    /// Reads a profiles file against the registry its ids must come from (contract CAP-3).
    ///
    /// # Errors
    /// All defects at once; code `MEX-REGISTRY-INVALID`.
    pub fn parse(text: &str, registry: &CapabilityRegistry) -> Result<Self, ProfilesError> {
        let unreadable = |error: serde_json::Error| ProfilesError::Unreadable(error.to_string());
        let raw: RawProfiles =
            serde_json::from_value(crate::json::parse(text).map_err(unreadable)?)
                .map_err(unreadable)?;
        let mut defects = Vec::new();
        if raw.schema_version != SCHEMA_VERSION {
            defects.push(format!("`schema_version` must be `{SCHEMA_VERSION}`"));
        }
        let mut profiles = BTreeMap::new();
        defects.extend(includes(&raw.profiles));
        for (at, value) in raw.profiles.into_iter().enumerate() {
            let profile: Profile = match serde_json::from_value(value) {
                Ok(profile) => profile,
                Err(error) => {
                    defects.push(format!("profiles/{at}: {error}"));
                    continue;
                }
            };
            for id in profile.capabilities.iter().filter(|id| !registry.knows(id)) {
                defects.push(format!(
                    "profile `{}` grants `{id}`, which the registry does not know (CAP-3)",
                    profile.profile_id
                ));
            }
            let mut seen = BTreeSet::new();
            for id in profile.capabilities.iter().filter(|id| !seen.insert(*id)) {
                defects.push(format!("profile `{}` grants `{id}` twice", profile.profile_id));
            }
            let id = profile.profile_id.clone();
            if profiles.insert(id.clone(), profile).is_some() {
                defects.push(format!("profile `{id}` stands twice"));
            }
        }
        if defects.is_empty() { Ok(Self(profiles)) } else { Err(ProfilesError::Defects(defects)) }
    }

    /// A profile by id.
    pub fn profile(&self, id: &ProfileId) -> Option<&Profile> {
        self.0.get(id)
    }

    /// Every profile, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.0.values()
    }
}

/// Each profile of a file by itself, or why it is none; nothing is judged against a registry.
pub(super) fn read(text: &str) -> Vec<Result<Profile, String>> {
    let raw = crate::json::parse(text).and_then(serde_json::from_value::<RawProfiles>);
    let raw = match raw {
        Ok(raw) => raw,
        Err(error) => return vec![Err(format!("the profiles are not readable: {error}"))],
    };
    let mut read = Vec::new();
    if raw.schema_version != SCHEMA_VERSION {
        read.push(Err(format!("`schema_version` of the profiles must be `{SCHEMA_VERSION}`")));
    }
    let mut ids = std::collections::BTreeSet::new();
    for (at, value) in raw.profiles.into_iter().enumerate() {
        match serde_json::from_value::<Profile>(value) {
            Err(error) => read.push(Err(format!("profiles/{at}: {error}"))),
            Ok(profile) if !ids.insert(profile.profile_id.clone()) => {
                read.push(Err(format!("the profile `{}` stands twice", profile.profile_id)));
            }
            Ok(profile) => read.push(Ok(profile)),
        }
    }
    read
}

impl Profile {
    /// The grant that covers `capability`, the narrowest first (contract CAP-1).
    pub fn grant(&self, capability: &CapabilityId) -> Option<&CapabilityId> {
        let exact = self.capabilities.iter().find(|grant| *grant == capability);
        exact.or_else(|| self.capabilities.iter().find(|grant| grant.covers(capability)))
    }
}

/// Profiles that stand in the list of a profile: each is named, and the way round where they form a
/// cycle. A profile is nothing but ids of the registry (contract CAP-3), so none may hold another.
fn includes(profiles: &[Value]) -> Vec<String> {
    let name =
        |profile: &Value| profile.get("profile_id").and_then(Value::as_str).map(str::to_owned);
    let names: BTreeSet<String> = profiles.iter().filter_map(name).collect();
    let mut holds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for profile in profiles {
        let Some(own) = name(profile) else { continue };
        let listed = profile.get("capabilities").and_then(Value::as_array).into_iter().flatten();
        let held = listed.filter_map(Value::as_str).filter(|id| names.contains(*id));
        holds.entry(own).or_default().extend(held.map(str::to_owned));
    }
    let mut defects = Vec::new();
    for (own, held) in &holds {
        for other in held {
            let rule = "a profile is nothing but ids of the registry (CAP-3)";
            defects.push(match way_back(&holds, other, own) {
                Some(way) => {
                    format!("profile `{own}` holds profile `{other}`, a cycle ({way}): {rule}")
                }
                None => format!("profile `{own}` holds profile `{other}`: {rule}"),
            });
        }
    }
    defects
}

/// The way from one profile to another over what they hold, as `a -> b -> c`.
fn way_back(holds: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) -> Option<String> {
    let mut came_from: BTreeMap<&str, Option<&str>> = BTreeMap::from([(from, None)]);
    let mut next = vec![from];
    while let Some(at) = next.pop() {
        if at == to {
            let mut way = vec![to];
            let mut here = at;
            while let Some(Some(before)) = came_from.get(here) {
                way.push(before);
                here = before;
            }
            way.push(to);
            way.reverse();
            return Some(way.join(" -> "));
        }
        for held in holds.get(at).into_iter().flatten() {
            if !came_from.contains_key(held.as_str()) {
                came_from.insert(held, Some(at));
                next.push(held);
            }
        }
    }
    None
}
