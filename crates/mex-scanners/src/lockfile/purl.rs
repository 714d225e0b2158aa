//! Package URLs in canonical form, so that two tools that name one package name it alike (contract SC-7).
//! Owns the spelling rules of each ecosystem we know; never parses a package URL.

use std::fmt::Write as _;

use mex_runtime::finding::Component;

/// A component with its canonical package URL.
pub fn component(ecosystem: &str, name: &str, version: &str) -> Component {
    // osv-scanner writes a release behind some ecosystems: `Debian:12`.
    let base = ecosystem.split(':').next().unwrap_or(ecosystem);
    let (kind, path) = match base {
        "crates.io" => ("cargo", encode(name)),
        "npm" => ("npm", segments(name, '/')),
        "PyPI" => ("pypi", encode(&name.to_lowercase().replace(['_', '.'], "-"))),
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
        check("Maven", "org.a:b", "1", "pkg:maven/org.a/b@1");
        check("Go", "github.com/X/y", "1.2.3", "pkg:golang/github.com/x/y@v1.2.3");
        check("Go", "stdlib", "1.22", "pkg:golang/stdlib@1.22");
        check("Debian:12", "a b/c", "", "pkg:generic/a%20b/c");
    }
}
