//! The crates of a lockfile as a folder that cargo reads in place of its registry, for cargo-deny where
//! the cargo home has not all of them. Owns making it: of each crate the manifest and its licence
//! texts as they are, and its sources as empty files, for cargo asks only whether they are there.
//! Taken from archives with the lockfile's checksum alone; never from anything of the project.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path};

use serde_json::json;

use super::archive;
use super::crates::{self, Locked, Shelves};
use super::manifest;

/// Deeper sources are found by nobody who reads a manifest.
const DEPTH: usize = 4;

/// What makes cargo read the folder that stands at `inside`.
pub fn config(inside: &str) -> String {
    format!(
        "[source.crates-io]\nreplace-with = \"fetched\"\n[source.fetched]\ndirectory = \"{inside}\"\n"
    )
}

/// Whether the cargo home alone cannot answer for a lockfile, and archives of crates.io can.
pub fn is_needed(packages: &[Locked], shelves: &Shelves<'_>) -> bool {
    let mut foreign = packages.iter().filter(|package| package.source.is_some());
    let all_of_crates_io = foreign.clone().all(Locked::is_of_crates_io);
    all_of_crates_io && foreign.any(|package| !crates::is_at_home(package, shelves))
}

/// Fills an empty folder. `false` where an archive is not here: cargo would not go on without it.
///
/// # Errors
/// When an archive cannot be read or the folder cannot be written.
pub fn fill(folder: &Path, packages: &[Locked], shelves: &Shelves<'_>) -> io::Result<bool> {
    for package in packages.iter().filter(|package| package.source.is_some()) {
        let Some(bytes) = crates::archive_of(package, shelves) else { return Ok(false) };
        one(folder, package, &bytes)?;
    }
    Ok(true)
}

fn one(folder: &Path, package: &Locked, bytes: &[u8]) -> io::Result<()> {
    let top = format!("{}-{}", package.name, package.version);
    let place = folder.join(&top);
    let plain = |name: &str| name == "Cargo.toml" || manifest::is_license_text(name);
    let mut whole = archive::files(bytes, Some(&top), &plain)?;
    let text = whole.get("Cargo.toml").ok_or(io::ErrorKind::InvalidData)?;
    let named = manifest::cargo_toml(text, "Cargo.toml").and_then(|speech| speech.license_file);
    if let Some(named) = named.filter(|named| !whole.contains_key(named)) {
        whole.extend(archive::files(bytes, Some(&top), &|name| name == named)?);
    }
    let sources: BTreeSet<String> = archive::names(bytes, &top)?
        .into_iter()
        .filter(|name| name.ends_with(".rs") && name.split('/').count() <= DEPTH)
        .collect();
    for (name, content) in &whole {
        write(&place, name, content)?;
    }
    for name in sources.iter().filter(|name| !whole.contains_key(*name)) {
        write(&place, name, b"")?;
    }
    let sums = json!({"files": {}, "package": package.checksum});
    write(&place, ".cargo-checksum.json", sums.to_string().as_bytes())
}

/// Writes one file for whoever runs in the sandbox; a name that leaves the crate is none.
fn write(place: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    if !Path::new(name).components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let path = place.join(name);
    let mut below = path.parent();
    fs::create_dir_all(below.unwrap_or(place))?;
    while let Some(folder) = below.filter(|folder| folder.starts_with(place)) {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        below = folder.parent();
    }
    fs::write(&path, bytes)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leaves_the_crate_is_written_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a-1.0.0");
        for name in ["../out", "/out", "src/../../out", ""] {
            assert!(write(&place, name, b"x").is_err(), "{name}");
        }
        write(&place, "src/lib.rs", b"").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let mode =
            |path: &str| fs::metadata(place.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("src"), mode("src/lib.rs")), (0o755, 0o444));
    }
}
