//! Why a finding came, went or is another one: every cause that holds, the most specific first.
//! Owns what counts as evidence for each; a cause is a difference on record between the two scans
//! that bears on this very finding, and never a likelihood.
//! Long because the evidence for every cause is one list, read from top to bottom.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::{Cause, CauseChange, CauseKind};
use super::document::{Changed, Seen, What};
use super::identity::{Pair, package};
use super::look;
use super::side::{AdvisoryRecord, Side};
use super::standing::Ground;
use crate::artifact::DatabaseIdentity;
use crate::digest::Digest;
use crate::finding::{Attribution, Finding, LicenseUnit};

/// The two scans.
pub(super) struct Compared<'a> {
    pub(super) before: &'a Side,
    pub(super) after: &'a Side,
}

/// In which of the two scans a finding is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Before,
    After,
}

/// Causes by how much they say; the specific ones stand alone, the others only where nothing is better.
#[derive(Default)]
struct Causes {
    specific: Vec<Cause>,
    vague: Vec<Cause>,
}

impl Causes {
    fn add(&mut self, cause: Cause) {
        if !self.specific.contains(&cause) {
            self.specific.push(cause);
        }
    }

    fn add_vague(&mut self, cause: Cause) {
        if !self.vague.contains(&cause) {
            self.vague.push(cause);
        }
    }

    fn list(self) -> Vec<Cause> {
        let mut all = self.specific;
        all.extend(self.vague);
        if all.is_empty() {
            all.push(Cause::new(CauseKind::Unknown, CauseChange::Unexplained, ""));
        }
        all
    }
}

