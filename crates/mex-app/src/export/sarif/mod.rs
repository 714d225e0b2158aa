//! SARIF 2.1.0. One result a finding and a gap, suppressed where an exception lifts it; gaps are the
//! tool's notifications too, because a reader may look at either. Never a snippet of a scanned file.

mod rules;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use mex_runtime::finding::{Finding, LicenseUnit};
use mex_runtime::policy::verdict::{Effect, Reason, Rule};
use serde_json::{Map, Value, json};

use super::{Exported, is_finding, pretty};
use rules::{Rules, level, rule_id};

pub(super) use rules::advisory_page;

use crate::app::VERSION;
use crate::error::AppResult;
use crate::plain::plain;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The base of every path: the scanned folder, wherever a reader has it.
const ROOT: &str = "%SRCROOT%";

/// The name under which a result keeps its Problem's fingerprint (contract DIAG-2).
const FINGERPRINT: &str = "mexProblem/v1";

pub(super) fn document(scan: &Exported<'_>) -> AppResult<Vec<u8>> {
    let rules = Rules::of(scan);
    let mut results: Vec<Value> = scan
        .problems()
        .map(|(reason, finding)| result(scan, &rules, reason, &Place::of(finding)))
        .collect();
    let gaps = scan.gaps().filter(|reason| reason.effect != Effect::Warns);
    results.extend(gaps.map(|reason| result(scan, &rules, reason, &Place::of_gap(reason))));
    let verdict = &scan.scanned.verdict;
    let run = json!({
        "tool": {
            "driver": {
                "name": "mex",
                "version": VERSION,
                "semanticVersion": VERSION,
                "rules": rules.rules,
                "notifications": notifications(scan).1,
            },
            "extensions": tools(scan),
        },
        "invocations": [{
            "executionSuccessful": scan.is_whole(),
            "exitCode": verdict.verdict.exit_code(),
            "exitCodeDescription": verdict.verdict.word(),
            "endTimeUtc": scan.moment(),
            "toolExecutionNotifications": notifications(scan).0,
        }],
        "automationDetails": {"id": format!("mex/{}", scan.scanned.run_id)},
        "originalUriBaseIds": {ROOT: {"description": {"text": "The scanned folder."}}},
        "results": results,
        "properties": {
            "verdict": verdict.verdict,
            "mode": verdict.mode,
            "policy": verdict.policy,
            "counts": verdict.counts,
        },
    });
    pretty(&json!({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}))
}

/// Where a result is.
struct Place<'a> {
    finding: Option<&'a Finding>,
    locations: Vec<Value>,
}

impl<'a> Place<'a> {
    fn of(finding: &'a Finding) -> Self {
        let files = |paths: &[String], name: &str, kind: &str| -> Vec<Value> {
            let logical = json!([{"fullyQualifiedName": plain(name), "kind": kind}]);
            let mut all: Vec<Value> = paths
                .iter()
                .map(|path| json!({"physicalLocation": file(path), "logicalLocations": logical}))
                .collect();
            if all.is_empty() {
                all.push(json!({"logicalLocations": logical}));
            }
            all
        };
        let locations = match finding {
            Finding::Vulnerability(one) => files(&one.lockfiles, &one.component.purl, "package"),
            Finding::Component(one) => files(&one.locations, &one.component.purl, "package"),
            Finding::Secret(one) => {
                let mut place = file(&one.path);
                if one.start_line > 0 {
                    let end = one.end_line.max(one.start_line);
                    place["region"] = json!({"startLine": one.start_line, "endLine": end});
                }
                vec![json!({"physicalLocation": place})]
            }
            Finding::License(one) => match &one.unit {
                LicenseUnit::Component { component } => {
                    files(&one.lockfiles, &component.purl, "package")
                }
                LicenseUnit::Project => files(&[], "project", "project"),
                LicenseUnit::File { path } => vec![json!({"physicalLocation": file(path)})],
            },
        };
        Self { finding: Some(finding), locations }
    }

    fn of_gap(reason: &Reason) -> Self {
        Self { finding: None, locations: vec![gap_place(reason)] }
    }
}

/// What a gap is about: a file where the ledger names one, else a word of the ledger.
fn gap_place(reason: &Reason) -> Value {
    let name = match &reason.job {
        Some(job) => format!("{job}:{}", reason.subject),
        None => reason.subject.clone(),
    };
    let mut place =
        json!({"logicalLocations": [{"fullyQualifiedName": plain(&name), "kind": "coverage"}]});
    // Subjects that are no file have a colon, as `ecosystem:npm`, or are one word, as `history`.
    let subject = &reason.subject;
    if reason.rule == Rule::Gap && !subject.contains(':') && subject.contains(['.', '/']) {
        place["physicalLocation"] = file(subject);
    }
    place
}

fn file(path: &str) -> Value {
    json!({"artifactLocation": {"uri": percent(path), "uriBaseId": ROOT}})
}

