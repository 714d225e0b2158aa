//! Exceptions as their screen asks for them: what would be hidden is shown as a draft first, and only
//! the draft that was shown can be saved (promise P30). Drafts live in this process alone, a few at a
//! time; what an exception is stays with [`crate::exception`].

use std::collections::VecDeque;
use std::path::PathBuf;

use mex_runtime::code::Code;
use mex_runtime::event::AllowlistChange;
use mex_runtime::policy::allowlist::Exception;
use mex_runtime::port::Clock as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ById, Screens, locked};
use crate::error::{AppError, AppResult};
use crate::exception::{
    Acceptance, AddRequest, BaselineGaps, BaselineRequest, Changed, Declined, Draft, ExceptionList,
    Impact, Proposal, RenewRequest, Subject, Target, Until,
};

/// The most drafts held; the oldest goes then.
const MOST_DRAFTS: usize = 16;

/// Drafts that were shown and neither saved nor declined, the newest last.
#[derive(Default)]
pub(super) struct Drafts(VecDeque<(String, Draft)>);

/// Whose exceptions are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExceptionsQuestion {
    /// Only this project's, by its path; null for every project of the data folder.
    pub project: Option<String>,
}

/// Why, who and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceRequest {
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when.
    pub until: UntilRequest,
    /// Who approves; null is who is logged in.
    #[serde(default)]
    pub approver: Option<String>,
}

/// Until when an exception holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "until", rename_all = "snake_case")]
pub enum UntilRequest {
    /// So many days from now.
    Days {
        /// 1 to 366.
        days: u32,
    },
    /// A date (its first moment, UTC) or an RFC 3339 moment.
    Named {
        /// As typed.
        moment: String,
    },
}

/// What is to be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum ExceptionSubject {
    /// One Problem.
    Problem {
        /// Which.
        id: String,
        /// As this scan saw it; null is the newest.
        #[serde(default)]
        run: Option<String>,
    },
    /// What the project itself asks for (contract SC-10).
    Proposal {
        /// Its number in the list of the scan.
        number: usize,
        /// The scan.
        run: String,
    },
}

/// A new exception, as a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftExceptionRequest {
    /// What it accepts.
    pub subject: ExceptionSubject,
    /// Its id; null makes one.
    #[serde(default)]
    pub id: Option<String>,
    /// Why, who, until when.
    pub acceptance: AcceptanceRequest,
}

/// An exception that should hold for longer, as a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftRenewalRequest {
    /// Which.
    pub id: String,
    /// The project's path, where several have one of this id.
    #[serde(default)]
    pub project: Option<String>,
    /// Until when.
    pub until: UntilRequest,
    /// A new reason; null keeps the old one.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who approves; null is who is logged in.
    #[serde(default)]
    pub approver: Option<String>,
}

/// All findings of a scan as dated exceptions, as a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftBaselineRequest {
    /// The scan.
    pub run: String,
    /// Whether its gaps are accepted too.
    #[serde(default)]
    pub gaps: BaselineChoice,
    /// Why, who, until when: the same for all.
    pub acceptance: AcceptanceRequest,
}

/// Whether a baseline accepts gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BaselineChoice {
    /// Only findings.
    #[default]
    Leave,
    /// Gaps that can be accepted too.
    Accept,
}

/// What a draft would do, before anything is saved.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DraftView {
    /// Saves or declines it, in this process, once.
    pub draft_id: String,
    /// What would be done.
    pub change: AllowlistChange,
    /// The exceptions that are new or changed.
    pub exceptions: Vec<Exception>,
    /// What they would hide.
    pub impact: Impact,
}

/// A draft somebody looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftChoice {
    /// Which.
    pub draft_id: String,
}

/// An exception that is taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeExceptionRequest {
    /// Which.
    pub id: String,
    /// The project's path, where several have one of this id.
    #[serde(default)]
    pub project: Option<String>,
    /// Why.
    pub reason: String,
}

impl Screens {
    /// Every exception of the data folder, or of one project.
    ///
    /// # Errors
    /// When a document cannot be read or is not valid.
    pub fn exceptions(&self, asked: &ExceptionsQuestion) -> AppResult<ExceptionList> {
        self.app.exceptions(&target(asked.project.as_deref()))
    }

    /// What the project of a scan asks to be left out (contract SC-10).
    ///
    /// # Errors
    /// For a scan that cannot be read back.
    pub fn proposals(&self, asked: &ById) -> AppResult<Vec<Proposal>> {
        self.app.proposals(&asked.id)
    }

