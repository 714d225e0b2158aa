//! One vulnerability, however many tools and names it has (contract SC-7).
//! Owns the joining of findings; never drops what a tool said: every alias, score, word,
//! lockfile and attribution survives (promise P4), in an order that does not depend on the input's.

use std::collections::{BTreeMap, HashMap};

use semver::Version;

use crate::cvss;
use crate::finding::{
    AdvisoryKind, BomComponent, Finding, License, LicenseUnit, Secret, Vulnerability,
};
use crate::license;
use crate::report::canonical_findings;

/// Joins findings that are one: vulnerabilities of the same component that share any alias, over
/// any number of steps, and secrets that differ in nothing but who found them. Severity is computed
/// anew over everything that was said. Canonical order; applying it twice changes nothing.
pub fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut vulnerabilities = Vec::new();
    let mut secrets: BTreeMap<_, Secret> = BTreeMap::new();
    let mut components: BTreeMap<String, BomComponent> = BTreeMap::new();
    let mut licenses: BTreeMap<(bool, String), License> = BTreeMap::new();
    for finding in findings {
        match finding {
            Finding::Vulnerability(vulnerability) => vulnerabilities.push(tidy(vulnerability)),
            Finding::Secret(secret) => {
                let place = (
                    secret.rule.clone(),
                    secret.path.clone(),
                    secret.fingerprint.clone(),
                    (secret.start_line, secret.end_line),
                    secret.commit.clone(),
                );
                match secrets.get_mut(&place) {
                    None => drop(secrets.insert(place, secret)),
                    Some(known) => {
                        known.attributions.extend(secret.attributions);
                        known.allowlist_fingerprints.extend(secret.allowlist_fingerprints);
                    }
                }
            }
            Finding::Component(component) => {
                let purl = component.component.purl.clone();
                match components.remove(&purl) {
                    None => drop(components.insert(purl, component)),
                    Some(known) => drop(components.insert(purl, join_components(known, component))),
                }
            }
            Finding::License(license) => {
                let of_file = matches!(license.unit, LicenseUnit::File { .. });
                let unit = (of_file, license.place().to_owned());
                match licenses.get_mut(&unit) {
                    None => drop(licenses.insert(unit, license)),
                    Some(known) => join_licenses(known, license),
                }
            }
        }
    }
    let joined = join(vulnerabilities).into_iter().map(Finding::Vulnerability);
    let licenses = licenses.into_values().map(|mut license| {
        license::conclude(&mut license);
        Finding::License(license)
    });
    canonical_findings(
        joined
            .chain(secrets.into_values().map(Finding::Secret))
            .chain(components.into_values().map(Finding::Component))
            .chain(licenses)
            .collect(),
    )
}

/// Everything two lists say of one component; the kind is the first by text that is not `library`,
/// which is what a tool says of anything.
fn join_components(mut one: BomComponent, other: BomComponent) -> BomComponent {
    one.component = one.component.min(other.component);
    one.kind = match (one.kind.as_str(), other.kind.as_str()) {
        (_, "library") => one.kind,
        ("library", _) => other.kind,
        _ => one.kind.min(other.kind),
    };
    one.locations.extend(other.locations);
    one.licenses.extend(other.licenses);
    one.known_by.extend(other.known_by);
    one.depends_on.extend(other.depends_on);
    one.attributions.extend(other.attributions);
    one
}

/// Everything two statements on the licence of one unit say; the conclusion is drawn anew after.
fn join_licenses(known: &mut License, other: License) {
    if let (
        LicenseUnit::Component { component: one },
        LicenseUnit::Component { component: another },
    ) = (&mut known.unit, other.unit)
    {
        *one = one.clone().min(another);
    }
    known.declared.extend(other.declared);
    known.detected.extend(other.detected);
    known.texts.extend(other.texts);
    known.lockfiles.extend(other.lockfiles);
    known.attributions.extend(other.attributions);
}

/// The canonical alias: the first of CVE, GHSA, RUSTSEC, then any other, each by text order.
/// `None` only for an empty list.
pub fn canonical_alias(aliases: &[String]) -> Option<&str> {
    let rank = |alias: &str| {
        ["CVE-", "GHSA-", "RUSTSEC-"]
            .iter()
            .position(|prefix| alias.starts_with(prefix))
            .unwrap_or(usize::MAX)
    };
    aliases.iter().map(String::as_str).min_by_key(|alias| (rank(alias), *alias))
}

