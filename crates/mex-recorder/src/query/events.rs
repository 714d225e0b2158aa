//! Events: by filter, by id, and what came after a sequence number.

use mex_runtime::digest::Digest;
use mex_runtime::event::{Event, EventBody, SystemEvent};
use mex_runtime::id::{EventId, OpId, RunId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite};

use super::{EventFilter, Order, Page, StoredEvent, page_limit};
use crate::error::QueryError;
use crate::recorder::FlightRecorder;

impl FlightRecorder {
    /// One page of the events that match.
    ///
    /// # Errors
    /// When the database cannot be read or an event does not have its shape.
    pub fn events(&self, filter: &EventFilter) -> Result<Page<StoredEvent>, QueryError> {
        self.readers.ask(async |connection| page(connection, filter).await)
    }

    /// How SQLite would answer a page of events: its plan's own lines. For tests.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[doc(hidden)]
    pub fn explain_events(&self, filter: &EventFilter) -> Result<Vec<String>, QueryError> {
        self.readers.ask(async |connection| {
            let mut explained = QueryBuilder::<Sqlite>::new("EXPLAIN QUERY PLAN ");
            explained.push(statement(filter, page_limit(filter.limit)).sql().as_str());
            // A plan does not depend on what is bound.
            let rows = sqlx::query(sqlx::AssertSqlSafe(explained.into_string()))
                .fetch_all(connection)
                .await?;
            Ok(rows.iter().map(|row| row.try_get("detail")).collect::<Result<_, _>>()?)
        })
    }

    /// One event.
    ///
    /// # Errors
    /// When there is none with this id.
    pub fn event(&self, event_id: EventId) -> Result<StoredEvent, QueryError> {
        self.readers.ask(async |connection| {
            let row =
                sqlx::query("SELECT seq, body, prev_hash, hash FROM event_rows WHERE event_id = ?")
                    .bind(event_id.to_string())
                    .fetch_optional(connection)
                    .await?;
            let row = row
                .ok_or_else(|| QueryError::NotFound { what: "event", id: event_id.to_string() })?;
            stored(&row)
        })
    }

    /// What was recorded after `seq`, oldest first; a host polls it to follow.
    ///
    /// # Errors
    /// As [`FlightRecorder::events`].
    pub fn tail(&self, after_seq: u64, limit: u32) -> Result<Vec<StoredEvent>, QueryError> {
        let filter = EventFilter {
            after_seq: Some(after_seq),
            order: Order::Oldest,
            limit,
            ..EventFilter::default()
        };
        self.events(&filter).map(|page| page.items)
    }

    /// The last sequence number; 0 where nothing was recorded.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_seq(&self) -> Result<u64, QueryError> {
        self.readers.ask(async |connection| Ok(crate::append::tail(connection).await?.seq))
    }

    /// The events that name what scans and attempts were given and left, newest first, from below
    /// `before_seq` where given: `operation_ended`, `scan_begun`, `scan_ended`.
    ///
    /// # Errors
    /// As [`FlightRecorder::events`].
    pub fn naming(
        &self,
        run_id: Option<RunId>,
        op_id: Option<OpId>,
        before_seq: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, QueryError> {
        self.readers.ask(async |connection| {
            let mut found = Vec::new();
            // Each kind has its own list by sequence; together they would be sorted as a whole.
            for lifecycle in ["operation_ended", "scan_begun", "scan_ended"] {
                let mut sql = QueryBuilder::<Sqlite>::new(
                    "SELECT seq, body, prev_hash, hash FROM event_rows WHERE ",
                );
                match (op_id, run_id) {
                    (None, None) => sql.push("lifecycle = ").push_bind(lifecycle),
                    _ => sql.push("+lifecycle = ").push_bind(lifecycle),
                };
                if let Some(op_id) = op_id {
                    sql.push(" AND op_id = ").push_bind(op_id.to_string());
                }
                if let Some(run_id) = run_id {
                    sql.push(" AND run_id = ").push_bind(run_id.to_string());
                }
                let before = before_seq.map_or(i64::MAX, u64::cast_signed);
                sql.push(" AND seq < ").push_bind(before).push(" ORDER BY seq DESC LIMIT ");
                sql.push_bind(i64::from(page_limit(limit)));
                let rows = sql.build().fetch_all(&mut *connection).await?;
                found.extend(rows.iter().map(stored).collect::<Result<Vec<_>, _>>()?);
            }
            found.sort_by_key(|stored| std::cmp::Reverse(stored.seq));
            found.truncate(page_limit(limit) as usize);
            Ok(found)
        })
    }

    /// Each gate's outcome on one attempt, in the order judged (contract GATE-8).
    ///
    /// # Errors
    /// `MEX-NOT-FOUND` where nothing is recorded of the attempt.
    pub fn gate_outcomes(&self, op_id: OpId) -> Result<Vec<StoredEvent>, QueryError> {
        let filter =
            EventFilter { op_id: Some(op_id), order: Order::Oldest, ..EventFilter::default() };
        let all = self.events(&filter)?.items;
        if all.is_empty() {
            return Err(QueryError::NotFound { what: "operation", id: op_id.to_string() });
        }
        let outcome = |stored: &StoredEvent| {
            matches!(&stored.event.body, EventBody::System(SystemEvent::GateOutcome { .. }))
        };
        Ok(all.into_iter().filter(outcome).collect())
    }
}

