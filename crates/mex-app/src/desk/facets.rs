//! The values a field has among Problems: what a query line suggests and what rows are grouped by. Only
//! values that have results are ever given.

use mex_recorder::query::ProblemCount;
use mex_runtime::diagnostic::ProblemStatus;
use mex_runtime::facet::Facet;
use mex_runtime::severity::Severity;

use super::finder::{facet, name_of};
use super::problems::{ProblemFacet, ProblemFacets, ProblemFacetsQuestion, ProblemField};
use super::query::{Field, spelled};
use super::{Screens, bounded};
use crate::error::{AppResult, query};

impl Screens {
    /// The values of a field among the Problems that a query line lets through, those with the most
    /// Problems first.
    ///
    /// # Errors
    /// As [`Screens::problems`].
    pub fn problem_facets(&self, asked: &ProblemFacetsQuestion) -> AppResult<ProblemFacets> {
        let filter = self.filter(&asked.query)?;
        let limit = bounded(asked.limit);
        let field = match asked.field {
            ProblemField::Severity | ProblemField::Status => None,
            ProblemField::Job => Some(Field::Job),
            ProblemField::Tool => Some(Field::Tool),
            ProblemField::Code => Some(Field::Code),
            ProblemField::Rule => Some(Field::Rule),
            ProblemField::Package => Some(Field::Package),
            ProblemField::File => Some(Field::File),
            ProblemField::Tag => Some(Field::Tag),
            ProblemField::Source => Some(Field::Source),
            ProblemField::Project => Some(Field::Project),
        };
        let recorder = &self.app.recorder;
        let Some(field) = field else {
            let counts = recorder.count_problems(&filter).map_err(query)?;
            let mut values = if asked.field == ProblemField::Severity {
                let mut values = by(&counts, "severity", |count| severity(count.severity));
                let grades = recorder
                    .problem_values(&filter, Facet::Grade, &asked.starts_with, limit)
                    .map_err(query)?;
                values.extend(grades.values.into_iter().map(|found| ProblemFacet {
                    term: format!("severity:{}", found.value),
                    value: found.value,
                    count: found.count,
                    worst: found.worst,
                }));
                values
            } else {
                by(&counts, "is", |count| status(count.status))
            };
            values.retain(|value| value.value.starts_with(&asked.starts_with));
            return Ok(ProblemFacets { values, more: false, without: 0 });
        };
        let of_project = field == Field::Project;
        let starts = if of_project { "" } else { asked.starts_with.as_str() };
        let found = recorder.problem_values(&filter, facet(field), starts, limit).map_err(query)?;
        let newest = self.newest()?;
        let mut values: Vec<ProblemFacet> = Vec::with_capacity(found.values.len());
        for one in found.values {
            let value = match of_project.then(|| one.value.parse().ok()).flatten() {
                Some(wsid) => match newest.of(&wsid) {
                    Some(project) => name_of(&project.path),
                    // A project whose scans retention took has no name to ask for.
                    None => continue,
                },
                None => one.value,
            };
            match values.iter_mut().find(|known| of_project && known.value == value) {
                Some(known) => {
                    known.count += one.count;
                    known.worst = known.worst.max(one.worst);
                }
                None => values.push(ProblemFacet {
                    term: format!("{}:{}", field.word(), spelled(&value)),
                    value,
                    count: one.count,
                    worst: one.worst,
                }),
            }
        }
        if of_project {
            values.retain(|value| value.value.starts_with(&asked.starts_with));
        }
        let without = self.without(&filter, facet(field))?;
        Ok(ProblemFacets { values, more: found.more, without })
    }
}

/// Counts by one of their words, the most first.
fn by(
    counts: &[ProblemCount],
    key: &str,
    word: impl Fn(&ProblemCount) -> &'static str,
) -> Vec<ProblemFacet> {
    let mut values: Vec<ProblemFacet> = Vec::new();
    for count in counts {
        let value = word(count);
        match values.iter_mut().find(|known| known.value == value) {
            Some(known) => {
                known.count += count.count;
                known.worst = known.worst.max(count.severity);
            }
            None => values.push(ProblemFacet {
                value: value.to_owned(),
                term: format!("{key}:{value}"),
                count: count.count,
                worst: count.severity,
            }),
        }
    }
    values.sort_by_key(|value| std::cmp::Reverse(value.count));
    values
}

/// A severity as a query line says it.
pub(crate) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Fatal => "fatal",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
        Severity::Hint => "hint",
    }
}

/// A status as a query line says it.
pub(crate) const fn status(status: ProblemStatus) -> &'static str {
    match status {
        ProblemStatus::Open => "open",
        ProblemStatus::Acknowledged => "acknowledged",
        ProblemStatus::Muted => "muted",
        ProblemStatus::Resolved => "resolved",
    }
}
