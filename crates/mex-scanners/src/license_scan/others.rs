//! Packages of ecosystems other than crates.io and npm's own lockfile, as far as their licences can be
//! read here without asking anybody: Composer's lockfile, installed Python and npm packages of the
//! tree. Owns who may speak for which locked package; the rest is a gap that names its first
//! (contract SC-3). Never guesses a version: only what the lockfile pins is answered.

use std::collections::BTreeMap;
use std::path::Path;

use mex_runtime::coverage::CoverageState;
use mex_runtime::digest::Digest;
use mex_runtime::finding::{
    Attribution, Component, Finding, License, LicenseStatement, LicenseText, LicenseUnit,
};
use mex_runtime::id::ToolName;
use serde_json::Value;

use super::go::GoHere;
use super::manifest::{self, Speech};
use super::{Share, Tree, modules, npm, read};
use crate::errand::Errand;
use crate::lockfile::packages::{Named, named};
use crate::lockfile::{Lockfile, purl};
use crate::scancode::{self, Kept};

/// What packages of one lockfile say, by package URL.
type Said = BTreeMap<String, Speech>;

/// Adds what is known of one lockfile's packages; null where it is of a kind we do not read.
pub(super) fn lock(
    errand: &Errand<'_>,
    root: &Path,
    lock: &Lockfile,
    tree: &Tree,
    (go, kept): (&GoHere, &Kept),
    total: &mut Share,
) -> Option<()> {
    let bytes = read(&root.join(&lock.path)).ok()?;
    let named = named(lock.kind, &bytes)?;
    let folder = lock.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let silent = format!(
        "a `{}` names no licences, and nobody here has the sources of its packages: have the gap accepted by an exception, or scan an inventory that names them",
        lock.kind.parser
    );
    let said = match lock.kind.parser {
        "composer.lock" => composer(root, folder, &bytes),
        "yarn.lock" | "pnpm-lock.yaml" => installed_npm(root, folder, &named),
        _ if lock.kind.ecosystem == "PyPI" => installed_python(root, tree),
        "go.mod" => {
            modules::all(errand, root, lock, &named, (go, kept), total);
            return Some(());
        }
        _ => Said::new(),
    };
    let mut open = Open::default();
    let mut answered = 0;
    for (purl, component) in &named.packages {
        match said.get(purl) {
            Some(speech) => {
                answered += 1;
                say(lock, component, speech.clone(), Vec::new(), total);
            }
            None => open.add(&silent, component),
        }
    }
    for name in &named.elsewhere {
        let why = "it comes from no registry, and no sources of it are here: have the gap accepted by an exception";
        open.add(why, &purl::component(lock.kind.ecosystem, name, ""));
    }
    total.read(&lock.path, answered);
    open.leave(lock, total);
    Some(())
}

/// Packages nobody speaks for: how many by reason, and the first of them.
#[derive(Default)]
pub(super) struct Open(BTreeMap<String, (u64, String)>);

impl Open {
    pub(super) fn add(&mut self, why: &str, component: &Component) {
        let what = format!("{} {}", component.name, component.version);
        self.0.entry(why.to_owned()).or_insert((0, what)).0 += 1;
    }

    pub(super) fn leave(self, lock: &Lockfile, total: &mut Share) {
        for (why, (count, first)) in self.0 {
            let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
            let reason = format!("`{}`{more}: {why}", first.trim_end());
            total.gap(&lock.path, None, CoverageState::NotScanned, &reason, count);
        }
    }
}

pub(super) fn say(
    lock: &Lockfile,
    component: &Component,
    speech: Speech,
    detected: Vec<LicenseStatement>,
    total: &mut Share,
) {
    total.witness(&component.purl, &speech);
    let mut license = License::new(LicenseUnit::Component { component: component.clone() });
    license.declared = speech.declared;
    license.texts = speech.texts;
    license.lockfiles = vec![lock.path.clone()];
    if !detected.is_empty() {
        let tool = ToolName::known(scancode::NAME);
        license.attributions = vec![Attribution { tool, native_id: component.purl.clone() }];
    }
    license.detected = detected;
    total.findings.push(Finding::License(license));
}

