//! Records what the screens of a window answer about real scans, for the pages that run in a browser
//! without a host: one file a command, each a list of questions with their answers. Scans a project of
//! its own with the tools in `MEX_TOOLS_DIR`, through the real use cases: `record FOLDER`. Never writes a
//! path of this machine.

mod project;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use mex_app::app::App;
use mex_app::desk::{ById, Screens};
use mex_app::error::AppResult;
use mex_app::place::Places;
use mex_app::progress::Step;
use mex_runtime::port::Cancel;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The argument with which this program is the first process of a sandbox.
const SANDBOX_INIT: &str = "__sandbox-init";

/// Where the recording says that things are.
const SHOWN: [(&str, &str); 3] =
    [("project", "/srv/shop"), ("data", "/srv/mex/data"), ("tools", "/srv/mex/tools")];

/// Questions with their answers, by command.
#[derive(Default)]
struct Recording(BTreeMap<&'static str, Vec<Value>>);

impl Recording {
    /// Asks a command and keeps both.
    fn ask<Q: DeserializeOwned, A: Serialize>(
        &mut self,
        command: &'static str,
        question: Value,
        run: impl FnOnce(&Q) -> AppResult<A>,
    ) -> Result<Value, Box<dyn Error>> {
        let asked: Q = serde_json::from_value(question.clone())?;
        let answer = serde_json::to_value(run(&asked)?)?;
        let exchange = json!({ "question": question, "answer": answer });
        self.0.entry(command).or_default().push(exchange);
        Ok(answer)
    }

    fn tell<A: Serialize>(
        &mut self,
        command: &'static str,
        run: impl FnOnce() -> AppResult<A>,
    ) -> Result<Value, Box<dyn Error>> {
        self.ask(command, Value::Null, |(): &()| run())
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let first = arguments.nth(1);
    if first.as_ref().is_some_and(|first| first == SANDBOX_INIT) {
        return mex_app::sandbox_init(arguments);
    }
    match first.map(PathBuf::from).ok_or_else(|| "name the folder to write to".into()).and_then(run)
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // An example has nobody else to tell.
            let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn run(out: PathBuf) -> Result<(), Box<dyn Error>> {
    let tools_dir = std::env::var_os("MEX_TOOLS_DIR").map(PathBuf::from);
    let tools_dir = tools_dir.ok_or("MEX_TOOLS_DIR must name the provisioned tools")?;
    let folder = tempfile::tempdir()?;
    let (project, data_dir) = (folder.path().join("shop"), folder.path().join("data"));
    let places = Places { data_dir: data_dir.clone(), tools_dir: tools_dir.clone() };
    let init = (std::env::current_exe()?, vec![SANDBOX_INIT.to_owned()]);
    let app = Arc::new(App::open(places, init)?);
    let quiet = |_: Step| {};
    app.conformance(None, &Cancel::default(), &quiet)?;
    let screens = Screens::new(app.clone());
    for step in [project::first, project::second, project::third] {
        step(&project)?;
        let request = serde_json::from_value::<mex_app::desk::scans::StartScanRequest>(json!({
            "path": project, "mode": "release",
        }))?;
        app.scan(&request.request()?, &Cancel::default(), &quiet)?;
    }
    let mut recording = Recording::default();
    record(&screens, &project, &mut recording)?;
    let real: [PathBuf; 3] = [project.canonicalize()?, data_dir, tools_dir];
    write(&out, &recording, &real)
}

/// Everything the screens ask of these scans when somebody walks through them.
fn record(screens: &Screens, project: &Path, to: &mut Recording) -> Result<(), Box<dyn Error>> {
    to.tell("open_state", || screens.open_state(Vec::new()))?;
    to.tell("preferences", || screens.preferences())?;
    to.tell("recent_projects", || screens.recent_projects())?;
    to.ask("inspect_folder", json!({ "path": project }), |q| screens.inspect_folder(q))?;
    to.tell("tools", || screens.tools())?;
    to.tell("databases", || screens.databases())?;
    to.tell("consents", || screens.consents())?;
    to.ask("exceptions", json!({}), |q| screens.exceptions(q))?;
    to.ask("events", json!({}), |q| screens.events(q))?;
    to.ask("jobs", json!({}), |q| screens.jobs(q))?;
    to.ask("artifacts", json!({}), |q| screens.artifacts(q))?;
    to.ask("verify_recorder", json!({}), |q| screens.verify_recorder(q))?;
    let problems = to.ask("problems", json!({}), |q| screens.problems(q))?;
    to.ask("problem_counts", json!({}), |q| screens.problem_counts(q))?;
    for field in ["severity", "status", "job", "tool", "code", "rule", "package", "file", "tag"] {
        to.ask("problem_facets", json!({ "field": field }), |q| screens.problem_facets(q))?;
    }
    for row in problems["items"].as_array().into_iter().flatten() {
        let id = row["problem"]["fingerprint"].clone();
        to.ask("problem", json!({ "id": id }), |q: &ById| screens.problem(q))?;
        to.ask("neighbours", json!({ "id": id }), |q| screens.neighbours(q))?;
    }
    let scans = to.ask("scans", json!({}), |q| screens.scans(q))?;
    let scans: Vec<&Value> = scans["items"].as_array().into_iter().flatten().collect();
    for (at, scan) in scans.iter().enumerate() {
        let id = &scan["run_id"];
        to.ask("scan", json!({ "id": id }), |q: &ById| screens.scan(q))?;
        if at + 1 < scans.len() {
            to.ask("delta", json!({ "after": id }), |q| screens.delta(q))?;
        }
        let operations = to.ask("operations", json!({ "of": id }), |q| screens.operations(q))?;
        for operation in operations.as_array().into_iter().flatten() {
            to.ask("gates", json!({ "id": operation["op_id"] }), |q: &ById| screens.gates(q))?;
        }
    }
    let newest = scans.first().map(|scan| scan["run_id"].clone()).ok_or("no scan was recorded")?;
    to.ask("proposals", json!({ "id": newest }), |q: &ById| screens.proposals(q))?;
    let run = json!({ "run_id": newest });
    to.ask("reports", run.clone(), |q| screens.reports(q))?;
    to.ask("vulnerabilities", run.clone(), |q| screens.vulnerabilities(q))?;
    to.ask("components", run.clone(), |q| screens.components(q))?;
    to.ask("license_groups", run.clone(), |q| screens.license_groups(q))?;
    to.ask("licenses", run.clone(), |q| screens.licenses(q))?;
    to.ask("secrets", run.clone(), |q| screens.secrets(q))?;
    to.ask("coverage", run.clone(), |q| screens.coverage(q))?;
    let mut below = vec![Value::Null];
    while let Some(parent) = below.pop() {
        let mut question = run.clone();
        if !parent.is_null() {
            question["parent"] = parent;
        }
        let known = |exchange: &Value| exchange["question"] == question;
        if to.0.get("dependency_tree").is_some_and(|all| all.iter().any(known)) {
            continue;
        }
        let level = to.ask("dependency_tree", question, |q| screens.dependency_tree(q))?;
        let nodes = level["items"].as_array().into_iter().flatten();
        below.extend(nodes.filter(|node| node["children"] != 0).map(|node| node["purl"].clone()));
    }
    Ok(())
}

/// One file a command, with no path of this machine in it.
fn write(out: &Path, recording: &Recording, real: &[PathBuf; 3]) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(out)?;
    for (command, exchanges) in &recording.0 {
        let mut text = serde_json::to_string_pretty(exchanges)?;
        for (real, (_, shown)) in real.iter().zip(SHOWN) {
            text = text.replace(&real.display().to_string(), shown);
        }
        text.push('\n');
        std::fs::write(out.join(format!("{command}.json")), text)?;
    }
    Ok(())
}
