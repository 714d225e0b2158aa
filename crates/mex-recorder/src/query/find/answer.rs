//! Asks what [`super::sql`] says: pages, counts, values. Reads alone; each answer is of one moment.

use mex_runtime::diagnostic::{Diagnostic, ProblemStatus};
use mex_runtime::digest::Digest;
use mex_runtime::facet::Facet;
use mex_runtime::id::BadId;
use mex_runtime::severity::Severity;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite};

use super::sql::{Along, Drive, FEW, estimate, push_conditions, push_matching, push_value};
use super::{
    FoundProblem, FoundValue, FoundValues, Pattern, ProblemOrder, ProblemPage, ProblemPlace,
    ProblemQuery, Sense, Test,
};
use crate::error::QueryError;
use crate::query::problems::{problem, severity, status};
use crate::query::{Page, ProblemCount, page_limit};
use crate::recorder::FlightRecorder;

/// A Problem's own columns and its newest instance.
const COLUMNS: &str = "p.fingerprint, p.title, p.severity_rank, p.source, p.code, p.wsid, p.status, \
    p.status_reason, p.reopened, p.count, p.purged, p.first_seen, p.last_seen, p.updated_at, \
    p.last_diagnostic_id, p.last_seq, p.first_seq, p.run_id, d.body AS newest";

impl FlightRecorder {
    /// One page of the Problems a filter lets through.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn find_problems(
        &self,
        asked: &ProblemPage,
    ) -> Result<Page<FoundProblem, ProblemPlace>, QueryError> {
        let limit = page_limit(asked.limit);
        self.readers.ask(async |connection| {
            let rows = page(connection, asked, limit).await?.build().fetch_all(connection).await?;
            let items: Vec<FoundProblem> =
                rows.iter().take(limit as usize).map(found).collect::<Result<_, _>>()?;
            let last = items.last().filter(|_| rows.len() > limit as usize);
            let next = last.map(|last| last.place(asked.order));
            Ok(Page { items, next })
        })
    }

    /// One Problem with its newest instance.
    ///
    /// # Errors
    /// `MEX-NOT-FOUND` where no diagnostic has this fingerprint.
    pub fn found_problem(&self, fingerprint: &Digest) -> Result<FoundProblem, QueryError> {
        self.readers.ask(async |connection| {
            let mut sql = QueryBuilder::<Sqlite>::new("SELECT ");
            sql.push(COLUMNS);
            sql.push(" FROM problems p LEFT JOIN diagnostics d ON d.seq = p.last_seq WHERE p.fingerprint = ");
            sql.push_bind(fingerprint.to_string());
            let row = sql.build().fetch_optional(connection).await?;
            let id = fingerprint.to_string();
            found(&row.ok_or(QueryError::NotFound { what: "problem", id })?)
        })
    }

    /// How many of the Problems a filter lets through share each severity and status, the gravest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn count_problems(&self, query: &ProblemQuery) -> Result<Vec<ProblemCount>, QueryError> {
        self.readers.ask(async |connection| {
            let stored = stored_counts(connection).await?;
            if let Some(kept) = from_stored(query, &stored) {
                return Ok(kept);
            }
            let mut sql = counting(connection, query, &stored).await?;
            let rows = sql.build().fetch_all(connection).await?;
            rows.iter().map(counted).collect()
        })
    }

    /// The values that a field has among the Problems a filter lets through.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn problem_values(
        &self,
        query: &ProblemQuery,
        facet: Facet,
        starts_with: &str,
        limit: u32,
    ) -> Result<FoundValues, QueryError> {
        let limit = page_limit(limit);
        self.readers.ask(async |connection| {
            let mut sql = valuing(connection, query, facet, starts_with, limit).await?;
            let rows = sql.build().fetch_all(connection).await?;
            let value = |row: &SqliteRow| -> Result<FoundValue, QueryError> {
                Ok(FoundValue {
                    value: row.try_get(0)?,
                    count: row.try_get::<i64, _>(1)?.cast_unsigned(),
                    worst: severity(row.try_get(2)?),
                })
            };
            let values = rows.iter().take(limit as usize).map(value).collect::<Result<_, _>>()?;
            Ok(FoundValues { values, more: rows.len() > limit as usize })
        })
    }

    /// How SQLite would answer a page, a count and the values of a field: its plan's own lines. For tests.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[doc(hidden)]
    pub fn explain_problems(
        &self,
        asked: &ProblemPage,
        facet: Facet,
    ) -> Result<[Vec<String>; 3], QueryError> {
        self.readers.ask(async |connection| {
            let stored = stored_counts(connection).await?;
            let statements = [
                page(connection, asked, page_limit(asked.limit)).await?,
                counting(connection, &asked.query, &stored).await?,
                valuing(connection, &asked.query, facet, "", 100).await?,
            ];
            let mut plans = [const { Vec::new() }; 3];
            for (plan, statement) in plans.iter_mut().zip(statements) {
                let mut explained = QueryBuilder::<Sqlite>::new("EXPLAIN QUERY PLAN ");
                explained.push(statement.sql().as_str());
                // A plan does not depend on what is bound.
                let rows = sqlx::query(sqlx::AssertSqlSafe(explained.into_string()))
                    .fetch_all(&mut *connection)
                    .await?;
                *plan = rows.iter().map(|row| row.try_get("detail")).collect::<Result<_, _>>()?;
            }
            Ok(plans)
        })
    }
}

