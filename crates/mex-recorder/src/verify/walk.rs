//! The walk over the chain: tombstones first, then events in parallel ranges, hashed while they are read.

use mex_runtime::event::{Event, EventBody};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::{ChainFault, FaultKind, MAX_FAULTS};
use crate::chain::{self, Tail};
use crate::connection::{Readers, Seat};
use crate::error::QueryError;

/// Events per statement: enough to be fast, few enough to stay small in memory.
const BATCH: u64 = 4_096;

/// What a walk saw.
pub(super) struct Walked {
    /// The end of the chain.
    pub(super) last: Tail,
    /// How many events are tombstones.
    pub(super) purged: u64,
    /// The chain hash where the head stands.
    pub(super) at_head: Option<[u8; 32]>,
    /// Sequence numbers of the FR-EVT-003 that are there.
    pub(super) diagnostics: Vec<u64>,
    /// What is wrong with the chain.
    pub(super) faults: Vec<ChainFault>,
}

/// What the walk over one range saw.
#[derive(Default)]
struct Stretch {
    faults: Vec<ChainFault>,
    diagnostics: Vec<u64>,
    at_head: Option<[u8; 32]>,
}

impl Stretch {
    fn fault(&mut self, seq: u64, kind: FaultKind, why: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(ChainFault { seq: Some(seq), event_id: None, kind, why: why.into() });
        }
    }
}

pub(super) fn walk(
    readers: &Readers,
    seat: &mut Seat,
    head_seq: Option<u64>,
) -> Result<Walked, QueryError> {
    let mut whole = Stretch::default();
    if head_seq == Some(0) {
        whole.at_head = Some(chain::GENESIS);
    }
    let (first, last) = seat.run(async |connection| bounds(connection).await)?;
    let start =
        seat.run(async |connection| tombstones(connection, first, head_seq, &mut whole).await)?;
    let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8) as u64;
    let total = last.saturating_sub(start.seq);
    let share = total.div_ceil(threads).max(BATCH);
    let mut ranges = Vec::new();
    let mut from = start.seq + 1;
    while from <= last {
        let to = last.min(from + share - 1);
        ranges.push((from, to));
        from = to + 1;
    }
    let stretches: Vec<Result<Stretch, QueryError>> = std::thread::scope(|scope| {
        let walkers: Vec<_> = ranges
            .iter()
            .map(|&(from, to)| {
                let prev = (from == start.seq + 1).then_some(start.hash);
                scope.spawn(move || {
                    let mut seat = readers.fresh()?;
                    let result = seat.run(async |connection| {
                        stretch(connection, from, to, prev, head_seq).await
                    });
                    seat.close();
                    result
                })
            })
            .collect();
        walkers
            .into_iter()
            .map(|walker| {
                walker
                    .join()
                    .unwrap_or_else(|_| Err(QueryError::Db("a reader panicked".to_owned())))
            })
            .collect()
    });
    for stretch in stretches {
        let stretch = stretch?;
        whole.faults.extend(stretch.faults);
        whole.diagnostics.extend(stretch.diagnostics);
        whole.at_head = whole.at_head.or(stretch.at_head);
    }
    if start.seq > 0 && !seat.run(async |connection| is_purge(connection, start).await)? {
        whole.faults.push(ChainFault {
            seq: end_of_purge(start, &whole.faults),
            event_id: None,
            kind: FaultKind::Changed,
            why: "no retention event says that the chain was purged up to here with this hash"
                .to_owned(),
        });
    }
    let end = seat.run(async |connection| hash_at(connection, last).await)?;
    let end = Tail { seq: last.max(start.seq), hash: end.unwrap_or(start.hash) };
    Ok(Walked {
        last: end,
        purged: start.seq,
        at_head: whole.at_head,
        diagnostics: whole.diagnostics,
        faults: whole.faults,
    })
}

/// The first and the last sequence number there are; `(1, 0)` for none.
async fn bounds(connection: &mut SqliteConnection) -> Result<(u64, u64), QueryError> {
    let row = sqlx::query("SELECT coalesce((SELECT min(seq) FROM events), 1), coalesce((SELECT max(seq) FROM events), 0)")
        .fetch_one(connection)
        .await?;
    Ok((row.try_get::<i64, _>(0)?.cast_unsigned(), row.try_get::<i64, _>(1)?.cast_unsigned()))
}

