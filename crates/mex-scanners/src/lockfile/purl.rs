//! Package URLs in canonical form, so that two tools that name one package name it alike (contract SC-7).
//! Owns the spelling rules of each ecosystem we know; never fetches or compares anything.

use std::fmt::Write as _;

use mex_runtime::finding::Component;

/// A component with its canonical package URL.
pub fn component(ecosystem: &str, name: &str, version: &str) -> Component {
    // osv-scanner writes a release behind some ecosystems: `Debian:12`.
    let base = ecosystem.split(':').next().unwrap_or(ecosystem);
    let (kind, path) = match base {
        "crates.io" => ("cargo", encode(name)),
        "npm" => ("npm", segments(name, '/')),
        "PyPI" => ("pypi", encode(&pypi(name))),
        "Go" => ("golang", segments(&name.to_lowercase(), '/')),
        "Maven" => ("maven", segments(name, ':')),
        "Packagist" => ("composer", segments(&name.to_lowercase(), '/')),
        "RubyGems" => ("gem", encode(name)),
        "NuGet" => ("nuget", encode(name)),
        "Hex" => ("hex", segments(&name.to_lowercase(), '/')),
        "Pub" => ("pub", encode(name)),
        "CRAN" => ("cran", encode(name)),
        "Hackage" => ("hackage", encode(name)),
        "ConanCenter" => ("conan", encode(name)),
        _ => ("generic", segments(name, '/')),
    };
    // A Go module's version carries its `v` in the package URL, not in OSV's records.
    let prefix = if kind == "golang"
        && version.starts_with(|c: char| c.is_ascii_digit())
        && name != "stdlib"
    {
        "v"
    } else {
        ""
    };
    let mut purl = format!("pkg:{kind}/{path}");
    if !version.is_empty() {
        purl = format!("{purl}@{prefix}{}", encode(version));
    }
    Component {
        purl,
        ecosystem: ecosystem.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
    }
}

/// A run of `-`, `_` and `.` is one `-` to Python's registry.
fn pypi(name: &str) -> String {
    let lower = name.to_lowercase();
    let parts: Vec<&str> = lower.split(['-', '_', '.']).collect();
    let last = parts.len().saturating_sub(1);
    let kept =
        parts.iter().enumerate().filter(|(at, part)| *at == 0 || *at == last || !part.is_empty());
    kept.map(|(_, part)| *part).collect::<Vec<_>>().join("-")
}

/// A component as a tool names it: the ecosystem is that of its package URL, the spelling ours, so
/// that qualifiers and escapes make no second component of it. A type we have no rules for keeps the
/// tool's own URL. `None` for what is no package URL.
pub fn of_tool(purl: &str, name: &str, version: &str) -> Option<Component> {
    let (kind, rest) = purl.strip_prefix("pkg:")?.split_once('/')?;
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    let ecosystem = match kind {
        "cargo" => "crates.io",
        "npm" => "npm",
        "pypi" => "PyPI",
        "golang" => "Go",
        "maven" => "Maven",
        "composer" => "Packagist",
        "gem" => "RubyGems",
        "nuget" => "NuGet",
        "hex" => "Hex",
        "pub" => "Pub",
        "cran" => "CRAN",
        "hackage" => "Hackage",
        "conan" => "ConanCenter",
        _ => {
            return Some(Component {
                purl: purl.to_owned(),
                ecosystem: kind.to_owned(),
                name: name.to_owned(),
                version: version.to_owned(),
            });
        }
    };
    if ecosystem == "Maven" {
        let bare = path.rsplit_once('@').map_or(path, |(bare, _)| bare);
        let full = bare.split('/').map(decode).collect::<Vec<_>>().join(":");
        return Some(component(ecosystem, &full, version));
    }
    let version = match ecosystem {
        "Go" => version.strip_prefix('v').unwrap_or(version),
        _ => version,
    };
    Some(component(ecosystem, name, version))
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match hex {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn segments(name: &str, separator: char) -> String {
    name.split(separator).map(encode).collect::<Vec<_>>().join("/")
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ecosystem_has_its_spelling() {
        let check = |ecosystem, name, version, expect: &str| {
            assert_eq!(component(ecosystem, name, version).purl, expect);
        };
        check("crates.io", "time", "0.1.45", "pkg:cargo/time@0.1.45");
        check("crates.io", "x", "1.0.0+b", "pkg:cargo/x@1.0.0%2Bb");
        check("npm", "@babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0");
        check("PyPI", "Flask_Login", "1", "pkg:pypi/flask-login@1");
        check("PyPI", "A-_-b", "1", "pkg:pypi/a-b@1");
        check("Maven", "org.a:b", "1", "pkg:maven/org.a/b@1");
        check("Go", "github.com/X/y", "1.2.3", "pkg:golang/github.com/x/y@v1.2.3");
        check("Go", "stdlib", "1.22", "pkg:golang/stdlib@1.22");
        check("Debian:12", "a b/c", "", "pkg:generic/a%20b/c");
    }

    #[test]
    fn a_tools_package_url_becomes_ours() {
        let check = |purl: &str, name, version, expect: Option<&str>| {
            let made = of_tool(purl, name, version).map(|component| component.purl);
            assert_eq!(made.as_deref(), expect, "{purl}");
        };
        check("pkg:cargo/a@1.0.0%2Bb", "a", "1.0.0+b", Some("pkg:cargo/a@1.0.0%2Bb"));
        check("pkg:npm/@a/b@1.0.0", "@a/b", "1.0.0", Some("pkg:npm/%40a/b@1.0.0"));
        check("pkg:golang/h/X/y@v1.0.0#z", "h/X/y/z", "v1.0.0", Some("pkg:golang/h/x/y/z@v1.0.0"));
        check("pkg:maven/g.h/a%2Bb@1?type=jar", "a+b", "1", Some("pkg:maven/g.h/a%2Bb@1"));
        check("pkg:pypi/a-b@1?vcs_url=x", "a_b", "1", Some("pkg:pypi/a-b@1"));
        check("pkg:github/actions/x@v4", "actions/x", "v4", Some("pkg:github/actions/x@v4"));
        check("", "a", "1", None);
        check("a@1", "a", "1", None);
        assert_eq!(decode("%zz%4%C3%A4"), "%zz%4ä");
    }
}
