//! On what an outcome rests: tools, databases, the tree, exceptions, sandbox, policy. Owns the block
//! "How we know" alone; never what was found.

use std::collections::BTreeMap;

use mex_app::runtime::artifact::SandboxLevel;
use mex_app::runtime::execute::ReusedFrom;
use mex_app::runtime::finding::Finding;
use mex_app::scan::{AllowlistOrigin, ScanOutcome};

use super::plural;
use crate::out::{Out, cut, duration};
use crate::text::moment;
use crate::text::table::pairs;

/// The whole block, a line each.
pub fn grounds(out: &Out, scan: &ScanOutcome) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    for job in &scan.jobs {
        let tools: Vec<String> =
            job.tools.iter().map(|tool| format!("{} {}", tool.name, tool.version)).collect();
        let tools = if tools.is_empty() { "nothing ran".to_owned() } else { tools.join(", ") };
        let reused: Vec<String> = job.reused.iter().map(|one| from(one.from)).collect();
        let reused = if reused.is_empty() {
            String::new()
        } else {
            format!(", nothing changed: reused {}", reused.join(" and "))
        };
        lines.push((job.job.as_str(), format!("{tools}, {}{reused}", duration(job.duration_ms))));
    }
    for age in &scan.verdict.databases {
        let database = &age.database;
        let date = database.date.strftime("%Y-%m-%d").to_string();
        let old = if age.stale { ", TOO OLD for a release" } else { "" };
        lines.push((
            "database",
            format!(
                "{} ({}), {} records, {date}, {} old{old}",
                database.ecosystem,
                database.form,
                database.record_count,
                plural(age.age_days, "day", "days"),
            ),
        ));
    }
    if let Some(components) = components(scan) {
        lines.push(("components", components));
    }
    lines.push(("staged", staged(scan)));
    let ignored = scan.coverage.self_statements.len();
    if ignored > 0 {
        let files = plural(u64::try_from(ignored).unwrap_or(u64::MAX), "file", "files");
        lines.push(("not obeyed", format!("{files} of the project would have steered a tool")));
    }
    lines.push(("exceptions", exceptions(scan)));
    lines.push((
        "sandbox",
        match scan.verdict.sandbox {
            Some(SandboxLevel::Namespaced) => "namespaces, no network, unprivileged".to_owned(),
            Some(SandboxLevel::Unsandboxed) => "NONE: the tools ran unsandboxed".to_owned(),
            None => "nothing ran".to_owned(),
        },
    ));
    lines.push((
        "policy",
        format!("{}, registry {}", scan.verdict.policy, scan.verdict.capability_registry_version),
    ));
    format!("\n{}\n{}", out.bold("How we know"), pairs(out, &lines))
}

/// Which attempt a result comes from, and from when.
fn from(from: ReusedFrom) -> String {
    format!("{} of {}", crate::text::short(&from.op_id), moment(from.ended_at))
}

/// Who knows the components: an inventory that one side alone vouches for should be seen.
fn components(scan: &ScanOutcome) -> Option<String> {
    let mut known: BTreeMap<Vec<&str>, u64> = BTreeMap::new();
    for finding in &scan.findings {
        if let Finding::Component(one) = finding {
            let by = one.known_by.iter().map(String::as_str).collect();
            *known.entry(by).or_default() += 1;
        }
    }
    let parts: Vec<String> = known
        .iter()
        .map(|(by, count)| match by.as_slice() {
            [one] => format!("{count} known to {one} alone"),
            many => format!("{count} known to {}", many.join(" and ")),
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn exceptions(scan: &ScanOutcome) -> String {
    let count = u64::try_from(scan.verdict.exceptions.len()).unwrap_or(u64::MAX);
    let from = match scan.allowlist {
        AllowlistOrigin::None => return "none in force".to_owned(),
        AllowlistOrigin::File => "from the file named",
        AllowlistOrigin::DataFolder => "approved in the data folder",
    };
    format!("{} {from}", plural(count, "exception", "exceptions"))
}

fn staged(scan: &ScanOutcome) -> String {
    let commit = scan.staged.commit.as_deref().map_or_else(
        || "not a clean commit".to_owned(),
        |commit| format!("commit {}", cut(commit, 13)),
    );
    let files = plural(scan.staged.files, "file", "files");
    format!("{files}, {} KiB, {commit}", scan.staged.bytes.div_ceil(1024))
}
