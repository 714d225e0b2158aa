//! Two recorded scans side by side: `mex diff`, and what a scan says of the one before it. Owns the way
//! from recorder, artifacts and snapshots to [`Side`]; what changed and why is the runtime's to say.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mex_recorder::query::{IdKind, OperationEntry, ScanEntry, ScanState};
use mex_runtime::artifact::{DatabaseIdentity, media_type};
use mex_runtime::code::Code;
use mex_runtime::delta::{AdvisoryRecord, Delta, Ran, RunMark, Side, compare};
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::finding::Finding;
use mex_runtime::id::{JobName, RunId};
use mex_runtime::policy::file::Policy;
use mex_runtime::port::ArtifactStore as _;
use mex_runtime::result::EngineResult;
use mex_scanners::advisory::IndexRecord;
use mex_scanners::stage::Manifest;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult, query};

/// What a scan says of the one before it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Since {
    /// No scan of this project has a verdict in this data folder.
    Nothing,
    /// There is one, and it cannot be compared with.
    NotComparable {
        /// Which; null where the recorder did not say.
        run_id: Option<RunId>,
        /// When it began.
        begun_at: Option<Timestamp>,
        /// Why, as one sentence.
        reason: String,
    },
    /// What changed.
    Compared(Box<Delta>),
}

impl Since {
    /// What changed, where there is something to compare with.
    pub fn delta(&self) -> Option<&Delta> {
        match self {
            Self::Compared(delta) => Some(delta),
            Self::Nothing | Self::NotComparable { .. } => None,
        }
    }
}

impl App {
    /// What changed from one scan to another of the same project, and why.
    ///
    /// # Errors
    /// For an id that names none or several, a scan without a verdict, two scans of different
    /// projects, and artifacts that are gone.
    pub fn diff(&self, before: &str, after: &str) -> AppResult<Delta> {
        let entry = |typed: &str| -> AppResult<ScanEntry> {
            let run_id: RunId = self.resolve(IdKind::Scan, typed)?;
            self.recorder.scan(run_id).map_err(query)
        };
        let (before, after) = (entry(before)?, entry(after)?);
        if before.wsid != after.wsid {
            let message = format!(
                "the scan `{}` is of `{}` and the scan `{}` of `{}`: two projects are not compared",
                before.run_id, before.project, after.run_id, after.project
            );
            return Err(AppError::new(Code::DiffWorkspaces, message));
        }
        self.compared(before, after)
    }

    /// What changed since the last scan of the same project that has a verdict. A scan is whole
    /// without its comparison: what cannot be read is said and no error.
    pub(crate) fn since_last(&self, run_id: RunId) -> Since {
        let scans = self
            .recorder
            .scan(run_id)
            .map_err(query)
            .and_then(|this| Ok((self.scan_before(&this)?, this)));
        let (last, this) = match scans {
            Ok((Some(last), this)) => (last, this),
            Ok((None, _)) => return Since::Nothing,
            Err(error) => {
                let reason = error.message;
                return Since::NotComparable { run_id: None, begun_at: None, reason };
            }
        };
        let (run_id, begun_at) = (Some(last.run_id), Some(last.begun_at));
        match self.compared(last, this) {
            Ok(delta) => Since::Compared(Box::new(delta)),
            Err(error) => Since::NotComparable { run_id, begun_at, reason: error.message },
        }
    }

