//! Determinism levels and the evidence they owe (contract DET-1 to DET-4).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a result can be reproduced. Ordered: `D0 < D1 < D2 < D3`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Determinism {
    /// Live: the world may answer differently each time.
    D0,
    /// Best effort: replay leans on captured evidence.
    D1,
    /// Same meaning: bytes equal after canonicalisation.
    D2,
    /// Same bytes.
    D3,
}

impl Determinism {
    /// Whether a result at this level is worth nothing without evidence (contract DET-3).
    pub const fn owes_evidence(self) -> bool {
        matches!(self, Self::D0 | Self::D1)
    }
}

/// Whether evidence must be kept (contract ENV-1). Optional in the envelope, so that its
/// absence can be denied instead of defaulted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidencePolicy {
    /// True when a result without evidence must be refused.
    pub required: bool,
}