/// A path as a relative URI reference.
fn percent(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Text as a SARIF message holds it: braces are placeholders there and brackets begin a link.
fn message(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '{' => out.push_str("{{"),
            '}' => out.push_str("}}"),
            '[' | ']' | '\\' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

fn result(scan: &Exported<'_>, rules: &Rules, reason: &Reason, place: &Place<'_>) -> Value {
    let id = rule_id(reason, place.finding);
    let index = rules.places.get(&id).copied();
    let mut prints = Map::new();
    if let Some(fingerprint) = &reason.fingerprint {
        prints.insert(FINGERPRINT.to_owned(), json!(fingerprint));
    }
    let mut properties = json!({"rule": reason.rule, "effect": reason.effect, "job": reason.job});
    match place.finding {
        Some(Finding::Vulnerability(one)) => {
            properties["severity"] = json!(one.severity);
            let plainly = |all: &[String]| all.iter().map(|one| plain(one)).collect::<Vec<_>>();
            properties["purl"] = json!(plain(&one.component.purl));
            properties["aliases"] = json!(plainly(&one.aliases));
            properties["fixedVersions"] = json!(plainly(&one.fixed_versions));
        }
        Some(Finding::Secret(one)) => {
            prints.insert("secretArgon2id/v1".to_owned(), json!(one.fingerprint));
            properties["commit"] = json!(one.commit);
        }
        _ => {}
    }
    let suppressions: Vec<Value> = scan
        .acceptance(reason)
        .map(|why| {
            json!({
                "kind": "external",
                "status": "accepted",
                "justification": plain(&why),
                "properties": {"exception": reason.lifted_by},
            })
        })
        .into_iter()
        .collect();
    // A denial may be of a job without a Problem of the verdict's: its place is its identity.
    let text = if is_finding(reason.rule) || reason.next_step.is_empty() {
        reason.sentence.clone()
    } else {
        format!("{}: {}", reason.sentence, reason.next_step)
    };
    json!({
        "ruleId": id,
        "ruleIndex": index,
        "kind": "fail",
        "level": level(reason, place.finding),
        "message": {"text": message(&text)},
        "locations": place.locations,
        "partialFingerprints": prints,
        "suppressions": suppressions,
        "properties": properties,
    })
}

/// What the scan says of itself, and the descriptions of those sayings.
fn notifications(scan: &Exported<'_>) -> (Vec<Value>, Vec<Value>) {
    let ids: BTreeSet<&str> =
        scan.gaps().map(|reason| reason.rule.as_str()).chain(["job/not-asked-for"]).collect();
    let place = |id: &str| ids.iter().position(|one| *one == id);
    let mut said: Vec<Value> = scan
        .gaps()
        .map(|reason| {
            let accepted = scan.acceptance(reason);
            let level = match (&accepted, reason.effect) {
                (Some(_), _) => "note",
                (None, Effect::Warns) => "warning",
                (None, _) => "error",
            };
            let text = match accepted {
                Some(why) => format!("{} ({why})", reason.sentence),
                None => reason.sentence.clone(),
            };
            json!({
                "level": level,
                "descriptor": {"id": reason.rule, "index": place(reason.rule.as_str())},
                "message": {"text": message(&text)},
                "locations": [gap_place(reason)],
            })
        })
        .collect();
    let told = |job: &str| {
        let mut gaps = scan.gaps();
        gaps.any(|gap| gap.job.as_ref().is_some_and(|other| other.as_str() == job))
    };
    said.extend(scan.left_out().filter(|job| !told(job)).map(|job| {
        json!({
            "level": "note",
            "descriptor": {"id": "job/not-asked-for", "index": place("job/not-asked-for")},
            "message": {"text": format!("the job `{job}` was not asked for: this run says nothing of it")},
        })
    }));
    (said, ids.iter().map(|id| json!({"id": id})).collect())
}

/// The scanners that ran, as extensions of the one that asked them.
fn tools(scan: &Exported<'_>) -> Vec<Value> {
    let tools: BTreeSet<_> = scan.scanned.jobs.iter().flat_map(|run| &run.tools).collect();
    tools
        .into_iter()
        .map(|tool| {
            json!({
                "name": tool.name,
                "version": plain(&tool.version),
                "properties": {"sha256": tool.sha256},
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_link_no_placeholder_and_no_escape() {
        let hostile = "[a](https://example.invalid) {0} \\ \u{1b}[31m\u{202e}";
        let safe = message(hostile);
        assert_eq!(
            safe,
            "\\[a\\](https://example.invalid) {{0}} \\\\ \\\\u{{1b}}\\[31m\\\\u{{202e}}"
        );
        assert_eq!(percent("a b/ü[1].rs"), "a%20b/%C3%BC%5B1%5D.rs");
        assert_eq!(
            advisory_page("CVE-2026-1"),
            Some("https://osv.dev/vulnerability/CVE-2026-1".into())
        );
        assert_eq!(advisory_page("x\"y"), None);
    }
}
