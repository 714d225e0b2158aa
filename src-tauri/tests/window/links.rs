//! Deep links in the real window: to every kind of thing, as the first start and as a second one, and
//! to nothing. One scan of the command line on the same data folder stands behind them.

use serde_json::{Value, json};

use crate::operator::opened;
use crate::stand::{Stand, canary};

/// UI-3: each id leads to its place; one that names nothing says so.
#[test]
fn ui_3_links_lead_to_their_places_as_first_and_as_second_start() {
    let stand = Stand::ready();
    stand.write("src/settings.txt", format!("token = \"{}\"\n", canary()));
    let project = stand.project();
    let scanned = stand.scan(&["--jobs", "secret", "--release"]);
    let run = scanned["run_id"].as_str().unwrap();
    let shown = stand.mex_json(&["jobs", "show", run]);
    let job = shown["jobs"][0]["job_id"].as_str().unwrap();
    let operation = shown["operations"][0]["op_id"].as_str().unwrap();
    let events = stand.mex_json(&["recorder", "query", "--run", run]);
    let event = events["items"][0]["event"]["event_id"].as_str().unwrap();
    let artifact = scanned["verdict_ref"]["sha256"].as_str().unwrap();

    // The first start: no window is open yet.
    let window = stand.open(&[&format!("mex://job/{job}")]);
    window.says("Timeline");
    window.find(&format!("//*[contains(., '{}')]", &job[..8]));
    let place = |window: &crate::driver::Session| {
        let hash = window.run("return decodeURIComponent(location.hash);", json!([]));
        hash.as_str().unwrap().to_owned()
    };
    assert_eq!(place(&window), format!("#/timeline?job={job}"));
    window.find("[role=grid] [role=row][aria-rowindex='2']");

    for (link, leads_to, says) in [
        (format!("mex://event/{event}"), format!("#/timeline/{event}"), event),
        (format!("mex://artifact/{artifact}"), format!("#/artifacts/{artifact}"), artifact),
        (format!("mex://operation/{operation}"), format!("#/gates/{operation}"), "G-INTEGRITY"),
        (format!("mex://scan/{run}"), format!("#/scan/{run}"), project.to_str().unwrap()),
        ("mex://registry".to_owned(), "#/registry".to_owned(), "In force"),
    ] {
        let second = stand.command(&[&link]).output().unwrap();
        assert!(second.status.success(), "{second:?}");
        window.wait(&link, || (place(&window) == leads_to).then_some(()));
        window.says(says);
    }
    let version = opened(&window)["registry_version"].as_str().unwrap().to_owned();
    let link = format!("mex://registry/{version}");
    assert!(stand.command(&[&link]).output().unwrap().status.success());
    window.wait(&link, || (place(&window) == format!("#/registry/{version}")).then_some(()));
    window.says(&format!("Version {version}"));
    assert!(!window.text().contains("What to do:"), "{}", window.text());

    for (lost, code) in [
        ("mex://job/ffffffff-ffff", "MEX-NOT-FOUND"),
        ("mex://event/ffffffff-ffff", "MEX-NOT-FOUND"),
        ("mex://artifact/ffffffffffffffff", "MEX-NOT-FOUND"),
        ("mex://registry/99.9.9", "MEX-NOT-FOUND"),
        ("mex://nothing/1", "MEX-LINK-INVALID"),
    ] {
        let second = stand.command(&[lost]).output().unwrap();
        assert!(second.status.success(), "{second:?}");
        window.wait(lost, || {
            let text = window.text();
            (text.contains(lost) && text.contains("Nothing stands behind this link")).then_some(())
        });
        let refused: Value = window.ask("resolve_link", json!({"uri": lost})).unwrap_err();
        assert_eq!(refused["code"], code, "{lost}: {refused}");
    }
    window.end();
}
