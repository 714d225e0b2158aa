//! What a registry of 5,000 entries costs on its way into force: validated and compared, approved,
//! published, each a whole process with its record on the disk.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{command, median};

const ENTRIES: usize = 5_000;
const RUNS: usize = 5;

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
    let timed = |arguments: &[&str]| {
        let begin = Instant::now();
        let output = command(mex, &data, arguments).stdout(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        (begin.elapsed(), output.stdout)
    };
    let (mut bare, mut compared, mut published) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=RUNS {
        fs::write(&draft, registry(round)).unwrap();
        let (one, stdout) =
            timed(&["registry", "diff", draft.to_str().unwrap(), "--format", "json"]);
        let outcome: Value = serde_json::from_slice(&stdout).unwrap();
        let mut review = vec!["registry".to_owned(), "review".to_owned(), "--approve".to_owned()];
        for right in outcome["diff"]["added_rights"].as_array().unwrap() {
            review.extend(["--tick".to_owned(), right["right_id"].as_str().unwrap().to_owned()]);
        }
        timed(&review.iter().map(String::as_str).collect::<Vec<_>>());
        let (two, _) = timed(&["registry", "publish"]);
        let (three, _) = timed(&["registry", "versions"]);
        // The first round adds 5,000 entries; the others change the words of all of them.
        if round > 0 {
            compared.push(one);
            published.push(two);
            bare.push(three);
        }
    }
    let (bare, compared, published) = (median(bare), median(compared), median(published));
    let work = (compared + published).saturating_sub(bare * 2);
    println!(
        "registry of {ENTRIES}: diff {:.3} s, publish {:.3} s, a process that only lists {:.3} s; validate, \
         diff and publish themselves {} ms (bound 200)",
        compared.as_secs_f64(),
        published.as_secs_f64(),
        bare.as_secs_f64(),
        work.max(Duration::ZERO).as_millis()
    );
}
