//! osv-scanner: known vulnerabilities of the packages that lockfiles name, one run an ecosystem.
//! Owns what is asked (`argv`), what it says (`wire`) and what that means (`normalise`).

pub mod argv;
pub mod normalise;
pub(crate) mod wire;

/// Its name in the lock file.
pub const NAME: &str = "osv-scanner";
