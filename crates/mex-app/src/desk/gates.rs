//! The gates of any attempt as a table: a row a gate, before and after the run. What was not recorded
//! is shown as not evaluated, never as passed (contract GATE-8).

use mex_recorder::query::{OperationEntry, StoredEvent};
use mex_runtime::code::Code;
use mex_runtime::event::{CapabilityCheck, EventBody, GateOutcome, GatePhase, SystemEvent};
use mex_runtime::id::{DiagnosticId, EventId};
use mex_runtime::severity::Severity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Screens;
use crate::error::{AppResult, query};

/// The six global gates in the order they judge (contract GATE-1).
const GATES: [&str; 6] = ["G-SCHEMA", "G-CAP", "G-INTEGRITY", "G-BUDGET", "G-PROVENANCE", "G-DET"];

/// The attempts of one scan or one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationsQuestion {
    /// The id of a scan or a job, or the unique start of one.
    pub of: String,
}

/// An attempt with every gate's outcome.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GateTable {
    /// The attempt.
    pub operation: OperationEntry,
    /// The six global gates in their order, then what an engine added.
    pub rows: Vec<GateRow>,
    /// Every capability check of the attempt, in order (contract CAP-4).
    pub checks: Vec<CapabilityDecision>,
}

/// One gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateRow {
    /// `G-SCHEMA`, ..., or one an engine added.
    pub gate: String,
    /// Before anything ran.
    pub before: GateCell,
    /// On the result.
    pub after: GateCell,
}

/// How a gate judged once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateCell {
    /// The outcome.
    pub outcome: GateWord,
    /// Why, as one sentence; empty for a pass.
    pub reason: String,
    /// The code of a denial.
    pub code: Option<Code>,
    /// The severity of a denial.
    pub severity: Option<Severity>,
    /// The diagnostic of a denial.
    pub diagnostic_id: Option<DiagnosticId>,
    /// The event that says so; null where nothing is recorded.
    pub event_id: Option<EventId>,
}

/// The word a gate's outcome is shown with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GateWord {
    /// Nothing against it.
    Pass,
    /// Refused.
    Deny,
    /// The gate itself failed, which counts as a denial.
    Error,
    /// Could not be judged, or nobody did.
    NotEvaluated,
}

/// One capability check with the event that says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CapabilityDecision {
    /// The event.
    pub event_id: EventId,
    /// The check.
    pub check: CapabilityCheck,
}

impl Screens {
    /// Every gate's outcome on one attempt.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn gates(&self, asked: &super::ById) -> AppResult<GateTable> {
        let view = self.app.gates(&asked.id)?;
        let rows = rows_of(&view.outcomes);
        let checks = self.capability_checks(view.operation.op_id)?;
        Ok(GateTable { rows, checks, operation: view.operation })
    }

    /// The attempts of a scan or job, oldest first.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn operations(&self, asked: &OperationsQuestion) -> AppResult<Vec<OperationEntry>> {
        Ok(self.app.job(&asked.of)?.operations)
    }

    /// What the gates asked of the capabilities of one attempt.
    pub(crate) fn capability_checks(
        &self,
        op_id: mex_runtime::id::OpId,
    ) -> AppResult<Vec<CapabilityDecision>> {
        let filter = mex_recorder::query::EventFilter {
            op_id: Some(op_id),
            order: mex_recorder::query::Order::Oldest,
            ..Default::default()
        };
        let events = self.app.recorder.events(&filter).map_err(query)?.items;
        Ok(events
            .into_iter()
            .filter_map(|stored| match stored.event.body {
                EventBody::CapabilityCheck(check) => {
                    Some(CapabilityDecision { event_id: stored.event.event_id, check })
                }
                _ => None,
            })
            .collect())
    }
}

/// A row a gate. Of several outcomes of one gate in one phase the gravest is shown.
pub(crate) fn rows_of(outcomes: &[StoredEvent]) -> Vec<GateRow> {
    let mut rows: Vec<GateRow> = GATES
        .iter()
        .map(|gate| GateRow {
            gate: (*gate).to_owned(),
            before: silent("nothing is recorded of it before the run"),
            after: silent("nothing is recorded of it after the run"),
        })
        .collect();
    for stored in outcomes {
        let EventBody::System(SystemEvent::GateOutcome { gate, phase, .. }) = &stored.event.body
        else {
            continue;
        };
        let at = rows.iter().position(|row| row.gate == *gate).unwrap_or_else(|| {
            rows.push(GateRow {
                gate: gate.clone(),
                before: silent("nothing is recorded of it before the run"),
                after: silent("nothing is recorded of it after the run"),
            });
            rows.len() - 1
        });
        if let (Some(row), Some(cell)) = (rows.get_mut(at), cell(stored)) {
            let place = match phase {
                GatePhase::Before => &mut row.before,
                GatePhase::After => &mut row.after,
            };
            if place.event_id.is_none() || gravity(cell.outcome) > gravity(place.outcome) {
                *place = cell;
            }
        }
    }
    rows
}

fn cell(stored: &StoredEvent) -> Option<GateCell> {
    let EventBody::System(SystemEvent::GateOutcome {
        outcome,
        reason,
        code,
        severity,
        diagnostic_id,
        ..
    }) = &stored.event.body
    else {
        return None;
    };
    let outcome = match (outcome, code) {
        (GateOutcome::Pass, _) => GateWord::Pass,
        (GateOutcome::Deny, Some(Code::GateFault)) => GateWord::Error,
        (GateOutcome::Deny, _) => GateWord::Deny,
        (GateOutcome::NotEvaluated, _) => GateWord::NotEvaluated,
    };
    Some(GateCell {
        outcome,
        reason: reason.clone(),
        code: *code,
        severity: *severity,
        diagnostic_id: *diagnostic_id,
        event_id: Some(stored.event.event_id),
    })
}

fn silent(reason: &str) -> GateCell {
    GateCell {
        outcome: GateWord::NotEvaluated,
        reason: reason.to_owned(),
        code: None,
        severity: None,
        diagnostic_id: None,
        event_id: None,
    }
}

const fn gravity(word: GateWord) -> u8 {
    match word {
        GateWord::Pass => 0,
        GateWord::NotEvaluated => 1,
        GateWord::Deny => 2,
        GateWord::Error => 3,
    }
}
