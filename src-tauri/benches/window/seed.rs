//! The data folder that the window is measured on: 100,000 Problems and 1,000,000 events, written by the
//! recorder itself, and one real scan with an inventory of 5,000 components. Made once, kept below the
//! target folder, used again. Never a row that the product did not write.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mex_app::runtime::diagnostic::{
    Diagnostic, EvidenceRefs, LinkConfidence, Location, Source, Surface,
};
use mex_app::runtime::event::{EventBody, EventContext, GateOutcome, GatePhase, SystemEvent};
use mex_app::runtime::id::{DiagnosticId, EventId, JobId, OpId, RunId, WorkspaceId};
use mex_app::runtime::operation::Actor;
use mex_app::runtime::port::{Clock, Record, Recorder as _};
use mex_app::runtime::severity::Severity;
use mex_recorder::FlightRecorder;
use uuid::Uuid;

pub const PROBLEMS: usize = 100_000;
pub const EVENTS: usize = 1_000_000;
pub const COMPONENTS: usize = 5_000;

/// Another one is another folder: changed with whatever is written below.
const FOLDER: &str = "window-bench-1";
const RUNS: usize = 100;
const BATCH: usize = 4_000;
const GATES: [&str; 6] = ["G-SCHEMA", "G-CAP", "G-INTEGRITY", "G-BUDGET", "G-PROVENANCE", "G-DET"];
const SEVERITIES: [Severity; 5] =
    [Severity::Hint, Severity::Info, Severity::Warning, Severity::Error, Severity::Fatal];

/// The data folder, and what stands in it.
pub struct Seed {
    pub data: PathBuf,
    /// The scan with the inventory.
    pub scan: String,
}

struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "a data folder of now is what is opened")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

impl Seed {
    /// The one that is there, or a new one: about two minutes and 2 GB.
    pub fn ready(mex: &Path) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(FOLDER);
        let (data, mark) = (folder.join("data"), folder.join("scan"));
        if !mark.exists() {
            let _ = fs::remove_dir_all(&folder);
            let project = folder.join("project");
            make_project(&project);
            let scan = scan(mex, &data, &project);
            fill(&data);
            fs::write(&mark, scan).unwrap();
        }
        Self { data, scan: fs::read_to_string(mark).unwrap() }
    }
}

/// A lockfile of npm, in which each package needs two others: a tree as deep as wide.
fn make_project(project: &Path) {
    fs::create_dir_all(project).unwrap();
    let name = |number: usize| format!("package-{number}");
    let mut packages = serde_json::Map::new();
    for number in 0..COMPONENTS {
        let needed = [number * 2 + 1, number * 2 + 2].into_iter().filter(|one| *one < COMPONENTS);
        let needed: serde_json::Map<_, _> =
            needed.map(|one| (name(one), format!("1.0.{one}").into())).collect();
        packages.insert(
            format!("node_modules/{}", name(number)),
            serde_json::json!({"version": format!("1.0.{number}"), "license": "MIT", "dependencies": needed}),
        );
    }
    let own =
        serde_json::json!({"name": "p", "version": "1.0.0", "dependencies": {name(0): "1.0.0"}});
    packages.insert(String::new(), own.clone());
    let lock = serde_json::json!({"name": "p", "version": "1.0.0", "lockfileVersion": 3, "packages": packages});
    for (name, value) in [("package.json", own), ("package-lock.json", lock)] {
        fs::write(project.join(name), value.to_string()).unwrap();
    }
}

/// Scans it as a person would, and gives the scan's id.
fn scan(mex: &Path, data: &Path, project: &Path) -> String {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(mex);
        command.args(arguments).env("MEX_DATA_DIR", data).stderr(Stdio::null());
        command.output().unwrap()
    };
    assert!(
        run(&["conformance"]).status.success(),
        "the engines conform before anything is scanned"
    );
    let output = run(&["scan", project.to_str().unwrap(), "--jobs", "sbom", "--format", "json"]);
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    outcome["run_id"].as_str().unwrap().to_owned()
}

