//! The inventory of a scan: a table, and the tree of what depends on what, a level at a time.

use std::cmp::Reverse;
use std::collections::HashMap;

use mex_runtime::code::Code;
use mex_runtime::finding::{Component, Finding};
use mex_runtime::severity::VulnSeverity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cut::{Words, page};
use super::shelf::ParsedScan;
use crate::desk::{Cursor, Rows, Screens};
use crate::error::{AppError, AppResult};

/// Which page of components is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentsQuestion {
    /// The scan.
    pub run_id: String,
    /// Words that name, version, package URL, licence or file must hold, each in any case.
    #[serde(default)]
    pub query: String,
    /// The order.
    #[serde(default)]
    pub sort: ComponentSort,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// In which order components are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComponentSort {
    /// By name.
    #[default]
    Name,
    /// By ecosystem, then name.
    Ecosystem,
    /// Those that most others need first.
    Dependents,
    /// Those with the gravest vulnerability first.
    Severity,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentRow {
    /// The package.
    pub component: Component,
    /// `library`, `application`, ... as CycloneDX spells it.
    pub kind: String,
    /// The files that name it.
    pub locations: Vec<String>,
    /// Licences its own manifest declares, as written.
    pub declared_licenses: Vec<String>,
    /// The licence this scan concluded; null is UNKNOWN or not looked at.
    pub concluded_license: Option<String>,
    /// Who knows it.
    pub known_by: Vec<String>,
    /// Nothing in the inventory depends on it, or the project itself does; null where nobody says
    /// what depends on what.
    pub direct: Option<bool>,
    /// How many components it depends on directly.
    pub dependencies: u64,
    /// How many depend on it directly.
    pub dependents: u64,
    /// How many vulnerabilities of this scan hit it.
    pub vulnerabilities: u64,
    /// The gravest of them.
    pub worst: Option<VulnSeverity>,
}

/// One level of the dependency tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TreeQuestion {
    /// The scan.
    pub run_id: String,
    /// The package URL whose dependencies are wanted; null for the top level.
    #[serde(default)]
    pub parent: Option<String>,
    /// Where to go on.
    #[serde(default)]
    pub after: Option<Cursor>,
    /// At most this many rows; null means 100.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// One node of the dependency tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TreeNode {
    /// The package URL.
    pub purl: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How many components it depends on directly.
    pub children: u64,
    /// How many components are below it, itself not counted; a circle is counted once.
    pub below: u64,
    /// How many vulnerabilities hit it.
    pub vulnerabilities: u64,
    /// How many hit something below it.
    pub vulnerabilities_below: u64,
    /// The gravest of its own.
    pub worst: Option<VulnSeverity>,
}

impl Screens {
    /// One page of the components of a scan.
    ///
    /// # Errors
    /// For an id that names none or several.
    pub fn components(&self, asked: &ComponentsQuestion) -> AppResult<Rows<ComponentRow>> {
        let scan = self.parsed(&asked.run_id)?;
        let graph = &scan.inventory;
        let hits = hits(&scan);
        let worst = |at: u32| hits.get(&at).and_then(|hit| hit.worst);
        let mut all: Vec<u32> = (0u32..).zip(&graph.components).map(|(at, _)| at).collect();
        let one = |at: u32| &graph.components[at as usize].component;
        match asked.sort {
            ComponentSort::Name => all.sort_by_key(|at| (&one(*at).name, &one(*at).purl)),
            ComponentSort::Ecosystem => {
                all.sort_by_key(|at| (&one(*at).ecosystem, &one(*at).name, &one(*at).purl));
            }
            ComponentSort::Dependents => {
                all.sort_by_key(|at| (Reverse(graph.dependents(*at)), &one(*at).purl));
            }
            ComponentSort::Severity => {
                all.sort_by_key(|at| (Reverse(worst(*at)), &one(*at).purl));
            }
        }
        let concluded = scan.concluded();
        let words = Words::of(&asked.query);
        page(
            &all,
            asked.after.as_ref(),
            asked.limit,
            |at| {
                words.stand_in(|| {
                    let component = &graph.components[*at as usize];
                    let mut texts =
                        vec![component.component.purl.as_str(), &component.component.name];
                    texts.extend(
                        component.licenses.iter().chain(&component.locations).map(String::as_str),
                    );
                    texts.extend(concluded.get(component.component.purl.as_str()).copied());
                    texts
                })
            },
            |at| {
                let component = &graph.components[*at as usize];
                let purl = component.component.purl.as_str();
                ComponentRow {
                    component: component.component.clone(),
                    kind: component.kind.clone(),
                    locations: component.locations.clone(),
                    declared_licenses: component.licenses.clone(),
                    concluded_license: concluded.get(purl).map(|text| (*text).to_owned()),
                    known_by: component.known_by.clone(),
                    direct: graph.is_told().then(|| graph.dependents(*at) == 0),
                    dependencies: graph.below(*at).len() as u64,
                    dependents: graph.dependents(*at),
                    vulnerabilities: hits.get(at).map_or(0, |hit| hit.count),
                    worst: worst(*at),
                }
            },
        )
    }

    /// One level of the dependency tree of a scan.
    ///
    /// # Errors
    /// For an id that names none or several, and for a parent that is no component of the scan.
    pub fn dependency_tree(&self, asked: &TreeQuestion) -> AppResult<Rows<TreeNode>> {
        let scan = self.parsed(&asked.run_id)?;
        let graph = &scan.inventory;
        let level = match &asked.parent {
            None => graph.top(),
            Some(purl) => {
                let at = graph.find(purl).ok_or_else(|| {
                    let message = format!("`{}` is no component of this scan", crate::plain(purl));
                    AppError::new(Code::NotFound, message)
                })?;
                graph.below(at)
            }
        };
        let hits = hits(&scan);
        page(
            level,
            asked.after.as_ref(),
            asked.limit,
            |_| true,
            |at| {
                let one = &graph.components[*at as usize].component;
                let below = graph.all_below(*at);
                let hit = |at: &u32| hits.get(at).map_or(0, |hit| hit.count);
                TreeNode {
                    purl: one.purl.clone(),
                    name: one.name.clone(),
                    version: one.version.clone(),
                    children: graph.below(*at).len() as u64,
                    below: below.len() as u64,
                    vulnerabilities: hit(at),
                    vulnerabilities_below: below.iter().map(hit).sum(),
                    worst: hits.get(at).and_then(|hit| hit.worst),
                }
            },
        )
    }
}

/// What hits one component.
#[derive(Default)]
struct Hit {
    count: u64,
    worst: Option<VulnSeverity>,
}

fn hits(scan: &ParsedScan) -> HashMap<u32, Hit> {
    let mut hits: HashMap<u32, Hit> = HashMap::new();
    for thing in &scan.findings {
        if let Finding::Vulnerability(one) = &thing.finding
            && let Some(at) = scan.inventory.find(&one.component.purl)
        {
            let hit = hits.entry(at).or_default();
            hit.count += 1;
            hit.worst = hit.worst.max(Some(one.severity));
        }
    }
    hits
}
