//! The one way to change where a Problem stands with people (contract DIAG-6): each change is a
//! `human_action` event in the same transaction, and so is taking one back. Never without a person.

use jiff::Timestamp;
use mex_runtime::diagnostic::ProblemStatus;
use mex_runtime::digest::Digest;
use mex_runtime::event::{Event, EventBody, EventContext, HumanAction};
use mex_runtime::id::{ActorId, EventId};
use mex_runtime::operation::Actor;
use sqlx::sqlite::SqliteConnection;

use super::Problem;
use super::problems::{one, word};
use crate::append::{self, Prepared};
use crate::error::ChangeError;
use crate::recorder::FlightRecorder;

/// A status that a person set, with what is needed to take it back.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusChange {
    /// The event that says so.
    pub event_id: EventId,
    /// The Problem before it.
    pub before: Problem,
    /// The Problem after it.
    pub after: Problem,
}

impl FlightRecorder {
    /// Sets a Problem's status for a person, with its `human_action` event (contract DIAG-6, FR-6).
    ///
    /// # Errors
    /// When there is no such Problem, or the change could not be recorded.
    pub fn set_problem_status(
        &self,
        fingerprint: &Digest,
        to: ProblemStatus,
        reason: &str,
        person: &ActorId,
    ) -> Result<Problem, ChangeError> {
        self.set_problem_statuses(&[*fingerprint], to, reason, person)?;
        Ok(self.problem(fingerprint)?)
    }

    /// Sets the status of Problems for a person and one reason: all of them or none.
    ///
    /// # Errors
    /// When one of them is not there, or the change could not be recorded.
    pub fn set_problem_statuses(
        &self,
        fingerprints: &[Digest],
        to: ProblemStatus,
        reason: &str,
        person: &ActorId,
    ) -> Result<Vec<StatusChange>, ChangeError> {
        let (fingerprints, reason, context) =
            (fingerprints.to_vec(), reason.to_owned(), by(person));
        let clock = self.clock.clone();
        self.writer.change(move |desk| {
            desk.transaction(async |connection, tail| {
                let mut changes = Vec::with_capacity(fingerprints.len());
                for fingerprint in &fingerprints {
                    let before = one(connection, fingerprint).await?;
                    let action = HumanAction::ProblemStatus {
                        fingerprint: *fingerprint,
                        from: before.status,
                        to,
                        reason: reason.clone(),
                    };
                    let event = context.event(
                        EventId::new(clock.uuid()),
                        clock.now(),
                        EventBody::HumanAction(action),
                    );
                    append::append(connection, tail, &[&Prepared::event(&event)?]).await?;
                    let now = Standing { status: to, reason: &reason, reopened: false };
                    stand(connection, fingerprint, now, &event).await?;
                    let after = one(connection, fingerprint).await?;
                    changes.push(StatusChange { event_id: event.event_id, before, after });
                }
                Ok(changes)
            })
        })
    }

    /// Takes changes of status back, each with an event of its own. A Problem that stands otherwise by
    /// now, because somebody changed it again or it came back, is left as it is. Gives those that stand
    /// as before.
    ///
    /// # Errors
    /// When it could not be recorded: then none is taken back.
    pub fn undo_problem_statuses(
        &self,
        changes: &[StatusChange],
        person: &ActorId,
    ) -> Result<Vec<Problem>, ChangeError> {
        let (changes, context, clock) = (changes.to_vec(), by(person), self.clock.clone());
        self.writer.change(move |desk| {
            desk.transaction(async |connection, tail| {
                let mut undone = Vec::with_capacity(changes.len());
                for StatusChange { event_id, before, after } in &changes {
                    let fingerprint = &after.fingerprint;
                    let now = one(connection, fingerprint).await?;
                    let same =
                        |one: &Problem| (one.status, one.status_reason.clone(), one.reopened);
                    if same(&now) != same(after) {
                        continue;
                    }
                    let action = HumanAction::ProblemStatusUndone {
                        fingerprint: *fingerprint,
                        from: now.status,
                        to: before.status,
                        reason: before.status_reason.clone(),
                        reopened: before.reopened,
                        undone: *event_id,
                    };
                    let event = context.event(
                        EventId::new(clock.uuid()),
                        clock.now(),
                        EventBody::HumanAction(action),
                    );
                    append::append(connection, tail, &[&Prepared::event(&event)?]).await?;
                    let standing = Standing {
                        status: before.status,
                        reason: &before.status_reason,
                        reopened: before.reopened,
                    };
                    stand(connection, fingerprint, standing, &event).await?;
                    undone.push(one(connection, fingerprint).await?);
                }
                Ok(undone)
            })
        })
    }
}

struct Standing<'a> {
    status: ProblemStatus,
    reason: &'a str,
    reopened: bool,
}

async fn stand(
    connection: &mut SqliteConnection,
    fingerprint: &Digest,
    now: Standing<'_>,
    event: &Event,
) -> Result<(), sqlx::Error> {
    let at: Timestamp = event.timestamp;
    sqlx::query("UPDATE problems SET status = ?, status_reason = ?, reopened = ?, updated_at = ? WHERE fingerprint = ?")
        .bind(word(now.status))
        .bind(now.reason)
        .bind(now.reopened)
        .bind(at.to_string())
        .bind(fingerprint.to_string())
        .execute(connection)
        .await
        .map(|_| ())
}

fn by(person: &ActorId) -> EventContext {
    EventContext { actor: Actor::Human, ..EventContext::system(person.clone()) }
}
