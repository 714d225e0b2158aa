//! What a query line means in this data folder: which scan of each project is the newest, which
//! projects have a name. Owns the way from [`super::query`] to the recorder's filter; never reads text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use mex_recorder::query::find::{Condition, Pattern, ProblemQuery, Sense, Test};
use mex_recorder::query::{IdKind, ScanEntry, ScanState};
use mex_runtime::facet::{Facet, MOST_CHARS, cut, words};
use mex_runtime::id::{RunId, WorkspaceId};

use super::query::{Asked, Field, QueryTerm, SeverityWord, Value, parse};
use super::{Screens, locked};
use crate::error::{AppResult, query};

/// How many scans are looked through for the newest of each project.
const MOST_SCANS: usize = 500;

/// The newest scans of a data folder, by project.
#[derive(Debug, Clone, Default)]
pub(crate) struct Newest {
    /// Everything below is of this place in the chain.
    seq: u64,
    projects: BTreeMap<WorkspaceId, NewestOfProject>,
}

/// What is known of one project from its newest scans.
#[derive(Debug, Clone)]
pub(crate) struct NewestOfProject {
    /// The newest scan, however it ended.
    pub(crate) scan: ScanEntry,
    /// The newest scan with a verdict: its id and where it begins in the chain.
    pub(crate) judged: Option<(RunId, u64)>,
    /// The newest absolute path it was scanned under; else the path as given.
    pub(crate) path: String,
}

impl Newest {
    /// What is known of a project.
    pub(crate) fn of(&self, wsid: &WorkspaceId) -> Option<&NewestOfProject> {
        self.projects.get(wsid)
    }

    /// Every project, the one scanned last first.
    pub(crate) fn projects(&self) -> Vec<(&WorkspaceId, &NewestOfProject)> {
        let mut all: Vec<_> = self.projects.iter().collect();
        all.sort_by_key(|(_, project)| std::cmp::Reverse(project.scan.begun_seq));
        all
    }

    fn named(&self, name: &Value) -> impl Iterator<Item = &WorkspaceId> {
        self.projects
            .iter()
            .filter(move |(_, project)| fits(name, &name_of(&project.path)))
            .map(|(wsid, _)| wsid)
    }
}

