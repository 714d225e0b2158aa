//! What the manifests of packages and projects declare as their licence, and which files are
//! licence texts by their names. Owns the reading of these fields; never reads a file of the disk.

use mex_runtime::finding::{LicenseStatement, LicenseText};
use mex_runtime::license::{MAX_EXPRESSION_BYTES, statement};
use serde_json::Value;

use crate::answer::line;

/// What a package says of its own licence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Speech {
    /// What was read: an archive by digest, or a path.
    pub from: String,
    /// The declarations.
    pub declared: Vec<LicenseStatement>,
    /// The file that its manifest names in place of an expression.
    pub license_file: Option<String>,
    /// The texts beside its manifest.
    pub texts: Vec<LicenseText>,
}

/// A declaration; words that are too long for an expression are cut, and are none.
pub(super) fn said(text: &str, source: &str) -> Option<LicenseStatement> {
    let text = text.trim();
    if text.is_empty() {
        None
    } else if text.len() > MAX_EXPRESSION_BYTES {
        Some(LicenseStatement { text: line(text), spdx: None, source: source.to_owned() })
    } else {
        Some(statement(text, source))
    }
}

/// What a `Cargo.toml` declares, its workspace's common declaration included; null where it is no TOML.
pub fn cargo_toml(bytes: &[u8], source: &str) -> Option<Speech> {
    let table: toml::Table = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    let mut speech = Speech::default();
    let workspace = table.get("workspace").and_then(|workspace| workspace.get("package"));
    for package in [table.get("package"), workspace].into_iter().flatten() {
        let field = |name: &str| package.get(name).and_then(toml::Value::as_str);
        speech.declared.extend(field("license").and_then(|text| said(text, source)));
        if let Some(file) = field("license-file") {
            speech.license_file = Some(file.trim_start_matches("./").to_owned());
        }
    }
    Some(speech)
}

/// What a `package.json` declares, or an entry of a package-lock; null where it is no JSON object.
pub fn package_json(value: &Value, source: &str) -> Option<Speech> {
    let fields = value.as_object()?;
    let mut speech = Speech::default();
    let mut take = |value: &Value| {
        let text = match value {
            Value::String(text) => Some(text.as_str()),
            // The form of old: `{"type": "MIT", "url": ..}`.
            Value::Object(fields) => fields.get("type").and_then(Value::as_str),
            _ => None,
        };
        speech.declared.extend(text.and_then(|text| said(text, source)));
    };
    for field in ["license", "licence", "licenses"] {
        match fields.get(field) {
            // Several of the old form: whether one may choose is not said, so all hold.
            Some(Value::Array(list)) => list.iter().for_each(&mut take),
            Some(value) => take(value),
            None => {}
        }
    }
    speech.declared.sort();
    speech.declared.dedup();
    Some(speech)
}

/// What a `pyproject.toml` declares; null where it is no TOML.
pub fn pyproject_toml(bytes: &[u8], source: &str) -> Option<Speech> {
    let table: toml::Table = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    let mut speech = Speech::default();
    let poetry = table.get("tool").and_then(|tool| tool.get("poetry"));
    for project in [table.get("project"), poetry].into_iter().flatten() {
        let text = match project.get("license") {
            Some(toml::Value::String(text)) => Some(text.as_str()),
            Some(toml::Value::Table(fields)) => fields.get("text").and_then(toml::Value::as_str),
            _ => None,
        };
        speech.declared.extend(text.and_then(|text| said(text, source)));
    }
    speech.declared.sort();
    speech.declared.dedup();
    Some(speech)
}

/// Whether a file, by its name beside a manifest, is a licence text.
pub fn is_license_text(name: &str) -> bool {
    const STEMS: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "UNLICENSE", "COPYRIGHT", "NOTICE"];
    let upper = name.to_ascii_uppercase();
    !name.contains('/') && STEMS.iter().any(|stem| upper.starts_with(stem)) && !is_code(name)
}

/// Whether a file's name is that of a program or of settings.
pub fn is_code(name: &str) -> bool {
    const CODE: [&str; 14] = [
        ".rs", ".js", ".ts", ".py", ".go", ".c", ".h", ".cc", ".cpp", ".java", ".json", ".toml",
        ".yml", ".yaml",
    ];
    let lower = name.to_ascii_lowercase();
    CODE.iter().any(|code| lower.ends_with(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(speech: Option<Speech>) -> Vec<String> {
        speech.unwrap().declared.into_iter().map(|one| one.text).collect()
    }

    #[test]
    fn every_form_of_a_declaration_is_read() {
        let cargo = |text: &str| cargo_toml(text.as_bytes(), "Cargo.toml");
        assert_eq!(words(cargo("[package]\nlicense='MIT OR Apache-2.0'")), ["MIT OR Apache-2.0"]);
        assert_eq!(words(cargo("[workspace.package]\nlicense='ISC'")), ["ISC"]);
        assert_eq!(
            words(cargo("[package]\nlicense.workspace=true\n[workspace.package]\nlicense='ISC'")),
            ["ISC"]
        );
        let file = cargo("[package]\nlicense-file='./docs/TERMS.txt'").unwrap();
        assert_eq!(
            (file.declared.len(), file.license_file.as_deref()),
            (0, Some("docs/TERMS.txt"))
        );
        assert_eq!(cargo("not [ toml"), None);

        let npm = |text: &str| package_json(&serde_json::from_str(text).unwrap(), "package.json");
        assert_eq!(words(npm(r#"{"license":"MIT"}"#)), ["MIT"]);
        assert_eq!(words(npm(r#"{"license":{"type":"MIT","url":"x"}}"#)), ["MIT"]);
        assert_eq!(
            words(npm(r#"{"licenses":[{"type":"MIT"},{"type":"GPL-2.0"}]}"#)),
            ["GPL-2.0", "MIT"]
        );
        assert_eq!(words(npm(r#"{"license":["MIT","MIT"]}"#)), ["MIT"]);
        assert!(words(npm(r#"{"license":7,"licenses":[null,"  "]}"#)).is_empty());
        assert_eq!(npm("[]"), None);

        let python = |text: &str| pyproject_toml(text.as_bytes(), "pyproject.toml");
        assert_eq!(words(python("[project]\nlicense='MIT'")), ["MIT"]);
        assert_eq!(words(python("[project]\nlicense={text='MIT'}")), ["MIT"]);
        assert!(words(python("[project]\nlicense={file='LICENSE'}")).is_empty());
        assert_eq!(words(python("[tool.poetry]\nlicense='BSD-3-Clause'")), ["BSD-3-Clause"]);
    }

    #[test]
    fn what_is_no_expression_stays_as_words_and_a_huge_one_is_cut() {
        let one = |text: &str| said(text, "x").unwrap();
        assert_eq!(one("SEE LICENSE IN x").spdx, None);
        assert_eq!(one("MIT OR").text, "MIT OR");
        let huge = one(&"MIT OR ".repeat(1_000_000));
        assert!(huge.spdx.is_none() && huge.text.len() <= 200);
    }

    #[test]
    fn licence_texts_are_known_by_name_and_code_is_none() {
        for name in ["LICENSE", "LICENSE-MIT", "License.md", "COPYING", "licence.txt", "NOTICE"] {
            assert!(is_license_text(name), "{name}");
        }
        for name in ["license.rs", "src/LICENSE", "README.md", "licenses.json", "copying.py"] {
            assert!(!is_license_text(name), "{name}");
        }
    }
}
