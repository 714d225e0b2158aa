//! `engine.supply_chain.fetch`: what reaches the network, as governed operations (contract
//! section 8). Each passes the six gates under a profile that may have `net.http`, with a live
//! consent; each leaves evidence of what was fetched from where. D0: the world may answer differently.

use std::sync::Arc;

use mex_runtime::adapter::{Adapter, AdapterOutcome, Produced, RunContext};
use mex_runtime::artifact::{DatabaseIdentity, SandboxLevel};
use mex_runtime::code::Code;
use mex_runtime::coverage::Coverage;
use mex_runtime::determinism::{Determinism, EvidencePolicy};
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::gate::{Admitted, Attempt};
use mex_runtime::id::{ConsentId, EngineId, JobId, OpId, OperationName, ToolName};
use mex_runtime::operation::{OutputSpec, PlannedOperation, SCHEMA_VERSION};
use mex_runtime::port::{Cancel, Clock as _, Progress};
use mex_runtime::result::{EngineResult, Status, TypedError};
use mex_scanners::advisory::{
    DatabaseRefused, Databases, FetchLimits, Form, Imported, default_source,
};
use mex_scanners::process::provision::ProvisionContext;
use mex_scanners::toolchain::lock::Source;
use mex_scanners::toolchain::{Existing, Installed, Toolchain};
use semver::Version;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::facts::Purpose;
use crate::progress::StepSink;

/// The profile under which something is fetched: the one of ours that may reach the network.
pub(crate) const PROFILE: &str = "Coder";
/// The engine.
pub(crate) const ENGINE: &str = "engine.supply_chain.fetch";

/// What is fetched.
#[derive(Debug, Clone)]
pub enum Fetch {
    /// Advisory snapshots of an ecosystem, in every form it has.
    Database {
        /// As OSV spells it.
        ecosystem: String,
        /// Another source than the configured one.
        source: Option<String>,
    },
    /// A pinned tool.
    Tool(ToolName),
}

impl App {
    /// Carries one fetch through the gates.
    ///
    /// # Errors
    /// When the recorder or the catalog fails; everything else is in the result.
    pub(crate) fn fetch(
        &self,
        fetch: &Fetch,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<EngineResult> {
        let operation = self.plan_fetch(fetch)?;
        self.conform_fetch(&operation, cancel)?;
        let attempt = Attempt::planned(&operation)
            .map_err(|error| AppError::new(error.code(), error.to_string()))?;
        Ok(self.attempt(&attempt, None, Purpose::Use, cancel, steps)?.result)
    }

    /// Sees to it that the engine that fetches conforms, by an operation of ours: one that somebody
    /// brought could make the suite fail.
    ///
    /// # Errors
    /// As [`App::fetch`].
    pub(crate) fn conform_fetch_with_own(&self, cancel: &Cancel) -> AppResult<()> {
        let own = Fetch::Database { ecosystem: "crates.io".to_owned(), source: None };
        self.conform_fetch(&self.plan_fetch(&own)?, cancel)
    }

    fn plan_fetch(&self, fetch: &Fetch) -> AppResult<PlannedOperation> {
        let (name, params) = match fetch {
            Fetch::Database { ecosystem, source: None } => {
                ("advisory_db_sync", json!({"ecosystem": ecosystem}))
            }
            Fetch::Database { ecosystem, source: Some(source) } => {
                ("advisory_db_sync", json!({"ecosystem": ecosystem, "source": source}))
            }
            Fetch::Tool(tool) => ("tool_install", json!({"tool": tool})),
        };
        let internal =
            |error: mex_runtime::id::BadId| AppError::new(Code::Internal, error.to_string());
        let engine: EngineId = ENGINE.parse().map_err(internal)?;
        let name: OperationName = name.parse().map_err(internal)?;
        let spec = self.catalog.operation(&engine, &name).ok_or_else(|| {
            AppError::new(
                Code::EnginesInvalid,
                format!("mechanical_engines.json has no `{ENGINE}` `{name}`"),
            )
        })?;
        let entry = spec.entry();
        let mut capabilities: Vec<String> =
            spec.required_capabilities().iter().map(ToString::to_string).collect();
        if let Fetch::Tool(tool) = fetch {
            capabilities.extend(
                builders(self.toolchain()?, tool)
                    .into_iter()
                    .map(|builder| format!("proc.exec:{builder}")),
            );
            capabilities.sort();
        }
        let profile = self.known_profile(PROFILE)?;
        Ok(PlannedOperation {
            schema_version: SCHEMA_VERSION.to_owned(),
            op_id: OpId::new(self.clock.uuid()),
            engine_id: engine,
            engine_version_req: None,
            operation: name,
            inputs: Vec::new(),
            params: params.as_object().cloned().unwrap_or_default(),
            capabilities_requested: capabilities,
            capability_profile_id: profile,
            actor_id: self.actor_id.clone(),
            job_id: JobId::new(self.clock.uuid()),
            workflow_run_id: None,
            budget: Some(entry.default_budget),
            determinism: Determinism::D0,
            evidence_policy: Some(EvidencePolicy { required: true }),
            output_spec: OutputSpec { roles: entry.output_roles.clone() },
            consents: self.live_consents()?,
        })
    }

    /// Every consent that is live now.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub(crate) fn live_consents(&self) -> AppResult<Vec<ConsentId>> {
        let now = self.clock.now();
        let live = self.consents()?.into_iter().filter(|consent| consent.is_live(now));
        Ok(live.map(|consent| consent.id).collect())
    }
}

