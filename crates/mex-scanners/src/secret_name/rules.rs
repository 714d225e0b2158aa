//! gitleaks' own rules, run in this process over names of files, folders, branches and tags.
//!
//! gitleaks reads contents and never names, and a name must be judged before it is written down
//! anywhere (contract FR-9). So the pinned rules are compiled here: same keywords, expressions,
//! entropy and allowlists, but for lists of paths, because a name must not excuse itself. A secret
//! in a name ends where a word ends, not only at a quote or a blank, so the ends of the expressions
//! are that much wider. Owns what a hit is; never keeps one.

use std::ops::Range;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

use super::encoded::decoded;
use crate::gitleaks::argv::RULES;

/// How gitleaks' rules end a secret in a text, and how a name ends one.
const TEXT_END: &str = r#"(?:[\x60'"\s;]|\\[nr]|$)"#;
const NAME_END: &str = "(?:[^A-Za-z0-9]|$)";

/// One secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    /// gitleaks' id of the rule.
    pub rule: &'static str,
    /// Where it stands, encoded or not.
    pub at: Range<usize>,
    /// The secret itself, decoded.
    pub secret: Vec<u8>,
}

/// Every rule that judges a text by itself.
pub(super) struct Rules {
    keywords: RegexSet,
    /// The rules of each keyword.
    owners: Vec<Vec<usize>>,
    rules: Vec<Rule>,
    allowed: Vec<Allowed>,
}

struct Rule {
    id: String,
    expression: String,
    group: usize,
    entropy: f64,
    allowed: Vec<Allowed>,
    in_a_name: OnceLock<Option<Regex>>,
    in_a_path: OnceLock<Option<Regex>>,
}

/// One list of what is no secret.
struct Allowed {
    target: Target,
    every: bool,
    expressions: Vec<Regex>,
    stopwords: Vec<String>,
}

#[derive(Clone, Copy)]
enum Target {
    Secret,
    Match,
    Line,
}

