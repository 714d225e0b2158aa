//! What of a project belongs to it: found without the git binary and without running anything
//! the project names (promise P23). Never follows a link; never reads a file's content, but
//! `.gitignore` and git's own index.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use mex_runtime::port::Cancel;

use super::ledger::{Omitted, OmittedKind};
use super::{StageError, name};

/// A `.gitignore` longer than this is not obeyed: more is scanned, not less.
const MAX_IGNORE_BYTES: u64 = 1 << 20;
const VERSION_CONTROL: [&str; 6] = [".git", ".hg", ".svn", ".bzr", ".jj", "CVS"];

/// What the walk found.
#[derive(Default)]
pub(super) struct Found {
    /// Regular files, relative.
    pub(super) files: BTreeSet<OsString>,
    /// What was left out.
    pub(super) omitted: Vec<Omitted>,
    /// Git's view, where the project is a work tree.
    pub(super) git: Option<GitView>,
}

/// What git's index and head say.
pub(super) struct GitView {
    /// The blob of each tracked file.
    pub(super) tracked: BTreeMap<OsString, gix::ObjectId>,
    /// The commit, where the index is exactly its tree.
    pub(super) head: Option<gix::ObjectId>,
    /// How this repository names objects.
    pub(super) hash: gix::hash::Kind,
    /// Submodules' folders.
    submodules: Vec<OsString>,
}

/// Walks `project`.
pub(super) fn walk(project: &Path, max_files: u64, cancel: &Cancel) -> Result<Found, StageError> {
    let git = git_view(project);
    let mut found = Found::default();
    let mut open: Vec<(PathBuf, Vec<Gitignore>)> = vec![(PathBuf::new(), Vec::new())];
    while let Some((folder, mut rules)) = open.pop() {
        if cancel.is_cancelled() {
            return Err(StageError::Cancelled);
        }
        let here = project.join(&folder);
        let entries = match std::fs::read_dir(&here) {
            Ok(entries) => entries,
            Err(source) if folder.as_os_str().is_empty() => {
                return Err(StageError::Unreadable { path: here, source });
            }
            Err(error) => {
                leave_out(
                    &mut found,
                    &folder,
                    OmittedKind::Unreadable,
                    &format!("the folder cannot be read: {}", error.kind()),
                );
                continue;
            }
        };
        if git.is_some() {
            rules.extend(ignore_rules(&here, &project.join(&folder)));
        }
        for entry in entries {
            let Ok(entry) = entry else {
                leave_out(
                    &mut found,
                    &folder,
                    OmittedKind::Unreadable,
                    "the folder cannot be read to its end",
                );
                continue;
            };
            let path = folder.join(entry.file_name());
            let Ok(kind) = entry.file_type() else {
                leave_out(&mut found, &path, OmittedKind::Unreadable, "its kind cannot be told");
                continue;
            };
            let own_name = entry.file_name();
            if VERSION_CONTROL.iter().any(|known| own_name == *known) {
                leave_out(
                    &mut found,
                    &path,
                    OmittedKind::VersionControl,
                    "the version control's own; history is scanned apart",
                );
                continue;
            }
            let tracked =
                git.as_ref().is_some_and(|git| git.tracked.contains_key(path.as_os_str()));
            if !tracked && is_ignored(&rules, &project.join(&path), kind.is_dir()) {
                leave_out(
                    &mut found,
                    &path,
                    OmittedKind::Ignored,
                    "ignored by `.gitignore` and not tracked",
                );
            } else if kind.is_dir() {
                open.push((path, rules.clone()));
            } else {
                add(&mut found, project, path, kind);
            }
            if found.files.len() as u64 > max_files {
                return Err(StageError::TooMany { path: project.to_owned(), limit: max_files });
            }
        }
    }
    if let Some(git) = &git {
        add_tracked(&mut found, project, git);
    }
    found.git = git;
    found.omitted.sort();
    found.omitted.dedup();
    Ok(found)
}

