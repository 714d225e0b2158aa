//! Which exception lifts what (contract SC-4): bound to content, valid until its expiry.
//! Owns the matching and the account of every exception's use; never makes a finding disappear:
//! what is lifted stays in the verdict, under the id that lifted it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::allowlist::{Allowlist, ApprovalMeans, Exception, Match};
use super::file::ApprovalRule;
use super::merge::spell_alias;
use crate::artifact::ArtifactHandle;
use crate::finding::{Finding, Vulnerability};
use crate::id::JobName;

/// An exception that ends within this time is told with every scan.
pub const EXPIRY_NOTICE: SignedDuration = SignedDuration::from_hours(24 * 7);

/// An allowlist as one scan uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowlistInForce {
    /// The document.
    pub document: Allowlist,
    /// The document as an artifact, for provenance.
    pub handle: Option<ArtifactHandle>,
    /// The exceptions whose approver's SSH signature the host verified. What a document says of
    /// itself verifies nothing.
    pub verified: BTreeSet<String>,
}

/// Names one exception.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct ExceptionRef {
    /// Its allowlist.
    pub document_id: String,
    /// Its id there.
    pub id: String,
}

/// What became of one exception in one scan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionUse {
    /// Which.
    pub exception: ExceptionRef,
    /// What became of it.
    pub standing: ExceptionStanding,
    /// What it matched, sorted; empty where it matched nothing.
    pub subjects: Vec<String>,
    /// The reason it gives.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approver: String,
    /// What is known of that name: a signature only where it was verified.
    pub approval: Approval,
    /// When it stops holding.
    pub expires: Timestamp,
    /// One sentence where something is wrong with it; else empty.
    pub note: String,
}

impl ExceptionUse {
    /// Whether it still lifts and ends soon after `now`.
    pub fn is_expiring(&self, now: Timestamp) -> bool {
        self.standing == ExceptionStanding::Lifts
            && self.expires.duration_since(now) <= EXPIRY_NOTICE
    }
}

/// What became of one exception.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionStanding {
    /// It lifted something.
    Lifts,
    /// It matches nothing.
    Unused,
    /// Its time is over; it lifts nothing any more.
    Expired,
    /// The policy wants a verified signature and it has none; it lifts nothing.
    Unsigned,
    /// Another exception has the same id or already lifts the same; see the note.
    Doubled,
}

/// What is known of an approver's name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// The signature was verified in this scan.
    SignatureVerified,
    /// The document says that the person was logged in.
    KnownUserClaimed,
    /// The document says that it is signed; nobody verified it.
    SignatureNotVerified,
    /// Somebody typed the name.
    TypedOnly,
}

/// All exceptions of a scan, and what has become of them so far.
#[derive(Debug)]
pub struct Ledger<'a> {
    entries: Vec<Entry<'a>>,
}

#[derive(Debug)]
struct Entry<'a> {
    exception: &'a Exception,
    document_id: &'a str,
    approval: Approval,
    standing: Hold,
    subjects: BTreeSet<String>,
    lifted: bool,
    note: String,
}

/// Whether an exception may lift at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    Holds,
    Expired,
    Unsigned,
    Doubled,
}

impl<'a> Ledger<'a> {
    /// Opens the account of every exception in force.
    pub fn open(allowlists: &'a [AllowlistInForce], rule: ApprovalRule, now: Timestamp) -> Self {
        let mut entries: Vec<Entry<'a>> = Vec::new();
        for allowlist in allowlists {
            for exception in &allowlist.document.exceptions {
                let verified = allowlist.verified.contains(&exception.id);
                let document_id = allowlist.document.document_id.as_str();
                let twin = entries.iter().find(|known| {
                    known.document_id == document_id && known.exception.id == exception.id
                });
                let (standing, note) = if now >= exception.expires {
                    (Hold::Expired, format!("it expired at {}", exception.expires))
                } else if rule == ApprovalRule::SshSignature && !verified {
                    (Hold::Unsigned, "the policy asks for a verified SSH signature".to_owned())
                } else if let Some(twin) = twin {
                    let what = if twin.exception == exception {
                        "is there twice"
                    } else {
                        "contradicts another of the same document and id, which came first"
                    };
                    (Hold::Doubled, format!("it {what}"))
                } else {
                    (Hold::Holds, String::new())
                };
                let approval = match exception.approver.how {
                    _ if verified => Approval::SignatureVerified,
                    ApprovalMeans::KnownUser => Approval::KnownUserClaimed,
                    ApprovalMeans::SshSignature => Approval::SignatureNotVerified,
                    ApprovalMeans::Typed => Approval::TypedOnly,
                };
                entries.push(Entry {
                    exception,
                    document_id,
                    approval,
                    standing,
                    subjects: BTreeSet::new(),
                    lifted: false,
                    note,
                });
            }
        }
        Self { entries }
    }

