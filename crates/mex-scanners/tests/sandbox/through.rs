//! The stub in a scanner's place, asked by the real adapters through toolchain, stage and sandbox:
//! whatever it does, the run ends as a typed error and never as a clean one (promises P2, P3).
//! Long because every scanner stands on the same bench.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mex_runtime::adapter::{Adapter, AdapterOutcome, RunContext};
use mex_runtime::artifact::{ArtifactHandle, SandboxLevel, ToolIdentity, media_type};
use mex_runtime::capability::{CapabilityRegistry, Consent, Profiles};
use mex_runtime::code::Code;
use mex_runtime::coverage::CoverageState;
use mex_runtime::digest::Digest;
use mex_runtime::engine::{EngineCatalog, InputKind};
use mex_runtime::event::{EventBody, EventContext};
use mex_runtime::gate::{Admitted, Attempt, ConformanceState, Facts, OpIdState, ToolState, judge};
use mex_runtime::id::OpId;
use mex_runtime::policy::allowlist::FingerprintKey;
use mex_runtime::port::{ArtifactState, Cancel, Clock, Record, StagedTree};
use mex_runtime::result::Status;
use mex_scanners::advisory::Databases;
use mex_scanners::sandbox::Sandbox;
use mex_scanners::sbom_scan::SbomScan;
use mex_scanners::secret_scan::SecretScan;
use mex_scanners::stage::{Stage, StageOptions};
use mex_scanners::toolchain::{Lock, PLATFORM, ProvisioningRecord, Toolchain};
use mex_scanners::vuln_scan::VulnScan;
use serde_json::{Value, json};

use crate::kit::{Ports, init, stub};

const ENGINES: &str = include_str!("../../../../mechanical_engines.json");
const REGISTRY: &str =
    include_str!("../../../../capability_registry/assets/capability_registry.json");
const PROFILES: &str = include_str!("../../../../capability_registry/profiles.json");
const WSID: &str = "0123456789abcdef0123456789abcdef";
const CARGO_LOCK: &str = include_str!("../recorded/Cargo.lock.txt");

/// A scanner as the lock file of these tests pins it, and what it says when all is well.
struct Scanner {
    name: &'static str,
    version: &'static str,
    report: &'static str,
    log: &'static str,
}

const GITLEAKS: Scanner = Scanner {
    name: "gitleaks",
    version: "8.30.1",
    report: "[]",
    log: "1:00PM INF scanned ~1 bytes (1 bytes) in 1ms\n1:00PM INF no leaks found\n",
};
const OSV: Scanner = Scanner {
    name: "osv-scanner",
    version: "2.6.0",
    report: "{\"results\":[]}",
    log: "Scanned /project/Cargo.lock file and found 4 packages\n",
};
const AUDIT: Scanner = Scanner {
    name: "cargo-audit",
    version: "0.22.2",
    report: "{\"database\":{\"advisory-count\":999999},\"lockfile\":{\"dependency-count\":4},\
             \"settings\":{\"ignore\":[],\"target_arch\":[],\"target_os\":[]},\
             \"vulnerabilities\":{\"found\":false,\"count\":0,\"list\":[]},\"warnings\":{}}",
    log: "",
};
const SYFT: Scanner = Scanner {
    name: "syft",
    version: "1.52.0",
    report: "{\"artifacts\":[],\"artifactRelationships\":[],\"descriptor\":{\"name\":\"syft\"}}",
    log: "",
};
const SCANNERS: [Scanner; 4] = [GITLEAKS, OSV, AUDIT, SYFT];

impl Scanner {
    /// The right answer, with blanks behind the report: no reader of JSON minds those.
    fn answer(&self, blanks: u64) -> Vec<String> {
        if self.name == SYFT.name {
            let documents = [
                ("syft.json", self.report),
                ("cyclonedx.json", "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"}"),
                ("spdx.json", "{\"spdxVersion\":\"SPDX-2.3\"}"),
            ];
            let files = documents.into_iter().flat_map(|(name, text)| [name, text]);
            let orders = ["leave".to_owned(), blanks.to_string()];
            return orders.into_iter().chain(files.map(str::to_owned)).collect();
        }
        ["answer", self.report, &blanks.to_string(), self.log].map(str::to_owned).to_vec()
    }
}

