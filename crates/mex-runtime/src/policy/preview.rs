//! What exceptions would hide in a scan that was judged before, and the exception that hides one
//! Problem (contract SC-4). Pure; never changes a verdict that was given.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use super::allowlist::{Allowlist, Match};
use super::file::ApprovalRule;
use super::matching::{AllowlistInForce, Ledger};
use super::problems;
use super::verdict::{Decision, Reason, Rule, Verdict};
use crate::digest::Digest;
use crate::finding::Finding;

/// What exceptions would have done to one scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The verdict without the exceptions.
    pub before: Decision,
    /// The verdict with them.
    pub after: Decision,
    /// What they hide, in the verdict's order; also what they hid when the verdict was given.
    pub hides: Vec<Reason>,
}

/// Judges the reasons of a given verdict once more, without and with exceptions that hold at `now`,
/// whether they were in force then or not. `findings` are the scan's, merged. Approvals are taken
/// as given.
pub fn preview(
    verdict: &Verdict,
    findings: &[Finding],
    exceptions: &Allowlist,
    now: Timestamp,
) -> Preview {
    let verified: BTreeSet<String> =
        exceptions.exceptions.iter().map(|exception| exception.id.clone()).collect();
    let in_force = [AllowlistInForce { document: exceptions.clone(), handle: None, verified }];
    let mut ledger = Ledger::open(&in_force, ApprovalRule::Named, now);
    let known = by_fingerprint(findings);
    let mut reasons = verdict.reasons.clone();
    for reason in &mut reasons {
        let ours = reason.lifted_by.as_ref().is_some_and(|lifted| {
            lifted.document_id == exceptions.document_id
                && exceptions.exceptions.iter().any(|exception| exception.id == lifted.id)
        });
        if ours {
            reason.lifted_by = None;
        }
    }
    let mut hides = Vec::new();
    let mut left = Vec::new();
    for reason in &reasons {
        let lifted = reason.lifted_by.is_none()
            && match subject_of(reason, &known) {
                Some(Subject::Finding(finding)) => {
                    ledger.lift_finding(finding, &reason.subject).is_some()
                }
                Some(Subject::Gap) => reason
                    .job
                    .as_ref()
                    .is_some_and(|job| ledger.lift_gap(job, &reason.subject).is_some()),
                None => false,
            };
        if lifted { hides.push(reason.clone()) } else { left.push(reason) }
    }
    Preview { before: Decision::of(&reasons), after: Decision::of(left), hides }
}

/// What an exception has to match so that it hides exactly this reason: the same content at the same
/// place. `None` where nobody can accept it, or where a secret was not fingerprinted under the
/// document.
pub fn exact_match(reason: &Reason, findings: &[Finding], document_id: &str) -> Option<Match> {
    match subject_of(reason, &by_fingerprint(findings))? {
        Subject::Gap => {
            Some(Match::Gap { job: reason.job.clone()?, subject: reason.subject.clone() })
        }
        Subject::Finding(Finding::Vulnerability(one)) => Some(Match::Vulnerability {
            purl: one.component.purl.clone(),
            aliases: one.aliases.clone(),
        }),
        Subject::Finding(Finding::Secret(one)) => {
            let known = one
                .allowlist_fingerprints
                .iter()
                .find(|fingerprint| fingerprint.document_id == document_id)?;
            Some(Match::Secret {
                fingerprint: known.fingerprint.clone(),
                rule: Some(one.rule.clone()),
                path: Some(one.path.clone()),
            })
        }
        Subject::Finding(Finding::License(one)) => Some(Match::License {
            unit: one.place().to_owned(),
            content_sha256: one.content_sha256,
        }),
        Subject::Finding(Finding::Component(_)) => None,
    }
}

/// The finding a reason is about.
pub fn finding_of<'a>(reason: &Reason, findings: &'a [Finding]) -> Option<&'a Finding> {
    match subject_of(reason, &by_fingerprint(findings))? {
        Subject::Finding(finding) => Some(finding),
        Subject::Gap => None,
    }
}

enum Subject<'a> {
    Finding(&'a Finding),
    Gap,
}

fn by_fingerprint(findings: &[Finding]) -> HashMap<Digest, &Finding> {
    findings
        .iter()
        .filter_map(|finding| Some((problems::finding_fingerprint(finding).ok()?, finding)))
        .collect()
}

fn subject_of<'a>(reason: &Reason, known: &HashMap<Digest, &'a Finding>) -> Option<Subject<'a>> {
    match reason.rule {
        Rule::Vulnerability | Rule::Secret | Rule::UnknownLicense => {
            Some(Subject::Finding(known.get(&reason.fingerprint?)?))
        }
        rule if rule.can_be_accepted() => Some(Subject::Gap),
        _ => None,
    }
}
