//! One staged tree a scan: copied while it is hashed, with nothing in it that speaks for itself
//! (contract ENV-6, SC-10). Never runs git or any program of the project, never follows a link
//! out of the tree, never writes to the project.
//! Long because taking a stage is one sequence whose order is the promise.

mod copy;
mod error;
mod history;
mod ledger;
mod manifest;
mod name;
mod walk;
mod withheld;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use mex_runtime::digest::Digest;
use mex_runtime::port::{Cancel, Progress, ProgressSink};

use crate::secret_name::{self, Shown, Standing};

use copy::{Copied, NotCopied};
use walk::Found;

pub use error::StageError;
pub use history::HistoryView;
pub use ledger::{Omitted, OmittedKind, StageLedger, WithheldFile};
pub use manifest::{Manifest, ManifestEntry};

/// The first characters of every stage's folder, by which [`sweep`] knows it.
const PREFIX: &str = "stage-";
/// How many threads copy.
const THREADS: usize = 2;
/// How much of a withheld file is read for what it asks.
const MAX_STATEMENT_BYTES: u64 = 1 << 20;

/// What a stage may hold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageOptions {
    /// A file over this many bytes is left out and a gap.
    pub max_file_bytes: u64,
    /// More files than this end the staging.
    pub max_files: u64,
}

impl Default for StageOptions {
    fn default() -> Self {
        // A scanner reads a file above this for longer than its budget lasts; saying so at once is better.
        Self { max_file_bytes: 512 << 20, max_files: 2_000_000 }
    }
}

/// What a stage holds of the files that it hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Every file: tools can run on it.
    Everything,
    /// None but the few that have to be read to know what a result depends on: no tool may run on it.
    /// Every file was hashed all the same, from its own bytes, whatever its times say.
    Digests,
}

/// A staged tree; its folder is removed with this value (contract ART-4).
#[derive(Debug)]
pub struct Stage {
    folder: tempfile::TempDir,
    holds: Holds,
    manifest: Manifest,
    ledger: StageLedger,
}

impl Stage {
    /// Copies a project into a fresh folder under `work_dir`, which must exist.
    ///
    /// # Errors
    /// When the project cannot be staged as a whole; single files that cannot be are gaps of the ledger.
    pub fn take(
        project: &Path,
        work_dir: &Path,
        options: &StageOptions,
        progress: ProgressSink<'_>,
        cancel: &Cancel,
    ) -> Result<Self, StageError> {
        Self::make(project, work_dir, options, Holds::Everything, (progress, cancel))
    }

    /// The manifest and ledger that [`Self::take`] would give, without the copies: for who wants to
    /// know whether anything has to run at all (contract SC-12).
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn look(
        project: &Path,
        work_dir: &Path,
        options: &StageOptions,
        progress: ProgressSink<'_>,
        cancel: &Cancel,
    ) -> Result<Self, StageError> {
        Self::make(project, work_dir, options, Holds::Digests, (progress, cancel))
    }

