//! The project's own files: what its manifests declare, what scancode reads in its files, and the
//! texts that nobody could identify. Owns what counts as such a text; never asks what a package says.

use std::collections::BTreeMap;
use std::path::Path;

use mex_runtime::code::Code;
use mex_runtime::coverage::CoverageState;
use mex_runtime::finding::{Attribution, Finding, License, LicenseStatement, LicenseUnit};
use mex_runtime::id::ToolName;
use mex_runtime::port::Progress;
use serde_json::Value;

use super::{Share, Tree, asked_for, drop_kept, job, manifest, read, without};
use crate::errand::{Errand, weaker};
use crate::scancode::{self, FileLicences, Kept, Licences, Options, Scope};

/// A file of which so much is licence text, in thousandths, is one, whatever its name.
const TEXT_SHARE: u16 = 500;
/// What one process of scancode needs.
const PROCESS_BYTES: u64 = 1 << 30;

/// Adds what is known of the project's own files.
pub(super) fn files(
    errand: &Errand<'_>,
    root: &Path,
    tree: &Tree,
    kept: &Kept,
    original: &dyn Fn(&str) -> String,
    total: &mut Share,
) {
    let mut license = License::new(LicenseUnit::Project);
    declared(root, tree, &mut license, total);
    let others = tree.vendored.len() + tree.installed.len();
    if others > 0 {
        let reason =
            "folders of installed or vendored packages: their texts are those packages' own";
        total.gap("files:packages", None, CoverageState::Skipped, reason, others as u64);
    }
    let asked = asked_for(errand, scancode::NAME).and_then(|()| {
        (errand.context.progress)(Progress::Phase("reading licence texts".to_owned()));
        let mut budget = total.budget.unwrap_or(*errand.admitted.budget());
        scancode::detect(errand, root, &tree.files, &options(errand), kept, &mut budget)
    });
    match asked {
        Err(fault) => {
            let name = ToolName::known(scancode::NAME);
            // A tool that no lock file pins is not there either.
            let (state, why) = if errand.toolchain.lock().tool(&name).is_none() {
                (CoverageState::ToolMissing, "no version of it is pinned")
            } else {
                (without(&fault), fault.message.as_str())
            };
            let reason = format!("{why}; nobody read the texts of the project's files");
            let count = tree.files.len() as u64;
            total.gap("files", Some(&name), state, &reason, count);
            if fault.code != Code::CapNotGranted {
                total.errors.push(fault);
            }
            // Without a reader of texts the manifests' silence says nothing.
            if !license.declared.is_empty() {
                total.findings.push(Finding::License(license));
            }
        }
        Ok((tool, mut found)) => {
            total.tools.push(tool.identity);
            total.scope = Some(options(errand).scope);
            let mentions = detected(&mut found, original, &mut license, total);
            if let Some(count) = found.counts.first_mut() {
                drop_kept(count, "a mention that names no licence", mentions);
            }
            for entry in &mut found.entries {
                entry.subject = original(&entry.subject);
            }
            total.entries.append(&mut found.entries);
            total.counts.append(&mut found.counts);
            total.evidence.append(&mut found.evidence);
            total.errors.append(&mut found.errors);
            if let Some(level) = found.level {
                total.level = Some(weaker(total.level, level));
            }
            total.findings.push(Finding::License(license));
        }
    }
}

pub(super) fn options(errand: &Errand<'_>) -> Options {
    let full = errand.admitted.operation().params.get("full").and_then(Value::as_bool);
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let room = errand.admitted.budget().memory_bytes / PROCESS_BYTES;
    Options {
        job: job(),
        scope: if full == Some(true) { Scope::Full } else { Scope::Words },
        processes: u32::try_from(processors.min(room).max(1)).unwrap_or(1),
    }
}

fn declared(root: &Path, tree: &Tree, license: &mut License, total: &mut Share) {
    let mut readable = 0;
    for path in &tree.manifests {
        let bytes = read(&root.join(path)).unwrap_or_default();
        let speech = match path.rsplit('/').next().unwrap_or(path) {
            "Cargo.toml" => manifest::cargo_toml(&bytes, path),
            "pyproject.toml" => manifest::pyproject_toml(&bytes, path),
            _ => serde_json::from_slice(&bytes)
                .ok()
                .and_then(|value: Value| manifest::package_json(&value, path)),
        };
        match speech {
            Some(speech) => {
                readable += 1;
                total
                    .witness("project", &manifest::Speech { from: path.clone(), ..speech.clone() });
                license.declared.extend(speech.declared);
            }
            None => total.gap(
                path,
                None,
                CoverageState::Failed,
                "the manifest cannot be parsed, so what it declares is not known",
                1,
            ),
        }
    }
    total.read("manifests", readable);
}

