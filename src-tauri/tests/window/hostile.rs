//! Promise P28 in the real window: names of files, advisories and reports of other tools that hold
//! script, ANSI, bidirectional controls and 4,096 characters, through real scanners and the real
//! backend. They stay text, and what hides in them is named.

use std::fs;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::driver::Session;
use crate::operator::opened;
use crate::stand::{Stand, canary};

const SCRIPTS: [&str; 8] = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=\"window.hit=1\">",
    "<svg onload=\"window.hit=1\">",
    "\"><iframe srcdoc=\"<script>parent.hit=1</script>\">",
    "<a href=\"javascript:window.hit=1\">click</a>",
    "<style>*{display:none}</style>",
    "<base href=\"https://example.invalid/\">",
    "${window.hit=1}{{constructor.constructor('window.hit=1')()}}",
];
const ODD: [&str; 7] = [
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]8;;https://example.invalid\u{7}link\u{1b}]8;;\u{7}",
    "a\u{202e}gnp.\u{202c}exe",
    "\u{2066}zero\u{200b}width\u{feff}\u{2069}",
    "line\r\nfeed\u{8}\u{8}\u{8}",
    "p\u{430}ypal \u{1d41b}\u{1d428}\u{1d425}\u{1d41d} Z\u{337}\u{351}",
    "\u{e0041}tags __proto__",
];

/// The `at`-th hostile text, another for each number.
fn text(at: usize) -> String {
    let (script, odd) = (SCRIPTS[at % SCRIPTS.len()], ODD[at % ODD.len()]);
    match at % 4 {
        0 => format!("{at} {script}"),
        1 => format!("{at} {odd}"),
        2 => format!("{at} {odd}{script}"),
        _ => format!("{at} {script}{}", "x".repeat(4_096)),
    }
}

/// Nothing ran, nothing is there that only markup makes, nothing hides.
#[track_caller]
fn assert_text(window: &Session, place: &str) {
    let found = window.run(
        r#"const all = [...document.querySelectorAll('#root *')];
        const made = 'script, iframe, img, style, base, meta, object, embed, [href^="javascript:"]';
        return {
            hit: window.hit ?? null,
            made: document.querySelectorAll(`#root :is(${made})`).length,
            handlers: all.filter((one) => [...one.attributes].some((a) => a.name.startsWith('on'))).length,
            hidden: [...document.querySelector('#root').innerText].filter((one) =>
                /[\p{Cf}\p{Cs}]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/u.test(one)).length,
            ours: document.baseURI.startsWith(location.origin),
            wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        };"#,
        json!([]),
    );
    let clean = json!({
        "hit": null, "made": 0, "handlers": 0, "hidden": 0, "ours": true, "wide": 0,
    });
    assert_eq!(found, clean, "{place}: {}", window.text());
}

/// Advisories on one package, as an export of the database holds them.
fn advisories(stand: &Stand, texts: &[String]) {
    let file = stand.folder.path().join("npm.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&file).unwrap());
    for (at, text) in texts.iter().enumerate() {
        let id = format!("GHSA-2222-3333-{:04}", 4000 + at);
        let record = json!({
            "schema_version": "1.6.0", "id": id, "modified": "2025-01-01T00:00:00Z",
            "summary": text, "details": text, "aliases": [format!("CVE-2025-{}", 1000 + at)],
            "affected": [{
                "package": {"ecosystem": "npm", "name": "left-pad"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
            }],
            "database_specific": {"severity": "HIGH"},
        });
        zip.start_file(format!("{id}.json"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(record.to_string().as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let taken = stand.mex(&["db", "import", file.to_str().unwrap(), "--ecosystem", "npm"]);
    assert!(taken.status.success(), "{taken:?}");
}

/// A report of another tool whose every field is hostile.
fn foreign(stand: &Stand, texts: &[String]) {
    let results: Vec<Value> = texts
        .iter()
        .map(|text| {
            json!({"ruleId": text, "message": {"text": text}, "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": text}, "region": {"startLine": 1},
            }}]})
        })
        .collect();
    let report = json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "Hostile", "version": "1"}}, "results": results,
    }]});
    let file = stand.folder.path().join("foreign.sarif");
    fs::write(&file, report.to_string()).unwrap();
    let taken = stand.mex(&["import", file.to_str().unwrap()]);
    assert!(taken.status.success(), "{taken:?}");
}

