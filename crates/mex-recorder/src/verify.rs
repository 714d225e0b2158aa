//! Walks the whole recorder and names what was changed, removed, inserted or reordered (contract FR-8, promise P8).
//! Only reads. States its limit: who holds the key can rewrite what no one exported.

mod derived;
mod problems;
mod walk;

use std::path::Path;

use mex_runtime::digest::Digest;
use schemars::JsonSchema;
use serde::Serialize;

use crate::connection::{Readers, Seat};
use crate::error::QueryError;
use crate::head::{Head, public_hex};
use crate::recorder::{DATABASE, FlightRecorder};
use crate::{chain, keys, schema};

/// At most this many faults are listed; the first is always among them.
const MAX_FAULTS: usize = 100;

/// Up to this many events every index is compared with its table; above, its pages alone: comparing
/// computes each key again from its event's JSON, several seconds for a million. The report says so.
const FULL_CHECK: u64 = 100_000;

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The body or its hash is not what was chained: changed, swapped or inserted.
    Changed,
    /// A sequence number is missing.
    Removed,
    /// The link to the predecessor does not hold: reordered, or a run of events was replaced.
    Unlinked,
    /// The chain ends before the head, or says something else where the head stands.
    Head,
    /// A diagnostic instance is not what its FR-EVT-003 says.
    Diagnostic,
    /// A Problem, an open entry or a setting is not what the events say.
    Derived,
    /// A table, index, trigger or view is not ours.
    Schema,
    /// SQLite itself finds the file damaged.
    Storage,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChainFault {
    /// The sequence number concerned, where there is one.
    pub seq: Option<u64>,
    /// The event there, where it can be read.
    pub event_id: Option<String>,
    /// What kind of thing.
    pub kind: FaultKind,
    /// One sentence.
    pub why: String,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VerifyReport {
    /// Events ever recorded, as the chain says.
    pub events: u64,
    /// How many of them retention took; their digests still hold the chain.
    pub purged: u64,
    /// The last sequence number.
    pub last_seq: u64,
    /// The chain hash there.
    pub last_hash: Digest,
    /// The sequence number of the head compared with, if one was.
    pub head_seq: Option<u64>,
    /// What is wrong, at most 100, the first bad event first; empty for an intact recorder.
    pub faults: Vec<ChainFault>,
    /// What this verification cannot know, a sentence each.
    pub limits: Vec<&'static str>,
}

const KEY_LIMIT: &str =
    "who holds the folder and its key can rewrite what lies behind no exported head";
const PURGED_LIMIT: &str = "what retention took decides nothing any more: counts, first sight and status of a Problem, \
    and the retention setting, are held only against the events that are left";
const INDEX_LIMIT: &str = "above 100,000 events the pages of an index are checked, and not each entry against its event: \
    a list could miss an event that is whole and in the chain";

impl VerifyReport {
    /// Whether nothing is wrong.
    pub const fn is_intact(&self) -> bool {
        self.faults.is_empty()
    }

    /// The first bad event, or the first other fault where no event is bad.
    pub fn first(&self) -> Option<&ChainFault> {
        self.faults.first()
    }
}

impl FlightRecorder {
    /// Walks everything, and compares with an exported head where one is given.
    ///
    /// # Errors
    /// When the database cannot be read at all; what can be read and is wrong is in the report.
    pub fn verify(&self, against: Option<&Head>) -> Result<VerifyReport, QueryError> {
        verify(&self.readers, Some(self.public_key()), against)
    }
}

/// [`FlightRecorder::verify`] for a folder that will not open: nothing in it is changed.
///
/// # Errors
/// When the database cannot be read at all.
pub fn verify_folder(data_dir: &Path, against: Option<&Head>) -> Result<VerifyReport, QueryError> {
    let path = data_dir.join(DATABASE);
    if !path.is_file() {
        return Err(QueryError::NotFound { what: "database", id: path.display().to_string() });
    }
    let key = keys::existing(&data_dir.join("keys")).map(|key| public_hex(&key));
    verify(&Readers::new(path), key, against)
}

fn verify(
    readers: &Readers,
    own_key: Option<String>,
    against: Option<&Head>,
) -> Result<VerifyReport, QueryError> {
    let mut seat = readers.fresh()?;
    let mut faults = Vec::new();
    let schema =
        seat.run(async |connection| schema::differences(connection, schema::KNOWN).await)?;
    faults.extend(schema.into_iter().map(|why| ChainFault {
        seq: None,
        event_id: None,
        kind: FaultKind::Schema,
        why,
    }));
    let walked = walk::walk(readers, &mut seat, against.map(|head| head.seq))?;
    let last = walked.last;
    let storage = check_storage(&mut seat, last.seq);
    faults.extend(storage);
    faults.extend(derived::check(&mut seat, &walked));
    faults.extend(walked.faults);
    if let Some(head) = against {
        faults.extend(compare(head, own_key.as_deref(), &last, walked.at_head));
    }
    // The first bad event first; what concerns no event after all that do.
    faults.sort_by_key(|fault| (fault.seq.unwrap_or(u64::MAX), fault.kind));
    faults.truncate(MAX_FAULTS);
    for fault in &mut faults {
        if let Some(seq) = fault.seq {
            fault.event_id = event_id(&mut seat, seq);
        }
    }
    seat.close();
    let mut limits = vec![KEY_LIMIT];
    limits.extend((walked.purged > 0).then_some(PURGED_LIMIT));
    limits.extend((last.seq > FULL_CHECK).then_some(INDEX_LIMIT));
    Ok(VerifyReport {
        events: last.seq,
        purged: walked.purged,
        last_seq: last.seq,
        last_hash: last.digest(),
        head_seq: against.map(|head| head.seq),
        faults,
        limits,
    })
}

fn check_storage(seat: &mut Seat, events: u64) -> Vec<ChainFault> {
    let sql =
        if events <= FULL_CHECK { "PRAGMA integrity_check(10)" } else { "PRAGMA quick_check(10)" };
    let lines = seat
        .run(async |connection| sqlx::query_scalar::<_, String>(sql).fetch_all(connection).await);
    let lines = lines.unwrap_or_else(|error| vec![error.to_string()]);
    let damage =
        |why: String| ChainFault { seq: None, event_id: None, kind: FaultKind::Storage, why };
    lines.into_iter().filter(|line| line != "ok").map(damage).collect()
}

fn compare(
    head: &Head,
    own_key: Option<&str>,
    last: &chain::Tail,
    at_head: Option<[u8; 32]>,
) -> Option<ChainFault> {
    let fault = |seq: Option<u64>, why: String| {
        Some(ChainFault { seq, event_id: None, kind: FaultKind::Head, why })
    };
    if let Err(error) = head.verify() {
        return fault(None, format!("the head is not valid: {error}"));
    }
    if own_key.is_some_and(|key| key != head.public_key) {
        return fault(None, "the head was signed by another key than this folder's".to_owned());
    }
    if head.events != head.seq {
        return fault(None, "the head's `events` is not its `seq`".to_owned());
    }
    if head.seq > last.seq {
        let why = format!(
            "the chain ends at {}, the head stands at {}: events were cut off",
            last.seq, head.seq
        );
        return fault(Some(last.seq + 1), why);
    }
    if at_head != Some(*head.hash.as_bytes()) {
        let why = "the chain is not the one the head was exported from: it was rewritten at or before here";
        return fault(Some(head.seq), why.to_owned());
    }
    None
}

fn event_id(seat: &mut Seat, seq: u64) -> Option<String> {
    seat.run(async |connection| {
        sqlx::query_scalar::<_, Option<String>>(
            "SELECT CASE WHEN json_valid(body) THEN event_id END FROM event_rows WHERE seq = ?",
        )
        .bind(seq.cast_signed())
        .fetch_optional(connection)
        .await
    })
    .ok()
    .flatten()
    .flatten()
}