async fn hash_at(
    connection: &mut SqliteConnection,
    seq: u64,
) -> Result<Option<[u8; 32]>, QueryError> {
    let hash: Option<Vec<u8>> = sqlx::query_scalar("SELECT hash FROM events WHERE seq = ?")
        .bind(seq.cast_signed())
        .fetch_optional(connection)
        .await?;
    Ok(hash.and_then(|hash| hash.try_into().ok()))
}

/// Walks what retention left, from 1 to just before the first event.
async fn tombstones(
    connection: &mut SqliteConnection,
    first: u64,
    head_seq: Option<u64>,
    whole: &mut Stretch,
) -> Result<Tail, QueryError> {
    let mut tail = Tail::EMPTY;
    loop {
        let rows = sqlx::query(
            "SELECT seq, body_sha256 FROM tombstones WHERE seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(tail.seq.cast_signed())
        .bind(BATCH.cast_signed())
        .fetch_all(&mut *connection)
        .await?;
        for row in &rows {
            let seq = row.try_get::<i64, _>(0)?.cast_unsigned();
            if seq >= first && first > 0 {
                whole.fault(seq, FaultKind::Changed, "a tombstone stands where an event is");
                return Ok(tail);
            }
            if seq != tail.seq + 1 {
                whole.fault(
                    tail.seq + 1,
                    FaultKind::Removed,
                    "neither an event nor its tombstone is there",
                );
                tail.seq = seq - 1;
            }
            let body: &[u8] = row.try_get(1)?;
            let Ok(body) = body.try_into() else {
                whole.fault(seq, FaultKind::Changed, "the tombstone does not hold a digest");
                continue;
            };
            tail = tail.then(body);
            if head_seq == Some(tail.seq) {
                whole.at_head = Some(tail.hash);
            }
        }
        if rows.len() < BATCH as usize {
            break;
        }
    }
    Ok(tail)
}

/// Whether a retention event says that everything up to `end` was purged, with this hash.
async fn is_purge(connection: &mut SqliteConnection, end: Tail) -> Result<bool, QueryError> {
    // Read as bytes: one of them may be damaged, and the walk over the events is to name it.
    let bodies: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT CAST(body AS BLOB) FROM event_rows WHERE lifecycle = 'retention'",
    )
    .fetch_all(connection)
    .await?;
    Ok(bodies.iter().any(|body| {
        let event = std::str::from_utf8(body).ok().map(Event::from_json);
        matches!(event, Some(Ok(Event { body: EventBody::Retention(said), .. }))
            if said.purged_through_seq == end.seq && said.purged_through_hash == end.digest())
    }))
}

/// The end of the purge, for the fault that no event says it; `None` where that event is damaged or
/// gone itself, and the walk has named it.
fn end_of_purge(start: Tail, faults: &[ChainFault]) -> Option<u64> {
    // An event that is whole and does not follow from the tombstones: these are wrong.
    let broken_there =
        |fault: &ChainFault| fault.kind == FaultKind::Unlinked && fault.seq == Some(start.seq + 1);
    (faults.is_empty() || faults.iter().any(broken_there)).then_some(start.seq)
}

/// Walks the events `from..=to`. Every stretch starts from what its predecessor says its hash is,
/// and the predecessor's stretch proves that.
async fn stretch(
    connection: &mut SqliteConnection,
    from: u64,
    to: u64,
    prev: Option<[u8; 32]>,
    head_seq: Option<u64>,
) -> Result<Stretch, QueryError> {
    let mut seen = Stretch::default();
    let mut known = match prev {
        Some(prev) => Some(prev),
        None => hash_at(connection, from - 1).await?,
    };
    let mut expected = from;
    while expected <= to {
        let end = to.min(expected + BATCH - 1);
        if whole(connection, (expected, end), &mut known, head_seq, &mut seen).await? {
            expected = end + 1;
            continue;
        }
        let rows = sqlx::query("SELECT seq, prev_hash, hash, CAST(body AS BLOB) FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq")
            .bind(expected.cast_signed())
            .bind(end.cast_signed())
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            let seq = row.try_get::<i64, _>(0)?.cast_unsigned();
            if seq != expected {
                seen.fault(
                    expected,
                    FaultKind::Removed,
                    format!("no event is there; the next is {seq}"),
                );
                known = None;
            }
            expected = seq + 1;
            let prev_hash: &[u8] = row.try_get(1)?;
            let hash: &[u8] = row.try_get(2)?;
            let body: &[u8] = row.try_get(3)?;
            let (Ok(prev_hash), Ok(hash)) =
                (<[u8; 32]>::try_from(prev_hash), <[u8; 32]>::try_from(hash))
            else {
                seen.fault(seq, FaultKind::Changed, "its hashes do not have 32 bytes");
                known = None;
                continue;
            };
            if chain::link(seq, &prev_hash, &chain::body_digest(body)) != hash {
                seen.fault(
                    seq,
                    FaultKind::Changed,
                    "its hash is not that of its body, place and predecessor",
                );
            } else if known.is_some_and(|known| known != prev_hash) {
                seen.fault(seq, FaultKind::Unlinked, "it does not follow from the event before it");
            }
            known = Some(hash);
            if head_seq == Some(seq) {
                seen.at_head = Some(hash);
            }
            if is_diagnostic(body) {
                seen.diagnostics.push(seq);
            }
        }
        if expected <= end {
            seen.fault(expected, FaultKind::Removed, "no event is there");
            expected = end + 1;
            known = None;
        }
    }
    Ok(seen)
}