/// An alias in the one spelling we compare: no blanks around it; the letters of CVE, RUSTSEC and
/// MAL ids upper case, those of GHSA ids lower case behind their prefix, as their issuers write them.
pub fn spell_alias(alias: &str) -> String {
    let alias = alias.trim();
    let upper = alias.to_ascii_uppercase();
    if let Some(rest) = upper.strip_prefix("GHSA-") {
        format!("GHSA-{}", rest.to_ascii_lowercase())
    } else if ["CVE-", "RUSTSEC-", "MAL-"].iter().any(|prefix| upper.starts_with(prefix)) {
        upper
    } else {
        alias.to_owned()
    }
}

fn tidy(mut vulnerability: Vulnerability) -> Vulnerability {
    vulnerability.aliases.push(std::mem::take(&mut vulnerability.id));
    vulnerability.aliases = vulnerability.aliases.iter().map(|alias| spell_alias(alias)).collect();
    vulnerability.aliases.retain(|alias| !alias.is_empty());
    vulnerability
}

/// Union-find over (component, alias).
fn join(vulnerabilities: Vec<Vulnerability>) -> Vec<Vulnerability> {
    let mut parent: Vec<usize> = (0..vulnerabilities.len()).collect();
    let mut owner: HashMap<(&str, &str), usize> = HashMap::new();
    for (index, vulnerability) in vulnerabilities.iter().enumerate() {
        for alias in &vulnerability.aliases {
            let first = *owner.entry((&vulnerability.component.purl, alias)).or_insert(index);
            let (a, b) = (root(&mut parent, first), root(&mut parent, index));
            parent[a.max(b)] = a.min(b);
        }
    }
    let roots: Vec<usize> =
        (0..vulnerabilities.len()).map(|index| root(&mut parent, index)).collect();
    let mut groups: BTreeMap<usize, Vec<Vulnerability>> = BTreeMap::new();
    for (root, vulnerability) in roots.into_iter().zip(vulnerabilities) {
        groups.entry(root).or_default().push(vulnerability);
    }
    groups.into_values().filter_map(|group| group.into_iter().reduce(absorb)).map(finish).collect()
}

fn root(parent: &mut [usize], mut index: usize) -> usize {
    while parent[index] != index {
        parent[index] = parent[parent[index]];
        index = parent[index];
    }
    index
}

/// Everything two statements on one vulnerability say; commutative and associative.
fn absorb(mut one: Vulnerability, other: Vulnerability) -> Vulnerability {
    one.aliases.extend(other.aliases);
    one.component = one.component.min(other.component);
    one.kind = one.kind.graver(other.kind);
    one.scores.extend(other.scores);
    one.words.extend(other.words);
    one.fixed_versions.extend(other.fixed_versions);
    one.lockfiles.extend(other.lockfiles);
    one.attributions.extend(other.attributions);
    if one.summary.is_empty() || (!other.summary.is_empty() && other.summary < one.summary) {
        one.summary = other.summary;
    }
    one
}

fn finish(mut vulnerability: Vulnerability) -> Vulnerability {
    vulnerability.id = canonical_alias(&vulnerability.aliases).unwrap_or_default().to_owned();
    vulnerability.fixed_versions.sort_by_cached_key(|version| version_key(version));
    vulnerability.fixed_versions.dedup();
    vulnerability.severity =
        cvss::severity(&vulnerability.scores, &vulnerability.words, vulnerability.kind);
    vulnerability
}

/// Orders versions as people do: semver by its own rules, anything else behind it by text.
fn version_key(version: &str) -> (bool, Option<Version>, String) {
    let parsed = Version::parse(version.trim_start_matches('v')).ok();
    (parsed.is_none(), parsed, version.to_owned())
}

impl AdvisoryKind {
    /// The graver of two readings of one advisory: malware, vulnerability, unsound, unmaintained, notice.
    #[must_use]
    pub fn graver(self, other: Self) -> Self {
        let gravity = |kind: Self| match kind {
            Self::Notice => 0,
            Self::Unmaintained => 1,
            Self::Unsound => 2,
            Self::Vulnerability => 3,
            Self::Malware => 4,
        };
        if gravity(other) > gravity(self) { other } else { self }
    }
}
