//! Which packages a lockfile may name, by the words that stand in it: enough to choose the records
//! of a database that could matter, never to say that one does. Owns the rule that a name is kept
//! unless one of its words is nowhere in the lockfiles (contract SC-6, SC-11).

use std::collections::HashSet;

use serde_json::Value;

use super::kind::{LockKind, Syntax};

/// Kinds in which every name stands as it is, whole. In others a name is put together from parts
/// (`pom.xml`), glued to something (`stack.yaml.lock`) or stands in a further file (`-r other.txt`).
const WHOLE_NAMES: &[&str] = &[
    "Cargo.lock",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "go.mod",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile.lock",
    "Gemfile.lock",
    "composer.lock",
    "gradle.lockfile",
    "pubspec.lock",
    "packages.lock.json",
];

/// Names that tools take from something else than a name, such as Go's version.
const ALWAYS: &[&str] = &["stdlib", "toolchain"];

/// The words of some lockfiles.
#[derive(Debug, Default)]
pub(crate) struct Words(HashSet<String>);

impl Words {
    /// Takes in a lockfile. `false` where its names cannot be told from its words: then nothing may
    /// be chosen by them.
    #[must_use]
    pub(crate) fn read(&mut self, kind: &LockKind, text: &str) -> bool {
        if !WHOLE_NAMES.contains(&kind.parser) {
            return false;
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match kind.syntax {
            // Read as the tool reads it: an escape may stand for any letter.
            Syntax::Json => match serde_json::from_str::<Value>(text) {
                Ok(value) => self.json(&value),
                Err(_) => return false,
            },
            Syntax::Toml => match text.parse::<toml::Table>() {
                Ok(table) => table.iter().for_each(|(key, value)| {
                    self.text(key);
                    self.toml(value);
                }),
                Err(_) => return false,
            },
            Syntax::Marked(_) | Syntax::Text if text.contains('\\') => return false,
            Syntax::Marked(_) | Syntax::Text => self.text(text),
        }
        true
    }

    /// Whether a package of this name may be among those of the lockfiles.
    pub(crate) fn may_name(&self, name: &str) -> bool {
        ALWAYS.contains(&name) || words(name).all(|word| self.0.contains(&word))
    }

    fn text(&mut self, text: &str) {
        self.0.extend(words(text));
    }

    fn json(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(list) => list.iter().for_each(|value| self.json(value)),
            Value::Object(map) => map.iter().for_each(|(key, value)| {
                self.text(key);
                self.json(value);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn toml(&mut self, value: &toml::Value) {
        match value {
            toml::Value::String(text) => self.text(text),
            toml::Value::Array(list) => list.iter().for_each(|value| self.toml(value)),
            toml::Value::Table(map) => map.iter().for_each(|(key, value)| {
                self.text(key);
                self.toml(value);
            }),
            _ => {}
        }
    }
}

/// Runs of letters, digits, `-`, `_` and `.`, in one spelling: small letters, one `-` for any run of
/// the three signs, as the ecosystems that fold names do.
fn words(text: &str) -> impl Iterator<Item = String> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.split(move |c: char| !is_word(c)).filter_map(|run| {
        let mut word = String::with_capacity(run.len());
        for c in run.chars() {
            if matches!(c, '-' | '_' | '.') {
                if !word.is_empty() && !word.ends_with('-') {
                    word.push('-');
                }
            } else {
                word.extend(c.to_lowercase());
            }
        }
        let end = word.trim_end_matches('-').len();
        word.truncate(end);
        (!word.is_empty()).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::super::kind;
    use super::*;

    fn words_of(name: &str, text: &str) -> Option<Words> {
        let mut words = Words::default();
        words.read(kind::of(name).unwrap(), text).then_some(words)
    }

    #[test]
    fn a_name_that_stands_there_in_any_spelling_may_be_named() {
        for (file, text, name) in [
            ("Cargo.lock", "[[package]]\nname = 'serde_json'\n", "serde-json"),
            ("package-lock.json", r#"{"packages":{"node_modules/@a/b.c":{}}}"#, "@a/b.c"),
            ("package-lock.json", "{\"packages\":{\"node_modules/\\u006codash\":{}}}", "lodash"),
            (
                "package-lock.json",
                r#"{"dependencies":{"x":{"version":"npm:lodash@1.0.0"}}}"#,
                "lodash",
            ),
            ("pnpm-lock.yaml", "packages:\n  /@a/b@1.0.0(c@2.0.0):\n", "@a/b"),
            ("yarn.lock", "\"@a/b@^1.0.0\", c@2:\n", "c"),
            ("poetry.lock", "[[package]]\nname = 'Flask_Login'\n", "flask-login"),
            ("go.mod", "require github.com/X/y v1.0.0\n", "github.com/x/y"),
            ("go.mod", "module x\ngo 1.22\n", "stdlib"),
            ("Gemfile.lock", "    rails (6.0.0)\n", "rails"),
            ("gradle.lockfile", "org.a:b-c:1.0=runtime\n", "org.a:b-c"),
        ] {
            assert!(words_of(file, text).unwrap().may_name(name), "{file} {name}");
        }
    }

    #[test]
    fn a_name_that_stands_nowhere_is_not() {
        let words = words_of("package-lock.json", r#"{"packages":{"node_modules/lodash":{}}}"#);
        let words = words.unwrap();
        for name in ["lodash.template", "1odash", "lodas", "@lodash/x", "ｌodash"] {
            assert!(!words.may_name(name), "{name}");
        }
    }

    #[test]
    fn where_names_cannot_be_told_nothing_is_chosen() {
        for (file, text) in [
            ("pom.xml", "<project/>"),
            ("requirements.txt", "-r other.txt\n"),
            ("stack.yaml.lock", "aeson-1.0@sha256"),
            ("pnpm-lock.yaml", "packages:\n  \"\\x6codash@1.0.0\":\n"),
            ("package-lock.json", "{"),
            ("Cargo.lock", "="),
        ] {
            assert!(words_of(file, text).is_none(), "{file}");
        }
    }
}
