//! The document `de-1.0`: what changed between two scans. Owns its shape, its order and its counts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cause::{Cause, CauseKind};
use crate::digest::Digest;
use crate::id::{JobName, RunId};
use crate::policy::matching::ExceptionRef;
use crate::policy::verdict::{Decision, Rule, ScanMode};
use crate::severity::VulnSeverity;

/// The only `schema_version` of a comparison.
pub const SCHEMA_VERSION: &str = "de-1.0";

/// What changed between two scans of one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delta {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The scan compared with.
    pub before: RunMark,
    /// The scan compared.
    pub after: RunMark,
    /// How many of what.
    pub counts: DeltaCounts,
    /// Every finding of either scan: new, not looked at, gone, then unchanged; the gravest first.
    pub findings: Vec<FindingDelta>,
    /// What became of the exceptions, sorted.
    pub exceptions: Vec<ExceptionDelta>,
    /// What was not scanned in one of the two, sorted.
    pub gaps: Vec<GapDelta>,
}

/// Names one of the two scans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunMark {
    /// Its id.
    pub run_id: RunId,
    /// When it began.
    pub begun_at: Timestamp,
    /// What it was for; a comparison does not depend on it.
    pub mode: ScanMode,
    /// Its verdict.
    pub verdict: Decision,
}

/// How many findings changed how. What a finding is counted under is its first cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeltaCounts {
    /// In the later scan alone.
    pub new: u64,
    /// The same by first cause.
    pub new_by_cause: BTreeMap<CauseKind, u64>,
    /// In the earlier scan alone, and the later one looked.
    pub gone: u64,
    /// The same by first cause.
    pub gone_by_cause: BTreeMap<CauseKind, u64>,
    /// In the earlier scan alone, and the later one did not look: nobody knows.
    pub not_looked_at: u64,
    /// In both.
    pub unchanged: u64,
    /// Of those, how many stand differently now: lifted, deciding, or neither.
    pub standing_changed: u64,
}

/// One finding over both scans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingDelta {
    /// What became of it.
    pub change: Change,
    /// What it is.
    pub kind: FindingKind,
    /// What it is about, in the words of the newer verdict that has it.
    pub subject: String,
    /// As the earlier scan saw it.
    pub before: Option<Seen>,
    /// As the later scan saw it.
    pub after: Option<Seen>,
    /// Why it is new, gone or not looked at, the most specific first; never empty for those.
    pub causes: Vec<Cause>,
    /// What is different about a finding that both have.
    pub changes: Vec<Changed>,
}

/// What became of a finding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Only the later scan has it.
    New,
    /// Only the earlier scan has it, and the later one did not look at it: it may well be there.
    NotLookedAt,
    /// Only the earlier scan has it, and the later one looked.
    Gone,
    /// Both have it.
    Unchanged,
}

/// What a finding is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A vulnerability, malware or informational advisory of a component.
    Vulnerability,
    /// A secret.
    Secret,
    /// An UNKNOWN licence.
    License,
}

/// A finding as one scan saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Package URLs or paths, sorted; `project` for the project's own licence.
    pub places: Vec<String>,
    /// The highest severity; null for what has none.
    pub severity: Option<VulnSeverity>,
    /// What it means for a release, whatever the scan was for.
    pub standing: Standing,
    /// The Problems it stands under, sorted.
    pub problems: Vec<Digest>,
}

/// What a finding means for a release under the policy and exceptions of its scan.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// An exception lifts it.
    Lifted,
    /// It stops nothing.
    Warns,
    /// It blocks.
    Blocks,
}

impl Standing {
    /// What to call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lifted => "is lifted",
            Self::Warns => "warns",
            Self::Blocks => "blocks a release",
        }
    }
}

/// One difference of a finding that both scans have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// What is different.
    pub what: What,
    /// As it was.
    pub before: String,
    /// As it is.
    pub after: String,
    /// Why, the most specific first; never empty.
    pub causes: Vec<Cause>,
}

/// What can differ about one and the same finding.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// What it means for a release.
    Standing,
    /// The severity.
    Severity,
    /// The version of the package.
    Version,
    /// The file it stands in.
    Place,
}

/// What became of one exception.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionDelta {
    /// Which.
    pub exception: ExceptionRef,
    /// What became of it.
    pub cause: Cause,
}

/// A gap that only one of the two scans has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GapDelta {
    /// `new` in the later scan, or `gone` with the earlier one.
    pub change: Change,
    /// The rule it stands under.
    pub rule: Rule,
    /// The job; null where it is about the whole scan.
    pub job: Option<JobName>,
    /// What was not scanned.
    pub subject: String,
}

impl FindingDelta {
    /// Whether both scans have it and it means something else for a release now.
    pub fn stands_differently(&self) -> bool {
        self.changes.iter().any(|changed| changed.what == What::Standing)
    }

    /// Where it stands in the document.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let seen = self.after.as_ref().or(self.before.as_ref());
        (
            self.change,
            Reverse(self.stands_differently()),
            self.kind,
            Reverse(seen.and_then(|seen| seen.severity)),
            self.subject.clone(),
            seen.map(|seen| (seen.places.clone(), seen.problems.clone())),
        )
    }
}

impl DeltaCounts {
    pub(super) fn of(findings: &[FindingDelta]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            let first = finding.causes.first().map_or(CauseKind::Unknown, |cause| cause.kind);
            match finding.change {
                Change::New => {
                    counts.new += 1;
                    *counts.new_by_cause.entry(first).or_default() += 1;
                }
                Change::Gone => {
                    counts.gone += 1;
                    *counts.gone_by_cause.entry(first).or_default() += 1;
                }
                Change::NotLookedAt => counts.not_looked_at += 1,
                Change::Unchanged => {
                    counts.unchanged += 1;
                    counts.standing_changed += u64::from(finding.stands_differently());
                }
            }
        }
        counts
    }
}
