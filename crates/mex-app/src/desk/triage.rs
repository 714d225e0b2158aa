//! Triage: the status of Problems changed by a person for a reason, taken back within ten seconds, and
//! Problems as text for the clipboard. Each change is an event; taking it back is another (contract
//! DIAG-6, FR-6). What can be taken back is held in this process alone.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use mex_recorder::query::{Problem, StatusChange};
use mex_runtime::code::Code;
use mex_runtime::diagnostic::ProblemStatus;
use mex_runtime::digest::Digest;
use mex_runtime::port::Clock as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::facets::{severity, status};
use super::problems::{ProblemRow, row};
use super::{MOST_ROWS, Screens, locked};
use crate::error::{AppError, AppResult, query};
use crate::plain;

/// How long a change of status can be taken back.
pub const UNDO: Duration = Duration::from_secs(10);

/// The most changes held; the oldest goes then.
const MOST_UNDOS: usize = 16;

/// The longest reason, in characters.
const MOST_CHARS: usize = 1_000;

/// Changes that can be taken back, the newest last.
#[derive(Default)]
pub(super) struct Undos(VecDeque<Undo>);

struct Undo {
    token: String,
    until: Instant,
    changes: Vec<StatusChange>,
}

/// A change of status of some Problems, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriageRequest {
    /// Which, at most 500: fingerprints, or ids of instances.
    pub ids: Vec<String>,
    /// What they become.
    pub to: ProblemStatus,
    /// Why.
    pub reason: String,
}

/// A change of status that was made.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Triaged {
    /// Takes it back, for ten seconds.
    pub undo_token: String,
    /// Milliseconds left for that.
    pub undo_ms: u64,
    /// The Problems as they are now.
    pub problems: Vec<Problem>,
}

/// A change of status that is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoTriageRequest {
    /// What the change gave.
    pub undo_token: String,
}

/// What taking a change back did.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TriageUndone {
    /// The Problems that stand as before again.
    pub problems: Vec<Problem>,
    /// How many were left, because they stand otherwise by now.
    pub left: u64,
}

/// Problems to be copied out of the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProblemTextQuestion {
    /// Which, at most 500.
    pub ids: Vec<String>,
    /// In which form.
    #[serde(rename = "as")]
    pub form: ProblemTextForm,
}

/// A form of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemTextForm {
    /// Plain lines.
    Text,
    /// A Markdown table.
    Markdown,
    /// A JSON array.
    Json,
    /// `mex://problem/ID`, one a line.
    Link,
}

/// Problems as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemText {
    /// The text, ready for the clipboard.
    pub text: String,
}

impl Screens {
    /// Sets the status of Problems for one reason, all or none. Each is an event.
    ///
    /// # Errors
    /// Without a reason, for none or more than 500 Problems, for an id that names none or several:
    /// then nothing is changed.
    pub fn triage(&self, request: &TriageRequest) -> AppResult<Triaged> {
        let reason = request.reason.trim();
        let refused = |message: String| AppError::new(Code::Usage, message);
        if reason.is_empty() {
            return Err(refused("a change of status needs a reason".to_owned()).hint("say why"));
        }
        if reason.chars().count() > MOST_CHARS {
            return Err(refused(format!("the reason has more than {MOST_CHARS} characters")));
        }
        let fingerprints = self.named(&request.ids)?;
        let recorder = &self.app.recorder;
        let changes = recorder
            .set_problem_statuses(&fingerprints, request.to, reason, &self.app.actor_id)
            .map_err(|error| AppError::new(error.code(), error.to_string()))?;
        let problems = changes.iter().map(|change| change.after.clone()).collect();
        let token = self.app.clock.uuid().to_string();
        let mut undos = locked(&self.undos);
        undos.0.retain(|undo| undo.until > Instant::now());
        if undos.0.len() == MOST_UNDOS {
            undos.0.pop_front();
        }
        let until = Instant::now() + UNDO;
        undos.0.push_back(Undo { token: token.clone(), until, changes });
        let undo_ms = u64::try_from(UNDO.as_millis()).unwrap_or(u64::MAX);
        Ok(Triaged { undo_token: token, undo_ms, problems })
    }

    /// Takes a change of status back, within ten seconds and once. Each Problem's return is an event.
    ///
    /// # Errors
    /// `MEX-UNDO-EXPIRED` where it is too late, was done already, or was another process's.
    pub fn undo_triage(&self, request: &UndoTriageRequest) -> AppResult<TriageUndone> {
        self.undo_at(request, Instant::now())
    }

    pub(crate) fn undo_at(
        &self,
        request: &UndoTriageRequest,
        now: Instant,
    ) -> AppResult<TriageUndone> {
        let undo = {
            let mut undos = locked(&self.undos);
            let at = undos.0.iter().position(|undo| undo.token == request.undo_token);
            at.and_then(|at| undos.0.remove(at)).filter(|undo| undo.until > now)
        };
        let undo = undo.ok_or_else(|| {
            AppError::new(Code::UndoExpired, "the change of status cannot be taken back any more")
        })?;
        let problems = self
            .app
            .recorder
            .undo_problem_statuses(&undo.changes, &self.app.actor_id)
            .map_err(|error| AppError::new(error.code(), error.to_string()))?;
        let left = undo.changes.len().saturating_sub(problems.len()) as u64;
        Ok(TriageUndone { problems, left })
    }

