//! What an engine's code looks like to the runtime: it takes a proof of admission, it gives findings.
//! Owns the trait and its plain types; never a tool, a path convention or a format.

use semver::Version;

use crate::artifact::{DatabaseIdentity, SandboxLevel, ToolIdentity};
use crate::coverage::Coverage;
use crate::determinism::Determinism;
use crate::digest::Digest;
use crate::event::EventContext;
use crate::finding::Finding;
use crate::gate::Admitted;
use crate::id::{EngineId, OperationName};
use crate::port::{ArtifactStore, Cancel, Clock, ProgressSink, Recorder, StagedTree};
use crate::result::{Status, TypedError};

/// What an adapter may use while it runs.
pub struct RunContext<'a> {
    /// The staged tree; null for operations that read none.
    pub stage: Option<&'a StagedTree>,
    /// Where every spawn is recorded.
    pub recorder: &'a dyn Recorder,
    /// Where captured output goes.
    pub store: &'a dyn ArtifactStore,
    /// Time and ids.
    pub clock: &'a dyn Clock,
    /// Who and what the events belong to.
    pub events: &'a EventContext,
    /// Checked at least ten times a second by whoever waits.
    pub cancel: &'a Cancel,
    /// Where progress goes.
    pub progress: ProgressSink<'a>,
}

/// Bytes an adapter leaves, before they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Produced {
    /// What they are to the operation.
    pub role: String,
    /// Their media type.
    pub media_type: String,
    /// The bytes, already redacted.
    pub bytes: Vec<u8>,
    /// How many there were before a cut at the output limit; equal to the length where nothing was cut.
    pub original_bytes: u64,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct AdapterOutcome {
    /// `Succeeded`, `Failed`, `Cancelled` or `TimedOut`. Findings of the tools that did end well stand in any case.
    pub status: Status,
    /// In any order; the runtime puts them into the canonical one.
    pub findings: Vec<Finding>,
    /// What was read and what was not.
    pub coverage: Coverage,
    /// The tools' own output, redacted.
    pub evidence: Vec<Produced>,
    /// The tools that ran, as identified at the spawn.
    pub tools: Vec<ToolIdentity>,
    /// The databases read.
    pub databases: Vec<DatabaseIdentity>,
    /// SHA-256 over the canonical configuration.
    pub config_sha256: Digest,
    /// The weakest sandbox any tool ran in.
    pub sandbox: SandboxLevel,
    /// The level the result holds (contract DET-4).
    pub determinism: Determinism,
    /// What went wrong.
    pub errors: Vec<TypedError>,
}

/// Our code for one operation of an engine. Callable with a proof of admission alone (contract GATE-9).
pub trait Adapter: Send + Sync {
    /// The engine it belongs to.
    fn engine_id(&self) -> EngineId;
    /// The operation it runs.
    fn operation(&self) -> OperationName;
    /// The version of this code.
    fn version(&self) -> Version;
    /// One digest over everything the result depends on beside the envelope, the pinned tools and the
    /// manifest: configuration, databases, keys, what else of the stage or the machine is read
    /// (contract SC-12). None where that is not known: such a result never stands for another.
    fn ground(&self, _admitted: &Admitted, _context: &RunContext<'_>) -> Option<Digest> {
        None
    }
    /// Runs the admitted operation. Whatever goes wrong is in the outcome, never a panic.
    fn run(&self, admitted: &Admitted, context: &RunContext<'_>) -> AdapterOutcome;
}
