//! Manifests that ask for packages, and whether a lockfile of the tree answers for them.
//! One without a lock is a gap (contract SC-3): nobody knows which versions it would bring.
//! Never reads a lockfile's packages; never resolves anything.

use std::collections::BTreeMap;

use serde_json::Value;

/// A family of manifests and the lockfiles that answer for it.
struct Family {
    manifests: &'static [&'static str],
    locks: &'static [&'static str],
    advice: &'static str,
}

static FAMILIES: &[Family] = &[
    Family {
        manifests: &["Cargo.toml"],
        locks: &["Cargo.lock"],
        advice: "commit the `Cargo.lock` that `cargo generate-lockfile` makes",
    },
    Family {
        manifests: &["package.json"],
        locks: &[
            "package-lock.json",
            "npm-shrinkwrap.json",
            "pnpm-lock.yaml",
            "yarn.lock",
            "bun.lock",
        ],
        advice: "commit the lockfile that `npm install --package-lock-only` makes",
    },
    Family {
        manifests: &["pyproject.toml", "Pipfile", "setup.py", "setup.cfg"],
        locks: &[
            "poetry.lock",
            "uv.lock",
            "pdm.lock",
            "pylock.toml",
            "Pipfile.lock",
            "requirements.txt",
        ],
        advice: "commit a lockfile, such as the one `uv lock` makes",
    },
    Family {
        manifests: &["Gemfile"],
        locks: &["Gemfile.lock"],
        advice: "commit the `Gemfile.lock` that `bundle lock` makes",
    },
    Family {
        manifests: &["composer.json"],
        locks: &["composer.lock"],
        advice: "commit the `composer.lock` that `composer update --no-install` makes",
    },
    Family {
        manifests: &["pubspec.yaml"],
        locks: &["pubspec.lock"],
        advice: "commit the `pubspec.lock` that `dart pub get` makes",
    },
    Family {
        manifests: &["mix.exs"],
        locks: &["mix.lock"],
        advice: "commit the `mix.lock` that `mix deps.get` makes",
    },
    Family {
        manifests: &["build.gradle", "build.gradle.kts"],
        locks: &["gradle.lockfile"],
        advice: "commit the lockfile that `gradle dependencies --write-locks` makes",
    },
    Family {
        manifests: &["Package.swift"],
        locks: &["Package.resolved"],
        advice: "no pinned tool reads Swift packages",
    },
];

/// What becomes of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This lockfile names what it asks for.
    LockedBy(String),
    /// It asks for nothing.
    AsksNothing,
    /// Nobody knows: a gap, with what to do.
    Unlocked(&'static str),
}

/// Whether a file is a manifest we know, by its name.
pub fn is_manifest(file_name: &str) -> bool {
    family(file_name).is_some()
}

fn family(file_name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.manifests.contains(&file_name))
}

/// Finds the lockfile that answers for the manifest at `path`. `texts` holds every manifest and
/// lockfile of the tree by its path.
pub fn answer(path: &str, texts: &BTreeMap<String, Vec<u8>>) -> Answer {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Some(family) = family(name) else { return Answer::AsksNothing };
    let text = texts
        .get(path)
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .unwrap_or_default();
    if !asks(name, &text) {
        return Answer::AsksNothing;
    }
    let mut above = Some(folder);
    while let Some(candidate) = above {
        for lock in family.locks {
            let lock_path = join(candidate, lock);
            if let Some(bytes) = texts.get(&lock_path)
                && (candidate == folder
                    || is_member(name, &text, candidate, folder, lock, bytes, texts))
            {
                return Answer::LockedBy(lock_path);
            }
        }
        above = parent(candidate);
    }
    Answer::Unlocked(family.advice)
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn parent(folder: &str) -> Option<&str> {
    if folder.is_empty() { None } else { Some(folder.rsplit_once('/').map_or("", |(up, _)| up)) }
}

/// Whether a manifest asks for anything; in doubt it does.
fn asks(name: &str, text: &str) -> bool {
    match name {
        "package.json" => match serde_json::from_str::<Value>(text) {
            Ok(value) => {
                ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]
                    .iter()
                    .any(|field| {
                        value
                            .get(field)
                            .and_then(Value::as_object)
                            .is_some_and(|list| !list.is_empty())
                    })
            }
            Err(_) => true,
        },
        "Cargo.toml" => match text.parse::<toml::Table>() {
            Ok(table) => has_dependencies(&table),
            Err(_) => true,
        },
        "pyproject.toml" => text.contains("dependencies") || text.contains("requires"),
        _ => !text.trim().is_empty(),
    }
}

fn has_dependencies(table: &toml::Table) -> bool {
    table.iter().any(|(key, value)| match value {
        toml::Value::Table(inner) if key.ends_with("dependencies") => !inner.is_empty(),
        toml::Value::Table(inner)
            if key == "workspace" || key == "target" || key.starts_with("cfg(") =>
        {
            has_dependencies(inner)
        }
        toml::Value::Table(inner) => inner.iter().any(|(key, value)| {
            key.ends_with("dependencies") && value.as_table().is_some_and(|list| !list.is_empty())
        }),
        _ => false,
    })
}

