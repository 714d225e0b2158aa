//! What osv-scanner says: a JSON document of results on stdout, sentences on stderr.
//! Owns the shapes; lenient to fields we do not use, strict about those we do.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Output {
    pub results: Vec<Source>,
}

#[derive(Debug, Deserialize)]
pub struct Source {
    pub source: Place,
    pub packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub struct Place {
    pub path: String,
}

#[derive(Debug, Deserialize)]
pub struct Package {
    pub package: Name,
    #[serde(default)]
    pub vulnerabilities: Vec<Record>,
    #[serde(default)]
    pub groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
pub struct Name {
    pub name: String,
    pub version: String,
    pub ecosystem: String,
}

/// Records that the tool takes for one and the same.
#[derive(Debug, Deserialize)]
pub struct Group {
    pub ids: Vec<String>,
    #[serde(default)]
    pub aliases: Option<Vec<String>>,
}

/// An OSV record.
#[derive(Debug, Deserialize)]
pub struct Record {
    pub id: String,
    #[serde(default)]
    pub aliases: Option<Vec<String>>,
    #[serde(default)]
    pub withdrawn: Option<String>,
    #[serde(default)]
    pub summary: Option<String>,
    #[serde(default)]
    pub severity: Option<Vec<Severity>>,
    #[serde(default)]
    pub affected: Option<Vec<Affected>>,
    #[serde(default)]
    pub database_specific: Option<Specific>,
}

#[derive(Debug, Deserialize)]
pub struct Severity {
    pub score: String,
}

#[derive(Debug, Deserialize)]
pub struct Affected {
    #[serde(default)]
    pub package: Option<AffectedPackage>,
    #[serde(default)]
    pub severity: Option<Vec<Severity>>,
    #[serde(default)]
    pub ranges: Option<Vec<Range>>,
    #[serde(default)]
    pub versions: Option<Vec<String>>,
    #[serde(default)]
    pub database_specific: Option<Specific>,
    #[serde(default)]
    pub ecosystem_specific: Option<Specific>,
}

#[derive(Debug, Deserialize)]
pub struct AffectedPackage {
    pub name: String,
    pub ecosystem: String,
}

#[derive(Debug, Deserialize)]
pub struct Range {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub events: Option<Vec<Event>>,
}

#[derive(Debug, Deserialize)]
pub struct Event {
    #[serde(default)]
    pub introduced: Option<String>,
    #[serde(default)]
    pub fixed: Option<String>,
    #[serde(default)]
    pub last_affected: Option<String>,
}

/// What databases add in their own words.
#[derive(Debug, Default, Deserialize)]
pub struct Specific {
    #[serde(default)]
    pub severity: Option<serde_json::Value>,
    #[serde(default)]
    pub informational: Option<serde_json::Value>,
    #[serde(default)]
    pub cvss: Option<serde_json::Value>,
    #[serde(default)]
    pub cwe_ids: Option<serde_json::Value>,
}

/// What stderr tells of the lockfiles read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Lockfile, as the tool saw it, and how many packages it found in it.
    pub scanned: Vec<(String, u64)>,
    /// How many packages it left out as local or without a version.
    pub filtered: u64,
    /// Why it failed: what it said of a lockfile it cannot read, else the last line that is neither.
    pub last: String,
}

/// How it names a lockfile it cannot read; the line after it says only that there was one.
const UNREAD: &str = "Error during extraction: ";

pub fn log(stderr: &[u8]) -> Log {
    let mut log = Log::default();
    for line in String::from_utf8_lossy(stderr).lines() {
        if let Some((path, count)) = line
            .strip_prefix("Scanned ")
            .and_then(|rest| rest.rsplit_once(" file and found "))
            .and_then(|(path, rest)| Some((path, rest.split(' ').next()?.parse().ok()?)))
        {
            log.scanned.push((path.to_owned(), count));
        } else if let Some(count) = line
            .strip_prefix("Filtered ")
            .and_then(|rest| rest.split(' ').next())
            .and_then(|count| count.parse::<u64>().ok())
        {
            log.filtered += count;
        } else if !line.trim().is_empty() && !log.last.starts_with(UNREAD) {
            log.last = line.to_owned();
        }
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_the_real_tool_are_understood() {
        let log = log(b"Starting filesystem walk for root: /\n\
            Scanned /project/a b/Cargo.lock file and found 1128 packages\n\
            Scanned /project/requirements.txt file and found 1 package\n\
            Filtered 4 local/unscannable package/s from the scan.\n\
            extraction failed on specified lockfile\n");
        assert_eq!(
            log.scanned,
            [
                ("/project/a b/Cargo.lock".to_owned(), 1128),
                ("/project/requirements.txt".to_owned(), 1)
            ]
        );
        assert_eq!(
            (log.filtered, log.last.as_str()),
            (4, "extraction failed on specified lockfile")
        );
    }

    /// As it speaks of a `package-lock.json` with `"resolved": false`, which npm 6 wrote.
    #[test]
    fn what_cannot_be_read_is_named() {
        let reason = "Error during extraction: (extracting as javascript/packagelockjson) package-lock.json: could not extract";
        let said = log(format!("{reason}\nextraction failed on specified lockfile\n").as_bytes());
        assert_eq!(said.last, reason);
    }
}
