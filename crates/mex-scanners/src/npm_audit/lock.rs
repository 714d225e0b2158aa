//! What a package-lock or npm-shrinkwrap names: where each package lies in the tree, its real name
//! and version. Owns our own reading of versions 1, 2 and 3, against which npm's question is held.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One package at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its real name, also behind an alias.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
}

/// A lockfile read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Locked {
    /// By place, such as `node_modules/a/node_modules/b`: what a registry may know.
    pub(crate) nodes: BTreeMap<String, Node>,
    /// Names of everything in it, also of what has no plain version or is the project's own.
    pub(crate) names: BTreeSet<String>,
    /// Aliases that npm does not see through: those of version 1.
    pub(crate) aliases: u64,
    /// What comes from a folder, a link or a repository and has no version to look up.
    pub(crate) without_version: u64,
}

impl Locked {
    /// Reads a lockfile that was found to be JSON with a `lockfileVersion`.
    ///
    /// # Errors
    /// Why it cannot be read, as one sentence.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lock: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut out = Self::default();
        match (lock.get("packages"), lock.get("dependencies")) {
            (Some(Value::Object(packages)), _) => {
                let text = |entry: &Value, field: &str| {
                    entry.get(field).and_then(Value::as_str).map(str::to_owned)
                };
                let is_link =
                    |entry: &Value| entry.get("link").and_then(Value::as_bool) == Some(true);
                let linked: BTreeSet<String> = packages
                    .values()
                    .filter(|entry| is_link(entry))
                    .filter_map(|entry| text(entry, "resolved"))
                    .collect();
                for (place, entry) in packages {
                    let below = place.rsplit_once("node_modules/").map(|(_, name)| name.to_owned());
                    let Some(name) = text(entry, "name").or(below) else { continue };
                    out.names.insert(name.clone());
                    if place.is_empty() || is_link(entry) || linked.contains(place) {
                        continue;
                    }
                    out.add(place.clone(), name, text(entry, "version").unwrap_or_default());
                }
            }
            (None, Some(Value::Object(_))) => out.nested("", &lock, 0)?,
            (None, None) => {}
            _ => return Err("`packages` or `dependencies` is no object".to_owned()),
        }
        Ok(out)
    }

    fn nested(&mut self, above: &str, entry: &Value, depth: usize) -> Result<(), String> {
        // serde_json refuses deeper documents anyway.
        if depth > 128 {
            return Err("its dependencies are nested too deep".to_owned());
        }
        let Some(dependencies) = entry.get("dependencies").and_then(Value::as_object) else {
            return Ok(());
        };
        for (key, inner) in dependencies {
            let place = format!("{above}node_modules/{key}");
            let version = inner.get("version").and_then(Value::as_str).unwrap_or_default();
            self.names.insert(key.clone());
            // `npm:real-name@1.2.3` behind an alias, which npm takes for a version.
            if version.starts_with("npm:") {
                self.aliases += 1;
            } else {
                self.add(place.clone(), key.clone(), version.to_owned());
            }
            self.nested(&format!("{place}/"), inner, depth + 1)?;
        }
        Ok(())
    }

    fn add(&mut self, place: String, name: String, version: String) {
        if version.starts_with(|c: char| c.is_ascii_digit()) {
            self.nodes.insert(place, Node { name, version });
        } else {
            self.without_version += 1;
        }
    }

    /// Every name with its versions: what npm must ask about.
    pub(crate) fn pairs(&self) -> BTreeSet<(&str, &str)> {
        self.nodes.values().map(|node| (node.name.as_str(), node.version.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(&str, &str, &str)]) -> Locked {
        let locked = Locked::read(text).unwrap();
        let nodes: Vec<_> = locked
            .nodes
            .iter()
            .map(|(place, node)| (place.as_str(), node.name.as_str(), node.version.as_str()))
            .collect();
        assert_eq!(nodes, expect, "{text}");
        locked
    }

    #[test]
    fn every_version_names_its_packages() {
        let three = r#"{"lockfileVersion":3,"packages":{"":{"name":"own","version":"1.0.0"},
            "node_modules/a":{"version":"1.0.0"},
            "node_modules/b":{"name":"real","version":"2.0.0"},
            "node_modules/a/node_modules/@s/c":{"version":"3.0.0-rc.1","inBundle":true},
            "node_modules/w":{"resolved":"packages/w","link":true},
            "packages/w":{"name":"w","version":"9.0.0"},
            "node_modules/git":{"resolved":"git+ssh://git@example.invalid/x.git#1"}}}"#;
        let nodes = [
            ("node_modules/a", "a", "1.0.0"),
            ("node_modules/a/node_modules/@s/c", "@s/c", "3.0.0-rc.1"),
            ("node_modules/b", "real", "2.0.0"),
        ];
        let locked = check(three, &nodes);
        assert_eq!(locked.without_version, 1);
        assert!(locked.names.contains("w") && locked.names.contains("git"));
        let one = r#"{"lockfileVersion":1,"dependencies":{
            "a":{"version":"1.0.0","dependencies":{"@s/c":{"version":"3.0.0-rc.1"}}},
            "b":{"version":"npm:real@2.0.0"},"git":{"version":"git+ssh://x#1"}}}"#;
        let locked = check(one, &nodes[..2]);
        assert_eq!((locked.without_version, locked.aliases), (1, 1));
        check(r#"{"lockfileVersion":3}"#, &[]);
        check(r#"{"lockfileVersion":3,"packages":{}}"#, &[]);
    }

    #[test]
    fn what_is_no_lockfile_is_refused() {
        for text in ["", "[", r#"{"packages":[]}"#, r#"{"dependencies":1}"#] {
            assert!(Locked::read(text).is_err(), "{text}");
        }
        let deep = format!(r#"{}{}"#, r#"{"dependencies":{"a":"#.repeat(200), "1");
        assert!(Locked::read(&deep).is_err());
    }
}
