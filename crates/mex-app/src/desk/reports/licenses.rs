//! Licences of a scan: by licence and by package, UNKNOWN first; what is declared, detected and
//! concluded stays apart (contract SC-2).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use mex_runtime::digest::Digest;
use mex_runtime::finding::{
    Attribution, Finding, License, LicenseStatement, LicenseText, LicenseUnit,
};
use mex_runtime::policy::matching::ExceptionRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cut::{Words, page};
use super::shelf::{FoundThing, ParsedScan};
use crate::desk::{Cursor, Rows, Screens};
use crate::error::AppResult;

/// Which page of licences is wanted, each with how many are under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseGroupsQuestion {
    /// The scan.
    pub run_id: String,
    /// Words the expression must hold, each in any case; empty for all.
    #[serde(default)]
    pub query: String,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// One licence with how many are under it. UNKNOWN comes first, then those with the most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenseGroup {
    /// The SPDX expression; null is UNKNOWN.
    pub expression: Option<String>,
    /// How many units: packages, the project's own files, texts.
    pub count: u64,
}

/// Which page of units is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicensesQuestion {
    /// The scan.
    pub run_id: String,
    /// Only those under this expression.
    #[serde(default)]
    pub under: LicenseChoice,
    /// Words that package, path or a statement must hold, each in any case; empty for all.
    #[serde(default)]
    pub query: String,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Which licence units are under.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "which", rename_all = "snake_case")]
pub enum LicenseChoice {
    /// Any.
    #[default]
    Any,
    /// UNKNOWN.
    Unknown,
    /// This one.
    Expression {
        /// The SPDX expression as concluded.
        expression: String,
    },
}

/// One unit: UNKNOWN first, then by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenseRow {
    /// The Problem it stands under; null where the licence is known.
    pub problem: Option<Digest>,
    /// Whose licence it is.
    pub unit: LicenseUnit,
    /// What its makers say.
    pub declared: Vec<LicenseStatement>,
    /// What a tool reads in its texts.
    pub detected: Vec<LicenseStatement>,
    /// The SPDX expression that follows; null is UNKNOWN.
    pub concluded: Option<String>,
    /// Why nothing follows; empty where something does.
    pub unknown_because: String,
    /// Its licence texts.
    pub texts: Vec<LicenseText>,
    /// What an exception is bound to.
    pub content_sha256: Digest,
    /// The lockfiles that name it.
    pub lockfiles: Vec<String>,
    /// Which tool said so.
    pub attributions: Vec<Attribution>,
    /// The exception that lifts it in this scan.
    pub lifted_by: Option<ExceptionRef>,
}

impl Screens {
    /// One page of the licences of a scan, each with how many are under it.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn license_groups(&self, asked: &LicenseGroupsQuestion) -> AppResult<Rows<LicenseGroup>> {
        let scan = self.parsed(&asked.run_id)?;
        let mut counts: BTreeMap<Option<&str>, u64> = BTreeMap::new();
        for (_, license) in licenses(&scan) {
            *counts.entry(license.concluded.as_deref()).or_default() += 1;
        }
        let mut all: Vec<LicenseGroup> = counts
            .into_iter()
            .map(|(expression, count)| LicenseGroup {
                expression: expression.map(str::to_owned),
                count,
            })
            .collect();
        // The map has them by expression, UNKNOWN first; a stable sort keeps that among equals.
        all.sort_by_key(|group| (group.expression.is_some(), Reverse(group.count)));
        let words = Words::of(&asked.query);
        page(
            &all,
            asked.after.as_ref(),
            asked.limit,
            |group| words.stand_in(|| vec![group.expression.as_deref().unwrap_or("UNKNOWN")]),
            LicenseGroup::clone,
        )
    }

    /// One page of what has a licence, UNKNOWN first.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn licenses(&self, asked: &LicensesQuestion) -> AppResult<Rows<LicenseRow>> {
        let scan = self.parsed(&asked.run_id)?;
        let mut all: Vec<(&FoundThing, &License)> = licenses(&scan).collect();
        all.sort_by(|(_, a), (_, b)| {
            (!a.is_unknown(), a.place()).cmp(&(!b.is_unknown(), b.place()))
        });
        let words = Words::of(&asked.query);
        page(
            &all,
            asked.after.as_ref(),
            asked.limit,
            |(_, one)| {
                let under = match &asked.under {
                    LicenseChoice::Any => true,
                    LicenseChoice::Unknown => one.is_unknown(),
                    LicenseChoice::Expression { expression } => {
                        one.concluded.as_ref() == Some(expression)
                    }
                };
                under
                    && words.stand_in(|| {
                        let mut texts =
                            vec![one.place(), one.concluded.as_deref().unwrap_or("UNKNOWN")];
                        for said in one.declared.iter().chain(&one.detected) {
                            texts.extend([said.text.as_str(), &said.source]);
                        }
                        texts
                    })
            },
            |(thing, one)| LicenseRow {
                problem: one.is_unknown().then_some(thing.problem),
                unit: one.unit.clone(),
                declared: one.declared.clone(),
                detected: one.detected.clone(),
                concluded: one.concluded.clone(),
                unknown_because: one.unknown_because.clone(),
                texts: one.texts.clone(),
                content_sha256: one.content_sha256,
                lockfiles: one.lockfiles.clone(),
                attributions: one.attributions.clone(),
                lifted_by: thing.lifted_by.clone(),
            },
        )
    }
}

fn licenses(scan: &ParsedScan) -> impl Iterator<Item = (&FoundThing, &License)> {
    scan.findings.iter().filter_map(|thing| match &thing.finding {
        Finding::License(one) => Some((thing, one)),
        _ => None,
    })
}
