//! The Flight Recorder's timeline: pages of events by filter, one event raw, what came after, and
//! jobs. Reads; what a host polls to follow is here, the channel is its own.

use jiff::Timestamp;
use mex_recorder::query::{EventFilter, IdKind, JobEntry, Order, ScanEntry, StoredEvent};
use mex_recorder::{Head, VerifyReport};
use mex_runtime::code::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ById, Cursor, Rows, Screens, bounded, key_of, rows};
use crate::error::{AppError, AppResult, query};
use crate::history::JobView;

/// The words an event's `event_type` can be.
const EVENT_TYPES: [&str; 12] = [
    "terminal_command",
    "diagnostic",
    "system",
    "capability_check",
    "consent",
    "debug_bundle_export",
    "llm_inference",
    "registry_review",
    "registry_publish",
    "human_action",
    "retention",
    "checkpoint",
];

/// Which events are wanted; every field narrows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventNarrowing {
    /// The word in `event_type`.
    pub event_type: Option<String>,
    /// The `kind` of a system event, the `action` of a human one, the `change` of a consent.
    pub kind: Option<String>,
    /// A job, or the start of its id.
    pub job: Option<String>,
    /// A scan.
    pub run: Option<String>,
    /// An attempt.
    pub op: Option<String>,
    /// About this capability.
    pub capability: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
}

/// Which page of events is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventsQuestion {
    /// Which events.
    pub filter: EventNarrowing,
    /// Which end first.
    pub order: EventOrder,
    /// Where to go on.
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    pub limit: Option<u32>,
}

/// Which end of the timeline comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventOrder {
    /// The newest.
    #[default]
    Newest,
    /// The oldest.
    Oldest,
}

/// What came after a place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TailQuestion {
    /// Only what has a higher sequence number; null for nothing but where the chain ends now.
    pub after_seq: Option<u64>,
    /// Which events.
    #[serde(default)]
    pub filter: EventNarrowing,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What came since, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Tail {
    /// The events that match.
    pub events: Vec<StoredEvent>,
    /// Everything up to here was looked at: ask on from it.
    pub through_seq: u64,
    /// There is more already.
    pub more: bool,
}

/// Which page of jobs is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JobsQuestion {
    /// Where to go on.
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    pub limit: Option<u32>,
}

/// A head to compare the chain with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VerifyQuestion {
    /// The text of an exported head; null compares with none.
    pub head: Option<String>,
}

impl Screens {
    /// One page of events.
    ///
    /// # Errors
    /// For ids that name none or several, and for a word that is no event type.
    pub fn events(&self, asked: &EventsQuestion) -> AppResult<Rows<StoredEvent>> {
        let mut filter = self.event_filter(&asked.filter)?;
        let after: Option<u64> = key_of(asked.after.as_ref())?;
        match asked.order {
            EventOrder::Newest => filter.before_seq = after,
            EventOrder::Oldest => (filter.order, filter.after_seq) = (Order::Oldest, after),
        }
        filter.limit = bounded(asked.limit);
        rows(self.app.recorder.events(&filter).map_err(query)?)
    }

    /// One event as it was recorded, with its place in the chain.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn event(&self, asked: &ById) -> AppResult<StoredEvent> {
        let event_id = self.app.resolve(IdKind::Event, &asked.id)?;
        self.app.recorder.event(event_id).map_err(query)
    }

    /// What was recorded after a sequence number; a host polls it to follow.
    ///
    /// # Errors
    /// As [`Screens::events`].
    pub fn tail(&self, asked: &TailQuestion) -> AppResult<Tail> {
        let recorder = &self.app.recorder;
        let end = recorder.last_seq().map_err(query)?;
        let Some(after) = asked.after_seq else {
            return Ok(Tail { events: Vec::new(), through_seq: end, more: false });
        };
        let filter = EventFilter {
            after_seq: Some(after),
            order: Order::Oldest,
            limit: bounded(asked.limit),
            ..self.event_filter(&asked.filter)?
        };
        let page = recorder.events(&filter).map_err(query)?;
        // What was appended between the two questions may match: it is not skipped.
        let seen = page.items.last().map_or(after, |last| last.seq);
        let through_seq = page.next.unwrap_or_else(|| seen.max(end));
        Ok(Tail { through_seq, more: page.next.is_some(), events: page.items })
    }

    /// One page of jobs, newest first.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub fn jobs(&self, asked: &JobsQuestion) -> AppResult<Rows<JobEntry>> {
        let before: Option<u64> = key_of(asked.after.as_ref())?;
        rows(self.app.recorder.jobs(before, bounded(asked.limit)).map_err(query)?)
    }

    /// One scan with its jobs, or one job, each with their attempts.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn job(&self, asked: &ById) -> AppResult<JobView> {
        self.app.job(&asked.id)
    }

    /// Checks the chain, and that it still holds a head. A chain that does not hold is a report.
    ///
    /// # Errors
    /// When the recorder cannot be read, or the head is none.
    pub fn verify_recorder(&self, asked: &VerifyQuestion) -> AppResult<VerifyReport> {
        self.app.verify_recorder(asked.head.as_deref())
    }

    /// Exports a signed head; an event says so.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn export_head(&self) -> AppResult<Head> {
        self.app.export_head()
    }

    pub(crate) fn event_filter(&self, asked: &EventNarrowing) -> AppResult<EventFilter> {
        if let Some(word) = &asked.event_type
            && !EVENT_TYPES.contains(&word.as_str())
        {
            let message = format!("`{}` is no event type", crate::plain(word));
            return Err(AppError::new(Code::Usage, message)
                .hint(format!("the event types are {}", EVENT_TYPES.join(", "))));
        }
        let app = &self.app;
        Ok(EventFilter {
            event_type: asked.event_type.clone(),
            kind: asked.kind.clone(),
            capability_id: asked.capability.clone(),
            job_id: asked.job.as_deref().map(|id| app.resolve(IdKind::Job, id)).transpose()?,
            run_id: asked.run.as_deref().map(|id| app.resolve(IdKind::Scan, id)).transpose()?,
            op_id: asked.op.as_deref().map(|id| app.resolve(IdKind::Operation, id)).transpose()?,
            since: asked.since,
            until: asked.until,
            ..EventFilter::default()
        })
    }

    /// The scan of an id, whole.
    pub(crate) fn scan_entry(&self, id: &str) -> AppResult<ScanEntry> {
        let run_id = self.app.resolve(IdKind::Scan, id)?;
        self.app.recorder.scan(run_id).map_err(query)
    }
}
