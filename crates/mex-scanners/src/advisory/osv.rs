//! One OSV record, read strictly enough that what passes here does not fail silently in a tool:
//! a scanner that cannot read a record leaves it out and calls the project clean.

use std::collections::BTreeSet;

use jiff::Timestamp;
use mex_runtime::cvss;
use mex_runtime::finding::AdvisoryKind;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::index::{IndexPackage, IndexRecord};

/// Every ecosystem OSV names (its schema, section `affected[].package`), without suffixes.
pub const ECOSYSTEMS: &[&str] = &[
    "AlmaLinux",
    "Alpaquita",
    "Alpine",
    "Android",
    "BellSoft Hardened Containers",
    "Bioconductor",
    "Bitnami",
    "CRAN",
    "Chainguard",
    "CleanStart",
    "ConanCenter",
    "Debian",
    "Docker Hardened Images",
    "Echo",
    "FreeBSD",
    "GHC",
    "GIT",
    "GitHub Actions",
    "Go",
    "Hackage",
    "Hex",
    "Julia",
    "Kubernetes",
    "Linux",
    "MinimOS",
    "Mageia",
    "Maven",
    "NuGet",
    "OSS-Fuzz",
    "Packagist",
    "Photon OS",
    "Pub",
    "PyPI",
    "Red Hat",
    "Rocky Linux",
    "RubyGems",
    "SUSE",
    "SwiftURL",
    "Ubuntu",
    "VSCode",
    "Wolfi",
    "crates.io",
    "npm",
    "openEuler",
    "openSUSE",
    "opam",
];

/// The parts of a record that are relied on. Unknown fields are let through: the schema grows.
#[derive(Debug, Deserialize)]
pub(super) struct OsvRecord {
    id: String,
    modified: Timestamp,
    schema_version: Option<semver::Version>,
    #[serde(rename = "published")]
    _published: Option<Timestamp>,
    withdrawn: Option<Timestamp>,
    aliases: Option<Vec<String>>,
    #[serde(rename = "related")]
    _related: Option<Vec<String>>,
    #[serde(rename = "summary")]
    _summary: Option<String>,
    #[serde(rename = "details")]
    _details: Option<String>,
    severity: Option<Vec<OsvSeverity>>,
    affected: Option<Vec<OsvAffected>>,
    #[serde(rename = "references")]
    _references: Option<Vec<OsvReference>>,
    database_specific: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
struct OsvSeverity {
    #[serde(rename = "type")]
    _scale: String,
    score: String,
}

#[derive(Debug, Deserialize)]
struct OsvReference {
    #[serde(rename = "type")]
    _sort: String,
    #[serde(rename = "url")]
    _url: String,
}

#[derive(Debug, Deserialize)]
struct OsvAffected {
    package: Option<OsvPackage>,
    severity: Option<Vec<OsvSeverity>>,
    ranges: Option<Vec<OsvRange>>,
    #[serde(rename = "versions")]
    _versions: Option<Vec<String>>,
    ecosystem_specific: Option<Map<String, Value>>,
    database_specific: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
struct OsvPackage {
    ecosystem: String,
    name: String,
    #[serde(rename = "purl")]
    _purl: Option<String>,
}

#[derive(Debug, Deserialize)]
struct OsvRange {
    #[serde(rename = "type")]
    _scale: RangeScale,
    events: Vec<OsvEvent>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum RangeScale {
    Semver,
    Ecosystem,
    Git,
}

#[derive(Debug, Deserialize)]
struct OsvEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// Why a text is no OSV record; the caller names the file.
#[derive(Debug, thiserror::Error)]
pub(super) enum OsvFault {
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("`{field}` {why}")]
    Field { field: &'static str, why: &'static str },
}

impl OsvRecord {
    /// Reads one record.
    ///
    /// # Errors
    /// When it is no JSON, has a field of another type than the schema's, or lacks what a scanner needs.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, OsvFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| OsvFault::NotUtf8)?;
        let record: Self = serde_json::from_value(mex_runtime::json::parse(text)?)?;
        let fault = |field, why| Err(OsvFault::Field { field, why });
        if record.id.is_empty() || record.id.len() > 128 {
            return fault("id", "must have 1 to 128 characters");
        }
        if record.schema_version.as_ref().is_some_and(|version| version.major != 1) {
            return fault("schema_version", "must be of major version 1");
        }
        let affected = record.affected.as_deref().unwrap_or_default();
        if affected.is_empty() && record.withdrawn.is_none() {
            return fault("affected", "must name what the advisory is about");
        }
        for hit in affected {
            if hit.package.as_ref().is_some_and(|package| package.name.is_empty()) {
                return fault("affected[].package.name", "must not be empty");
            }
            for event in hit.ranges.iter().flatten().flat_map(|range| &range.events) {
                let given = [&event.introduced, &event.fixed, &event.last_affected, &event.limit];
                if given.iter().all(|what| what.is_none()) {
                    return fault("affected[].ranges[].events[]", "must say what happened");
                }
            }
        }
        Ok(record)
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn modified(&self) -> Timestamp {
        self.modified
    }

    /// The ecosystems it names, without suffixes such as `:11`.
    pub(super) fn ecosystems(&self) -> BTreeSet<String> {
        let packages = self.affected.iter().flatten().filter_map(|hit| hit.package.as_ref());
        packages.map(|package| plain(&package.ecosystem).to_owned()).collect()
    }

    /// What is kept of it for one ecosystem.
    pub(super) fn index(&self, ecosystem: &str) -> IndexRecord {
        let hits = || {
            self.affected.iter().flatten().filter(|hit| {
                hit.package.as_ref().is_some_and(|package| plain(&package.ecosystem) == ecosystem)
            })
        };
        let packages = hits().filter_map(|hit| {
            let events = hit.ranges.iter().flatten().flat_map(|range| &range.events);
            let fixed = events.filter_map(|event| event.fixed.clone()).collect();
            hit.package.as_ref().map(|package| IndexPackage { name: package.name.clone(), fixed })
        });
        let own = self.severity.iter().flatten();
        let scores = own.chain(hits().flat_map(|hit| hit.severity.iter().flatten()));
        let specifics = || {
            let of_hits = hits().flat_map(|hit| [&hit.ecosystem_specific, &hit.database_specific]);
            std::iter::once(&self.database_specific).chain(of_hits).flatten()
        };
        let words = specifics().filter_map(|map| map.get("severity")?.as_str());
        IndexRecord {
            id: self.id.clone(),
            aliases: self.aliases.clone().unwrap_or_default(),
            packages: packages.collect(),
            withdrawn: self.withdrawn,
            kind: self.kind(specifics()),
            cvss: scores.map(|severity| severity.score.clone()).collect(),
            words: words.map(str::to_owned).collect(),
            modified: self.modified,
        }
        .canonicalise()
    }

    /// The same reading as that of a tool's report: an index that says otherwise would choose otherwise.
    fn kind<'a>(&self, specifics: impl Iterator<Item = &'a Map<String, Value>>) -> AdvisoryKind {
        let ids: Vec<String> =
            std::iter::once(&self.id).chain(self.aliases.iter().flatten()).cloned().collect();
        let (mut informational, mut weaknesses) = (None, Vec::new());
        for map in specifics {
            let list = map.get("cwe_ids").and_then(Value::as_array);
            weaknesses
                .extend(list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
            informational = informational.or(map.get("informational").and_then(Value::as_str));
        }
        cvss::advisory_kind(&ids, informational, &weaknesses)
    }
}

fn plain(ecosystem: &str) -> &str {
    ecosystem.split(':').next().unwrap_or_default()
}
