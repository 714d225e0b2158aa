//! What is derived from events is derived again and compared: diagnostics, Problems, open entries.

use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::digest::Digest;
use mex_runtime::event::{Event, EventBody, HumanAction};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::walk::Walked;
use super::{ChainFault, FaultKind};
use crate::connection::Seat;
use crate::error::QueryError;
use crate::query::problems::word;

pub(super) fn check(seat: &mut Seat, walked: &Walked) -> Vec<ChainFault> {
    let mut faults = Vec::new();
    let result = seat.run(async |connection| {
        let instances = diagnostics(connection, walked, &mut faults).await?;
        problems(connection, &instances, &mut faults).await?;
        open_entries(connection, walked.purged, &mut faults).await
    });
    if let Err(error) = result {
        faults.push(fault(
            None,
            FaultKind::Derived,
            format!("what is derived cannot be read: {error}"),
        ));
    }
    faults
}

fn fault(seq: Option<u64>, kind: FaultKind, why: impl Into<String>) -> ChainFault {
    ChainFault { seq, event_id: None, kind, why: why.into() }
}

/// Every instance has its event and every event its instance, with the digest the chain holds.
async fn diagnostics(
    connection: &mut SqliteConnection,
    walked: &Walked,
    faults: &mut Vec<ChainFault>,
) -> Result<BTreeMap<String, Vec<u64>>, QueryError> {
    let mut instances: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut expected: BTreeSet<u64> = walked.diagnostics.iter().copied().collect();
    let mut after = 0i64;
    loop {
        let rows = sqlx::query("SELECT d.seq, d.body, d.fingerprint, e.body FROM diagnostics d LEFT JOIN events e ON e.seq = d.seq WHERE d.seq > ? AND d.seq <= ? ORDER BY d.seq LIMIT 1000")
            .bind(after)
            .bind(walked.last.seq.cast_signed())
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = rows.last() else { break };
        after = last.try_get(0)?;
        for row in &rows {
            let seq = row.try_get::<i64, _>(0)?.cast_unsigned();
            expected.remove(&seq);
            let body: &str = row.try_get(1)?;
            let fingerprint: &str = row.try_get(2)?;
            let event: Option<&str> = row.try_get(3)?;
            instances.entry(fingerprint.to_owned()).or_default().push(seq);
            match event.map(Event::from_json) {
                Some(Ok(Event { body: EventBody::Diagnostic(said), .. })) => {
                    if said.diagnostic_sha256 != Digest::of(body.as_bytes()) {
                        faults.push(fault(
                            Some(seq),
                            FaultKind::Diagnostic,
                            "the instance is not the one its event has the digest of",
                        ));
                    } else if said.fingerprint.to_string() != fingerprint {
                        faults.push(fault(
                            Some(seq),
                            FaultKind::Diagnostic,
                            "the instance is filed under another fingerprint than its event says",
                        ));
                    }
                }
                _ => faults.push(fault(
                    Some(seq),
                    FaultKind::Diagnostic,
                    "the instance has no FR-EVT-003",
                )),
            }
        }
    }
    for seq in expected {
        faults.push(fault(
            Some(seq),
            FaultKind::Diagnostic,
            "the event's diagnostic instance was removed",
        ));
    }
    Ok(instances)
}

