//! What a window's screens say of real scans: reports, the evidence of a Problem, gates, artifacts, and
//! what changed. The scans are the built `mex`'s own; the screens read the same data folder.

use std::sync::Arc;

use mex_app::app::App;
use mex_app::desk::artifacts::{ArtifactStanding, ArtifactsQuestion};
use mex_app::desk::gates::{GateWord, OperationsQuestion};
use mex_app::desk::problem::NextStepKind;
use mex_app::desk::problems::{ProblemStanding, ProblemsQuestion};
use mex_app::desk::reports::components::{ComponentsQuestion, TreeQuestion};
use mex_app::desk::reports::coverage::CoverageQuestion;
use mex_app::desk::reports::secrets::SecretsQuestion;
use mex_app::desk::reports::vulnerabilities::{VulnerabilitiesQuestion, VulnerabilityRow};
use mex_app::desk::reports::{ReportList, ReportWord, ReportsQuestion};
use mex_app::desk::scans::ScansQuestion;
use mex_app::desk::{ById, Rows, Screens};
use mex_app::place::Places;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::harness::{Mex, canary};

/// An application over a chain that ends in a crate with a known vulnerability, and one beside it.
const LOCKFILE: &str = r#"version = 4

[[package]]
name = "shop"
version = "0.1.0"
dependencies = ["middle", "crossbeam-epoch"]

[[package]]
name = "middle"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0000000000000000000000000000000000000000000000000000000000000000"
dependencies = ["time"]

[[package]]
name = "time"
version = "0.1.45"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0000000000000000000000000000000000000000000000000000000000000000"

[[package]]
name = "crossbeam-epoch"
version = "0.9.18"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0000000000000000000000000000000000000000000000000000000000000000"
"#;

fn screens(mex: &Mex) -> Screens {
    let places = Places { data_dir: mex.data(), tools_dir: mex.tools.clone() };
    Screens::new(Arc::new(App::open(places, ("/nowhere".into(), Vec::new())).unwrap()))
}

/// A question as a window sends it.
fn asked<Q: DeserializeOwned>(question: Value) -> Q {
    serde_json::from_value(question).unwrap()
}

/// Every page of a list of single rows is the list.
fn whole<R: Clone>(ask: impl Fn(Value) -> Rows<R>) -> Vec<R> {
    let all = ask(json!({ "limit": 500 }));
    assert!(all.next.is_none());
    let mut found = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = ask(json!({ "limit": 1, "after": after }));
        found.extend(page.items);
        match page.next {
            Some(next) => after = serde_json::to_value(next).unwrap(),
            None => break,
        }
    }
    assert_eq!(found.len(), all.items.len());
    found
}

fn with(run_id: &str, mut question: Value) -> Value {
    question["run_id"] = json!(run_id);
    question
}

fn vulnerabilities(screens: &Screens, run_id: &str) -> Vec<VulnerabilityRow> {
    whole(|page| {
        let question: VulnerabilitiesQuestion = asked(with(run_id, page));
        screens.vulnerabilities(&question).unwrap()
    })
}

fn reports(screens: &Screens, run_id: &str) -> ReportList {
    screens.reports(&ReportsQuestion { run_id: run_id.to_owned() }).unwrap()
}

