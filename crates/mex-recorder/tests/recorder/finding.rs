//! Problems by what people look for (contract UI-4): pages by key are the whole list in order, filters
//! agree with a model written here a second time, and no page reads a whole table, with 100,000 of them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use mex_recorder::FlightRecorder;
use mex_recorder::query::find::{
    Condition, Direction, FoundProblem, Pattern, ProblemOrder, ProblemPage, ProblemQuery, Sense,
    Test,
};
use mex_recorder::query::{EventFilter, Order};
use mex_runtime::diagnostic::{Diagnostic, Location, ProblemStatus};
use mex_runtime::digest::Digest;
use mex_runtime::facet::{Facet, facets};
use mex_runtime::id::{RunId, WorkspaceId};
use mex_runtime::port::{Record, Recorder as _};
use mex_runtime::severity::Severity;
use proptest::prelude::*;
use uuid::Uuid;

use crate::kit::{
    START, begin_all, context, diagnostic, older_version, open, raw_value, tamper, write_notes,
};

const ORDERS: [ProblemOrder; 5] = [
    ProblemOrder::Gravest,
    ProblemOrder::Newest,
    ProblemOrder::Oldest,
    ProblemOrder::Title,
    ProblemOrder::Count,
];

const SEVERITIES: [Severity; 5] =
    [Severity::Hint, Severity::Info, Severity::Warning, Severity::Error, Severity::Fatal];

fn wsid(number: usize) -> WorkspaceId {
    format!("{number:032x}").parse().unwrap()
}

/// The `at`-th of many Problems: fields come in different cycles, so that every pair of them meets.
fn sample(at: usize) -> Diagnostic {
    let mut one = diagnostic(&format!("CVE-2021-{at:05} in pkg:npm/lib-{}@1.0", at % 997));
    one.severity = SEVERITIES[at % 5];
    one.own_severity = one.severity;
    one.code = Some(format!("CVE-2021-{at:05}"));
    one.tool = Some(["osv-scanner", "cargo-audit, osv-scanner", "gitleaks"][at % 3].to_owned());
    one.tags = vec![["vuln", "secret", "license", "sbom"][at % 4].to_owned()];
    if at.is_multiple_of(7) {
        one.tags.push("severity:high".to_owned());
    }
    one.wsid = Some(wsid(at % 3));
    one.locations = vec![Location {
        uri: Some(format!("pkg:npm/lib-{}@1.0", at % 997)),
        path: at.is_multiple_of(2).then(|| format!("src/part-{}/file [{}].rs", at % 11, at % 101)),
        ..Location::default()
    }];
    one
}

/// Records the samples of a range, as one scan.
fn scan(recorder: &FlightRecorder, range: std::ops::Range<usize>) -> RunId {
    let run_id = RunId::new(Uuid::now_v7());
    let mut context = context();
    context.workflow_run_id = Some(run_id);
    let all: Vec<usize> = range.collect();
    for chunk in all.chunks(2_000) {
        let records = chunk
            .iter()
            .map(|at| Record::Diagnostic(Box::new(sample(*at)), context.clone()))
            .collect();
        recorder.record(records).unwrap();
    }
    run_id
}

/// Every page of a list, one after the other; `between` runs after each.
fn walk(
    recorder: &FlightRecorder,
    mut page: ProblemPage,
    mut between: impl FnMut(usize),
) -> Vec<FoundProblem> {
    let mut all = Vec::new();
    for number in 0.. {
        let found = recorder.find_problems(&page).unwrap();
        assert!(found.items.len() <= page.limit as usize);
        all.extend(found.items);
        let Some(next) = found.next else { break };
        page.after = Some(next);
        between(number);
    }
    all
}

fn fingerprints(found: &[FoundProblem]) -> Vec<Digest> {
    found.iter().map(|one| one.problem.fingerprint).collect()
}

/// The whole list as the model orders it.
fn ordered(mut all: Vec<FoundProblem>, order: ProblemOrder) -> Vec<FoundProblem> {
    all.sort_by(|a, b| {
        let newest = b.last_seq.cmp(&a.last_seq);
        match order {
            ProblemOrder::Gravest => b.problem.severity.cmp(&a.problem.severity).then(newest),
            ProblemOrder::Newest => newest,
            ProblemOrder::Oldest => a.first_seq.cmp(&b.first_seq),
            ProblemOrder::Title => {
                a.problem.title.cmp(&b.problem.title).then(a.last_seq.cmp(&b.last_seq))
            }
            ProblemOrder::Count => b.problem.count.cmp(&a.problem.count).then(newest),
        }
    });
    all
}

