//! The newest attempt under a reuse key, and that no event that was changed behind the recorder is
//! taken for one (contract SC-12, FR-8).

use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::id::OpId;
use mex_runtime::port::Recorder as _;
use mex_runtime::result::Status;
use sha2::{Digest as _, Sha256};

use crate::kit::{Row, begin_all, event, open, replace_rows, rows, write_notes};

fn ended(op_id: OpId, key: Option<Digest>) -> SystemEvent {
    SystemEvent::OperationEnded {
        op_id,
        engine_id: "engine.supply_chain.vuln".to_owned(),
        operation: "vuln_scan".to_owned(),
        status: Status::Succeeded,
        tools: Vec::new(),
        engine_version: String::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        evidence: Vec::new(),
        errors: Vec::new(),
        result_ref: None,
        reused_from: None,
        reused_result_of: None,
        reuse_key: key,
    }
}

fn found(folder: &std::path::Path, key: &Digest) -> Result<Option<OpId>, String> {
    let stored = open(folder).ended_under(key).map_err(|fault| fault.to_string())?;
    Ok(stored.map(|stored| match stored.event.body {
        EventBody::System(SystemEvent::OperationEnded { op_id, .. }) => op_id,
        other => panic!("{other:?}"),
    }))
}

/// The chain's formula (contract FR-8), written a second time.
fn link(row: &Row) -> Vec<u8> {
    let mut text = b"mex-fr-1".to_vec();
    text.extend(row.seq.to_be_bytes());
    text.extend(&row.prev_hash);
    text.extend(Sha256::digest(row.body.as_bytes()));
    Sha256::digest(text).to_vec()
}

#[test]
fn sc_12_the_newest_attempt_under_a_key_is_found_and_a_forged_event_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (key, other) = (Digest::of(b"key"), Digest::of(b"other"));
    let recorder = open(folder.path());
    let mut attempts = Vec::new();
    for under in [Some(key), Some(other), Some(key), None] {
        let (_, _, op_id) = begin_all(&recorder, recorder.session_id()).unwrap();
        recorder.record(vec![event(ended(op_id, under)).into()]).unwrap();
        attempts.push(op_id);
    }
    write_notes(&recorder, 1);
    drop(recorder);
    assert_eq!(found(folder.path(), &key), Ok(Some(attempts[2])));
    assert_eq!(found(folder.path(), &other), Ok(Some(attempts[1])));
    assert_eq!(found(folder.path(), &Digest::of(b"none")), Ok(None));

    let whole = rows(folder.path());
    let clone = |row: &Row| Row {
        seq: row.seq,
        body: row.body.clone(),
        prev_hash: row.prev_hash.clone(),
        hash: row.hash.clone(),
    };
    // The key of another attempt is written into a later event: its body alone, then with its own
    // hash right, then with the next event's link right as well.
    let forged = Digest::of(b"forged");
    let at = whole.iter().position(|row| row.body.contains(&other.to_string())).unwrap();
    for step in 0..3 {
        let mut changed: Vec<Row> = whole.iter().map(clone).collect();
        changed[at].body = changed[at].body.replace(&other.to_string(), &forged.to_string());
        if step > 0 {
            changed[at].hash = link(&changed[at]);
        }
        if step > 1 {
            // Only who rewrites all that follows gets through: what no exported head names.
            for next in at + 1..changed.len() {
                changed[next].prev_hash = changed[next - 1].hash.clone();
                changed[next].hash = link(&changed[next]);
            }
        }
        replace_rows(folder.path(), &changed);
        let said = found(folder.path(), &forged);
        assert_eq!(said.is_err(), step < 2, "step {step}: {said:?}");
    }
}
