//! Recorded scans, read back: verdict, findings, ledger. Owns the way from events to the documents
//! they name; never scans and never judges.

use jiff::{SignedDuration, Timestamp};
use mex_recorder::query::{IdKind, ScanEntry, ScanState};
use mex_runtime::artifact::{ArtifactHandle, media_type};
use mex_runtime::code::Code;
use mex_runtime::coverage::Coverage;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::finding::Finding;
use mex_runtime::id::{RunId, WorkspaceId};
use mex_runtime::policy::allowlist::{Allowlist, Exception, Match};
use mex_runtime::policy::merge::merge;
use mex_runtime::policy::preview::preview;
use mex_runtime::policy::verdict::{Decision, Reason, Rule, Verdict};
use mex_runtime::port::{ArtifactStore as _, Clock as _};
use mex_runtime::report::Report;
use mex_runtime::severity::VulnSeverity;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::error::{AppError, AppResult, query};
use crate::exception::store::Place;

/// How far back an impact looks.
pub const IMPACT_DAYS: i64 = 30;

/// How many scans an impact judges again at most.
const MOST_SCANS: usize = 200;

/// One scan as it was recorded.
pub(crate) struct RecordedRun {
    pub(crate) entry: ScanEntry,
    pub(crate) verdict: Verdict,
    pub(crate) findings: Vec<Finding>,
    coverage_ref: Option<Box<ArtifactHandle>>,
}

/// What exceptions would hide (contract SC-4): shown before anything is saved.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Impact {
    /// In the newest scan; null where there is none.
    pub now: Option<ScanImpact>,
    /// The scans of the last days in which something would have been hidden, newest first.
    pub scans: Vec<ScanImpact>,
    /// How many days back was looked.
    pub days: i64,
    /// How many scans were judged again.
    pub judged: u64,
    /// How many were not: purged in part, or more than 200.
    pub left_out: u64,
}

/// What exceptions would have done to one scan.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScanImpact {
    /// Which.
    pub run_id: RunId,
    /// When it began.
    pub begun_at: Timestamp,
    /// `release` or `normal`.
    pub mode: String,
    /// The project as given.
    pub project: String,
    /// Its verdict without the exceptions.
    pub before: Decision,
    /// Its verdict with them.
    pub after: Decision,
    /// What would be hidden.
    pub hides: Vec<Hidden>,
    /// Secrets that the scan did not fingerprint under this document: whether those would be hidden
    /// is not known. 0 where no exception is of a secret.
    pub unknown_secrets: u64,
}

/// One thing that would be hidden.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Hidden {
    /// The rule it stands under.
    pub rule: Rule,
    /// What it is about.
    pub subject: String,
    /// The severity of a vulnerability.
    pub severity: Option<VulnSeverity>,
}

/// What one document hides.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DocumentImpact {
    /// Where it lives.
    pub place: Place,
    /// What it hides.
    #[serde(flatten)]
    pub impact: Impact,
}

impl From<Reason> for Hidden {
    fn from(reason: Reason) -> Self {
        Self { rule: reason.rule, subject: reason.subject, severity: reason.severity }
    }
}

impl App {
    /// One scan with everything a new exception is judged by.
    ///
    /// # Errors
    /// For an id that names none or several, a scan without a verdict, and artifacts that are gone.
    pub(crate) fn recorded_run(&self, id: &str) -> AppResult<RecordedRun> {
        let run_id: RunId = self.resolve(IdKind::Scan, id)?;
        self.load_run(self.recorder.scan(run_id).map_err(query)?)
    }

    pub(crate) fn load_run(&self, entry: ScanEntry) -> AppResult<RecordedRun> {
        let ScanState::Ended { verdict_ref: Some(verdict_ref), coverage_ref, .. } = &entry.state
        else {
            let message = format!("the scan `{}` has no verdict", entry.run_id);
            return Err(AppError::new(Code::NotFound, message).hint("name a scan that ended"));
        };
        let verdict: Verdict = self.read_document(verdict_ref)?;
        let coverage_ref = coverage_ref.clone();
        let mut findings = Vec::new();
        for job in self.recorder.jobs_of(entry.run_id).map_err(query)? {
            for operation in self.recorder.operations_of(job.job_id).map_err(query)? {
                let Some(EventBody::System(SystemEvent::OperationEnded { outputs, .. })) =
                    operation.ended.map(|stored| stored.event.body)
                else {
                    continue;
                };
                for handle in outputs {
                    if matches!(&*handle.media_type, media_type::REPORT | media_type::SECRET_REPORT)
                    {
                        let report: Report = self.read_document(&handle)?;
                        findings.extend(report.findings().iter().cloned());
                    }
                }
            }
        }
        Ok(RecordedRun { entry, verdict, findings: merge(findings), coverage_ref })
    }

