//! The normalised result of one operation (contract SC-1).
//! Owns the fixed field names and the canonical form; what a finding is stands in [`crate::finding`].

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact::ToolIdentity;
use crate::digest::Digest;
use crate::finding::Finding;

/// What a SupplyChainReport speaks of.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum ReportKind {
    /// Vulnerabilities.
    Vuln,
    /// Components.
    #[serde(rename = "SBOM")]
    Sbom,
    /// Licences.
    License,
}

/// The report of `vuln_scan`, `sbom_generate` and `license_scan`: exactly these fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplyChainReport {
    /// What it speaks of.
    pub kind: ReportKind,
    /// The tools run, sorted, `name version` joined by `; `.
    pub engine_version: String,
    /// When it was made; not part of what is compared.
    pub timestamp: Timestamp,
    /// Canonical: sorted, no clock, no random ids.
    pub findings: Vec<Finding>,
}

/// The kind word of a [`SecretReport`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum SecretReportKind {
    /// Secrets.
    Secret,
}

/// The report of `secret_scan`: the same shape in a schema of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretReport {
    /// Always `Secret`.
    pub kind: SecretReportKind,
    /// The tools run, sorted, `name version` joined by `; `.
    pub engine_version: String,
    /// When it was made; not part of what is compared.
    pub timestamp: Timestamp,
    /// Canonical: sorted, no clock, no random ids.
    pub findings: Vec<Finding>,
}

/// Either report, told apart by `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Report {
    /// Of a supply-chain engine.
    SupplyChain(SupplyChainReport),
    /// Of the secret engine.
    Secret(SecretReport),
}

impl Report {
    /// The findings.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::SupplyChain(report) => &report.findings,
            Self::Secret(report) => &report.findings,
        }
    }

    /// The digest of what determinism compares: `kind`, `engine_version` and `findings`.
    ///
    /// # Errors
    /// When a finding has no JSON form.
    pub fn meaning(&self) -> Result<Digest, serde_json::Error> {
        let (kind, engine_version) = match self {
            Self::SupplyChain(report) => {
                (serde_json::to_value(report.kind)?, &report.engine_version)
            }
            Self::Secret(report) => (serde_json::to_value(report.kind)?, &report.engine_version),
        };
        Digest::of_canonical(&serde_json::json!({
            "kind": kind,
            "engine_version": engine_version,
            "findings": self.findings(),
        }))
    }
}

/// `name version` of each tool, sorted, joined by `; ` (contract SC-1).
pub fn engine_version(tools: &[ToolIdentity]) -> String {
    let mut names: Vec<String> =
        tools.iter().map(|tool| format!("{} {}", tool.name, tool.version)).collect();
    names.sort();
    names.dedup();
    names.join("; ")
}

/// Puts findings into their one canonical order; equal findings are kept once.
pub fn canonical_findings(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.iter_mut().for_each(Finding::canonicalise);
    findings.sort();
    findings.dedup();
    findings
}
