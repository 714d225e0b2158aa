//! `capability_registry_review.json` (contract REG-5): a person's decision on one diff. Owns the
//! document, what is signed, and the rules of an approval: it is of exactly what was shown (promise
//! P30), every added right ticked on its own, never of one's own draft where a second reviewer is
//! asked for. Never decides by itself.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diff::RegistryDiff;
use crate::code::Code;
use crate::digest::Digest;
use crate::policy::file::{ApprovalRule, RegistryRule, ReviewerRule};
use crate::policy::signature::{AllowedSigners, SignatureFault};

/// The only `schema_version` of a review.
pub const SCHEMA_VERSION: &str = "rw-1.0";

/// The namespace of a signed review: a signature made for anything else is none.
pub const NAMESPACE: &str = "mex-registry-review@v1";

/// The longest comment, in characters.
pub const MOST_COMMENT: usize = 4000;

/// A decision on one diff (contract REG-5). Version `rw-1.0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// Who reviewed: the name of the signature, or who is logged in.
    pub reviewer_id: String,
    /// How that name is known.
    pub how: ReviewerMeans,
    /// Yes or no.
    pub decision: ReviewDecision,
    /// Why; a rejection needs one.
    pub comment: String,
    /// The diff: [`RegistryDiff::digest`].
    pub diff_sha256: Digest,
    /// The `right_id` of every added right that was ticked, sorted, each once.
    pub ticked: Vec<String>,
    /// The reviewer's SSH signature, armored, over [`Review::signed_bytes`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// Yes or no.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReviewDecision {
    /// It may be published.
    Approve,
    /// It may not.
    Reject,
}

impl ReviewDecision {
    /// The word as it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// How a reviewer's name is known. What was only typed is no name here.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReviewerMeans {
    /// The account that ran the review.
    KnownUser,
    /// A verified SSH signature.
    SshSignature,
}

/// What a review is judged by.
#[derive(Debug, Clone, Copy)]
pub struct ReviewGround<'a> {
    /// The diff as it is now.
    pub diff: &'a RegistryDiff,
    /// Who made the draft; null where nobody is on record.
    pub drafted_by: Option<&'a str>,
    /// What the policy asks for.
    pub rule: RegistryRule,
    /// Whose signatures count; null where no file was named.
    pub signers: Option<&'a AllowedSigners>,
    /// Now.
    pub now: Timestamp,
}

/// Why a review counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewFault {
    /// It cannot be read at all.
    #[error("the review is not readable: {0}")]
    Unreadable(String),
    /// It is of another version.
    #[error("the review has `schema_version` `{0}` and this mex reads `rw-1.0`")]
    Version(String),
    /// It is of another diff.
    #[error("the review is of the diff {reviewed}, and the diff is {found}")]
    OtherDiff {
        /// The diff it binds to.
        reviewed: Digest,
        /// The diff there is.
        found: Digest,
    },
    /// There is nothing to decide.
    #[error("the diff changes nothing: there is nothing to review")]
    Nothing,
    /// Rights that nobody ticked.
    #[error("{} added right(s) were not ticked: {}", .0.len(), quoted(.0))]
    Unticked(Vec<String>),
    /// Ticks of what is no added right of this diff.
    #[error("ticked, and no added right of this diff: {}", quoted(.0))]
    UnknownTicks(Vec<String>),
    /// A rejection without a word.
    #[error("a rejection needs a comment")]
    NoComment,
    /// A comment that nobody could read.
    #[error(
        "the comment must be text of at most {MOST_COMMENT} characters without control characters"
    )]
    BadComment,
    /// Somebody reviews what is their own.
    #[error("`{0}` made this draft, and the policy asks for a second reviewer")]
    OwnDraft(String),
    /// Nobody knows who made the draft.
    #[error(
        "nobody is on record as having made this draft, and the policy asks for a second reviewer"
    )]
    NobodysDraft,
    /// The policy asks for a signature.
    #[error("the policy asks for a signed review, and this one is not")]
    Unsigned,
    /// It is signed and nobody can tell by whom.
    #[error("the review is signed, and no allowed-signers file was named to judge that by")]
    NoSigners,
    /// Its signature counts for nothing.
    #[error("the review's signature counts for nothing: {0}")]
    Signature(SignatureFault),
}

fn quoted(ids: &[String]) -> String {
    let shown: Vec<String> = ids.iter().take(20).map(|id| format!("`{id}`")).collect();
    let more = ids.len().saturating_sub(shown.len());
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    shown.join(", ") + &rest
}

impl ReviewFault {
    /// The code hosts switch on.
    pub const fn code(&self) -> Code {
        match self {
            Self::OtherDiff { .. } => Code::RegistryStale,
            Self::Signature(_) | Self::NoSigners => Code::SignatureInvalid,
            _ => Code::RegistryReview,
        }
    }
}

