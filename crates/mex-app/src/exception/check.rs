//! `mex exception list` and `check`: what stands in allowlists and what is remarkable about it.
//! Reads only; what is invalid is an error of the reader, everything else a remark.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use mex_runtime::digest::Digest;
use mex_runtime::id::RunId;
use mex_runtime::policy::allowlist::{ApprovalMeans, Exception, Match};
use mex_runtime::policy::matching::{EXPIRY_NOTICE, ExceptionStanding};
use mex_runtime::port::Clock as _;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::documents;
use crate::error::AppResult;
use crate::exception::Target;
use crate::exception::store::{Held, Place};

/// Longer than this and nobody remembers why: `check` says so.
const LONG_DAYS: i64 = 180;

/// The exceptions of a data folder or of a file. Version `el-1.0`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ExceptionList {
    /// Always `"el-1.0"`.
    pub schema_version: &'static str,
    /// One a project, or the one file.
    pub documents: Vec<DocumentView>,
}

/// One allowlist.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DocumentView {
    /// Its name for good.
    pub document_id: String,
    /// Where it lives.
    pub place: Place,
    /// The version in force.
    pub sha256: Option<Digest>,
    /// The newest scan in which it was in force.
    pub last_scan: Option<RunId>,
    /// What it accepts, in the document's order.
    pub exceptions: Vec<ExceptionView>,
}

/// One exception with its state.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ExceptionView {
    /// As written.
    pub exception: Exception,
    /// Whether it holds.
    pub state: ExceptionState,
    /// Whole days until it ends; 0 where it ended.
    pub days_left: i64,
    /// What became of it in the newest scan in which it was in force.
    pub last_use: Option<ExceptionStanding>,
}

/// Whether an exception holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionState {
    /// It holds.
    Live,
    /// It holds and ends within seven days.
    Expiring,
    /// It lifts nothing any more.
    Expired,
}

/// What a check found. Version `ek-1.0`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CheckReport {
    /// Always `"ek-1.0"`.
    pub schema_version: &'static str,
    /// One a document.
    pub documents: Vec<CheckedDocument>,
}

/// One valid document with what is remarkable about it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CheckedDocument {
    /// Its name for good.
    pub document_id: String,
    /// Where it lives.
    pub place: Place,
    /// How many exceptions it holds.
    pub exceptions: usize,
    /// What a person should look at.
    pub remarks: Vec<Remark>,
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Remark {
    /// The exception.
    pub exception: String,
    /// What sort of remark.
    pub kind: RemarkKind,
    /// What is so and what to do, as one sentence.
    pub sentence: String,
}

/// The sorts of remarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RemarkKind {
    /// It lifts nothing any more.
    Expired,
    /// It ends within seven days.
    Expiring,
    /// It matched nothing in the newest scan.
    Unused,
    /// It accepts more than one thing a person looked at, or for long.
    OverBroad,
    /// Its approver's name was only typed.
    Typed,
    /// It says that it is signed and the signature does not hold.
    BadSignature,
}

impl App {
    /// Every exception of the data folder, of one project, or of a file.
    ///
    /// # Errors
    /// When a document cannot be read or is not valid.
    pub fn exceptions(&self, target: &Target) -> AppResult<ExceptionList> {
        let now = self.clock.now();
        let documents = self
            .held(target)?
            .into_iter()
            .map(|held| {
                let last = self.last_use(&held.document.document_id)?;
                let exceptions = held
                    .document
                    .exceptions
                    .iter()
                    .map(|exception| ExceptionView {
                        state: state(exception, now),
                        days_left: days_left(exception, now),
                        last_use: last.as_ref().and_then(|(_, verdict)| {
                            verdict
                                .exceptions
                                .iter()
                                .find(|used| {
                                    used.exception.document_id == held.document.document_id
                                        && used.exception.id == exception.id
                                })
                                .map(|used| used.standing)
                        }),
                        exception: exception.clone(),
                    })
                    .collect();
                Ok(DocumentView {
                    document_id: held.document.document_id,
                    place: held.place,
                    sha256: held.version,
                    last_scan: last.map(|(run_id, _)| run_id),
                    exceptions,
                })
            })
            .collect::<AppResult<_>>()?;
        Ok(ExceptionList { schema_version: "el-1.0", documents })
    }

