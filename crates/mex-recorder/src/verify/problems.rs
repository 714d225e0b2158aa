//! Every column of a Problem follows from its instances and from what people did with it: it is
//! replayed here and compared. Only reads; what retention took decides nothing any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mex_runtime::diagnostic::Diagnostic;
use mex_runtime::facet::facets;
use mex_runtime::id::RunId;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::derived::{Action, Actions, fault};
use super::{ChainFault, FaultKind};
use crate::append::{CAME_BACK, severity_rank};
use crate::error::QueryError;
use crate::terms;

/// The instances of one Problem that are there.
#[derive(Default)]
pub(super) struct Instances {
    /// Where each stands and when it was seen, the oldest first.
    seen: Vec<(u64, String)>,
    first: Option<Diagnostic>,
    last: Option<Diagnostic>,
    /// The scan of the last one.
    run_id: Option<RunId>,
}

/// One instance as it was read.
pub(super) struct Instance {
    pub(super) diagnostic: Diagnostic,
    pub(super) at: Timestamp,
    pub(super) run_id: Option<RunId>,
}

impl Instances {
    /// One more, newer than all before it; without its content where that cannot be read.
    pub(super) fn add(&mut self, seq: u64, instance: Option<Instance>) {
        let at = instance.as_ref().map(|instance| instance.at.to_string());
        self.seen.push((seq, at.unwrap_or_default()));
        self.run_id = instance.as_ref().and_then(|instance| instance.run_id);
        let diagnostic = instance.map(|instance| instance.diagnostic);
        if self.first.is_none() {
            self.first.clone_from(&diagnostic);
        }
        self.last = diagnostic;
    }
}

/// How a Problem stands after a replay.
struct Standing {
    status: &'static str,
    reason: String,
    reopened: bool,
}

pub(super) async fn check(
    connection: &mut SqliteConnection,
    instances: &BTreeMap<String, Instances>,
    actions: &Actions,
    purged_through: u64,
    faults: &mut Vec<ChainFault>,
) -> Result<(), QueryError> {
    let rows = sqlx::query("SELECT * FROM problems").fetch_all(&mut *connection).await?;
    let mut known = BTreeSet::new();
    let nothing = Instances::default();
    for row in &rows {
        let fingerprint: String = row.try_get("fingerprint")?;
        let seen = instances.get(&fingerprint).unwrap_or(&nothing);
        let acted = actions.statuses.get(&fingerprint).map_or(&[][..], Vec::as_slice);
        for column in differences(row, seen, acted, purged_through)? {
            let why =
                format!("the problem {fingerprint}: its `{column}` is not what its events say");
            faults.push(fault(None, FaultKind::Derived, why));
        }
        let first: i64 = row.try_get("first_seq")?;
        if let Some(last) = &seen.last
            && terms::known(&mut *connection, first).await? != as_written(last)
        {
            let why = format!(
                "the problem {fingerprint}: what it can be found by is not what its newest instance says"
            );
            faults.push(fault(None, FaultKind::Derived, why));
        }
        known.insert(fingerprint);
    }
    for fingerprint in instances.keys().filter(|fingerprint| !known.contains(*fingerprint)) {
        let why = format!("the problem {fingerprint} was removed");
        faults.push(fault(None, FaultKind::Derived, why));
    }
    for (sql, why) in [
        (STRAY_TERMS, "something can be found by a value, and no problem is there for it"),
        (WRONG_COUNTS, "the stored counts of problems are not what the problems say"),
    ] {
        if sqlx::query_scalar::<_, bool>(sql).fetch_one(&mut *connection).await? {
            faults.push(fault(None, FaultKind::Derived, why));
        }
    }
    Ok(())
}

const STRAY_TERMS: &str = "SELECT EXISTS (SELECT 1 FROM problem_terms t \
    WHERE NOT EXISTS (SELECT 1 FROM problems p WHERE p.first_seq = t.problem))";

