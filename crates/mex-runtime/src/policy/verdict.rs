//! The verdict of a scan (contract SC-2, SC-3; promise P6): what was found, what was not looked at,
//! what the policy says. Owns the decision and the document `ve-1.0` that names every rule that
//! decided. Pure: time comes in as an argument, and nothing but the input has a say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file::Policy;
use super::matching::{AllowlistInForce, ExceptionRef, ExceptionUse};
use crate::artifact::{ArtifactHandle, DatabaseIdentity, SandboxLevel};
use crate::code::Code;
use crate::coverage::Coverage;
use crate::digest::Digest;
use crate::finding::Finding;
use crate::id::{JobName, OpId, OperationName};
use crate::result::{Status, TypedError};
use crate::severity::VulnSeverity;

/// The only `schema_version` of a verdict.
pub const SCHEMA_VERSION: &str = "ve-1.0";

/// What a scan is for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ScanMode {
    /// To know: findings are problems and block nothing.
    Normal,
    /// To let something out: `tech.gates.supply_chain` holds.
    Release,
}

/// Everything a verdict rests on.
#[derive(Debug, Clone, Copy)]
pub struct VerdictInput<'a> {
    /// What the scan is for.
    pub mode: ScanMode,
    /// Now, UTC.
    pub now: Timestamp,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The allowlists in force.
    pub allowlists: &'a [AllowlistInForce],
    /// Every operation of the scan, in any order.
    pub operations: &'a [JudgedOperation],
    /// The jobs without any operation, with the reason. A job of the policy that is neither here nor
    /// among the operations counts as left out.
    pub absent_jobs: &'a [AbsentJob],
    /// The registry in force (contract REG-8).
    pub capability_registry_version: &'a str,
}

/// What became of one operation.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedOperation {
    /// The job it belongs to.
    pub job: JobName,
    /// The attempt.
    pub op_id: OpId,
    /// What it was.
    pub operation: OperationName,
    /// How it ended.
    pub status: Status,
    /// What went wrong.
    pub errors: Vec<TypedError>,
    /// Every denial of a gate.
    pub denials: Vec<Denial>,
    /// The findings of its report; those of a failed operation stand too.
    pub findings: Vec<Finding>,
    /// Its ledger.
    pub coverage: Coverage,
    /// The databases it read.
    pub databases: Vec<DatabaseIdentity>,
    /// The sandbox its tools ran in; null where no tool ran.
    pub sandbox: Option<SandboxLevel>,
}

/// One gate's refusal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Denial {
    /// The gate.
    pub gate: String,
    /// The code.
    pub code: Code,
    /// Why, as one sentence.
    pub reason: String,
}

/// A job of which nothing ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsentJob {
    /// Which.
    pub job: JobName,
    /// Why nothing ran.
    pub why: Absence,
}

/// Why nothing of a job ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// Nobody asked for it. A gap in release mode.
    LeftOut,
    /// Somebody asked for it and it cannot be had, as one sentence. A gap in every mode.
    NotAvailable(String),
}

/// The four verdicts, the first that applies.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Something must not go out.
    Block,
    /// A gate refused an operation.
    Denied,
    /// Something was not scanned, or failed.
    Incomplete,
    /// Everything was scanned and nothing stands against it.
    Pass,
}

impl Decision {
    /// The word of the contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Denied => "denied",
            Self::Incomplete => "incomplete",
            Self::Pass => "pass",
        }
    }

    /// The first that applies to the reasons that no exception lifts.
    pub fn of<'a>(reasons: impl IntoIterator<Item = &'a Reason>) -> Self {
        reasons
            .into_iter()
            .filter(|reason| reason.lifted_by.is_none())
            .map(|reason| match reason.effect {
                Effect::Blocks => Self::Block,
                Effect::Denies => Self::Denied,
                Effect::LeavesIncomplete => Self::Incomplete,
                Effect::Warns => Self::Pass,
            })
            .min()
            .unwrap_or(Self::Pass)
    }

    /// The exit code of contract section 12.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Block => 1,
            Self::Denied => 3,
            Self::Incomplete => 4,
            Self::Pass => 0,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

