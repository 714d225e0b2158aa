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

/// No result is longer; a longer file is none.
const MAX_BYTES: u64 = 64 << 20;

/// The folder of kept results.
#[derive(Debug, Clone)]
pub struct Kept {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: Digest,
    result_sha256: Digest,
    result: Told,
}

impl Kept {
    /// Results in `folder`, which is made when the first one is written.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn path(&self, key: &Digest) -> PathBuf {
        let name = key.to_string();
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// The result of a key, where there is a whole one.
    pub fn read(&self, key: &Digest) -> Option<Told> {
        let file = File::open(self.path(key)).ok()?;
        let mut text = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut text).ok()?;
        let entry: Entry = serde_json::from_slice(&text).ok()?;
        let whole = entry.key == *key
            && Digest::of_canonical(&entry.result).is_ok_and(|found| found == entry.result_sha256);
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
        let result_sha256 = Digest::of_canonical(result)?;
        let bytes = json::canonical(&Entry { key: *key, result_sha256, result: result.clone() })?;
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
        let kept = Kept::new(&folder.path().join("results"));
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
        assert_eq!(kept.read(&key), Some(told), "written anew over the damage");
    }
}
