//! Drafts of changes that hide something: from a Problem, a proposal, a whole scan, or anew for longer.
//! Nothing here is saved: what a draft would hide is shown to a person first.

use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::AllowlistChange;
use mex_runtime::finding::Finding;
use mex_runtime::policy::allowlist::{Allowlist, ApprovalMeans, Approver, Exception, Match};
use mex_runtime::policy::preview::{exact_match, finding_of};
use mex_runtime::policy::verdict::{Effect, Reason, Rule};
use mex_runtime::port::Clock as _;

use crate::app::App;
use crate::error::{AppError, AppResult, query};
use crate::exception::runs::RecordedRun;
use crate::exception::store::Held;
use crate::exception::{
    Acceptance, AddRequest, BaselineGaps, BaselineRequest, Draft, MOST_DAYS, RenewRequest, Subject,
    Until, invalid, replace, worded, wsid,
};

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
