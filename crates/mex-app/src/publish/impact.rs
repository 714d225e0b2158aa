//! What a draft would have changed (issue text "impact preview"): the recorded capability checks of the
//! last days, judged again under what is in force and under the draft. Owns reading and counting them;
//! the judging is [`mex_runtime::capability::impact`]'s. Allows and denies nothing.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use mex_recorder::query::{EventFilter, Order};
use mex_runtime::capability::impact::{RecordedCheck, Rules};
use mex_runtime::capability::{CapabilityId, Consent};
use mex_runtime::event::{CapabilityCheck, DecisionOutcome, EventBody, SystemEvent};
use mex_runtime::id::OpId;
use mex_runtime::port::Clock as _;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult, query};
use crate::publish::candidate::Candidate;

/// How many checks are judged again at most.
const MOST_CHECKS: u64 = 200_000;

/// How many rows a list shows at most; the counts are of all.
const MOST_ROWS: usize = 1_000;

/// How many attempts one row names at most.
const MOST_EXAMPLES: usize = 10;

/// What a draft would have changed over the last days.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RegistryImpact {
    /// How many days back was looked.
    pub days: u16,
    /// How many recorded checks were judged again.
    pub checks: u64,
    /// How many attempts they belong to.
    pub operations: u64,
    /// Attempts that are denied under what is in force and would be allowed.
    pub operations_newly_allowed: u64,
    /// Attempts that are allowed under what is in force and would be denied.
    pub operations_newly_denied: u64,
    /// Checks that are denied and would be allowed.
    pub checks_newly_allowed: u64,
    /// Checks that are allowed and would be denied.
    pub checks_newly_denied: u64,
    /// The changes, grouped by what was asked, the most frequent first; at most 1,000.
    pub changes: Vec<ImpactEntry>,
    /// How many checks were not judged: more than 200,000, or of before the record begins.
    pub left_out: u64,
}

/// One question that was asked, and how it would be answered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ImpactEntry {
    /// Allowed or denied, newly.
    pub change: ImpactChange,
    /// The capability.
    pub capability_id: String,
    /// The profile that was asked.
    pub profile_id: String,
    /// The engine; empty where the check was of no attempt.
    pub engine_id: String,
    /// The operation.
    pub operation: String,
    /// How often it was asked.
    pub count: u64,
    /// How it was answered when it was asked last.
    pub recorded: DecisionOutcome,
    /// When it was asked first.
    #[schemars(with = "String")]
    pub first_at: Timestamp,
    /// When it was asked last.
    #[schemars(with = "String")]
    pub last_at: Timestamp,
    /// Why it would be denied; empty where it would be allowed.
    pub reason: String,
    /// The newest attempts, at most 10.
    pub op_ids: Vec<OpId>,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImpactChange {
    /// Allowed under what is in force, denied under the draft.
    NewlyDenied,
    /// Denied under what is in force, allowed under the draft.
    NewlyAllowed,
}

impl RegistryImpact {
    /// Nothing was judged.
    pub(super) const fn none(days: u16) -> Self {
        Self {
            days,
            checks: 0,
            operations: 0,
            operations_newly_allowed: 0,
            operations_newly_denied: 0,
            checks_newly_allowed: 0,
            checks_newly_denied: 0,
            changes: Vec::new(),
            left_out: 0,
        }
    }
}

/// How one attempt stands under both.
#[derive(Clone, Copy)]
struct Standing {
    now: bool,
    then: bool,
}

type Asked = (ImpactChange, String, String, String, String);

impl App {
    /// What a recorded diff's draft would have changed over the last `days`.
    ///
    /// # Errors
    /// For a diff that is none, or is dead; when the record cannot be read.
    pub fn registry_impact(&self, diff: Option<&str>, days: u16) -> AppResult<RegistryImpact> {
        if !(1..=3650).contains(&days) {
            let message = format!("`--days` is {days}, it must be 1 to 3650");
            return Err(AppError::new(mex_runtime::code::Code::Usage, message));
        }
        let again = self.rediff(self.recorded_diff(diff)?)?;
        self.impact_of_candidate(&again.candidate, days)
    }

