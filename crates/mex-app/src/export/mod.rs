//! A scan's result in the formats others read: SARIF 2.1.0, OpenVEX 0.2, CycloneDX, SPDX, JUnit XML.
//! Owns which files a scan leaves and what every format says alike: what no scanner looked at is said
//! in each of them, and what somebody accepts stays visible with the reason. Never judges, never
//! knows a secret: findings carry fingerprints alone (contract FR-9). The same scan is the same bytes.

mod bom;
mod junit;
mod openvex;
mod sarif;
mod target;

use std::collections::{HashMap, HashSet};

use mex_runtime::artifact::{ArtifactHandle, ToolIdentity, media_type};
use mex_runtime::coverage::Coverage;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::finding::Finding;
use mex_runtime::id::{JobName, RunId};
use mex_runtime::policy::matching::{Approval, ExceptionUse};
use mex_runtime::policy::problems::{finding_fingerprint, sentence};
use mex_runtime::policy::verdict::{Decision, Effect, Reason, Rule, Verdict};
use mex_runtime::port::ArtifactStore as _;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppResult, query};
use crate::job::JobRun;
use crate::plan::JOBS;
use crate::scan::{ScanOutcome, internal};

pub use openvex::{JUSTIFICATIONS, justification};
pub use target::{OutputFile, OutputFolder};

/// A format others read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// SARIF 2.1.0: findings and gaps.
    Sarif,
    /// OpenVEX 0.2: what is known of each vulnerability found.
    OpenVex,
    /// CycloneDX 1.6, or 1.7 where the inventory was made so: components and vulnerabilities.
    CycloneDx,
    /// SPDX 2.3: components.
    Spdx,
    /// JUnit XML: what a CI shows.
    Junit,
}

impl Standard {
    /// Every format.
    pub const ALL: [Self; 5] =
        [Self::Sarif, Self::OpenVex, Self::CycloneDx, Self::Spdx, Self::Junit];

    /// The name of its file in a folder of exports.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Sarif => "results.sarif",
            Self::OpenVex => "openvex.json",
            Self::CycloneDx => "bom.cdx.json",
            Self::Spdx => "bom.spdx.json",
            Self::Junit => "junit.xml",
        }
    }

    /// Why a scan has nothing to say in it.
    pub const fn absence(self) -> &'static str {
        match self {
            Self::OpenVex => "it has no vulnerability to speak of, and OpenVEX says nothing else",
            Self::CycloneDx | Self::Spdx => "its job `sbom` made no such document",
            Self::Sarif | Self::Junit => "it has no verdict",
        }
    }
}

/// A scan as exports read it: nothing in it differs between the scan itself and its record.
#[derive(Debug, Clone)]
pub struct Scanned {
    /// The scan.
    pub run_id: RunId,
    /// The decision.
    pub verdict: Verdict,
    /// Every finding, merged over all tools.
    pub findings: Vec<Finding>,
    /// The whole ledger.
    pub coverage: Coverage,
    /// The jobs that were asked for.
    pub jobs: Vec<ScannedJob>,
    /// The manifest of what was scanned; none where no operation came so far.
    pub manifest: Option<Digest>,
}

/// One job of a scan.
#[derive(Debug, Clone)]
pub struct ScannedJob {
    /// Which.
    pub job: JobName,
    /// The tools that ran, sorted.
    pub tools: Vec<ToolIdentity>,
    /// What it left.
    pub artifacts: Vec<ArtifactHandle>,
}

impl From<&ScanOutcome> for Scanned {
    fn from(outcome: &ScanOutcome) -> Self {
        let job = |run: &JobRun| ScannedJob {
            job: run.job.clone(),
            tools: run.tools.clone(),
            artifacts: run.artifacts.clone(),
        };
        Self {
            run_id: outcome.run_id,
            verdict: outcome.verdict.clone(),
            findings: outcome.findings.clone(),
            coverage: outcome.coverage.clone(),
            jobs: outcome.jobs.iter().map(job).collect(),
            manifest: Some(outcome.staged.manifest.sha256),
        }
    }
}

