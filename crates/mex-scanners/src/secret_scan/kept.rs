//! The files in which gitleaks found nothing, so that an unchanged one is not read again (contract
//! SC-12). Owns the document of each workspace and its seal; never holds a secret, a leak or a name:
//! a file with a leak is scanned every time, so that its secret is at hand to be fingerprinted and
//! taken out of everything else.
//!
//! A rule may look at a file's path, so a file is known by path and content together. A document that
//! is damaged, edited, of another tool, configuration or data folder counts as not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use mex_runtime::digest::Digest;
use mex_runtime::id::WorkspaceId;
use mex_runtime::json;
use serde::{Deserialize, Serialize};

use super::blind_spots::{Nature, nature};
use crate::gitleaks::normalise::Reading;
use crate::seal::Seal;
use crate::stage::{Manifest, StageLedger};

/// No document is longer; a longer file is none.
const MAX_BYTES: u64 = 256 << 20;

/// The folder of kept documents.
#[derive(Debug, Clone)]
pub struct KeptFiles {
    folder: PathBuf,
    seal: Seal,
    reading: bool,
}

/// By path and content together, each file without a leak, and its type where it is a binary.
type Clean = BTreeMap<Digest, Option<String>>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// Over everything else and the workspace, with the data folder's own secret.
    seal: Digest,
    /// The tool, its configuration and this program.
    ground: Digest,
    files: Clean,
}

impl KeptFiles {
    /// Documents in `folder`, which is made when the first one is written. `seal` is the data folder's.
    pub fn new(folder: &Path, seal: Seal) -> Self {
        Self { folder: folder.to_owned(), seal, reading: true }
    }

    /// The same without what was kept before: everything is scanned again, and kept.
    #[must_use]
    pub fn write_only(self) -> Self {
        Self { reading: false, ..self }
    }

    fn path(&self, workspace: &WorkspaceId) -> PathBuf {
        self.folder.join(format!("{workspace}.json"))
    }

    fn sealed(&self, workspace: &WorkspaceId, ground: &Digest, files: &Clean) -> Option<Digest> {
        let bytes = json::canonical(&("gitleaks", workspace, ground, files)).ok()?;
        Some(self.seal.of(&bytes))
    }

    /// What is known of a workspace under a ground; nothing where there is no whole document.
    pub(super) fn read(&self, workspace: &WorkspaceId, ground: &Digest) -> Clean {
        let read = || -> Option<Clean> {
            let file = self.reading.then(|| File::open(self.path(workspace)).ok())??;
            let mut text = Vec::new();
            file.take(MAX_BYTES).read_to_end(&mut text).ok()?;
            let kept: Document = serde_json::from_slice(&text).ok()?;
            let seal = self.sealed(workspace, &kept.ground, &kept.files)?;
            (seal == kept.seal && kept.ground == *ground).then_some(kept.files)
        };
        read().unwrap_or_default()
    }

    /// Keeps a document, whole or not at all; of two writers the last one's stays.
    ///
    /// # Errors
    /// When it cannot be written: then those files are scanned again.
    pub(super) fn write(
        &self,
        workspace: &WorkspaceId,
        ground: Digest,
        files: Clean,
    ) -> io::Result<()> {
        let seal = self
            .sealed(workspace, &ground, &files)
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        fs::create_dir_all(&self.folder)?;
        let mut fresh = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.folder)?;
        fresh.write_all(&json::canonical(&Document { seal, ground, files })?)?;
        fresh.persist(self.path(workspace)).map_err(|fault| fault.error)?;
        Ok(())
    }
}

/// The files of a staged tree as this choice sees them.
pub(super) struct Choice {
    /// By staged path, the key of each file that may be kept.
    keys: BTreeMap<String, Digest>,
    /// Files that are known to be clean, with the type of a binary.
    pub(super) known: BTreeMap<String, Option<String>>,
    /// Every other file of the tree: to be scanned.
    pub(super) open: BTreeSet<String>,
}

impl Choice {
    /// Sorts the files of a tree by what is kept of them. What has an archive's name is always
    /// scanned, and so is what has a name that is no text.
    pub(super) fn make(manifest: &Manifest, ledger: &StageLedger, kept: &Clean) -> Self {
        let staged: BTreeMap<&str, &str> = ledger
            .withheld
            .iter()
            .map(|file| (file.original.as_str(), file.staged.as_str()))
            .collect();
        let mut choice =
            Self { keys: BTreeMap::new(), known: BTreeMap::new(), open: BTreeSet::new() };
        for file in &manifest.files {
            let path = staged.get(file.path.as_str()).copied().unwrap_or(&file.path).to_owned();
            let name = path.rsplit('/').next().unwrap_or(&path);
            let plain = !file.escaped && nature(name, b"") == Nature::Plain;
            let key = plain.then(|| Digest::of_canonical(&(&path, file.sha256)).ok()).flatten();
            match key.as_ref().and_then(|key| kept.get(key)) {
                Some(binary) => drop(choice.known.insert(path.clone(), binary.clone())),
                None => drop(choice.open.insert(path.clone())),
            }
            if let Some(key) = key {
                choice.keys.insert(path, key);
            }
        }
        choice
    }

    /// What may be kept after a run over the open files: all of them without a leak, as long as
    /// nothing at all went wrong or was said without a place.
    pub(super) fn clean(
        &self,
        reading: &Reading,
        prefix: &str,
        masked: &BTreeSet<String>,
    ) -> Option<Clean> {
        if !reading.errors.is_empty() || !reading.complaints.is_empty() {
            return None;
        }
        // A leak inside an archive is written `archive!inner`: nothing before any `!` is clean.
        let mut marked: BTreeSet<&str> = masked.iter().map(String::as_str).collect();
        for place in reading.places().chain(reading.not_opened.iter().map(String::as_str)) {
            let path = place.strip_prefix(prefix)?;
            marked.insert(path);
            marked.extend(path.match_indices('!').map(|(at, _)| &path[..at]));
        }
        let mut clean = Clean::new();
        for (path, key) in &self.keys {
            let binary = match self.known.get(path) {
                Some(binary) => binary.clone(),
                None if marked.contains(path.as_str()) => continue,
                None => reading.binaries.get(&format!("{prefix}{path}")).cloned(),
            };
            clean.insert(*key, binary);
        }
        Some(clean)
    }
}

