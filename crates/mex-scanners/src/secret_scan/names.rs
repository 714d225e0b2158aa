//! The part of a secret scan that gitleaks does not do: secrets in names, by gitleaks' rules run in
//! this process (see [`crate::secret_name`]). Owns their findings, count and ledger, all in the name
//! of `mex`: no tool said it. Never shows a name that holds a secret.

use std::collections::BTreeMap;

use mex_runtime::code::Code;
use mex_runtime::coverage::{CoverageEntry, CoverageState, ToolCount};
use mex_runtime::finding::{Attribution, Finding, Secret};
use mex_runtime::id::{JobName, ToolName};
use mex_runtime::port::Progress;
use mex_runtime::result::TypedError;
use serde_json::json;

use super::Run;
use crate::answer::error;
use crate::fingerprint::Prints;
use crate::gitleaks::argv::Scope;
use crate::gitleaks::normalise::Settled;
use crate::redact::MARK;
use crate::secret_name::history::{WalkFault, walk};
use crate::secret_name::{InNames, Standing, judge};
use crate::stage::StageLedger;

/// What is known of the names of one scope.
pub(super) struct Names {
    /// The secrets in them.
    pub found: InNames,
    /// In a history: each path that holds one, and its commit.
    pub holders: Vec<(Vec<u8>, String)>,
    /// `names` or `history:names`.
    pub subject: &'static str,
}

impl Run<'_> {
    /// Reads what the stage found, or walks the history. What fails is a gap and no error that
    /// would hide what the tool finds.
    pub(super) fn names(&mut self, scope: Scope, ledger: &StageLedger) -> Names {
        let mut names = match scope {
            Scope::Tree => {
                Names { found: InNames::default(), holders: Vec::new(), subject: "names" }
            }
            Scope::History => {
                Names { found: InNames::default(), holders: Vec::new(), subject: "history:names" }
            }
        };
        let read = match scope {
            Scope::Tree => self.staged_names(&mut names),
            Scope::History => self.history_names(&mut names, ledger),
        };
        match read {
            Ok(None) => {}
            Ok(Some((state, reason))) => {
                self.note_names(&names, state, reason, names.found.judged);
            }
            Err(fault) => {
                self.note_names(&names, CoverageState::Failed, &fault.message, 1);
                self.outcome.errors.push(fault);
            }
        }
        names
    }

    fn staged_names(
        &self,
        names: &mut Names,
    ) -> Result<Option<(CoverageState, &'static str)>, TypedError> {
        let Some(stage) = self.errand.context.stage else { return Ok(None) };
        names.found = InNames::beside(&stage.root).map_err(|fault| {
            error(Code::StageIo, format!("the judged names cannot be read: {}", fault.kind()))
        })?;
        Ok(Some((CoverageState::Scanned, "")))
    }

    fn history_names(
        &self,
        names: &mut Names,
        ledger: &StageLedger,
    ) -> Result<Option<(CoverageState, &'static str)>, TypedError> {
        let Some(view) = &ledger.history else { return Ok(None) };
        let context = self.errand.context;
        (context.progress)(Progress::Phase("reading the names of the history".to_owned()));
        let begun = context.clock.now();
        let limit = u128::from(self.errand.admitted.budget().wall_time_ms);
        let stop = || {
            let spent = context.clock.now().duration_since(begun).as_millis();
            if context.cancel.is_cancelled() {
                Some("it was stopped on request")
            } else if u128::try_from(spent).unwrap_or(0) > limit {
                Some("the time of the operation was over")
            } else {
                None
            }
        };
        let walked = walk(view, &stop).map_err(|fault| {
            let code = match fault {
                WalkFault::Stopped(_) if context.cancel.is_cancelled() => Code::Cancelled,
                WalkFault::Stopped(_) => Code::ToolTimeout,
                WalkFault::Refs(_) | WalkFault::Object(_) => Code::StageIo,
            };
            error(code, fault.to_string())
        })?;
        names.holders = walked.holders;
        names.found = judge(
            names
                .holders
                .iter()
                .map(|(path, commit)| (path.as_slice(), Standing::Scanned, Some(commit.as_str()))),
        )
        .found;
        names.found.judged = walked.judged;
        Ok(Some(if walked.missing == 0 {
            (CoverageState::Scanned, "")
        } else {
            (CoverageState::NotScanned, "objects of the history are not here: fetch it whole")
        }))
    }

    fn note_names(&mut self, names: &Names, state: CoverageState, reason: &str, items: u64) {
        self.outcome.coverage.entries.push(CoverageEntry {
            job: JobName::known("secret"),
            subject: names.subject.to_owned(),
            tool: None,
            state,
            reason: reason.to_owned(),
            items,
        });
    }
}

/// Findings and evidence of names, both without any secret; each is one finding, none is dropped.
///
/// # Errors
/// When no fingerprint was made for one.
pub(super) fn settle(
    names: &Names,
    prints: &BTreeMap<Vec<u8>, Prints>,
) -> Result<Settled, TypedError> {
    let (mut findings, mut evidence) = (Vec::new(), Vec::new());
    for name in &names.found.secrets {
        let prints = prints.get(name.secret()).ok_or_else(|| {
            error(Code::Internal, "a secret in a name has no fingerprint".to_owned())
        })?;
        let mut finding = Finding::Secret(Secret {
            rule: name.rule.clone(),
            path: name.path.clone(),
            fingerprint: prints.own.clone(),
            start_line: 0,
            end_line: 0,
            commit: name.commit.clone(),
            allowlist_fingerprints: prints.documents.clone(),
            attributions: vec![Attribution {
                tool: ToolName::known(Secret::OWN_TOOL),
                native_id: name.rule.clone(),
            }],
        });
        finding.canonicalise();
        evidence.push(json!({
            "RuleID": name.rule,
            "Name": name.path,
            "Commit": name.commit,
            "Secret": MARK,
            "Fingerprint": prints.own,
        }));
        findings.push(finding);
    }
    let said = findings.len() as u64;
    let count = ToolCount {
        tool: ToolName::known(Secret::OWN_TOOL),
        subject: names.subject.to_owned(),
        said,
        kept: said,
        dropped: Vec::new(),
    };
    Ok(Settled { findings, count, evidence: serde_json::Value::Array(evidence) })
}
