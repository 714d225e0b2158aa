//! Reading archives that may be hostile (promise P24): every entry is bounded, every name judged,
//! and nothing is written here. Owns the limits.

use std::collections::HashSet;
use std::fs::File;
use std::io::{ErrorKind, Read};

use jiff::Timestamp;
use mex_runtime::code::Code;

use super::error::DatabaseRefused;

/// Bounds of an archive. A real export of the largest ecosystem stays far below each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The archive itself, in bytes.
    pub(super) archive_bytes: u64,
    /// Entries.
    pub(super) entries: u64,
    /// One unpacked entry, in bytes.
    pub(super) entry_bytes: u64,
    /// Everything unpacked, in bytes.
    pub(super) total_bytes: u64,
    /// Everything unpacked, as a multiple of the archive.
    pub(super) ratio: u64,
}

/// The limits in force.
pub(super) const LIMITS: Limits = Limits {
    archive_bytes: 1 << 30,
    entries: 1_000_000,
    entry_bytes: 16 << 20,
    total_bytes: 4 << 30,
    ratio: 100,
};
/// A tree is unpacked in memory, so it has a bound of its own.
const TREE_BYTES: u64 = 256 << 20;
/// Below this much unpacked, a high ratio is only a sign of repetitive text.
const RATIO_FREE_BYTES: u64 = 1 << 20;
/// Longer names than this are no file names.
const NAME_BYTES: usize = 512;

type Visit<'a> = &'a mut dyn FnMut(&str, Vec<u8>) -> Result<(), DatabaseRefused>;

/// Counts what comes out of an archive against the limits.
struct Meter {
    archive_bytes: u64,
    entries: u64,
    total: u64,
    names: HashSet<String>,
}

impl Meter {
    fn new(archive_bytes: u64) -> Self {
        Self { archive_bytes, entries: 0, total: 0, names: HashSet::new() }
    }

    fn name(&mut self, raw: &[u8]) -> Result<String, DatabaseRefused> {
        let name = judge_name(raw)?;
        self.entries += 1;
        if self.entries > LIMITS.entries {
            return Err(too_big(format!("has more than {} entries", LIMITS.entries)));
        }
        if !self.names.insert(name.to_lowercase()) {
            return Err(refused(format!(
                "the archive names {name:?} twice, or twice but for upper and lower case"
            )));
        }
        Ok(name)
    }

    fn bytes(&mut self, name: &str, count: u64) -> Result<(), DatabaseRefused> {
        if count > LIMITS.entry_bytes {
            return Err(too_big(format!(
                "unpacks {name:?} to more than {} bytes",
                LIMITS.entry_bytes
            )));
        }
        self.total = self.total.saturating_add(count);
        over_ratio(self.total, self.archive_bytes)?;
        if self.total > LIMITS.total_bytes {
            return Err(too_big(format!("unpacks to more than {} bytes", LIMITS.total_bytes)));
        }
        Ok(())
    }
}

fn over_ratio(total: u64, archive_bytes: u64) -> Result<(), DatabaseRefused> {
    if total > RATIO_FREE_BYTES && total > archive_bytes.saturating_mul(LIMITS.ratio) {
        return Err(too_big(format!("unpacks to more than {} times its size", LIMITS.ratio)));
    }
    Ok(())
}

/// A relative name with `/`, without anything that means something to a file system or a terminal.
fn judge_name(raw: &[u8]) -> Result<String, DatabaseRefused> {
    let shown = String::from_utf8_lossy(&raw[..raw.len().min(80)]).into_owned();
    let wrong = |why: &str| refused(format!("the archive has an entry named {shown:?}: {why}"));
    let name = std::str::from_utf8(raw).map_err(|_| wrong("it is not UTF-8"))?;
    if name.is_empty() || name.len() > NAME_BYTES {
        return Err(wrong("a name has 1 to 512 bytes"));
    }
    // Advisory ids and crate names are ASCII, so any other character is a disguise.
    if !name.bytes().all(|c| c.is_ascii_graphic() || c == b' ') {
        return Err(wrong("a name has printable ASCII characters only"));
    }
    if name.contains(['\\', ':']) || name.starts_with('/') {
        return Err(wrong("it is not a relative path with `/`"));
    }
    let trimmed = name.strip_suffix('/').unwrap_or(name);
    if trimmed.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(wrong("it leaves the archive or has an empty part"));
    }
    Ok(trimmed.to_owned())
}

