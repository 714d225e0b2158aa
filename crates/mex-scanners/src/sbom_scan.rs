//! The adapter of `engine.supply_chain.sbom`: syft over the staged tree, its list held against our
//! own reading of the lockfiles, and both in canonical documents. Owns the order of these steps;
//! what a component is and what a document holds stand in its parts. Never judges.

pub mod documents;
pub mod reconcile;

use std::path::Path;
use std::sync::Arc;

use mex_runtime::adapter::{Adapter, AdapterOutcome, Produced, RunContext};
use mex_runtime::artifact::media_type;
use mex_runtime::code::Code;
use mex_runtime::coverage::{CoverageEntry, CoverageState};
use mex_runtime::digest::Digest;
use mex_runtime::finding::Finding;
use mex_runtime::gate::Admitted;
use mex_runtime::id::{EngineId, JobName, OperationName, ToolName};
use mex_runtime::port::{Progress, StagedTree};
use mex_runtime::result::TypedError;
use semver::Version;
use serde_json::json;

use crate::answer::{error, status};
use crate::credentials::without_credentials;
use crate::errand::{self, Ask, Errand, answer, read_only, unprepared};
use crate::ground;
use crate::lockfile::{Discovered, discover};
use crate::process::{Finished, Keep};
use crate::sandbox::Sandbox;
use crate::stage::StageLedger;
use crate::syft::argv::{self, CycloneDx};
use crate::syft::{NAME, normalise};
use crate::toolchain::Toolchain;
use documents::Expected;

/// Lists the components of a project.
pub struct SbomScan {
    toolchain: Arc<Toolchain>,
    sandbox: Arc<Sandbox>,
}

impl SbomScan {
    /// With the tools of one tools folder.
    pub fn new(toolchain: Arc<Toolchain>, sandbox: Arc<Sandbox>) -> Self {
        Self { toolchain, sandbox }
    }
}

impl Adapter for SbomScan {
    fn engine_id(&self) -> EngineId {
        EngineId::known("engine.supply_chain.sbom")
    }

    fn operation(&self) -> OperationName {
        OperationName::known("sbom_generate")
    }

    fn version(&self) -> Version {
        Version::new(1, 0, 0)
    }

    fn ground(&self, _: &Admitted, context: &RunContext<'_>) -> Option<Digest> {
        ground::digest(&json!({ "common": ground::common(context)?, "config": argv::CONFIG }))
    }

    fn run(&self, admitted: &Admitted, context: &RunContext<'_>) -> AdapterOutcome {
        let asked = admitted.operation().params.get("cyclonedx_version");
        let version = match asked.and_then(serde_json::Value::as_str) {
            Some("1.7") => CycloneDx::V1_7,
            _ => CycloneDx::V1_6,
        };
        let config = json!({ "args": argv::args(version), "config": argv::CONFIG });
        let mut run = Run {
            errand: Errand {
                toolchain: &self.toolchain,
                sandbox: &self.sandbox,
                admitted,
                context,
            },
            version,
            outcome: errand::unfinished(
                Digest::of(config.to_string().as_bytes()),
                self.sandbox.level,
            ),
        };
        if let Err(fault) = run.list() {
            run.note("files", gap(&fault), &fault.message, 1);
            run.outcome.errors.push(*fault);
        }
        run.outcome.status = status(&run.outcome.errors);
        run.outcome.coverage.canonicalise();
        run.outcome
    }
}

struct Run<'a> {
    errand: Errand<'a>,
    version: CycloneDx,
    outcome: AdapterOutcome,
}

