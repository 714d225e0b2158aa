//! Contract FR-1 to FR-8, DIAG-3 to DIAG-6, ART-1 and promises P7 to P9, P12, P14, P15, on real files.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mex_recorder::query::{EventFilter, IdKind, JobState, Order, ProblemFilter, ScanState};
use mex_recorder::{Absence, DATABASE, FaultKind, FlightRecorder, Head, HeadError};
use mex_runtime::artifact::{ArtifactHandle, Sidecar, media_type};
use mex_runtime::code::Code;
use mex_runtime::diagnostic::{LinkConfidence, ProblemStatus};
use mex_runtime::digest::Digest;
use mex_runtime::event::{ConsentEvent, EventBody};
use mex_runtime::id::{ActorId, ConsentId, EventId, JobId};
use mex_runtime::port::{ArtifactState, ArtifactStore as _, Record, Recorder as _};
use uuid::Uuid;

use crate::kit::{
    START, Ticking, begin_all, context, diagnostic, half_written, note, open, raw, seen, tamper,
    write_notes,
};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn person() -> ActorId {
    "tester".parse().unwrap()
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn fr_2_events_come_back_as_recorded_in_order_and_page_by_key() {
    let folder = folder();
    let recorder = open(folder.path());
    let events: Vec<_> = (0..700).map(|n| note(&format!("n{n}"))).collect();
    recorder.record(events.iter().cloned().map(Record::from).collect()).unwrap();
    let mut filter = EventFilter { order: Order::Oldest, limit: 64, ..EventFilter::default() };
    let mut back = Vec::new();
    loop {
        let page = recorder.events(&filter).unwrap();
        back.extend(page.items.into_iter().map(|stored| stored.event));
        match page.next {
            Some(next) => filter.after_seq = Some(next),
            None => break,
        }
    }
    assert_eq!(back, events);
    assert_eq!(recorder.event(events[3].event_id).unwrap().seq, 4);
    assert!(recorder.verify(None).unwrap().is_intact());
}

#[test]
fn fr_2_a_bad_event_is_refused_and_takes_its_whole_call_with_it() {
    let folder = folder();
    let recorder = open(folder.path());
    let mut bad = note("bad");
    bad.event_id = EventId::new(Uuid::new_v4());
    let fault = recorder.record(vec![note("good").into(), bad.into()]).unwrap_err();
    assert_eq!(fault.code, Code::InvalidEvent);
    assert!(fault.message.contains("/event_id"), "{}", fault.message);
    let twice = note("twice");
    recorder.record(vec![twice.clone().into()]).unwrap();
    let fault = recorder.record(vec![note("other").into(), twice.into()]).unwrap_err();
    assert_eq!(fault.code, Code::InvalidEvent);
    assert_eq!(recorder.last_seq().unwrap(), 1);
}

#[test]
fn fr_1_no_statement_updates_deletes_or_replaces_an_event() {
    let folder = folder();
    let recorder = open(folder.path());
    write_notes(&recorder, 3);
    for sql in [
        "UPDATE events SET body = '{}' WHERE seq = 2",
        "DELETE FROM events WHERE seq = 2",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events (seq, body, prev_hash, hash) SELECT seq, '{}', prev_hash, hash FROM events WHERE seq = 2",
        "INSERT OR REPLACE INTO events (seq, body, prev_hash, hash) SELECT 4, body, prev_hash, hash FROM events WHERE seq = 2",
        "INSERT INTO tombstones VALUES (9, zeroblob(32))",
        "INSERT INTO tombstones VALUES (2, zeroblob(32)); DELETE FROM events WHERE seq = 2",
    ] {
        assert!(raw(folder.path(), sql).is_err(), "{sql}");
    }
    assert_eq!(recorder.last_seq().unwrap(), 3);
}

#[test]
fn p8_every_kind_of_tampering_is_found_and_the_first_bad_event_named() {
    let swap = "CREATE TEMP TABLE t AS SELECT * FROM events WHERE seq IN (4, 5); \
        UPDATE events SET body = (SELECT body FROM t WHERE seq = 5) WHERE seq = 4; \
        UPDATE events SET body = (SELECT body FROM t WHERE seq = 4) WHERE seq = 5";
    let cases = [
        (
            "a changed body",
            "UPDATE events SET body = replace(body, 'note 4', 'nope 4') WHERE seq = 5",
            5,
        ),
        ("a space more", "UPDATE events SET body = body || ' ' WHERE seq = 6", 6),
        ("a changed hash", "UPDATE events SET hash = zeroblob(32) WHERE seq = 3", 3),
        ("a changed link", "UPDATE events SET prev_hash = zeroblob(32) WHERE seq = 3", 3),
        ("a deletion", "DELETE FROM events WHERE seq = 7", 7),
        ("a deletion at the start", "DELETE FROM events WHERE seq = 1", 1),
        ("a swap", swap, 4),
        (
            "a duplicate",
            "INSERT INTO events (seq, body, prev_hash, hash) SELECT 11, body, prev_hash, hash FROM events WHERE seq = 10",
            11,
        ),
        (
            "an insertion",
            "INSERT INTO events (seq, body, prev_hash, hash) SELECT 11, body, hash, zeroblob(32) FROM events WHERE seq = 10",
            11,
        ),
        (
            "a tombstone",
            "INSERT INTO tombstones VALUES (1, zeroblob(32)); DELETE FROM events WHERE seq = 1",
            1,
        ),
    ];
    for (name, sql, first) in cases {
        let folder = folder();
        let recorder = open(folder.path());
        write_notes(&recorder, 10);
        assert!(recorder.verify(None).unwrap().is_intact());
        tamper(folder.path(), sql);
        let report = recorder.verify(None).unwrap();
        assert_eq!(report.first().map(|fault| fault.seq), Some(Some(first)), "{name}: {report:?}");
    }
}

#[test]
fn p8_p9_truncation_and_rewriting_behind_a_head_are_found() {
    let folder = folder();
    let recorder = open(folder.path());
    write_notes(&recorder, 10);
    let head = recorder.export_head(&person()).unwrap();
    write_notes(&recorder, 5);
    assert_eq!(head.seq, 10);
    assert!(recorder.verify(Some(&head)).unwrap().is_intact());
    tamper(folder.path(), "DELETE FROM events WHERE seq > 8");
    assert!(recorder.verify(None).unwrap().is_intact(), "a shorter chain alone looks whole");
    let report = recorder.verify(Some(&head)).unwrap();
    let first = report.first().unwrap();
    assert_eq!((first.kind, first.seq), (FaultKind::Head, Some(9)));
    write_notes(&recorder, 5);
    let report = recorder.verify(Some(&head)).unwrap();
    assert_eq!(report.first().unwrap().kind, FaultKind::Head);
}

#[test]
fn p9_no_mutated_head_is_accepted() {
    let folder = folder();
    let recorder = open(folder.path());
    write_notes(&recorder, 3);
    let head = recorder.export_head(&person()).unwrap();
    let text = serde_json::to_string(&head).unwrap();
    assert_eq!(Head::parse(&text).unwrap(), head);
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        if let Ok(text) = String::from_utf8(bytes) {
            assert!(Head::parse(&text).is_err(), "byte {at}");
        }
    }
    let mut forged = head.clone();
    forged.seq = 2;
    assert_eq!(forged.verify(), Err(HeadError::Signature));
    let other = tempfile::tempdir().unwrap();
    let foreign = open(other.path());
    write_notes(&foreign, 3);
    let report = recorder.verify(Some(&foreign.export_head(&person()).unwrap())).unwrap();
    assert!(report.first().unwrap().why.contains("another key"));
}

