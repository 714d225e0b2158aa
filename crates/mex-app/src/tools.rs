//! Pinned tools: what is there, whether it is whole, provisioning (contract SC-5). A data folder
//! pins by its own events; a tool that another data folder provisioned is adopted by an event.

use mex_recorder::query::{EventFilter, Order};
use mex_runtime::artifact::ToolIdentity;
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::id::{JobName, ToolName};
use mex_runtime::port::Cancel;
use mex_runtime::result::Status;
use mex_scanners::toolchain::lock::UsedBy;
use mex_scanners::toolchain::{ToolState, Toolchain, ToolchainError};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::conformance::ConformanceOutcome;
use crate::error::{AppError, AppResult, query};
use crate::fetch::Fetch;
use crate::plan::{self, History, Part};
use crate::progress::StepSink;

/// A pinned tool as it is shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ToolView {
    /// Its name.
    pub name: ToolName,
    /// The version pinned.
    pub version: String,
    /// `pinned`, `missing`, `changed`, `unpinned` or `unreadable`.
    pub state: &'static str,
    /// The digest, where it is the pinned one.
    pub sha256: Option<Digest>,
    /// What is wrong, as one sentence.
    pub note: String,
}

impl ToolView {
    /// Whether it is there and exactly what is pinned.
    pub fn intact(&self) -> bool {
        self.state == "pinned"
    }
}

/// Whether what is there is built again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// Only what is missing.
    WhereMissing,
    /// Everything named.
    Always,
}

/// What an installation left, and the conformance suite after it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Installed {
    /// Every pinned tool.
    pub tools: Vec<ToolView>,
    /// The suite of every engine.
    pub conformance: Vec<ConformanceOutcome>,
}

impl App {
    /// What is pinned and what is there.
    ///
    /// # Errors
    /// When the tools folder cannot be read.
    pub fn tools(&self) -> AppResult<Vec<ToolView>> {
        let toolchain = self.toolchain()?;
        let scanning = toolchain.lock().tools.iter().filter(|tool| tool.used_by == UsedBy::Scan);
        Ok(scanning.map(|tool| view(toolchain, &tool.name, tool.version.to_string())).collect())
    }

    /// Hashes every tool anew. Each result is an event.
    ///
    /// # Errors
    /// When the tools folder or the recorder fails.
    pub fn verify_tools(&self) -> AppResult<Vec<ToolView>> {
        self.toolchain()?.verify();
        let tools = self.tools()?;
        for tool in &tools {
            let verified = SystemEvent::ToolVerified {
                tool: tool.name.clone(),
                intact: tool.intact(),
                reason: tool.note.clone(),
            };
            self.record(&self.by_person(), EventBody::System(verified))?;
        }
        Ok(tools)
    }