/// Whether a condition holds, by everything that is known of a Problem.
fn holds(condition: &Condition, one: &FoundProblem) -> bool {
    let newest = one.newest.as_ref().unwrap();
    let has = |facet: Facet, fits: &dyn Fn(&str) -> bool| {
        facets(newest).iter().any(|(known, value)| *known == facet && fits(value))
    };
    let result = match &condition.test {
        Test::Status(statuses) => statuses.contains(&one.problem.status),
        Test::Severity { severities, grades } => {
            severities.contains(&one.problem.severity)
                || has(Facet::Grade, &|value| grades.contains(value))
        }
        Test::Value { facet, any } => {
            has(*facet, &|value| any.iter().any(|pattern| fits(pattern, value)))
        }
        Test::Words(words) => {
            words.iter().all(|word| has(Facet::Word, &|value| value.starts_with(word.as_str())))
        }
        Test::Without(facet) => !has(*facet, &|_| true),
        Test::NewestIn(runs) => one.run_id.is_some_and(|run| runs.contains(&run)),
        Test::SeenIn(run) => one.run_id == Some(*run),
        Test::FirstAfter(marks) => marks
            .iter()
            .any(|(wsid, seq)| one.problem.wsid.as_ref() == Some(wsid) && one.first_seq > *seq),
        Test::Reopened => one.problem.reopened,
    };
    result == (condition.sense == Sense::Holds)
}

fn fits(pattern: &Pattern, value: &str) -> bool {
    match pattern {
        Pattern::Exact(text) => value == text,
        Pattern::Starts(text) => value.starts_with(text.as_str()),
        Pattern::Like(text) => {
            let mut parts = text.split('*');
            let first = parts.next().unwrap();
            let Some(mut rest) = value.strip_prefix(first) else { return false };
            let parts: Vec<&str> = parts.collect();
            let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
            for part in middle {
                let Some(at) = rest.find(part) else { return false };
                rest = &rest[at + part.len()..];
            }
            rest.ends_with(last)
        }
    }
}

