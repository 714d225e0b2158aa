//! What npm's report means: one finding an advisory and version. Owns the holding of question
//! against lockfile, of answer against report, of exit code against both (contract SC-11, promise
//! P4): if npm did not ask, asked for what was not answered, or left an answer unused, that is an
//! error and never clean.

use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::code::Code;
use mex_runtime::coverage::{CoverageState, ToolCount};
use mex_runtime::cvss;
use mex_runtime::finding::{Attribution, Component, Finding, SeverityWord, Vulnerability};
use mex_runtime::id::ToolName;
use mex_runtime::policy::merge::canonical_alias;
use mex_runtime::result::TypedError;

use super::advisories::Told;
use super::lock::Locked;
use super::wire::{Advisory, Asked, Refusal, Report, Via};
use super::{ALIASES, NAME, SAME_DATABASE, range};
use crate::answer::{Answer, error, line};
use crate::lockfile::{entry, purl};
use crate::osv_scanner::normalise::of_record;
pub(crate) use crate::reading::Normalised;
use crate::version::ascending;

/// Who answered npm.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    /// We did, with this.
    Snapshot(&'a Told),
    /// The registry.
    Registry,
}

/// Reads the answer of one run on the lockfile at `path`; `asked` is what the responder noted.
pub(crate) fn normalise(
    answer: &Answer<'_>,
    asked: Option<&[u8]>,
    path: &str,
    locked: &Locked,
    source: Source<'_>,
) -> Normalised {
    let mut out = Normalised::default();
    let read = read(answer, asked, locked);
    let report = match read {
        Ok(report) => report,
        Err(fault) => {
            let tool = ToolName::known(NAME);
            let state = CoverageState::Failed;
            out.entries.push(entry(path, Some(&tool), state, &fault.message, 1));
            out.errors.push(fault);
            return out;
        }
    };
    let mut found: BTreeMap<(String, String, String), Finding> = BTreeMap::new();
    for hit in report.vulnerabilities.values() {
        let versions: BTreeSet<&str> = hit
            .nodes
            .iter()
            .filter_map(|place| locked.nodes.get(place))
            .filter(|node| node.name == hit.name)
            .map(|node| node.version.as_str())
            .collect();
        for advisory in hit.via.iter().filter_map(|via| match via {
            Via::Advisory(advisory) => Some(advisory),
            Via::Dependency(_) => None,
        }) {
            // npm lists the places of all advisories of a package together.
            let mut hits = 0_u64;
            for version in &versions {
                if range::holds(&advisory.range, version).unwrap_or(true) {
                    hits += 1;
                    let id = id_of(advisory);
                    match finding(advisory, &id, version, path, source) {
                        Ok(finding) => drop(
                            found.insert((hit.name.clone(), id, (*version).to_owned()), finding),
                        ),
                        Err(why) => out.errors.push(error(Code::ToolOutput, why)),
                    }
                }
            }
            if hits == 0 {
                out.errors.push(error(
                    Code::ToolOutput,
                    format!(
                        "`{NAME}` reports {} for `{}` and no place of the lockfile fits it",
                        line(&id_of(advisory)),
                        line(&hit.name)
                    ),
                ));
            }
        }
    }
    if let Source::Snapshot(told) = source {
        out.errors.extend(unused(told, locked, &found));
    }
    let kept = found.len() as u64;
    out.findings = found.into_values().collect();
    out.findings.sort();
    out.counts.push(ToolCount {
        tool: ToolName::known(NAME),
        subject: path.to_owned(),
        said: kept,
        kept,
        dropped: Vec::new(),
    });
    account(path, locked, source, &mut out);
    out
}

fn account(path: &str, locked: &Locked, source: Source<'_>, out: &mut Normalised) {
    let tool = ToolName::known(NAME);
    let (state, reason, items) = match out.errors.first() {
        Some(fault) => (CoverageState::Failed, fault.message.clone(), 1),
        None => {
            let reason = match source {
                Source::Snapshot(_) => SAME_DATABASE,
                Source::Registry => "answered by the registry",
            };
            (CoverageState::Scanned, reason.to_owned(), locked.nodes.len() as u64)
        }
    };
    out.entries.push(entry(path, Some(&tool), state, &reason, items));
    if locked.aliases > 0 {
        let state = CoverageState::NotScanned;
        out.entries.push(entry(path, Some(&tool), state, ALIASES, locked.aliases));
    }
    if locked.without_version > 0 {
        let reason = "packages from a folder, a link or a repository: no advisory can name them";
        let count = locked.without_version;
        out.entries.push(entry(path, Some(&tool), CoverageState::Skipped, reason, count));
    }
}

