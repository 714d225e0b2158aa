//! `mex exception`: accept a finding or gap for a time, with reason, owner and approver (contract
//! SC-4, SC-10). Owns the use cases: draft, show what it would hide, save as a new version. What is
//! lifted is decided by [`mex_runtime::policy::matching`]; a refused attempt is recorded too.

mod check;
mod draft;
mod proposal;
mod runs;
mod sign;
mod store;

use std::path::{Path, PathBuf};

use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{AllowlistChange, EventBody, HumanAction};
use mex_runtime::id::WorkspaceId;
use mex_runtime::policy::allowlist::{Allowlist, Exception};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::exception::store::{Change, Held};

pub use check::{
    CheckReport, CheckedDocument, DocumentView, ExceptionList, ExceptionState, ExceptionView,
    Remark, RemarkKind,
};
pub use proposal::Proposal;
pub use runs::{DocumentImpact, Hidden, IMPACT_DAYS, Impact, ScanImpact};
pub use store::Place;

/// The longest an exception may hold, in days.
pub const MOST_DAYS: u32 = 366;

/// The longest reason, owner or name, in characters.
const MOST_CHARS: usize = 1000;

/// Which document is meant. Nothing named: the data folder's.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// Only this project's document.
    pub project: Option<PathBuf>,
    /// A document in a file in place of the data folder's.
    pub file: Option<PathBuf>,
}

/// Why, who and until when.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Until when.
    pub until: Until,
    /// Who approves; none is who is logged in.
    pub approver: Option<String>,
}

/// Until when an exception holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// So many days from now.
    Days(u32),
    /// A date (its first moment, UTC) or an RFC 3339 moment, as typed.
    Named(String),
}

/// What is to be accepted.
#[derive(Debug, Clone)]
pub enum Subject {
    /// One Problem: a fingerprint or diagnostic id, or the start of one.
    Problem {
        /// Which.
        id: String,
        /// As this scan saw it; none is the newest.
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

/// A new exception.
#[derive(Debug, Clone)]
pub struct AddRequest {
    /// What it accepts.
    pub subject: Subject,
    /// Its id; none makes one.
    pub id: Option<String>,
    /// A document in a file in place of the project's own.
    pub file: Option<PathBuf>,
    /// Why, who, until when.
    pub acceptance: Acceptance,
}

/// An exception that should hold for longer.
#[derive(Debug, Clone)]
pub struct RenewRequest {
    /// Which.
    pub id: String,
    /// Where it stands.
    pub target: Target,
    /// Until when, from now.
    pub until: Until,
    /// A new reason; none keeps the old one.
    pub reason: Option<String>,
    /// Who approves; none is who is logged in.
    pub approver: Option<String>,
}

/// All findings of a scan as dated exceptions.
#[derive(Debug, Clone)]
pub struct BaselineRequest {
    /// The scan.
    pub run: String,
    /// Whether its gaps are accepted too.
    pub gaps: BaselineGaps,
    /// A document in a file in place of the project's own.
    pub file: Option<PathBuf>,
    /// Why, who, until when: the same for all.
    pub acceptance: Acceptance,
}

/// Whether a baseline accepts gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaselineGaps {
    /// Only findings.
    Leave,
    /// Gaps that can be accepted too.
    Accept,
}

/// A change that was not saved yet: what it would hide is to be shown first.
#[derive(Debug, Clone)]
#[must_use = "a draft changes nothing until it is saved or declined"]
pub struct Draft {
    held: Held,
    next: Allowlist,
    change: AllowlistChange,
    reason: String,
    /// The exceptions that are new or changed.
    pub exceptions: Vec<Exception>,
    /// What they would hide.
    pub impact: Impact,
}

impl Draft {
    /// What would be done.
    pub const fn change(&self) -> AllowlistChange {
        self.change
    }
}

/// Why a draft was not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declined {
    /// Somebody said no.
    ByPerson,
    /// There is no terminal to ask at.
    NobodyAsked,
}

/// A change that was saved. Version `xc-1.0`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ExceptionsChanged")]
pub struct Changed {
    /// Always `"xc-1.0"`.
    pub schema_version: &'static str,
    /// What was done.
    pub change: AllowlistChange,
    /// The document.
    pub document_id: String,
    /// Where it lives.
    pub place: Place,
    /// Its new version.
    pub sha256: Digest,
    /// The version it came from.
    pub before: Option<Digest>,
    /// The exceptions concerned; those taken out as they were.
    pub exceptions: Vec<Exception>,
    /// What they hide; null where they were taken out or signed.
    pub impact: Option<Impact>,
}

/// A refusal of an exception as asked (code `MEX-EXCEPTION-INVALID`).
pub(crate) fn invalid(message: impl Into<String>) -> AppError {
    AppError::new(Code::ExceptionInvalid, message)
}

impl App {
    /// Takes a draft into force.
    ///
    /// # Errors
    /// When the document changed since the draft was made; when it cannot be stored or recorded.
    pub fn save_exceptions(&self, draft: Draft, out: Option<&Path>) -> AppResult<Changed> {
        let Draft { held, next, change, reason, exceptions, impact } = draft;
        let saved = self.saved(&held, &next, change, &reason, exceptions, Some(impact), out);
        self.on_record(attempt(change), saved)
    }

    /// Records that a draft was not confirmed, and gives the error that says so.
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub fn decline_exceptions(&self, draft: Draft, why: Declined) -> AppResult<AppError> {
        let error = match why {
            Declined::ByPerson => {
                AppError::new(Code::Cancelled, "nothing was accepted: it was declined")
                    .hint("nothing has to be done")
            }
            Declined::NobodyAsked => AppError::new(
                Code::Usage,
                "nothing was accepted: nobody could be asked, this is no terminal",
            )
            .hint("look at what it would hide, then give `--yes`"),
        };
        self.record_refusal(attempt(draft.change), &error)?;
        Ok(error)
    }

