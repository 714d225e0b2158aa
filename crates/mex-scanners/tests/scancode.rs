//! What scancode's answers mean, by recorded ones and by every way in which one can be wrong
//! (promise P2), and what becomes of files when its run goes wrong.
#![expect(clippy::unwrap_used, reason = "a panic in a test is its failure report")]

use std::path::Path;

use mex_runtime::artifact::ToolIdentity;
use mex_runtime::code::Code;
use mex_runtime::coverage::CoverageState;
use mex_runtime::digest::Digest;
use mex_runtime::port::Cancel;
use mex_scanners::answer::{Answer, Ending, error};
use mex_scanners::scancode::normalise::{Outcome, Told, read};
use mex_scanners::scancode::{self, Kept, Licences, Options, Question, Scope, Tree};
use mex_scanners::seal::Seal;
use mex_scanners::tool::PinnedTool;
use serde_json::{Value, json};

const ANSWER: &[u8] = include_bytes!("recorded/scancode-32.5.0/answer.json");
const TIMEOUT: &[u8] = include_bytes!("recorded/scancode-32.5.0/timeout.json");

fn code_of(code: i32, document: Option<&[u8]>) -> Option<Code> {
    read(&Answer::whole(code, b"", b""), document).errors.first().map(|fault| fault.code)
}

fn told(document: &[u8], code: i32, path: &str) -> Told {
    let reading = read(&Answer::whole(code, b"", b""), Some(document));
    assert!(reading.errors.is_empty(), "{:?}", reading.errors);
    match &reading.files[path] {
        Outcome::Read(told) => told.clone(),
        Outcome::Failed(why) => panic!("{path}: {why}"),
    }
}

#[test]
fn a_recorded_answer_is_read_file_by_file() {
    let spdx = |path: &str| {
        let statements = told(ANSWER, 0, path).statements(path);
        statements.into_iter().map(|one| (one.text, one.spdx)).collect::<Vec<_>>()
    };
    let known = |id: &str| (id.to_owned(), Some(id.to_owned()));
    assert_eq!(spdx("LICENSE"), [known("Apache-2.0")]);
    assert_eq!(spdx("src/see.rs"), [known("Apache-2.0")], "followed to the file it refers to");
    assert_eq!(spdx("src/plain.rs"), []);
    let odd = ("MIT OR LicenseRef-scancode-unknown-spdx".to_owned(), None);
    assert_eq!(spdx("src/odd.rs"), [odd], "found and not identified is UNKNOWN");
    let whole = told(ANSWER, 0, "LICENSE");
    assert_eq!((whole.share, whole.detections[0].start_line), (1000, 1));
    let see = told(ANSWER, 0, "src/see.rs");
    assert_eq!((see.detections[0].start_line, see.detections[0].end_line), (1, 1), "its own lines");
}

#[test]
fn a_file_that_ran_out_of_time_is_named_and_the_others_stand() {
    let reading = read(&Answer::whole(1, b"", b""), Some(TIMEOUT));
    assert!(reading.errors.is_empty());
    let Outcome::Failed(why) = &reading.files["big.txt"] else { panic!("it was read") };
    assert!(why.contains("timeout after 30 seconds"), "{why}");
    assert_eq!(told(TIMEOUT, 1, "LICENSE").statements("LICENSE").len(), 1);
}

#[test]
fn p2_whatever_is_no_whole_answer_is_an_error() {
    assert_eq!(code_of(0, Some(ANSWER)), None);
    // Exit code and document must agree.
    assert_eq!(code_of(1, Some(ANSWER)), Some(Code::ToolExit));
    assert_eq!(code_of(0, Some(TIMEOUT)), Some(Code::ToolExit));
    for code in [2, 3, 127, 255, -1] {
        assert_eq!(code_of(code, Some(ANSWER)), Some(Code::ToolExit), "{code}");
    }
    assert_eq!(code_of(0, None), Some(Code::ToolOutput));
    for end in [0, 1, ANSWER.len() / 2, ANSWER.len() - 3] {
        assert_eq!(code_of(0, Some(&ANSWER[..end])), Some(Code::ToolOutput), "cut at {end}");
    }
    let signal = Answer { ending: Ending::Signal(9), ..Answer::whole(0, b"", b"") };
    assert_eq!(read(&signal, Some(ANSWER)).errors[0].code, Code::ToolCrashed);
    let cut = Answer { stderr_bytes: 10, ..Answer::whole(0, b"", b"") };
    assert_eq!(read(&cut, Some(ANSWER)).errors[0].code, Code::ToolTruncated);
    for (at, value, expect) in [
        ("/headers/0/tool_version", json!("32.4.0"), Code::ToolVersion),
        ("/headers/0/tool_name", json!("other"), Code::ToolVersion),
        ("/headers/0/output_format_version", json!("5.0.0"), Code::ToolOutput),
        ("/headers/0/errors", json!(["Path: x"]), Code::ToolExit),
        ("/headers/0/message", json!("Fatal"), Code::ToolExit),
        ("/headers", json!([]), Code::ToolOutput),
        ("/files", json!(null), Code::ToolOutput),
        ("/files/0/path", json!(7), Code::ToolOutput),
        ("/files/0/type", json!("link"), Code::ToolOutput),
        ("/files/0/percentage_of_license_text", json!(101), Code::ToolOutput),
        ("/files/0/license_detections", json!([{}]), Code::ToolOutput),
        ("/files/0/scan_errors", json!(["ERROR"]), Code::ToolExit),
    ] {
        let mut document: Value = serde_json::from_slice(ANSWER).unwrap();
        *document.pointer_mut(at).unwrap() = value;
        let document = serde_json::to_vec(&document).unwrap();
        assert_eq!(code_of(0, Some(&document)), Some(expect), "{at}");
    }
    let mut document: Value = serde_json::from_slice(ANSWER).unwrap();
    let first = document["files"][0].clone();
    document["files"].as_array_mut().unwrap().push(first);
    let twice = serde_json::to_vec(&document).unwrap();
    assert_eq!(code_of(0, Some(&twice)), Some(Code::ToolOutput), "a file twice");
}