/// A scan's result in one format; none where it has nothing to say in it. `inventory` is the
/// document of that format that the job `sbom` made; the others need none.
///
/// # Errors
/// Where an inventory is no document.
pub fn document(
    scanned: &Scanned,
    standard: Standard,
    inventory: Option<&[u8]>,
) -> AppResult<Option<Vec<u8>>> {
    let scan = Exported::of(scanned)?;
    match standard {
        Standard::Sarif => sarif::document(&scan).map(Some),
        Standard::OpenVex => openvex::document(&scan),
        Standard::Junit => Ok(Some(junit::document(&scan))),
        Standard::CycloneDx => inventory.map(|bytes| bom::cyclonedx(&scan, bytes)).transpose(),
        Standard::Spdx => inventory.map(|bytes| bom::spdx(&scan, bytes)).transpose(),
    }
}

impl App {
    /// A recorded scan, as exports read it.
    ///
    /// # Errors
    /// For an id that names none or several, a scan without a verdict, and artifacts that are gone.
    pub fn scanned(&self, id: &str) -> AppResult<Scanned> {
        let run = self.recorded_run(id)?;
        let mut jobs: Vec<ScannedJob> = Vec::new();
        let mut manifest = None;
        for entry in self.recorder.jobs_of(run.entry.run_id).map_err(query)? {
            let Some(name) = entry.job else { continue };
            let mut job = ScannedJob { job: name, tools: Vec::new(), artifacts: Vec::new() };
            for operation in self.recorder.operations_of(entry.job_id).map_err(query)? {
                let body = operation.ended.map(|stored| stored.event.body);
                if let Some(EventBody::System(SystemEvent::OperationEnded {
                    tools,
                    inputs,
                    outputs,
                    evidence,
                    ..
                })) = body
                {
                    job.tools.extend(tools);
                    job.artifacts.extend(outputs.into_iter().chain(evidence));
                    manifest = manifest.or(inputs.into_iter().find(|one| one.role == "manifest"));
                }
            }
            job.tools.sort();
            job.tools.dedup();
            jobs.push(job);
        }
        Ok(Scanned {
            run_id: run.entry.run_id,
            coverage: self.coverage_of(&run)?,
            verdict: run.verdict,
            findings: run.findings,
            jobs,
            manifest: manifest.map(|manifest| manifest.sha256),
        })
    }

    /// [`document`] with the inventory the scan left.
    ///
    /// # Errors
    /// As there, and when the inventory is missing or damaged.
    pub fn standard(&self, scanned: &Scanned, standard: Standard) -> AppResult<Option<Vec<u8>>> {
        let role = match standard {
            Standard::CycloneDx => "cyclonedx",
            Standard::Spdx => "spdx",
            Standard::Sarif | Standard::OpenVex | Standard::Junit => {
                return document(scanned, standard, None);
            }
        };
        let mut handles = scanned.jobs.iter().flat_map(|job| &job.artifacts);
        let inventory = handles
            .find(|handle| handle.role == role)
            .map(|handle| self.recorder.artifacts().read(&handle.sha256))
            .transpose()?;
        document(scanned, standard, inventory.as_deref())
    }

    /// Writes everything a scan left into a folder: verdict, ledger, reports and evidence by digest,
    /// and each format. What an earlier scan left under the name of a format is replaced or removed.
    ///
    /// # Errors
    /// `MEX-OUTPUT-IO` when a file cannot be written; an artifact that is missing or damaged.
    pub fn export_scan(&self, outcome: &ScanOutcome, folder: &OutputFolder) -> AppResult<()> {
        folder.write("verdict.json", &pretty(&outcome.verdict)?)?;
        folder.write("coverage.json", &pretty(&outcome.coverage)?)?;
        folder.write("scan.json", &pretty(outcome)?)?;
        let scanned = Scanned::from(outcome);
        for job in &scanned.jobs {
            for handle in &job.artifacts {
                let bytes = self.recorder.artifacts().read(&handle.sha256)?;
                folder.write(&artifact_name(job.job.as_str(), handle), &bytes)?;
            }
        }
        for standard in Standard::ALL {
            match self.standard(&scanned, standard)? {
                Some(bytes) => folder.write(standard.file_name(), &bytes)?,
                None => folder.clear(standard.file_name())?,
            }
        }
        Ok(())
    }
}

/// `vuln-report-0123456789ab.json`.
fn artifact_name(job: &str, handle: &ArtifactHandle) -> String {
    let extension = match handle.media_type.as_str() {
        media_type::ZIP => "zip",
        json if json.contains("json") => "json",
        _ => "txt",
    };
    let short: String = handle.sha256.to_string().chars().take(12).collect();
    let role: String =
        handle.role.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{job}-{role}-{short}.{extension}")
}

