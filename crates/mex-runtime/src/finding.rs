//! What a report says: one finding a type. Canonical by construction: every list inside a
//! finding is sorted by its maker through [`Finding::canonicalise`], nothing carries a clock
//! or a random id (contract SC-1). Never holds a secret, only its fingerprint (contract FR-9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::ToolName;
use crate::severity::VulnSeverity;

/// One thing a report says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Finding {
    /// A known vulnerability, malware or informational advisory of a component.
    Vulnerability(Vulnerability),
    /// A secret in the tree or in the history.
    Secret(Secret),
}

/// A package as a lockfile names it.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Package URL, canonical form: `pkg:cargo/time@0.1.45`.
    pub purl: String,
    /// The ecosystem as OSV spells it: `crates.io`, `npm`, ...
    pub ecosystem: String,
    /// The package's name.
    pub name: String,
    /// The version locked.
    pub version: String,
}

/// What sort of advisory it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AdvisoryKind {
    /// A vulnerability.
    Vulnerability,
    /// The package is, or was, malicious.
    Malware,
    /// Nobody maintains it.
    Unmaintained,
    /// Safe code can cause undefined behaviour.
    Unsound,
    /// Something to know.
    Notice,
}

/// A known vulnerability of one component, over all tools and aliases (contract SC-7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vulnerability {
    /// The canonical alias: the first of CVE, GHSA, RUSTSEC, then any other, each by text order.
    pub id: String,
    /// Every id it is known under, `id` included, sorted.
    pub aliases: Vec<String>,
    /// The component hit.
    pub component: Component,
    /// The highest of everything said (contract SC-2).
    pub severity: VulnSeverity,
    /// What sort of advisory it is.
    pub kind: AdvisoryKind,
    /// Every CVSS vector seen, sorted.
    pub scores: Vec<Score>,
    /// Every severity word seen, sorted.
    pub words: Vec<SeverityWord>,
    /// Versions that fix it, in ascending order; empty when none is known.
    pub fixed_versions: Vec<String>,
    /// The lockfiles that name the component, relative to the project, sorted.
    pub lockfiles: Vec<String>,
    /// Which tool said so, under which id, sorted.
    pub attributions: Vec<Attribution>,
    /// One line of a database's own words, for reading only.
    pub summary: String,
}

/// One CVSS vector and what it computes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// `2.0`, `3.0`, `3.1`, `4.0`, or `unknown` for a vector that cannot be parsed.
    pub version: String,
    /// The vector as the database gives it.
    pub vector: String,
    /// The base score computed from the vector, times ten; null where it cannot be parsed.
    pub tenths: Option<u8>,
    /// The advisory that carries it.
    pub source: String,
}

/// One severity word of a database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeverityWord {
    /// The word, upper case: `LOW`, `MODERATE`, `HIGH`, `CRITICAL`, or one we do not know.
    pub word: String,
    /// The advisory that carries it.
    pub source: String,
}

/// Who reported a finding, and under which name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attribution {
    /// The tool.
    pub tool: ToolName,
    /// The tool's own id or rule for it.
    pub native_id: String,
}

/// A secret, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The rule that matched, such as `github-pat`.
    pub rule: String,
    /// The file, relative to the project, `/` between parts, redacted where the name itself holds the secret.
    pub path: String,
    /// Argon2id of the secret under the data folder's salt, lowercase hex (contract SC-4).
    pub fingerprint: String,
    /// First line, from 1; 0 where the tool gives none.
    pub start_line: u64,
    /// Last line, from 1.
    pub end_line: u64,
    /// The commit that brought it; null for a finding in the tree.
    pub commit: Option<String>,
    /// The same secret under the allowlist documents in force, by the document's id.
    pub allowlist_fingerprints: Vec<DocumentFingerprint>,
    /// Which tool said so.
    pub attributions: Vec<Attribution>,
}

/// A secret's fingerprint under one allowlist's own salt (contract SC-4).
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct DocumentFingerprint {
    /// The allowlist's `document_id`.
    pub document_id: String,
    /// Lowercase hex.
    pub fingerprint: String,
}

impl Finding {
    /// Sorts and removes doubles in every list inside, so that equal findings are equal bytes.
    pub fn canonicalise(&mut self) {
        fn tidy<T: Ord>(list: &mut Vec<T>) {
            list.sort();
            list.dedup();
        }
        match self {
            Self::Vulnerability(v) => {
                tidy(&mut v.aliases);
                tidy(&mut v.scores);
                tidy(&mut v.words);
                tidy(&mut v.lockfiles);
                tidy(&mut v.attributions);
            }
            Self::Secret(s) => {
                tidy(&mut s.allowlist_fingerprints);
                tidy(&mut s.attributions);
            }
        }
    }
}
