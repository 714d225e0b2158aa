//! The policy, the allowlist and the data folder's own fingerprint key.
//! A document comes from a file the caller names or is the compiled-in default; never from the
//! scanned tree (contract SC-4, SC-10).

use std::fs;
use std::path::Path;

use mex_runtime::code::Code;
use mex_runtime::id::WorkspaceId;
use mex_runtime::policy::allowlist::{
    self, Allowlist, FingerprintKey, KeyAlgorithm, KeyParameters,
};
use mex_runtime::policy::file::{self, Policy};
use mex_runtime::policy::signature::{self, AllowedSigners};
use serde::{Deserialize, Serialize};

use crate::embedded;
use crate::error::{AppError, AppResult};
use crate::{input, whole};

/// A document with the exact text it was read from, which is what is stored as an artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<T> {
    /// As read.
    pub text: String,
    /// As understood.
    pub value: T,
}

/// The policy in force: the named file, else the compiled-in default.
///
/// # Errors
/// When the file cannot be read or is not valid; names the field.
pub fn policy(named: Option<&Path>) -> AppResult<Document<Policy>> {
    let text = match named {
        Some(path) => input::text(path, file::MAX_BYTES, "policy")?,
        None => embedded::DEFAULT_POLICY.to_owned(),
    };
    let value = Policy::parse(&text).map_err(|error| {
        AppError::new(Code::PolicyInvalid, error.to_string())
            .details(serde_json::to_value(&error.faults).unwrap_or_default())
    })?;
    Ok(Document { text, value })
}

/// The allowlist in force: the named file, if any.
///
/// # Errors
/// When the file cannot be read or is not valid; names every fault.
pub fn allowlist(named: Option<&Path>) -> AppResult<Option<Document<Allowlist>>> {
    let Some(path) = named else { return Ok(None) };
    let text = input::text(path, allowlist::MAX_BYTES, "allowlist")?;
    let value = Allowlist::parse(&text).map_err(|error| {
        AppError::new(Code::AllowlistInvalid, error.to_string())
            .details(serde_json::to_value(&error.faults).unwrap_or_default())
    })?;
    Ok(Some(Document { text, value }))
}

/// An allowed-signers file the caller names.
///
/// # Errors
/// When the file cannot be read or is not valid; names every line that is none.
pub fn signers(path: &Path) -> AppResult<Document<AllowedSigners>> {
    let text = input::text(path, signature::MAX_BYTES, "allowed-signers file")?;
    let value = AllowedSigners::parse(&text).map_err(|error| {
        AppError::new(Code::SignersInvalid, error.to_string())
            .details(serde_json::to_value(&error.faults).unwrap_or_default())
    })?;
    Ok(Document { text, value })
}

/// `keys/fingerprint.json`: what a data folder fingerprints secrets with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FingerprintFile {
    schema_version: String,
    document_id: String,
    fingerprint_key: KeyParameters,
}

/// The data folder's own fingerprint key; made with fresh randomness the first time.
///
/// # Errors
/// When it cannot be read, written or understood. A damaged key is never replaced silently:
/// every stored fingerprint would change its meaning.
pub fn fingerprint_key(data_dir: &Path) -> AppResult<FingerprintKey> {
    let path = data_dir.join("keys").join("fingerprint.json");
    let document = kept_key(&path, "data-folder")?;
    document.key().map_err(|error| unusable(&path, &error.to_string()))
}

/// The empty allowlist of a project in this data folder: its name and salt, made with fresh
/// randomness the first time, so that every scan fingerprints secrets for exceptions to come. Only
/// a name and a key are read from the file: no exception comes from there.
///
/// # Errors
/// As [`fingerprint_key`].
pub fn project_document(data_dir: &Path, wsid: &WorkspaceId) -> AppResult<Allowlist> {
    let path = data_dir.join("keys").join(format!("allowlist-{wsid}.json"));
    let document = kept_key(&path, "project")?;
    document.key().map_err(|error| unusable(&path, &error.to_string()))?;
    Ok(document)
}

fn unusable(path: &Path, why: &str) -> AppError {
    AppError::new(
        Code::DataDir,
        format!("the fingerprint key `{}` cannot be used: {why}", path.display()),
    )
}

fn kept_key(path: &Path, prefix: &str) -> AppResult<Allowlist> {
    if !path.exists() {
        create_key(path, prefix).map_err(|error| unusable(path, &error.to_string()))?;
    }
    let text = fs::read_to_string(path).map_err(|error| unusable(path, &error.to_string()))?;
    let file: FingerprintFile =
        serde_json::from_str(&text).map_err(|error| unusable(path, &error.to_string()))?;
    Ok(Allowlist::empty(file.document_id, file.fingerprint_key))
}

/// Makes a key with fresh randomness.
fn create_key(path: &Path, prefix: &str) -> std::io::Result<()> {
    let mut random = [0_u8; 24];
    getrandom::fill(&mut random).map_err(|error| std::io::Error::other(error.to_string()))?;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let file = FingerprintFile {
        schema_version: "fk-1.0".to_owned(),
        document_id: format!("{prefix}-{}", hex(&random[..8])),
        fingerprint_key: KeyParameters {
            algorithm: KeyAlgorithm::Argon2id,
            salt: hex(&random[8..]),
            m_kib: 7168,
            t: 3,
            p: 1,
        },
    };
    whole::create_once(path, &serde_json::to_vec_pretty(&file)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_keeps_its_key_and_another_has_another() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = fingerprint_key(one.path()).unwrap();
        assert_eq!(first, fingerprint_key(one.path()).unwrap());
        assert_ne!(first.salt, fingerprint_key(two.path()).unwrap().salt);
    }

    #[test]
    fn a_damaged_key_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        fingerprint_key(folder.path()).unwrap();
        let path = folder.path().join("keys/fingerprint.json");
        fs::write(&path, "{").unwrap();
        assert_eq!(fingerprint_key(folder.path()).unwrap_err().code, Code::DataDir);
        assert_eq!(fs::read_to_string(&path).unwrap(), "{");
    }

    #[test]
    fn the_default_policy_is_valid() {
        assert_eq!(policy(None).unwrap().value, Policy::default());
    }
}
