//! What a finding means for a release in each scan, and what became of exceptions and gaps
//! (contract SC-2, SC-4). Owns how a verdict is read back; never judges anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::cause::{Cause, CauseChange, CauseKind};
use super::document::{Change, ExceptionDelta, GapDelta, Seen, Standing};
use super::look;
use super::side::Side;
use crate::digest::Digest;
use crate::finding::{Finding, LicenseUnit};
use crate::policy::file::Policy;
use crate::policy::matching::{ExceptionRef, ExceptionStanding, ExceptionUse};
use crate::policy::problems::finding_fingerprint;
use crate::policy::verdict::{Effect, Verdict};
use crate::severity::VulnSeverity;

/// What decides in both scans.
pub(super) struct Ground {
    pub(super) before: Rules,
    pub(super) after: Rules,
}

/// What decides in one scan.
pub(super) struct Rules {
    blocking: BTreeSet<VulnSeverity>,
    name: String,
    lifted: HashMap<Digest, ExceptionRef>,
    uses: BTreeMap<ExceptionRef, ExceptionUse>,
    approvals: crate::policy::file::ApprovalRule,
}

impl Ground {
    /// Where one policy cannot be read any more, the other stands for it: then no change comes of it.
    pub(super) fn of(before: &Side, after: &Side) -> Self {
        let default = Policy::default();
        let policy = |one: &Side, other: &Side| {
            one.policy.clone().or_else(|| other.policy.clone()).unwrap_or_else(|| default.clone())
        };
        Self {
            before: Rules::of(&before.verdict, &policy(before, after)),
            after: Rules::of(&after.verdict, &policy(after, before)),
        }
    }

    /// Why a finding with these severities stands differently.
    pub(super) fn causes(&self, before: &[&Finding], after: &[&Finding]) -> Vec<Cause> {
        let (was, is) = (self.before.lifting(before), self.after.lifting(after));
        let mut causes: Vec<Cause> = Vec::new();
        causes.extend(was.difference(&is).filter_map(|exception| self.ended(exception)));
        causes.extend(is.difference(&was).map(|exception| self.began(exception)));
        if was.iter().chain(&is).any(|one| self.is_unsigned(one))
            && self.before.approvals != self.after.approvals
        {
            causes.push(self.policy_changed());
        }
        let decides = |rules: &Rules, findings: &[&Finding]| {
            findings.iter().any(|finding| rules.blocks(finding))
        };
        if decides(&self.before, before) != decides(&self.after, before) {
            causes.push(self.policy_changed());
        }
        causes
    }

    fn is_unsigned(&self, exception: &ExceptionRef) -> bool {
        [&self.before, &self.after].iter().any(|rules| {
            rules
                .uses
                .get(exception)
                .is_some_and(|used| used.standing == ExceptionStanding::Unsigned)
        })
    }

    fn policy_changed(&self) -> Cause {
        let words = |rules: &Rules| {
            let words: Vec<&str> = rules.blocking.iter().rev().map(|one| one.word()).collect();
            Some(format!("`{}` (blocks {})", rules.name, words.join(", ")))
        };
        Cause::new(CauseKind::Policy, CauseChange::Changed, "policy")
            .was(words(&self.before))
            .is(words(&self.after))
    }

    /// Why an exception lifts it no more; `None` where it only gave way to another one.
    fn ended(&self, exception: &ExceptionRef) -> Option<Cause> {
        let cause = |how| Cause::new(CauseKind::Exception, how, exception.id.clone());
        Some(match self.after.uses.get(exception) {
            None => cause(CauseChange::Revoked),
            Some(used) => match used.standing {
                ExceptionStanding::Expired => {
                    cause(CauseChange::Expired).is(Some(used.expires.to_string()))
                }
                ExceptionStanding::Unsigned => cause(CauseChange::Unsigned),
                ExceptionStanding::Doubled => return None,
                ExceptionStanding::Lifts | ExceptionStanding::Unused => {
                    cause(CauseChange::MatchesNoMore)
                }
            },
        })
    }

    fn began(&self, exception: &ExceptionRef) -> Cause {
        let cause = |how| Cause::new(CauseKind::Exception, how, exception.id.clone());
        match self.before.uses.get(exception) {
            None => cause(CauseChange::Added),
            Some(used) => match used.standing {
                ExceptionStanding::Expired => {
                    let until = self.after.uses.get(exception).map(|used| used.expires.to_string());
                    cause(CauseChange::Renewed).was(Some(used.expires.to_string())).is(until)
                }
                ExceptionStanding::Unsigned => cause(CauseChange::Signed),
                _ => cause(CauseChange::Matches),
            },
        }
    }
}

