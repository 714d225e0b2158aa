//! Secrets of a scan: rule, place and fingerprint. There is no secret here: its adapter kept it back.

use mex_runtime::digest::Digest;
use mex_runtime::finding::Attribution;
use mex_runtime::policy::matching::ExceptionRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::desk::Cursor;

/// Which page of secrets is wanted; by file and line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretsQuestion {
    /// The scan.
    pub run_id: String,
    /// Words that rule, path or commit must hold, each in any case; empty for all.
    #[serde(default)]
    pub query: String,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// One secret at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretRow {
    /// The Problem it stands under.
    pub problem: Digest,
    /// The rule that matched.
    pub rule: String,
    /// The file, relative to the project.
    pub path: String,
    /// First line, from 1; 0 where there is none.
    pub start_line: u64,
    /// Last line.
    pub end_line: u64,
    /// The commit that brought it; null in the tree.
    pub commit: Option<String>,
    /// The secret's fingerprint, which is no way back to it.
    pub fingerprint: String,
    /// The name at `path` holds it, and not the content.
    pub in_name: bool,
    /// Which tool said so.
    pub attributions: Vec<Attribution>,
    /// The exception that lifts it in this scan.
    pub lifted_by: Option<ExceptionRef>,
}
