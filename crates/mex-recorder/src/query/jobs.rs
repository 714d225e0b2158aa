//! Jobs, scans and attempts, as their events tell them. Never a table of their own that could disagree.

use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::id::{JobId, OpId, RunId};
use sqlx::sqlite::SqliteConnection;

use super::events::stored;
use super::{
    JobEntry, JobState, OperationEntry, Page, ScanEntry, ScanState, StoredEvent, page_limit,
};
use crate::error::QueryError;
use crate::recorder::FlightRecorder;

impl FlightRecorder {
    /// Jobs, newest first, from below `before_seq` where given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn jobs(&self, before_seq: Option<u64>, limit: u32) -> Result<Page<JobEntry>, QueryError> {
        self.readers.ask(async |connection| {
            let begun = begun(connection, "job_begun", before_seq, limit).await?;
            Ok(Page { items: each(connection, begun.items, job).await?, next: begun.next })
        })
    }

    /// One job.
    ///
    /// # Errors
    /// `MEX-NOT-FOUND` where no job with this id began.
    pub fn job(&self, job_id: JobId) -> Result<JobEntry, QueryError> {
        self.readers.ask(async |connection| {
            let id = job_id.to_string();
            let first = last_of(connection, BY_JOB, &id, &["job_begun"]).await?;
            let first = first.ok_or(QueryError::NotFound { what: "job", id })?;
            job(connection, first).await
        })
    }

    /// The jobs of one scan, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn jobs_of(&self, run_id: RunId) -> Result<Vec<JobEntry>, QueryError> {
        self.readers.ask(async |connection| {
            let rows = sqlx::query("SELECT seq, body, prev_hash, hash FROM event_rows WHERE run_id = ? AND +lifecycle = 'job_begun' ORDER BY seq LIMIT 1000")
                .bind(run_id.to_string())
                .fetch_all(&mut *connection)
                .await?;
            let begun = rows.iter().map(stored).collect::<Result<_, _>>()?;
            each(connection, begun, job).await
        })
    }

    /// Scans, newest first, from below `before_seq` where given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn scans(
        &self,
        before_seq: Option<u64>,
        limit: u32,
    ) -> Result<Page<ScanEntry>, QueryError> {
        self.readers.ask(async |connection| {
            let begun = begun(connection, "scan_begun", before_seq, limit).await?;
            Ok(Page { items: each(connection, begun.items, scan).await?, next: begun.next })
        })
    }

    /// One scan.
    ///
    /// # Errors
    /// `MEX-NOT-FOUND` where no scan with this id began.
    pub fn scan(&self, run_id: RunId) -> Result<ScanEntry, QueryError> {
        self.readers.ask(async |connection| {
            let id = run_id.to_string();
            let first = last_of(connection, BY_RUN, &id, &["scan_begun"]).await?;
            let first = first.ok_or(QueryError::NotFound { what: "scan", id })?;
            scan(connection, first).await
        })
    }

    /// Attempts, newest first, from below `before_seq` where given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn operations(
        &self,
        before_seq: Option<u64>,
        limit: u32,
    ) -> Result<Page<OperationEntry>, QueryError> {
        self.readers.ask(async |connection| {
            let begun = begun(connection, "operation_begun", before_seq, limit).await?;
            Ok(Page { items: each(connection, begun.items, operation).await?, next: begun.next })
        })
    }

    /// One attempt.
    ///
    /// # Errors
    /// `MEX-NOT-FOUND` where no attempt with this id began.
    pub fn operation(&self, op_id: OpId) -> Result<OperationEntry, QueryError> {
        self.readers.ask(async |connection| {
            let id = op_id.to_string();
            let first = last_of(connection, BY_OP, &id, &["operation_begun"]).await?;
            let first = first.ok_or(QueryError::NotFound { what: "operation", id })?;
            operation(connection, first).await
        })
    }

    /// The attempts of one job, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn operations_of(&self, job_id: JobId) -> Result<Vec<OperationEntry>, QueryError> {
        self.readers.ask(async |connection| {
            let rows = sqlx::query("SELECT seq, body, prev_hash, hash FROM event_rows WHERE job_id = ? AND +lifecycle = 'operation_begun' ORDER BY seq LIMIT 1000")
                .bind(job_id.to_string())
                .fetch_all(&mut *connection)
                .await?;
            let begun = rows.iter().map(stored).collect::<Result<_, _>>()?;
            each(connection, begun, operation).await
        })
    }
}

