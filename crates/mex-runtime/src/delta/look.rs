//! Whether a scan looked at what a finding of the other scan is about (contract SC-3). Owns how the
//! ledger is read: silence proves nothing, a gap of the finding's own place, set or tool hides it.
//! Never says that something is gone.

use crate::coverage::{CoverageEntry, CoverageState};
use crate::delta::cause::{Cause, CauseChange, CauseKind};
use crate::delta::identity::package;
use crate::delta::side::Side;
use crate::finding::{Component, Finding, LicenseUnit};
use crate::result::Status;

/// What of a finding that `other` has `side` did not look at, and why; empty where it looked.
pub(super) fn unseen(side: &Side, other: &Side, found: &Finding) -> Vec<Cause> {
    let subject = Subject::of(found);
    let job = subject.job;
    if let Some(why) = absent(side, job) {
        return vec![cause(&format!("job {job}"), why)];
    }
    if subject.is_known_to(side) {
        return Vec::new();
    }
    let mut causes: Vec<Cause> = side
        .coverage
        .entries
        .iter()
        .filter(|entry| subject.is_hidden_by(entry, side))
        // What was no hindrance to finding it is none now. A tool that failed is another matter.
        .filter(|entry| {
            entry.state != CoverageState::NotScanned || !other.coverage.entries.contains(*entry)
        })
        .map(|entry| cause(&entry.subject, &entry.reason))
        .collect();
    if causes.is_empty() {
        causes = subject.unproved(side);
    }
    causes.sort();
    causes.dedup();
    causes
}

fn cause(subject: &str, why: &str) -> Cause {
    Cause::new(CauseKind::Coverage, CauseChange::NotLookedAt, subject).is(Some(why.to_owned()))
}

/// Why a job says nothing at all.
fn absent(side: &Side, job: &str) -> Option<&'static str> {
    if side.ran(job).next().is_none() {
        return Some("it was left out");
    }
    if side.ran(job).any(|ran| ran.reported) {
        return None;
    }
    let is_denied = side.ran(job).all(|ran| ran.status == Status::Denied);
    Some(if is_denied { "a gate denied it" } else { "it failed and left no report" })
}

/// Whether the ledger says of a file that it is not there any more: it stands for no item.
fn is_told_to_be_gone(side: &Side, place: &str) -> bool {
    side.coverage.entries.iter().any(|entry| {
        entry.subject == place
            && entry.tool.is_none()
            && entry.state == CoverageState::Skipped
            && entry.items == 0
    })
}

/// Whether the inventory of a scan proves that a package is in none of the lockfiles that named it.
pub(super) fn lacks_package(side: &Side, component: &Component, lockfiles: &[String]) -> bool {
    is_inventoried(side, lockfiles) && versions(side, &component.purl).is_empty()
}

/// Whether a scan listed everything that these lockfiles name.
pub(super) fn is_inventoried(side: &Side, lockfiles: &[String]) -> bool {
    let listed = |place: &String| {
        let mut entries = side
            .coverage
            .entries
            .iter()
            .filter(|entry| entry.job.as_str() == "sbom" && entry.subject == *place)
            .peekable();
        match entries.peek() {
            None => side.has(place) == Some(false),
            Some(_) => entries.all(|entry| !entry.state.is_gap()),
        }
    };
    let ran_whole = side.ran("sbom").any(|ran| ran.status == Status::Succeeded && ran.reported);
    ran_whole && lockfiles.iter().all(listed)
}

/// The versions of a package that a scan knows of, as package URLs.
pub(super) fn versions<'a>(side: &'a Side, purl: &str) -> Vec<&'a str> {
    let mut known: Vec<&str> = side
        .findings
        .iter()
        .filter_map(|finding| Some(component(finding)?.purl.as_str()))
        .filter(|known| package(known) == package(purl))
        .collect();
    known.sort_unstable();
    known.dedup();
    known
}

/// The package a finding is about.
pub(super) fn component(finding: &Finding) -> Option<&Component> {
    match finding {
        Finding::Vulnerability(one) => Some(&one.component),
        Finding::Component(one) => Some(&one.component),
        Finding::License(one) => match &one.unit {
            LicenseUnit::Component { component } => Some(component),
            LicenseUnit::Project | LicenseUnit::File { .. } => None,
        },
        Finding::Secret(_) => None,
    }
}

/// The lockfiles that name a finding's package.
pub(super) fn lockfiles(finding: &Finding) -> &[String] {
    match finding {
        Finding::Vulnerability(one) => &one.lockfiles,
        Finding::License(one) => &one.lockfiles,
        Finding::Secret(_) | Finding::Component(_) => &[],
    }
}

/// What the ledger is asked for.
struct Subject<'a> {
    finding: &'a Finding,
    job: &'static str,
    /// The files it stands in: lockfiles of a package, the file of a secret or licence text.
    places: Vec<&'a str>,
    /// The sets of the ledger that hold it.
    sets: Vec<String>,
    /// The tools that knew of it.
    tools: Vec<&'a str>,
    /// What of the ledger has to say `scanned` for it, where it is not the places themselves.
    proof: Option<&'static str>,
}

