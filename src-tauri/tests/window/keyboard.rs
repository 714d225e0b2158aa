//! UI-5 and P32 in the real window, on one real scan: axe-core on every screen with `target-size` on,
//! the operator's and the developer's loop by keyboard alone, and filters that survive a restart.

use serde_json::{Value, json};

use crate::driver::Session;
use crate::operator::opened;
use crate::stand::{Stand, canary, cargo_lock};

const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/node_modules/axe-core/axe.min.js");

/// What axe-core has against the page as it stands now.
fn violations(window: &Session) -> Value {
    window.run_until_done(
        "const done = arguments[0];
         const rules = { 'target-size': { enabled: true } };
         axe.run(document, { rules, resultTypes: ['violations'] }).then(
             ({ violations, passes }) => done({
                 rules: passes.length,
                 against: violations.flatMap((one) => one.nodes.map((node) =>
                     `${one.id}: ${node.target.join(' ')} ${node.failureSummary}`)),
             }),
             (error) => done({ against: [String(error)] }));",
        json!([]),
    )
}

fn settled(window: &Session) {
    window.wait("the whole screen", || {
        let waits = window.find_now("[aria-busy=true]").is_some();
        let empty = window.find_now("main h1").is_none();
        (!waits && !empty).then_some(())
    });
}

/// Tabs to the first element on the way that matches and says so.
#[track_caller]
fn tab_to(window: &Session, css: &str, words: &str) {
    let script = "const one = document.activeElement;
        return one.matches(arguments[0]) && one.textContent.includes(arguments[1]);";
    for _ in 0..200 {
        if window.run(script, json!([css, words])) == json!(true) {
            return;
        }
        window.keys(&["Tab"]);
    }
    panic!("no way by Tab to `{css}` with `{words}`; the page says:\n{}", window.text());
}

#[track_caller]
fn heading(window: &Session, words: &str) {
    window.find(&format!("//main//h1[normalize-space(.)='{words}']"));
}

/// Goes to a screen by its keys. A page that is still being put together may take the first of them for
/// itself; who sits there presses them again.
#[track_caller]
fn keys_to(window: &Session, keys: &[&str], title: &str) {
    window.wait(title, || {
        window.keys(keys);
        std::thread::sleep(std::time::Duration::from_millis(700));
        window.find_now(&format!("//main//h1[normalize-space(.)='{title}']")).map(drop)
    });
}

/// A stand with one release scan of secrets, vulnerabilities and components, by the command line.
fn scanned() -> (Stand, String) {
    let stand = Stand::ready();
    stand.write("src/settings.txt", format!("token = \"{}\"\n", canary()));
    stand.write("Cargo.lock", cargo_lock("time", "0.1.45"));
    let outcome = stand.scan(&["--jobs", "secret,vuln,sbom", "--release"]);
    let run = outcome["run_id"].as_str().unwrap().to_owned();
    (stand, run)
}

#[test]
fn ui_5_every_screen_of_the_real_window_is_clean_to_axe() {
    let (stand, run) = scanned();
    let window = stand.open(&[]);
    opened(&window);
    window.run(
        &std::fs::read_to_string(AXE).unwrap_or_else(|e| panic!("{AXE}: {e}: run `./dev test`")),
        json!([]),
    );
    let scan = window.ask("scan", json!({"id": run})).unwrap();
    let operation = scan["operations"][0]["op_id"].as_str().unwrap();
    let verdict = scan["entry"]["verdict_ref"]["sha256"].as_str().unwrap();
    let found = window.ask("problems", json!({"query": "", "sort": "gravest"})).unwrap();
    let problem = found["items"][0]["problem"]["fingerprint"].as_str().unwrap();
    let events = window.ask("events", json!({"limit": 1})).unwrap();
    let event = events["items"][0]["event"]["event_id"].as_str().unwrap();
    let places = [
        "home".to_owned(),
        "scan".to_owned(),
        format!("scan/{run}"),
        "problems".to_owned(),
        format!("problem/{problem}"),
        "gates".to_owned(),
        format!("gates/{operation}"),
        format!("reports/{run}/vulnerabilities"),
        format!("reports/{run}/components"),
        format!("reports/{run}/licenses"),
        format!("reports/{run}/secrets"),
        format!("reports/{run}/coverage"),
        "exceptions".to_owned(),
        "timeline".to_owned(),
        format!("timeline/{event}"),
        "artifacts".to_owned(),
        format!("artifacts/{verdict}"),
        "registry".to_owned(),
        "registry/draft".to_owned(),
        "registry/versions".to_owned(),
        "tools".to_owned(),
        "consents".to_owned(),
        "settings".to_owned(),
        "lost?uri=mex%3A%2F%2Fproblem%2F0000".to_owned(),
    ];
    for place in &places {
        window.go(&format!("#/{place}"));
        settled(&window);
        let said = violations(&window);
        assert_eq!(said["against"], json!([]), "{place}");
        assert!(said["rules"].as_u64().unwrap() > 10, "{place}: {said}");
    }
    window.ask("save_preferences", json!({"theme": "dark"})).unwrap();
    window.reload();
    window.run(&std::fs::read_to_string(AXE).unwrap(), json!([]));
    for place in [&places[2], &places[3], &places[6]] {
        window.go(&format!("#/{place}"));
        settled(&window);
        assert_eq!(violations(&window)["against"], json!([]), "{place}, dark");
    }
    window.end();
}

