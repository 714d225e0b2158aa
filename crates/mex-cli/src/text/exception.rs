//! Exceptions for people: what is accepted, until when, and what that hides.

use mex_app::exception::{
    Changed, CheckReport, DocumentImpact, Draft, ExceptionList, ExceptionState, Hidden, Impact,
    Place, Proposal,
};
use mex_app::runtime::policy::allowlist::{ApprovalMeans, Exception, Match};

use crate::out::{Out, cut, plain};
use crate::text::table::{pairs, table};
use crate::text::{moment, short, word};

/// How many lines a group shows before it only counts.
const ROWS: usize = 15;

/// Every exception with its state.
pub fn list(out: &Out, list: &ExceptionList) -> String {
    if list.documents.iter().all(|document| document.exceptions.is_empty()) {
        return "No exception is in force here. Accept a Problem with: mex exception add --problem ID --reason WHY --owner WHO\n".to_owned();
    }
    let mut page = String::new();
    for document in &list.documents {
        page.push_str(&format!(
            "{}  {}\n",
            out.bold(&plain(&document.document_id)),
            out.dim(&plain(&place(&document.place)))
        ));
        let rows = document.exceptions.iter().map(|view| {
            let one = &view.exception;
            let days = match view.state {
                ExceptionState::Expired => "over".to_owned(),
                _ => format!("{} days", view.days_left),
            };
            vec![
                word(&view.state).to_uppercase(),
                one.id.clone(),
                accepts(&one.matches),
                days,
                one.owner.clone(),
                approver(one),
                view.last_use.map(|used| word(&used)).unwrap_or_default(),
                one.reason.clone(),
            ]
        });
        page.push_str(&table(
            out,
            &["STATE", "ID", "ACCEPTS", "LEFT", "OWNER", "APPROVER", "LAST SCAN", "REASON"],
            rows,
        ));
        page.push('\n');
    }
    page
}

/// What is about to be accepted and what it would hide.
pub fn draft(out: &Out, draft: &Draft) -> String {
    format!("{}{}", some(out, &draft.exceptions), impact(out, &draft.impact))
}

/// What was saved.
pub fn changed(out: &Out, changed: &Changed) -> String {
    let mut page = format!(
        "{}  {} in {}\n",
        out.good(&word(&changed.change).to_uppercase()),
        plain(&changed.document_id),
        plain(&place(&changed.place))
    );
    page.push_str(&some(out, &changed.exceptions));
    if let Some(hidden) = &changed.impact {
        page.push_str(&impact(out, hidden));
    }
    page.push_str(&format!("version {}\n", cut(&changed.sha256.to_string(), 17)));
    page
}

/// What exceptions hide, now and in the last days.
pub fn impact(out: &Out, impact: &Impact) -> String {
    let mut page = String::new();
    match &impact.now {
        None => page.push_str("No scan is recorded that it could hide anything in.\n"),
        Some(now) => {
            page.push_str(&format!(
                "{} ({}, {}): {} → {}\n",
                out.bold("Hides in the newest scan"),
                now.hides.len(),
                moment(now.begun_at),
                now.before,
                now.after
            ));
            page.push_str(&hidden(out, &now.hides));
            if now.unknown_secrets > 0 {
                page.push_str(&format!(
                    "  {} secrets were not fingerprinted under this document: scan with it to know\n",
                    now.unknown_secrets
                ));
            }
        }
    }
    let count: usize = impact.scans.iter().map(|scan| scan.hides.len()).sum();
    page.push_str(&format!(
        "{} in {} of {} scans of the last {} days: {count} in all\n",
        out.bold("Would have hidden something"),
        impact.scans.len(),
        impact.judged,
        impact.days
    ));
    for scan in impact.scans.iter().take(ROWS) {
        let change = if scan.before == scan.after {
            scan.before.to_string()
        } else {
            format!("{} → {}", scan.before, scan.after)
        };
        page.push_str(&format!(
            "  {}  {} {}: {} hidden, {change}\n",
            short(&scan.run_id),
            moment(scan.begun_at),
            scan.mode,
            scan.hides.len()
        ));
    }
    if impact.left_out > 0 {
        page.push_str(&format!(
            "  {} scans could not be judged again: they are purged in part, or too many\n",
            impact.left_out
        ));
    }
    page
}

