//! What tools were when they were last hashed, kept beyond the process (contract SC-5: a full hash is
//! due whenever a stat moved, a comparison of stats otherwise). Owns the sealed document in the data
//! folder, never beside the tools: who rewrites a tool cannot rewrite what is known of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use jiff::Timestamp;
use mex_runtime::digest::Digest;
use mex_runtime::json;
use serde::{Deserialize, Serialize};

use super::Toolchain;
use super::verified::Verified;
use crate::seal::Seal;

/// Where a data folder keeps its tools' stats.
#[derive(Debug, Clone)]
pub struct ToolMemory {
    path: PathBuf,
    seal: Seal,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Over the files, with the data folder's own secret.
    seal: Digest,
    files: BTreeMap<String, Verified>,
}

impl ToolMemory {
    /// A document at `path`, sealed with the data folder's secret.
    pub fn new(path: &Path, seal: Seal) -> Self {
        Self { path: path.to_owned(), seal }
    }

    fn sealed(&self, files: &BTreeMap<String, Verified>) -> Option<Digest> {
        Some(self.seal.of(&json::canonical(&("tools", files)).ok()?))
    }

    fn read(&self) -> Option<BTreeMap<String, Verified>> {
        let kept: Document = serde_json::from_slice(&fs::read(&self.path).ok()?).ok()?;
        (self.sealed(&kept.files)? == kept.seal).then_some(kept.files)
    }

    fn write(&self, files: BTreeMap<String, Verified>) -> io::Result<()> {
        let seal =
            self.sealed(&files).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut fresh = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
        fresh.write_all(&json::canonical(&Document { seal, files })?)?;
        fresh.persist(&self.path).map_err(|fault| fault.error)?;
        Ok(())
    }
}

impl Toolchain {
    /// Takes in what was known of files before; what is damaged or sealed by another is nothing.
    pub fn recall(&self, memory: &ToolMemory) {
        let known = memory.read().unwrap_or_default();
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        for (path, was) in known {
            verified.entry(PathBuf::from(path)).or_insert(was);
        }
    }

    /// Keeps what is known of files now, but for those that moved a moment before `now`: such a stat
    /// would not show the next change. Where it cannot be kept they are hashed again.
    pub fn remember(&self, memory: &ToolMemory, now: Timestamp) {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let files: BTreeMap<String, Verified> = verified
            .iter()
            .filter(|(_, was)| was.is_settled(now))
            .filter_map(|(path, was)| Some((path.to_str()?.to_owned(), was.clone())))
            .collect();
        drop(verified);
        if memory.read().as_ref() != Some(&files) {
            let _ = memory.write(files);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Lock;
    use super::*;

    /// SC-5: a stat that did not move spares the hash in the next process too, and nothing that
    /// somebody else wrote does.
    #[test]
    fn sc_5_what_a_data_folder_knows_of_a_tool_is_sealed_and_follows_its_stat() {
        let place = tempfile::tempdir().unwrap();
        let tool = place.path().join("tool");
        fs::write(&tool, "one").unwrap();
        let lock = || Lock::parse(include_str!("../../../../toolchain.lock.json")).unwrap();
        let open = || Toolchain::open(place.path(), lock()).unwrap();
        let memory = ToolMemory::new(&place.path().join("tools.json"), Seal::new([1; 32]));
        let moved = std::os::unix::fs::MetadataExt::mtime(&fs::metadata(&tool).unwrap());
        let now = Timestamp::from_second(moved + 2).unwrap();
        let later = Timestamp::from_second(4_000_000_000).unwrap();
        let known = |toolchain: &Toolchain| toolchain.verified.lock().unwrap().get(&tool).cloned();
        let first = open();
        let read = Verified::read(&tool, None).unwrap().unwrap();
        first.verified.lock().unwrap().insert(tool.clone(), read.clone());
        first.remember(&memory, now);
        let second = open();
        second.recall(&memory);
        assert_eq!(known(&second), None, "it moved a moment ago");
        first.remember(&memory, later);
        second.recall(&memory);
        assert_eq!(known(&second), Some(read.clone()));
        fs::write(&tool, "two").unwrap();
        let moved = Verified::read(&tool, known(&second).as_ref()).unwrap().unwrap();
        assert_eq!(moved.sha256, Digest::of(b"two"), "a stat that moved is hashed");

        let third = open();
        third.recall(&ToolMemory::new(&place.path().join("tools.json"), Seal::new([2; 32])));
        assert_eq!(known(&third), None, "sealed by another data folder");
        let text = fs::read_to_string(place.path().join("tools.json")).unwrap();
        let forged = text.replace(&read.sha256.to_string(), &Digest::of(b"evil").to_string());
        assert_ne!(forged, text);
        fs::write(place.path().join("tools.json"), forged).unwrap();
        third.recall(&memory);
        assert_eq!(known(&third), None, "edited");
    }
}