/// A hundred scans of three projects: their Problems, and what the gates said of ever so many attempts.
fn fill(data: &Path) {
    let recorder = FlightRecorder::open(data, Arc::new(Wall)).unwrap();
    let begin = Wall.now() - SignedDuration::from_hours(24 * 30);
    for run in 0..RUNS {
        let at = begin + SignedDuration::from_hours(7) * i32::try_from(run).unwrap();
        let mut context = EventContext::system("bench".parse().unwrap());
        context.wsid = Some(wsid(run % 3));
        context.workflow_run_id = Some(RunId::new(Uuid::now_v7()));
        let system = |context: &EventContext, body| {
            Record::from(context.event(EventId::new(Uuid::now_v7()), at, EventBody::System(body)))
        };
        let begun = SystemEvent::ScanBegun {
            project: format!("/srv/project-{}", run % 3),
            mode: "normal".to_owned(),
            policy_ref: None,
            allowlist_ref: None,
            signers_ref: None,
            session_id: recorder.session_id().to_owned(),
        };
        recorder.record(vec![system(&context, begun)]).unwrap();
        let problems = run * PROBLEMS / RUNS..(run + 1) * PROBLEMS / RUNS;
        let notes = EVENTS / RUNS - problems.len() - 2;
        let found = problems.map(|number| sample(number, &context, at)).collect();
        recorder.record(found).unwrap();
        let (mut op_id, mut records) = (OpId::new(Uuid::now_v7()), Vec::new());
        for number in 0..notes {
            if number.is_multiple_of(12) {
                op_id = OpId::new(Uuid::now_v7());
                context.job_id = Some(JobId::new(Uuid::now_v7()));
            }
            records.push(system(&context, judged(number, op_id)));
            if records.len() == BATCH {
                recorder.record(std::mem::take(&mut records)).unwrap();
            }
        }
        context.job_id = None;
        let ended = SystemEvent::ScanEnded {
            verdict: "block".to_owned(),
            verdict_ref: None,
            coverage_ref: None,
            rules: vec!["severity".to_owned()],
            capability_registry_version: "1.0.0".to_owned(),
        };
        records.push(system(&context, ended));
        recorder.record(records).unwrap();
    }
    assert!(recorder.last_seq().unwrap() >= EVENTS as u64);
}

fn judged(number: usize, op_id: OpId) -> SystemEvent {
    SystemEvent::GateOutcome {
        gate: GATES[number % 6].to_owned(),
        phase: if number % 12 < 6 { GatePhase::Before } else { GatePhase::After },
        outcome: GateOutcome::Pass,
        engine_id: "engine.supply_chain.vuln".to_owned(),
        operation: "vuln_scan".to_owned(),
        op_id,
        reason: String::new(),
        code: None,
        severity: None,
        diagnostic_id: None,
    }
}

fn wsid(number: usize) -> WorkspaceId {
    format!("{number:032x}").parse().unwrap()
}

/// The so-manyth Problem: fields come in different cycles, so that every pair of them meets.
fn sample(number: usize, context: &EventContext, at: Timestamp) -> Record {
    let package = format!("pkg:npm/lib-{}@1.0.{}", number % 997, number % 7);
    let severity = SEVERITIES[number % 5];
    let code = format!("CVE-2021-{number:05}");
    let diagnostic = Diagnostic {
        id: DiagnosticId::new(Uuid::now_v7()),
        title: format!("{code} in {package}"),
        message: "a crafted request makes the parser read past its buffer; upgrade".to_owned(),
        severity,
        own_severity: severity,
        source: Source::Engine,
        surface: Surface::System,
        tool: Some(["osv-scanner", "cargo-audit, osv-scanner", "gitleaks"][number % 3].to_owned()),
        fingerprint_tool: None,
        code: Some(code),
        tags: vec![["vuln", "secret", "license", "sbom"][number % 4].to_owned()],
        wsid: context.wsid.clone(),
        job_id: None,
        model_id: None,
        actor: Actor::System,
        capability_id: None,
        policy_decision_id: None,
        decision_in_fingerprint: false,
        locations: vec![Location {
            path: number
                .is_multiple_of(2)
                .then(|| format!("src/part-{}/file-{}.rs", number % 11, number % 101)),
            ..Location::uri(&package)
        }],
        evidence_refs: EvidenceRefs::default(),
        link_confidence: LinkConfidence::Unlinked,
        timestamp: at,
    };
    Record::Diagnostic(Box::new(diagnostic), context.clone())
}
