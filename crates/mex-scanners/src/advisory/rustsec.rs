//! One advisory of an advisory-db tree: TOML between fences at the head of a Markdown file.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use mex_runtime::cvss;
use serde::Deserialize;

use super::index::{IndexPackage, IndexRecord};

#[derive(Debug, Deserialize)]
struct FrontMatter {
    advisory: Advisory,
    versions: Versions,
}

#[derive(Debug, Deserialize)]
struct Advisory {
    id: String,
    package: String,
    date: Date,
    #[serde(default)]
    aliases: Vec<String>,
    cvss: Option<String>,
    informational: Option<String>,
    withdrawn: Option<Date>,
}

#[derive(Debug, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<semver::VersionReq>,
    #[serde(default, rename = "unaffected")]
    _unaffected: Vec<semver::VersionReq>,
}

/// Why a file is no advisory; the caller names the file.
#[derive(Debug, thiserror::Error)]
pub(super) enum RustsecFault {
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("it does not start with a fenced `toml` block")]
    NoFrontMatter,
    #[error("{}", .0.message())]
    Toml(#[from] toml::de::Error),
    #[error("`advisory.{field}` is `{found}` where the file's place says `{expected}`")]
    Misplaced { field: &'static str, found: String, expected: String },
    #[error("`advisory.date` is no day of the calendar")]
    Date,
}

/// Reads the advisory that stands at `folder/stem.md`.
///
/// # Errors
/// When its front matter is not what cargo-audit needs, or the file stands in a wrong place.
pub(super) fn parse(bytes: &[u8], folder: &str, stem: &str) -> Result<IndexRecord, RustsecFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| RustsecFault::NotUtf8)?;
    let text = text.replace("\r\n", "\n");
    let body = text.strip_prefix("```toml\n").ok_or(RustsecFault::NoFrontMatter)?;
    let (front, _) = body.split_once("\n```").ok_or(RustsecFault::NoFrontMatter)?;
    let FrontMatter { advisory, versions } = toml::from_str(front)?;
    for (field, found, expected) in
        [("id", &advisory.id, stem), ("package", &advisory.package, folder)]
    {
        if found != expected {
            let (found, expected) = (found.clone(), expected.to_owned());
            return Err(RustsecFault::Misplaced { field, found, expected });
        }
    }
    let withdrawn = advisory.withdrawn.map(midnight).transpose()?;
    let published = midnight(advisory.date)?;
    let lower_bounds = versions.patched.iter().flat_map(|req| &req.comparators).filter_map(|c| {
        let bounds = matches!(c.op, semver::Op::GreaterEq | semver::Op::Caret | semver::Op::Exact);
        bounds.then(|| {
            let (minor, patch) = (c.minor.unwrap_or(0), c.patch.unwrap_or(0));
            let version = semver::Version {
                pre: c.pre.clone(),
                ..semver::Version::new(c.major, minor, patch)
            };
            version.to_string()
        })
    });
    let ids: Vec<String> =
        std::iter::once(&advisory.id).chain(&advisory.aliases).cloned().collect();
    let kind = cvss::advisory_kind(&ids, advisory.informational.as_deref(), &[]);
    Ok(IndexRecord {
        id: advisory.id,
        aliases: advisory.aliases,
        packages: vec![IndexPackage { name: advisory.package, fixed: lower_bounds.collect() }],
        withdrawn,
        kind,
        cvss: advisory.cvss.into_iter().collect(),
        words: Vec::new(),
        modified: withdrawn.map_or(published, |day| day.max(published)),
    }
    .canonicalise())
}

fn midnight(day: Date) -> Result<Timestamp, RustsecFault> {
    let zoned = day.to_zoned(TimeZone::UTC).map_err(|_| RustsecFault::Date)?;
    Ok(zoned.timestamp())
}