/// Asks in the query line, and waits until so many problems are listed.
fn ask(window: &Session, line: &str, count: usize) {
    window.keys(&["/"]);
    window.enter(line);
    window.keys(&["Enter"]);
    window.find(&format!("[role=grid][aria-label=Problems][aria-rowcount='{}']", count + 1));
}

#[test]
fn p32_the_loops_by_keyboard_alone_and_filters_that_survive_a_restart() {
    let (stand, _) = scanned();
    let window = stand.open(&[stand.project().to_str().unwrap()]);
    opened(&window);
    let kept = json!({"home.jobs": ["secret", "sbom"], "home.release": true}).to_string();
    window.ask("save_preferences", json!({"window": kept})).unwrap();
    window.reload();
    heading(&window, "Home");
    stand.hand(&["windowfocus", "--sync", &stand.window("^mex$")]);

    // The operator: from the list to the evidence, its job and gates; then a decision, taken back.
    keys_to(&window, &["g", "p"], "Problems");
    ask(&window, "job:secret", 1);
    tab_to(&window, "[role=grid]", "");
    window.keys(&["Enter"]);
    for words in ["settings.txt", "Related job", "Policy decisions", "What to do"] {
        window.says(words);
    }
    tab_to(&window, "aside a[href*='/gates/']", "");
    window.keys(&["Enter"]);
    heading(&window, "Gates");
    window.says("G-INTEGRITY");
    window.keys(&["Alt+Left"]);
    heading(&window, "Problems");
    window.find("[role=grid][aria-label=Problems][aria-rowcount='2']");
    window.keys(&["F8"]);
    window.find("aside");
    window.keys(&["a"]);
    window.find("dialog[open]");
    window.enter("known here");
    window.keys(&["Control+Enter"]);
    window.says("1 problem acknowledged");
    let status = || {
        let found =
            window.ask("problems", json!({"query": "job:secret", "sort": "gravest"})).unwrap();
        found["items"][0]["problem"]["status"].clone()
    };
    assert_eq!(status(), "acknowledged");
    tab_to(&window, "button", "Undo");
    window.keys(&["Enter"]);
    window.wait("the decision taken back", || (status() == "open").then_some(()));

    // The developer: the button, the block, the evidence.
    keys_to(&window, &["g", "h"], "Home");
    window.says("Cargo.lock");
    window.keys(&["Control+Enter"]);
    let verdict = window.find("[data-verdict]").attribute("data-verdict");
    assert_eq!(verdict, "block", "{}", window.text());
    tab_to(&window, "main a", "Evidence");
    window.keys(&["Enter"]);
    heading(&window, "Problem");
    window.says("What to do");
    settled(&window);

    // Filter, order of groups and the switch of the release are there after a restart.
    keys_to(&window, &["g", "p"], "Problems");
    ask(&window, "is:open severity:fatal,error job:secret", 1);
    tab_to(&window, "button", "No groups");
    window.keys(&["Enter", "Down", "Down", "Enter"]);
    let kept = window.wait("what is kept", || {
        let state = window.call("preferences", json!({})).ok()?;
        let kept: Value = serde_json::from_str(state["preferences"]["window"].as_str()?).ok()?;
        kept["problems.group"].as_str().is_some_and(|group| !group.is_empty()).then_some(kept)
    });
    assert_eq!(kept["problems.query"], "is:open severity:fatal,error job:secret");
    window.end();
    stand.window_is_gone();

    let again = stand.open(&[]);
    opened(&again);
    // A start without anything to open goes on where the window was.
    heading(&again, "Problems");
    again.find("[role=grid][aria-label=Problems][aria-rowcount='2']");
    let line = again.run("return document.querySelector('[role=combobox]').value;", json!([]));
    assert_eq!(line, kept["problems.query"]);
    assert!(again.find_now("//button[contains(., 'No groups')]").is_none(), "{}", again.text());
    again.go("#/home");
    heading(&again, "Home");
    again.find("[role=switch][aria-checked=true]");
    again.end();
}
