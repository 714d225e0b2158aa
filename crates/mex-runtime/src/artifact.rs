//! Handles, provenance and sidecars of immutable bytes (contract ENV-4, ART-1, ART-2).
//! Never a path: an artifact is named by its digest alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::determinism::Determinism;
use crate::digest::Digest;
use crate::id::{EngineId, OpId, OperationName, ToolName};

/// Names stored bytes (contract ENV-4).
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ArtifactHandle {
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// RFC 6838 media type; ours start with `application/vnd.mex.`.
    pub media_type: String,
    /// Length of the bytes.
    pub size_bytes: u64,
    /// What the bytes are to the operation: `manifest`, `report`, `evidence`, `stdout`, ...
    pub role: String,
}

/// Media types of the formats this product defines.
pub mod media_type {
    /// The manifest of a staged project (contract ENV-6).
    pub const MANIFEST: &str = "application/vnd.mex.manifest.v1+json";
    /// A SupplyChainReport (contract SC-1).
    pub const REPORT: &str = "application/vnd.mex.supply-chain-report.v1+json";
    /// A report of `secret_scan` (contract SC-1).
    pub const SECRET_REPORT: &str = "application/vnd.mex.secret-report.v1+json";
    /// A coverage ledger (contract SC-3).
    pub const COVERAGE: &str = "application/vnd.mex.coverage.v1+json";
    /// An allowlist (contract SC-4).
    pub const ALLOWLIST: &str = "application/vnd.mex.allowlist.v1+json";
    /// An EngineResult (contract ENV-2).
    pub const ENGINE_RESULT: &str = "application/vnd.mex.engine-result.v1+json";
    /// A capability registry (contract REG-6).
    pub const REGISTRY: &str = "application/vnd.mex.capability-registry.v1+json";
    /// A draft of a capability registry, or a registry file compared in its place.
    pub const REGISTRY_DRAFT: &str = "application/vnd.mex.capability-registry-draft.v1+json";
    /// What is wrong with a draft.
    pub const REGISTRY_VALIDATION: &str =
        "application/vnd.mex.capability-registry-validation.v1+json";
    /// What a draft changes.
    pub const REGISTRY_DIFF: &str = "application/vnd.mex.capability-registry-diff.v1+json";
    /// A decision on a diff.
    pub const REGISTRY_REVIEW: &str = "application/vnd.mex.capability-registry-review.v1+json";
    /// A signed publish record.
    pub const REGISTRY_RECORD: &str = "application/vnd.mex.registry-publish-record.v1+json";
    /// Capability profiles.
    pub const PROFILES: &str = "application/vnd.mex.profiles.v1+json";
    /// A policy decision of a whole scan.
    pub const VERDICT: &str = "application/vnd.mex.verdict.v1+json";
    /// Captured text of a tool, redacted.
    pub const TEXT: &str = "text/plain; charset=utf-8";
    /// A tool's own JSON, redacted where it can hold a secret.
    pub const TOOL_JSON: &str = "application/json";
    /// The few records of an advisory database that a tool was handed.
    pub const ZIP: &str = "application/zip";
}

/// A pinned tool as one run used it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolIdentity {
    /// Its name in the lock file.
    pub name: ToolName,
    /// The version the tool itself reported.
    pub version: String,
    /// SHA-256 of the executable, or of the manifest of a tool of many files.
    pub sha256: Digest,
}

/// An advisory database as one run used it (contract SC-6).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseIdentity {
    /// The ecosystem as OSV spells it: `crates.io`, `npm`, ...
    pub ecosystem: String,
    /// `osv` (a zip of OSV records) or `rustsec` (an advisory-db tree).
    pub form: String,
    /// SHA-256 of the snapshot.
    pub sha256: Digest,
    /// The day the snapshot speaks for.
    pub date: Timestamp,
    /// How many records it holds.
    pub record_count: u64,
}

/// What stands between a tool and the machine (contract SC-8).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SandboxLevel {
    /// Nothing: the platform cannot. A warning shows, and a release does not pass.
    Unsandboxed,
    /// Namespaces, read-only inputs, no network, unprivileged uid, resource limits.
    Namespaced,
}

/// What holds a tool to its memory, its CPU time and its number of processes; never assumed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LimitLevel {
    /// The kernel's limits for each process, and a look at the whole tree twenty times a second.
    RlimitsAndPoller,
    /// A control group as well: the kernel itself holds the whole tree.
    Cgroup,
}

/// What produced an artifact, from what, how (contract ART-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Always `"pv-1.0"`.
    pub schema_version: String,
    /// The engine that ran.
    pub engine_id: EngineId,
    /// The operation of it.
    pub operation: OperationName,
    /// The attempt that produced the bytes.
    pub op_id: OpId,
    /// The version of our adapter code.
    #[schemars(with = "String")]
    pub adapter_version: Version,
    /// The tools that ran, sorted by name.
    pub tools: Vec<ToolIdentity>,
    /// SHA-256 over the canonical configuration: arguments, tool configuration and parameters.
    pub config_sha256: Digest,
    /// The digests of the inputs, sorted.
    pub input_sha256: Vec<Digest>,
    /// The advisory databases read, sorted.
    pub databases: Vec<DatabaseIdentity>,
    /// The allowlist in force, if any.
    pub allowlist: Option<ArtifactHandle>,
    /// The level the result holds.
    pub determinism: Determinism,
    /// The capabilities granted, sorted.
    pub capabilities_granted: Vec<String>,
    /// Digest of platform, sandbox and product version: what else could have mattered.
    pub environment_id: Digest,
    /// The sandbox the tools really ran in.
    pub sandbox: SandboxLevel,
    /// The capability registry in force (contract REG-8).
    pub capability_registry_version: String,
    /// The attempt whose tools really ran, where its result stands for this one (contract SC-12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused_from: Option<OpId>,
}

/// The document stored beside every artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sidecar {
    /// Always `"sc-1.0"`.
    pub schema_version: String,
    /// The artifact this speaks of.
    pub artifact: ArtifactHandle,
    /// When it was stored; not part of what is compared.
    pub stored_at: Timestamp,
    /// Where it comes from; null for bytes a person brought in (an allowlist, a policy).
    pub provenance: Option<Provenance>,
    /// True when the bytes were cut at the output limit.
    pub truncated: bool,
    /// How many bytes there were before the cut.
    pub original_bytes: u64,
    /// Anything a format adds, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}
