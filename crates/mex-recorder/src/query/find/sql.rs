//! From a filter and an order to statements that read no more than they must: a rare value drives from
//! its own list, a common one is looked up while walking along the order. Never runs one.

use std::collections::BTreeSet;

use mex_runtime::facet::Facet;
use mex_runtime::id::WorkspaceId;
use mex_runtime::severity::Severity;
use sqlx::{QueryBuilder, Sqlite};

use super::{Condition, Direction, Pattern, ProblemOrder, ProblemPlace, ProblemQuery, Sense, Test};
use crate::append::severity_rank;
use crate::query::problems::word;

/// Up to so many Problems a filter's own list is read and put in order; above, the order is walked.
pub(super) const FEW: u32 = 20_000;

/// Sorts after every character a value can begin with.
const LAST_CHAR: char = '\u{10FFFF}';

/// What a statement starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drive {
    /// Every Problem, along an order.
    Order,
    /// The list of one condition, by its place in the filter.
    List(usize),
}

/// The columns a list is ordered by, and the index that has them in that order.
pub(super) struct Along {
    pub(super) index: &'static str,
    columns: &'static [&'static str],
    ascending: bool,
}

impl Along {
    pub(super) const fn of(order: ProblemOrder) -> Self {
        let (index, columns, ascending): (_, &'static [&'static str], _) = match order {
            ProblemOrder::Gravest => ("problems_by_gravity", &["severity_rank", "last_seq"], false),
            ProblemOrder::Newest => ("problems_by_last", &["last_seq"], false),
            ProblemOrder::Oldest => ("problems_by_first", &["first_seq"], true),
            ProblemOrder::Title => ("problems_by_title", &["title", "last_seq"], true),
            ProblemOrder::Count => ("problems_by_count", &["count", "last_seq"], false),
        };
        Self { index, columns, ascending }
    }

    /// `ORDER BY` without its words.
    pub(super) fn order(&self, direction: Direction) -> String {
        let way = if self.ascends(direction) { "ASC" } else { "DESC" };
        let each = self.columns.iter().map(|column| format!("p.{column} {way}"));
        each.collect::<Vec<_>>().join(", ")
    }

    fn ascends(&self, direction: Direction) -> bool {
        self.ascending == (direction == Direction::Forward)
    }

    /// What stands behind a place; nothing for a place in another order.
    pub(super) fn push_after(
        &self,
        sql: &mut QueryBuilder<Sqlite>,
        order: ProblemOrder,
        place: &ProblemPlace,
        direction: Direction,
    ) {
        let than = if self.ascends(direction) { " > " } else { " < " };
        match (order, place) {
            (ProblemOrder::Gravest, ProblemPlace::Gravest(rank, seq)) => {
                sql.push(" AND (p.severity_rank, p.last_seq)").push(than);
                sql.push("(").push_bind(*rank).push(", ").push_bind(seq.cast_signed()).push(")");
            }
            (ProblemOrder::Newest, ProblemPlace::Newest(seq)) => {
                sql.push(" AND p.last_seq").push(than).push_bind(seq.cast_signed());
            }
            (ProblemOrder::Oldest, ProblemPlace::Oldest(seq)) => {
                sql.push(" AND p.first_seq").push(than).push_bind(seq.cast_signed());
            }
            (ProblemOrder::Title, ProblemPlace::Title(title, seq)) => {
                sql.push(" AND (p.title, p.last_seq)").push(than);
                sql.push("(").push_bind(title.clone()).push(", ");
                sql.push_bind(seq.cast_signed()).push(")");
            }
            (ProblemOrder::Count, ProblemPlace::Count(count, seq)) => {
                sql.push(" AND (p.count, p.last_seq)").push(than);
                sql.push("(").push_bind(count.cast_signed()).push(", ");
                sql.push_bind(seq.cast_signed()).push(")");
            }
            _ => {}
        }
    }
}