#[test]
fn section_15_the_sweep_closes_what_the_dead_left_and_spares_the_living() {
    let folder = folder();
    let living = open(folder.path());
    let (run, job, op) = begin_all(&living, living.session_id()).unwrap();
    let (dead_run, dead_job, dead_op) = begin_all(&living, "a-session-that-died").unwrap();
    let second = open(folder.path());
    assert_eq!(second.swept().operations, [dead_op]);
    assert_eq!(second.swept().jobs, [dead_job]);
    assert_eq!(second.swept().scans, [dead_run]);
    assert_eq!(second.job(job).unwrap().state, JobState::Running);
    assert_eq!(second.operation(op).unwrap().state, JobState::Running);
    assert_eq!(second.scan(run).unwrap().state, ScanState::Running);
    assert_eq!(second.job(dead_job).unwrap().state, JobState::Interrupted);
    assert_eq!(second.operation(dead_op).unwrap().state, JobState::Interrupted);
    assert!(matches!(second.scan(dead_run).unwrap().state, ScanState::Interrupted { .. }));
    drop(living);
    assert_eq!(open(folder.path()).swept().operations, [op]);
    assert!(second.verify(None).unwrap().is_intact());
}

#[test]
fn diag_3_and_6_problems_group_keep_their_status_and_reopen() {
    let folder = folder();
    let recorder = open(folder.path());
    let person = "tester".parse().unwrap();
    let first = seen(&recorder, "one");
    let other = seen(&recorder, "two");
    assert_ne!(first, other);
    seen(&recorder, "one");
    let problem = recorder.problem(&first).unwrap();
    assert_eq!((problem.count, problem.status), (2, ProblemStatus::Open));
    assert_eq!(recorder.instances(&first, None, 0).unwrap().items.len(), 2);
    recorder.set_problem_status(&first, ProblemStatus::Muted, "known", &person).unwrap();
    seen(&recorder, "one");
    assert_eq!(recorder.problem(&first).unwrap().status, ProblemStatus::Muted);
    recorder.set_problem_status(&first, ProblemStatus::Resolved, "fixed", &person).unwrap();
    seen(&recorder, "one");
    let problem = recorder.problem(&first).unwrap();
    assert!(problem.reopened && problem.status == ProblemStatus::Open && problem.count == 4);
    let filter = ProblemFilter { text: Some("TWO".to_owned()), ..ProblemFilter::default() };
    let page = recorder.problems(&filter).unwrap();
    assert_eq!(page.items.iter().map(|problem| problem.fingerprint).collect::<Vec<_>>(), [other]);
    assert!(recorder.verify(None).unwrap().is_intact());
    tamper(folder.path(), "UPDATE problems SET status = 'resolved'");
    assert_eq!(recorder.verify(None).unwrap().first().unwrap().kind, FaultKind::Derived);
}

