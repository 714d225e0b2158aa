//! Tools, databases and conformance for people.

use mex_app::conformance::ConformanceOutcome;
use mex_app::db::DatabaseView;
use mex_app::sync::Synced;
use mex_app::tools::{Installed, ToolView};

use crate::out::{Out, cut, plain};
use crate::text::table::table;

/// Each pinned tool and what stands of it.
pub fn list(out: &Out, tools: &[ToolView]) -> String {
    let rows = tools.iter().map(|tool| {
        let digest = tool.sha256.map(|digest| cut(&digest.to_string(), 17)).unwrap_or_default();
        vec![
            tool.name.to_string(),
            tool.version.clone(),
            tool.state.to_uppercase(),
            digest,
            tool.note.clone(),
        ]
    });
    let mut page = table(out, &["TOOL", "PINNED", "STATE", "SHA-256", "NOTE"], rows);
    if tools.iter().any(|tool| !tool.intact()) {
        page.push_str("Next: mex tools install\n");
    }
    page
}

/// What an installation did, and the suite after it.
pub fn installed(out: &Out, installed: &Installed) -> String {
    let mut page = list(out, &installed.tools);
    page.push('\n');
    page.push_str(&conformance(out, &installed.conformance));
    page
}

/// Each engine's suite.
pub fn conformance(out: &Out, outcomes: &[ConformanceOutcome]) -> String {
    let mut page = String::new();
    for outcome in outcomes {
        let word = if outcome.passed { out.good("PASS") } else { out.bad("FAIL") };
        page.push_str(&format!(
            "{word}  {} conforms in {} cases\n",
            outcome.engine_id,
            outcome.cases.len()
        ));
        for (name, failure) in &outcome.cases {
            if let Some(why) = failure {
                page.push_str(&format!("  {}  {}\n", out.bad(name), plain(why)));
            }
        }
    }
    page
}

/// Snapshots with their age.
pub fn databases(out: &Out, databases: &[DatabaseView]) -> String {
    if databases.is_empty() {
        return "No advisory database is here. Fetch one with: mex db sync\n".to_owned();
    }
    let rows = databases.iter().map(|database| {
        let age = if database.stale {
            format!("{} days, STALE", database.age_days)
        } else {
            format!("{} days", database.age_days)
        };
        let used = if database.current { "in use" } else { "" };
        vec![
            database.identity.ecosystem.clone(),
            database.identity.form.clone(),
            database.identity.date.strftime("%Y-%m-%d").to_string(),
            age,
            database.identity.record_count.to_string(),
            database.method.clone(),
            used.to_owned(),
            cut(&database.identity.sha256.to_string(), 13),
        ]
    });
    table(out, &["ECOSYSTEM", "FORM", "DATE", "AGE", "RECORDS", "FROM", "", "SHA-256"], rows)
}

/// What a sync brought and what it could not bring.
pub fn synced(out: &Out, synced: &Synced) -> String {
    let mut page = databases(out, &synced.databases);
    for failure in &synced.failures {
        page.push_str(&format!("{}  {}\n", out.bad("FAILED"), plain(&failure.message)));
        page.push_str(&format!("  {} {}\n", out.dim("→"), plain(&failure.hint)));
    }
    page
}