/// Pages by key are the whole list in its order, forward and backward, without a gap or a repeat,
/// while new Problems come in between any two of them.
#[test]
fn pages_are_the_whole_list_in_order_while_problems_come_in() {
    for order in ORDERS {
        for direction in [Direction::Forward, Direction::Backward] {
            let folder = tempfile::tempdir().unwrap();
            let recorder = open(folder.path());
            scan(&recorder, 0..500);
            scan(&recorder, 100..150);
            let whole = ProblemPage { order, limit: 1000, ..ProblemPage::default() };
            let mut expected = ordered(recorder.find_problems(&whole).unwrap().items, order);
            if direction == Direction::Backward {
                expected.reverse();
            }
            let before: BTreeSet<Digest> = fingerprints(&expected).into_iter().collect();
            assert_eq!(before.len(), 500);
            let page = ProblemPage { direction, limit: 37, ..whole };
            let mut found = walk(&recorder, page, |number| {
                scan(&recorder, 1000 + number * 10..1010 + number * 10);
            });
            let seen: BTreeSet<Digest> = fingerprints(&found).into_iter().collect();
            assert_eq!(seen.len(), found.len(), "{order:?} {direction:?} shows one twice");
            found.retain(|one| before.contains(&one.problem.fingerprint));
            assert_eq!(fingerprints(&found), fingerprints(&expected), "{order:?} {direction:?}");
        }
    }
}

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    let statuses = prop::collection::btree_set(
        prop::sample::select(vec![
            ProblemStatus::Open,
            ProblemStatus::Muted,
            ProblemStatus::Resolved,
        ]),
        1..3,
    );
    let severities = prop::collection::btree_set(prop::sample::select(SEVERITIES.to_vec()), 0..4);
    let grades = prop::collection::btree_set(
        prop::sample::select(vec!["high".to_owned(), "low".to_owned()]),
        0..2,
    );
    let values = prop::sample::select(vec![
        (Facet::Tool, "gitleaks"),
        (Facet::Tool, "osv-scanner"),
        (Facet::Job, "secret"),
        (Facet::Package, "lib-7"),
        (Facet::File, "src/part-3/file [14].rs"),
        (Facet::Tag, "severity:high"),
        (Facet::Word, "cve"),
        (Facet::Word, "00042"),
        (Facet::Code, "CVE-2021-00042"),
        (Facet::Tool, "nobody"),
    ]);
    let value = (values, 0..3usize, 0..6usize).prop_map(|((facet, value), form, length)| {
        let start: String = value.chars().take(length).collect();
        let pattern = match form {
            0 => Pattern::Exact(value.to_owned()),
            1 => Pattern::Starts(start),
            _ => Pattern::Like(format!("{start}*{}", &value[value.len() - 2..])),
        };
        Test::Value { facet, any: vec![pattern, Pattern::Exact("lib-9".to_owned())] }
    });
    let test = prop_oneof![
        2 => statuses.prop_map(Test::Status),
        2 => (severities, grades)
            .prop_filter("names something", |(a, b)| !a.is_empty() || !b.is_empty())
            .prop_map(|(severities, grades)| Test::Severity { severities, grades }),
        6 => value,
        1 => Just(Test::Without(Facet::File)),
        1 => Just(Test::Words(vec!["cve".to_owned(), "0004".to_owned()])),
        1 => Just(Test::Reopened),
        1 => (0..3usize, 0..900u64).prop_map(|(at, seq)| Test::FirstAfter(vec![(wsid(at), seq)])),
    ];
    let sense = prop_oneof![3 => Just(Sense::Holds), 1 => Just(Sense::Fails)];
    prop::collection::vec((sense, test), 0..4)
        .prop_map(|all| all.into_iter().map(|(sense, test)| Condition { sense, test }).collect())
}

/// Any filter lets through exactly what a model lets through, in every order, and its counts and the
/// values it leaves agree.
#[test]
fn filters_agree_with_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = open(folder.path());
    scan(&recorder, 0..600);
    let older = scan(&recorder, 100..120);
    let newest = scan(&recorder, 110..300);
    let person = "tester".parse().unwrap();
    let whole = ProblemPage { limit: 1000, ..ProblemPage::default() };
    let all = fingerprints(&recorder.find_problems(&whole).unwrap().items);
    recorder.set_problem_statuses(&all[..90], ProblemStatus::Resolved, "gone", &person).unwrap();
    recorder.set_problem_statuses(&all[80..140], ProblemStatus::Muted, "noise", &person).unwrap();
    scan(&recorder, 500..600);
    let all = recorder.find_problems(&whole).unwrap().items;
    assert_eq!(all.len(), 600);
    assert!(all.iter().any(|one| one.problem.reopened), "none came back");

    let judge = |conditions: Vec<Condition>, order: ProblemOrder| {
        let query = ProblemQuery { conditions };
        let lets = |one: &&FoundProblem| query.conditions.iter().all(|each| holds(each, one));
        let expected: Vec<FoundProblem> = all.iter().filter(lets).cloned().collect();
        let expected = ordered(expected, order);
        let page = ProblemPage { query: query.clone(), order, limit: 50, ..ProblemPage::default() };
        let found = walk(&recorder, page, |_| {});
        assert_eq!(fingerprints(&found), fingerprints(&expected), "{query:?} {order:?}");

        let counts = recorder.count_problems(&query).unwrap();
        for count in &counts {
            let same = |one: &&FoundProblem| {
                (one.problem.severity, one.problem.status) == (count.severity, count.status)
            };
            assert_eq!(count.count, expected.iter().filter(same).count() as u64, "{query:?}");
        }
        let total: u64 = counts.iter().map(|count| count.count).sum();
        assert_eq!(total, expected.len() as u64, "{query:?}");

        let values = recorder.problem_values(&query, Facet::Tool, "", 10).unwrap();
        for value in &values.values {
            let has = |one: &&FoundProblem| {
                facets(one.newest.as_ref().unwrap()).contains(&(Facet::Tool, value.value.clone()))
            };
            let with: Vec<&FoundProblem> = expected.iter().filter(has).collect();
            assert_eq!(value.count, with.len() as u64, "{query:?} {}", value.value);
            assert_eq!(Some(value.worst), with.iter().map(|one| one.problem.severity).max());
        }
        let known: usize = values.values.len();
        let expected_values: BTreeSet<String> = expected
            .iter()
            .flat_map(|one| facets(one.newest.as_ref().unwrap()))
            .filter(|(facet, _)| *facet == Facet::Tool)
            .map(|(_, value)| value)
            .collect();
        assert_eq!(known, expected_values.len(), "{query:?}");
    };
    for run in [older, newest] {
        let sought = Test::NewestIn([run].into());
        judge(vec![Condition { sense: Sense::Holds, test: sought.clone() }], ProblemOrder::Gravest);
        judge(vec![Condition { sense: Sense::Fails, test: sought }], ProblemOrder::Title);
    }
    // Instances of the older scan stand under Problems that the newer one saw too.
    let seen = ProblemQuery::default().and(Test::SeenIn(older));
    let counts = recorder.count_problems(&seen).unwrap();
    assert_eq!(counts.iter().map(|count| count.count).sum::<u64>(), 20);

    let config = ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() };
    proptest!(config, |(conditions in conditions(), order in prop::sample::select(ORDERS.to_vec()))| {
        judge(conditions, order);
    });
}

