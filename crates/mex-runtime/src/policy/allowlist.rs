//! The allowlist document `al-1.0` (contract SC-4): raw text to a valid document, once, at the door.
//! Owns its shape, its limits and the key its secret fingerprints are made with. Never decides
//! whether an exception lifts anything ([`super::matching`]) and never takes one from the scanned tree.
//! Long because all defects of a document are found in one reading of it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::merge::spell_alias;
use crate::digest::Digest;
use crate::id::JobName;

/// The only `schema_version` of an allowlist.
pub const SCHEMA_VERSION: &str = "al-1.0";

/// The longest allowlist read, in bytes: about 20,000 exceptions.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Bytes of a fingerprint before hex.
pub const FINGERPRINT_BYTES: usize = 32;

/// How one document's secret fingerprints are made: Argon2id, version 1.3, with the document's own
/// random salt, 32 bytes out, lowercase hex (contract SC-4). It travels with the document, so a
/// colleague and CI compute the same fingerprints without any key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FingerprintKey {
    /// The document it belongs to; a finding names it beside the fingerprint.
    pub document_id: String,
    /// Random, one a document.
    pub salt: [u8; 16],
    /// Memory in KiB.
    pub m_kib: u32,
    /// Passes.
    pub t: u32,
    /// Lanes.
    pub p: u32,
}

/// A valid allowlist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allowlist {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// Names the document for good, across its versions: 1 to 128 letters, digits, `-`, `_`, `.`.
    pub document_id: String,
    /// How its secret fingerprints are made.
    pub fingerprint_key: KeyParameters,
    /// What is accepted, by whom, until when.
    pub exceptions: Vec<Exception>,
}

/// The `fingerprint_key` of an allowlist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyParameters {
    /// Always `argon2id`.
    pub algorithm: KeyAlgorithm,
    /// 16 random bytes as 32 lowercase hex characters.
    pub salt: String,
    /// Memory in KiB, 7168 to 1048576.
    pub m_kib: u32,
    /// Passes, 1 to 16.
    pub t: u32,
    /// Lanes, 1 to 8.
    pub p: u32,
}

/// How fingerprints are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyAlgorithm {
    /// Argon2id, version 1.3.
    Argon2id,
}

/// One accepted finding or gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Unique in its document: 1 to 128 letters, digits, `-`, `_`, `.`.
    pub id: String,
    /// What it accepts: content, never a line number.
    pub matches: Match,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approver: Approver,
    /// When it was made.
    pub created: Timestamp,
    /// From this moment on it lifts nothing.
    pub expires: Timestamp,
    /// The approver's SSH signature, armored, over [`Exception::signed_bytes`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Exception {
    /// What an approver signs: the canonical JSON of the document's id and of the exception without
    /// its signature, so that an approval cannot be carried into another document.
    ///
    /// # Errors
    /// Never for a value of this type; the signature is the canonicaliser's.
    pub fn signed_bytes(&self, document_id: &str) -> Result<Vec<u8>, serde_json::Error> {
        let exception = Self { signature: None, ..self.clone() };
        crate::json::canonical(
            &serde_json::json!({ "document_id": document_id, "exception": exception }),
        )
    }
}

/// What an exception accepts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Match {
    /// A secret, wherever it stands.
    Secret {
        /// Under this document's key: 64 lowercase hex characters.
        fingerprint: String,
        /// Only as found by this rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
        /// Only in this file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
    /// A vulnerability of one version of one component.
    Vulnerability {
        /// The package URL with its version.
        purl: String,
        /// The ids of the vulnerability; one is enough, all are better.
        aliases: Vec<String>,
    },
    /// An UNKNOWN licence somebody read.
    License {
        /// What it is the licence of: a package URL with its version, `project`, or a file of it.
        unit: String,
        /// The finding's `content_sha256`: other texts are another licence.
        content_sha256: Digest,
    },
    /// Something that was not scanned.
    Gap {
        /// The job whose ledger names it.
        job: JobName,
        /// The ledger's subject, exactly.
        subject: String,
    },
}

/// Who approved an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approver {
    /// The name.
    pub name: String,
    /// How the name came to be known.
    pub how: ApprovalMeans,
}

/// How an approver's name came to be known (contract SC-4).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalMeans {
    /// Who was logged in.
    KnownUser,
    /// A key in an allowed-signers file outside the tree signed it.
    SshSignature,
    /// Somebody typed the name.
    Typed,
}

/// One thing wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where: `exceptions[3] (known-leak).expires`.
    pub field: String,
    /// What is wrong and what to do: lower case, no final period.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// A document that is not valid, with everything that is wrong (code `MEX-ALLOWLIST-INVALID`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the allowlist is not valid: {}", join(.faults))]
pub struct AllowlistError {
    /// Every fault, in the document's order; at least one.
    pub faults: Vec<Fault>,
}

