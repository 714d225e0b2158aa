//! The product opened on a data folder and a tools folder: what every use case starts from.
//! Owns the order of opening; each part is opened when it is first needed. Never a use case itself.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use mex_recorder::FlightRecorder;
use mex_runtime::artifact::{ArtifactHandle, SandboxLevel, Sidecar};
use mex_runtime::capability::Consent;
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::engine::EngineCatalog;
use mex_runtime::event::{Event, EventBody, EventContext, SystemEvent};
use mex_runtime::execute::Ports;
use mex_runtime::id::{ActorId, EngineId, EventId};
use mex_runtime::operation::Actor;
use mex_runtime::policy::allowlist::FingerprintKey;
use mex_runtime::port::{ArtifactStore as _, Cancel, Clock, Record, Recorder as _};
use mex_scanners::advisory::Databases;
use mex_scanners::process::provision::ProvisionContext;
use mex_scanners::process::record_probe;
use mex_scanners::sandbox::{InitCommand, Sandbox};
use mex_scanners::seal::Seal;
use mex_scanners::toolchain::{Lock, ToolMemory, Toolchain};

use semver::Version;

use crate::clock::SystemClock;
use crate::error::{AppError, AppResult};
use crate::place::{Places, logged_in};
use crate::publish::in_force::RulesInForce;
use crate::work::WorkFolder;
use crate::{documents, embedded};

/// The version of the product.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The product, opened.
pub struct App {
    pub(crate) places: Places,
    pub(crate) clock: Arc<SystemClock>,
    pub(crate) recorder: Arc<FlightRecorder>,
    pub(crate) catalog: EngineCatalog,
    pub(crate) rules: RulesInForce,
    pub(crate) actor_id: ActorId,
    pub(crate) work: WorkFolder,
    init: InitCommand,
    toolchain: OnceLock<Arc<Toolchain>>,
    databases: OnceLock<Arc<Databases>>,
    sandbox: OnceLock<Arc<Sandbox>>,
    fingerprint_key: OnceLock<FingerprintKey>,
    seal: OnceLock<Seal>,
}

/// The first process inside a sandbox: a host calls this when it was started as one.
pub fn sandbox_init(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    mex_scanners::sandbox::init_main(arguments)
}

impl App {
    /// Opens the data folder, sweeps what a crash left, and reads the registry in force.
    ///
    /// `init` is how this host starts [`sandbox_init`].
    ///
    /// # Errors
    /// When the data folder cannot be used, is damaged or was written by a newer version.
    pub fn open(places: Places, init: (PathBuf, Vec<String>)) -> AppResult<Self> {
        let clock = Arc::new(SystemClock);
        let recorder = FlightRecorder::open(&places.data_dir, clock.clone())
            .map_err(|error| AppError::new(error.code(), error.to_string()))?;
        let work = WorkFolder::open(&places.data_dir, recorder.session_id())?;
        let app = Self {
            catalog: embedded::engines()?,
            actor_id: logged_in(),
            places,
            clock,
            recorder: Arc::new(recorder),
            rules: RulesInForce::default(),
            work,
            init: InitCommand { path: init.0, leading_args: init.1 },
            toolchain: OnceLock::new(),
            databases: OnceLock::new(),
            sandbox: OnceLock::new(),
            fingerprint_key: OnceLock::new(),
            seal: OnceLock::new(),
        };
        app.in_force()?;
        Ok(app)
    }

    /// The product on a data folder of its own below this one: there the conformance suite leaves
    /// its many denials, which are no Problems of anybody. Tools, databases and sandbox are shared.
    ///
    /// # Errors
    /// As [`App::open`].
    pub(crate) fn suite(&self) -> AppResult<Self> {
        let places = Places {
            data_dir: self.places.data_dir.join("conformance"),
            tools_dir: self.places.tools_dir.clone(),
        };
        let suite = Self::open(places, (self.init.path.clone(), self.init.leading_args.clone()))?;
        // A fresh suite has none of these yet, so none is refused.
        let _ = suite.toolchain.set(self.toolchain()?.clone());
        let _ = suite.databases.set(self.databases()?.clone());
        let _ = suite.sandbox.set(self.sandbox()?.clone());
        Ok(suite)
    }

