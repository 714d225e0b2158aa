//! How one Problem stands against the scan before, and why: the comparison of two scans, asked about
//! one Problem. The comparison is the runtime's; the last one is held.

use std::sync::Arc;

use mex_recorder::query::find::FoundProblem;
use mex_runtime::delta::{Cause, Change, Delta, FindingDelta};
use mex_runtime::digest::Digest;
use mex_runtime::id::RunId;

use super::finder::Newest;
use super::problem::ProblemSince;
use super::problems::{ProblemStanding, standing};
use super::{Screens, locked};
use crate::delta::Since;
use crate::error::AppResult;

/// The comparison that was made last.
pub(super) type LastDelta = Option<(RunId, Arc<Since>)>;

impl Screens {
    /// How a Problem stands against the scan before the newest one of its project.
    pub(crate) fn problem_since(
        &self,
        fingerprint: &Digest,
        found: &FoundProblem,
        newest: &Newest,
    ) -> AppResult<ProblemSince> {
        let of_project = found.problem.wsid.as_ref().and_then(|wsid| newest.of(wsid));
        let judged = of_project.and_then(|project| project.judged).map(|(run_id, _)| run_id);
        let standing = standing(found, newest);
        let mut since = ProblemSince {
            standing,
            newest: judged,
            before: None,
            causes: Vec::new(),
            sentence: String::new(),
        };
        // Only what is new or gone has a cause to look for.
        let asks = matches!(standing, ProblemStanding::New | ProblemStanding::NotSeen);
        if let Some(run_id) = judged.filter(|_| asks) {
            let compared = self.compared_with_last(run_id);
            if let Some(delta) = compared.delta() {
                since.before = Some(delta.before.run_id);
                since.causes = causes(delta, fingerprint);
            }
        }
        since.sentence = sentence(&since, found);
        Ok(since)
    }

    fn compared_with_last(&self, run_id: RunId) -> Arc<Since> {
        let mut last = locked(&self.last_delta);
        if let Some((_, since)) = last.as_ref().filter(|(known, _)| *known == run_id) {
            return since.clone();
        }
        let since = Arc::new(self.app.since_last(run_id));
        *last = Some((run_id, since.clone()));
        since
    }
}

/// Why a Problem is new, gone or not looked at, as the comparison says.
fn causes(delta: &Delta, fingerprint: &Digest) -> Vec<Cause> {
    let about = |finding: &&FindingDelta| {
        let seen = [&finding.before, &finding.after];
        finding.change != Change::Unchanged
            && seen.into_iter().flatten().any(|seen| seen.problems.contains(fingerprint))
    };
    delta.findings.iter().filter(about).flat_map(|finding| finding.causes.clone()).collect()
}

fn sentence(since: &ProblemSince, found: &FoundProblem) -> String {
    let why: Vec<String> = since.causes.iter().map(Cause::sentence).collect();
    let why = if why.is_empty() { String::new() } else { format!(": {}", why.join("; ")) };
    match since.standing {
        ProblemStanding::New => format!("new in the last scan of its project{why}"),
        ProblemStanding::Unchanged => {
            format!("seen before, {} times since {}", found.problem.count, found.problem.first_seen)
        }
        ProblemStanding::Reopened => "it was resolved and came back".to_owned(),
        ProblemStanding::NotSeen => format!("the last scan of its project did not see it{why}"),
        ProblemStanding::NoScan => "it is of no scan".to_owned(),
    }
}
