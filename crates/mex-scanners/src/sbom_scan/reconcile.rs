//! syft's list against our own reading of the lockfiles. Owns what becomes of each lockfile in the
//! ledger: agreed on, known to one side alone, contradicted, or read by nobody (contract SC-3).
//! Never runs a tool.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mex_runtime::coverage::{CoverageEntry, CoverageState};
use mex_runtime::finding::{BomComponent, Component};
use mex_runtime::id::{JobName, ToolName};

use crate::lockfile::packages::{Named, Trust, named};
use crate::lockfile::{Discovered, Lockfile};
use crate::syft::NAME;
use crate::syft::normalise::Normalised;

/// Who knows a component that only our own reading of a lockfile names.
pub const LOCKFILE: &str = "lockfile";

/// How many packages a reason names before it only counts.
const EXAMPLES: usize = 3;

/// What the two lists make together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Every component of either list, by package URL.
    pub components: BTreeMap<String, BomComponent>,
    /// Those of them that syft does not know.
    pub added: Vec<BomComponent>,
    /// The ledger of lockfiles and manifests.
    pub entries: Vec<CoverageEntry>,
}

/// Holds a run's result against every lockfile of the tree at `root`.
pub fn reconcile(found: &Discovered, root: &Path, run: &Normalised) -> Reconciled {
    let mut out = Reconciled { components: run.components.clone(), ..Reconciled::default() };
    let mut unread: BTreeMap<&str, &Vec<String>> =
        run.unread.iter().map(|(path, words)| (path.as_str(), words)).collect();
    for entry in &found.entries {
        // What the vulnerability tools do not read syft may.
        let known = run.seen.get(&entry.subject).filter(|_| entry.tool.is_none());
        let is_lockfile = found.lockfiles.iter().any(|lock| lock.path == entry.subject);
        match known {
            Some(purls) if entry.state == CoverageState::NotScanned && !is_lockfile => {
                out.entries.push(scanned(&entry.subject, "", purls.len()));
            }
            _ => {
                unread.remove(entry.subject.as_str());
                out.entries.push(CoverageEntry { job: job(), ..entry.clone() });
            }
        }
    }
    for lock in &found.lockfiles {
        let words = unread
            .remove(lock.path.as_str())
            .map_or("", |words| words.first().map_or("", String::as_str));
        let ours =
            std::fs::read(root.join(&lock.path)).ok().and_then(|bytes| named(lock.kind, &bytes));
        one(lock, ours, run.seen.get(&lock.path), words, &mut out);
    }
    others(unread, &mut out);
    out.added = out
        .components
        .values()
        .filter(|component| component.known_by == [LOCKFILE])
        .cloned()
        .collect();
    out
}

fn one(
    lock: &Lockfile,
    ours: Option<Named>,
    theirs: Option<&BTreeSet<String>>,
    words: &str,
    out: &mut Reconciled,
) {
    let path = lock.path.as_str();
    let (count, whole) = match &ours {
        Some(named) => (Some(named.packages.len()), named.trust == Trust::Whole),
        None => (None, false),
    };
    if let Some(named) = &ours {
        for component in named.packages.values() {
            known_by_lockfile(component, path, out);
        }
    }
    let Some(theirs) = theirs else {
        out.entries.push(nothing(path, count, words));
        return;
    };
    let Some(named) = ours else {
        let reason = format!("`{NAME}` alone reads this kind of lockfile: nobody checks its list");
        out.entries.push(scanned(path, &reason, theirs.len()));
        return;
    };
    let differences = compare(&named, theirs, &out.components);
    let agreed = theirs.iter().filter(|purl| named.packages.contains_key(*purl)).count();
    out.entries.push(scanned(path, "", agreed));
    if !differences.versions.is_empty() {
        let count = differences.versions.len();
        let reason = format!(
            "the lockfile and `{NAME}` disagree on the version of {}: {}",
            packages(count),
            examples(&differences.versions)
        );
        out.entries.push(entry(path, CoverageState::Failed, &reason, count));
    }
    if !differences.lockfile.is_empty() {
        let count = differences.lockfile.len();
        let reason = format!(
            "`{NAME}` does not list {} that the lockfile names; they are listed by our own reading: {}",
            packages(count),
            examples(&differences.lockfile)
        );
        out.entries.push(entry(path, CoverageState::Scanned, &reason, count));
    }
    if !differences.tool.is_empty() {
        let count = differences.tool.len();
        let state = if whole { CoverageState::Failed } else { CoverageState::Scanned };
        let reason = format!(
            "`{NAME}` lists {} that our own reading of the lockfile does not find in it: {}",
            packages(count),
            examples(&differences.tool)
        );
        out.entries.push(entry(path, state, &reason, count));
    }
    if !words.is_empty() && lock.kind.parser != "requirements.txt" {
        let reason = format!("`{NAME}` did not understand all of it: {words}");
        out.entries.push(entry(path, CoverageState::NotScanned, &reason, 1));
    }
}