    pub(super) fn impact_of_candidate(
        &self,
        candidate: &Candidate,
        days: u16,
    ) -> AppResult<RegistryImpact> {
        let rules = self.in_force()?;
        let (registry, profiles) = candidate.rules();
        let (now, then) = (
            Rules { registry: &rules.registry, profiles: &rules.profiles },
            Rules { registry, profiles },
        );
        let since = self.clock.now() - SignedDuration::from_hours(24 * i64::from(days));
        // Whether somebody consented is a fact of that moment: what was used then was live then.
        let consents: Vec<Consent> = self
            .consents()?
            .into_iter()
            .map(|consent| Consent { revoked_at: None, ..consent })
            .collect();
        let attempts = self.attempts_since(since)?;
        let mut impact = RegistryImpact::none(days);
        let mut standings: HashMap<OpId, Standing> = HashMap::new();
        let mut rows: BTreeMap<Asked, ImpactEntry> = BTreeMap::new();
        self.checks_since(since, &mut |check, at| {
            if impact.checks >= MOST_CHECKS {
                impact.left_out += 1;
                return;
            }
            impact.checks += 1;
            let nothing = (String::new(), String::new());
            let asked = check.op_id.and_then(|id| attempts.get(&id));
            let usable = asked.and_then(|(engine, operation)| self.usable(engine, operation));
            let (engine_id, operation) = asked.unwrap_or(&nothing);
            let recorded = RecordedCheck { check, at, usable, consents: &consents };
            let (before, after) = (recorded.under(now), recorded.under(then));
            if let Some(op_id) = check.op_id {
                let standing = standings.entry(op_id).or_insert(Standing { now: true, then: true });
                standing.now &= before.outcome == DecisionOutcome::Allow;
                standing.then &= after.outcome == DecisionOutcome::Allow;
            }
            let change = match (before.outcome, after.outcome) {
                (DecisionOutcome::Deny, DecisionOutcome::Allow) => ImpactChange::NewlyAllowed,
                (DecisionOutcome::Allow, DecisionOutcome::Deny) => ImpactChange::NewlyDenied,
                _ => return,
            };
            match change {
                ImpactChange::NewlyAllowed => impact.checks_newly_allowed += 1,
                ImpactChange::NewlyDenied => impact.checks_newly_denied += 1,
            }
            let key = (
                change,
                check.capability_id.clone(),
                check.profile_id.clone(),
                engine_id.clone(),
                operation.clone(),
            );
            // Newest first: the first one met is the last one asked.
            let row = rows.entry(key).or_insert_with(|| ImpactEntry {
                change,
                capability_id: check.capability_id.clone(),
                profile_id: check.profile_id.clone(),
                engine_id: engine_id.clone(),
                operation: operation.clone(),
                count: 0,
                recorded: check.decision_outcome,
                first_at: at,
                last_at: at,
                reason: after.reason,
                op_ids: Vec::new(),
            });
            row.count += 1;
            row.first_at = row.first_at.min(at);
            row.last_at = row.last_at.max(at);
            if let Some(op_id) = check.op_id
                && row.op_ids.len() < MOST_EXAMPLES
            {
                row.op_ids.push(op_id);
            }
        })?;
        impact.operations = standings.len() as u64;
        for standing in standings.values() {
            impact.operations_newly_allowed += u64::from(!standing.now && standing.then);
            impact.operations_newly_denied += u64::from(standing.now && !standing.then);
        }
        impact.changes = rows.into_values().collect();
        impact.changes.sort_by_key(|row| std::cmp::Reverse(row.count));
        impact.changes.truncate(MOST_ROWS);
        Ok(impact)
    }

    /// Every recorded check that was no simulation, newest first.
    fn checks_since(
        &self,
        since: Timestamp,
        each: &mut dyn FnMut(&CapabilityCheck, Timestamp),
    ) -> AppResult<()> {
        let mut filter = EventFilter {
            event_type: Some("capability_check".to_owned()),
            since: Some(since),
            order: Order::Newest,
            ..EventFilter::default()
        };
        loop {
            let page = self.recorder.events(&filter).map_err(query)?;
            for stored in &page.items {
                if let EventBody::CapabilityCheck(check) = &stored.event.body
                    && !check.simulated
                {
                    each(check, stored.event.timestamp);
                }
            }
            match page.next {
                Some(next) => filter.before_seq = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Engine and operation of every attempt that began since.
    fn attempts_since(&self, since: Timestamp) -> AppResult<HashMap<OpId, (String, String)>> {
        let mut filter = EventFilter {
            event_type: Some("system".to_owned()),
            kind: Some("operation_begun".to_owned()),
            since: Some(since),
            order: Order::Newest,
            ..EventFilter::default()
        };
        let mut found = HashMap::new();
        loop {
            let page = self.recorder.events(&filter).map_err(query)?;
            for stored in page.items {
                if let EventBody::System(SystemEvent::OperationBegun {
                    op_id,
                    engine_id,
                    operation,
                    ..
                }) = stored.event.body
                {
                    found.insert(op_id, (engine_id, operation));
                }
            }
            match page.next {
                Some(next) => filter.before_seq = Some(next),
                None => return Ok(found),
            }
        }
    }

    fn usable(&self, engine: &str, operation: &str) -> Option<&[CapabilityId]> {
        let engine = engine.parse().ok()?;
        let operation = operation.parse().ok()?;
        Some(self.catalog.operation(&engine, &operation)?.usable_capabilities())
    }
}
