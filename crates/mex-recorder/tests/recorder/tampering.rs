//! Promise P8: whatever is changed in the database file is found, and the first bad event named. Bits
//! are flipped in the file itself; rows are deleted, swapped, copied, inserted and rewritten at random,
//! and judged by a walk over the rows that is written here a second time.

use std::collections::BTreeSet;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use mex_recorder::{DATABASE, FaultKind, FlightRecorder, Head, verify_folder};
use mex_runtime::diagnostic::ProblemStatus;
use mex_runtime::port::Recorder as _;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::kit::{
    Row, START, begin_all, blobs, open, raw, replace_rows, rows, seen, tamper, write_notes,
};

fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    std::fs::copy(from.join(DATABASE), to.path().join(DATABASE)).unwrap();
    to
}

/// A recorder with everything that is under the chain: events, instances, tombstones.
fn full_recorder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let recorder = open(folder.path());
    write_notes(&recorder, 3);
    let later = Timestamp::from_second(START).unwrap() + SignedDuration::from_hours(24 * 40);
    let person = "tester".parse().unwrap();
    assert_eq!(recorder.purge(later, None, &person).unwrap().events_purged, 3);
    seen(&recorder, "one");
    begin_all(&recorder, recorder.session_id()).unwrap();
    seen(&recorder, "two");
    write_notes(&recorder, 2);
    drop(recorder);
    // Moves every row to one place: a page split leaves stale copies that mean nothing.
    raw(folder.path(), "VACUUM").unwrap();
    folder
}

/// A stretch of the file that is under the chain, and the event to be named when a bit of it changes.
struct Region {
    what: &'static str,
    from: usize,
    length: usize,
    first_bad: u64,
}

fn regions(folder: &Path) -> Vec<Region> {
    let file = std::fs::read(folder.join(DATABASE)).unwrap();
    let find = |what: &'static str, bytes: &[u8], first_bad: u64| {
        let at: Vec<usize> = (0..=file.len() - bytes.len())
            .filter(|at| file[*at] == bytes[0] && file[*at..].starts_with(bytes))
            .collect();
        assert_eq!(at.len(), 1, "{what} of {first_bad} stands {} times in the file", at.len());
        Region { what, from: at[0], length: bytes.len(), first_bad }
    };
    let mut found = Vec::new();
    // A record holds its columns one after the other; `seq` is its key and computed columns are not stored.
    for row in rows(folder) {
        let cell = [row.body.as_bytes(), &row.prev_hash, &row.hash].concat();
        found.push(find("an event", &cell, row.seq));
    }
    for (seq, cell) in
        blobs(folder, "SELECT seq, CAST(body || fingerprint AS BLOB) FROM diagnostics")
    {
        found.push(find("an instance", &cell, seq));
    }
    // Which of the tombstones it was is gone with the bodies; the end of what was purged is named.
    let buried = blobs(folder, "SELECT seq, body_sha256 FROM tombstones");
    let last = buried.iter().map(|(seq, _)| *seq).max().unwrap();
    found.extend(buried.iter().map(|(_, digest)| find("a tombstone", digest, last)));
    found
}

#[test]
fn p8_every_flipped_bit_of_what_is_chained_is_found_and_the_event_named() {
    let whole = full_recorder();
    assert!(verify_folder(whole.path(), None).unwrap().is_intact());
    let regions = regions(whole.path());
    assert_eq!(regions.iter().filter(|region| region.what == "a tombstone").count(), 3);
    let mut bits: Vec<(&Region, usize)> = Vec::new();
    for region in &regions {
        bits.extend((0..region.length * 8).map(|bit| (region, bit)));
    }
    // All of them takes minutes; otherwise every bit of one row's hashes and of the tombstones, and of
    // the rest an even spread.
    let step = if std::env::var_os("MEX_LONG_TESTS").is_some() { 1 } else { 41 };
    let event = regions.iter().rposition(|region| region.what == "an event").unwrap();
    let chosen: Vec<(&Region, usize)> = bits
        .iter()
        .enumerate()
        .filter(|(at, (region, bit))| {
            let hashes = std::ptr::eq(*region, &regions[event]) && region.length * 8 - bit <= 512;
            at % step == 0 || hashes || region.what == "a tombstone"
        })
        .map(|(_, bit)| *bit)
        .collect();
    assert!(chosen.len() > 2_000, "only {} bits are tried", chosen.len());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let folder = copy(whole.path());
                let file = folder.path().join(DATABASE);
                let file = std::fs::File::options().read(true).write(true).open(file).unwrap();
                while let Some((region, bit)) = chosen.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let at = (region.from + bit / 8) as u64;
                    let mut byte = [0];
                    file.read_exact_at(&mut byte, at).unwrap();
                    file.write_all_at(&[byte[0] ^ 1 << (bit % 8)], at).unwrap();
                    let report = verify_folder(folder.path(), None).unwrap();
                    file.write_all_at(&byte, at).unwrap();
                    let named = report.first().and_then(|fault| fault.seq);
                    let what = format!("bit {bit} of {} at {}", region.what, region.first_bad);
                    assert_eq!(named, Some(region.first_bad), "{what}: {report:?}");
                }
                assert!(verify_folder(folder.path(), None).unwrap().is_intact());
            });
        }
    });
}

