//! cargo-audit: advisories of the RustSec database for one `Cargo.lock`.
//! Owns what is asked (`argv`), what it says (`wire`) and what that means (`normalise`).

pub mod argv;
pub mod normalise;
mod wire;

/// Its name in the lock file.
pub const NAME: &str = "cargo-audit";