/// The programs that build a tool from what the lock file names.
fn builders(toolchain: &Toolchain, tool: &ToolName) -> Vec<&'static str> {
    let sources = toolchain.lock().tool(tool).map_or(&[][..], |locked| &locked.sources);
    let builders: std::collections::BTreeSet<&'static str> = sources
        .iter()
        .filter_map(|source| match source {
            Source::GoModule { .. } => Some("go"),
            Source::Crate { .. } => Some("cargo"),
            Source::Python { .. } => Some("pip"),
            Source::Machine { .. } => Some("npm"),
            Source::Archive { .. } => None,
        })
        .collect();
    builders.into_iter().collect()
}

/// The error of a fetch that did not succeed.
pub(crate) fn failure(result: &EngineResult, what: &str) -> AppError {
    match result.errors.first() {
        Some(first) => {
            AppError::new(first.code, format!("{what}: {}", first.message)).hint(first.hint.clone())
        }
        None => AppError::new(Code::Internal, format!("{what} and nothing says why")),
    }
}

/// `advisory_db_sync`.
pub(crate) struct SyncAdapter {
    pub(crate) databases: Arc<Databases>,
    pub(crate) version: Version,
}

impl SyncAdapter {
    fn sync(
        &self,
        params: &Map<String, Value>,
        context: &RunContext<'_>,
    ) -> Result<Vec<Imported>, DatabaseRefused> {
        let text = |name: &str| params.get(name).and_then(Value::as_str);
        let ecosystem = text("ecosystem").unwrap_or_default();
        // A source names one file, whose form its end tells; without one, every form is fetched.
        let forms: &[Form] = match (ecosystem, text("source")) {
            (_, Some(source)) if source.ends_with(".tar.gz") || source.ends_with(".tgz") => {
                &[Form::Rustsec]
            }
            ("crates.io", None) => &[Form::Osv, Form::Rustsec],
            _ => &[Form::Osv],
        };
        let mut taken = Vec::new();
        for form in forms {
            let source =
                text("source").map_or_else(|| default_source(ecosystem, *form), str::to_owned);
            (context.progress)(Progress::Phase(format!("fetching {ecosystem} from {source}")));
            let result = self.databases.sync(
                (ecosystem, *form),
                &source,
                &FetchLimits::default(),
                context.cancel,
                context.clock,
            );
            let (event, result) = match result {
                Ok(imported) => (imported.snapshot.event(), Ok(imported)),
                Err(error) => (refusal(ecosystem, &source, &error), Err(error)),
            };
            let stamped = context.events.event(
                mex_runtime::id::EventId::new(context.clock.uuid()),
                context.clock.now(),
                EventBody::System(event),
            );
            context
                .recorder
                .record(vec![stamped.into()])
                .map_err(|fault| DatabaseRefused { code: fault.code, message: fault.message })?;
            taken.push(result?);
        }
        Ok(taken)
    }
}

fn refusal(ecosystem: &str, source: &str, error: &DatabaseRefused) -> SystemEvent {
    SystemEvent::DatabaseRefused {
        ecosystem: ecosystem.to_owned(),
        origin: source.to_owned(),
        code: error.code,
        reason: error.message.clone(),
    }
}

