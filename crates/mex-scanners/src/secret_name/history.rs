//! Every name a history ever had: of files and folders in its commits, of branches and tags.
//! Reads our own copy of the refs and the project's objects, nothing else: no configuration, no
//! replacement objects, no git. Owns the walk; never reads a file's content or a commit's message.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use gix::ObjectId;
use gix::objs::{Find as _, FindHeader as _, Kind, ObjectRef, TreeRefIter};

use super::holds;
use crate::stage::HistoryView;

/// An object of names longer than this is not read; no real one comes near it.
const MAX_OBJECT_BYTES: u64 = 256 << 20;

/// What a walk found: names with a secret, and what it did not see.
#[derive(Default)]
pub struct Walked {
    /// Paths and refs with a secret in them, each with the commit or object that first had it.
    pub holders: Vec<(Vec<u8>, String)>,
    /// How many distinct names were judged.
    pub judged: u64,
    /// How many objects of it are not there.
    pub missing: u64,
}

/// The names of a history could not all be read.
#[derive(Debug, thiserror::Error)]
pub enum WalkFault {
    /// Our copy of the refs, or the object folder.
    #[error("the history's refs cannot be read")]
    Refs(#[source] io::Error),
    /// An object is damaged, or too big to hold names.
    #[error("the object {0} of the history cannot be read")]
    Object(ObjectId),
    /// Somebody cancelled, or the time is over.
    #[error("the history's names were not all read: {0}")]
    Stopped(&'static str),
}

/// Walks every commit that a ref reaches, oldest first. `stop` is asked once a commit.
///
/// # Errors
/// When something that is there cannot be read, or `stop` gives its reason.
pub fn walk(
    view: &HistoryView,
    stop: &dyn Fn() -> Option<&'static str>,
) -> Result<Walked, WalkFault> {
    let refs = refs(&view.repository).map_err(WalkFault::Refs)?;
    let shallow: HashSet<ObjectId> = match fs::read(view.repository.join("shallow")) {
        Ok(text) => text.split(|byte| *byte == b'\n').filter_map(id).collect(),
        Err(_) => HashSet::new(),
    };
    let Some(hash) = refs.values().next().map(ObjectId::kind) else { return Ok(Walked::default()) };
    let objects = gix::odb::at(&view.objects, hash).map_err(WalkFault::Refs)?;
    let mut walk = Walk {
        objects,
        walked: Walked::default(),
        names: HashSet::new(),
        trees: HashSet::new(),
        buffer: Vec::new(),
    };
    let commits = walk.commits(refs.values().copied().collect(), &shallow, stop)?;
    for (_, commit, tree) in commits {
        if let Some(why) = stop() {
            return Err(WalkFault::Stopped(why));
        }
        walk.tree(tree, &commit.to_string())?;
    }
    for (name, target) in &refs {
        walk.walked.judged += 1;
        if holds(name, name) {
            walk.walked.holders.push((name.clone(), target.to_string()));
        }
    }
    Ok(walk.walked)
}

struct Walk {
    objects: gix::odb::Handle,
    walked: Walked,
    names: HashSet<Vec<u8>>,
    trees: HashSet<ObjectId>,
    buffer: Vec<u8>,
}

impl Walk {
    /// Every commit with its time and tree, oldest first.
    fn commits(
        &mut self,
        mut open: Vec<ObjectId>,
        shallow: &HashSet<ObjectId>,
        stop: &dyn Fn() -> Option<&'static str>,
    ) -> Result<BTreeSet<(i64, ObjectId, ObjectId)>, WalkFault> {
        let (mut seen, mut commits) = (HashSet::new(), BTreeSet::new());
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Some(why) = stop() {
                return Err(WalkFault::Stopped(why));
            }
            match self.kind(id)? {
                None | Some(Kind::Blob) => continue,
                Some(Kind::Tree) => {
                    commits.insert((i64::MAX, id, id));
                    continue;
                }
                Some(Kind::Commit | Kind::Tag) => {}
            }
            let fault = || WalkFault::Object(id);
            let data = self.objects.try_find(&id, &mut self.buffer).map_err(|_| fault())?;
            match data.ok_or_else(fault)?.decode().map_err(|_| fault())? {
                ObjectRef::Commit(commit) => {
                    let time = commit.time().map_or(0, |time| time.seconds);
                    commits.insert((time, id, commit.tree()));
                    if !shallow.contains(&id) {
                        open.extend(commit.parents());
                    }
                }
                ObjectRef::Tag(tag) => open.push(tag.target()),
                ObjectRef::Tree(_) | ObjectRef::Blob(_) => {}
            }
        }
        Ok(commits)
    }

    /// The kind of an object that may be read; none where it is missing.
    fn kind(&mut self, id: ObjectId) -> Result<Option<Kind>, WalkFault> {
        if id.is_empty_tree() {
            return Ok(None);
        }
        match self.objects.try_header(&id).map_err(|_| WalkFault::Object(id))? {
            None => {
                self.walked.missing += 1;
                Ok(None)
            }
            Some(header) if header.kind != Kind::Blob && header.size > MAX_OBJECT_BYTES => {
                Err(WalkFault::Object(id))
            }
            Some(header) => Ok(Some(header.kind)),
        }
    }

    /// Each tree once, each name once: the first place is the one told.
    fn tree(&mut self, root: ObjectId, commit: &str) -> Result<(), WalkFault> {
        let mut open = vec![(root, Vec::new())];
        while let Some((id, folder)) = open.pop() {
            if !self.trees.insert(id) || self.kind(id)? != Some(Kind::Tree) {
                continue;
            }
            let fault = || WalkFault::Object(id);
            let data = self.objects.try_find(&id, &mut self.buffer).map_err(|_| fault())?;
            let data = data.ok_or_else(fault)?;
            for entry in TreeRefIter::from_bytes(data.data, id.kind()) {
                let entry = entry.map_err(|_| fault())?;
                let name: &[u8] = entry.filename;
                let path = || [folder.as_slice(), name].concat();
                if !self.names.contains(name) {
                    self.names.insert(name.to_vec());
                    self.walked.judged += 1;
                    let path = path();
                    if holds(&path, name) {
                        self.walked.holders.push((path, commit.to_owned()));
                    }
                }
                if entry.mode.is_tree() {
                    open.push((entry.oid.to_owned(), [&path(), &b"/"[..]].concat()));
                }
            }
        }
        Ok(())
    }
}

/// Every ref of our copy with its target, `HEAD` included.
fn refs(bare: &Path) -> io::Result<BTreeMap<Vec<u8>, ObjectId>> {
    let mut refs = BTreeMap::new();
    if let Some(head) = id(fs::read(bare.join("HEAD"))?.trim_ascii()) {
        refs.insert(b"HEAD".to_vec(), head);
    }
    match fs::read(bare.join("packed-refs")) {
        Ok(text) => {
            for line in text.split(|byte| *byte == b'\n') {
                let mut words = line.splitn(2, |byte| *byte == b' ');
                if let (Some(target), Some(name)) = (words.next().and_then(id), words.next()) {
                    refs.insert(name.to_vec(), target);
                }
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    loose(&bare.join("refs"), b"refs", &mut refs)?;
    Ok(refs)
}

fn loose(folder: &Path, name: &[u8], refs: &mut BTreeMap<Vec<u8>, ObjectId>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = [name, b"/", entry.file_name().as_bytes()].concat();
        if entry.file_type()?.is_dir() {
            loose(&entry.path(), &name, refs)?;
        } else if let Some(target) = id(fs::read(entry.path())?.trim_ascii()) {
            // A symbolic ref names another one, which stands for itself.
            refs.insert(name, target);
        }
    }
    Ok(())
}

fn id(hex: &[u8]) -> Option<ObjectId> {
    ObjectId::from_hex(hex).ok()
}
