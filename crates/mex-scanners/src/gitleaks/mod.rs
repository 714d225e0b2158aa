//! gitleaks: secrets in a staged tree and in a project's history.
//! Owns what is asked (`argv`), what it says (`wire`) and what that means (`normalise`). A raw
//! secret enters with the tool's answer and leaves only as a fingerprint (contract FR-9).

pub mod argv;
pub mod normalise;
mod wire;

/// Its name in the lock file.
pub const NAME: &str = "gitleaks";

/// A log as it may be kept: levels and counts, no path and no value (contract FR-9).
pub fn safe_log(bytes: &[u8]) -> Vec<u8> {
    wire::notes(bytes).iter().map(wire::Note::safe_line).collect::<String>().into_bytes()
}