/// UI-2: from a blocked scan to the reason, the evidence and the next step, over what was recorded.
#[test]
fn ui_2_the_evidence_of_a_problem_is_all_there() {
    let mex = Mex::ready();
    let token = canary();
    mex.write("Cargo.lock", LOCKFILE);
    mex.write("src/deploy.env", format!("# the key\nTOKEN={token}\n"));
    let outcome = mex.scan(&["--release"]).expect(1).json();
    let run_id = outcome["run_id"].as_str().unwrap().to_owned();
    let screens = screens(&mex);

    let list = reports(&screens, &run_id);
    let kinds: Vec<ReportWord> = list.reports.iter().map(|one| one.kind).collect();
    for kind in [ReportWord::Secrets, ReportWord::Vulnerabilities, ReportWord::Components] {
        assert!(kinds.contains(&kind), "{list:?}");
    }
    for mark in &list.reports {
        assert!(!mark.tools.is_empty() && mark.sandbox.is_some(), "{mark:?}");
    }
    assert!(list.reports.iter().any(|mark| !mark.databases.is_empty()));

    let all = vulnerabilities(&screens, &run_id);
    let time = all.iter().find(|row| row.package.name == "time").unwrap();
    // The project itself is no component: the way begins at what it depends on directly.
    let way = ["pkg:cargo/middle@1.0.0", "pkg:cargo/time@0.1.45"];
    assert_eq!(time.path, way);
    assert!(!time.fixed_versions.is_empty() && !time.attributions.is_empty());

    let detail = screens.problem(&ById { id: time.problem.to_string() }).unwrap();
    assert_eq!(detail.row.problem.fingerprint, time.problem);
    assert_eq!(detail.row.package.as_deref(), Some("time"));
    assert_eq!(detail.row.standing, ProblemStanding::New);
    assert!(detail.finding.is_some() && detail.finding_absent.is_empty());
    let job = detail.related.job.as_ref().unwrap();
    assert_eq!(job.job.as_ref().unwrap().as_str(), "vuln");
    assert!(!detail.related.operations.is_empty());
    for one in &detail.related.operations {
        let judged = |word| one.gates.iter().filter(|row| row.before.outcome == word).count();
        assert_eq!((one.gates.len(), judged(GateWord::Pass)), (6, 6));
    }
    assert!(!detail.decisions.reasons.is_empty() && !detail.decisions.checks.is_empty());
    assert_eq!(detail.decisions.verdict.unwrap().word(), "block");
    assert_eq!(detail.next_steps[0].kind, NextStepKind::Mend);
    assert!(detail.next_steps.iter().any(|step| step.kind == NextStepKind::Except));
    let kinds: Vec<&str> =
        detail.timeline.iter().map(|stored| stored.event.body.event_type()).collect();
    assert_eq!(kinds.last(), Some(&"diagnostic"), "its own event ends the slice");
    assert!(kinds.contains(&"terminal_command") && kinds.contains(&"capability_check"));
    assert!(detail.timeline.is_sorted_by_key(|stored| stored.seq));
    assert!(detail.artifacts.iter().any(|handle| handle.role == "report"));

    let secrets = whole(|page| {
        let question: SecretsQuestion = asked(with(&run_id, page));
        screens.secrets(&question).unwrap()
    });
    assert_eq!((secrets.len(), secrets[0].path.as_str()), (1, "src/deploy.env"));
    let secret = screens.problem(&ById { id: secrets[0].problem.to_string() }).unwrap();
    assert_eq!((secret.row.file.as_deref(), secret.row.line), (Some("src/deploy.env"), Some(2)));
    assert!(secret.next_steps.iter().any(|step| step.kind == NextStepKind::OpenFile));

    let components = whole(|page| {
        let question: ComponentsQuestion = asked(with(&run_id, page));
        screens.components(&question).unwrap()
    });
    let names: Vec<&str> = components.iter().map(|row| row.component.name.as_str()).collect();
    assert_eq!(names, ["crossbeam-epoch", "middle", "time"]);
    let hit = components.iter().find(|row| row.component.name == "time").unwrap();
    assert_eq!((hit.direct, hit.dependents), (Some(false), 1));
    assert!(hit.vulnerabilities > 0 && hit.worst.is_some());

    let level = |parent: Value| {
        let question: TreeQuestion = asked(json!({ "run_id": run_id, "parent": parent }));
        screens.dependency_tree(&question).unwrap().items
    };
    let top = level(Value::Null);
    let names: Vec<&str> = top.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["crossbeam-epoch", "middle"]);
    assert_eq!((top[1].children, top[1].below), (1, 1));
    assert_eq!(top[1].vulnerabilities_below, hit.vulnerabilities);
    let below: Vec<String> = level(json!(top[1].purl)).into_iter().map(|node| node.name).collect();
    assert_eq!(below, ["time"]);
    assert!(level(json!("pkg:cargo/time@0.1.45")).is_empty());

    let question: CoverageQuestion = asked(json!({ "run_id": run_id }));
    let ledger = screens.coverage(&question).unwrap();
    let gaps: u64 = ledger.counts.iter().filter(|one| one.gap).map(|one| one.entries).sum();
    let first_gaps = ledger.items.iter().take_while(|one| one.state.is_gap()).count() as u64;
    assert_eq!(first_gaps, gaps, "gaps come first");

    let attempts = screens.operations(&OperationsQuestion { of: run_id.clone() }).unwrap();
    for attempt in &attempts {
        let table = screens.gates(&ById { id: attempt.op_id.to_string() }).unwrap();
        assert!(table.rows.iter().all(|row| row.after.outcome == GateWord::Pass
            || row.after.outcome == GateWord::NotEvaluated));
        assert!(!table.checks.is_empty());
    }

    let named = whole(|page| {
        let mut question = page;
        question["run"] = json!(run_id);
        let question: ArtifactsQuestion = asked(question);
        screens.artifacts(&question).unwrap()
    });
    for role in ["report", "verdict", "scan-coverage", "policy", "manifest"] {
        assert!(named.iter().any(|row| row.handle.role == role), "no {role}");
    }
    for row in &named {
        let shown = screens.artifact(&ById { id: row.handle.sha256.to_string() }).unwrap();
        assert_eq!(shown.state, ArtifactStanding::Intact);
        assert!(!shown.text.unwrap_or_default().contains(&token), "{row:?}");
    }

    // FR-9: no answer of any screen holds the secret.
    let scans: ScansQuestion = asked(json!({}));
    let problems: ProblemsQuestion = asked(json!({}));
    let answers = [
        serde_json::to_string(&detail).unwrap(),
        serde_json::to_string(&secret).unwrap(),
        serde_json::to_string(&secrets).unwrap(),
        serde_json::to_string(&screens.scans(&scans).unwrap()).unwrap(),
        serde_json::to_string(&screens.scan(&ById { id: run_id.clone() }).unwrap()).unwrap(),
        serde_json::to_string(&screens.problems(&problems).unwrap()).unwrap(),
    ];
    for answer in answers {
        assert!(!answer.contains(&token));
    }
}

