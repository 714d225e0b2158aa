//! An import for people: what was taken in, what is not whole, what it only claims.

use mex_app::import::ImportOutcome;
use mex_app::runtime::diagnostic::Source;

use crate::out::{Out, plain};
use crate::text::short;
use crate::text::table::pairs;

/// So many claims are shown; the document has all.
const SHOWN: usize = 20;

/// What came of an import.
pub fn outcome(out: &Out, outcome: &ImportOutcome) -> String {
    let source = match &outcome.source {
        Source::Plugin(name) => format!("plugin:{name}"),
        other => String::from(other.clone()),
    };
    let mut page = format!(
        "{}  {} {} of {source}: {} said, {} Problems\n",
        out.bold("IMPORTED"),
        outcome.format.word(),
        outcome.format_version,
        outcome.said,
        outcome.problems
    );
    let mut lines = vec![
        ("evidence", outcome.import_ref.sha256.to_string()),
        ("of the file", outcome.origin_sha256.to_string()),
        ("event", outcome.event_id.to_string()),
    ];
    if !outcome.tools.is_empty() {
        lines.push(("names", format!("{} (nobody proved it)", plain(&outcome.tools.join("; ")))));
    }
    if outcome.components > 0 {
        lines.push(("components", outcome.components.to_string()));
    }
    for (why, count) in &outcome.dropped {
        lines.push(("no Problem", format!("{count} {}", plain(why))));
    }
    page.push_str(&pairs(out, &lines));
    for gap in &outcome.gaps {
        page.push_str(&format!("{}  {}\n", out.warn("NOT WHOLE"), plain(gap)));
    }
    if !outcome.claims.is_empty() {
        page.push_str(&format!("\nClaims ({}): they lift nothing\n", outcome.claims.len()));
    }
    for view in outcome.claims.iter().take(SHOWN) {
        let claim = &view.claim;
        page.push_str(&format!(
            "  {} in {}: {}\n",
            plain(&claim.vulnerability),
            plain(&claim.component),
            plain(&claim.status)
        ));
        for problem in &view.speaks_of {
            page.push_str(&format!(
                "    speaks of Problem {}; to accept it: mex exception add --problem {} --owner NAME \
                 --reason {}\n",
                short(problem),
                short(problem),
                quoted(&view.proposed_reason)
            ));
        }
    }
    if outcome.claims.len() > SHOWN {
        page.push_str(&format!("  and {} more: --format json\n", outcome.claims.len() - SHOWN));
    }
    page.push_str("\nAn import proves nothing: no verdict reads it. Next: mex problems list\n");
    page
}

/// A text as one word of a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", plain(text).replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_reason_is_one_word_of_a_shell() {
        assert_eq!(quoted("it's $(x) `y`\u{1b}"), "'it'\\''s $(x) `y`\\u{1b}'");
    }
}
