//! Version ranges as npm writes them, as far as advisories use them: comparators joined by blanks,
//! alternatives joined by `||`, pre-releases counted in. Owns the writing of an OSV record's ranges
//! in that form and the reading back; never guesses about what it cannot compare.

use std::cmp::Ordering;

use semver::Version;

use crate::osv_scanner::wire::{Affected, Event};

/// Whether a version lies in a range; `None` where one of the two is written in another way.
pub(crate) fn holds(range: &str, version: &str) -> Option<bool> {
    let version = Version::parse(version).ok()?;
    let mut any = false;
    for alternative in range.split("||") {
        any |= all(alternative.trim(), &version)?;
    }
    Some(any)
}

fn all(comparators: &str, version: &Version) -> Option<bool> {
    if matches!(comparators, "" | "*") {
        return Some(true);
    }
    let mut holds = true;
    // `>= 1.0.0` is written with and without a blank.
    let joined = comparators.replace("= ", "=").replace("> ", ">").replace("< ", "<");
    for comparator in joined.split([' ', ',']).filter(|text| !text.is_empty()) {
        let (operator, bound) = [">=", "<=", ">", "<", "="]
            .iter()
            .find_map(|operator| Some((*operator, comparator.strip_prefix(operator)?)))
            .unwrap_or(("=", comparator));
        let order = version.cmp_precedence(&Version::parse(bound).ok()?);
        holds &= match operator {
            ">=" => order != Ordering::Less,
            "<=" => order != Ordering::Greater,
            ">" => order == Ordering::Greater,
            "<" => order == Ordering::Less,
            _ => order == Ordering::Equal,
        };
    }
    Some(holds)
}

/// What an OSV record says of a package's versions, as one range. A bound that cannot be compared
/// is no bound: what is affected is never made less.
pub(crate) fn of_affected<'a>(parts: impl Iterator<Item = &'a Affected>) -> String {
    let mut alternatives: Vec<String> = Vec::new();
    for part in parts {
        let ranges = part.ranges.iter().flatten().filter(|range| range.kind != "GIT");
        let mut bounded = false;
        for range in ranges {
            bounded = true;
            alternatives.extend(intervals(range.events.as_deref().unwrap_or_default()));
        }
        let versions = part.versions.iter().flatten();
        let named: Vec<String> = versions
            .filter(|version| Version::parse(version).is_ok())
            .map(|version| format!("={version}"))
            .collect();
        let all_named = named.len() == part.versions.as_ref().map_or(0, Vec::len);
        if !all_named || (!bounded && named.is_empty()) {
            alternatives.push("*".to_owned());
        }
        alternatives.extend(named);
    }
    alternatives.dedup();
    alternatives.join(" || ")
}

/// The intervals that a list of events opens and closes, whatever its order.
fn intervals(events: &[Event]) -> Vec<String> {
    enum Edge {
        Open(String),
        Close(String),
    }
    let mut edges: Vec<(Option<Version>, u8, Edge)> = Vec::new();
    for event in events {
        if let Some(from) = &event.introduced {
            // `0` and what cannot be compared are before every version.
            let at = Version::parse(from).ok();
            let text = at.as_ref().map_or(String::new(), |at| format!(">={at}"));
            edges.push((at, 1, Edge::Open(text)));
        }
        if let Some(Ok(at)) = event.fixed.as_deref().map(Version::parse) {
            edges.push((Some(at.clone()), 0, Edge::Close(format!("<{at}"))));
        }
        if let Some(Ok(at)) = event.last_affected.as_deref().map(Version::parse) {
            edges.push((Some(at.clone()), 2, Edge::Close(format!("<={at}"))));
        }
    }
    edges.sort_by(|(a, a_rank, _), (b, b_rank, _)| {
        let order = match (a, b) {
            (Some(a), Some(b)) => a.cmp_precedence(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        order.then(a_rank.cmp(b_rank))
    });
    let mut out = Vec::new();
    let mut open: Option<String> = None;
    for (_, _, edge) in edges {
        match (edge, open.take()) {
            (Edge::Open(from), None) => open = Some(from),
            (Edge::Open(_), Some(from)) => open = Some(from),
            (Edge::Close(to), Some(from)) => out.push(joined(&from, &to)),
            (Edge::Close(_), None) => {}
        }
    }
    if let Some(from) = open {
        out.push(joined(&from, ""));
    }
    out
}

fn joined(from: &str, to: &str) -> String {
    match (from, to) {
        ("", "") => "*".to_owned(),
        ("", to) => to.to_owned(),
        (from, "") => from.to_owned(),
        (from, to) => format!("{from} {to}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(affected: &str) -> String {
        let parts: Vec<Affected> = serde_json::from_str(affected).unwrap();
        of_affected(parts.iter())
    }

    #[test]
    fn ranges_of_records_become_ranges_of_npm() {
        let events = |events: &str| {
            written(&format!(r#"[{{"ranges":[{{"type":"SEMVER","events":[{events}]}}]}}]"#))
        };
        for (given, expect) in [
            (r#"{"introduced":"0"}"#, "*"),
            (r#"{"introduced":"0"},{"fixed":"1.2.3"}"#, "<1.2.3"),
            (r#"{"fixed":"1.2.3"},{"introduced":"1.0.0-rc.1"}"#, ">=1.0.0-rc.1 <1.2.3"),
            (r#"{"introduced":"1.0.0"},{"last_affected":"1.2.3"}"#, ">=1.0.0 <=1.2.3"),
            (
                r#"{"introduced":"0"},{"fixed":"1.0.0"},{"introduced":"2.0.0"},{"fixed":"2.1.0"}"#,
                "<1.0.0 || >=2.0.0 <2.1.0",
            ),
            (r#"{"introduced":"2.0"},{"fixed":"x"}"#, "*"),
            (r#"{"introduced":"1.0.0"},{"last_affected":"1.0.0"}"#, ">=1.0.0 <=1.0.0"),
        ] {
            assert_eq!(events(given), expect, "{given}");
        }
        assert_eq!(written(r#"[{"versions":["1.0.0","1.0.1"]}]"#), "=1.0.0 || =1.0.1");
        assert_eq!(written(r#"[{"versions":["1.0.0","one"]}]"#), "* || =1.0.0");
        assert_eq!(written("[{}]"), "*");
        assert_eq!(written("[]"), "");
    }

    #[test]
    fn a_version_is_in_a_range_or_outside_or_nobody_knows() {
        for (range, version, expect) in [
            ("<1.2.3", "1.2.2", Some(true)),
            ("<1.2.3", "1.2.3-beta", Some(true)),
            ("<1.2.3", "1.2.3", Some(false)),
            ("<1.2.3", "1.2.3+build", Some(false)),
            (">= 1.0.0 < 2.0.0", "1.5.0", Some(true)),
            (">=1.0.0, <2.0.0", "2.0.0", Some(false)),
            ("<1.0.0 || >=2.0.0 <2.1.0", "2.0.5", Some(true)),
            ("<1.0.0 || >=2.0.0 <2.1.0", "1.5.0", Some(false)),
            ("*", "0.0.0-0", Some(true)),
            ("=1.0.0", "1.0.0", Some(true)),
            ("^1.0.0", "1.0.0", None),
            ("<1.2", "1.0.0", None),
            ("*", "1.0", None),
        ] {
            assert_eq!(holds(range, version), expect, "{range} {version}");
        }
    }
}