async fn page(
    connection: &mut SqliteConnection,
    filter: &EventFilter,
) -> Result<Page<StoredEvent>, QueryError> {
    let limit = page_limit(filter.limit);
    let rows = statement(filter, limit).build().fetch_all(connection).await?;
    let items: Vec<StoredEvent> =
        rows.iter().take(limit as usize).map(stored).collect::<Result<_, _>>()?;
    let next = items.last().filter(|_| rows.len() > limit as usize).map(|last| last.seq);
    Ok(Page { items, next })
}

/// Sequence numbers first, by an index of what is asked; then the rows of this page alone.
fn statement(filter: &EventFilter, limit: u32) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::<Sqlite>::new(
        "SELECT seq, body, prev_hash, hash FROM events WHERE seq IN (SELECT seq FROM event_rows WHERE 1",
    );
    let texts = [
        (" AND event_type = ", filter.event_type.clone()),
        (" AND kind = ", filter.kind.clone()),
        (" AND capability_id = ", filter.capability_id.clone()),
        (" AND job_id = ", filter.job_id.map(|id| id.to_string())),
        (" AND run_id = ", filter.run_id.map(|id| id.to_string())),
        (" AND op_id = ", filter.op_id.map(|id| id.to_string())),
    ];
    // A list of its own is in order; a span of time is not: clocks go back (promise P38).
    let listed = texts.iter().any(|(_, text)| text.is_some());
    for (condition, text) in texts {
        if let Some(text) = text {
            sql.push(condition).push_bind(text);
        }
    }
    let spans = filter.since.is_some() || filter.until.is_some();
    if let Some(since) = filter.since {
        sql.push(" AND at >= ").push_bind(at(since));
    }
    if let Some(until) = filter.until {
        sql.push(" AND at <= ").push_bind(at(until));
    }
    if let Some(seq) = filter.after_seq {
        sql.push(" AND seq > ").push_bind(seq.cast_signed());
    }
    if let Some(seq) = filter.before_seq {
        sql.push(" AND seq < ").push_bind(seq.cast_signed());
    }
    let way = match filter.order {
        Order::Newest => "DESC",
        Order::Oldest => "ASC",
    };
    sql.push(if spans && !listed { " ORDER BY +seq " } else { " ORDER BY seq " });
    sql.push(way).push(" LIMIT ").push_bind(i64::from(limit) + 1);
    sql.push(") ORDER BY seq ").push(way);
    sql
}

/// A timestamp as the `at` column writes it: without `Z`, so that text order is time order.
pub(crate) fn at(timestamp: jiff::Timestamp) -> String {
    timestamp.to_string().trim_end_matches('Z').to_owned()
}

/// A row of `seq, body, prev_hash, hash` as what was recorded.
pub(crate) fn stored(row: &SqliteRow) -> Result<StoredEvent, QueryError> {
    let seq = row.try_get::<i64, _>("seq")?.cast_unsigned();
    let damaged = |why: String| QueryError::Damaged { what: "an event", seq, why };
    let body: &str = row.try_get("body")?;
    let event = Event::from_json(body).map_err(|error| damaged(error.to_string()))?;
    let digest = |column: &str| -> Result<Digest, QueryError> {
        let bytes: &[u8] = row.try_get(column)?;
        let bytes =
            bytes.try_into().map_err(|_| damaged(format!("`{column}` has not 32 bytes")))?;
        Ok(Digest::from_bytes(bytes))
    };
    Ok(StoredEvent { seq, prev_hash: digest("prev_hash")?, hash: digest("hash")?, event })
}
