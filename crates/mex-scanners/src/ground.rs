//! What a result depends on beside its envelope (contract SC-12): the program itself, the stage as a
//! whole, and files of the machine by their stats. Owns the shape of each; an adapter joins those it
//! reads. What cannot be read, or moved a moment ago, is not known: then nothing is reused.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use jiff::Timestamp;
use mex_runtime::adapter::RunContext;
use mex_runtime::digest::Digest;
use serde_json::{Value, json};

use crate::secret_name::InNames;
use crate::stage::StageLedger;

/// A file that moved so many seconds ago or less can move again without a stat that shows it.
const RACY: i64 = 2;
/// More files than this below one folder are not looked at.
const MAX_FILES: usize = 200_000;

/// The digest of an adapter's whole ground.
pub(crate) fn digest(parts: &Value) -> Option<Digest> {
    Digest::of_canonical(parts).ok()
}

/// What every adapter of a staged tree depends on: this program as it runs, and all that the stage
/// left out, withheld, found to speak for itself and found in names. The files stand in the manifest.
pub(crate) fn common(context: &RunContext<'_>) -> Option<Value> {
    let root = &context.stage?.root;
    let mut ledger = StageLedger::beside(root).ok()?;
    // Its folders are made for this scan alone; whoever reads a history asks for [`history`].
    ledger.history = None;
    let names = InNames::digest_beside(root).ok()?;
    Some(json!({ "program": program()?, "stage": ledger, "names": names }))
}

/// This program as it runs: another build may read the same answer in another way.
pub(crate) fn program() -> Option<Value> {
    fs::metadata("/proc/self/exe").ok().map(|meta| of_stat(&meta))
}

/// A file of the machine by what its stat says; null where it is not there.
pub(crate) fn file(path: &Path, now: Timestamp) -> Option<Value> {
    match fs::metadata(path) {
        Ok(meta) => settled(&meta, now).then(|| of_stat(&meta)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(Value::Null),
        Err(_) => None,
    }
}

/// How deep [`folder`] looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The folder and what stands in it.
    One,
    /// Everything below it.
    All,
}

/// A folder of the machine by the stats of what is in it, links as links; null where it is not there.
pub(crate) fn folder(path: &Path, depth: Depth, now: Timestamp) -> Option<Value> {
    let mut seen = Vec::new();
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(Value::Null),
        Err(_) => return None,
        Ok(meta) => seen.push((String::new(), meta)),
    }
    let mut open = vec![String::new()];
    while let Some(below) = open.pop() {
        for item in fs::read_dir(path.join(&below)).ok()? {
            let item = item.ok()?;
            let name = item.file_name();
            let name = format!("{below}/{}", name.to_str()?);
            let meta = item.metadata().ok()?;
            if meta.is_dir() && depth == Depth::All {
                open.push(name.trim_start_matches('/').to_owned());
            }
            seen.push((name, meta));
        }
        if seen.len() > MAX_FILES {
            return None;
        }
    }
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    seen.iter()
        .map(|(name, meta)| settled(meta, now).then(|| json!([name, of_stat(meta)])))
        .collect::<Option<Vec<Value>>>()
        .map(Value::Array)
}

/// A small folder of ours by the bytes in it.
pub(crate) fn bytes(path: &Path) -> Option<Value> {
    let mut seen = BTreeMap::new();
    let mut open = vec![String::new()];
    while let Some(below) = open.pop() {
        for item in fs::read_dir(path.join(&below)).ok()? {
            let item = item.ok()?;
            let name = format!("{below}{}", item.file_name().to_str()?);
            if item.file_type().ok()?.is_dir() {
                open.push(format!("{name}/"));
            } else {
                seen.insert(name, Digest::of(&fs::read(item.path()).ok()?));
            }
        }
    }
    serde_json::to_value(seen).ok()
}

/// A folder of git objects, which are named by what they hold: which packs, and that no folder of
/// loose ones gained or lost any.
pub(crate) fn objects(path: &Path, now: Timestamp) -> Option<Value> {
    if path.join("info/alternates").exists() {
        // Objects of yet another place, which nobody looks at here.
        return None;
    }
    Some(json!([
        folder(path, Depth::One, now)?,
        folder(&path.join("pack"), Depth::One, now)?,
        folder(&path.join("info"), Depth::One, now)?,
    ]))
}

/// A stat is worth something only where it is older than the next change could be (as git's index
/// judges it).
fn settled(meta: &Metadata, now: Timestamp) -> bool {
    meta.mtime().max(meta.ctime()) < now.as_second() - RACY
}

fn of_stat(meta: &Metadata) -> Value {
    json!([
        meta.dev(),
        meta.ino(),
        meta.mode(),
        meta.len(),
        meta.mtime(),
        meta.mtime_nsec(),
        meta.ctime(),
        meta.ctime_nsec()
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later() -> Timestamp {
        Timestamp::from_second(4_000_000_000).unwrap()
    }

    #[test]
    fn whatever_moves_in_a_folder_moves_its_ground() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::create_dir(at("a")).unwrap();
        fs::write(at("a/x"), "1").unwrap();
        fs::write(at("y"), "1").unwrap();
        let all = || folder(place.path(), Depth::All, later()).unwrap();
        let top = || folder(place.path(), Depth::One, later()).unwrap();
        let (before, above) = (all(), top());
        assert_eq!(before, all());
        fs::write(at("a/x"), "22").unwrap();
        assert_ne!(before, all(), "a file below");
        assert_eq!(above, top(), "which is no matter of the folder alone");
        let before = all();
        fs::write(at("z"), "").unwrap();
        assert_ne!(before, all(), "a new file");
        assert_eq!(folder(&at("not there"), Depth::All, later()), Some(Value::Null));
        assert_eq!(file(&at("not there"), later()), Some(Value::Null));
    }

    #[test]
    fn what_moved_a_moment_ago_is_not_known() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("x");
        fs::write(&path, "1").unwrap();
        let moved = fs::metadata(&path).unwrap().mtime();
        let now = Timestamp::from_second(moved + RACY).unwrap();
        assert_eq!(file(&path, now), None);
        assert_eq!(folder(place.path(), Depth::One, now), None);
        assert!(file(&path, later()).is_some_and(|known| known.is_array()));
    }
}
