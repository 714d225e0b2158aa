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

/// The trove classifiers that name one licence and leave nothing open, such as its version.
const CLASSIFIERS: [(&str, &str); 12] = [
    ("MIT License", "MIT"),
    ("MIT No Attribution License (MIT-0)", "MIT-0"),
    ("ISC License (ISCL)", "ISC"),
    ("The Unlicense (Unlicense)", "Unlicense"),
    ("zlib/libpng License", "Zlib"),
    ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ("Boost Software License 1.0 (BSL-1.0)", "BSL-1.0"),
    ("European Union Public Licence 1.2 (EUPL 1.2)", "EUPL-1.2"),
    ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
    ("GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
    ("GNU Lesser General Public License v3 or later (LGPLv3+)", "LGPL-3.0-or-later"),
    ("GNU Affero General Public License v3 or later (AGPLv3+)", "AGPL-3.0-or-later"),
];

/// Name, version and declarations of an installed Python package's `METADATA`; null where it names no
/// package. `License-Expression` speaks alone. Else `License`, where it is an expression; else the
/// classifiers, each of which must name one licence. What names none stays as words.
pub fn python_metadata(bytes: &[u8], source: &str) -> Option<(String, String, Speech)> {
    let text = String::from_utf8_lossy(bytes);
    let mut fields: Vec<(&str, String)> = Vec::new();
    for one in text.trim_start_matches('\u{feff}').lines() {
        if one.trim().is_empty() {
            break;
        }
        if one.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(one.trim());
            }
        } else if let Some((name, value)) = one.split_once(':') {
            fields.push((name, value.trim().to_owned()));
        }
    }
    let all = |name: &str| -> Vec<&str> {
        let own = fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        own.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty()).collect()
    };
    let name = all("Name").first()?.to_string();
    let version = all("Version").first()?.to_string();
    let mut speech = Speech { from: source.to_owned(), ..Speech::default() };
    let expressions = all("License-Expression");
    let words: Vec<&str> = all("License").into_iter().filter(|text| *text != "UNKNOWN").collect();
    let classifiers: Vec<&str> = all("Classifier")
        .into_iter()
        .filter_map(|text| text.strip_prefix("License :: "))
        .map(|text| text.rsplit(" :: ").next().unwrap_or(text))
        .filter(|text| *text != "OSI Approved")
        .collect();
    let mapped = classifiers.iter().map(|text| {
        CLASSIFIERS.iter().find(|(words, _)| words == text).map_or(*text, |(_, spdx)| spdx)
    });
    if expressions.is_empty() {
        let free: Vec<_> = words.iter().filter_map(|text| said(text, source)).collect();
        if free.iter().any(|one| one.spdx.is_some()) || classifiers.is_empty() {
            speech.declared = free;
        } else {
            speech.declared = mapped.filter_map(|text| said(text, source)).collect();
        }
    } else {
        speech.declared = expressions.iter().filter_map(|text| said(text, source)).collect();
    }
    speech.declared.sort();
    speech.declared.dedup();
    Some((name, version, speech))
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
    fn python_metadata_speaks_by_its_most_exact_field_and_is_never_guessed_at() {
        let read = |more: &str| {
            let text =
                format!("Metadata-Version: 2.1\nName: A_b\nVersion: 1.0\n{more}\n\nLicense: GPL\n");
            let (name, version, speech) = python_metadata(text.as_bytes(), "METADATA").unwrap();
            assert_eq!((name.as_str(), version.as_str()), ("A_b", "1.0"));
            speech.declared.into_iter().map(|one| (one.text, one.spdx)).collect::<Vec<_>>()
        };
        let one = |text: &str, spdx: Option<&str>| vec![(text.to_owned(), spdx.map(str::to_owned))];
        let mit = "Classifier: License :: OSI Approved :: MIT License";
        assert_eq!(read("License-Expression: MIT\nLicense: GPL"), one("MIT", Some("MIT")));
        assert_eq!(read(&format!("License: ISC\n{mit}")), one("ISC", Some("ISC")));
        assert_eq!(read(&format!("License: see the file\n{mit}")), one("MIT", Some("MIT")));
        assert_eq!(read(mit), one("MIT", Some("MIT")));
        assert_eq!(
            read("Classifier: License :: OSI Approved :: BSD License"),
            one("BSD License", None),
            "which of them is not said"
        );
        assert_eq!(read("License: Copyright me\n  All rights\n  reserved")[0].1, None);
        assert!(read("License: UNKNOWN\nClassifier: License :: OSI Approved").is_empty());
        assert_eq!(python_metadata(b"Version: 1", "METADATA"), None);
        assert_eq!(python_metadata(b"", "METADATA"), None);
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
