//! What cargo-audit says: one JSON document on stdout.
//! Owns the shapes; lenient to fields we do not use, strict about those we do.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Output {
    pub database: Database,
    pub lockfile: Lockfile,
    pub settings: Settings,
    pub vulnerabilities: Vulnerabilities,
    pub warnings: BTreeMap<String, Vec<Item>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Database {
    pub advisory_count: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Lockfile {
    pub dependency_count: u64,
}

/// What it left out on somebody's word; all of it must be empty.
#[derive(Debug, Deserialize)]
pub struct Settings {
    pub ignore: Vec<String>,
    pub target_arch: Vec<String>,
    pub target_os: Vec<String>,
    #[serde(default)]
    pub severity: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Vulnerabilities {
    pub found: bool,
    pub count: u64,
    pub list: Vec<Item>,
}

#[derive(Debug, Deserialize)]
pub struct Item {
    pub package: Package,
    #[serde(default)]
    pub advisory: Option<Advisory>,
    #[serde(default)]
    pub versions: Option<Versions>,
}

#[derive(Debug, Deserialize)]
pub struct Package {
    pub name: String,
    pub version: String,
}

#[derive(Debug, Deserialize)]
pub struct Advisory {
    pub id: String,
    pub title: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    #[serde(default)]
    pub cvss: Option<String>,
    #[serde(default)]
    pub informational: Option<String>,
    #[serde(default)]
    pub withdrawn: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub struct Versions {
    #[serde(default)]
    pub patched: Vec<String>,
}
