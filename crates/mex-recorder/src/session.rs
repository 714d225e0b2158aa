//! One process lifetime of the product: its id, and a lock that dies with it.
//! Owns `sessions/`; never asks a process table, which another container could not see.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A living session. Its lock is released by the system at the latest when the process ends.
#[derive(Debug)]
pub(crate) struct Session {
    id: String,
    path: PathBuf,
    _lock: File,
}

impl Session {
    /// Takes the lock under another name first: a lock file is never seen unlocked while its owner lives.
    pub(crate) fn begin(folder: &Path, id: String) -> io::Result<Self> {
        let path = folder.join(format!("{id}.lock"));
        let fresh = folder.join(format!("{id}.new"));
        let lock = File::options().create_new(true).write(true).open(&fresh)?;
        lock.lock()?;
        std::fs::rename(&fresh, &path)?;
        Ok(Self { id, path, _lock: lock })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Left behind, it is a dead session's, and the next sweep takes it away.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A session whose process has ended. The lock is held until its entries are closed.
pub(crate) struct Dead {
    path: PathBuf,
    lock: File,
}

impl Dead {
    /// The id it had.
    pub(crate) fn id(&self) -> Option<String> {
        self.path.file_stem().and_then(|name| name.to_str()).map(str::to_owned)
    }

    /// Forgets the session, once nothing of it is open any more.
    pub(crate) fn bury(self) {
        // Left behind, it is found again and found empty.
        let _ = std::fs::remove_file(&self.path);
        drop(self.lock);
    }
}

/// What stands in `sessions/`.
#[derive(Default)]
pub(crate) struct Census {
    /// Sessions that nobody may close: their process lives, or somebody else is closing them.
    pub(crate) living: Vec<String>,
    /// Sessions to close.
    pub(crate) dead: Vec<Dead>,
}

/// Tells the living from the dead by trying each lock.
pub(crate) fn census(folder: &Path) -> io::Result<Census> {
    let mut census = Census::default();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(id) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some(id) = id.strip_suffix(".lock") else { continue };
        let lock = match File::options().write(true).open(&path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        match lock.try_lock() {
            Ok(()) => census.dead.push(Dead { path, lock }),
            Err(TryLockError::WouldBlock) => census.living.push(id.to_owned()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(census)
}