pub(super) fn join(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Allowlist {
    /// An empty document with its own random salt.
    pub fn empty(document_id: String, fingerprint_key: KeyParameters) -> Self {
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            document_id,
            fingerprint_key,
            exceptions: Vec::new(),
        }
    }

    /// The document as it is written and stored.
    ///
    /// # Errors
    /// Never for a value of this type; the signature is the serialiser's.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Reads a document.
    ///
    /// # Errors
    /// With every fault at once: not JSON, duplicate keys, unknown or missing fields, an exception without
    /// reason, owner, approver or expiry, one that ends before it begins, doubled ids, and one that
    /// is bound to nothing in particular (contract SC-4).
    pub fn parse(text: &str) -> Result<Self, AllowlistError> {
        let mut faults = Faults::default();
        let document = faults.document(text);
        match document {
            Some(document) if faults.0.is_empty() => Ok(document),
            _ => Err(AllowlistError { faults: faults.0 }),
        }
    }

    /// What the secret scanner makes this document's fingerprints with.
    ///
    /// # Errors
    /// When the salt of a document that was not read through [`Allowlist::parse`] is no salt.
    pub fn key(&self) -> Result<FingerprintKey, AllowlistError> {
        let parameters = &self.fingerprint_key;
        let salt = salt(&parameters.salt).ok_or_else(|| AllowlistError {
            faults: vec![Fault {
                field: "fingerprint_key.salt".to_owned(),
                message: SALT_RULE.to_owned(),
            }],
        })?;
        Ok(FingerprintKey {
            document_id: self.document_id.clone(),
            salt,
            m_kib: parameters.m_kib,
            t: parameters.t,
            p: parameters.p,
        })
    }
}

const SALT_RULE: &str = "write 16 random bytes as 32 lowercase hex characters";

fn salt(text: &str) -> Option<[u8; 16]> {
    let digits = text.as_bytes();
    let lower_hex = |c: &u8| c.is_ascii_digit() || (b'a'..=b'f').contains(c);
    if digits.len() != 32 || !digits.iter().all(lower_hex) {
        return None;
    }
    let mut salt = [0; 16];
    for (index, byte) in salt.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(salt)
}

