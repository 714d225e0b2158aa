//! `mex exception`: accept a finding or gap for a time, with reason, owner and approver (contract
//! SC-4, SC-10). Owns the use cases: draft, show what it would hide, save as a new version. What is
//! lifted is decided by [`mex_runtime::policy::matching`]; a refused attempt is recorded too.
//! Long because every way to change an allowlist is one of a few alike steps, read side by side.

mod check;
mod proposal;
mod runs;
mod store;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{AllowlistChange, EventBody, HumanAction};
use mex_runtime::finding::Finding;
use mex_runtime::id::WorkspaceId;
use mex_runtime::policy::allowlist::{Allowlist, ApprovalMeans, Approver, Exception, Match};
use mex_runtime::policy::preview::{exact_match, finding_of};
use mex_runtime::policy::verdict::{Effect, Reason, Rule};
use mex_runtime::port::Clock as _;
use serde::Serialize;

use crate::app::App;
use crate::documents;
use crate::error::{AppError, AppResult, query};
use crate::exception::runs::RecordedRun;
use crate::exception::store::{Change, Held};

pub use check::{
    CheckReport, CheckedDocument, DocumentView, ExceptionList, ExceptionState, ExceptionView,
    Remark, RemarkKind,
};
pub use proposal::Proposal;
pub use runs::{Hidden, IMPACT_DAYS, Impact, ScanImpact};
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

/// Why a draft was not saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declined {
    /// Somebody said no.
    ByPerson,
    /// There is no terminal to ask at.
    NobodyAsked,
}

