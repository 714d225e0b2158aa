//! What a gate says: an opinion inside, a report with decision ids outside (contract GATE-8).

use super::admitted::Admitted;
use super::attempt::Attempt;
use crate::capability::CapabilityDecision;
use crate::code::Code;
use crate::decision::decision_id;
use crate::event::GateOutcome;
use crate::id::PolicyDecisionId;
use crate::severity::Severity;

/// The six global gates, in the order of contract GATE-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gate {
    /// `G-SCHEMA`
    Schema,
    /// `G-CAP`
    Cap,
    /// `G-INTEGRITY`
    Integrity,
    /// `G-BUDGET`
    Budget,
    /// `G-PROVENANCE`
    Provenance,
    /// `G-DET`
    Det,
}

impl Gate {
    /// All six, in order.
    pub const ALL: [Self; 6] =
        [Self::Schema, Self::Cap, Self::Integrity, Self::Budget, Self::Provenance, Self::Det];

    /// The name in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "G-SCHEMA",
            Self::Cap => "G-CAP",
            Self::Integrity => "G-INTEGRITY",
            Self::Budget => "G-BUDGET",
            Self::Provenance => "G-PROVENANCE",
            Self::Det => "G-DET",
        }
    }
}

impl std::fmt::Display for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The closed code.
    pub code: Code,
    /// One sentence that names the field, file or rule.
    pub reason: String,
    /// `error`, or `warning` for a denial that warns (contract DIAG-5).
    pub severity: Severity,
    /// The capability it is about, if any.
    pub capability_id: Option<String>,
    /// The same for the same denial, whenever it happens, so that repeats are one Problem (contract DIAG-2).
    pub policy_decision_id: PolicyDecisionId,
}

/// What one gate said of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateReport {
    /// The gate.
    pub gate: Gate,
    /// The outcome.
    pub outcome: GateOutcome,
    /// Every denial of this gate; empty unless `outcome` is `deny`.
    pub denials: Vec<Denial>,
    /// Why it could not be judged; empty unless `outcome` is `not_evaluated`.
    pub reason: String,
    /// The decision's id; the same for the same decision.
    pub policy_decision_id: PolicyDecisionId,
}

/// What all six gates said of one attempt.
#[derive(Debug)]
pub struct Judgement {
    /// One report a gate, in order.
    pub gates: Vec<GateReport>,
    /// Every single capability check.
    pub capability_checks: Vec<CapabilityDecision>,
    /// The proof, exactly where all six passed.
    pub admitted: Option<Admitted>,
}

impl Judgement {
    /// Every denial of every gate, in order.
    pub fn denials(&self) -> impl Iterator<Item = (Gate, &Denial)> {
        self.gates
            .iter()
            .flat_map(|report| report.denials.iter().map(move |denial| (report.gate, denial)))
    }
}

/// A gate could not do its work, which denies (contract GATE-8).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct GateFault(pub String);

/// What a gate found, before it is given ids.
#[derive(Debug, Default)]
pub(super) struct Opinion {
    refusals: Vec<Refusal>,
    open: Option<&'static str>,
}

#[derive(Debug)]
struct Refusal {
    code: Code,
    reason: String,
    capability_id: Option<String>,
}

impl Opinion {
    pub(super) fn pass() -> Self {
        Self::default()
    }

    pub(super) fn not_evaluated(why: &'static str) -> Self {
        Self { refusals: Vec::new(), open: Some(why) }
    }

    pub(super) fn deny(&mut self, code: Code, reason: impl Into<String>) {
        self.refusals.push(Refusal { code, reason: reason.into(), capability_id: None });
    }

    pub(super) fn deny_capability(&mut self, code: Code, reason: String, capability: &str) {
        self.refusals.push(Refusal { code, reason, capability_id: Some(capability.to_owned()) });
    }

    /// Something this gate asks could not be judged; told unless something else is denied.
    pub(super) fn leave_open(&mut self, why: &'static str) {
        self.open = Some(why);
    }
}

impl GateReport {
    pub(super) fn of(gate: Gate, opinion: Result<Opinion, GateFault>, attempt: &Attempt) -> Self {
        Self::new(gate, "before", opinion, attempt.engine_text(), attempt.operation_text())
    }

    pub(super) fn after(
        gate: Gate,
        opinion: Result<Opinion, GateFault>,
        engine: &str,
        operation: &str,
    ) -> Self {
        Self::new(gate, "after", opinion, engine, operation)
    }

    fn new(
        gate: Gate,
        phase: &str,
        opinion: Result<Opinion, GateFault>,
        engine: &str,
        operation: &str,
    ) -> Self {
        let opinion = opinion.unwrap_or_else(|fault| {
            let mut opinion = Opinion::pass();
            opinion.deny(Code::GateFault, format!("`{gate}` could not judge: {fault}"));
            opinion
        });
        let about = [gate.as_str(), phase, engine, operation];
        let denials: Vec<Denial> = opinion
            .refusals
            .into_iter()
            .map(|refusal| {
                let capability = refusal.capability_id.as_deref().unwrap_or_default();
                let policy_decision_id = decision_id(
                    &about,
                    &["deny", refusal.code.as_str(), &refusal.reason, capability],
                );
                Denial {
                    code: refusal.code,
                    reason: refusal.reason,
                    severity: Severity::Error,
                    capability_id: refusal.capability_id,
                    policy_decision_id,
                }
            })
            .collect();
        let (outcome, reason) = match (denials.first(), opinion.open) {
            (Some(_), _) => (GateOutcome::Deny, ""),
            (None, Some(why)) => (GateOutcome::NotEvaluated, why),
            (None, None) => (GateOutcome::Pass, ""),
        };
        let policy_decision_id = match denials.first() {
            Some(denial) => denial.policy_decision_id,
            None => decision_id(&about, &["no denial", reason]),
        };
        Self { gate, outcome, denials, reason: reason.to_owned(), policy_decision_id }
    }
}