/// Collects everything that is wrong instead of stopping at the first.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Fault { field: field.into(), message: message.into() });
    }

    fn document(&mut self, text: &str) -> Option<Allowlist> {
        if text.len() > MAX_BYTES {
            let message = format!("it has {} bytes, more than the {MAX_BYTES} allowed", text.len());
            self.add("document", message);
            return None;
        }
        let value = match crate::json::parse(text) {
            Ok(value) => value,
            Err(error) => {
                self.add("document", error.to_string());
                return None;
            }
        };
        let Value::Object(mut fields) = value else {
            self.add("document", "it must be one JSON object");
            return None;
        };
        let version: Option<String> = self.take(&mut fields, "", "schema_version");
        let document_id: Option<String> = self.take(&mut fields, "", "document_id");
        let key: Option<KeyParameters> = self.take(&mut fields, "", "fingerprint_key");
        let entries: Option<Vec<Value>> = self.take(&mut fields, "", "exceptions");
        self.no_more(&fields, "");
        if let Some(version) = version.as_deref().filter(|version| *version != SCHEMA_VERSION) {
            self.add("schema_version", format!("it is `{version}`, write `{SCHEMA_VERSION}`"));
        }
        if let Some(id) = document_id.as_deref() {
            self.name("document_id", id);
        }
        if let Some(key) = &key {
            self.key(key);
        }
        let mut exceptions = Vec::new();
        let mut seen = BTreeMap::new();
        for (index, entry) in entries.into_iter().flatten().enumerate() {
            let id = entry.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            let place = if id.is_empty() {
                format!("exceptions[{index}]")
            } else {
                format!("exceptions[{index}] ({id})")
            };
            if let Some(first) = seen.get(&id).filter(|_| !id.is_empty()) {
                self.add(
                    format!("{place}.id"),
                    format!("exceptions[{first}] has the same id; ids are unique"),
                );
            }
            seen.entry(id).or_insert(index);
            exceptions.extend(self.exception(&place, entry));
        }
        Some(Allowlist {
            schema_version: version?,
            document_id: document_id?,
            fingerprint_key: key?,
            exceptions,
        })
    }

    fn exception(&mut self, place: &str, entry: Value) -> Option<Exception> {
        let Value::Object(mut fields) = entry else {
            self.add(place, "an exception is a JSON object");
            return None;
        };
        let id: Option<String> = self.take(&mut fields, place, "id");
        let matches: Option<Match> = self.take(&mut fields, place, "matches");
        let reason: Option<String> = self.take(&mut fields, place, "reason");
        let owner: Option<String> = self.take(&mut fields, place, "owner");
        let approver: Option<Approver> = self.take(&mut fields, place, "approver");
        let created: Option<Timestamp> = self.take(&mut fields, place, "created");
        let expires: Option<Timestamp> = self.take(&mut fields, place, "expires");
        let signature: Option<String> = fields
            .contains_key("signature")
            .then(|| self.take(&mut fields, place, "signature"))
            .flatten();
        self.no_more(&fields, place);
        if let Some(id) = &id {
            self.name(&format!("{place}.id"), id);
        }
        for (name, text) in [
            ("reason", reason.as_deref()),
            ("owner", owner.as_deref()),
            ("approver.name", approver.as_ref().map(|approver| approver.name.as_str())),
        ] {
            if text.is_some_and(|text| text.trim().is_empty()) {
                self.add(format!("{place}.{name}"), "it is empty; say who or why");
            }
        }
        if let (Some(created), Some(expires)) = (created, expires)
            && expires <= created
        {
            self.add(
                format!("{place}.expires"),
                "it is not after `created`; the exception would never hold",
            );
        }
        if let Some(matches) = &matches {
            self.bound(&format!("{place}.matches"), matches);
        }
        Some(Exception {
            id: id?,
            matches: matches?,
            reason: reason?,
            owner: owner?,
            approver: approver?,
            created: created?,
            expires: expires?,
            signature,
        })
    }

    /// Refuses what would match more than one thing a person can have looked at.
    fn bound(&mut self, place: &str, matches: &Match) {
        match matches {
            Match::Secret { fingerprint, rule, path } => {
                let lower_hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
                if fingerprint.len() != FINGERPRINT_BYTES * 2 || !fingerprint.bytes().all(lower_hex)
                {
                    self.add(
                        format!("{place}.fingerprint"),
                        "it must be the secret's fingerprint under this document's key: 64 lowercase hex characters",
                    );
                }
                for (name, text) in [("rule", rule), ("path", path)] {
                    if text
                        .as_deref()
                        .is_some_and(|text| text.trim().is_empty() || text.contains('*'))
                    {
                        self.add(
                            format!("{place}.{name}"),
                            "name one exactly, or leave the field out",
                        );
                    }
                }
            }
            Match::Vulnerability { purl, aliases } => {
                if !is_one_version(purl) {
                    self.add(
                        format!("{place}.purl"),
                        "it must name one version of one package, such as `pkg:cargo/time@0.1.45`",
                    );
                }
                if aliases.is_empty() {
                    self.add(
                        format!("{place}.aliases"),
                        "it is empty; name the vulnerability's ids",
                    );
                }
                for alias in aliases {
                    let tidy = spell_alias(alias);
                    if tidy.is_empty() || tidy.contains(['*', '?', ' ']) || !tidy.contains('-') {
                        self.add(
                            format!("{place}.aliases"),
                            format!("`{alias}` is no advisory id"),
                        );
                    }
                }
            }
            Match::License { unit, .. } => {
                if unit.trim().is_empty()
                    || unit.contains('*')
                    || (unit.starts_with("pkg:") && !is_one_version(unit))
                {
                    self.add(
                        format!("{place}.unit"),
                        "name one version of one package, `project`, or one file exactly",
                    );
                }
            }
            Match::Gap { subject, .. } => {
                if subject.trim().is_empty() || subject.contains('*') {
                    self.add(
                        format!("{place}.subject"),
                        "name one entry of the coverage ledger exactly",
                    );
                }
            }
        }
    }

    fn key(&mut self, key: &KeyParameters) {
        if salt(&key.salt).is_none() {
            self.add("fingerprint_key.salt", SALT_RULE);
        }
        for (name, value, range) in
            [("m_kib", key.m_kib, 7_168..=1_048_576), ("t", key.t, 1..=16), ("p", key.p, 1..=8)]
        {
            if !range.contains(&value) {
                let message =
                    format!("it is {value}, it must be {} to {}", range.start(), range.end());
                self.add(format!("fingerprint_key.{name}"), message);
            }
        }
    }

    fn name(&mut self, field: &str, text: &str) {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
        if text.is_empty() || text.len() > 128 || !text.bytes().all(allowed) {
            self.add(field, "it must be 1 to 128 letters, digits, `-`, `_` or `.`");
        }
    }

    fn take<T: serde::de::DeserializeOwned>(
        &mut self,
        fields: &mut serde_json::Map<String, Value>,
        place: &str,
        name: &str,
    ) -> Option<T> {
        let field = if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        let Some(value) = fields.remove(name) else {
            self.add(field, "it is missing");
            return None;
        };
        match serde_json::from_value(value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(field, error.to_string());
                None
            }
        }
    }

    fn no_more(&mut self, fields: &serde_json::Map<String, Value>, place: &str) {
        for name in fields.keys() {
            let field = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            self.add(field, "there is no such field; remove it");
        }
    }
}

fn is_one_version(purl: &str) -> bool {
    let Some((package, version)) = purl.strip_prefix("pkg:").and_then(|rest| rest.rsplit_once('@'))
    else {
        return false;
    };
    let Some((kind, name)) = package.split_once('/') else { return false };
    !purl.contains(['*', '?', '#', ' '])
        && ![kind, name, version].iter().any(|part| part.trim().is_empty())
        && !version.contains('/')
}