    fn make(
        project: &Path,
        work_dir: &Path,
        options: &StageOptions,
        holds: Holds,
        (progress, cancel): (ProgressSink<'_>, &Cancel),
    ) -> Result<Self, StageError> {
        let root = open_project(project)?;
        progress(Progress::Phase("staging".to_owned()));
        let mut found = walk::walk(project, options.max_files, cancel)?;
        let broken = |action: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| StageError::Io { action, path, source }
        };
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(work_dir)
            .map_err(broken("making a folder in", work_dir))?;
        let tree = folder.path().join("tree");
        let withheld_folder = free_name(project);
        // Before anything is written or told: no name leaves here with a secret in it (contract FR-9).
        let shown = shown(&found);
        shown.found.write(folder.path()).map_err(broken("writing the names in", folder.path()))?;
        found.omitted.iter_mut().for_each(|left| left.path = shown.text(&left.path));
        let targets = targets(&found.files, &shown, &withheld_folder, holds);
        make_folders(&tree, &targets).map_err(broken("making folders in", &tree))?;
        let hash = found.git.as_ref().map(|git| git.hash);
        let results = copy_all(&root, &tree, &targets, options, hash, progress, cancel);
        let mut stage = Self {
            folder,
            holds,
            manifest: Manifest {
                schema_version: "mf-1.0".to_owned(),
                commit: None,
                files: Vec::new(),
            },
            ledger: StageLedger::default(),
        };
        stage.settle(&found, &targets, results)?;
        if stage.manifest.files.is_empty()
            && stage.ledger.omitted.iter().all(|left| !left.kind.is_gap())
        {
            return Err(StageError::Empty { path: project.to_owned() });
        }
        if found.git.is_some() {
            stage.ledger.history =
                history::prepare(project, stage.folder.path(), &mut stage.ledger.omitted)
                    .map_err(broken("writing the history's copy in", stage.folder.path()))?;
        }
        stage.ledger.omitted.sort();
        stage
            .ledger
            .write(stage.folder.path())
            .map_err(broken("writing the ledger in", stage.folder.path()))?;
        Ok(stage)
    }

    /// Stages a project again and holds it against an earlier manifest (contract DET-4).
    ///
    /// # Errors
    /// [`StageError::Changed`] with the first file that differs, in byte order.
    pub fn retake(
        project: &Path,
        work_dir: &Path,
        options: &StageOptions,
        (progress, cancel): (ProgressSink<'_>, &Cancel),
        earlier: &Manifest,
    ) -> Result<Self, StageError> {
        let stage = Self::take(project, work_dir, options, progress, cancel)?;
        match earlier.first_difference(&stage.manifest) {
            None => Ok(stage),
            Some((file, what)) => Err(StageError::Changed { file, what }),
        }
    }

    /// The copy every tool sees, read-only, as `/project`.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    /// Whether tools can run on it.
    pub const fn holds(&self) -> Holds {
        self.holds
    }

    /// What was staged (contract ENV-6). Its canonical bytes are the artifact.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What was left out, withheld and found to speak for itself.
    pub const fn ledger(&self) -> &StageLedger {
        &self.ledger
    }

    /// The digest of the manifest's canonical bytes.
    ///
    /// # Errors
    /// Never for a value of this type; the signature is the canonicaliser's.
    pub fn manifest_digest(&self) -> Result<Digest, serde_json::Error> {
        Digest::of_canonical(&self.manifest)
    }

    fn settle(
        &mut self,
        found: &Found,
        targets: &[Target],
        results: Vec<Result<Copied, NotCopied>>,
    ) -> Result<(), StageError> {
        let tree = self.root();
        self.ledger.omitted.clone_from(&found.omitted);
        let mut clean = found.git.as_ref().and_then(|git| git.head);
        for (target, result) in targets.iter().zip(results) {
            let (path, escaped) = name::to_text(&target.shown);
            let copied = match result {
                Ok(copied) => copied,
                Err(fault) => {
                    let (kind, reason) = why_not(fault, &tree)?;
                    self.ledger.omitted.push(Omitted { path, kind, reason });
                    clean = None;
                    continue;
                }
            };
            let tracked = found.git.as_ref().and_then(|git| git.tracked.get(&target.source));
            if tracked.is_none() || tracked != copied.blob.as_ref() {
                clean = None;
            }
            if target.shown != target.staged {
                let content = read_start(&tree.join(&target.staged));
                self.ledger.self_statements.extend(withheld::statement(&path, &content));
                let staged = name::to_text(&target.staged).0;
                self.ledger.withheld.push(WithheldFile { staged, original: path.clone() });
            }
            if copied.inline_allows > 0 {
                self.ledger
                    .self_statements
                    .push(withheld::inline_statement(&path, copied.inline_allows));
            }
            self.manifest.files.push(ManifestEntry {
                path,
                size: copied.size,
                sha256: copied.sha256,
                escaped,
            });
        }
        if found.omitted.iter().any(|left| left.kind == OmittedKind::Deleted) {
            clean = None;
        }
        self.manifest.files.sort();
        self.manifest.commit = clean.map(|commit| commit.to_string());
        self.ledger.files = self.manifest.files.len() as u64;
        self.ledger.self_statements.sort();
        Ok(())
    }
}

/// Removes what stages, inputs and scratch folders a crash left under `work_dir`; called when nothing runs.
///
/// # Errors
/// When the folder cannot be read, or something in it not be removed.
pub fn sweep(work_dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(work_dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = [PREFIX, "scratch-", "probe-", "input-"]
            .iter()
            .any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes()));
        if ours && entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// A file and where its copy goes, both relative.
struct Target {
    source: OsString,
    /// Its path as everyone else knows it: without secrets.
    shown: OsString,
    staged: OsString,
    /// Whether a copy is made of it.
    is_copied: bool,
}

fn open_project(project: &Path) -> Result<std::fs::File, StageError> {
    let unreadable =
        |source: io::Error| StageError::Unreadable { path: project.to_owned(), source };
    match std::fs::metadata(project) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(StageError::Missing { path: project.to_owned() })
        }
        Err(error) => Err(unreadable(error)),
        Ok(meta) if !meta.is_dir() => Err(StageError::NotAFolder { path: project.to_owned() }),
        Ok(_) => std::fs::File::open(project).map_err(unreadable),
    }
}