/// The report, where npm asked about every package, took the answer, and ended as it should.
fn read(answer: &Answer<'_>, asked: Option<&[u8]>, locked: &Locked) -> Result<Report, TypedError> {
    let code = answer.code(NAME)?;
    let wrong = |code, why: String| Err(error(code, why));
    let Ok(report) = serde_json::from_slice::<Report>(answer.stdout) else {
        return Err(refusal(code, answer));
    };
    let Some(asked) = asked.and_then(|bytes| serde_json::from_slice::<Asked>(bytes).ok()) else {
        return wrong(Code::ToolOutput, format!("nobody can say what `{NAME}` asked"));
    };
    let expected = locked.pairs();
    let questions: BTreeSet<(&str, &str)> = asked
        .asked
        .iter()
        .flatten()
        .flat_map(|(name, versions)| {
            versions.iter().map(move |version| (name.as_str(), version.as_str()))
        })
        .collect();
    if let Some((name, version)) = expected.iter().find(|pair| !questions.contains(*pair)) {
        let count = expected.iter().filter(|pair| !questions.contains(*pair)).count();
        let (name, version) = (line(name), line(version));
        let why = format!(
            "`{NAME}` did not ask about {count} packages of the lockfile, the first `{name}@{version}`"
        );
        return wrong(Code::ToolOutput, why);
    }
    if let Some(name) = asked.unanswered.first() {
        let name = line(name);
        let why = format!("`{NAME}` asked about `{name}`, for which there was no answer");
        return wrong(Code::ToolOutput, why);
    }
    if asked.consumed != asked.asked.len() as u64 {
        return wrong(Code::ToolOutput, format!("`{NAME}` asked and did not take the answer"));
    }
    let said = report.vulnerabilities.len() as u64;
    if report.version != 2 || report.metadata.vulnerabilities.total != said {
        let why = format!("`{NAME}` wrote a report that does not add up");
        return wrong(Code::ToolOutput, why);
    }
    if code != i32::from(said > 0) {
        let why = format!(
            "`{NAME}` ended with {code} and reported {said} packages, which contradict each other"
        );
        return wrong(Code::ToolExit, why);
    }
    Ok(report)
}

/// npm's own word for why there is no report.
fn refusal(code: i32, answer: &Answer<'_>) -> TypedError {
    let said = match serde_json::from_slice::<Refusal>(answer.stdout) {
        Ok(Refusal { status: Some(status), .. }) => {
            format!("the registry answered {status} to the audit")
        }
        Ok(Refusal { error: Some(fault), .. }) => {
            let code = fault.code.unwrap_or_default();
            format!("{code} {}", fault.summary.unwrap_or_default())
        }
        Ok(Refusal { message: Some(message), .. }) => message,
        _ => {
            let text = String::from_utf8_lossy(answer.stderr).into_owned();
            text.lines().rfind(|text| !text.trim().is_empty()).unwrap_or("no report").to_owned()
        }
    };
    error(Code::ToolExit, format!("`{NAME}` ended with {code}: {}", line(&said)))
}

/// What was told and does not come back: by our own reading of the range it should.
fn unused(
    told: &Told,
    locked: &Locked,
    found: &BTreeMap<(String, String, String), Finding>,
) -> Vec<TypedError> {
    let mut lost = Vec::new();
    for (name, version) in locked.pairs() {
        for (id, range) in told.ranges.get(name).into_iter().flatten() {
            let key = (name.to_owned(), id.clone(), version.to_owned());
            if range::holds(range, version) == Some(true) && !found.contains_key(&key) {
                let place = line(&format!("{name}@{version}"));
                lost.push(error(
                    Code::ToolOutput,
                    format!(
                        "`{NAME}` was told of {} for `{place}` and does not report it",
                        line(id)
                    ),
                ));
            }
        }
    }
    lost
}

fn id_of(advisory: &Advisory) -> String {
    let url = advisory.url.as_deref().unwrap_or_default();
    let last = url.rsplit('/').next().unwrap_or_default();
    match &advisory.source {
        serde_json::Value::String(id) => id.clone(),
        _ if last.starts_with("GHSA-") => last.to_owned(),
        other => format!("npm-{other}"),
    }
}

fn finding(
    advisory: &Advisory,
    id: &str,
    version: &str,
    lockfile: &str,
    source: Source<'_>,
) -> Result<Finding, String> {
    let component = purl::component("npm", &advisory.name, version);
    match source {
        Source::Snapshot(told) => {
            let record = told.records.get(id).ok_or_else(|| {
                format!("`{NAME}` reports {}, of which it was not told", line(id))
            })?;
            Ok(of_record(record, component, Vec::new(), lockfile, NAME))
        }
        Source::Registry => Ok(of_registry(advisory, id, component, lockfile)),
    }
}

/// A registry's statement: it has a word, perhaps a vector, and a range.
fn of_registry(advisory: &Advisory, id: &str, component: Component, lockfile: &str) -> Finding {
    let aliases = vec![id.to_owned()];
    let vectors = advisory.cvss.iter().filter_map(|cvss| cvss.vector.as_deref());
    let scores: Vec<_> =
        vectors.filter(|vector| !vector.is_empty()).map(|vector| cvss::score(vector, id)).collect();
    let words: Vec<_> = advisory
        .severity
        .iter()
        .map(|word| SeverityWord { word: word.to_uppercase(), source: id.to_owned() })
        .collect();
    let cwe = advisory.cwe.clone().unwrap_or_default();
    let kind = cvss::advisory_kind(&aliases, None, &cwe);
    let fixed = advisory
        .range
        .split([' ', '|'])
        .filter_map(|part| part.strip_prefix('<'))
        .filter(|bound| bound.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect();
    Finding::Vulnerability(Vulnerability {
        id: canonical_alias(&aliases).unwrap_or(id).to_owned(),
        severity: cvss::severity(&scores, &words, kind),
        aliases,
        component,
        kind,
        scores,
        words,
        fixed_versions: ascending(fixed),
        lockfiles: vec![lockfile.to_owned()],
        attributions: vec![Attribution { tool: ToolName::known(NAME), native_id: id.to_owned() }],
        summary: line(advisory.title.as_deref().unwrap_or_default()),
    })
}
