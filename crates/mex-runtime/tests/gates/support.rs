//! A world in memory: recorder, store, clock and an adapter that counts its calls.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use jiff::Timestamp;
use mex_runtime::adapter::{Adapter, AdapterOutcome, Produced, RunContext};
use mex_runtime::artifact::{ArtifactHandle, SandboxLevel, Sidecar, ToolIdentity};
use mex_runtime::capability::{CapabilityRegistry, Consent, Profiles};
use mex_runtime::code::Code;
use mex_runtime::coverage::Coverage;
use mex_runtime::determinism::Determinism;
use mex_runtime::digest::Digest;
use mex_runtime::engine::EngineCatalog;
use mex_runtime::event::{Event, EventBody, EventContext, GateOutcome, GatePhase, SystemEvent};
use mex_runtime::execute::{Executed, Ports, Surroundings, execute};
use mex_runtime::gate::{
    Admitted, Attempt, ConformanceState, Facts, OpIdState, PathFact, ToolState,
};
use mex_runtime::id::{ActorId, EngineId, OpId, OperationName, ToolName, WorkspaceId};
use mex_runtime::operation::Actor;
use mex_runtime::port::{
    ArtifactState, ArtifactStore, Cancel, Clock, Record, Recorder, RecorderFault, StagedTree,
    StoreFault,
};
use mex_runtime::result::Status;
use serde_json::{Value, json};
use uuid::Uuid;

pub const ENGINES: &str = include_str!("../../../../mechanical_engines.json");
pub const REGISTRY: &str =
    include_str!("../../../../capability_registry/assets/capability_registry.json");
pub const PROFILES: &str = include_str!("../../../../capability_registry/profiles.json");
pub const NOW: &str = "2026-11-21T12:00:00Z";
pub const WSID: &str = "0123456789abcdef0123456789abcdef";

pub fn uuid(n: u64) -> Uuid {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&n.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(1_795_262_400_000 + n, &random).into_uuid()
}

#[derive(Default)]
pub struct Ticks(AtomicU64);

