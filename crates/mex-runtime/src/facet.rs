//! What a Problem can be found by: tool, job, rule, package, file, tags and words, read off one
//! diagnostic. Pure; never stored in a diagnostic and never part of its fingerprint.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Source};
use crate::severity::VulnSeverity;

/// The jobs a scan can have (contract section 8); a diagnostic carries its own as a tag.
const JOBS: [&str; 4] = ["secret", "vuln", "sbom", "license"];

/// Characters of a value that are kept: longer names are found by their beginning.
pub const MOST_CHARS: usize = 1_000;

/// Words of one diagnostic that are kept.
const MOST_WORDS: usize = 64;

/// Characters of a word that are kept.
const MOST_WORD_CHARS: usize = 64;

/// A field that Problems can be found by.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// A code of ours, a rule's name or a canonical alias.
    Code,
    /// The file, relative to the project.
    File,
    /// The severity word of a vulnerability, lower case.
    Grade,
    /// The job that found it.
    Job,
    /// The package's name, without version.
    Package,
    /// The policy's rule.
    Rule,
    /// Where it comes from.
    Source,
    /// A tag.
    Tag,
    /// A tool that said so.
    Tool,
    /// A word of title, code or file, lower case.
    Word,
    /// The workspace.
    Wsid,
}

impl Facet {
    /// Every field, sorted.
    pub const ALL: [Self; 11] = [
        Self::Code,
        Self::File,
        Self::Grade,
        Self::Job,
        Self::Package,
        Self::Rule,
        Self::Source,
        Self::Tag,
        Self::Tool,
        Self::Word,
        Self::Wsid,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::File => "file",
            Self::Grade => "grade",
            Self::Job => "job",
            Self::Package => "package",
            Self::Rule => "rule",
            Self::Source => "source",
            Self::Tag => "tag",
            Self::Tool => "tool",
            Self::Word => "word",
            Self::Wsid => "wsid",
        }
    }
}

/// Every value a diagnostic can be found by, each once, sorted.
pub fn facets(diagnostic: &Diagnostic) -> BTreeSet<(Facet, String)> {
    let mut found: BTreeSet<(Facet, String)> = BTreeSet::new();
    let mut add = |facet: Facet, value: &str| {
        let value = cut(value.trim(), MOST_CHARS);
        if !value.is_empty() {
            found.insert((facet, value.to_owned()));
        }
    };
    add(Facet::Source, &String::from(diagnostic.source.clone()));
    if let Some(code) = &diagnostic.code {
        add(Facet::Code, code);
    }
    if let Some(wsid) = &diagnostic.wsid {
        add(Facet::Wsid, wsid.as_str());
    }
    for tool in tools(diagnostic) {
        add(Facet::Tool, tool);
    }
    if let Some(job) = job(diagnostic) {
        add(Facet::Job, job);
    }
    if let Some(rule) = rule(diagnostic) {
        add(Facet::Rule, rule);
    }
    for tag in &diagnostic.tags {
        add(Facet::Tag, tag);
        if let Some(grade) = grade(tag) {
            add(Facet::Grade, grade);
        }
    }
    for location in &diagnostic.locations {
        if let Some(path) = &location.path {
            add(Facet::File, path);
        }
        if let Some(package) = location.uri.as_deref().and_then(package_name) {
            add(Facet::Package, &package);
        }
    }
    for word in spoken(diagnostic) {
        add(Facet::Word, &word);
    }
    found
}

/// The tools of a diagnostic, as it names them: joined by commas.
pub fn tools(diagnostic: &Diagnostic) -> impl Iterator<Item = &str> {
    let all = diagnostic.tool.as_deref().unwrap_or("");
    all.split(',').map(str::trim).filter(|tool| !tool.is_empty())
}

/// The job that found it: its tags say so.
pub fn job(diagnostic: &Diagnostic) -> Option<&str> {
    diagnostic.tags.iter().map(String::as_str).find(|tag| JOBS.contains(tag))
}