/// Links some staged files into a folder under their own paths.
///
/// # Errors
/// When one cannot be put there.
pub(super) fn select(root: &Path, files: &BTreeSet<String>, into: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    for file in files {
        let mut folder = into.to_owned();
        let (above, name) = file.rsplit_once('/').unwrap_or(("", file));
        for part in above.split('/').filter(|part| !part.is_empty()) {
            folder.push(part);
            match fs::create_dir(&folder) {
                Ok(()) => fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let (from, to) = (root.join(file), folder.join(name));
        if fs::hard_link(&from, &to).is_err() {
            fs::copy(&from, &to)?;
            fs::set_permissions(&to, fs::Permissions::from_mode(0o444))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(n: u8) -> WorkspaceId {
        format!("{n:032x}").parse().unwrap()
    }

    #[test]
    fn a_damaged_edited_or_foreign_document_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let kept = KeptFiles::new(folder.path(), Seal::new([1; 32]));
        let (ours, ground) = (workspace(1), Digest::of(b"tool"));
        let files = Clean::from([(Digest::of(b"a"), None), (Digest::of(b"b"), Some("x/y".into()))]);
        assert!(kept.read(&ours, &ground).is_empty());
        kept.write(&ours, ground, files.clone()).unwrap();
        assert_eq!(kept.read(&ours, &ground), files);
        assert!(kept.read(&ours, &Digest::of(b"another tool")).is_empty());
        fs::copy(kept.path(&ours), kept.path(&workspace(2))).unwrap();
        assert!(kept.read(&workspace(2), &ground).is_empty(), "another workspace's");
        let whole = fs::read(kept.path(&ours)).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(kept.path(&ours), &flipped).unwrap();
            assert!(kept.read(&ours, &ground).is_empty(), "byte {at}");
            fs::write(kept.path(&ours), &whole[..at]).unwrap();
            assert!(kept.read(&ours, &ground).is_empty(), "cut at {at}");
        }
        let other = KeptFiles::new(folder.path(), Seal::new([2; 32]));
        other.write(&ours, ground, files.clone()).unwrap();
        assert!(kept.read(&ours, &ground).is_empty(), "sealed by another data folder");
        kept.write(&ours, ground, files).unwrap();
        assert!(kept.clone().write_only().read(&ours, &ground).is_empty(), "a fresh scan");
    }

    fn manifest(files: &[(&str, &str)]) -> Manifest {
        Manifest {
            schema_version: "mf-1.0".to_owned(),
            commit: None,
            files: files
                .iter()
                .map(|(path, text)| crate::stage::ManifestEntry {
                    path: (*path).to_owned(),
                    size: text.len() as u64,
                    sha256: Digest::of(text.as_bytes()),
                    escaped: false,
                })
                .collect(),
        }
    }

    fn said(leaks: &str, log: &str) -> Reading {
        let code = if leaks == "[]" { 0 } else { crate::gitleaks::argv::LEAKS };
        crate::gitleaks::normalise::read(&crate::answer::Answer {
            ending: crate::answer::Ending::Code(code),
            stdout: leaks.as_bytes(),
            stdout_bytes: leaks.len() as u64,
            stderr: log.as_bytes(),
            stderr_bytes: log.len() as u64,
        })
    }

    /// Contract SC-12: only what was read to its end without a leak is not read again, and a file
    /// that moved, or changed by a byte, is another one.
    #[test]
    fn clean_files_are_known_by_path_and_content_and_no_other_is() {
        let files = [("a", "1"), ("b", "2"), ("c.gz", "3"), ("d", "4"), ("e.png", "5")];
        let tree = manifest(&files);
        let ledger = StageLedger::default();
        let first = Choice::make(&tree, &ledger, &Clean::new());
        assert!(first.known.is_empty());
        assert_eq!(first.open.len(), 5);
        let leak = r#"[{"RuleID":"r","StartLine":1,"EndLine":1,"Secret":"s","Match":"s","File":"/project/b","Commit":""}]"#;
        let log = "1 DBG skipping binary file mime_type=image/png path=/project/e.png\n1 INF scanned ~5 bytes\n1 WRN leaks found: 1\n";
        let masked = BTreeSet::from(["d".to_owned()]);
        let clean = first.clean(&said(leak, log), "/project/", &masked).unwrap();
        let second = Choice::make(&tree, &ledger, &clean);
        let known: Vec<_> = second.known.iter().map(|(path, kind)| (&**path, kind)).collect();
        assert_eq!(known, [("a", &None), ("e.png", &Some("image/png".to_owned()))]);
        let moved = manifest(&[("x/a", "1"), ("a", "1!"), ("e.png", "5")]);
        let third = Choice::make(&moved, &ledger, &clean);
        assert_eq!(third.known.keys().collect::<Vec<_>>(), ["e.png"]);

        let none = "1 INF scanned ~5 bytes\n1 INF no leaks found\n";
        let keeps = |log: &str| first.clean(&said("[]", log), "/project/", &masked).is_some();
        assert!(keeps(none));
        assert!(!keeps(&format!("1 ERR something odd\n{none}")), "a complaint without a place");
        assert!(!keeps("1 INF no leaks found\n"), "it did not read to the end");
    }
}
