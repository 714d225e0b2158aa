//! The key that signs heads: made at the first open, readable by its owner alone.
//! Never leaves its file; only its public half is ever shown.

use std::io;
use std::path::Path;

use ed25519_dalek::SigningKey;
use mex_runtime::id::ActorId;

use crate::artifacts::place;

/// The file's name in `keys/`: 32 raw bytes, 0600.
const FILE: &str = "head.ed25519";

/// Reads the key, or makes it where there is none. Two processes that make one agree on the first.
pub(crate) fn head_key(folder: &Path) -> io::Result<SigningKey> {
    let path = folder.join(FILE);
    if !path.exists() {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| io::Error::other(error.to_string()))?;
        place(&path, &seed)?;
    }
    let bytes = std::fs::read(&path)?;
    let seed: [u8; 32] = bytes.try_into().map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidData, "`head.ed25519` does not hold 32 bytes")
    })?;
    Ok(SigningKey::from_bytes(&seed))
}

/// The key where there is one, without making any.
pub(crate) fn existing(folder: &Path) -> Option<SigningKey> {
    let seed: [u8; 32] = std::fs::read(folder.join(FILE)).ok()?.try_into().ok()?;
    Some(SigningKey::from_bytes(&seed))
}

/// The name under which the recorder itself acts.
#[expect(clippy::expect_used, reason = "a constant that a test parses")]
pub(crate) fn own_name() -> ActorId {
    "recorder".parse().expect("a valid name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let key = head_key(folder.path()).unwrap();
        assert_eq!(key, head_key(folder.path()).unwrap());
        let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(own_name().as_str(), "recorder");
    }
}
