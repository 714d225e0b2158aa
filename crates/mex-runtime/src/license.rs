//! What licence follows from what is declared and what is detected (contract SC-2).
//! Owns the reading of expressions, the conclusion and the digest an exception is bound to. Never
//! reads a file, and never guesses: what is not an SPDX expression of known licences is UNKNOWN.

use std::collections::BTreeSet;

use serde_json::json;
use spdx::expression::{ExprNode, Operator};
use spdx::identifiers::{EXCEPTIONS, LICENSES};
use spdx::{Expression, LicenseItem, ParseMode};

use crate::digest::Digest;
use crate::finding::{License, LicenseStatement};

/// The longest expression that is read; a longer one is none.
pub const MAX_EXPRESSION_BYTES: usize = 16 * 1024;

/// The canonical form of an expression: known licences only, the registries' old spellings (`MIT/Apache-2.0`,
/// deprecated ids) in their present one. `LicenseRef-` ids stand for themselves unless they say
/// `unknown`. `None` is no expression.
pub fn canonical_expression(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_EXPRESSION_BYTES {
        return None;
    }
    let known = |text: &str| {
        let expression = Expression::parse_mode(text, ParseMode::LAX).ok()?;
        let says_unknown = expression.requirements().any(|part| match &part.req.license {
            // The library lists SPDX's words for "nobody says" among the licences.
            LicenseItem::Spdx { id, .. } => names_nothing(id.name),
            LicenseItem::Other(reference) => names_nothing(&reference.lic_ref),
        });
        if says_unknown { None } else { sorted(&expression) }
    };
    let text = recased(text);
    match Expression::canonicalize(&text) {
        Ok(Some(mended)) => known(&mended),
        Ok(None) | Err(_) => known(&text),
    }
}

/// SPDX ids match in any case (SPDX 2.3, annex D.2); the library reads the list's own spelling only.
fn recased(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive([' ', '\t', '\n', '(', ')', '/', '+']) {
        let id = word.trim_end_matches([' ', '\t', '\n', '(', ')', '/', '+']);
        let spelled = LICENSES
            .iter()
            .map(|license| license.name)
            .chain(EXCEPTIONS.iter().map(|exception| exception.name))
            .find(|name| name.eq_ignore_ascii_case(id));
        out.push_str(spelled.unwrap_or(id));
        out.push_str(&word[id.len()..]);
    }
    out
}

/// An expression with the operands of each operator in text order and none twice.
fn sorted(expression: &Expression) -> Option<String> {
    // Postfix: what is on the stack is an operator, none for a single licence, and its operands.
    let mut stack: Vec<(Option<Operator>, BTreeSet<String>)> = Vec::new();
    for node in expression.iter() {
        match node {
            ExprNode::Req(part) => stack.push((None, BTreeSet::from([part.req.to_string()]))),
            ExprNode::Op(operator) => {
                let (right, left) = (stack.pop()?, stack.pop()?);
                let operands = [left, right].into_iter().flat_map(|(inner, operands)| {
                    if inner.is_none_or(|inner| inner == *operator) {
                        operands
                    } else {
                        BTreeSet::from([format!("({})", written(inner, operands))])
                    }
                });
                let operands: BTreeSet<String> = operands.collect();
                let operator = (operands.len() > 1).then_some(*operator);
                stack.push((operator, operands));
            }
        }
    }
    let (operator, operands) = stack.pop()?;
    Some(written(operator, operands))
}

fn written(operator: Option<Operator>, operands: BTreeSet<String>) -> String {
    let operands: Vec<String> = operands.into_iter().collect();
    operands.join(if operator == Some(Operator::Or) { " OR " } else { " AND " })
}

/// Whether a `LicenseRef-` id only says that nobody knows.
fn names_nothing(reference: &str) -> bool {
    let reference = reference.to_ascii_lowercase();
    reference.split(['-', '.']).any(|word| word == "unknown")
        || matches!(reference.as_str(), "noassertion" | "none")
}

/// A statement, read.
pub fn statement(text: &str, source: &str) -> LicenseStatement {
    LicenseStatement {
        text: text.to_owned(),
        spdx: canonical_expression(text),
        source: source.to_owned(),
    }
}

/// Computes conclusion, reason and digest anew from what is declared, detected and there as text.
///
/// A text that could not be identified is UNKNOWN whatever is declared; else what is declared
/// holds, else what is detected; several different ones all hold (`AND`). A declaration that is no
/// expression does not fall back in silence: what is detected must then speak for it, and the
/// words stay in the finding.
pub fn conclude(license: &mut License) {
    license.content_sha256 = content(license);
    let unidentified = license.detected.iter().find(|one| one.spdx.is_none());
    let (concluded, because) = if let Some(one) = unidentified {
        (None, format!("the text in `{}` could not be identified", one.source))
    } else if let Some(all) = all_of(&license.declared) {
        (Some(all), String::new())
    } else if let Some(all) = all_of(&license.detected) {
        (Some(all), String::new())
    } else if let Some(one) = license.declared.first() {
        (None, format!("`{}` is declared, which is no SPDX expression", one.text))
    } else {
        let because = match license.texts.as_slice() {
            [] => "nothing is declared and no text was found".to_owned(),
            [one] => format!("nothing is declared, and no tool knows the text in `{}`", one.path),
            [one, more @ ..] => format!(
                "nothing is declared, and no tool knows the texts in `{}` and {} more",
                one.path,
                more.len()
            ),
        };
        (None, because)
    };
    license.concluded = concluded;
    license.unknown_because = because;
}

