//! The digest of a tool that is many files: one line a file, link or executable, in order of name.
//! Owns what counts as a change of such a tool; never looks outside the folders it is given.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use mex_runtime::digest::Digest;
use sha2::{Digest as _, Sha256};

use super::verified::Verified;

/// Deeper than any package folder.
const MAX_DEPTH: usize = 64;

/// The digest over an executable and a folder, wherever they lie: names below the folder, what is
/// in each file, whether it may be run, where each link points. `known` spares the hash of a file
/// whose stat did not move since it was taken, and takes in what was hashed (contract SC-5).
///
/// `None` where something is no file, folder or link that stays inside: such a tool has no digest.
///
/// # Errors
/// When something cannot be read.
pub(super) fn digest(
    executable: &Path,
    folder: &Path,
    known: &mut BTreeMap<PathBuf, Verified>,
) -> io::Result<Option<Digest>> {
    let mut hasher = Sha256::new();
    hasher.update(b"mex tool manifest 1\n");
    let Some(sha256) = file(executable, known)? else { return Ok(None) };
    hasher.update(format!("runtime {sha256}\n"));
    let mut lines = BTreeMap::new();
    if !walk(folder, folder, 0, known, &mut lines)? {
        return Ok(None);
    }
    for (name, line) in &lines {
        hasher.update(line.as_bytes());
        hasher.update(b" ");
        // A name holds no NUL, so no two folders have the same lines.
        hasher.update(name.as_os_str().as_encoded_bytes());
        hasher.update(b"\0");
    }
    Ok(Some(Digest::from_bytes(hasher.finalize().into())))
}

fn file(path: &Path, known: &mut BTreeMap<PathBuf, Verified>) -> io::Result<Option<Digest>> {
    let read = Verified::read(path, known.get(path))?;
    Ok(read.map(|now| {
        let sha256 = now.sha256;
        known.insert(path.to_owned(), now);
        sha256
    }))
}

/// Whether everything below could be put into words.
fn walk(
    root: &Path,
    folder: &Path,
    depth: usize,
    known: &mut BTreeMap<PathBuf, Verified>,
    lines: &mut BTreeMap<PathBuf, String>,
) -> io::Result<bool> {
    if depth > MAX_DEPTH {
        return Ok(false);
    }
    for item in std::fs::read_dir(folder)? {
        let item = item?;
        let path = item.path();
        let name = path.strip_prefix(root).unwrap_or(&path).to_owned();
        let kind = item.file_type()?;
        if kind.is_dir() {
            if !walk(root, &path, depth + 1, known, lines)? {
                return Ok(false);
            }
        } else if kind.is_symlink() {
            let target = std::fs::read_link(&path)?;
            if !stays(&name, &target) {
                return Ok(false);
            }
            lines.insert(name, format!("link {}", target.display()));
        } else {
            let Some(sha256) = file(&path, known)? else { return Ok(false) };
            let mode = item.metadata()?.permissions().mode() & 0o111;
            let word = if mode == 0 { "file" } else { "program" };
            lines.insert(name, format!("{word} {sha256}"));
        }
    }
    Ok(true)
}

/// Whether a link's target, read from where it stands, stays in the folder.
fn stays(name: &Path, target: &Path) -> bool {
    let mut depth = name.components().count().saturating_sub(1);
    for part in target.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(_) => depth += 1,
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        _dir: tempfile::TempDir,
        runtime: PathBuf,
        folder: PathBuf,
        known: BTreeMap<PathBuf, Verified>,
    }

    fn place() -> Place {
        let dir = tempfile::tempdir().unwrap();
        let (runtime, folder) = (dir.path().join("runtime"), dir.path().join("package"));
        std::fs::create_dir_all(folder.join("lib/empty")).unwrap();
        std::fs::write(&runtime, b"runtime").unwrap();
        std::fs::write(folder.join("lib/a.js"), b"a").unwrap();
        std::fs::write(folder.join("package.json"), b"{}").unwrap();
        Place { _dir: dir, runtime, folder, known: BTreeMap::new() }
    }

    impl Place {
        fn digest(&mut self) -> Option<Digest> {
            digest(&self.runtime, &self.folder, &mut self.known).unwrap()
        }
    }

    /// Contract SC-5: anything that a run could notice is another digest.
    #[test]
    fn every_change_of_a_file_name_link_or_right_is_seen() {
        let mut place = place();
        let first = place.digest();
        assert!(first.is_some());
        assert_eq!(place.digest(), first, "by stat");
        let a = place.folder.join("lib/a.js");
        let mut seen = vec![first];
        let mut differs = |place: &mut Place, what: &str| {
            let now = place.digest();
            assert!(now.is_some() && !seen.contains(&now), "{what}");
            seen.push(now);
        };
        std::fs::write(&a, b"b").unwrap();
        differs(&mut place, "content");
        std::fs::set_permissions(&a, std::fs::Permissions::from_mode(0o755)).unwrap();
        differs(&mut place, "right");
        std::fs::rename(&a, place.folder.join("lib/b.js")).unwrap();
        differs(&mut place, "name");
        std::os::unix::fs::symlink("../package.json", place.folder.join("lib/l")).unwrap();
        differs(&mut place, "a link");
        std::fs::write(place.folder.join("lib/empty/new.js"), b"").unwrap();
        differs(&mut place, "a file more");
        std::fs::write(&place.runtime, b"another").unwrap();
        differs(&mut place, "the runtime");
    }

    #[test]
    fn what_leaves_the_folder_or_is_no_file_has_no_digest() {
        for target in ["/etc/passwd", "../../x", "../../package/lib/a.js"] {
            let mut place = place();
            std::os::unix::fs::symlink(target, place.folder.join("lib/l")).unwrap();
            assert_eq!(place.digest(), None, "{target}");
        }
        let mut place = place();
        std::fs::remove_file(&place.runtime).unwrap();
        std::os::unix::fs::symlink("/bin/true", &place.runtime).unwrap();
        assert_eq!(place.digest(), None, "a runtime that is a link");
    }
}