const BY_JOB: &str = "SELECT seq, body, prev_hash, hash FROM event_rows WHERE job_id = ?1 AND +lifecycle IN (?2, ?3) ORDER BY seq DESC LIMIT 1";
const BY_RUN: &str = "SELECT seq, body, prev_hash, hash FROM event_rows WHERE run_id = ?1 AND +lifecycle IN (?2, ?3) ORDER BY seq DESC LIMIT 1";
const BY_OP: &str = "SELECT seq, body, prev_hash, hash FROM event_rows WHERE op_id = ?1 AND +lifecycle IN (?2, ?3) ORDER BY seq DESC LIMIT 1";

async fn begun(
    connection: &mut SqliteConnection,
    lifecycle: &str,
    before_seq: Option<u64>,
    limit: u32,
) -> Result<Page<StoredEvent>, QueryError> {
    let limit = page_limit(limit);
    let rows = sqlx::query("SELECT seq, body, prev_hash, hash FROM event_rows WHERE lifecycle = ? AND seq < ? ORDER BY seq DESC LIMIT ?")
        .bind(lifecycle)
        .bind(before_seq.map_or(i64::MAX, u64::cast_signed))
        .bind(i64::from(limit) + 1)
        .fetch_all(connection)
        .await?;
    let items: Vec<StoredEvent> =
        rows.iter().take(limit as usize).map(stored).collect::<Result<_, _>>()?;
    let next = items.last().filter(|_| rows.len() > limit as usize).map(|last| last.seq);
    Ok(Page { items, next })
}

/// Makes an entry of each begin by reading the end that belongs to it.
async fn each<T>(
    connection: &mut SqliteConnection,
    begun: Vec<StoredEvent>,
    entry: impl AsyncFn(&mut SqliteConnection, StoredEvent) -> Result<T, QueryError>,
) -> Result<Vec<T>, QueryError> {
    let mut entries = Vec::with_capacity(begun.len());
    for first in begun {
        entries.push(entry(connection, first).await?);
    }
    Ok(entries)
}

async fn last_of(
    connection: &mut SqliteConnection,
    sql: &'static str,
    id: &str,
    lifecycle: &[&str],
) -> Result<Option<StoredEvent>, QueryError> {
    let (first, second) = (lifecycle.first().copied(), lifecycle.last().copied());
    let row = sqlx::query(sql).bind(id).bind(first).bind(second).fetch_optional(connection).await?;
    row.as_ref().map(stored).transpose()
}

/// The end that came after a begin; an earlier one belongs to an earlier attempt under the same id.
async fn end_of(
    connection: &mut SqliteConnection,
    sql: &'static str,
    id: &str,
    lifecycle: &[&str],
    begun: u64,
) -> Result<Option<StoredEvent>, QueryError> {
    Ok(last_of(connection, sql, id, lifecycle).await?.filter(|end| end.seq > begun))
}

fn damaged(first: &StoredEvent) -> QueryError {
    let why = "its lifecycle column and its body disagree".to_owned();
    QueryError::Damaged { what: "an event", seq: first.seq, why }
}