impl Rules {
    fn of(verdict: &Verdict, policy: &Policy) -> Self {
        let lifted = verdict
            .reasons
            .iter()
            .filter_map(|reason| Some((reason.fingerprint?, reason.lifted_by.clone()?)))
            .collect();
        let mut uses: BTreeMap<ExceptionRef, ExceptionUse> = BTreeMap::new();
        // Sorted: of two of one name the one that lifts is first.
        for used in &verdict.exceptions {
            uses.entry(used.exception.clone()).or_insert_with(|| used.clone());
        }
        Self {
            blocking: policy.blocking_severities(),
            name: verdict.policy.clone(),
            lifted,
            uses,
            approvals: policy.approvals,
        }
    }

    /// A finding as this scan saw it; `None` where it did not.
    pub(super) fn seen(&self, findings: &[&Finding]) -> Option<Seen> {
        findings.first()?;
        let mut places: Vec<String> = findings.iter().map(|finding| place(finding)).collect();
        places.sort();
        places.dedup();
        let mut problems: Vec<Digest> =
            findings.iter().filter_map(|finding| finding_fingerprint(finding).ok()).collect();
        problems.sort();
        problems.dedup();
        let standing = findings.iter().map(|finding| self.standing(finding)).max();
        Some(Seen {
            places,
            severity: findings.iter().filter_map(|finding| severity(finding)).max(),
            standing: standing.unwrap_or(Standing::Warns),
            problems,
        })
    }

    fn standing(&self, finding: &Finding) -> Standing {
        let problem = finding_fingerprint(finding).ok();
        if problem.is_some_and(|problem| self.lifted.contains_key(&problem)) {
            Standing::Lifted
        } else if self.blocks(finding) {
            Standing::Blocks
        } else {
            Standing::Warns
        }
    }

    fn blocks(&self, finding: &Finding) -> bool {
        severity(finding).is_none_or(|severity| self.blocking.contains(&severity))
    }

    fn lifting(&self, findings: &[&Finding]) -> BTreeSet<ExceptionRef> {
        findings
            .iter()
            .filter_map(|finding| self.lifted.get(&finding_fingerprint(finding).ok()?))
            .cloned()
            .collect()
    }
}

pub(super) fn severity(finding: &Finding) -> Option<VulnSeverity> {
    match finding {
        Finding::Vulnerability(one) => Some(one.severity),
        _ => None,
    }
}

fn place(finding: &Finding) -> String {
    match finding {
        Finding::Secret(one) => match &one.commit {
            Some(commit) => format!("{} in {commit}", one.path),
            None => one.path.clone(),
        },
        Finding::License(one) => match &one.unit {
            LicenseUnit::Project => "project".to_owned(),
            _ => one.place().to_owned(),
        },
        other => look::component(other).map(|one| one.purl.clone()).unwrap_or_default(),
    }
}

/// What became of every exception that is not what it was.
pub(super) fn exceptions(before: &Verdict, after: &Verdict) -> Vec<ExceptionDelta> {
    let policy = Policy::default();
    let (was, is) = (Rules::of(before, &policy).uses, Rules::of(after, &policy).uses);
    let names: BTreeSet<&ExceptionRef> = was.keys().chain(is.keys()).collect();
    let cause = |name: &ExceptionRef, how| Cause::new(CauseKind::Exception, how, name.id.clone());
    let until = |used: &ExceptionUse| Some(used.expires.to_string());
    let mut all: Vec<ExceptionDelta> = Vec::new();
    for name in names {
        let mut add = |cause| all.push(ExceptionDelta { exception: name.clone(), cause });
        match (was.get(name), is.get(name)) {
            (None, Some(used)) => add(cause(name, CauseChange::Added).is(until(used))),
            (Some(used), None) => add(cause(name, CauseChange::Revoked).was(until(used))),
            (Some(one), Some(other)) => {
                let expired = |used: &ExceptionUse| used.standing == ExceptionStanding::Expired;
                if !expired(one) && expired(other) {
                    add(cause(name, CauseChange::Expired).is(until(other)));
                } else if one.expires != other.expires {
                    add(cause(name, CauseChange::Renewed).was(until(one)).is(until(other)));
                }
            }
            (None, None) => {}
        }
    }
    all.sort();
    all
}

/// The gaps that only one of two verdicts has.
pub(super) fn gaps(before: &Verdict, after: &Verdict) -> Vec<GapDelta> {
    let of = |verdict: &Verdict, change: Change| -> BTreeSet<GapDelta> {
        verdict
            .reasons
            .iter()
            .filter(|reason| reason.effect == Effect::LeavesIncomplete)
            .map(|reason| GapDelta {
                change,
                rule: reason.rule,
                job: reason.job.clone(),
                subject: reason.subject.clone(),
            })
            .collect()
    };
    let was = of(before, Change::New);
    let is = of(after, Change::New);
    let new = is.difference(&was).cloned();
    let gone = was.difference(&is).cloned().map(|gap| GapDelta { change: Change::Gone, ..gap });
    let mut all: Vec<GapDelta> = new.chain(gone).collect();
    all.sort();
    all
}
