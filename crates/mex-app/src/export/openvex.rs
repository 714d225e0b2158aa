//! OpenVEX 0.2: one statement a vulnerability found, under all its names. What nobody judged is
//! `under_investigation`, what somebody accepts is `affected` with the acceptance as the action; it
//! is `not_affected` only where the exception's reason begins with one of the five justifications.
//! Says nothing of what was not scanned or not found: silence is not `not_affected`.

use mex_runtime::finding::{AdvisoryKind, Finding, Vulnerability};
use mex_runtime::policy::verdict::Reason;
use serde_json::{Value, json};

use super::{Exported, pretty};
use crate::app::VERSION;
use crate::error::AppResult;
use crate::plain::plain;

/// The machine-readable justifications of OpenVEX. An exception whose reason begins with one of
/// them and a colon says that the project is not affected, and why.
pub const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

/// The justification a reason begins with.
pub fn justification(reason: &str) -> Option<&'static str> {
    let (word, why) = reason.split_once(':')?;
    let known = JUSTIFICATIONS.into_iter().find(|known| *known == word.trim())?;
    (!why.trim().is_empty()).then_some(known)
}

/// The document; none where there is nothing to speak of, because a document needs a statement.
pub(super) fn document(scan: &Exported<'_>) -> AppResult<Option<Vec<u8>>> {
    let statements: Vec<Value> =
        vulnerabilities(scan).map(|(reason, one)| statement(scan, reason, one)).collect();
    if statements.is_empty() {
        return Ok(None);
    }
    pretty(&json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("urn:uuid:{}", scan.scanned.run_id),
        "author": "mex",
        "role": "release gate",
        "timestamp": scan.moment(),
        "version": 1,
        "tooling": format!("mex {VERSION}"),
        "statements": statements,
    }))
    .map(Some)
}

/// Vulnerabilities and malware; an advisory that a package is unmaintained is neither.
pub(super) fn vulnerabilities<'a>(
    scan: &Exported<'a>,
) -> impl Iterator<Item = (&'a Reason, &'a Vulnerability)> {
    scan.problems().filter_map(|(reason, finding)| match finding {
        Finding::Vulnerability(one)
            if matches!(one.kind, AdvisoryKind::Vulnerability | AdvisoryKind::Malware) =>
        {
            Some((reason, one))
        }
        _ => None,
    })
}

fn statement(scan: &Exported<'_>, reason: &Reason, one: &Vulnerability) -> Value {
    let aliases: Vec<String> =
        one.aliases.iter().filter(|alias| **alias != one.id).map(|alias| plain(alias)).collect();
    let mut statement = json!({
        "vulnerability": {"name": plain(&one.id), "aliases": aliases},
        "products": [{
            "@id": scan.tree(),
            "subcomponents": [{
                "@id": one.component.purl,
                "identifiers": {"purl": one.component.purl},
            }],
        }],
        "timestamp": scan.moment(),
    });
    let told = plain(&reason.sentence);
    match scan.acceptance(reason) {
        None => {
            statement["status"] = json!("under_investigation");
            statement["status_notes"] = json!(format!("{told}; {}", plain(&reason.next_step)));
        }
        Some(acceptance) => {
            let why = scan.exception(reason).map_or("", |used| used.reason.as_str());
            match justification(why) {
                Some(word) => {
                    statement["status"] = json!("not_affected");
                    statement["justification"] = json!(word);
                    statement["impact_statement"] = json!(plain(why));
                }
                None => {
                    statement["status"] = json!("affected");
                    statement["action_statement"] = json!(plain(&acceptance));
                    statement["action_statement_timestamp"] = json!(scan.moment());
                }
            }
            statement["status_notes"] = json!(format!("{told}; {}", plain(&acceptance)));
        }
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_justification_with_its_reason_says_not_affected() {
        for (reason, expect) in [
            (
                "vulnerable_code_not_present: feature `x` is off",
                Some("vulnerable_code_not_present"),
            ),
            ("vulnerable_code_not_present:", None),
            ("vulnerable_code_not_present", None),
            ("not_affected: we think so", None),
            ("we accept the risk: inline_mitigations_already_exist", None),
        ] {
            assert_eq!(justification(reason), expect, "{reason}");
        }
    }
}
