//! One line of an allowed-signers file. Owns its syntax and its patterns; never verifies anything.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::wire::Reader;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) principals: Vec<String>,
    pub(super) namespaces: Option<Vec<String>>,
    pub(super) valid_after: Option<Timestamp>,
    pub(super) valid_before: Option<Timestamp>,
    /// The key's wire form; a line for a certificate authority has none that can sign.
    pub(super) key: Option<Vec<u8>>,
}

/// One line: principals, perhaps options, key type, key, perhaps a comment.
pub(super) fn line(text: &str) -> Result<Line, &'static str> {
    let (principals, rest) = word(text).ok_or("it names no principal")?;
    let mut read = Line {
        principals: principals.trim_matches('"').split(',').map(str::to_owned).collect(),
        namespaces: None,
        valid_after: None,
        valid_before: None,
        key: None,
    };
    let (first, mut rest) = word(rest).ok_or("it names no key")?;
    let mut kind = first;
    let mut authority = false;
    if !is_key_type(first) {
        for option in split_unquoted(first) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = value.trim_matches('"');
            match name.to_ascii_lowercase().as_str() {
                "cert-authority" => authority = true,
                "namespaces" => {
                    read.namespaces = Some(value.split(',').map(str::to_owned).collect());
                }
                "valid-after" => read.valid_after = Some(moment(value)?),
                "valid-before" => read.valid_before = Some(moment(value)?),
                _ => return Err("it has an option that is not known"),
            }
        }
        (kind, rest) = word(rest).ok_or("it names no key")?;
    }
    let (key, _) = word(rest).ok_or("its key is missing")?;
    let key = STANDARD.decode(key).map_err(|_| "its key is not Base64")?;
    if Reader(&key).text() != Ok(kind) {
        return Err("its key is not of the type it names");
    }
    read.key = (!authority).then_some(key);
    Ok(read)
}

fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|prefix| word.starts_with(prefix))
}

/// The first word, quotes kept together, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let mut quoted = false;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            quoted ^= *c == '"';
            c.is_whitespace() && !quoted
        })
        .map_or(text.len(), |(at, _)| at);
    let (first, rest) = text.split_at_checked(end)?;
    (!first.is_empty()).then_some((first, rest))
}

fn split_unquoted(options: &str) -> Vec<&str> {
    let mut quoted = false;
    options
        .split(|c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        })
        .collect()
}

/// `YYYYMMDD[HHMM[SS]]Z`.
fn moment(text: &str) -> Result<Timestamp, &'static str> {
    const BAD: &str = "a time must be `YYYYMMDDZ` or `YYYYMMDDHHMM[SS]Z`, in UTC";
    let digits = text.strip_suffix('Z').ok_or(BAD)?;
    let whole = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        14 => digits.to_owned(),
        _ => return Err(BAD),
    };
    DateTime::strptime("%Y%m%d%H%M%S", whole)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| BAD)
}

/// Whether a list of patterns names something: one that matches and none that excludes it.
pub(super) fn listed(patterns: &[String], name: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(excluded) if matches(excluded.as_bytes(), name.as_bytes()) => return false,
            Some(_) => {}
            None => found |= matches(pattern.as_bytes(), name.as_bytes()),
        }
    }
    found
}

/// `*` stands for any text, `?` for one character.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || Some(c) == name.get(n) => {
                p += 1;
                n += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    p = star + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*b*", "abc", true),
            ("", "a", false),
            ("abc", "ab", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