#[test]
fn fr_4_an_instance_is_under_the_chain() {
    let folder = folder();
    let recorder = open(folder.path());
    write_notes(&recorder, 2);
    seen(&recorder, "one");
    tamper(folder.path(), "UPDATE diagnostics SET body = replace(body, '\"one\"', '\"two\"')");
    let report = recorder.verify(None).unwrap();
    let first = report.first().unwrap();
    assert_eq!((first.kind, first.seq), (FaultKind::Diagnostic, Some(3)));
    tamper(folder.path(), "DELETE FROM diagnostics");
    assert_eq!(recorder.verify(None).unwrap().first().unwrap().seq, Some(3));
}

#[test]
fn diag_4_a_link_claims_no_more_than_it_has() {
    let folder = folder();
    let recorder = open(folder.path());
    let known = note("known");
    recorder.record(vec![known.clone().into()]).unwrap();
    let ghost = EventId::new(Uuid::now_v7());
    let job = JobId::new(Uuid::now_v7());
    let cases = [
        (LinkConfidence::Direct, vec![], false),
        (LinkConfidence::Direct, vec![ghost], false),
        (LinkConfidence::Direct, vec![known.event_id], true),
        (LinkConfidence::Inferred, vec![], false),
        (LinkConfidence::Inferred, vec![known.event_id], true),
        (LinkConfidence::Inferred, vec![known.event_id, ghost], false),
        (LinkConfidence::Ambiguous, vec![known.event_id], false),
        (LinkConfidence::Ambiguous, vec![known.event_id, ghost], true),
        (LinkConfidence::Unlinked, vec![], true),
    ];
    for (link, events, accepted) in cases {
        let mut diagnostic = diagnostic("link");
        diagnostic.link_confidence = link;
        diagnostic.evidence_refs.fr_event_ids.clone_from(&events);
        if link == LinkConfidence::Direct {
            // Its own event carries this job; that must not count as the job's existence.
            diagnostic.job_id = Some(job);
        }
        let result = recorder.record(vec![Record::Diagnostic(Box::new(diagnostic), context())]);
        assert_eq!(result.is_ok(), accepted, "{link:?} {events:?}");
        assert!(accepted || result.unwrap_err().code == Code::InvalidEvent);
    }
}

