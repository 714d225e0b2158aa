//! `mex registry show`: the registry in force, a version that was published here, or a file, each
//! validated by the same code. Never changes what is in force.

use std::path::Path;

use mex_runtime::capability::{CapabilityEntry, CapabilityRegistry, Profiles, RegistrySource};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::input;

/// The longest registry read, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A registry as it is shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RegistryView {
    /// Its version.
    pub capability_registry_version: String,
    /// Its digest.
    pub sha256: Digest,
    /// `embedded`, `published`, or the file shown.
    pub source: String,
    /// Its entries, by id.
    pub entries: Vec<CapabilityEntry>,
    /// The profiles with their grants; empty for a file.
    pub profiles: Vec<ProfileView>,
}

/// A profile as it is shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ProfileView {
    /// Its id.
    pub profile_id: String,
    /// What it grants.
    pub capabilities: Vec<String>,
}

impl App {
    /// The registry in force, or a valid file.
    ///
    /// # Errors
    /// When the file cannot be read, or is not valid: every entry and rule is named.
    pub fn registry_view(&self, file: Option<&Path>) -> AppResult<RegistryView> {
        let Some(path) = file else {
            let rules = self.in_force()?;
            let shown = view(&rules.registry, source_word(rules.source).to_owned());
            return Ok(RegistryView { profiles: profiles(&rules.profiles), ..shown });
        };
        let text = input::text(path, MAX_BYTES, "registry")?;
        let registry = CapabilityRegistry::parse(&text).map_err(|error| {
            AppError::new(Code::RegistryInvalid, format!("`{}`: {error}", path.display()))
        })?;
        Ok(view(&registry, path.display().to_string()))
    }

    /// A version that was published here, or the embedded one.
    ///
    /// # Errors
    /// For a version that was never published here, and where its files are not what was.
    pub fn registry_version(&self, version: &str) -> AppResult<RegistryView> {
        let (registry, own) = self.version_rules(version)?;
        let shown = view(&registry, format!("version {}", registry.version()));
        Ok(RegistryView { profiles: profiles(&own), ..shown })
    }
}

/// The word for where a registry comes from.
pub(crate) const fn source_word(source: RegistrySource) -> &'static str {
    match source {
        RegistrySource::Embedded => "embedded",
        RegistrySource::Published => "published",
    }
}

fn profiles(all: &Profiles) -> Vec<ProfileView> {
    all.iter()
        .map(|profile| ProfileView {
            profile_id: profile.profile_id.to_string(),
            capabilities: profile.capabilities.iter().map(ToString::to_string).collect(),
        })
        .collect()
}

fn view(registry: &CapabilityRegistry, source: String) -> RegistryView {
    RegistryView {
        capability_registry_version: registry.version().to_owned(),
        sha256: registry.digest(),
        source,
        entries: registry.entries().cloned().collect(),
        profiles: Vec::new(),
    }
}