fn is(facet: Facet, value: &str) -> Test {
    Test::Value { facet, any: vec![Pattern::Exact(value.to_owned())] }
}

/// With 100,000 Problems no page, count or list of values goes through a table: rare values drive from
/// their own list, common ones are walked along an order that ends with the page. Statuses and
/// severities are counted as they change.
#[test]
fn no_question_reads_a_whole_table_of_100_000_problems() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = open(folder.path());
    let newest = scan(&recorder, 0..100_000);
    let total: u64 = recorder.problem_counts(None).unwrap().iter().map(|one| one.count).sum();
    assert_eq!(total, 100_000);

    let starts = |facet, text: &str| Test::Value { facet, any: vec![Pattern::Starts(text.into())] };
    let filters: Vec<Vec<Test>> = vec![
        vec![],
        vec![Test::Status([ProblemStatus::Open].into())],
        vec![Test::Status([ProblemStatus::Muted].into())],
        vec![Test::Severity { severities: [Severity::Error].into(), grades: BTreeSet::new() }],
        vec![is(Facet::Tool, "gitleaks")],
        vec![is(Facet::Package, "lib-7")],
        vec![is(Facet::Tool, "nobody")],
        vec![starts(Facet::Word, "lib"), is(Facet::Job, "secret")],
        vec![starts(Facet::File, "src/part-3/")],
        vec![Test::Value { facet: Facet::File, any: vec![Pattern::Like("*[7].rs".into())] }],
        vec![Test::NewestIn([newest].into())],
        vec![Test::SeenIn(newest)],
        vec![Test::FirstAfter(vec![(wsid(1), 50_000)])],
        vec![Test::Reopened],
    ];
    for tests in filters {
        for order in ORDERS {
            let query = tests.iter().cloned().fold(ProblemQuery::default(), ProblemQuery::and);
            let mut page = ProblemPage { query, order, limit: 100, ..ProblemPage::default() };
            let first = recorder.find_problems(&page).unwrap();
            page.after = first.next;
            let [paged, counted, valued] = recorder.explain_problems(&page, Facet::Tool).unwrap();
            for line in paged.iter().chain(&counted).chain(&valued) {
                // An index that holds all that is asked is walked, a table never is.
                let whole = ["SCAN p", "SCAN d", "SCAN e", "SCAN t", "SCAN problem", "SCAN events"];
                let walked = whole.iter().any(|scan| line.starts_with(scan));
                assert!(
                    !walked
                        || line.contains("USING COVERING INDEX")
                        || line.contains("USING INDEX"),
                    "{tests:?} {order:?}: {line}"
                );
            }
            // A page behind a place starts there.
            if page.after.is_some() && tests.is_empty() {
                assert!(paged.iter().any(|line| line.starts_with("SEARCH p USING")), "{paged:?}");
                assert!(!paged.iter().any(|line| line.starts_with("SCAN p")), "{paged:?}");
            }
        }
    }
    // A filter of one field leaves what it says, whichever way it was found.
    for (test, count) in [
        (is(Facet::Tool, "gitleaks"), 33_333),
        (is(Facet::Package, "lib-7"), 101),
        (is(Facet::Tool, "nobody"), 0),
        (Test::NewestIn([newest].into()), 100_000),
    ] {
        let query = ProblemQuery::default().and(test.clone());
        let counts = recorder.count_problems(&query).unwrap();
        assert_eq!(counts.iter().map(|one| one.count).sum::<u64>(), count, "{test:?}");
        let page = ProblemPage { query, limit: 1000, ..ProblemPage::default() };
        let found = recorder.find_problems(&page).unwrap();
        assert_eq!(found.items.len() as u64, count.min(1000), "{test:?}");
        let mut sorted = found.items.clone();
        sorted = ordered(sorted, ProblemOrder::Gravest);
        assert_eq!(fingerprints(&found.items), fingerprints(&sorted), "{test:?}");
    }
}

