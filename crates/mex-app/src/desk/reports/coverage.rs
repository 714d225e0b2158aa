//! The coverage ledger of a scan: what was scanned, what was not and why. Gaps come first: what nobody
//! looked at is never clean (contract SC-3).

use std::collections::BTreeMap;

use mex_runtime::coverage::{CoverageEntry, CoverageState, SelfStatement};
use mex_runtime::id::JobName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cut::{Words, page};
use crate::desk::{Cursor, MOST_ROWS, Screens};
use crate::error::AppResult;

/// Which page of the ledger is wanted; gaps first, then by job and subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoverageQuestion {
    /// The scan.
    pub run_id: String,
    /// Only of this job.
    #[serde(default)]
    pub job: Option<JobName>,
    /// Only in these states; empty for all.
    #[serde(default)]
    pub states: Vec<CoverageState>,
    /// Words that subject, tool or reason must hold, each in any case; empty for all.
    #[serde(default)]
    pub query: String,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of the ledger with the counts over all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoveragePage {
    /// The entries.
    pub items: Vec<CoverageEntry>,
    /// Where to go on; null at the end.
    pub next: Option<Cursor>,
    /// How many entries each job has in each state, whatever is filtered.
    pub counts: Vec<CoverageCount>,
    /// What the project carries to speak for itself; none of it was obeyed (contract SC-10). On the
    /// first page alone, at most 500.
    pub self_statements: Vec<SelfStatement>,
}

/// How many entries of a ledger share a job and a state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CoverageCount {
    /// The job.
    pub job: JobName,
    /// The state.
    pub state: CoverageState,
    /// How many entries.
    pub entries: u64,
    /// How many files or packages they stand for.
    pub items: u64,
    /// It makes a verdict `incomplete`.
    pub gap: bool,
}

impl Screens {
    /// One page of a scan's ledger, gaps first.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn coverage(&self, asked: &CoverageQuestion) -> AppResult<CoveragePage> {
        let scan = self.parsed(&asked.run_id)?;
        let mut counts: BTreeMap<(JobName, CoverageState), (u64, u64)> = BTreeMap::new();
        for entry in &scan.coverage.entries {
            let count = counts.entry((entry.job.clone(), entry.state)).or_default();
            count.0 += 1;
            count.1 += entry.items;
        }
        let mut all: Vec<&CoverageEntry> = scan.coverage.entries.iter().collect();
        all.sort_by_key(|entry| (!entry.state.is_gap(), entry.state == CoverageState::Scanned));
        let words = Words::of(&asked.query);
        let rows = page(
            &all,
            asked.after.as_ref(),
            asked.limit,
            |entry| {
                asked.job.as_ref().is_none_or(|job| entry.job == *job)
                    && (asked.states.is_empty() || asked.states.contains(&entry.state))
                    && words.stand_in(|| {
                        let mut texts = vec![entry.subject.as_str(), &entry.reason];
                        texts.extend(entry.tool.as_ref().map(|tool| tool.as_str()));
                        texts
                    })
            },
            |entry| (*entry).clone(),
        )?;
        let spoken = if asked.after.is_none() { MOST_ROWS as usize } else { 0 };
        Ok(CoveragePage {
            items: rows.items,
            next: rows.next,
            counts: counts
                .into_iter()
                .map(|((job, state), (entries, items))| CoverageCount {
                    job,
                    state,
                    entries,
                    items,
                    gap: state.is_gap(),
                })
                .collect(),
            self_statements: scan.coverage.self_statements.iter().take(spoken).cloned().collect(),
        })
    }
}
