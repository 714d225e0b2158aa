//! The one door into the tools folder: copy while hashing, read every record of the copy, then
//! rename into place. A crash at any moment leaves a folder that no reader takes for a snapshot.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use mex_runtime::artifact::DatabaseIdentity;
use mex_runtime::code::Code;
use mex_runtime::port::Clock;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::archive::LIMITS;
use super::error::DatabaseRefused;
use super::parse::{self, Parsed};
use super::snapshot::{DESCRIPTION, Description, INDEX, Snapshot, TARBALL, TREE, ZIP};
use super::{Form, Imported, Novelty};

/// Where the bytes come from.
pub(super) struct Source<'a> {
    /// `embedded`, `file` or `sync`.
    pub(super) method: &'static str,
    /// For people.
    pub(super) origin: &'a str,
    /// What the source says of the snapshot's day; counted where later than its records'.
    pub(super) not_before: Option<Timestamp>,
    /// The ecosystem asked for.
    pub(super) ecosystem: Option<&'a str>,
    /// The form asked for.
    pub(super) form: Option<Form>,
    /// Fewer records than this mean that something cut the database.
    pub(super) at_least: u64,
}

/// Takes a database in.
///
/// # Errors
/// Whatever is wrong with it, or with the tools folder; nothing half-written is left.
pub(super) fn import(
    folder: &Path,
    reader: &mut dyn Read,
    source: &Source<'_>,
    clock: &dyn Clock,
) -> Result<Imported, DatabaseRefused> {
    let incoming = Incoming::create(folder.join(format!(".incoming-{}", clock.uuid())))?;
    let raw = incoming.path.join("raw");
    let (sha256, size) = copy(reader, &raw)?;
    let target = folder.join(sha256.to_string());
    let now = clock.now();
    let file = File::open(&raw).map_err(|error| io("read", &raw, &error))?;
    let Parsed { index, date, tree } = parse::parse(file, size, source.ecosystem, now)?;
    if let Some(wanted) = source.form.filter(|form| *form != index.form) {
        let (wanted, found) = (wanted.as_str(), index.form.as_str());
        let why = format!("it is of form `{found}` where `{wanted}` was asked for");
        return Err(DatabaseRefused::new(Code::DbUnparsable, why));
    }
    let record_count = u64::try_from(index.records.len()).unwrap_or(u64::MAX);
    if record_count < source.at_least {
        let at_least = source.at_least;
        return Err(DatabaseRefused::new(
            Code::DbTruncated,
            format!(
                "it holds {record_count} records where at least {at_least} were expected from the \
                 snapshot that is here; if that is right, import it as a file"
            ),
        ));
    }
    let date = source.not_before.map_or(date, |said| said.min(now).max(date));

    let _held = lock(folder)?;
    let known = Snapshot::read(&target).filter(|known| known.verify().is_ok());
    let newer = known.as_ref().is_none_or(|known| known.identity.date < date);
    let description = Description {
        schema_version: "as-1.0".to_owned(),
        identity: DatabaseIdentity {
            ecosystem: index.ecosystem.clone(),
            form: index.form.as_str().to_owned(),
            sha256,
            date,
            record_count,
        },
        form: index.form,
        method: source.method.to_owned(),
        origin: source.origin.to_owned(),
        imported_at: now,
    };
    if let Some(known) = known {
        if known.identity.ecosystem != description.identity.ecosystem {
            return Err(DatabaseRefused::new(
                Code::DbEcosystem,
                format!(
                    "the same file was taken in as `{}` before; it cannot be `{}` too",
                    known.identity.ecosystem, description.identity.ecosystem
                ),
            ));
        }
        if newer {
            // The same bytes, and the source still gives them out on a later day.
            let next = incoming.path.join(DESCRIPTION);
            write_json(&next, &description)?;
            let old = target.join(DESCRIPTION);
            std::fs::rename(&next, &old).map_err(|error| io("replace", &old, &error))?;
        }
        let snapshot = Snapshot::read(&target).unwrap_or(known);
        return Ok(Imported { snapshot, novelty: Novelty::Known });
    }

    let kept = incoming.path.join(match index.form {
        Form::Osv => ZIP,
        Form::Rustsec => TARBALL,
    });
    std::fs::rename(&raw, &kept).map_err(|error| io("write", &kept, &error))?;
    for (place, bytes) in &tree {
        write(&incoming.path.join(TREE).join(place), bytes)?;
    }
    write_json(&incoming.path.join(INDEX), &index)?;
    write_json(&incoming.path.join(DESCRIPTION), &description)?;
    publish(&incoming.path, &target, clock)?;
    let snapshot = Snapshot::read(&target).ok_or_else(|| {
        DatabaseRefused::new(
            Code::StoreIo,
            format!("`{}` cannot be read back after it was written", target.display()),
        )
    })?;
    Ok(Imported { snapshot, novelty: Novelty::New })
}

