//! A scan's outcome for people: one word, why, the worst findings, what to type next.

mod grounds;

use std::collections::{BTreeMap, BTreeSet};

use mex_app::runtime::finding::{Finding, Vulnerability};
use mex_app::runtime::policy::matching::ExceptionStanding;
use mex_app::runtime::policy::verdict::{Decision, Effect, Reason, ScanMode};
use mex_app::runtime::severity::VulnSeverity;
use mex_app::scan::ScanOutcome;
use semver::Version;

use crate::out::{Out, cut, plain};
use crate::text::delta::{self, Marks};
use crate::text::moment;
use crate::text::table::table;

/// How many rows a group shows before it only counts.
const ROWS: usize = 15;

/// The whole page.
pub fn outcome(out: &Out, scan: &ScanOutcome) -> String {
    let mut page = headline(out, scan);
    page.push_str(&delta::line(out, &scan.since));
    page.push_str(&reasons(out, "Blocks the release", scan, Effect::Blocks));
    page.push_str(&reasons(out, "Denied by a gate", scan, Effect::Denies));
    page.push_str(&reasons(out, "Not scanned", scan, Effect::LeavesIncomplete));
    page.push_str(&lifted(out, scan));
    page.push_str(&remarkable(out, scan));
    page.push_str(&delta::changes(out, &scan.since, ROWS));
    page.push_str(&findings(out, scan));
    page.push_str(&grounds::grounds(out, scan));
    page.push_str(&next(out, scan));
    page
}

fn headline(out: &Out, scan: &ScanOutcome) -> String {
    let word = match scan.verdict.verdict {
        Decision::Block => out.bad("BLOCK"),
        Decision::Denied => out.bad("DENIED"),
        Decision::Incomplete => out.warn("INCOMPLETE"),
        Decision::Pass => out.good("PASS"),
    };
    let mode = match scan.verdict.mode {
        ScanMode::Release => "as a release",
        ScanMode::Normal => "not as a release",
    };
    let counts = &scan.verdict.counts;
    let vulnerabilities: u64 = counts.vulnerabilities.values().sum();
    let components = if scan.jobs.iter().any(|job| job.job.as_str() == "sbom") {
        format!(", {}", plural(counts.components, "component", "components"))
    } else {
        String::new()
    };
    let licenses = match counts.unknown_licenses {
        0 => String::new(),
        unknown => format!(", {}", plural(unknown, "unknown licence", "unknown licences")),
    };
    format!(
        "\n{word}  {} {mode}: {}, {}{licenses}, {}{components}\n",
        out.bold(&plain(&scan.project)),
        plural(vulnerabilities, "vulnerability", "vulnerabilities"),
        plural(counts.secrets, "secret", "secrets"),
        plural(counts.gaps, "gap", "gaps"),
    )
}

fn reasons(out: &Out, title: &str, scan: &ScanOutcome, effect: Effect) -> String {
    let standing: Vec<&Reason> = scan.verdict.standing(effect).collect();
    if standing.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{} ({})\n", out.bold(title), by_rule(&standing));
    let groups = each_rule_first(grouped(&standing));
    for (reason, more) in groups.iter().take(ROWS) {
        let more =
            if *more > 0 { out.dim(&format!("  and {more} more like it")) } else { String::new() };
        text.push_str(&format!(
            "  {}  {}{more}\n",
            out.dim(reason.rule.as_str()),
            plain(&reason.sentence)
        ));
    }
    text.push_str(&rest(out, groups.len(), scan));
    let mut steps: Vec<&str> = standing.iter().map(|reason| reason.next_step.as_str()).collect();
    steps.sort_unstable();
    steps.dedup();
    for step in steps.iter().filter(|step| !step.is_empty()).take(5) {
        text.push_str(&format!("  {} {}\n", out.dim("→"), plain(step)));
    }
    text
}

/// `15 SC-2/vulnerability, 3 SC-2/secret`.
fn by_rule(reasons: &[&Reason]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason.rule.as_str()).or_default() += 1;
    }
    let parts: Vec<String> = counts.iter().map(|(rule, count)| format!("{count} {rule}")).collect();
    parts.join(", ")
}

