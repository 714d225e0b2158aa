//! What a project asks to be left out, as exceptions a person may accept (contract SC-10).
//! Never accepts one: a proposal has neither reason nor owner nor expiry until a person gives them.

use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::finding::{Finding, LicenseUnit};
use mex_runtime::policy::merge::spell_alias;
use mex_runtime::policy::preview::finding_of;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::exception::runs::RecordedRun;

/// One wish of the project. Its number is how it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Proposal {
    /// From 1, in a fixed order for one scan.
    pub number: usize,
    /// The file that asks, relative to the project.
    pub path: String,
    /// The tool it speaks to.
    pub tool: String,
    /// What it asks, in its own words; what it would do where that cannot be read.
    pub ask: String,
    /// The Problem it would hide; null where nothing of this scan fits.
    pub problem: Option<Digest>,
    /// What that is about.
    pub subject: String,
}

impl App {
    /// What the project of a scan asks for, with the Problems that would hide.
    ///
    /// # Errors
    /// For a scan that cannot be read back.
    pub fn proposals(&self, run: &str) -> AppResult<Vec<Proposal>> {
        let run = self.recorded_run(run)?;
        self.proposals_of(&run)
    }

    pub(crate) fn proposals_of(&self, run: &RecordedRun) -> AppResult<Vec<Proposal>> {
        let mut proposals = Vec::new();
        for statement in self.coverage_of(run)?.self_statements {
            let mut offer = |ask: &str, problem: Option<Digest>, subject: &str| {
                proposals.push(Proposal {
                    number: proposals.len() + 1,
                    path: statement.path.clone(),
                    tool: statement.tool.clone(),
                    ask: ask.to_owned(),
                    problem,
                    subject: subject.to_owned(),
                });
            };
            if statement.asks.is_empty() {
                offer(&statement.effect, None, "");
            }
            for ask in &statement.asks {
                let mut fitting: Vec<(Digest, &str)> = run
                    .verdict
                    .reasons
                    .iter()
                    .filter(|reason| reason.lifted_by.is_none())
                    .filter(|reason| {
                        finding_of(reason, &run.findings).is_some_and(|finding| fits(ask, finding))
                    })
                    .filter_map(|reason| Some((reason.fingerprint?, reason.subject.as_str())))
                    .collect();
                fitting.sort_unstable();
                fitting.dedup();
                if fitting.is_empty() {
                    offer(ask, None, "");
                }
                for (problem, subject) in fitting {
                    offer(ask, Some(problem), subject);
                }
            }
        }
        Ok(proposals)
    }

    /// The Problem a proposal is about.
    pub(crate) fn proposed_problem(&self, run: &RecordedRun, number: usize) -> AppResult<Digest> {
        let proposals = self.proposals_of(run)?;
        let count = proposals.len();
        let proposal =
            proposals.into_iter().find(|proposal| proposal.number == number).ok_or_else(|| {
                let message = format!("there is no proposal {number}; the scan has {count}");
                AppError::new(Code::NotFound, message)
                    .hint("list them with `mex exception list --proposed --run SCAN`")
            })?;
        proposal.problem.ok_or_else(|| {
            crate::exception::invalid(format!(
                "proposal {number} (`{}` in `{}`) fits nothing that this scan found",
                proposal.ask, proposal.path
            ))
            .hint("nothing has to be done: what is not found needs no exception")
        })
    }
}

/// Whether a wish names a finding: by advisory, by a leak's place and rule, or by a package.
fn fits(ask: &str, finding: &Finding) -> bool {
    match finding {
        Finding::Vulnerability(one) => ask
            .split(|c: char| c.is_whitespace() || c == ',')
            .map(spell_alias)
            .any(|alias| one.aliases.contains(&alias)),
        Finding::Secret(one) => {
            let mut parts = ask.rsplitn(3, ':');
            let (line, rule, place) = (parts.next(), parts.next(), parts.next());
            let at = |place: &str| {
                place == one.path
                    || one.commit.as_ref().is_some_and(|id| place == format!("{id}:{}", one.path))
            };
            let leak = line == Some(&one.start_line.to_string())
                && rule == Some(&one.rule)
                && place.is_some_and(at);
            leak || ask == one.path
        }
        Finding::License(one) => match &one.unit {
            LicenseUnit::Component { component } => component.name == ask,
            LicenseUnit::Project | LicenseUnit::File { .. } => false,
        },
        Finding::Component(_) => false,
    }
}
