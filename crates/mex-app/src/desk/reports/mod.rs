//! A scan's reports as screens show them: which exist, and pages of each with order and search. A
//! report is read and parsed once and held for as long as its screen asks; never changed.

pub mod components;
pub mod coverage;
mod cut;
mod graph;
pub mod licenses;
pub mod secrets;
pub(super) mod shelf;
pub mod vulnerabilities;

use jiff::Timestamp;
use mex_runtime::artifact::{ArtifactHandle, DatabaseIdentity, SandboxLevel, ToolIdentity};
use mex_runtime::determinism::Determinism;
use mex_runtime::id::{JobName, OpId, RunId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Screens, locked};
use crate::error::AppResult;

/// The reports of one scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportsQuestion {
    /// The scan, or the unique start of its id.
    pub run_id: String,
}

/// Which reports a scan left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportList {
    /// The scan.
    pub run_id: RunId,
    /// The project as given.
    pub project: String,
    /// One a job and operation that left one, in the order of the jobs.
    pub reports: Vec<ReportMark>,
    /// What is not there and why, a sentence each: a job that failed, an artifact that was purged.
    pub absent: Vec<String>,
}

/// One report, with what stands on every result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportMark {
    /// What it speaks of.
    pub kind: ReportWord,
    /// The job.
    pub job: JobName,
    /// The attempt.
    pub op_id: OpId,
    /// The report itself.
    pub artifact: ArtifactHandle,
    /// How many findings.
    pub findings: u64,
    /// When it was made.
    pub timestamp: Timestamp,
    /// The tools that made it.
    pub tools: Vec<ToolIdentity>,
    /// The advisory databases read.
    pub databases: Vec<DatabaseIdentity>,
    /// The sandbox the tools ran in.
    pub sandbox: Option<SandboxLevel>,
    /// The level the result holds.
    pub determinism: Option<Determinism>,
    /// The attempt whose tools really ran, where its result stands for this one.
    pub reused_from: Option<OpId>,
}

/// What a report speaks of.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReportWord {
    /// Secrets.
    Secrets,
    /// Vulnerabilities.
    Vulnerabilities,
    /// Components.
    Components,
    /// Licences.
    Licenses,
}

impl Screens {
    /// Which reports a scan left, with what stands on every result.
    ///
    /// # Errors
    /// For an id that names none or several. A report that is gone or damaged is named in the answer.
    pub fn reports(&self, asked: &ReportsQuestion) -> AppResult<ReportList> {
        let scan = self.parsed(&asked.run_id)?;
        Ok(ReportList {
            run_id: scan.entry.run_id,
            project: scan.entry.project.clone(),
            reports: scan.marks.clone(),
            absent: scan.absent.clone(),
        })
    }

    /// Lets go of what is held of a scan's reports; the next question reads them again.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn close_report(&self, asked: &ReportsQuestion) -> AppResult<()> {
        let run_id = self.scan_entry(&asked.run_id)?.run_id;
        locked(&self.shelf).close(run_id);
        Ok(())
    }
}
