//! What a window shows first: where the product works, what is in force, what runs. Reads what is at
//! hand; never probes a sandbox or hashes a tool, which a start has no time for.

use std::path::Path;

use jiff::Timestamp;
use mex_recorder::query::ProblemCount;
use mex_runtime::artifact::{LimitLevel, SandboxLevel};
use mex_runtime::capability::RegistrySource;
use mex_runtime::id::{ActorId, RunId};
use mex_runtime::policy::verdict::ScanMode;
use mex_runtime::port::Clock as _;
use mex_scanners::secret_name::redacted;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Screens;
use super::scans::StartScanRequest;
use crate::app::VERSION;
use crate::error::{AppResult, query};

/// What a window shows before anything is asked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OpenState {
    /// The version of the product.
    pub version: String,
    /// The data folder.
    pub data_dir: String,
    /// The tools folder.
    pub tools_dir: String,
    /// The capability registry in force.
    pub registry_version: String,
    /// Where it comes from.
    pub registry_source: RegistryOrigin,
    /// The sandbox as this process probed it; null where nothing asked for it yet.
    pub sandbox: Option<SandboxState>,
    /// Who is logged in.
    pub actor: ActorId,
    /// Problems by severity and status, over the whole data folder.
    pub problem_counts: Vec<ProblemCount>,
    /// What runs in this process.
    pub running: Vec<RunningScan>,
    /// No scan was ever begun in this data folder.
    pub first_run: bool,
}

/// Where a registry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistryOrigin {
    /// Compiled in.
    Embedded,
    /// Published in the data folder.
    Published,
}

/// What stands between tools and the machine, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SandboxState {
    /// The level reached.
    pub level: SandboxLevel,
    /// What was missing; empty where nothing was.
    pub reason: String,
    /// What holds tools to their limits.
    pub limits: LimitLevel,
    /// Why there is no control group; empty where there is one.
    pub limits_reason: String,
}

/// A scan that runs in this process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunningScan {
    /// Its id.
    pub run_id: RunId,
    /// The project's path, without secrets in its names.
    pub project: String,
    /// The last part of that path.
    pub name: String,
    /// What it is for.
    pub mode: ScanMode,
    /// When it was asked for.
    pub begun_at: Timestamp,
}

impl Screens {
    /// What a window shows first. What runs is the host's to know.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub fn open_state(&self, running: Vec<RunningScan>) -> AppResult<OpenState> {
        let app = &self.app;
        let rules = app.in_force()?;
        let sandbox = app.probed_sandbox().map(|sandbox| SandboxState {
            level: sandbox.level,
            reason: sandbox.reason.clone(),
            limits: sandbox.limits,
            limits_reason: sandbox.limits_reason.clone(),
        });
        Ok(OpenState {
            version: VERSION.to_owned(),
            data_dir: app.places.data_dir.display().to_string(),
            tools_dir: app.places.tools_dir.display().to_string(),
            registry_version: rules.registry.version().to_owned(),
            registry_source: match rules.source {
                RegistrySource::Embedded => RegistryOrigin::Embedded,
                RegistrySource::Published => RegistryOrigin::Published,
            },
            sandbox,
            actor: app.actor_id.clone(),
            problem_counts: app.recorder.problem_counts(None).map_err(query)?,
            running,
            first_run: app.recorder.scans(None, 1).map_err(query)?.items.is_empty(),
        })
    }

    /// What a window shows of a scan that is about to begin, under the id it will have.
    pub fn about_to_scan(&self, asked: &StartScanRequest) -> RunningScan {
        let project = redacted(&asked.path);
        let name = Path::new(&project).file_name().unwrap_or_default().to_string_lossy();
        RunningScan {
            run_id: self.app.fresh_run_id(),
            name: name.into_owned(),
            mode: asked.mode,
            begun_at: self.app.clock.now(),
            project,
        }
    }
}
