//! What the host does whatever its pages show: opening, refusing, a second start, leaving.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::stand::{PROGRAM, Stand};

/// Runs the program to its end and gives exit code, stdout and stderr.
fn run(command: &mut std::process::Command) -> (i32, String, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

#[test]
fn ui_1_without_a_display_there_is_one_sentence_and_exit_2() {
    for display in [None, Some(":4711")] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new(PROGRAM);
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        command.env("MEX_DATA_DIR", folder.path().join("data"));
        command.env("XDG_RUNTIME_DIR", folder.path());
        if let Some(display) = display {
            command.env("DISPLAY", display);
        }
        let (code, stdout, stderr) = run(&mut command);
        assert_eq!(code, 2, "{stderr}");
        assert!(stdout.is_empty(), "{stdout}");
        let ours: Vec<&str> =
            stderr.lines().filter(|line| line.starts_with("mex-desktop: ")).collect();
        assert_eq!(ours.len(), 1, "{stderr}");
        assert!(ours[0].contains("no display") && ours[0].contains("`mex`"), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert!(!folder.path().join("data").exists(), "nothing was opened");
    }
}

#[test]
fn bad_arguments_are_one_sentence_and_exit_2() {
    for (argument, word) in [
        ("--wat", "`--wat`"),
        ("/no/such/folder", "`/no/such/folder`"),
        ("mex://", "mex://KIND/ID"),
    ] {
        let (code, _, stderr) = run(std::process::Command::new(PROGRAM).arg(argument));
        assert_eq!((code, stderr.lines().count()), (2, 1), "{stderr}");
        assert!(stderr.contains(word), "{stderr}");
    }
    let (code, stdout, _) = run(std::process::Command::new(PROGRAM).arg("--help"));
    assert!(code == 0 && stdout.contains("mex://"), "{stdout}");
}

/// P29: in the real window, the page reaches the table and nothing of Tauri or its plugins.
#[test]
fn p29_the_real_page_reaches_the_commands_and_nothing_else() {
    let stand = Stand::bare();
    let window = stand.open(&[]);
    let state = window.wait("the data folder", || window.call("open_state", json!({})).ok());
    assert_eq!(state["data_dir"], stand.data().to_str().unwrap());
    for (name, argument) in [
        ("plugin:shell|execute", json!({"program": "sh", "args": [], "options": {}})),
        ("plugin:dialog|message", json!({"message": "x"})),
        ("plugin:opener|open_url", json!({"url": "https://example.org/"})),
        ("plugin:event|listen", json!({"event": "x", "target": {"kind": "Any"}, "handler": 1})),
        ("plugin:webview|create_webview_window", json!({"options": {"label": "second"}})),
    ] {
        let refused = window.call(name, argument).unwrap_err();
        assert!(refused.as_str().is_some_and(|text| text.contains("not allowed")), "{refused}");
    }
    let refused = window.ask("job", json!({"id": "x", "surprise": 1})).unwrap_err();
    assert_eq!(refused["code"], "MEX-USAGE", "{refused}");
    // The policy holds in the real page: no inline code, no evaluation, no other origin.
    let inline = window.run(
        "const script = document.createElement('script');
         script.textContent = 'window.reached = 1'; document.head.append(script);
         let evaluated = false; try { evaluated = eval('1') === 1 } catch {}
         return [window.reached ?? 0, evaluated];",
        json!([]),
    );
    assert_eq!(inline, json!([0, false]));
    window.end();
}

/// UI-1: a second start focuses the first window, hands over what it was given, and ends at once.
#[test]
fn ui_1_a_second_start_hands_over_and_ends() {
    let stand = Stand::bare();
    let window = stand.open(&[]);
    window.wait("the data folder", || window.call("open_state", json!({})).ok());
    let project = stand.project();
    let project = project.to_str().unwrap();
    let begun = Instant::now();
    let (code, _, stderr) = run(&mut stand.command(&[project]));
    assert_eq!(code, 0, "{stderr}");
    window.wait("the project in the form", || {
        let values = "return [...document.querySelectorAll('input')].map((one) => one.value);";
        window.run(values, json!([])).as_array()?.iter().any(|one| one == project).then_some(())
    });
    let (code, _, stderr) = run(&mut stand.command(&["mex://problem/0a1b"]));
    assert_eq!(code, 0, "{stderr}");
    window.says("mex://problem/0a1b");
    assert!(begun.elapsed() < Duration::from_secs(100));
    window.end();
}

/// The launcher of the package: without WebKit one sentence and exit 2, with it the window itself.
#[test]
fn ui_1_without_webkit_the_launcher_says_so_and_exits_2() {
    use std::os::unix::fs::PermissionsExt as _;

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("linux/mex-desktop");
    let folder = tempfile::tempdir().unwrap();
    let lib = folder.path().join("usr/lib");
    std::fs::create_dir_all(lib.join("mex")).unwrap();
    std::fs::create_dir_all(lib.join("some-arch")).unwrap();
    let text = std::fs::read_to_string(script).unwrap();
    let text = text.replace("/usr/lib", lib.to_str().unwrap());
    let launcher = folder.path().join("mex-desktop");
    std::fs::write(&launcher, text).unwrap();
    let window = lib.join("mex/mex-window");
    std::fs::write(&window, "#!/bin/sh\necho \"window $1\"\nexit 7\n").unwrap();
    for file in [&launcher, &window] {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let start = || run(std::process::Command::new(&launcher).arg("a b"));
    let (code, stdout, stderr) = start();
    assert_eq!((code, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
    assert!(stderr.contains("libwebkit2gtk-4.1-0") && stderr.contains("`mex`"), "{stderr}");
    std::fs::write(lib.join("some-arch/libwebkit2gtk-4.1.so.0"), "").unwrap();
    assert_eq!(start(), (7, "window a b\n".to_owned(), String::new()));
}
