//! What the gates judge by: plain values that a host gathered. Owns their shapes, no rule.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::artifact::{ArtifactHandle, Provenance, ToolIdentity};
use crate::capability::{CapabilityRegistry, Consent, Profiles};
use crate::determinism::Determinism;
use crate::digest::Digest;
use crate::engine::EngineCatalog;
use crate::id::{EngineId, ToolName, WorkspaceId};
use crate::port::ArtifactState;
use crate::result::TypedError;

/// Everything an attempt is judged by. What is absent from a map counts against the attempt:
/// an artifact as missing, a tool as missing, a path as not staged, an engine as untested.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The engines.
    pub catalog: &'a EngineCatalog,
    /// The capability registry in force.
    pub registry: &'a CapabilityRegistry,
    /// The profiles.
    pub profiles: &'a Profiles,
    /// Every consent there is, live or not.
    pub consents: &'a [Consent],
    /// Now.
    pub now: Timestamp,
    /// Whether the attempt's id was seen before.
    pub op_id: OpIdState,
    /// What the store says of each input handle.
    pub artifacts: BTreeMap<ArtifactHandle, ArtifactState>,
    /// What stands of each tool, by comparison with its pin.
    pub tools: BTreeMap<ToolName, ToolState>,
    /// The manifest of the staged tree that the adapter will read; null where nothing is staged.
    pub stage_manifest: Option<&'a ArtifactHandle>,
    /// The workspace that was staged.
    pub wsid: Option<&'a WorkspaceId>,
    /// What the stage says of each path in params.
    pub paths: BTreeMap<String, PathFact>,
    /// What the conformance suite says of each engine with the tools as they are.
    pub conformance: BTreeMap<EngineId, ConformanceState>,
}

/// Whether an attempt's id is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpIdState {
    /// No attempt had it.
    Fresh,
    /// An earlier attempt had it: its evidence and this one's would mix.
    Used,
}

/// What stands of a tool (contract SC-5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolState {
    /// It is there and is exactly what is pinned.
    Pinned(ToolIdentity),
    /// It is pinned and not installed.
    Missing,
    /// It is there and is not what is pinned.
    Changed {
        /// The pinned digest.
        expected: Digest,
        /// The digest found.
        found: Digest,
    },
    /// The lock file does not name it.
    Unpinned,
}

/// What the stage says of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathFact {
    /// A staged file of exactly this name.
    StagedFile,
    /// No staged file of this name.
    NotStaged,
    /// A staged file whose name differs in case alone.
    CaseDiffers {
        /// The file's own name.
        staged: String,
    },
    /// A link, or a path through one, that leaves the workspace.
    LinkLeaves,
}

/// What the conformance suite says of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConformanceState {
    /// It passed with this adapter and these tools.
    Passed,
    /// It was not run with them.
    Missing,
    /// It failed.
    Failed,
    /// This attempt is a case of the suite.
    SuiteRunning,
}

/// One output of a run, as the store has it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredOutput<'a> {
    /// The reference to it.
    pub handle: &'a ArtifactHandle,
    /// What the store says of it.
    pub state: ArtifactState,
    /// The provenance in its sidecar.
    pub provenance: Option<&'a Provenance>,
}

/// What a result is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultFacts<'a> {
    /// The outputs.
    pub outputs: Vec<StoredOutput<'a>>,
    /// The evidence.
    pub evidence: Vec<StoredOutput<'a>>,
    /// The level the adapter says the result holds.
    pub reached: Determinism,
    /// What went wrong in the run.
    pub errors: &'a [TypedError],
}