/// `FROM` and `WHERE` over the Problems `p` that a filter lets through.
pub(super) fn push_matching(
    sql: &mut QueryBuilder<Sqlite>,
    query: &ProblemQuery,
    drive: Drive,
    walked: &'static str,
) {
    let driven = match drive {
        Drive::Order => None,
        Drive::List(at) => query.conditions.get(at).map(|condition| (at, &condition.test)),
    };
    sql.push(" FROM ");
    match driven {
        Some((_, Test::Value { facet, any })) => {
            let once = matches!(any.as_slice(), [Pattern::Exact(_)]);
            sql.push(if once { "(SELECT t.problem" } else { "(SELECT DISTINCT t.problem" });
            sql.push(" FROM problem_terms t WHERE ");
            push_value(sql, *facet, any);
            sql.push(") x CROSS JOIN problems p INDEXED BY problems_by_first ON p.first_seq = x.problem WHERE 1");
        }
        Some((_, Test::SeenIn(run_id))) => {
            sql.push("(SELECT DISTINCT d.fingerprint FROM event_rows e CROSS JOIN diagnostics d ON d.seq = e.seq WHERE e.run_id = ");
            sql.push_bind(run_id.to_string());
            sql.push(") x CROSS JOIN problems p ON p.fingerprint = x.fingerprint WHERE 1");
        }
        Some((_, Test::NewestIn(runs))) => {
            sql.push("problems p INDEXED BY problems_by_run WHERE p.run_id IN (");
            push_texts(sql, runs.iter().map(ToString::to_string));
            sql.push(")");
        }
        Some((_, Test::FirstAfter(marks))) => {
            sql.push("(");
            push_first_after(sql, marks);
            sql.push(") x CROSS JOIN problems p INDEXED BY problems_by_first ON p.first_seq = x.problem WHERE 1");
        }
        Some((_, Test::Reopened)) => {
            sql.push("problems p INDEXED BY problems_reopened WHERE p.reopened = 1");
        }
        Some((
            _,
            test @ (Test::Status(_) | Test::Severity { .. } | Test::Words(_) | Test::Without(_)),
        )) => {
            sql.push("problems p INDEXED BY ");
            let by_status = matches!(test, Test::Status(_));
            sql.push(if by_status { "problems_by_status" } else { "problems_by_gravity" });
            sql.push(" WHERE ");
            push_test(sql, test);
        }
        None => {
            sql.push("problems p INDEXED BY ").push(walked).push(" WHERE 1");
        }
    }
    push_conditions(sql, query, driven.map(|(at, _)| at));
}

/// Every condition of a filter but the one that drives, each after an `AND`.
pub(super) fn push_conditions(
    sql: &mut QueryBuilder<Sqlite>,
    query: &ProblemQuery,
    driven: Option<usize>,
) {
    for (at, Condition { sense, test }) in query.conditions.iter().enumerate() {
        if driven == Some(at) {
            continue;
        }
        sql.push(match sense {
            Sense::Holds => " AND ",
            Sense::Fails => " AND NOT ",
        });
        push_test(sql, test);
    }
}

/// One condition about the Problem `p`, in brackets.
fn push_test(sql: &mut QueryBuilder<Sqlite>, test: &Test) {
    match test {
        Test::Status(statuses) => {
            sql.push("(p.status IN (");
            push_texts(sql, statuses.iter().map(|status| word(*status).to_owned()));
            sql.push("))");
        }
        Test::Severity { severities, grades } => {
            sql.push("(");
            push_severities(sql, severities);
            if !grades.is_empty() {
                sql.push(" OR ");
                let any: Vec<Pattern> = grades.iter().cloned().map(Pattern::Exact).collect();
                push_has(sql, Facet::Grade, &any);
            }
            sql.push(")");
        }
        Test::Value { facet, any } => push_has(sql, *facet, any),
        Test::Words(words) => {
            sql.push("(1");
            for word in words {
                sql.push(" AND ");
                push_has(sql, Facet::Word, &[Pattern::Starts(word.clone())]);
            }
            sql.push(")");
        }
        Test::Without(facet) => {
            sql.push("(NOT EXISTS (SELECT 1 FROM problem_terms u WHERE u.problem = p.first_seq AND u.field = ");
            sql.push_bind(facet.word()).push("))");
        }
        Test::NewestIn(runs) => {
            // A Problem of no scan is in none of them.
            sql.push("(coalesce(p.run_id, '') IN (");
            push_texts(sql, runs.iter().map(ToString::to_string));
            sql.push("))");
        }
        Test::SeenIn(run_id) => {
            sql.push("(EXISTS (SELECT 1 FROM diagnostics d CROSS JOIN event_rows e ON e.seq = d.seq WHERE d.fingerprint = p.fingerprint AND e.run_id = ");
            sql.push_bind(run_id.to_string()).push("))");
        }
        Test::FirstAfter(marks) => {
            sql.push("(");
            push_marks(sql, marks);
            sql.push(")");
        }
        Test::Reopened => {
            sql.push("(p.reopened = 1)");
        }
    }
}

fn push_has(sql: &mut QueryBuilder<Sqlite>, facet: Facet, any: &[Pattern]) {
    sql.push("(EXISTS (SELECT 1 FROM problem_terms t WHERE t.problem = p.first_seq AND ");
    push_value(sql, facet, any);
    sql.push("))");
}

