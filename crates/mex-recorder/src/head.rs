//! Signed heads: a chain's end as somebody else can keep it (contract FR-8, promise P9).
//! Never proves more than it says: who holds the key can rewrite what no one exported.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jiff::Timestamp;
use mex_runtime::digest::Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The only `schema_version` of a [`Head`].
pub const SCHEMA_VERSION: &str = "he-1.0";

/// The end of the chain at a moment, signed (contract FR-8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The last sequence number under the head; 0 for an empty chain.
    pub seq: u64,
    /// The chain hash there.
    pub hash: Digest,
    /// How many events were ever recorded up to there.
    pub events: u64,
    /// When it was exported.
    pub timestamp: Timestamp,
    /// The Ed25519 public key, 64 hex characters.
    pub public_key: String,
    /// The Ed25519 signature over the canonical JSON of all other fields, 128 hex characters.
    pub signature: String,
}

/// A head that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Not a head at all.
    #[error("not a head: {0}")]
    Shape(String),
    /// Another format.
    #[error("`schema_version` is `{0}`, must be `he-1.0`")]
    Version(String),
    /// The key is not one.
    #[error("`public_key` must be an Ed25519 public key, 64 lowercase hex characters")]
    PublicKey,
    /// The signature is not one, or is not this key's over these fields.
    #[error(
        "`signature` does not belong to this head: a field was changed, or another key signed it"
    )]
    Signature,
}

#[derive(Serialize)]
struct Signed<'a> {
    schema_version: &'a str,
    seq: u64,
    hash: Digest,
    events: u64,
    timestamp: Timestamp,
    public_key: &'a str,
}

impl Head {
    /// Reads a head and checks its signature. Unknown fields and duplicate keys are refused.
    ///
    /// # Errors
    /// Names what is wrong.
    pub fn parse(text: &str) -> Result<Self, HeadError> {
        let shape = |error: serde_json::Error| HeadError::Shape(error.to_string());
        let value = mex_runtime::json::parse(text).map_err(shape)?;
        let head: Self = serde_json::from_value(value).map_err(shape)?;
        head.verify()?;
        Ok(head)
    }

    /// Checks that the key named signed exactly these fields. Whose key it is, is the caller's to judge.
    ///
    /// # Errors
    /// Names what is wrong.
    pub fn verify(&self) -> Result<(), HeadError> {
        if self.schema_version != SCHEMA_VERSION {
            return Err(HeadError::Version(self.schema_version.chars().take(40).collect()));
        }
        let key = unhex::<32>(&self.public_key).ok_or(HeadError::PublicKey)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| HeadError::PublicKey)?;
        let signature = unhex::<64>(&self.signature).ok_or(HeadError::Signature)?;
        let bytes = self.signed_bytes().map_err(|error| HeadError::Shape(error.to_string()))?;
        key.verify_strict(&bytes, &Signature::from_bytes(&signature))
            .map_err(|_| HeadError::Signature)
    }

    pub(crate) fn sign(
        key: &SigningKey,
        seq: u64,
        hash: Digest,
        timestamp: Timestamp,
    ) -> Result<Self, serde_json::Error> {
        let mut head = Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            seq,
            hash,
            events: seq,
            timestamp,
            public_key: public_hex(key),
            signature: String::new(),
        };
        head.signature = hex(&key.sign(&head.signed_bytes()?).to_bytes());
        Ok(head)
    }

    fn signed_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        mex_runtime::json::canonical(&Signed {
            schema_version: &self.schema_version,
            seq: self.seq,
            hash: self.hash,
            events: self.events,
            timestamp: self.timestamp,
            public_key: &self.public_key,
        })
    }
}

pub(crate) fn public_hex(key: &SigningKey) -> String {
    hex(key.verifying_key().as_bytes())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let nibble = |c: u8| match c {
        b'0'..=b'9' => Some(c - b'0'),
        b'a'..=b'f' => Some(c - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}
