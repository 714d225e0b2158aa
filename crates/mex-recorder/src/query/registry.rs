//! What the record says of the capability registry: publishes, reviews, diffs (contract REG-4 to REG-7).
//! Reads by index; never a file, and never decides which registry is in force.

use jiff::Timestamp;
use mex_runtime::artifact::ArtifactHandle;
use mex_runtime::event::{EventBody, HumanAction};

use super::StoredEvent;
use super::events::stored;
use crate::error::QueryError;
use crate::recorder::FlightRecorder;

/// A recorded comparison of a draft with the registry in force.
#[derive(Debug, Clone, PartialEq)]
pub struct RegistryDiffed {
    /// The event that says so: who had it made, and when.
    pub event: StoredEvent,
    /// The draft.
    pub draft_ref: ArtifactHandle,
    /// The profiles that would go with it.
    pub profiles_ref: ArtifactHandle,
    /// The diff.
    pub diff_ref: ArtifactHandle,
}

impl FlightRecorder {
    /// The newest `registry_publish` event; none where nothing was ever published here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_publish(&self) -> Result<Option<StoredEvent>, QueryError> {
        Ok(self.of_registry("registry_publish", 1)?.pop())
    }

    /// Every `registry_publish` event, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn publishes(&self) -> Result<Vec<StoredEvent>, QueryError> {
        self.of_registry("registry_publish", i64::MAX)
    }

    /// Every `registry_review` event, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn reviews(&self) -> Result<Vec<StoredEvent>, QueryError> {
        self.of_registry("registry_review", i64::MAX)
    }

    /// Every recorded diff, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn registry_diffs(&self) -> Result<Vec<RegistryDiffed>, QueryError> {
        let mut found = Vec::new();
        for event in self.lifecycle("human_action")?.into_iter().rev() {
            if let EventBody::HumanAction(HumanAction::RegistryDiffed {
                draft_ref,
                profiles_ref,
                diff_ref,
                ..
            }) = &event.event.body
            {
                found.push(RegistryDiffed {
                    draft_ref: (**draft_ref).clone(),
                    profiles_ref: (**profiles_ref).clone(),
                    diff_ref: (**diff_ref).clone(),
                    event,
                });
            }
        }
        Ok(found)
    }

    /// Whether `moment` lies before everything that is still recorded: then what was recorded of it may
    /// have left by retention. False while nothing was purged.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_before_the_record(&self, moment: Timestamp) -> Result<bool, QueryError> {
        self.readers.ask(async |connection| {
            let oldest = sqlx::query(
                "SELECT seq, body, prev_hash, hash FROM events WHERE seq > 1 ORDER BY seq LIMIT 1",
            )
            .fetch_optional(&mut *connection)
            .await?;
            let first: Option<i64> = sqlx::query_scalar("SELECT seq FROM events WHERE seq = 1")
                .fetch_optional(connection)
                .await?;
            match (first, oldest) {
                (Some(_), _) | (None, None) => Ok(false),
                (None, Some(row)) => Ok(moment < stored(&row)?.event.timestamp),
            }
        })
    }

    fn of_registry(&self, word: &'static str, limit: i64) -> Result<Vec<StoredEvent>, QueryError> {
        self.readers.ask(async |connection| {
            // The second condition is the index's own, word by word: without it no index is used.
            let rows = sqlx::query(
                "SELECT seq, body, prev_hash, hash FROM events WHERE body ->> '$.event_type' = ? AND body ->> '$.event_type' IN ('registry_review', 'registry_publish') ORDER BY seq DESC LIMIT ?",
            )
            .bind(word)
            .bind(limit)
            .fetch_all(connection)
            .await?;
            rows.iter().map(stored).collect()
        })
    }
}
