//! Which registry is in force (contract REG-7), with which profiles: the embedded ones unless what is
//! published is exactly what the last publish event names. Never silently: a disagreement is returned,
//! and then nothing of what is published counts, neither registry nor profiles.

use super::profile::{Profiles, ProfilesError};
use super::registry::{CapabilityRegistry, RegistryError};
use crate::code::Code;
use crate::digest::Digest;
use crate::event::RegistryPublish;

/// Where the registry in force comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrySource {
    /// Compiled in.
    Embedded,
    /// Published into the registry folder, and named by the last publish event.
    Published,
}

/// Why a published registry is not in force. The host makes it a fatal Problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryMismatch {
    /// A file that no event names.
    #[error("a published registry {found} is there and no publish event names it")]
    FileWithoutEvent {
        /// The file's digest.
        found: Digest,
    },
    /// An event whose file is gone.
    #[error("the last publish event names registry {expected} and the file is not there")]
    EventWithoutFile {
        /// The digest the event names.
        expected: Digest,
    },
    /// A file that is not the one the event names.
    #[error("the last publish event names registry {expected} and the file is {found}")]
    Digest {
        /// The digest the event names.
        expected: Digest,
        /// The file's digest.
        found: Digest,
    },
    /// The file has another version than the event.
    #[error("the last publish event names version `{expected}` and the file says `{found}`")]
    Version {
        /// The version the event names.
        expected: String,
        /// The file's version.
        found: String,
    },
    /// The file is the one named, and is not valid.
    #[error("the published registry is not valid: {0}")]
    Invalid(RegistryError),
    /// Profiles that no event names.
    #[error("published profiles {found} are there and the last publish event names none")]
    ProfilesWithoutEvent {
        /// The file's digest.
        found: Digest,
    },
    /// Profiles that an event names and nobody has.
    #[error("the last publish event names profiles {expected} and the file is not there")]
    ProfilesWithoutFile {
        /// The digest the event names.
        expected: Digest,
    },
    /// Profiles that are not those the event names.
    #[error("the last publish event names profiles {expected} and the file is {found}")]
    ProfilesDigest {
        /// The digest the event names.
        expected: Digest,
        /// The file's digest.
        found: Digest,
    },
    /// The profiles in force do not go with the published registry.
    #[error("the published registry does not go with its profiles: {0}")]
    Profiles(ProfilesError),
}

/// What is compiled in.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedRegistry<'a> {
    /// The registry.
    pub registry: &'a str,
    /// The digest it was compiled in with.
    pub sha256: Digest,
    /// The profiles.
    pub profiles: &'a str,
}

/// What the registry folder holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct PublishedFiles<'a> {
    /// The registry.
    pub registry: Option<&'a str>,
    /// The profiles.
    pub profiles: Option<&'a str>,
}

impl RegistryMismatch {
    /// The code hosts switch on.
    pub const fn code(&self) -> Code {
        Code::RegistryInvalid
    }
}

/// The registry in force, and what spoke against another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedRegistry {
    /// The registry in force.
    pub registry: CapabilityRegistry,
    /// Its file, byte by byte.
    pub registry_text: String,
    /// The profiles in force, judged against it.
    pub profiles: Profiles,
    /// Their file, byte by byte.
    pub profiles_text: String,
    /// Where the registry comes from.
    pub source: RegistrySource,
    /// Why the published one is not in force, where there is a trace of one.
    pub mismatch: Option<RegistryMismatch>,
}

/// Chooses by contract REG-7.
///
/// # Errors
/// Only where what is embedded itself is not valid, or is not what was compiled in.
pub fn choose_registry(
    embedded: EmbeddedRegistry<'_>,
    published: PublishedFiles<'_>,
    last_publish: Option<&RegistryPublish>,
) -> Result<LoadedRegistry, RegistryError> {
    let found = Digest::of(embedded.registry.as_bytes());
    if found != embedded.sha256 {
        return Err(RegistryError::Unreadable(format!(
            "the embedded registry is {found}, not the compiled-in {}",
            embedded.sha256
        )));
    }
    let mismatch = match trusted(embedded, published, last_publish) {
        Ok(Some(loaded)) => return Ok(loaded),
        Ok(None) => None,
        Err(mismatch) => Some(mismatch),
    };
    let registry = CapabilityRegistry::parse(embedded.registry)?;
    let profiles = Profiles::parse(embedded.profiles, &registry)
        .map_err(|error| RegistryError::Unreadable(error.to_string()))?;
    Ok(LoadedRegistry {
        registry,
        registry_text: embedded.registry.to_owned(),
        profiles,
        profiles_text: embedded.profiles.to_owned(),
        source: RegistrySource::Embedded,
        mismatch,
    })
}

fn trusted(
    embedded: EmbeddedRegistry<'_>,
    published: PublishedFiles<'_>,
    last_publish: Option<&RegistryPublish>,
) -> Result<Option<LoadedRegistry>, RegistryMismatch> {
    let (text, event) = match (published.registry, last_publish) {
        (None, None) => {
            return match published.profiles {
                Some(text) => Err(RegistryMismatch::ProfilesWithoutEvent {
                    found: Digest::of(text.as_bytes()),
                }),
                None => Ok(None),
            };
        }
        (Some(text), None) => {
            return Err(RegistryMismatch::FileWithoutEvent { found: Digest::of(text.as_bytes()) });
        }
        (None, Some(event)) => {
            return Err(RegistryMismatch::EventWithoutFile { expected: event.registry_sha256 });
        }
        (Some(text), Some(event)) => (text, event),
    };
    let found = Digest::of(text.as_bytes());
    if found != event.registry_sha256 {
        return Err(RegistryMismatch::Digest { expected: event.registry_sha256, found });
    }
    let registry = CapabilityRegistry::parse(text).map_err(RegistryMismatch::Invalid)?;
    if registry.version() != event.capability_registry_version {
        return Err(RegistryMismatch::Version {
            expected: event.capability_registry_version.clone(),
            found: registry.version().to_owned(),
        });
    }
    let own = match (published.profiles, event.profiles_sha256) {
        (None, None) => embedded.profiles,
        (Some(text), None) => {
            let found = Digest::of(text.as_bytes());
            return Err(RegistryMismatch::ProfilesWithoutEvent { found });
        }
        (None, Some(expected)) => return Err(RegistryMismatch::ProfilesWithoutFile { expected }),
        (Some(text), Some(expected)) => {
            let found = Digest::of(text.as_bytes());
            if found != expected {
                return Err(RegistryMismatch::ProfilesDigest { expected, found });
            }
            text
        }
    };
    let profiles = Profiles::parse(own, &registry).map_err(RegistryMismatch::Profiles)?;
    Ok(Some(LoadedRegistry {
        registry,
        registry_text: text.to_owned(),
        profiles,
        profiles_text: own.to_owned(),
        source: RegistrySource::Published,
        mismatch: None,
    }))
}