/// Keys first, along an index that holds them all; then the rows of this page alone.
async fn page(
    connection: &mut SqliteConnection,
    asked: &ProblemPage,
    limit: u32,
) -> Result<QueryBuilder<Sqlite>, QueryError> {
    let along = Along::of(asked.order);
    let stored = stored_counts(connection).await?;
    let (drive, few) = choose(connection, &asked.query, &stored).await?;
    let gravest = asked.order == ProblemOrder::Gravest;
    let in_order = |test: &Test| gravest && matches!(test, Test::NewestIn(runs) if runs.len() == 1);
    let ready = asked
        .query
        .conditions
        .iter()
        .position(|condition| condition.sense == Sense::Holds && in_order(&condition.test));
    let drive = match (drive, ready) {
        (drive @ Drive::List(_), _) if few => drive,
        (_, Some(at)) => Drive::List(at),
        _ => Drive::Order,
    };
    let one_status = asked.query.conditions.iter().any(|condition| {
        condition.sense == Sense::Holds
            && matches!(&condition.test, Test::Status(statuses) if statuses.len() == 1)
    });
    let walked = if gravest && one_status { "problems_by_status" } else { along.index };
    let order = along.order(asked.direction);
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT ");
    sql.push(COLUMNS).push(" FROM (SELECT p.rowid AS place");
    push_matching(&mut sql, &asked.query, drive, walked);
    if let Some(after) = &asked.after {
        along.push_after(&mut sql, asked.order, after, asked.direction);
    }
    sql.push(" ORDER BY ").push(&order).push(" LIMIT ").push_bind(i64::from(limit) + 1);
    sql.push(") k CROSS JOIN problems p ON p.rowid = k.place LEFT JOIN diagnostics d ON d.seq = p.last_seq ORDER BY ");
    sql.push(&order);
    Ok(sql)
}

async fn counting(
    connection: &mut SqliteConnection,
    query: &ProblemQuery,
    stored: &[ProblemCount],
) -> Result<QueryBuilder<Sqlite>, QueryError> {
    let (drive, _) = choose(connection, query, stored).await?;
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT p.severity_rank, p.status, count(*)");
    push_matching(&mut sql, query, drive, "problems_by_gravity");
    sql.push(" GROUP BY 1, 2 ORDER BY 1 DESC, 2");
    Ok(sql)
}

