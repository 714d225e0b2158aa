//! One snapshot as it lies in the tools folder: `as-1.0` beside its bytes, its index and, for a
//! tree, the unpacked files. Owns that layout, and proves on request that nothing in it moved.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use mex_runtime::artifact::DatabaseIdentity;
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::SystemEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Form;
use super::archive::visit_tar_gz;
use super::error::DatabaseRefused;
use super::index::Index;
use super::parse;

pub(super) const DESCRIPTION: &str = "snapshot.json";
pub(super) const INDEX: &str = "index.json";
pub(super) const ZIP: &str = "all.zip";
pub(super) const TARBALL: &str = "advisory-db.tar.gz";
pub(super) const TREE: &str = "tree";

/// The document beside a snapshot, version `as-1.0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Always `"as-1.0"`.
    pub schema_version: String,
    /// What it is.
    pub identity: DatabaseIdentity,
    /// How it is laid out.
    pub form: Form,
    /// `embedded`, `file` or `sync`.
    pub method: String,
    /// Where it came from, for people.
    pub origin: String,
    /// When it was taken in.
    pub imported_at: Timestamp,
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
    /// When it was taken in.
    pub imported_at: Timestamp,
}

impl Snapshot {
    /// Reads what lies in a folder named by a digest; `None` for what is not a whole snapshot.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let named: Digest = folder.file_name()?.to_str()?.parse().ok()?;
        let text = std::fs::read_to_string(folder.join(DESCRIPTION)).ok()?;
        let value = mex_runtime::json::parse(&text).ok()?;
        let about: Description = serde_json::from_value(value).ok()?;
        let consistent = about.schema_version == "as-1.0"
            && about.identity.sha256 == named
            && about.identity.form == about.form.as_str()
            && about.identity.record_count > 0;
        let path = match about.form {
            Form::Osv => folder.join(ZIP),
            Form::Rustsec => folder.join(TREE),
        };
        let there = std::fs::symlink_metadata(&path).ok()?;
        let right = match about.form {
            Form::Osv => there.is_file(),
            Form::Rustsec => there.is_dir(),
        };
        (consistent && right).then_some(Self {
            identity: about.identity,
            form: about.form,
            path,
            method: about.method,
            origin: about.origin,
            imported_at: about.imported_at,
        })
    }

    /// The event a data folder records when it takes the snapshot in, or first meets it.
    pub fn event(&self) -> SystemEvent {
        SystemEvent::DatabaseImported {
            database: self.identity.clone(),
            method: self.method.clone(),
            origin: self.origin.clone(),
        }
    }

    /// Proves that what a tool will read is what was imported: the archive hashes to the
    /// snapshot's digest, and every file of an unpacked tree is the archive's, with none added.
    ///
    /// # Errors
    /// `MEX-DB-UNPARSABLE` with the file named; `MEX-INPUT-UNREADABLE` where one cannot be read.
    pub fn verify(&self) -> Result<(), DatabaseRefused> {
        let folder = self.folder()?;
        let archive = match self.form {
            Form::Osv => folder.join(ZIP),
            Form::Rustsec => folder.join(TARBALL),
        };
        let unreadable = |path: &Path, error: std::io::Error| {
            DatabaseRefused::new(
                Code::InputUnreadable,
                format!("`{}` cannot be read: {error}", path.display()),
            )
        };
        let mut file = File::open(&archive).map_err(|error| unreadable(&archive, error))?;
        let found = crate::toolchain::hash(&mut file).map_err(|e| unreadable(&archive, e))?;
        if found != self.identity.sha256 {
            return Err(self.changed(&archive));
        }
        if self.form == Form::Osv {
            return Ok(());
        }
        let file = File::open(&archive).map_err(|error| unreadable(&archive, error))?;
        let size = file.metadata().map_err(|error| unreadable(&archive, error))?.len();
        let mut expected = BTreeMap::new();
        visit_tar_gz(file, size, &mut |name, bytes| {
            if let Some(place) = parse::tree_file(name) {
                expected.insert(place.to_owned(), Digest::of(&bytes));
            }
            Ok(())
        })?;
        for path in files_below(&self.path).map_err(|error| unreadable(&self.path, error))? {
            let place = path
                .strip_prefix(&self.path)
                .ok()
                .and_then(|rest| rest.to_str())
                .and_then(|place| expected.remove(place));
            let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, error))?;
            if place != Some(Digest::of(&bytes)) {
                return Err(self.changed(&path));
            }
        }
        match expected.into_keys().next() {
            Some(missing) => Err(self.changed(&self.path.join(missing))),
            None => Ok(()),
        }
    }

    /// The index made at import.
    ///
    /// # Errors
    /// When it cannot be read back.
    pub fn index(&self) -> Result<Index, DatabaseRefused> {
        let path = self.folder()?.join(INDEX);
        let refused = |why: String| {
            DatabaseRefused::new(
                Code::DbUnparsable,
                format!("`{}` is damaged: {why}; import the database again", path.display()),
            )
        };
        let text = std::fs::read(&path).map_err(|error| refused(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))
    }

    fn folder(&self) -> Result<&Path, DatabaseRefused> {
        self.path.parent().ok_or_else(|| self.changed(&self.path))
    }

    fn changed(&self, path: &Path) -> DatabaseRefused {
        DatabaseRefused::new(
            Code::DbUnparsable,
            format!(
                "`{}` is not what was imported as {:?}; remove that snapshot's folder and import \
                 it again",
                path.display(),
                self.identity.sha256
            ),
        )
    }
}

/// Every file below a folder; a link or device counts as a file that will not match.
fn files_below(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            } else {
                return Err(std::io::Error::other(format!(
                    "{:?} is a link or device",
                    entry.file_name()
                )));
            }
        }
    }
    Ok(files)
}
