//! Our own reading of which packages a lockfile names, to hold a tool's list against.
//! Never resolves anything and never guesses: what cannot be told for sure is left out, and a kind
//! we cannot read at all says so.
//! Long because each kind of lockfile has a syntax of its own.

use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::finding::Component;
use serde_json::Value;

use super::kind::LockKind;
use super::purl;

/// How far our reading of one kind can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Every package and no other: a tool that says otherwise contradicts the lockfile.
    Whole,
    /// Tools may name more: the project's own parts, packages of a platform, forms we leave out.
    Partly,
}

/// The packages one lockfile names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Each once, by package URL.
    pub packages: BTreeMap<String, Component>,
    /// The names of the project's own parts, which tools list or leave out as they like.
    pub own: BTreeSet<String>,
    /// Of these, those that are not known to be of the project: from a repository, an address or a
    /// folder in place of a registry.
    pub elsewhere: BTreeSet<String>,
    /// How far it can be trusted.
    pub trust: Trust,
}

/// Reads a lockfile that was found usable; `None` for a kind we do not read ourselves.
pub fn named(kind: &LockKind, bytes: &[u8]) -> Option<Named> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Found { ecosystem: kind.ecosystem, ..Found::default() };
    let trust = match kind.parser {
        "Cargo.lock" => {
            cargo(text, &mut found)?;
            Trust::Whole
        }
        "poetry.lock" | "uv.lock" | "pdm.lock" | "pylock.toml" => {
            toml_packages(text, &mut found)?;
            Trust::Partly
        }
        "package-lock.json" => {
            npm(&serde_json::from_str(text).ok()?, &mut found);
            Trust::Partly
        }
        "pnpm-lock.yaml" => {
            pnpm(text, &mut found);
            Trust::Partly
        }
        "yarn.lock" => {
            yarn(text, &mut found);
            Trust::Partly
        }
        "go.mod" => {
            go_mod(text, &mut found);
            Trust::Partly
        }
        "requirements.txt" => {
            requirements(text, &mut found);
            Trust::Partly
        }
        "Pipfile.lock" => {
            pipfile(&serde_json::from_str(text).ok()?, &mut found);
            Trust::Partly
        }
        "Gemfile.lock" => {
            gemfile(text, &mut found);
            Trust::Partly
        }
        "composer.lock" => {
            composer(&serde_json::from_str(text).ok()?, &mut found);
            Trust::Partly
        }
        "gradle.lockfile" => {
            gradle(text, &mut found);
            Trust::Partly
        }
        "packages.lock.json" => {
            nuget(&serde_json::from_str(text).ok()?, &mut found);
            Trust::Partly
        }
        _ => return None,
    };
    let Found { packages, mut own, elsewhere, .. } = found;
    own.extend(elsewhere.iter().cloned());
    Some(Named { packages, own, elsewhere, trust })
}

#[derive(Default)]
struct Found {
    ecosystem: &'static str,
    packages: BTreeMap<String, Component>,
    own: BTreeSet<String>,
    elsewhere: BTreeSet<String>,
}

impl Found {
    fn add(&mut self, name: &str, version: &str) {
        if name.is_empty() || version.is_empty() {
            return;
        }
        let component = purl::component(self.ecosystem, name, version);
        self.packages.insert(component.purl.clone(), component);
    }
}

/// A package without a source is a part of the project.
fn cargo(text: &str, found: &mut Found) -> Option<()> {
    let table: toml::Table = text.parse().ok()?;
    for package in table.get("package").and_then(toml::Value::as_array).into_iter().flatten() {
        let word = |field: &str| package.get(field).and_then(toml::Value::as_str).unwrap_or("");
        if word("source").is_empty() {
            found.own.insert(word("name").to_owned());
        } else {
            found.add(word("name"), word("version"));
        }
    }
    Some(())
}

fn toml_packages(text: &str, found: &mut Found) -> Option<()> {
    let table: toml::Table = text.parse().ok()?;
    let list = table.get("package").or_else(|| table.get("packages"));
    for package in list.and_then(toml::Value::as_array).into_iter().flatten() {
        let word = |field: &str| package.get(field).and_then(toml::Value::as_str).unwrap_or("");
        let local = package.get("source").and_then(toml::Value::as_table).is_some_and(|source| {
            ["virtual", "editable", "directory", "path"].iter().any(|key| source.contains_key(*key))
        });
        if local {
            found.own.insert(word("name").to_owned());
        } else {
            found.add(word("name"), word("version"));
        }
    }
    Some(())
}

