//! What the packages of a package-lock declare: the lock's own `license` fields, and the manifests
//! of an installed tree where one is part of the project, or of an archive that was fetched and is what
//! the lock's `integrity` says. Never asks a registry.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use mex_runtime::digest::Digest;
use mex_runtime::finding::{Component, LicenseText};
use serde_json::Value;

use super::archive::files;
use super::manifest::{self, Speech};
use crate::dependency::archives::{Archives, Sum};
use crate::lockfile::purl;

/// An installed manifest larger than this is none.
const MANIFEST_BYTES: u64 = 1 << 20;
/// How deep the `dependencies` of an old lock may nest; npm itself stays far below.
const DEPTH: usize = 128;

/// One installed package of a package-lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Which.
    pub component: Component,
    /// Its licence as far as anybody says; null where neither the lock nor an installed tree nor a
    /// fetched archive does.
    pub speech: Option<Speech>,
    /// What its archive must be; null where the lock names no checksum that can be trusted.
    pub sum: Option<Sum>,
    /// Where the lock says it comes from.
    pub resolved: Option<String>,
}

/// The packages of a package-lock or npm-shrinkwrap of any version, without the project's own and
/// without links. `folder` is the lock's own folder below `root`.
pub fn packages(lock: &Value, root: &Path, folder: &str, fetched: &Archives) -> Vec<Package> {
    let mut found: BTreeMap<Component, Package> = BTreeMap::new();
    let mut take = |name: &str, version: &str, place: &str, entry: &Value| {
        let component = purl::component("npm", name, version);
        let integrity = entry.get("integrity").and_then(Value::as_str);
        let sum = integrity.and_then(Sum::of_integrity);
        let speech = manifest::package_json(entry, "package-lock.json")
            .filter(|speech| !speech.declared.is_empty())
            .map(|speech| Speech { from: format!("lockfile entry {place}"), ..speech })
            .or_else(|| installed(root, folder, place, name, version))
            .or_else(|| sum.as_ref().and_then(|sum| unpacked(fetched, sum, name, version)));
        let resolved = entry.get("resolved").and_then(Value::as_str).map(str::to_owned);
        let package = Package { component: component.clone(), speech, sum, resolved };
        // The same package in several places: whatever any of them says counts.
        match found.get_mut(&component) {
            None => drop(found.insert(component, package)),
            Some(known) => {
                match (&mut known.speech, package.speech) {
                    (Some(known), Some(more)) => {
                        known.declared.extend(more.declared);
                        known.texts.extend(more.texts);
                    }
                    (known @ None, more) => *known = more,
                    (Some(_), None) => {}
                }
                known.sum = known.sum.take().or(package.sum);
                known.resolved = known.resolved.take().or(package.resolved);
            }
        }
    };
    if let Some(list) = lock.get("packages").and_then(Value::as_object) {
        for (place, entry) in list {
            let Some((_, tail)) = place.rsplit_once("node_modules/") else { continue };
            let name = entry.get("name").and_then(Value::as_str).unwrap_or(tail);
            let link = entry.get("link").and_then(Value::as_bool) == Some(true);
            if let Some(version) = entry.get("version").and_then(Value::as_str)
                && !link
            {
                take(name, version, place, entry);
            }
        }
    } else {
        nested(lock, "", 0, &mut take);
    }
    found.into_values().collect()
}

/// The tree of a lock of version 1.
fn nested(
    value: &Value,
    above: &str,
    depth: usize,
    take: &mut dyn FnMut(&str, &str, &str, &Value),
) {
    let Some(list) = value.get("dependencies").and_then(Value::as_object) else { return };
    for (name, entry) in list {
        let place = format!("{above}node_modules/{name}");
        if let Some(version) = entry.get("version").and_then(Value::as_str)
            && !version.starts_with("file:")
        {
            // An alias says `npm:real@1.0.0` where its version belongs.
            let aliased = version.strip_prefix("npm:").and_then(|text| text.rsplit_once('@'));
            let (name, version) = aliased.unwrap_or((name, version));
            take(name, version, &place, entry);
        }
        if depth < DEPTH {
            nested(entry, &format!("{place}/"), depth + 1, take);
        }
    }
}

/// What the installed manifest at a place says, where it is that of the very package.
pub(super) fn installed(
    root: &Path,
    folder: &str,
    place: &str,
    name: &str,
    version: &str,
) -> Option<Speech> {
    if place.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return None;
    }
    let path = root.join(folder).join(place).join("package.json");
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MANIFEST_BYTES).read_to_end(&mut bytes).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    let field = |field: &str| value.get(field).and_then(Value::as_str);
    if field("name") != Some(name) || field("version") != Some(version) {
        return None;
    }
    let speech = manifest::package_json(&value, "package.json")?;
    Some(Speech { from: format!("{place}/package.json"), ..speech })
}