    /// The whole ledger of a recorded scan.
    pub(crate) fn coverage_of(&self, run: &RecordedRun) -> AppResult<Coverage> {
        match &run.coverage_ref {
            Some(handle) => self.read_document(handle),
            None => Ok(Coverage::empty()),
        }
    }

    pub(crate) fn read_document<T: DeserializeOwned>(
        &self,
        handle: &ArtifactHandle,
    ) -> AppResult<T> {
        let bytes = self.recorder.artifacts().read(&handle.sha256)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let message =
                format!("the artifact {} is no {}: {error}", handle.sha256, handle.media_type);
            AppError::new(Code::StoreCorrupt, message)
        })
    }

    /// Judges recorded scans of a project, or of the whole data folder, once more with exceptions.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub(crate) fn impact_of(
        &self,
        exceptions: &Allowlist,
        wsid: Option<&WorkspaceId>,
    ) -> AppResult<Impact> {
        let now = self.clock.now();
        let since = now - SignedDuration::from_hours(24 * IMPACT_DAYS);
        let mut impact =
            Impact { now: None, scans: Vec::new(), days: IMPACT_DAYS, judged: 0, left_out: 0 };
        let mut newest = true;
        let mut before = None;
        'pages: loop {
            let page = self.recorder.scans(before, 0).map_err(query)?;
            for entry in page.items {
                let of_project = wsid.is_none_or(|wsid| entry.wsid.as_ref() == Some(wsid));
                if !of_project || !matches!(entry.state, ScanState::Ended { .. }) {
                    continue;
                }
                if entry.begun_at < since && !newest {
                    break 'pages;
                }
                let old = entry.begun_at < since;
                if impact.judged >= MOST_SCANS as u64 {
                    impact.left_out += 1;
                    continue;
                }
                let Ok(run) = self.load_run(entry) else {
                    impact.left_out += 1;
                    continue;
                };
                impact.judged += 1;
                let seen = preview(&run.verdict, &run.findings, exceptions, now);
                let unknown_secrets = unknown_secrets(exceptions, &run.findings);
                let one = ScanImpact {
                    unknown_secrets,
                    run_id: run.entry.run_id,
                    begun_at: run.entry.begun_at,
                    mode: run.entry.mode,
                    project: run.entry.project,
                    before: seen.before,
                    after: seen.after,
                    hides: seen.hides.into_iter().map(Hidden::from).collect(),
                };
                if newest {
                    impact.now = Some(one.clone());
                    newest = false;
                }
                if !old && !one.hides.is_empty() {
                    impact.scans.push(one);
                }
            }
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        Ok(impact)
    }

    /// The newest verdict in which a document was in force.
    pub(crate) fn last_use(&self, document_id: &str) -> AppResult<Option<(RunId, Verdict)>> {
        let page = self.recorder.scans(None, MOST_SCANS as u32).map_err(query)?;
        for entry in page.items {
            let ScanState::Ended { verdict_ref: Some(handle), .. } = &entry.state else { continue };
            let Ok(verdict) = self.read_document::<Verdict>(handle) else { continue };
            if verdict.exceptions.iter().any(|used| used.exception.document_id == document_id) {
                return Ok(Some((entry.run_id, verdict)));
            }
        }
        Ok(None)
    }
}

fn unknown_secrets(exceptions: &Allowlist, findings: &[Finding]) -> u64 {
    let of_secret = |exception: &Exception| matches!(exception.matches, Match::Secret { .. });
    if !exceptions.exceptions.iter().any(of_secret) {
        return 0;
    }
    let unknown = |finding: &&Finding| match finding {
        Finding::Secret(secret) => !secret
            .allowlist_fingerprints
            .iter()
            .any(|known| known.document_id == exceptions.document_id),
        _ => false,
    };
    findings.iter().filter(unknown).count() as u64
}