/// Reasons that say the same of different subjects, once, with how many more there are.
fn grouped<'a>(reasons: &[&'a Reason]) -> Vec<(&'a Reason, usize)> {
    let mut groups: Vec<(String, &'a Reason, usize)> = Vec::new();
    for reason in reasons {
        let what = reason.sentence.replace(&reason.subject, "");
        let key = format!("{} {what}", reason.rule.as_str());
        match groups.iter_mut().find(|(known, _, _)| *known == key) {
            Some((_, _, more)) => *more += 1,
            None => groups.push((key, reason, 0)),
        }
    }
    groups.into_iter().map(|(_, reason, more)| (reason, more)).collect()
}

/// The gravest of each rule before the others, so that no rule that decided is below the cut.
fn each_rule_first(groups: Vec<(&Reason, usize)>) -> Vec<(&Reason, usize)> {
    let mut seen = BTreeSet::new();
    let (first, others): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|(reason, _)| seen.insert(reason.rule));
    first.into_iter().chain(others).collect()
}

fn rest(out: &Out, all: usize, scan: &ScanOutcome) -> String {
    match all.saturating_sub(ROWS) {
        0 => String::new(),
        more => out.dim(&format!("  and {more} more: mex problems list --run {}\n", short(scan))),
    }
}

fn lifted(out: &Out, scan: &ScanOutcome) -> String {
    let lifted: Vec<&Reason> = scan.verdict.lifted().collect();
    if lifted.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{} ({})\n", out.bold("Hidden by exceptions"), lifted.len());
    for reason in lifted.iter().take(ROWS) {
        let exception = reason
            .lifted_by
            .as_ref()
            .map(|one| format!("{} of {}", one.id, one.document_id))
            .unwrap_or_default();
        text.push_str(&format!("  {}  {}\n", plain(&reason.subject), out.dim(&plain(&exception))));
    }
    text.push_str(&rest(out, lifted.len(), scan));
    text
}

/// Exceptions a person should look at: they ended, end soon, match nothing, are doubled or unsigned.
fn remarkable(out: &Out, scan: &ScanOutcome) -> String {
    let mut text = String::new();
    for used in &scan.verdict.exceptions {
        let (word, more) = match used.standing {
            ExceptionStanding::Lifts if used.is_expiring(scan.verdict.judged_at) => {
                ("EXPIRING", format!("it stops holding at {}", moment(used.expires)))
            }
            ExceptionStanding::Lifts => continue,
            ExceptionStanding::Unused => ("UNUSED", "it matches nothing here".to_owned()),
            ExceptionStanding::Expired => ("EXPIRED", used.note.clone()),
            ExceptionStanding::Unsigned => ("UNSIGNED", used.note.clone()),
            ExceptionStanding::Doubled => ("DOUBLED", used.note.clone()),
        };
        text.push_str(&format!(
            "  {}  {}: {}\n",
            out.warn(word),
            plain(&used.exception.id),
            plain(&more)
        ));
    }
    if text.is_empty() {
        return text;
    }
    let next = format!("  {} mex exception list\n", out.dim("→"));
    format!("\n{}\n{text}{next}", out.bold("Exceptions to look at"))
}

