//! Retention (contract FR-7) and exported heads: the recorder's changes to itself, each an event.
//! Never purges what is open, what carries a live consent, or silently.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use mex_runtime::artifact::Sidecar;
use mex_runtime::digest::Digest;
use mex_runtime::event::{Checkpoint, EventBody, EventContext, HumanAction, Retention};
use mex_runtime::id::{ActorId, EventId};
use mex_runtime::operation::Actor;
use mex_runtime::port::ArtifactStore as _;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use crate::append::{self, Prepared};
use crate::artifacts::ArtifactFolder;
use crate::chain;
use crate::error::{ChangeError, QueryError};
use crate::head::{Head, public_hex};
use crate::query::ConsentState;
use crate::query::events::at;
use crate::recorder::FlightRecorder;

/// How long events are kept where nobody said otherwise.
pub const DEFAULT_DAYS: u32 = 30;

/// The document whose approval sets how long events are kept; its digest is that of the days as text.
pub(crate) const RETENTION: &str = "retention";

/// The setting's key.
pub(crate) const RETENTION_DAYS: &str = "retention_days";

/// Artifacts that one purge removes at most; the next one goes on.
const MAX_ARTIFACTS: usize = 10_000;

/// What a purge took (contract FR-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PurgeReport {
    /// The `retention` event that says so; null where nothing was old enough.
    pub event_id: Option<EventId>,
    /// The last sequence number purged; 0 where nothing was.
    pub purged_through_seq: u64,
    /// How many events went.
    pub events_purged: u64,
    /// Artifacts removed.
    pub artifacts_purged: Vec<Digest>,
    /// Events older than this went.
    pub older_than: Timestamp,
    /// The days that decided.
    pub retention_days: u32,
}

/// Why bytes are not there (contract FR-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Absence {
    /// Retention took them.
    Purged {
        /// The event that says so.
        event_id: EventId,
        /// When.
        at: Timestamp,
    },
    /// Nothing says they ever were, or somebody removed them outside the product.
    Unknown,
}