/// How rows are spoiled; places count from 0.
#[derive(Debug, Clone)]
enum Harm {
    Delete(BTreeSet<usize>),
    SwapBodies(usize, usize),
    SwapRows(usize, usize),
    Copy {
        from: usize,
        to: usize,
    },
    /// A foreign event with a link that holds, what follows moved up.
    Insert {
        at: usize,
    },
    Truncate {
        keep: usize,
    },
    Replace {
        at: usize,
    },
    /// Another body, and every hash from there on computed again.
    Rewrite {
        from: usize,
    },
}

/// Rows before the head is exported, in all.
const BEFORE: usize = 8;
const ALL: usize = 12;

fn harm() -> impl Strategy<Value = Harm> {
    let row = 0..ALL;
    prop_oneof![
        proptest::collection::btree_set(row.clone(), 0..5).prop_map(Harm::Delete),
        (row.clone(), row.clone()).prop_map(|(one, other)| Harm::SwapBodies(one, other)),
        (row.clone(), row.clone()).prop_map(|(one, other)| Harm::SwapRows(one, other)),
        (row.clone(), 0..=ALL).prop_map(|(from, to)| Harm::Copy { from, to }),
        (0..=ALL).prop_map(|at| Harm::Insert { at }),
        (0..=ALL).prop_map(|keep| Harm::Truncate { keep }),
        row.clone().prop_map(|at| Harm::Replace { at }),
        row.prop_map(|from| Harm::Rewrite { from }),
    ]
}

/// The documented formula of the chain, once more.
fn link(seq: u64, prev: &[u8], body: &str) -> Vec<u8> {
    let mut text = b"mex-fr-1".to_vec();
    text.extend(seq.to_be_bytes());
    text.extend(prev);
    text.extend(Sha256::digest(body));
    Sha256::digest(text).to_vec()
}

fn spoil(rows: &[Row], harm: &Harm, foreign: &str) -> Vec<Row> {
    let mut rows = rows.to_vec();
    let hash_before =
        |rows: &[Row], at: usize| at.checked_sub(1).map_or(vec![0; 32], |at| rows[at].hash.clone());
    match harm {
        Harm::Delete(which) => {
            let mut at = 0;
            rows.retain(|_| {
                at += 1;
                !which.contains(&(at - 1))
            });
            return rows;
        }
        Harm::SwapBodies(one, other) => {
            let body = rows[*one].body.clone();
            rows[*one].body = std::mem::replace(&mut rows[*other].body, body);
        }
        Harm::SwapRows(one, other) => rows.swap(*one, *other),
        Harm::Copy { from, to } => rows.insert(*to, rows[*from].clone()),
        Harm::Insert { at } => {
            let prev_hash = hash_before(&rows, *at);
            let hash = link(*at as u64 + 1, &prev_hash, foreign);
            rows.insert(*at, Row { seq: 0, body: foreign.to_owned(), prev_hash, hash });
        }
        Harm::Truncate { keep } => rows.truncate(*keep),
        Harm::Replace { at } => rows[*at].body = foreign.to_owned(),
        Harm::Rewrite { from } => {
            rows[*from].body = foreign.to_owned();
            for at in *from..rows.len() {
                rows[at].prev_hash = hash_before(&rows, at);
                rows[at].hash = link(at as u64 + 1, &rows[at].prev_hash, &rows[at].body);
            }
        }
    }
    for (row, seq) in rows.iter_mut().zip(1..) {
        row.seq = seq;
    }
    rows
}

/// The first event that is wrong, by a walk from the beginning and a look at the head.
fn first_bad(rows: &[Row], head: &Head) -> Option<u64> {
    let mut prev = vec![0; 32];
    let walked = (1..).zip(rows).find_map(|(expected, row)| {
        let follows = row.seq == expected && row.prev_hash == prev;
        let holds = follows && row.hash == link(expected, &prev, &row.body);
        prev.clone_from(&row.hash);
        (!holds).then_some(expected)
    });
    let last = rows.last().map_or(0, |row| row.seq);
    let at_head = rows.iter().find(|row| row.seq == head.seq).map(|row| row.hash.as_slice());
    let looked = if last < head.seq {
        Some(last + 1)
    } else {
        (at_head != Some(head.hash.as_bytes().as_slice())).then_some(head.seq)
    };
    walked.into_iter().chain(looked).min()
}

fn with_head(folder: &Path) -> Head {
    let recorder = open(folder);
    write_notes(&recorder, BEFORE);
    let head = recorder.export_head(&"tester".parse().unwrap()).unwrap();
    write_notes(&recorder, ALL - BEFORE - 1);
    head
}

fn foreign_body() -> String {
    let folder = tempfile::tempdir().unwrap();
    let recorder = open(folder.path());
    write_notes(&recorder, 1);
    drop(recorder);
    rows(folder.path()).remove(0).body
}

