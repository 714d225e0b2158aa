//! What a run may use at most, and what it used.
//! Owns the numbers and their comparison; enforcement on the running tool is the sandbox's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits of one operation (contract ENV-3). All four are enforced while the tool runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// CPU time of the whole process tree, in milliseconds.
    pub cpu_time_ms: u64,
    /// Wall time, in milliseconds.
    pub wall_time_ms: u64,
    /// Memory of the whole process tree, in bytes.
    pub memory_bytes: u64,
    /// Everything written: stdout, stderr and files, in bytes.
    pub output_bytes: u64,
}

/// One of the limits, for messages and for what ended a run.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// `cpu_time_ms`
    CpuTime,
    /// `wall_time_ms`
    WallTime,
    /// `memory_bytes`
    Memory,
    /// `output_bytes`
    Output,
    /// The number of processes, fixed by the sandbox and not by the budget.
    Processes,
}

impl Limit {
    /// The budget's field name, or `processes`.
    pub const fn field(self) -> &'static str {
        match self {
            Self::CpuTime => "cpu_time_ms",
            Self::WallTime => "wall_time_ms",
            Self::Memory => "memory_bytes",
            Self::Output => "output_bytes",
            Self::Processes => "processes",
        }
    }
}

/// What a run really used; `None` where the platform could not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Milliseconds of CPU, whole tree.
    pub cpu_time_ms: Option<u64>,
    /// Milliseconds from start to end.
    pub wall_time_ms: u64,
    /// Peak bytes, whole tree.
    pub memory_bytes: Option<u64>,
    /// Bytes written, before any cut.
    pub output_bytes: u64,
}

impl Budget {
    /// Each field with its value, in the order of the envelope.
    pub const fn fields(&self) -> [(Limit, u64); 4] {
        [
            (Limit::CpuTime, self.cpu_time_ms),
            (Limit::WallTime, self.wall_time_ms),
            (Limit::Memory, self.memory_bytes),
            (Limit::Output, self.output_bytes),
        ]
    }
}
