//! Gathers what an attempt is judged by, once the intent is recorded: artifacts, tools, paths,
//! consents, conformance. Owns the gathering; never judges. What cannot be found out is left out,
//! and the gates count that against the attempt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use mex_recorder::query::EventFilter;
use mex_runtime::artifact::ArtifactHandle;
use mex_runtime::capability::LoadedRegistry;
use mex_runtime::digest::Digest;
use mex_runtime::engine::Engine;
use mex_runtime::gate::{Attempt, ConformanceState, Facts, OpIdState, PathFact, ToolState};
use mex_runtime::id::{EngineId, ToolName, WorkspaceId};
use mex_runtime::operation::Input;
use mex_runtime::port::{ArtifactStore as _, Clock as _};
use mex_scanners::stage::Stage;
use mex_scanners::toolchain::{self, Toolchain};

use crate::app::App;
use crate::error::AppResult;

/// Whether an attempt is one of the conformance suite's own cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody wants the result.
    Use,
    /// The suite wants to see how the engine behaves.
    Conformance,
}

/// What the facts of one scan or operation have in common.
pub struct Ground<'a> {
    /// The product.
    pub app: &'a App,
    /// The registry and profiles in force, read when the attempt is judged (contract REG-7).
    pub rules: Arc<LoadedRegistry>,
    /// Every consent, read when the attempt is judged.
    pub consents: Vec<mex_runtime::capability::Consent>,
    /// The staged tree with its manifest as stored.
    pub stage: Option<(&'a Stage, &'a ArtifactHandle, &'a WorkspaceId)>,
    /// What is known of the tools already, where many attempts are judged within a moment. A tool that
    /// runs is compared again when it is started.
    pub tools: Option<&'a ToolStates>,
    /// What for.
    pub purpose: Purpose,
}

/// What stands of each tool, looked at when it is first asked for.
#[derive(Default)]
pub struct ToolStates {
    seen: Mutex<BTreeMap<ToolName, toolchain::ToolState>>,
}

impl ToolStates {
    fn of(&self, toolchain: &Toolchain, name: &ToolName) -> toolchain::ToolState {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.entry(name.clone()).or_insert_with(|| toolchain.state(name)).clone()
    }
}

