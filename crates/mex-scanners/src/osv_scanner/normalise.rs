//! What osv-scanner's answer means: one finding a record and component, and which lockfiles it read.
//! Owns the reading of exit code against report and the count (promise P4). Never reads a database.

use std::collections::BTreeMap;

use mex_runtime::code::Code;
use mex_runtime::coverage::{CoverageState, Drop as Dropped, ToolCount};
use mex_runtime::cvss;
use mex_runtime::finding::{Attribution, Component, Finding, Score, SeverityWord, Vulnerability};
use mex_runtime::id::ToolName;
use mex_runtime::policy::merge::canonical_alias;
use mex_runtime::result::TypedError;

use super::NAME;
use super::argv::PROJECT;
use super::wire::{self, Group, Output, Package, Record, Specific};
use crate::answer::{Answer, error, line};
use crate::lockfile::lint::Count;
use crate::lockfile::{Lockfile, entry, purl};
pub use crate::reading::Normalised;
use crate::version::ascending;

/// Reads the answer of one run over `lockfiles`, all of one ecosystem.
pub fn normalise(answer: &Answer<'_>, lockfiles: &[&Lockfile]) -> Normalised {
    let mut out = Normalised::default();
    let log = wire::log(answer.stderr);
    let code = match answer.code(NAME) {
        Ok(code) => code,
        Err(fault) => return failed(out, lockfiles, fault),
    };
    let nothing = answer.stdout.iter().all(u8::is_ascii_whitespace);
    let output = match serde_json::from_slice::<Output>(answer.stdout) {
        // 128 means that no lockfile held a package: then there is no report.
        _ if code == 128 && nothing => Output { results: Vec::new() },
        Ok(output) => output,
        Err(_) if !matches!(code, 0 | 1) => return failed(out, lockfiles, exit(code, &log.last)),
        Err(fault) => {
            let place = format!("line {}, column {}", fault.line(), fault.column());
            return failed(
                out,
                lockfiles,
                error(
                    Code::ToolOutput,
                    format!("`{NAME}` wrote a report that cannot be read ({place})"),
                ),
            );
        }
    };
    let mut said = 0;
    let mut tallies: BTreeMap<&str, (u64, Vec<String>)> =
        lockfiles.iter().map(|lock| (lock.path.as_str(), (0, Vec::new()))).collect();
    for source in &output.results {
        let path = source.source.path.strip_prefix(PROJECT).unwrap_or("");
        let Some(tally) = tallies.get_mut(path) else {
            let fault = format!(
                "`{NAME}` reported on `{}`, which it was not asked about",
                line(&source.source.path)
            );
            out.errors.push(error(Code::ToolOutput, fault));
            continue;
        };
        for package in &source.packages {
            for record in &package.vulnerabilities {
                said += 1;
                if record.withdrawn.as_deref().is_some_and(|date| !date.is_empty()) {
                    tally.1.push(record.id.clone());
                } else {
                    tally.0 += 1;
                    out.findings.push(finding(record, package, path));
                }
            }
        }
    }
    let trusted = match code {
        0 => said == 0,
        1 => said > 0,
        // Nothing to scan: every package it found was left out as local.
        128 => said == 0 && log.scanned.iter().map(|(_, count)| count).sum::<u64>() <= log.filtered,
        _ => false,
    };
    if !trusted {
        let fault = if matches!(code, 0 | 1 | 128) {
            error(
                Code::ToolExit,
                format!(
                    "`{NAME}` ended with {code} and reported {said} records, which contradict each other"
                ),
            )
        } else {
            exit(code, &log.last)
        };
        out.counts = counts(tallies);
        return failed(out, lockfiles, fault);
    }
    out.counts = counts(tallies);
    let seen: BTreeMap<&str, u64> = log
        .scanned
        .iter()
        .filter_map(|(path, count)| Some((path.strip_prefix(PROJECT)?, *count)))
        .collect();
    for lockfile in lockfiles {
        account(lockfile, seen.get(lockfile.path.as_str()).copied(), &mut out);
    }
    if log.filtered > 0 {
        let ecosystem = lockfiles.first().map_or("", |lock| lock.kind.ecosystem);
        let reason = "packages without a version or a registry, such as the project's own: no advisory can name them";
        out.entries.push(entry(
            &format!("ecosystem:{ecosystem}"),
            Some(&ToolName::known(NAME)),
            CoverageState::Skipped,
            reason,
            log.filtered,
        ));
    }
    out.findings.sort();
    out
}

/// Holds what the tool says it saw against what we counted (contract SC-3).
fn account(lockfile: &Lockfile, seen: Option<u64>, out: &mut Normalised) {
    let tool = ToolName::known(NAME);
    let path = lockfile.path.as_str();
    let fault = match (seen, lockfile.packages) {
        (None, _) => format!("`{NAME}` does not say that it read `{path}`"),
        (Some(seen), Some(Count::Exactly(count))) if seen != count => {
            format!("`{NAME}` saw {seen} packages in `{path}`, which names {count}")
        }
        (Some(0), Some(Count::About(count))) if count > 0 => {
            format!("`{NAME}` saw no package in `{path}`, which names about {count}")
        }
        (Some(seen), _) => {
            out.entries.push(entry(path, Some(&tool), CoverageState::Scanned, "", seen));
            return;
        }
    };
    out.entries.push(entry(path, Some(&tool), CoverageState::Failed, &fault, 1));
    out.errors.push(error(Code::ToolOutput, fault));
}

