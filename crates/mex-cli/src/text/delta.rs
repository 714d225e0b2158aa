//! What changed between two scans for people: one line under a verdict, a table, the whole of
//! `mex diff`.

use std::collections::{BTreeMap, BTreeSet};

use mex_app::delta::Since;
use mex_app::runtime::delta::{
    Cause, CauseKind, Change, Delta, ExceptionDelta, FindingDelta, GapDelta, RunMark, What,
};
use mex_app::runtime::digest::Digest;
use mex_app::runtime::finding::Finding;
use mex_app::runtime::policy::problems::finding_fingerprint;

use crate::out::{Out, plain};
use crate::text::table::table;
use crate::text::{moment, short, word};

/// The line under a verdict: what came, what went, and since when.
pub fn line(out: &Out, since: &Since) -> String {
    let text = match since {
        Since::Nothing => {
            "first scan of this project in this data folder: nothing to compare with".to_owned()
        }
        Since::NotComparable { run_id, reason, .. } => {
            let which = run_id.map(|run_id| format!(" with {}", short(&run_id)));
            format!("not compared{}: {}", which.unwrap_or_default(), plain(reason))
        }
        Since::Compared(delta) => {
            let before = &delta.before;
            format!(
                "since {} of {}: {}",
                short(&before.run_id),
                moment(before.begun_at),
                counts(delta)
            )
        }
    };
    format!("{}\n", out.dim(&text))
}

/// `2 new (1 dependency, 1 database), 3 gone (3 code), 30 unchanged`.
fn counts(delta: &Delta) -> String {
    let counts = &delta.counts;
    let by = |causes: &BTreeMap<CauseKind, u64>| {
        let parts: Vec<String> =
            causes.iter().map(|(kind, count)| format!("{count} {}", kind.word())).collect();
        if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
    };
    let mut parts = vec![
        format!("{} new{}", counts.new, by(&counts.new_by_cause)),
        format!("{} gone{}", counts.gone, by(&counts.gone_by_cause)),
    ];
    if counts.not_looked_at > 0 {
        parts.push(format!("{} not looked at", counts.not_looked_at));
    }
    let differently = match counts.standing_changed {
        0 => String::new(),
        1 => " (1 stands differently)".to_owned(),
        many => format!(" ({many} stand differently)"),
    };
    parts.push(format!("{} unchanged{differently}", counts.unchanged));
    parts.join(", ")
}

/// The part of a scan's page on what changed; nothing where nothing did.
pub fn changes(out: &Out, since: &Since, most: usize) -> String {
    let Some(delta) = since.delta() else { return String::new() };
    let worth: Vec<&FindingDelta> = delta
        .findings
        .iter()
        .filter(|finding| finding.change != Change::Unchanged || finding.stands_differently())
        .collect();
    if worth.is_empty() {
        return String::new();
    }
    let title = out.bold("Changed since the last scan");
    let mut text = format!("\n{title} ({})\n{}", worth.len(), rows(out, &worth, most));
    let command =
        format!("mex diff {} {}", short(&delta.before.run_id), short(&delta.after.run_id));
    if let more @ 1.. = worth.len().saturating_sub(most) {
        text.push_str(&out.dim(&format!("  and {more} more: {command}\n")));
    }
    text
}

/// The Problems that are new.
fn new_problems(since: &Since) -> BTreeSet<Digest> {
    let new = since.delta().into_iter().flat_map(|delta| &delta.findings);
    new.filter(|finding| finding.change == Change::New)
        .filter_map(|finding| finding.after.as_ref())
        .flat_map(|seen| seen.problems.iter().copied())
        .collect()
}

/// Which findings the last scan did not have; a column of its own where there is one.
pub struct Marks {
    new: BTreeSet<Digest>,
}

impl Marks {
    pub fn of(since: &Since) -> Self {
        Self { new: new_problems(since) }
    }

    pub fn mark(&self, finding: &Finding) -> &'static str {
        match finding_fingerprint(finding) {
            Ok(problem) if self.new.contains(&problem) => "new",
            _ => "",
        }
    }

    pub fn header<'a>(&self, header: &[&'a str]) -> Vec<&'a str> {
        if self.new.is_empty() { header.to_vec() } else { [&[""], header].concat() }
    }

    pub fn column(&self, mark: &str) -> Vec<String> {
        if self.new.is_empty() { Vec::new() } else { vec![mark.to_owned()] }
    }
}

