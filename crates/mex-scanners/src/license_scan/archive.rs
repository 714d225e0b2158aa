//! A crate's or package's archive, read. Owns its bounds; never writes, never judges.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::dependency::archives::ARCHIVE_BYTES;

/// All that comes out of an archive. Far above any crate of the registry.
const UNPACKED_BYTES: u64 = 1 << 30;
const ENTRIES: usize = 200_000;
/// One licence text.
pub(super) const TEXT_BYTES: u64 = 16 << 20;
/// All texts of one crate.
const TEXTS_BYTES: u64 = 64 << 20;

/// An archive's bytes.
///
/// # Errors
/// When it cannot be read or is over [`ARCHIVE_BYTES`].
pub(super) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(ARCHIVE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > ARCHIVE_BYTES { Err(too_large()) } else { Ok(bytes) }
}

/// The files of an archive that are wanted, by their names below its one folder; whatever that is
/// called, where no name is given.
pub(super) fn files(
    archive: &[u8],
    top: Option<&str>,
    wanted: &dyn Fn(&str) -> bool,
) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut taken = 0;
    each_file(archive, top, &mut |name, content| {
        if !wanted(name) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        content.take(TEXT_BYTES + 1).read_to_end(&mut bytes)?;
        taken += bytes.len() as u64;
        if bytes.len() as u64 > TEXT_BYTES || taken > TEXTS_BYTES {
            return Err(too_large());
        }
        found.insert(name.to_owned(), bytes);
        Ok(())
    })?;
    Ok(found)
}

/// The names of an archive's files below its one folder.
pub(super) fn names(archive: &[u8], top: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    each_file(archive, Some(top), &mut |name, _| {
        found.push(name.to_owned());
        Ok(())
    })?;
    Ok(found)
}

fn too_large() -> io::Error {
    io::ErrorKind::FileTooLarge.into()
}

/// Goes through the plain files of an archive, by their names below its one folder.
fn each_file(
    archive: &[u8],
    top: Option<&str>,
    each: &mut dyn FnMut(&str, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let unpacked = GzDecoder::new(archive).take(UNPACKED_BYTES);
    for (number, entry) in tar::Archive::new(unpacked).entries()?.enumerate() {
        let mut entry = entry?;
        if number > ENTRIES {
            return Err(too_large());
        }
        let path = entry.path_bytes().into_owned();
        let name = std::str::from_utf8(&path).ok().and_then(|path| match top {
            Some(top) => path.strip_prefix(top)?.strip_prefix('/'),
            None => Some(path.split_once('/')?.1),
        });
        if let Some(name) = name.filter(|_| entry.header().entry_type().is_file()) {
            each(name, &mut entry)?;
        }
    }
    Ok(())
}