impl Compared<'_> {
    /// Why findings that only the later scan has are there.
    pub(super) fn appeared(&self, findings: &[&Finding]) -> Vec<Cause> {
        let mut causes = Causes::default();
        self.dependency(findings, Found::After, &mut causes);
        for finding in findings {
            for unseen in look::unseen(self.before, self.after, finding) {
                let why = unseen.is.clone();
                causes.add(Cause { is: None, was: why, ..unseen });
            }
        }
        self.others(findings, Found::After, &mut causes);
        causes.list()
    }

    /// What of findings that only the earlier scan has the later one did not look at.
    pub(super) fn unseen(&self, findings: &[&Finding]) -> Vec<Cause> {
        let all: BTreeSet<Cause> = findings
            .iter()
            .flat_map(|finding| look::unseen(self.after, self.before, finding))
            .collect();
        all.into_iter().collect()
    }

    /// Why findings that only the earlier scan has are gone, where the later one looked.
    pub(super) fn disappeared(&self, findings: &[&Finding]) -> Vec<Cause> {
        let mut causes = Causes::default();
        self.dependency(findings, Found::Before, &mut causes);
        self.others(findings, Found::Before, &mut causes);
        causes.list()
    }

    /// What is different about findings that both scans have.
    pub(super) fn changes(
        &self,
        pair: &Pair<'_>,
        ground: &Ground,
        before: Option<&Seen>,
        after: Option<&Seen>,
    ) -> Vec<Changed> {
        let (Some(was), Some(is)) = (before, after) else { return Vec::new() };
        let mut changes = Vec::new();
        let both: Vec<&Finding> = pair.before.iter().chain(&pair.after).copied().collect();
        let mut of_severity = Vec::new();
        if was.severity != is.severity {
            let mut causes = Causes::default();
            self.dependency(&pair.after, Found::After, &mut causes);
            self.database(&both, None, &mut causes);
            self.tool(&both, &mut causes);
            of_severity = causes.list();
            let word = |seen: &Seen| seen.severity.map_or("-", |one| one.word()).to_owned();
            changes.push(Changed {
                what: What::Severity,
                before: word(was),
                after: word(is),
                causes: of_severity.clone(),
            });
        }
        if was.standing != is.standing {
            let mut causes = ground.causes(&pair.before, &pair.after);
            let moved = was.severity != is.severity;
            if causes.is_empty() && moved {
                causes = of_severity;
            }
            if causes.is_empty() {
                causes = Causes::default().list();
            }
            changes.push(Changed {
                what: What::Standing,
                before: was.standing.word().to_owned(),
                after: is.standing.word().to_owned(),
                causes,
            });
        }
        if was.places != is.places {
            let component = pair.after.first().and_then(|finding| look::component(finding));
            let mut causes = Causes::default();
            match component {
                Some(one) => causes.add(
                    Cause::new(CauseKind::Dependency, CauseChange::Changed, package(&one.purl))
                        .was(Some(version_list(&was.places)))
                        .is(Some(version_list(&is.places))),
                ),
                None => {
                    self.code(&pair.before, Found::Before, &mut causes);
                    self.code(&pair.after, Found::After, &mut causes);
                }
            }
            changes.push(Changed {
                what: if component.is_some() { What::Version } else { What::Place },
                before: was.places.join(", "),
                after: is.places.join(", "),
                causes: causes.list(),
            });
        }
        changes.sort_by_key(|changed| changed.what);
        changes
    }

    fn others(&self, findings: &[&Finding], found: Found, causes: &mut Causes) {
        self.database(findings, Some(found), causes);
        self.code(findings, found, causes);
        self.licence_texts(findings, found, causes);
        self.tool(findings, causes);
        if causes.specific.is_empty() && causes.vague.is_empty() {
            self.any_snapshot(findings, causes);
        }
    }

    fn with(&self, found: Found) -> (&Side, &Side) {
        match found {
            Found::Before => (self.before, self.after),
            Found::After => (self.after, self.before),
        }
    }

    /// The package itself: in one scan and not in the other, or in another version.
    fn dependency(&self, findings: &[&Finding], found: Found, causes: &mut Causes) {
        let (here, there) = self.with(found);
        let mut packages: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&String>)> = BTreeMap::new();
        for finding in findings {
            let Some(component) = look::component(finding) else { continue };
            let of = packages.entry(package(&component.purl)).or_default();
            of.0.insert(&component.purl);
            of.1.extend(look::lockfiles(finding));
        }
        for (name, (purls, lockfiles)) in packages {
            let known = look::versions(there, name);
            if purls.iter().any(|purl| known.contains(purl)) {
                continue;
            }
            let lockfiles: Vec<String> = lockfiles.into_iter().cloned().collect();
            if look::is_inventoried(there, &lockfiles) {
                let ours: Vec<&str> = purls.into_iter().collect();
                let (was, is) = match found {
                    Found::After => (known, ours),
                    Found::Before => (ours, known),
                };
                let how = match (was.is_empty(), is.is_empty()) {
                    (true, _) => CauseChange::Added,
                    (_, true) => CauseChange::Removed,
                    _ => CauseChange::Changed,
                };
                let shown = |purls: &[&str]| (!purls.is_empty()).then(|| version_list(purls));
                causes.add(
                    Cause::new(CauseKind::Dependency, how, name).was(shown(&was)).is(shown(&is)),
                );
                continue;
            }
            for lockfile in &lockfiles {
                let (Some(ours), true) = (here.file(lockfile), there.files.is_some()) else {
                    continue;
                };
                match (there.file(lockfile), found) {
                    (Some(theirs), _) if theirs == ours => {}
                    (Some(_), _) => causes.add_vague(Cause::new(
                        CauseKind::Dependency,
                        CauseChange::LockfileChanged,
                        lockfile,
                    )),
                    (None, Found::After) => {
                        causes.add(Cause::new(CauseKind::Dependency, CauseChange::Added, lockfile))
                    }
                    (None, Found::Before) => causes.add(Cause::new(
                        CauseKind::Dependency,
                        CauseChange::Removed,
                        lockfile,
                    )),
                }
            }
        }
    }

    /// The records that say so. `found` is `None` for findings of both scans.
    fn database(&self, findings: &[&Finding], found: Option<Found>, causes: &mut Causes) {
        let (names, ecosystems) = names(findings);
        for (form, (was, is)) in self.databases(&ecosystems) {
            let (Some(was), Some(is)) = (was, is) else { continue };
            if was.sha256 == is.sha256 {
                continue;
            }
            let (Some(old), Some(new)) = (
                records(self.before, &was.sha256, &names),
                records(self.after, &is.sha256, &names),
            ) else {
                causes.add_vague(snapshot(&form, was, is));
                continue;
            };
            let ids: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
            for id in ids {
                let how = match (old.get(id), new.get(id)) {
                    (None, Some(_)) if found != Some(Found::Before) => CauseChange::Added,
                    (Some(_), None) if found != Some(Found::After) => CauseChange::Removed,
                    (Some(one), Some(other)) => match (one.withdrawn, other.withdrawn) {
                        (false, true) => CauseChange::Withdrawn,
                        (true, false) => CauseChange::Reinstated,
                        _ if one.content != other.content => CauseChange::Changed,
                        _ => continue,
                    },
                    _ => continue,
                };
                let place = format!("{form} {} to {}", day(was), day(is));
                causes.add(Cause::new(CauseKind::Database, how, id).is(Some(place)));
            }
        }
    }

    /// Where nothing else explains it: a database is another one, whatever its index says.
    fn any_snapshot(&self, findings: &[&Finding], causes: &mut Causes) {
        let (_, ecosystems) = names(findings);
        for (form, (was, is)) in self.databases(&ecosystems) {
            if let (Some(was), Some(is)) = (was, is)
                && was.sha256 != is.sha256
            {
                causes.add_vague(snapshot(&form, was, is));
            }
        }
    }

    fn databases(&self, ecosystems: &BTreeSet<&str>) -> BTreeMap<String, BothDatabases<'_>> {
        let mut all: BTreeMap<String, BothDatabases<'_>> = BTreeMap::new();
        for (side, is_after) in [(self.before, false), (self.after, true)] {
            for database in side.ran("vuln").flat_map(|ran| &ran.databases) {
                if ecosystems.contains(database.ecosystem.as_str()) {
                    let form = format!("{} ({})", database.ecosystem, database.form);
                    let both = all.entry(form).or_default();
                    if is_after { both.1 = Some(database) } else { both.0 = Some(database) }
                }
            }
        }
        all
    }

    /// The files a finding stands in.
    fn code(&self, findings: &[&Finding], found: Found, causes: &mut Causes) {
        let (here, there) = self.with(found);
        for finding in findings {
            match finding {
                Finding::Secret(secret) if secret.commit.is_some() => self.history(causes),
                Finding::Secret(secret) => file(here, there, &secret.path, found, causes),
                Finding::License(license) => match &license.unit {
                    LicenseUnit::File { path } => file(here, there, path, found, causes),
                    LicenseUnit::Project => {
                        for path in own_files(here).into_iter().chain(own_files(there)) {
                            file(here, there, path, found, causes);
                        }
                    }
                    LicenseUnit::Component { .. } => {}
                },
                Finding::Vulnerability(_) | Finding::Component(_) => {}
            }
        }
    }

    fn history(&self, causes: &mut Causes) {
        if let (Some(was), Some(is)) = (&self.before.commit, &self.after.commit)
            && was != is
        {
            let short = |commit: &str| Some(commit.chars().take(12).collect());
            causes.add(
                Cause::new(CauseKind::Code, CauseChange::Changed, "HEAD")
                    .was(short(was))
                    .is(short(is)),
            );
        }
    }

    /// The same version of a package with another declaration or other texts.
    fn licence_texts(&self, findings: &[&Finding], found: Found, causes: &mut Causes) {
        let (_, there) = self.with(found);
        for finding in findings {
            let Finding::License(ours) = finding else { continue };
            if !matches!(ours.unit, LicenseUnit::Component { .. }) {
                continue;
            }
            let other = there.findings.iter().any(|known| {
                matches!(known, Finding::License(known) if known.unit == ours.unit
                    && known.content_sha256 != ours.content_sha256)
            });
            if other {
                causes.add(Cause::new(
                    CauseKind::Dependency,
                    CauseChange::Relicensed,
                    ours.place(),
                ));
            }
        }
    }

    /// The tools that said so, and our own adapter.
    fn tool(&self, findings: &[&Finding], causes: &mut Causes) {
        for finding in findings {
            let (job, said): (&str, &[Attribution]) = match finding {
                Finding::Vulnerability(one) => ("vuln", &one.attributions),
                Finding::Secret(one) => ("secret", &one.attributions),
                Finding::License(one) => ("license", &one.attributions),
                Finding::Component(one) => ("sbom", &one.attributions),
            };
            for name in said.iter().map(|said| said.tool.as_str()) {
                let (was, is) = (self.before.tool(job, name), self.after.tool(job, name));
                let how = match (was, is) {
                    (Some(was), Some(is)) if was == is => continue,
                    (Some(_), Some(_)) => CauseChange::Changed,
                    (None, Some(_)) if self.before.ran(job).any(|ran| ran.reported) => {
                        CauseChange::Added
                    }
                    (Some(_), None) if self.after.ran(job).any(|ran| ran.reported) => {
                        CauseChange::Removed
                    }
                    _ => continue,
                };
                let same_version = was.map(|tool| &tool.version) == is.map(|tool| &tool.version);
                let shown = |tool: Option<&crate::artifact::ToolIdentity>| {
                    let digest = |sha256: &Digest| -> String {
                        sha256.to_string().chars().take(12).collect()
                    };
                    tool.map(|tool| match same_version {
                        true => format!("{} ({})", tool.version, digest(&tool.sha256)),
                        false => tool.version.clone(),
                    })
                };
                causes.add(Cause::new(CauseKind::Tool, how, name).was(shown(was)).is(shown(is)));
            }
            let adapter = |side: &Side| {
                let mut all: Vec<String> =
                    side.ran(job).filter_map(|ran| ran.adapter_version.clone()).collect();
                all.sort();
                all.dedup();
                (!all.is_empty()).then(|| all.join(", "))
            };
            if let (Some(was), Some(is)) = (adapter(self.before), adapter(self.after))
                && was != is
            {
                let name = format!("mex's own adapter of the job {job}");
                causes.add(
                    Cause::new(CauseKind::Tool, CauseChange::Changed, name)
                        .was(Some(was))
                        .is(Some(is)),
                );
            }
        }
    }
}

