//! Signed publish records: what stands beside a published registry, so that another machine that knows
//! the signer can take it over (contract REG-6). Signed with the key of the heads, over another
//! `schema_version`, so that neither is ever taken for the other. Never judges a registry.

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use jiff::Timestamp;
use mex_runtime::digest::Digest;
use mex_runtime::event::PublishedHow;
use mex_runtime::id::{ActorId, EventId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::head::{hex, public_hex, unhex};
use crate::recorder::FlightRecorder;

/// The only `schema_version` of a [`PublishRecord`].
pub const SCHEMA_VERSION: &str = "rp-1.0";

/// What a publish record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishStatement {
    /// The version published.
    pub capability_registry_version: String,
    /// SHA-256 of the registry file.
    pub registry_sha256: Digest,
    /// SHA-256 of the profiles published with it.
    pub profiles_sha256: Digest,
    /// The version it follows.
    pub previous_version: String,
    /// SHA-256 of the registry it follows.
    pub previous_sha256: Digest,
    /// The diff that was reviewed; null where it was taken over.
    pub diff_sha256: Option<Digest>,
    /// The review that allowed it; null where it was taken over.
    pub review_sha256: Option<Digest>,
    /// How it came to be published.
    pub how: PublishedHow,
    /// Who published it first, where it was taken over.
    pub origin: Option<PublishOrigin>,
    /// The event that says so, in the publisher's own record.
    pub event_id: EventId,
    /// When.
    pub published_at: Timestamp,
    /// Who.
    pub published_by: ActorId,
}

/// Where a registry that was taken over comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishOrigin {
    /// The signer's key.
    pub public_key: String,
    /// SHA-256 of the signer's record.
    pub record_sha256: Digest,
}

/// A publish statement with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublishRecord {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// What it says.
    #[serde(flatten)]
    pub statement: PublishStatement,
    /// The Ed25519 public key, 64 hex characters: that of the publisher's heads.
    pub public_key: String,
    /// The Ed25519 signature over the canonical JSON of all other fields, 128 hex characters.
    pub signature: String,
}

/// A publish record that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not a record at all.
    #[error("not a publish record: {0}")]
    Shape(String),
    /// Another format.
    #[error("`schema_version` is `{0}`, must be `rp-1.0`")]
    Version(String),
    /// The key is not one.
    #[error("`public_key` must be an Ed25519 public key, 64 lowercase hex characters")]
    PublicKey,
    /// The signature is not one, or is not this key's over these fields.
    #[error(
        "`signature` does not belong to this record: a field was changed, or another key signed it"
    )]
    Signature,
}

#[derive(Serialize)]
struct Signed<'a> {
    schema_version: &'a str,
    #[serde(flatten)]
    statement: &'a PublishStatement,
    public_key: &'a str,
}

impl PublishRecord {
    /// Reads a record and checks its signature. Unknown fields and duplicate keys are refused.
    ///
    /// # Errors
    /// Names what is wrong.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let shape = |error: serde_json::Error| RecordError::Shape(error.to_string());
        let value = mex_runtime::json::parse(text).map_err(shape)?;
        let record: Self = serde_json::from_value(value.clone()).map_err(shape)?;
        record.verify()?;
        // A flattened field lets unknown ones through; what was not signed is refused here.
        if serde_json::to_value(&record).map_err(shape)? != value {
            return Err(RecordError::Shape("it has a field that no record has".to_owned()));
        }
        Ok(record)
    }

    /// Checks that the key named signed exactly these fields. Whose key it is, is the caller's to judge.
    ///
    /// # Errors
    /// Names what is wrong.
    pub fn verify(&self) -> Result<(), RecordError> {
        if self.schema_version != SCHEMA_VERSION {
            return Err(RecordError::Version(self.schema_version.chars().take(40).collect()));
        }
        let key = unhex::<32>(&self.public_key).ok_or(RecordError::PublicKey)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| RecordError::PublicKey)?;
        let signature = unhex::<64>(&self.signature).ok_or(RecordError::Signature)?;
        let bytes = self.signed_bytes().map_err(|error| RecordError::Shape(error.to_string()))?;
        key.verify_strict(&bytes, &Signature::from_bytes(&signature))
            .map_err(|_| RecordError::Signature)
    }

    /// The bytes of the document, indented, with a newline at its end.
    ///
    /// # Errors
    /// Never for a value of this type; the signature is the serialiser's.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn signed_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        mex_runtime::json::canonical(&Signed {
            schema_version: &self.schema_version,
            statement: &self.statement,
            public_key: &self.public_key,
        })
    }
}

impl FlightRecorder {
    /// Signs a publish with the key of this folder's heads.
    ///
    /// # Errors
    /// Never for a value of this type; the signature is the canonicaliser's.
    pub fn sign_publish(
        &self,
        statement: PublishStatement,
    ) -> Result<PublishRecord, serde_json::Error> {
        let mut record = PublishRecord {
            schema_version: SCHEMA_VERSION.to_owned(),
            statement,
            public_key: public_hex(&self.key),
            signature: String::new(),
        };
        record.signature = hex(&self.key.sign(&record.signed_bytes()?).to_bytes());
        Ok(record)
    }
}