impl FlightRecorder {
    /// Days that events are kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn retention_days(&self) -> Result<u32, QueryError> {
        self.readers.ask(async |connection| Ok(days(connection).await?))
    }

    /// Sets how long events are kept, for a person, with its `human_action` event.
    ///
    /// # Errors
    /// For zero days and for more than a hundred years; when it could not be recorded.
    pub fn set_retention_days(
        &self,
        days: u32,
        reason: &str,
        person: &ActorId,
    ) -> Result<(), ChangeError> {
        if !(1..=36_500).contains(&days) {
            return Err(ChangeError::Refused {
                field: "retention days",
                why: "must be 1 to 36500",
            });
        }
        let (clock, reason, person) = (self.clock.clone(), reason.to_owned(), person.clone());
        self.writer.change(move |desk| {
            desk.transaction(async |connection, tail| {
                let action = HumanAction::DocumentApproved {
                    document: RETENTION.to_owned(),
                    sha256: Digest::of(days.to_string().as_bytes()),
                    reason,
                };
                let context = by(&person);
                let event = context.event(
                    EventId::new(clock.uuid()),
                    clock.now(),
                    EventBody::HumanAction(action),
                );
                append::append(connection, tail, &[&Prepared::event(&event)?]).await?;
                sqlx::query("INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
                    .bind(RETENTION_DAYS)
                    .bind(days.to_string())
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
    }

    /// Purges events older at `now` than `keep_days`, or than the setting says, and artifacts that
    /// nothing left refers to. The chain keeps the digests of what went; an event says what that was.
    ///
    /// # Errors
    /// For zero days; when the purge could not be recorded, and nothing was purged then.
    pub fn purge(
        &self,
        now: Timestamp,
        keep_days: Option<u32>,
        person: &ActorId,
    ) -> Result<PurgeReport, ChangeError> {
        keep_days.map_or(Ok(()), check_days)?;
        let live = self.consents(now)?;
        let live: Vec<String> = live
            .iter()
            .filter(|consent| consent.state == ConsentState::Live)
            .map(|consent| consent.consent_id.to_string())
            .collect();
        let (clock, context, store) = (self.clock.clone(), by(person), self.artifacts().clone());
        let done = self.writer.change(move |desk| {
            desk.transaction(async |connection, tail| {
                let setting = days(connection).await?;
                let days = keep_days.unwrap_or(setting);
                let older_than = now
                    .checked_sub(SignedDuration::from_hours(24 * i64::from(days)))
                    .unwrap_or(Timestamp::MIN);
                let Some((from, through)) = span(connection, older_than, &live).await? else {
                    return Ok(PurgeReport {
                        event_id: None,
                        purged_through_seq: 0,
                        events_purged: 0,
                        artifacts_purged: Vec::new(),
                        older_than,
                        retention_days: days,
                    });
                };
                let unused = unused(connection, &store, through, older_than).await?;
                let hash =
                    sqlx::query_scalar::<_, Vec<u8>>("SELECT hash FROM events WHERE seq = ?")
                        .bind(through.cast_signed())
                        .fetch_one(&mut *connection)
                        .await?;
                let hash: [u8; 32] = hash
                    .try_into()
                    .map_err(|_| sqlx::Error::Protocol("a chain hash has 32 bytes".to_owned()))?;
                let retention = Retention {
                    purged_through_seq: through,
                    purged_through_hash: Digest::from_bytes(hash),
                    events_purged: through - from + 1,
                    artifacts_purged: unused,
                    older_than,
                    retention_days: days,
                };
                let event = context.event(
                    EventId::new(clock.uuid()),
                    clock.now(),
                    EventBody::Retention(retention.clone()),
                );
                append::append(connection, tail, &[&Prepared::event(&event)?]).await?;
                bury(connection, from, through).await?;
                Ok::<_, ChangeError>(PurgeReport {
                    event_id: Some(event.event_id),
                    purged_through_seq: retention.purged_through_seq,
                    events_purged: retention.events_purged,
                    artifacts_purged: retention.artifacts_purged,
                    older_than,
                    retention_days: days,
                })
            })
        })?;
        for sha256 in &done.artifacts_purged {
            self.artifacts().remove(sha256)?;
        }
        Ok(done)
    }

    /// Why an artifact is not in the store (contract FR-7).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn absence(&self, sha256: &Digest) -> Result<Absence, QueryError> {
        let found = self.lifecycle("retention")?.into_iter().rev().find(|stored| {
            matches!(&stored.event.body, EventBody::Retention(retention)
                if retention.artifacts_purged.contains(sha256))
        });
        Ok(found.map_or(Absence::Unknown, |stored| Absence::Purged {
            event_id: stored.event.event_id,
            at: stored.event.timestamp,
        }))
    }

    /// Exports a signed head of everything recorded so far; a checkpoint event says so (contract FR-8).
    ///
    /// # Errors
    /// When the checkpoint could not be recorded; there is no head then.
    pub fn export_head(&self, person: &ActorId) -> Result<Head, ChangeError> {
        let (clock, context, key) = (self.clock.clone(), by(person), self.key.clone());
        self.writer.change(move |desk| {
            desk.transaction(async |connection, tail| {
                let now = clock.now();
                let head = Head::sign(&key, tail.seq, tail.digest(), now)
                    .map_err(|error| crate::error::db_fault(&error))?;
                let checkpoint =
                    Checkpoint { seq: head.seq, hash: head.hash, public_key: public_hex(&key) };
                let event = context.event(
                    EventId::new(clock.uuid()),
                    now,
                    EventBody::Checkpoint(checkpoint),
                );
                append::append(connection, tail, &[&Prepared::event(&event)?]).await?;
                Ok::<_, ChangeError>(head)
            })
        })
    }
}

fn by(person: &ActorId) -> EventContext {
    EventContext { actor: Actor::Human, ..EventContext::system(person.clone()) }
}

const fn check_days(days: u32) -> Result<(), ChangeError> {
    match days {
        1..=36_500 => Ok(()),
        _ => Err(ChangeError::Refused { field: "retention days", why: "must be 1 to 36500" }),
    }
}

async fn days(connection: &mut SqliteConnection) -> Result<u32, sqlx::Error> {
    let value: Option<String> = sqlx::query_scalar("SELECT value FROM settings WHERE key = ?")
        .bind(RETENTION_DAYS)
        .fetch_optional(connection)
        .await?;
    Ok(value.and_then(|value| value.parse().ok()).unwrap_or(DEFAULT_DAYS))
}

/// The first and last event to purge: a prefix in which all is old, closed and without a live consent.
async fn span(
    connection: &mut SqliteConnection,
    older_than: Timestamp,
    live: &[String],
) -> Result<Option<(u64, u64)>, sqlx::Error> {
    let first: Option<i64> =
        sqlx::query_scalar("SELECT min(seq) FROM events").fetch_one(&mut *connection).await?;
    let Some(first) = first else { return Ok(None) };
    let last: i64 =
        sqlx::query_scalar("SELECT max(seq) FROM events").fetch_one(&mut *connection).await?;
    let young: Option<i64> =
        sqlx::query_scalar("SELECT seq FROM event_rows WHERE at >= ? ORDER BY seq LIMIT 1")
            .bind(at(older_than))
            .fetch_optional(&mut *connection)
            .await?;
    let open: Option<i64> =
        sqlx::query_scalar("SELECT min(seq) FROM open_entries").fetch_one(&mut *connection).await?;
    let mut stop = young.unwrap_or(last + 1).min(open.unwrap_or(i64::MAX));
    for consent in live {
        let granted: Option<i64> = sqlx::query_scalar(
            "SELECT min(seq) FROM event_rows WHERE lifecycle = 'consent' AND consent_id = ?",
        )
        .bind(consent)
        .fetch_one(&mut *connection)
        .await?;
        stop = stop.min(granted.unwrap_or(i64::MAX));
    }
    Ok((stop > first).then(|| (first.cast_unsigned(), (stop - 1).cast_unsigned())))
}

/// Old artifacts that no remaining event, diagnostic or remaining artifact's sidecar or document names.
async fn unused(
    connection: &mut SqliteConnection,
    store: &ArtifactFolder,
    through: u64,
    older_than: Timestamp,
) -> Result<Vec<Digest>, ChangeError> {
    let mut used: BTreeSet<Digest> = BTreeSet::new();
    let mut after = through.cast_signed();
    loop {
        let rows = sqlx::query("SELECT e.seq, e.body, d.body FROM events e LEFT JOIN diagnostics d ON d.seq = e.seq WHERE e.seq > ? ORDER BY e.seq LIMIT 1000")
            .bind(after)
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = rows.last() else { break };
        after = last.try_get(0)?;
        for row in &rows {
            used.extend(digests(row.try_get::<&str, _>(1)?.as_bytes()));
            used.extend(digests(row.try_get::<Option<&str>, _>(2)?.unwrap_or("").as_bytes()));
        }
    }
    let mut old = Vec::new();
    for sha256 in store.list()? {
        // What cannot be read is kept: it is for a person to look at.
        let young = |sidecar: &Sidecar| sidecar.stored_at >= older_than;
        match store.sidecars(&sha256) {
            Ok(sidecars) if !sidecars.is_empty() && !sidecars.iter().any(young) => old.push(sha256),
            _ => {
                used.insert(sha256);
            }
        }
    }
    // What a kept artifact refers to is kept too.
    let mut to_read: Vec<Digest> = used.iter().copied().collect();
    while let Some(sha256) = to_read.pop() {
        let sidecars =
            store.sidecars(&sha256).ok().and_then(|found| serde_json::to_vec(&found).ok());
        let bytes = store.read(&sha256).unwrap_or_default();
        for found in sidecars.iter().flat_map(|text| digests(text)).chain(digests(&bytes)) {
            if used.insert(found) {
                to_read.push(found);
            }
        }
    }
    old.retain(|sha256| !used.contains(sha256));
    old.truncate(MAX_ARTIFACTS);
    Ok(old)
}

/// Every run of exactly 64 lowercase hex characters.
fn digests(bytes: &[u8]) -> Vec<Digest> {
    bytes
        .split(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        .filter(|run| run.len() == 64)
        .filter_map(|run| std::str::from_utf8(run).ok()?.parse().ok())
        .collect()
}

/// Leaves a tombstone for each event, then takes events and instances away.
async fn bury(
    connection: &mut SqliteConnection,
    from: u64,
    through: u64,
) -> Result<(), ChangeError> {
    let mut next = from;
    while next <= through {
        let rows = sqlx::query(
            "SELECT seq, body FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT 500",
        )
        .bind(next.cast_signed())
        .bind(through.cast_signed())
        .fetch_all(&mut *connection)
        .await?;
        if rows.is_empty() {
            break;
        }
        let mut sql =
            sqlx::QueryBuilder::<sqlx::Sqlite>::new("INSERT INTO tombstones (seq, body_sha256) ");
        let mut pairs = Vec::with_capacity(rows.len());
        for row in &rows {
            let seq: i64 = row.try_get(0)?;
            pairs.push((seq, chain::body_digest(row.try_get::<&str, _>(1)?.as_bytes()).to_vec()));
            next = seq.cast_unsigned() + 1;
        }
        sql.push_values(pairs, |mut values, (seq, digest)| {
            values.push_bind(seq).push_bind(digest);
        });
        sql.build().execute(&mut *connection).await?;
    }
    let through = through.cast_signed();
    sqlx::query("UPDATE problems SET purged = purged + (SELECT count(*) FROM diagnostics d WHERE d.fingerprint = problems.fingerprint AND d.seq <= ?1) WHERE fingerprint IN (SELECT fingerprint FROM diagnostics WHERE seq <= ?1)")
        .bind(through)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM events WHERE seq <= ?")
        .bind(through)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM diagnostics WHERE seq <= ?").bind(through).execute(connection).await?;
    Ok(())
}
