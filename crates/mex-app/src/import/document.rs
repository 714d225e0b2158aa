//! What is kept of a foreign report: the document `im-1.0`, the evidence an import leaves. Owns its
//! shape and the cleaning of every text that enters it: secrets go, control characters become
//! escapes, and nothing is longer than its limit. The foreign bytes themselves are not stored: they
//! can hold secrets no rule knows (contract FR-9, ENV-6).

use std::borrow::Cow;
use std::collections::BTreeMap;

use mex_runtime::diagnostic::Range;
use mex_runtime::digest::Digest;
use mex_runtime::severity::Severity;
use mex_scanners::credentials::without_credentials;
use mex_scanners::redact::MARK;
use mex_scanners::secret_name::redacted;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plain::plain;

/// The only `schema_version` of an import.
pub const SCHEMA_VERSION: &str = "im-1.0";

/// The media type of an import.
pub const MEDIA_TYPE: &str = "application/vnd.mex.import.v1+json";

/// The longest message kept, in characters.
const MESSAGE: usize = 2000;

/// The longest name, place or title kept, in characters.
const NAME: usize = 300;

/// So many tools are named.
const TOOLS: usize = 200;

/// So many reasons why a report is not whole are told.
const GAPS: usize = 20;

/// A word of fewer bytes holds no secret that a rule knows.
const SHORTEST: usize = 10;

/// More of a text than this is not even looked at, in bytes.
const LOOKED_AT: usize = 64 * 1024;

/// The formats that can be imported.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// SARIF 2.1.0.
    Sarif,
    /// CycloneDX 1.4 to 1.7 as JSON: an inventory, vulnerabilities, or both.
    CycloneDx,
    /// OpenVEX 0.2.
    OpenVex,
}

impl Format {
    /// The word of it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sarif => "sarif",
            Self::CycloneDx => "cyclonedx",
            Self::OpenVex => "openvex",
        }
    }
}

/// A foreign report as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The format.
    pub format: Format,
    /// Its version.
    pub format_version: String,
    /// SHA-256 of the file as it was given.
    pub origin_sha256: Digest,
    /// Its length.
    pub origin_bytes: u64,
    /// Who is named as the source of its Problems: `plugin:` and this.
    pub plugin: String,
    /// The tools it names, `name version`, sorted. Nobody proved them.
    pub tools: Vec<String>,
    /// How many results, vulnerabilities or statements it holds.
    pub said: u64,
    /// What it says is wrong, sorted.
    pub problems: Vec<ForeignProblem>,
    /// What it says is not wrong, sorted. Nothing follows from it.
    pub claims: Vec<Claim>,
    /// How many things it says that are neither, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// How many components it lists.
    pub components: u64,
    /// Why it cannot be taken as whole, as sentences.
    pub gaps: Vec<String>,
}

/// One thing a foreign report says is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignProblem {
    /// Its rule, or the vulnerability's id.
    pub code: String,
    /// What it is about: a path or a package URL; empty where it names none.
    pub place: String,
    /// The severity, as far as it says one; never `fatal`.
    pub severity: Severity,
    /// What it says.
    pub message: String,
    /// The path, where it is one inside the project.
    pub path: Option<String>,
    /// Anything else it is about.
    pub uri: Option<String>,
    /// Where in the file.
    pub range: Option<Range>,
    /// SHA-256 of its own fingerprints, where it carries some.
    pub fingerprint: Option<Digest>,
    /// Whether it says that somebody there suppressed it. It counts here all the same.
    pub suppressed_there: bool,
}

/// A statement that something is not affected, or fixed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The vulnerability.
    pub vulnerability: String,
    /// Its other names, sorted.
    pub aliases: Vec<String>,
    /// The component; empty where it names none.
    pub component: String,
    /// `not_affected`, `fixed`, `false_positive`, ...
    pub status: String,
    /// The justification, in the format's own word; empty where it gives none.
    pub justification: String,
    /// What it says.
    pub statement: String,
}