    /// The exception that lifts a finding, if one does. Every exception that matches takes note.
    pub fn lift_finding(&mut self, finding: &Finding, subject: &str) -> Option<ExceptionRef> {
        self.lift(subject, |document_id, matches| match (finding, matches) {
            (Finding::Vulnerability(vulnerability), Match::Vulnerability { purl, aliases }) => {
                accepts(vulnerability, purl, aliases)
            }
            (Finding::Secret(secret), Match::Secret { fingerprint, rule, path }) => {
                let same = secret.allowlist_fingerprints.iter().any(|known| {
                    known.document_id == document_id && known.fingerprint == *fingerprint
                });
                same && rule.as_ref().is_none_or(|rule| *rule == secret.rule)
                    && path.as_ref().is_none_or(|path| *path == secret.path)
            }
            (Finding::License(license), Match::License { unit, content_sha256 }) => {
                license.is_unknown()
                    && license.place() == unit
                    && license.content_sha256 == *content_sha256
            }
            _ => false,
        })
    }

    /// The exception that accepts a gap, if one does.
    pub fn lift_gap(&mut self, gap_job: &JobName, gap_subject: &str) -> Option<ExceptionRef> {
        self.lift(gap_subject, |_, matches| {
            matches!(matches, Match::Gap { job, subject } if job == gap_job && subject == gap_subject)
        })
    }

    /// What became of every exception, sorted.
    pub fn close(self) -> Vec<ExceptionUse> {
        let mut uses: Vec<_> = self.entries.into_iter().map(Entry::close).collect();
        uses.sort();
        uses
    }

    fn lift(
        &mut self,
        subject: &str,
        matches: impl Fn(&str, &Match) -> bool,
    ) -> Option<ExceptionRef> {
        let mut lifted_by: Option<ExceptionRef> = None;
        for entry in &mut self.entries {
            if !matches(entry.document_id, &entry.exception.matches) {
                continue;
            }
            entry.subjects.insert(subject.to_owned());
            if entry.standing != Hold::Holds {
                continue;
            }
            match &lifted_by {
                None => {
                    entry.lifted = true;
                    lifted_by = Some(entry.name());
                }
                Some(first) if !entry.lifted => {
                    entry.note = format!(
                        "exception `{}` of `{}` lifts the same",
                        first.id, first.document_id
                    );
                }
                Some(_) => {}
            }
        }
        lifted_by
    }
}

impl Entry<'_> {
    fn name(&self) -> ExceptionRef {
        ExceptionRef { document_id: self.document_id.to_owned(), id: self.exception.id.clone() }
    }

    fn close(self) -> ExceptionUse {
        let standing = match self.standing {
            Hold::Expired => ExceptionStanding::Expired,
            Hold::Unsigned => ExceptionStanding::Unsigned,
            Hold::Doubled => ExceptionStanding::Doubled,
            Hold::Holds if self.lifted => ExceptionStanding::Lifts,
            Hold::Holds if self.subjects.is_empty() => ExceptionStanding::Unused,
            Hold::Holds => ExceptionStanding::Doubled,
        };
        ExceptionUse {
            exception: self.name(),
            standing,
            subjects: self.subjects.into_iter().collect(),
            reason: self.exception.reason.clone(),
            owner: self.exception.owner.clone(),
            approver: self.exception.approver.name.clone(),
            approval: self.approval,
            expires: self.exception.expires,
            note: if standing == ExceptionStanding::Lifts { String::new() } else { self.note },
        }
    }
}

/// Whether an exception's component and alias set is this vulnerability. One shared alias is enough,
/// for databases add names over time; but one CVE is one vulnerability, so a CVE that the exception
/// does not name is another one, unless the exception names none and the finding has just this one.
fn accepts(vulnerability: &Vulnerability, purl: &str, aliases: &[String]) -> bool {
    if vulnerability.component.purl != purl {
        return false;
    }
    let known: BTreeSet<String> = aliases.iter().map(|alias| spell_alias(alias)).collect();
    let is_cve = |alias: &&String| alias.starts_with("CVE-");
    let new_cves =
        vulnerability.aliases.iter().filter(is_cve).filter(|alias| !known.contains(*alias)).count();
    let names_cve = known.iter().any(|alias| is_cve(&alias));
    vulnerability.aliases.iter().any(|alias| known.contains(alias))
        && (new_cves == 0 || (!names_cve && new_cves == 1))
}
