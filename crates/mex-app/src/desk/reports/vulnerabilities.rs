//! Vulnerabilities of a scan, over all its tools, with the way each package came in.

use mex_runtime::digest::Digest;
use mex_runtime::finding::{AdvisoryKind, Attribution, Component, Score, SeverityWord};
use mex_runtime::policy::matching::ExceptionRef;
use mex_runtime::severity::VulnSeverity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::desk::Cursor;

/// Which page of vulnerabilities is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VulnerabilitiesQuestion {
    /// The scan.
    pub run_id: String,
    /// Words that id, alias, package or summary must hold, each in any case; empty for all.
    #[serde(default)]
    pub query: String,
    /// The order.
    #[serde(default)]
    pub sort: VulnerabilitySort,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// In which order vulnerabilities are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VulnerabilitySort {
    /// The gravest first.
    #[default]
    Severity,
    /// By package.
    Package,
    /// By id.
    Id,
}

/// One vulnerability of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VulnerabilityRow {
    /// The Problem it stands under.
    pub problem: Digest,
    /// The canonical alias.
    pub id: String,
    /// Every id it is known under, sorted.
    pub aliases: Vec<String>,
    /// What sort of advisory it is.
    pub kind: AdvisoryKind,
    /// The highest of everything said.
    pub severity: VulnSeverity,
    /// The score that is highest, with its vector; null where none can be computed.
    pub score: Option<Score>,
    /// Every score.
    pub scores: Vec<Score>,
    /// Every severity word.
    pub words: Vec<SeverityWord>,
    /// The package hit.
    pub package: Component,
    /// Package URLs from a direct dependency to the package, both included: one of the shortest ways.
    /// Empty where no inventory of this scan says how it came in.
    pub path: Vec<String>,
    /// Versions that fix it, ascending.
    pub fixed_versions: Vec<String>,
    /// The lockfiles that name the package.
    pub lockfiles: Vec<String>,
    /// Which tool said so, under which id.
    pub attributions: Vec<Attribution>,
    /// One line of a database's own words.
    pub summary: String,
    /// The exception that lifts it in this scan.
    pub lifted_by: Option<ExceptionRef>,
}