/// The last part of a path.
pub(crate) fn name_of(path: &str) -> String {
    Path::new(path)
        .file_name()
        .map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

impl Screens {
    /// The newest scans, read again only where something was recorded since.
    pub(crate) fn newest(&self) -> AppResult<Arc<Newest>> {
        let recorder = &self.app.recorder;
        let seq = recorder.last_seq().map_err(query)?;
        if let Some(known) = locked(&self.newest).as_ref().filter(|known| known.seq == seq) {
            return Ok(known.clone());
        }
        let mut newest = Newest { seq, projects: BTreeMap::new() };
        let (mut before, mut looked) = (None, 0);
        while looked < MOST_SCANS {
            let page = recorder.scans(before, 100).map_err(query)?;
            looked += page.items.len();
            page.items.into_iter().for_each(|scan| newest.add(scan));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let newest = Arc::new(newest);
        *locked(&self.newest) = Some(newest.clone());
        Ok(newest)
    }

    /// A query line as the recorder takes it.
    ///
    /// # Errors
    /// `MEX-QUERY-INVALID` with the word and its place; for a scan's id that names none or several.
    pub(crate) fn filter(&self, line: &str) -> AppResult<ProblemQuery> {
        let terms = parse(line)?.terms;
        let newest = if terms.is_empty() { Arc::default() } else { self.newest()? };
        let mut query = ProblemQuery::default();
        for QueryTerm { negated, what } in terms {
            let sense = if negated { Sense::Fails } else { Sense::Holds };
            match self.tests(what, &newest)? {
                // Not all of its words, which is more than none of them.
                several if negated && several.len() > 1 => {
                    let test = Test::Words(several.into_iter().filter_map(begun).collect());
                    query.conditions.push(Condition { sense, test });
                }
                tests => {
                    let each = tests.into_iter().map(|test| Condition { sense, test });
                    query.conditions.extend(each);
                }
            }
        }
        Ok(query)
    }

    fn tests(&self, what: Asked, newest: &Newest) -> AppResult<Vec<Test>> {
        Ok(vec![match what {
            Asked::Status(statuses) => Test::Status(statuses.into_iter().collect()),
            Asked::Severity(words) => severity(&words),
            Asked::Field(Field::Project, names) => Test::Value {
                facet: Facet::Wsid,
                any: names
                    .iter()
                    .flat_map(|name| newest.named(name))
                    .map(|wsid| Pattern::Exact(wsid.to_string()))
                    .collect(),
            },
            Asked::Field(field, values) => {
                Test::Value { facet: facet(field), any: values.iter().map(pattern).collect() }
            }
            Asked::No(field) => Test::Without(facet(field)),
            Asked::LatestScan => Test::NewestIn(
                newest.projects.values().filter_map(|one| one.judged).map(|(run, _)| run).collect(),
            ),
            Asked::Scan(id) => {
                let run_id: RunId = self.app.resolve(IdKind::Scan, &id)?;
                // The newest scan's instances are each Problem's newest: their own list says so.
                let is_newest = newest
                    .projects
                    .values()
                    .any(|one| one.judged.is_some_and(|(run, _)| run == run_id));
                if is_newest { Test::NewestIn([run_id].into()) } else { Test::SeenIn(run_id) }
            }
            Asked::New => Test::FirstAfter(
                newest
                    .projects
                    .iter()
                    .filter_map(|(wsid, one)| Some((wsid.clone(), one.judged?.1)))
                    .collect(),
            ),
            Asked::Reopened => Test::Reopened,
            Asked::Word(text) => return Ok(words(&text).map(word).collect()),
        }])
    }
}

impl Newest {
    fn add(&mut self, scan: ScanEntry) {
        let Some(wsid) = scan.wsid.clone() else { return };
        let judged =
            matches!(scan.state, ScanState::Ended { .. }).then_some((scan.run_id, scan.begun_seq));
        match self.projects.get_mut(&wsid) {
            Some(known) => {
                known.judged = known.judged.or(judged);
                if !Path::new(&known.path).is_absolute() && Path::new(&scan.project).is_absolute() {
                    known.path = scan.project;
                }
            }
            None => {
                let path = scan.project.clone();
                self.projects.insert(wsid, NewestOfProject { scan, judged, path });
            }
        }
    }
}

fn severity(words: &[SeverityWord]) -> Test {
    let mut severities = BTreeSet::new();
    let mut grades = BTreeSet::new();
    for word in words {
        match word {
            SeverityWord::Problem(severity) => {
                severities.insert(*severity);
            }
            SeverityWord::Vulnerability(severity) => {
                grades.insert(severity.word().to_ascii_lowercase());
            }
        }
    }
    Test::Severity { severities, grades }
}

/// The beginning that a word is found by.
fn begun(test: Test) -> Option<String> {
    match test {
        Test::Value { facet: Facet::Word, any } => any.into_iter().find_map(|one| match one {
            Pattern::Starts(start) => Some(start),
            Pattern::Exact(_) | Pattern::Like(_) => None,
        }),
        _ => None,
    }
}

/// A word is found by its beginning.
fn word(text: String) -> Test {
    Test::Value { facet: Facet::Word, any: vec![Pattern::Starts(text)] }
}

fn pattern(value: &Value) -> Pattern {
    let text = cut(&value.text, MOST_CHARS);
    if !value.wild {
        return Pattern::Exact(text.to_owned());
    }
    match text.trim_end_matches('*') {
        start if start.len() < text.len() && !start.contains('*') => {
            Pattern::Starts(start.to_owned())
        }
        _ => Pattern::Like(text.to_owned()),
    }
}

/// Whether a value fits a name; `*` stands for any text where it is meant so.
fn fits(value: &Value, name: &str) -> bool {
    if !value.wild {
        return value.text == name;
    }
    let mut parts = value.text.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// The recorder's field for one of the line.
pub(crate) const fn facet(field: Field) -> Facet {
    match field {
        Field::Job => Facet::Job,
        Field::Tool => Facet::Tool,
        Field::Code => Facet::Code,
        Field::Rule => Facet::Rule,
        Field::Package => Facet::Package,
        Field::File => Facet::File,
        Field::Tag => Facet::Tag,
        Field::Source => Facet::Source,
        Field::Project => Facet::Wsid,
    }
}
