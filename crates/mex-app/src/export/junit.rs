//! JUnit XML, as a CI shows it: red exactly where the verdict is not `pass`. A finding that blocks is
//! a failure, what was not scanned or was denied is an error, what warns or is accepted is skipped
//! with its words, and the verdict is a case of its own. Never a suite that is green by silence; times are left at 0, so that one scan is
//! one document.

use mex_runtime::coverage::{CoverageEntry, CoverageState};
use mex_runtime::policy::verdict::{Decision, Effect, Reason};

use super::{Exported, is_finding};
use crate::plain::plain;
use crate::plan::JOBS;

/// What became of one case.
enum End {
    Passed,
    Skipped(String),
    /// The rule, and what is so.
    Failed(String, String),
    /// The rule, and what is so.
    Errored(String, String),
}

struct Case {
    name: String,
    end: End,
}

pub(super) fn document(scan: &Exported<'_>) -> Vec<u8> {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    let mut suites: Vec<(&str, Vec<Case>)> =
        JOBS.into_iter().map(|job| (job, of_job(scan, job))).collect();
    suites.push(("verdict", of_scan(scan)));
    for (at, (name, cases)) in suites.iter().enumerate() {
        suite(&mut text, scan, at, name, cases);
    }
    text.push_str("</testsuites>\n");
    text.into_bytes()
}

fn of_job(scan: &Exported<'_>, job: &str) -> Vec<Case> {
    let ours = |reason: &&Reason| reason.job.as_ref().is_some_and(|other| other.as_str() == job);
    let mut cases: Vec<Case> = scan
        .scanned
        .verdict
        .reasons
        .iter()
        .filter(ours)
        .map(|reason| of_reason(scan, reason))
        .collect();
    if scan.left_out().any(|other| other == job) {
        let why = "nobody asked for it: nothing is known of it".to_owned();
        cases.push(Case { name: format!("job {job}"), end: End::Skipped(why) });
    }
    let entries = &scan.scanned.coverage.entries;
    let of_job = entries.iter().filter(|entry| entry.job.as_str() == job);
    cases.extend(of_job.filter(|entry| !entry.state.is_gap()).map(looked_at));
    cases
}

/// What is said of the whole scan.
fn of_scan(scan: &Exported<'_>) -> Vec<Case> {
    let verdict = &scan.scanned.verdict;
    let whole = |reason: &&Reason| reason.job.is_none();
    let mut cases: Vec<Case> =
        verdict.reasons.iter().filter(whole).map(|reason| of_reason(scan, reason)).collect();
    let rules: Vec<&str> = verdict.deciding_rules().iter().map(|rule| rule.as_str()).collect();
    let why = format!("the verdict is `{}`: {}", verdict.verdict, rules.join(", "));
    let end = match verdict.verdict {
        Decision::Pass => End::Passed,
        Decision::Block => End::Failed("verdict/block".to_owned(), why),
        Decision::Denied => End::Errored("verdict/denied".to_owned(), why),
        Decision::Incomplete => End::Errored("verdict/incomplete".to_owned(), why),
    };
    cases.push(Case { name: "verdict".to_owned(), end });
    cases
}

fn of_reason(scan: &Exported<'_>, reason: &Reason) -> Case {
    let told = match reason.next_step.as_str() {
        "" => reason.sentence.clone(),
        step => format!("{}; {step}", reason.sentence),
    };
    let end = match (scan.acceptance(reason), reason.effect) {
        (Some(why), _) => End::Skipped(format!("{}; {why}", reason.sentence)),
        (None, Effect::Blocks) => End::Failed(reason.rule.to_string(), told),
        (None, Effect::Denies | Effect::LeavesIncomplete) => {
            End::Errored(reason.rule.to_string(), told)
        }
        (None, Effect::Warns) => End::Skipped(format!("stops nothing here: {told}")),
    };
    let name = match &reason.fingerprint {
        Some(fingerprint) if is_finding(reason.rule) => {
            format!("{} [{}]", reason.subject, &fingerprint.to_string()[..12])
        }
        _ => format!("{} {}", reason.rule, reason.subject),
    };
    Case { name, end }
}

/// Something that a tool read, or that a rule leaves out. Gaps stand among the reasons.
fn looked_at(entry: &CoverageEntry) -> Case {
    let by = entry.tool.as_ref().map(|tool| format!(" by {tool}")).unwrap_or_default();
    let end = match entry.state {
        CoverageState::Scanned => End::Passed,
        _ => End::Skipped(entry.reason.clone()),
    };
    Case { name: format!("coverage of {}{by}", entry.subject), end }
}

fn suite(text: &mut String, scan: &Exported<'_>, at: usize, name: &str, cases: &[Case]) {
    let count = |wanted: fn(&End) -> bool| cases.iter().filter(|case| wanted(&case.end)).count();
    let verdict = &scan.scanned.verdict;
    // The schema wants no zone; it is UTC.
    let moment = scan.moment();
    let moment = moment.trim_end_matches('Z');
    let run = scan.scanned.jobs.iter().find(|run| run.job.as_str() == name);
    text.push_str(&format!(
        "  <testsuite package=\"mex\" id=\"{at}\" name=\"{name}\" timestamp=\"{moment}\" \
         hostname=\"localhost\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" \
         time=\"0\">\n",
        cases.len(),
        count(|end| matches!(end, End::Failed(..))),
        count(|end| matches!(end, End::Errored(..))),
        count(|end| matches!(end, End::Skipped(_))),
    ));
    text.push_str("    <properties>\n");
    let tools: Vec<String> = run
        .map(|run| run.tools.iter().map(|tool| format!("{} {}", tool.name, tool.version)).collect())
        .unwrap_or_default();
    for (key, value) in [
        ("scan", scan.scanned.run_id.to_string()),
        ("verdict", verdict.verdict.to_string()),
        ("tools", tools.join("; ")),
    ] {
        text.push_str(&format!("      <property name=\"{key}\" value=\"{}\"/>\n", escaped(&value)));
    }
    text.push_str("    </properties>\n");
    for case in cases {
        one(text, name, case);
    }
    text.push_str("    <system-out></system-out>\n    <system-err></system-err>\n  </testsuite>\n");
}

fn one(text: &mut String, suite: &str, case: &Case) {
    text.push_str(&format!(
        "    <testcase name=\"{}\" classname=\"mex.{suite}\" time=\"0\"",
        escaped(&case.name)
    ));
    match &case.end {
        End::Passed => text.push_str("/>\n"),
        End::Skipped(why) => {
            text.push_str(&format!("><skipped message=\"{}\"/></testcase>\n", escaped(why)));
        }
        End::Failed(rule, why) => {
            let why = escaped(why);
            text.push_str(&format!(
                "><failure type=\"{rule}\" message=\"{why}\">{why}</failure></testcase>\n"
            ));
        }
        End::Errored(rule, why) => {
            let why = escaped(why);
            text.push_str(&format!(
                "><error type=\"{rule}\" message=\"{why}\">{why}</error></testcase>\n"
            ));
        }
    }
}

/// Text as XML holds it, in an attribute or between tags.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_is_markup_or_outside_xml() {
        let hostile = "]]><x a='\"'>&\u{0}\u{b}\u{1b}\u{fffe}\u{ffff}\n";
        assert_eq!(
            escaped(hostile),
            "]]&gt;&lt;x a=&apos;&quot;&apos;&gt;&amp;\\u{0}\\u{b}\\u{1b}\\u{fffe}\\u{ffff}\\u{a}"
        );
    }
}
