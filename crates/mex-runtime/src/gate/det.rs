//! `G-DET`: no claim above the ceiling, no D0 or D1 without required evidence; after, evidence is
//! there and the claim holds (contract DET-2, DET-3, GATE-7).

use super::Subject;
use super::facts::ResultFacts;
use super::outcome::{GateFault, Opinion};
use crate::code::Code;
use crate::operation::PlannedOperation;

pub(super) fn judge(subject: &Subject<'_>) -> Result<Opinion, GateFault> {
    let operation = subject.operation;
    let mut opinion = Opinion::pass();
    let required = operation.evidence_policy.as_ref().is_some_and(|policy| policy.required);
    if operation.determinism.owes_evidence() && !required {
        opinion.deny(
            Code::DetPolicy,
            format!("{:?} needs `evidence_policy.required` to be true", operation.determinism),
        );
    }
    match subject.entry {
        None => opinion.leave_open("the operation's ceiling is not known, see `G-SCHEMA`"),
        Some(entry) => {
            let ceiling = entry.entry().determinism_ceiling;
            if operation.determinism > ceiling {
                opinion.deny(
                    Code::DetCeiling,
                    format!(
                        "`determinism` is {:?}, the ceiling is {ceiling:?}",
                        operation.determinism
                    ),
                );
            }
        }
    }
    Ok(opinion)
}

pub(super) fn judge_result(
    operation: &PlannedOperation,
    result: &ResultFacts<'_>,
) -> Result<Opinion, GateFault> {
    let mut opinion = Opinion::pass();
    let claimed = operation.determinism;
    let required = operation.evidence_policy.as_ref().is_some_and(|policy| policy.required);
    let owed = required || claimed.owes_evidence() || result.reached.owes_evidence();
    if owed && result.evidence.is_empty() {
        opinion.deny(Code::DetEvidence, "evidence is required and the result carries none");
    }
    if result.reached < claimed {
        opinion.deny(
            Code::DetLevel,
            format!("`determinism` is {claimed:?} and the result holds {:?}", result.reached),
        );
    }
    Ok(opinion)
}