/// Whatever is asked of the timeline, a page costs what its own list does: each filter is a search by
/// an index, and only a page without a filter walks the events, to its end. Pages are the whole in order.
#[test]
fn no_filter_of_the_timeline_goes_through_all_events() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = open(folder.path());
    for round in 0..20 {
        write_notes(&recorder, 990);
        scan(&recorder, round * 10..round * 10 + 10);
    }
    let (run_id, job_id, op_id) = begin_all(&recorder, recorder.session_id()).unwrap();
    let second = |second: i64| Some(Timestamp::from_second(START + second).unwrap());
    let of = |change: &dyn Fn(&mut EventFilter)| {
        let mut filter = EventFilter { limit: 7, ..EventFilter::default() };
        change(&mut filter);
        filter
    };
    let filters = [
        of(&|filter| filter.event_type = Some("diagnostic".to_owned())),
        of(&|filter| filter.kind = Some("scan_begun".to_owned())),
        of(&|filter| filter.run_id = Some(run_id)),
        of(&|filter| filter.job_id = Some(job_id)),
        of(&|filter| filter.op_id = Some(op_id)),
        of(&|filter| filter.capability_id = Some("net.http".to_owned())),
        of(&|filter| filter.since = second(150)),
        of(&|filter| filter.until = second(40)),
        of(&|filter| (filter.since, filter.until) = (second(20), second(60))),
        of(&|filter| {
            filter.event_type = Some("diagnostic".to_owned());
            filter.since = second(100);
        }),
    ];
    for filter in filters {
        for order in [Order::Newest, Order::Oldest] {
            let mut filter = EventFilter { order, ..filter.clone() };
            let whole = EventFilter { limit: 0, ..filter.clone() };
            let mut expected: Vec<u64> = Vec::new();
            let mut page = recorder.events(&whole).unwrap();
            expected.extend(page.items.iter().map(|event| event.seq));
            let mut found: Vec<u64> = Vec::new();
            for _ in 0..12 {
                let lines = recorder.explain_events(&filter).unwrap();
                let scans = lines.iter().any(|line| line.starts_with("SCAN"));
                assert!(!scans, "{filter:?}: {lines:?}");
                page = recorder.events(&filter).unwrap();
                found.extend(page.items.iter().map(|event| event.seq));
                match (page.next, order) {
                    (None, _) => break,
                    (next, Order::Newest) => filter.before_seq = next,
                    (next, Order::Oldest) => filter.after_seq = next,
                }
            }
            assert_eq!(found, expected[..found.len()], "{filter:?}");
        }
    }
}