fn sidecar(bytes: &[u8]) -> Sidecar {
    Sidecar {
        schema_version: "sc-1.0".to_owned(),
        artifact: ArtifactHandle {
            sha256: Digest::of(bytes),
            media_type: media_type::TEXT.to_owned(),
            size_bytes: bytes.len() as u64,
            role: "evidence".to_owned(),
        },
        stored_at: second(START),
        provenance: None,
        truncated: false,
        original_bytes: bytes.len() as u64,
        annotations: std::collections::BTreeMap::new(),
    }
}

#[test]
fn art_1_bytes_are_stored_whole_and_read_back_verified() {
    let folder = folder();
    let recorder = open(folder.path());
    let store = recorder.artifacts();
    let sidecar = sidecar(b"bytes");
    let handle = &sidecar.artifact;
    assert_eq!(store.check(handle), ArtifactState::Missing);
    assert_eq!(store.read(&handle.sha256).unwrap_err().code, Code::StoreMissing);
    assert_eq!(store.put(b"other", &sidecar).unwrap_err().code, Code::StoreCorrupt);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| store.put(b"bytes", &sidecar).unwrap());
        }
    });
    assert_eq!(store.check(handle), ArtifactState::Intact);
    assert_eq!(store.sidecars(&handle.sha256).unwrap(), std::slice::from_ref(&sidecar));
    assert_eq!(store.list().unwrap(), [handle.sha256]);
    let wrong = ArtifactHandle { media_type: "image/png".to_owned(), ..handle.clone() };
    assert_eq!(store.check(&wrong), ArtifactState::Corrupt);
    let name = handle.sha256.to_string();
    let path = folder.path().join("artifacts").join(&name[..2]).join(&name[2..]);
    std::fs::write(path, b"bytez").unwrap();
    assert_eq!(store.check(handle), ArtifactState::Corrupt);
    assert_eq!(store.read(&handle.sha256).unwrap_err().code, Code::StoreCorrupt);
}

#[test]
fn fr_7_retention_is_visible_and_never_breaks_the_chain_or_a_head() {
    let folder = folder();
    let recorder = open(folder.path());
    let store = recorder.artifacts();
    let gone = sidecar(b"gone");
    store.put(b"gone", &gone).unwrap();
    write_notes(&recorder, 10);
    let fingerprint = seen(&recorder, "old");
    let head = recorder.export_head(&person()).unwrap();
    let late = second(START) + SignedDuration::from_hours(24 * 29);
    assert_eq!(recorder.purge(late, None, &person()).unwrap().event_id, None);
    let late = second(START) + SignedDuration::from_hours(24 * 40);
    let retention = recorder.purge(late, None, &person()).unwrap();
    assert_eq!(retention.events_purged, 12);
    assert_eq!(retention.artifacts_purged, [gone.artifact.sha256]);
    assert_eq!(store.check(&gone.artifact), ArtifactState::Missing);
    assert!(matches!(recorder.absence(&gone.artifact.sha256).unwrap(), Absence::Purged { .. }));
    assert_eq!(recorder.absence(&Digest::of(b"never")).unwrap(), Absence::Unknown);
    let problem = recorder.problem(&fingerprint).unwrap();
    assert_eq!((problem.count, problem.purged), (1, 1));
    let report = recorder.verify(Some(&head)).unwrap();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!((report.purged, report.last_seq), (12, 13));
    write_notes(&recorder, 3);
    drop(recorder);
    let recorder = open(folder.path());
    tamper(folder.path(), "UPDATE tombstones SET body_sha256 = zeroblob(32) WHERE seq = 4");
    assert!(!recorder.verify(Some(&head)).unwrap().is_intact());
}

#[test]
fn fr_7_what_is_open_or_live_is_never_purged() {
    let folder = folder();
    let recorder = open(folder.path());
    write_notes(&recorder, 4);
    begin_all(&recorder, recorder.session_id()).unwrap();
    write_notes(&recorder, 4);
    let late = second(START) + SignedDuration::from_hours(24 * 400);
    assert_eq!(recorder.purge(late, None, &person()).unwrap().purged_through_seq, 4);
    assert!(recorder.verify(None).unwrap().is_intact());
    let person = "tester".parse().unwrap();
    assert!(recorder.set_retention_days(0, "no", &person).is_err());
    recorder.set_retention_days(7, "less", &person).unwrap();
    assert_eq!(recorder.retention_days().unwrap(), 7);
}

