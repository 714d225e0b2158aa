//! The inventory of a scan: a table, and the tree of what depends on what, a level at a time.

use mex_runtime::finding::Component;
use mex_runtime::severity::VulnSeverity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::desk::Cursor;

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
