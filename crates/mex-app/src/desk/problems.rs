//! Problems as a list: pages, counts, values, neighbours, triage. Questions are a query line and a
//! key; nothing loads a table. What a Problem is stays with [`crate::problem`] and the recorder.

use mex_recorder::query::{Problem, ProblemCount};
use mex_runtime::diagnostic::ProblemStatus;
use mex_runtime::digest::Digest;
use mex_runtime::id::{JobName, RunId};
use mex_runtime::severity::Severity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Cursor;

/// In which order Problems are listed. Ties are broken by the newest instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemSort {
    /// The gravest first, then the newest.
    #[default]
    Gravest,
    /// The last seen first.
    Newest,
    /// The first seen first.
    Oldest,
    /// By title, A to Z.
    Title,
    /// Those with the most instances first.
    Count,
}

/// A field of Problems: what a query line names and what rows are grouped by.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ProblemField {
    /// `fatal`, `error`, `warning`, `info`, `hint`.
    Severity,
    /// `open`, `acknowledged`, `muted`, `resolved`.
    Status,
    /// The job that found it: `secret`, `vuln`, `sbom`, `license`.
    Job,
    /// A tool that said so.
    Tool,
    /// An error code of ours, a rule's name or a canonical alias.
    Code,
    /// The rule of the policy or of the tool.
    Rule,
    /// The package's name, without version.
    Package,
    /// The file, relative to the project.
    File,
    /// A tag.
    Tag,
    /// Where it comes from: `engine`, `system`, `plugin:NAME`, ...
    Source,
    /// The project, by the last part of its path.
    Project,
}

/// Which page of Problems is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProblemsQuestion {
    /// The query line; empty for all.
    pub query: String,
    /// The order.
    pub sort: ProblemSort,
    /// Where to go on.
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    pub limit: Option<u32>,
}

/// One Problem as a row, with what its newest instance says of the place.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProblemRow {
    /// The Problem.
    pub problem: Problem,
    /// The scan of its newest instance.
    pub run_id: Option<RunId>,
    /// The job that found it.
    pub job: Option<JobName>,
    /// Who said so, sorted.
    pub tools: Vec<String>,
    /// The package's name, without version.
    pub package: Option<String>,
    /// The package URL.
    pub purl: Option<String>,
    /// The file, relative to the project.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u64>,
    /// Its tags.
    pub tags: Vec<String>,
    /// How it stands against the last scan of its project.
    pub standing: ProblemStanding,
}

/// How a Problem stands against the newest scan of its project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemStanding {
    /// The newest scan saw it and none before did.
    New,
    /// The newest scan saw it, and one before did.
    Unchanged,
    /// It was resolved and came back.
    Reopened,
    /// The newest scan did not see it.
    NotSeen,
    /// It is of no scan.
    NoScan,
}

/// A query line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProblemCountsQuestion {
    /// The query line; empty for all.
    pub query: String,
}

/// How many Problems a query line leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemCounts {
    /// How many match.
    pub filtered: u64,
    /// How many there are.
    pub total: u64,
    /// Those that match, by severity and status; pairs without any are left out.
    pub matching: Vec<ProblemCount>,
    /// All of them, by severity and status.
    pub all: Vec<ProblemCount>,
}

/// Which values a field has among the Problems that match: for suggestions and for groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemFacetsQuestion {
    /// The query line; empty for all.
    #[serde(default)]
    pub query: String,
    /// The field.
    pub field: ProblemField,
    /// Only values that start with this text.
    #[serde(default)]
    pub starts_with: String,
    /// At most this many values; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// The values of a field, those with the most Problems first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemFacets {
    /// At most the question's limit.
    pub values: Vec<ProblemFacet>,
    /// There are more values than these.
    pub more: bool,
    /// How many of the Problems that match have no value in this field; `no:FIELD` finds them.
    pub without: u64,
}

/// One value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemFacet {
    /// The value.
    pub value: String,
    /// The term that finds exactly these, to be added to the query line.
    pub term: String,
    /// How many Problems.
    pub count: u64,
    /// The gravest of them.
    pub worst: Severity,
}

/// One Problem inside a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NeighboursQuestion {
    /// The query line; empty for all.
    #[serde(default)]
    pub query: String,
    /// The order.
    #[serde(default)]
    pub sort: ProblemSort,
    /// The Problem; one that the query does not match has neighbours at its place in the order.
    pub id: String,
}

/// What stands before and after a Problem in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Neighbours {
    /// The one before it.
    pub previous: Option<Digest>,
    /// The one after it.
    pub next: Option<Digest>,
}

/// A change of status of some Problems, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriageRequest {
    /// Which, at most 500: fingerprints, or ids of instances.
    pub ids: Vec<String>,
    /// What they become.
    pub to: ProblemStatus,
    /// Why.
    pub reason: String,
}

/// A change of status that was made.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Triaged {
    /// Takes it back, for ten seconds.
    pub undo_token: String,
    /// Milliseconds left for that.
    pub undo_ms: u64,
    /// The Problems as they are now.
    pub problems: Vec<Problem>,
}

/// A change of status that is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoTriageRequest {
    /// What the change gave.
    pub undo_token: String,
}

/// Problems to be copied out of the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemTextQuestion {
    /// Which, at most 500.
    pub ids: Vec<String>,
    /// In which form.
    #[serde(rename = "as")]
    pub form: ProblemTextForm,
}

/// A form of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemTextForm {
    /// Plain lines.
    Text,
    /// A Markdown table.
    Markdown,
    /// A JSON array.
    Json,
    /// `mex://problem/ID`, one a line.
    Link,
}

/// Problems as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemText {
    /// The text, ready for the clipboard.
    pub text: String,
}