fn exit(code: i32, last: &str) -> TypedError {
    error(Code::ToolExit, format!("`{NAME}` ended with {code}: {}", line(last)))
}

fn failed(mut out: Normalised, lockfiles: &[&Lockfile], fault: TypedError) -> Normalised {
    for lockfile in lockfiles {
        out.entries.push(entry(
            &lockfile.path,
            Some(&ToolName::known(NAME)),
            CoverageState::Failed,
            &fault.message,
            1,
        ));
    }
    out.errors.push(fault);
    out.findings.sort();
    out
}

fn counts(tallies: BTreeMap<&str, (u64, Vec<String>)>) -> Vec<ToolCount> {
    tallies
        .into_iter()
        .map(|(path, (kept, mut withdrawn))| {
            withdrawn.sort();
            let count = withdrawn.len() as u64;
            let dropped = if count == 0 {
                Vec::new()
            } else {
                vec![Dropped { reason: "withdrawn".to_owned(), count, ids: withdrawn }]
            };
            ToolCount {
                tool: ToolName::known(NAME),
                subject: path.to_owned(),
                said: kept + count,
                kept,
                dropped,
            }
        })
        .collect()
}

fn finding(record: &Record, package: &Package, lockfile: &str) -> Finding {
    let name = &package.package;
    let component = purl::component(&name.ecosystem, &name.name, &name.version);
    let mut aliases = Vec::new();
    for group in package.groups.iter().filter(|group: &&Group| group.ids.contains(&record.id)) {
        aliases.extend(group.ids.iter().cloned());
        aliases.extend(group.aliases.iter().flatten().cloned());
    }
    of_record(record, component, aliases, lockfile, NAME)
}

/// What an OSV record says of one component, whichever tool found that it does; `aliases` are what
/// the tool knows beside the record's own.
pub(crate) fn of_record(
    record: &Record,
    component: Component,
    mut aliases: Vec<String>,
    lockfile: &str,
    tool: &'static str,
) -> Finding {
    aliases.push(record.id.clone());
    aliases.extend(record.aliases.iter().flatten().cloned());
    aliases.retain(|alias| !alias.is_empty());
    aliases.sort();
    aliases.dedup();
    let specifics = specifics(record, &component);
    let texts = |pick: fn(&Specific) -> Option<&serde_json::Value>| -> Vec<String> {
        specifics.iter().filter_map(|specific| pick(specific)).flat_map(texts_of).collect()
    };
    let mut scores: Vec<Score> = vectors(record, &component)
        .into_iter()
        .chain(texts(|specific| specific.cvss.as_ref()))
        .map(|vector| cvss::score(&vector, &record.id))
        .collect();
    scores.sort();
    scores.dedup();
    let mut words: Vec<SeverityWord> = texts(|specific| specific.severity.as_ref())
        .into_iter()
        .map(|word| SeverityWord { word: word.to_uppercase(), source: record.id.clone() })
        .collect();
    words.sort();
    words.dedup();
    let informational = texts(|specific| specific.informational.as_ref());
    let kind = cvss::advisory_kind(
        &aliases,
        informational.first().map(String::as_str),
        &texts(|specific| specific.cwe_ids.as_ref()),
    );
    let severity = cvss::severity(&scores, &words, kind);
    Finding::Vulnerability(Vulnerability {
        id: canonical_alias(&aliases).unwrap_or(&record.id).to_owned(),
        aliases,
        severity,
        kind,
        scores,
        words,
        fixed_versions: fixed(record, &component),
        lockfiles: vec![lockfile.to_owned()],
        attributions: vec![Attribution {
            tool: ToolName::known(tool),
            native_id: record.id.clone(),
        }],
        summary: line(record.summary.as_deref().unwrap_or("")),
        component,
    })
}

/// The parts of a record that speak of this component; a part without a package speaks of all.
fn affected<'a>(
    record: &'a Record,
    component: &'a Component,
) -> impl Iterator<Item = &'a wire::Affected> {
    let base = |ecosystem: &str| ecosystem.split(':').next().unwrap_or("").to_owned();
    let ecosystem = base(&component.ecosystem);
    record.affected.iter().flatten().filter(move |part| {
        part.package.as_ref().is_none_or(|package| {
            package.name.eq_ignore_ascii_case(&component.name)
                && base(&package.ecosystem) == ecosystem
        })
    })
}

fn specifics<'a>(record: &'a Record, component: &'a Component) -> Vec<&'a Specific> {
    // Some databases put their word beside the ecosystem's own fields.
    let parts = affected(record, component)
        .flat_map(|part| [part.database_specific.as_ref(), part.ecosystem_specific.as_ref()])
        .flatten();
    record.database_specific.iter().chain(parts).collect()
}

fn vectors(record: &Record, component: &Component) -> Vec<String> {
    let parts = affected(record, component).flat_map(|part| part.severity.iter().flatten());
    record.severity.iter().flatten().chain(parts).map(|severity| severity.score.clone()).collect()
}

fn fixed(record: &Record, component: &Component) -> Vec<String> {
    let versions = affected(record, component)
        .flat_map(|part| part.ranges.iter().flatten())
        .filter(|range| range.kind != "GIT")
        .flat_map(|range| range.events.iter().flatten())
        .filter_map(|event| event.fixed.clone())
        .collect();
    ascending(versions)
}

fn texts_of(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) if !text.is_empty() => vec![text.clone()],
        serde_json::Value::Array(list) => list.iter().flat_map(texts_of).collect(),
        _ => Vec::new(),
    }
}