/// Counts and statuses follow from instances and human actions, as far as retention left them.
async fn problems(
    connection: &mut SqliteConnection,
    instances: &BTreeMap<String, Vec<u64>>,
    faults: &mut Vec<ChainFault>,
) -> Result<(), QueryError> {
    let mut actions: BTreeMap<String, Vec<(u64, &'static str)>> = BTreeMap::new();
    let rows =
        sqlx::query("SELECT seq, body FROM events WHERE lifecycle = 'human_action' ORDER BY seq")
            .fetch_all(&mut *connection)
            .await?;
    for row in &rows {
        if let Ok(Event {
            body: EventBody::HumanAction(HumanAction::ProblemStatus { fingerprint, to, .. }),
            ..
        }) = Event::from_json(row.try_get(1)?)
        {
            let seq = row.try_get::<i64, _>(0)?.cast_unsigned();
            actions.entry(fingerprint.to_string()).or_default().push((seq, word(to)));
        }
    }
    let rows = sqlx::query("SELECT fingerprint, status, count, purged, last_seq FROM problems")
        .fetch_all(connection)
        .await?;
    let mut known = BTreeSet::new();
    for row in &rows {
        let fingerprint: String = row.try_get(0)?;
        let status: &str = row.try_get(1)?;
        let (count, purged, last_seq): (i64, i64, i64) =
            (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        let seen = instances.get(&fingerprint).map_or(&[][..], Vec::as_slice);
        let acted = actions.get(&fingerprint).map_or(&[][..], Vec::as_slice);
        if count != purged + i64::try_from(seen.len()).unwrap_or(i64::MAX) {
            faults.push(fault(
                None,
                FaultKind::Derived,
                format!(
                    "the problem {fingerprint} counts {count} instances, {} are there",
                    seen.len()
                ),
            ));
        }
        if seen.last().is_some_and(|last| last.cast_signed() != last_seq) {
            faults.push(fault(
                None,
                FaultKind::Derived,
                format!("the problem {fingerprint} does not name its newest instance"),
            ));
        }
        if let Some(expected) = status_after(seen, acted, purged == 0)
            && expected != status
        {
            faults.push(fault(
                None,
                FaultKind::Derived,
                format!("the problem {fingerprint} is `{status}`, its events say `{expected}`"),
            ));
        }
        known.insert(fingerprint);
    }
    for fingerprint in instances.keys().filter(|fingerprint| !known.contains(*fingerprint)) {
        faults.push(fault(
            None,
            FaultKind::Derived,
            format!("the problem {fingerprint} was removed"),
        ));
    }
    Ok(())
}

/// The status that follows; `None` where what decided it was purged.
fn status_after(seen: &[u64], acted: &[(u64, &'static str)], whole: bool) -> Option<&'static str> {
    let (from, start) = match acted.last() {
        Some((seq, to)) => (*seq, *to),
        None if whole => (0, "open"),
        None => return None,
    };
    let came_back = start == "resolved" && seen.iter().any(|seq| *seq > from);
    Some(if came_back { "open" } else { start })
}

/// What is open is exactly what has begun and not ended.
async fn open_entries(
    connection: &mut SqliteConnection,
    purged: u64,
    faults: &mut Vec<ChainFault>,
) -> Result<(), QueryError> {
    let mut open: BTreeMap<(String, String), u64> = BTreeMap::new();
    let rows = sqlx::query(
        "SELECT seq, lifecycle, CASE WHEN lifecycle LIKE 'operation%' THEN op_id \
             WHEN lifecycle LIKE 'job%' THEN job_id ELSE run_id END \
         FROM events WHERE lifecycle IN ('operation_begun', 'operation_ended', 'operation_interrupted', \
             'job_begun', 'job_ended', 'job_interrupted', 'scan_begun', 'scan_ended', 'scan_interrupted') \
         ORDER BY seq",
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in &rows {
        let seq = row.try_get::<i64, _>(0)?.cast_unsigned();
        let (lifecycle, id): (&str, Option<String>) = (row.try_get(1)?, row.try_get(2)?);
        let Some((what, step)) = lifecycle.split_once('_') else { continue };
        let key = (what.to_owned(), id.unwrap_or_default());
        if step == "begun" {
            open.insert(key, seq);
        } else {
            open.remove(&key);
        }
    }
    let rows = sqlx::query("SELECT what, id, seq FROM open_entries").fetch_all(connection).await?;
    for row in &rows {
        let key: (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let seq = row.try_get::<i64, _>(2)?.cast_unsigned();
        if open.remove(&key) != Some(seq) && seq > purged {
            let why = format!("the {} {} is listed as open and is not", key.0, key.1);
            faults.push(fault(Some(seq), FaultKind::Derived, why));
        }
    }
    for ((what, id), seq) in open {
        let why = format!("the {what} {id} is open and is not listed as open");
        faults.push(fault(Some(seq), FaultKind::Derived, why));
    }
    Ok(())
}
