//! Trouble in the real window: what cannot be opened, what goes wrong while it works. Each is a screen
//! that names it and says what to do; nothing of it is shown as clean.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use rustix::fs::FlockOperation;
use serde_json::{Value, json};

use crate::driver::Session;
use crate::fault;
use crate::operator::opened;
use crate::stand::Stand;

/// Where SQLite's header has the version of the schema.
const USER_VERSION: u64 = 60;

fn put_version(database: &Path, version: u32) {
    let mut file = OpenOptions::new().write(true).open(database).unwrap();
    file.seek(SeekFrom::Start(USER_VERSION)).unwrap();
    file.write_all(&version.to_be_bytes()).unwrap();
}

/// A trouble has a name, what to do about it, and its code; and it is not the last word.
fn assert_names_it(window: &Session, code: &str, words: &[&str]) {
    window.says(code);
    let text = window.text();
    for word in words.iter().chain(&["What to do:"]) {
        assert!(text.contains(word), "`{word}` is missing in:\n{text}");
    }
    for clean in ["PASS", "Nothing stands against it"] {
        assert!(!text.contains(clean), "shown as clean:\n{text}");
    }
}

/// A data folder of a newer version, and one that another process holds: refused by name, then opened
/// by the same window.
#[test]
fn ui_1_a_newer_and_a_locked_data_folder_are_named_and_tried_again() {
    let stand = Stand::ready();
    let database = stand.data().join("recorder.sqlite3");
    let version = {
        let bytes = fs::read(&database).unwrap();
        let at = usize::try_from(USER_VERSION).unwrap();
        u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
    };
    put_version(&database, version + 7);
    let whole = fs::read(&database).unwrap();
    let window = stand.open(&[]);
    assert_names_it(
        &window,
        "MEX-DATA-FUTURE",
        &["A newer mex wrote this data folder", "update mex"],
    );
    assert_eq!(fs::read(&database).unwrap(), whole, "it was changed");

    put_version(&database, version);
    // As a process that never lets go of its transaction; its end is the end of the lock.
    let held = OpenOptions::new().read(true).write(true).open(&database).unwrap();
    rustix::fs::fcntl_lock(&held, FlockOperation::NonBlockingLockExclusive).unwrap();
    window.press("Try again");
    window.says("Waiting for the data folder");
    assert_names_it(&window, "HSK-500-DB", &["The Flight Recorder cannot be used", "locked"]);

    drop(held);
    window.press("Try again");
    window.says("Welcome to mex");
    opened(&window);
    assert!(!window.text().contains("settings could not be read"), "{}", window.text());
    window.end();
}

/// Presses the button of the scan, once it can be pressed, and waits until something came of it.
fn scan(window: &Session, stand: &Stand) {
    window.go(&format!("#/home?project={}", stand.project().display()));
    window.click("//main//button[starts-with(normalize-space(.), 'Scan') and not(@disabled)]");
}

fn verdict(window: &Session) -> String {
    window.find("[data-verdict]").attribute("data-verdict")
}

fn secrets_alone(window: &Session) {
    let kept = json!({"home.jobs": ["secret"]}).to_string();
    window.ask("save_preferences", json!({"window": kept})).unwrap();
    window.reload();
    window.says("Scan a project");
}

/// A missing tool, a disk that fills in the middle of a scan, a project folder that vanished: in one
/// window, and with space again it goes on.
#[test]
fn ui_1_a_missing_tool_a_full_disk_and_a_vanished_project_are_never_clean() {
    let stand = Stand::ready();
    for number in 0..300 {
        stand.write(&format!("src/file{number}.txt"), "words ".repeat(200));
    }
    let tools = stand.own_tools(Some("gitleaks"));
    let versions = fs::read_dir(tools.join("tools/gitleaks")).unwrap().flatten();
    let tool = versions.map(|entry| entry.path()).find(|path| path.is_dir()).unwrap();
    let (tool, away) = (tool.join("gitleaks"), stand.folder.path().join("away"));
    fs::rename(&tool, &away).unwrap();
    let full = stand.folder.path().join("full");
    let (library, data) = (fault::library(), stand.data());
    let project = stand.project();
    let window = stand.open_with(
        &[
            ("LD_PRELOAD", &library),
            ("FAULT_UNDER", &data),
            ("FAULT_AT", Path::new("1")),
            ("FAULT_DEED", Path::new("full")),
            ("FAULT_WHILE", &full),
        ],
        &[project.to_str().unwrap()],
    );
    opened(&window);
    secrets_alone(&window);

    scan(&window, &stand);
    assert_eq!(verdict(&window), "denied", "{}", window.text());
    window.says("gitleaks");
    fs::rename(&away, &tool).unwrap();

    scan(&window, &stand);
    window.wait("the scan under way", || {
        let running = window.call("running_scans", json!({})).ok()?;
        let at_work = !stand.tools_running().is_empty();
        (running != json!([]) && at_work).then_some(())
    });
    fs::write(&full, "").unwrap();
    window.wait("its end", || {
        (window.call("running_scans", json!({})).ok()? == json!([])).then_some(())
    });
    let text = window.wait("what became of it", || {
        let text = window.text();
        text.contains("What to do:").then_some(text)
    });
    let known = ["HSK-500-DB", "MEX-DATA-DIR", "MEX-STORE-IO", "MEX-STAGE-IO"];
    assert!(known.iter().any(|code| text.contains(code)), "{text}");
    assert!(!text.contains("PASS"), "{text}");
    assert!(window.find_now("[data-verdict=pass]").is_none(), "{text}");
    fs::remove_file(&full).unwrap();

    scan(&window, &stand);
    assert_eq!(verdict(&window), "pass", "{}", window.text());

    // Gone after the page looked: the scan is refused. Gone before: the button is.
    window.go(&format!("#/home?project={}", project.display()));
    window.find("//main//button[starts-with(normalize-space(.), 'Scan') and not(@disabled)]");
    fs::remove_dir_all(&project).unwrap();
    scan(&window, &stand);
    assert_names_it(&window, "MEX-STAGE-MISSING", &["The project folder is gone"]);
    window.go(&format!("#/home?project={}", project.display()));
    window.reload();
    window.says("does not exist");
    let refused = window.find("//main//button[starts-with(normalize-space(.), 'Scan')]");
    assert!(!refused.is_enabled(), "{}", window.text());
    let left: Value = window.ask("scans", json!({})).unwrap();
    let verdicts: Vec<&Value> =
        left["items"].as_array().unwrap().iter().map(|scan| &scan["verdict"]).collect();
    assert_eq!(verdicts, [&json!("pass"), &Value::Null, &json!("denied")], "{left}");
    window.end();
    stand.window_is_gone();

    // The next start closes what the full disk did not let be recorded.
    let again = stand.open_with(&[], &[]);
    opened(&again);
    let left = again.ask("scans", json!({})).unwrap();
    assert_eq!(left["items"][1]["state"], "interrupted", "{left}");
    again.end();
}
