//! Runs the conformance suite: each engine against operations it must accept or refuse, with the
//! real tools on a small project of ours. Its result is an event, kept per engine, adapter and
//! tool digest; without a pass the engine is not callable. What the cases themselves leave stands in
//! `conformance/` below the data folder: denials that were provoked are nobody's Problems.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use mex_runtime::code::Code;
use mex_runtime::conformance::{CaseKind, cases, judge_case};
use mex_runtime::engine::Engine;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::gate::Attempt;
use mex_runtime::id::{EngineId, JobId, JobName, OpId};
use mex_runtime::operation::PlannedOperation;
use mex_runtime::port::{Cancel, Clock as _};
use mex_runtime::result::Status;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::facts::{Purpose, tools_digest};
use crate::fetch::{ENGINE, PROFILE};
use crate::op::Staging;
use crate::plan::{self, History, Part, Planned};
use crate::progress::{Step, StepSink};

/// One engine's suite as it went.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ConformanceOutcome {
    /// The engine.
    pub engine_id: EngineId,
    /// Whether every case passed.
    pub passed: bool,
    /// Each case, with what went wrong; null where it passed.
    pub cases: BTreeMap<String, Option<String>>,
}

impl App {
    /// Runs the suite of one engine, or of every engine that is built in.
    ///
    /// # Errors
    /// For an unknown engine, or one that is not built in; a recorder that fails. A failed case is
    /// an outcome and no error.
    pub fn conformance(
        &self,
        engine: Option<&str>,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<Vec<ConformanceOutcome>> {
        let wanted = self.built_engines()?;
        let wanted: Vec<_> = match engine {
            None => wanted,
            Some(name) => {
                let one: Vec<_> =
                    wanted.into_iter().filter(|(id, _)| id.as_str() == name).collect();
                if one.is_empty() {
                    let message = format!("there is no engine `{name}` in this version of mex");
                    return Err(AppError::new(Code::NotFound, message));
                }
                one
            }
        };
        let suite = self.suite()?;
        let project = suite.work.path().join("conformance-project");
        sample_project(&project).map_err(|error| {
            AppError::new(
                Code::StageIo,
                format!("the sample project `{}` cannot be written: {error}", project.display()),
            )
        })?;
        let quiet = |_: Step| {};
        let staging = suite.stage_workspace(&project, cancel, &quiet)?;
        let mut outcomes = Vec::new();
        for (id, part) in wanted {
            let Some(engine) = self.catalog.engine(&id) else { continue };
            let line = id.to_string();
            steps(Step::Begun { line: line.clone() });
            let base = suite.sample_operation(&part, &staging)?;
            // A case that would reach the network is no suite's to try.
            let offline = |kind| id.as_str() != ENGINE || kind != CaseKind::Valid;
            let outcome =
                self.run_cases(&suite, engine, &base, Some(&staging), &offline, cancel, steps)?;
            let failed = outcome.cases.values().flatten().count();
            let (status, summary) = if outcome.passed {
                (Status::Succeeded, format!("{} cases passed", outcome.cases.len()))
            } else {
                (Status::Failed, format!("{failed} of {} cases failed", outcome.cases.len()))
            };
            steps(Step::Ended { line, status, summary });
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// The suite of the engine that fetches, without the case that would reach the network: that one
    /// is tried against a source of ours in the tests. Run where it has no pass yet; costs no process.
    pub(crate) fn conform_fetch(&self, base: &PlannedOperation, cancel: &Cancel) -> AppResult<()> {
        let Some(engine) = self.catalog.engine(&base.engine_id) else { return Ok(()) };
        let tools = tools_digest(self, engine)?;
        let version = engine.adapter_version().to_string();
        let known = self
            .recorder
            .conformance(engine.id(), &version, &tools)
            .map_err(crate::error::query)?;
        if known.is_some_and(|run| run.passed) {
            return Ok(());
        }
        let suite = self.suite()?;
        self.run_cases(
            &suite,
            engine,
            base,
            None,
            &|kind| kind != CaseKind::Valid,
            cancel,
            &|_| {},
        )?;
        Ok(())
    }

    fn built_engines(&self) -> AppResult<Vec<(EngineId, Part)>> {
        let mut engines = Vec::new();
        for name in plan::JOBS {
            let job: JobName = name.parse().map_err(|error: mex_runtime::id::BadId| {
                AppError::new(Code::Internal, error.to_string())
            })?;
            for part in self.parts(&job, History::Ignore)? {
                engines.push((part.engine.clone(), part));
            }
        }
        engines.extend(plan::live("dependency_fetch")?.map(|part| (part.engine.clone(), part)));
        Ok(engines)
    }

    /// Runs cases in the suite's own data folder and records the result in this one.
    #[expect(clippy::too_many_arguments, reason = "one call with everything a suite depends on")]
    fn run_cases(
        &self,
        suite: &Self,
        engine: &Engine,
        base: &PlannedOperation,
        staging: Option<&Staging>,
        wanted: &dyn Fn(CaseKind) -> bool,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<ConformanceOutcome> {
        let mut results = BTreeMap::new();
        let mut fresh = || OpId::new(self.clock.uuid());
        let entry = self.catalog.operation(&base.engine_id, &base.operation).ok_or_else(|| {
            AppError::new(
                Code::EnginesInvalid,
                format!("mechanical_engines.json has no `{}`", base.operation),
            )
        })?;
        let cases = cases(entry, base, &mut fresh).map_err(crate::scan::internal)?;
        for case in cases.into_iter().filter(|case| wanted(case.kind)) {
            if cancel.is_cancelled() {
                return Err(AppError::new(Code::Cancelled, "the conformance suite was cancelled"));
            }
            steps(Step::Phase { line: engine.id().to_string(), phase: case.kind.to_string() });
            let attempt = Attempt::parse(&case.request, OpId::new(self.clock.uuid()))
                .map_err(|error| AppError::new(error.code(), error.to_string()))?;
            let quiet = |_: Step| {};
            let executed =
                suite.attempt(&attempt, staging, Purpose::Conformance, cancel, &quiet)?;
            results.insert(
                case.kind.to_string(),
                judge_case(&case, &executed).err().map(|failure| failure.to_string()),
            );
        }
        let passed = results.values().all(Option::is_none) && !results.is_empty();
        let run = SystemEvent::ConformanceRun {
            engine_id: engine.id().clone(),
            adapter_version: engine.adapter_version().to_string(),
            tools_sha256: tools_digest(self, engine)?,
            passed,
            cases: results
                .iter()
                .map(|(name, failure)| (name.clone(), failure.is_none()))
                .collect(),
        };
        self.record(&self.by_person(), EventBody::System(run))?;
        Ok(ConformanceOutcome { engine_id: engine.id().clone(), passed, cases: results })
    }

    fn sample_operation(&self, part: &Part, staging: &Staging) -> AppResult<PlannedOperation> {
        let profile = if part.engine.as_str() == ENGINE { PROFILE } else { "supply_chain_scan" };
        let planned = Planned {
            actor_id: &self.actor_id,
            profile_id: &self.known_profile(profile)?,
            job_id: JobId::new(self.clock.uuid()),
            run_id: None,
            wsid: &staging.workspace.wsid,
            manifest: &staging.manifest,
            consents: Vec::new(),
        };
        plan::operation(part, OpId::new(self.clock.uuid()), &self.catalog, &planned)
    }
}

/// A project with one lockfile and one text: enough for every tool to have something to read.
fn sample_project(folder: &Path) -> std::io::Result<()> {
    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"sample\"\nversion = \"0.1.0\"\n";
    const MANIFEST: &str =
        "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.lock"), LOCK)?;
    fs::write(folder.join("Cargo.toml"), MANIFEST)?;
    fs::write(folder.join("src/lib.rs"), "//! A sample.\n")
}
