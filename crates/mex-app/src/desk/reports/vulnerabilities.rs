//! Vulnerabilities of a scan, over all its tools, with the way each package came in.

use std::cmp::Reverse;

use mex_runtime::digest::Digest;
use mex_runtime::finding::{
    AdvisoryKind, Attribution, Component, Finding, Score, SeverityWord, Vulnerability,
};
use mex_runtime::policy::matching::ExceptionRef;
use mex_runtime::severity::VulnSeverity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cut::{Words, page};
use super::shelf::{FoundThing, ParsedScan};
use crate::desk::{Cursor, Rows, Screens};
use crate::error::AppResult;

/// Which page of vulnerabilities is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VulnerabilitiesQuestion {
    /// The scan.
    pub run_id: String,
    /// Words that id, alias, package or summary must hold, each in any case; empty for all.
    #[serde(default)]
    pub query: String,
    /// The order.
    #[serde(default)]
    pub sort: VulnerabilitySort,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// In which order vulnerabilities are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VulnerabilitySort {
    /// The gravest first.
    #[default]
    Severity,
    /// By package.
    Package,
    /// By id.
    Id,
}

/// One vulnerability of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VulnerabilityRow {
    /// The Problem it stands under.
    pub problem: Digest,
    /// The canonical alias.
    pub id: String,
    /// Every id it is known under, sorted.
    pub aliases: Vec<String>,
    /// What sort of advisory it is.
    pub kind: AdvisoryKind,
    /// The highest of everything said.
    pub severity: VulnSeverity,
    /// The score that is highest, with its vector; null where none can be computed.
    pub score: Option<Score>,
    /// Every score.
    pub scores: Vec<Score>,
    /// Every severity word.
    pub words: Vec<SeverityWord>,
    /// The package hit.
    pub package: Component,
    /// Package URLs from a direct dependency to the package, both included: one of the shortest ways.
    /// Empty where no inventory of this scan says how it came in.
    pub path: Vec<String>,
    /// Versions that fix it, ascending.
    pub fixed_versions: Vec<String>,
    /// The lockfiles that name the package.
    pub lockfiles: Vec<String>,
    /// Which tool said so, under which id.
    pub attributions: Vec<Attribution>,
    /// One line of a database's own words.
    pub summary: String,
    /// The exception that lifts it in this scan.
    pub lifted_by: Option<ExceptionRef>,
}

impl Screens {
    /// One page of the vulnerabilities of a scan.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn vulnerabilities(
        &self,
        asked: &VulnerabilitiesQuestion,
    ) -> AppResult<Rows<VulnerabilityRow>> {
        let scan = self.parsed(&asked.run_id)?;
        let mut all: Vec<(&FoundThing, &Vulnerability)> = scan
            .findings
            .iter()
            .filter_map(|thing| match &thing.finding {
                Finding::Vulnerability(one) => Some((thing, one)),
                _ => None,
            })
            .collect();
        let package =
            |one: &Vulnerability| (one.component.name.clone(), one.component.purl.clone());
        all.sort_by_cached_key(|(_, one)| {
            let by_severity = Reverse(gravity(one.severity));
            let last = (package(one), one.id.clone());
            match asked.sort {
                VulnerabilitySort::Severity => (by_severity, String::new(), last),
                VulnerabilitySort::Package => (Reverse(0), String::new(), last),
                VulnerabilitySort::Id => (Reverse(0), one.id.clone(), last),
            }
        });
        let words = Words::of(&asked.query);
        page(
            &all,
            asked.after.as_ref(),
            asked.limit,
            |(_, one)| {
                words.stand_in(|| {
                    let mut texts = vec![one.id.as_str(), &one.component.purl, &one.summary];
                    texts.extend(one.aliases.iter().map(String::as_str));
                    texts.push(one.severity.word());
                    texts
                })
            },
            |(thing, one)| row(thing, one, &scan),
        )
    }
}

/// UNSCORED stands beside HIGH and before it: nobody knows how grave it is.
const fn gravity(severity: VulnSeverity) -> u8 {
    match severity {
        VulnSeverity::Critical => 6,
        VulnSeverity::Unscored => 5,
        VulnSeverity::High => 4,
        VulnSeverity::Medium => 3,
        VulnSeverity::Low => 2,
        VulnSeverity::None => 1,
        VulnSeverity::Informational => 0,
    }
}

fn row(thing: &FoundThing, one: &Vulnerability, scan: &ParsedScan) -> VulnerabilityRow {
    VulnerabilityRow {
        problem: thing.problem,
        id: one.id.clone(),
        aliases: one.aliases.clone(),
        kind: one.kind,
        severity: one.severity,
        score: one
            .scores
            .iter()
            .max_by_key(|score| score.tenths)
            .filter(|score| score.tenths.is_some())
            .cloned(),
        scores: one.scores.clone(),
        words: one.words.clone(),
        package: one.component.clone(),
        path: scan.inventory.way_to(&one.component.purl),
        fixed_versions: one.fixed_versions.clone(),
        lockfiles: one.lockfiles.clone(),
        attributions: one.attributions.clone(),
        summary: one.summary.clone(),
        lifted_by: thing.lifted_by.clone(),
    }
}
