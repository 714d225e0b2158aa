//! What goes between the window and the rest of a desktop: native dialogs, a folder dragged from another
//! program, the person's editor. By mouse and keyboard of the display, on one scan.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::driver::Session;
use crate::operator::opened;
use crate::stand::{Stand, canary};

/// Types a path into the dialog with this title and says yes. A dialog that was not ready for all of
/// it is told again, as a person would.
fn answer(stand: &Stand, title: &str, path: &Path) {
    let dialog = stand.window(title);
    let pause = || std::thread::sleep(std::time::Duration::from_millis(700));
    for attempt in 0..5 {
        stand.hand(&["windowfocus", "--sync", &dialog]);
        pause();
        if attempt > 0 {
            stand.hand(&["key", "--clearmodifiers", "ctrl+l"]);
        }
        // What is suggested as a name is chosen: typing puts the path in its place.
        stand.hand(&["key", "--clearmodifiers", "ctrl+a"]);
        stand.hand(&["type", "--delay", "15", path.to_str().unwrap()]);
        // The first yes may be to what was suggested, the next to the folder gone into, the last to it all.
        for _ in 0..5 {
            pause();
            if stand.hand(&["search", "--onlyvisible", "--name", title]).is_empty() {
                return;
            }
            stand.hand(&["key", "--window", &dialog, "Return"]);
        }
    }
    panic!("`{title}` stays open");
}

fn written(window: &Session, path: &Path) -> Vec<u8> {
    window.wait(&format!("`{}`", path.display()), || fs::read(path).ok().filter(|b| !b.is_empty()))
}

/// `docs/ux.md`: what is exported over the native dialog is the artifact byte for byte, a folder is
/// chosen over it and dropped from another program, and a problem's file opens in the person's own
/// editor at its line.
#[test]
fn ui_1_dialogs_a_dropped_folder_and_the_editor_reach_the_desktop_around() {
    let stand = Stand::ready();
    let text = format!("# settings\n\n\ntoken = \"{}\"\n", canary());
    stand.write("src/settings.txt", text);
    stand.write("Cargo.lock", crate::stand::cargo_lock("time", "0.1.45"));
    let scanned = stand.scan(&["--jobs", "secret,sbom"]);
    let run = scanned["run_id"].as_str().unwrap();

    // An editor of one's own: it writes down what it was started with.
    let (editor, seen) = (stand.folder.path().join("editor"), stand.folder.path().join("seen"));
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >'{}.part'\nmv '{0}.part' '{0}'\n",
        seen.display()
    );
    fs::write(&editor, script).unwrap();
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
    let own = [editor.to_str().unwrap(), "--at", "{line}", "{file}"];
    let preferences = json!({"schema_version": "pr-1.0", "editor": "own", "own_editor": own});
    fs::write(stand.data().join("preferences.json"), preferences.to_string()).unwrap();

    let window = stand.open(&[]);
    opened(&window);

    // Export: CycloneDX, SPDX and the report.
    window.go(&format!("#/reports/{run}/components"));
    let artifacts = |role: &str| {
        let found = window.ask("artifacts", json!({"run": run, "role": role, "limit": 1})).unwrap();
        found["items"][0]["handle"]["sha256"].as_str().unwrap().to_owned()
    };
    for (title, role) in [("CycloneDX", "cyclonedx"), ("The report itself", "report")] {
        let file: PathBuf = stand.folder.path().join(format!("{role}.json"));
        window.press("Export");
        window.click(&format!("//*[@role='menuitem'][contains(., '{title}')]"));
        answer(&stand, "Save the artifact", &file);
        let bytes = written(&window, &file);
        window.says(file.to_str().unwrap());
        let digest = match role {
            "report" => {
                let reports = window.ask("reports", json!({"run_id": run})).unwrap();
                let of = |mark: &&serde_json::Value| mark["kind"] == "components";
                let mark = reports["reports"].as_array().unwrap().iter().find(of).unwrap();
                mark["artifact"]["sha256"].as_str().unwrap().to_owned()
            }
            role => artifacts(role),
        };
        assert!(bytes == stand.mex(&["artifact", "export", &digest]).stdout, "{title} is another");
    }

    // The editor, from the evidence.
    let found = window.ask("problems", json!({"query": "job:secret", "sort": "gravest"})).unwrap();
    let id = found["items"][0]["problem"]["fingerprint"].as_str().unwrap();
    window.go(&format!("#/problem/{id}"));
    window.says("settings.txt");
    window.press("Open in editor");
    let arguments = String::from_utf8(written(&window, &seen)).unwrap();
    let file = stand.project().join("src/settings.txt").canonicalize().unwrap();
    assert_eq!(arguments, format!("--at\n4\n{}\n", file.display()));
    window.says("is open in your editor");

    // A folder, by the dialog.
    let other = stand.folder.path().join("other");
    fs::create_dir(&other).unwrap();
    window.go("#/home");
    window.press("Choose");
    answer(&stand, "Choose a project to scan", &other);
    let value = |window: &Session| {
        let script = "return document.querySelector('main input').value;";
        window.run(script, json!([])).as_str().unwrap_or_default().to_owned()
    };
    window.wait("the folder", || (value(&window) == other.to_str().unwrap()).then_some(()));

    // A folder, dragged from another program and dropped on the window, takes its place.
    let _program = stand.something_else();
    stand.drag("dragged from here", "^mex$");
    window.wait("the folder that was dropped", || {
        (value(&window) == stand.project().to_str().unwrap()).then_some(())
    });
    window.end();
}
