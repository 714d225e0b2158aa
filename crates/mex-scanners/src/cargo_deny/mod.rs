//! cargo-deny: the licences of the crates one `Cargo.lock` resolves to, by manifests and texts.
//! Owns what is asked (`argv`), what it says (`wire`) and what that means (`normalise`).

pub mod argv;
pub mod normalise;
mod wire;

/// Its name in the lock file.
pub const NAME: &str = "cargo-deny";