const WRONG_COUNTS: &str = "SELECT EXISTS ( \
    SELECT severity_rank, status, count FROM problem_counts WHERE count <> 0 \
    EXCEPT SELECT severity_rank, status, count(*) FROM problems GROUP BY 1, 2) \
    OR EXISTS (SELECT severity_rank, status, count(*) FROM problems GROUP BY 1, 2 \
    EXCEPT SELECT severity_rank, status, count FROM problem_counts)";

/// What an instance can be found by, as the table writes it.
fn as_written(diagnostic: &Diagnostic) -> BTreeSet<(String, String)> {
    facets(diagnostic).into_iter().map(|(facet, value)| (facet.word().to_owned(), value)).collect()
}

/// The columns that say something else than what follows.
fn differences(
    row: &SqliteRow,
    instances: &Instances,
    acted: &[Action],
    purged_through: u64,
) -> Result<Vec<&'static str>, QueryError> {
    let mut wrong = Vec::new();
    let purged: i64 = row.try_get("purged")?;
    let whole = purged == 0 || purged_through == 0;
    let text = |column: &'static str| row.try_get::<Option<&str>, _>(column);
    let number = |column: &'static str| row.try_get::<i64, _>(column);
    let mut hold = |column: &'static str, holds: bool| {
        if !holds {
            wrong.push(column);
        }
    };
    let there = i64::try_from(instances.seen.len()).unwrap_or(i64::MAX);
    hold("purged", purged == 0 || purged_through > 0);
    hold("count", number("count")? == purged.saturating_add(there));
    if let Some((seq, at)) = instances.seen.last() {
        hold("last_seq", number("last_seq")? == seq.cast_signed());
        hold("last_seen", text("last_seen")? == Some(at));
    }
    if let Some(last) = &instances.last {
        let rank = severity_rank(last.severity);
        hold("title", text("title")? == Some(&last.title));
        hold("severity_rank", number("severity_rank")? == rank);
        hold("wsid", text("wsid")? == last.wsid.as_ref().map(ToString::to_string).as_deref());
        hold("last_diagnostic_id", text("last_diagnostic_id")? == Some(&last.id.to_string()));
        hold("run_id", text("run_id")? == instances.run_id.map(|id| id.to_string()).as_deref());
    }
    if let Some(first) = &instances.first {
        // Both enter the fingerprint, the code without blanks around it: any instance tells them.
        hold("source", text("source")? == Some(&String::from(first.source.clone())));
        hold("code", text("code")?.map(str::trim) == first.code.as_deref().map(str::trim));
    }
    match instances.seen.first() {
        Some((seq, at)) if whole => {
            hold("first_seq", number("first_seq")? == seq.cast_signed());
            hold("first_seen", text("first_seen")? == Some(at));
        }
        _ => hold("first_seq", number("first_seq")? <= purged_through.cast_signed()),
    }
    let changed = instances.seen.last().map(|(seq, at)| (*seq, at));
    if let Some((_, at)) = changed.max(acted.last().map(|action| (action.seq, &action.at))) {
        hold("updated_at", text("updated_at")? == Some(at));
    }
    if let Some(standing) = standing(&instances.seen, acted, whole) {
        hold("status", text("status")? == Some(standing.status));
        hold("status_reason", text("status_reason")? == Some(&standing.reason));
        hold("reopened", row.try_get::<bool, _>("reopened")? == standing.reopened);
    }
    Ok(wrong)
}

/// How it stands; `None` where what decided it was purged.
fn standing(seen: &[(u64, String)], acted: &[Action], whole: bool) -> Option<Standing> {
    let (from, status, reason, reopened) = match acted.last() {
        Some(action) => (action.seq, action.to, action.reason.clone(), action.reopened),
        None if whole => (0, "open", String::new(), false),
        None => return None,
    };
    let came_back = status == "resolved" && seen.last().is_some_and(|(seq, _)| *seq > from);
    Some(if came_back {
        Standing { status: "open", reason: CAME_BACK.to_owned(), reopened: true }
    } else {
        Standing { status, reason, reopened }
    })
}