/// A lockfile of which syft saw nothing.
fn nothing(path: &str, count: Option<usize>, words: &str) -> CoverageEntry {
    let words = if words.is_empty() { String::new() } else { format!(" ({words})") };
    match count {
        Some(0) => entry(path, CoverageState::Skipped, "it names no package of anybody else", 0),
        Some(count) => {
            let reason = format!(
                "`{NAME}` read nothing of it{words}; {} of it are listed by our own reading alone",
                packages(count)
            );
            entry(path, CoverageState::NotScanned, &reason, count)
        }
        None => {
            let reason = format!(
                "`{NAME}` read nothing of it{words}, and we do not read this kind ourselves"
            );
            entry(path, CoverageState::NotScanned, &reason, 1)
        }
    }
}

/// Files that are no lockfile of ours: what syft could not parse is a gap, what holds no package it
/// knows is not.
fn others(unread: BTreeMap<&str, &Vec<String>>, out: &mut Reconciled) {
    let mut opaque = 0;
    for (path, words) in unread {
        let empty = |word: &String| {
            word.contains("no package identified") || word.contains("archive not cataloged")
        };
        match words.iter().find(|word| !empty(word)) {
            None => opaque += 1,
            Some(word) => {
                let reason = format!("`{NAME}` could not read it: {word}");
                out.entries.push(entry(path, CoverageState::NotScanned, &reason, 1));
            }
        }
    }
    if opaque > 0 {
        let reason = format!("programs and archives in which `{NAME}` knows no package");
        out.entries.push(entry("files:opaque", CoverageState::Skipped, &reason, opaque));
    }
}

fn known_by_lockfile(component: &Component, path: &str, out: &mut Reconciled) {
    let known = out.components.entry(component.purl.clone()).or_insert_with(|| BomComponent {
        component: component.clone(),
        kind: "library".to_owned(),
        locations: Vec::new(),
        licenses: Vec::new(),
        known_by: Vec::new(),
        depends_on: Vec::new(),
        attributions: Vec::new(),
    });
    for (list, word) in [(&mut known.known_by, LOCKFILE), (&mut known.locations, path)] {
        if let Err(at) = list.binary_search_by(|have| have.as_str().cmp(word)) {
            list.insert(at, word.to_owned());
        }
    }
}

/// What only one side names, in words.
#[derive(Debug, Default, PartialEq, Eq)]
struct Differences {
    versions: Vec<String>,
    lockfile: Vec<String>,
    tool: Vec<String>,
}

fn compare(
    named: &Named,
    theirs: &BTreeSet<String>,
    components: &BTreeMap<String, BomComponent>,
) -> Differences {
    let mut sides: BTreeMap<String, (&str, Vec<&str>, Vec<&str>)> = BTreeMap::new();
    let bare = |component: &Component| {
        let purl = &component.purl;
        purl.rsplit_once('@').map_or(purl.as_str(), |(name, _)| name).to_owned()
    };
    for component in named.packages.values().filter(|one| !theirs.contains(&one.purl)) {
        let side = sides.entry(bare(component)).or_default();
        side.0 = &component.name;
        side.1.push(&component.version);
    }
    let is_own = |component: &Component| {
        named.own.iter().any(|own| own.eq_ignore_ascii_case(&component.name))
    };
    for purl in theirs.iter().filter(|purl| !named.packages.contains_key(*purl)) {
        if let Some(known) = components.get(purl).filter(|known| !is_own(&known.component)) {
            let side = sides.entry(bare(&known.component)).or_default();
            side.0 = &known.component.name;
            side.2.push(&known.component.version);
        }
    }
    let mut out = Differences::default();
    for (name, lock, tool) in sides.into_values() {
        match (lock.is_empty(), tool.is_empty()) {
            (false, false) => out.versions.push(format!(
                "{name} is {} in the lockfile and {} to `{NAME}`",
                lock.join(", "),
                tool.join(", ")
            )),
            (false, true) => {
                out.lockfile.extend(lock.iter().map(|version| format!("{name} {version}")));
            }
            (true, _) => out.tool.extend(tool.iter().map(|version| format!("{name} {version}"))),
        }
    }
    out
}

fn examples(list: &[String]) -> String {
    let shown = list.iter().take(EXAMPLES).map(|text| crate::answer::line(text));
    let mut text = shown.collect::<Vec<_>>().join("; ");
    if list.len() > EXAMPLES {
        text.push_str(&format!("; and {} more", list.len() - EXAMPLES));
    }
    text
}

fn packages(count: usize) -> String {
    format!("{count} package{}", if count == 1 { "" } else { "s" })
}

fn scanned(subject: &str, reason: &str, items: usize) -> CoverageEntry {
    entry(subject, CoverageState::Scanned, reason, items)
}

fn entry(subject: &str, state: CoverageState, reason: &str, items: usize) -> CoverageEntry {
    CoverageEntry {
        job: job(),
        subject: subject.to_owned(),
        tool: Some(ToolName::known(NAME)),
        state,
        reason: reason.to_owned(),
        items: items as u64,
    }
}

fn job() -> JobName {
    JobName::known("sbom")
}