/// How the lock file and the tools folder vouch for a tool.
#[derive(Clone, Copy, PartialEq)]
enum Pin {
    Lock,
    Record,
}

/// A day after that of the embedded databases.
pub struct Today;

impl Clock for Today {
    fn now(&self) -> jiff::Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }
    fn uuid(&self) -> uuid::Uuid {
        uuid::Uuid::now_v7()
    }
}

/// The embedded databases, taken in once.
fn databases() -> Arc<Databases> {
    static ALL: OnceLock<(tempfile::TempDir, Arc<Databases>)> = OnceLock::new();
    let (_, databases) = ALL.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let databases = Databases::open(folder.path(), &Today).unwrap();
        (folder, Arc::new(databases))
    });
    databases.clone()
}

pub struct Bench {
    work: tempfile::TempDir,
    tools: tempfile::TempDir,
    stage: Stage,
    pub sandbox: Arc<Sandbox>,
    pub ports: Ports,
    pub budget: Value,
    /// Parameters, profile and consents of the operation.
    pub params: Value,
    pub profile: &'static str,
    pub consents: Vec<Consent>,
}

impl Bench {
    fn new() -> Self {
        Self::with(&[("Cargo.lock", CARGO_LOCK)])
    }

    /// A project of these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let (work, tools) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let project = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = project.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let options = StageOptions::default();
        let stage = Stage::take(project.path(), work.path(), &options, &|_| (), &Cancel::default())
            .unwrap();
        let sandbox = Sandbox::probe(init(), work.path());
        assert_eq!(sandbox.reason, "", "these tests need bubblewrap");
        let budget = json!({
            "cpu_time_ms": 20_000, "wall_time_ms": 20_000,
            "memory_bytes": 512 << 20, "output_bytes": 8 << 20,
        });
        let ports = Ports::default();
        Self {
            work,
            tools,
            stage,
            sandbox: Arc::new(sandbox),
            ports,
            budget,
            params: json!({}),
            profile: "supply_chain_scan",
            consents: Vec::new(),
        }
    }

    /// Puts the stub where the tool belongs, with its orders, and returns its digest.
    fn put(&self, scanner: &Scanner, version: &str, orders: &[String], pin: Pin) -> Digest {
        let mut bytes = std::fs::read(stub().executable).unwrap();
        for word in ["orders", version].into_iter().chain(orders.iter().map(String::as_str)) {
            bytes.push(0x1e);
            bytes.extend_from_slice(word.as_bytes());
        }
        let path = self.path(scanner);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let sha256 = Digest::of(&bytes);
        if pin == Pin::Record {
            let record = ProvisioningRecord {
                schema_version: "tr-1.0".to_owned(),
                tool: ToolIdentity {
                    name: scanner.name.parse().unwrap(),
                    version: scanner.version.to_owned(),
                    sha256,
                },
                method: "source".to_owned(),
                origin: "tests".to_owned(),
                built_with: String::new(),
                stats_sha256: None,
                provisioned_at: "2026-08-25T12:00:00Z".parse().unwrap(),
                machine: None,
            };
            let beside = path.with_file_name("record.json");
            std::fs::write(beside, serde_json::to_vec(&record).unwrap()).unwrap();
        }
        sha256
    }

    fn path(&self, scanner: &Scanner) -> PathBuf {
        self.tools.path().join("tools").join(scanner.name).join(scanner.version).join(scanner.name)
    }

    fn toolchain(&self, pins: &BTreeMap<&str, Digest>) -> Arc<Toolchain> {
        let tool = |scanner: &Scanner| {
            let pin = pins.get(scanner.name).map(|digest| (PLATFORM.to_owned(), json!(digest)));
            json!({
                "name": scanner.name, "version": scanner.version, "licence": "MIT",
                "integration": "subprocess", "purpose": "tests", "used_by": "scan",
                "sources": [{
                    "kind": "crate", "name": scanner.name, "version": scanner.version,
                    "crate_sha256": Digest::of(b"crate"), "rust": "1.95.0",
                }],
                "executable_sha256": pin.into_iter().collect::<serde_json::Map<_, _>>(),
                "version_probe": {"args": ["--version"]},
            })
        };
        let tools: Vec<Value> = SCANNERS.iter().map(tool).collect();
        let lock = json!({"schema_version": "tl-1.0", "tools": tools, "databases": []});
        let lock = Lock::parse(&lock.to_string()).unwrap();
        Arc::new(Toolchain::open(self.tools.path(), lock).unwrap())
    }

    /// Puts all scanners there, all well but the one with these orders.
    fn toolchain_with(&self, odd: &Scanner, orders: &[String]) -> Arc<Toolchain> {
        let pins = SCANNERS.iter().map(|scanner| {
            let well = scanner.answer(0);
            let orders = if scanner.name == odd.name { orders } else { &well };
            (scanner.name, self.put(scanner, scanner.version, orders, Pin::Lock))
        });
        self.toolchain(&pins.collect())
    }

    fn secret(&self, toolchain: Arc<Toolchain>) -> AdapterOutcome {
        let own =
            FingerprintKey { document_id: "own".into(), salt: [7; 16], m_kib: 32, t: 1, p: 1 };
        let adapter = SecretScan::new(toolchain, self.sandbox.clone(), own, Vec::new());
        self.run(&adapter)
    }

    fn vuln(&self, toolchain: Arc<Toolchain>) -> AdapterOutcome {
        self.run(&VulnScan::new(toolchain, databases(), self.sandbox.clone()))
    }

    /// The job of a scanner.
    fn scan(&self, scanner: &Scanner, toolchain: Arc<Toolchain>) -> AdapterOutcome {
        match scanner.name {
            "gitleaks" => self.secret(toolchain),
            "syft" => self.run(&SbomScan::new(toolchain, self.sandbox.clone())),
            _ => self.vuln(toolchain),
        }
    }

    pub fn run(&self, adapter: &dyn Adapter) -> AdapterOutcome {
        let manifest = ArtifactHandle {
            sha256: Digest::of(b"manifest"),
            media_type: media_type::MANIFEST.into(),
            size_bytes: 8,
            role: "manifest".into(),
        };
        let events = EventContext::system("test".parse().unwrap());
        let stage = StagedTree { root: self.stage.root(), manifest: manifest.clone() };
        let context = RunContext {
            stage: Some(&stage),
            recorder: &self.ports,
            store: &self.ports,
            clock: &self.ports,
            events: &events,
            cancel: &Cancel::default(),
            progress: &|_| {},
        };
        adapter.run(&self.admitted(adapter, &manifest), &context)
    }

    /// The real gates' proof, over facts in which everything is in order.
    fn admitted(&self, adapter: &dyn Adapter, manifest: &ArtifactHandle) -> Admitted {
        let registry = CapabilityRegistry::parse(REGISTRY).unwrap();
        let catalog = EngineCatalog::parse(ENGINES).unwrap();
        let (engine, operation) = (adapter.engine_id(), adapter.operation());
        let spec = catalog.operation(&engine, &operation).unwrap();
        let kinds = spec.entry().input_kinds.iter();
        let inputs: Vec<Value> = kinds
            .filter(|kind| **kind == InputKind::Manifest)
            .map(|_| json!({"artifact": manifest}))
            .collect();
        let request = json!({
            "schema_version": "poe-1.0",
            "op_id": uuid::Uuid::now_v7(),
            "engine_id": engine,
            "operation": operation,
            "inputs": inputs,
            "params": self.params,
            "capabilities_requested": spec.required_capabilities(),
            "capability_profile_id": self.profile,
            "actor_id": "tester",
            "job_id": uuid::Uuid::now_v7(),
            "budget": self.budget,
            "determinism": spec.entry().determinism_ceiling,
            "evidence_policy": {"required": true},
            "output_spec": {"roles": spec.entry().output_roles},
            "consents": self.consents.iter().map(|consent| &consent.id).collect::<Vec<_>>(),
        });
        let attempt =
            Attempt::parse(&request.to_string(), OpId::new(uuid::Uuid::now_v7())).unwrap();
        let tools = catalog.engines().flat_map(|engine| engine.tools());
        let facts = Facts {
            catalog: &catalog,
            registry: &registry,
            profiles: &Profiles::parse(PROFILES, &registry).unwrap(),
            consents: &self.consents,
            now: Today.now(),
            op_id: OpIdState::Fresh,
            artifacts: [(manifest.clone(), ArtifactState::Intact)].into(),
            tools: tools.map(|name| (name.clone(), ToolState::Pinned(stub().identity))).collect(),
            stage_manifest: Some(manifest),
            wsid: Some(&WSID.parse().unwrap()),
            paths: BTreeMap::new(),
            conformance: catalog
                .engines()
                .map(|engine| (engine.id().clone(), ConformanceState::Passed))
                .collect(),
        };
        let judged = judge(&attempt, &facts);
        judged.admitted.unwrap_or_else(|| panic!("{:?}", judged.gates))
    }

    /// What is left in the work folder beside the stage.
    fn left(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.work.path()).unwrap().flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| !name.starts_with("stage-") && name != "groups").collect()
    }
}

