//! The request envelope: one engine invocation as somebody asked for it (contract ENV-1).
//! Owns the shape alone; whether it may run is the gates' to say.

use schemars::JsonSchema;
use semver::VersionReq;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::artifact::ArtifactHandle;
use crate::budget::Budget;
use crate::determinism::{Determinism, EvidencePolicy};
use crate::id::{
    ActorId, ConsentId, EngineId, JobId, OpId, OperationName, ProfileId, RunId, WorkspaceId,
};

/// The only `schema_version` of a [`PlannedOperation`].
pub const SCHEMA_VERSION: &str = "poe-1.0";

/// Who acts (contract FR-2).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person.
    Human,
    /// A program acting for a person.
    Agent,
    /// The product itself.
    System,
}

/// One engine invocation (contract ENV-1). Unknown fields are refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedOperation {
    /// [`SCHEMA_VERSION`]; anything else is denied by `G-SCHEMA`.
    pub schema_version: String,
    /// This attempt.
    pub op_id: OpId,
    /// The engine asked for.
    pub engine_id: EngineId,
    /// The adapter versions accepted; null accepts any.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub engine_version_req: Option<VersionReq>,
    /// The operation asked for.
    pub operation: OperationName,
    /// What it reads.
    pub inputs: Vec<Input>,
    /// Validated against the operation's own JSON Schema.
    pub params: Map<String, Value>,
    /// Capability ids as text: an unknown one is denied by `G-CAP`, not by parsing.
    pub capabilities_requested: Vec<String>,
    /// The profile that must grant them.
    pub capability_profile_id: ProfileId,
    /// Who acts.
    pub actor_id: ActorId,
    /// The job this belongs to.
    pub job_id: JobId,
    /// The scan this belongs to, if any.
    #[serde(default)]
    pub workflow_run_id: Option<RunId>,
    /// Its limits. Optional in the type so that its absence can be denied by `G-BUDGET`.
    #[serde(default)]
    pub budget: Option<Budget>,
    /// The level claimed.
    pub determinism: Determinism,
    /// Optional in the type so that its absence can be denied (contract DET-3).
    #[serde(default)]
    pub evidence_policy: Option<EvidencePolicy>,
    /// What must come out.
    pub output_spec: OutputSpec,
    /// Consents for capabilities that need one (contract GATE-3 d).
    #[serde(default)]
    pub consents: Vec<ConsentId>,
}

/// Something an operation reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Input {
    /// Stored bytes.
    Artifact(ArtifactHandle),
    /// Something the product knows by id.
    Entity(EntityRef),
}

/// A reference to something the product knows by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum EntityRef {
    /// The staged tree of a project folder.
    Workspace {
        /// Its id.
        wsid: WorkspaceId,
    },
}

/// What an operation must leave behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputSpec {
    /// The role of every output asked for, such as `report`. Empty is denied by `G-PROVENANCE`.
    pub roles: Vec<String>,
}
