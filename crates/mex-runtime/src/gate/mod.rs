//! The six global gates and the proof of admission they alone can make (contract section 4).

use crate::artifact::ToolIdentity;
use crate::budget::Budget;
use crate::operation::PlannedOperation;

/// Proof that every gate let an operation pass. Its fields are private to this module and it has
/// no public constructor, so nothing else can make one (contract GATE-9).
#[derive(Debug)]
pub struct Admitted {
    operation: PlannedOperation,
    budget: Budget,
    capabilities_granted: Vec<String>,
    tools: Vec<ToolIdentity>,
    capability_registry_version: String,
}

impl Admitted {
    /// The operation as admitted.
    pub const fn operation(&self) -> &PlannedOperation {
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
