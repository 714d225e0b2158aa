//! syft: the components of a tree, as a list of ours and as CycloneDX and SPDX documents.
//! Owns what is asked (`argv`), what it says (`wire`) and what that means (`normalise`).

pub mod argv;
pub mod normalise;
mod wire;

/// Its name in the lock file.
pub const NAME: &str = "syft";
