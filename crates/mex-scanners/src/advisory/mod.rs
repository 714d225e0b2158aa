//! Advisory databases as pinned snapshots (contract SC-6).
//! Owns `advisories/` of the tools folder: one folder a snapshot, named by the SHA-256 of the
//! bytes it came as. A snapshot is there whole, with every record parsed, or not at all.
//! Never judges age or severity: that is the policy's.
//!
//! The day a snapshot speaks for is the newest `modified` of its records; for a tree that git
//! archived from a commit, the commit's time where that is later; for a fetched one, the source's
//! `Last-Modified` where that is later. It is never after the moment of import: a database dated
//! in the future is refused.

mod archive;
mod embedded;
pub mod error;
pub mod fetch;
mod import;
pub mod index;
pub mod osv;
mod parse;
mod rustsec;
pub mod select;
pub mod snapshot;

use std::fs::File;
use std::path::{Path, PathBuf};

use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::port::Clock;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use error::DatabaseRefused;
pub use fetch::{FetchLimits, default_source};
pub use index::{Index, IndexPackage, IndexRecord};
pub use select::{Selected, small_zip};
pub use snapshot::Snapshot;

/// How the records are laid out.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A zip of OSV JSON records, as osv-scanner reads it.
    Osv,
    /// An advisory-db tree, as cargo-audit reads it.
    Rustsec,
}

impl Form {
    /// The word in `DatabaseIdentity::form`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Osv => "osv",
            Self::Rustsec => "rustsec",
        }
    }
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Whether it was there already.
    pub novelty: Novelty,
}

/// Whether a snapshot was new to the tools folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// It was not there before, or was damaged.
    New,
    /// The same bytes were there.
    Known,
}

/// The snapshots of one tools folder.
#[derive(Debug, Clone)]
pub struct Databases {
    folder: PathBuf,
}

impl Databases {
    /// Opens the snapshots of a tools folder, importing the embedded ones where they are missing.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(tools_dir: &Path, clock: &dyn Clock) -> Result<Self, DatabaseRefused> {
        let databases = Self::open_bare(tools_dir)?;
        for carried in &embedded::EMBEDDED {
            if Snapshot::read(&databases.folder.join(carried.sha256)).is_none() {
                let source = import::Source {
                    method: "embedded",
                    origin: carried.origin,
                    not_before: None,
                    ecosystem: Some("crates.io"),
                    form: None,
                    at_least: 0,
                };
                import::import(&databases.folder, &mut &*carried.bytes, &source, clock)?;
            }
        }
        Ok(databases)
    }

    /// Opens the snapshots of a tools folder without the embedded ones.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open_bare(tools_dir: &Path) -> Result<Self, DatabaseRefused> {
        let folder = tools_dir.join("advisories");
        std::fs::create_dir_all(&folder).map_err(|error| {
            DatabaseRefused::new(
                Code::StoreIo,
                format!("cannot create `{}`: {error}", folder.display()),
            )
        })?;
        Ok(Self { folder })
    }

    /// Every whole snapshot, newest first.
    pub fn list(&self) -> Vec<Snapshot> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut all: Vec<_> = entries.filter_map(|entry| Snapshot::read(&entry.path())).collect();
        all.sort_by(|a, b| {
            let key = |s: &Snapshot| (s.identity.date, s.imported_at, s.identity.sha256);
            key(b).cmp(&key(a))
        });
        all
    }

    /// The newest snapshot of an ecosystem in a form, by the day it speaks for.
    pub fn current(&self, ecosystem: &str, form: Form) -> Option<Snapshot> {
        let matches = |s: &Snapshot| s.form == form && s.identity.ecosystem == ecosystem;
        self.list().into_iter().find(matches)
    }

    /// The snapshot with this digest.
    pub fn pinned(&self, sha256: &Digest) -> Option<Snapshot> {
        Snapshot::read(&self.folder.join(sha256.to_string()))
    }

    /// Takes a database in from a file: a zip of OSV records of one ecosystem, or a
    /// gzip-compressed tar of an advisory-db tree. Without a name the ecosystem is the one all
    /// records share.
    ///
    /// # Errors
    /// `MEX-DB-EMPTY`, `-TRUNCATED`, `-UNPARSABLE`, `-ECOSYSTEM` with the record named;
    /// `MEX-INPUT-*` for a file that cannot be read or is too big; nothing was changed.
    pub fn import(
        &self,
        file: &Path,
        ecosystem: Option<&str>,
        clock: &dyn Clock,
    ) -> Result<Imported, DatabaseRefused> {
        let unreadable = |why: String| {
            DatabaseRefused::new(
                Code::InputUnreadable,
                format!("`{}` cannot be read: {why}", file.display()),
            )
        };
        let meta = std::fs::metadata(file).map_err(|error| unreadable(error.to_string()))?;
        if !meta.is_file() {
            return Err(unreadable("it is not a regular file".to_owned()));
        }
        let mut reader = File::open(file).map_err(|error| unreadable(error.to_string()))?;
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let origin = format!("file: {}", name.unwrap_or_default());
        let source = import::Source {
            method: "file",
            origin: &origin,
            not_before: None,
            ecosystem,
            form: None,
            at_least: 0,
        };
        import::import(&self.folder, &mut reader, &source, clock).map_err(|refused| {
            DatabaseRefused {
                message: format!("`{}` was refused: {}", file.display(), refused.message),
                ..refused
            }
        })
    }
}