    /// Where the folders are.
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// The ports every execution uses.
    pub(crate) fn ports(&self) -> Ports<'_> {
        Ports { recorder: &*self.recorder, store: self.recorder.artifacts(), clock: &*self.clock }
    }

    /// The context of events about this invocation: the person who runs it.
    pub(crate) fn by_person(&self) -> EventContext {
        EventContext {
            actor: Actor::Human,
            actor_id: self.actor_id.clone(),
            job_id: None,
            workflow_run_id: None,
            wsid: None,
        }
    }

    /// Writes one event.
    pub(crate) fn record(&self, context: &EventContext, body: EventBody) -> AppResult<EventId> {
        let event = self.event(context, body);
        let event_id = event.event_id;
        self.recorder.record(vec![Record::from(event)])?;
        Ok(event_id)
    }

    /// An event of now, to be written with others in one transaction.
    pub(crate) fn event(&self, context: &EventContext, body: EventBody) -> Event {
        context.event(EventId::new(self.clock.uuid()), self.clock.now(), body)
    }

    /// Stores a document a person brought or the product made, without provenance of a tool.
    pub(crate) fn store(
        &self,
        bytes: &[u8],
        media_type: &str,
        role: &str,
    ) -> AppResult<ArtifactHandle> {
        let size_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let handle = ArtifactHandle {
            sha256: Digest::of(bytes),
            media_type: media_type.to_owned(),
            size_bytes,
            role: role.to_owned(),
        };
        let sidecar = Sidecar {
            schema_version: "sc-1.0".to_owned(),
            artifact: handle.clone(),
            stored_at: self.clock.now(),
            provenance: None,
            truncated: false,
            original_bytes: size_bytes,
            annotations: Default::default(),
        };
        self.recorder.artifacts().put(bytes, &sidecar)?;
        Ok(handle)
    }

    /// Every consent there is, as the gates read them.
    pub(crate) fn consents(&self) -> AppResult<Vec<Consent>> {
        crate::consent::all(&self.recorder, self.clock.now())
    }

    /// The data folder's own fingerprint key.
    pub(crate) fn fingerprint_key(&self) -> AppResult<&FingerprintKey> {
        if let Some(key) = self.fingerprint_key.get() {
            return Ok(key);
        }
        let key = documents::fingerprint_key(&self.places.data_dir)?;
        Ok(self.fingerprint_key.get_or_init(|| key))
    }

    /// The secret with which this data folder knows what it kept itself (contract SC-12).
    pub(crate) fn seal(&self) -> AppResult<&Seal> {
        if let Some(seal) = self.seal.get() {
            return Ok(seal);
        }
        let seal = crate::reuse::seal(&self.places.data_dir)?;
        Ok(self.seal.get_or_init(|| seal))
    }

    /// The pinned tools, with this data folder's own provisioning events as witnesses (contract SC-5).
    pub(crate) fn toolchain(&self) -> AppResult<&Arc<Toolchain>> {
        if let Some(toolchain) = self.toolchain.get() {
            return Ok(toolchain);
        }
        let lock = Lock::parse(embedded::TOOLCHAIN_LOCK)
            .map_err(|error| AppError::new(Code::ToolchainLock, error.to_string()))?;
        let toolchain = Toolchain::open(&self.places.tools_dir, lock)
            .map_err(crate::tools::failed)?
            .with_shipped(crate::place::shipped_tools());
        crate::tools::witness(self, &toolchain)?;
        toolchain.recall(&self.tool_memory()?);
        Ok(self.toolchain.get_or_init(|| Arc::new(toolchain)))
    }

    /// Where this data folder keeps what it knows of its tools' files (contract SC-5).
    pub(crate) fn tool_memory(&self) -> AppResult<ToolMemory> {
        Ok(ToolMemory::new(&self.places.data_dir.join("kept/tools.json"), self.seal()?.clone()))
    }

    /// The advisory snapshots; the embedded ones are taken in where they are missing.
    pub(crate) fn databases(&self) -> AppResult<&Arc<Databases>> {
        if let Some(databases) = self.databases.get() {
            return Ok(databases);
        }
        let databases =
            Databases::open(&self.places.tools_dir, &*self.clock).map_err(crate::db::refused)?;
        Ok(self.databases.get_or_init(|| Arc::new(databases)))
    }

    /// The sandbox, probed once a process; the level reached is an event.
    pub(crate) fn sandbox(&self) -> AppResult<&Arc<Sandbox>> {
        if let Some(sandbox) = self.sandbox.get() {
            return Ok(sandbox);
        }
        let sandbox = Sandbox::probe(self.init.clone(), self.work.path());
        let events = EventContext::system(self.actor_id.clone());
        let ports = self.ports();
        let context = ProvisionContext {
            recorder: ports.recorder,
            store: ports.store,
            clock: ports.clock,
            events: &events,
            cancel: &Cancel::default(),
        };
        record_probe(&sandbox, &context)
            .map_err(|fault| AppError::new(fault.code(), fault.to_string()))?;
        let probed = SystemEvent::SandboxProbed {
            level: sandbox.level,
            reason: sandbox.reason.clone(),
            limits: Some(sandbox.limits),
            limits_reason: sandbox.limits_reason.clone(),
        };
        self.record(&events, EventBody::System(probed))?;
        Ok(self.sandbox.get_or_init(|| Arc::new(sandbox)))
    }

    /// The version of an engine's adapter code, as the catalog says.
    pub(crate) fn adapter_version(&self, engine: &str) -> AppResult<Version> {
        engine
            .parse()
            .ok()
            .and_then(|id: EngineId| {
                self.catalog.engine(&id).map(|engine| engine.adapter_version().clone())
            })
            .ok_or_else(|| {
                AppError::new(
                    Code::EnginesInvalid,
                    format!("mechanical_engines.json has no `{engine}`"),
                )
            })
    }

    /// The sandbox as it was probed in this process; `None` where nothing asked for it yet.
    pub(crate) fn probed_sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.get().map(AsRef::as_ref)
    }

    /// Digest of platform, sandbox and product version, for provenance (contract ART-2).
    pub(crate) fn environment_id(&self, level: SandboxLevel) -> AppResult<Digest> {
        let environment = serde_json::json!({
            "arch": std::env::consts::ARCH,
            "mex": VERSION,
            "os": std::env::consts::OS,
            "sandbox": level,
        });
        Digest::of_canonical(&environment)
            .map_err(|error| AppError::new(Code::Internal, error.to_string()))
    }
}
