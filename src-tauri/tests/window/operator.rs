//! The operator's loop in the real window, on a real scan: from the button to the block, its evidence,
//! a link to it, and everything as it was after a restart. And what goes wrong on the way.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::driver::Session;
use crate::stand::{Stand, canary};

pub fn opened(window: &Session) -> Value {
    window.wait("the data folder", || window.call("open_state", json!({})).ok())
}

/// UI-2, UI-3: the whole loop.
#[test]
fn ui_2_from_the_button_to_the_block_its_evidence_a_link_and_a_restart() {
    let stand = Stand::ready();
    let secret = canary();
    stand.write("src/settings.txt", format!("token = \"{secret}\"\n"));
    stand.write("README.md", "A shop.\n");
    let project = stand.project();
    let project = project.to_str().unwrap();

    let window = stand.open(&[project]);
    opened(&window);
    window.click("[role=switch]");
    window.find("[role=switch][aria-checked=true]");
    window.wait("the button of the scan", || {
        // The one button of its kind on this screen; its words say that the switch is on.
        let words = "return [...document.querySelectorAll('main button')].findIndex(
            (one) => one.textContent.includes('Scan for a release') && !one.disabled);";
        let place = window.run(words, json!([])).as_i64()?;
        let script = "document.querySelectorAll('main button')[arguments[0]].click();";
        (place >= 0).then(|| window.run(script, json!([place])))
    });
    let verdict = window.find("[data-verdict]");
    assert_eq!(verdict.attribute("data-verdict"), "block", "{}", window.text());
    assert!(!window.text().contains(&secret), "the page shows the secret");

    // What the host says is what the page showed.
    let scans = window.ask("scans", json!({})).unwrap();
    assert_eq!(scans["items"][0]["verdict"], "block", "{scans}");
    let found = window.ask("problems", json!({"query": "job:secret", "sort": "gravest"})).unwrap();
    let problem = &found["items"][0]["problem"];
    let (id, title) =
        (problem["fingerprint"].as_str().unwrap(), problem["title"].as_str().unwrap());
    let evidence = window.ask("problem", json!({"id": id})).unwrap();
    for answer in [&scans, &found, &evidence] {
        assert!(!answer.to_string().contains(&secret), "the host tells the secret");
    }

    // A link from outside leads to it, in the window that is open.
    let link = format!("mex://problem/{}", &id[..16]);
    let second = stand.command(&[&link]).output().unwrap();
    assert!(second.status.success(), "{second:?}");
    window.says(title);
    window.says("settings.txt");
    // One that leads to nothing says so.
    let lost = stand.command(&["mex://problem/ffffffffffffffff"]).output().unwrap();
    assert!(lost.status.success(), "{lost:?}");
    window.says("ffffffffffffffff");
    let counts = window.ask("problem_counts", json!({"query": ""})).unwrap();
    let state = opened(&window);
    window.end();
    stand.window_is_gone();

    let again = stand.open(&[]);
    let now = opened(&again);
    assert_eq!(now["problem_counts"], state["problem_counts"]);
    assert_eq!(again.ask("scans", json!({})).unwrap(), scans);
    assert_eq!(again.ask("problem_counts", json!({"query": ""})).unwrap(), counts);
    let recent = again.call("recent_projects", json!({})).unwrap();
    assert_eq!(recent[0]["path"], project, "{recent}");
    again.go("#/home");
    again.says("project");
    again.end();
}

/// Begins a scan as a page does, and waits until it runs.
fn begin_scan(window: &Session, path: &str) -> String {
    let question = json!({"path": path, "mode": "normal", "freshness": "fresh"});
    let answer = window
        .call("start_scan", json!({"question": question, "channel": "__CHANNEL__:1"}))
        .unwrap();
    let run = answer["run_id"].as_str().unwrap().to_owned();
    window.wait("the scan on record", || {
        let scans = window.ask("scans", json!({})).ok()?;
        (scans["items"][0]["run_id"] == run.as_str()).then_some(())
    });
    run
}

/// A scan is cancelled within two seconds of being asked, a page that was loaded again comes back to
/// one, and leaving in the middle of one leaves nothing running and a scan that says so.
#[test]
fn ui_1_leaving_in_the_middle_of_a_scan_leaves_nothing_running() {
    let stand = Stand::ready();
    for number in 0..400 {
        stand.write(&format!("src/file{number}.rs"), format!("// file {number}\nfn f() {{}}\n"));
    }
    let project = stand.project();
    let window = stand.open(&[]);
    opened(&window);

    let first = begin_scan(&window, project.to_str().unwrap());
    let begun = Instant::now();
    assert_eq!(window.ask("cancel_scan", json!({"id": first})).unwrap(), json!({"stopping": true}));
    window.wait("its end", || {
        let running = window.call("running_scans", json!({})).unwrap();
        (running == json!([])).then_some(())
    });
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());

    let second = begin_scan(&window, project.to_str().unwrap());
    window.reload();
    let running = window.wait("the page", || window.call("running_scans", json!({})).ok());
    assert_eq!(running[0]["run_id"], second, "{running}");
    // The answer may not come any more: the window is gone by then.
    window.run("window.__TAURI_INTERNALS__.invoke('quit', {});", json!([]));
    stand.nothing_runs();
    drop(window);

    let again = stand.open(&[]);
    opened(&again);
    let scans = again.ask("scans", json!({})).unwrap();
    for (place, run) in [second, first].iter().enumerate() {
        let scan = &scans["items"][place];
        assert_eq!(
            (&scan["run_id"], &scan["state"]),
            (&json!(run), &json!("interrupted")),
            "{scans}"
        );
    }
    again.end();
}

/// A data folder that cannot be used: the window opens, names it, and can try again.
#[test]
fn ui_1_a_damaged_data_folder_is_a_screen_that_names_it() {
    let stand = Stand::bare();
    fs::write(stand.data(), "a file where a folder belongs").unwrap();
    let window = stand.open(&[]);
    let refused = window.wait("the refusal", || window.call("open_state", json!({})).err());
    let code = refused["code"].as_str().unwrap();
    assert!(code.starts_with("MEX-DATA") || code.starts_with("HSK-500"), "{refused}");
    window.says(code);
    window.says(stand.data().to_str().unwrap());
    fs::remove_file(stand.data()).unwrap();
    // What stood in the way is gone: the same window opens it.
    opened(&window);
    window.end();
}