/// All of `mex diff`.
pub fn diff(out: &Out, delta: &Delta) -> String {
    let mark = |mark: &RunMark| {
        format!(
            "{}  {}  {} {}\n",
            short(&mark.run_id),
            moment(mark.begun_at),
            word(&mark.verdict).to_uppercase(),
            out.dim(&word(&mark.mode)),
        )
    };
    let mut page = format!(
        "{}  {}{}    {}{}\n",
        out.bold("from"),
        mark(&delta.before),
        out.bold("to"),
        mark(&delta.after),
        counts(delta)
    );
    if delta.before.run_id == delta.after.run_id {
        page.push_str("It is the same scan twice.\n");
    }
    if delta.after.begun_at < delta.before.begun_at {
        let note = "The first scan named is the later one: `new` is what only the earlier one had.";
        page.push_str(&format!("{}\n", out.warn(note)));
    }
    let worth: Vec<&FindingDelta> = delta
        .findings
        .iter()
        .filter(|finding| finding.change != Change::Unchanged || !finding.changes.is_empty())
        .collect();
    if !worth.is_empty() {
        page.push_str(&format!("\n{}\n{}", out.bold("Findings"), rows(out, &worth, usize::MAX)));
    }
    if !delta.exceptions.is_empty() {
        let rows = delta.exceptions.iter().map(exception);
        page.push_str(&format!(
            "\n{}\n{}",
            out.bold("Exceptions"),
            table(out, &["EXCEPTION", "OF", "WHAT"], rows)
        ));
    }
    if !delta.gaps.is_empty() {
        let rows = delta.gaps.iter().map(gap);
        page.push_str(&format!(
            "\n{}\n{}",
            out.bold("Gaps"),
            table(out, &["CHANGE", "RULE", "JOB", "WHAT"], rows)
        ));
    }
    page
}

fn exception(one: &ExceptionDelta) -> Vec<String> {
    vec![one.exception.id.clone(), one.exception.document_id.clone(), one.cause.sentence()]
}

fn gap(one: &GapDelta) -> Vec<String> {
    let job = one.job.as_ref().map(ToString::to_string);
    vec![
        change(one.change).to_owned(),
        one.rule.to_string(),
        job.unwrap_or_default(),
        one.subject.clone(),
    ]
}

const fn change(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::NotLookedAt => "not looked at",
        Change::Gone => "gone",
        Change::Unchanged => "unchanged",
    }
}

fn rows(out: &Out, findings: &[&FindingDelta], most: usize) -> String {
    let rows = findings.iter().take(most).map(|finding| {
        let seen = finding.after.as_ref().or(finding.before.as_ref());
        let severity =
            seen.and_then(|seen| seen.severity).map(|severity| format!("{} ", severity.word()));
        let subject = format!("{}{}", severity.unwrap_or_default(), finding.subject);
        let why = match finding.change {
            Change::Unchanged => changed(finding),
            _ => because(&finding.causes),
        };
        vec![change(finding.change).to_owned(), subject, why]
    });
    table(out, &["CHANGE", "WHAT", "WHY"], rows)
}

fn changed(finding: &FindingDelta) -> String {
    let parts: Vec<String> = finding
        .changes
        .iter()
        .map(|changed| {
            let why = because(&changed.causes);
            match changed.what {
                What::Standing => {
                    format!("it {}, it {}: {why}", was(&changed.before), changed.after)
                }
                // The cause names both.
                What::Version => why,
                What::Severity => {
                    format!("severity {} became {}: {why}", changed.before, changed.after)
                }
                What::Place => format!("moved from {} to {}: {why}", changed.before, changed.after),
            }
        })
        .collect();
    parts.join("; ")
}

/// `is lifted` as it was.
fn was(standing: &str) -> String {
    match standing.strip_prefix("is ") {
        Some(rest) => format!("was {rest}"),
        None => match standing.split_once(' ') {
            Some((_, rest)) => format!("blocked {rest}"),
            None => "warned".to_owned(),
        },
    }
}

fn because(causes: &[Cause]) -> String {
    let parts: Vec<String> =
        causes.iter().map(|cause| format!("{}: {}", cause.kind.word(), cause.sentence())).collect();
    parts.join("; ")
}