/// A folder name of ours that the project does not have.
fn free_name(project: &Path) -> String {
    let taken = |name: &String| std::fs::symlink_metadata(project.join(name)).is_ok();
    let names = std::iter::once(".mex-withheld".to_owned())
        .chain((1_u32..).map(|number| format!(".mex-withheld-{number}")));
    names.into_iter().find(|name| !taken(name)).unwrap_or_default()
}

/// Judges every name of the project. What is ignored and untracked is none of what is released,
/// and the version control's own folder neither.
fn shown(found: &Found) -> Shown {
    let left_out = found.omitted.iter().map(|left| {
        let standing = match left.kind {
            OmittedKind::Ignored | OmittedKind::VersionControl => Standing::Mentioned,
            _ => Standing::Scanned,
        };
        (left.path.as_bytes(), standing, None)
    });
    let files = found.files.iter().map(|path| (path.as_bytes(), Standing::Scanned, None));
    secret_name::judge(files.chain(left_out))
}

fn targets(
    files: &BTreeSet<OsString>,
    shown: &Shown,
    withheld_folder: &str,
    holds: Holds,
) -> Vec<Target> {
    let mut number = 0_u32;
    files
        .iter()
        .map(|source| {
            let shown = OsStr::from_bytes(shown.path(source.as_bytes())).to_owned();
            let staged = if withheld::is_withheld(&source.to_string_lossy()) {
                number += 1;
                format!("{withheld_folder}/{number:06}.txt").into()
            } else {
                shown.clone()
            };
            // What asks for silence is read for what it asks, these lockfiles for what they name.
            let is_copied = holds == Holds::Everything
                || staged != shown
                || Path::new(source)
                    .file_name()
                    .is_some_and(|name| name == "Cargo.lock" || name == "go.sum");
            Target { source: source.clone(), shown, staged, is_copied }
        })
        .collect()
}