macro_rules! rules {
    ($($variant:ident $text:literal, $meaning:literal;)*) => {
        /// The rules that decide a verdict: a closed list, named by contract id.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Rule {
            $(#[doc = $meaning] #[serde(rename = $text)] $variant,)*
        }

        impl Rule {
            /// Every rule, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As people and programs see it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

rules! {
    Vulnerability "SC-2/vulnerability", "A vulnerability.";
    Secret "SC-2/secret", "A secret.";
    UnknownLicense "SC-2/license", "An UNKNOWN licence.";
    Gap "SC-3/gap", "The ledger names something that was not scanned.";
    FailedOperation "SC-3/failed-operation", "An operation failed, was cancelled or timed out; its result cannot be trusted.";
    EmptyLedger "SC-3/empty-ledger", "An operation succeeded and its ledger names nothing: that proves nothing.";
    LostCount "SC-3/lost-count", "A tool said more than stands in findings and listed drops.";
    NothingRan "SC-3/nothing-ran", "No operation ran at all.";
    JobNotAvailable "SC-3/job-not-available", "A job that was asked for cannot be had.";
    JobLeftOut "SC-3/job-left-out", "In release mode: a job was left out.";
    StaleDatabase "SC-3/stale-database", "In release mode: an advisory database is older than the policy allows.";
    UnusableDatabase "SC-3/unusable-database", "A vulnerability scan names no advisory database, or an empty one.";
    FutureDatabase "SC-3/future-database", "An advisory database speaks for a day that has not come: a clock or the snapshot is wrong.";
    Unsandboxed "SC-8/unsandboxed", "In release mode: a tool ran without a sandbox.";
    Denied "GATE/denied", "A gate refused an operation.";
}

impl Rule {
    /// Whether somebody may answer for a gap of this sort; the others say that the result itself
    /// cannot be trusted.
    pub const fn can_be_accepted(self) -> bool {
        matches!(
            self,
            Self::Gap
                | Self::FailedOperation
                | Self::JobNotAvailable
                | Self::JobLeftOut
                | Self::StaleDatabase
                | Self::Unsandboxed
        )
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a reason does to the verdict.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Makes it `block`.
    Blocks,
    /// Makes it `denied`.
    Denies,
    /// Makes it `incomplete`.
    LeavesIncomplete,
    /// A problem that stops nothing here.
    Warns,
}

/// One thing the verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// What it does, or would do where it is lifted.
    pub effect: Effect,
    /// The rule.
    pub rule: Rule,
    /// The job it comes from; null where it is about the whole scan.
    pub job: Option<JobName>,
    /// What it is about: `CVE-… in pkg:…`, a ledger's subject, a gate.
    pub subject: String,
    /// The severity of a vulnerability.
    pub severity: Option<VulnSeverity>,
    /// What is so, as one sentence.
    pub sentence: String,
    /// What to do, as one sentence.
    pub next_step: String,
    /// The Problem it stands under (contract DIAG-2); null for a denial, whose Problem the gate made.
    pub fingerprint: Option<Digest>,
    /// The exception that lifts it; then it has no effect.
    pub lifted_by: Option<ExceptionRef>,
}

/// A database with its age at the verdict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseAge {
    /// Which.
    pub database: DatabaseIdentity,
    /// Whole days since its date; 0 for one of today or a day ahead.
    pub age_days: u64,
    /// Whether the policy calls that too old. A gap in release mode.
    pub stale: bool,
}

/// How many findings of each sort, after merging, lifted ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Vulnerabilities by severity; severities without any are left out.
    pub vulnerabilities: BTreeMap<VulnSeverity, u64>,
    /// Secrets.
    pub secrets: u64,
    /// UNKNOWN licences.
    pub unknown_licenses: u64,
    /// Components of the inventory.
    pub components: u64,
    /// Gaps, of every rule.
    pub gaps: u64,
    /// Findings and gaps that an exception lifts.
    pub lifted: u64,
}

/// The decision on a whole scan, with everything that made it. Version `ve-1.0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The decision.
    pub verdict: Decision,
    /// What the scan was for.
    pub mode: ScanMode,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// The name of the policy.
    pub policy: String,
    /// SHA-256 of the policy's canonical JSON.
    pub policy_sha256: Digest,
    /// Everything that stands against a pass, and what warns; sorted, the gravest first.
    pub reasons: Vec<Reason>,
    /// What became of every exception in force.
    pub exceptions: Vec<ExceptionUse>,
    /// The allowlists in force.
    pub allowlists: Vec<ArtifactHandle>,
    /// How many of what.
    pub counts: Counts,
    /// The databases read, with their age.
    pub databases: Vec<DatabaseAge>,
    /// The weakest sandbox any tool ran in; null where none ran.
    pub sandbox: Option<SandboxLevel>,
    /// The registry in force (contract REG-8).
    pub capability_registry_version: String,
}

impl Verdict {
    /// The reasons with one effect that no exception lifts.
    pub fn standing(&self, effect: Effect) -> impl Iterator<Item = &Reason> {
        self.reasons
            .iter()
            .filter(move |reason| reason.effect == effect && reason.lifted_by.is_none())
    }

    /// The reasons that an exception lifts.
    pub fn lifted(&self) -> impl Iterator<Item = &Reason> {
        self.reasons.iter().filter(|reason| reason.lifted_by.is_some())
    }

    /// Every rule that decided, once, sorted: those of the effect that made the verdict.
    pub fn deciding_rules(&self) -> Vec<Rule> {
        let effect = match self.verdict {
            Decision::Block => Effect::Blocks,
            Decision::Denied => Effect::Denies,
            Decision::Incomplete => Effect::LeavesIncomplete,
            Decision::Pass => return Vec::new(),
        };
        let rules: BTreeSet<Rule> = self.standing(effect).map(|reason| reason.rule).collect();
        rules.into_iter().collect()
    }
}