/// What a later scan does not see is told as not seen, with its cause; a report that is gone is named
/// and never shown as an empty one that is clean.
#[test]
fn what_is_gone_is_told_with_its_cause_and_a_missing_report_is_named() {
    let mex = Mex::ready();
    mex.write("Cargo.lock", LOCKFILE);
    let first = mex.scan(&[]).json();
    let first = first["run_id"].as_str().unwrap();
    let without = LOCKFILE.replace("dependencies = [\"time\"]\n", "");
    let (before, _) = without.split_once("[[package]]\nname = \"time\"").unwrap();
    let rest = without.split_once("[[package]]\nname = \"crossbeam-epoch\"").unwrap().1;
    mex.write("Cargo.lock", format!("{before}[[package]]\nname = \"crossbeam-epoch\"{rest}"));
    let second = mex.scan(&[]).json();
    let second = second["run_id"].as_str().unwrap();
    let screens = screens(&mex);

    let gone = vulnerabilities(&screens, first)
        .into_iter()
        .find(|row| row.package.name == "time")
        .unwrap();
    assert!(vulnerabilities(&screens, second).iter().all(|row| row.package.name != "time"));
    let detail = screens.problem(&ById { id: gone.problem.to_string() }).unwrap();
    assert_eq!(detail.since.standing, ProblemStanding::NotSeen);
    assert_eq!(detail.since.before.map(|id| id.to_string()).as_deref(), Some(first));
    assert!(!detail.since.causes.is_empty(), "{:?}", detail.since);

    let list = reports(&screens, first);
    let report = list.reports.iter().find(|one| one.kind == ReportWord::Vulnerabilities).unwrap();
    let name = report.artifact.sha256.to_string();
    let file = mex.data().join("artifacts").join(&name[..2]).join(&name[2..]);
    std::fs::write(&file, "{}").unwrap();
    // What is held was read whole; once closed it is read again, and what is wrong is told.
    assert!(!vulnerabilities(&screens, first).is_empty());
    screens.close_report(&ReportsQuestion { run_id: first.to_owned() }).unwrap();
    let list = reports(&screens, first);
    assert!(list.absent.iter().any(|why| why.contains("vuln")), "{:?}", list.absent);
    assert!(list.reports.iter().all(|one| one.kind != ReportWord::Vulnerabilities));
    let detail = screens.problem(&ById { id: gone.problem.to_string() }).unwrap();
    assert!(detail.finding.is_none() && !detail.finding_absent.is_empty());
}
