//! What is compiled in: the engines, the capability registry with its profiles, the tool pins and
//! the default policy. Each is parsed by the same code as a file from outside; never patched here.

use mex_runtime::capability::{EmbeddedRegistry, LoadedRegistry, PublishedFiles, choose_registry};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::engine::EngineCatalog;
use mex_runtime::event::RegistryPublish;

use crate::error::{AppError, AppResult};

/// `mechanical_engines.json` as compiled in.
pub const ENGINES: &str = include_str!("../../../mechanical_engines.json");
/// The embedded capability registry.
pub const REGISTRY: &str =
    include_str!("../../../capability_registry/assets/capability_registry.json");
/// The four profiles.
pub const PROFILES: &str = include_str!("../../../capability_registry/profiles.json");
/// The tool pins.
pub const TOOLCHAIN_LOCK: &str = include_str!("../../../toolchain.lock.json");
/// The commented default policy.
pub const DEFAULT_POLICY: &str = include_str!("../../../policy/default.toml");

/// The engines.
///
/// # Errors
/// When the compiled-in file is not valid: a fault of the build.
pub fn engines() -> AppResult<EngineCatalog> {
    EngineCatalog::parse(ENGINES)
        .map_err(|error| AppError::new(Code::EnginesInvalid, error.to_string()))
}

/// The registry in force (contract REG-7) with its profiles.
///
/// # Errors
/// When a compiled-in file is not valid: a fault of the build.
pub fn registry(
    published: PublishedFiles<'_>,
    last_publish: Option<&RegistryPublish>,
) -> AppResult<LoadedRegistry> {
    let embedded = EmbeddedRegistry {
        registry: REGISTRY,
        sha256: Digest::of(REGISTRY.as_bytes()),
        profiles: PROFILES,
    };
    choose_registry(embedded, published, last_publish)
        .map_err(|error| AppError::new(Code::RegistryInvalid, error.to_string()))
}