/// Walks a batch that is as it should be: all of it in one row, for a row each costs more than the
/// hashing. Anything else, of whatever kind, is `false` and leaves no trace; then each event is
/// looked at by itself. What is accepted here has the hash that the chain says, so the form in
/// which the database handed it over proves nothing and need not be trusted.
async fn whole(
    connection: &mut SqliteConnection,
    (from, to): (u64, u64),
    known: &mut Option<[u8; 32]>,
    head_seq: Option<u64>,
    seen: &mut Stretch,
) -> Result<bool, QueryError> {
    let Some(mut tail) = known.map(|hash| Tail { seq: from - 1, hash }) else { return Ok(false) };
    let row = sqlx::query(
        "SELECT group_concat(length(body)), CAST(group_concat(body, '') AS BLOB), group_concat(links, '') \
         FROM (SELECT CAST(body AS BLOB) AS body, hex(prev_hash) || hex(hash) AS links \
               FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq)",
    )
    .bind(from.cast_signed())
    .bind(to.cast_signed())
    .fetch_one(&mut *connection)
    .await;
    // A batch too large for one row, or bytes that are no text: not here.
    let Ok(row) = row else { return Ok(false) };
    let (Ok(lengths), Ok(mut bodies), Ok(mut links)) = (
        row.try_get::<&str, _>(0),
        row.try_get::<&[u8], _>(1),
        row.try_get::<&str, _>(2).map(str::as_bytes),
    ) else {
        return Ok(false);
    };
    let mut diagnostics = Vec::new();
    let mut at_head = None;
    for length in lengths.split(',') {
        let taken = length.parse().ok().and_then(|length| bodies.split_at_checked(length));
        let (Some((body, more)), Some((link, others))) = (taken, links.split_at_checked(128))
        else {
            return Ok(false);
        };
        (bodies, links) = (more, others);
        let next = tail.then(&chain::body_digest(body));
        if !spells(&link[..64], &tail.hash) || !spells(&link[64..], &next.hash) {
            return Ok(false);
        }
        tail = next;
        if head_seq == Some(tail.seq) {
            at_head = Some(tail.hash);
        }
        if is_diagnostic(body) {
            diagnostics.push(tail.seq);
        }
    }
    if tail.seq != to || !bodies.is_empty() || !links.is_empty() {
        return Ok(false);
    }
    *known = Some(tail.hash);
    seen.at_head = seen.at_head.or(at_head);
    seen.diagnostics.extend(diagnostics);
    Ok(true)
}

/// Whether upper-case hex digits are these bytes.
fn spells(hex: &[u8], bytes: &[u8; 32]) -> bool {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    hex.len() == 64
        && hex.chunks_exact(2).zip(bytes).all(|(pair, byte)| {
            pair[0] == DIGITS[usize::from(byte >> 4)] && pair[1] == DIGITS[usize::from(byte & 15)]
        })
}

/// Inside a JSON string every quote is escaped, so this text can only be the field itself.
fn is_diagnostic(body: &[u8]) -> bool {
    const MARK: &str = "\"event_type\":\"diagnostic\"";
    // Searching text is many times faster; bytes that are no text are damage the walk has named.
    match std::str::from_utf8(body) {
        Ok(text) => text.contains(MARK),
        Err(_) => body.windows(MARK.len()).any(|window| window == MARK.as_bytes()),
    }
}