#[test]
fn cap_5_consents_live_until_revoked_or_expired_and_not_before_they_begin() {
    let folder = folder();
    let recorder = open(folder.path());
    let consent_id = ConsentId::new(Uuid::now_v7());
    let granted = context().event(
        EventId::new(Uuid::now_v7()),
        second(START),
        EventBody::Consent(ConsentEvent::Granted {
            consent_id,
            capability_id: "net.http".to_owned(),
            profile_id: None,
            expires_at: second(START + 100),
            reason: "a test".to_owned(),
        }),
    );
    recorder.record(vec![granted.into()]).unwrap();
    let live = |at: i64| recorder.live_consents(second(at)).unwrap().len();
    assert_eq!([live(START - 1), live(START), live(START + 99), live(START + 100)], [0, 1, 1, 0]);
    let revoked = context().event(
        EventId::new(Uuid::now_v7()),
        second(START),
        EventBody::Consent(ConsentEvent::Revoked { consent_id, reason: "done".to_owned() }),
    );
    recorder.record(vec![revoked.into()]).unwrap();
    assert_eq!(live(START), 0);
}

#[test]
fn an_id_is_found_by_its_start_and_an_ambiguous_one_lists_its_candidates() {
    let folder = folder();
    let recorder = open(folder.path());
    let (run, ..) = begin_all(&recorder, recorder.session_id()).unwrap();
    let text = run.to_string();
    assert_eq!(recorder.resolve(IdKind::Scan, &text[..30]).unwrap(), text);
    let other = begin_all(&recorder, recorder.session_id()).unwrap().0.to_string();
    let error = recorder.resolve(IdKind::Scan, &text[..4]).unwrap_err();
    assert_eq!(error.code(), Code::AmbiguousId);
    assert!(error.to_string().contains(&text) && error.to_string().contains(&other));
    for bad in ["", "%", "zz", "' OR 1=1"] {
        assert_eq!(recorder.resolve(IdKind::Scan, bad).unwrap_err().code(), Code::NotFound);
    }
}

#[test]
fn p12_a_full_disk_is_an_error_and_leaves_a_chain_that_verifies() {
    let mut tried = 0;
    for pages in 30..60 {
        let folder = folder();
        let Ok(recorder) =
            FlightRecorder::open_limited(folder.path(), Ticking::at(START), Some(pages))
        else {
            continue;
        };
        tried += 1;
        let mut acknowledged = 0;
        let fault = (0..2_000).find_map(|n| {
            let text = "x".repeat(512);
            match recorder.record(vec![note(&format!("{n} {text}")).into(), note("second").into()])
            {
                Ok(()) => {
                    acknowledged += 2;
                    None
                }
                Err(fault) => Some(fault),
            }
        });
        assert_eq!(fault.unwrap().code, Code::RecorderDb, "{pages} pages");
        drop(recorder);
        let recorder = open(folder.path());
        assert_eq!(recorder.last_seq().unwrap(), acknowledged);
        assert!(recorder.verify(None).unwrap().is_intact());
        write_notes(&recorder, 1);
    }
    assert!(tried >= 20, "only {tried} databases could be opened");
}

#[test]
fn p15_a_foreign_damaged_newer_or_decorated_database_is_refused_unchanged() {
    type Harm = fn(&Path);
    let cases: [(&str, Harm, Code); 6] = [
        (
            "text",
            |at| {
                std::fs::write(
                    at.join(DATABASE),
                    "not a database, but long enough to be one\n".repeat(100),
                )
                .unwrap()
            },
            Code::DataCorrupt,
        ),
        ("a newer one", |at| raw(at, "PRAGMA user_version = 99").unwrap(), Code::DataFuture),
        ("a view", |at| raw(at, "CREATE VIEW v AS SELECT 1").unwrap(), Code::DataCorrupt),
        (
            "a trigger",
            |at| {
                raw(at, "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM settings; END")
                    .unwrap()
            },
            Code::DataCorrupt,
        ),
        (
            "a missing trigger",
            |at| raw(at, "DROP TRIGGER events_never_change").unwrap(),
            Code::DataCorrupt,
        ),
        (
            "another product's",
            |at| raw(at, "PRAGMA application_id = 7").unwrap(),
            Code::DataCorrupt,
        ),
    ];
    for (name, harm, code) in cases {
        let folder = folder();
        let recorder = open(folder.path());
        write_notes(&recorder, 3);
        drop(recorder);
        harm(folder.path());
        let before = std::fs::read(folder.path().join(DATABASE)).unwrap();
        let error = FlightRecorder::open(folder.path(), Ticking::at(START)).unwrap_err();
        assert_eq!(error.code(), code, "{name}: {error}");
        assert_eq!(std::fs::read(folder.path().join(DATABASE)).unwrap(), before, "{name}");
    }
}