/// What the manifest in a fetched archive says, where it is that of the very package.
fn unpacked(fetched: &Archives, sum: &Sum, name: &str, version: &str) -> Option<Speech> {
    let bytes = fetched.read(sum)?;
    let beside = |name: &str| name == "package.json" || manifest::is_license_text(name);
    let mut files = files(&bytes, None, &beside).ok()?;
    let value: Value = serde_json::from_slice(&files.remove("package.json")?).ok()?;
    let field = |field: &str| value.get(field).and_then(Value::as_str);
    if field("name") != Some(name) || field("version") != Some(version) {
        return None;
    }
    let mut speech = manifest::package_json(&value, "package.json")?;
    speech.texts = files
        .into_iter()
        .map(|(path, content)| LicenseText { path, sha256: Digest::of(&content) })
        .collect();
    speech.from = format!("archive {sum}");
    Some(speech)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Archives {
        Archives::of(Path::new("/nowhere"))
    }

    fn check(lock: &str, expect: &[(&str, Option<&str>)]) {
        let lock: Value = serde_json::from_str(lock).unwrap();
        let found = packages(&lock, Path::new("/nowhere"), "", &nothing());
        let found: Vec<(&str, Option<&str>)> = found
            .iter()
            .map(|package| {
                let said = package.speech.as_ref().and_then(|speech| speech.declared.first());
                (package.component.purl.as_str(), said.map(|one| one.text.as_str()))
            })
            .collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn lockfiles_of_every_version_are_read() {
        check(
            r#"{"lockfileVersion":3,"packages":{"":{"name":"own","version":"1.0.0"},
                "node_modules/a":{"version":"1.0.0","license":"MIT"},
                "node_modules/a/node_modules/@s/b":{"version":"2.0.0"},
                "node_modules/alias":{"name":"real","version":"3.0.0","license":"ISC"},
                "node_modules/w":{"link":true,"resolved":"w"},
                "w":{"version":"0.0.1"}}}"#,
            &[
                ("pkg:npm/%40s/b@2.0.0", None),
                ("pkg:npm/a@1.0.0", Some("MIT")),
                ("pkg:npm/real@3.0.0", Some("ISC")),
            ],
        );
        check(
            r#"{"lockfileVersion":2,"packages":{"node_modules/a":{"version":"1.0.0","license":"MIT"}},
                "dependencies":{"a":{"version":"1.0.0"}}}"#,
            &[("pkg:npm/a@1.0.0", Some("MIT"))],
        );
        check(
            r#"{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","dependencies":
                {"b":{"version":"npm:c@2.0.0"}}},"f":{"version":"file:../f"}}}"#,
            &[("pkg:npm/a@1.0.0", None), ("pkg:npm/c@2.0.0", None)],
        );
        check(r#"{"lockfileVersion":1}"#, &[]);
    }

    #[test]
    fn an_installed_tree_speaks_only_for_the_package_it_holds() {
        let tree = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "web/node_modules/a/package.json",
            r#"{"name":"a","version":"1.0.0","license":"MIT"}"#,
        );
        write(
            "web/node_modules/b/package.json",
            r#"{"name":"b","version":"9.0.0","license":"MIT"}"#,
        );
        write("secret/package.json", r#"{"name":"c","version":"1.0.0","license":"MIT"}"#);
        let lock: Value = serde_json::from_str(
            r#"{"packages":{"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"version":"1.0.0"},
                "node_modules/../../secret":{"name":"c","version":"1.0.0"}}}"#,
        )
        .unwrap();
        let found = packages(&lock, tree.path(), "web", &nothing());
        let says: Vec<bool> = found.iter().map(|package| package.speech.is_some()).collect();
        assert_eq!(says, [true, false, false]);
    }

    #[test]
    fn a_lock_nested_without_end_is_no_overflow() {
        let mut lock = r#"{"version":"1.0.0"}"#.to_owned();
        for _ in 0..100 {
            lock = format!(r#"{{"version":"1.0.0","dependencies":{{"a":{lock}}}}}"#);
        }
        let lock: Value = serde_json::from_str(&format!(r#"{{"dependencies":{{"a":{lock}}}}}"#))
            .unwrap_or_default();
        assert!(packages(&lock, Path::new("/nowhere"), "", &nothing()).len() <= 1);
    }
}
