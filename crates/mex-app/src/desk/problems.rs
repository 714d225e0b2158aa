//! Problems as a list: pages, counts, values, neighbours, triage. Questions are a query line and a
//! key; nothing loads a table. What a Problem is stays with [`crate::problem`] and the recorder.

use mex_recorder::query::find::{
    Direction, FoundProblem, ProblemOrder, ProblemPage, ProblemPlace, ProblemQuery, Test,
};
use mex_recorder::query::{Problem, ProblemCount};
use mex_runtime::digest::Digest;
use mex_runtime::facet;
use mex_runtime::id::{JobName, RunId};
use mex_runtime::severity::Severity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finder::Newest;
use super::{Cursor, Rows, Screens, bounded, key_of};
use crate::error::{AppResult, query};

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

impl From<ProblemSort> for ProblemOrder {
    fn from(sort: ProblemSort) -> Self {
        match sort {
            ProblemSort::Gravest => Self::Gravest,
            ProblemSort::Newest => Self::Newest,
            ProblemSort::Oldest => Self::Oldest,
            ProblemSort::Title => Self::Title,
            ProblemSort::Count => Self::Count,
        }
    }
}

impl Screens {
    /// One page of the Problems that a query line lets through.
    ///
    /// # Errors
    /// `MEX-QUERY-INVALID` for a line that cannot be read, with the word and its place.
    pub fn problems(&self, asked: &ProblemsQuestion) -> AppResult<Rows<ProblemRow>> {
        let after: Option<ProblemPlace> = key_of(asked.after.as_ref())?;
        let page = ProblemPage {
            query: self.filter(&asked.query)?,
            order: asked.sort.into(),
            direction: Direction::Forward,
            after,
            limit: bounded(asked.limit),
        };
        let found = self.app.recorder.find_problems(&page).map_err(query)?;
        let newest = self.newest()?;
        Ok(Rows {
            items: found.items.into_iter().map(|one| row(one, &newest)).collect(),
            next: found.next.as_ref().map(Cursor::of).transpose()?,
        })
    }

    /// How many Problems a query line lets through, and how many there are.
    ///
    /// # Errors
    /// As [`Screens::problems`].
    pub fn problem_counts(&self, asked: &ProblemCountsQuestion) -> AppResult<ProblemCounts> {
        let filter = self.filter(&asked.query)?;
        let recorder = &self.app.recorder;
        let all = recorder.count_problems(&ProblemQuery::default()).map_err(query)?;
        let matching = match filter.conditions.is_empty() {
            true => all.clone(),
            false => recorder.count_problems(&filter).map_err(query)?,
        };
        Ok(ProblemCounts { filtered: sum(&matching), total: sum(&all), matching, all })
    }

    /// The Problems before and after one in a list.
    ///
    /// # Errors
    /// As [`Screens::problems`]; for an id that names none or several.
    pub fn neighbours(&self, asked: &NeighboursQuestion) -> AppResult<Neighbours> {
        let fingerprint = self.app.problem_id(&asked.id)?;
        let recorder = &self.app.recorder;
        let here = recorder.found_problem(&fingerprint).map_err(query)?;
        let order = ProblemOrder::from(asked.sort);
        let filter = self.filter(&asked.query)?;
        let next_to = |direction| -> AppResult<Option<Digest>> {
            let page = ProblemPage {
                query: filter.clone(),
                order,
                direction,
                after: Some(here.place(order)),
                limit: 1,
            };
            let found = recorder.find_problems(&page).map_err(query)?;
            Ok(found.items.first().map(|one| one.problem.fingerprint))
        };
        Ok(Neighbours {
            previous: next_to(Direction::Backward)?,
            next: next_to(Direction::Forward)?,
        })
    }

    /// How many of the Problems that match have no value in a field.
    pub(crate) fn without(&self, filter: &ProblemQuery, facet: facet::Facet) -> AppResult<u64> {
        let lacking = filter.clone().and(Test::Without(facet));
        Ok(sum(&self.app.recorder.count_problems(&lacking).map_err(query)?))
    }
}

pub(crate) fn sum(counts: &[ProblemCount]) -> u64 {
    counts.iter().map(|count| count.count).sum()
}

/// A Problem as a row, with what its newest instance says of the place.
pub(crate) fn row(found: FoundProblem, newest: &Newest) -> ProblemRow {
    let standing = standing(&found, newest);
    let FoundProblem { problem, run_id, newest: instance, .. } = found;
    let mut row = ProblemRow {
        problem,
        run_id,
        job: None,
        tools: Vec::new(),
        package: None,
        purl: None,
        file: None,
        line: None,
        tags: Vec::new(),
        standing,
    };
    if let Some(diagnostic) = instance {
        row.job = facet::job(&diagnostic).and_then(|job| job.parse().ok());
        row.tools = facet::tools(&diagnostic).map(str::to_owned).collect();
        row.tools.sort();
        for location in &diagnostic.locations {
            if let Some(purl) = location.uri.as_deref().filter(|uri| uri.starts_with("pkg:")) {
                row.package = row.package.or_else(|| facet::package_name(purl));
                row.purl = row.purl.or_else(|| Some(purl.to_owned()));
            }
            if row.file.is_none() && location.path.is_some() {
                row.file.clone_from(&location.path);
                row.line = location.range.map(|range| range.start_line);
            }
        }
        row.tags = diagnostic.tags;
    }
    row
}

/// How a Problem stands against the newest scan of its project that has a verdict.
pub(crate) fn standing(found: &FoundProblem, newest: &Newest) -> ProblemStanding {
    if found.problem.reopened {
        return ProblemStanding::Reopened;
    }
    let Some(run_id) = found.run_id else { return ProblemStanding::NoScan };
    let of_project = found.problem.wsid.as_ref().and_then(|wsid| newest.of(wsid));
    match of_project.and_then(|project| project.judged) {
        // Its scan has no verdict, and none before it has.
        None => ProblemStanding::New,
        Some((judged, begun)) if judged == run_id && found.first_seq > begun => {
            ProblemStanding::New
        }
        Some((judged, _)) if judged == run_id => ProblemStanding::Unchanged,
        // A scan after the newest judged one saw it: it runs, or was interrupted.
        Some((_, begun)) if found.last_seq > begun => ProblemStanding::Unchanged,
        Some(_) => ProblemStanding::NotSeen,
    }
}
