//! Scans and who looks away: the question before leaving, cancel from the button, one notification for
//! a finished scan. All in one window, with requests to close as its cross sends them.

use serde_json::{Value, json};

use crate::driver::Session;
use crate::operator::opened;
use crate::stand::Stand;

const ASKED: &str = "A scan is still running";

/// Presses the button of the scan and waits until its tools are at work.
fn scan(stand: &Stand, window: &Session) -> String {
    // Something is new, so that no earlier result stands for this one.
    stand.write(&format!("src/{}.txt", uuid::Uuid::new_v4()), "new");
    window.go(&format!("#/home?project={}", stand.project().display()));
    window.click("//main//button[starts-with(normalize-space(.), 'Scan') and not(@disabled)]");
    window.wait("tools at work", || (!stand.tools_running().is_empty()).then_some(()));
    let running = window.call("running_scans", json!({})).unwrap();
    running[0]["run_id"].as_str().unwrap_or_else(|| panic!("no scan runs")).to_owned()
}

fn newest(window: &Session) -> Value {
    window.ask("scans", json!({"limit": 1})).unwrap()["items"][0].clone()
}

/// UI-1, `docs/ux.md`: quit asks only while jobs run, and both answers are kept to; a scan is cancelled
/// and nothing of it runs on; a finished scan is told once, and only to who looks away.
#[test]
fn ui_1_quit_asks_while_a_scan_runs_cancel_ends_it_and_one_notification_tells_of_it() {
    let stand = Stand::ready();
    for number in 0..2000 {
        stand.write(&format!("src/file{number}.txt"), "word ".repeat(2000));
    }
    let told = stand.notifications();
    // Built now, so that no scan ends while it is.
    drop(stand.something_else());
    let project = stand.project();
    let window = stand.open(&[project.to_str().unwrap()]);
    opened(&window);
    let kept = json!({"home.jobs": ["secret"]}).to_string();
    window.ask("save_preferences", json!({"window": kept})).unwrap();
    window.reload();
    window.says("Scan a project");
    let frame = stand.window("^mex$");

    // Cancel, from the button.
    let run = scan(&stand, &window);
    window.press("Cancel");
    window.says("Stopped");
    window.wait("no tool of it", || stand.tools_running().is_empty().then_some(()));
    let scan_now = newest(&window);
    assert_eq!((&scan_now["run_id"], &scan_now["state"]), (&json!(run), &json!("interrupted")));
    assert!(scan_now["reason"].as_str().unwrap().contains("MEX-CANCELLED"), "{scan_now}");
    assert!(!window.text().contains("PASS"), "{}", window.text());
    assert_eq!(told.count(), 0, "who cancels knows");

    // To leave while a scan runs is asked about; who stays gets a verdict, and sees it.
    stand.hand(&["windowfocus", "--sync", &frame]);
    let run = scan(&stand, &window);
    stand.ask_to_close(&frame);
    window.says(ASKED);
    assert_eq!(window.call("running_scans", json!({})).unwrap()[0]["run_id"], run.as_str());
    window.press("Keep scanning");
    window.wait("no question", || (!window.text().contains(ASKED)).then_some(()));
    assert_eq!(window.find("[data-verdict]").attribute("data-verdict"), "pass");
    assert_eq!(newest(&window)["run_id"], run.as_str());
    assert_eq!(told.count(), 0, "{}", told.text());

    // Who looks away is told of the end once.
    let elsewhere = stand.something_else();
    stand.hand(&["windowfocus", "--sync", &stand.window("dragged from here")]);
    scan(&stand, &window);
    window.says("Scanning");
    window.find("[data-verdict=pass]");
    window.wait("the notification", || (told.count() > 0).then_some(()));
    assert!(told.text().contains("the verdict is pass"), "{}", told.text());
    assert_eq!(told.count(), 1, "{}", told.text());
    drop(elsewhere);

    // The other answer: the scan ends, and the program with it.
    scan(&stand, &window);
    stand.ask_to_close(&frame);
    window.says(ASKED);
    window.run(
        "for (const one of document.querySelectorAll('dialog button, [role=dialog] button'))
             if (one.textContent.includes('Cancel it and quit')) setTimeout(() => one.click());",
        json!([]),
    );
    stand.nothing_runs();
    drop(window);

    // Nothing runs: nobody is asked.
    let again = stand.open(&[]);
    opened(&again);
    assert_eq!(newest(&again)["state"], "interrupted");
    stand.ask_to_close(&stand.window("^mex$"));
    stand.nothing_runs();
}
