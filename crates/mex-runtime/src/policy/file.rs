//! The policy file `po-1.0`: what blocks, how old a database may be, who may approve.
//! Owns its shape, its default and the floor no policy can go below (contract SC-2).
//! Never reads it from the scanned tree: a caller names it.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::allowlist::{Fault, join};
use crate::id::JobName;
use crate::severity::VulnSeverity;

/// The only `schema_version` of a policy.
pub const SCHEMA_VERSION: &str = "po-1.0";

/// The longest policy read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The gate a release has to pass.
pub const SUPPLY_CHAIN_GATE: &str = "tech.gates.supply_chain";

/// A valid policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// What people call it; stands in every verdict.
    pub name: String,
    /// In release mode an older advisory database is a gap (contract SC-3). Days, 1 to 365.
    pub database_max_age_days: u16,
    /// Which approvals lift anything.
    #[serde(default)]
    pub approvals: ApprovalRule,
    /// Which of the project's own files the licence job reads.
    #[serde(default)]
    pub license_files: LicenseFiles,
    /// Who may let a capability registry be published.
    #[serde(default)]
    pub registry: RegistryRule,
    /// The jobs and hard-fail conditions of a release.
    pub gate: SupplyChainGate,
}

/// Whose review lets a capability registry be published (contract REG-5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistryRule {
    /// Whether who made the draft may review it.
    #[serde(default)]
    pub reviewer: ReviewerRule,
    /// Whether a review has to be signed.
    #[serde(default)]
    pub approvals: ApprovalRule,
}

/// Whether who made a draft may review it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewerRule {
    /// Anyone may.
    #[default]
    Anyone,
    /// Somebody else has to.
    Second,
}

/// Which approvals count (contract SC-4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalRule {
    /// Any name; what was only typed says so.
    #[default]
    Named,
    /// Only a name whose SSH signature was verified.
    SshSignature,
}

/// Which of the project's own files are read for licences (contract SC-2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenseFiles {
    /// Those that hold a word of scancode's rules, and every licence file.
    #[default]
    Words,
    /// All of them.
    Full,
}

/// `tech.gates.supply_chain`: the four jobs and their hard-fail conditions, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplyChainGate {
    /// [`SUPPLY_CHAIN_GATE`].
    pub id: String,
    /// `0.1`.
    pub version: String,
    /// The jobs a release needs; one that was left out is a gap.
    pub jobs: BTreeSet<JobName>,
    /// What blocks a release.
    pub conditions: Vec<Condition>,
}

/// One hard-fail condition of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "rule", deny_unknown_fields)]
pub enum Condition {
    /// A vulnerability of one of these severities blocks.
    #[serde(rename = "SC-2/vulnerability")]
    Vulnerability {
        /// At least CRITICAL, HIGH and UNSCORED.
        severities: BTreeSet<VulnSeverity>,
    },
    /// Any secret blocks.
    #[serde(rename = "SC-2/secret")]
    Secret {},
    /// Any UNKNOWN licence blocks. Holds for the findings of `license_scan`.
    #[serde(rename = "SC-2/license")]
    UnknownLicense {},
}

impl Condition {
    /// The rule it belongs to.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Vulnerability { .. } => "SC-2/vulnerability",
            Self::Secret {} => "SC-2/secret",
            Self::UnknownLicense {} => "SC-2/license",
        }
    }
}

