//! What this data folder vouches for: HMAC-SHA-256 under a key that never leaves it (RFC 2104). Owns
//! the computation; the key's file is the host's. What was kept elsewhere, or edited, has no seal.

use mex_runtime::digest::Digest;
use sha2::{Digest as _, Sha256};

/// The block of SHA-256.
const BLOCK: usize = 64;

/// A data folder's own key.
#[derive(Clone)]
pub struct Seal {
    key: [u8; 32],
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// With the key as the host keeps it.
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The seal of some bytes.
    pub fn of(&self, bytes: &[u8]) -> Digest {
        Digest::from_bytes(hmac(&self.key, bytes))
    }
}

fn hmac(key: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    block[..key.len()].copy_from_slice(key);
    let inner =
        Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(bytes).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seal_is_hmac_sha_256_and_another_key_gives_another_one() {
        let mut key = [0; 32];
        // RFC 4231, test case 2: the key `Jefe`, which zeros fill up to the block either way.
        key[..4].copy_from_slice(b"Jefe");
        let seal = Seal::new(key).of(b"what do ya want for nothing?");
        assert_eq!(
            seal.to_string(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_ne!(seal, Seal::new([1; 32]).of(b"what do ya want for nothing?"));
        assert_ne!(seal, Seal::new(key).of(b"what do ya want for nothing!"));
    }
}