/// Sorts what scancode found: identified licences are the project's, an unidentified text is a
/// finding of its own. Gives the mentions that are neither, by place.
fn detected(
    found: &mut Licences,
    original: &dyn Fn(&str) -> String,
    license: &mut License,
    total: &mut Share,
) -> Vec<String> {
    // Each licence once, with the first file that states it: the evidence has them all.
    let mut stated: BTreeMap<String, LicenseStatement> = BTreeMap::new();
    let mut mentions = Vec::new();
    for (staged, mut file) in std::mem::take(&mut found.files) {
        let path = original(&staged);
        file.text.path.clone_from(&path);
        for one in &mut file.statements {
            one.source.clone_from(&path);
        }
        let (known, unknown): (Vec<_>, Vec<_>) =
            file.statements.iter().cloned().partition(|one| one.spdx.is_some());
        let attribution =
            Attribution { tool: ToolName::known(scancode::NAME), native_id: path.clone() };
        if is_unidentified(&path, &file) {
            let mut of_file = License::new(LicenseUnit::File { path });
            of_file.detected = if file.statements.is_empty() {
                vec![LicenseStatement {
                    text: "no licence was recognised".to_owned(),
                    spdx: None,
                    source: of_file.place().to_owned(),
                }]
            } else {
                unknown
            };
            of_file.texts = vec![file.text];
            of_file.attributions = vec![attribution];
            total.findings.push(Finding::License(of_file));
        } else {
            mentions.extend(unknown.into_iter().map(|one| format!("{path} {}", one.text)));
            if file.is_license_file && !known.is_empty() {
                license.texts.push(file.text);
            }
        }
        for one in known {
            if !stated.contains_key(&one.text) {
                let tool = ToolName::known(scancode::NAME);
                let native_id = one.text.clone();
                license.attributions.push(Attribution { tool, native_id });
            }
            stated.entry(one.text.clone()).or_insert(one);
        }
    }
    license.detected.extend(stated.into_values());
    mentions.sort();
    mentions
}

/// Whether a file is a licence text of which a part, or all, could not be identified. Code that is
/// named after licences is none.
fn is_unidentified(path: &str, file: &FileLicences) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let upper = name.to_ascii_uppercase();
    if file.statements.is_empty() {
        return manifest::is_license_text(name)
            && ["LICEN", "COPYING", "UNLICENSE"].iter().any(|stem| upper.starts_with(stem));
    }
    let text = file.share >= TEXT_SHARE || (file.is_license_file && !manifest::is_code(name));
    text && file.statements.iter().any(|one| one.spdx.is_none())
}

#[cfg(test)]
mod tests {
    use mex_runtime::digest::Digest;
    use mex_runtime::finding::LicenseText;
    use mex_runtime::license::statement;

    use super::*;

    fn file(path: &str, said: &[&str], share: u16) -> FileLicences {
        FileLicences {
            statements: said.iter().map(|text| statement(text, path)).collect(),
            text: LicenseText { path: path.to_owned(), sha256: Digest::of(path.as_bytes()) },
            is_license_file: scancode::is_license_file(path),
            share,
        }
    }

    /// Contract SC-2: a text that nobody could identify is UNKNOWN by itself; a mention is none.
    #[test]
    fn texts_are_findings_mentions_are_listed_and_the_rest_is_the_projects() {
        let unknown = "LicenseRef-scancode-unknown";
        let files = [
            ("LICENSE", file("LICENSE", &["MIT"], 900)),
            ("LICENSE-OTHER", file("LICENSE-OTHER", &[unknown], 900)),
            ("COPYING", file("COPYING", &[], 0)),
            ("NOTICE", file("NOTICE", &[], 0)),
            ("doc/terms.txt", file("doc/terms.txt", &[unknown, "ISC"], 700)),
            ("src/license.rs", file("src/license.rs", &[unknown], 90)),
            ("src/a.c", file("src/a.c", &["MIT", unknown], 20)),
            (".mex-withheld/0", file(".mex-withheld/0", &["Zlib"], 10)),
        ];
        let mut found = Licences {
            files: files.into_iter().map(|(path, file)| (path.to_owned(), file)).collect(),
            ..Licences::default()
        };
        let original = |path: &str| path.replace(".mex-withheld/0", "deny.toml");
        let mut license = License::new(LicenseUnit::Project);
        let mut total = Share::default();
        let mentions = detected(&mut found, &original, &mut license, &mut total);
        let mut places: Vec<_> = total
            .findings
            .iter()
            .map(|finding| match finding {
                Finding::License(license) => license.place(),
                _ => "",
            })
            .collect();
        places.sort_unstable();
        assert_eq!(places, ["COPYING", "LICENSE-OTHER", "doc/terms.txt"]);
        assert_eq!(mentions, ["src/a.c", "src/license.rs"].map(|path| format!("{path} {unknown}")));
        let mut stated: Vec<_> =
            license.detected.iter().map(|one| (one.text.as_str(), one.source.as_str())).collect();
        stated.sort_unstable();
        assert_eq!(stated, [("ISC", "doc/terms.txt"), ("MIT", "LICENSE"), ("Zlib", "deny.toml")]);
        assert_eq!(license.texts.len(), 1);
    }
}