impl Review {
    /// Reads a review.
    ///
    /// # Errors
    /// For unknown or duplicate fields, and for another version.
    pub fn parse(text: &str) -> Result<Self, ReviewFault> {
        let unreadable = |error: serde_json::Error| ReviewFault::Unreadable(error.to_string());
        let value = crate::json::parse(text).map_err(unreadable)?;
        let version = value.get("schema_version").and_then(serde_json::Value::as_str);
        if let Some(version) = version.filter(|version| *version != SCHEMA_VERSION) {
            return Err(ReviewFault::Version(version.chars().take(80).collect()));
        }
        serde_json::from_value(value).map_err(unreadable)
    }

    /// The bytes of the document: canonical JSON with a newline.
    ///
    /// # Errors
    /// Never for a value of this type; the signature is the canonicaliser's.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = crate::json::canonical(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// What a reviewer signs: the canonical JSON of the review without its signature. It names the
    /// diff, so that no signature can be carried to another.
    ///
    /// # Errors
    /// As [`Review::to_bytes`].
    pub fn signed_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        crate::json::canonical(&Self { signature: None, ..self.clone() })
    }

    /// Whether it may stand (contract REG-5).
    ///
    /// # Errors
    /// With the first rule it breaks.
    pub fn judge(&self, ground: &ReviewGround<'_>) -> Result<(), ReviewFault> {
        let found =
            ground.diff.digest().map_err(|error| ReviewFault::Unreadable(error.to_string()))?;
        if found != self.diff_sha256 {
            return Err(ReviewFault::OtherDiff { reviewed: self.diff_sha256, found });
        }
        if ground.diff.is_empty() {
            return Err(ReviewFault::Nothing);
        }
        let odd = |c: char| c.is_control() && c != '\n';
        if self.comment.chars().count() > MOST_COMMENT || self.comment.chars().any(odd) {
            return Err(ReviewFault::BadComment);
        }
        if self.decision == ReviewDecision::Reject && self.comment.trim().is_empty() {
            return Err(ReviewFault::NoComment);
        }
        let rights: BTreeSet<&str> =
            ground.diff.added_rights.iter().map(|right| right.right_id.as_str()).collect();
        let ticked: BTreeSet<&str> = self.ticked.iter().map(String::as_str).collect();
        let named = |ids: BTreeSet<&&str>| ids.into_iter().map(|id| (*id).to_owned()).collect();
        let unknown: BTreeSet<_> = ticked.difference(&rights).collect();
        if !unknown.is_empty() {
            return Err(ReviewFault::UnknownTicks(named(unknown)));
        }
        if self.decision == ReviewDecision::Approve {
            let missing: BTreeSet<_> = rights.difference(&ticked).collect();
            if !missing.is_empty() {
                return Err(ReviewFault::Unticked(named(missing)));
            }
            self.second(ground)?;
        }
        self.signed(ground)
    }

    fn second(&self, ground: &ReviewGround<'_>) -> Result<(), ReviewFault> {
        if ground.rule.reviewer == ReviewerRule::Anyone {
            return Ok(());
        }
        let drafter = ground.drafted_by.ok_or(ReviewFault::NobodysDraft)?;
        if same_person(drafter, &self.reviewer_id) {
            return Err(ReviewFault::OwnDraft(self.reviewer_id.clone()));
        }
        Ok(())
    }

    fn signed(&self, ground: &ReviewGround<'_>) -> Result<(), ReviewFault> {
        let Some(signature) = &self.signature else {
            let asked = ground.rule.approvals == ApprovalRule::SshSignature
                || self.how == ReviewerMeans::SshSignature;
            return if asked { Err(ReviewFault::Unsigned) } else { Ok(()) };
        };
        let signers = ground.signers.ok_or(ReviewFault::NoSigners)?;
        let bytes =
            self.signed_bytes().map_err(|error| ReviewFault::Unreadable(error.to_string()))?;
        signers
            .verify_bytes(signature, &bytes, &self.reviewer_id, NAMESPACE, ground.now)
            .map_err(ReviewFault::Signature)
    }
}

/// Whether two names may be one person's: the same text in any case, or an account and an address
/// that begins with it. Wrong on the careful side: then somebody else reviews.
fn same_person(one: &str, two: &str) -> bool {
    let account = |name: &str| {
        let name = name.trim().to_lowercase();
        name.split('@').next().unwrap_or_default().to_owned()
    };
    account(one) == account(two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_known_under_an_account_and_an_address() {
        assert!(same_person("ana", "Ana@example.org"));
        assert!(same_person("ana@a.example", "ana@b.example"));
        assert!(!same_person("ana", "anabel"));
    }
}
