//! The query line over Problems: `is:open severity:high,critical tool:gitleaks file:src/** -tag:x words`.
//! Text becomes typed terms or an error that names the word and its place. Never asks the recorder:
//! what a term means there is [`super::finder`]'s.

mod read;

use mex_runtime::code::Code;
use mex_runtime::diagnostic::ProblemStatus;
use mex_runtime::severity::{Severity, VulnSeverity};
use serde_json::json;

use crate::error::AppError;

pub use read::parse;

/// The longest query line, in characters.
pub const MOST_CHARS: usize = 2_000;

/// The most terms of a line.
pub const MOST_TERMS: usize = 50;

/// The most values of a term.
pub const MOST_VALUES: usize = 100;

/// A query line, read. Every term must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryLine {
    /// The terms in the order they were written.
    pub terms: Vec<QueryTerm>,
}

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryTerm {
    /// It was written with a `-`: it must not hold.
    pub negated: bool,
    /// What is asked.
    pub what: Asked,
}

/// What a term asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// `is:open`, `status:muted`: any of these.
    Status(Vec<ProblemStatus>),
    /// `severity:error,high`: any of these.
    Severity(Vec<SeverityWord>),
    /// `tool:gitleaks`, `file:src/**`: any of these.
    Field(Field, Vec<Value>),
    /// `no:package`: the field has no value.
    No(Field),
    /// `scan:latest`.
    LatestScan,
    /// `scan:ID`, the start of an id.
    Scan(String),
    /// `new:yes`, `is:new`: the newest scan of its project saw it first.
    New,
    /// `is:reopened`.
    Reopened,
    /// A word anywhere in title, code or file.
    Word(String),
}

/// A severity of a Problem, or one of a vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SeverityWord {
    /// `fatal`, `error`, `warning`, `info`, `hint`.
    Problem(Severity),
    /// `critical`, `high`, `medium`, `low`, `unscored`, `informational`.
    Vulnerability(VulnSeverity),
}

/// A field with free values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// `job:`
    Job,
    /// `tool:`
    Tool,
    /// `code:`
    Code,
    /// `rule:`
    Rule,
    /// `package:`
    Package,
    /// `file:`
    File,
    /// `tag:`
    Tag,
    /// `source:`
    Source,
    /// `project:`
    Project,
}

/// One value of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// As it was meant, without quotes.
    pub text: String,
    /// `*` in it stands for any text; never in quotes.
    pub wild: bool,
}

/// What is wrong with a query line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` at {at}: {why}", at = .start + 1)]
pub struct QueryError {
    /// The word, at most 80 characters of it.
    pub word: String,
    /// Where it begins, from 0, in UTF-16 units as a text field counts.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What is wrong and what would be right, as one sentence.
    pub why: String,
}

impl From<QueryError> for AppError {
    fn from(error: QueryError) -> Self {
        let details = json!({ "word": error.word, "start": error.start, "end": error.end });
        Self::new(Code::QueryInvalid, error.to_string()).details(details)
    }
}

impl Field {
    /// Every field, as they are suggested.
    pub const ALL: [Self; 9] = [
        Self::Job,
        Self::Tool,
        Self::Code,
        Self::Rule,
        Self::Package,
        Self::File,
        Self::Tag,
        Self::Source,
        Self::Project,
    ];

    /// The word before the colon.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Tool => "tool",
            Self::Code => "code",
            Self::Rule => "rule",
            Self::Package => "package",
            Self::File => "file",
            Self::Tag => "tag",
            Self::Source => "source",
            Self::Project => "project",
        }
    }
}

impl Value {
    /// A value that means itself.
    pub fn exact(text: impl Into<String>) -> Self {
        Self { text: text.into(), wild: false }
    }
}

/// A value as a line spells it: in quotes where it would be read otherwise.
pub fn spelled(text: &str) -> String {
    let plain = !text.is_empty()
        && !text.chars().any(|c| c.is_whitespace() || matches!(c, ',' | '"' | '*' | '\\'));
    if plain {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
