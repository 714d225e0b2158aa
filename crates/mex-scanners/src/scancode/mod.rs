//! scancode: what it is asked, what it answers, and [`detect`], the one way to ask it.
//! Owns which files it reads: those with a licence word in them whose result is not kept already,
//! and the licence files around them. Never concludes a licence and never judges one.
//! Long because one question goes through the search, the kept results and the batches.

pub mod argv;
mod around;
mod input;
mod keep;
pub mod normalise;
pub mod search;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use mex_runtime::adapter::Produced;
use mex_runtime::artifact::{SandboxLevel, media_type};
use mex_runtime::budget::Budget;
use mex_runtime::code::Code;
use mex_runtime::coverage::{CoverageEntry, CoverageState, Drop, ToolCount};
use mex_runtime::digest::Digest;
use mex_runtime::finding::{LicenseStatement, LicenseText};
use mex_runtime::id::{JobName, ToolName};
use mex_runtime::port::Cancel;
use mex_runtime::result::TypedError;
use serde_json::json;
use sha2::Digest as _;

use crate::answer::{error, line};
use crate::errand::{self, Ask, Errand, answer, unprepared};
use crate::process::{Finished, Keep, Mount, MountMode};
use crate::tool::PinnedTool;
use around::Around;
use input::Input;
pub use keep::Kept;
use normalise::{Outcome, Told, read};
use search::Search;

/// The tool's name, which is also its executable's.
pub const NAME: &str = "scancode";
/// The version it must report in its answer.
pub const VERSION: &str = "32.5.0";
/// Of the form of keys and results; another number makes every kept result one of another key.
const RESULT_FORM: u32 = 1;
/// So many files a process: what it found is kept before the next one starts.
const BATCH: usize = 2000;
/// Files over this are asked about after all others: one of them may need more memory than there is.
const LARGE: u64 = 1 << 20;
/// No answer is longer; a longer one is none.
const MAX_ANSWER: u64 = 1 << 30;
/// How many files in a row are looked at by one thread.
const STRIDE: usize = 16;

/// Which files scancode reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those in which a licence word occurs (see [`search`]), and those with a licence file's name.
    Words,
    /// All of them: the parameter `full`.
    Full,
}

/// How to ask.
#[derive(Debug, Clone)]
pub struct Options {
    /// The job whose ledger is written.
    pub job: JobName,
    /// Which files are read.
    pub scope: Scope,
    /// How many processes scancode uses; each needs about 700 MB.
    pub processes: u32,
}

/// What is known of the files asked about.
#[derive(Debug, Default)]
pub struct Licences {
    /// The files with a statement or a licence file's name, by the path given.
    pub files: BTreeMap<String, FileLicences>,
    /// Lines of the ledger: read, left out by the word search, failed.
    pub entries: Vec<CoverageEntry>,
    /// What scancode said: detections and clues; kept are those that stand in `files`.
    pub counts: Vec<ToolCount>,
    /// Everything it said, file by file; nothing where no file was read.
    pub evidence: Vec<Produced>,
    /// Faults that took whole batches with them.
    pub errors: Vec<TypedError>,
    /// The weakest sandbox of its runs; none where every result was kept.
    pub level: Option<SandboxLevel>,
    /// How many results were kept ones. Never part of a report: a report does not depend on it.
    pub reused: u64,
}

/// What is known of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLicences {
    /// The licences detected, each once, sorted; one without `spdx` was found and not identified.
    pub statements: Vec<LicenseStatement>,
    /// The file by content.
    pub text: LicenseText,
    /// Whether its name says that it is a licence file: `LICENSE`, `COPYING.LIB`, `NOTICE.md`.
    pub is_license_file: bool,
    /// How much of it is licence text, in thousandths.
    pub share: u16,
}

/// The files to ask about.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a> {
    /// The staged tree.
    pub root: &'a Path,
    /// Every file of it that may be read or followed to, relative to `root` with `/`.
    pub files: &'a [String],
    /// Where folders of ours are made, swept at the next start.
    pub work: &'a Path,
}

/// One run that is asked for.
pub struct Question {
    /// The arguments.
    pub args: Vec<String>,
    /// The environment.
    pub env: Vec<(String, String)>,
    /// The working directory inside.
    pub cwd: &'static str,
    /// The folder to read, read-only.
    pub mounts: Vec<Mount>,
}

/// Runs scancode and waits for it.
pub type Runner<'a> = &'a mut dyn FnMut(Question) -> Result<Finished, TypedError>;