/// The most this process ever held, in bytes.
fn high_water() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

fn codes(outcome: &AdapterOutcome) -> Vec<Code> {
    outcome.errors.iter().map(|error| error.code).collect()
}

#[track_caller]
fn check(adjust: &[(&str, u64)], orders: &dyn Fn(&Scanner) -> Vec<String>, expect: &[Code]) {
    for scanner in &SCANNERS {
        let mut bench = Bench::new();
        for (limit, value) in adjust {
            bench.budget[*limit] = json!(value);
        }
        let toolchain = bench.toolchain_with(scanner, &orders(scanner));
        let begun = Instant::now();
        let outcome = bench.scan(scanner, toolchain);
        let codes = codes(&outcome);
        let name = scanner.name;
        assert!(codes.iter().any(|code| expect.contains(code)), "{name}: {:?}", outcome.errors);
        assert_ne!(outcome.status, Status::Succeeded, "{name}");
        let failed = |entry: &&mex_runtime::coverage::CoverageEntry| {
            entry.tool.as_ref().is_some_and(|tool| tool.as_str() == name)
                && entry.state == CoverageState::Failed
        };
        let entries = &outcome.coverage.entries;
        assert!(entries.iter().find(failed).is_some(), "{name} is no gap: {entries:?}");
        let scanned = entries.iter().filter(|entry| {
            entry.tool.as_ref().is_some_and(|tool| tool.as_str() == name)
                && entry.state == CoverageState::Scanned
        });
        assert_eq!(scanned.count(), 0, "{name} counts as read: {entries:?}");
        for evidence in &outcome.evidence {
            assert!(evidence.bytes.len() < 1 << 20, "{name} left {}", evidence.bytes.len());
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{name} took {:?}", begun.elapsed());
        assert_eq!(bench.left(), [""; 0], "{name}");
        assert!(high_water() < 1 << 30, "{name} made the host hold {} bytes", high_water());
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Without this the other tests would prove nothing: the same bench, all well, is clean.
#[test]
fn a_stub_that_answers_well_is_believed_by_every_adapter() {
    for scanner in &SCANNERS {
        let bench = Bench::new();
        let toolchain = bench.toolchain_with(scanner, &scanner.answer(1000));
        let outcome = bench.scan(scanner, toolchain);
        assert_eq!(outcome.errors, [], "{}", scanner.name);
        assert_eq!(
            (outcome.status, outcome.sandbox),
            (Status::Succeeded, SandboxLevel::Namespaced)
        );
        assert_eq!(bench.left(), [""; 0]);
    }
}

/// P2: a list that was announced and is not there, or whose documents are not, is no list.
#[test]
fn p2_files_that_a_tool_did_not_leave_are_an_error_and_every_lockfile_a_gap() {
    let whole = SYFT.answer(0);
    for left in [2, 4, 6] {
        let bench = Bench::new();
        let outcome = bench.scan(&SYFT, bench.toolchain_with(&SYFT, &whole[..left]));
        assert_eq!(outcome.status, Status::Failed, "{left}");
        assert!(codes(&outcome).iter().all(|code| *code == Code::ToolOutput), "{left}");
        let entries = &outcome.coverage.entries;
        let state = |subject: &str| {
            entries.iter().find(|entry| entry.subject == subject).map(|entry| entry.state)
        };
        assert_eq!(state("files"), Some(CoverageState::Failed), "{left}");
        assert!(state("Cargo.lock").is_some_and(CoverageState::is_gap), "{left}");
    }
}

#[test]
fn p2_a_hang_through_an_adapter_is_a_timeout() {
    check(&[("wall_time_ms", 800)], &|_| words(&["hang"]), &[Code::ToolTimeout]);
    // A whole and right report is not believed before its tool ended.
    let orders = |scanner: &Scanner| words(&["answer-and-hang", scanner.report, scanner.log]);
    check(&[("wall_time_ms", 800)], &orders, &[Code::ToolTimeout]);
}

#[test]
fn p2_two_gigabytes_through_an_adapter_are_cut_and_never_parsed_as_whole() {
    let two = (2_u64 << 30).to_string();
    check(&[], &|_| words(&["flood", &two]), &[Code::ToolTruncated]);
    check(&[], &|_| words(&["flood-log", &two]), &[Code::ToolTruncated]);
    check(&[], &|_| words(&["file", &two]), &[Code::ToolTruncated]);
    // The worst: what is kept of it is a right and clean report.
    check(&[], &|scanner| scanner.answer(2 << 30), &[Code::ToolTruncated]);
}

#[test]
fn p2_a_spin_a_bomb_and_an_allocation_through_an_adapter_are_errors() {
    let limits = [Code::BudgetOverrun, Code::ToolTimeout];
    check(&[("cpu_time_ms", 500)], &|_| words(&["spin"]), &limits[1..]);
    check(&[], &|_| words(&["bomb"]), &limits);
    let memory = [("memory_bytes", 128 << 20)];
    check(&memory, &|_| words(&["spread", "8", "100000000"]), &limits[..1]);
}

/// Promise P3: the digest is the recorded one, and the tool calls itself another version.
#[test]
fn p3_a_recorded_tool_of_another_version_is_an_error_and_scans_nothing() {
    for scanner in &SCANNERS {
        for (version, known) in [("9.9.9", false), (scanner.version, true), ("", false)] {
            let bench = Bench::new();
            for other in &SCANNERS {
                let said = if other.name == scanner.name { version } else { other.version };
                let said = format!("{} {said}", other.name);
                bench.put(other, &said, &other.answer(0), Pin::Record);
            }
            let outcome = bench.scan(scanner, bench.toolchain(&BTreeMap::new()));
            let name = scanner.name;
            if known {
                assert_eq!(outcome.errors, [], "{name}");
                continue;
            }
            assert_eq!(codes(&outcome), [Code::ToolVersion], "{name}: {:?}", outcome.errors);
            assert_eq!(outcome.status, Status::Failed);
            assert!(outcome.errors[0].message.contains(scanner.version), "{:?}", outcome.errors);
            let failed = outcome.coverage.entries.iter().filter(|entry| {
                entry.tool.as_ref().is_some_and(|tool| tool.as_str() == name)
                    && entry.state == CoverageState::Failed
            });
            assert!(failed.count() > 0, "{name} is no gap");
            // It was asked for its version, on record (contract FR-3), and for nothing else.
            let records = bench.ports.records.lock().unwrap();
            let asked: Vec<_> = records
                .iter()
                .filter_map(|record| match record {
                    Record::Event(event) => match &event.body {
                        EventBody::TerminalCommand(command) => Some(command),
                        _ => None,
                    },
                    Record::Diagnostic(..) => None,
                })
                .filter(|command| command.tool.as_ref().is_some_and(|t| t.name.as_str() == name))
                .map(|command| command.args.clone())
                .collect();
            assert_eq!(asked, [["--version"]], "{name}");
        }
    }
}
