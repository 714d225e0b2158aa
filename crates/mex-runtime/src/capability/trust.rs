//! Which registry is in force (contract REG-7): the embedded one unless a published one is
//! exactly what the last publish event names. Never silently: a disagreement is returned.

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
    /// Where it comes from.
    pub source: RegistrySource,
    /// Why the published one is not in force, where there is a trace of one.
    pub mismatch: Option<RegistryMismatch>,
}

/// Chooses by contract REG-7.
///
/// # Errors
/// Only where the embedded registry itself is not valid, or is not `embedded_digest`.
pub fn choose_registry(
    embedded: &str,
    embedded_digest: &Digest,
    published: Option<&str>,
    last_publish: Option<&RegistryPublish>,
) -> Result<LoadedRegistry, RegistryError> {
    let found = Digest::of(embedded.as_bytes());
    if found != *embedded_digest {
        return Err(RegistryError::Unreadable(format!(
            "the embedded registry is {found}, not the compiled-in {embedded_digest}"
        )));
    }
    let own = CapabilityRegistry::parse(embedded)?;
    Ok(match trusted(published, last_publish) {
        Ok(None) => {
            LoadedRegistry { registry: own, source: RegistrySource::Embedded, mismatch: None }
        }
        Ok(Some(registry)) => {
            LoadedRegistry { registry, source: RegistrySource::Published, mismatch: None }
        }
        Err(mismatch) => LoadedRegistry {
            registry: own,
            source: RegistrySource::Embedded,
            mismatch: Some(mismatch),
        },
    })
}

fn trusted(
    published: Option<&str>,
    last_publish: Option<&RegistryPublish>,
) -> Result<Option<CapabilityRegistry>, RegistryMismatch> {
    let (text, event) = match (published, last_publish) {
        (None, None) => return Ok(None),
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
    Ok(Some(registry))
}