impl Run<'_> {
    fn list(&mut self) -> Result<(), Box<TypedError>> {
        let stage = self.errand.context.stage.ok_or_else(|| {
            let message = "a list of components was started without a staged tree";
            error(Code::Internal, message.to_owned())
        })?;
        let ledger = StageLedger::beside(&stage.root).unwrap_or_default();
        self.outcome.coverage.entries.extend(ledger.coverage(&job()));
        self.outcome.coverage.self_statements.clone_from(&ledger.self_statements);
        let found =
            discover(&stage.root).map_err(|fault| unprepared("the list of lockfiles", &fault))?;
        let listed = self.compare(stage, &ledger, &found);
        if let Err(fault) = &listed {
            let state = gap(fault);
            for lock in &found.lockfiles {
                self.note(&lock.path, state, &fault.message, 1);
            }
            let others = found.entries.into_iter();
            let others = others.map(|entry| CoverageEntry { job: job(), ..entry });
            self.outcome.coverage.entries.extend(others);
        }
        listed
    }

    fn compare(
        &mut self,
        stage: &StagedTree,
        ledger: &StageLedger,
        found: &Discovered,
    ) -> Result<(), Box<TypedError>> {
        let finished = self.syft(stage)?;
        self.outcome.sandbox = finished.sandbox;
        let cap = self.errand.admitted.budget().output_bytes;
        let file = |name: &str| finished.scratch.read(name, cap).ok();
        let report = file(argv::REPORT).filter(|report| !report.is_truncated());
        let report = report.map(|report| report.bytes);
        let original = |path: &str| ledger.original_path(path).to_owned();
        let run = normalise::normalise(&answer(&finished), report.as_deref(), &original);
        if let Some(fault) = run.errors.first() {
            return Err(Box::new(fault.clone()));
        }
        let both = reconcile::reconcile(found, &stage.root, &run);
        let expected = Expected { said: run.said, added: &both.added };
        if let Some(bytes) = &report {
            let evidence = documents::evidence(bytes);
            self.produce("evidence", media_type::TOOL_JSON, evidence);
        }
        let text = |name: &str| file(name).map(|file| file.bytes).unwrap_or_default();
        let cyclonedx = documents::cyclonedx(&text(argv::CYCLONEDX), self.version, expected);
        self.produce("cyclonedx", documents::CYCLONEDX_TYPE, cyclonedx);
        self.produce("spdx", documents::SPDX_TYPE, documents::spdx(&text(argv::SPDX), expected));
        if self.outcome.errors.is_empty() {
            self.note("files", CoverageState::Scanned, "", ledger.files);
        } else {
            let reason = "a document could not be made of what `syft` wrote";
            self.note("files", CoverageState::Failed, reason, 1);
        }
        let packed =
            archives(&stage.root).map_err(|fault| unprepared("the list of archives", &fault))?;
        if packed > 0 {
            let reason = "archives that `syft` does not open: what is packed in them is not listed";
            self.note("files:archives", CoverageState::Skipped, reason, packed);
        }
        self.outcome.coverage.entries.extend(both.entries);
        self.outcome.coverage.counts.extend(run.counts);
        self.outcome.findings = both.components.into_values().map(Finding::Component).collect();
        Ok(())
    }

    fn syft(&mut self, stage: &StagedTree) -> Result<Finished, Box<TypedError>> {
        let tool = self.errand.tool(NAME)?;
        self.outcome.tools.push(tool.identity.clone());
        (self.errand.context.progress)(Progress::Phase("running syft".to_owned()));
        let config = self
            .errand
            .config_folder(argv::CONFIG_FILE, argv::CONFIG)
            .map_err(|fault| unprepared("syft's configuration", &fault))?;
        let ask = Ask {
            args: argv::args(self.version),
            env: argv::env(),
            cwd: argv::CONFIG_FOLDER,
            mounts: vec![
                read_only(&stage.root, argv::PROJECT),
                read_only(config.path(), argv::CONFIG_FOLDER),
            ],
            extra_executables: Vec::new(),
            budget: *self.errand.admitted.budget(),
            redact: &|bytes| without_credentials(&String::from_utf8_lossy(bytes)).into_bytes(),
            keep_stdout: Keep::No,
        };
        Ok(self.errand.run(&tool, ask)?)
    }

    fn produce(&mut self, role: &str, media_type: &str, made: Result<Vec<u8>, TypedError>) {
        match made {
            Err(fault) => self.outcome.errors.push(fault),
            Ok(bytes) => self.outcome.evidence.push(Produced {
                role: role.to_owned(),
                media_type: media_type.to_owned(),
                original_bytes: bytes.len() as u64,
                bytes,
            }),
        }
    }

    fn note(&mut self, subject: &str, state: CoverageState, reason: &str, items: u64) {
        self.outcome.coverage.entries.push(CoverageEntry {
            job: job(),
            subject: subject.to_owned(),
            tool: Some(ToolName::known(NAME)),
            state,
            reason: reason.to_owned(),
            items,
        });
    }
}

fn gap(fault: &TypedError) -> CoverageState {
    match fault.code {
        Code::IntegrityToolMissing => CoverageState::ToolMissing,
        _ => CoverageState::Failed,
    }
}

/// How many archives of no kind that holds packages by itself there are, by name.
fn archives(folder: &Path) -> std::io::Result<u64> {
    const PACKED: [&str; 9] = ["zip", "tar", "tgz", "gz", "bz2", "xz", "zst", "7z", "rar"];
    let mut count = 0;
    for item in std::fs::read_dir(folder)? {
        let item = item?;
        if item.file_type()?.is_dir() {
            count += archives(&item.path())?;
        } else {
            let path = item.path();
            let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            count += u64::from(PACKED.contains(&ending.as_str()));
        }
    }
    Ok(count)
}

fn job() -> JobName {
    JobName::known("sbom")
}
