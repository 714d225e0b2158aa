//! The rules of a SARIF run: one a vulnerability, one a detector of secrets, one a sort of gap, each
//! with its help and the gravest level of its results. Never a rule without a result.

use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::finding::{AdvisoryKind, Finding, Vulnerability};
use mex_runtime::policy::verdict::{Effect, Reason};
use mex_runtime::severity::Severity;
use serde_json::{Value, json};

use super::message;
use crate::export::Exported;
use crate::plain::plain;

/// The rules of one run, by id, with the place of each.
pub(super) struct Rules {
    /// As the run lists them.
    pub(super) rules: Vec<Value>,
    /// Where each stands in that list.
    pub(super) places: BTreeMap<String, usize>,
}

/// What is known of one rule over all its results.
struct RuleFacts<'a> {
    level: &'static str,
    steps: BTreeSet<&'a str>,
    tags: Vec<&'static str>,
    about: String,
    more: String,
    uri: Option<String>,
    score: Option<u8>,
}

impl Rules {
    pub(super) fn of(scan: &Exported<'_>) -> Self {
        let mut all: BTreeMap<String, RuleFacts<'_>> = BTreeMap::new();
        for (reason, finding) in scan.problems() {
            let fresh = rule_of(finding);
            let known = all.entry(rule_id(reason, Some(finding))).or_insert(fresh);
            known.level = graver(known.level, level(reason, Some(finding)));
            known.steps.insert(&reason.next_step);
            if let Finding::Vulnerability(one) = finding {
                known.score = known.score.max(score(one));
            }
        }
        for reason in scan.gaps().filter(|reason| reason.effect != Effect::Warns) {
            let known = all.entry(rule_id(reason, None)).or_insert_with(|| RuleFacts {
                level: "error",
                steps: BTreeSet::new(),
                tags: vec!["coverage"],
                about: "What should be scanned is scanned, and nothing refused it.".to_owned(),
                more: "A result of this rule says that something was not looked at or cannot be \
                       trusted: no other result speaks for it."
                    .to_owned(),
                uri: None,
                score: None,
            });
            known.steps.insert(&reason.next_step);
        }
        let places = all.keys().cloned().enumerate().map(|(at, id)| (id, at)).collect();
        Self { rules: all.into_iter().map(|(id, facts)| facts.rule(&id)).collect(), places }
    }
}

impl RuleFacts<'_> {
    fn rule(self, id: &str) -> Value {
        let steps: Vec<&str> = self.steps.into_iter().filter(|step| !step.is_empty()).collect();
        let help = if steps.is_empty() { self.more.clone() } else { steps.join("; ") };
        let mut rule = json!({
            "id": id,
            "shortDescription": {"text": message(&self.about)},
            "fullDescription": {"text": message(&self.more)},
            "help": {"text": message(&help)},
            "defaultConfiguration": {"level": self.level},
            "properties": {"tags": self.tags},
        });
        if let Some(uri) = self.uri {
            rule["helpUri"] = json!(uri);
        }
        if let Some(tenths) = self.score {
            let score = format!("{}.{}", tenths / 10, tenths % 10);
            rule["properties"]["security-severity"] = json!(score);
        }
        rule
    }
}

fn rule_of<'a>(finding: &Finding) -> RuleFacts<'a> {
    let (tags, about, more, uri) = match finding {
        Finding::Vulnerability(one) => {
            let sort = match one.kind {
                AdvisoryKind::Malware => "malware",
                AdvisoryKind::Vulnerability => "vulnerability",
                AdvisoryKind::Unmaintained | AdvisoryKind::Unsound | AdvisoryKind::Notice => {
                    "advisory"
                }
            };
            let about = if one.summary.trim().is_empty() { &one.id } else { one.summary.trim() };
            let more = format!("{}, known as {}.", sort, one.aliases.join(", "));
            (vec!["security", sort], about.to_owned(), more, advisory_page(&one.id))
        }
        Finding::Secret(one) => (
            vec!["security", "secret"],
            format!("A secret that rule `{}` knows.", one.rule),
            "A secret stands in the project. It is shown by place and fingerprint alone."
                .to_owned(),
            None,
        ),
        Finding::License(_) | Finding::Component(_) => (
            vec!["license"],
            "A licence nobody could identify.".to_owned(),
            "Nothing declared and no text found gives an SPDX expression.".to_owned(),
            None,
        ),
    };
    RuleFacts { level: "none", steps: BTreeSet::new(), tags, about, more, uri, score: None }
}

/// Where an advisory can be read: only for ids that are nothing but an id.
pub(in crate::export) fn advisory_page(id: &str) -> Option<String> {
    let plain = !id.is_empty() && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    plain.then(|| format!("https://osv.dev/vulnerability/{id}"))
}

/// The highest score that was computed, times ten; none where only a word is known.
fn score(one: &Vulnerability) -> Option<u8> {
    one.scores.iter().filter_map(|score| score.tenths).max()
}

/// The id a result's rule has.
pub(super) fn rule_id(reason: &Reason, finding: Option<&Finding>) -> String {
    match finding {
        Some(Finding::Vulnerability(one)) => plain(&one.id),
        Some(Finding::Secret(one)) => plain(&one.rule),
        _ => reason.rule.as_str().to_owned(),
    }
}

/// The level of one result.
pub(super) fn level(reason: &Reason, finding: Option<&Finding>) -> &'static str {
    let own = match (finding, reason.severity) {
        (Some(Finding::Vulnerability(one)), _) => one.severity.as_diagnostic(),
        _ => Severity::Error,
    };
    match own {
        Severity::Fatal | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info | Severity::Hint => "note",
    }
}

fn graver(one: &'static str, other: &'static str) -> &'static str {
    let rank = |level| ["none", "note", "warning", "error"].iter().position(|one| *one == level);
    if rank(other) > rank(one) { other } else { one }
}
