//! What a compromised page can reach (promise P29): the commands of the table from the window `main`
//! and from our own pages, and nothing else. Asks the access list that is compiled in.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]

use std::path::Path;

use mex_desktop::surface::MAIN;
use mex_desktop::{commands, window};
use serde_json::Value;
use tauri::ipc::Origin;

fn remote() -> Origin {
    Origin::Remote { url: "https://example.org/".parse().unwrap() }
}

/// P29: each command is open to `main` alone.
#[test]
fn p29_commands_from_an_unlisted_window_are_denied() {
    let mut context = window::context();
    let access = context.runtime_authority_mut();
    for command in commands::table() {
        let name = command.name;
        assert!(access.resolve_access(name, MAIN, MAIN, &Origin::Local).is_some(), "`{name}`");
        for label in ["other", "main2", "Main", "", "*"] {
            let found = access.resolve_access(name, label, label, &Origin::Local);
            assert!(found.is_none(), "`{name}` from `{label}`");
        }
        assert!(access.resolve_access(name, MAIN, MAIN, &remote()).is_none(), "`{name}` from afar");
    }
}

/// UI-6: no shell, no file, no network, no dialog, no browser, no window of Tauri's own for a page.
#[test]
fn ui_6_no_command_of_tauri_or_a_plugin_is_open() {
    let mut context = window::context();
    let access = context.runtime_authority_mut();
    for name in [
        "plugin:shell|execute",
        "plugin:shell|spawn",
        "plugin:shell|open",
        "plugin:shell|kill",
        "plugin:shell|stdin_write",
        "plugin:dialog|open",
        "plugin:dialog|save",
        "plugin:dialog|message",
        "plugin:fs|read_file",
        "plugin:fs|write_file",
        "plugin:fs|read_text_file",
        "plugin:opener|open_url",
        "plugin:opener|open_path",
        "plugin:opener|reveal_item_in_dir",
        "plugin:notification|notify",
        "plugin:deep-link|register",
        "plugin:deep-link|get_current",
        "plugin:window-state|save_window_state",
        "plugin:window|create",
        "plugin:window|close",
        "plugin:webview|create_webview_window",
        "plugin:webview|create_webview",
        "plugin:event|listen",
        "plugin:event|emit",
        "plugin:path|resolve",
        "plugin:app|version",
        "plugin:resources|close",
        "plugin:menu|new",
        "plugin:image|from_path",
        "plugin:tray|new",
        "nothing_of_the_sort",
    ] {
        for label in [MAIN, "other"] {
            let found = access.resolve_access(name, label, label, &Origin::Local);
            assert!(found.is_none(), "`{name}` from `{label}`");
        }
    }
}

/// UI-6: the list names commands of the table alone, for one window and no address.
#[test]
fn ui_6_the_access_list_holds_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("capabilities");
    let lists: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(lists, [folder.join("main.json")]);
    let list: Value = serde_json::from_slice(&std::fs::read(&lists[0]).unwrap()).unwrap();
    assert_eq!(list["windows"], serde_json::json!([MAIN]));
    assert!(list.get("remote").is_none() && list.get("webviews").is_none());
    let names: Vec<String> =
        commands::table().iter().map(|command| command.name.replace('_', "-")).collect();
    for permission in list["permissions"].as_array().unwrap() {
        let name = permission.as_str().unwrap().strip_prefix("allow-").unwrap();
        assert!(names.iter().any(|known| known == name), "`{permission}`");
    }
}

/// UI-6: the policy of the pages has no inline code or style, no evaluation, no other origin, no frame.
#[test]
fn ui_6_the_policy_of_the_pages_is_strict() {
    let config: Value = serde_json::from_slice(
        &std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tauri.conf.json")).unwrap(),
    )
    .unwrap();
    let security = config["app"]["security"].as_object().unwrap();
    let policy = security["csp"].as_object().unwrap();
    assert_eq!(policy["default-src"], "'none'");
    for closed in ["frame-src", "object-src", "base-uri", "form-action"] {
        assert_eq!(policy[closed], "'none'", "{closed}");
    }
    for (directive, sources) in policy {
        for source in sources.as_str().unwrap().split(' ') {
            let known = ["'self'", "'none'", "ipc:", "http://ipc.localhost"];
            assert!(known.contains(&source), "{directive}: {source}");
        }
    }
    for off in ["devCsp", "dangerousDisableAssetCspModification", "assetProtocol"] {
        assert!(!security.contains_key(off), "{off}");
    }
    assert!(config["build"].get("devUrl").is_none());
    assert!(config["app"].get("withGlobalTauri").is_none());
}
