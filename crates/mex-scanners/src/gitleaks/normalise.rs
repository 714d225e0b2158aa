//! What gitleaks' answer means: findings without their secrets, and what it passed over.
//! Owns the reading of exit code against report, the redaction of the evidence and the count
//! (promise P4). A raw secret never leaves this folder but as bytes to be fingerprinted.
//!
//! Author, address and message of a commit are dropped outright: gitleaks does not search them, so
//! a secret in them would not be known and could not be redacted.

use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::code::Code;
use mex_runtime::coverage::{Drop as Dropped, ToolCount};
use mex_runtime::finding::{Attribution, Finding, Secret};
use mex_runtime::id::ToolName;
use mex_runtime::result::TypedError;
use serde_json::json;

use super::NAME;
use super::argv::LEAKS;
use super::wire::{self, Leak, Note};
use crate::answer::{Answer, error};
use crate::fingerprint::Prints;
use crate::redact::{MARK, Redactor};

/// What one run said, with its secrets still inside; wiped when dropped.
pub struct Reading {
    leaks: Vec<Leak>,
    /// Binary files passed over: path as the tool saw it, and type.
    pub binaries: BTreeMap<String, String>,
    /// Files with an archive's name that could not be opened.
    pub not_opened: BTreeSet<String>,
    /// What else it complained about, without values.
    pub complaints: BTreeSet<String>,
    /// Why the answer cannot be trusted; empty where it can.
    pub errors: Vec<TypedError>,
}

/// Where the files of a run really are.
pub struct Place<'a> {
    /// What stands before every path, such as `/project/`; empty for a history.
    pub prefix: &'a str,
    /// From a path below the prefix to the path in the project.
    pub original: &'a dyn Fn(&str) -> String,
    /// From a path in the project to what may be shown of it.
    pub shown: &'a dyn Fn(&str) -> String,
    /// How many lines were put before the real first one.
    pub lines_before: u64,
    /// `files` or `history`.
    pub subject: &'a str,
}

/// What is left of a run when its secrets are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The findings, sorted, each once.
    pub findings: Vec<Finding>,
    /// Count in = count out + drops (promise P4).
    pub count: ToolCount,
    /// The tool's report, redacted, in canonical JSON and canonical order.
    pub evidence: serde_json::Value,
}

/// Reads an answer. What it holds of findings stands even where `errors` is not empty, so that one
/// fault never hides a secret; but an answer that was cut is not read at all (contract GATE-5).
pub fn read(answer: &Answer<'_>) -> Reading {
    let mut reading = Reading::of_nothing();
    let code = match answer.code(NAME) {
        Ok(code) => code,
        Err(fault) => {
            reading.errors.push(fault);
            return reading;
        }
    };
    match serde_json::from_slice::<Vec<Leak>>(answer.stdout) {
        Ok(leaks) => reading.leaks = leaks,
        Err(fault) => reading.errors.push(error(
            Code::ToolOutput,
            format!(
                "`{NAME}` wrote a report that cannot be read (line {}, column {})",
                fault.line(),
                fault.column()
            ),
        )),
    }
    let said = reading.leaks.len() as u64;
    let meaning = match code {
        0 if said == 0 => None,
        LEAKS if said > 0 => None,
        0 => Some(format!("`{NAME}` ended with 0, which means clean, and reported {said} leaks")),
        LEAKS => Some(format!(
            "`{NAME}` ended with {LEAKS}, which means leaks, and reported none that can be read"
        )),
        1 => Some(format!("`{NAME}` ended with 1: it failed or read only a part")),
        other => Some(format!("`{NAME}` ended with {other}, which means nothing")),
    };
    reading.errors.extend(meaning.map(|message| error(Code::ToolExit, message)));
    let (mut counted, mut whole) = (None, false);
    for note in wire::notes(answer.stderr) {
        match note {
            Note::Leaks(count) => counted = Some(count),
            Note::Whole => whole = true,
            Note::Binary { mime, path } => {
                reading.binaries.insert(path, mime);
            }
            Note::NotOpened { path } => {
                reading.not_opened.insert(path);
            }
            Note::Complaint(message) => {
                reading.complaints.insert(message);
            }
        }
    }
    if !whole || counted != Some(said) {
        let told = counted.map_or_else(|| "nothing".to_owned(), |count| count.to_string());
        reading.errors.push(error(
            Code::ToolOutput,
            format!("`{NAME}` reported {said} leaks and its log counts {told}, or does not say that it read everything"),
        ));
    }
    reading
}

impl Reading {
    /// Of a run that was not needed: every file was known.
    pub fn of_nothing() -> Self {
        Self {
            leaks: Vec::new(),
            binaries: BTreeMap::new(),
            not_opened: BTreeSet::new(),
            complaints: BTreeSet::new(),
            errors: Vec::new(),
        }
    }

