//! Puts version texts of any ecosystem into ascending order, for reading.
//! Never decides whether a version is affected: the tools do.

use std::cmp::Ordering;

use semver::Version;

/// The versions, each once, ascending: as semantic versions where both are, else number by number.
pub fn ascending(mut versions: Vec<String>) -> Vec<String> {
    versions.sort_by(|a, b| compare(a, b).then_with(|| a.cmp(b)));
    versions.dedup();
    versions
}

fn compare(a: &str, b: &str) -> Ordering {
    if let (Ok(a), Ok(b)) = (Version::parse(a), Version::parse(b)) {
        return a.cmp(&b);
    }
    let (mut a, mut b) = (parts(a), parts(b));
    let length = a.len().max(b.len());
    a.resize(length, Part::Number(0));
    b.resize(length, Part::Number(0));
    a.cmp(&b)
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Text(String),
    Number(u128),
}

fn parts(version: &str) -> Vec<Part> {
    version
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().map_or_else(|_| Part::Text(part.to_owned()), Part::Number))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_the_order_people_expect() {
        let check = |given: &[&str], expect: &[&str]| {
            assert_eq!(ascending(given.iter().map(|text| (*text).to_owned()).collect()), expect);
        };
        check(&["6.0.1", "10.0.0", "3.0.1", "3.0.1"], &["3.0.1", "6.0.1", "10.0.0"]);
        check(&["1.0.0", "1.0.0-rc.1"], &["1.0.0-rc.1", "1.0.0"]);
        check(&["1.10", "1.9", "1.9.1"], &["1.9", "1.9.1", "1.10"]);
    }
}
