//! Promises P7, P12 and P14 at every single change of a file: a child process meets an I/O error, a
//! full disk or a kill at its n-th one, for every n. Never asks the child alone: what is on the disk counts.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use mex_recorder::FlightRecorder;
use mex_runtime::diagnostic::ProblemStatus;
use mex_runtime::id::EventId;
use mex_runtime::port::{Record, Recorder as _};

use crate::fault::{Deed, count, inject};
use crate::kit::{
    START, Ticking, begin_all, diagnostic, note, older_version, open, raw_value, seen, write_notes,
};

/// How many calls the child makes; each records a pair.
const CALLS: usize = 6;

/// The child: opens, records pairs, begins work, makes a Problem and resolves it, exports a head.
/// Says `SENT` before each pair, then `ACK` or `FAULT`, and goes on after a fault as a host could.
#[test]
fn child_that_meets_a_fault() {
    let Some(folder) = std::env::var_os("MEX_FAULT_CHILD") else { return };
    let recorder = match FlightRecorder::open(Path::new(&folder), Ticking::at(START)) {
        Ok(recorder) => recorder,
        Err(error) => {
            println!("\nFAULT {}", error.code().as_str());
            return;
        }
    };
    println!("\nOPENED");
    if std::env::var_os("MEX_FAULT_OPEN_ONLY").is_some() {
        return;
    }
    say(begin_all(&recorder, recorder.session_id()).map(|_| ()));
    let person = "tester".parse().unwrap();
    let problem = diagnostic("a problem");
    let fingerprint = problem.fingerprint().unwrap();
    say(recorder.record(vec![Record::Diagnostic(Box::new(problem), crate::kit::context())]));
    for _ in 0..CALLS {
        let pair = [note("one of a pair"), note("the other")];
        let ids = pair.each_ref().map(|event| event.event_id);
        println!("\nSENT {} {}", ids[0], ids[1]);
        match recorder.record(pair.map(Record::from).into()) {
            Ok(()) => println!("\nACK {} {}", ids[0], ids[1]),
            fault => say(fault),
        }
    }
    match recorder.set_problem_status(&fingerprint, ProblemStatus::Resolved, "done", &person) {
        Ok(_) => println!("\nRESOLVED"),
        Err(error) => println!("\nFAULT {}", error.code().as_str()),
    }
    match recorder.export_head(&person) {
        Ok(head) => println!("\nHEAD {}", serde_json::to_string(&head).unwrap()),
        Err(error) => println!("\nFAULT {}", error.code().as_str()),
    }
    drop(recorder);
    println!("\nEND");
}

#[expect(clippy::print_stdout, reason = "the child tells its parent")]
fn say(result: Result<(), mex_runtime::port::RecorderFault>) {
    if let Err(fault) = result {
        println!("\nFAULT {}", fault.code.as_str());
    }
}

#[expect(clippy::disallowed_methods, reason = "only another process can be killed or preloaded")]
fn child(folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["faults::child_that_meets_a_fault", "--exact", "--nocapture", "--test-threads=1"])
        .env("MEX_FAULT_CHILD", folder)
        .stdin(Stdio::null());
    command
}

fn opening_child(folder: &Path) -> Command {
    let mut command = child(folder);
    command.env("MEX_FAULT_OPEN_ONLY", "1");
    command
}

/// What a child said before its end.
struct Said {
    text: String,
    status: ExitStatus,
}

impl Said {
    fn of(mut command: Command) -> Self {
        let output = command.output().unwrap();
        Self { text: String::from_utf8_lossy(&output.stdout).into_owned(), status: output.status }
    }

    fn lines<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a str> {
        self.text.lines().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(' '))
    }

    fn has(&self, word: &str) -> bool {
        self.text.lines().any(|line| line == word)
    }

    fn pairs(&self, word: &str) -> BTreeSet<[EventId; 2]> {
        let pair = |line: &str| {
            let (one, other) = line.split_once(' ').unwrap();
            [one.parse().unwrap(), other.parse().unwrap()]
        };
        // Killed in the middle of a line it has said nothing.
        self.lines(word).filter(|line| line.len() == 73).map(pair).collect()
    }
}

/// Runs `check` for every change from 1 to `last`, on as many threads as there are processors.
fn for_each_change(last: u32, check: impl Fn(u32) + Sync) {
    let next = AtomicU32::new(1);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    if at > last {
                        break;
                    }
                    check(at);
                }
            });
        }
    });
}

/// How many changes an undisturbed child makes.
fn changes(child: impl Fn(&Path) -> Command) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    count(child(folder.path()), folder.path(), |command| {
        let said = Said::of(command);
        assert!(said.status.success() && said.has("OPENED"), "{}", said.text);
        assert_eq!(said.lines("FAULT").count(), 0, "{}", said.text);
    })
}

/// What must hold whatever happened: it opens, nothing acknowledged is lost, a pair is whole or not
/// there, the chain and the last exported head verify, and it goes on.
fn assert_sound(folder: &Path, said: &Said, what: &str) {
    let recorder = open(folder);
    let there = |id: &EventId| recorder.event(*id).is_ok();
    let acknowledged = said.pairs("ACK");
    for pair in &acknowledged {
        assert!(pair.iter().all(there), "{what}: an acknowledged event is lost\n{}", said.text);
    }
    for pair in said.pairs("SENT") {
        assert_eq!(there(&pair[0]), there(&pair[1]), "{what}: half a pair is there");
    }
    let head = said.lines("HEAD").last().and_then(|head| mex_recorder::Head::parse(head).ok());
    let report = recorder.verify(head.as_ref()).unwrap();
    assert!(report.is_intact(), "{what}: {report:?}");
    if said.has("RESOLVED") {
        let fingerprint = diagnostic("a problem").fingerprint().unwrap();
        let problem = recorder.problem(&fingerprint).unwrap();
        assert_eq!(problem.status, ProblemStatus::Resolved, "{what}");
    }
    write_notes(&recorder, 2);
    assert!(recorder.verify(head.as_ref()).unwrap().is_intact(), "{what}");
}