    /// Where the leaks are, as the tool saw it; not to be shown as they are.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.leaks.iter().map(|leak| leak.file.as_str())
    }

    /// How many leaks it holds.
    pub fn said(&self) -> u64 {
        self.leaks.len() as u64
    }

    /// Where the leaks are, as paths in the project; not to be shown as they are.
    pub fn paths(&self, prefix: &str, original: &dyn Fn(&str) -> String) -> BTreeSet<String> {
        let inside = |leak: &Leak| leak.file.strip_prefix(prefix).map(str::to_owned);
        self.leaks.iter().filter_map(inside).map(|path| real_path(&path, original)).collect()
    }

    /// The distinct secrets, to be fingerprinted and then wiped.
    pub fn secrets(&self) -> BTreeSet<Vec<u8>> {
        self.leaks.iter().map(|leak| leak.secret.clone().into_bytes()).collect()
    }
}

/// Turns leaks into findings and evidence, both without any secret.
///
/// # Errors
/// When a leak names a place outside what was scanned, or no fingerprint was made for it.
pub fn settle(
    reading: &Reading,
    place: &Place<'_>,
    prints: &BTreeMap<Vec<u8>, Prints>,
    redactor: &Redactor,
) -> Result<Settled, TypedError> {
    let tool = ToolName::known(NAME);
    let mut rows = Vec::with_capacity(reading.leaks.len());
    for leak in &reading.leaks {
        let inside = leak.file.strip_prefix(place.prefix).ok_or_else(|| {
            error(
                Code::ToolOutput,
                format!(
                    "`{NAME}` reported a leak of rule `{}` outside of what it scanned",
                    crate::answer::line(&redactor.text(&leak.rule_id))
                ),
            )
        })?;
        let prints = prints.get(leak.secret.as_bytes()).ok_or_else(|| {
            error(Code::Internal, format!("a leak of `{NAME}` has no fingerprint"))
        })?;
        let commit = if leak.commit.is_empty() { None } else { Some(redactor.text(&leak.commit)) };
        let line = |line: u64| line.saturating_sub(place.lines_before).max(u64::from(line > 0));
        let secret = Secret {
            rule: redactor.text(&leak.rule_id),
            path: redactor.text(&(place.shown)(&real_path(inside, place.original))),
            fingerprint: prints.own.clone(),
            start_line: line(leak.start_line),
            end_line: line(leak.end_line),
            commit,
            allowlist_fingerprints: prints.documents.clone(),
            attributions: vec![Attribution {
                tool: tool.clone(),
                native_id: redactor.text(&leak.rule_id),
            }],
        };
        let evidence = json!({
            "RuleID": secret.rule,
            "File": secret.path,
            "StartLine": secret.start_line,
            "EndLine": secret.end_line,
            "StartColumn": leak.start_column,
            "EndColumn": leak.end_column,
            "Commit": secret.commit,
            "Date": redactor.text(&leak.date),
            "Secret": MARK,
            "Match": MARK,
            "Fingerprint": secret.fingerprint,
        });
        let mut finding = Finding::Secret(secret);
        finding.canonicalise();
        rows.push((finding, evidence));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.to_string().cmp(&b.1.to_string())));
    let mut findings: Vec<Finding> = Vec::new();
    let mut doubles = Vec::new();
    let mut evidence = Vec::with_capacity(rows.len());
    for (finding, row) in rows {
        evidence.push(row);
        if findings.last() == Some(&finding) {
            doubles.push(native_id(&finding));
        } else {
            findings.push(finding);
        }
    }
    let dropped = if doubles.is_empty() {
        Vec::new()
    } else {
        vec![Dropped { reason: "duplicate".to_owned(), count: doubles.len() as u64, ids: doubles }]
    };
    let count = ToolCount {
        tool,
        subject: place.subject.to_owned(),
        said: reading.said(),
        kept: findings.len() as u64,
        dropped,
    };
    Ok(Settled { findings, count, evidence: serde_json::Value::Array(evidence) })
}

/// A file inside an archive is written `archive!inner`.
fn real_path(inside: &str, original: &dyn Fn(&str) -> String) -> String {
    let whole = original(inside);
    match inside.split_once('!') {
        Some((archive, inner)) if whole == inside => format!("{}!{inner}", original(archive)),
        _ => whole,
    }
}

fn native_id(finding: &Finding) -> String {
    match finding {
        Finding::Secret(secret) => {
            let commit = secret.commit.as_deref().unwrap_or("");
            format!("{commit}:{}:{}:{}", secret.path, secret.rule, secret.start_line)
        }
        // This module makes nothing else.
        Finding::Vulnerability(_) | Finding::Component(_) | Finding::License(_) => String::new(),
    }
}
