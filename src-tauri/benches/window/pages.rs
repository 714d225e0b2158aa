//! What a person waits for with 100,000 Problems and 1,000,000 events: the first page, a keystroke, a
//! frame while scrolling; an inventory of 5,000 components, and the memory it leaves behind.

use serde_json::{Value, json};

use crate::driver::Session;
use crate::figures::{Figures, say};
use crate::opened::Opened;
use crate::seed::{PROBLEMS, Seed};

const PROBE: &str = include_str!("probe.js");
const ROUNDS: usize = 7;
const LINE: &str = "#main input[role=combobox]";
const FRAMES: u64 = 240;

/// Calls something of the probe; its last argument is filled in.
fn probe(session: &Session, name: &str, arguments: &[Value]) -> Value {
    let script = format!("{PROBE}; const given = [...arguments]; probe.{name}(...given);");
    session.run_until_done(&script, json!(arguments))
}

/// The page anew, with its first screen on it.
fn anew(session: &Session) {
    session.reload();
    session.find("#main button");
    probe(session, "go", &[json!("#/home")]);
}

fn number(told: &Value, name: &str) -> f64 {
    told[name].as_f64().unwrap()
}

/// From the click on the navigation to rows on the screen, in a page that never asked for them.
pub fn first_page(window: &Opened) {
    let session = &window.session;
    let (mut filled, mut drawn, mut asked) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..ROUNDS {
        anew(session);
        let told = probe(session, "click", &[json!("nav a[href=\"#/problems\"]")]);
        filled.push(number(&told, "filled"));
        drawn.push(number(&told, "drawn"));
        asked = asked.max(number(&told, "asked"));
    }
    let (filled, drawn) = (Figures::of(filled), Figures::of(drawn));
    say(
        "first page of problems",
        &format!("{:.0} ms", filled.median()),
        &format!(
            "{:.0} at most; all of the screen after {:.0} ms, {asked} questions (bound 100 ms)",
            filled.greatest(),
            drawn.median()
        ),
    );
}

/// A line typed letter by letter: each until the rows it leaves are on the screen.
pub fn keystrokes(window: &Opened) {
    let session = &window.session;
    probe(session, "go", &[json!("#/problems")]);
    let mut times = Vec::new();
    let mut slowest = (0.0, String::new());
    for line in ["is:open cve lib", "is:open tool:git", "package:lib-7"] {
        for end in 1..=line.len() {
            let typed = &line[..end];
            if typed.ends_with(' ') {
                continue;
            }
            let told = probe(session, "type", &[json!(LINE), json!(typed)]);
            let time = number(&told, "drawn");
            if time > slowest.0 {
                slowest = (time, typed.to_owned());
            }
            times.push(time);
        }
    }
    let times = Figures::of(times);
    say(
        "a keystroke in the filter",
        &format!("{:.0} ms", times.median()),
        &format!(
            "95 of 100 below {:.0}, at most {:.0} (`{}`), of {} (bound 150 ms, a pause of the typist in it)",
            times.share(0.95),
            slowest.0,
            slowest.1,
            times.len()
        ),
    );
}

/// At the pace of a wheel, and thrown.
pub fn frames(window: &Opened) {
    let session = &window.session;
    for (what, pixels) in [("by a wheel", 60), ("thrown", 900)] {
        probe(session, "go", &[json!("#/home")]);
        probe(session, "go", &[json!("#/problems?q=is%3Aopen")]);
        let before = window.tree.page_ms();
        let told = probe(session, "scroll", &[json!(pixels), json!(FRAMES)]);
        let used = window.tree.page_ms() - before;
        let list = |name: &str| {
            Figures::of(told[name].as_array().unwrap().iter().filter_map(Value::as_f64))
        };
        let (work, gaps) = (list("work"), list("gaps"));
        say(
            &format!("work of a scrolled frame, {what}"),
            &format!("{:.0} ms", work.share(0.95)),
            &format!(
                "95 of 100 below, median {:.0}, at most {:.0}; a frame each {:.0} ms, {:.1} ms of processor on the page's thread (bound 8 ms)",
                work.median(),
                work.greatest(),
                gaps.median(),
                used / work.len() as f64
            ),
        );
    }
}

/// What crossed the bridge for all of that.
pub fn rows(window: &Opened) {
    let session = &window.session;
    anew(session);
    let counted = |what: &dyn Fn()| {
        session.run("probe.counts = true; probe.rows = 0;", json!([]));
        what();
        session.run("return probe.rows;", json!([])).as_f64().unwrap()
    };
    let opened = counted(&|| {
        probe(session, "go", &[json!("#/problems?q=is%3Aopen")]);
    });
    let typed = counted(&|| {
        probe(session, "type", &[json!(LINE), json!("is:open tool:gitleaks")]);
    });
    let scrolled = counted(&|| {
        probe(session, "scroll", &[json!(60), json!(FRAMES)]);
    });
    let timeline = counted(&|| {
        probe(session, "go", &[json!("#/timeline")]);
    });
    session.run("probe.counts = false;", json!([]));
    say(
        "rows over the bridge",
        &format!("{opened:.0}"),
        &format!(
            "for the first page, {typed:.0} for a filter, {scrolled:.0} while scrolling, of {PROBLEMS}; {timeline:.0} for the timeline"
        ),
    );
}

/// Opened, walked through and closed, again and again.
pub fn inventory(window: &Opened, seed: &Seed) {
    const SETTLED: std::time::Duration = std::time::Duration::from_secs(12);
    let session = &window.session;
    let path = format!("#/reports/{}/components", seed.scan);
    anew(session);
    let rest = || {
        probe(session, "go", &[json!("#/home")]);
        std::thread::sleep(SETTLED);
        window.tree.pss()
    };
    let before = rest();
    let (mut times, mut open, mut after) = (Vec::new(), 0.0_f64, Vec::new());
    for round in 0..ROUNDS {
        let told = probe(session, "go", &[json!(path)]);
        times.push(number(&told, "filled"));
        probe(session, "scroll", &[json!(600), json!(240)]);
        open = open.max(window.tree.pss());
        probe(session, "go", &[json!("#/home")]);
        if round % 3 == 0 {
            after.push(rest());
        }
    }
    let times = Figures::of(times);
    say(
        "an inventory of 5,000 opened",
        &format!("{:.0} ms", times.median()),
        &format!("{:.0} at most (bound 300 ms)", times.greatest()),
    );
    let (first, last) = (after[0], after[after.len() - 1]);
    say(
        "memory after closing it",
        &format!("{:.2}", last / before),
        &format!(
            "of before: {before:.0} MB, open {open:.0}, closed once {first:.0}, closed {ROUNDS} times {last:.0} (bound about 1)"
        ),
    );
}
