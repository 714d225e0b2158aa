//! Figures of the real window, as ratios against an empty window of the same run or as counts: start,
//! memory, idle time, and what a person waits for on a large data folder. Not part of any test.
//! `./dev bench` runs all of it; named parts alone run with `cargo bench --bench window -- start keys`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run says so by its panic")]
#![expect(clippy::disallowed_methods, reason = "a benchmark starts processes")]

#[path = "../../tests/window/driver.rs"]
#[expect(dead_code, reason = "the tests of the window need more of it")]
mod driver;
mod figures;
mod opened;
mod pages;
mod process;
mod seed;
#[path = "../../tests/window/stand.rs"]
#[expect(dead_code, reason = "the tests of the window need more of it")]
mod stand;
mod start;

use std::path::PathBuf;

use figures::say;
use opened::{Opened, Program, Whose};
use seed::Seed;
use stand::Stand;

fn main() {
    let Some(mex) = std::env::var_os("MEX_BENCH_BINARY").map(PathBuf::from) else {
        say("window", "not run", "run this through `./dev bench`, which names the release binary");
        return;
    };
    let built = mex.parent().unwrap();
    let parts: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with('-')).collect();
    let runs = |part: &str| parts.is_empty() || parts.iter().any(|one| one == part);
    let seed = Seed::ready(&mex);
    let stand = Stand::bare();
    let ours = Program::new(&stand, Whose::Ours, &built.join("mex-desktop"), &seed.data);
    let empty = Program::new(&stand, Whose::Empty, &built.join("examples/empty"), &seed.data);
    if runs("start") {
        start::usable(&stand, &ours, &empty);
    }
    if runs("rest") {
        start::at_rest(&stand, &ours, &empty);
    }
    let opened = |part: &str, measure: &dyn Fn(&Opened)| {
        if runs(part) {
            let window = ours.open(&stand);
            window.usable();
            measure(&window);
            window.leave();
        }
    };
    opened("first", &pages::first_page);
    opened("keys", &pages::keystrokes);
    opened("frames", &pages::frames);
    opened("rows", &pages::rows);
    opened("inventory", &|window| pages::inventory(window, &seed));
}
