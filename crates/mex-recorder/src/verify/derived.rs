//! What is derived from events is derived again and compared: diagnostics, open entries, settings;
//! Problems are [`super::problems`]'. Only reads; where retention took what decided, it says nothing.

use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::diagnostic::Diagnostic;
use mex_runtime::digest::Digest;
use mex_runtime::event::{Event, EventBody, HumanAction};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::problems::{self, Instance, Instances};
use super::walk::Walked;
use super::{ChainFault, FaultKind};
use crate::connection::Seat;
use crate::error::QueryError;
use crate::query::problems::word;
use crate::retention::{RETENTION, RETENTION_DAYS};

/// What people did, as far as retention left it.
#[derive(Default)]
pub(super) struct Actions {
    /// Statuses set, by Problem, the oldest first.
    pub(super) statuses: BTreeMap<String, Vec<Action>>,
    /// The digest of the last retention setting.
    retention: Option<Digest>,
}

/// One status set by a person.
pub(super) struct Action {
    pub(super) seq: u64,
    pub(super) to: &'static str,
    pub(super) reason: String,
    pub(super) reopened: bool,
    pub(super) at: String,
}

pub(super) fn check(seat: &mut Seat, walked: &Walked) -> Vec<ChainFault> {
    let mut faults = Vec::new();
    let result = seat.run(async |connection| {
        let instances = diagnostics(connection, walked, &mut faults).await?;
        let actions = actions(connection).await?;
        problems::check(connection, &instances, &actions, walked.purged, &mut faults).await?;
        settings(connection, walked.purged, actions.retention, &mut faults).await?;
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

pub(super) fn fault(seq: Option<u64>, kind: FaultKind, why: impl Into<String>) -> ChainFault {
    ChainFault { seq, event_id: None, kind, why: why.into() }
}

/// Every instance has its event and every event its instance, with the digest the chain holds.
async fn diagnostics(
    connection: &mut SqliteConnection,
    walked: &Walked,
    faults: &mut Vec<ChainFault>,
) -> Result<BTreeMap<String, Instances>, QueryError> {
    let mut instances: BTreeMap<String, Instances> = BTreeMap::new();
    let mut expected: BTreeSet<u64> = walked.diagnostics.iter().copied().collect();
    let mut after = 0i64;
    let mut wrong = |seq, why: &str| faults.push(fault(Some(seq), FaultKind::Diagnostic, why));
    loop {
        let rows = sqlx::query("SELECT d.seq, CAST(d.body AS BLOB), CAST(d.fingerprint AS BLOB), CAST(e.body AS BLOB) FROM diagnostics d LEFT JOIN events e ON e.seq = d.seq WHERE d.seq > ? AND d.seq <= ? ORDER BY d.seq LIMIT 1000")
            .bind(after)
            .bind(walked.last.seq.cast_signed())
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = rows.last() else { break };
        after = last.try_get(0)?;
        for row in &rows {
            let seq = row.try_get::<i64, _>(0)?.cast_unsigned();
            expected.remove(&seq);
            let body: &[u8] = row.try_get(1)?;
            let fingerprint = String::from_utf8_lossy(row.try_get(2)?);
            let event = row.try_get::<Option<&[u8]>, _>(3)?.map(std::str::from_utf8);
            let known = instances.entry(fingerprint.to_string()).or_default();
            let Some(Ok(Ok(Event {
                body: EventBody::Diagnostic(said),
                timestamp: at,
                workflow_run_id: run_id,
                ..
            }))) = event.map(|event| event.map(Event::from_json))
            else {
                known.add(seq, None);
                wrong(seq, "the instance has no FR-EVT-003");
                continue;
            };
            let instance = serde_json::from_slice::<Diagnostic>(body).ok();
            known.add(seq, instance.map(|diagnostic| Instance { diagnostic, at, run_id }));
            if said.diagnostic_sha256 != Digest::of(body) {
                wrong(seq, "the instance is not the one its event has the digest of");
            } else if said.fingerprint.to_string() != fingerprint {
                wrong(seq, "the instance is filed under another fingerprint than its event says");
            }
        }
    }
    for seq in expected {
        wrong(seq, "the event's diagnostic instance was removed");
    }
    Ok(instances)
}

async fn actions(connection: &mut SqliteConnection) -> Result<Actions, QueryError> {
    let mut actions = Actions::default();
    let rows = sqlx::query(
        "SELECT seq, body FROM event_rows WHERE lifecycle = 'human_action' ORDER BY seq",
    )
    .fetch_all(connection)
    .await?;
    for row in &rows {
        // What is no event is named by the walk.
        let event = row.try_get::<&str, _>(1).map(Event::from_json);
        let Ok(Ok(Event { body: EventBody::HumanAction(action), timestamp, .. })) = event else {
            continue;
        };
        let (seq, at) = (row.try_get::<i64, _>(0)?.cast_unsigned(), timestamp.to_string());
        match action {
            HumanAction::ProblemStatus { fingerprint, to, reason, .. } => {
                let reopened = false;
                let action = Action { seq, to: word(to), reason, reopened, at };
                actions.statuses.entry(fingerprint.to_string()).or_default().push(action);
            }
            HumanAction::ProblemStatusUndone { fingerprint, to, reason, reopened, .. } => {
                let action = Action { seq, to: word(to), reason, reopened, at };
                actions.statuses.entry(fingerprint.to_string()).or_default().push(action);
            }
            HumanAction::DocumentApproved { document, sha256, .. } if document == RETENTION => {
                actions.retention = Some(sha256);
            }
            // Nothing is derived from them: a scan reads the event itself.
            HumanAction::DocumentApproved { .. }
            | HumanAction::AllowlistChanged { .. }
            | HumanAction::AllowlistRefused { .. }
            | HumanAction::ReportImported { .. }
            | HumanAction::ReportRefused { .. }
            | HumanAction::RegistryDrafted { .. }
            | HumanAction::RegistryValidated { .. }
            | HumanAction::RegistryDiffed { .. }
            | HumanAction::RegistryRefused { .. } => {}
        }
    }
    Ok(actions)
}

/// The one setting is what a person last set it to; where retention took that event, it cannot be told.
async fn settings(
    connection: &mut SqliteConnection,
    purged: u64,
    set: Option<Digest>,
    faults: &mut Vec<ChainFault>,
) -> Result<(), QueryError> {
    let rows = sqlx::query("SELECT key, value FROM settings").fetch_all(connection).await?;
    let mut wrong = |why| faults.push(fault(None, FaultKind::Derived, why));
    let mut days: Option<String> = None;
    for row in &rows {
        match row.try_get(0)? {
            RETENTION_DAYS => days = Some(row.try_get(1)?),
            _ => wrong("a setting is there that no event set"),
        }
    }
    match (set, days) {
        (Some(set), Some(days)) if set == Digest::of(days.as_bytes()) => {}
        (Some(_), Some(_)) => wrong("the retention days are not what a person last set"),
        (Some(_), None) => wrong("the retention days a person set were removed"),
        (None, Some(_)) if purged == 0 => wrong("the retention days were set by no event"),
        (None, _) => {}
    }
    Ok(())
}

/// What is open is exactly what has begun and not ended, under the session that began it.
async fn open_entries(
    connection: &mut SqliteConnection,
    purged: u64,
    faults: &mut Vec<ChainFault>,
) -> Result<(), QueryError> {
    let mut open: BTreeMap<(String, String), (u64, Option<String>)> = BTreeMap::new();
    let rows = sqlx::query(
        "SELECT seq, lifecycle, CASE WHEN lifecycle LIKE 'operation%' THEN op_id \
             WHEN lifecycle LIKE 'job%' THEN job_id ELSE run_id END, \
             CASE WHEN lifecycle LIKE '%begun' THEN body ->> '$.payload.session_id' END \
         FROM event_rows WHERE lifecycle IN ('operation_begun', 'operation_ended', 'operation_interrupted', \
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
            open.insert(key, (seq, row.try_get(3)?));
        } else {
            open.remove(&key);
        }
    }
    let rows = sqlx::query("SELECT what, id, seq, session_id FROM open_entries")
        .fetch_all(connection)
        .await?;
    for row in &rows {
        let key: (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let seq = row.try_get::<i64, _>(2)?.cast_unsigned();
        let listed = (seq, Some(row.try_get(3)?));
        match open.remove(&key) {
            Some(begun) if begun == listed => {}
            Some(begun) if begun.0 == seq => {
                let why = format!("the {} {} is listed under another session", key.0, key.1);
                faults.push(fault(Some(seq), FaultKind::Derived, why));
            }
            _ if seq > purged => {
                let why = format!("the {} {} is listed as open and is not", key.0, key.1);
                faults.push(fault(Some(seq), FaultKind::Derived, why));
            }
            _ => {}
        }
    }
    for ((what, id), (seq, _)) in open {
        let why = format!("the {what} {id} is open and is not listed as open");
        faults.push(fault(Some(seq), FaultKind::Derived, why));
    }
    Ok(())
}