/// Asks scancode about `files` of the staged tree at `root`: every file that may be followed to or
/// read, relative to `root` with `/`. What its runs use is taken from `budget`.
///
/// # Errors
/// When the operation may not run scancode, or it is not the pinned tool (contract SC-5). Anything
/// else is in the answer: what was found stands, what was not is in `entries` and `errors`.
pub(crate) fn detect(
    errand: &Errand<'_>,
    root: &Path,
    files: &[String],
    options: &Options,
    kept: &Kept,
    budget: &mut Budget,
) -> Result<(PinnedTool, Licences), TypedError> {
    let tool = errand.tool(NAME)?;
    let mut run = |question: Question| {
        let ask = Ask {
            args: question.args,
            env: question.env,
            cwd: question.cwd,
            mounts: question.mounts,
            extra_executables: Vec::new(),
            budget: *budget,
            redact: &without_paths,
            keep_stdout: Keep::No,
        };
        let finished = errand.run(&tool, ask)?;
        *budget = errand::rest(budget, &finished);
        Ok(finished)
    };
    let cancel = errand.context.cancel;
    let tree = Tree { root, files, work: errand.sandbox.work_dir() };
    let licences = ask(&tool, &mut run, &tree, options, kept, cancel);
    Ok((tool, licences))
}

/// What scancode prints, without the lines that hold a path: a name can be a secret (promise P25).
fn without_paths(text: &[u8]) -> Vec<u8> {
    let input = argv::INPUT.as_bytes();
    let holds_one = |line: &[u8]| line.windows(input.len()).any(|part| part == input);
    let lines = text.split(|byte| *byte == b'\n').map(|line| {
        if holds_one(line) || line.starts_with(b"Path:") {
            &b"(a line with a path)"[..]
        } else {
            line
        }
    });
    lines.collect::<Vec<_>>().join(&b'\n')
}

/// The digest of how scancode is asked.
pub fn config_digest(scope: Scope) -> Digest {
    let config = json!({
        "args": argv::args("", 1),
        "env": argv::env(""),
        "scope": match scope { Scope::Words => "words", Scope::Full => "full" },
        "form": RESULT_FORM,
    });
    Digest::of(config.to_string().as_bytes())
}

/// [`detect`] with the run left to the caller.
pub fn ask(
    tool: &PinnedTool,
    run: Runner<'_>,
    tree: &Tree<'_>,
    options: &Options,
    kept: &Kept,
    cancel: &Cancel,
) -> Licences {
    let (seen, unreadable) = look(tree.root, tree.files, cancel);
    // Nobody is led to a text of that size, and whoever were would need the memory it needs.
    let small = |path: &str| seen.get(path).is_some_and(|seen| seen.bytes <= LARGE);
    let around = Around::new(seen.keys().copied().filter(|path| small(path)));
    let wanted: Vec<&str> = seen
        .iter()
        .filter(|(_, seen)| options.scope == Scope::Full || seen.has_word || seen.is_license_file)
        .map(|(path, _)| *path)
        .collect();
    let mut asked = Asked {
        tool,
        tree,
        options,
        kept,
        seen: &seen,
        around: &around,
        told: BTreeMap::new(),
        failed: BTreeMap::new(),
        licences: Licences::default(),
    };
    let mut open: Vec<&str> = Vec::new();
    for path in &wanted {
        match asked.key(path).and_then(|key| kept.read(&key)) {
            Some(told) => {
                asked.licences.reused += 1;
                asked.told.insert(path, told);
            }
            None => open.push(path),
        }
    }
    let (open, large): (Vec<&str>, Vec<&str>) = open.into_iter().partition(|path| small(path));
    let mut batches: Vec<&[&str]> = open.chunks(BATCH).chain(large.chunks(BATCH)).collect();
    batches.reverse();
    while let Some(batch) = batches.pop() {
        let done = if cancel.is_cancelled() {
            Err(error(Code::Cancelled, format!("`{NAME}` was stopped on request")))
        } else {
            asked.batch(batch, run)
        };
        if let Err(fault) = done {
            // One file that needs too much takes no other with it.
            if fault.code == Code::BudgetOverrun {
                if let [path] = batch {
                    let why = format!("{}, with this file alone", fault.message);
                    asked.failed.insert(path, why);
                } else {
                    let (first, second) = batch.split_at(batch.len() / 2);
                    batches.extend([second, first]);
                }
                continue;
            }
            for path in batch {
                asked.failed.insert(path, fault.message.clone());
            }
            asked.licences.errors.push(fault);
        }
    }
    asked.close(&unreadable)
}

/// What is known of a file before scancode reads it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    bytes: u64,
    sha256: Digest,
    has_word: bool,
    is_license_file: bool,
}

