//! A tool of many files: its manifest, and what each file was when it was last hashed (contract
//! SC-5). Never trusts a table of stats by itself: whoever hands one in has its digest from an event
//! or a provisioning record.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use mex_runtime::digest::Digest;

use super::hash;
use super::record::FILE_NAME;

/// The manifest beside such a tool; for reading only, its digest is the tool's.
pub(super) const MANIFEST: &str = "manifest.txt";
/// The stats beside such a tool.
pub(super) const STATS: &str = "stats.txt";
/// More files than this are no tool of ours.
const MAX_FILES: usize = 200_000;

/// What moves when a file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stat {
    inode: u64,
    size: u64,
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Every file of a tool's folder, hashed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, (Stat, Digest)>,
}

impl Tree {
    /// Reads a tool's folder, hashing only what `known` has under another stat or not at all.
    /// `None` where the folder holds anything but plain files with plain names.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(folder: &Path, known: Option<&Self>) -> io::Result<Option<Self>> {
        let mut stats = BTreeMap::new();
        if !list(folder, "", &mut stats)? {
            return Ok(None);
        }
        let mut files = BTreeMap::new();
        let mut open: Vec<(String, Stat)> = Vec::new();
        for (path, stat) in stats {
            match known.and_then(|known| known.files.get(&path)) {
                Some((before, sha256)) if *before == stat => {
                    files.insert(path, (stat, *sha256));
                }
                _ => open.push((path, stat)),
            }
        }
        for (path, stat, sha256) in hash_all(folder, &open)? {
            files.insert(path, (stat, sha256));
        }
        Ok(Some(Self { files }))
    }

    /// One line a file: digest, `x` where it is executable, path.
    pub(super) fn manifest(&self) -> String {
        let mut text = String::new();
        for (path, (stat, sha256)) in &self.files {
            let executable = if stat.mode & 0o111 == 0 { '-' } else { 'x' };
            let _ = writeln!(text, "{sha256} {executable} {path}");
        }
        text
    }

    /// The tool's digest.
    pub(super) fn sha256(&self) -> Digest {
        Digest::of(self.manifest().as_bytes())
    }

    /// The table of stats and digests.
    pub(super) fn stats(&self) -> String {
        let mut text = String::new();
        for (path, (stat, sha256)) in &self.files {
            let Stat { inode, size, mode, modified, changed } = stat;
            let _ = writeln!(
                text,
                "{inode} {size} {mode} {} {} {} {} {sha256} {path}",
                modified.0, modified.1, changed.0, changed.1
            );
        }
        text
    }

    /// A table read back; `None` where it is none.
    pub(super) fn from_stats(text: &str) -> Option<Self> {
        let mut files = BTreeMap::new();
        for line in text.lines() {
            let mut parts = line.splitn(9, ' ');
            let stat = Stat {
                inode: parts.next()?.parse().ok()?,
                size: parts.next()?.parse().ok()?,
                mode: parts.next()?.parse().ok()?,
                modified: (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?),
                changed: (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?),
            };
            let sha256 = parts.next()?.parse().ok()?;
            files.insert(parts.next()?.to_owned(), (stat, sha256));
        }
        Some(Self { files })
    }
}

/// Puts every file below into `stats`; `false` where something else than plain files is there.
fn list(folder: &Path, prefix: &str, stats: &mut BTreeMap<String, Stat>) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.contains(['\n', '\r'])) else {
            return Ok(false);
        };
        if prefix.is_empty() && [FILE_NAME, MANIFEST, STATS].contains(&name) {
            continue;
        }
        let path = format!("{prefix}{name}");
        let meta = entry.metadata()?;
        if meta.is_dir() {
            if !list(&entry.path(), &format!("{path}/"), stats)? {
                return Ok(false);
            }
        } else if meta.is_file() && stats.len() < MAX_FILES {
            let stat = Stat {
                inode: meta.ino(),
                size: meta.len(),
                mode: meta.mode(),
                modified: (meta.mtime(), meta.mtime_nsec()),
                changed: (meta.ctime(), meta.ctime_nsec()),
            };
            stats.insert(path, stat);
        } else {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Hashes files on every core.
fn hash_all(folder: &Path, open: &[(String, Stat)]) -> io::Result<Vec<(String, Stat, Digest)>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Ok(Vec::with_capacity(open.len())));
    let work = || {
        while let Some((path, stat)) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
            let hashed = File::open(folder.join(path)).and_then(hash);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            match (&mut *done, hashed) {
                (Ok(done), Ok(sha256)) => done.push((path.clone(), *stat, sha256)),
                (Ok(_), Err(error)) => *done = Err(error),
                (Err(_), _) => return,
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 1..threads.min(open.len()) {
            scope.spawn(work);
        }
        work();
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}