/// A database of one form in both scans.
type BothDatabases<'a> = (Option<&'a DatabaseIdentity>, Option<&'a DatabaseIdentity>);

/// Every name and ecosystem of vulnerabilities.
fn names<'a>(findings: &[&'a Finding]) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let (mut names, mut ecosystems) = (BTreeSet::new(), BTreeSet::new());
    for finding in findings {
        if let Finding::Vulnerability(one) = finding {
            names.extend(one.aliases.iter().chain([&one.id]).map(String::as_str));
            ecosystems.insert(one.component.ecosystem.as_str());
        }
    }
    (names, ecosystems)
}

/// The records of a database under any of these names; `None` where it cannot be read any more.
fn records<'a>(
    side: &'a Side,
    database: &Digest,
    names: &BTreeSet<&str>,
) -> Option<BTreeMap<&'a str, &'a AdvisoryRecord>> {
    let all = side.records.get(database)?;
    let named =
        |record: &&AdvisoryRecord| record.names.iter().any(|id| names.contains(id.as_str()));
    Some(all.iter().filter(named).map(|record| (record.id.as_str(), record)).collect())
}

fn snapshot(form: &str, was: &DatabaseIdentity, is: &DatabaseIdentity) -> Cause {
    let shown = |database: &DatabaseIdentity| {
        let digest: String = database.sha256.to_string().chars().take(12).collect();
        Some(format!("{} ({digest})", day(database)))
    };
    Cause::new(CauseKind::Database, CauseChange::SnapshotChanged, form)
        .was(shown(was))
        .is(shown(is))
}