impl Adapter for SyncAdapter {
    fn engine_id(&self) -> EngineId {
        EngineId::known(ENGINE)
    }
    fn operation(&self) -> OperationName {
        OperationName::known("advisory_db_sync")
    }
    fn version(&self) -> Version {
        self.version.clone()
    }
    fn run(&self, admitted: &Admitted, context: &RunContext<'_>) -> AdapterOutcome {
        let params = &admitted.operation().params;
        match self.sync(params, context) {
            Ok(taken) => {
                let databases: Vec<DatabaseIdentity> =
                    taken.iter().map(|imported| imported.snapshot.identity.clone()).collect();
                let mut outcome = outcome(params, Status::Succeeded, Vec::new());
                outcome.evidence = evidence("snapshot", &json!({"databases": databases}));
                outcome.databases = databases;
                outcome
            }
            Err(error) => outcome(
                params,
                failed_or_cancelled(error.code),
                vec![typed(error.code, error.message)],
            ),
        }
    }
}

/// `tool_install`.
pub(crate) struct InstallAdapter {
    pub(crate) toolchain: Arc<Toolchain>,
    pub(crate) version: Version,
}

impl Adapter for InstallAdapter {
    fn engine_id(&self) -> EngineId {
        EngineId::known(ENGINE)
    }
    fn operation(&self) -> OperationName {
        OperationName::known("tool_install")
    }
    fn version(&self) -> Version {
        self.version.clone()
    }
    fn run(&self, admitted: &Admitted, context: &RunContext<'_>) -> AdapterOutcome {
        let params = &admitted.operation().params;
        let name = params
            .get("tool")
            .and_then(Value::as_str)
            .and_then(|name| name.parse::<ToolName>().ok());
        let Some(name) = name else {
            let error = typed(Code::SchemaParams, "`tool` is no tool's name".to_owned());
            return outcome(params, Status::Failed, vec![error]);
        };
        let provision = ProvisionContext {
            recorder: context.recorder,
            store: context.store,
            clock: context.clock,
            events: context.events,
            cancel: context.cancel,
        };
        let progress = |name: &ToolName, what: &str| {
            (context.progress)(Progress::Phase(format!("{name}: {what}")));
        };
        // Whoever asks has found out that it is missing, or wants it again.
        match self.toolchain.install(&[name], Existing::Replace, &provision, &progress) {
            Ok(installed) => {
                let records: Vec<Value> = installed
                    .iter()
                    .map(|one| match one {
                        Installed::Built(record) => json!(record),
                        Installed::Kept(identity) => json!({"kept": identity}),
                    })
                    .collect();
                let mut outcome = outcome(params, Status::Succeeded, Vec::new());
                outcome.evidence = evidence("provisioning_record", &json!({"records": records}));
                outcome
            }
            Err(error) => outcome(
                params,
                failed_or_cancelled(error.code()),
                vec![typed(error.code(), error.to_string())],
            ),
        }
    }
}

fn failed_or_cancelled(code: Code) -> Status {
    if code == Code::Cancelled { Status::Cancelled } else { Status::Failed }
}

fn typed(code: Code, message: String) -> TypedError {
    TypedError { code, message, hint: code.hint().to_owned(), details_ref: None }
}

/// The record as the output of its role, and again as the evidence that D0 owes.
fn evidence(role: &str, document: &Value) -> Vec<Produced> {
    let bytes = serde_json::to_vec_pretty(document).unwrap_or_default();
    let original_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    ["evidence", role]
        .into_iter()
        .map(|role| Produced {
            role: role.to_owned(),
            media_type: "application/json".to_owned(),
            bytes: bytes.clone(),
            original_bytes,
        })
        .collect()
}

fn outcome(params: &Map<String, Value>, status: Status, errors: Vec<TypedError>) -> AdapterOutcome {
    let said = if status == Status::Succeeded {
        Vec::new()
    } else {
        evidence("evidence", &json!({"errors": errors}))
    };
    AdapterOutcome {
        status,
        findings: Vec::new(),
        coverage: Coverage::empty(),
        evidence: said,
        tools: Vec::new(),
        databases: Vec::new(),
        config_sha256: Digest::of_canonical(params).unwrap_or_else(|_| Digest::of(b"")),
        // Our own client runs in this process; a builder runs with the network and the home it needs.
        sandbox: SandboxLevel::Unsandboxed,
        determinism: Determinism::D0,
        errors,
    }
}
