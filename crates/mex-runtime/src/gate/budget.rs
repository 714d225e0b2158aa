//! `G-BUDGET`: a budget is there, positive and within the engine's maximum; after the run, that
//! no limit was hit (contract GATE-5). Killing at a limit is the sandbox's.

use super::Subject;
use super::facts::ResultFacts;
use super::outcome::{GateFault, Opinion};
use crate::code::Code;

pub(super) fn judge(subject: &Subject<'_>) -> Result<Opinion, GateFault> {
    let mut opinion = Opinion::pass();
    let Some(budget) = subject.operation.budget else {
        opinion.deny(Code::BudgetMissing, "`budget` is missing, set all four limits");
        return Ok(opinion);
    };
    for (limit, value) in budget.fields() {
        if value == 0 {
            opinion.deny(Code::BudgetZero, format!("`budget.{}` is zero", limit.field()));
        }
    }
    match subject.entry {
        None => opinion.leave_open("the operation's maximum is not known, see `G-SCHEMA`"),
        Some(entry) => {
            let maximum = entry.entry().max_budget.fields();
            for ((limit, value), (_, max)) in budget.fields().into_iter().zip(maximum) {
                if value > max {
                    opinion.deny(
                        Code::BudgetExceeds,
                        format!("`budget.{}` is {value}, the maximum is {max}", limit.field()),
                    );
                }
            }
        }
    }
    Ok(opinion)
}

/// A limit that was hit denies the result, so that it becomes a diagnostic with a next step.
pub(super) fn judge_result(result: &ResultFacts<'_>) -> Result<Opinion, GateFault> {
    let mut opinion = Opinion::pass();
    for error in result.errors {
        if matches!(error.code, Code::BudgetOverrun | Code::ToolTimeout | Code::ToolTruncated) {
            opinion.deny(error.code, error.message.as_str());
        }
    }
    Ok(opinion)
}
