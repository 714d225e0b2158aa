//! The sweep at start: closes, as interrupted, what a process that died left open (contract section 15).
//! Never touches what belongs to a living process.

use std::path::Path;
use std::sync::Arc;

use mex_runtime::event::{Event, EventBody, EventContext, SystemEvent};
use mex_runtime::id::{ActorId, EventId, JobId, OpId, RunId};
use mex_runtime::operation::Actor;
use mex_runtime::port::Clock;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use crate::append::{self, Prepared};
use crate::error::{ChangeError, QueryError, db_fault};
use crate::session::{self, Census};
use crate::writer::Desk;

/// What a sweep closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// Attempts closed as interrupted.
    pub operations: Vec<OpId>,
    /// Jobs closed as interrupted.
    pub jobs: Vec<JobId>,
    /// Scans closed as interrupted.
    pub scans: Vec<RunId>,
}

impl Swept {
    /// Whether there was nothing to close.
    pub const fn is_empty(&self) -> bool {
        self.operations.is_empty() && self.jobs.is_empty() && self.scans.is_empty()
    }
}

/// Closes everything that no living session owns, in one transaction.
pub(crate) fn sweep(
    desk: &mut Desk,
    sessions: &Path,
    clock: &Arc<dyn Clock>,
    actor: &ActorId,
) -> Result<Swept, ChangeError> {
    let folder_fault = |error: std::io::Error| ChangeError::Fault(db_fault(&error));
    let open = desk.seat()?.run(async |connection| {
        sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT 1 FROM open_entries)")
            .fetch_one(connection)
            .await
    })?;
    // Taken before the transaction: who begins later is not in it, and has nothing open in our view.
    let census = session::census(sessions).map_err(folder_fault)?;
    let swept = if open {
        desk.transaction(async |connection, tail| {
            // Again inside: a session that began and opened something meanwhile is living.
            let fresh = session::census(sessions).map_err(folder_fault)?;
            let (swept, rows) = close(connection, &[&census, &fresh], clock, actor).await?;
            let rows: Vec<&Prepared> = rows.iter().collect();
            append::append(connection, tail, &rows).await?;
            Ok::<_, ChangeError>(swept)
        })?
    } else {
        Swept::default()
    };
    census.dead.into_iter().for_each(session::Dead::bury);
    Ok(swept)
}

async fn close(
    connection: &mut SqliteConnection,
    censuses: &[&Census],
    clock: &Arc<dyn Clock>,
    actor: &ActorId,
) -> Result<(Swept, Vec<Prepared>), ChangeError> {
    let held: Vec<String> = censuses[0].dead.iter().filter_map(session::Dead::id).collect();
    let living = |id: &String| {
        !held.contains(id) && censuses.iter().any(|census| census.living.contains(id))
    };
    // Attempts before their jobs, jobs before their scans.
    let rows = sqlx::query(
        "SELECT o.what, o.id, o.session_id, e.body FROM open_entries o LEFT JOIN events e ON e.seq = o.seq \
         ORDER BY CASE o.what WHEN 'operation' THEN 0 WHEN 'job' THEN 1 ELSE 2 END, o.seq",
    )
    .fetch_all(connection)
    .await?;
    let mut swept = Swept::default();
    let mut closing = Vec::new();
    for row in rows {
        let (what, id, session_id): (String, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if living(&session_id) {
            continue;
        }
        let damaged = |why: String| {
            ChangeError::Query(QueryError::Damaged { what: "an open entry", seq: 0, why })
        };
        let begun: Option<String> = row.try_get(3)?;
        let begun = begun.ok_or_else(|| damaged(format!("the {what} {id} has no first event")))?;
        let begun = Event::from_json(&begun).map_err(|error| damaged(error.to_string()))?;
        let context = EventContext {
            actor: Actor::System,
            actor_id: actor.clone(),
            job_id: begun.job_id,
            workflow_run_id: begun.workflow_run_id,
            wsid: begun.wsids.first().cloned(),
        };
        let bad = |error: mex_runtime::id::BadId| damaged(error.to_string());
        let system = match what.as_str() {
            "operation" => {
                let op_id: OpId = id.parse().map_err(bad)?;
                swept.operations.push(op_id);
                SystemEvent::OperationInterrupted { op_id, session_id }
            }
            "job" => {
                swept.jobs.push(id.parse().map_err(bad)?);
                SystemEvent::JobInterrupted { session_id }
            }
            _ => {
                swept.scans.push(id.parse().map_err(bad)?);
                let reason = format!("session {session_id} ended before the scan did");
                SystemEvent::ScanInterrupted { reason }
            }
        };
        let event =
            context.event(EventId::new(clock.uuid()), clock.now(), EventBody::System(system));
        closing.push(Prepared::event(&event)?);
    }
    Ok((swept, closing))
}
