//! Problems by what people look for: a typed filter, an order, a place to go on from. Owns the
//! questions and answers as plain types; [`sql`] makes statements of them and [`answer`] asks.

mod answer;
mod sql;

use std::collections::BTreeSet;

use mex_runtime::diagnostic::{Diagnostic, ProblemStatus};
use mex_runtime::facet::Facet;
use mex_runtime::id::{RunId, WorkspaceId};
use mex_runtime::severity::Severity;
use serde::{Deserialize, Serialize};

use super::Problem;

/// A filter of Problems: every condition must hold. Empty lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProblemQuery {
    /// The conditions.
    pub conditions: Vec<Condition>,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Whether it must hold or must not.
    pub sense: Sense,
    /// What is looked at.
    pub test: Test,
}

/// Whether a condition must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// It must.
    Holds,
    /// It must not.
    Fails,
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It stands so with people: any of these.
    Status(BTreeSet<ProblemStatus>),
    /// It is so grave: any of these, or a vulnerability of any of these grades (`severity:high`).
    Severity {
        /// Severities of the Problem.
        severities: BTreeSet<Severity>,
        /// Severity words of a vulnerability, lower case.
        grades: BTreeSet<String>,
    },
    /// A field has a value that fits any of these.
    Value {
        /// The field.
        facet: Facet,
        /// The patterns.
        any: Vec<Pattern>,
    },
    /// Every one of these begins a word of it.
    Words(Vec<String>),
    /// A field has no value.
    Without(Facet),
    /// Its newest instance is of any of these scans.
    NewestIn(BTreeSet<RunId>),
    /// An instance is of this scan.
    SeenIn(RunId),
    /// Its first instance came after this place in the chain, by project.
    FirstAfter(Vec<(WorkspaceId, u64)>),
    /// It was resolved and came back.
    Reopened,
}

/// What a value must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Exactly this.
    Exact(String),
    /// It starts with this.
    Starts(String),
    /// It fits this text, in which `*` stands for any text.
    Like(String),
}

/// In which order Problems are listed. No two share a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProblemOrder {
    /// The gravest first, then the newest.
    #[default]
    Gravest,
    /// The last seen first.
    Newest,
    /// The first seen first.
    Oldest,
    /// By title.
    Title,
    /// Those with the most instances first.
    Count,
}

/// Which way a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// As it is ordered.
    #[default]
    Forward,
    /// From its end.
    Backward,
}

/// A place in a list of Problems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemPlace {
    /// Severity rank and newest instance.
    Gravest(i64, u64),
    /// Newest instance.
    Newest(u64),
    /// First instance.
    Oldest(u64),
    /// Title and newest instance.
    Title(String, u64),
    /// Number of instances and newest one.
    Count(u64, u64),
}

/// Which page of Problems is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProblemPage {
    /// The filter.
    pub query: ProblemQuery,
    /// The order.
    pub order: ProblemOrder,
    /// Which way.
    pub direction: Direction,
    /// Continue after this; one of another order is as none.
    pub after: Option<ProblemPlace>,
    /// At most this many; zero means [`super::MAX_PAGE`].
    pub limit: u32,
}

/// One Problem with its newest instance.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundProblem {
    /// The Problem.
    pub problem: Problem,
    /// The scan of its newest instance.
    pub run_id: Option<RunId>,
    /// Sequence number of its first instance.
    pub first_seq: u64,
    /// Sequence number of its newest one.
    pub last_seq: u64,
    /// The newest instance; null where retention took it.
    pub newest: Option<Diagnostic>,
}

/// One value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundValue {
    /// The value.
    pub value: String,
    /// How many Problems have it.
    pub count: u64,
    /// The gravest of them.
    pub worst: Severity,
}

/// The values of a field, those with the most Problems first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundValues {
    /// At most as many as asked for.
    pub values: Vec<FoundValue>,
    /// There are more.
    pub more: bool,
}

impl ProblemQuery {
    /// The same with one more condition.
    #[must_use]
    pub fn and(mut self, test: Test) -> Self {
        self.conditions.push(Condition { sense: Sense::Holds, test });
        self
    }
}

impl FoundProblem {
    /// Where it stands in a list of this order.
    pub fn place(&self, order: ProblemOrder) -> ProblemPlace {
        let rank = crate::append::severity_rank(self.problem.severity);
        match order {
            ProblemOrder::Gravest => ProblemPlace::Gravest(rank, self.last_seq),
            ProblemOrder::Newest => ProblemPlace::Newest(self.last_seq),
            ProblemOrder::Oldest => ProblemPlace::Oldest(self.first_seq),
            ProblemOrder::Title => ProblemPlace::Title(self.problem.title.clone(), self.last_seq),
            ProblemOrder::Count => ProblemPlace::Count(self.problem.count, self.last_seq),
        }
    }
}