async fn job(
    connection: &mut SqliteConnection,
    first: StoredEvent,
) -> Result<JobEntry, QueryError> {
    let (
        Some(job_id),
        EventBody::System(SystemEvent::JobBegun { job, job_kind, profile_id, session_id, title }),
    ) = (first.event.job_id, &first.event.body)
    else {
        return Err(damaged(&first));
    };
    let ends = ["job_ended", "job_interrupted"];
    let end = end_of(connection, BY_JOB, &job_id.to_string(), &ends, first.seq).await?;
    let (state, summary) = match end.as_ref().map(|end| &end.event.body) {
        None => (JobState::Running, String::new()),
        Some(EventBody::System(SystemEvent::JobEnded { status, summary, .. })) => {
            (JobState::Ended(*status), summary.clone())
        }
        Some(_) => (JobState::Interrupted, "the product ended before the job did".to_owned()),
    };
    Ok(JobEntry {
        job_id,
        run_id: first.event.workflow_run_id,
        job: job.clone(),
        job_kind: job_kind.clone(),
        title: title.clone(),
        profile_id: profile_id.clone(),
        session_id: session_id.clone(),
        actor_id: first.event.actor_id.clone(),
        begun_seq: first.seq,
        begun_at: first.event.timestamp,
        ended_at: end.map(|end| end.event.timestamp),
        state,
        summary,
    })
}

async fn scan(
    connection: &mut SqliteConnection,
    first: StoredEvent,
) -> Result<ScanEntry, QueryError> {
    let (
        Some(run_id),
        EventBody::System(SystemEvent::ScanBegun {
            project,
            mode,
            policy_ref,
            allowlist_ref,
            session_id,
            ..
        }),
    ) = (first.event.workflow_run_id, &first.event.body)
    else {
        return Err(damaged(&first));
    };
    let ends = ["scan_ended", "scan_interrupted"];
    let end = end_of(connection, BY_RUN, &run_id.to_string(), &ends, first.seq).await?;
    let state = match end.as_ref().map(|end| &end.event.body) {
        Some(EventBody::System(SystemEvent::ScanEnded {
            verdict,
            verdict_ref,
            coverage_ref,
            rules,
            capability_registry_version,
        })) => ScanState::Ended {
            verdict: verdict.clone(),
            verdict_ref: verdict_ref.clone(),
            coverage_ref: coverage_ref.clone().map(Box::new),
            rules: rules.clone(),
            capability_registry_version: capability_registry_version.clone(),
        },
        Some(EventBody::System(SystemEvent::ScanInterrupted { reason })) => {
            ScanState::Interrupted { reason: reason.clone() }
        }
        _ => ScanState::Running,
    };
    Ok(ScanEntry {
        run_id,
        wsid: first.event.wsids.first().cloned(),
        project: project.clone(),
        mode: mode.clone(),
        policy_ref: policy_ref.clone(),
        allowlist_ref: allowlist_ref.clone(),
        session_id: session_id.clone(),
        actor_id: first.event.actor_id.clone(),
        begun_seq: first.seq,
        begun_at: first.event.timestamp,
        ended_at: end.map(|end| end.event.timestamp),
        state,
    })
}

async fn operation(
    connection: &mut SqliteConnection,
    first: StoredEvent,
) -> Result<OperationEntry, QueryError> {
    let EventBody::System(SystemEvent::OperationBegun {
        op_id,
        engine_id,
        operation,
        session_id,
        request_sha256,
    }) = &first.event.body
    else {
        return Err(damaged(&first));
    };
    let ends = ["operation_ended", "operation_interrupted"];
    let end = end_of(connection, BY_OP, &op_id.to_string(), &ends, first.seq).await?;
    let ended_at = end.as_ref().map(|end| end.event.timestamp);
    let (state, result_ref) = match end.as_ref().map(|end| &end.event.body) {
        None => (JobState::Running, None),
        Some(EventBody::System(SystemEvent::OperationEnded { status, result_ref, .. })) => {
            (JobState::Ended(*status), result_ref.clone())
        }
        Some(_) => (JobState::Interrupted, None),
    };
    Ok(OperationEntry {
        op_id: *op_id,
        engine_id: engine_id.clone(),
        operation: operation.clone(),
        job_id: first.event.job_id,
        run_id: first.event.workflow_run_id,
        session_id: session_id.clone(),
        request_sha256: *request_sha256,
        begun_seq: first.seq,
        begun_at: first.event.timestamp,
        ended_at,
        ended: end.filter(|_| matches!(state, JobState::Ended(_))),
        state,
        result_ref,
    })
}