fn pretty<T: Serialize>(document: &T) -> AppResult<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(document).map_err(internal)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A scan as every format reads it.
struct Exported<'a> {
    scanned: &'a Scanned,
    found: HashMap<Digest, Vec<&'a Finding>>,
}

impl<'a> Exported<'a> {
    fn of(scanned: &'a Scanned) -> AppResult<Self> {
        let mut found: HashMap<Digest, Vec<&Finding>> = HashMap::new();
        let problems = |one: &&Finding| !matches!(one, Finding::Component(_));
        for finding in scanned.findings.iter().filter(problems) {
            let fingerprint = finding_fingerprint(finding).map_err(internal)?;
            found.entry(fingerprint).or_default().push(finding);
        }
        Ok(Self { scanned, found })
    }

    /// Each finding that is a Problem, with its reason. One secret on two lines is one Problem and
    /// two findings, told apart by what their reasons say.
    fn problems(&self) -> impl Iterator<Item = (&'a Reason, &'a Finding)> {
        let mut told = HashSet::new();
        self.scanned
            .verdict
            .reasons
            .iter()
            .filter(move |reason| {
                is_finding(reason.rule) && told.insert((reason.fingerprint, &reason.sentence))
            })
            .flat_map(|reason| {
                let known = reason.fingerprint.and_then(|known| self.found.get(&known));
                known
                    .into_iter()
                    .flatten()
                    .filter(move |finding| sentence(finding) == reason.sentence)
                    .map(move |finding| (reason, *finding))
            })
    }

    /// Each reason that is about the scan itself: what was not looked at, refused, or not to be trusted.
    fn gaps(&self) -> impl Iterator<Item = &'a Reason> {
        self.scanned.verdict.reasons.iter().filter(|reason| !is_finding(reason.rule))
    }

    /// Whether everything that was asked for was looked at, or somebody answers for what was not.
    fn is_whole(&self) -> bool {
        let verdict = &self.scanned.verdict;
        verdict.standing(Effect::LeavesIncomplete).next().is_none()
            && verdict.standing(Effect::Denies).next().is_none()
            && !matches!(verdict.verdict, Decision::Denied | Decision::Incomplete)
    }

    /// Whether a job ran and nothing of it is missing.
    fn job_is_whole(&self, job: &str) -> bool {
        let ran = self.scanned.jobs.iter().any(|run| run.job.as_str() == job);
        ran && !self.gaps().any(|reason| {
            reason.effect != Effect::Warns
                && reason.job.as_ref().is_none_or(|other| other.as_str() == job)
        })
    }

    /// The jobs nobody asked for.
    fn left_out(&self) -> impl Iterator<Item = &'static str> {
        JOBS.into_iter()
            .filter(|name| self.scanned.jobs.iter().all(|run| run.job.as_str() != *name))
    }

    /// When the scan was judged, in whole seconds: more digits than some readers take.
    fn moment(&self) -> String {
        self.scanned.verdict.judged_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The name of the tree that was scanned: what is said holds for it and for no other.
    fn tree(&self) -> String {
        match &self.scanned.manifest {
            Some(manifest) => format!("urn:mex:tree:sha256:{manifest}"),
            None => format!("urn:uuid:{}", self.scanned.run_id),
        }
    }

    /// The exception that lifts a reason.
    fn exception(&self, reason: &Reason) -> Option<&'a ExceptionUse> {
        let named = reason.lifted_by.as_ref()?;
        self.scanned.verdict.exceptions.iter().find(|used| used.exception == *named)
    }

    /// What lifts a reason, as one sentence; none where it stands.
    fn acceptance(&self, reason: &Reason) -> Option<String> {
        let named = reason.lifted_by.as_ref()?;
        let id = format!("exception `{}` of `{}`", named.id, named.document_id);
        Some(match self.exception(reason) {
            Some(used) => {
                let approval = match used.approval {
                    Approval::SignatureVerified => "signature verified",
                    Approval::KnownUserClaimed => "the document says they were logged in",
                    Approval::SignatureNotVerified => "signature not verified",
                    Approval::TypedOnly => "name typed",
                };
                format!(
                    "accepted until {} by {} ({approval}), owner {}, {id}: {}",
                    used.expires, used.approver, used.owner, used.reason
                )
            }
            None => format!("accepted by {id}"),
        })
    }
}

const fn is_finding(rule: Rule) -> bool {
    matches!(rule, Rule::Vulnerability | Rule::Secret | Rule::UnknownLicense)
}
