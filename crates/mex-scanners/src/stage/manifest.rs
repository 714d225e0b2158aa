//! The input of a scan as an artifact (contract ENV-6). Never the bytes themselves: they can
//! hold secrets.

use mex_runtime::digest::Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was staged, in byte order of the paths. Version `mf-1.0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `"mf-1.0"`.
    pub schema_version: String,
    /// The commit of a git work tree in which nothing differs from it; else null.
    pub commit: Option<String>,
    /// Every file staged.
    pub files: Vec<ManifestEntry>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestEntry {
    /// Its path in the project, with `/`; a secret in it stands as `[REDACTED:secret:<rule>](<number>)`,
    /// one number a secret (contract FR-9). `%` and bytes that are no UTF-8 are written `%XX`
    /// where `escaped` is true.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub sha256: Digest,
    /// Whether the path is written with escapes, because the name is no UTF-8.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub escaped: bool,
}

impl Manifest {
    /// The first path, in byte order, at which `other` differs, and how: `changed`, `added`, `removed`.
    pub fn first_difference(&self, other: &Self) -> Option<(String, &'static str)> {
        let mut theirs = other.files.iter().peekable();
        for ours in &self.files {
            match theirs.peek() {
                Some(their) if their.path < ours.path => {
                    return Some((their.path.clone(), "added"));
                }
                Some(their) if their.path == ours.path => {
                    if *their != ours {
                        return Some((ours.path.clone(), "changed"));
                    }
                    theirs.next();
                }
                _ => return Some((ours.path.clone(), "removed")),
            }
        }
        theirs.next().map(|their| (their.path.clone(), "added"))
    }
}