impl Clock for Ticks {
    fn now(&self) -> Timestamp {
        NOW.parse().unwrap()
    }
    fn uuid(&self) -> Uuid {
        uuid(1_000_000 + self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// Keeps everything, refuses what does not validate, and fails at the call told to.
#[derive(Default)]
pub struct Log {
    pub records: Mutex<Vec<Record>>,
    pub calls: AtomicUsize,
    pub fail_at: Option<usize>,
}

impl Recorder for Log {
    fn record(&self, records: Vec<Record>) -> Result<(), RecorderFault> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        if self.fail_at.is_some_and(|at| call >= at) {
            return Err(RecorderFault { code: Code::RecorderDb, message: "disk full".into() });
        }
        for record in &records {
            if let Record::Event(event) = record {
                event.validate().map_err(|invalid| RecorderFault {
                    code: Code::InvalidEvent,
                    message: invalid.to_string(),
                })?;
                let text = serde_json::to_string(event).unwrap();
                assert_eq!(Event::from_json(&text).unwrap(), **event);
            }
        }
        self.records.lock().unwrap().extend(records);
        Ok(())
    }
    fn session_id(&self) -> &str {
        "session-1"
    }
}

impl Log {
    pub fn events(&self) -> Vec<Event> {
        let records = self.records.lock().unwrap();
        let event = |record: &Record| match record {
            Record::Event(event) => Some((**event).clone()),
            Record::Diagnostic(..) => None,
        };
        records.iter().filter_map(event).collect()
    }
    pub fn diagnostics(&self) -> Vec<mex_runtime::diagnostic::Diagnostic> {
        let records = self.records.lock().unwrap();
        let diagnostic = |record: &Record| match record {
            Record::Diagnostic(diagnostic, _) => Some((**diagnostic).clone()),
            Record::Event(_) => None,
        };
        records.iter().filter_map(diagnostic).collect()
    }
    pub fn system(&self) -> Vec<SystemEvent> {
        let system = |event: Event| match event.body {
            EventBody::System(system) => Some(system),
            _ => None,
        };
        self.events().into_iter().filter_map(system).collect()
    }
    pub fn gates(&self, wanted: GatePhase) -> Vec<(String, GateOutcome)> {
        let gate = |event| match event {
            SystemEvent::GateOutcome { gate, outcome, phase, .. } if phase == wanted => {
                Some((gate, outcome))
            }
            _ => None,
        };
        self.system().into_iter().filter_map(gate).collect()
    }
}

#[derive(Default)]
pub struct Shelf {
    pub bytes: Mutex<BTreeMap<Digest, (Vec<u8>, Sidecar)>>,
    pub refuse_role: Option<&'static str>,
}

impl ArtifactStore for Shelf {
    fn put(&self, bytes: &[u8], sidecar: &Sidecar) -> Result<(), StoreFault> {
        assert_eq!(sidecar.artifact.sha256, Digest::of(bytes));
        if self.refuse_role == Some(sidecar.artifact.role.as_str()) {
            return Err(StoreFault { code: Code::StoreIo, message: "no space for it".into() });
        }
        let kept = (bytes.to_vec(), sidecar.clone());
        self.bytes.lock().unwrap().insert(sidecar.artifact.sha256, kept);
        Ok(())
    }
    fn check(&self, handle: &ArtifactHandle) -> ArtifactState {
        match self.bytes.lock().unwrap().get(&handle.sha256) {
            Some((bytes, _)) if bytes.len() as u64 == handle.size_bytes => ArtifactState::Intact,
            Some(_) => ArtifactState::Corrupt,
            None => ArtifactState::Missing,
        }
    }
    fn read(&self, sha256: &Digest) -> Result<Vec<u8>, StoreFault> {
        let found = self.bytes.lock().unwrap().get(sha256).map(|(bytes, _)| bytes.clone());
        found.ok_or(StoreFault { code: Code::StoreMissing, message: sha256.to_string() })
    }
}

/// What the adapter in memory does when it is called.
pub struct Canned {
    pub engine: &'static str,
    pub operation: &'static str,
    pub calls: AtomicUsize,
    pub outcome: fn() -> AdapterOutcome,
}

pub fn clean() -> AdapterOutcome {
    AdapterOutcome {
        status: Status::Succeeded,
        findings: Vec::new(),
        coverage: Coverage::empty(),
        evidence: vec![Produced {
            role: "tool-output".into(),
            media_type: "application/json".into(),
            bytes: b"[]".to_vec(),
            original_bytes: 2,
        }],
        tools: vec![tool("gitleaks")],
        databases: Vec::new(),
        config_sha256: Digest::of(b"config"),
        sandbox: SandboxLevel::Namespaced,
        determinism: Determinism::D2,
        errors: Vec::new(),
    }
}

impl Adapter for Canned {
    fn engine_id(&self) -> EngineId {
        EngineId::known(self.engine)
    }
    fn operation(&self) -> OperationName {
        OperationName::known(self.operation)
    }
    fn version(&self) -> semver::Version {
        semver::Version::new(1, 0, 0)
    }
    fn run(&self, _: &Admitted, _: &RunContext<'_>) -> AdapterOutcome {
        self.calls.fetch_add(1, Ordering::SeqCst);
        (self.outcome)()
    }
}

pub fn tool(name: &str) -> ToolIdentity {
    ToolIdentity {
        name: name.parse().unwrap(),
        version: "1.2.3".into(),
        sha256: Digest::of(name.as_bytes()),
    }
}

/// Everything around attempts, with one knob a fact.
pub struct World {
    pub catalog: EngineCatalog,
    pub registry: CapabilityRegistry,
    pub profiles: Profiles,
    pub consents: Vec<Consent>,
    pub manifest: ArtifactHandle,
    pub wsid: WorkspaceId,
    pub artifacts: BTreeMap<ArtifactHandle, ArtifactState>,
    pub tools: BTreeMap<ToolName, ToolState>,
    pub paths: BTreeMap<String, PathFact>,
    pub conformance: BTreeMap<EngineId, ConformanceState>,
    pub op_id: OpIdState,
    pub log: Log,
    pub shelf: Shelf,
    pub clock: Ticks,
    pub adapter: Canned,
    pub cancel: Cancel,
}

impl World {
    pub fn new() -> Self {
        let registry = CapabilityRegistry::parse(REGISTRY).unwrap();
        let catalog = EngineCatalog::parse(ENGINES).unwrap();
        let manifest = ArtifactHandle {
            sha256: Digest::of(b"manifest"),
            media_type: mex_runtime::artifact::media_type::MANIFEST.into(),
            size_bytes: 8,
            role: "manifest".into(),
        };
        let names = catalog.engines().flat_map(|engine| engine.tools());
        Self {
            profiles: Profiles::parse(PROFILES, &registry).unwrap(),
            consents: Vec::new(),
            wsid: WSID.parse().unwrap(),
            artifacts: [(manifest.clone(), ArtifactState::Intact)].into(),
            tools: names
                .map(|name| (name.clone(), ToolState::Pinned(tool(name.as_str()))))
                .collect(),
            paths: [("Cargo.lock".to_owned(), PathFact::StagedFile)].into(),
            conformance: catalog
                .engines()
                .map(|engine| (engine.id().clone(), ConformanceState::Passed))
                .collect(),
            op_id: OpIdState::Fresh,
            log: Log::default(),
            shelf: Shelf::default(),
            clock: Ticks::default(),
            adapter: Canned {
                engine: "engine.guard.secret_scan",
                operation: "secret_scan",
                calls: AtomicUsize::new(0),
                outcome: clean,
            },
            cancel: Cancel::default(),
            registry,
            catalog,
            manifest,
        }
    }

    pub fn facts(&self) -> Facts<'_> {
        Facts {
            catalog: &self.catalog,
            registry: &self.registry,
            profiles: &self.profiles,
            consents: &self.consents,
            now: NOW.parse().unwrap(),
            op_id: self.op_id,
            artifacts: self.artifacts.clone(),
            tools: self.tools.clone(),
            stage_manifest: Some(&self.manifest),
            wsid: Some(&self.wsid),
            paths: self.paths.clone(),
            conformance: self.conformance.clone(),
        }
    }

    pub fn context() -> EventContext {
        EventContext {
            actor: Actor::Human,
            actor_id: ActorId::known("tester"),
            job_id: Some(mex_runtime::id::JobId::new(uuid(7))),
            workflow_run_id: None,
            wsid: Some(WSID.parse().unwrap()),
        }
    }

    pub fn execute(&self, request: &str) -> Result<Executed, RecorderFault> {
        let attempt = Attempt::parse(request, OpId::new(uuid(99))).unwrap();
        let events = Self::context();
        let stage = StagedTree { root: "/nowhere".into(), manifest: self.manifest.clone() };
        let around = Surroundings {
            ports: Ports { recorder: &self.log, store: &self.shelf, clock: &self.clock },
            events: &events,
            stage: Some(&stage),
            allowlist: None,
            environment_id: Digest::of(b"environment"),
            cancel: &self.cancel,
            progress: &|_| {},
        };
        let facts = |_: &Attempt| self.facts();
        let adapters = |_: &EngineId, _: &OperationName| Some(&self.adapter as &dyn Adapter);
        execute(&attempt, &facts, &adapters, &around)
    }

    pub fn calls(&self) -> usize {
        self.adapter.calls.load(Ordering::SeqCst)
    }

    /// A valid operation of any engine, with the engine's defaults.
    pub fn request(&self, engine: &str, operation: &str) -> Value {
        let entry = self
            .catalog
            .operation(&engine.parse().unwrap(), &operation.parse().unwrap())
            .unwrap()
            .entry();
        let capabilities: Vec<_> = self
            .catalog
            .operation(&engine.parse().unwrap(), &operation.parse().unwrap())
            .unwrap()
            .required_capabilities()
            .to_vec();
        let inputs: Vec<Value> = entry
            .input_kinds
            .iter()
            .filter(|kind| **kind == mex_runtime::engine::InputKind::Manifest)
            .map(|_| json!({"artifact": self.manifest}))
            .collect();
        json!({
            "schema_version": "poe-1.0",
            "op_id": uuid(1),
            "engine_id": engine,
            "engine_version_req": "^1",
            "operation": operation,
            "inputs": inputs,
            "params": {},
            "capabilities_requested": capabilities,
            "capability_profile_id": "supply_chain_scan",
            "actor_id": "tester",
            "job_id": uuid(7),
            "budget": entry.default_budget,
            "determinism": entry.determinism_ceiling,
            "evidence_policy": {"required": true},
            "output_spec": {"roles": entry.output_roles},
            "consents": [],
        })
    }

    pub fn secret_scan(&self) -> Value {
        self.request("engine.guard.secret_scan", "secret_scan")
    }
}
