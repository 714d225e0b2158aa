//! Scans: the list, and one of them with its verdict, jobs and attempts. Reads what was recorded; what
//! a scan is asked with is here too, so that the window and its host agree.

use std::collections::BTreeSet;
use std::path::PathBuf;

use mex_recorder::query::{JobEntry, OperationEntry, ScanEntry, ScanState};
use mex_runtime::artifact::ArtifactHandle;
use mex_runtime::code::Code;
use mex_runtime::delta::Delta;
use mex_runtime::id::{JobName, RunId, WorkspaceId};
use mex_runtime::policy::verdict::{ScanMode, Verdict};
use mex_runtime::port::ArtifactStore as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ById, Cursor, Rows, Screens, bounded, key_of, rows};
use crate::delta::Since;
use crate::error::{AppError, AppResult, query};
use crate::plan::{CycloneDx, History, SCAN_PROFILE};
use crate::reuse::Freshness;
use crate::scan::ScanRequest;

/// What a person asks for with the scan button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartScanRequest {
    /// The project folder.
    pub path: String,
    /// The jobs; empty for all of them.
    #[serde(default)]
    pub jobs: BTreeSet<JobName>,
    /// What it is for.
    pub mode: ScanMode,
    /// What did not change runs again.
    #[serde(default)]
    pub freshness: ScanFreshness,
    /// Every commit is searched for secrets too.
    #[serde(default)]
    pub history: ScanHistory,
    /// A policy file; null for the default.
    #[serde(default)]
    pub policy: Option<String>,
    /// An allowlist file in place of what was approved in the data folder.
    #[serde(default)]
    pub allowlist: Option<String>,
}

/// Whether earlier results may stand for a run (contract SC-12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanFreshness {
    /// They may.
    #[default]
    Reuse,
    /// Every tool runs.
    Fresh,
}

/// Whether secrets are searched in the history too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanHistory {
    /// The tree alone.
    #[default]
    Ignore,
    /// Every commit that a reference reaches.
    Search,
}

/// A scan that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartedScan {
    /// Its id.
    pub run_id: RunId,
}

/// Which page of scans is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScansQuestion {
    /// Only of this project.
    pub wsid: Option<WorkspaceId>,
    /// Where to go on.
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    pub limit: Option<u32>,
}

/// One scan with everything that was recorded of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ScanView {
    /// The scan.
    pub entry: ScanEntry,
    /// Its verdict with every reason; null where it has none or its document is gone.
    pub verdict: Option<Verdict>,
    /// Why the verdict cannot be shown, as one sentence; empty where it is or never was.
    pub verdict_absent: String,
    /// Its jobs, oldest first.
    pub jobs: Vec<JobEntry>,
    /// Its attempts, oldest first.
    pub operations: Vec<OperationEntry>,
    /// The scan of the same project before it that has a verdict; null where there is none.
    pub before: Option<RunId>,
}

/// Which two scans are compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeltaQuestion {
    /// The earlier one; null for the one before `after` of the same project.
    #[serde(default)]
    pub before: Option<String>,
    /// The later one.
    pub after: String,
}

impl StartScanRequest {
    /// The same as the use case takes it.
    ///
    /// # Errors
    /// For an empty path.
    pub fn request(&self) -> AppResult<ScanRequest> {
        if self.path.trim().is_empty() {
            return Err(AppError::new(Code::StageMissing, "no project folder was named"));
        }
        Ok(ScanRequest {
            path: PathBuf::from(&self.path),
            jobs: self.jobs.clone(),
            mode: self.mode,
            profile: SCAN_PROFILE
                .parse()
                .map_err(|_| AppError::new(Code::Internal, "the profile of a scan has no name"))?,
            policy: self.policy.as_ref().map(PathBuf::from),
            allowlist: self.allowlist.as_ref().map(PathBuf::from),
            signers: None,
            history: match self.history {
                ScanHistory::Ignore => History::Ignore,
                ScanHistory::Search => History::Search,
            },
            cyclonedx: CycloneDx::default(),
            freshness: match self.freshness {
                ScanFreshness::Reuse => Freshness::Reuse,
                ScanFreshness::Fresh => Freshness::Fresh,
            },
        })
    }
}

impl Screens {
    /// One page of scans, newest first.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub fn scans(&self, asked: &ScansQuestion) -> AppResult<Rows<ScanEntry>> {
        let recorder = &self.app.recorder;
        let limit = bounded(asked.limit);
        let mut before: Option<u64> = key_of(asked.after.as_ref())?;
        let Some(wsid) = &asked.wsid else {
            return rows(recorder.scans(before, limit).map_err(query)?);
        };
        let mut found = Rows { items: Vec::new(), next: None };
        loop {
            let page = recorder.scans(before, limit).map_err(query)?;
            for entry in page.items {
                if entry.wsid.as_ref() != Some(wsid) {
                    continue;
                }
                if found.items.len() == limit as usize {
                    found.next = found
                        .items
                        .last()
                        .map(|last: &ScanEntry| Cursor::of(&last.begun_seq))
                        .transpose()?;
                    return Ok(found);
                }
                found.items.push(entry);
            }
            before = page.next;
            if before.is_none() {
                return Ok(found);
            }
        }
    }

    /// One scan.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn scan(&self, asked: &ById) -> AppResult<ScanView> {
        let app = &self.app;
        let entry = self.scan_entry(&asked.id)?;
        let view = app.job(&entry.run_id.to_string())?;
        let (verdict, verdict_absent) = match &entry.state {
            ScanState::Ended { verdict_ref: Some(handle), .. } => self.verdict(handle),
            _ => (None, String::new()),
        };
        let before = app.scan_before(&entry)?.map(|scan| scan.run_id);
        let (jobs, operations) = (view.jobs, view.operations);
        Ok(ScanView { entry, verdict, verdict_absent, jobs, operations, before })
    }

    /// What changed from one scan to another, and why.
    ///
    /// # Errors
    /// As [`crate::app::App::diff`]; `MEX-NOT-FOUND` where there is nothing to compare with.
    pub fn delta(&self, asked: &DeltaQuestion) -> AppResult<Delta> {
        if let Some(before) = &asked.before {
            return self.app.diff(before, &asked.after);
        }
        match self.app.since_last(self.scan_entry(&asked.after)?.run_id) {
            Since::Compared(delta) => Ok(*delta),
            Since::Nothing => {
                Err(AppError::new(Code::NotFound, "no earlier scan of this project has a verdict")
                    .hint("nothing has to be done: the next scan is compared with this one"))
            }
            Since::NotComparable { reason, .. } => Err(AppError::new(Code::NotFound, reason)),
        }
    }

    fn verdict(&self, handle: &ArtifactHandle) -> (Option<Verdict>, String) {
        let read = self.app.recorder.artifacts().read(&handle.sha256);
        match read.map(|bytes| serde_json::from_slice(&bytes)) {
            Ok(Ok(verdict)) => (Some(verdict), String::new()),
            Ok(Err(error)) => (None, format!("the verdict's document is damaged: {error}")),
            Err(fault) => (None, fault.message),
        }
    }
}