fn findings(out: &Out, scan: &ScanOutcome) -> String {
    let mut text = String::new();
    let mut vulnerabilities: Vec<(&str, &Vulnerability)> = Vec::new();
    let mut secrets = Vec::new();
    let mut licenses = Vec::new();
    let marks = Marks::of(&scan.since);
    for finding in &scan.findings {
        match finding {
            Finding::Vulnerability(one) => vulnerabilities.push((marks.mark(finding), one)),
            Finding::Secret(one) => secrets.push((marks.mark(finding), one)),
            Finding::License(one) if one.is_unknown() => licenses.push((marks.mark(finding), one)),
            // The inventory and the known licences are documents, not news.
            Finding::License(_) | Finding::Component(_) => {}
        }
    }
    vulnerabilities.sort_by(|(_, a), (_, b)| {
        b.severity.cmp(&a.severity).then_with(|| a.component.cmp(&b.component))
    });
    if !vulnerabilities.is_empty() {
        text.push_str(&format!("\n{} ({})\n", out.bold("Vulnerabilities"), vulnerabilities.len()));
        let rows = vulnerabilities.iter().take(ROWS).map(|(mark, one)| {
            let mut row = marks.column(mark);
            row.extend([
                one.severity.word().to_owned(),
                format!("{} {}", one.component.name, one.component.version),
                fix(one),
                one.id.clone(),
                tools(one),
                place(&one.lockfiles),
            ]);
            row
        });
        let header = ["SEVERITY", "PACKAGE", "FIXED IN", "ID", "SAID BY", "WHERE"];
        text.push_str(&table(out, &marks.header(&header), rows));
        text.push_str(&rest(out, vulnerabilities.len(), scan));
        text.push_str(&by_severity(out, &scan.verdict.counts.vulnerabilities));
    }
    if !secrets.is_empty() {
        text.push_str(&format!("\n{} ({})\n", out.bold("Secrets"), secrets.len()));
        let rows = secrets.iter().take(ROWS).map(|(mark, one)| {
            let line = match one.start_line {
                _ if one.is_in_a_name() => " (the name)".to_owned(),
                0 => String::new(),
                line => format!(":{line}"),
            };
            let commit = one.commit.as_deref().map(|id| cut(id, 13)).unwrap_or_default();
            let mut row = marks.column(mark);
            let place = format!("{}{line}", one.path);
            row.extend([one.rule.clone(), place, cut(&one.fingerprint, 13), commit]);
            row
        });
        let header = ["RULE", "WHERE", "FINGERPRINT", "COMMIT"];
        text.push_str(&table(out, &marks.header(&header), rows));
        text.push_str(&rest(out, secrets.len(), scan));
    }
    if !licenses.is_empty() {
        text.push_str(&format!("\n{} ({})\n", out.bold("Unknown licences"), licenses.len()));
        let rows = licenses.iter().take(ROWS).map(|(mark, one)| {
            let mut row = marks.column(mark);
            row.extend([one.place().to_owned(), one.unknown_because.clone()]);
            row
        });
        text.push_str(&table(out, &marks.header(&["OF", "WHY"]), rows));
        text.push_str(&rest(out, licenses.len(), scan));
    }
    text
}

/// The lowest fixed version above the one in use; what a database lists for older lines is no help.
fn fix(one: &Vulnerability) -> String {
    let Ok(here) = one.component.version.parse::<Version>() else {
        return one.fixed_versions.first().cloned().unwrap_or_else(|| "no fix known".to_owned());
    };
    let mut above: Vec<Version> = one
        .fixed_versions
        .iter()
        .filter_map(|text| text.parse().ok())
        .filter(|fixed| *fixed > here)
        .collect();
    above.sort();
    above.first().map_or_else(|| "no fix known".to_owned(), ToString::to_string)
}

fn tools(one: &Vulnerability) -> String {
    let mut names: Vec<&str> = one.attributions.iter().map(|said| said.tool.as_str()).collect();
    names.dedup();
    names.join(", ")
}

fn place(lockfiles: &[String]) -> String {
    match lockfiles {
        [] => String::new(),
        [one] => one.clone(),
        [one, more @ ..] => format!("{one} and {} more", more.len()),
    }
}

fn by_severity(out: &Out, counts: &BTreeMap<VulnSeverity, u64>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .rev()
        .map(|(severity, count)| format!("{count} {}", severity.word()))
        .collect();
    out.dim(&format!("  {}\n", parts.join(", ")))
}

fn next(out: &Out, scan: &ScanOutcome) -> String {
    let run = short(scan);
    let command = match scan.verdict.verdict {
        Decision::Block => format!("mex problems list --run {run} --severity error"),
        Decision::Denied => format!("mex jobs show {run}"),
        // An inventory is no Problem to list.
        Decision::Incomplete | Decision::Pass
            if scan.findings.iter().all(|one| matches!(one, Finding::Component(_))) =>
        {
            format!("mex jobs show {run}")
        }
        Decision::Incomplete | Decision::Pass => format!("mex problems list --run {run}"),
    };
    format!("\n{} {command}\n", out.bold("Next:"))
}

fn short(scan: &ScanOutcome) -> String {
    // UUIDv7: the first 13 characters are the time, so a few more are needed to be unique.
    scan.run_id.to_string().chars().take(18).collect()
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
