//! The operator's loop in the real window, on a real scan: from the button to the block, its evidence,
//! a link to it, and everything as it was after a restart. And what goes wrong on the way.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::driver::Session;
use crate::stand::{Stand, canary};

fn opened(window: &Session) -> Value {
    window.wait("the data folder", || window.call("open_state", json!({})).ok())
}

/// Processes that still have something of this stand in their command line.
fn left_running(stand: &Stand) -> Vec<String> {
    let folder = stand.folder.path().to_str().unwrap().to_owned();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        // The display, the bus and the driver belong to the test.
        .filter(|line| line.contains(&folder) && !line.starts_with("dbus-daemon"))
        .collect()
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
    window.find_text("label, button", "For a release").click();
    window.wait("a button that can be pressed", || {
        let button = window.find_text("button", "Scan for a release");
        button.is_enabled().then(|| button.click())
    });
    let verdict = window.find("[data-verdict]");
    assert_eq!(verdict.attribute("data-verdict"), "block", "{}", window.text());
    assert!(!window.text().contains(&secret), "the page shows the secret");

    // What the host says is what the page showed.
    let scans = window.ask("scans", json!({})).unwrap();
    assert_eq!(scans["items"][0]["verdict"], "block", "{scans}");
    let found = window.ask("problems", json!({"query": "job:secret", "sort": "severity"})).unwrap();
    let problem = &found["items"][0];
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

    let again = stand.open(&[]);
    let now = opened(&again);
    assert_eq!(now["problem_counts"], state["problem_counts"]);
    assert_eq!(again.ask("scans", json!({})).unwrap(), scans);
    assert_eq!(again.ask("problem_counts", json!({"query": ""})).unwrap(), counts);
    let recent = again.call("recent_projects", json!({})).unwrap();
    assert_eq!(recent[0]["path"], project, "{recent}");
    again.says("project");
    again.end();
}

/// Begins a scan as a page does, and waits until it has told something.
fn begin_scan(window: &Session, path: &str) -> String {
    window.run(
        "window.told = []; const internals = window.__TAURI_INTERNALS__;
         const id = internals.transformCallback((sent) => { if (sent.message) window.told.push(sent.message) });
         internals.invoke('start_scan', {
             question: { path: arguments[0], mode: 'normal', freshness: 'fresh' },
             channel: `__CHANNEL__:${id}`,
         }).then((answer) => { window.run = answer.run_id }, (error) => { window.run = JSON.stringify(error) });",
        json!([path]),
    );
    let run = window.wait("the scan", || {
        let told = window.run("return window.told.length;", json!([])).as_u64()?;
        let run = window.run("return window.run ?? null;", json!([]));
        (told > 0).then(|| run.as_str().map(str::to_owned)).flatten()
    });
    assert_eq!(run.len(), 36, "{run}");
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
    let end = window.wait("its end", || {
        let told = window.run("return window.told.at(-1);", json!([]));
        (told["news"] == "finished").then_some(told)
    });
    assert_eq!(end["outcome"]["error"]["code"], "MEX-CANCELLED", "{end}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());

    let second = begin_scan(&window, project.to_str().unwrap());
    window.reload();
    let running = window.wait("the page", || window.call("running_scans", json!({})).ok());
    assert_eq!(running[0]["run_id"], second, "{running}");
    // The answer may not come any more: the window is gone by then.
    window.run("window.__TAURI_INTERNALS__.invoke('quit', {});", json!([]));
    let begun = Instant::now();
    while !left_running(&stand).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{:#?}", left_running(&stand));
        std::thread::sleep(Duration::from_millis(100));
    }
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
