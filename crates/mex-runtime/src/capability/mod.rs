//! Rights: which exist, who is granted them, and what a person consented to (contract section 9).
//! Owns every rule about a single capability. Never reads a file: registries, profiles and
//! consents come in as text or values.

mod check;
mod consent;
pub mod diff;
pub mod draft;
pub mod extract;
mod id;
pub mod impact;
mod profile;
mod registry;
pub mod review;
mod trust;
pub mod validate;

pub use check::{CapabilityDecision, CapabilityQuery, CapabilityRefusal, ConsentReferences, check};
pub use consent::{Consent, ConsentRefused, DEFAULT_CONSENT_HOURS};
pub use id::{BadCapabilityId, CapabilityId};
pub use profile::{Profile, Profiles, ProfilesError};
pub use registry::{
    CapabilityEntry, CapabilityKind, CapabilityRegistry, GovernanceMode, RegistryDefect,
    RegistryError, RiskClass,
};
pub use trust::{
    EmbeddedRegistry, LoadedRegistry, PublishedFiles, RegistryMismatch, RegistrySource,
    choose_registry,
};
