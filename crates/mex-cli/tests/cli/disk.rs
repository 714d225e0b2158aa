//! A disk that is full or fails while `mex scan` runs: the built binary with a library of ours between
//! it and libc. Never a pass from a scan whose record could not be written (contract section 15, P12).

use std::process::Command;

use serde_json::Value;

use crate::fault::{Deed, count, inject};
use crate::harness::{Answer, Mex, answer, cargo_lock};

fn project() -> Mex {
    let mex = Mex::ready();
    mex.write("Cargo.lock", cargo_lock(&[]));
    mex
}

fn scan(mex: &Mex) -> Command {
    let project = mex.project();
    mex.command(["scan", project.to_str().unwrap(), "--format", "json", "--quiet"])
}

/// How many changes below the data folder a whole scan makes.
fn changes() -> u32 {
    let mex = project();
    count(scan(&mex), &mex.data(), |mut command| {
        answer(command.spawn().unwrap()).expect(0);
    })
}

fn scan_with(mex: &Mex, deed: Deed, at: u32) -> Answer {
    let mut command = scan(mex);
    inject(&mut command, &mex.data(), deed, at);
    answer(command.spawn().unwrap())
}

/// No verdict at all, but a typed error with a hint.
fn assert_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.code, 4, "{what}: {answer:?}");
    assert!(!answer.stderr.contains("panicked"), "{what}: {answer:?}");
    let error: Value = answer.json();
    let code = error["code"].as_str().unwrap_or_default();
    let known = ["HSK-500-DB", "MEX-DATA-DIR", "MEX-STORE-IO", "MEX-STAGE-IO"];
    assert!(known.contains(&code), "{what}: {error}");
    assert!(!error["hint"].as_str().unwrap_or_default().is_empty(), "{what}: {error}");
}

/// With space again: the record is whole, nothing is left open, and the scan passes.
fn assert_recovers(mex: &Mex, what: &str) {
    let next = mex.scan(&[]);
    assert_eq!(next.code, 0, "{what}: {next:?}");
    let verified = mex.run(["recorder", "verify", "--format", "json"]);
    assert_eq!(verified.code, 0, "{what}: {verified:?}");
    let list = mex.run(["jobs", "list", "--format", "json"]).expect(0).json();
    for entry in list["scans"].as_array().unwrap().iter().chain(list["jobs"].as_array().unwrap()) {
        assert_ne!(entry["state"], "running", "{what}: {entry}");
    }
}

#[test]
fn a_full_disk_ends_a_scan_with_a_typed_error_and_the_next_one_passes() {
    let all = changes();
    assert!(all > 100, "only {all} changes were seen: the library does not stand in between");
    let points = [1, 2, 5, 12, 30, all / 5, all / 3, all / 2, all * 2 / 3, all * 4 / 5];
    for (at, deed) in points.into_iter().zip([Deed::Full, Deed::Torn].into_iter().cycle()) {
        let what = format!("{deed:?} at {at} of {all}");
        let mex = project();
        assert_refused(&scan_with(&mex, deed, at), &what);
        assert_recovers(&mex, &what);
    }
}

#[test]
fn an_io_error_in_a_scan_is_never_a_silent_gap() {
    let all = changes();
    let mut refused = 0;
    for step in 0..12 {
        let at = 1 + all * step / 12;
        let what = format!("an I/O error at {at} of {all}");
        let mex = project();
        let answer = scan_with(&mex, Deed::Error, at);
        // What fails outside the record may be answered by a retry or a gap; inside it, by an error.
        match answer.code {
            0 => {}
            3 => assert_ne!(answer.json()["verdict"]["verdict"], "pass", "{what}"),
            // One artifact could not be stored: the scan ends, and its verdict says which operation failed.
            4 if answer.json()["verdict"]["verdict"] == "incomplete" => {
                let document = answer.json();
                let failed =
                    document["verdict"]["reasons"].as_array().unwrap().iter().find(|reason| {
                        reason["rule"] == "SC-3/failed-operation"
                            && reason["effect"] == "leaves_incomplete"
                    });
                let next = failed.and_then(|reason| reason["next_step"].as_str());
                assert!(next.is_some_and(|next| !next.is_empty()), "{what}: {document}");
            }
            _ => {
                assert_refused(&answer, &what);
                refused += 1;
            }
        }
        assert_recovers(&mex, &what);
    }
    assert!(refused >= 4, "only {refused} of 12 errors stopped the scan");
}

#[test]
fn a_scan_killed_at_a_change_leaves_a_record_that_verifies() {
    let all = changes();
    for step in 0..6 {
        let at = 2 + all * step / 6;
        let deed = if step % 2 == 0 { Deed::Kill } else { Deed::Half };
        let what = format!("{deed:?} at {at} of {all}");
        let mex = project();
        assert_eq!(scan_with(&mex, deed, at).code, -1, "{what}: it lived");
        assert_recovers(&mex, &what);
    }
}