/// Whether a lockfile above a manifest names it as a member of its workspace.
fn is_member(
    name: &str,
    text: &str,
    lock_folder: &str,
    folder: &str,
    lock: &str,
    lock_bytes: &[u8],
    texts: &BTreeMap<String, Vec<u8>>,
) -> bool {
    let relative = folder.strip_prefix(lock_folder).unwrap_or(folder).trim_start_matches('/');
    let lock_text = String::from_utf8_lossy(lock_bytes);
    match (name, lock) {
        ("Cargo.toml", _) => {
            let package = text
                .parse::<toml::Table>()
                .ok()
                .and_then(|table| Some(table.get("package")?.get("name")?.as_str()?.to_owned()));
            let Ok(table) = lock_text.parse::<toml::Table>() else { return false };
            let locked = table.get("package").and_then(toml::Value::as_array);
            package.is_some_and(|package| {
                locked.is_some_and(|locked| {
                    locked.iter().any(|entry| {
                        entry.get("name").and_then(toml::Value::as_str) == Some(&package)
                            && entry.get("source").is_none()
                    })
                })
            })
        }
        ("package.json", "package-lock.json" | "npm-shrinkwrap.json") => serde_json::from_str::<
            Value,
        >(&lock_text)
        .is_ok_and(|value| value.get("packages").is_some_and(|list| list.get(relative).is_some())),
        ("package.json", "pnpm-lock.yaml") => {
            lock_text.lines().any(|line| line.trim().trim_matches(['\'', '"', ':']) == relative)
        }
        ("package.json", _) => texts.get(&join(lock_folder, "package.json")).is_some_and(|root| {
            serde_json::from_slice::<Value>(root).is_ok_and(|root| {
                let list = root.get("workspaces").map(|list| list.get("packages").unwrap_or(list));
                list.and_then(Value::as_array).is_some_and(|patterns| {
                    patterns.iter().filter_map(Value::as_str).any(|pattern| fits(pattern, relative))
                })
            })
        }),
        // The other families have one lock a project; a manifest below it is one of its parts.
        ("build.gradle" | "build.gradle.kts", _) => false,
        _ => lock_text.contains(relative),
    }
}

/// A workspace pattern: `*` is one name, `**` any number of them.
fn fits(pattern: &str, path: &str) -> bool {
    fn go(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((&"**", rest)), _) => (0..=path.len()).any(|skip| go(rest, &path[skip..])),
            (Some((&"*", rest)), Some((_, tail))) => go(rest, tail),
            (Some((name, rest)), Some((part, tail))) => name == part && go(rest, tail),
            _ => false,
        }
    }
    let parts = |text: &str| -> Vec<String> {
        text.trim_start_matches("./").trim_matches('/').split('/').map(str::to_owned).collect()
    };
    let (pattern, path) = (parts(pattern), parts(path));
    go(
        &pattern.iter().map(String::as_str).collect::<Vec<_>>(),
        &path.iter().map(String::as_str).collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, files: &[(&str, &str)], expect: &str) {
        let texts = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect();
        let answer = match answer(path, &texts) {
            Answer::LockedBy(lock) => lock,
            Answer::AsksNothing => "nothing".to_owned(),
            Answer::Unlocked(_) => "unlocked".to_owned(),
        };
        assert_eq!(answer, expect, "{path}");
    }

    /// Contract SC-3.
    #[test]
    fn a_manifest_is_locked_only_by_a_lock_that_knows_it() {
        let cargo = "[package]\nname='a'\n[dependencies]\nx='1'\n";
        check("Cargo.toml", &[("Cargo.toml", cargo)], "unlocked");
        check("Cargo.toml", &[("Cargo.toml", cargo), ("Cargo.lock", "")], "Cargo.lock");
        check(
            "fuzz/Cargo.toml",
            &[("fuzz/Cargo.toml", cargo), ("Cargo.lock", "[[package]]\nname='b'\n")],
            "unlocked",
        );
        check(
            "m/Cargo.toml",
            &[("m/Cargo.toml", cargo), ("Cargo.lock", "[[package]]\nname='a'\n")],
            "Cargo.lock",
        );
        check(
            "m/Cargo.toml",
            &[("m/Cargo.toml", cargo), ("Cargo.lock", "[[package]]\nname='a'\nsource='r'\n")],
            "unlocked",
        );
        check("Cargo.toml", &[("Cargo.toml", "[package]\nname='a'\n")], "nothing");
        check(
            "Cargo.toml",
            &[("Cargo.toml", "[target.'cfg(unix)'.dependencies]\nx='1'\n")],
            "unlocked",
        );
        let npm = r#"{"dependencies":{"x":"1"}}"#;
        check(
            "p/package.json",
            &[("p/package.json", npm), ("package-lock.json", r#"{"packages":{"p":{}}}"#)],
            "package-lock.json",
        );
        check(
            "p/package.json",
            &[("p/package.json", npm), ("package-lock.json", r#"{"packages":{"q":{}}}"#)],
            "unlocked",
        );
        check(
            "p/a/package.json",
            &[
                ("p/a/package.json", npm),
                ("yarn.lock", ""),
                ("package.json", r#"{"workspaces":["p/*"]}"#),
            ],
            "yarn.lock",
        );
        check(
            "t/a/package.json",
            &[
                ("t/a/package.json", npm),
                ("yarn.lock", ""),
                ("package.json", r#"{"workspaces":["p/*"]}"#),
            ],
            "unlocked",
        );
        check(
            "p/package.json",
            &[("p/package.json", npm), ("pnpm-lock.yaml", "importers:\n  p:\n")],
            "pnpm-lock.yaml",
        );
        check("package.json", &[("package.json", r#"{"scripts":{}}"#)], "nothing");
        check("package.json", &[("package.json", "{")], "unlocked");
    }

    #[test]
    fn workspace_patterns_match_whole_names() {
        for (pattern, path, expect) in [
            ("p/*", "p/a", true),
            ("p/*", "p/a/b", false),
            ("p/**", "p/a/b", true),
            ("./p/a/", "p/a", true),
            ("p", "pa", false),
        ] {
            assert_eq!(fits(pattern, path), expect, "{pattern} {path}");
        }
    }
}