    /// Says what is remarkable about valid documents; with signers, judges every signature.
    ///
    /// # Errors
    /// When a document or the signers cannot be read or are not valid.
    pub fn check_exceptions(
        &self,
        target: &Target,
        signers: Option<&Path>,
    ) -> AppResult<CheckReport> {
        let signers = signers.map(documents::signers).transpose()?;
        let now = self.clock.now();
        let list = self.exceptions(target)?;
        let documents = list
            .documents
            .into_iter()
            .map(|document| {
                let mut remarks = Vec::new();
                for view in &document.exceptions {
                    remark(view, now, &mut remarks);
                    let exception = &view.exception;
                    if let (Some(signers), ApprovalMeans::SshSignature) =
                        (&signers, exception.approver.how)
                        && let Err(fault) =
                            signers.value.verify(exception, &document.document_id, now)
                    {
                        remarks.push(Remark {
                            exception: exception.id.clone(),
                            kind: RemarkKind::BadSignature,
                            sentence: fault.to_string(),
                        });
                    }
                }
                CheckedDocument {
                    document_id: document.document_id,
                    place: document.place,
                    exceptions: document.exceptions.len(),
                    remarks,
                }
            })
            .collect();
        Ok(CheckReport { schema_version: "ek-1.0", documents })
    }

    /// The documents a target names: the file, the project's, or every project's that has one.
    pub(crate) fn held(&self, target: &Target) -> AppResult<Vec<Held>> {
        if let Some(path) = &target.file {
            return Ok(vec![self.hold_file(path)?]);
        }
        if let Some(path) = &target.project {
            let workspace = crate::workspace::Workspace::at(path)?;
            return Ok(vec![self.hold_project(&workspace.wsid)?]);
        }
        self.approved_allowlists()?.iter().map(|one| self.hold_project(&one.wsid)).collect()
    }
}

fn state(exception: &Exception, now: Timestamp) -> ExceptionState {
    if now >= exception.expires {
        ExceptionState::Expired
    } else if exception.expires.duration_since(now) <= EXPIRY_NOTICE {
        ExceptionState::Expiring
    } else {
        ExceptionState::Live
    }
}

fn days_left(exception: &Exception, now: Timestamp) -> i64 {
    exception.expires.duration_since(now).max(SignedDuration::ZERO).as_hours() / 24
}

fn remark(view: &ExceptionView, now: Timestamp, remarks: &mut Vec<Remark>) {
    let exception = &view.exception;
    let mut say = |kind: RemarkKind, sentence: String| {
        remarks.push(Remark { exception: exception.id.clone(), kind, sentence });
    };
    match view.state {
        ExceptionState::Expired => say(
            RemarkKind::Expired,
            format!("it expired at {} and lifts nothing: renew or revoke it", exception.expires),
        ),
        ExceptionState::Expiring => say(
            RemarkKind::Expiring,
            format!("it ends at {}: mend the cause, or renew it", exception.expires),
        ),
        ExceptionState::Live => {}
    }
    if view.last_use == Some(ExceptionStanding::Unused) {
        say(
            RemarkKind::Unused,
            "it matched nothing in the newest scan: revoke it if it is no longer needed".to_owned(),
        );
    }
    let broad = match &exception.matches {
        Match::Secret { path: None, .. } => Some("it accepts the secret in every file"),
        Match::Secret { rule: None, .. } => Some("it accepts the secret under every rule"),
        Match::Gap { subject, .. } if subject == "job" || subject.starts_with("operation:") => {
            Some("it accepts that a whole job is missing")
        }
        _ => None,
    };
    if let Some(broad) = broad {
        say(RemarkKind::OverBroad, format!("{broad}: narrow it to what was looked at"));
    }
    if exception.expires.duration_since(now) > SignedDuration::from_hours(24 * LONG_DAYS) {
        let sentence = format!("it holds for more than {LONG_DAYS} days: look at it sooner");
        say(RemarkKind::OverBroad, sentence);
    }
    if exception.approver.how == ApprovalMeans::Typed {
        let sentence = format!("the approver `{}` was only typed", exception.approver.name);
        say(RemarkKind::Typed, sentence);
    }
}