    /// Takes an exception out: from now on it lifts nothing.
    ///
    /// # Errors
    /// For an id that names none or several, and without a reason.
    pub fn revoke_exception(
        &self,
        id: &str,
        target: &Target,
        reason: &str,
        out: Option<&Path>,
    ) -> AppResult<Changed> {
        let revoked = || {
            worded("reason", reason)?;
            let (held, exception) = self.find_exception(id, target)?;
            let mut next = held.document.clone();
            next.exceptions.retain(|known| known.id != exception.id);
            let change = AllowlistChange::Revoked;
            self.saved(&held, &next, change, reason, vec![exception], None, out)
        };
        self.on_record("revoke", revoked())
    }

    /// What documents hide, whether they are in force or not.
    ///
    /// # Errors
    /// When one cannot be read or is not valid.
    pub fn document_impact(&self, target: &Target) -> AppResult<Vec<DocumentImpact>> {
        self.held(target)?
            .into_iter()
            .map(|held| {
                let impact = self.impact_of(&held.document, wsid(&held.place))?;
                Ok(DocumentImpact { place: held.place, impact })
            })
            .collect()
    }

    /// Writes a document for CI and colleagues.
    ///
    /// # Errors
    /// When the target names no document or several; when another file is there.
    pub fn export_exceptions(&self, target: &Target, out: &Path) -> AppResult<()> {
        let mut held = self.held(target)?;
        match (held.pop(), held.is_empty()) {
            (Some(one), true) => store::export(&one.document, out),
            (Some(_), false) => Err(AppError::new(
                Code::AmbiguousId,
                "this data folder has the exceptions of several projects",
            )
            .hint("name one with `--project`")),
            (None, _) => Err(AppError::new(Code::NotFound, "no exception was ever approved here")),
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one version of a document with all it is told by"
    )]
    fn saved(
        &self,
        held: &Held,
        next: &Allowlist,
        change: AllowlistChange,
        reason: &str,
        exceptions: Vec<Exception>,
        impact: Option<Impact>,
        out: Option<&Path>,
    ) -> AppResult<Changed> {
        if let Some(out) = out {
            store::may_export(next, out)?;
        }
        let handle = self.save_allowlist(
            held,
            next,
            Change {
                kind: change,
                exceptions: exceptions.iter().map(|exception| exception.id.clone()).collect(),
                reason,
            },
        )?;
        if let Some(out) = out {
            store::export(next, out)?;
        }
        Ok(Changed {
            schema_version: "xc-1.0",
            change,
            document_id: next.document_id.clone(),
            place: held.place.clone(),
            sha256: handle.sha256,
            before: held.version,
            exceptions,
            impact,
        })
    }

    fn find_exception(&self, id: &str, target: &Target) -> AppResult<(Held, Exception)> {
        let mut found: Vec<(Held, Exception)> = self
            .held(target)?
            .into_iter()
            .filter_map(|held| {
                let one = held.document.exceptions.iter().find(|one| one.id == id).cloned()?;
                Some((held, one))
            })
            .collect();
        let first = found.pop().ok_or_else(|| {
            AppError::new(Code::NotFound, format!("there is no exception `{id}`"))
                .hint("list them with `mex exception list`")
        })?;
        if !found.is_empty() {
            let message = format!("several projects have an exception `{id}`");
            return Err(
                AppError::new(Code::AmbiguousId, message).hint("name the project with `--project`")
            );
        }
        Ok(first)
    }

    /// Records a refused attempt (contract section 15) and hands the result on.
    fn on_record<T>(&self, attempt: &str, result: AppResult<T>) -> AppResult<T> {
        if let Err(error) = &result {
            self.record_refusal(attempt, error)?;
        }
        result
    }

    fn record_refusal(&self, attempt: &str, error: &AppError) -> AppResult<()> {
        let refused = HumanAction::AllowlistRefused {
            attempt: attempt.to_owned(),
            code: error.code,
            reason: error.message.chars().take(MOST_CHARS).collect(),
        };
        self.record(&self.by_person(), EventBody::HumanAction(refused)).map(drop)
    }
}

fn wsid(place: &Place) -> Option<&WorkspaceId> {
    match place {
        Place::DataFolder { wsid, .. } => Some(wsid),
        Place::File { .. } => None,
    }
}

const fn attempt(change: AllowlistChange) -> &'static str {
    match change {
        AllowlistChange::Added => "add",
        AllowlistChange::Renewed => "renew",
        AllowlistChange::Revoked => "revoke",
        AllowlistChange::Signed => "sign",
        AllowlistChange::Baselined => "baseline",
        AllowlistChange::Kept => "keep",
    }
}

/// Puts an exception into a document, in place of the one with its id.
fn replace(document: &mut Allowlist, exception: &Exception) {
    match document.exceptions.iter_mut().find(|known| known.id == exception.id) {
        Some(known) => known.clone_from(exception),
        None => document.exceptions.push(exception.clone()),
    }
}

/// A text a person typed: there, one line, not endless.
fn worded(what: &str, text: &str) -> AppResult<()> {
    let text = text.trim();
    if text.is_empty() {
        return Err(invalid(format!("the {what} is empty")).hint(format!("say it with `--{what}`")));
    }
    if text.chars().count() > MOST_CHARS || text.chars().any(char::is_control) {
        return Err(invalid(format!(
            "the {what} must be one line of at most {MOST_CHARS} characters"
        )));
    }
    Ok(())
}
