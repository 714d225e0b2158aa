//! When an earlier result stands for a run, and that nothing else does (contract SC-12).

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use mex_runtime::adapter::{Adapter, AdapterOutcome, RunContext};
use mex_runtime::artifact::ToolIdentity;
use mex_runtime::code::Code;
use mex_runtime::coverage::{Coverage, CoverageEntry, CoverageState};
use mex_runtime::determinism::Determinism;
use mex_runtime::digest::Digest;
use mex_runtime::event::{GatePhase, SystemEvent};
use mex_runtime::execute::{
    AdapterCall, DoubtfulResult, EarlierResult, EarlierResults, Executed, Otherwise, Ports,
    Surroundings, execute_unless_known, is_known,
};
use mex_runtime::gate::{Admitted, Attempt, ToolState};
use mex_runtime::id::{EngineId, OpId, OperationName};
use mex_runtime::port::StagedTree;
use mex_runtime::result::{Status, TypedError};
use serde_json::{Value, json};

use crate::support::{World, clean, tool, uuid};

/// An adapter that knows what it depends on.
struct Grounded {
    ground: Mutex<Vec<Option<Digest>>>,
    outcome: fn() -> AdapterOutcome,
    calls: AtomicUsize,
}

impl Adapter for Grounded {
    fn engine_id(&self) -> EngineId {
        EngineId::known("engine.guard.secret_scan")
    }
    fn operation(&self) -> OperationName {
        OperationName::known("secret_scan")
    }
    fn version(&self) -> semver::Version {
        semver::Version::new(1, 0, 0)
    }
    /// The grounds in turn; the last one from then on.
    fn ground(&self, _: &Admitted, _: &RunContext<'_>) -> Option<Digest> {
        let mut grounds = self.ground.lock().unwrap();
        if grounds.len() > 1 { grounds.remove(0) } else { grounds[0] }
    }
    fn run(&self, _: &Admitted, _: &RunContext<'_>) -> AdapterOutcome {
        self.calls.fetch_add(1, Ordering::SeqCst);
        (self.outcome)()
    }
}

/// The results that the log of a world names, as a data folder would find them.
struct Folder<'a> {
    world: &'a World,
    secret: &'static [u8],
    otherwise: Otherwise,
}

impl EarlierResults for Folder<'_> {
    fn seal(&self, ground: &[u8]) -> Digest {
        Digest::of(&[self.secret, ground].concat())
    }
    fn otherwise(&self) -> Otherwise {
        self.otherwise
    }
    fn find(&self, key: &Digest) -> Result<Option<EarlierResult>, DoubtfulResult> {
        let under_key = |event| match event {
            SystemEvent::OperationEnded {
                op_id, outputs, evidence, result_ref, reuse_key, ..
            } if reuse_key == Some(*key) => {
                Some(EarlierResult { op_id, result: result_ref.unwrap(), outputs, evidence })
            }
            _ => None,
        };
        Ok(self.world.log.system().into_iter().rev().find_map(under_key))
    }
}

struct Scene {
    world: World,
    adapter: Grounded,
    environment: &'static [u8],
    secret: &'static [u8],
    otherwise: Otherwise,
    request: Value,
    attempts: u64,
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        Self {
            request: world.secret_scan(),
            world,
            adapter: Grounded {
                ground: Mutex::new(vec![Some(Digest::of(b"ground"))]),
                outcome: clean,
                calls: AtomicUsize::new(0),
            },
            environment: b"environment",
            secret: b"secret",
            otherwise: Otherwise::Run,
            attempts: 0,
        }
    }

    fn with<T>(
        &mut self,
        act: impl FnOnce(&Self, &Attempt, &Surroundings<'_>, &Folder<'_>) -> T,
    ) -> T {
        self.attempts += 1;
        let mut request = self.request.clone();
        request["op_id"] = json!(uuid(10 + self.attempts));
        let attempt = Attempt::parse(&request.to_string(), OpId::new(uuid(99))).unwrap();
        let events = World::context();
        let world = &self.world;
        let stage = StagedTree { root: "/nowhere".into(), manifest: world.manifest.clone() };
        let around = Surroundings {
            ports: Ports { recorder: &world.log, store: &world.shelf, clock: &world.clock },
            events: &events,
            stage: Some(&stage),
            allowlist: None,
            environment_id: Digest::of(self.environment),
            cancel: &world.cancel,
            progress: &|_| {},
        };
        let folder = Folder { world, secret: self.secret, otherwise: self.otherwise };
        act(self, &attempt, &around, &folder)
    }

    fn run(&mut self) -> Executed {
        self.with(|scene, attempt, around, folder| {
            execute_unless_known(
                attempt,
                &|_| scene.world.facts(),
                &|_, _| Some(&scene.adapter as &dyn Adapter),
                around,
                Some(folder),
            )
            .unwrap()
        })
    }

    fn knows(&mut self) -> bool {
        self.with(|scene, attempt, around, folder| {
            is_known(
                attempt,
                &|_| scene.world.facts(),
                &|_, _| Some(&scene.adapter as &dyn Adapter),
                around,
                folder,
            )
        })
    }

    fn calls(&self) -> usize {
        self.adapter.calls.load(Ordering::SeqCst)
    }
}