fn npm(lock: &Value, found: &mut Found) {
    let text = |value: &Value, field: &str| -> String {
        value.get(field).and_then(Value::as_str).unwrap_or("").to_owned()
    };
    let Some(packages) = lock.get("packages").and_then(Value::as_object) else {
        npm_nested(lock.get("dependencies"), found);
        return;
    };
    for (path, entry) in packages {
        let given = text(entry, "name");
        let Some((_, last)) = path.rsplit_once("node_modules/") else {
            found.own.insert(path.clone());
            found.own.insert(path.rsplit('/').next().unwrap_or(path).to_owned());
            found.own.insert(if given.is_empty() { text(lock, "name") } else { given });
            continue;
        };
        let name = if given.is_empty() { last.to_owned() } else { given };
        if entry.get("link").and_then(Value::as_bool) == Some(true) {
            found.own.insert(name);
        } else {
            found.add(&name, &text(entry, "version"));
        }
    }
}

fn npm_nested(dependencies: Option<&Value>, found: &mut Found) {
    for (name, entry) in dependencies.and_then(Value::as_object).into_iter().flatten() {
        let version = entry.get("version").and_then(Value::as_str).unwrap_or("");
        match version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@')) {
            Some((real, version)) => found.add(real, version),
            None if version.contains([':', '/']) => drop(found.own.insert(name.clone())),
            None => found.add(name, version),
        }
        npm_nested(entry.get("dependencies"), found);
    }
}

/// The keys under `packages:`, in the three spellings there were: `/a/1.0.0_peer`, `/a@1.0.0(peer)`
/// and `a@1.0.0`.
fn pnpm(text: &str, found: &mut Found) {
    let mut inside = false;
    for line in text.lines() {
        if !line.starts_with(' ') && !line.is_empty() {
            inside = line.trim_end() == "packages:";
            continue;
        }
        let Some(key) = line.strip_prefix("  ").filter(|key| inside && !key.starts_with(' '))
        else {
            continue;
        };
        let Some(key) = key.trim_end().strip_suffix(':') else { continue };
        let key = key.trim_matches(['\'', '"']);
        let key = key.split('(').next().unwrap_or(key);
        let old = key.starts_with('/');
        let key = key.trim_start_matches('/');
        let oldest = key.rsplit_once('/').filter(|(_, version)| {
            let version = version.split('_').next().unwrap_or(version);
            old && version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains('@')
        });
        let newer = key.rfind('@').filter(|at| *at > 0).map(|at| (&key[..at], &key[at + 1..]));
        let parts = oldest.or(newer);
        if let Some((name, version)) = parts {
            let version = version.split('_').next().unwrap_or(version);
            if version.contains([':', '/']) {
                found.elsewhere.insert(name.to_owned());
            } else {
                found.add(name, version);
            }
        }
    }
}

fn yarn(text: &str, found: &mut Found) {
    let mut name = String::new();
    let mut version = String::new();
    for line in text.lines().chain(["end:"]) {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if !line.starts_with(' ') {
            found.add(&name, &version);
            version.clear();
            // The newer form begins with a block about the file itself.
            name = if line == "__metadata:" { String::new() } else { yarn_name(line) };
        } else if let Some(field) = line.strip_prefix("  ").filter(|field| !field.starts_with(' '))
        {
            if let Some(value) = field.strip_prefix("version") {
                version = value.trim_start_matches(':').trim().trim_matches('"').to_owned();
            } else if let Some(value) = field.strip_prefix("resolution:") {
                let value = value.trim().trim_matches('"');
                match value.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1) {
                    Some(at) if value[at..].starts_with("@npm:") => name = value[..at].to_owned(),
                    Some(at) => {
                        let local = value[at..].starts_with("@workspace:");
                        let list = if local { &mut found.own } else { &mut found.elsewhere };
                        list.insert(value[..at].to_owned());
                        name.clear();
                    }
                    None => {}
                }
            }
        }
    }
}

/// The name in the first specifier of a header: `"@a/b@^1.0", "@a/b@1":`; an alias names its target.
fn yarn_name(header: &str) -> String {
    let first = header.trim_end_matches(':').split(", ").next().unwrap_or("").trim_matches('"');
    let spec = first.split_once("@npm:").map_or(first, |(alias, target)| {
        if target.trim_start_matches('@').contains('@') { target } else { alias }
    });
    match spec.get(1..).and_then(|rest| rest.find('@')) {
        Some(at) => spec[..=at].to_owned(),
        None => spec.to_owned(),
    }
}