/// No silent gap: a child that was not killed answered every call, and a fault has one of these codes.
fn assert_answered(said: &Said, what: &str) {
    for code in said.lines("FAULT") {
        let known = ["HSK-500-DB", "MEX-DATA-DIR", "HSK-404-NOT-FOUND", "MEX-NOT-FOUND"];
        assert!(known.contains(&code), "{what}: {code}");
    }
    assert!(said.status.success(), "{what}: {}", said.text);
    if said.has("OPENED") {
        assert!(said.has("END"), "{what}: {}", said.text);
        assert_eq!(said.pairs("SENT").len(), CALLS, "{what}");
    } else {
        assert_eq!(said.lines("FAULT").count(), 1, "{what}: {}", said.text);
    }
}

#[test]
fn p12_an_io_error_at_every_single_change_is_an_error_and_loses_nothing() {
    let last = changes(child);
    assert!(last > 60, "only {last} changes were seen: the library does not stand in between");
    let faults = AtomicU32::new(0);
    for_each_change(last, |at| {
        let what = format!("an I/O error at {at}");
        let folder = tempfile::tempdir().unwrap();
        let mut command = child(folder.path());
        inject(&mut command, folder.path(), Deed::Error, at);
        let said = Said::of(command);
        assert_answered(&said, &what);
        assert_sound(folder.path(), &said, &what);
        faults.fetch_add(said.lines("FAULT").count().min(1) as u32, Ordering::SeqCst);
    });
    // The others met what needs no answer: a copy back from the log, a file to forget.
    let faults = faults.into_inner();
    assert!(faults * 2 > last, "only {faults} of {last} errors were told");
}

#[test]
fn p12_a_disk_full_from_every_single_change_on_is_an_error_and_loses_nothing() {
    for_each_change(changes(child), |at| {
        let deed = if at % 2 == 0 { Deed::Full } else { Deed::Torn };
        let what = format!("{deed:?} at {at}");
        let folder = tempfile::tempdir().unwrap();
        let mut command = child(folder.path());
        inject(&mut command, folder.path(), deed, at);
        let said = Said::of(command);
        assert_answered(&said, &what);
        assert_sound(folder.path(), &said, &what);
        // Space does not come back: after the first fault nothing is acknowledged.
        let after = said.text.split("FAULT").nth(1).unwrap_or("");
        assert!(!after.contains("ACK") && !after.contains("HEAD"), "{what}: {}", said.text);
    });
}

#[test]
fn p7_a_kill_at_every_single_change_loses_nothing_that_was_acknowledged() {
    for_each_change(changes(child), |at| {
        let deed = if at % 2 == 0 { Deed::Kill } else { Deed::Half };
        let what = format!("{deed:?} at {at}");
        let folder = tempfile::tempdir().unwrap();
        let mut command = child(folder.path());
        inject(&mut command, folder.path(), deed, at);
        let said = Said::of(command);
        assert_sound(folder.path(), &said, &what);
    });
}

/// Version and number of objects, read from a copy, so that reading heals nothing.
fn schema(folder: &Path) -> (i64, i64) {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    let ask = |sql| raw_value(copy.path(), sql);
    (ask("PRAGMA user_version"), ask("SELECT count(*) FROM sqlite_master"))
}

#[test]
fn p14_a_kill_at_every_single_change_of_the_migrations_leaves_the_old_or_the_new_schema() {
    let whole = tempfile::tempdir().unwrap();
    drop(open(whole.path()));
    let new = schema(whole.path());
    assert_eq!(
        new.0, 3,
        "a fourth version: kill its migration of a database of the third one, too"
    );
    let nothing = tempfile::tempdir().unwrap();
    kill_migrations(nothing.path(), (0, 0), new);

    let full = open(whole.path());
    for title in ["one", "two", "three"] {
        seen(&full, title);
    }
    write_notes(&full, 3);
    drop(full);
    for version in [1, 2] {
        let older = tempfile::tempdir().unwrap();
        older_version(version, whole.path(), older.path());
        let old = schema(older.path());
        assert_eq!(old.0, version as i64);
        kill_migrations(older.path(), old, new);
    }
}

/// Kills a child at every change it makes while it opens a copy of a data folder.
fn kill_migrations(from: &Path, old: (i64, i64), new: (i64, i64)) {
    let copied = |to: &Path| {
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        opening_child(to)
    };
    let last = changes(copied);
    assert!(last > 20, "only {last} changes were seen: the library does not stand in between");
    let met = std::sync::Mutex::new(BTreeSet::new());
    for deed in [Deed::Kill, Deed::Half] {
        for_each_change(last, |at| {
            let what = format!("{deed:?} at {at} from version {}", old.0);
            let folder = tempfile::tempdir().unwrap();
            let mut command = copied(folder.path());
            inject(&mut command, folder.path(), deed, at);
            let said = Said::of(command);
            assert!(!said.status.success(), "{what}: it lived");
            let found = schema(folder.path());
            assert!(found == new || found == old, "{what}: {found:?}");
            met.lock().unwrap().insert(found);
            assert_sound(folder.path(), &said, &what);
            assert_eq!(schema(folder.path()), new, "{what}");
        });
    }
    assert_eq!(met.into_inner().unwrap().len(), 2, "old and new must both have been met");
}