async fn valuing(
    connection: &mut SqliteConnection,
    query: &ProblemQuery,
    facet: Facet,
    starts_with: &str,
    limit: u32,
) -> Result<QueryBuilder<Sqlite>, QueryError> {
    let start = [Pattern::Starts(starts_with.to_owned())];
    let stored = stored_counts(connection).await?;
    let (drive, few) = choose(connection, query, &stored).await?;
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT t.value, count(*) AS n, max(");
    if few {
        sql.push("m.rank) FROM (SELECT p.first_seq AS problem, p.severity_rank AS rank");
        push_matching(&mut sql, query, drive, "problems_by_gravity");
        sql.push(") m CROSS JOIN problem_terms t INDEXED BY problem_terms_by_problem ON t.problem = m.problem WHERE ");
    } else {
        // Most Problems match: the field's own list is read once, and each of its Problems looked up.
        sql.push("p.severity_rank) FROM problem_terms t CROSS JOIN problems p INDEXED BY problems_by_first ON p.first_seq = t.problem WHERE 1");
        push_conditions(&mut sql, query, None);
        sql.push(" AND ");
    }
    push_value(&mut sql, facet, &start);
    sql.push(" GROUP BY t.value ORDER BY n DESC, t.value LIMIT ").push_bind(i64::from(limit) + 1);
    Ok(sql)
}

/// What to start from: the condition with the shortest list of its own, and whether that is short.
async fn choose(
    connection: &mut SqliteConnection,
    query: &ProblemQuery,
    stored: &[ProblemCount],
) -> Result<(Drive, bool), QueryError> {
    let mut best: Option<(u64, usize)> = None;
    for (at, condition) in query.conditions.iter().enumerate() {
        if condition.sense == Sense::Fails {
            continue;
        }
        let count = match estimate(&condition.test) {
            Some(mut sql) => {
                let row = sql.build().fetch_one(&mut *connection).await?;
                row.try_get::<i64, _>(0)?.cast_unsigned()
            }
            None if has_stored_count(&condition.test) => stored
                .iter()
                .filter(|count| stands(&condition.test, count.severity, count.status))
                .map(|count| count.count)
                .sum(),
            None => continue,
        };
        if best.is_none_or(|(least, _)| count < least) {
            best = Some((count, at));
        }
    }
    Ok(match best {
        Some((count, at)) => (Drive::List(at), count <= u64::from(FEW)),
        None => (Drive::Order, false),
    })
}

/// Whether the stored counts alone say how many Problems a condition leaves.
fn has_stored_count(test: &Test) -> bool {
    match test {
        Test::Status(_) => true,
        Test::Severity { grades, .. } => grades.is_empty(),
        _ => false,
    }
}

/// Whether a Problem of this severity and status meets a condition that has a stored count.
fn stands(test: &Test, severity: Severity, status: ProblemStatus) -> bool {
    match test {
        Test::Status(statuses) => statuses.contains(&status),
        Test::Severity { severities, .. } => severities.contains(&severity),
        _ => false,
    }
}

fn from_stored(query: &ProblemQuery, stored: &[ProblemCount]) -> Option<Vec<ProblemCount>> {
    if !query.conditions.iter().all(|condition| has_stored_count(&condition.test)) {
        return None;
    }
    let kept = stored.iter().filter(|count| {
        query.conditions.iter().all(|condition| {
            stands(&condition.test, count.severity, count.status)
                == (condition.sense == Sense::Holds)
        })
    });
    Some(kept.copied().collect())
}

/// Problems by severity and status, as they were counted while they changed.
pub(crate) async fn stored_counts(
    connection: &mut SqliteConnection,
) -> Result<Vec<ProblemCount>, QueryError> {
    let rows = sqlx::query("SELECT severity_rank, status, count FROM problem_counts WHERE count > 0 ORDER BY 1 DESC, 2")
        .fetch_all(connection)
        .await?;
    rows.iter().map(counted).collect()
}

fn counted(row: &SqliteRow) -> Result<ProblemCount, QueryError> {
    Ok(ProblemCount {
        severity: severity(row.try_get(0)?),
        status: status(row.try_get(1)?, 0)?,
        count: row.try_get::<i64, _>(2)?.cast_unsigned(),
    })
}

fn found(row: &SqliteRow) -> Result<FoundProblem, QueryError> {
    let (problem, key) = problem(row)?;
    let damaged = |why: String| QueryError::Damaged { what: "a problem", seq: key.last_seq, why };
    let newest: Option<Diagnostic> = row
        .try_get::<Option<&str>, _>("newest")?
        .map(serde_json::from_str)
        .transpose()
        .map_err(|error| damaged(error.to_string()))?;
    let run_id = row.try_get::<Option<&str>, _>("run_id")?.map(str::parse).transpose();
    Ok(FoundProblem {
        problem,
        run_id: run_id.map_err(|error: BadId| damaged(error.to_string()))?,
        first_seq: row.try_get::<i64, _>("first_seq")?.cast_unsigned(),
        last_seq: key.last_seq,
        newest,
    })
}
