//! The folder for staged trees and scratch of one process lifetime. Held by a lock; what a crash
//! left of others is removed at start, what a living process uses is not touched.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use mex_runtime::code::Code;

use crate::error::{AppError, AppResult};

/// This process's own work folder; gone when dropped.
#[derive(Debug)]
pub struct WorkFolder {
    path: PathBuf,
    lock: Option<File>,
}

impl WorkFolder {
    /// Makes `work/SESSION` with its lock beside it and removes what dead sessions left.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(data_dir: &Path, session: &str) -> AppResult<Self> {
        let all = data_dir.join("work");
        let path = all.join(session);
        let failed = |error: std::io::Error| {
            AppError::new(
                Code::DataDir,
                format!("the work folder `{}` cannot be made: {error}", path.display()),
            )
        };
        fs::create_dir_all(&all).map_err(failed)?;
        sweep(&all);
        let lock = File::create_new(all.join(format!("{session}.lock"))).map_err(failed)?;
        lock.lock().map_err(failed)?;
        fs::create_dir(&path).map_err(failed)?;
        Ok(Self { path, lock: Some(lock) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        remove(&self.path);
        self.lock = None;
        // Left behind, it is swept at the next start.
        let _ = fs::remove_file(self.path.with_extension("lock"));
    }
}

/// Removes what sessions left whose lock nobody holds. Best effort: what cannot be removed now is
/// tried again at the next start, and is never read.
fn sweep(all: &Path) {
    let Ok(entries) = fs::read_dir(all) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "lock") {
            continue;
        }
        let lock_path = path.with_extension("lock");
        let dead = match File::open(&lock_path) {
            Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        if dead {
            // What runs of it are still alive, where only a control group knows them.
            mex_scanners::sandbox::sweep_groups(&path);
            remove(&path);
            let _ = fs::remove_file(&lock_path);
        }
    }
}

/// Removes a tree whose folders may be read-only.
fn remove(path: &Path) {
    if fs::remove_dir_all(path).is_err() {
        make_writable(path);
        let _ = fs::remove_dir_all(path);
    }
}

fn make_writable(path: &Path) {
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o700));
            }
            make_writable(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_sessions_folder_goes_and_a_living_ones_stays() {
        let data = tempfile::tempdir().unwrap();
        let living = WorkFolder::open(data.path(), "living").unwrap();
        fs::write(living.path().join("x"), "x").unwrap();
        let dead = data.path().join("work/dead");
        fs::create_dir_all(dead.join("tree")).unwrap();
        let next = WorkFolder::open(data.path(), "next").unwrap();
        assert!(living.path().join("x").exists());
        assert!(!dead.exists());
        let gone = next.path().to_owned();
        drop(next);
        assert!(!gone.exists());
    }
}