/// A folder that goes with its owner, so that nothing half-written stays.
struct Incoming {
    path: PathBuf,
}

impl Incoming {
    fn create(path: PathBuf) -> Result<Self, DatabaseRefused> {
        std::fs::create_dir(&path).map_err(|error| io("create", &path, &error))?;
        Ok(Self { path })
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Gone already where it was published.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn copy(
    reader: &mut dyn Read,
    path: &Path,
) -> Result<(mex_runtime::digest::Digest, u64), DatabaseRefused> {
    let mut file = create(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    let mut size = 0_u64;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let why = format!("it cannot be read: {error}");
                return Err(DatabaseRefused::new(Code::InputUnreadable, why));
            }
        };
        size += u64::try_from(count).unwrap_or(u64::MAX);
        if size > LIMITS.archive_bytes {
            return Err(DatabaseRefused::new(
                Code::InputTooBig,
                format!("it has more than {} bytes; no real database does", LIMITS.archive_bytes),
            ));
        }
        hasher.update(&buffer[..count]);
        file.write_all(&buffer[..count]).map_err(|error| io("write", path, &error))?;
    }
    file.sync_all().map_err(|error| io("write", path, &error))?;
    Ok((mex_runtime::digest::Digest::from_bytes(hasher.finalize().into()), size))
}

/// Renames a whole snapshot into place. What stands there and is not whole makes room; the caller
/// holds the lock, so nobody else moves it meanwhile.
fn publish(from: &Path, target: &Path, clock: &dyn Clock) -> Result<(), DatabaseRefused> {
    if std::fs::symlink_metadata(target).is_ok() {
        let aside = target.with_file_name(format!(".damaged-{}", clock.uuid()));
        std::fs::rename(target, &aside).map_err(|error| io("move aside", target, &error))?;
        // It only takes space where this fails; no reader looks at it.
        let _ = std::fs::remove_dir_all(&aside);
    }
    std::fs::rename(from, target).map_err(|error| io("write", target, &error))?;
    let parent = target.parent().unwrap_or(target);
    let synced = File::open(parent).and_then(|folder| folder.sync_all());
    synced.map_err(|error| io("write", parent, &error))
}

/// Held while a snapshot is put in place: one importer at a time, over all processes.
fn lock(folder: &Path) -> Result<File, DatabaseRefused> {
    let path = folder.join(".lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(|error| io("lock", &path, &error))?;
    file.lock().map_err(|error| io("lock", &path, &error))?;
    Ok(file)
}

fn create(path: &Path) -> Result<File, DatabaseRefused> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| io("create", parent, &error))?;
        open_to_readers(parent, 0o755)?;
    }
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let file = opened.map_err(|error| io("create", path, &error))?;
    open_to_readers(path, 0o644)?;
    Ok(file)
}

/// Tools run under another uid inside the sandbox, whatever the umask here is.
fn open_to_readers(path: &Path, mode: u32) -> Result<(), DatabaseRefused> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|error| io("open to readers", path, &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), DatabaseRefused> {
    create(path)?.write_all(bytes).map_err(|error| io("write", path, &error))
}

fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), DatabaseRefused> {
    let bytes = mex_runtime::json::canonical(value)
        .map_err(|error| DatabaseRefused::new(Code::Internal, error.to_string()))?;
    let mut file = create(path)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(|error| io("write", path, &error))
}

fn io(action: &str, path: &Path, error: &std::io::Error) -> DatabaseRefused {
    DatabaseRefused::new(Code::StoreIo, format!("cannot {action} `{}`: {error}", path.display()))
}