/// What whole documents hide.
pub fn impacts(out: &Out, impacts: &[DocumentImpact]) -> String {
    if impacts.is_empty() {
        return "No exception was ever approved here.\n".to_owned();
    }
    let mut page = String::new();
    for one in impacts {
        let at = out.dim(&plain(&place(&one.place)));
        page.push_str(&format!("{at}\n{}\n", impact(out, &one.impact)));
    }
    page
}

/// What a check found.
pub fn check(out: &Out, report: &CheckReport) -> String {
    if report.documents.is_empty() {
        return "No exception was ever approved here.\n".to_owned();
    }
    let mut page = String::new();
    for document in &report.documents {
        page.push_str(&format!(
            "{}  {} {}, {} exceptions, {} to look at\n",
            out.good("VALID"),
            plain(&document.document_id),
            out.dim(&plain(&place(&document.place))),
            document.exceptions,
            document.remarks.len()
        ));
        for remark in &document.remarks {
            page.push_str(&format!(
                "  {}  {}: {}\n",
                out.warn(&word(&remark.kind)),
                plain(&remark.exception),
                plain(&remark.sentence)
            ));
        }
    }
    page
}

/// What the project asks for.
pub fn proposals(out: &Out, proposals: &[Proposal], run: &str) -> String {
    if proposals.is_empty() {
        return "The project of this scan carries nothing that would silence a tool.\n".to_owned();
    }
    let rows = proposals.iter().map(|one| {
        let fits = match &one.problem {
            Some(problem) => {
                format!("{} ({})", one.subject, cut(&problem.to_string(), 13).trim_end_matches('…'))
            }
            None => "nothing that stands in this scan".to_owned(),
        };
        vec![one.number.to_string(), one.path.clone(), one.tool.clone(), one.ask.clone(), fits]
    });
    let mut page = table(out, &["N", "FILE", "SPEAKS TO", "ASKS", "WOULD HIDE"], rows);
    page.push_str(&format!(
        "None of it was obeyed. Next: mex exception add --proposal N --run {} --reason WHY --owner WHO\n",
        plain(run)
    ));
    page
}

fn some(out: &Out, exceptions: &[Exception]) -> String {
    let mut page = String::new();
    for one in exceptions.iter().take(ROWS) {
        page.push_str(&pairs(
            out,
            &[
                ("exception", one.id.clone()),
                ("accepts", accepts(&one.matches)),
                ("reason", one.reason.clone()),
                ("owner", one.owner.clone()),
                ("approver", approver(one)),
                ("until", moment(one.expires)),
            ],
        ));
        page.push('\n');
    }
    if exceptions.len() > ROWS {
        page.push_str(&out.dim(&format!("and {} more\n", exceptions.len() - ROWS)));
    }
    page
}

fn hidden(out: &Out, hides: &[Hidden]) -> String {
    let mut page = String::new();
    for one in hides.iter().take(ROWS) {
        let severity =
            one.severity.map(|severity| format!(" ({})", severity.word())).unwrap_or_default();
        page.push_str(&format!(
            "  {}  {}{severity}\n",
            out.dim(one.rule.as_str()),
            plain(&one.subject)
        ));
    }
    if hides.len() > ROWS {
        page.push_str(&out.dim(&format!("  and {} more\n", hides.len() - ROWS)));
    }
    page
}

fn accepts(matches: &Match) -> String {
    match matches {
        Match::Secret { fingerprint, rule, path } => {
            let rule = rule.as_deref().unwrap_or("any rule");
            let path = path.as_deref().unwrap_or("any file");
            format!("secret {} ({rule}) in {path}", cut(fingerprint, 13))
        }
        Match::Vulnerability { purl, aliases } => format!("{} in {purl}", aliases.join(", ")),
        Match::License { unit, .. } => format!("unknown licence of {unit}"),
        Match::Gap { job, subject } => format!("gap {subject} of {job}"),
    }
}

fn approver(exception: &Exception) -> String {
    let how = match exception.approver.how {
        ApprovalMeans::KnownUser => "logged in",
        ApprovalMeans::SshSignature => "signed",
        ApprovalMeans::Typed => "typed only",
    };
    format!("{} ({how})", exception.approver.name)
}

fn place(place: &Place) -> String {
    match place {
        Place::DataFolder { project, .. } if !project.is_empty() => {
            format!("the data folder, for {project}")
        }
        Place::DataFolder { wsid, .. } => format!("the data folder, for project {wsid}"),
        Place::File { path } => path.display().to_string(),
    }
}