/// The `license` fields of a `composer.lock`, and of what Composer installed into the project.
fn composer(root: &Path, folder: &str, lock: &[u8]) -> Said {
    let installed = read(&root.join(folder).join("vendor/composer/installed.json"));
    let mut said = Said::new();
    for (bytes, from) in
        [(lock.to_vec(), "composer.lock"), (installed.unwrap_or_default(), "installed.json")]
    {
        let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        for section in ["packages", "packages-dev"] {
            for entry in value.get(section).and_then(Value::as_array).into_iter().flatten() {
                let word = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or("");
                let component = purl::component("Packagist", word("name"), word("version"));
                let Some(speech) = composer_license(entry.get("license"), from) else { continue };
                said.entry(component.purl).or_insert(speech);
            }
        }
    }
    said
}

/// Composer's own rule: of several licences in a list one may be chosen.
fn composer_license(license: Option<&Value>, from: &str) -> Option<Speech> {
    let words: Vec<&str> = match license? {
        Value::String(text) => vec![text.trim()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::trim).collect(),
        _ => return None,
    };
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let text = match words.as_slice() {
        [] => return None,
        [one] => (*one).to_owned(),
        several => several.iter().map(|word| format!("({word})")).collect::<Vec<_>>().join(" OR "),
    };
    let declared = manifest::said(&text, from).into_iter().collect();
    Some(Speech { from: from.to_owned(), declared, ..Speech::default() })
}

/// The manifests of installed npm packages, where pnpm and yarn put them.
fn installed_npm(root: &Path, folder: &str, named: &Named) -> Said {
    let mut said = Said::new();
    for (purl, component) in &named.packages {
        let (name, version) = (&component.name, &component.version);
        let stored = name.replace('/', "+");
        let places = [
            format!("node_modules/{name}"),
            format!("node_modules/.pnpm/{stored}@{version}/node_modules/{name}"),
        ];
        let speech =
            places.iter().find_map(|place| npm::installed(root, folder, place, name, version));
        said.extend(
            speech
                .filter(|speech| !speech.declared.is_empty())
                .map(|speech| (purl.clone(), speech)),
        );
    }
    said
}

/// What installed Python packages of the tree say in their `METADATA`.
fn installed_python(root: &Path, tree: &Tree) -> Said {
    let mut said = Said::new();
    for path in &tree.files {
        let Some(folder) = path.strip_suffix("/METADATA").filter(|f| f.ends_with(".dist-info"))
        else {
            continue;
        };
        let bytes = read(&root.join(path)).unwrap_or_default();
        let Some((name, version, mut speech)) = manifest::python_metadata(&bytes, "METADATA")
        else {
            continue;
        };
        speech.from.clone_from(path);
        for other in &tree.files {
            let inner = other.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
            let Some(inner) = inner else { continue };
            let last = inner.rsplit('/').next().unwrap_or(inner);
            if (inner.starts_with("licenses/") || last == inner)
                && manifest::is_license_text(last)
                && let Ok(content) = read(&root.join(other))
            {
                let sha256 = Digest::of(&content);
                speech.texts.push(LicenseText { path: inner.to_owned(), sha256 });
            }
        }
        let component = purl::component("PyPI", &name, &version);
        match said.get_mut(&component.purl) {
            None => drop(said.insert(component.purl, speech)),
            // Installed twice: whatever either says counts.
            Some(known) => {
                known.declared.extend(speech.declared);
                known.texts.extend(speech.texts);
            }
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use mex_runtime::license::statement;

    use super::*;
    use serde_json::json;

    #[test]
    fn composers_list_is_a_choice_and_its_string_an_expression() {
        let check = |license: Value, expect: Option<(&str, Option<&str>)>| {
            let speech = composer_license(Some(&license), "composer.lock");
            let said = speech.as_ref().map(|speech| &speech.declared[0]);
            let said = said.map(|one| (one.text.as_str(), one.spdx.as_deref()));
            assert_eq!(said, expect, "{license}");
        };
        check(json!(["MIT"]), Some(("MIT", Some("MIT"))));
        check(
            json!(["LGPL-2.1-only", "GPL-3.0-or-later"]),
            Some((
                "(LGPL-2.1-only) OR (GPL-3.0-or-later)",
                Some("GPL-3.0-or-later OR LGPL-2.1-only"),
            )),
        );
        check(
            json!("MIT and ISC"),
            Some(("MIT and ISC", statement("MIT and ISC", "").spdx.as_deref())),
        );
        check(json!(["proprietary"]), Some(("proprietary", None)));
        for nothing in [json!([]), json!([" "]), json!(7), json!(null)] {
            check(nothing, None);
        }
    }
}