fn day(database: &DatabaseIdentity) -> String {
    database.date.strftime("%Y-%m-%d").to_string()
}

fn file(here: &Side, there: &Side, path: &str, found: Found, causes: &mut Causes) {
    if here.files.is_none() || there.files.is_none() {
        return;
    }
    let cause = |how| Cause::new(CauseKind::Code, how, path);
    match (here.file(path), there.file(path), found) {
        (Some(ours), Some(theirs), _) if ours == theirs => {}
        (Some(_), Some(_), _) => causes.add(cause(CauseChange::Changed)),
        (Some(_), None, Found::After) | (None, Some(_), Found::Before) => {
            causes.add(cause(CauseChange::Added));
        }
        (Some(_), None, Found::Before) | (None, Some(_), Found::After) => {
            causes.add(cause(CauseChange::Removed));
        }
        (None, None, _) => match (here.has(path), there.has(path), found) {
            (Some(true), Some(false), Found::After) => causes.add(cause(CauseChange::Added)),
            (Some(true), Some(false), Found::Before) => causes.add(cause(CauseChange::Removed)),
            _ => {}
        },
    }
}

/// The files from which the project's own licence is read.
fn own_files(side: &Side) -> Vec<&str> {
    let mut files = Vec::new();
    for finding in &side.findings {
        if let Finding::License(license) = finding
            && license.unit == LicenseUnit::Project
        {
            files.extend(license.texts.iter().map(|text| text.path.as_str()));
            let said = license.declared.iter().chain(&license.detected);
            files.extend(said.map(|one| one.source.as_str()));
        }
    }
    files.sort_unstable();
    files.dedup();
    files
}

/// The versions of package URLs of one package, in order.
fn version_list<T: AsRef<str>>(purls: &[T]) -> String {
    let versions: Vec<&str> = purls
        .iter()
        .map(|purl| purl.as_ref())
        .map(|purl| {
            purl.strip_prefix(package(purl)).map_or(purl, |rest| rest.trim_start_matches('@'))
        })
        .collect();
    versions.join(", ")
}
