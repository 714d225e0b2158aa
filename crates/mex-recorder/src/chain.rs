//! The hash chain (contract FR-8): how one event's hash follows from its predecessor's.
//! Owns the formula alone; walking and storing it is done elsewhere.

use mex_runtime::digest::Digest;
use sha2::{Digest as _, Sha256};

/// Bound into every link, so that no other format's hashes can be passed off as ours.
const DOMAIN: &[u8] = b"mex-fr-1";

/// The hash before the first event.
pub(crate) const GENESIS: [u8; 32] = [0; 32];

/// SHA-256 of an event's body as stored.
pub(crate) fn body_digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// `SHA-256("mex-fr-1" || seq, 8 bytes big-endian || predecessor's hash || SHA-256(body))`.
pub(crate) fn link(seq: u64, prev: &[u8; 32], body_sha256: &[u8; 32]) -> [u8; 32] {
    let mut bytes = [0; 8 + 8 + 32 + 32];
    bytes[..8].copy_from_slice(DOMAIN);
    bytes[8..16].copy_from_slice(&seq.to_be_bytes());
    bytes[16..48].copy_from_slice(prev);
    bytes[48..].copy_from_slice(body_sha256);
    Sha256::digest(bytes).into()
}

/// The end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) seq: u64,
    pub(crate) hash: [u8; 32],
}

impl Tail {
    pub(crate) const EMPTY: Self = Self { seq: 0, hash: GENESIS };

    /// The chain hash as a digest.
    pub(crate) const fn digest(&self) -> Digest {
        Digest::from_bytes(self.hash)
    }

    /// The end after one more body.
    pub(crate) fn then(&self, body_sha256: &[u8; 32]) -> Self {
        let seq = self.seq + 1;
        Self { seq, hash: link(seq, &self.hash, body_sha256) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_depends_on_each_of_its_parts() {
        let body = body_digest(b"{}");
        let base = link(1, &GENESIS, &body);
        assert_ne!(base, link(2, &GENESIS, &body));
        assert_ne!(base, link(1, &[1; 32], &body));
        assert_ne!(base, link(1, &GENESIS, &body_digest(b"{ }")));
        assert_eq!(Tail::EMPTY.then(&body).hash, base);
    }

    #[test]
    fn the_formula_is_the_documented_one() {
        let mut text = b"mex-fr-1".to_vec();
        text.extend(7u64.to_be_bytes());
        text.extend([3; 32]);
        text.extend(body_digest(b"x"));
        assert_eq!(link(7, &[3; 32], &body_digest(b"x")), body_digest(&text));
    }
}
