//! The Flight Recorder for people.

use mex_app::record::StoredEvent;
use mex_app::record::{PurgeReport, VerifyReport};
use mex_app::runtime::event::{EventBody, SystemEvent};

use crate::out::{Out, cut, plain};
use crate::text::table::{pairs, table};
use crate::text::{moment, word};

/// Events as a table.
pub fn events(out: &Out, events: &[StoredEvent]) -> String {
    if events.is_empty() {
        return "No event matches.\n".to_owned();
    }
    let rows = events.iter().map(|stored| {
        vec![
            stored.seq.to_string(),
            moment(stored.event.timestamp),
            stored.event.body.event_type().to_owned(),
            stored.event.actor_id.to_string(),
            summary(&stored.event.body),
        ]
    });
    table(out, &["SEQ", "TIME", "TYPE", "ACTOR", "WHAT"], rows)
}

/// One event as one line.
pub fn line(out: &Out, stored: &StoredEvent) -> String {
    let head = format!(
        "{} {} {}",
        stored.seq,
        moment(stored.event.timestamp),
        stored.event.body.event_type()
    );
    format!("{}  {}\n", out.dim(&head), plain(&cut(&summary(&stored.event.body), 200)))
}

/// What happened, in a few words.
fn summary(body: &EventBody) -> String {
    match body {
        EventBody::TerminalCommand(command) => {
            let end = command
                .exit_code
                .map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
            let name =
                command.tool.as_ref().map_or(command.command.clone(), |tool| tool.name.to_string());
            format!("{name} {end} after {} ms", command.duration_ms)
        }
        EventBody::Diagnostic(diagnostic) => {
            format!("{} from {}", word(&diagnostic.severity), diagnostic.source)
        }
        EventBody::CapabilityCheck(check) => {
            format!("{} {}", word(&check.decision_outcome), check.capability_id)
        }
        EventBody::System(event) => system(event),
        other => {
            let value = serde_json::to_value(other).unwrap_or_default();
            let payload = value.get("payload").cloned().unwrap_or_default();
            cut(&payload.to_string(), 80)
        }
    }
}

fn system(event: &SystemEvent) -> String {
    match event {
        SystemEvent::GateOutcome { gate, outcome, reason, .. } => {
            format!("{gate} {} {reason}", word(outcome))
        }
        SystemEvent::OperationBegun { engine_id, operation, .. } => {
            format!("begun {engine_id}.{operation}")
        }
        SystemEvent::OperationEnded { engine_id, operation, status, .. } => {
            format!("{} {engine_id}.{operation}", word(status))
        }
        SystemEvent::ScanBegun { project, mode, .. } => format!("scan of {project} begun, {mode}"),
        SystemEvent::ScanEnded { verdict, rules, .. } => {
            format!("verdict {verdict} {}", rules.join(", "))
        }
        SystemEvent::JobBegun { title, .. } => format!("begun: {title}"),
        SystemEvent::JobEnded { status, summary, .. } => format!("{}: {summary}", word(status)),
        other => {
            let value = serde_json::to_value(other).unwrap_or_default();
            let kind = value.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default();
            kind.replace('_', " ")
        }
    }
}

/// Whether the chain holds, and the first thing that does not.
pub fn verified(out: &Out, report: &VerifyReport) -> String {
    let mut page = if report.is_intact() {
        let purged = if report.purged > 0 {
            format!(", {} of them purged by retention", report.purged)
        } else {
            String::new()
        };
        format!("{}  {} events{purged}, the chain holds\n", out.good("INTACT"), report.events)
    } else {
        format!("{}  the chain does not hold\n", out.bad("BROKEN"))
    };
    for fault in &report.faults {
        let place = fault.seq.map(|seq| format!("event {seq}: ")).unwrap_or_default();
        page.push_str(&format!("  {place}{}\n", plain(&fault.why)));
    }
    if let Some(seq) = report.head_seq {
        page.push_str(&format!("  compared with a head at event {seq}\n"));
    }
    for limit in &report.limits {
        page.push_str(&out.dim(&format!("  limit: {limit}\n")));
    }
    page
}

/// What a purge took.
pub fn purged(out: &Out, report: &PurgeReport) -> String {
    if report.event_id.is_none() {
        return format!("Nothing is older than {} days.\n", report.retention_days);
    }
    pairs(
        out,
        &[
            ("events removed", report.events_purged.to_string()),
            ("artifacts removed", report.artifacts_purged.len().to_string()),
            ("older than", moment(report.older_than)),
            ("kept for", format!("{} days", report.retention_days)),
        ],
    )
}