#[test]
fn p28_hostile_names_advisories_and_reports_stay_text_in_the_real_window() {
    let stand = Stand::ready();
    stand.own_tools(None);
    let secret = canary();
    // A name of a file holds anything but a slash, 255 bytes of it.
    let names: Vec<String> = (0..8)
        .map(|at| text(at).replace('/', "\u{2215}").chars().take(60).collect::<String>() + ".txt")
        .collect();
    for (at, name) in names.iter().enumerate() {
        stand.write(name, format!("{at} token = \"{secret}\"\n"));
    }
    let lock = json!({"name": "w", "version": "1.0.0", "lockfileVersion": 3, "packages": {
        "": {"name": "w", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}},
        "node_modules/left-pad": {
            "version": "1.3.0",
            "resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",
        },
    }});
    stand.write("package-lock.json", lock.to_string());
    advisories(&stand, &(0..8).map(text).collect::<Vec<_>>());
    foreign(&stand, &(0..200).map(text).collect::<Vec<_>>());

    // The scan is the window's own, so that progress and verdict are seen too.
    let window = stand.open_with(&[], &[stand.project().to_str().unwrap()]);
    opened(&window);
    let kept = json!({"home.jobs": ["secret", "vuln"], "home.release": true, "problems.query": ""});
    window.ask("save_preferences", json!({"window": kept.to_string()})).unwrap();
    window.go(&format!("#/home?project={}", stand.project().display()));
    window.reload();
    window.click("//main//button[starts-with(normalize-space(.), 'Scan') and not(@disabled)]");
    let verdict = window.find("[data-verdict]").attribute("data-verdict");
    assert_eq!(verdict, "block", "{}", window.text());
    assert_text(&window, "the verdict");
    let run = window.ask("scans", json!({"limit": 1})).unwrap()["items"][0]["run_id"].clone();
    let run = run.as_str().unwrap();

    let all =
        window.ask("problems", json!({"query": "", "sort": "gravest", "limit": 500})).unwrap();
    let all = all["items"].as_array().unwrap();
    let id = |row: &&Value| row["problem"]["fingerprint"].as_str().unwrap().to_owned();
    let (imported, scanned): (Vec<&Value>, Vec<&Value>) =
        all.iter().partition(|row| row["problem"]["source"] == "plugin:hostile");
    let imported: Vec<String> = imported.iter().map(id).collect();
    let scanned: Vec<String> = scanned.iter().map(id).collect();
    assert_eq!(imported.len(), 200, "not every text of the report became a problem");
    assert!(scanned.len() >= 16, "{} of 16 problems: {:#?}", scanned.len(), &all[..3]);

    window.go("#/problems");
    window.find("[role=grid][aria-label=Problems] [role=row][aria-rowindex='9']");
    assert_text(&window, "the list");
    for id in scanned.iter().take(16).chain(imported.iter().step_by(25)) {
        window.go(&format!("#/problem/{id}"));
        window.wait("the evidence", || {
            let text = window.text();
            (text.contains(&id[..8]) || text.contains("What to do")).then_some(())
        });
        window.wait("all of it", || window.find_now("[aria-busy=true]").is_none().then_some(()));
        assert_text(&window, id);
        assert!(!window.text().contains(&secret), "the page shows the secret");
    }
    for kind in ["vulnerabilities", "secrets", "coverage"] {
        window.go(&format!("#/reports/{run}/{kind}"));
        window.find("[role=grid] [role=row][aria-rowindex='2']");
        assert_text(&window, kind);
    }
    // What turns a line around is named where it stands.
    window.go("#/problems?q=gnp");
    window.says("RLO");
    assert_text(&window, "the names of what hides");
    window.end();
}