/// SC-12: a new op_id, all gates before and after, the source named, no second run of the adapter.
#[test]
fn sc_12_an_unchanged_run_is_reused_under_its_own_id_and_gates() {
    let mut scene = Scene::new();
    assert!(!scene.knows(), "nothing ran yet");
    let events = scene.world.log.events().len();
    let first = scene.run();
    assert_eq!((first.adapter, first.reused), (AdapterCall::Called, None));
    assert!(scene.knows());
    assert!(scene.world.log.events().len() > events, "asking records nothing, running does");
    for _ in 0..2 {
        let before = scene.world.log.gates(GatePhase::Before).len();
        let after = scene.world.log.gates(GatePhase::After).len();
        let next = scene.run();
        assert_eq!(scene.calls(), 1);
        assert_eq!(next.adapter, AdapterCall::NotCalled);
        assert_eq!(next.reused.unwrap().op_id, first.result.op_id, "the run, not its reuse");
        assert_eq!(next.reused.unwrap().ended_at, first.result.ended_at);
        assert_ne!(next.result.op_id, first.result.op_id);
        assert_eq!(next.result.status, Status::Succeeded);
        assert_eq!(next.result.outputs, first.result.outputs);
        assert_eq!(next.result.evidence, first.result.evidence);
        assert_eq!(next.report, first.report);
        assert_eq!(next.coverage, first.coverage);
        assert_eq!(scene.world.log.gates(GatePhase::Before).len() - before, 6);
        assert_eq!(scene.world.log.gates(GatePhase::After).len() - after, 3);
        let provenance = next.result.provenance.unwrap();
        assert_eq!(provenance.reused_from, Some(first.result.op_id));
        assert_eq!(provenance.op_id, next.result.op_id);
        match scene.world.log.system().last().unwrap() {
            SystemEvent::OperationEnded { reused_from, reuse_key, .. } => {
                assert_eq!((*reused_from, *reuse_key), (Some(first.result.op_id), None));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// SC-12: each component of the key, changed alone, runs again.
#[test]
fn sc_12_every_component_of_the_key_counts() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 13] = [
        ("the adapter's ground", |s| {
            *s.adapter.ground.lock().unwrap() = vec![Some(Digest::of(b"x"))]
        }),
        ("a ground that is not known", |s| *s.adapter.ground.lock().unwrap() = vec![None]),
        ("a tool's digest", |s| {
            let changed = ToolIdentity { sha256: Digest::of(b"other"), ..tool("gitleaks") };
            let name = "gitleaks".parse().unwrap();
            s.world.tools.insert(name, ToolState::Pinned(changed));
        }),
        ("a tool's version", |s| {
            let changed = ToolIdentity { version: "9.9.9".into(), ..tool("gitleaks") };
            let name = "gitleaks".parse().unwrap();
            s.world.tools.insert(name, ToolState::Pinned(changed));
        }),
        ("params", |s| s.request["params"] = json!({"scope": "history"})),
        ("the input", |s| {
            let old = s.world.manifest.clone();
            s.world.manifest.sha256 = Digest::of(b"another tree");
            let state = s.world.artifacts.remove(&old).unwrap();
            s.world.artifacts.insert(s.world.manifest.clone(), state);
            s.request["inputs"] = json!([{"artifact": s.world.manifest}]);
        }),
        ("budget", |s| s.request["budget"]["cpu_time_ms"] = json!(1000)),
        ("determinism", |s| s.request["determinism"] = json!("D1")),
        ("output roles", |s| s.request["output_spec"] = json!({"roles": ["report"]})),
        ("the environment", |s| s.environment = b"unsandboxed"),
        ("the data folder", |s| s.secret = b"another folder"),
        ("the result document", |s| {
            let result = last_result(s);
            s.world.shelf.bytes.lock().unwrap().remove(&result);
        }),
        ("the whole store", |s| s.world.shelf.bytes.lock().unwrap().clear()),
    ];
    for (what, change) in changes {
        let mut scene = Scene::new();
        scene.run();
        change(&mut scene);
        assert!(!scene.knows(), "{what}");
        let again = scene.run();
        assert_eq!((scene.calls(), again.reused), (2, None), "{what}");
        assert!(scene.world.log.diagnostics().is_empty(), "{what} is nobody's fault");
    }
}

fn last_result(scene: &Scene) -> Digest {
    scene
        .world
        .log
        .system()
        .iter()
        .rev()
        .find_map(|event| match event {
            SystemEvent::OperationEnded { result_ref, .. } => {
                result_ref.as_ref().map(|handle| handle.sha256)
            }
            _ => None,
        })
        .unwrap()
}

fn fault() -> TypedError {
    let message = "it went wrong".to_owned();
    TypedError { code: Code::ToolExit, message, hint: String::new(), details_ref: None }
}

fn failed_lockfile() -> AdapterOutcome {
    let mut coverage = Coverage::empty();
    coverage.entries.push(CoverageEntry {
        job: "secret".parse().unwrap(),
        subject: "files".into(),
        tool: None,
        state: CoverageState::Failed,
        reason: "it could not be read".into(),
        items: 1,
    });
    AdapterOutcome { coverage, ..clean() }
}

/// SC-12: what failed, was stopped, is not reproducible or not whole is never reused, nor is what ran
/// while something it rests on moved.
#[test]
fn sc_12_only_whole_results_are_reused() {
    type Make = fn() -> AdapterOutcome;
    let outcomes: [(&str, Make); 5] = [
        ("failed", || AdapterOutcome { status: Status::Failed, errors: vec![fault()], ..clean() }),
        ("cancelled", || AdapterOutcome { status: Status::Cancelled, ..clean() }),
        ("timed out", || AdapterOutcome { status: Status::TimedOut, ..clean() }),
        ("an error", || AdapterOutcome { errors: vec![fault()], ..clean() }),
        ("a part that failed", failed_lockfile),
    ];
    for (what, outcome) in outcomes {
        let mut scene = Scene::new();
        scene.adapter.outcome = outcome;
        scene.run();
        assert!(!scene.knows(), "{what}");
        assert_eq!((scene.run().reused, scene.calls()), (None, 2), "{what}");
    }
    let mut live = Scene::new();
    live.request["determinism"] = json!("D1");
    live.adapter.outcome = || AdapterOutcome { determinism: Determinism::D1, ..clean() };
    live.run();
    assert_eq!((live.run().reused, live.calls()), (None, 2), "what is not pinned");

    let mut moving = Scene::new();
    let grounds = [b"one", b"two", b"one"].map(|ground| Some(Digest::of(ground)));
    moving.adapter.ground = Mutex::new(grounds.to_vec());
    moving.run();
    assert_eq!((moving.run().reused, moving.calls()), (None, 2), "it moved while it ran");
}

/// SC-12: a denied attempt is denied, whatever is known; what was to be reused and went is no clean run.
#[test]
fn sc_12_gates_come_first_and_nothing_runs_on_files_that_are_not_there() {
    let mut scene = Scene::new();
    scene.run();
    scene.world.tools.insert("gitleaks".parse().unwrap(), ToolState::Missing);
    let denied = scene.run();
    assert_eq!((denied.result.status, denied.reused), (Status::Denied, None));

    let mut scene = Scene::new();
    scene.otherwise = Otherwise::Fail;
    let gone = scene.run();
    assert_eq!((gone.result.status, gone.adapter), (Status::Failed, AdapterCall::NotCalled));
    assert_eq!(gone.result.errors[0].code, Code::StoreMissing);
    assert!(gone.report.is_none());
    assert_eq!(scene.calls(), 0);
}

/// SC-12: a result that is there and is not what its event says is a diagnostic, and it runs again.
#[test]
fn sc_12_a_result_that_is_not_its_events_is_doubted() {
    for what in ["damaged", "of another attempt"] {
        let mut scene = Scene::new();
        scene.run();
        let result = last_result(&scene);
        {
            let mut shelf = scene.world.shelf.bytes.lock().unwrap();
            let bytes = &mut shelf.get_mut(&result).unwrap().0;
            if what == "damaged" {
                bytes.push(b' ');
            } else {
                // The store in memory does not hash: a store that lies is not believed either.
                let text = String::from_utf8(bytes.clone()).unwrap();
                let (ours, theirs) = (uuid(11).to_string(), uuid(12).to_string());
                *bytes = text.replace(&ours, &theirs).into_bytes();
            }
        }
        assert!(!scene.knows(), "{what}");
        assert_eq!((scene.run().reused, scene.calls()), (None, 2), "{what}");
        let told = scene.world.log.diagnostics();
        assert_eq!(told.len(), 1, "{what}");
        assert_eq!(told[0].code.as_deref(), Some(Code::StoreCorrupt.as_str()), "{what}");
        assert!(scene.run().reused.is_some(), "the new result stands");
    }
}