/// A policy that is not valid, with everything that is wrong (code `MEX-POLICY-INVALID`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy is not valid: {}", join(.faults))]
pub struct PolicyError {
    /// Every fault; at least one.
    pub faults: Vec<Fault>,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// With the field or line: too big, not TOML, a key given twice, unknown or missing fields,
    /// a number out of range, and a policy that removes a job or condition of contract SC-2.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let fault = |field: &str, message: String| PolicyError {
            faults: vec![Fault { field: field.to_owned(), message }],
        };
        if text.len() > MAX_BYTES {
            let message = format!("it has {} bytes, more than the {MAX_BYTES} allowed", text.len());
            return Err(fault("policy", message));
        }
        let policy: Self = toml::from_str(text).map_err(|error| {
            let field =
                error.span().map_or_else(|| "policy".to_owned(), |span| place(text, span.start));
            fault(&field, error.message().replace('\n', " "))
        })?;
        let faults = policy.faults();
        if faults.is_empty() { Ok(policy) } else { Err(PolicyError { faults }) }
    }

    /// The severities that block a release; never fewer than contract SC-2's.
    pub fn blocking_severities(&self) -> BTreeSet<VulnSeverity> {
        let added = self.gate.conditions.iter().flat_map(|condition| match condition {
            Condition::Vulnerability { severities } => severities.iter().copied().collect(),
            Condition::Secret {} | Condition::UnknownLicense {} => Vec::new(),
        });
        floor_severities().chain(added).collect()
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut add = |field: &str, message: String| {
            faults.push(Fault { field: field.to_owned(), message });
        };
        if self.schema_version != SCHEMA_VERSION {
            add(
                "schema_version",
                format!("it is `{}`, write `{SCHEMA_VERSION}`", self.schema_version),
            );
        }
        if self.name.trim().is_empty()
            || self.name.chars().count() > 128
            || self.name.chars().any(char::is_control)
        {
            add("name", "it must be 1 to 128 characters on one line".to_owned());
        }
        if !(1..=365).contains(&self.database_max_age_days) {
            add(
                "database_max_age_days",
                format!("it is {}, it must be 1 to 365", self.database_max_age_days),
            );
        }
        if self.gate.id != SUPPLY_CHAIN_GATE || self.gate.version != "0.1" {
            add("gate.id", format!("the gate is `{SUPPLY_CHAIN_GATE}`, version `0.1`"));
        }
        for job in all_jobs().difference(&self.gate.jobs) {
            add("gate.jobs", format!("`{job}` is missing: a policy may add, never remove (SC-2)"));
        }
        let rules: BTreeSet<_> = self.gate.conditions.iter().map(Condition::rule).collect();
        for rule in ["SC-2/vulnerability", "SC-2/secret", "SC-2/license"] {
            if !rules.contains(rule) {
                add(
                    "gate.conditions",
                    format!("`{rule}` is missing: a policy may add, never remove (SC-2)"),
                );
            }
        }
        if rules.len() < self.gate.conditions.len() {
            add("gate.conditions", "a rule is there twice; write each rule once".to_owned());
        }
        for condition in &self.gate.conditions {
            if let Condition::Vulnerability { severities } = condition {
                for severity in floor_severities().filter(|severity| !severities.contains(severity))
                {
                    add(
                        "gate.conditions.severities",
                        format!(
                            "`{}` is missing: a policy may add, never remove (SC-2)",
                            severity.word()
                        ),
                    );
                }
            }
        }
        faults
    }
}

impl Default for Policy {
    /// The policy of `policy/default.toml`.
    fn default() -> Self {
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            name: "default".to_owned(),
            database_max_age_days: 7,
            approvals: ApprovalRule::Named,
            license_files: LicenseFiles::Words,
            registry: RegistryRule::default(),
            gate: SupplyChainGate {
                id: SUPPLY_CHAIN_GATE.to_owned(),
                version: "0.1".to_owned(),
                jobs: all_jobs(),
                conditions: vec![
                    Condition::Vulnerability { severities: floor_severities().collect() },
                    Condition::Secret {},
                    Condition::UnknownLicense {},
                ],
            },
        }
    }
}

/// The line of an offset, with the key that stands there.
fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let number = before.matches('\n').count();
    let key = text.lines().nth(number).and_then(|line| line.split('=').next()).unwrap_or_default();
    match key.trim() {
        "" => format!("line {}", number + 1),
        key => format!("line {} (`{key}`)", number + 1),
    }
}

fn floor_severities() -> impl Iterator<Item = VulnSeverity> {
    [VulnSeverity::Unscored, VulnSeverity::High, VulnSeverity::Critical].into_iter()
}

fn all_jobs() -> BTreeSet<JobName> {
    ["license", "sbom", "secret", "vuln"].iter().filter_map(|job| job.parse().ok()).collect()
}
