//! Problems and their raw instances (contract DIAG-3). Reads; changing a status is [`super::triage`]'s.

use mex_runtime::diagnostic::{Diagnostic, ProblemStatus};
use mex_runtime::digest::Digest;
use mex_runtime::id::{BadId, DiagnosticId, RunId};
use mex_runtime::severity::Severity;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite};

use super::{Page, Problem, ProblemCount, ProblemFilter, ProblemKey, StoredDiagnostic, page_limit};
use crate::append::severity_rank;
use crate::error::QueryError;
use crate::recorder::FlightRecorder;

const COLUMNS: &str = "fingerprint, title, severity_rank, source, code, wsid, status, status_reason, \
    reopened, count, purged, first_seen, last_seen, updated_at, last_diagnostic_id, last_seq";

impl FlightRecorder {
    /// One page of Problems, gravest first, then newest.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn problems(
        &self,
        filter: &ProblemFilter,
    ) -> Result<Page<Problem, ProblemKey>, QueryError> {
        self.readers.ask(async |connection| page(connection, filter).await)
    }

    /// One Problem.
    ///
    /// # Errors
    /// `MEX-NOT-FOUND` where no diagnostic has this fingerprint.
    pub fn problem(&self, fingerprint: &Digest) -> Result<Problem, QueryError> {
        self.readers.ask(async |connection| one(connection, fingerprint).await)
    }

    /// The raw instances of a Problem, newest first, from below `before_seq` where given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn instances(
        &self,
        fingerprint: &Digest,
        before_seq: Option<u64>,
        limit: u32,
    ) -> Result<Page<StoredDiagnostic>, QueryError> {
        let limit = page_limit(limit);
        self.readers.ask(async |connection| {
            let rows = sqlx::query("SELECT d.seq, d.body, d.fingerprint, e.event_id, e.run_id FROM diagnostics d JOIN event_rows e ON e.seq = d.seq WHERE d.fingerprint = ? AND d.seq < ? ORDER BY d.seq DESC LIMIT ?")
                .bind(fingerprint.to_string())
                .bind(before_seq.map_or(i64::MAX, u64::cast_signed))
                .bind(i64::from(limit) + 1)
                .fetch_all(connection)
                .await?;
            let items: Vec<StoredDiagnostic> =
                rows.iter().take(limit as usize).map(instance).collect::<Result<_, _>>()?;
            let next = items.last().filter(|_| rows.len() > limit as usize).map(|last| last.seq);
            Ok(Page { items, next })
        })
    }

    /// One raw instance.
    ///
    /// # Errors
    /// `MEX-NOT-FOUND` where there is none with this id.
    pub fn diagnostic(&self, id: DiagnosticId) -> Result<StoredDiagnostic, QueryError> {
        self.readers.ask(async |connection| {
            let row = sqlx::query("SELECT d.seq, d.body, d.fingerprint, e.event_id, e.run_id FROM diagnostics d JOIN event_rows e ON e.seq = d.seq WHERE d.diagnostic_id = ?")
                .bind(id.to_string())
                .fetch_optional(connection)
                .await?;
            let row = row.ok_or_else(|| QueryError::NotFound { what: "diagnostic", id: id.to_string() })?;
            instance(&row)
        })
    }

    /// How many Problems share each severity and status; of one scan where given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn problem_counts(&self, run_id: Option<RunId>) -> Result<Vec<ProblemCount>, QueryError> {
        if run_id.is_none() {
            return self.count_problems(&super::find::ProblemQuery::default());
        }
        self.readers.ask(async |connection| {
            let mut sql = QueryBuilder::<Sqlite>::new(
                "SELECT severity_rank, status, count(*) FROM problems WHERE 1",
            );
            push_run(&mut sql, run_id);
            sql.push(" GROUP BY 1, 2 ORDER BY 1 DESC, 2");
            let rows = sql.build().fetch_all(connection).await?;
            rows.iter()
                .map(|row| {
                    Ok(ProblemCount {
                        severity: severity(row.try_get(0)?),
                        status: status(row.try_get(1)?, 0)?,
                        count: row.try_get::<i64, _>(2)?.cast_unsigned(),
                    })
                })
                .collect()
        })
    }
}

pub(super) async fn one(
    connection: &mut SqliteConnection,
    fingerprint: &Digest,
) -> Result<Problem, QueryError> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT ");
    sql.push(COLUMNS)
        .push(" FROM problems WHERE fingerprint = ")
        .push_bind(fingerprint.to_string());
    let row = sql.build().fetch_optional(connection).await?;
    let row =
        row.ok_or_else(|| QueryError::NotFound { what: "problem", id: fingerprint.to_string() })?;
    Ok(problem(&row)?.0)
}

