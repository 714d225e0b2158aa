//! What ran and what was recorded: jobs, scans, gates, events (contract DIAG-4, FR-1 to FR-9).
//! Reads the recorder; never interprets a tool.

use std::path::Path;
use std::str::FromStr;

use mex_recorder::query::{
    EventFilter, IdKind, JobEntry, OperationEntry, Order, Page, ScanEntry, StoredEvent,
};
use mex_recorder::{ChangeError, Head, PurgeReport, VerifyReport, verify_folder};
use mex_runtime::code::Code;
use mex_runtime::id::{JobId, OpId, RunId};
use mex_runtime::port::Clock as _;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult, query};

/// The newest jobs and scans.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct JobList {
    /// Scans, newest first.
    pub scans: Vec<ScanEntry>,
    /// Jobs, newest first.
    pub jobs: Vec<JobEntry>,
}

/// One scan with its jobs, or one job, each with their attempts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct JobView {
    /// The scan, where a scan was asked for.
    pub scan: Option<ScanEntry>,
    /// The jobs.
    pub jobs: Vec<JobEntry>,
    /// The attempts, oldest first.
    pub operations: Vec<OperationEntry>,
}

/// Every gate outcome of one attempt.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GateView {
    /// The attempt.
    pub operation: OperationEntry,
    /// The outcomes in the order they were judged.
    pub outcomes: Vec<StoredEvent>,
}

/// Which events are wanted, with ids as somebody typed them.
#[derive(Debug, Clone, Default)]
pub struct EventQuestion {
    /// The event type.
    pub event_type: Option<String>,
    /// A job, or the start of its id.
    pub job: Option<String>,
    /// A scan.
    pub run: Option<String>,
    /// An attempt.
    pub op: Option<String>,
    /// Only after this sequence number; oldest first then.
    pub after: Option<u64>,
    /// At most.
    pub limit: u32,
}

impl App {
    /// An id from what somebody typed: the whole of it or its unique beginning.
    ///
    /// # Errors
    /// When nothing, or more than one thing, starts with it.
    pub(crate) fn resolve<T: FromStr>(&self, kind: IdKind, typed: &str) -> AppResult<T> {
        let id = self.recorder.resolve(kind, typed).map_err(query)?;
        id.parse().map_err(|_| {
            AppError::new(
                Code::Internal,
                format!("the recorded id `{id}` of a {} cannot be read", kind.word()),
            )
        })
    }

    /// The newest scans and jobs.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub fn jobs(&self, limit: u32) -> AppResult<JobList> {
        Ok(JobList {
            scans: self.recorder.scans(None, limit).map_err(query)?.items,
            jobs: self.recorder.jobs(None, limit).map_err(query)?.items,
        })
    }

    /// One scan or job.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn job(&self, id: &str) -> AppResult<JobView> {
        match self.resolve::<RunId>(IdKind::Scan, id) {
            Ok(run_id) => Ok(JobView {
                scan: Some(self.recorder.scan(run_id).map_err(query)?),
                operations: self.operations_of_scan(run_id)?,
                jobs: self.recorder.jobs_of(run_id).map_err(query)?,
            }),
            Err(error) if error.code == Code::NotFound => {
                let job_id: JobId = self.resolve(IdKind::Job, id)?;
                Ok(JobView {
                    scan: None,
                    jobs: vec![self.recorder.job(job_id).map_err(query)?],
                    operations: self.recorder.operations_of(job_id).map_err(query)?,
                })
            }
            Err(error) => Err(error),
        }
    }

    fn operations_of_scan(&self, run_id: RunId) -> AppResult<Vec<OperationEntry>> {
        let mut operations = Vec::new();
        for job in self.recorder.jobs_of(run_id).map_err(query)? {
            operations.extend(self.recorder.operations_of(job.job_id).map_err(query)?);
        }
        Ok(operations)
    }

    /// Every gate outcome of one attempt.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn gates(&self, id: &str) -> AppResult<GateView> {
        let op_id: OpId = self.resolve(IdKind::Operation, id)?;
        let operation = self.recorder.operation(op_id).map_err(query)?;
        Ok(GateView { operation, outcomes: self.recorder.gate_outcomes(op_id).map_err(query)? })
    }

    /// Events that match.
    ///
    /// # Errors
    /// For ids that name none or several, and for an unknown event type.
    pub fn events(&self, asked: &EventQuestion) -> AppResult<Page<StoredEvent>> {
        let filter = EventFilter {
            event_type: asked.event_type.clone(),
            job_id: asked.job.as_deref().map(|id| self.resolve(IdKind::Job, id)).transpose()?,
            run_id: asked.run.as_deref().map(|id| self.resolve(IdKind::Scan, id)).transpose()?,
            op_id: asked.op.as_deref().map(|id| self.resolve(IdKind::Operation, id)).transpose()?,
            after_seq: asked.after,
            order: if asked.after.is_some() { Order::Oldest } else { Order::Newest },
            limit: asked.limit,
            ..EventFilter::default()
        };
        self.recorder.events(&filter).map_err(query)
    }

    /// Checks the chain, and that it still holds a head.
    ///
    /// # Errors
    /// When the recorder cannot be read. A chain that does not hold is a report and no error.
    pub fn verify_recorder(&self, head: Option<&str>) -> AppResult<VerifyReport> {
        self.recorder.verify(parse_head(head)?.as_ref()).map_err(query)
    }

    /// Exports a signed head.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn export_head(&self) -> AppResult<Head> {
        self.recorder.export_head(&self.actor_id).map_err(change)
    }

    /// Removes what is older than the retention, or than `keep_days` this once.
    ///
    /// # Errors
    /// When it cannot be recorded: then nothing is removed.
    pub fn purge(&self, keep_days: Option<u32>) -> AppResult<PurgeReport> {
        self.keep_allowlists()?;
        self.keep_registry()?;
        self.recorder.purge(self.clock.now(), keep_days, &self.actor_id).map_err(change)
    }
}

/// [`App::verify_recorder`] for a data folder that will not open: nothing in it is changed.
///
/// # Errors
/// When its database cannot be read at all.
pub fn verify_closed(data_dir: &Path, head: Option<&str>) -> AppResult<VerifyReport> {
    verify_folder(data_dir, parse_head(head)?.as_ref()).map_err(query)
}

fn parse_head(text: Option<&str>) -> AppResult<Option<Head>> {
    text.map(|text| {
        Head::parse(text)
            .and_then(|head| head.verify().map(|()| head))
            .map_err(|error| AppError::new(Code::HeadInvalid, error.to_string()))
    })
    .transpose()
}

fn change(error: ChangeError) -> AppError {
    AppError::new(error.code(), error.to_string())
}