/// Tracked files the walk did not meet, because a folder above them is ignored, or they are gone.
fn add_tracked(found: &mut Found, project: &Path, git: &GitView) {
    let known: BTreeSet<String> =
        found.omitted.iter().map(|omitted| omitted.path.clone()).collect();
    for path in git.tracked.keys() {
        if found.files.contains(path) || known.contains(&name::to_text(path).0) {
            continue;
        }
        let path = PathBuf::from(path);
        match std::fs::symlink_metadata(project.join(&path)) {
            Ok(meta) if meta.is_dir() => {}
            Ok(meta) => add(found, project, path, meta.file_type()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                leave_out(found, &path, OmittedKind::Deleted, "tracked, but not in the work tree");
            }
            Err(error) => leave_out(
                found,
                &path,
                OmittedKind::Unreadable,
                &format!("it cannot be read: {}", error.kind()),
            ),
        }
    }
    for path in &git.submodules {
        let empty = std::fs::read_dir(project.join(path))
            .map_or(true, |mut entries| entries.next().is_none());
        if empty {
            leave_out(
                found,
                Path::new(path),
                OmittedKind::Submodule,
                "a submodule that is not checked out; run `git submodule update --init`",
            );
        }
    }
}

fn add(found: &mut Found, project: &Path, path: PathBuf, kind: std::fs::FileType) {
    if kind.is_file() {
        found.files.insert(path.into_os_string());
    } else if kind.is_symlink() {
        let (kind, reason) =
            match (std::fs::canonicalize(project.join(&path)), std::fs::canonicalize(project)) {
                (Ok(target), Ok(root)) if target.starts_with(&root) => (
                    OmittedKind::LinkInside,
                    "a link to something that is staged itself or left out itself",
                ),
                (Ok(_), _) => {
                    (OmittedKind::LinkOutside, "a link that leaves the tree (contract SC-8)")
                }
                (Err(_), _) => (OmittedKind::LinkBroken, "a link that leads nowhere"),
            };
        leave_out(found, &path, kind, reason);
    } else {
        leave_out(found, &path, OmittedKind::Special, "a device, pipe or socket");
    }
}

fn leave_out(found: &mut Found, path: &Path, kind: OmittedKind, reason: &str) {
    let (path, _) = name::to_text(path.as_os_str());
    found.omitted.push(Omitted { path, kind, reason: reason.to_owned() });
}

fn ignore_rules(here: &Path, root: &Path) -> Option<Gitignore> {
    let path = here.join(".gitignore");
    let meta = std::fs::symlink_metadata(&path).ok()?;
    if !meta.is_file() || meta.len() > MAX_IGNORE_BYTES {
        return None;
    }
    let mut builder = GitignoreBuilder::new(root);
    // A line that cannot be understood hides nothing.
    let _flaw = builder.add(&path);
    builder.build().ok()
}

/// The innermost file that has a word on it decides, as in git.
fn is_ignored(rules: &[Gitignore], path: &Path, is_folder: bool) -> bool {
    for rules in rules.iter().rev() {
        match rules.matched(path, is_folder) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None => {}
        }
    }
    false
}

/// Reads index and head. Where that fails nothing is tracked and nothing ignored, so that all is scanned.
fn git_view(project: &Path) -> Option<GitView> {
    std::fs::symlink_metadata(project.join(".git")).ok()?;
    let repository = gix::open_opts(project, gix::open::Options::isolated()).ok()?;
    let index = repository.open_index().ok()?;
    let mut view = GitView {
        tracked: BTreeMap::new(),
        head: None,
        hash: repository.object_hash(),
        submodules: Vec::new(),
    };
    let entry_path = |entry: &gix::index::Entry, index: &gix::index::File| {
        let bytes: &[u8] = entry.path(index);
        OsString::from_vec(bytes.to_vec())
    };
    for entry in index.entries() {
        let path = entry_path(entry, &index);
        let plain = Path::new(&path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        let control = path.as_bytes().split(|byte| *byte == b'/').any(|part| part == b".git");
        if !plain || control {
            continue;
        }
        if entry.mode == gix::index::entry::Mode::COMMIT {
            view.submodules.push(path);
        } else {
            view.tracked.insert(path, entry.id);
        }
    }
    view.head = head_if_index_is_its_tree(&repository, &index);
    Some(view)
}

fn head_if_index_is_its_tree(
    repository: &gix::Repository,
    index: &gix::index::File,
) -> Option<gix::ObjectId> {
    let head = repository.head_id().ok()?.detach();
    let tree = repository.head_tree_id().ok()?.detach();
    let committed = repository.index_from_tree(&tree).ok()?;
    let same =
        index.entries().len() == committed.entries().len()
            && index.entries().iter().zip(committed.entries()).all(|(a, b)| {
                a.id == b.id && a.mode == b.mode && a.path(index) == b.path(&committed)
            });
    same.then_some(head)
}
