//! Licences of a scan: by licence and by package, UNKNOWN first; what is declared, detected and
//! concluded stays apart (contract SC-2).

use mex_runtime::digest::Digest;
use mex_runtime::finding::{Attribution, LicenseStatement, LicenseText, LicenseUnit};
use mex_runtime::policy::matching::ExceptionRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::desk::Cursor;

/// Which page of licences is wanted, each with how many are under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseGroupsQuestion {
    /// The scan.
    pub run_id: String,
    /// Words the expression must hold, each in any case; empty for all.
    #[serde(default)]
    pub query: String,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// One licence with how many are under it. UNKNOWN comes first, then those with the most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenseGroup {
    /// The SPDX expression; null is UNKNOWN.
    pub expression: Option<String>,
    /// How many units: packages, the project's own files, texts.
    pub count: u64,
}

/// Which page of units is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicensesQuestion {
    /// The scan.
    pub run_id: String,
    /// Only those under this expression.
    #[serde(default)]
    pub under: LicenseChoice,
    /// Words that package, path or a statement must hold, each in any case; empty for all.
    #[serde(default)]
    pub query: String,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Which licence units are under.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "which", rename_all = "snake_case")]
pub enum LicenseChoice {
    /// Any.
    #[default]
    Any,
    /// UNKNOWN.
    Unknown,
    /// This one.
    Expression {
        /// The SPDX expression as concluded.
        expression: String,
    },
}

/// One unit: UNKNOWN first, then by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenseRow {
    /// The Problem it stands under; null where the licence is known.
    pub problem: Option<Digest>,
    /// Whose licence it is.
    pub unit: LicenseUnit,
    /// What its makers say.
    pub declared: Vec<LicenseStatement>,
    /// What a tool reads in its texts.
    pub detected: Vec<LicenseStatement>,
    /// The SPDX expression that follows; null is UNKNOWN.
    pub concluded: Option<String>,
    /// Why nothing follows; empty where something does.
    pub unknown_because: String,
    /// Its licence texts.
    pub texts: Vec<LicenseText>,
    /// What an exception is bound to.
    pub content_sha256: Digest,
    /// The lockfiles that name it.
    pub lockfiles: Vec<String>,
    /// Which tool said so.
    pub attributions: Vec<Attribution>,
    /// The exception that lifts it in this scan.
    pub lifted_by: Option<ExceptionRef>,
}