/// Hashes and searches every file once, on every core.
fn look<'a>(
    root: &Path,
    files: &'a [String],
    cancel: &Cancel,
) -> (BTreeMap<&'a str, Seen>, Vec<(&'a str, io::ErrorKind)>) {
    let next = AtomicUsize::new(0);
    let strides: Vec<&[String]> = files.chunks(STRIDE).collect();
    let work = || {
        let mut done: Vec<(&str, io::Result<Seen>)> = Vec::new();
        while !cancel.is_cancelled()
            && let Some(stride) = strides.get(next.fetch_add(1, Ordering::Relaxed))
        {
            done.extend(stride.iter().map(|path| (path.as_str(), look_at(root, path))));
        }
        done
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let done: Vec<(&str, io::Result<Seen>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        done.extend(others.into_iter().flat_map(|other| other.join().unwrap_or_default()));
        done
    });
    let mut seen = BTreeMap::new();
    let mut unreadable = BTreeMap::new();
    for (path, one) in done {
        match one {
            Ok(one) => drop(seen.insert(path, one)),
            Err(fault) => drop(unreadable.insert(path, fault.kind())),
        }
    }
    // Not looked at: somebody cancelled, or a thread died.
    for path in files {
        if !seen.contains_key(path.as_str()) {
            unreadable.entry(path).or_insert(io::ErrorKind::Interrupted);
        }
    }
    (seen, unreadable.into_iter().collect())
}

fn look_at(root: &Path, path: &str) -> io::Result<Seen> {
    let full = root.join(path);
    let about = std::fs::symlink_metadata(&full)?;
    if !about.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut file = File::open(full)?;
    let mut sha = sha2::Sha256::new();
    let mut search = Search::default();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => {
                sha.update(&chunk[..count]);
                search.feed(&chunk[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Seen {
        bytes: about.len(),
        sha256: Digest::from_bytes(sha.finalize().into()),
        has_word: search.found(),
        is_license_file: is_license_file(path),
    })
}

/// Whether a file's name says that it holds a licence, whatever is in it.
pub fn is_license_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let stem = name.trim_start_matches(['.', '_']);
    let begins =
        ["licen", "copying", "copyright", "notice", "copyleft", "legal", "eula", "patents"];
    begins.iter().any(|word| stem.starts_with(word))
        || ["licen", "copying"].iter().any(|word| stem.contains(word)) && !is_source(&name)
        || matches!(stem, "unlicense" | "public-domain" | "authors")
}

fn is_source(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    [
        "rs", "go", "py", "js", "ts", "tsx", "jsx", "c", "h", "cc", "cpp", "java", "json", "toml",
        "svelte",
    ]
    .contains(&ending)
}

struct Asked<'a> {
    tool: &'a PinnedTool,
    tree: &'a Tree<'a>,
    options: &'a Options,
    kept: &'a Kept,
    seen: &'a BTreeMap<&'a str, Seen>,
    around: &'a Around<'a>,
    told: BTreeMap<&'a str, Told>,
    failed: BTreeMap<&'a str, String>,
    licences: Licences,
}

impl<'a> Asked<'a> {
    /// What a result depends on: the tool, how it is asked, the file's content and name, and the
    /// files around it that it can be led to, by where they are seen from it.
    fn key(&self, path: &'a str) -> Option<Digest> {
        let seen = self.seen.get(path)?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let around: BTreeSet<(&str, &str, Digest)> = self
            .around
            .of(path)
            .into_iter()
            .filter_map(|near| {
                let from = near.strip_prefix(folder).filter(|_| !folder.is_empty());
                let seen = self.seen.get(near)?;
                Some(match from.and_then(|near| near.strip_prefix('/')) {
                    Some(near) => ("folder", near, seen.sha256),
                    None => ("root", near, seen.sha256),
                })
            })
            .collect();
        let key = json!({
            "tool": self.tool.identity.sha256,
            "config": config_digest(Scope::Full),
            "name": path.rsplit('/').next(),
            // scancode cuts long lines of such files in another way.
            "locale": path.contains("locale"),
            "sha256": seen.sha256,
            "around": around,
        });
        Digest::of_canonical(&key).ok()
    }

