//! Every version that was ever published here: readable, and compared with what its publish event and
//! its signed record say (contract REG-6). Never decides which is in force.

use mex_recorder::PublishRecord;
use mex_runtime::capability::{CapabilityRegistry, Profiles};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, PublishedHow, RegistryPublish};
use mex_runtime::id::ActorId;
use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult, query};
use crate::publish::folder;

/// Every version, newest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RegistryVersions {
    /// The version in force.
    pub in_force: String,
    /// `embedded` or `published`.
    pub source: String,
    /// The key that signs this data folder's records: what another machine names as the signer.
    pub public_key: String,
    /// What was published here.
    pub versions: Vec<RegistryVersion>,
}

/// One version.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RegistryVersion {
    /// Its version.
    pub capability_registry_version: String,
    /// SHA-256 of its file, as its event or its record says.
    pub registry_sha256: Digest,
    /// Whether it is in force.
    pub in_force: bool,
    /// Whether it can be read as it was published.
    pub state: VersionState,
    /// How it came to be published.
    pub how: PublishedHow,
    /// When.
    #[schemars(with = "String")]
    pub published_at: jiff::Timestamp,
    /// Who published it.
    pub published_by: ActorId,
    /// The diff that was reviewed.
    pub diff_sha256: Option<Digest>,
    /// The review that allowed it.
    pub review_sha256: Option<Digest>,
}

/// Whether an older version can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum VersionState {
    /// As it was published.
    Intact,
    /// It is not there, or not what was published.
    Unreadable {
        /// Why.
        reason: String,
    },
}

/// One version as its event or its own signed record states it.
struct Stated {
    registry_sha256: Digest,
    profiles_sha256: Option<Digest>,
    how: PublishedHow,
    published_at: jiff::Timestamp,
    published_by: ActorId,
    diff_sha256: Option<Digest>,
    review_sha256: Option<Digest>,
}

impl App {
    /// Every version that was published here, newest first.
    ///
    /// # Errors
    /// When the record or the folder cannot be read.
    pub fn registry_versions(&self) -> AppResult<RegistryVersions> {
        let rules = self.in_force()?;
        let mut all = self.kept_versions()?;
        for stored in self.recorder.publishes().map_err(query)? {
            if let EventBody::RegistryPublish(publish) = stored.event.body {
                all.extend(Version::parse(&publish.capability_registry_version));
            }
        }
        all.sort();
        all.dedup();
        let mut versions = Vec::new();
        for version in all.into_iter().rev() {
            let version = version.to_string();
            let stated = self.stated(&version)?;
            let state = match self.version_text(&version) {
                Ok(_) => VersionState::Intact,
                Err(error) => VersionState::Unreadable { reason: error.message },
            };
            versions.push(RegistryVersion {
                in_force: rules.registry.version() == version,
                registry_sha256: stated.registry_sha256,
                state,
                how: stated.how,
                published_at: stated.published_at,
                published_by: stated.published_by,
                diff_sha256: stated.diff_sha256,
                review_sha256: stated.review_sha256,
                capability_registry_version: version,
            });
        }
        Ok(RegistryVersions {
            in_force: rules.registry.version().to_owned(),
            source: crate::registry::source_word(rules.source).to_owned(),
            public_key: self.recorder.public_key(),
            versions,
        })
    }

    /// The registry and profiles files of a version, compared with what was published.
    ///
    /// # Errors
    /// `MEX-NOT-FOUND` for a version that was never published here; `MEX-REGISTRY-RECORD` where its
    /// files are not what its event and record say.
    pub(crate) fn version_text(&self, typed: &str) -> AppResult<(String, String)> {
        let embedded = self.embedded_version(typed)?;
        if let Some(text) = embedded {
            return Ok(text);
        }
        let version = Version::parse(typed.trim()).map_err(|_| {
            AppError::new(Code::NotFound, format!("`{typed}` is no version such as `1.2.0`"))
        })?;
        let version = version.to_string();
        let stated = self.stated(&version)?;
        let folder = self.registry_folder();
        let changed = |what: &str| {
            AppError::new(
                Code::RegistryRecord,
                format!("the {what} of version {version} is not what was published"),
            )
        };
        let part = |what: &str, name: &str, expected: Digest| -> AppResult<String> {
            let text = folder::read(&folder.version(&version, what))?
                .filter(|text| Digest::of(text.as_bytes()) == expected);
            // The store has the same bytes, for as long as the record refers to them.
            text.map_or_else(|| self.registry_text(&expected).map_err(|_| changed(name)), Ok)
        };
        let registry = part("", "registry", stated.registry_sha256)?;
        let profiles = match stated.profiles_sha256 {
            Some(expected) => part(".profiles", "profiles", expected)?,
            None => crate::embedded::PROFILES.to_owned(),
        };
        Ok((registry, profiles))
    }