    /// Provisions tools, each as a governed operation, then runs the conformance suite.
    ///
    /// # Errors
    /// For a name the lock file does not have, a gate's denial, and a tool that cannot be built;
    /// what was there before stays in force then.
    pub fn install_tools(
        &self,
        names: &[String],
        rebuild: Rebuild,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<Installed> {
        let toolchain = self.toolchain()?;
        let wanted: Vec<ToolName> = if names.is_empty() {
            let scanning =
                toolchain.lock().tools.iter().filter(|tool| tool.used_by == UsedBy::Scan);
            scanning.map(|tool| tool.name.clone()).collect()
        } else {
            names.iter().map(|name| self.locked_tool(name)).collect::<AppResult<_>>()?
        };
        for name in wanted {
            if rebuild == Rebuild::WhereMissing
                && matches!(toolchain.state(&name), ToolState::Pinned(_))
            {
                continue;
            }
            let result = self.fetch(&Fetch::Tool(name.clone()), cancel, steps)?;
            // Who asks for all tools gets those that can be had: the list says what is missing.
            let spare = names.is_empty()
                && result.status == Status::Failed
                && toolchain.lock().tool(&name).is_some_and(|locked| locked.is_of_machine());
            if result.status != Status::Succeeded && !spare {
                return Err(crate::fetch::failure(
                    &result,
                    &format!("`{name}` was not provisioned"),
                ));
            }
        }
        Ok(Installed { tools: self.tools()?, conformance: self.conformance(None, cancel, steps)? })
    }

    /// The operations of a job as this machine can run them: one of the machine's own tools that is
    /// not here is left out by name, and the adapter's ledger says that it is missing. A changed one
    /// stays in, and the gates deny it (contract SC-5).
    ///
    /// # Errors
    /// As [`plan::parts`].
    pub(crate) fn parts(&self, job: &JobName, history: History) -> AppResult<Vec<Part>> {
        let toolchain = self.toolchain()?;
        let absent = |name: &&ToolName| {
            toolchain.lock().tool(name).is_some_and(|locked| locked.is_of_machine())
                && toolchain.state(name) == ToolState::Missing
        };
        let mut parts = plan::parts(job, history)?;
        for part in &mut parts {
            let Some(spec) = self.catalog.operation(&part.engine, &part.operation) else {
                continue;
            };
            let all = spec.tools_for(&part.params.clone().into());
            if all.iter().any(absent) {
                let here: Vec<&ToolName> = all.into_iter().filter(|name| !absent(name)).collect();
                part.params.insert("tools".to_owned(), serde_json::json!(here));
            }
        }
        Ok(parts)
    }

    fn locked_tool(&self, name: &str) -> AppResult<ToolName> {
        let tools = &self.toolchain()?.lock().tools;
        tools
            .iter()
            .map(|tool| &tool.name)
            .find(|known| known.as_str() == name)
            .cloned()
            .ok_or_else(|| {
                let known: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
                AppError::new(Code::NotFound, format!("toolchain.lock.json has no tool `{name}`"))
                    .hint(format!("the tools are {}", known.join(", ")))
            })
    }
}

fn view(toolchain: &Toolchain, name: &ToolName, locked: String) -> ToolView {
    let mut version = locked;
    let (state, sha256, note) = match toolchain.state(name) {
        ToolState::Pinned(identity) => {
            version = identity.version;
            ("pinned", Some(identity.sha256), String::new())
        }
        ToolState::Missing => ("missing", None, "it is not installed".to_owned()),
        ToolState::Changed { expected, found } => {
            let found =
                found.map_or_else(|| "no regular file".to_owned(), |digest| digest.to_string());
            ("changed", None, format!("pinned as {expected}, found {found}"))
        }
        ToolState::Unpinned => ("unpinned", None, "nothing gives its digest".to_owned()),
        ToolState::Unreadable(why) => ("unreadable", None, why),
    };
    ToolView { name: name.clone(), version, state, sha256, note }
}

/// Tells the toolchain what this data folder's events say each tool must be. A tool that the
/// folder never saw is adopted: its record becomes an event, and from then on the event rules.
pub(crate) fn witness(app: &App, toolchain: &Toolchain) -> AppResult<()> {
    let filter = EventFilter {
        kind: Some("tool_provisioned".to_owned()),
        order: Order::Oldest,
        ..EventFilter::default()
    };
    let mut known: Vec<ToolIdentity> = Vec::new();
    for stored in app.recorder.events(&filter).map_err(query)?.items {
        if let EventBody::System(SystemEvent::ToolProvisioned { tool, stats_sha256, .. }) =
            stored.event.body
        {
            toolchain.witness(&tool);
            if let Some(stats) = stats_sha256 {
                toolchain.witness_stats(&tool, stats);
            }
            known.push(tool);
        }
    }
    for locked in &toolchain.lock().tools {
        // Of the machine's own the lock file names the least version only.
        let fits = |tool: &ToolIdentity| {
            tool.name == locked.name
                && (tool.version == locked.version.to_string() || locked.is_of_machine())
        };
        if known.iter().any(fits) {
            continue;
        }
        // A damaged record is no tool: its state says so when it is asked for.
        if let Ok(Some(record)) = toolchain.record(&locked.name)
            && fits(&record.tool)
        {
            app.record(&app.by_person(), EventBody::System(record.event()))?;
            toolchain.witness(&record.tool);
            if let Some(stats) = record.stats_sha256 {
                toolchain.witness_stats(&record.tool, stats);
            }
        }
    }
    Ok(())
}

pub(crate) fn failed(error: ToolchainError) -> AppError {
    AppError::new(error.code(), error.to_string())
}
