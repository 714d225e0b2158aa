//! Whether a lockfile can be trusted to name packages at all: tools answer "clean" for an empty
//! one and for one in the middle of a merge. Owns these refusals and our own count of packages.
//! Never judges a package.

use serde_json::Value;

use super::kind::{LockKind, Syntax};

/// What we could tell of a usable lockfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// How many packages it names by our own count; null where we cannot count.
    pub packages: Option<Count>,
    /// Requirements without an exact version: no tool can say whether they are affected.
    pub unpinned: u64,
}

/// Our own count of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Every tool must see this many.
    Exactly(u64),
    /// Tools count differently, but zero is zero.
    About(u64),
}

/// Why a lockfile cannot be used (contract SC-3: a failed entry, never clean).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Nothing in it.
    #[error("the lockfile is empty")]
    Empty,
    /// `<<<<<<<`, `=======`, `>>>>>>>`.
    #[error("the lockfile holds the marks of an unfinished merge in line {line}; finish the merge")]
    Conflict {
        /// The first mark, from 1.
        line: usize,
    },
    /// Not UTF-8.
    #[error("the lockfile is not UTF-8 text; make it again")]
    NotText,
    /// Not the syntax its name asks for.
    #[error("the lockfile cannot be parsed as {syntax} ({place}); make it again")]
    Unparsable {
        /// `JSON` or `TOML`.
        syntax: &'static str,
        /// Where.
        place: String,
    },
    /// It lacks what every file of its kind has.
    #[error("the lockfile has no `{field}`, which every lockfile of its kind has; make it again")]
    Lacks {
        /// What is missing.
        field: &'static str,
    },
}

/// Looks at a lockfile's bytes.
///
/// # Errors
/// When nothing a tool says of it could be believed.
pub fn look(kind: &LockKind, bytes: &[u8]) -> Result<Looked, Unusable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unusable::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Unusable::Empty);
    }
    if let Some(line) = conflict(text) {
        return Err(Unusable::Conflict { line });
    }
    let mut looked = Looked { packages: None, unpinned: 0 };
    match kind.syntax {
        Syntax::Json => {
            let value: Value = serde_json::from_str(text).map_err(|error| {
                let place = format!("line {} column {}", error.line(), error.column());
                Unusable::Unparsable { syntax: "JSON", place }
            })?;
            if !value.is_object() {
                return Err(Unusable::Unparsable { syntax: "JSON", place: "no object".to_owned() });
            }
            if kind.parser == "package-lock.json" {
                if value.get("lockfileVersion").is_none() {
                    return Err(Unusable::Lacks { field: "lockfileVersion" });
                }
                looked.packages = Some(Count::About(npm_packages(&value)));
            }
        }
        Syntax::Toml => {
            let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
                let start = error.span().map_or(0, |span| span.start).min(text.len());
                let line = text.as_bytes()[..start].iter().filter(|b| **b == b'\n').count() + 1;
                Unusable::Unparsable { syntax: "TOML", place: format!("line {line}") }
            })?;
            let packages = table.get("package").or_else(|| table.get("packages"));
            let count = packages.and_then(toml::Value::as_array).map_or(0, Vec::len) as u64;
            if kind.parser == "Cargo.lock" {
                if !table.contains_key("version") && !table.contains_key("package") {
                    return Err(Unusable::Lacks { field: "version" });
                }
                looked.packages = Some(Count::Exactly(count));
            } else {
                looked.packages = Some(Count::About(count));
            }
        }
        Syntax::Marked(field) if !text.contains(field) => return Err(Unusable::Lacks { field }),
        Syntax::Marked(_) => {}
        Syntax::Text if kind.parser == "yarn.lock" => {
            if !text.contains("yarn lockfile") && !text.contains("__metadata:") {
                return Err(Unusable::Lacks { field: "# yarn lockfile" });
            }
        }
        Syntax::Text if kind.parser == "requirements.txt" => {
            looked.unpinned = unpinned(text);
        }
        Syntax::Text => {}
    }
    Ok(looked)
}

