//! What would be published: a draft, a registry file or an older version, with the profiles that go
//! with it, judged against each other and against the engines (contract REG-3). Owns reading them and
//! the diff against what is in force; never changes anything.

use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::capability::diff::{DiffSide, EngineNeeds, RegistryDiff};
use mex_runtime::capability::draft::{InputRole, RegistryDraft};
use mex_runtime::capability::{CapabilityRegistry, LoadedRegistry, Profiles, RegistryError};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::engine::EngineCatalog;
use semver::Version;
use serde_json::Value;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::scan::internal;

/// The longest draft or registry read, in bytes.
pub(super) const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A registry that could be published, with what it was read from.
pub(super) struct Candidate {
    /// SHA-256 of the draft's bytes.
    pub(super) draft_sha256: Digest,
    registry: CapabilityRegistry,
    engines: Option<EngineNeeds>,
    profiles: Profiles,
    profiles_text: String,
}

impl Candidate {
    /// Reads a draft (`rd-1.0`) or a registry file (`cr-1.0`) and the profiles that go with it.
    ///
    /// # Errors
    /// With every rule that is broken: of the registry, of the profiles, and engines' needs that
    /// nothing declares.
    pub(super) fn read(draft: &str, profiles: &str, catalog: &EngineCatalog) -> AppResult<Self> {
        let (registry, engines) = registry_of(draft)?;
        let uncovered = catalog.uncovered(&registry);
        if !uncovered.is_empty() {
            let named: Vec<String> = uncovered.iter().map(|id| format!("`{id}`")).collect();
            let message = format!(
                "the draft does not cover what the engines need: {} (REG-3)",
                named.join(", ")
            );
            return Err(AppError::new(Code::RegistryInvalid, message)
                .hint("declare these ids in the specification, or the scans that need them stop"));
        }
        let own = Profiles::parse(profiles, &registry)
            .map_err(|error| AppError::new(Code::RegistryInvalid, error.to_string()))?;
        Ok(Self {
            draft_sha256: Digest::of(draft.as_bytes()),
            registry,
            engines,
            profiles: own,
            profiles_text: profiles.to_owned(),
        })
    }

    /// What it changes.
    ///
    /// # Errors
    /// When it has no JSON form: a fault of the product.
    pub(super) fn diff(
        &self,
        base: &LoadedRegistry,
        engines: &EngineNeeds,
        highest: &Version,
    ) -> AppResult<RegistryDiff> {
        let before = DiffSide {
            registry: &base.registry,
            profiles: &base.profiles,
            profiles_sha256: Digest::of(base.profiles_text.as_bytes()),
            engines: Some(engines),
        };
        let after = DiffSide {
            registry: &self.registry,
            profiles: &self.profiles,
            profiles_sha256: Digest::of(self.profiles_text.as_bytes()),
            engines: self.engines.as_ref(),
        };
        RegistryDiff::between(&before, &after, self.draft_sha256, highest).map_err(internal)
    }

    /// The registry file under a version.
    ///
    /// # Errors
    /// As [`Candidate::diff`].
    pub(super) fn text(&self, version: &Version) -> AppResult<String> {
        self.registry.text_as(version).map_err(internal)
    }

    /// The profiles that go with it.
    pub(super) fn profiles_text(&self) -> &str {
        &self.profiles_text
    }

    /// The rules it would make.
    pub(super) const fn rules(&self) -> (&CapabilityRegistry, &Profiles) {
        (&self.registry, &self.profiles)
    }
}

impl App {
    /// What the engines in force need.
    pub(super) fn engine_needs(&self) -> EngineNeeds {
        self.catalog
            .engines()
            .map(|engine| {
                let needs: BTreeSet<String> = engine
                    .operations()
                    .flat_map(|operation| operation.required_capabilities())
                    .map(ToString::to_string)
                    .collect();
                (engine.id().to_string(), needs)
            })
            .collect()
    }
}

/// The registry a draft would become, and what it says of engines where it read their file.
fn registry_of(text: &str) -> AppResult<(CapabilityRegistry, Option<EngineNeeds>)> {
    let invalid = |error: String| AppError::new(Code::RegistryInvalid, error);
    let value = mex_runtime::json::parse(text)
        .map_err(|error| invalid(format!("the draft is not readable: {error}")))?;
    match value.get("schema_version").and_then(Value::as_str) {
        Some(version) if version.starts_with("rd-") => {
            let draft = RegistryDraft::parse(text).map_err(|error| invalid(error.to_string()))?;
            // A draft has no version of its own: the diff gives it one.
            let text = draft.registry_text(&Version::new(0, 0, 0)).map_err(internal)?;
            let registry = CapabilityRegistry::parse(&text).map_err(of_registry)?;
            let read = draft.inputs.iter().any(|input| input.role == InputRole::Engines);
            let engines: EngineNeeds = draft
                .engines
                .into_iter()
                .map(|engine| {
                    (engine.engine_id, engine.required_capabilities.into_iter().collect())
                })
                .collect::<BTreeMap<_, _>>();
            Ok((registry, read.then_some(engines)))
        }
        _ => Ok((CapabilityRegistry::parse(text).map_err(of_registry)?, None)),
    }
}

/// A registry that breaks rules, with all of them for programs.
pub(super) fn of_registry(error: RegistryError) -> AppError {
    let details = match &error {
        RegistryError::Unreadable(_) => Value::Null,
        RegistryError::Defects(defects) => defects
            .iter()
            .map(|defect| serde_json::json!({"entry": defect.entry, "rule": defect.rule}))
            .collect(),
    };
    AppError::new(Code::RegistryInvalid, error.to_string()).details(details)
}
