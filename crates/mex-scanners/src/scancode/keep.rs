//! Results kept by content, so that an unchanged file costs nothing (contract SC-12). Owns the
//! folder's layout and the check of what is read back; never decides what a key is made of.
//!
//! A result is a file named by its key, written whole under another name and renamed. What cannot
//! be read, is damaged or is of another key counts as not there: the file is scanned again.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use mex_runtime::digest::Digest;
use mex_runtime::json;
use serde::{Deserialize, Serialize};

use super::normalise::Told;
use crate::seal::Seal;

/// No result is longer; a longer file is none.
const MAX_BYTES: u64 = 64 << 20;

/// The folder of kept results.
#[derive(Debug, Clone)]
pub struct Kept {
    folder: PathBuf,
    seal: Seal,
    reading: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: Digest,
    /// Over key and result, with the data folder's own secret.
    seal: Digest,
    result: Told,
}

impl Kept {
    /// Results in `folder`, which is made when the first one is written. `seal` is the data folder's:
    /// what another one kept, or somebody edited, is not there.
    pub fn new(folder: &Path, seal: Seal) -> Self {
        Self { folder: folder.to_owned(), seal, reading: true }
    }

    /// The same without what was kept before: everything is scanned again, and kept.
    #[must_use]
    pub fn write_only(self) -> Self {
        Self { reading: false, ..self }
    }

    fn sealed(&self, key: &Digest, result: &Told) -> serde_json::Result<Digest> {
        Ok(self.seal.of(&json::canonical(&("scancode", key, result))?))
    }

    fn path(&self, key: &Digest) -> PathBuf {
        let name = key.to_string();
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// The result of a key, where there is a whole one.
    pub fn read(&self, key: &Digest) -> Option<Told> {
        if !self.reading {
            return None;
        }
        let file = File::open(self.path(key)).ok()?;
        let mut text = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut text).ok()?;
        let entry: Entry = serde_json::from_slice(&text).ok()?;
        let whole = entry.key == *key
            && self.sealed(key, &entry.result).is_ok_and(|seal| seal == entry.seal);
        whole.then_some(entry.result)
    }

    /// Keeps a result.
    ///
    /// # Errors
    /// When it cannot be written; nothing of it is read then.
    pub fn write(&self, key: &Digest, result: &Told) -> io::Result<()> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let seal = self.sealed(key, result)?;
        let bytes = json::canonical(&Entry { key: *key, seal, result: result.clone() })?;
        let mut fresh = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
        fresh.write_all(&bytes)?;
        fresh.persist(&path).map_err(|fault| fault.error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_or_foreign_result_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(&folder.path().join("results"), Seal::new([7; 32]));
        let (key, other) = (Digest::of(b"a"), Digest::of(b"b"));
        assert_eq!(kept.read(&key), None);
        let told = Told { share: 7, ..Told::default() };
        kept.write(&key, &told).unwrap();
        assert_eq!(kept.read(&key), Some(told.clone()));
        assert_eq!(kept.read(&other), None);
        let path = kept.path(&key);
        let whole = fs::read(&path).unwrap();
        fs::create_dir_all(kept.path(&other).parent().unwrap()).unwrap();
        fs::copy(&path, kept.path(&other)).unwrap();
        assert_eq!(kept.read(&other), None, "a result under another's name");
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, &flipped).unwrap();
            assert_eq!(kept.read(&key), None, "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(kept.read(&key), None, "cut at {at}");
        }
        kept.write(&key, &told).unwrap();
        assert_eq!(kept.read(&key), Some(told.clone()), "written anew over the damage");
        let elsewhere = Kept::new(&folder.path().join("results"), Seal::new([8; 32]));
        assert_eq!(elsewhere.read(&key), None, "what another data folder kept");
        elsewhere.write(&key, &Told::default()).unwrap();
        assert_eq!(kept.read(&key), None, "a result somebody wrote with a digest of their own");
        kept.write(&key, &told).unwrap();
        assert_eq!(kept.clone().write_only().read(&key), None, "a fresh scan reads none");
    }
}
