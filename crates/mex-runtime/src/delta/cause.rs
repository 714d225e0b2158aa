//! Why something changed: a closed list of kinds and changes, and one sentence for people.
//! Owns the words; never decides which cause holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One cause, with what it was and what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// What sort of thing changed.
    pub kind: CauseKind,
    /// How.
    pub how: CauseChange,
    /// What changed: a package, a record, a file, an exception, a policy, a tool, a ledger's subject.
    pub subject: String,
    /// As it was; null where there is nothing to say.
    pub was: Option<String>,
    /// As it is; null where there is nothing to say.
    pub is: Option<String>,
}

/// What sort of thing changed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CauseKind {
    /// A package, its version, its licence texts, or the lockfile that names it.
    Dependency,
    /// An advisory database or one of its records.
    Database,
    /// A file of the project.
    Code,
    /// An exception.
    Exception,
    /// The policy.
    Policy,
    /// A tool or our own adapter.
    Tool,
    /// What was looked at.
    Coverage,
    /// Nothing that was recorded explains it.
    Unknown,
}

impl CauseKind {
    /// As people and programs see it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dependency => "dependency",
            Self::Database => "database",
            Self::Code => "code",
            Self::Exception => "exception",
            Self::Policy => "policy",
            Self::Tool => "tool",
            Self::Coverage => "coverage",
            Self::Unknown => "unknown",
        }
    }
}

/// How something changed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CauseChange {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It is another one.
    Changed,
    /// A package declares another licence or has other licence texts.
    Relicensed,
    /// A lockfile changed, and without an inventory of both scans nobody knows whether this package did.
    LockfileChanged,
    /// A database changed, and nobody knows whether the record did.
    SnapshotChanged,
    /// A record was withdrawn.
    Withdrawn,
    /// A record that was withdrawn holds again.
    Reinstated,
    /// An exception's time is over.
    Expired,
    /// An exception was taken out, or its document is not in force.
    Revoked,
    /// An exception holds until another day.
    Renewed,
    /// An exception's signature was verified.
    Signed,
    /// An exception's signature is asked for and was not verified.
    Unsigned,
    /// An exception now is about this very content.
    Matches,
    /// An exception is bound to content that is another now.
    MatchesNoMore,
    /// A scan did not look.
    NotLookedAt,
    /// Nothing that was recorded explains it.
    Unexplained,
}

impl Cause {
    pub(super) fn new(kind: CauseKind, how: CauseChange, subject: impl Into<String>) -> Self {
        Self { kind, how, subject: subject.into(), was: None, is: None }
    }

    pub(super) fn was(mut self, was: Option<String>) -> Self {
        self.was = was;
        self
    }

    pub(super) fn is(mut self, is: Option<String>) -> Self {
        self.is = is;
        self
    }

    /// One sentence, without its kind.
    pub fn sentence(&self) -> String {
        let Self { subject, was, is, .. } = self;
        let by = match (was, is) {
            (Some(was), Some(is)) => format!(" from {was} to {is}"),
            (None, Some(is)) => format!(" ({is})"),
            (Some(was), None) => format!(" ({was})"),
            (None, None) => String::new(),
        };
        match (self.kind, self.how) {
            (CauseKind::Unknown, _) | (_, CauseChange::Unexplained) => {
                "nothing that was recorded explains it".to_owned()
            }
            (CauseKind::Coverage, _) => match (is, was) {
                (None, Some(why)) if let Some(job) = subject.strip_prefix("job ") => {
                    format!("the job `{job}` had no report before: {why}")
                }
                (Some(why), _) if let Some(job) = subject.strip_prefix("job ") => {
                    format!("the job `{job}` has no report: {why}")
                }
                (Some(why), _) => format!("`{subject}` was not looked at: {why}"),
                (None, Some(why)) => format!("`{subject}` was not looked at before: {why}"),
                (None, None) => format!("`{subject}` was not looked at"),
            },
            (CauseKind::Database, CauseChange::SnapshotChanged) => {
                format!("the database {subject} changed{by}")
            }
            (CauseKind::Database, CauseChange::Added) => format!("record `{subject}` came{by}"),
            (CauseKind::Database, CauseChange::Removed) => format!("record `{subject}` went{by}"),
            (CauseKind::Database, CauseChange::Withdrawn) => {
                format!("record `{subject}` was withdrawn{by}")
            }
            (CauseKind::Database, CauseChange::Reinstated) => {
                format!("record `{subject}` holds again{by}")
            }
            (CauseKind::Database, _) => format!("record `{subject}` says something else{by}"),
            (_, CauseChange::Added) => format!("`{subject}` was added{by}"),
            (_, CauseChange::Removed) => format!("`{subject}` was removed{by}"),
            (_, CauseChange::Changed) => format!("`{subject}` changed{by}"),
            (_, CauseChange::Relicensed) => format!("`{subject}` has other licence texts"),
            (_, CauseChange::LockfileChanged) => {
                format!(
                    "`{subject}` changed; whether this package did is not known without the job `sbom` in both scans"
                )
            }
            (_, CauseChange::Expired) => format!("exception `{subject}` expired{by}"),
            (_, CauseChange::Revoked) => format!("exception `{subject}` is not in force any more"),
            (_, CauseChange::Renewed) => format!("exception `{subject}` was renewed{by}"),
            (_, CauseChange::Signed) => format!("exception `{subject}` has a verified signature"),
            (_, CauseChange::Unsigned) => {
                format!("exception `{subject}` has no verified signature")
            }
            (_, CauseChange::Matches) => format!("exception `{subject}` is about it now"),
            (_, CauseChange::MatchesNoMore) => {
                format!("exception `{subject}` is about other content than this")
            }
            (_, how) => format!("`{subject}`: {how:?}"),
        }
    }
}
