//! The fingerprint of a secret: Argon2id under an allowlist document's own salt (contract SC-4).
//! Owns the computation, each distinct secret once for each key; never keeps or shows a secret.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use mex_runtime::digest::Digest;
use mex_runtime::finding::DocumentFingerprint;
use mex_runtime::policy::allowlist::{FINGERPRINT_BYTES, FingerprintKey};
use serde_json::{Value, json};

use crate::redact::wipe;

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

/// The fingerprints of one scan under its keys. What tree and history have in common is computed
/// once: a digest of the secret stands for it, in memory alone and as long as the scan.
pub struct Fingerprints {
    own: FingerprintKey,
    documents: Vec<FingerprintKey>,
    known: Mutex<BTreeMap<Digest, Prints>>,
}

impl Fingerprints {
    /// `own` is the data folder's key, `documents` those of the allowlists in force.
    pub fn new(own: FingerprintKey, documents: Vec<FingerprintKey>) -> Self {
        Self { own, documents, known: Mutex::new(BTreeMap::new()) }
    }

    /// Every key in force: a fingerprint under another one is another finding (contract SC-12).
    pub(crate) fn ground(&self) -> Value {
        [&self.own]
            .into_iter()
            .chain(&self.documents)
            .map(|key| json!([key.document_id, key.salt, key.m_kib, key.t, key.p]))
            .collect()
    }

    /// Those of some secrets.
    ///
    /// # Errors
    /// When any key's parameters are refused: then no finding could be matched honestly.
    pub fn of(
        &self,
        secrets: &BTreeSet<Vec<u8>>,
    ) -> Result<BTreeMap<Vec<u8>, Prints>, FingerprintFault> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let new = secrets.iter().filter(|secret| !known.contains_key(&Digest::of(secret)));
        for (mut secret, prints) in
            fingerprint_all(&new.cloned().collect(), &self.own, &self.documents)?
        {
            known.insert(Digest::of(&secret), prints);
            wipe(&mut secret);
        }
        let of = |secret: &Vec<u8>| Some((secret.clone(), known.get(&Digest::of(secret))?.clone()));
        Ok(secrets.iter().filter_map(of).collect())
    }
}

/// Fingerprints every distinct secret under every key, on every core. `own` is the data folder's
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
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(1, 16);
    let work = |part: &[&Vec<u8>]| -> Result<Vec<(Vec<u8>, Prints)>, FingerprintFault> {
        part.iter().map(|secret| Ok(((*secret).clone(), prints(secret, own, documents)?))).collect()
    };
    let parts = std::thread::scope(|scope| {
        let running: Vec<_> = list
            .chunks(list.len().div_ceil(threads).max(1))
            .map(|part| scope.spawn(move || work(part)))
            .collect();
        let ended_early = |_| {
            Err(FingerprintFault {
                document_id: own.document_id.clone(),
                why: "a thread ended early".to_owned(),
            })
        };
        running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(ended_early))
            .collect::<Result<Vec<_>, _>>()
    })?;
    Ok(parts.into_iter().flatten().collect())
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

    /// Tree and history ask one after the other; the second answer is the first one's.
    #[test]
    fn what_was_computed_before_is_the_same_again() {
        let scan = Fingerprints::new(key(1), vec![key(2)]);
        let both: BTreeSet<Vec<u8>> = [b"one".to_vec(), b"two".to_vec()].into();
        let first = scan.of(&BTreeSet::from([b"one".to_vec()])).unwrap();
        let second = scan.of(&both).unwrap();
        assert_eq!(second[&b"one"[..]], first[&b"one"[..]]);
        assert_eq!(second, fingerprint_all(&both, &key(1), &[key(2)]).unwrap());
    }

    #[test]
    fn impossible_costs_are_refused_by_document() {
        let bad = FingerprintKey { t: 0, ..key(3) };
        assert_eq!(fingerprint(b"x", &bad).unwrap_err().document_id, "d3");
        assert!(fingerprint_all(&BTreeSet::from([b"x".to_vec()]), &key(1), &[bad]).is_err());
    }
}
