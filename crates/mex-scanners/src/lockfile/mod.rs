//! What a project's tree says about its packages: lockfiles at any depth, manifests without one,
//! and what of them cannot be believed. Owns the vulnerability job's ledger of files (contract
//! SC-3); never reads an advisory and never runs a tool.

pub mod kind;
pub mod lint;
pub mod manifest;
pub mod packages;
pub mod purl;
pub(crate) mod words;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use mex_runtime::coverage::{CoverageEntry, CoverageState};
use mex_runtime::id::{JobName, ToolName};

use kind::LockKind;
use lint::Count;
use manifest::Answer;

/// A lockfile larger than this is not read: no real one comes near it.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Files of the stage that are no part of the project.
const NOT_THE_PROJECT: &str = ".mex-withheld";

/// A lockfile that tools may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockfile {
    /// Relative to the project, with `/`.
    pub path: String,
    /// What it is.
    pub kind: &'static LockKind,
    /// How many packages it names by our own count; null where we cannot count.
    pub packages: Option<Count>,
}

/// Everything a tree says about packages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovered {
    /// The lockfiles that tools may read, by path.
    pub lockfiles: Vec<Lockfile>,
    /// Everything else: unusable lockfiles, manifests, what no tool reads.
    pub entries: Vec<CoverageEntry>,
}

/// Walks a staged tree. Links are not followed (the stage holds none).
///
/// # Errors
/// When a folder cannot be listed: then nobody knows what was missed. Unreadable files are entries.
pub fn discover(root: &Path) -> std::io::Result<Discovered> {
    let mut texts = BTreeMap::new();
    let mut found = Discovered::default();
    walk(root, "", &mut texts, &mut found.entries)?;
    for (path, bytes) in &texts {
        let name = path.rsplit('/').next().unwrap_or(path);
        if kind::is_unread(name) {
            found.entries.push(entry(
                path,
                None,
                CoverageState::NotScanned,
                "no pinned tool reads this kind of lockfile",
                1,
            ));
        } else if let Some(kind) = kind::of(name) {
            lockfile(path, kind, bytes, &mut found);
        } else if manifest::is_manifest(name) {
            found.entries.push(manifest_entry(path, &texts));
        }
    }
    found.entries.sort();
    Ok(found)
}

fn lockfile(path: &str, kind: &'static LockKind, bytes: &[u8], found: &mut Discovered) {
    match lint::look(kind, bytes) {
        Ok(looked) => {
            found.lockfiles.push(Lockfile {
                path: path.to_owned(),
                kind,
                packages: looked.packages,
            });
            if looked.unpinned > 0 {
                let reason =
                    "requirements without an exact version: pin them with `==` or add a lockfile";
                found.entries.push(entry(
                    path,
                    None,
                    CoverageState::NotScanned,
                    reason,
                    looked.unpinned,
                ));
            }
            if kind.parser == "pom.xml" {
                let reason =
                    "what a `pom.xml` pulls in indirectly is not known without a lockfile: add one";
                found.entries.push(entry(path, None, CoverageState::NotScanned, reason, 1));
            }
        }
        Err(unusable) => {
            found.entries.push(entry(path, None, CoverageState::Failed, &unusable.to_string(), 1));
        }
    }
}

fn manifest_entry(path: &str, texts: &BTreeMap<String, Vec<u8>>) -> CoverageEntry {
    match manifest::answer(path, texts) {
        Answer::LockedBy(lock) => entry(
            path,
            None,
            CoverageState::Skipped,
            &format!("`{lock}` names what it asks for"),
            1,
        ),
        Answer::AsksNothing => {
            entry(path, None, CoverageState::Skipped, "it asks for no package", 1)
        }
        Answer::Unlocked(advice) => entry(
            path,
            None,
            CoverageState::NotScanned,
            &format!("a manifest without a lockfile: {advice}"),
            1,
        ),
    }
}

/// One line of the vulnerability job's ledger.
pub(crate) fn entry(
    subject: &str,
    tool: Option<&ToolName>,
    state: CoverageState,
    reason: &str,
    items: u64,
) -> CoverageEntry {
    CoverageEntry {
        job: JobName::known("vuln"),
        subject: subject.to_owned(),
        tool: tool.cloned(),
        state,
        reason: reason.to_owned(),
        items,
    }
}

fn walk(
    root: &Path,
    folder: &str,
    texts: &mut BTreeMap<String, Vec<u8>>,
    entries: &mut Vec<CoverageEntry>,
) -> std::io::Result<()> {
    for item in fs::read_dir(root.join(folder))? {
        let item = item?;
        let file_type = item.file_type()?;
        let name = item.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if file_type.is_dir() {
            if path != NOT_THE_PROJECT {
                walk(root, &path, texts, entries)?;
            }
        } else if file_type.is_file()
            && (kind::of(&name).is_some() || kind::is_unread(&name) || manifest::is_manifest(&name))
        {
            match read(&item.path()) {
                Ok(bytes) => {
                    texts.insert(path, bytes);
                }
                Err(error) => {
                    let reason = format!("the file cannot be read ({})", error.kind());
                    entries.push(entry(&path, None, CoverageState::Failed, &reason, 1));
                }
            }
        }
    }
    Ok(())
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract SC-3: every lockfile and manifest stands in the ledger or is handed to a tool.
    #[test]
    fn every_lockfile_and_manifest_at_any_depth_is_accounted_for() {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("Cargo.lock", "version = 4\n"),
            ("a/b/c/requirements-dev.txt", "flask==1\nx>2\n"),
            ("deno.lock", "{}"),
            ("web/package.json", r#"{"dependencies":{"x":"1"}}"#),
            ("broken/Cargo.lock", ""),
            (".mex-withheld/Cargo.lock", ""),
            ("README.md", "x"),
        ] {
            let file = dir.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let found = discover(dir.path()).unwrap();
        let locks: Vec<_> = found.lockfiles.iter().map(|lock| lock.path.as_str()).collect();
        assert_eq!(locks, ["Cargo.lock", "a/b/c/requirements-dev.txt"]);
        let entries: Vec<_> =
            found.entries.iter().map(|entry| (entry.subject.as_str(), entry.state)).collect();
        assert_eq!(
            entries,
            [
                ("a/b/c/requirements-dev.txt", CoverageState::NotScanned),
                ("broken/Cargo.lock", CoverageState::Failed),
                ("deno.lock", CoverageState::NotScanned),
                ("web/package.json", CoverageState::NotScanned),
            ]
        );
    }
}
