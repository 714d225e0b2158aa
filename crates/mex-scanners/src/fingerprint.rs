//! The fingerprint of a secret: Argon2id under an allowlist document's own salt (contract SC-4).
//! Owns the computation, each distinct secret once for each key; never keeps or shows a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use argon2::{Algorithm, Argon2, Params, Version};
use mex_runtime::finding::DocumentFingerprint;
use mex_runtime::policy::allowlist::{FINGERPRINT_BYTES, FingerprintKey};

/// The cost parameters of a key are outside what Argon2 allows, or memory is short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no fingerprint can be made with the key of document `{document_id}`: {why}; correct its `fingerprint_key`"
)]
pub struct FingerprintFault {
    /// The document whose key it is.
    pub document_id: String,
    /// Argon2's own words.
    pub why: String,
}

/// Every fingerprint of one secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prints {
    /// Under the first key, the data folder's own.
    pub own: String,
    /// Under the keys of the allowlists in force.
    pub documents: Vec<DocumentFingerprint>,
}

/// The fingerprint of one secret under one key, lowercase hex.
///
/// # Errors
/// When Argon2 refuses the key's parameters.
pub fn fingerprint(secret: &[u8], key: &FingerprintKey) -> Result<String, FingerprintFault> {
    let fault = |why: String| FingerprintFault { document_id: key.document_id.clone(), why };
    let params = Params::new(key.m_kib, key.t, key.p, Some(FINGERPRINT_BYTES))
        .map_err(|error| fault(error.to_string()))?;
    let mut hash = [0; FINGERPRINT_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(secret, &key.salt, &mut hash)
        .map_err(|error| fault(error.to_string()))?;
    Ok(hash.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// Fingerprints every distinct secret under every key, on two threads. `own` is the data folder's
/// key, `documents` those of the allowlists in force.
///
/// # Errors
/// When any key's parameters are refused: then no finding could be matched honestly.
pub fn fingerprint_all(
    secrets: &BTreeSet<Vec<u8>>,
    own: &FingerprintKey,
    documents: &[FingerprintKey],
) -> Result<BTreeMap<Vec<u8>, Prints>, FingerprintFault> {
    let list: Vec<&Vec<u8>> = secrets.iter().collect();
    let (left, right) = list.split_at(list.len() / 2);
    let work = |half: &[&Vec<u8>]| -> Result<Vec<(Vec<u8>, Prints)>, FingerprintFault> {
        half.iter().map(|secret| Ok(((*secret).clone(), prints(secret, own, documents)?))).collect()
    };
    let (left, right) = std::thread::scope(|scope| {
        let other = scope.spawn(|| work(right));
        let left = work(left);
        let right = other.join().unwrap_or_else(|_| {
            Err(FingerprintFault {
                document_id: own.document_id.clone(),
                why: "a thread ended early".to_owned(),
            })
        });
        (left, right)
    });
    Ok(left?.into_iter().chain(right?).collect())
}

fn prints(
    secret: &[u8],
    own: &FingerprintKey,
    documents: &[FingerprintKey],
) -> Result<Prints, FingerprintFault> {
    let documents = documents
        .iter()
        .map(|key| {
            Ok(DocumentFingerprint {
                document_id: key.document_id.clone(),
                fingerprint: fingerprint(secret, key)?,
            })
        })
        .collect::<Result<_, _>>()?;
    Ok(Prints { own: fingerprint(secret, own)?, documents })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(salt: u8) -> FingerprintKey {
        FingerprintKey { document_id: format!("d{salt}"), salt: [salt; 16], m_kib: 32, t: 1, p: 1 }
    }

    /// Contract SC-4: the same secret and salt give the same fingerprint anywhere, another salt another.
    #[test]
    fn a_fingerprint_depends_on_secret_salt_and_cost_alone() {
        let one = fingerprint(b"a secret", &key(1)).unwrap();
        assert_eq!(one, fingerprint(b"a secret", &key(1)).unwrap());
        assert_ne!(one, fingerprint(b"a secret", &key(2)).unwrap());
        assert_ne!(one, fingerprint(b"a secreT", &key(1)).unwrap());
        assert_ne!(one, fingerprint(b"a secret", &FingerprintKey { t: 2, ..key(1) }).unwrap());
        assert_eq!(one.len(), 2 * FINGERPRINT_BYTES);
    }

    #[test]
    fn all_at_once_is_one_by_one() {
        let secrets: BTreeSet<Vec<u8>> = (0..5u8).map(|n| vec![n; 9]).collect();
        let all = fingerprint_all(&secrets, &key(1), &[key(2)]).unwrap();
        assert_eq!(all.len(), 5);
        for (secret, prints) in &all {
            assert_eq!(prints.own, fingerprint(secret, &key(1)).unwrap());
            assert_eq!(prints.documents[0].fingerprint, fingerprint(secret, &key(2)).unwrap());
        }
    }

    #[test]
    fn impossible_costs_are_refused_by_document() {
        let bad = FingerprintKey { t: 0, ..key(3) };
        assert_eq!(fingerprint(b"x", &bad).unwrap_err().document_id, "d3");
        assert!(fingerprint_all(&BTreeSet::from([b"x".to_vec()]), &key(1), &[bad]).is_err());
    }
}