    /// Drafts an exception and shows what it would hide. Nothing is saved.
    ///
    /// # Errors
    /// As [`crate::app::App::draft_exception`].
    pub fn draft_exception(&self, request: &DraftExceptionRequest) -> AppResult<DraftView> {
        let subject = match request.subject.clone() {
            ExceptionSubject::Problem { id, run } => Subject::Problem { id, run },
            ExceptionSubject::Proposal { number, run } => Subject::Proposal { number, run },
        };
        let draft = self.app.draft_exception(&AddRequest {
            subject,
            id: request.id.clone(),
            file: None,
            acceptance: acceptance(&request.acceptance),
        })?;
        Ok(self.hold(draft))
    }

    /// Drafts an exception anew with a later end. Nothing is saved.
    ///
    /// # Errors
    /// As [`crate::app::App::draft_renewal`].
    pub fn draft_renewal(&self, request: &DraftRenewalRequest) -> AppResult<DraftView> {
        let draft = self.app.draft_renewal(&RenewRequest {
            id: request.id.clone(),
            target: target(request.project.as_deref()),
            until: until(&request.until),
            reason: request.reason.clone(),
            approver: request.approver.clone(),
        })?;
        Ok(self.hold(draft))
    }

    /// Drafts dated exceptions for everything a scan found. Nothing is saved.
    ///
    /// # Errors
    /// As [`crate::app::App::draft_baseline`].
    pub fn draft_baseline(&self, request: &DraftBaselineRequest) -> AppResult<DraftView> {
        let draft = self.app.draft_baseline(&BaselineRequest {
            run: request.run.clone(),
            gaps: match request.gaps {
                BaselineChoice::Leave => BaselineGaps::Leave,
                BaselineChoice::Accept => BaselineGaps::Accept,
            },
            file: None,
            acceptance: acceptance(&request.acceptance),
        })?;
        Ok(self.hold(draft))
    }

    /// Takes exactly the draft that was shown into force.
    ///
    /// # Errors
    /// For a draft that is not held any more, and as [`crate::app::App::save_exceptions`].
    pub fn save_draft(&self, choice: &DraftChoice) -> AppResult<Changed> {
        self.app.save_exceptions(self.take(choice)?, None)
    }

    /// Lets a draft go; an event says so.
    ///
    /// # Errors
    /// For a draft that is not held any more, and when it cannot be recorded.
    pub fn decline_draft(&self, choice: &DraftChoice) -> AppResult<()> {
        self.app.decline_exceptions(self.take(choice)?, Declined::ByPerson).map(drop)
    }

    /// Takes an exception out: from now on it lifts nothing.
    ///
    /// # Errors
    /// As [`crate::app::App::revoke_exception`].
    pub fn revoke_exception(&self, request: &RevokeExceptionRequest) -> AppResult<Changed> {
        let target = target(request.project.as_deref());
        self.app.revoke_exception(&request.id, &target, &request.reason, None)
    }

    fn hold(&self, draft: Draft) -> DraftView {
        let draft_id = self.app.clock.uuid().to_string();
        let view = DraftView {
            draft_id: draft_id.clone(),
            change: draft.change(),
            exceptions: draft.exceptions.clone(),
            impact: draft.impact.clone(),
        };
        let mut drafts = locked(&self.drafts);
        if drafts.0.len() == MOST_DRAFTS {
            drafts.0.pop_front();
        }
        drafts.0.push_back((draft_id, draft));
        view
    }

    fn take(&self, choice: &DraftChoice) -> AppResult<Draft> {
        let mut drafts = locked(&self.drafts);
        let at = drafts.0.iter().position(|(id, _)| *id == choice.draft_id);
        at.and_then(|at| drafts.0.remove(at)).map(|(_, draft)| draft).ok_or_else(|| {
            AppError::new(Code::NotFound, "this draft is not held any more")
                .hint("draft it again: what it would hide is shown anew")
        })
    }
}

fn target(project: Option<&str>) -> Target {
    Target { project: project.map(PathBuf::from), file: None }
}

fn acceptance(asked: &AcceptanceRequest) -> Acceptance {
    Acceptance {
        reason: asked.reason.clone(),
        owner: asked.owner.clone(),
        until: until(&asked.until),
        approver: asked.approver.clone(),
    }
}

fn until(asked: &UntilRequest) -> Until {
    match asked {
        UntilRequest::Days { days } => Until::Days(*days),
        UntilRequest::Named { moment } => Until::Named(moment.clone()),
    }
}
