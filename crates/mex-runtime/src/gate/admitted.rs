//! The proof of admission. Nothing outside this file can make one (contract GATE-9).

use std::sync::Arc;

use super::Subject;
use super::outcome::GateReport;
use crate::artifact::ToolIdentity;
use crate::budget::Budget;
use crate::capability::CapabilityDecision;
use crate::event::{DecisionOutcome, GateOutcome};
use crate::operation::PlannedOperation;

use super::facts::ToolState;

/// Proof that every gate let an operation pass. Its fields are private and it has no public
/// constructor, so nothing but the gates can make one (contract GATE-9).
///
/// An adapter runs with the proof, and this compiles:
/// ```
/// # use mex_runtime::{adapter::*, gate::Admitted, operation::PlannedOperation};
/// fn run(adapter: &dyn Adapter, proof: &Admitted, context: &RunContext<'_>) -> AdapterOutcome {
///     adapter.run(proof, context)
/// }
/// ```
/// With the operation alone it does not:
/// ```compile_fail,E0308
/// # use mex_runtime::{adapter::*, gate::Admitted, operation::PlannedOperation};
/// fn run(adapter: &dyn Adapter, proof: &PlannedOperation, context: &RunContext<'_>) -> AdapterOutcome {
///     adapter.run(proof, context)
/// }
/// ```
/// It cannot be written down, not even from another one:
/// ```compile_fail,E0451
/// # use mex_runtime::gate::Admitted;
/// fn forge(honest: Admitted) -> Admitted {
///     Admitted { tools: Vec::new(), ..honest }
/// }
/// ```
/// It can be neither defaulted, copied nor read from a file:
/// ```compile_fail,E0277
/// let _: mex_runtime::gate::Admitted = Default::default();
/// ```
/// ```compile_fail,E0277
/// let _ = <mex_runtime::gate::Admitted as Clone>::clone;
/// ```
/// ```compile_fail,E0277
/// let _: mex_runtime::gate::Admitted = serde_json::from_str("{}").unwrap();
/// ```
#[derive(Debug)]
pub struct Admitted {
    operation: Arc<PlannedOperation>,
    budget: Budget,
    capabilities_granted: Vec<String>,
    tools: Vec<ToolIdentity>,
    capability_registry_version: String,
}

impl Admitted {
    /// The operation as admitted.
    pub fn operation(&self) -> &PlannedOperation {
        &self.operation
    }
    /// Its limits.
    pub const fn budget(&self) -> &Budget {
        &self.budget
    }
    /// The capabilities granted, sorted.
    pub fn capabilities_granted(&self) -> &[String] {
        &self.capabilities_granted
    }
    /// The pinned tools whose digests were checked.
    pub fn tools(&self) -> &[ToolIdentity] {
        &self.tools
    }
    /// The registry in force.
    pub fn capability_registry_version(&self) -> &str {
        &self.capability_registry_version
    }
    /// Whether a capability id was granted to this operation.
    pub fn may(&self, capability_id: &str) -> bool {
        self.capabilities_granted.iter().any(|granted| granted == capability_id)
    }
}

/// Makes the proof where all six gates passed and nothing it needs is missing. Whatever cannot
/// be read here was denied by a gate before; reading it again keeps the proof free of defaults.
pub(super) fn admit(
    subject: &Subject<'_>,
    gates: &[GateReport],
    checks: &[CapabilityDecision],
) -> Option<Admitted> {
    let all_pass = gates.len() == 6 && gates.iter().all(|gate| gate.outcome == GateOutcome::Pass);
    let all_allowed = checks.iter().all(|check| check.outcome == DecisionOutcome::Allow);
    if !all_pass || !all_allowed {
        return None;
    }
    let budget = subject.operation.budget?;
    let mut tools = Vec::new();
    for name in subject.entry?.tools_for(subject.attempt.params()) {
        match subject.facts.tools.get(name)? {
            ToolState::Pinned(identity) => tools.push(identity.clone()),
            ToolState::Missing | ToolState::Changed { .. } | ToolState::Unpinned => return None,
        }
    }
    tools.sort();
    let mut capabilities_granted: Vec<String> =
        checks.iter().map(|check| check.capability_id.clone()).collect();
    capabilities_granted.sort();
    Some(Admitted {
        operation: subject.attempt.shared_operation()?,
        budget,
        capabilities_granted,
        tools,
        capability_registry_version: subject.facts.registry.version().to_owned(),
    })
}