    /// A version as it is shown.
    ///
    /// # Errors
    /// As [`App::version_text`].
    pub(crate) fn version_rules(&self, typed: &str) -> AppResult<(CapabilityRegistry, Profiles)> {
        let (registry, profiles) = self.version_text(typed)?;
        let invalid = |error: String| AppError::new(Code::RegistryInvalid, error);
        let registry =
            CapabilityRegistry::parse(&registry).map_err(|error| invalid(error.to_string()))?;
        let profiles =
            Profiles::parse(&profiles, &registry).map_err(|error| invalid(error.to_string()))?;
        Ok((registry, profiles))
    }

    /// The compiled-in registry, where that is the version meant and nothing was published under it.
    fn embedded_version(&self, typed: &str) -> AppResult<Option<(String, String)>> {
        let own = crate::embedded::registry(Default::default(), None)?;
        let meant = typed.trim() == own.registry.version();
        Ok((meant && self.stated(typed.trim()).is_err())
            .then_some((own.registry_text, own.profiles_text)))
    }

    /// What the newest publish event of a version says; where retention took it, what the record that
    /// this data folder signed says.
    fn stated(&self, version: &str) -> AppResult<Stated> {
        let mut found = None;
        for stored in self.recorder.publishes().map_err(query)? {
            if let EventBody::RegistryPublish(publish) = stored.event.body
                && publish.capability_registry_version == version
            {
                let said = (publish, stored.event.timestamp, stored.event.actor_id);
                // What was said again before a purge tells neither when nor how.
                if said.0.how != PublishedHow::Kept {
                    return Ok(of_event(said));
                }
                found = Some(said);
            }
        }
        if let Some(record) = self.own_record(version)? {
            return Ok(record);
        }
        found.map(of_event).ok_or_else(|| {
            AppError::new(Code::NotFound, format!("version {version} was never published here"))
                .hint("`mex registry versions` lists what was")
        })
    }

    /// The versions in the folder that were published: what a killed publish prepared and never
    /// recorded is none of them.
    ///
    /// # Errors
    /// When the record or the folder cannot be read.
    pub(super) fn kept_versions(&self) -> AppResult<Vec<Version>> {
        let mut kept = Vec::new();
        for version in self.registry_folder().versions()? {
            if self.own_record(&version.to_string())?.is_some() {
                kept.push(version);
            }
        }
        Ok(kept)
    }

    fn own_record(&self, version: &str) -> AppResult<Option<Stated>> {
        let Some(text) = folder::read(&self.registry_folder().version(version, ".publish"))? else {
            return Ok(None);
        };
        let Ok(record) = PublishRecord::parse(&text) else { return Ok(None) };
        let own = record.public_key == self.recorder.public_key()
            && record.statement.capability_registry_version == version
            // A record whose event was never written is that of a publish that was killed. Events
            // leave by retention alone, so a record younger than the oldest event needs its event.
            && self.recorder.is_before_the_record(record.statement.published_at).map_err(query)?;
        let statement = record.statement;
        Ok(own.then_some(Stated {
            registry_sha256: statement.registry_sha256,
            profiles_sha256: Some(statement.profiles_sha256),
            how: statement.how,
            published_at: statement.published_at,
            published_by: statement.published_by,
            diff_sha256: statement.diff_sha256,
            review_sha256: statement.review_sha256,
        }))
    }
}

fn of_event(
    (publish, published_at, published_by): (RegistryPublish, jiff::Timestamp, ActorId),
) -> Stated {
    Stated {
        registry_sha256: publish.registry_sha256,
        profiles_sha256: publish.profiles_sha256,
        how: publish.how,
        published_at,
        published_by,
        diff_sha256: publish.diff_sha256,
        review_sha256: publish.review_sha256,
    }
}