fn make_folders(tree: &Path, targets: &[Target]) -> io::Result<()> {
    let mut folders: BTreeSet<&Path> = BTreeSet::from([Path::new("")]);
    for target in targets.iter().filter(|target| target.is_copied) {
        let mut at = Path::new(&target.staged).parent();
        while let Some(folder) = at {
            if !folders.insert(folder) {
                break;
            }
            at = folder.parent();
        }
    }
    for folder in folders {
        let path = tree.join(folder);
        match std::fs::create_dir(&path) {
            Ok(()) => std::fs::set_permissions(&path, Permissions::from_mode(0o755))?,
            // Files below it become gaps of their own.
            Err(error) if too_long(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn copy_all(
    root: &std::fs::File,
    tree: &Path,
    targets: &[Target],
    options: &StageOptions,
    hash: Option<gix::hash::Kind>,
    progress: ProgressSink<'_>,
    cancel: &Cancel,
) -> Vec<Result<Copied, NotCopied>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(target) = targets.get(index) else { return done };
            // Before a file is made: what a cancel finds undone stays undone.
            if cancel.is_cancelled() {
                done.push((index, Err(NotCopied::Cancelled)));
                continue;
            }
            if index.is_multiple_of(256) {
                progress(Progress::Reading(name::to_text(&target.shown).0));
            }
            done.push((index, copy_one(root, tree, target, options.max_file_bytes, hash, cancel)));
        }
    };
    let mut results: Vec<(usize, Result<Copied, NotCopied>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..THREADS).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            // A thread that panicked leaves holes, which the length check below turns into an error.
            done.extend(other.join().unwrap_or_default());
        }
        done
    });
    results.sort_by_key(|(index, _)| *index);
    let lost = |_| Err(NotCopied::Stage(io::ErrorKind::Interrupted.into()));
    if results.len() < targets.len() {
        return targets.iter().map(lost).collect();
    }
    results.into_iter().map(|(_, result)| result).collect()
}

/// Copies, and once more where the file changed meanwhile.
fn copy_one(
    root: &std::fs::File,
    tree: &Path,
    target: &Target,
    max_bytes: u64,
    hash: Option<gix::hash::Kind>,
    cancel: &Cancel,
) -> Result<Copied, NotCopied> {
    let to = tree.join(&target.staged);
    let into = target.is_copied.then_some(to.as_path());
    let source: &OsStr = &target.source;
    let mut result = copy::copy(root.as_fd(), source, into, max_bytes, hash, cancel);
    if matches!(result, Err(NotCopied::Changed)) {
        if let Some(to) = into {
            std::fs::remove_file(to).map_err(NotCopied::Stage)?;
        }
        result = copy::copy(root.as_fd(), source, into, max_bytes, hash, cancel);
    }
    if result.is_err() && into.is_some() {
        match std::fs::remove_file(&to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound && !too_long(&error) => {
                return Err(NotCopied::Stage(error));
            }
            _ => {}
        }
    }
    result
}

fn why_not(fault: NotCopied, tree: &Path) -> Result<(OmittedKind, String), StageError> {
    Ok(match fault {
        NotCopied::Cancelled => return Err(StageError::Cancelled),
        NotCopied::Stage(error) if too_long(&error) => {
            (OmittedKind::Unreadable, "its path is too long to be staged".to_owned())
        }
        NotCopied::Stage(source) => {
            return Err(StageError::Io { action: "writing to", path: tree.to_owned(), source });
        }
        NotCopied::Unreadable(error) => {
            (OmittedKind::Unreadable, format!("it cannot be read: {}", error.kind()))
        }
        NotCopied::Changed => {
            (OmittedKind::Changed, "it changed twice while it was copied; scan again".to_owned())
        }
        NotCopied::NotAFile => (
            OmittedKind::Changed,
            "it became something else while it was copied; scan again".to_owned(),
        ),
        NotCopied::TooBig(size) => {
            (OmittedKind::TooBig, format!("its {size} bytes are over the limit for a file"))
        }
    })
}

fn too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENAMETOOLONG)
}

fn read_start(path: &Path) -> Vec<u8> {
    use io::Read as _;
    let mut bytes = Vec::new();
    // Unread wishes are wishes not proposed; the statement itself stands.
    let _read = std::fs::File::open(path)
        .and_then(|file| file.take(MAX_STATEMENT_BYTES).read_to_end(&mut bytes));
    bytes
}