/// What the values of the terms `t` must be.
pub(super) fn push_value(sql: &mut QueryBuilder<Sqlite>, facet: Facet, any: &[Pattern]) {
    sql.push("t.field = ").push_bind(facet.word()).push(" AND (");
    if any.is_empty() {
        sql.push("0");
    }
    let exact: Vec<&String> = any
        .iter()
        .filter_map(|pattern| match pattern {
            Pattern::Exact(value) => Some(value),
            _ => None,
        })
        .collect();
    let mut first = true;
    let mut or = |sql: &mut QueryBuilder<Sqlite>| {
        if !std::mem::take(&mut first) {
            sql.push(" OR ");
        }
    };
    match exact.as_slice() {
        [] => {}
        [one] => {
            or(sql);
            sql.push("t.value = ").push_bind((*one).clone());
        }
        several => {
            or(sql);
            sql.push("t.value IN (");
            push_texts(sql, several.iter().map(|value| (*value).clone()));
            sql.push(")");
        }
    }
    for pattern in any {
        match pattern {
            Pattern::Exact(_) => {}
            Pattern::Starts(start) => {
                or(sql);
                push_range(sql, start);
            }
            Pattern::Like(text) => {
                or(sql);
                sql.push("(");
                let start = text.split('*').next().unwrap_or("");
                if !start.is_empty() {
                    push_range(sql, start);
                    sql.push(" AND ");
                }
                sql.push("t.value GLOB ").push_bind(glob(text)).push(")");
            }
        }
    }
    sql.push(")");
}

fn push_range(sql: &mut QueryBuilder<Sqlite>, start: &str) {
    sql.push("(t.value >= ").push_bind(start.to_owned());
    sql.push(" AND t.value < ").push_bind(format!("{start}{LAST_CHAR}")).push(")");
}

/// A pattern as SQLite's `GLOB` reads it: everything but `*` stands for itself.
fn glob(text: &str) -> String {
    let mut glob = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '?' | '[' => glob.extend(['[', c, ']']),
            _ => glob.push(c),
        }
    }
    glob
}

fn push_severities(sql: &mut QueryBuilder<Sqlite>, severities: &BTreeSet<Severity>) {
    let ranks: Vec<i64> = severities.iter().map(|severity| severity_rank(*severity)).collect();
    match (ranks.first(), ranks.last()) {
        (Some(low), Some(high)) if high - low + 1 == ranks.len().cast_signed() as i64 => {
            sql.push("p.severity_rank BETWEEN ").push_bind(*low).push(" AND ").push_bind(*high);
        }
        _ => {
            sql.push("p.severity_rank IN (");
            let mut list = sql.separated(", ");
            ranks.iter().for_each(|rank| {
                list.push_bind(*rank);
            });
            sql.push(")");
        }
    }
}

/// Which Problems a workspace got after a place in the chain; each has one workspace alone.
fn push_first_after(sql: &mut QueryBuilder<Sqlite>, marks: &[(WorkspaceId, u64)]) {
    if marks.is_empty() {
        sql.push("SELECT 0 AS problem WHERE 0");
    }
    for (at, (wsid, seq)) in marks.iter().enumerate() {
        sql.push(if at == 0 { "" } else { " UNION ALL " });
        sql.push("SELECT first_seq AS problem FROM problems INDEXED BY problems_by_workspace WHERE wsid = ");
        sql.push_bind(wsid.to_string()).push(" AND first_seq > ").push_bind(seq.cast_signed());
    }
}

fn push_marks(sql: &mut QueryBuilder<Sqlite>, marks: &[(WorkspaceId, u64)]) {
    if marks.is_empty() {
        sql.push("0");
    }
    for (at, (wsid, seq)) in marks.iter().enumerate() {
        sql.push(if at == 0 { "" } else { " OR " });
        sql.push("(p.wsid IS ").push_bind(wsid.to_string());
        sql.push(" AND p.first_seq > ").push_bind(seq.cast_signed()).push(")");
    }
}

fn push_texts(sql: &mut QueryBuilder<Sqlite>, texts: impl Iterator<Item = String>) {
    let mut list = sql.separated(", ");
    texts.for_each(|text| {
        list.push_bind(text);
    });
}

/// How many Problems a condition's own list holds, counted up to one more than [`FEW`]; nothing for
/// one that has no list.
pub(super) fn estimate(test: &Test) -> Option<QueryBuilder<Sqlite>> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT count(*) FROM (SELECT 1 FROM ");
    match test {
        Test::Value { facet, any } => {
            sql.push("problem_terms t WHERE ");
            push_value(&mut sql, *facet, any);
        }
        Test::NewestIn(runs) => {
            sql.push("problems p INDEXED BY problems_by_run WHERE p.run_id IN (");
            push_texts(&mut sql, runs.iter().map(ToString::to_string));
            sql.push(")");
        }
        Test::SeenIn(run_id) => {
            sql.push("event_rows e WHERE e.run_id = ").push_bind(run_id.to_string());
        }
        Test::FirstAfter(marks) => {
            sql.push("(");
            push_first_after(&mut sql, marks);
            sql.push(")");
        }
        Test::Reopened => {
            sql.push("problems p INDEXED BY problems_reopened WHERE p.reopened = 1");
        }
        Test::Status(_) | Test::Severity { .. } | Test::Words(_) | Test::Without(_) => return None,
    }
    sql.push(" LIMIT ").push_bind(i64::from(FEW) + 1).push(")");
    Some(sql)
}
