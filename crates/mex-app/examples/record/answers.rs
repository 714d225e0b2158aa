//! What is asked of the screens, and what they answer: everything a person sees who walks through them.
//! Owns the questions. Never changes an answer.

use std::collections::BTreeMap;
use std::error::Error;

use mex_app::desk::progress::{Coalescer, Finished, Progress};
use mex_app::desk::{ById, Screens};
use mex_app::error::AppResult;
use mex_runtime::code::Code;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::story::Happened;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// How long the recorded scan takes when it is played again, in milliseconds: nobody waits longer for
/// pages that only show how it looks. Its beginning, where most happens, is played the slowest.
const PLAYED_MS: u64 = 2_800;

/// Questions with their answers, by command.
#[derive(Default)]
pub struct Recording(pub BTreeMap<&'static str, Vec<Value>>);

impl Recording {
    /// Asks a command and keeps both.
    fn ask<Q: DeserializeOwned, A: Serialize>(
        &mut self,
        command: &'static str,
        question: Value,
        run: impl FnOnce(&Q) -> AppResult<A>,
    ) -> Outcome<Value> {
        let asked: Q = serde_json::from_value(question.clone())?;
        let answer = serde_json::to_value(run(&asked)?)?;
        let exchange = json!({ "question": question, "answer": answer });
        self.0.entry(command).or_default().push(exchange);
        Ok(answer)
    }

    /// Asks what is refused, and keeps the refusal.
    fn refuse<Q: DeserializeOwned, A>(
        &mut self,
        command: &'static str,
        question: Value,
        run: impl FnOnce(&Q) -> AppResult<A>,
    ) -> Outcome<()> {
        let asked: Q = serde_json::from_value(question.clone())?;
        let Err(refusal) = run(&asked) else {
            return Err(format!("`{command}` was not refused").into());
        };
        let exchange = json!({ "question": question, "refusal": refusal });
        self.0.entry(command).or_default().push(exchange);
        Ok(())
    }

    fn tell<A: Serialize>(
        &mut self,
        command: &'static str,
        run: impl FnOnce() -> AppResult<A>,
    ) -> Outcome<Value> {
        self.ask(command, Value::Null, |(): &()| run())
    }

    /// What the window hears of a scan while it runs, in the time of [`PLAYED_MS`].
    pub fn keep_scan(&mut self, scan: &Happened) -> Outcome<()> {
        let whole = scan.steps.last().map_or(1, |(at, _)| (*at).max(1));
        let mut coalescer = Coalescer::default();
        let mut messages = Vec::new();
        for (at, step) in &scan.steps {
            let played = (at * PLAYED_MS * PLAYED_MS / whole).isqrt();
            coalescer.push(step.clone());
            if let Some(steps) = coalescer.batch(played) {
                messages.push(Progress::Batch { elapsed_ms: played, steps });
            }
        }
        messages.push(Progress::Batch { elapsed_ms: PLAYED_MS, steps: coalescer.rest() });
        let outcome = Finished::Scan { run_id: scan.run_id, verdict: scan.verdict.clone() };
        messages.push(Progress::Finished { elapsed_ms: PLAYED_MS + 200, outcome });
        let messages = serde_json::to_value(messages)?;
        let answer = json!({ "run_id": scan.run_id });
        for (command, question) in
            [("start_scan", json!({})), ("attach_scan", json!({ "id": scan.run_id }))]
        {
            let exchange = json!({ "question": question, "answer": answer, "messages": messages });
            self.0.entry(command).or_default().push(exchange);
        }
        Ok(())
    }
}

/// Everything the screens ask of these scans when somebody walks through them.
pub fn record(screens: &Screens, last: &Happened, to: &mut Recording) -> Outcome<()> {
    about_the_product(screens, last, to)?;
    imports(screens, last, to)?;
    problems(screens, to)?;
    scans(screens, to)?;
    reports(screens, last, to)?;
    evidence(screens, to)?;
    drafts(screens, last, to)
}

fn about_the_product(screens: &Screens, last: &Happened, to: &mut Recording) -> Outcome<()> {
    to.tell("open_state", || screens.open_state(Vec::new()))?;
    to.tell("preferences", || screens.preferences())?;
    to.tell("recent_projects", || screens.recent_projects())?;
    to.ask("inspect_folder", json!({ "path": last.project }), |q| screens.inspect_folder(q))?;
    to.tell("tools", || screens.tools())?;
    to.tell("databases", || screens.databases())?;
    to.tell("consents", || screens.consents())?;
    to.tell("registry_view", || screens.app().registry_view(None))?;
    to.tell("registry_versions", || screens.registry_versions())?;
    to.tell("registry_draft", || screens.registry_draft(&Default::default()))?;
    for code in Code::ALL {
        let answer = json!({ "meaning": code.meaning(), "hint": code.hint() });
        let exchange = json!({ "question": code.as_str(), "answer": answer });
        to.0.entry("codes").or_default().push(exchange);
    }
    Ok(())
}

fn imports(screens: &Screens, last: &Happened, to: &mut Recording) -> Outcome<()> {
    let folder = last.project.with_file_name("reports");
    let question = |name: &str| json!({ "path": folder.join(name), "project": last.project });
    to.ask("import_report", question("eslint.sarif"), |q| screens.import_report(q))?;
    to.refuse("import_report", question("holiday.png"), |q| screens.import_report(q))
}

fn problems(screens: &Screens, to: &mut Recording) -> Outcome<()> {
    let found = to.ask("problems", json!({ "limit": 500 }), |q| screens.problems(q))?;
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for row in items(&found) {
        let problem = &row["problem"];
        let kind = format!("{} {} {}", row["job"], problem["severity"], problem["source"]);
        let seen = kinds.entry(kind).or_default();
        *seen += 1;
        // A few of each kind stand for all: the evidence of one is a long text.
        if *seen <= 2 {
            let question = json!({ "id": problem["fingerprint"] });
            to.ask("problem", question, |q: &ById| screens.problem(q))?;
        }
    }
    let first = items(&found).next().ok_or("no Problem was recorded")?;
    let uri = format!("mex://problem/{}", text(&first["problem"]["fingerprint"]));
    to.ask("resolve_link", json!({ "uri": uri }), |q| screens.resolve_link(q))?;
    Ok(())
}

fn scans(screens: &Screens, to: &mut Recording) -> Outcome<()> {
    let scans = to.ask("scans", json!({}), |q| screens.scans(q))?;
    for scan in items(&scans) {
        let id = &scan["run_id"];
        let view = to.ask("scan", json!({ "id": id }), |q: &ById| screens.scan(q))?;
        if !view["before"].is_null() {
            to.ask("delta", json!({ "after": id }), |q| screens.delta(q))?;
        }
        let operations = to.ask("operations", json!({ "of": id }), |q| screens.operations(q))?;
        for operation in operations.as_array().into_iter().flatten() {
            to.ask("gates", json!({ "id": operation["op_id"] }), |q: &ById| screens.gates(q))?;
        }
    }
    Ok(())
}

fn reports(screens: &Screens, last: &Happened, to: &mut Recording) -> Outcome<()> {
    let run = json!({ "run_id": last.run_id });
    let rows = json!({ "run_id": last.run_id, "limit": 500 });
    to.ask("proposals", json!({ "id": last.run_id }), |q: &ById| screens.proposals(q))?;
    to.ask("reports", run.clone(), |q| screens.reports(q))?;
    to.ask("vulnerabilities", rows.clone(), |q| screens.vulnerabilities(q))?;
    let some = json!({ "run_id": last.run_id, "limit": 120 });
    to.ask("components", some, |q| screens.components(q))?;
    to.ask("license_groups", run.clone(), |q| screens.license_groups(q))?;
    let some = json!({ "run_id": last.run_id, "limit": 200 });
    to.ask("licenses", some, |q| screens.licenses(q))?;
    to.ask("secrets", rows.clone(), |q| screens.secrets(q))?;
    to.ask("coverage", rows, |q| screens.coverage(q))?;
    // Three levels of the tree, and of each level what comes first.
    let mut level = vec![Value::Null];
    for most in [1, 1, 12, 12] {
        let mut below = Vec::new();
        for parent in level.into_iter().take(most) {
            let mut question = run.clone();
            if !parent.is_null() {
                question["parent"] = parent;
            }
            let found = to.ask("dependency_tree", question, |q| screens.dependency_tree(q))?;
            let with_more = items(&found).filter(|node| node["children"] != 0);
            below.extend(with_more.map(|node| node["purl"].clone()));
        }
        level = below;
    }
    Ok(())
}

fn evidence(screens: &Screens, to: &mut Recording) -> Outcome<()> {
    to.ask("events", json!({ "limit": 260 }), |q| screens.events(q))?;
    to.ask("verify_recorder", json!({}), |q| screens.verify_recorder(q))?;
    to.tell("export_head", || screens.export_head())?;
    let found = to.ask("artifacts", json!({}), |q| screens.artifacts(q))?;
    let mut roles: BTreeMap<String, usize> = BTreeMap::new();
    for row in items(&found) {
        let handle = &row["handle"];
        let seen = roles.entry(format!("{} {}", handle["role"], handle["media_type"])).or_default();
        *seen += 1;
        if *seen > 1 {
            continue;
        }
        let id = json!({ "id": handle["sha256"] });
        to.ask("artifact", id.clone(), |q: &ById| screens.artifact(q))?;
        if *seen == 1 && !to.0.contains_key("verify_artifact") {
            to.ask("verify_artifact", id, |q: &ById| screens.verify_artifact(q))?;
        }
    }
    Ok(())
}

fn drafts(screens: &Screens, last: &Happened, to: &mut Recording) -> Outcome<()> {
    let listed = to.ask("exceptions", json!({}), |q| screens.exceptions(q))?;
    let acceptance = json!({
        "reason": "the affected call is not reachable",
        "owner": "operator",
        "until": { "until": "days", "days": 30 },
    });
    let question = json!({ "query": "job:vuln severity:fatal is:open", "limit": 500 });
    let open = screens.problems(&serde_json::from_value(question)?)?.items;
    let accepted: Vec<String> = listed["documents"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|document| document["exceptions"].as_array().into_iter().flatten())
        .map(|one| one["exception"]["matches"].to_string())
        .collect();
    let free = open.iter().find(|row| {
        let code = row.problem.code.clone().unwrap_or_default();
        row.run_id == Some(last.run_id) && !accepted.iter().any(|one| one.contains(&code))
    });
    let free = free.ok_or("no Problem is left to accept")?.problem.fingerprint;
    let subject = json!({ "of": "problem", "id": free, "run": last.run_id });
    let question = json!({ "subject": subject, "acceptance": acceptance });
    to.ask("draft_exception", question, |q| screens.draft_exception(q))?;
    let first = &listed["documents"][0];
    let question = json!({
        "id": first["exceptions"][0]["exception"]["id"],
        "project": last.project,
        "until": { "until": "days", "days": 90 },
    });
    to.ask("draft_renewal", question, |q| screens.draft_renewal(q))?;
    let question = json!({ "run": last.run_id, "acceptance": acceptance });
    to.ask("draft_baseline", question, |q| screens.draft_baseline(q))?;
    Ok(())
}

fn items(page: &Value) -> impl Iterator<Item = &Value> {
    page["items"].as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