#[test]
fn p8_any_deletion_swap_copy_insertion_truncation_or_rewriting_is_found_and_named() {
    let whole = tempfile::tempdir().unwrap();
    let head = with_head(whole.path());
    let original = rows(whole.path());
    assert_eq!(original.len(), ALL);
    assert_eq!(first_bad(&original, &head), None);
    let foreign = foreign_body();
    let cases = if std::env::var_os("MEX_LONG_TESTS").is_some() { 5_000 } else { 300 };
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    proptest!(config, |(harm in harm())| {
        let spoiled = spoil(&original, &harm, &foreign);
        let folder = copy(whole.path());
        replace_rows(folder.path(), &spoiled);
        let report = verify_folder(folder.path(), Some(&head)).unwrap();
        let named = report.first().map(|fault| fault.seq);
        prop_assert_eq!(named, first_bad(&spoiled, &head).map(Some), "{:?}", report);
        // Up to the head nothing at all can differ unseen.
        let same = spoiled.len() >= BEFORE && spoiled[..BEFORE] == original[..BEFORE];
        prop_assert!(same || !report.is_intact());
    });
}

#[test]
fn every_column_of_a_problem_an_open_entry_and_a_setting_follows_from_events() {
    let whole = tempfile::tempdir().unwrap();
    let recorder = open(whole.path());
    let person = "tester".parse().unwrap();
    recorder.set_retention_days(90, "longer", &person).unwrap();
    let came_back = seen(&recorder, "comes back");
    recorder.set_problem_status(&came_back, ProblemStatus::Resolved, "fixed", &person).unwrap();
    seen(&recorder, "comes back");
    let muted = seen(&recorder, "muted");
    recorder.set_problem_status(&muted, ProblemStatus::Muted, "known", &person).unwrap();
    seen(&recorder, "muted");
    seen(&recorder, "untouched");
    begin_all(&recorder, recorder.session_id()).unwrap();
    assert!(recorder.verify(None).unwrap().is_intact());
    let session = recorder.session_id().to_owned();
    // A second session would sweep; this one stays alive, and copies are judged.
    std::mem::forget(recorder);
    raw(whole.path(), "PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert!(verify_folder(copy(whole.path()).path(), None).unwrap().is_intact());
    let columns = [
        "title = 'other'",
        "severity_rank = 0",
        "source = 'lsp'",
        "code = NULL",
        "code = 'OTHER'",
        "wsid = 'demo'",
        "status = CASE status WHEN 'open' THEN 'resolved' ELSE 'open' END",
        "status_reason = 'other'",
        "reopened = 1 - reopened",
        "count = count + 1",
        "count = count + 1, purged = 1",
        "first_seen = '2020-01-01T00:00:00Z'",
        "last_seen = '2020-01-01T00:00:00Z'",
        "updated_at = '2020-01-01T00:00:00Z'",
        "first_seq = first_seq + 1",
        "last_seq = last_seq + 1",
        "last_diagnostic_id = 'other'",
        "fingerprint = 'other'",
    ];
    let mut harms = Vec::new();
    for title in ["comes back", "muted", "untouched"] {
        harms.extend(
            columns.map(|column| format!("UPDATE problems SET {column} WHERE title = '{title}'")),
        );
        harms.push(format!("DELETE FROM problems WHERE title = '{title}'"));
    }
    harms.extend(
        [
            "UPDATE settings SET value = '7'",
            "DELETE FROM settings",
            "INSERT INTO settings (key, value) VALUES ('other', '1')",
            "UPDATE open_entries SET session_id = 'other' WHERE what = 'job'",
            "UPDATE open_entries SET seq = seq + 1 WHERE what = 'scan'",
            "DELETE FROM open_entries WHERE what = 'operation'",
        ]
        .map(str::to_owned),
    );
    harms.push(format!("INSERT INTO open_entries VALUES ('job', 'ghost', '{session}', 1)"));
    for sql in harms {
        let folder = copy(whole.path());
        tamper(folder.path(), &sql);
        let report = verify_folder(folder.path(), None).unwrap();
        let found = report.faults.iter().any(|fault| fault.kind == FaultKind::Derived);
        assert!(found, "{sql}: {report:?}");
    }
}

#[test]
fn what_retention_took_is_neither_missed_nor_held_against_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let recorder: FlightRecorder = open(folder.path());
    let person = "tester".parse().unwrap();
    recorder.set_retention_days(9, "shorter", &person).unwrap();
    let gone = seen(&recorder, "gone");
    let half = seen(&recorder, "half");
    recorder.set_problem_status(&half, ProblemStatus::Acknowledged, "seen", &person).unwrap();
    let later = Timestamp::from_second(START).unwrap() + SignedDuration::from_hours(24 * 40);
    assert!(recorder.purge(later, None, &person).unwrap().events_purged >= 4);
    seen(&recorder, "half");
    let report = recorder.verify(None).unwrap();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!(recorder.problem(&gone).unwrap().purged, 1);
    tamper(folder.path(), "UPDATE problems SET title = 'other' WHERE title = 'half'");
    let report = recorder.verify(None).unwrap();
    assert_eq!(report.first().unwrap().kind, FaultKind::Derived);
}