impl<'a> Subject<'a> {
    fn of(finding: &'a Finding) -> Self {
        let places = lockfiles(finding).iter().map(String::as_str).collect();
        let (job, attributions, places, sets, proof) = match finding {
            Finding::Vulnerability(one) => {
                let sets = vec![format!("ecosystem:{}", one.component.ecosystem)];
                ("vuln", &one.attributions, places, sets, None)
            }
            Finding::Secret(one) => {
                let (set, proof) = match (one.commit.is_some(), one.is_in_a_name()) {
                    (true, true) => ("history", "history:names"),
                    (true, false) => ("history", "history"),
                    (false, true) => ("names", "names"),
                    (false, false) => ("files", "files"),
                };
                let places = if one.commit.is_some() { Vec::new() } else { vec![&*one.path] };
                ("secret", &one.attributions, places, vec![set.to_owned()], Some(proof))
            }
            Finding::License(one) => match &one.unit {
                LicenseUnit::Component { .. } => {
                    ("license", &one.attributions, places, Vec::new(), None)
                }
                LicenseUnit::Project => {
                    let sets = vec!["files".to_owned(), "manifests".to_owned()];
                    ("license", &one.attributions, Vec::new(), sets, Some("manifests"))
                }
                LicenseUnit::File { path } => {
                    let sets = vec!["files".to_owned()];
                    ("license", &one.attributions, vec![path.as_str()], sets, Some("files"))
                }
            },
            Finding::Component(one) => ("sbom", &one.attributions, Vec::new(), Vec::new(), None),
        };
        let tools = attributions.iter().map(|said| said.tool.as_str()).collect();
        Self { finding, job, places, sets, tools, proof }
    }

    /// Whether a scan answers for it although it does not report it: the same licence unit has another
    /// conclusion now, or the package is in no lockfile any more.
    fn is_known_to(&self, side: &Side) -> bool {
        let same_unit = match self.finding {
            Finding::License(one) => side.findings.iter().any(|known| match known {
                Finding::License(known) => {
                    matches!(one.unit, LicenseUnit::File { .. })
                        == matches!(known.unit, LicenseUnit::File { .. })
                        && known.place() == one.place()
                }
                _ => false,
            }),
            _ => false,
        };
        let is_file = matches!(
            self.finding,
            Finding::License(one) if matches!(one.unit, LicenseUnit::File { .. })
        );
        let gone = component(self.finding)
            .is_some_and(|component| lacks_package(side, component, lockfiles(self.finding)));
        (same_unit && !is_file) || gone
    }

    fn is_hidden_by(&self, entry: &CoverageEntry, side: &Side) -> bool {
        let covers = |place: &str| {
            place == entry.subject
                || place.strip_prefix(&*entry.subject).is_some_and(|rest| rest.starts_with('/'))
        };
        // What the stage left out is on any job's ledger.
        let left_out =
            entry.state.is_gap() || (entry.state == CoverageState::Skipped && entry.items > 0);
        let not_staged =
            |place: &str| side.has(place) != Some(true) && !is_told_to_be_gone(side, place);
        if entry.tool.is_none()
            && left_out
            && self.places.iter().any(|place| covers(place) && not_staged(place))
        {
            return true;
        }
        if entry.job.as_str() != self.job || !entry.state.is_gap() {
            return false;
        }
        let by_its_tool =
            entry.tool.as_ref().is_none_or(|tool| self.tools.contains(&tool.as_str()));
        if by_its_tool && self.places.iter().any(|place| covers(place)) {
            return true;
        }
        let is_there = self.places.is_empty()
            || self.places.iter().any(|place| side.has(place) != Some(false));
        is_there
            && self.sets.iter().any(|set| {
                let rest = entry.subject.strip_prefix(set.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
            })
    }

    /// What the ledger does not say it read. Silence is no proof.
    fn unproved(&self, side: &Side) -> Vec<Cause> {
        let scanned = |subject: &str| {
            side.coverage.entries.iter().any(|entry| {
                let by_its_tool = entry
                    .tool
                    .as_ref()
                    .is_none_or(|tool| self.job != "vuln" || self.tools.contains(&tool.as_str()));
                entry.job.as_str() == self.job
                    && entry.subject == subject
                    && entry.state == CoverageState::Scanned
                    && by_its_tool
            })
        };
        let there: Vec<&str> =
            self.places.iter().copied().filter(|place| side.has(place) != Some(false)).collect();
        let silent = |subject: &str| cause(subject, "the ledger does not say that it was read");
        match self.proof {
            Some(_) if there.is_empty() && !self.places.is_empty() => Vec::new(),
            Some(proof) if scanned(proof) => Vec::new(),
            Some(proof) => vec![silent(proof)],
            None => there.into_iter().filter(|place| !scanned(place)).map(silent).collect(),
        }
    }
}