#[test]
fn p15_another_products_half_written_database_is_refused_and_its_journal_left() {
    let folder = folder();
    half_written(folder.path());
    let files = [DATABASE.to_owned(), format!("{DATABASE}-journal")];
    let read = || files.each_ref().map(|file| std::fs::read(folder.path().join(file)).unwrap());
    let before = read();
    let error = FlightRecorder::open(folder.path(), Ticking::at(START)).unwrap_err();
    assert_eq!(error.code(), Code::DataCorrupt, "{error}");
    assert!(error.to_string().contains("another product"), "{error}");
    assert_eq!(read(), before);
    // To prove that there was something to undo: whoever opens it for writing changes it.
    raw(folder.path(), "SELECT count(*) FROM theirs").unwrap();
    assert!(!folder.path().join(&files[1]).exists());
}

#[test]
fn a_data_folder_that_is_a_file_is_refused() {
    let folder = folder();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = FlightRecorder::open(&file, Ticking::at(START)).unwrap_err();
    assert_eq!(error.code(), Code::DataDir, "{error}");
}

#[test]
fn many_threads_and_two_recorders_on_one_folder_make_one_chain() {
    let folder = folder();
    let recorders = [Arc::new(open(folder.path())), Arc::new(open(folder.path()))];
    std::thread::scope(|scope| {
        for n in 0..8usize {
            let recorder = recorders[n % 2].clone();
            scope.spawn(move || (0..25).for_each(|_| write_notes(&recorder, 2)));
        }
    });
    let report = recorders[0].verify(None).unwrap();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!(report.last_seq, 400);
}

/// The child of the next test: writes until it is killed, saying what was acknowledged.
#[test]
fn child_that_writes_until_killed() {
    let Some(folder) = std::env::var_os("MEX_RECORDER_CHILD") else { return };
    let recorder = open(Path::new(&folder));
    begin_all(&recorder, recorder.session_id()).unwrap();
    loop {
        let event = note("from the child");
        let id = event.event_id;
        recorder.record(vec![event.into(), note("its pair").into()]).unwrap();
        println!("ACK {id}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "only another process can be killed with -9")]
fn p7_acknowledged_events_survive_kill_9_and_what_ran_is_closed() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let runs = if std::env::var_os("MEX_LONG_TESTS").is_some() { 1_000 } else { 40 };
    let folder = folder();
    let mut acknowledged = Vec::new();
    for run in 0..runs {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["promises::child_that_writes_until_killed", "--exact", "--nocapture"])
            .env("MEX_RECORDER_CHILD", folder.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains("ACK ") && output.read_line(&mut said).unwrap() > 0 {}
        std::thread::sleep(std::time::Duration::from_micros((run * 3_701) % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        output.read_to_string(&mut said).unwrap();
        let whole = said.lines().filter(|line| line.len() == 40);
        acknowledged
            .extend(whole.filter_map(|line| line.strip_prefix("ACK ")?.parse::<EventId>().ok()));
    }
    let recorder = open(folder.path());
    assert!(!acknowledged.is_empty());
    for id in &acknowledged {
        recorder.event(*id).unwrap();
    }
    let report = recorder.verify(None).unwrap();
    assert!(report.is_intact(), "{report:?}");
    for job in recorder.jobs(None, 0).unwrap().items {
        assert_eq!(job.state, JobState::Interrupted);
    }
    assert!(recorder.scans(None, 0).unwrap().items.len() > 1);
}