impl Ground<'_> {
    /// The facts of one attempt.
    pub fn facts(&self, attempt: &Attempt) -> Facts<'_> {
        let app = self.app;
        let operation = attempt.operation().ok();
        let spec =
            operation.and_then(|asked| app.catalog.operation(&asked.engine_id, &asked.operation));
        let engine = operation.and_then(|asked| app.catalog.engine(&asked.engine_id));
        let fresh = ToolStates::default();
        let states = self.tools.unwrap_or(&fresh);
        let mut artifacts = BTreeMap::new();
        for input in operation.map_or(&[][..], |asked| &asked.inputs) {
            if let Input::Artifact(handle) = input {
                artifacts.insert(handle.clone(), app.recorder.artifacts().check(handle));
            }
        }
        let mut tools = BTreeMap::new();
        let mut paths = BTreeMap::new();
        if let Some(spec) = spec {
            for name in spec.tools_for(attempt.params()) {
                tools.insert(name.clone(), tool_state(app, states, name));
            }
            for path in spec.workspace_paths(attempt.params()) {
                paths.insert(path.to_owned(), self.path_fact(path));
            }
        }
        let conformance = engine
            .map(|engine| (engine.id().clone(), self.conformance(engine, states)))
            .into_iter()
            .collect::<BTreeMap<EngineId, ConformanceState>>();
        Facts {
            catalog: &app.catalog,
            registry: &self.rules.registry,
            profiles: &self.rules.profiles,
            consents: &self.consents,
            now: app.clock.now(),
            op_id: self.op_id_state(attempt),
            artifacts,
            tools,
            stage_manifest: self.stage.map(|(_, manifest, _)| manifest),
            wsid: self.stage.map(|(_, _, wsid)| wsid),
            paths,
            conformance,
        }
    }

    /// Its own intent is recorded by now; anything beside that is another attempt's.
    fn op_id_state(&self, attempt: &Attempt) -> OpIdState {
        let filter =
            EventFilter { op_id: Some(attempt.op_id()), limit: 2, ..EventFilter::default() };
        match self.app.recorder.events(&filter) {
            Ok(page) if page.items.len() <= 1 => OpIdState::Fresh,
            Ok(_) | Err(_) => OpIdState::Used,
        }
    }

    fn path_fact(&self, path: &str) -> PathFact {
        let Some((stage, _, _)) = self.stage else { return PathFact::NotStaged };
        let files = &stage.manifest().files;
        if files.iter().any(|file| file.path == path) {
            return PathFact::StagedFile;
        }
        let folded = path.to_lowercase();
        match files.iter().find(|file| file.path.to_lowercase() == folded) {
            Some(file) => PathFact::CaseDiffers { staged: file.path.clone() },
            None if stage.ledger().omitted.iter().any(|omitted| leaves(omitted, path)) => {
                PathFact::LinkLeaves
            }
            None => PathFact::NotStaged,
        }
    }

    fn conformance(&self, engine: &Engine, states: &ToolStates) -> ConformanceState {
        if self.purpose == Purpose::Conformance {
            return ConformanceState::SuiteRunning;
        }
        let Ok(tools) = digest_of(self.app, engine, states) else {
            return ConformanceState::Missing;
        };
        let version = engine.adapter_version().to_string();
        match self.app.recorder.conformance(engine.id(), &version, &tools) {
            Ok(Some(run)) if run.passed => ConformanceState::Passed,
            Ok(Some(_)) => ConformanceState::Failed,
            Ok(None) | Err(_) => ConformanceState::Missing,
        }
    }
}

fn leaves(omitted: &mex_scanners::stage::Omitted, path: &str) -> bool {
    omitted.kind == mex_scanners::stage::OmittedKind::LinkOutside
        && (path == omitted.path
            || path.strip_prefix(&omitted.path).is_some_and(|rest| rest.starts_with('/')))
}

/// What stands of a tool, in the gates' words.
fn tool_state(app: &App, states: &ToolStates, name: &ToolName) -> ToolState {
    let Ok(toolchain) = app.toolchain() else { return ToolState::Missing };
    match states.of(toolchain, name) {
        toolchain::ToolState::Pinned(identity) => ToolState::Pinned(identity),
        toolchain::ToolState::Missing => ToolState::Missing,
        toolchain::ToolState::Changed { expected, found } => {
            // What is no regular file has no digest of its own: the empty one stands for it.
            ToolState::Changed { expected, found: found.unwrap_or_else(|| Digest::of(b"")) }
        }
        toolchain::ToolState::Unpinned | toolchain::ToolState::Unreadable(_) => ToolState::Unpinned,
    }
}

/// One digest over the tools an engine has here, as they are: what a conformance run is bound to.
///
/// # Errors
/// When the tools folder cannot be opened.
pub fn tools_digest(app: &App, engine: &Engine) -> AppResult<Digest> {
    digest_of(app, engine, &ToolStates::default())
}

fn digest_of(app: &App, engine: &Engine, known: &ToolStates) -> AppResult<Digest> {
    let toolchain = app.toolchain()?;
    let states: BTreeMap<String, String> = engine
        .tools()
        .into_iter()
        .map(|name| {
            let state = match known.of(toolchain, name) {
                toolchain::ToolState::Pinned(identity) => {
                    format!("{} {}", identity.version, identity.sha256)
                }
                _ => "absent".to_owned(),
            };
            (name.to_string(), state)
        })
        .collect();
    Digest::of_canonical(&states).map_err(|error| {
        crate::error::AppError::new(mex_runtime::code::Code::Internal, error.to_string())
    })
}