/// A change that was saved. Version `xc-1.0`.
#[derive(Debug, Clone, Serialize)]
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
    /// Drafts an exception for exactly one Problem.
    ///
    /// # Errors
    /// For a Problem that is none, is accepted already, or cannot be accepted; a secret that was not
    /// fingerprinted under the document; no reason, no owner, an expiry in the past or too far away.
    pub fn draft_exception(&self, request: &AddRequest) -> AppResult<Draft> {
        self.on_record("add", self.try_draft_exception(request))
    }

    fn try_draft_exception(&self, request: &AddRequest) -> AppResult<Draft> {
        let (created, expires, approver) = self.accepted(&request.acceptance)?;
        let (run, problem) = match &request.subject {
            Subject::Problem { id, run } => self.run_of_problem(id, run.as_deref())?,
            Subject::Proposal { number, run } => {
                let run = self.recorded_run(run)?;
                let problem = self.proposed_problem(&run, *number)?;
                (run, problem)
            }
        };
        let held = self.document_for(&run, request.file.as_deref())?;
        let reason = standing(&run, &problem)?;
        let matches = matching(reason, &run, &held.document.document_id)?;
        let id = request.id.clone().unwrap_or_else(|| made_id(&matches, &problem.to_string()));
        if let Some(known) =
            held.document.exceptions.iter().find(|known| known.id == id || known.matches == matches)
        {
            return Err(invalid(format!(
                "exception `{}` is there already, until {}",
                known.id, known.expires
            ))
            .hint("renew it with `mex exception renew`, or name another id"));
        }
        let exception = Exception {
            id,
            matches,
            reason: request.acceptance.reason.trim().to_owned(),
            owner: request.acceptance.owner.trim().to_owned(),
            approver,
            created,
            expires,
            signature: None,
        };
        self.drafted(held, vec![exception], AllowlistChange::Added, &request.acceptance.reason)
    }

    /// Drafts an exception anew with a later end. Who renews it approves it; a signature of before
    /// does not hold for it any more.
    ///
    /// # Errors
    /// For an id that names none or several, and as [`App::draft_exception`].
    pub fn draft_renewal(&self, request: &RenewRequest) -> AppResult<Draft> {
        self.on_record("renew", self.try_draft_renewal(request))
    }

    fn try_draft_renewal(&self, request: &RenewRequest) -> AppResult<Draft> {
        let (held, mut exception) = self.find_exception(&request.id, &request.target)?;
        let acceptance = Acceptance {
            reason: request.reason.clone().unwrap_or_else(|| exception.reason.clone()),
            owner: exception.owner.clone(),
            until: request.until.clone(),
            approver: request.approver.clone(),
        };
        let (_, expires, approver) = self.accepted(&acceptance)?;
        exception.reason = acceptance.reason.trim().to_owned();
        exception.expires = expires;
        exception.approver = approver;
        exception.signature = None;
        self.drafted(held, vec![exception], AllowlistChange::Renewed, &acceptance.reason)
    }

    /// Drafts dated exceptions for everything a scan found, so that only what is new blocks.
    ///
    /// # Errors
    /// As [`App::draft_exception`], and where nothing stands in the scan.
    pub fn draft_baseline(&self, request: &BaselineRequest) -> AppResult<Draft> {
        self.on_record("baseline", self.try_draft_baseline(request))
    }

    fn try_draft_baseline(&self, request: &BaselineRequest) -> AppResult<Draft> {
        let (created, expires, approver) = self.accepted(&request.acceptance)?;
        let run = self.recorded_run(&request.run)?;
        let held = self.document_for(&run, request.file.as_deref())?;
        let mut exceptions: Vec<Exception> = Vec::new();
        for reason in run.verdict.reasons.iter().filter(|reason| reason.lifted_by.is_none()) {
            let finding =
                matches!(reason.rule, Rule::Vulnerability | Rule::Secret | Rule::UnknownLicense);
            let gap = request.gaps == BaselineGaps::Accept
                && reason.effect == Effect::LeavesIncomplete
                && reason.rule.can_be_accepted();
            if !finding && !gap {
                continue;
            }
            let matches = matching(reason, &run, &held.document.document_id)?;
            let known = |one: &Exception| one.matches == matches;
            if exceptions.iter().any(known) || held.document.exceptions.iter().any(known) {
                continue;
            }
            let mark = reason.fingerprint.map(|digest| digest.to_string()).unwrap_or_default();
            exceptions.push(Exception {
                id: made_id(&matches, &mark),
                matches,
                reason: request.acceptance.reason.trim().to_owned(),
                owner: request.acceptance.owner.trim().to_owned(),
                approver: approver.clone(),
                created,
                expires,
                signature: None,
            });
        }
        if exceptions.is_empty() {
            return Err(invalid("nothing stands in this scan that no exception accepts yet")
                .hint("nothing has to be done"));
        }
        self.drafted(held, exceptions, AllowlistChange::Baselined, &request.acceptance.reason)
    }

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

    /// What an approver has to sign, byte by byte, under [`mex_runtime::policy::signature::NAMESPACE`].
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn exception_payload(
        &self,
        id: &str,
        target: &Target,
        approver: &str,
    ) -> AppResult<Vec<u8>> {
        worded("approver", approver)?;
        let (held, exception) = self.find_exception(id, target)?;
        signed_by(exception, approver)
            .signed_bytes(&held.document.document_id)
            .map_err(crate::scan::internal)
    }

    /// Takes an approver's signature in, once it was verified.
    ///
    /// # Errors
    /// When the signature does not hold, or its key may not sign for this name now.
    pub fn sign_exception(
        &self,
        id: &str,
        target: &Target,
        approver: &str,
        signature: &Path,
        signers: &Path,
        out: Option<&Path>,
    ) -> AppResult<Changed> {
        let signed = || {
            worded("approver", approver)?;
            let (held, exception) = self.find_exception(id, target)?;
            let mut exception = signed_by(exception, approver);
            exception.signature =
                Some(crate::input::text(signature, 64 * 1024, "signature")?.trim().to_owned());
            documents::signers(signers)?
                .verify(&exception, &held.document.document_id, self.clock.now())
                .map_err(|fault| AppError::new(Code::SignatureInvalid, fault.to_string()))?;
            let mut next = held.document.clone();
            replace(&mut next, &exception);
            let reason = format!("signed by {approver}");
            let change = AllowlistChange::Signed;
            self.saved(&held, &next, change, &reason, vec![exception], None, out)
        };
        self.on_record("sign", signed())
    }

    /// What a document would hide, whether it is in force or not.
    ///
    /// # Errors
    /// When it cannot be read or is not valid.
    pub fn document_impact(&self, target: &Target) -> AppResult<Vec<(Place, Impact)>> {
        self.held(target)?
            .into_iter()
            .map(|held| {
                let impact = self.impact_of(&held.document, wsid(&held.place))?;
                Ok((held.place, impact))
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

    fn drafted(
        &self,
        held: Held,
        exceptions: Vec<Exception>,
        change: AllowlistChange,
        reason: &str,
    ) -> AppResult<Draft> {
        let mut next = held.document.clone();
        for exception in &exceptions {
            replace(&mut next, exception);
        }
        // All that is wrong is told before anything is shown.
        let text = next.to_text().map_err(crate::scan::internal)?;
        Allowlist::parse(&text).map_err(|error| {
            invalid(error.to_string())
                .details(serde_json::to_value(&error.faults).unwrap_or_default())
        })?;
        let alone = Allowlist { exceptions: exceptions.clone(), ..next.clone() };
        let impact = self.impact_of(&alone, wsid(&held.place))?;
        Ok(Draft { held, next, change, reason: reason.trim().to_owned(), exceptions, impact })
    }

    fn accepted(&self, asked: &Acceptance) -> AppResult<(Timestamp, Timestamp, Approver)> {
        worded("reason", &asked.reason)?;
        worded("owner", &asked.owner)?;
        let created = self.clock.now();
        let most = created + SignedDuration::from_hours(24 * i64::from(MOST_DAYS));
        let expires = match &asked.until {
            Until::Days(days) if (1..=MOST_DAYS).contains(days) => {
                created + SignedDuration::from_hours(24 * i64::from(*days))
            }
            Until::Days(days) => {
                return Err(invalid(format!("`--days` is {days}, it must be 1 to {MOST_DAYS}")));
            }
            Until::Named(text) => moment(text)?,
        };
        if expires <= created || expires > most {
            let message =
                format!("the expiry {expires} must lie in the future and within {MOST_DAYS} days");
            return Err(invalid(message));
        }
        let approver = match asked.approver.as_deref().map(str::trim) {
            Some(name) if name != self.actor_id.as_str() => {
                worded("approver", name)?;
                Approver { name: name.to_owned(), how: ApprovalMeans::Typed }
            }
            Some(_) | None => {
                Approver { name: self.actor_id.to_string(), how: ApprovalMeans::KnownUser }
            }
        };
        Ok((created, expires, approver))
    }

    fn run_of_problem(&self, id: &str, run: Option<&str>) -> AppResult<(RecordedRun, Digest)> {
        let problem = self.problem_id(id)?;
        let run = match run {
            Some(run) => self.recorded_run(run)?,
            None => {
                let newest = self.recorder.instances(&problem, None, 1).map_err(query)?;
                let run_id = newest.items.first().and_then(|instance| instance.run_id);
                let run_id = run_id.ok_or_else(|| {
                    invalid(format!("the Problem `{problem}` comes from no scan: nothing lifts it"))
                })?;
                self.load_run(self.recorder.scan(run_id).map_err(query)?)?
            }
        };
        Ok((run, problem))
    }

    fn document_for(&self, run: &RecordedRun, file: Option<&Path>) -> AppResult<Held> {
        if let Some(path) = file {
            return self.hold_file(path);
        }
        let wsid = run.entry.wsid.as_ref().ok_or_else(|| {
            AppError::new(
                Code::Internal,
                format!("the scan `{}` names no project", run.entry.run_id),
            )
        })?;
        self.hold_project(wsid)
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

fn signed_by(exception: Exception, approver: &str) -> Exception {
    let approver = Approver { name: approver.trim().to_owned(), how: ApprovalMeans::SshSignature };
    Exception { approver, signature: None, ..exception }
}

/// Puts an exception into a document, in place of the one with its id.
fn replace(document: &mut Allowlist, exception: &Exception) {
    match document.exceptions.iter_mut().find(|known| known.id == exception.id) {
        Some(known) => known.clone_from(exception),
        None => document.exceptions.push(exception.clone()),
    }
}

/// The reason a Problem stands for in a scan, that no exception lifts yet.
fn standing<'a>(run: &'a RecordedRun, problem: &Digest) -> AppResult<&'a Reason> {
    let reasons: Vec<&Reason> = run
        .verdict
        .reasons
        .iter()
        .filter(|reason| reason.fingerprint.as_ref() == Some(problem))
        .collect();
    if let Some(reason) = reasons.iter().find(|reason| reason.lifted_by.is_none()) {
        return Ok(reason);
    }
    let lifted = reasons.first().and_then(|reason| reason.lifted_by.as_ref());
    Err(match lifted {
        Some(exception) => invalid(format!(
            "exception `{}` of `{}` accepts this already",
            exception.id, exception.document_id
        ))
        .hint("renew it with `mex exception renew`"),
        None => invalid(format!(
            "the scan `{}` has no finding or gap of this Problem: a gate's denial, and what mex says of itself, cannot be accepted",
            run.entry.run_id
        )),
    })
}

fn matching(reason: &Reason, run: &RecordedRun, document_id: &str) -> AppResult<Match> {
    exact_match(reason, &run.findings, document_id).ok_or_else(|| {
        if matches!(finding_of(reason, &run.findings), Some(Finding::Secret(_))) {
            invalid(format!(
                "the scan `{}` did not fingerprint `{}` under the allowlist `{document_id}`",
                run.entry.run_id, reason.subject
            ))
            .hint("scan again with this allowlist in force, then add the exception")
        } else {
            invalid(format!("nobody can accept `{}`: {}", reason.subject, reason.sentence))
                .hint(reason.next_step.clone())
        }
    })
}

/// `vuln-0123456789ab`: the sort and the start of the Problem's fingerprint.
fn made_id(matches: &Match, mark: &str) -> String {
    let sort = match matches {
        Match::Secret { .. } => "secret",
        Match::Vulnerability { .. } => "vuln",
        Match::License { .. } => "license",
        Match::Gap { .. } => "gap",
    };
    let mark: String = mark.chars().take(12).collect();
    format!("{sort}-{mark}")
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

/// `2026-12-31` (its first moment, UTC) or an RFC 3339 moment.
fn moment(text: &str) -> AppResult<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    text.parse::<Date>()
        .ok()
        .and_then(|date| date.to_zoned(TimeZone::UTC).ok())
        .map(|zoned| zoned.timestamp())
        .ok_or_else(|| invalid(format!("`{text}` is no date such as `2026-12-31`")))
}
