//! What npm says: one JSON document, a report or an error; and what our responder noted.
//! Owns the shapes; strict about what is used.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Report {
    #[serde(rename = "auditReportVersion")]
    pub version: u64,
    pub vulnerabilities: BTreeMap<String, Vulnerable>,
    pub metadata: Metadata,
}

#[derive(Debug, Deserialize)]
pub struct Metadata {
    pub vulnerabilities: Totals,
}

#[derive(Debug, Deserialize)]
pub struct Totals {
    pub total: u64,
}

/// One package that is hit, or depends on one that is.
#[derive(Debug, Deserialize)]
pub struct Vulnerable {
    pub name: String,
    pub via: Vec<Via>,
    pub nodes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Via {
    /// The name of a package it depends on: no statement of its own.
    Dependency(#[expect(dead_code, reason = "that it is a name is all there is to it")] String),
    /// An advisory.
    Advisory(Box<Advisory>),
}

#[derive(Debug, Deserialize)]
pub struct Advisory {
    pub source: serde_json::Value,
    pub name: String,
    pub range: String,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub severity: Option<String>,
    #[serde(default)]
    pub cwe: Option<Vec<String>>,
    #[serde(default)]
    pub cvss: Option<Cvss>,
}

#[derive(Debug, Deserialize)]
pub struct Cvss {
    #[serde(rename = "vectorString", default)]
    pub vector: Option<String>,
}

/// What npm writes instead of a report.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    #[serde(default)]
    pub message: Option<String>,
    #[serde(rename = "statusCode", default)]
    pub status: Option<u64>,
    #[serde(default)]
    pub error: Option<Fault>,
}

#[derive(Debug, Deserialize)]
pub struct Fault {
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub summary: Option<String>,
}

/// What the responder noted.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Each question: names with versions.
    pub asked: Vec<Vec<(String, Vec<String>)>>,
    /// Names it had no answer for.
    pub unanswered: Vec<String>,
    /// How often an answer was taken.
    pub consumed: u64,
    /// The registry's own words, where it was asked.
    #[serde(rename = "answer")]
    pub _answer: Option<serde_json::Value>,
}
