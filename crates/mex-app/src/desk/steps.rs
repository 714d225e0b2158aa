//! What to do about a Problem, the most useful first: what the policy says of it, and what its code
//! asks for. Sentences are the runtime's; here they get a sort, so that a window can offer a button.

use mex_runtime::code::Code;
use mex_runtime::diagnostic::{Diagnostic, ProblemStatus};
use mex_runtime::policy::verdict::{Reason, Rule};

use super::problem::{NextStep, NextStepKind};
use super::problems::{ProblemRow, ProblemStanding};

/// What to do about a Problem.
pub(super) fn next_steps(
    row: &ProblemRow,
    diagnostic: Option<&Diagnostic>,
    reasons: &[Reason],
) -> Vec<NextStep> {
    let mut steps: Vec<NextStep> = Vec::new();
    let mut add = |kind, sentence: &str, subject: &str| {
        let step = NextStep { kind, sentence: sentence.to_owned(), subject: subject.to_owned() };
        if !sentence.is_empty() && !steps.contains(&step) {
            steps.push(step);
        }
    };
    if row.standing == ProblemStanding::NotSeen && row.problem.status != ProblemStatus::Resolved {
        add(NextStepKind::Read, "the last scan did not see it: check why, then resolve it", "");
    }
    for reason in reasons {
        let kind = match reason.rule {
            Rule::StaleDatabase | Rule::UnusableDatabase | Rule::FutureDatabase => {
                NextStepKind::UpdateDatabase
            }
            Rule::JobLeftOut | Rule::NothingRan | Rule::FailedOperation | Rule::EmptyLedger => {
                NextStepKind::ScanAgain
            }
            _ => NextStepKind::Mend,
        };
        add(kind, &reason.next_step, &reason.subject);
    }
    let code: Option<Code> = row.problem.code.as_deref().and_then(|code| code.parse().ok());
    if let Some(code) = code {
        let kind = match code {
            Code::IntegrityToolMissing
            | Code::IntegrityToolChanged
            | Code::IntegrityToolUnpinned
            | Code::IntegrityConformance
            | Code::ToolVersion => NextStepKind::InstallTools,
            Code::DbMissing | Code::DbStale | Code::DbEmpty | Code::DbTruncated => {
                NextStepKind::UpdateDatabase
            }
            Code::CapConsent => NextStepKind::GrantConsent,
            Code::ToolCrashed | Code::ToolTimeout | Code::StageChanged | Code::Interrupted => {
                NextStepKind::ScanAgain
            }
            _ => NextStepKind::Read,
        };
        let subject = diagnostic.and_then(|one| one.capability_id.as_deref()).unwrap_or("");
        add(kind, code.hint(), subject);
    }
    if let Some(file) = &row.file {
        add(NextStepKind::OpenFile, "open the file where it stands", file);
    }
    let acceptable = |reason: &Reason| {
        let finding =
            matches!(reason.rule, Rule::Vulnerability | Rule::Secret | Rule::UnknownLicense);
        reason.lifted_by.is_none() && (finding || reason.rule.can_be_accepted())
    };
    if reasons.iter().any(acceptable) {
        add(NextStepKind::Except, "accept it for a time, with a reason and an owner", "");
    }
    steps
}
