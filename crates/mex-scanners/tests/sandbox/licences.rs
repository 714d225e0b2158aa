//! The real scancode in the real sandbox: what it finds, what is kept, and that the word search
//! loses nothing of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mex_runtime::artifact::{SandboxLevel, ToolIdentity};
use mex_runtime::budget::Budget;
use mex_runtime::coverage::CoverageState;
use mex_runtime::digest::Digest;
use mex_runtime::event::EventContext;
use mex_runtime::port::Cancel;
use mex_scanners::process::{
    self, Finished, Keep, Launch, Mount, MountMode, Network, SpawnContext,
};
use mex_scanners::scancode::{self, Kept, Licences, Options, Question, Scope, Tree};
use mex_scanners::seal::Seal;
use mex_scanners::tool::PinnedTool;

use crate::kit::Run;

fn tool() -> PinnedTool {
    let folder = std::env::var_os("MEX_TEST_TOOLS_DIR")
        .expect("set MEX_TEST_TOOLS_DIR to a folder with the real tools; `./dev test` does");
    let home = fs::canonicalize(Path::new(&folder).join("scancode")).expect("scancode's folder");
    PinnedTool {
        identity: ToolIdentity {
            name: scancode::NAME.parse().unwrap(),
            version: scancode::VERSION.into(),
            sha256: Digest::of(b"the real one"),
        },
        executable: home.join("scancode"),
        mounts: vec![home],
    }
}

fn launch(run: &Run, tool: &PinnedTool, question: Question) -> Finished {
    let launch = Launch {
        tool,
        args: question.args,
        cwd: question.cwd.into(),
        env: question.env,
        mounts: question.mounts,
        extra_executables: Vec::new(),
        budget: Budget {
            cpu_time_ms: 3_600_000,
            wall_time_ms: 3_600_000,
            memory_bytes: 6 << 30,
            output_bytes: 1 << 30,
        },
        network: Network::None,
        redact: &|bytes: &[u8]| bytes.to_vec(),
        keep_stdout: Keep::No,
    };
    let context = SpawnContext {
        recorder: &run.ports,
        store: &run.ports,
        clock: &run.ports,
        events: &EventContext::system("test".parse().unwrap()),
        op_id: None,
        cancel: &run.cancel,
        sandbox: &run.sandbox,
        still_pinned: &|_| Ok(()),
    };
    let finished = process::run(&launch, &context).unwrap();
    assert_eq!(finished.sandbox, SandboxLevel::Namespaced);
    finished
}

/// A project and the results kept of it.
struct Project {
    folder: tempfile::TempDir,
    files: Vec<String>,
    runs: usize,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tree")).unwrap();
        Self { folder, files: Vec::new(), runs: 0 }
    }

    fn put(&mut self, path: &str, bytes: &[u8]) {
        let full = self.folder.path().join("tree").join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, bytes).unwrap();
        if !self.files.iter().any(|known| known == path) {
            self.files.push(path.to_owned());
        }
    }

    fn ask(&mut self, scope: Scope) -> Licences {
        let (run, tool) = (Run::sandboxed(), tool());
        let options = Options { job: "license".parse().unwrap(), scope, processes: 2 };
        let kept = Kept::new(&self.folder.path().join("kept"), Seal::new([1; 32]));
        let mut runs = 0;
        let mut runner = |question: Question| {
            runs += 1;
            Ok(launch(&run, &tool, question))
        };
        let root = self.folder.path().join("tree");
        let cancel = Cancel::default();
        let tree = Tree { root: &root, files: &self.files, work: run.work.path() };
        let told = scancode::ask(&tool, &mut runner, &tree, &options, &kept, &cancel);
        self.runs = runs;
        assert!(told.errors.is_empty(), "{:?}", told.errors);
        assert!(told.counts.iter().all(mex_runtime::coverage::ToolCount::balances));
        told
    }
}

fn spdx(told: &Licences, path: &str) -> Vec<String> {
    let statements = told.files.get(path).map(|file| file.statements.clone()).unwrap_or_default();
    statements.into_iter().map(|one| one.spdx.unwrap_or_else(|| "UNKNOWN".to_owned())).collect()
}

