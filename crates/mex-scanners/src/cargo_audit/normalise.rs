//! What cargo-audit's answer means: vulnerabilities and informational advisories of one `Cargo.lock`.
//! Owns the reading of exit code against report and the count (promise P4). Never reads a database.

use mex_runtime::code::Code;
use mex_runtime::coverage::{CoverageState, Drop as Dropped, ToolCount};
use mex_runtime::cvss;
use mex_runtime::finding::{Attribution, Finding, Vulnerability};
use mex_runtime::id::ToolName;
use mex_runtime::policy::merge::canonical_alias;
use mex_runtime::result::TypedError;

use super::NAME;
use super::wire::{Advisory, Item, Output};
use crate::answer::{Answer, error, line};
use crate::lockfile::lint::Count;
use crate::lockfile::{Lockfile, entry, purl};
pub use crate::reading::Normalised;
use crate::version::ascending;

/// Reads the answer of one run over `lockfile` with a database of `records` records.
pub fn normalise(answer: &Answer<'_>, lockfile: &Lockfile, records: u64) -> Normalised {
    let mut out = Normalised::default();
    let code = match answer.code(NAME) {
        Ok(code) => code,
        Err(fault) => return close(out, lockfile, 0, vec![fault]),
    };
    let output = match serde_json::from_slice::<Output>(answer.stdout) {
        Ok(output) => output,
        Err(fault) => {
            let fault = if matches!(code, 0 | 1) && !answer.stdout.trim_ascii().is_empty() {
                let place = format!("line {}, column {}", fault.line(), fault.column());
                error(
                    Code::ToolOutput,
                    format!("`{NAME}` wrote a report that cannot be read ({place})"),
                )
            } else {
                error(
                    Code::ToolExit,
                    format!("`{NAME}` ended with {code}: {}", first_line(answer.stderr)),
                )
            };
            return close(out, lockfile, 0, vec![fault]);
        }
    };
    let mut errors = Vec::new();
    let listed = output.vulnerabilities.list.len() as u64;
    if (listed > 0) != output.vulnerabilities.found || listed != output.vulnerabilities.count {
        errors.push(error(
            Code::ToolOutput,
            format!(
                "`{NAME}` counts {} vulnerabilities and lists {listed}",
                output.vulnerabilities.count
            ),
        ));
    }
    if !matches!((code, listed), (0, 0) | (1, 1..)) {
        errors.push(error(Code::ToolExit, format!("`{NAME}` ended with {code} and listed {listed} vulnerabilities, which contradict each other")));
    }
    let settings = &output.settings;
    if !(settings.ignore.is_empty()
        && settings.target_arch.is_empty()
        && settings.target_os.is_empty()
        && settings.severity.is_none())
    {
        errors.push(error(
            Code::ToolOutput,
            format!("`{NAME}` left advisories out on the word of a configuration that is not ours"),
        ));
    }
    let known = output.database.advisory_count;
    if known == 0 || known < records {
        errors.push(error(
            Code::DbUnparsable,
            format!("`{NAME}` loaded {known} advisories of a database of {records}"),
        ));
    }
    let seen = output.lockfile.dependency_count;
    if let Some(Count::Exactly(count)) = lockfile.packages
        && count != seen
    {
        errors.push(error(
            Code::ToolOutput,
            format!("`{NAME}` saw {seen} packages in `{}`, which names {count}", lockfile.path),
        ));
    }
    let mut tally = Tally::default();
    for item in &output.vulnerabilities.list {
        tally.take(item, None, lockfile, &mut out.findings);
    }
    for (kind, items) in &output.warnings {
        for item in items {
            tally.take(item, Some(kind), lockfile, &mut out.findings);
        }
    }
    out.counts.push(tally.count(lockfile));
    close(out, lockfile, seen, errors)
}

#[derive(Default)]
struct Tally {
    kept: u64,
    withdrawn: Vec<String>,
    bare: Vec<String>,
}

impl Tally {
    fn take(
        &mut self,
        item: &Item,
        warning: Option<&str>,
        lockfile: &Lockfile,
        findings: &mut Vec<Finding>,
    ) {
        match &item.advisory {
            // A yanked version has no advisory; the check is off, so this says nothing we asked for.
            None => self.bare.push(format!(
                "{} {}@{}",
                warning.unwrap_or("vulnerability"),
                item.package.name,
                item.package.version
            )),
            Some(advisory) if advisory.withdrawn.is_some() => {
                self.withdrawn.push(advisory.id.clone())
            }
            Some(advisory) => {
                self.kept += 1;
                findings.push(finding(item, advisory, warning, lockfile));
            }
        }
    }

    fn count(mut self, lockfile: &Lockfile) -> ToolCount {
        self.withdrawn.sort();
        self.bare.sort();
        let dropped: Vec<Dropped> = [("no advisory", self.bare), ("withdrawn", self.withdrawn)]
            .into_iter()
            .filter(|(_, ids)| !ids.is_empty())
            .map(|(reason, ids)| Dropped {
                reason: reason.to_owned(),
                count: ids.len() as u64,
                ids,
            })
            .collect();
        let said = self.kept + dropped.iter().map(|drop| drop.count).sum::<u64>();
        ToolCount {
            tool: ToolName::known(NAME),
            subject: lockfile.path.clone(),
            said,
            kept: self.kept,
            dropped,
        }
    }
}

fn finding(
    item: &Item,
    advisory: &Advisory,
    warning: Option<&str>,
    lockfile: &Lockfile,
) -> Finding {
    let component = purl::component("crates.io", &item.package.name, &item.package.version);
    let mut aliases = advisory.aliases.clone();
    aliases.push(advisory.id.clone());
    aliases.sort();
    aliases.dedup();
    let kind = cvss::advisory_kind(&aliases, advisory.informational.as_deref().or(warning), &[]);
    let scores: Vec<_> =
        advisory.cvss.iter().map(|vector| cvss::score(vector, &advisory.id)).collect();
    let patched = item.versions.iter().flat_map(|versions| &versions.patched);
    Finding::Vulnerability(Vulnerability {
        id: canonical_alias(&aliases).unwrap_or(&advisory.id).to_owned(),
        aliases,
        severity: cvss::severity(&scores, &[], kind),
        kind,
        scores,
        words: Vec::new(),
        fixed_versions: ascending(
            patched.filter_map(|requirement| lower_bound(requirement)).collect(),
        ),
        lockfiles: vec![lockfile.path.clone()],
        attributions: vec![Attribution {
            tool: ToolName::known(NAME),
            native_id: advisory.id.clone(),
        }],
        summary: line(&advisory.title),
        component,
    })
}

/// The first version a requirement such as `>=1.2.3, <2` lets in.
fn lower_bound(requirement: &str) -> Option<String> {
    requirement.split(',').map(str::trim).find_map(|part| {
        let version =
            [">=", "^", "~", "="].iter().find_map(|operator| part.strip_prefix(operator))?;
        Some(version.trim().to_owned())
    })
}

fn close(
    mut out: Normalised,
    lockfile: &Lockfile,
    seen: u64,
    errors: Vec<TypedError>,
) -> Normalised {
    let tool = ToolName::known(NAME);
    let (state, reason, items) = match errors.first() {
        None => (CoverageState::Scanned, "", seen),
        Some(fault) => (CoverageState::Failed, fault.message.as_str(), 1),
    };
    out.entries.push(entry(&lockfile.path, Some(&tool), state, reason, items));
    out.errors = errors;
    out.findings.sort();
    out
}

fn first_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    line(text.lines().find(|text| !text.trim().is_empty()).unwrap_or("it said nothing"))
}
