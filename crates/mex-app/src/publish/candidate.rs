//! What would be published: a draft, a registry file or an older version, with the profiles that go
//! with it, judged against each other and against the engines (contract REG-3). Owns reading them and
//! the diff against what is in force; never changes anything.

use std::borrow::Cow;
use std::collections::BTreeSet;

use mex_runtime::capability::diff::{DiffSide, EngineNeeds, RegistryDiff};
use mex_runtime::capability::draft::{DraftEngine, InputRole, RegistryDraft};
use mex_runtime::capability::validate::{Against, Defect, Rule, Subject, Validation, validate};
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
    /// Reads a draft (`rd-1.0`) or a registry file (`cr-1.0`) and the profiles that go with it, and
    /// judges them by every rule that needs no specification (contract REG-3).
    ///
    /// # Errors
    /// With every rule that is broken, each with its entry and next step in the details.
    pub(super) fn read(draft: &str, profiles: &str, catalog: &EngineCatalog) -> AppResult<Self> {
        let subject = Drafted::read(draft)?;
        let validation = subject.judge(profiles, catalog)?;
        let of_profiles = |defect: &Defect| defect.rule == Rule::Profiles;
        if !validation.defects.iter().all(of_profiles) {
            refuse_defects(&validation)?;
        }
        let text = subject.text()?;
        let registry = CapabilityRegistry::parse(&text).map_err(of_registry)?;
        // Profiles know their own rules best: that one holds another, and which way round.
        let own = Profiles::parse(profiles, &registry).map_err(|error| {
            AppError::new(Code::RegistryInvalid, error.to_string())
                .details(serde_json::to_value(&validation.defects).unwrap_or_default())
        })?;
        refuse_defects(&validation)?;
        Ok(Self {
            draft_sha256: Digest::of(draft.as_bytes()),
            registry,
            engines: subject.engines(),
            profiles: own,
            profiles_text: profiles.to_owned(),
        })
    }

    /// Reads again what was recorded with a diff, and so kept every rule then. What can have moved since
    /// are the engines of this program: their needs are judged again.
    ///
    /// # Errors
    /// For a registry, profiles or engines that do not go together any more.
    pub(super) fn again(draft: &str, profiles: &str, catalog: &EngineCatalog) -> AppResult<Self> {
        let subject = Drafted::read(draft)?;
        let text = subject.text()?;
        let registry = CapabilityRegistry::parse(&text).map_err(of_registry)?;
        let own = Profiles::parse(profiles, &registry)
            .map_err(|error| AppError::new(Code::RegistryInvalid, error.to_string()))?;
        if !catalog.uncovered(&registry).is_empty() {
            refuse_defects(&subject.judge(profiles, catalog)?)?;
        }
        Ok(Self {
            draft_sha256: Digest::of(draft.as_bytes()),
            registry,
            engines: subject.engines(),
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

/// A draft, or a registry file in its place.
pub(super) enum Drafted<'a> {
    Draft(Box<RegistryDraft>),
    Registry(&'a str),
}

impl<'a> Drafted<'a> {
    /// Tells the two apart by the version they say.
    ///
    /// # Errors
    /// For what is neither.
    pub(super) fn read(text: &'a str) -> AppResult<Self> {
        let invalid = |error: String| AppError::new(Code::RegistryInvalid, error);
        let value = mex_runtime::json::parse(text)
            .map_err(|error| invalid(format!("the draft is not readable: {error}")))?;
        match value.get("schema_version").and_then(Value::as_str) {
            Some(version) if version.starts_with("rd-") => RegistryDraft::parse(text)
                .map(|draft| Self::Draft(Box::new(draft)))
                .map_err(|error| invalid(error.to_string())),
            _ => Ok(Self::Registry(text)),
        }
    }

    /// Every rule that needs no specification.
    ///
    /// # Errors
    /// When a draft has no JSON form: a fault of the product.
    pub(super) fn judge(&self, profiles: &str, catalog: &EngineCatalog) -> AppResult<Validation> {
        let subject = match self {
            Self::Draft(draft) => Subject::Draft(draft),
            Self::Registry(text) => Subject::Registry(text),
        };
        let against = Against { outlines: None, engines: Some(catalog), profiles: Some(profiles) };
        validate(subject, against).map_err(internal)
    }

    /// The registry file; a draft has no version of its own, and the diff gives it one.
    fn text(&self) -> AppResult<Cow<'a, str>> {
        match self {
            Self::Draft(draft) => {
                draft.registry_text(&Version::new(0, 0, 0)).map(Cow::Owned).map_err(internal)
            }
            Self::Registry(text) => Ok(Cow::Borrowed(text)),
        }
    }

    /// What a draft says of engines, where it read their file.
    fn engines(&self) -> Option<EngineNeeds> {
        let Self::Draft(draft) = self else { return None };
        let needs = |engine: &DraftEngine| {
            let own = engine.required_capabilities.iter().cloned().collect();
            (engine.engine_id.clone(), own)
        };
        let read = draft.inputs.iter().any(|input| input.role == InputRole::Engines);
        read.then(|| draft.engines.iter().map(needs).collect())
    }
}

/// Refuses what breaks a rule: the first three in words, all of them for programs.
fn refuse_defects(validation: &Validation) -> AppResult<()> {
    let Some(first) = validation.defects.first() else { return Ok(()) };
    let shown: Vec<String> = validation
        .defects
        .iter()
        .take(3)
        .map(|defect| format!("`{}`: {} ({})", defect.entry, defect.message, defect.rule.as_str()))
        .collect();
    let more = validation.defects.len().saturating_sub(shown.len());
    let rest = if more == 0 { String::new() } else { format!("; and {more} more") };
    let message = format!("the draft breaks a rule: {}{rest}", shown.join("; "));
    Err(AppError::new(Code::RegistryInvalid, message)
        .hint(first.hint.clone())
        .details(serde_json::to_value(&validation.defects).unwrap_or_default()))
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