fn scanned(told: &Licences) -> u64 {
    let scanned = told.entries.iter().filter(|entry| entry.state == CoverageState::Scanned);
    scanned.map(|entry| entry.items).sum()
}

fn left_out(told: &Licences) -> u64 {
    let skipped = told.entries.iter().filter(|entry| entry.state == CoverageState::Skipped);
    skipped.map(|entry| entry.items).sum()
}

const MIT: &str = include_str!("../recorded/mit.txt");

#[test]
fn licences_are_found_under_any_name_in_any_encoding_and_kept_by_content() {
    let mut project = Project::new();
    let apache = include_bytes!("../../../../LICENSE");
    project.put("LICENSE", apache);
    project.put("src/see.rs", b"// see LICENSE for details\nfn main() {}\n");
    project.put("src/tag.rs", b"// SPDX-License-Identifier: MPL-2.0\nfn main() {}\n");
    project.put("src/plain.rs", b"fn main() {}\n");
    project.put("odd/COPYING", b"Licensed under the terms in the LICENSE file\n");
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(MIT.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    project.put("wide/LICENSE", &wide);
    let western: Vec<u8> =
        MIT.replace("Permission", "\u{a9} Permission").chars().map(|c| c as u8).collect();
    project.put("western/LICENSE", &western);
    // One name in each of two hundred scripts and blocks of letters.
    let mut letters = (0xa1..0x1_f000).filter_map(char::from_u32).filter(|c| c.is_alphabetic());
    let names: Vec<String> = (0..200)
        .map(|_| letters.by_ref().step_by(37).take(6).collect::<String>())
        .map(|name| format!("names/{name}/{name}.txt"))
        .collect();
    for name in &names {
        project.put(name, b"SPDX-License-Identifier: ISC\n");
    }
    let told = project.ask(Scope::Words);
    assert_eq!(project.runs, 1, "one process for all files");
    assert_eq!(spdx(&told, "LICENSE"), ["Apache-2.0"]);
    assert_eq!(spdx(&told, "src/see.rs"), ["Apache-2.0"], "followed to the file around it");
    assert_eq!(spdx(&told, "src/tag.rs"), ["MPL-2.0"]);
    assert_eq!(spdx(&told, "wide/LICENSE"), ["MIT"]);
    assert_eq!(spdx(&told, "western/LICENSE"), ["MIT"]);
    assert!(spdx(&told, "odd/COPYING").contains(&"UNKNOWN".to_owned()), "{:?}", told.files);
    for name in &names {
        assert_eq!(spdx(&told, name), ["ISC"], "{name}");
    }
    assert_eq!(left_out(&told), 1);

    let again = project.ask(Scope::Words);
    assert_eq!((project.runs, again.reused), (0, scanned(&told)));
    assert_eq!((&again.files, &again.entries), (&told.files, &told.entries));
    assert_eq!(again.counts, told.counts);
    assert_eq!(again.evidence[0].bytes, told.evidence[0].bytes, "a report does not depend on it");

    // Another licence file is another answer for what refers to it, and for nothing below it.
    project.put("LICENSE", MIT.as_bytes());
    let other = project.ask(Scope::Words);
    assert_eq!(project.runs, 1);
    assert_eq!(spdx(&other, "src/see.rs"), ["MIT"]);

    // A damaged result is scanned again.
    for entry in walk(&project.folder.path().join("kept")) {
        fs::write(entry, b"{}").unwrap();
    }
    let rescanned = project.ask(Scope::Words);
    assert_eq!((project.runs, rescanned.reused), (1, 0));
    assert_eq!(rescanned.files, other.files);
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// The sources of our own dependencies: licence texts, manifests, readmes and code of many hands.
fn corpus(limit: usize) -> BTreeMap<String, Vec<u8>> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let sources = home.unwrap().join("registry").join("src");
    let mut files = BTreeMap::new();
    let mut known = BTreeSet::new();
    for registry in fs::read_dir(&sources).expect("the sources of our dependencies").flatten() {
        for path in walk(&registry.path()) {
            let meta = fs::symlink_metadata(&path).unwrap();
            if !meta.is_file() || meta.len() > 200_000 {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            let Ok(name) = path.strip_prefix(registry.path()) else { continue };
            let Some(name) = name.to_str() else { continue };
            if known.insert(Digest::of(&bytes)) {
                files.insert(name.to_owned(), bytes);
            }
        }
    }
    // Every licence file first, the others evenly from all of them.
    let (texts, others): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|(name, _)| scancode::is_license_file(name));
    let step = (others.len() / limit).max(1);
    let texts = texts.into_iter().take(limit / 3);
    texts.chain(others.into_iter().step_by(step)).take(limit).collect()
}

/// What scancode finds in all files is what it finds in those that the word search keeps.
#[test]
fn the_word_search_loses_nothing_that_scancode_finds_in_all_files() {
    let limit = if std::env::var_os("MEX_LONG_TESTS").is_some() { 5000 } else { 150 };
    let mut project = Project::new();
    for (name, bytes) in corpus(limit) {
        project.put(&name, &bytes);
    }
    let full = project.ask(Scope::Full);
    assert!(project.runs > 0 && full.reused == 0);
    let words = project.ask(Scope::Words);
    assert_eq!(project.runs, 0, "the same results, kept");
    assert!(left_out(&words) > 0 && left_out(&full) == 0);
    let said = |told: &Licences| told.counts.iter().map(|count| count.said).sum::<u64>();
    assert!(said(&full) > 50, "a corpus that holds licences: {}", said(&full));
    assert_eq!(words.files, full.files);
    assert_eq!(words.counts, full.counts, "clues too");
}

/// Writes what the rules of the index hold, one JSON text a line, and the names they refer to.
const RULES: &str = r#"
import json
from licensedcode.cache import get_index
rules = [r for r in get_index().rules_by_rid if not r.is_false_positive]
with open("/scratch/rules.jsonl", "w") as out:
    for r in rules:
        out.write(json.dumps([r.identifier, r.text]) + "\n")
with open("/scratch/names.jsonl", "w") as out:
    for name in sorted({n for r in rules for n in r.referenced_filenames or ()}):
        out.write(json.dumps(name) + "\n")
"#;

/// The list of words is a cover of the real scancode's own rules, read by our own search, also where
/// the text stands in comments; and the list of names holds every file that a rule refers to.
#[test]
fn every_rule_of_the_real_scancode_holds_a_word_of_the_list() {
    let (run, tool) = (Run::sandboxed(), tool());
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    fs::write(folder.path().join("rules.py"), RULES).unwrap();
    let home = tool.home();
    let question = Question {
        args: ["-B", "-s", "-S", "/check/rules.py"].map(str::to_owned).to_vec(),
        env: scancode::argv::env(&home),
        cwd: "/scratch",
        mounts: vec![Mount {
            host: folder.path().to_owned(),
            inside: "/check".to_owned(),
            mode: MountMode::ReadOnly,
        }],
    };
    let finished = launch(&run, &tool, question);
    let said = String::from_utf8_lossy(&finished.stderr.bytes).into_owned();
    assert_eq!(finished.exit, process::Exit::Code(0), "{said}");
    let lines = |name: &str| {
        let read = finished.scratch.read(name, 1 << 30).unwrap();
        assert!(!read.is_truncated());
        String::from_utf8(read.bytes).unwrap()
    };
    let mut rules = 0;
    for line in lines("rules.jsonl").lines() {
        let (name, text): (String, String) = serde_json::from_str(line).unwrap();
        let commented = text.lines().map(|line| format!(" * {line}\n")).collect::<String>();
        for text in [text, commented] {
            assert!(scancode::search::is_in(text.as_bytes()).unwrap(), "{name}: {text}");
        }
        rules += 1;
    }
    assert_eq!(rules, 36_243);
    let known: BTreeSet<&str> =
        include_str!("../../assets/scancode/references.txt").lines().collect();
    for line in lines("names.jsonl").lines() {
        let name: String = serde_json::from_str(line).unwrap();
        let name = name.trim_end_matches('/').trim_start_matches("./");
        let leaves = name.contains("://") || name.starts_with(['/', '.']);
        assert!(leaves || known.contains(name), "{name}");
    }
}
