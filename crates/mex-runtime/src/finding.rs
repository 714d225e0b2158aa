//! What a report says: one finding a type. Canonical by construction: every list inside a
//! finding is sorted by its maker through [`Finding::canonicalise`], nothing carries a clock
//! or a random id (contract SC-1). Never holds a secret, only its fingerprint (contract FR-9).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::ToolName;
use crate::license;
use crate::severity::VulnSeverity;

/// One thing a report says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Finding {
    /// A known vulnerability, malware or informational advisory of a component.
    Vulnerability(Vulnerability),
    /// A secret in the tree or in the history.
    Secret(Secret),
    /// A component of the project: a line of its inventory, never a Problem.
    Component(BomComponent),
    /// The licence of one component or of the project's own files; a Problem only where it is UNKNOWN.
    License(License),
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
    /// First line, from 1; 0 where the tool gives none, and where a name holds the secret and no line.
    pub start_line: u64,
    /// Last line, from 1; 0 where the first is.
    pub end_line: u64,
    /// The commit that brought it; null for a finding in the tree.
    pub commit: Option<String>,
    /// The same secret under the allowlist documents in force, by the document's id.
    pub allowlist_fingerprints: Vec<DocumentFingerprint>,
    /// Which tool said so.
    pub attributions: Vec<Attribution>,
}

impl Secret {
    /// Who stands in [`Secret::attributions`] where no tool looks and this product does: in names of
    /// files, folders, branches and tags.
    pub const OWN_TOOL: &str = "mex";

    /// Whether the name at [`Secret::path`] holds it, and not the content.
    pub fn is_in_a_name(&self) -> bool {
        self.attributions.iter().any(|said| said.tool.as_str() == Self::OWN_TOOL)
    }
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

/// A component as an inventory lists it, over all who know it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BomComponent {
    /// The package.
    pub component: Component,
    /// `library`, `application`, `framework`, `file`, ... as CycloneDX spells component types.
    pub kind: String,
    /// The files that name it, relative to the project, sorted.
    pub locations: Vec<String>,
    /// Licences its own manifest declares, as written, sorted.
    pub licenses: Vec<String>,
    /// Who knows it: a tool, or `lockfile` where only our own reading of the lockfile does. Sorted.
    pub known_by: Vec<String>,
    /// Package URLs of what it depends on directly, sorted; empty where nobody says.
    pub depends_on: Vec<String>,
    /// Which tool said so, under which id, sorted.
    pub attributions: Vec<Attribution>,
}

/// What a licence is the licence of (contract SC-2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum LicenseUnit {
    /// A package that a lockfile or manifest names.
    Component {
        /// Which.
        component: Component,
    },
    /// The project's own files as a whole.
    Project,
    /// One licence text among the project's own files that nobody could identify.
    File {
        /// Relative to the project, `/` between parts.
        path: String,
    },
}

/// What is known of one unit's licence. Declared, detected and concluded are kept apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct License {
    /// Whose licence it is.
    pub unit: LicenseUnit,
    /// What its makers say, sorted.
    pub declared: Vec<LicenseStatement>,
    /// What a tool reads in its texts, sorted.
    pub detected: Vec<LicenseStatement>,
    /// The SPDX expression that follows, canonical; null is UNKNOWN.
    pub concluded: Option<String>,
    /// Why nothing follows, as one sentence; empty where something does.
    pub unknown_because: String,
    /// Its licence texts, sorted.
    pub texts: Vec<LicenseText>,
    /// SHA-256 over the declarations and the digests of the texts: what an exception is bound to
    /// (contract SC-4). Another text or another declaration is another digest.
    pub content_sha256: Digest,
    /// The lockfiles that name it, relative to the project, sorted.
    pub lockfiles: Vec<String>,
    /// Which tool said so, sorted.
    pub attributions: Vec<Attribution>,
}

/// One licence as one source states it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseStatement {
    /// The words as they stand there.
    pub text: String,
    /// The same as a canonical SPDX expression; null where it is none or names an unknown licence.
    pub spdx: Option<String>,
    /// Where it stands: a path of the project, or a file of the package such as `Cargo.toml`.
    pub source: String,
}

/// One licence text, by content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseText {
    /// Its path, relative to the project or to the package.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

impl License {
    /// A licence as one tool sees it; conclusion and digest are made of what is given.
    pub fn new(unit: LicenseUnit) -> Self {
        let mut made = Self {
            unit,
            declared: Vec::new(),
            detected: Vec::new(),
            concluded: None,
            unknown_because: String::new(),
            texts: Vec::new(),
            content_sha256: Digest::of(b""),
            lockfiles: Vec::new(),
            attributions: Vec::new(),
        };
        license::conclude(&mut made);
        made
    }

    /// Whether it is UNKNOWN (contract SC-2).
    pub const fn is_unknown(&self) -> bool {
        self.concluded.is_none()
    }

    /// What it is the licence of, in one line: a package URL, `project` or a path.
    pub fn place(&self) -> &str {
        match &self.unit {
            LicenseUnit::Component { component } => &component.purl,
            LicenseUnit::Project => "project",
            LicenseUnit::File { path } => path,
        }
    }
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
            Self::Component(c) => {
                tidy(&mut c.locations);
                tidy(&mut c.licenses);
                tidy(&mut c.known_by);
                tidy(&mut c.depends_on);
                tidy(&mut c.attributions);
            }
            Self::License(l) => {
                tidy(&mut l.declared);
                tidy(&mut l.detected);
                tidy(&mut l.texts);
                tidy(&mut l.lockfiles);
                tidy(&mut l.attributions);
            }
        }
    }
}
