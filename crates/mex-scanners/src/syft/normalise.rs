//! What syft's own report means: one component a package URL, which file it stands in, and which
//! files syft could not read. Owns the reading of exit code against report and the count (promise
//! P4). Never reads a lockfile and never writes a document.

use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::code::Code;
use mex_runtime::coverage::{Drop as Dropped, ToolCount};
use mex_runtime::finding::{Attribution, BomComponent};
use mex_runtime::id::ToolName;
use mex_runtime::result::TypedError;

use super::NAME;
use super::wire::{Package, Report};
use crate::answer::{Answer, error, line};
use crate::credentials::without_credentials;
use crate::lockfile::purl;

/// What one run means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Normalised {
    /// One a package URL, by it.
    pub components: BTreeMap<String, BomComponent>,
    /// How many packages syft named, and what became of them.
    pub counts: Vec<ToolCount>,
    /// Every file in which syft saw a package, with the components kept of it. A file of which
    /// only packages were seen that are no component is there too.
    pub seen: BTreeMap<String, BTreeSet<String>>,
    /// Files that syft could not read or knows no package in, with its words.
    pub unread: BTreeMap<String, Vec<String>>,
    /// How many packages each document must hold.
    pub said: u64,
    /// Why the report cannot be trusted.
    pub errors: Vec<TypedError>,
}

/// Reads the report of one run; `original` gives the real path of a staged one.
pub fn normalise(
    answer: &Answer<'_>,
    report: Option<&[u8]>,
    original: &dyn Fn(&str) -> String,
) -> Normalised {
    match read(answer, report) {
        Err(fault) => Normalised { errors: vec![*fault], ..Normalised::default() },
        Ok(report) => keep(&report, original),
    }
}

fn read(answer: &Answer<'_>, report: Option<&[u8]>) -> Result<Report, Box<TypedError>> {
    let code = answer.code(NAME)?;
    if code != 0 {
        let said = String::from_utf8_lossy(answer.stderr);
        let last = said.lines().rev().find(|text| !text.trim().is_empty()).unwrap_or("");
        let message = format!("`{NAME}` ended with {code}: {}", line(&without_credentials(last)));
        return Err(Box::new(error(Code::ToolExit, message)));
    }
    let broken = |why: String| Box::new(error(Code::ToolOutput, why));
    let bytes =
        report.ok_or_else(|| broken(format!("`{NAME}` ended with 0 and left no report")))?;
    let report: Report = serde_json::from_slice(bytes).map_err(|fault| {
        let place = format!("line {}, column {}", fault.line(), fault.column());
        broken(format!("`{NAME}` wrote a report that cannot be read ({place})"))
    })?;
    if report.descriptor.name != NAME {
        return Err(broken(format!("the report is not one of `{NAME}`")));
    }
    Ok(report)
}

fn keep(report: &Report, original: &dyn Fn(&str) -> String) -> Normalised {
    let mut out = Normalised { said: report.artifacts.len() as u64, ..Normalised::default() };
    let mut purls: BTreeMap<&str, String> = BTreeMap::new();
    let mut dropped: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let path_of = |path: &str| original(path.trim_start_matches('/'));
    for package in &report.artifacts {
        let paths: Vec<String> =
            package.locations.iter().map(|place| path_of(&place.path)).collect();
        for path in &paths {
            out.seen.entry(path.clone()).or_default();
        }
        match component(package, &paths) {
            Err(reason) => dropped.entry(reason).or_default().push(label(package, &paths)),
            Ok(made) => {
                let url = made.component.purl.clone();
                for path in &paths {
                    out.seen.entry(path.clone()).or_default().insert(url.clone());
                }
                purls.insert(&package.id, url.clone());
                match out.components.get_mut(&url) {
                    None => drop(out.components.insert(url, made)),
                    Some(known) => {
                        dropped.entry("duplicate").or_default().push(label(package, &paths));
                        known.locations.extend(made.locations);
                        known.licenses.extend(made.licenses);
                        known.attributions.extend(made.attributions);
                    }
                }
            }
        }
    }
    for link in report.relationships.iter().filter(|link| link.kind == "dependency-of") {
        if let (Some(dependency), Some(owner)) =
            (purls.get(link.parent.as_str()), purls.get(link.child.as_str()))
            && let Some(owner) = out.components.get_mut(owner)
        {
            owner.depends_on.push(dependency.clone());
        }
    }
    for file in report.files.iter().filter(|file| !file.unknowns.is_empty()) {
        let words = file.unknowns.iter().map(|word| line(&without_credentials(word)));
        out.unread.entry(path_of(&file.location.path)).or_default().extend(words);
    }
    for component in out.components.values_mut() {
        tidy(component);
    }
    let dropped = dropped.into_iter().map(|(reason, mut ids)| {
        ids.sort();
        Dropped { reason: reason.to_owned(), count: ids.len() as u64, ids }
    });
    out.counts.push(ToolCount {
        tool: ToolName::known(NAME),
        subject: "files".to_owned(),
        said: out.said,
        kept: out.components.len() as u64,
        dropped: dropped.collect(),
    });
    out
}

fn component(package: &Package, paths: &[String]) -> Result<BomComponent, &'static str> {
    if package.name.is_empty() {
        return Err("no name");
    }
    if package.version.is_empty() {
        return Err("no version");
    }
    // Names and versions stay as they are: another spelling would be another component.
    let url = without_credentials(&package.purl);
    let version = without_credentials(&package.version);
    let component = purl::of_tool(&url, &package.name, &version).ok_or("no package URL")?;
    let licenses = package.licenses.iter().map(|license| {
        let words = if license.spdx.is_empty() { &license.value } else { &license.spdx };
        line(&without_credentials(words))
    });
    Ok(BomComponent {
        component,
        kind: if package.kind == "binary" { "application" } else { "library" }.to_owned(),
        locations: paths.to_vec(),
        licenses: licenses.filter(|words| !words.is_empty()).collect(),
        known_by: vec![NAME.to_owned()],
        depends_on: Vec::new(),
        attributions: vec![Attribution {
            tool: ToolName::known(NAME),
            native_id: line(&package.found_by),
        }],
    })
}

/// A dropped package in words: the tool's own id would tell nobody anything.
fn label(package: &Package, paths: &[String]) -> String {
    let version = without_credentials(&package.version);
    line(&format!("{}@{version} in {}", package.name, paths.join(", ")))
}

fn tidy(component: &mut BomComponent) {
    for list in [
        &mut component.locations,
        &mut component.licenses,
        &mut component.depends_on,
        &mut component.known_by,
    ] {
        list.sort();
        list.dedup();
    }
    component.attributions.sort();
    component.attributions.dedup();
}
