//! One record, two hosts: what the desktop shows of a scan is what `mex` shows of it, whichever of them
//! ran it (P37), and both at once on one data folder leave one whole record (P16).

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::driver::Session;
use crate::operator::opened;
use crate::stand::{Stand, canary, cargo_lock};

/// Begins a scan in the window and waits until it has a verdict.
fn scan(window: &Session, stand: &Stand) -> String {
    let question = json!({
        "path": stand.project(), "mode": "release", "freshness": "fresh", "jobs": ["secret", "sbom"],
    });
    let asked = json!({"question": question, "channel": "__CHANNEL__:1"});
    let run = window.call("start_scan", asked).unwrap()["run_id"].as_str().unwrap().to_owned();
    window.wait("its verdict", || {
        let scan = window.ask("scan", json!({"id": run})).ok()?;
        scan["verdict"].is_object().then_some(())
    });
    run
}

/// The reports of a scan by job, as their bytes say; what names the run itself aside.
fn reports(stand: &Stand, window: &Session, run: &str) -> BTreeMap<String, Value> {
    let list = window.ask("reports", json!({"run_id": run})).unwrap();
    assert_eq!(list["absent"], json!([]), "{list}");
    let marks = list["reports"].as_array().unwrap();
    let read = |mark: &Value| {
        let id = mark["artifact"]["sha256"].as_str().unwrap();
        let bytes = stand.mex(&["artifact", "export", id]).stdout;
        // What the window shows of it are these bytes.
        let shown = window.ask("artifact", json!({"id": id})).unwrap();
        assert_eq!(shown["state"], "intact");
        assert!(bytes.starts_with(shown["text"].as_str().unwrap().as_bytes()), "{id}");
        let report: Value = serde_json::from_slice(&bytes).unwrap();
        (mark["job"].as_str().unwrap().to_owned(), report)
    };
    marks.iter().map(read).collect()
}

/// Takes away what each run has of its own: ids and times. Everything else has to be the same.
fn canonical(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for own in ["run_id", "op_id", "job_id", "timestamp", "generated_at", "duration_ms"] {
                fields.remove(own);
            }
            fields.values_mut().for_each(canonical);
        }
        Value::Array(items) => items.iter_mut().for_each(canonical),
        _ => {}
    }
}

/// P37, P16.
#[test]
fn p37_both_hosts_give_the_same_report_and_p16_share_one_data_folder() {
    let stand = Stand::ready();
    stand.write("src/settings.txt", format!("token = \"{}\"\n", canary()));
    stand.write("Cargo.lock", cargo_lock("time", "0.1.45"));
    let window = stand.open(&[]);
    opened(&window);

    // Both at once, then each once more: every scan is whole.
    let project = stand.project();
    let arguments =
        ["scan", project.to_str().unwrap(), "--release", "--fresh", "--jobs", "secret,sbom"];
    let mut beside =
        stand.mex_command(&[&arguments[..], &["--format", "json", "--quiet"]].concat());
    let beside = beside.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let by_window = scan(&window, &stand);
    let beside = beside.wait_with_output().unwrap();
    let by_command: Value = serde_json::from_slice(&beside.stdout)
        .unwrap_or_else(|error| panic!("{error}: {beside:?}"));
    let by_command = by_command["run_id"].as_str().unwrap();

    // The same report, whoever made it.
    let [mut ours, mut theirs] = [&by_window, by_command].map(|run| reports(&stand, &window, run));
    assert_eq!(ours.keys().collect::<Vec<_>>(), ["sbom", "secret"]);
    for report in ours.values_mut().chain(theirs.values_mut()) {
        canonical(report);
    }
    assert!(ours.values().all(|report| report.to_string().len() > 200), "{ours:#?}");
    assert_eq!(ours, theirs);

    // The same record, whoever shows it.
    for run in [by_window.as_str(), by_command] {
        let shown = window.ask("scan", json!({"id": run})).unwrap();
        let told = stand.mex_json(&["jobs", "show", run]);
        assert_eq!(shown["entry"], told["scan"]);
        assert_eq!(shown["jobs"], told["jobs"]);
        assert_eq!(shown["operations"], told["operations"]);
        let verdict = told["scan"]["verdict_ref"]["sha256"].as_str().unwrap();
        let verdict = stand.mex(&["artifact", "export", verdict]).stdout;
        assert_eq!(shown["verdict"], serde_json::from_slice::<Value>(&verdict).unwrap());
        let operation = told["operations"][0]["op_id"].as_str().unwrap();
        let gates = window.ask("gates", json!({"id": operation})).unwrap();
        let theirs = stand.mex_json(&["gates", "show", operation]);
        assert_eq!(gates["operation"], theirs["operation"]);
    }
    let ours = window.ask("problems", json!({"query": "", "sort": "gravest"})).unwrap();
    let theirs = stand.mex_json(&["problems", "list", "--limit", "100"]);
    let by_id = |rows: Vec<&Value>| -> BTreeMap<String, Value> {
        let id = |row: &Value| row["fingerprint"].as_str().unwrap().to_owned();
        rows.into_iter().map(|row| (id(row), row.clone())).collect()
    };
    let ours = by_id(ours["items"].as_array().unwrap().iter().map(|row| &row["problem"]).collect());
    let theirs = by_id(theirs["items"].as_array().unwrap().iter().collect());
    assert!(!ours.is_empty());
    assert_eq!(ours, theirs);

    // One chain, and nothing left open.
    let verified = stand.mex(&["recorder", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
    let by_host = window.ask("verify_recorder", json!({})).unwrap();
    assert_eq!(by_host["faults"], json!([]), "{by_host}");
    let scans = window.ask("scans", json!({})).unwrap();
    let scans = scans["items"].as_array().unwrap();
    assert_eq!(scans.len(), 2, "{scans:?}");
    assert!(scans.iter().all(|scan| scan["state"] == "ended"), "{scans:?}");
    window.end();
}