fn go_mod(text: &str, found: &mut Found) {
    let mut block = "";
    let mut required: BTreeMap<String, String> = BTreeMap::new();
    let mut replaced: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or("").trim();
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else { continue };
        if line == ")" {
            block = "";
            continue;
        }
        let rest: Vec<&str> = if block.is_empty() {
            if words.clone().next() == Some("(") {
                block = match first {
                    "require" => "require",
                    "replace" => "replace",
                    _ => "other",
                };
                continue;
            }
            words.collect()
        } else {
            std::iter::once(first).chain(words).collect()
        };
        let what = if block.is_empty() { first } else { block };
        match (what, rest.as_slice()) {
            ("require", [name, version, ..]) => {
                required.insert((*name).to_owned(), (*version).to_owned());
            }
            ("replace", [old, more @ ..]) => {
                let target =
                    more.iter().skip_while(|word| **word != "=>").skip(1).map(|w| (*w).to_owned());
                replaced.push(((*old).to_owned(), target.collect()));
            }
            ("module", [name, ..]) => drop(found.own.insert((*name).to_owned())),
            _ => {}
        }
    }
    for (old, target) in replaced {
        if required.remove(&old).is_some() {
            match target.as_slice() {
                [name, version] => drop(required.insert(name.clone(), version.clone())),
                // A folder, or a form we do not know: who lists it, under which name, is open.
                other => {
                    found.elsewhere.insert(old);
                    found.own.extend(other.iter().cloned());
                }
            }
        }
    }
    for (name, version) in required {
        found.add(&name, version.strip_prefix('v').unwrap_or(&version));
    }
}

fn requirements(text: &str, found: &mut Found) {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    for line in joined.lines() {
        let line = line.split(" #").next().unwrap_or("").trim();
        if line.starts_with(['#', '-']) {
            continue;
        }
        let line = line.split(';').next().unwrap_or(line);
        let Some((name, version)) = line.split_once("==") else { continue };
        let name = name.split('[').next().unwrap_or(name).trim();
        let version = version.trim_start_matches('=').trim_start();
        let version = version.split([' ', ',', '\t']).next().unwrap_or("");
        if !version.contains('*') {
            found.add(name, version);
        }
    }
}

fn pipfile(lock: &Value, found: &mut Found) {
    for section in ["default", "develop"] {
        for (name, entry) in lock.get(section).and_then(Value::as_object).into_iter().flatten() {
            let version = entry.get("version").and_then(Value::as_str).unwrap_or("");
            match version.strip_prefix("==") {
                Some(version) => found.add(name, version),
                None => drop(found.elsewhere.insert(name.clone())),
            }
        }
    }
}

/// Entries with four blanks under a `specs:`.
fn gemfile(text: &str, found: &mut Found) {
    let mut inside = false;
    for line in text.lines() {
        match line.len() - line.trim_start().len() {
            4 if inside => {
                if let Some((name, version)) = line.trim().split_once(" (") {
                    found.add(name, version.trim_end_matches(')'));
                }
            }
            2 => inside = line.trim() == "specs:",
            0 => inside = false,
            _ => {}
        }
    }
}

fn composer(lock: &Value, found: &mut Found) {
    for section in ["packages", "packages-dev"] {
        for entry in lock.get(section).and_then(Value::as_array).into_iter().flatten() {
            let word = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or("");
            found.add(word("name"), word("version"));
        }
    }
}

fn gradle(text: &str, found: &mut Found) {
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let coordinates = line.split('=').next().unwrap_or("");
        if let Some((name, version)) = coordinates.rsplit_once(':') {
            found.add(name, version);
        }
    }
}

