//! Takes out of addresses what lets somebody in: lockfiles repeat the address a package came from,
//! and some carry a password or a token in it (contract FR-9). Owns the forms of an address; never
//! looks for secrets elsewhere, which is the secret job's.

use std::borrow::Cow;

/// Words in the name of a query parameter whose value is not repeated.
const TELLING: [&str; 6] = ["token", "key", "secret", "passw", "auth", "sig"];

/// The text without the user part of any address in it and without telling query parameters. A
/// package URL loses the qualifiers that hold either.
pub fn without_credentials(text: &str) -> String {
    if !text.contains("://") && !text.starts_with("pkg:") {
        return text.to_owned();
    }
    if text.starts_with("pkg:")
        && let Some((path, rest)) = text.split_once('?')
    {
        let (qualifiers, subpath) = match rest.split_once('#') {
            Some((qualifiers, subpath)) => (qualifiers, Some(subpath)),
            None => (rest, None),
        };
        let kept: Vec<&str> = qualifiers
            .split('&')
            .filter(|pair| {
                let plain = decoded(pair);
                let value = plain.split_once('=').map_or("", |(_, value)| value);
                address(value) == value
            })
            .collect();
        let mut made = path.to_owned();
        if !kept.is_empty() {
            made = format!("{made}?{}", kept.join("&"));
        }
        return subpath.map_or(made.clone(), |subpath| format!("{made}#{subpath}"));
    }
    address(text)
}

fn address(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail
            .find(|c: char| {
                matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>') || c.is_whitespace()
            })
            .unwrap_or(tail.len());
        let authority = &tail[..end];
        out.push_str(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
        let stop = tail.find(char::is_whitespace).unwrap_or(tail.len()).max(end);
        out.push_str(&query(&tail[end..stop]));
        rest = &tail[stop..];
    }
    out.push_str(rest);
    out
}

/// The path behind a host, without telling parameters.
fn query(text: &str) -> Cow<'_, str> {
    let Some((path, rest)) = text.split_once('?') else { return Cow::Borrowed(text) };
    let (parameters, fragment) = rest.find('#').map_or((rest, ""), |at| (&rest[..at], &rest[at..]));
    let kept: Vec<&str> = parameters
        .split('&')
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or("").to_ascii_lowercase();
            !TELLING.iter().any(|word| name.contains(word))
        })
        .collect();
    if kept.is_empty() {
        return Cow::Owned(format!("{path}{fragment}"));
    }
    Cow::Owned(format!("{path}?{}{fragment}", kept.join("&")))
}

fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let pair = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract FR-9.
    #[test]
    fn addresses_lose_what_lets_somebody_in_and_nothing_else() {
        let check = |text: &str, expect: &str| assert_eq!(without_credentials(text), expect);
        check("plain a@b", "plain a@b");
        check("https://u:p@h.example/a@1", "https://h.example/a@1");
        check("git+ssh://git@h.example/a#c", "git+ssh://h.example/a#c");
        check("x https://p@h y https://q@h/z", "x https://h y https://h/z");
        check("https://h/a?branch=b&access_token=t#c", "https://h/a?branch=b#c");
        check("https://h/a?sig=t", "https://h/a");
        check("pkg:npm/%40a/b@1?x=y", "pkg:npm/%40a/b@1?x=y");
        check("pkg:pypi/a@1?vcs_url=git%2Bhttps://u:p%40h/a&arch=b#s", "pkg:pypi/a@1?arch=b#s");
        check("pkg:pypi/a@1?vcs_url=git%2Bhttps%3A%2F%2Fp%40h", "pkg:pypi/a@1");
        check("https://", "https://");
        check("://@", "://");
    }
}
