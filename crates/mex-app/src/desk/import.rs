//! A report of somebody else's tool as the window takes it in: the use case of [`crate::import`] with an
//! answer that is small whatever the report holds. Never a rule of its own, and never a pass.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mex_runtime::artifact::ArtifactHandle;
use mex_runtime::id::EventId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Screens;
use crate::error::AppResult;
use crate::import::{ImportOutcome, ImportRequest};

/// The most names and sentences an answer carries of each kind; the evidence holds all.
const MOST_NAMED: usize = 20;

/// What is to be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportReportRequest {
    /// The report.
    pub path: String,
    /// The project it is about, by its path; null where nobody says so.
    #[serde(default)]
    pub project: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportedReport {
    /// The evidence.
    pub import_ref: ArtifactHandle,
    /// The event that records it.
    pub event_id: EventId,
    /// The source of its Problems: `plugin:` and a name.
    pub source: String,
    /// `sarif`, `cyclonedx` or `openvex`.
    pub format: String,
    /// Its version.
    pub format_version: String,
    /// The tools it names, at most 20. Nobody proved them.
    pub tools: Vec<String>,
    /// How many results, vulnerabilities or statements it holds.
    pub said: u64,
    /// How many Problems they are.
    pub problems: u64,
    /// How many of them are no Problem, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// How many components it lists.
    pub components: u64,
    /// Why it cannot be taken as whole, at most 20 sentences; empty for a whole one.
    pub gaps: Vec<String>,
    /// How many things it says are not affected or fixed. Nothing is lifted by it.
    pub claims: u64,
}

impl Screens {
    /// Takes in a foreign report. No verdict reads it.
    ///
    /// # Errors
    /// As [`crate::app::App::import_report`]: a refused file is recorded, and nothing else changes.
    pub fn import_report(&self, request: &ImportReportRequest) -> AppResult<ImportedReport> {
        let outcome = self.app.import_report(&ImportRequest {
            file: PathBuf::from(&request.path),
            project: request.project.as_ref().map(PathBuf::from),
        })?;
        Ok(ImportedReport::from(outcome))
    }
}

impl From<ImportOutcome> for ImportedReport {
    fn from(outcome: ImportOutcome) -> Self {
        let some = |texts: Vec<String>| texts.into_iter().take(MOST_NAMED).collect();
        Self {
            import_ref: outcome.import_ref,
            event_id: outcome.event_id,
            source: String::from(outcome.source),
            format: outcome.format.word().to_owned(),
            format_version: outcome.format_version,
            tools: some(outcome.tools),
            said: outcome.said,
            problems: outcome.problems,
            dropped: outcome.dropped,
            components: outcome.components,
            gaps: some(outcome.gaps),
            claims: outcome.claims.len() as u64,
        }
    }
}
