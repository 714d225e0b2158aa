//! What is kept of every record at import, version `ai-1.0`, so that nobody has to unpack a
//! snapshot to look something up. Sorted, so that the same snapshot gives the same bytes.

use jiff::Timestamp;
use mex_runtime::finding::AdvisoryKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Form;

/// The index of one snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Always `"ai-1.0"`.
    pub schema_version: String,
    /// The ecosystem, as OSV spells it.
    pub ecosystem: String,
    /// How the snapshot is laid out.
    pub form: Form,
    /// Every record, sorted by id.
    pub records: Vec<IndexRecord>,
}

/// One advisory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexRecord {
    /// Its id in this database.
    pub id: String,
    /// Its other ids, sorted.
    pub aliases: Vec<String>,
    /// The packages of this ecosystem it hits, sorted.
    pub packages: Vec<IndexPackage>,
    /// Since when it no longer holds.
    pub withdrawn: Option<Timestamp>,
    /// What sort of advisory it is.
    pub kind: AdvisoryKind,
    /// Every CVSS vector it carries, sorted.
    pub cvss: Vec<String>,
    /// Every severity word it carries, sorted.
    pub words: Vec<String>,
    /// When it was last changed; for a tree, the day it was published or withdrawn.
    pub modified: Timestamp,
}

/// One package an advisory hits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexPackage {
    /// Its name in the ecosystem.
    pub name: String,
    /// Versions named as fixed, sorted as text.
    pub fixed: Vec<String>,
}

impl IndexRecord {
    /// Puts every list into its canonical order.
    pub(super) fn canonicalise(mut self) -> Self {
        for package in &mut self.packages {
            package.fixed.sort();
            package.fixed.dedup();
        }
        self.packages.sort();
        self.packages.dedup();
        for list in [&mut self.aliases, &mut self.cvss, &mut self.words] {
            list.sort();
            list.dedup();
        }
        self
    }
}