    /// Problems as text.
    ///
    /// # Errors
    /// For none or more than 500, and for an id that names none or several.
    pub fn problem_text(&self, asked: &ProblemTextQuestion) -> AppResult<ProblemText> {
        let newest = self.newest()?;
        let mut rows = Vec::new();
        for fingerprint in self.named(&asked.ids)? {
            let found = self.app.recorder.found_problem(&fingerprint).map_err(query)?;
            rows.push(row(found, &newest));
        }
        let text = match asked.form {
            ProblemTextForm::Text => lines(&rows),
            ProblemTextForm::Markdown => markdown(&rows),
            ProblemTextForm::Json => serde_json::to_string_pretty(&rows)
                .map_err(|error| AppError::new(Code::Internal, error.to_string()))?,
            ProblemTextForm::Link => {
                let link = |row: &ProblemRow| format!("mex://problem/{}", row.problem.fingerprint);
                rows.iter().map(link).collect::<Vec<_>>().join("\n")
            }
        };
        Ok(ProblemText { text })
    }

    /// The Problems of some ids, each once, in the order given.
    fn named(&self, ids: &[String]) -> AppResult<Vec<Digest>> {
        if ids.is_empty() || ids.len() > MOST_ROWS as usize {
            let message = format!("name 1 to {MOST_ROWS} problems, not {}", ids.len());
            return Err(AppError::new(Code::Usage, message));
        }
        let mut found: Vec<Digest> = Vec::with_capacity(ids.len());
        for id in ids {
            let fingerprint = self.app.problem_id(id)?;
            if !found.contains(&fingerprint) {
                found.push(fingerprint);
            }
        }
        Ok(found)
    }
}

/// Where a Problem is, in one word for people.
fn place(row: &ProblemRow) -> String {
    match (&row.file, row.line, &row.purl) {
        (Some(file), Some(line), _) => format!("{file}:{line}"),
        (Some(file), None, _) => file.clone(),
        (None, _, Some(purl)) => purl.clone(),
        (None, _, None) => String::new(),
    }
}

fn lines(rows: &[ProblemRow]) -> String {
    let mut text = String::new();
    for row in rows {
        let problem = &row.problem;
        let _ = write!(text, "{} {}", severity(row.problem.severity), plain(&problem.title));
        let place = place(row);
        if !place.is_empty() && !problem.title.contains(&place) {
            let _ = write!(text, " ({})", plain(&place));
        }
        let _ = writeln!(text, ", {}, {}", status(problem.status), problem.fingerprint);
    }
    text
}

fn markdown(rows: &[ProblemRow]) -> String {
    let mut text = String::from("| severity | problem | place | status |\n|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(
            text,
            "| {} | [{}](mex://problem/{}) | {} | {} |",
            severity(row.problem.severity),
            inert(&row.problem.title),
            row.problem.fingerprint,
            inert(&place(row)),
            status(row.problem.status)
        );
    }
    text
}

/// Text that Markdown shows as it is: nothing in it becomes a link, a cell, markup or HTML.
fn inert(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in plain(text).chars() {
        if c.is_ascii_punctuation()
            && !matches!(
                c,
                '.' | ','
                    | '/'
                    | '-'
                    | '@'
                    | ':'
                    | '%'
                    | '+'
                    | '='
                    | ';'
                    | '\''
                    | '"'
                    | '?'
                    | '$'
                    | '^'
            )
        {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mex_runtime::event::EventContext;

    use super::*;
    use crate::app::App;
    use crate::place::Places;

    /// Ten seconds are ten seconds, and one moment more is too late: nothing changes then.
    #[test]
    fn a_change_is_taken_back_for_ten_seconds_and_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let places =
            Places { data_dir: folder.path().join("data"), tools_dir: folder.path().join("tools") };
        let app = App::open(places, ("/nowhere".into(), Vec::new())).unwrap();
        let context = EventContext::system(app.actor_id.clone());
        crate::problem::registry_fallback(&app, &context, "it was changed").unwrap();
        let screens = Screens::new(Arc::new(app));
        let recorder = &screens.app.recorder;
        let id = || {
            let page = recorder.find_problems(&Default::default()).unwrap();
            page.items[0].problem.fingerprint.to_string()
        };
        let mute = || {
            let request = TriageRequest {
                ids: vec![id()],
                to: ProblemStatus::Muted,
                reason: "noise".to_owned(),
            };
            let undo_token = screens.triage(&request).unwrap().undo_token;
            UndoTriageRequest { undo_token }
        };
        let status = || recorder.problem(&id().parse().unwrap()).unwrap().status;
        let undo = mute();
        let late = Instant::now() + UNDO + Duration::from_millis(1);
        assert_eq!(screens.undo_at(&undo, late).unwrap_err().code, Code::UndoExpired);
        assert_eq!(status(), ProblemStatus::Muted);
        let undo = mute();
        let in_time = Instant::now() + UNDO - Duration::from_secs(1);
        // It was muted before this change too: that is what it is again.
        assert_eq!(screens.undo_at(&undo, in_time).unwrap().problems.len(), 1);
        assert_eq!(status(), ProblemStatus::Muted);
        for _ in 0..MOST_UNDOS + 3 {
            mute();
        }
        assert_eq!(locked(&screens.undos).0.len(), MOST_UNDOS, "what can be taken back is bounded");
    }
}