#[derive(Deserialize)]
struct WireRules {
    allowlist: WireAllowed,
    rules: Vec<WireRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRule {
    id: String,
    regex: Option<String>,
    path: Option<String>,
    #[serde(default)]
    secret_group: usize,
    #[serde(default)]
    entropy: f64,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    allowlists: Vec<WireAllowed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAllowed {
    #[serde(default)]
    regex_target: String,
    #[serde(default)]
    condition: String,
    #[serde(default)]
    regexes: Vec<String>,
    #[serde(default)]
    stopwords: Vec<String>,
}

impl Rules {
    /// The embedded rules, compiled on first use, each expression when its keyword first stands in a name.
    pub(super) fn embedded() -> &'static Self {
        static RULES_IN_USE: OnceLock<Rules> = OnceLock::new();
        // That the embedded file parses, and every expression of it compiles, is proven by a test.
        RULES_IN_USE.get_or_init(|| Self::parse(RULES).unwrap_or_else(Self::none))
    }

    fn none() -> Self {
        Self {
            keywords: RegexSet::empty(),
            owners: Vec::new(),
            rules: Vec::new(),
            allowed: Vec::new(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let wire: WireRules = toml::from_str(text).ok()?;
        let (mut words, mut owners, mut rules) = (Vec::new(), Vec::<Vec<usize>>::new(), Vec::new());
        for rule in wire.rules {
            // Rules bound to a kind of file judge its content; those without expression its name alone.
            let (Some(expression), None) = (rule.regex, rule.path) else { continue };
            for word in rule.keywords {
                let word = regex::escape(&word.to_lowercase());
                match words.iter().position(|known| *known == word) {
                    Some(at) => owners[at].push(rules.len()),
                    None => {
                        words.push(word);
                        owners.push(vec![rules.len()]);
                    }
                }
            }
            rules.push(Rule {
                id: rule.id,
                expression,
                group: rule.secret_group,
                entropy: rule.entropy,
                allowed: rule.allowlists.into_iter().filter_map(Allowed::of).collect(),
                in_a_name: OnceLock::new(),
                in_a_path: OnceLock::new(),
            });
        }
        let keywords =
            RegexSetBuilder::new(&words).unicode(false).case_insensitive(true).build().ok()?;
        Some(Self {
            keywords,
            owners,
            rules,
            allowed: Allowed::of(wire.allowlist).into_iter().collect(),
        })
    }

    /// The rules whose keyword stands in a text.
    pub(super) fn awake(&self, text: &[u8]) -> Vec<usize> {
        let words = self.keywords.matches(text);
        let mut awake: Vec<usize> =
            words.iter().filter_map(|word| self.owners.get(word)).flatten().copied().collect();
        awake.sort_unstable();
        awake.dedup();
        awake
    }

    /// The secrets in one name, plain or as Base64 or hexadecimal.
    pub(super) fn in_name(&'static self, name: &[u8], awake: &[usize]) -> Vec<Hit> {
        // An ending is no part of a secret, though expressions take it for one.
        let stem = stem(name);
        let mut hits = self.hits(stem, awake, Rule::in_a_name);
        if hits.is_empty() && stem.len() < name.len() {
            hits = self.hits(name, awake, Rule::in_a_name);
        }
        for (at, plain) in decoded(name) {
            if hits.iter().any(|hit| overlap(&hit.at, &at)) {
                continue;
            }
            let inner = self.hits(&plain, &self.awake(&plain), Rule::in_a_name);
            hits.extend(inner.into_iter().map(|hit| Hit { at: at.clone(), ..hit }));
        }
        hits
    }

    /// The secrets of rules whose secrets can hold a `/`, in a whole path.
    pub(super) fn in_path(&'static self, path: &[u8], awake: &[usize]) -> Vec<Hit> {
        self.hits(path, awake, Rule::in_a_path)
    }

    fn hits(
        &'static self,
        text: &[u8],
        awake: &[usize],
        expression: fn(&Rule) -> Option<&Regex>,
    ) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for rule in awake.iter().filter_map(|rule| self.rules.get(*rule)) {
            let Some(expression) = expression(rule) else { continue };
            for found in expression.captures_iter(text) {
                let Some(whole) = found.get(0) else { continue };
                let secret = if rule.group > 0 {
                    found.get(rule.group)
                } else {
                    found.iter().skip(1).flatten().find(|group| !group.is_empty())
                };
                let secret = secret.unwrap_or(whole);
                let bytes = secret.as_bytes();
                let random = rule.entropy == 0.0 || entropy(bytes) > rule.entropy;
                let excused = self
                    .allowed
                    .iter()
                    .chain(&rule.allowed)
                    .any(|allowed| allowed.excuses(bytes, whole.as_bytes(), text));
                if random && !excused && !bytes.is_empty() {
                    hits.push(Hit { rule: &rule.id, at: secret.range(), secret: bytes.to_vec() });
                }
            }
        }
        // As gitleaks: what a rule of its own knows is not told once more by the general one.
        let known: Vec<Range<usize>> = hits
            .iter()
            .filter(|hit| !hit.rule.starts_with("generic"))
            .map(|hit| hit.at.clone())
            .collect();
        hits.retain(|hit| {
            !hit.rule.starts_with("generic") || !known.iter().any(|at| overlap(at, &hit.at))
        });
        hits
    }
}

impl Rule {
    fn in_a_name(&self) -> Option<&Regex> {
        self.in_a_name.get_or_init(|| compile(&widened(&self.expression))).as_ref()
    }

    /// The general rules take a `/` for a part of anything, so they judge single names alone.
    fn in_a_path(&self) -> Option<&Regex> {
        let general = self.id.starts_with("generic") || self.id.starts_with("curl");
        self.in_a_path
            .get_or_init(|| {
                let across = self.expression.contains('/') && !general;
                across.then(|| compile(&self.expression)).flatten()
            })
            .as_ref()
    }
}

impl Allowed {
    fn of(wire: WireAllowed) -> Option<Self> {
        let expressions: Vec<Regex> =
            wire.regexes.iter().filter_map(|expression| compile(expression)).collect();
        if expressions.is_empty() && wire.stopwords.is_empty() {
            return None;
        }
        Some(Self {
            target: match wire.regex_target.as_str() {
                "match" => Target::Match,
                "line" => Target::Line,
                _ => Target::Secret,
            },
            every: wire.condition.eq_ignore_ascii_case("and"),
            expressions,
            stopwords: wire.stopwords.iter().map(|word| word.to_lowercase()).collect(),
        })
    }

    fn excuses(&self, secret: &[u8], whole: &[u8], line: &[u8]) -> bool {
        let target = match self.target {
            Target::Secret => secret,
            Target::Match => whole,
            Target::Line => line,
        };
        let by_expression = self.expressions.iter().any(|known| known.is_match(target));
        let lower = String::from_utf8_lossy(secret).to_lowercase();
        let by_word = self.stopwords.iter().any(|word| lower.contains(word.as_str()));
        if self.every {
            (by_expression || self.expressions.is_empty()) && (by_word || self.stopwords.is_empty())
        } else {
            by_expression || by_word
        }
    }
}

/// The expression with the ends of a name.
fn widened(expression: &str) -> String {
    let mut wide = expression.replace(TEXT_END, NAME_END);
    if let Some(rest) = wide.strip_prefix(r"\b") {
        wide = format!(r"(?:\b|_){rest}");
    }
    if let Some(rest) = wide.strip_suffix(r"\b") {
        wide = format!(r"{rest}(?:\b|_)");
    }
    wide
}

fn compile(expression: &str) -> Option<Regex> {
    RegexBuilder::new(&translated(expression)).unicode(false).build().ok()
}

/// Go's spelling in this crate's: a brace that counts nothing is a brace, and inside of a class
/// `[`, `&` and `~` are themselves.
fn translated(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len() + 8);
    let mut class: Option<usize> = None;
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match (c, class) {
            ('\\', _) => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            ('{', None) if !is_count(rest) => out.push('\\'),
            ('[', None) => {
                // A bracket or a caret at the start is a member.
                for start in ["[^]", "[]"] {
                    if rest.starts_with(start) {
                        out.push_str(&start[..start.len() - 1]);
                        out.push('\\');
                        rest = &rest[start.len() - 1..];
                        length = 1;
                        break;
                    }
                }
                class = Some(0);
            }
            ('[', Some(_)) => match rest.find(":]") {
                Some(end) if rest.starts_with("[:") => length = end + 2,
                _ => out.push('\\'),
            },
            ('&' | '~', Some(_)) => out.push('\\'),
            (']', Some(_)) => class = None,
            _ => {}
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// Whether a text starts with `{n}`, `{n,}` or `{n,m}`.
fn is_count(text: &str) -> bool {
    let Some((inside, _)) = text[1..].split_once('}') else { return false };
    inside.starts_with(|c: char| c.is_ascii_digit())
        && inside.chars().all(|c| c.is_ascii_digit() || c == ',')
}

/// Shannon's, in bits a byte.
#[expect(clippy::cast_precision_loss, reason = "lengths of names")]
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_usize; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let length = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| *count as f64 / length)
        .map(|share| -share * share.log2())
        .sum()
}

/// A name without its ending, where it has one of up to ten letters and digits.
fn stem(name: &[u8]) -> &[u8] {
    match name.iter().rposition(|byte| *byte == b'.') {
        Some(at)
            if at > 0
                && (1..=10).contains(&(name.len() - at - 1))
                && name[at + 1..].iter().all(u8::is_ascii_alphanumeric) =>
        {
            &name[..at]
        }
        _ => name,
    }
}

pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole of what the pinned rules say is in force here.
    #[test]
    fn every_expression_of_every_rule_compiles() {
        let wire: WireRules = toml::from_str(RULES).unwrap();
        let rules = Rules::parse(RULES).unwrap();
        assert!(rules.rules.len() > 210, "{}", rules.rules.len());
        for rule in &rules.rules {
            assert!(rule.in_a_name().is_some(), "{}", rule.id);
            assert!(compile(&rule.expression).is_some(), "{}", rule.id);
        }
        for wire in wire.rules {
            assert!(wire.regex.is_none() || !wire.keywords.is_empty(), "{} has no word", wire.id);
            for expression in wire.allowlists.iter().flat_map(|list| &list.regexes) {
                assert!(compile(expression).is_some(), "{expression}");
            }
        }
        for expression in &wire.allowlist.regexes {
            assert!(compile(expression).is_some(), "{expression}");
        }
    }

    #[test]
    fn gos_spelling_means_the_same_here() {
        let check = |expression: &str, text: &str, expect: bool| {
            let compiled = compile(expression).unwrap_or_else(|| panic!("{expression}"));
            assert_eq!(compiled.is_match(text.as_bytes()), expect, "{expression} on {text}");
        };
        check(r"^\$(?:\d+|{\d+})$", "${12}", true);
        check(r"^a{2,3}$", "aaa", true);
        check(r"^[[:alnum:]]+$", "a1", true);
        check(r"^[^]]$", "]", false);
        check(r"^[[&&~]+$", "[&~", true);
    }
}