/// Every expression of a list at once; `None` where one of them is none, or the list is empty.
fn all_of(statements: &[LicenseStatement]) -> Option<String> {
    let expressions: Option<BTreeSet<&str>> =
        statements.iter().map(|one| one.spdx.as_deref()).collect();
    let expressions = expressions.filter(|all| !all.is_empty())?;
    let parts: Vec<String> = expressions.into_iter().map(|one| format!("({one})")).collect();
    canonical_expression(&parts.join(" AND "))
}

/// What an exception is bound to: the declarations' words and the texts' digests, in any order.
fn content(license: &License) -> Digest {
    let declared: BTreeSet<&str> = license.declared.iter().map(|one| one.text.as_str()).collect();
    let texts: BTreeSet<String> =
        license.texts.iter().map(|text| text.sha256.to_string()).collect();
    Digest::of(json!({"declared": declared, "texts": texts}).to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{canonical_expression, conclude, statement};
    use crate::digest::Digest;
    use crate::finding::{License, LicenseText, LicenseUnit};

    #[test]
    fn expressions_of_known_licences_alone_are_canonical() {
        for (text, expect) in [
            ("MIT", Some("MIT")),
            (" MIT OR Apache-2.0 ", Some("Apache-2.0 OR MIT")),
            ("apache-2.0 or mit", Some("Apache-2.0 OR MIT")),
            ("(MIT OR ISC) AND MIT AND MIT", Some("(ISC OR MIT) AND MIT")),
            ("MIT/Apache-2.0", Some("Apache-2.0 OR MIT")),
            ("Apache-2.0 WITH LLVM-exception", Some("Apache-2.0 WITH LLVM-exception")),
            ("LicenseRef-scancode-jquery-pd", Some("LicenseRef-scancode-jquery-pd")),
            ("LicenseRef-scancode-unknown", None),
            ("LicenseRef-scancode-free-unknown", None),
            ("LicenseRef-scancode-unknown-license-reference AND MIT", None),
            ("NOASSERTION", None),
            ("NONE", None),
            ("MIT AND NOASSERTION", None),
            ("SEE LICENSE IN LICENSE.txt", None),
            ("UNLICENSED", None),
            ("MIT OR", None),
            ("((MIT)", None),
            ("", None),
        ] {
            assert_eq!(canonical_expression(text).as_deref(), expect, "{text}");
        }
        let long = vec!["MIT"; 10_000].join(" OR ");
        assert_eq!(canonical_expression(&long), None, "a bound holds");
    }

    #[test]
    fn sc_2_what_is_declared_holds_then_what_is_detected_and_nothing_is_unknown() {
        let check = |declared: &[&str], detected: &[&str], expect: Option<&str>| {
            let mut license = License::new(LicenseUnit::Project);
            license.declared = declared.iter().map(|text| statement(text, "Cargo.toml")).collect();
            license.detected = detected.iter().map(|text| statement(text, "LICENSE")).collect();
            conclude(&mut license);
            assert_eq!(license.concluded.as_deref(), expect, "{declared:?} {detected:?}");
            assert_eq!(license.unknown_because.is_empty(), expect.is_some());
        };
        check(&["MIT"], &[], Some("MIT"));
        check(&[], &["MIT"], Some("MIT"));
        check(&["MIT OR Apache-2.0"], &["MIT", "Apache-2.0"], Some("Apache-2.0 OR MIT"));
        check(
            &["MIT OR Apache-2.0", "BSD-3-Clause"],
            &[],
            Some("(Apache-2.0 OR MIT) AND BSD-3-Clause"),
        );
        check(&["SEE LICENSE IN X"], &["ISC"], Some("ISC"));
        check(&["SEE LICENSE IN X"], &[], None);
        check(&[], &[], None);
        check(&["MIT"], &["LicenseRef-scancode-unknown"], None);
    }

    #[test]
    fn sc_4_another_text_or_declaration_is_another_digest_and_order_is_none() {
        let make = |declared: &[&str], texts: &[&[u8]]| {
            let mut license = License::new(LicenseUnit::Project);
            license.declared = declared.iter().map(|text| statement(text, "x")).collect();
            license.texts = texts
                .iter()
                .map(|bytes| LicenseText { path: "LICENSE".to_owned(), sha256: Digest::of(bytes) })
                .collect();
            conclude(&mut license);
            license.content_sha256
        };
        assert_eq!(make(&["MIT", "ISC"], &[b"a", b"b"]), make(&["ISC", "MIT"], &[b"b", b"a"]));
        assert_ne!(make(&["MIT"], &[b"a"]), make(&["MIT"], &[b"b"]));
        assert_ne!(make(&["MIT"], &[b"a"]), make(&["ISC"], &[b"a"]));
        assert_ne!(make(&["MIT"], &[]), make(&[], &[]));
    }

    #[test]
    fn sc_2_an_unknown_licence_says_whether_there_is_a_text_to_read() {
        let why = |paths: &[&str]| {
            let mut license = License::new(LicenseUnit::Project);
            let text =
                |path: &&str| LicenseText { path: (*path).to_owned(), sha256: Digest::of(b"") };
            license.texts = paths.iter().map(text).collect();
            conclude(&mut license);
            license.unknown_because
        };
        assert!(why(&[]).ends_with("no text was found"));
        assert!(why(&["LICENSE"]).ends_with("no tool knows the text in `LICENSE`"));
        assert!(why(&["A", "B", "C"]).ends_with("the texts in `A` and 2 more"));
    }
}
