//! Scans, jobs, operations and gates for people.

use mex_app::history::{GateView, JobList, JobView};
use mex_app::record::{JobState, OperationEntry, ScanState};
use mex_app::runtime::event::{EventBody, GateOutcome, GatePhase, SystemEvent};

use crate::out::{Out, plain};
use crate::text::table::table;
use crate::text::{moment, short, word};

/// The newest scans and jobs.
pub fn list(out: &Out, list: &JobList) -> String {
    if list.scans.is_empty() && list.jobs.is_empty() {
        return "Nothing ran yet. Scan a project with: mex scan PATH\n".to_owned();
    }
    let scans = list.scans.iter().map(|scan| {
        vec![
            short(&scan.run_id),
            moment(scan.begun_at),
            scan_state(&scan.state),
            scan.mode.clone(),
            scan.project.clone(),
        ]
    });
    let mut page = format!(
        "{}\n{}",
        out.bold("Scans"),
        table(out, &["ID", "BEGUN", "STATE", "MODE", "PROJECT"], scans)
    );
    let jobs = list.jobs.iter().map(|job| {
        vec![
            short(&job.job_id),
            moment(job.begun_at),
            job_state(&job.state),
            job.title.clone(),
            job.summary.clone(),
        ]
    });
    page.push_str(&format!(
        "\n{}\n{}",
        out.bold("Jobs"),
        table(out, &["ID", "BEGUN", "STATE", "JOB", "RESULT"], jobs)
    ));
    page
}

/// One scan or job with its attempts.
pub fn one(out: &Out, view: &JobView) -> String {
    let mut page = String::new();
    if let Some(scan) = &view.scan {
        page.push_str(&format!(
            "{}  {} {}\nscan {}, begun {} by {}\n",
            out.bold(&scan_state(&scan.state).to_uppercase()),
            plain(&scan.project),
            out.dim(&scan.mode),
            scan.run_id,
            moment(scan.begun_at),
            plain(scan.actor_id.as_str()),
        ));
        if let ScanState::Ended { rules, .. } = &scan.state
            && !rules.is_empty()
        {
            page.push_str(&format!("decided by {}\n", rules.join(", ")));
        }
        page.push('\n');
    }
    let jobs = view.jobs.iter().map(|job| {
        vec![short(&job.job_id), job_state(&job.state), job.title.clone(), job.summary.clone()]
    });
    page.push_str(&table(out, &["JOB", "STATE", "TITLE", "RESULT"], jobs));
    page.push('\n');
    let operations = view.operations.iter().map(|operation| {
        vec![
            short(&operation.op_id),
            job_state(&operation.state),
            format!("{}.{}", operation.engine_id, operation.operation),
            reused(operation).unwrap_or_default(),
        ]
    });
    page.push_str(&table(out, &["OPERATION", "STATE", "WHAT", "REUSED FROM"], operations));
    page.push_str("Next: mex gates show OPERATION\n");
    page
}

/// Six rows before the run, and those after it.
pub fn gates(out: &Out, view: &GateView) -> String {
    let operation = &view.operation;
    let from = reused(operation)
        .map(|from| format!("nothing ran: the result is that of {from}, judged anew\n"))
        .unwrap_or_default();
    let mut page = format!(
        "{}  {}.{}\n{}\n{from}\n",
        out.bold(&job_state(&operation.state).to_uppercase()),
        plain(&operation.engine_id),
        plain(&operation.operation),
        operation.op_id
    );
    // A gate with several denials has an event each: its name and outcome stand once.
    let mut before: Option<(String, GatePhase)> = None;
    let mut rows = Vec::new();
    for stored in &view.outcomes {
        let EventBody::System(SystemEvent::GateOutcome {
            gate, phase, outcome, reason, code, ..
        }) = &stored.event.body
        else {
            continue;
        };
        let here = Some((gate.clone(), *phase));
        let again = before == here;
        before = here;
        let once = |text: &str| if again { String::new() } else { text.to_owned() };
        rows.push(vec![
            once(gate),
            once(match phase {
                GatePhase::Before => "before",
                GatePhase::After => "after",
            }),
            once(match outcome {
                GateOutcome::Pass => "PASS",
                GateOutcome::Deny => "DENY",
                GateOutcome::NotEvaluated => "NOT EVALUATED",
            }),
            code.map(|code| code.to_string()).unwrap_or_default(),
            reason.clone(),
        ]);
    }
    page.push_str(&table(out, &["GATE", "PHASE", "OUTCOME", "CODE", "REASON"], rows));
    page
}

/// The attempt whose result stands for this one, and from when it is (contract SC-12).
fn reused(operation: &OperationEntry) -> Option<String> {
    match &operation.ended.as_ref()?.event.body {
        EventBody::System(SystemEvent::OperationEnded {
            reused_from: Some(from),
            reused_result_of: Some(at),
            ..
        }) => Some(format!("{} of {}", short(from), moment(*at))),
        _ => None,
    }
}

fn job_state(state: &JobState) -> String {
    match state {
        JobState::Running => "running".to_owned(),
        JobState::Ended(status) => word(status),
        JobState::Interrupted => "interrupted".to_owned(),
    }
}

fn scan_state(state: &ScanState) -> String {
    match state {
        ScanState::Running => "running".to_owned(),
        ScanState::Ended { verdict, .. } => verdict.clone(),
        ScanState::Interrupted { reason } => format!("interrupted: {reason}"),
    }
}