async fn page(
    connection: &mut SqliteConnection,
    filter: &ProblemFilter,
) -> Result<Page<Problem, ProblemKey>, QueryError> {
    let limit = page_limit(filter.limit);
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT ");
    sql.push(COLUMNS).push(" FROM problems WHERE 1");
    if !filter.statuses.is_empty() {
        sql.push(" AND status IN (");
        let mut list = sql.separated(", ");
        filter.statuses.iter().for_each(|status| {
            list.push_bind(word(*status));
        });
        sql.push(")");
    }
    if !filter.severities.is_empty() {
        sql.push(" AND severity_rank IN (");
        let mut list = sql.separated(", ");
        filter.severities.iter().for_each(|severity| {
            list.push_bind(severity_rank(*severity));
        });
        sql.push(")");
    }
    if let Some(code) = &filter.code {
        sql.push(" AND code = ").push_bind(code.clone());
    }
    if let Some(text) = &filter.text {
        sql.push(" AND (instr(lower(title), lower(").push_bind(text.clone());
        sql.push(")) > 0 OR instr(lower(coalesce(code, '')), lower(").push_bind(text.clone());
        sql.push(")) > 0)");
    }
    if let Some(job_id) = filter.job_id {
        sql.push(" AND fingerprint IN (SELECT d.fingerprint FROM diagnostics d WHERE d.job_id = ");
        sql.push_bind(job_id.to_string()).push(")");
    }
    push_run(&mut sql, filter.run_id);
    if let Some(after) = filter.after {
        sql.push(" AND (severity_rank, last_seq) < (").push_bind(after.severity_rank);
        sql.push(", ").push_bind(after.last_seq.cast_signed()).push(")");
    }
    sql.push(" ORDER BY severity_rank DESC, last_seq DESC LIMIT ").push_bind(i64::from(limit) + 1);
    let rows = sql.build().fetch_all(connection).await?;
    let found: Vec<(Problem, ProblemKey)> =
        rows.iter().take(limit as usize).map(problem).collect::<Result<_, _>>()?;
    let next = found.last().filter(|_| rows.len() > limit as usize).map(|(_, key)| *key);
    Ok(Page { items: found.into_iter().map(|(problem, _)| problem).collect(), next })
}

fn push_run(sql: &mut QueryBuilder<Sqlite>, run_id: Option<RunId>) {
    if let Some(run_id) = run_id {
        sql.push(" AND fingerprint IN (SELECT d.fingerprint FROM event_rows e JOIN diagnostics d ON d.seq = e.seq WHERE e.run_id = ");
        sql.push_bind(run_id.to_string()).push(")");
    }
}

pub(super) fn problem(row: &SqliteRow) -> Result<(Problem, ProblemKey), QueryError> {
    let last_seq = row.try_get::<i64, _>("last_seq")?.cast_unsigned();
    let damaged = |why: String| QueryError::Damaged { what: "a problem", seq: last_seq, why };
    let bad = |error: BadId| damaged(error.to_string());
    let severity_rank: i64 = row.try_get("severity_rank")?;
    let time = |column: &str| -> Result<jiff::Timestamp, QueryError> {
        row.try_get::<&str, _>(column)?
            .parse()
            .map_err(|error: jiff::Error| damaged(error.to_string()))
    };
    let problem = Problem {
        fingerprint: row
            .try_get::<&str, _>("fingerprint")?
            .parse()
            .map_err(|error: mex_runtime::digest::NotADigest| damaged(error.to_string()))?,
        title: row.try_get("title")?,
        severity: severity(severity_rank),
        source: row.try_get("source")?,
        code: row.try_get("code")?,
        wsid: row.try_get::<Option<&str>, _>("wsid")?.map(str::parse).transpose().map_err(bad)?,
        status: status(row.try_get("status")?, last_seq)?,
        status_reason: row.try_get("status_reason")?,
        reopened: row.try_get("reopened")?,
        count: row.try_get::<i64, _>("count")?.cast_unsigned(),
        purged: row.try_get::<i64, _>("purged")?.cast_unsigned(),
        first_seen: time("first_seen")?,
        last_seen: time("last_seen")?,
        updated_at: time("updated_at")?,
        last_diagnostic_id: row.try_get::<&str, _>("last_diagnostic_id")?.parse().map_err(bad)?,
    };
    Ok((problem, ProblemKey { severity_rank, last_seq }))
}

fn instance(row: &SqliteRow) -> Result<StoredDiagnostic, QueryError> {
    let seq = row.try_get::<i64, _>("seq")?.cast_unsigned();
    let damaged = |why: String| QueryError::Damaged { what: "a diagnostic", seq, why };
    let bad = |error: BadId| damaged(error.to_string());
    let diagnostic: Diagnostic =
        serde_json::from_str(row.try_get("body")?).map_err(|error| damaged(error.to_string()))?;
    Ok(StoredDiagnostic {
        seq,
        event_id: row.try_get::<&str, _>("event_id")?.parse().map_err(bad)?,
        run_id: row
            .try_get::<Option<&str>, _>("run_id")?
            .map(str::parse)
            .transpose()
            .map_err(bad)?,
        fingerprint: row
            .try_get::<&str, _>("fingerprint")?
            .parse()
            .map_err(|error: mex_runtime::digest::NotADigest| damaged(error.to_string()))?,
        diagnostic,
    })
}

pub(super) const fn severity(rank: i64) -> Severity {
    match rank {
        0 => Severity::Hint,
        1 => Severity::Info,
        2 => Severity::Warning,
        3 => Severity::Error,
        // The table's CHECK allows 0 to 4; whatever else is read is shown as the gravest.
        _ => Severity::Fatal,
    }
}

/// A status as the table writes it.
pub(crate) const fn word(status: ProblemStatus) -> &'static str {
    match status {
        ProblemStatus::Open => "open",
        ProblemStatus::Acknowledged => "acknowledged",
        ProblemStatus::Muted => "muted",
        ProblemStatus::Resolved => "resolved",
    }
}

pub(super) fn status(text: &str, seq: u64) -> Result<ProblemStatus, QueryError> {
    match text {
        "open" => Ok(ProblemStatus::Open),
        "acknowledged" => Ok(ProblemStatus::Acknowledged),
        "muted" => Ok(ProblemStatus::Muted),
        "resolved" => Ok(ProblemStatus::Resolved),
        _ => {
            Err(QueryError::Damaged { what: "a problem", seq, why: "its status is unknown".into() })
        }
    }
}
