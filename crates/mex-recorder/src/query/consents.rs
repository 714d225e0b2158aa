//! Consents and conformance results, folded from their events (contract CAP-5).

use std::collections::BTreeMap;

use jiff::Timestamp;
use mex_runtime::digest::Digest;
use mex_runtime::event::{ConsentEvent, EventBody, SystemEvent};
use mex_runtime::id::{ConsentId, EngineId};

use super::events::stored;
use super::{ConformanceEntry, ConsentEntry, ConsentState, StoredEvent};
use crate::error::QueryError;
use crate::recorder::FlightRecorder;

impl FlightRecorder {
    /// Every consent ever granted and how it stands at `now`, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn consents(&self, now: Timestamp) -> Result<Vec<ConsentEntry>, QueryError> {
        let mut entries: BTreeMap<ConsentId, ConsentEntry> = BTreeMap::new();
        for StoredEvent { event, .. } in self.lifecycle("consent")? {
            match event.body {
                EventBody::Consent(ConsentEvent::Granted {
                    consent_id,
                    capability_id,
                    profile_id,
                    expires_at,
                    reason,
                }) => {
                    // A second grant under a known id changes nothing: a revoked one stays revoked.
                    entries.entry(consent_id).or_insert(ConsentEntry {
                        consent_id,
                        capability_id,
                        profile_id,
                        granted_at: event.timestamp,
                        granted_by: event.actor_id,
                        expires_at,
                        reason,
                        state: if expires_at > now && event.timestamp <= now {
                            ConsentState::Live
                        } else {
                            ConsentState::Expired
                        },
                    });
                }
                EventBody::Consent(ConsentEvent::Revoked { consent_id, .. }) => {
                    if let Some(entry) = entries.get_mut(&consent_id) {
                        entry.state = ConsentState::Revoked;
                    }
                }
                _ => {}
            }
        }
        let mut entries: Vec<_> = entries.into_values().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.granted_at));
        Ok(entries)
    }

    /// The consents that can be used at `now`. A clock before the grant makes a consent not live (promise P38).
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn live_consents(&self, now: Timestamp) -> Result<Vec<ConsentEntry>, QueryError> {
        let mut entries = self.consents(now)?;
        entries.retain(|entry| entry.state == ConsentState::Live);
        Ok(entries)
    }

    /// The latest conformance run of each engine, adapter version and set of tools.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn conformance_results(&self) -> Result<Vec<ConformanceEntry>, QueryError> {
        let mut latest = BTreeMap::new();
        for StoredEvent { event, .. } in self.lifecycle("conformance_run")? {
            if let EventBody::System(SystemEvent::ConformanceRun {
                engine_id,
                adapter_version,
                tools_sha256,
                passed,
                cases,
            }) = event.body
            {
                let entry = ConformanceEntry {
                    engine_id: engine_id.clone(),
                    adapter_version: adapter_version.clone(),
                    tools_sha256,
                    passed,
                    cases,
                    ran_at: event.timestamp,
                    event_id: event.event_id,
                };
                latest.insert((engine_id, adapter_version, tools_sha256), entry);
            }
        }
        Ok(latest.into_values().collect())
    }

    /// The latest conformance run of one engine with exactly this adapter and these tools.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn conformance(
        &self,
        engine_id: &EngineId,
        adapter_version: &str,
        tools_sha256: &Digest,
    ) -> Result<Option<ConformanceEntry>, QueryError> {
        Ok(self.conformance_results()?.into_iter().find(|entry| {
            entry.engine_id == *engine_id
                && entry.adapter_version == adapter_version
                && entry.tools_sha256 == *tools_sha256
        }))
    }

    /// Every event of one lifecycle word, oldest first.
    pub(crate) fn lifecycle(&self, word: &'static str) -> Result<Vec<StoredEvent>, QueryError> {
        self.readers.ask(async |connection| {
            let rows = sqlx::query(
                "SELECT seq, body, prev_hash, hash FROM event_rows WHERE lifecycle = ? ORDER BY seq",
            )
            .bind(word)
            .fetch_all(connection)
            .await?;
            rows.iter().map(stored).collect()
        })
    }
}