/// The rule of the policy it stands under; a foreign report's own rule.
pub fn rule(diagnostic: &Diagnostic) -> Option<&str> {
    let code = diagnostic.code.as_deref()?;
    if matches!(diagnostic.source, Source::Plugin(_) | Source::Matcher(_)) {
        return Some(code);
    }
    if code.starts_with("SC-") {
        return Some(code);
    }
    let uri = diagnostic.locations.iter().find_map(|location| location.uri.as_deref());
    match uri {
        _ if code == "UNKNOWN" => Some("SC-2/license"),
        Some(uri) if uri.starts_with("secret:") => Some("SC-2/secret"),
        Some(uri) if uri.starts_with("pkg:") => Some("SC-2/vulnerability"),
        _ if diagnostic.tags.iter().any(|tag| tag == "denied") => Some("GATE/denied"),
        _ => None,
    }
}

/// The name in a package URL, with its namespace and without version: `@scope/name`, `group/name`.
pub fn package_name(purl: &str) -> Option<String> {
    let rest = purl.strip_prefix("pkg:")?;
    let rest = rest.split(['?', '#']).next()?;
    let (_, name) = rest.split_once('/')?;
    // A namespace can begin with `@`, spelled `%40`: only one behind the last `/` is a version.
    let name = match name.rfind('@') {
        Some(at) if at > 0 && !name[at..].contains('/') => &name[..at],
        _ => name,
    };
    let name = percent_decoded(name);
    (!name.is_empty()).then_some(name)
}

/// The severity word a tag is, where it is one.
fn grade(tag: &str) -> Option<&str> {
    const ALL: [VulnSeverity; 7] = [
        VulnSeverity::Informational,
        VulnSeverity::None,
        VulnSeverity::Low,
        VulnSeverity::Medium,
        VulnSeverity::Unscored,
        VulnSeverity::High,
        VulnSeverity::Critical,
    ];
    tag.strip_prefix("severity:")
        .filter(|word| ALL.iter().any(|known| known.word().eq_ignore_ascii_case(word)))
}

/// The words of title, code and files, lower case, each once; a single character finds nothing.
fn spoken(diagnostic: &Diagnostic) -> BTreeSet<String> {
    let places = diagnostic.locations.iter().filter_map(|location| location.path.as_deref());
    let texts = [diagnostic.title.as_str(), diagnostic.code.as_deref().unwrap_or("")];
    let all = texts.into_iter().chain(places).flat_map(words);
    all.filter(|word| word.chars().nth(1).is_some()).take(MOST_WORDS).collect()
}

/// A text's runs of letters and digits, lower case.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| cut(&word.to_lowercase(), MOST_WORD_CHARS).to_owned())
}

/// The first `most` characters.
pub fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at])
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match (byte, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(value)) => {
                decoded.push(value);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_url_gives_its_name_without_version() {
        for (purl, name) in [
            ("pkg:cargo/time@0.1.45", Some("time")),
            ("pkg:npm/%40babel/core@7.0.0", Some("@babel/core")),
            ("pkg:npm/@babel/core@7.0.0", Some("@babel/core")),
            ("pkg:golang/github.com/a/b@v1.2.3?type=module#sub", Some("github.com/a/b")),
            ("pkg:maven/org.apache/commons", Some("org.apache/commons")),
            ("pkg:npm/%4@1", Some("%4")),
            ("pkg:npm", None),
            ("pkg:npm/", None),
            ("secret:00", None),
        ] {
            assert_eq!(package_name(purl).as_deref(), name, "{purl}");
        }
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_in_lower_case() {
        let found: Vec<String> =
            words("CVE-2021-23337 in pkg:npm/Lodash@4.17 ÄRGER 漢字").collect();
        assert_eq!(
            found,
            ["cve", "2021", "23337", "in", "pkg", "npm", "lodash", "4", "17", "ärger", "漢字"]
        );
        assert_eq!(words(&"x".repeat(4096)).map(|word| word.len()).sum::<usize>(), 64);
        assert_eq!(cut("äöü", 2), "äö");
    }
}
