//! Secrets of a scan: rule, place and fingerprint. There is no secret here: its adapter kept it back.

use mex_runtime::digest::Digest;
use mex_runtime::finding::{Attribution, Finding, Secret};
use mex_runtime::policy::matching::ExceptionRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cut::{Words, page};
use super::shelf::FoundThing;
use crate::desk::{Cursor, Rows, Screens};
use crate::error::AppResult;

/// Which page of secrets is wanted; by file and line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretsQuestion {
    /// The scan.
    pub run_id: String,
    /// Words that rule, path or commit must hold, each in any case; empty for all.
    #[serde(default)]
    pub query: String,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// One secret at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretRow {
    /// The Problem it stands under.
    pub problem: Digest,
    /// The rule that matched.
    pub rule: String,
    /// The file, relative to the project.
    pub path: String,
    /// First line, from 1; 0 where there is none.
    pub start_line: u64,
    /// Last line.
    pub end_line: u64,
    /// The commit that brought it; null in the tree.
    pub commit: Option<String>,
    /// The secret's fingerprint, which is no way back to it.
    pub fingerprint: String,
    /// The name at `path` holds it, and not the content.
    pub in_name: bool,
    /// Which tool said so.
    pub attributions: Vec<Attribution>,
    /// The exception that lifts it in this scan.
    pub lifted_by: Option<ExceptionRef>,
}

impl Screens {
    /// One page of the secrets of a scan, by file and line.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn secrets(&self, asked: &SecretsQuestion) -> AppResult<Rows<SecretRow>> {
        let scan = self.parsed(&asked.run_id)?;
        let mut all: Vec<(&FoundThing, &Secret)> = scan
            .findings
            .iter()
            .filter_map(|thing| match &thing.finding {
                Finding::Secret(one) => Some((thing, one)),
                _ => None,
            })
            .collect();
        all.sort_by(|(_, a), (_, b)| {
            let key = |one: &Secret| (one.path.clone(), one.start_line, one.commit.clone());
            key(a).cmp(&key(b))
        });
        let words = Words::of(&asked.query);
        page(
            &all,
            asked.after.as_ref(),
            asked.limit,
            |(_, one)| {
                words.stand_in(|| {
                    let mut texts = vec![one.rule.as_str(), &one.path];
                    texts.extend(one.commit.as_deref());
                    texts
                })
            },
            |(thing, one)| SecretRow {
                problem: thing.problem,
                rule: one.rule.clone(),
                path: one.path.clone(),
                start_line: one.start_line,
                end_line: one.end_line,
                commit: one.commit.clone(),
                fingerprint: one.fingerprint.clone(),
                in_name: one.is_in_a_name(),
                attributions: one.attributions.clone(),
                lifted_by: thing.lifted_by.clone(),
            },
        )
    }
}
