//! Rights: which exist, who is granted them, and what a person consented to (contract section 9).
//! Owns every rule about a single capability. Never reads a file: registries, profiles and
//! consents come in as text or values.

mod check;
mod consent;
pub mod draft;
pub mod extract;
mod id;
mod profile;
mod registry;
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
pub use trust::{LoadedRegistry, RegistryMismatch, RegistrySource, choose_registry};
