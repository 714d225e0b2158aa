//! Problems for people.

use mex_app::problem::{ProblemList, ProblemView};
use mex_app::record::Problem;
use mex_app::runtime::severity::Severity;

use crate::out::{Out, cut, plain};
use crate::text::table::{pairs, table};
use crate::text::{moment, short, word};

/// A page of Problems with the counts over all.
pub fn list(out: &Out, problems: &ProblemList) -> String {
    let items = &problems.page.items;
    let all: u64 = problems.counts.iter().map(|count| count.count).sum();
    if items.is_empty() {
        return match all {
            0 => "No problems are recorded. Scan a project with: mex scan PATH\n".to_owned(),
            _ => format!(
                "No problem matches; {all} are recorded in all. Leave filters out, or ask for --status muted or resolved.\n"
            ),
        };
    }
    let rows = items.iter().map(|problem| {
        vec![
            word(&problem.severity).to_uppercase(),
            word(&problem.status),
            match foreign(problem) {
                true => format!("{} ({})", problem.title, problem.source),
                false => problem.title.clone(),
            },
            problem.count.to_string(),
            moment(problem.last_seen),
            cut(&problem.fingerprint.to_string(), 13).trim_end_matches('…').to_owned(),
        ]
    });
    let mut page = table(out, &["SEVERITY", "STATUS", "PROBLEM", "SEEN", "LAST", "ID"], rows);
    let more = if problems.page.next.is_some() { ", more with --limit" } else { "" };
    page.push_str(&out.dim(&format!("{} of {all} problems{more}\n", items.len())));
    page.push_str("Next: mex problems show ID\n");
    page
}

/// One Problem with what it rests on.
pub fn one(out: &Out, view: &ProblemView) -> String {
    let problem = &view.problem;
    let severity = word(&problem.severity).to_uppercase();
    let severity =
        if problem.severity >= Severity::Error { out.bad(&severity) } else { out.warn(&severity) };
    let mut page = format!("{severity}  {}\n", out.bold(&plain(&problem.title)));
    let reopened = if problem.reopened { ", came back after it was resolved" } else { "" };
    page.push_str(&pairs(
        out,
        &[
            ("problem", problem.fingerprint.to_string()),
            ("said by", said_by(problem)),
            ("status", format!("{}{reopened}", word(&problem.status))),
            ("reason", problem.status_reason.clone()),
            (
                "seen",
                format!(
                    "{} times, {} to {}",
                    problem.count,
                    moment(problem.first_seen),
                    moment(problem.last_seen)
                ),
            ),
        ],
    ));
    if let Some(newest) = view.instances.first() {
        let diagnostic = &newest.diagnostic;
        page.push_str(&format!("\n{}\n", plain(&diagnostic.message)));
        for location in &diagnostic.locations {
            let lines =
                location.range.map(|range| format!(":{}", range.start_line)).unwrap_or_default();
            let place = location
                .path
                .clone()
                .or_else(|| location.uri.clone())
                .or_else(|| location.entity_id.clone());
            page.push_str(&format!("  at {}{lines}\n", plain(&place.unwrap_or_default())));
        }
        let evidence = &diagnostic.evidence_refs;
        page.push_str(&format!(
            "\n{} ({})\n",
            out.bold("Evidence"),
            word(&diagnostic.link_confidence)
        ));
        for op in &evidence.op_ids {
            page.push_str(&format!("  mex gates show {}\n", short(op)));
        }
        if let Some(job) = diagnostic.job_id {
            page.push_str(&format!("  mex jobs show {}\n", short(&job)));
        }
        for digest in &evidence.artifact_hashes {
            page.push_str(&format!(
                "  mex artifact show {}\n",
                cut(&digest.to_string(), 17).trim_end_matches('…')
            ));
        }
        if let Some(run) = newest.run_id {
            page.push_str(&format!("  mex recorder query --run {}\n", short(&run)));
        }
        let id = cut(&problem.fingerprint.to_string(), 13);
        let id = id.trim_end_matches('…');
        page.push_str(&match foreign(problem) {
            true => format!("Next: mend it, or mex problems ack {id} --reason WHY\n"),
            false => format!(
                "Next: mend it, or mex exception add --problem {id} --reason WHY --owner WHO\n"
            ),
        });
    }
    page
}

/// Whether somebody else's report says so: no verdict reads it, so no exception lifts it.
fn foreign(problem: &Problem) -> bool {
    problem.source.starts_with("plugin:")
}

fn said_by(problem: &Problem) -> String {
    if foreign(problem) {
        format!("{}, an imported report: no verdict reads it", problem.source)
    } else {
        problem.source.clone()
    }
}

/// What a triage changed.
pub fn changed(out: &Out, problems: &[Problem]) -> String {
    let rows = problems.iter().map(|problem| vec![word(&problem.status), problem.title.clone()]);
    table(out, &["STATUS", "PROBLEM"], rows)
}