/// The first line that a merge left, where a begin and an end both stand at the start of a line.
fn conflict(text: &str) -> Option<usize> {
    let begin = text.lines().position(|line| line.starts_with("<<<<<<< "));
    let end = text.lines().position(|line| line.starts_with(">>>>>>> "));
    begin.zip(end).map(|(begin, end)| begin.min(end) + 1)
}

fn npm_packages(lock: &Value) -> u64 {
    if let Some(packages) = lock.get("packages").and_then(Value::as_object) {
        let is_link = |value: &Value| value.get("link").and_then(Value::as_bool) == Some(true);
        return packages
            .iter()
            .filter(|(path, value)| path.contains("node_modules/") && !is_link(value))
            .count() as u64;
    }
    lock.get("dependencies").map_or(0, nested)
}

fn nested(dependencies: &Value) -> u64 {
    let Some(entries) = dependencies.as_object() else { return 0 };
    entries.values().map(|entry| 1 + entry.get("dependencies").map_or(0, nested)).sum()
}

fn unpinned(text: &str) -> u64 {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    joined
        .lines()
        .map(|line| line.split(" #").next().unwrap_or("").trim())
        .filter(|line| !line.is_empty() && !line.starts_with(['#', '-']))
        // What stands behind `;` compares the platform and not the version.
        .filter(|line| !line.split(';').next().unwrap_or("").contains("=="))
        .count() as u64
}

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::*;

    fn check(name: &str, text: &str, expect: Result<Option<Count>, Unusable>) {
        let kind = kind::of(name).unwrap();
        assert_eq!(
            look(kind, text.as_bytes()).map(|looked| looked.packages),
            expect,
            "{name}: {text}"
        );
    }

    /// Contract SC-3.
    #[test]
    fn what_names_no_packages_is_refused_and_what_does_is_counted() {
        check("Cargo.lock", "", Err(Unusable::Empty));
        check("yarn.lock", " \n", Err(Unusable::Empty));
        check("Cargo.lock", "version = 4\n", Ok(Some(Count::Exactly(0))));
        check(
            "Cargo.lock",
            "version = 4\n[[package]]\nname='a'\nversion='1'\n",
            Ok(Some(Count::Exactly(1))),
        );
        check("Cargo.lock", "x = 1\n", Err(Unusable::Lacks { field: "version" }));
        check(
            "Cargo.lock",
            "a = 1\nb",
            Err(Unusable::Unparsable { syntax: "TOML", place: "line 2".into() }),
        );
        check("package-lock.json", "{}", Err(Unusable::Lacks { field: "lockfileVersion" }));
        check(
            "package-lock.json",
            r#"{"lockfileVersion":3,"packages":{"":{},"node_modules/a":{},"node_modules/w":{"link":true},"w":{}}}"#,
            Ok(Some(Count::About(1))),
        );
        check(
            "package-lock.json",
            r#"{"lockfileVersion":1,"dependencies":{"a":{"dependencies":{"b":{}}}}}"#,
            Ok(Some(Count::About(2))),
        );
        check(
            "package-lock.json",
            "[]",
            Err(Unusable::Unparsable { syntax: "JSON", place: "no object".into() }),
        );
        check("pnpm-lock.yaml", "packages:\n", Err(Unusable::Lacks { field: "lockfileVersion" }));
        check("yarn.lock", "a@1:\n", Err(Unusable::Lacks { field: "# yarn lockfile" }));
        let merge = "# yarn lockfile v1\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n";
        check("yarn.lock", merge, Err(Unusable::Conflict { line: 2 }));
        let kind = kind::of("go.mod").unwrap();
        assert_eq!(look(kind, b"\xff\xfe"), Err(Unusable::NotText));
    }

    #[test]
    fn requirements_without_an_exact_version_are_counted() {
        let kind = kind::of("requirements.txt").unwrap();
        let text = "# c\nflask==1.0 \\\n  --hash=x\nrequests>=2\n-r other.txt\nnumpy\n\n";
        assert_eq!(look(kind, text.as_bytes()).unwrap().unpinned, 2);
        let text = "a>=1; sys_platform == 'win32'\nb==1 ; python_version >= '3'\n";
        assert_eq!(look(kind, text.as_bytes()).unwrap().unpinned, 1);
    }
}
