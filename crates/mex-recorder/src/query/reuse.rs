//! The newest attempt that ran under a reuse key (contract SC-12). Never hands out an event whose own
//! link, or whose successor's, does not hold: what was changed behind the recorder's back is damage.

use mex_runtime::digest::Digest;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::StoredEvent;
use super::events::stored;
use crate::chain;
use crate::error::QueryError;
use crate::recorder::FlightRecorder;

/// Older attempts than the newest so many are not looked at: they run again.
const RECENT: i64 = 2_000;

impl FlightRecorder {
    /// The `operation_ended` event of the newest attempt under a key, its place in the chain checked.
    ///
    /// # Errors
    /// When the database cannot be read, and for an event that is not what was chained.
    pub fn ended_under(&self, key: &Digest) -> Result<Option<StoredEvent>, QueryError> {
        self.readers.ask(async |connection| {
            let found = sqlx::query("SELECT seq, body, prev_hash, hash FROM (SELECT seq, body, prev_hash, hash FROM event_rows WHERE lifecycle = 'operation_ended' ORDER BY seq DESC LIMIT ?) WHERE body ->> '$.payload.reuse_key' = ? LIMIT 1")
                .bind(RECENT)
                .bind(key.to_string())
                .fetch_optional(&mut *connection)
                .await?;
            let Some(row) = found else { return Ok(None) };
            let event = stored(&row)?;
            let around = sqlx::query("SELECT seq, prev_hash, hash FROM events WHERE seq IN (?, ?)")
                .bind((event.seq - 1).cast_signed())
                .bind((event.seq + 1).cast_signed())
                .fetch_all(&mut *connection)
                .await?;
            check(&event, &row, &around)?;
            Ok(Some(event))
        })
    }
}

fn check(event: &StoredEvent, row: &SqliteRow, around: &[SqliteRow]) -> Result<(), QueryError> {
    let damaged =
        |why: &str| QueryError::Damaged { what: "an event", seq: event.seq, why: why.to_owned() };
    let body: &str = row.try_get("body")?;
    let own: &[u8] = row.try_get("hash")?;
    let before: &[u8] = row.try_get("prev_hash")?;
    let before: &[u8; 32] =
        before.try_into().map_err(|_| damaged("`prev_hash` has not 32 bytes"))?;
    if chain::link(event.seq, before, &chain::body_digest(body.as_bytes())) != own {
        return Err(damaged("its hash is not that of its body"));
    }
    for neighbour in around {
        let seq: i64 = neighbour.try_get("seq")?;
        let (theirs, ours) = if seq.cast_unsigned() < event.seq {
            (neighbour.try_get::<&[u8], _>("hash")?, before.as_slice())
        } else {
            (neighbour.try_get::<&[u8], _>("prev_hash")?, own)
        };
        if theirs != ours {
            return Err(damaged("the event beside it was chained to another one"));
        }
    }
    Ok(())
}
