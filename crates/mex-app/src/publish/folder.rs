//! The registry folder: what is in force under `assets/`, every version ever published under
//! `versions/`. Owns writing it so that a kill at any moment leaves what was in force or what is,
//! whole. Never decides what may be there: that is the record's to say.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::id::EventId;
use serde::{Deserialize, Serialize};

use crate::error::{AppError, AppResult};
use crate::whole;

/// Where everything lies below the data folder.
#[derive(Debug, Clone)]
pub(crate) struct RegistryFolder {
    root: PathBuf,
    lock: PathBuf,
}

/// The files of one publish.
#[derive(Debug, Clone)]
pub(crate) struct PublishedText {
    pub(crate) registry: String,
    pub(crate) profiles: String,
    pub(crate) record: Vec<u8>,
}

/// A publish under way: written before its event, gone after its files are in place. Where a kill
/// leaves it, it says which event would have to be there for the files to be put in place after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pending {
    pub(crate) schema_version: String,
    pub(crate) event_id: EventId,
    pub(crate) capability_registry_version: String,
    pub(crate) registry_sha256: Digest,
    pub(crate) profiles_sha256: Digest,
    pub(crate) record_sha256: Digest,
}

impl RegistryFolder {
    pub(crate) fn of(data_dir: &Path) -> Self {
        Self { root: data_dir.join("capability_registry"), lock: data_dir.join("registry.lock") }
    }

    /// The registry in force (contract REG-6).
    pub(crate) fn registry(&self) -> PathBuf {
        self.root.join("assets/capability_registry.json")
    }

    /// The profiles in force.
    pub(crate) fn profiles(&self) -> PathBuf {
        self.root.join("profiles.json")
    }

    /// The signed record of what is in force.
    pub(crate) fn record(&self) -> PathBuf {
        self.root.join("assets/capability_registry.publish.json")
    }

    fn pending(&self) -> PathBuf {
        self.root.join("publishing.json")
    }

    /// A file of one version.
    pub(crate) fn version(&self, version: &str, what: &str) -> PathBuf {
        self.root.join("versions").join(format!("{version}{what}.json"))
    }

    /// Every version that lies there, in no order.
    pub(crate) fn versions(&self) -> AppResult<Vec<semver::Version>> {
        let folder = self.root.join("versions");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(&folder, &error)),
        };
        let name = |entry: fs::DirEntry| entry.file_name().into_string().ok();
        Ok(entries
            .flatten()
            .filter_map(name)
            .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
            .filter_map(|name| semver::Version::parse(&name).ok())
            .collect())
    }

    /// One publish, review or takeover at a time, over all processes on the data folder.
    pub(crate) fn lock(&self) -> AppResult<File> {
        let failed = |error: io::Error| {
            let path = self.lock.display();
            AppError::new(Code::DataDir, format!("`{path}` cannot be locked: {error}"))
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&self.lock)
            .map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(file)
    }

    /// The publish that somebody began and nobody ended; none where there is none that can be read.
    pub(crate) fn under_way(&self) -> Option<Pending> {
        let bytes = fs::read(self.pending()).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Whether anything says that a publish is under way.
    pub(crate) fn is_pending(&self) -> bool {
        self.pending().exists()
    }

    /// Writes everything of a publish beside what is in force, and the note that it is under way.
    /// From here on its event decides.
    pub(crate) fn prepare(&self, text: &PublishedText, pending: &Pending) -> AppResult<()> {
        let version = &pending.capability_registry_version;
        for (what, bytes) in [
            ("", text.registry.as_bytes()),
            (".profiles", text.profiles.as_bytes()),
            (".publish", &text.record),
        ] {
            write(&self.version(version, what), bytes)?;
        }
        for (path, bytes) in self.in_force(text) {
            write(&next(&path), bytes)?;
        }
        let note = serde_json::to_vec_pretty(pending).map_err(crate::scan::internal)?;
        write(&self.pending(), &note)
    }

    /// Puts what was prepared in place of what was in force.
    pub(crate) fn take_over(&self, text: &PublishedText) -> AppResult<()> {
        for (path, bytes) in self.in_force(text) {
            let next = next(&path);
            if fs::read(&next).is_ok_and(|found| found == bytes) {
                fs::rename(&next, &path).map_err(|error| unwritable(&path, &error))?;
                whole::sync_folder(&path).map_err(|error| unwritable(&path, &error))?;
            } else {
                write(&path, bytes)?;
            }
        }
        self.forget()
    }

    /// Takes away the note of a publish under way, and what was prepared.
    pub(crate) fn forget(&self) -> AppResult<()> {
        for path in [self.registry(), self.profiles(), self.record()] {
            remove(&next(&path))?;
        }
        remove(&self.pending())
    }

    fn in_force<'t>(&self, text: &'t PublishedText) -> [(PathBuf, &'t [u8]); 3] {
        [
            (self.profiles(), text.profiles.as_bytes()),
            (self.record(), &text.record),
            (self.registry(), text.registry.as_bytes()),
        ]
    }
}

fn next(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".next");
    PathBuf::from(name)
}

/// A file of the folder as text; none where it is not there. What is not UTF-8 is no registry, and
/// its bytes still have to be seen as a wrong file.
pub(crate) fn read(path: &Path) -> AppResult<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// Writes a file whole or not at all, on the disk before it returns.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> AppResult<()> {
    whole::replace(path, bytes).map_err(|error| unwritable(path, &error))
}

fn remove(path: &Path) -> AppResult<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(path, &error)),
        _ => Ok(()),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> AppError {
    AppError::new(Code::DataDir, format!("`{}` cannot be read: {error}", path.display()))
}

fn unwritable(path: &Path, error: &io::Error) -> AppError {
    AppError::new(Code::StoreIo, format!("`{}` cannot be written: {error}", path.display()))
}
