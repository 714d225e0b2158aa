//! The coverage ledger: what was scanned, what was not and why (contract SC-3).
//! "Not scanned" is never "clean": whoever judges a report judges its ledger too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{JobName, ToolName};

/// The ledger of one operation or, merged, of one scan. Version `cl-1.0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Always `"cl-1.0"`.
    pub schema_version: String,
    /// Every lockfile, manifest and file set, sorted.
    pub entries: Vec<CoverageEntry>,
    /// How many things each tool said, how many of them became findings, how many were dropped and why.
    pub counts: Vec<ToolCount>,
    /// What the project carries to speak for itself; none of it was obeyed (contract SC-10).
    pub self_statements: Vec<SelfStatement>,
}

/// One lockfile, manifest or file set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoverageEntry {
    /// The job whose ledger this is.
    pub job: JobName,
    /// What it is: `Cargo.lock`, `files`, `history`, `ecosystem:npm`, ...; for a path, relative with `/`.
    pub subject: String,
    /// The tool meant to read it, if one exists.
    pub tool: Option<ToolName>,
    /// What became of it.
    pub state: CoverageState,
    /// Why, as one sentence; empty only for `scanned`.
    pub reason: String,
    /// How many files or packages it stands for.
    pub items: u64,
}

/// What became of one thing that should be scanned.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CoverageState {
    /// A tool read it whole.
    Scanned,
    /// Left out on purpose, by a rule that cannot hide a finding (an ignored and untracked folder). Not a gap.
    Skipped,
    /// It should have been scanned and nobody looked: a gap.
    NotScanned,
    /// A tool tried and failed: a gap.
    Failed,
    /// The tool is not there: a gap.
    ToolMissing,
    /// The advisory database is missing, unreadable or, in release mode, too old: a gap.
    DatabaseUnusable,
}

impl CoverageState {
    /// Whether it makes a verdict `incomplete` (contract SC-3).
    pub const fn is_gap(self) -> bool {
        !matches!(self, Self::Scanned | Self::Skipped)
    }
}

/// Count in = count out + listed drops (promise P4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolCount {
    /// The tool.
    pub tool: ToolName,
    /// What it read: a lockfile, an ecosystem, `files`, `history`.
    pub subject: String,
    /// How many things the tool said.
    pub said: u64,
    /// How many of them stand in findings.
    pub kept: u64,
    /// The others, by reason.
    pub dropped: Vec<Drop>,
}

/// Things a tool said that are no finding of their own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drop {
    /// `withdrawn`, `duplicate`, ...
    pub reason: String,
    /// How many.
    pub count: u64,
    /// Which, by the tool's own id, sorted.
    pub ids: Vec<String>,
}

impl ToolCount {
    /// Whether nothing got lost.
    pub fn balances(&self) -> bool {
        let dropped: u64 = self.dropped.iter().map(|drop| drop.count).sum();
        self.said == self.kept + dropped
    }
}

/// Something in the scanned tree that would silence, redirect or run a tool.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelfStatement {
    /// The file, relative with `/`.
    pub path: String,
    /// The tool it speaks to.
    pub tool: String,
    /// What it would have done, as one sentence.
    pub effect: String,
    /// What it asks to be left out, as far as we can read it; each may become a proposed exception.
    pub asks: Vec<String>,
}

impl Coverage {
    /// An empty ledger.
    pub fn empty() -> Self {
        Self {
            schema_version: "cl-1.0".to_owned(),
            entries: Vec::new(),
            counts: Vec::new(),
            self_statements: Vec::new(),
        }
    }

    /// Adds everything another ledger says.
    pub fn merge(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.counts.extend(other.counts);
        self.self_statements.extend(other.self_statements);
        self.canonicalise();
    }

    /// Sorts and removes doubles.
    pub fn canonicalise(&mut self) {
        self.entries.sort();
        self.entries.dedup();
        self.counts.sort();
        self.counts.dedup();
        self.self_statements.sort();
        self.self_statements.dedup();
    }

    /// The entries that make a verdict `incomplete`.
    pub fn gaps(&self) -> impl Iterator<Item = &CoverageEntry> {
        self.entries.iter().filter(|entry| entry.state.is_gap())
    }
}