/// Visits each file of a zip. Returns how many there were.
///
/// # Errors
/// `MEX-DB-TRUNCATED` for an archive without its end, `MEX-DB-UNPARSABLE` for one that is damaged,
/// ambiguous or hostile, `MEX-INPUT-TOO-BIG` past a limit, and whatever `visit` says.
pub(super) fn visit_zip(
    file: File,
    archive_bytes: u64,
    visit: Visit<'_>,
) -> Result<u64, DatabaseRefused> {
    let mut zip = zip::ZipArchive::new(std::io::BufReader::new(file)).map_err(|error| {
        DatabaseRefused::new(
            Code::DbTruncated,
            format!(
                "the zip has no readable directory at its end ({error}): it was cut off or is \
                 damaged; fetch it again"
            ),
        )
    })?;
    if zip.has_duplicate_names() {
        return Err(refused("the zip names one entry twice; readers would disagree on it"));
    }
    if zip.has_overlapping_entries().map_err(|error| damaged("its directory", &error))? {
        return Err(refused("entries of the zip overlap, which only a bomb needs"));
    }
    let mut meter = Meter::new(archive_bytes);
    let mut files = 0;
    for index in 0..zip.len() {
        let entry = zip.by_index(index).map_err(|error| damaged("an entry", &error))?;
        let name = meter.name(entry.name_raw())?;
        if entry.is_symlink() || !(entry.is_dir() || entry.is_file()) {
            return Err(refused(format!("{name:?} is a link or device; only files are taken")));
        }
        if entry.encrypted() {
            return Err(refused(format!("{name:?} is encrypted")));
        }
        if entry.is_dir() {
            continue;
        }
        let declared = entry.size();
        let mut bytes = Vec::new();
        entry.take(LIMITS.entry_bytes + 1).read_to_end(&mut bytes).map_err(|error| {
            let code = if error.kind() == ErrorKind::UnexpectedEof {
                Code::DbTruncated
            } else {
                Code::DbUnparsable
            };
            DatabaseRefused::new(code, format!("{name:?} cannot be unpacked: {error}"))
        })?;
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        meter.bytes(&name, count)?;
        if count != declared {
            return Err(DatabaseRefused::new(
                Code::DbTruncated,
                format!("{name:?} has {count} bytes where the zip's directory says {declared}"),
            ));
        }
        visit(&name, bytes)?;
        files += 1;
    }
    Ok(files)
}

/// What a tar says of itself beside its files.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TarOrigin {
    /// The commit's time, where the archive was made by git from a commit.
    pub(super) committed_at: Option<Timestamp>,
}

/// Visits each file of a gzip-compressed tar.
///
/// # Errors
/// As [`visit_zip`]; a tar without its end marker is truncated even where the gzip is whole.
pub(super) fn visit_tar_gz(
    file: File,
    archive_bytes: u64,
    visit: Visit<'_>,
) -> Result<TarOrigin, DatabaseRefused> {
    let mut tar = Vec::new();
    let bound = TREE_BYTES.min(archive_bytes.saturating_mul(LIMITS.ratio).max(RATIO_FREE_BYTES));
    flate2::read::GzDecoder::new(std::io::BufReader::new(file))
        .take(bound + 1)
        .read_to_end(&mut tar)
        .map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => DatabaseRefused::new(
                Code::DbTruncated,
                "the gzip stream ends before its end; fetch it again",
            ),
            _ => refused(format!("the gzip stream is damaged: {error}")),
        })?;
    if u64::try_from(tar.len()).unwrap_or(u64::MAX) > bound {
        return Err(too_big(format!("unpacks to more than {bound} bytes")));
    }
    if tar.len() < 1024 || tar[tar.len() - 1024..].iter().any(|byte| *byte != 0) {
        return Err(DatabaseRefused::new(
            Code::DbTruncated,
            "the tar inside the gzip ends without its end marker; fetch it again",
        ));
    }
    let mut meter = Meter::new(archive_bytes);
    let mut from_commit = false;
    let mut newest = None;
    let mut archive = tar::Archive::new(tar.as_slice());
    let entries = archive.entries().map_err(|error| refused(format!("no tar: {error}")))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| refused(format!("the tar is damaged: {error}")))?;
        match entry.header().entry_type() {
            tar::EntryType::XGlobalHeader => {
                let mut text = String::new();
                entry.by_ref().take(4096).read_to_string(&mut text).map_err(|error| {
                    refused(format!("the tar's global header is damaged: {error}"))
                })?;
                from_commit |= text.contains(" comment=");
                continue;
            }
            tar::EntryType::Regular | tar::EntryType::Directory => {}
            other => {
                let shown = entry.path_bytes().into_owned();
                let name = judge_name(&shown)?;
                return Err(refused(format!(
                    "{name:?} is of type {other:?}; only files and folders are taken"
                )));
            }
        }
        let raw = entry.path_bytes().into_owned();
        let name = meter.name(&raw)?;
        if entry.header().entry_type() == tar::EntryType::Directory {
            continue;
        }
        newest = newest.max(entry.header().mtime().ok());
        meter.bytes(&name, entry.size())?;
        let declared = entry.size();
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .map_err(|error| refused(format!("{name:?} cannot be unpacked: {error}")))?;
        if u64::try_from(bytes.len()).ok() != Some(declared) {
            return Err(DatabaseRefused::new(
                Code::DbTruncated,
                format!("{name:?} is cut off in the tar"),
            ));
        }
        visit(&name, bytes)?;
    }
    let committed_at = newest
        .filter(|_| from_commit)
        .and_then(|seconds| i64::try_from(seconds).ok())
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    Ok(TarOrigin { committed_at })
}

fn refused(message: impl Into<String>) -> DatabaseRefused {
    DatabaseRefused::new(Code::DbUnparsable, message)
}

fn too_big(what: String) -> DatabaseRefused {
    DatabaseRefused::new(Code::InputTooBig, format!("the archive {what}; no real database does"))
}

fn damaged(what: &str, error: &zip::result::ZipError) -> DatabaseRefused {
    refused(format!("the zip is damaged, {what} cannot be read: {error}"))
}
