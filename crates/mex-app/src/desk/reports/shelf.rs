//! Reports of scans, parsed once and held for a few scans: what every page of them is cut from. Bounded
//! by number of scans; a report that is closed goes at once. Never changes what it read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use mex_recorder::query::{OperationEntry, ScanEntry, ScanState};
use mex_runtime::artifact::{ArtifactHandle, media_type};
use mex_runtime::coverage::Coverage;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::finding::Finding;
use mex_runtime::id::{JobName, RunId};
use mex_runtime::policy::matching::ExceptionRef;
use mex_runtime::policy::merge::merge;
use mex_runtime::policy::problems::finding_fingerprint;
use mex_runtime::policy::verdict::Verdict;
use mex_runtime::report::{Report, ReportKind};
use mex_runtime::result::{EngineResult, Status};

use super::graph::Graph;
use super::{ReportMark, ReportWord};
use crate::desk::{Screens, locked};
use crate::error::{AppResult, query};

/// How many scans are held; the one that was asked for longest ago goes then.
const MOST_SCANS: usize = 3;

/// The scans held, the one asked for last at the end.
#[derive(Default)]
pub(in crate::desk) struct Shelf(Vec<Arc<ParsedScan>>);

/// Everything one scan's reports say.
pub(crate) struct ParsedScan {
    pub(crate) entry: ScanEntry,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) marks: Vec<ReportMark>,
    pub(crate) absent: Vec<String>,
    /// Merged over all tools; components are not among them.
    pub(crate) findings: Vec<FoundThing>,
    pub(crate) inventory: Graph,
    pub(crate) coverage: Coverage,
}

/// A finding with the Problem it stands under.
pub(crate) struct FoundThing {
    pub(crate) finding: Finding,
    pub(crate) problem: Digest,
    pub(crate) lifted_by: Option<ExceptionRef>,
}

impl Shelf {
    fn take(&mut self, run_id: RunId) -> Option<Arc<ParsedScan>> {
        let at = self.0.iter().position(|scan| scan.entry.run_id == run_id)?;
        let scan = self.0.remove(at);
        self.0.push(scan.clone());
        Some(scan)
    }

    fn put(&mut self, scan: Arc<ParsedScan>) {
        self.close(scan.entry.run_id);
        if self.0.len() == MOST_SCANS {
            self.0.remove(0);
        }
        self.0.push(scan);
    }

    pub(in crate::desk) fn close(&mut self, run_id: RunId) {
        self.0.retain(|scan| scan.entry.run_id != run_id);
    }
}

impl Screens {
    /// A scan's reports, read where they are not held. One that still runs is never held: more may come.
    pub(crate) fn parsed(&self, id: &str) -> AppResult<Arc<ParsedScan>> {
        let entry = self.scan_entry(id)?;
        if let Some(held) = locked(&self.shelf).take(entry.run_id) {
            return Ok(held);
        }
        let runs = entry.state == ScanState::Running;
        let scan = Arc::new(self.parse(entry)?);
        if !runs {
            locked(&self.shelf).put(scan.clone());
        }
        Ok(scan)
    }

    fn parse(&self, entry: ScanEntry) -> AppResult<ParsedScan> {
        let app = &self.app;
        let (mut marks, mut absent, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for job in app.recorder.jobs_of(entry.run_id).map_err(query)? {
            let Some(name) = job.job else { continue };
            for operation in app.recorder.operations_of(job.job_id).map_err(query)? {
                self.read_reports(&name, &operation, &mut marks, &mut all, &mut absent);
            }
        }
        let (verdict, coverage) = match &entry.state {
            ScanState::Ended { verdict_ref, coverage_ref, .. } => (
                self.document("verdict", verdict_ref.as_ref(), &mut absent),
                self.document("coverage ledger", coverage_ref.as_deref(), &mut absent),
            ),
            ScanState::Running => {
                absent.push("the scan still runs: it has no verdict yet".to_owned());
                (None, None)
            }
            ScanState::Interrupted { reason } => {
                absent.push(format!("the scan has no verdict: {reason}"));
                (None, None)
            }
        };
        let lifted: HashMap<Digest, ExceptionRef> = verdict
            .iter()
            .flat_map(|verdict: &Verdict| &verdict.reasons)
            .filter_map(|reason| Some((reason.fingerprint?, reason.lifted_by.clone()?)))
            .collect();
        let mut components = Vec::new();
        let mut findings = Vec::new();
        for finding in merge(all) {
            match finding {
                Finding::Component(component) => components.push(component),
                finding => {
                    let problem = finding_fingerprint(&finding).map_err(crate::scan::internal)?;
                    let lifted_by = lifted.get(&problem).cloned();
                    findings.push(FoundThing { finding, problem, lifted_by });
                }
            }
        }
        Ok(ParsedScan {
            entry,
            verdict,
            marks,
            absent,
            findings,
            inventory: Graph::of(components),
            coverage: coverage.unwrap_or_else(Coverage::empty),
        })
    }

    fn document<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        handle: Option<&ArtifactHandle>,
        absent: &mut Vec<String>,
    ) -> Option<T> {
        match self.app.read_document(handle?) {
            Ok(document) => Some(document),
            Err(error) => {
                absent.push(format!("the {what} cannot be read: {}", error.message));
                None
            }
        }
    }

