//! What changed between two scans of one project, and why (contract section 12, `mex diff`).
//! Owns which findings are one and the same, what counts as gone, and the causes that hold. Pure;
//! never guesses: where nothing that was recorded explains a change, the cause is `unknown`, and what
//! the later scan did not look at is never gone (contract SC-3).
//!
//! A vulnerability is its package without the version and its aliases, over both scans: another
//! version of the package that still has it is the same finding, with the version as a change. A
//! secret is its rule, its fingerprint and its place; a line is no place, and a secret that only
//! changed its file is the same finding. An UNKNOWN licence is its package without the version, file
//! or project, and the digest of what is declared and of its texts. The inventory and known licences
//! are documents and no findings.

mod cause;
mod document;
mod identity;
mod look;
mod side;
mod standing;
mod why;

pub use cause::{Cause, CauseChange, CauseKind};
pub use document::{
    Change, Changed, Delta, DeltaCounts, ExceptionDelta, FindingDelta, FindingKind, GapDelta,
    RunMark, SCHEMA_VERSION, Seen, Standing, What,
};
pub use side::{AdvisoryRecord, Ran, Side};

use crate::policy::problems;
use identity::{Pair, pairs};
use standing::Ground;
use why::Compared;

/// Compares two scans of one project, the earlier one first. The same scan twice gives nothing but
/// `unchanged`; the other way round, what is new is gone or not looked at, and the reverse.
pub fn compare(before: &Side, after: &Side) -> Delta {
    let compared = Compared { before, after };
    let ground = Ground::of(before, after);
    let mut findings: Vec<FindingDelta> =
        pairs(before, after).into_iter().map(|pair| finding(&compared, &ground, &pair)).collect();
    findings.sort_by_cached_key(FindingDelta::rank);
    Delta {
        schema_version: SCHEMA_VERSION.to_owned(),
        before: before.mark.clone(),
        after: after.mark.clone(),
        counts: DeltaCounts::of(&findings),
        findings,
        exceptions: standing::exceptions(&before.verdict, &after.verdict),
        gaps: standing::gaps(&before.verdict, &after.verdict),
    }
}

fn finding(compared: &Compared<'_>, ground: &Ground, pair: &Pair<'_>) -> FindingDelta {
    let before = ground.before.seen(&pair.before);
    let after = ground.after.seen(&pair.after);
    let (mut causes, mut changes) = (Vec::new(), Vec::new());
    let change = match (pair.before.as_slice(), pair.after.as_slice()) {
        ([], _) => {
            causes = compared.appeared(&pair.after);
            Change::New
        }
        (_, []) => {
            causes = compared.unseen(&pair.before);
            if causes.is_empty() {
                causes = compared.disappeared(&pair.before);
                Change::Gone
            } else {
                Change::NotLookedAt
            }
        }
        _ => {
            changes = compared.changes(pair, ground, before.as_ref(), after.as_ref());
            Change::Unchanged
        }
    };
    let newest = pair.after.first().or_else(|| pair.before.first());
    FindingDelta {
        change,
        kind: pair.kind,
        subject: newest.map(|finding| problems::subject(finding)).unwrap_or_default(),
        before,
        after,
        causes,
        changes,
    }
}
