//! What a specification of 5 MB and a registry of 5,000 entries cost on their way into force: extracted,
//! validated, compared, approved, published, each a whole process with its record on the disk.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{command, median, peak_of, timed};

const ENTRIES: usize = 5_000;
const RUNS: usize = 5;

/// Prose of 5 MB with 5,000 declarations, in each of the forms that are read.
fn specification() -> String {
    const BYTES: usize = 5 * 1024 * 1024;
    let mut text = "# Capabilities\n\n".to_owned();
    for part in 0..ENTRIES / 4 {
        write!(
            text,
            "## Part {part}\n\n- `list.n{part}`: one\n\n| capability_id | risk |\n|---|---|\n| `table.n{part}` \
             | low |\n\n```json\n{{\"capability_id\": \"block.n{part}\"}}\n```\n\nThe capability \
             `prose.n{part}` allows it.\n\n"
        )
        .unwrap();
    }
    while text.len() < BYTES {
        text.push_str(
            "A sentence that declares nothing, over `a_name` and `some.field` and what follows. It goes on.\n\n",
        );
    }
    text
}

pub fn extract(mex: &Path, folder: &Path) {
    let data = folder.join("registry-data");
    let file = folder.join("specification.md");
    fs::write(&file, specification()).unwrap();
    let arguments = ["registry", "extract", "--spec", file.to_str().unwrap()];
    let times = (0..RUNS).map(|_| timed(&mut command(mex, &data, &arguments))).collect();
    let peak = (0..RUNS).map(|_| peak_of(&mut command(mex, &data, &arguments))).max().unwrap_or(0);
    println!(
        "specification of 5 MB, extracted     {:>8.3} s  (bound 2 s), peak memory {:.0} MB (bound 200)",
        median(times).as_secs_f64(),
        peak as f64 / 1024.0
    );
}

/// Our own registry with 5,000 entries more, each under a name of the round.
fn registry(round: usize) -> String {
    let own = include_str!("../../../../capability_registry/assets/capability_registry.json");
    let mut value: Value = serde_json::from_str(own).unwrap();
    let all = value["capabilities"].as_array_mut().unwrap();
    for number in 0..ENTRIES {
        all.push(json!({
            "capability_id": format!("doc.part_{number}"), "kind": "engine",
            "display_name": format!("Part {number} of round {round}"),
            "section_ref": "spec/README.md#documents",
            "required_capabilities": ["fs.read:inputs"],
            "default_governance_mode": "gov_standard", "risk_class": "low", "tags": ["bench"],
        }));
    }
    value.to_string()
}

pub fn publish(mex: &Path, folder: &Path) {
    let data = folder.join("registry-data");
    let draft = folder.join("draft.json");
    let told = |arguments: &[&str]| {
        let begin = Instant::now();
        let output = command(mex, &data, arguments).stdout(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        (begin.elapsed(), output.stdout)
    };
    let mut all: [Vec<Duration>; 4] = Default::default();
    for round in 0..=RUNS {
        fs::write(&draft, registry(round)).unwrap();
        let path = draft.to_str().unwrap();
        let (judged, _) = told(&["registry", "validate", path]);
        let (compared, stdout) = told(&["registry", "diff", path, "--format", "json"]);
        let outcome: Value = serde_json::from_slice(&stdout).unwrap();
        let mut review = vec!["registry".to_owned(), "review".to_owned(), "--approve".to_owned()];
        for right in outcome["diff"]["added_rights"].as_array().unwrap() {
            review.extend(["--tick".to_owned(), right["right_id"].as_str().unwrap().to_owned()]);
        }
        told(&review.iter().map(String::as_str).collect::<Vec<_>>());
        let (published, _) = told(&["registry", "publish"]);
        let (bare, _) = told(&["registry", "versions"]);
        // The first round adds 5,000 entries; the others change the words of all of them.
        if round > 0 {
            for (times, time) in all.iter_mut().zip([judged, compared, published, bare]) {
                times.push(time);
            }
        }
    }
    let [judged, compared, published, bare] = all.map(|times| median(times).as_secs_f64() * 1e3);
    let whole = judged + compared + published;
    println!(
        "registry of {ENTRIES}: validate {judged:.0} ms, diff {compared:.0} ms, publish {published:.0} ms: {whole:.0} ms \
         (bound 200), {:.0} ms without three times the {bare:.0} ms of a process that only lists",
        whole - 3.0 * bare
    );
}