impl Import {
    /// An empty document of a file.
    pub(super) fn of(format: Format, version: &str, text: &str) -> Self {
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            format,
            format_version: version.to_owned(),
            origin_sha256: Digest::of(text.as_bytes()),
            origin_bytes: text.len() as u64,
            plugin: format.word().to_owned(),
            tools: Vec::new(),
            said: 0,
            problems: Vec::new(),
            claims: Vec::new(),
            dropped: BTreeMap::new(),
            components: 0,
            gaps: Vec::new(),
        }
    }

    pub(super) fn drop_one(&mut self, why: &str) {
        *self.dropped.entry(name(why)).or_default() += 1;
    }

    /// Takes a tool's name; the first one is who the Problems come from.
    pub(super) fn tool(&mut self, called: &str, version: Option<&str>) {
        if self.tools.is_empty()
            && let Some(plugin) = plugin(called)
        {
            self.plugin = plugin;
        }
        if self.tools.len() < TOOLS {
            self.tools.push(name(&format!("{called} {}", version.unwrap_or_default())));
        }
    }

    /// Tells why the report cannot be taken as whole; the first reasons stand for all.
    pub(super) fn gap(&mut self, why: String) {
        match self.gaps.len() {
            0..GAPS => self.gaps.push(why),
            GAPS => self.gaps.push("and more of this".to_owned()),
            _ => {}
        }
    }

    /// Sorts everything, so that the same report is the same bytes.
    pub(super) fn finish(mut self) -> Self {
        let before = self.problems.len() + self.claims.len();
        self.problems.sort();
        self.problems.dedup();
        self.claims.sort();
        self.claims.dedup();
        let twice = (before - self.problems.len() - self.claims.len()) as u64;
        if twice > 0 {
            self.dropped.insert("said twice".to_owned(), twice);
        }
        self.tools.sort();
        self.tools.dedup();
        self
    }
}

/// A tool's name as the end of a source: lower case letters, digits, `.`, `_` and `-`.
fn plugin(called: &str) -> Option<String> {
    let mut out = String::new();
    for c in redacted(called).chars().take(64) {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let out = out.trim_end_matches('-');
    (!out.is_empty()).then(|| out.to_owned())
}

/// A message of somebody else.
pub(super) fn message(text: &str) -> String {
    clean(text, MESSAGE)
}

/// A name or place of somebody else.
pub(super) fn name(text: &str) -> String {
    clean(text, NAME)
}

fn clean(text: &str, limit: usize) -> String {
    let text = text.trim();
    let text = without_keys(&text[..text.floor_char_boundary(LOOKED_AT)]);
    let mut whole = String::new();
    let mut count = 0;
    // A secret does not run over a blank, and the rules look at one name at a time.
    for word in text.split_whitespace() {
        if count > limit {
            break;
        }
        let safe = match word.len() {
            0..SHORTEST => plain(word),
            _ => plain(&redacted(&without_credentials(word))),
        };
        if !whole.is_empty() {
            whole.push(' ');
        }
        count += safe.chars().count() + 1;
        whole.push_str(&safe);
    }
    if whole.chars().count() <= limit {
        return whole;
    }
    let mut cut: String = whole.chars().take(limit.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A private key runs over many lines, and a rule for names knows none of them.
fn without_keys(text: &str) -> Cow<'_, str> {
    let Some(begin) = text.find("-----BEGIN") else { return Cow::Borrowed(text) };
    let end = text[begin..].rfind("-----END").map_or(text.len(), |at| {
        let close = begin + at + "-----END".len();
        text[close..].find("-----").map_or(text.len(), |at| close + at + "-----".len())
    });
    Cow::Owned(format!("{}{MARK}{}", &text[..begin], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugins_name_is_a_word_and_a_text_is_clean_and_short() {
        for (called, expect) in [
            ("CodeQL", Some("codeql")),
            ("  Tool / Name\u{1b}[2J ", Some("tool-name-2j")),
            ("\u{202e}", None),
            ("", None),
        ] {
            assert_eq!(plugin(called).as_deref(), expect, "{called:?}");
        }
        assert_eq!(message("a\u{1b}[31m\r\n b\u{202e}"), "a\\u{1b}[31m b\\u{202e}");
        assert_eq!(message(&"x".repeat(1_000_000)).chars().count(), MESSAGE);
        assert_eq!(
            name("see https://me:hidden@example.invalid/x"),
            "see https://example.invalid/x"
        );
    }
}