    /// What one attempt left. A report that cannot be read is told and hides no other.
    fn read_reports(
        &self,
        job: &JobName,
        operation: &OperationEntry,
        marks: &mut Vec<ReportMark>,
        all: &mut Vec<Finding>,
        absent: &mut Vec<String>,
    ) {
        let what = format!("{} of the {job} job", operation.operation);
        let Some(EventBody::System(SystemEvent::OperationEnded {
            outputs,
            tools,
            result_ref,
            status,
            errors,
            reused_from,
            ..
        })) = operation.ended.as_ref().map(|stored| &stored.event.body)
        else {
            absent.push(format!("`{what}` did not end"));
            return;
        };
        if *status != Status::Succeeded {
            let why = errors
                .first()
                .map_or_else(String::new, |error| format!(": {} ({})", error.message, error.code));
            absent.push(format!("`{what}` did not succeed{why}"));
        }
        let result: Option<EngineResult> =
            result_ref.as_ref().and_then(|handle| self.app.read_document(handle).ok());
        let provenance = result.and_then(|result| result.provenance);
        for handle in outputs {
            if !matches!(&*handle.media_type, media_type::REPORT | media_type::SECRET_REPORT) {
                continue;
            }
            let report: Report = match self.app.read_document(handle) {
                Ok(report) => report,
                Err(error) => {
                    absent
                        .push(format!("the report of `{what}` cannot be read: {}", error.message));
                    continue;
                }
            };
            let (kind, timestamp) = match &report {
                Report::Secret(report) => (ReportWord::Secrets, report.timestamp),
                Report::SupplyChain(report) => (
                    match report.kind {
                        ReportKind::Vuln => ReportWord::Vulnerabilities,
                        ReportKind::Sbom => ReportWord::Components,
                        ReportKind::License => ReportWord::Licenses,
                    },
                    report.timestamp,
                ),
            };
            marks.push(ReportMark {
                kind,
                job: job.clone(),
                op_id: operation.op_id,
                artifact: handle.clone(),
                findings: report.findings().len() as u64,
                timestamp,
                tools: tools.clone(),
                databases: provenance.as_ref().map(|one| one.databases.clone()).unwrap_or_default(),
                sandbox: provenance
                    .as_ref()
                    .filter(|one| !one.tools.is_empty())
                    .map(|one| one.sandbox),
                determinism: provenance.as_ref().map(|one| one.determinism),
                reused_from: *reused_from,
            });
            all.extend(match report {
                Report::Secret(report) => report.findings,
                Report::SupplyChain(report) => report.findings,
            });
        }
    }
}

impl ParsedScan {
    /// The licence concluded for each package, by package URL.
    pub(crate) fn concluded(&self) -> BTreeMap<&str, &str> {
        let of = |thing: &'_ FoundThing| match &thing.finding {
            Finding::License(license) => license.concluded.is_some(),
            _ => false,
        };
        self.findings
            .iter()
            .filter(|thing| of(thing))
            .filter_map(|thing| match &thing.finding {
                Finding::License(license) => Some((license.place(), license.concluded.as_deref()?)),
                _ => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use mex_runtime::port::Clock as _;

    use super::*;
    use crate::app::App;
    use crate::place::Places;

    /// A few scans are held, one that runs is not, and one that is closed goes at once.
    #[test]
    fn the_shelf_holds_a_few_scans_and_none_that_runs() {
        let folder = tempfile::tempdir().unwrap();
        let places =
            Places { data_dir: folder.path().join("data"), tools_dir: folder.path().join("tools") };
        let app = App::open(places, ("/nowhere".into(), Vec::new())).unwrap();
        let runs: Vec<RunId> = (0..5).map(|_| RunId::new(app.clock.uuid())).collect();
        for (at, run_id) in runs.iter().enumerate() {
            let mut context = app.by_person();
            context.workflow_run_id = Some(*run_id);
            let begun = SystemEvent::ScanBegun {
                project: "/srv/shop".to_owned(),
                mode: "normal".to_owned(),
                policy_ref: None,
                allowlist_ref: None,
                signers_ref: None,
                session_id: "elsewhere".to_owned(),
            };
            app.record(&context, EventBody::System(begun)).unwrap();
            if at > 0 {
                let ended = SystemEvent::ScanInterrupted { reason: "stopped".to_owned() };
                app.record(&context, EventBody::System(ended)).unwrap();
            }
        }
        let screens = Screens::new(Arc::new(app));
        let held = || -> Vec<RunId> {
            locked(&screens.shelf).0.iter().map(|scan| scan.entry.run_id).collect()
        };
        let running = screens.parsed(&runs[0].to_string()).unwrap();
        assert!(held().is_empty() && running.absent[0].contains("still runs"));
        for run_id in &runs[1..] {
            screens.parsed(&run_id.to_string()).unwrap();
        }
        assert_eq!(held(), runs[2..]);
        screens.parsed(&runs[2].to_string()).unwrap();
        assert_eq!(held(), [runs[3], runs[4], runs[2]]);
        locked(&screens.shelf).close(runs[4]);
        assert_eq!(held(), [runs[3], runs[2]]);
    }
}
