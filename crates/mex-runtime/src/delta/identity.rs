//! Which findings of two scans are one and the same. Never says why one is missing.

use std::collections::{BTreeMap, HashMap};

use super::document::FindingKind;
use super::look;
use super::side::Side;
use crate::finding::{Finding, License, LicenseUnit, Secret};

/// One finding over both scans: its instances in each.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) kind: FindingKind,
    pub(super) before: Vec<&'a Finding>,
    pub(super) after: Vec<&'a Finding>,
}

/// Every finding of either scan, once.
pub(super) fn pairs<'a>(before: &'a Side, after: &'a Side) -> Vec<Pair<'a>> {
    let mut all = vulnerabilities(before, after);
    all.extend(placed(before, after, FindingKind::Secret));
    all.extend(placed(before, after, FindingKind::License));
    all
}

/// A package URL without its version.
pub(super) fn package(purl: &str) -> &str {
    match purl.rsplit_once('@') {
        Some((package, version)) if !version.contains('/') => package,
        _ => purl,
    }
}

fn vulnerabilities<'a>(before: &'a Side, after: &'a Side) -> Vec<Pair<'a>> {
    let of = |side: &'a Side| {
        side.findings.iter().filter_map(|finding| match finding {
            Finding::Vulnerability(one) => Some((finding, one)),
            _ => None,
        })
    };
    let all: Vec<_> = of(before)
        .map(|found| (false, found))
        .chain(of(after).map(|found| (true, found)))
        .collect();
    let mut parent: Vec<usize> = (0..all.len()).collect();
    let mut owner: HashMap<(&str, &str), usize> = HashMap::new();
    for (index, (_, (_, one))) in all.iter().enumerate() {
        for alias in one.aliases.iter().chain([&one.id]) {
            let first = *owner.entry((package(&one.component.purl), alias)).or_insert(index);
            let (a, b) = (root(&mut parent, first), root(&mut parent, index));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut groups: BTreeMap<usize, Pair<'a>> = BTreeMap::new();
    for (index, (is_after, (finding, _))) in all.into_iter().enumerate() {
        let group = groups.entry(root(&mut parent, index)).or_insert_with(|| Pair {
            kind: FindingKind::Vulnerability,
            before: Vec::new(),
            after: Vec::new(),
        });
        if is_after { group.after.push(finding) } else { group.before.push(finding) }
    }
    groups.into_values().collect()
}

fn root(parent: &mut [usize], mut index: usize) -> usize {
    while parent[index] != index {
        parent[index] = parent[parent[index]];
        index = parent[index];
    }
    index
}

/// What a secret or licence is, and where it stands.
type Placed = (Vec<String>, String);

fn key(finding: &Finding, kind: FindingKind) -> Option<Placed> {
    match (finding, kind) {
        (Finding::Secret(secret), FindingKind::Secret) => Some(of_secret(secret)),
        (Finding::License(license), FindingKind::License) if license.is_unknown() => {
            Some(of_license(license))
        }
        _ => None,
    }
}

fn of_secret(secret: &Secret) -> Placed {
    let in_history = if secret.commit.is_some() { "history" } else { "tree" };
    let what = vec![secret.rule.clone(), secret.fingerprint.clone(), in_history.to_owned()];
    (what, format!("{}\n{}", secret.path, secret.commit.as_deref().unwrap_or_default()))
}

fn of_license(license: &License) -> Placed {
    let digest = license.content_sha256.to_string();
    match &license.unit {
        // A package's version is a change and not its name.
        LicenseUnit::Component { component } => (
            vec!["component".to_owned(), package(&component.purl).to_owned(), digest],
            String::new(),
        ),
        LicenseUnit::Project => (vec!["project".to_owned(), digest], String::new()),
        LicenseUnit::File { path } => (vec!["file".to_owned(), digest], path.clone()),
    }
}

/// Secrets and licences: first what stands at the same place; then what only changed its place, where
/// the later scan looked at the old one and the earlier scan at the new one.
fn placed<'a>(before: &'a Side, after: &'a Side, kind: FindingKind) -> Vec<Pair<'a>> {
    let mut found: BTreeMap<Placed, Pair<'a>> = BTreeMap::new();
    for (side, is_after) in [(before, false), (after, true)] {
        for finding in &side.findings {
            let Some(key) = key(finding, kind) else { continue };
            let pair = found.entry(key).or_insert_with(|| Pair {
                kind,
                before: Vec::new(),
                after: Vec::new(),
            });
            if is_after { pair.after.push(finding) } else { pair.before.push(finding) }
        }
    }
    let mut moved: BTreeMap<Vec<String>, (Vec<Pair<'a>>, Vec<Pair<'a>>)> = BTreeMap::new();
    let mut whole = Vec::new();
    for ((what, _), pair) in found {
        let left = pair.after.is_empty() && looked_at(after, before, &pair.before);
        let came = pair.before.is_empty() && looked_at(before, after, &pair.after);
        match (left, came) {
            (true, _) => moved.entry(what).or_default().0.push(pair),
            (_, true) => moved.entry(what).or_default().1.push(pair),
            _ => whole.push(pair),
        }
    }
    for (left, came) in moved.into_values() {
        let (mut left, mut came) = (left.into_iter(), came.into_iter());
        loop {
            match (left.next(), came.next()) {
                (None, None) => break,
                (Some(from), Some(to)) => {
                    whole.push(Pair { kind, before: from.before, after: to.after });
                }
                (Some(pair), None) | (None, Some(pair)) => whole.push(pair),
            }
        }
    }
    whole
}

fn looked_at(side: &Side, other: &Side, findings: &[&Finding]) -> bool {
    findings.iter().all(|finding| look::unseen(side, other, finding).is_empty())
}