/// Values, counts and the scan of a Problem follow from its instances; `verify` derives them again.
#[test]
fn what_problems_are_found_by_is_verified() {
    for (sql, what) in [
        (
            "UPDATE problem_terms SET value = 'other' WHERE field = 'tool' AND problem = (SELECT min(problem) FROM problem_terms)",
            "found by",
        ),
        ("DELETE FROM problem_terms WHERE field = 'job'", "found by"),
        ("INSERT INTO problem_terms VALUES ('tool', 'ghost', 999999)", "no problem"),
        ("UPDATE problem_counts SET count = count + 1", "stored counts"),
        ("DELETE FROM problem_counts", "stored counts"),
        ("UPDATE problems SET run_id = '00000000-0000-7000-8000-000000000000'", "run_id"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let recorder = open(folder.path());
        scan(&recorder, 0..20);
        scan(&recorder, 5..10);
        assert!(recorder.verify(None).unwrap().is_intact());
        drop(recorder);
        tamper(folder.path(), sql);
        let report = open(folder.path()).verify(None).unwrap();
        let told = report.faults.iter().any(|fault| fault.why.contains(what));
        assert!(told, "{sql}: {:?}", report.faults);
    }
}

/// A database of an older schema version gets its values, counts and scans from what it holds.
#[test]
fn an_older_database_is_filled_from_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = open(folder.path());
    scan(&recorder, 0..50);
    scan(&recorder, 20..60);
    let person = "tester".parse().unwrap();
    let one = recorder.find_problems(&ProblemPage::default()).unwrap().items.remove(0);
    recorder
        .set_problem_status(&one.problem.fingerprint, ProblemStatus::Muted, "noise", &person)
        .unwrap();
    let page = ProblemPage { limit: 1000, ..ProblemPage::default() };
    let before = recorder.find_problems(&page).unwrap();
    let counts = recorder.problem_counts(None).unwrap();
    drop(recorder);

    let terms = |folder: &std::path::Path| {
        raw_value(folder, "SELECT count(*) FROM sqlite_master WHERE name = 'problem_terms'")
    };
    for version in [1, 2] {
        let older = tempfile::tempdir().unwrap();
        older_version(version, folder.path(), older.path());
        assert_eq!((terms(folder.path()), terms(older.path())), (1, 0));
        let recorder = open(older.path());
        assert_eq!(recorder.find_problems(&page).unwrap(), before);
        assert_eq!(recorder.problem_counts(None).unwrap(), counts);
        let report = recorder.verify(None).unwrap();
        assert!(report.is_intact(), "{:?}", report.faults);
    }
}

/// DIAG-6: a change of status is taken back with an event of its own; one that does not hold any more
/// is left; all of it follows from the events.
#[test]
fn a_change_of_status_is_taken_back_with_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = open(folder.path());
    scan(&recorder, 0..4);
    let person = "tester".parse().unwrap();
    let whole = ProblemPage::default();
    let all = fingerprints(&recorder.find_problems(&whole).unwrap().items);
    recorder.set_problem_status(&all[0], ProblemStatus::Resolved, "gone", &person).unwrap();
    scan(&recorder, 0..4);
    let came_back = recorder.problem(&all[0]).unwrap();
    assert!(came_back.reopened);

    let changes =
        recorder.set_problem_statuses(&all, ProblemStatus::Muted, "noise", &person).unwrap();
    assert_eq!(changes.len(), 4);
    // One of them is changed again before.
    recorder.set_problem_status(&all[1], ProblemStatus::Acknowledged, "seen", &person).unwrap();
    let events = recorder.last_seq().unwrap();
    let undone = recorder.undo_problem_statuses(&changes, &person).unwrap();
    assert_eq!(undone.len(), 3);
    assert_eq!(recorder.last_seq().unwrap(), events + 3, "an event each");
    let again = recorder.problem(&all[0]).unwrap();
    assert_eq!((again.status, again.reopened), (ProblemStatus::Open, true));
    assert_eq!(again.status_reason, came_back.status_reason);
    assert_eq!(recorder.problem(&all[1]).unwrap().status, ProblemStatus::Acknowledged);
    assert_eq!(recorder.undo_problem_statuses(&changes, &person).unwrap(), []);
    let counts = recorder.problem_counts(None).unwrap();
    assert_eq!(counts.iter().map(|count| count.count).sum::<u64>(), 4);
    let report = recorder.verify(None).unwrap();
    assert!(report.is_intact(), "{:?}", report.faults);

    // All or none: one that is not there changes nothing.
    let stranger = Digest::of(b"stranger");
    let seq = recorder.last_seq().unwrap();
    let mixed = [all[2], stranger];
    assert!(recorder.set_problem_statuses(&mixed, ProblemStatus::Muted, "x", &person).is_err());
    assert_eq!(recorder.last_seq().unwrap(), seq);
}
