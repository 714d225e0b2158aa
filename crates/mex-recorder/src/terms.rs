//! What Problems can be found by, kept beside them: fields and values of the newest instance, read off
//! by [`mex_runtime::facet`]. The only writer of `problem_terms`. Never holds what no instance says.

use std::collections::BTreeSet;

use mex_runtime::diagnostic::Diagnostic;
use mex_runtime::facet::{Facet, facets};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

/// Rows per statement; few sizes, so that each is prepared once.
const CHUNKS: [usize; 4] = [32, 16, 4, 1];

/// Fields and values of one Problem.
pub(crate) type Terms = BTreeSet<(Facet, String)>;

/// Whether a Problem had terms before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// This is its first instance.
    Nothing,
    /// It was seen before, perhaps otherwise.
    Something,
}

/// Makes a Problem's terms exactly these; what is there already is not written again.
pub(crate) async fn set(
    connection: &mut SqliteConnection,
    problem: i64,
    wanted: &Terms,
    before: Before,
) -> Result<(), sqlx::Error> {
    let known = match before {
        Before::Nothing => BTreeSet::new(),
        Before::Something => known(connection, problem).await?,
    };
    let wanted: BTreeSet<(&str, &str)> =
        wanted.iter().map(|(facet, value)| (facet.word(), value.as_str())).collect();
    for (field, value) in &known {
        if !wanted.contains(&(field.as_str(), value.as_str())) {
            sqlx::query("DELETE FROM problem_terms WHERE field = ? AND value = ? AND problem = ?")
                .bind(field.as_str())
                .bind(value.as_str())
                .bind(problem)
                .execute(&mut *connection)
                .await?;
        }
    }
    let new: Vec<(&str, &str)> = wanted
        .into_iter()
        .filter(|(field, value)| {
            known.is_empty() || !known.contains(&((*field).to_owned(), (*value).to_owned()))
        })
        .collect();
    let mut rest = new.as_slice();
    while !rest.is_empty() {
        let size = CHUNKS.iter().copied().find(|size| *size <= rest.len()).unwrap_or(1);
        let (chunk, after) = rest.split_at(size);
        let mut sql =
            String::from("INSERT INTO problem_terms (field, value, problem) VALUES (?,?,?)");
        (1..size).for_each(|_| sql.push_str(",(?,?,?)"));
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for (field, value) in chunk {
            query = query.bind(*field).bind(*value).bind(problem);
        }
        query.execute(&mut *connection).await?;
        rest = after;
    }
    Ok(())
}

/// The terms a Problem has, as they are written.
pub(crate) async fn known(
    connection: &mut SqliteConnection,
    problem: i64,
) -> Result<BTreeSet<(String, String)>, sqlx::Error> {
    let rows = sqlx::query("SELECT field, value FROM problem_terms WHERE problem = ?")
        .bind(problem)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Fills in what schema version 3 added, from the newest instance of each Problem. One that retention
/// left no instance of can be found by what its own row says alone.
pub(crate) async fn fill(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE problems SET run_id = (SELECT e.run_id FROM event_rows e WHERE e.seq = problems.last_seq)")
        .execute(&mut *connection)
        .await?;
    let mut after = 0i64;
    loop {
        let rows = sqlx::query("SELECT p.first_seq, d.body FROM problems p JOIN diagnostics d ON d.seq = p.last_seq WHERE p.first_seq > ? ORDER BY p.first_seq LIMIT 500")
            .bind(after)
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.try_get(0)?;
        for row in &rows {
            // What has not its shape is named by `verify`; it can be found by nothing.
            if let Ok(diagnostic) = serde_json::from_str::<Diagnostic>(row.try_get(1)?) {
                set(connection, row.try_get(0)?, &facets(&diagnostic), Before::Nothing).await?;
            }
        }
    }
}