    /// The newest scan of the same project before it that has a verdict.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub(crate) fn scan_before(&self, this: &ScanEntry) -> AppResult<Option<ScanEntry>> {
        let mut before = Some(this.begun_seq);
        loop {
            let page = self.recorder.scans(before, 50).map_err(query)?;
            let found = page.items.into_iter().find(|scan| {
                scan.wsid == this.wsid
                    && matches!(scan.state, ScanState::Ended { verdict_ref: Some(_), .. })
            });
            before = page.next;
            if found.is_some() || before.is_none() {
                return Ok(found);
            }
        }
    }

    fn compared(&self, before: ScanEntry, after: ScanEntry) -> AppResult<Delta> {
        let (mut before, mut after) = (self.side(before)?, self.side(after)?);
        self.add_records(&mut before, &mut after);
        Ok(compare(&before, &after))
    }

    fn side(&self, entry: ScanEntry) -> AppResult<Side> {
        let run = self.load_run(entry)?;
        let (mut operations, mut manifest) = (Vec::new(), None);
        for job in self.recorder.jobs_of(run.entry.run_id).map_err(query)? {
            let Some(name) = job.job else { continue };
            for attempt in self.recorder.operations_of(job.job_id).map_err(query)? {
                let (ran, input) = self.ran(&name, attempt);
                operations.extend(ran);
                manifest = manifest.or(input);
            }
        }
        // What was purged is not known, and the comparison says so where it matters.
        let manifest: Option<Manifest> = manifest.and_then(|sha256| self.read_json(&sha256).ok());
        let policy = run
            .entry
            .policy_ref
            .as_ref()
            .and_then(|handle| self.recorder.artifacts().read(&handle.sha256).ok())
            .and_then(|bytes| Policy::parse(&String::from_utf8_lossy(&bytes)).ok());
        Ok(Side {
            mark: RunMark {
                run_id: run.entry.run_id,
                begun_at: run.entry.begun_at,
                mode: run.verdict.mode,
                verdict: run.verdict.verdict,
            },
            coverage: self.coverage_of(&run)?,
            commit: manifest.as_ref().and_then(|manifest| manifest.commit.clone()),
            files: manifest.map(|manifest| {
                manifest.files.into_iter().map(|file| (file.path, file.sha256)).collect()
            }),
            verdict: run.verdict,
            findings: run.findings,
            operations,
            policy,
            records: BTreeMap::new(),
        })
    }

    /// One attempt, and the manifest it read.
    fn ran(&self, job: &JobName, attempt: OperationEntry) -> (Option<Ran>, Option<Digest>) {
        let Some(EventBody::System(SystemEvent::OperationEnded {
            status,
            tools,
            inputs,
            outputs,
            result_ref,
            ..
        })) = attempt.ended.map(|stored| stored.event.body)
        else {
            return (None, None);
        };
        let is_report = |kind: &str| matches!(kind, media_type::REPORT | media_type::SECRET_REPORT);
        let provenance = result_ref
            .and_then(|handle| self.read_json::<EngineResult>(&handle.sha256).ok())
            .and_then(|result| result.provenance);
        let manifest = inputs
            .into_iter()
            .find(|handle| handle.media_type == media_type::MANIFEST)
            .map(|handle| handle.sha256);
        let ran = Ran {
            job: job.clone(),
            status,
            reported: outputs.iter().any(|handle| is_report(&handle.media_type)),
            tools,
            adapter_version: provenance.as_ref().map(|one| one.adapter_version.to_string()),
            databases: provenance.map(|one| one.databases).unwrap_or_default(),
        };
        (Some(ran), manifest)
    }

    fn read_json<T: serde::de::DeserializeOwned>(&self, sha256: &Digest) -> AppResult<T> {
        let bytes = self.recorder.artifacts().read(sha256)?;
        serde_json::from_slice(&bytes)
            .map_err(|error| AppError::new(Code::StoreCorrupt, error.to_string()))
    }

    /// Looks up what the databases say of the findings, where the two scans read different ones. A
    /// snapshot that is not in the tools folder any more is left out.
    fn add_records(&self, before: &mut Side, after: &mut Side) {
        let databases = |side: &Side| -> BTreeMap<(String, String), DatabaseIdentity> {
            let all = side.operations.iter().flat_map(|ran| ran.databases.clone());
            all.map(|one| ((one.ecosystem.clone(), one.form.clone()), one)).collect()
        };
        let (old, new) = (databases(before), databases(after));
        let moved: Vec<(Digest, Digest)> = old
            .iter()
            .filter_map(|(key, was)| Some((was.sha256, new.get(key)?.sha256)))
            .filter(|(was, is)| was != is)
            .collect();
        let names: BTreeSet<String> = before
            .findings
            .iter()
            .chain(&after.findings)
            .filter_map(|finding| match finding {
                Finding::Vulnerability(one) => Some(one.aliases.iter().chain([&one.id]).cloned()),
                _ => None,
            })
            .flatten()
            .collect();
        if moved.is_empty() || names.is_empty() {
            return;
        }
        let Ok(snapshots) = self.databases() else { return };
        let read = |sha256: &Digest| -> Option<Vec<AdvisoryRecord>> {
            let index = snapshots.pinned(sha256)?.index().ok()?;
            let about = |record: &IndexRecord| {
                names.contains(&record.id) || record.aliases.iter().any(|id| names.contains(id))
            };
            Some(index.records.iter().filter(|record| about(record)).filter_map(fact).collect())
        };
        for (was, is) in moved {
            if let (Some(was_records), Some(is_records)) = (read(&was), read(&is)) {
                before.records.insert(was, was_records);
                after.records.insert(is, is_records);
            }
        }
    }
}

fn fact(record: &IndexRecord) -> Option<AdvisoryRecord> {
    Some(AdvisoryRecord {
        id: record.id.clone(),
        names: record.aliases.iter().chain([&record.id]).cloned().collect(),
        withdrawn: record.withdrawn.is_some(),
        content: Digest::of_canonical(record).ok()?,
    })
}