    /// Scans some files together with the files around them, and keeps what is said of each.
    fn batch(&mut self, batch: &[&'a str], run: Runner<'_>) -> Result<(), TypedError> {
        let mut files: BTreeSet<&'a str> = batch.iter().copied().collect();
        for path in batch {
            files.extend(self.around.of(path));
        }
        let input = Input::make(self.tree, files.iter().copied())
            .map_err(|fault| unprepared("the folder for scancode", &fault))?;
        let home = self.tool.home();
        let question = Question {
            args: argv::args(&home, self.options.processes),
            env: argv::env(&home),
            cwd: "/scratch",
            mounts: vec![Mount {
                host: input.folder().to_owned(),
                inside: argv::INPUT.to_owned(),
                mode: MountMode::ReadOnly,
            }],
        };
        let finished = run(question)?;
        self.licences.level = Some(match self.licences.level {
            None => finished.sandbox,
            known => errand::weaker(known, finished.sandbox),
        });
        let document = finished.scratch.read(argv::ANSWER, MAX_ANSWER).ok();
        let document = document.filter(|document| !document.is_truncated());
        let reading = read(&answer(&finished), document.as_ref().map(|told| told.bytes.as_slice()));
        if let Some(fault) = reading.errors.into_iter().next() {
            return Err(fault);
        }
        let mut outcomes = reading.files;
        for (inside, staged) in input.names() {
            let Some(path) = files.get(staged).copied() else { continue };
            match outcomes.remove(inside) {
                Some(Outcome::Read(told)) => self.keep(path, told),
                Some(Outcome::Failed(why)) => {
                    self.failed.insert(path, why);
                }
                None => {
                    let why = format!("`{NAME}` was given it and says nothing of it");
                    self.failed.insert(path, why);
                }
            }
        }
        match outcomes.into_keys().next() {
            None => Ok(()),
            Some(path) => Err(error(
                Code::ToolOutput,
                format!("`{NAME}` tells of `{}`, which it was not given", line(&path)),
            )),
        }
    }

    fn keep(&mut self, path: &'a str, told: Told) {
        // A result that cannot be kept is scanned again next time; nothing is lost by it.
        if let Some(key) = self.key(path) {
            let _ = self.kept.write(&key, &told);
        }
        self.failed.remove(path);
        self.told.insert(path, told);
    }

    fn close(mut self, unreadable: &[(&str, io::ErrorKind)]) -> Licences {
        self.failed.retain(|path, _| !self.told.contains_key(path));
        let left_out =
            self.seen.len().saturating_sub(self.told.len()).saturating_sub(self.failed.len());
        self.note("files", CoverageState::Scanned, "", self.told.len());
        if left_out > 0 {
            let reason = "no licence word occurs in them, so no rule of scancode matches; the parameter `full` has them read";
            self.note("files:no-licence-word", CoverageState::Skipped, reason, left_out);
        }
        for (path, why) in std::mem::take(&mut self.failed) {
            self.note(path, CoverageState::Failed, &why, 1);
        }
        for (path, kind) in unreadable {
            let why = format!("it could not be read for the word search: {kind}");
            self.note(path, CoverageState::NotScanned, &why, 1);
        }
        let (mut said, mut kept) = (0, 0);
        let mut duplicates = Vec::new();
        let mut clues = Vec::new();
        let mut evidence = BTreeMap::new();
        for (path, told) in &self.told {
            let Some(seen) = self.seen.get(path) else { continue };
            let statements = told.statements(path);
            said += told.said();
            kept += statements.len() as u64;
            let mut known = BTreeSet::new();
            for one in &told.detections {
                if !known.insert(&one.spdx) {
                    duplicates.push(format!("{path}:{} {}", one.start_line, one.spdx));
                }
            }
            clues.extend(
                told.clues.iter().map(|one| format!("{path}:{} {}", one.start_line, one.spdx)),
            );
            if told.said() > 0 {
                evidence.insert(*path, json!({ "sha256": seen.sha256, "told": told }));
            }
            if !statements.is_empty() || seen.is_license_file {
                let text = LicenseText { path: (*path).to_owned(), sha256: seen.sha256 };
                let file = FileLicences {
                    statements,
                    text,
                    is_license_file: seen.is_license_file,
                    share: told.share,
                };
                self.licences.files.insert((*path).to_owned(), file);
            }
        }
        let dropped = [("duplicate", duplicates), ("clue", clues)]
            .into_iter()
            .filter(|(_, ids)| !ids.is_empty())
            .map(|(reason, mut ids)| {
                ids.sort();
                Drop { reason: reason.to_owned(), count: ids.len() as u64, ids }
            })
            .collect();
        let tool = ToolName::known(NAME);
        self.licences.counts.push(ToolCount {
            tool,
            subject: "files".to_owned(),
            said,
            kept,
            dropped,
        });
        if !self.told.is_empty() {
            let bytes = json!({ "tool": self.tool.identity, "files": evidence }).to_string();
            self.licences.evidence.push(Produced {
                role: "evidence".to_owned(),
                media_type: media_type::TOOL_JSON.to_owned(),
                original_bytes: bytes.len() as u64,
                bytes: bytes.into_bytes(),
            });
        }
        self.licences
    }

    fn note(&mut self, subject: &str, state: CoverageState, reason: &str, items: usize) {
        self.licences.entries.push(CoverageEntry {
            job: self.options.job.clone(),
            subject: subject.to_owned(),
            tool: Some(ToolName::known(NAME)),
            state,
            reason: reason.to_owned(),
            items: items as u64,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::without_paths;

    #[test]
    fn p25_a_name_that_scancode_prints_is_not_kept() {
        let said = b"ERROR: x\n  File \"/project/name\"\nPath: name\nRAM: 1";
        let kept = without_paths(said);
        assert_eq!(kept, b"ERROR: x\n(a line with a path)\n(a line with a path)\nRAM: 1");
    }
}