/// How a stand-in for scancode dies.
type Death = fn(&Question) -> Code;

fn failing(files: &[(&str, &[u8])], cancelled: bool) -> (Licences, usize) {
    dying(files, cancelled, |_| Code::ToolCrashed)
}

fn dying(files: &[(&str, &[u8])], cancelled: bool, death: Death) -> (Licences, usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        names.push((*name).to_owned());
    }
    names.push("gone".to_owned());
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
    names.push("link".to_owned());
    let tool = PinnedTool {
        identity: ToolIdentity {
            name: scancode::NAME.parse().unwrap(),
            version: scancode::VERSION.to_owned(),
            sha256: Digest::of(b"tool"),
        },
        executable: "/nowhere/scancode".into(),
        mounts: Vec::new(),
    };
    let mut runs = 0;
    let mut run = |question: Question| {
        runs += 1;
        Err(error(death(&question), "it died".to_owned()))
    };
    let cancel = Cancel::default();
    if cancelled {
        cancel.cancel();
    }
    let options = Options { job: "license".parse().unwrap(), scope: Scope::Words, processes: 1 };
    let kept = Kept::new(Path::new("/nowhere/kept"), Seal::new([1; 32]));
    let tree = Tree { root: folder.path(), files: &names, work: folder.path() };
    (scancode::ask(&tool, &mut run, &tree, &options, &kept, &cancel), runs)
}

/// Contract SC-3: nobody looked is never nothing found.
#[test]
fn what_was_not_read_is_a_gap_file_by_file() {
    let files: [(&str, &[u8]); 3] =
        [("a.rs", b"// license"), ("plain.rs", b"fn main() {}"), ("COPYING", b"as you like")];
    let (told, runs) = failing(&files, false);
    assert_eq!(runs, 1);
    assert_eq!(told.errors[0].code, Code::ToolCrashed);
    let state = |subject: &str| {
        told.entries.iter().find(|entry| entry.subject == subject).map(|entry| entry.state)
    };
    assert_eq!(state("a.rs"), Some(CoverageState::Failed));
    assert_eq!(state("COPYING"), Some(CoverageState::Failed), "by its name, without a word");
    assert_eq!(state("gone"), Some(CoverageState::NotScanned));
    assert_eq!(state("link"), Some(CoverageState::NotScanned), "a link is not followed");
    assert_eq!(state("plain.rs"), None);
    let left_out = told.entries.iter().find(|entry| entry.state == CoverageState::Skipped).unwrap();
    assert_eq!((left_out.items, left_out.reason.is_empty()), (1, false));
    let read = told.entries.iter().find(|entry| entry.subject == "files").unwrap();
    assert_eq!(read.items, 0);
    assert!(told.counts.iter().all(mex_runtime::coverage::ToolCount::balances));

    let (told, runs) = failing(&files, true);
    assert_eq!(runs, 0);
    assert!(told.entries.iter().filter(|entry| entry.state.is_gap()).count() >= files.len());
}

/// A file that needs more than the budget is a gap of its own; every other is asked about again, and
/// no licence file of that size is given to anybody else.
#[test]
fn a_file_that_needs_too_much_takes_no_other_with_it() {
    let huge = b"license ".repeat(300_000);
    let files: [(&str, &[u8]); 4] =
        [("a.rs", b"// license"), ("b.rs", b"// license"), ("LICENSE", &huge), ("c", b"license")];
    let (told, runs) = dying(&files, false, |_| Code::BudgetOverrun);
    // Three small ones together, one and two, each of the two; then the huge one.
    assert_eq!(runs, 1 + 1 + 1 + 2 + 1);
    assert!(told.errors.is_empty(), "{:?}", told.errors);
    for (name, _) in files {
        let entry = told.entries.iter().find(|entry| entry.subject == name).unwrap();
        assert_eq!(entry.state, CoverageState::Failed);
        assert!(entry.reason.contains("with this file alone"), "{entry:?}");
    }
    let (told, runs) = dying(&files, false, |question| {
        let folder = std::fs::read_dir(&question.mounts[0].host).unwrap();
        let large = folder.flatten().any(|item| item.metadata().is_ok_and(|m| m.len() > 1 << 20));
        if large { Code::BudgetOverrun } else { Code::ToolCrashed }
    });
    assert_eq!(runs, 2, "the small ones without the huge one, and the huge one");
    assert_eq!(told.errors.len(), 1);
}

#[test]
fn licence_files_are_known_by_name() {
    for name in [
        "LICENSE",
        "a/LICENCE.txt",
        "COPYING.LIB",
        "b/NOTICE.md",
        "UNLICENSE",
        "LICENSE-MIT",
        "copyright",
        "MIT-LICENSE",
        "third-party-licenses.txt",
        "Copying",
    ] {
        assert!(scancode::is_license_file(name), "{name}");
    }
    for name in ["main.rs", "README.md", "src/sublicense_check.rs", "a.license.rs", "mit.c"] {
        assert!(!scancode::is_license_file(name), "{name}");
    }
}
