//! How records become rows: shape checked and hashed by the caller, chained inside the transaction.
//! The only writer of `events` and `diagnostics`. Never updates or deletes one.

use mex_runtime::diagnostic::{Diagnostic, LinkConfidence};
use mex_runtime::event::{DiagnosticEvent, Event, EventBody, SystemEvent};
use mex_runtime::id::{DiagnosticId, EventId};
use mex_runtime::port::{Clock, Record, RecorderFault};
use mex_runtime::severity::Severity;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use crate::chain::{self, Tail};
use crate::error::{db_fault, invalid};
use crate::terms::{self, Before, Terms};

/// The longest body of an event: what is longer belongs into an artifact (contract FR-3).
const MAX_BODY: usize = 1024 * 1024;

/// The reason of a resolved Problem that was seen again (contract DIAG-6).
pub(crate) const CAME_BACK: &str = "came back";

/// Rows per statement; few sizes, so that each is prepared once.
const CHUNKS: [usize; 4] = [256, 32, 4, 1];

/// An event ready to be chained.
#[derive(Debug)]
pub(crate) struct Prepared {
    body: String,
    body_sha256: [u8; 32],
    effect: Effect,
}

/// What an event changes in the derived tables.
#[derive(Debug)]
enum Effect {
    None,
    Begun { what: &'static str, id: String, session_id: String },
    Ended { what: &'static str, id: String },
    Diagnosed(Box<Diagnosed>),
}

#[derive(Debug)]
struct Diagnosed {
    diagnostic: Diagnostic,
    body: String,
    fingerprint: String,
    seen: String,
    event_id: EventId,
    run_id: Option<String>,
    terms: Terms,
}

impl Prepared {
    /// Checks an event's shape and hashes it (contract FR-2).
    pub(crate) fn event(event: &Event) -> Result<Self, RecorderFault> {
        event.validate().map_err(|error| invalid(&error.path, &error.why))?;
        let effect = effect(event)?;
        Self::with(event, effect)
    }

    fn with(event: &Event, effect: Effect) -> Result<Self, RecorderFault> {
        let body =
            serde_json::to_string(event).map_err(|error| invalid("/", &error.to_string()))?;
        if body.len() > MAX_BODY {
            return Err(invalid("/payload", "must be under 1 MiB; store it as an artifact"));
        }
        let body_sha256 = chain::body_digest(body.as_bytes());
        Ok(Self { body, body_sha256, effect })
    }

    /// Prepares everything one call wants recorded.
    pub(crate) fn all(records: Vec<Record>, clock: &dyn Clock) -> Result<Vec<Self>, RecorderFault> {
        records
            .into_iter()
            .map(|record| match record {
                Record::Event(event) => match event.body {
                    EventBody::Diagnostic(_) => {
                        Err(invalid("/event_type", "a `diagnostic` is recorded with its instance"))
                    }
                    EventBody::Retention(_) | EventBody::Checkpoint(_) => {
                        Err(invalid("/event_type", "is written by the recorder alone"))
                    }
                    _ => Self::event(&event),
                },
                Record::Diagnostic(diagnostic, context) => {
                    let wrong =
                        |error: serde_json::Error| invalid("/diagnostic", &error.to_string());
                    let body = serde_json::to_string(&*diagnostic).map_err(wrong)?;
                    let fingerprint = diagnostic.fingerprint().map_err(wrong)?;
                    check_candidates(&diagnostic)?;
                    let event_id = EventId::new(clock.uuid());
                    let mut event = context.event(
                        event_id,
                        clock.now(),
                        EventBody::Diagnostic(DiagnosticEvent {
                            diagnostic_id: diagnostic.id,
                            severity: diagnostic.severity,
                            source: diagnostic.source.clone().into(),
                            wsid: diagnostic.wsid.clone(),
                            fingerprint,
                            diagnostic_sha256: mex_runtime::digest::Digest::of(body.as_bytes()),
                        }),
                    );
                    event.job_id = event.job_id.or(diagnostic.job_id);
                    event.model_id = diagnostic.model_id.clone();
                    event.capability_id = diagnostic.capability_id.clone();
                    event.policy_decision_id = diagnostic.policy_decision_id;
                    event.validate().map_err(|error| invalid(&error.path, &error.why))?;
                    let diagnosed = Diagnosed {
                        seen: event.timestamp.to_string(),
                        fingerprint: fingerprint.to_string(),
                        run_id: event.workflow_run_id.map(|id| id.to_string()),
                        terms: mex_runtime::facet::facets(&diagnostic),
                        diagnostic: *diagnostic,
                        body,
                        event_id,
                    };
                    Self::with(&event, Effect::Diagnosed(Box::new(diagnosed)))
                }
            })
            .collect()
    }
}

/// What the lifecycle of jobs, scans and attempts owes the sweep (house, idea 2).
fn effect(event: &Event) -> Result<Effect, RecorderFault> {
    let EventBody::System(system) = &event.body else { return Ok(Effect::None) };
    let job = || {
        event
            .job_id
            .map(|id| id.to_string())
            .ok_or_else(|| invalid("/job_id", "is required for a job's begin and end"))
    };
    let run = || {
        event
            .workflow_run_id
            .map(|id| id.to_string())
            .ok_or_else(|| invalid("/workflow_run_id", "is required for a scan's begin and end"))
    };
    Ok(match system {
        SystemEvent::OperationBegun { op_id, session_id, .. } => Effect::Begun {
            what: "operation",
            id: op_id.to_string(),
            session_id: session_id.clone(),
        },
        SystemEvent::OperationEnded { op_id, .. }
        | SystemEvent::OperationInterrupted { op_id, .. } => {
            Effect::Ended { what: "operation", id: op_id.to_string() }
        }
        SystemEvent::JobBegun { session_id, .. } => {
            Effect::Begun { what: "job", id: job()?, session_id: session_id.clone() }
        }
        SystemEvent::JobEnded { .. } | SystemEvent::JobInterrupted { .. } => {
            Effect::Ended { what: "job", id: job()? }
        }
        SystemEvent::ScanBegun { session_id, .. } => {
            Effect::Begun { what: "scan", id: run()?, session_id: session_id.clone() }
        }
        SystemEvent::ScanEnded { .. } | SystemEvent::ScanInterrupted { .. } => {
            Effect::Ended { what: "scan", id: run()? }
        }
        _ => Effect::None,
    })
}

/// The part of contract DIAG-4 that needs no database: how many candidates a link names.
fn check_candidates(diagnostic: &Diagnostic) -> Result<(), RecorderFault> {
    let refs = &diagnostic.evidence_refs;
    let candidates = refs.fr_event_ids.len() + refs.related_job_ids.len();
    match diagnostic.link_confidence {
        LinkConfidence::Inferred if candidates != 1 => Err(invalid(
            "/diagnostic/link_confidence",
            "`inferred` has exactly one event or job as its candidate (DIAG-4)",
        )),
        LinkConfidence::Ambiguous if candidates < 2 => Err(invalid(
            "/diagnostic/link_confidence",
            "`ambiguous` lists two or more events or jobs (DIAG-4)",
        )),
        _ => Ok(()),
    }
}

/// The end of the chain as the open transaction sees it.
pub(crate) async fn tail(connection: &mut SqliteConnection) -> Result<Tail, sqlx::Error> {
    let row = sqlx::query("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else { return Ok(Tail::EMPTY) };
    let hash: Vec<u8> = row.try_get(1)?;
    let hash =
        hash.try_into().map_err(|_| sqlx::Error::Protocol("a chain hash has 32 bytes".into()))?;
    Ok(Tail { seq: row.try_get::<i64, _>(0)?.cast_unsigned(), hash })
}

/// Chains and writes rows inside the open transaction.
///
/// # Errors
/// With `HSK-400-INVALID-EVENT` or `HSK-500-DB`; the caller must roll back.
pub(crate) async fn append(
    connection: &mut SqliteConnection,
    tail: &mut Tail,
    rows: &[&Prepared],
) -> Result<(), RecorderFault> {
    let first = tail.seq + 1;
    let mut rest = rows;
    while !rest.is_empty() {
        let size = CHUNKS.iter().copied().find(|size| *size <= rest.len()).unwrap_or(1);
        let (chunk, after) = rest.split_at(size);
        insert(connection, tail, chunk).await.map_err(|error| refusal(&error))?;
        rest = after;
    }
    for (row, seq) in rows.iter().zip(first..) {
        match &row.effect {
            Effect::None => {}
            Effect::Begun { what, id, session_id } => {
                sqlx::query("INSERT INTO open_entries (what, id, session_id, seq) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET session_id = excluded.session_id, seq = excluded.seq")
                    .bind(*what).bind(id.as_str()).bind(session_id.as_str()).bind(seq.cast_signed())
                    .execute(&mut *connection).await.map_err(|error| db_fault(&error))?;
            }
            Effect::Ended { what, id } => {
                sqlx::query("DELETE FROM open_entries WHERE what = ? AND id = ?")
                    .bind(*what)
                    .bind(id.as_str())
                    .execute(&mut *connection)
                    .await
                    .map_err(|error| db_fault(&error))?;
            }
            Effect::Diagnosed(diagnosed) => diagnose(connection, diagnosed, seq).await?,
        }
    }
    Ok(())
}

async fn insert(
    connection: &mut SqliteConnection,
    tail: &mut Tail,
    rows: &[&Prepared],
) -> Result<(), sqlx::Error> {
    let mut sql = String::with_capacity(64 + rows.len() * 10);
    sql.push_str("INSERT INTO events (seq, body, prev_hash, hash) VALUES (?,?,?,?)");
    (1..rows.len()).for_each(|_| sql.push_str(",(?,?,?,?)"));
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for row in rows {
        let next = tail.then(&row.body_sha256);
        query = query
            .bind(next.seq.cast_signed())
            .bind(row.body.as_str())
            .bind(tail.hash.to_vec())
            .bind(next.hash.to_vec());
        *tail = next;
    }
    query.execute(connection).await.map(|_| ())
}

/// Stores an instance and folds it into its Problem (contract DIAG-3, DIAG-4, DIAG-6).
async fn diagnose(
    connection: &mut SqliteConnection,
    diagnosed: &Diagnosed,
    seq: u64,
) -> Result<(), RecorderFault> {
    let Diagnosed { diagnostic, body, fingerprint, seen, event_id, run_id, terms } = diagnosed;
    if diagnostic.link_confidence == LinkConfidence::Direct
        && !resolves(connection, diagnostic, *event_id).await.map_err(|error| db_fault(&error))?
    {
        return Err(invalid(
            "/diagnostic/link_confidence",
            "`direct` references a recorded event, job or attempt (DIAG-4)",
        ));
    }
    sqlx::query("INSERT INTO diagnostics (seq, body, fingerprint) VALUES (?, ?, ?)")
        .bind(seq.cast_signed())
        .bind(body.as_str())
        .bind(fingerprint.as_str())
        .execute(&mut *connection)
        .await
        .map_err(|error| refusal(&error))?;
    let row = sqlx::query(
        "INSERT INTO problems (fingerprint, title, severity_rank, source, code, wsid, status, count, \
             first_seen, last_seen, updated_at, first_seq, last_seq, last_diagnostic_id, run_id) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', 1, ?7, ?7, ?7, ?8, ?8, ?9, ?11) \
         ON CONFLICT (fingerprint) DO UPDATE SET \
             title = excluded.title, severity_rank = excluded.severity_rank, \
             wsid = excluded.wsid, count = count + 1, \
             last_seen = excluded.last_seen, updated_at = excluded.updated_at, \
             last_seq = excluded.last_seq, last_diagnostic_id = excluded.last_diagnostic_id, \
             run_id = excluded.run_id, \
             reopened = CASE status WHEN 'resolved' THEN 1 ELSE reopened END, \
             status_reason = CASE status WHEN 'resolved' THEN ?10 ELSE status_reason END, \
             status = CASE status WHEN 'resolved' THEN 'open' ELSE status END \
         RETURNING first_seq",
    )
    .bind(fingerprint.as_str())
    .bind(diagnostic.title.as_str())
    .bind(severity_rank(diagnostic.severity))
    .bind(String::from(diagnostic.source.clone()))
    .bind(diagnostic.code.as_deref())
    .bind(diagnostic.wsid.as_ref().map(ToString::to_string))
    .bind(seen.as_str())
    .bind(seq.cast_signed())
    .bind(id_text(diagnostic.id))
    .bind(CAME_BACK)
    .bind(run_id.as_deref())
    .fetch_one(&mut *connection)
    .await
    .map_err(|error| db_fault(&error))?;
    let first: i64 = row.try_get(0).map_err(|error| db_fault(&error))?;
    let before = if first == seq.cast_signed() { Before::Nothing } else { Before::Something };
    terms::set(connection, first, terms, before).await.map_err(|error| db_fault(&error))
}

/// Whether a direct link leads to something recorded other than the diagnostic's own event.
async fn resolves(
    connection: &mut SqliteConnection,
    diagnostic: &Diagnostic,
    own: EventId,
) -> Result<bool, sqlx::Error> {
    let refs = &diagnostic.evidence_refs;
    let events =
        refs.fr_event_ids.iter().filter(|id| **id != own).map(|id| {
            ("SELECT EXISTS (SELECT 1 FROM event_rows WHERE event_id = ?)", id.to_string())
        });
    let jobs = refs.related_job_ids.iter().chain(&diagnostic.job_id).map(|id| {
        (
            "SELECT EXISTS (SELECT 1 FROM event_rows WHERE job_id = ? AND +lifecycle = 'job_begun')",
            id.to_string(),
        )
    });
    let attempts = refs.op_ids.iter().map(|id| {
        ("SELECT EXISTS (SELECT 1 FROM event_rows WHERE op_id = ? AND +lifecycle = 'operation_begun')", id.to_string())
    });
    for (sql, id) in events.chain(jobs).chain(attempts) {
        if sqlx::query_scalar(sql).bind(id).fetch_one(&mut *connection).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn id_text(id: DiagnosticId) -> String {
    id.to_string()
}

/// 0 for a hint to 4 for fatal.
pub(crate) const fn severity_rank(severity: Severity) -> i64 {
    match severity {
        Severity::Hint => 0,
        Severity::Info => 1,
        Severity::Warning => 2,
        Severity::Error => 3,
        Severity::Fatal => 4,
    }
}

/// Tells an id that is taken, which is the event's fault, from the database's own faults.
fn refusal(error: &sqlx::Error) -> RecorderFault {
    let text = error.to_string();
    if text.contains("the event_id is taken") {
        invalid("/event_id", "must be new; another event has it")
    } else if text.contains("the diagnostic_id is taken") {
        invalid("/diagnostic/id", "must be new; another diagnostic has it")
    } else {
        db_fault(error)
    }
}