fn nuget(lock: &Value, found: &mut Found) {
    let frameworks = lock.get("dependencies").and_then(Value::as_object);
    for packages in frameworks.into_iter().flat_map(|all| all.values()) {
        for (name, entry) in packages.as_object().into_iter().flatten() {
            match entry.get("resolved").and_then(Value::as_str) {
                Some(version) => found.add(name, version),
                None => drop(found.own.insert(name.clone())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::*;

    #[track_caller]
    fn check(file: &str, text: &str, expect: &[&str]) {
        let named = named(kind::of(file).unwrap(), text.as_bytes()).unwrap();
        let purls: Vec<_> = named.packages.keys().map(String::as_str).collect();
        assert_eq!(purls, expect, "{file}");
    }

    #[test]
    fn each_kind_of_lockfile_names_its_packages() {
        check(
            "Cargo.lock",
            "version = 4\n[[package]]\nname='a'\nversion='1.0.0'\n[[package]]\nname='b'\nversion='0.1.0'\nsource='r'\n",
            &["pkg:cargo/b@0.1.0"],
        );
        check(
            "package-lock.json",
            r#"{"name":"own","lockfileVersion":3,"packages":{"":{"name":"own","version":"1.0.0"},
                "node_modules/@a/b":{"version":"1.0.0"},"node_modules/x/node_modules/y":{"version":"2.0.0"},
                "node_modules/alias":{"name":"real","version":"3.0.0"},"node_modules/w":{"link":true},
                "packages/w":{"version":"0.1.0"}}}"#,
            &["pkg:npm/%40a/b@1.0.0", "pkg:npm/real@3.0.0", "pkg:npm/y@2.0.0"],
        );
        check(
            "package-lock.json",
            r#"{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"npm:c@2.0.0"}}},
                "g":{"version":"git+ssh://example.invalid/g.git#1"}}}"#,
            &["pkg:npm/a@1.0.0", "pkg:npm/c@2.0.0"],
        );
        for text in [
            "lockfileVersion: 5.4\npackages:\n\n  /@a/b/1.0.0_p@2.0.0:\n    dev: true\n  /c/2.0.0:\n    dev: false\n",
            "lockfileVersion: '6.0'\npackages:\n\n  /@a/b@1.0.0(p@2.0.0):\n    dev: true\n  /c@2.0.0:\n",
            "lockfileVersion: '9.0'\nimporters:\n  .:\npackages:\n\n  '@a/b@1.0.0':\n    x: y\n  c@2.0.0:\n    x: y\nsnapshots:\n  d@1.0.0:\n",
        ] {
            check("pnpm-lock.yaml", text, &["pkg:npm/%40a/b@1.0.0", "pkg:npm/c@2.0.0"]);
        }
        check(
            "yarn.lock",
            "# yarn lockfile v1\n\n\"@a/b@^1.0\", \"@a/b@1\":\n  version \"1.0.0\"\n  dependencies:\n    c \"2\"\n\nc@2:\n  version \"2.0.0\"\n\nd@npm:e@1:\n  version \"1.1.0\"\n",
            &["pkg:npm/%40a/b@1.0.0", "pkg:npm/c@2.0.0", "pkg:npm/e@1.1.0"],
        );
        check(
            "yarn.lock",
            "__metadata:\n  version: 8\n\n\"@a/b@npm:^1.0\":\n  version: 1.0.0\n  resolution: \"@a/b@npm:1.0.0\"\n\n\"own@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"own@workspace:.\"\n",
            &["pkg:npm/%40a/b@1.0.0"],
        );
        check(
            "go.mod",
            "module m\ngo 1.22\nrequire a.example/x v1.0.0\nrequire (\n\tb.example/Y v2.0.0+incompatible // indirect\n\tc.example/z v3.0.0\n\td.example/l v1.0.0\n)\nreplace c.example/z => c.example/fork v3.1.0\nreplace d.example/l => ./local\n",
            &[
                "pkg:golang/a.example/x@v1.0.0",
                "pkg:golang/b.example/y@v2.0.0%2Bincompatible",
                "pkg:golang/c.example/fork@v3.1.0",
            ],
        );
        check(
            "requirements.txt",
            "# c\nFlask[async]==1.0 ; python_version > '3' \\\n  --hash=x\nb>=2; os == 'x'\n-r other.txt\nd==1.*\n",
            &["pkg:pypi/flask@1.0"],
        );
        check(
            "uv.lock",
            "version=1\n[[package]]\nname='own'\nversion='1'\nsource={editable='.'}\n[[package]]\nname='a'\nversion='2'\n",
            &["pkg:pypi/a@2"],
        );
        check(
            "Pipfile.lock",
            r#"{"default":{"a":{"version":"==1.0"}},"develop":{"b":{"git":"x"}}}"#,
            &["pkg:pypi/a@1.0"],
        );
        check(
            "Gemfile.lock",
            "GEM\n  remote: x\n  specs:\n    a (1.0)\n      b (~> 2)\n    b (2.1)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  a\n",
            &["pkg:gem/a@1.0", "pkg:gem/b@2.1"],
        );
        check(
            "composer.lock",
            r#"{"packages":[{"name":"A/b","version":"v1.0"}],"packages-dev":[]}"#,
            &["pkg:composer/a/b@v1.0"],
        );
        check("gradle.lockfile", "# c\ng.h:a:1.0=x,y\nempty=z\n", &["pkg:maven/g.h/a@1.0"]);
        check(
            "packages.lock.json",
            r#"{"dependencies":{"net8.0":{"A":{"resolved":"1.0"},"own":{"type":"Project"}}}}"#,
            &["pkg:nuget/A@1.0"],
        );
        assert_eq!(named(kind::of("conan.lock").unwrap(), b"{}"), None);
    }
}
