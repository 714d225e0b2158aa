//! An EngineResult for people.

use mex_app::runtime::result::{EngineResult, Status};

use crate::out::{Out, plain};
use crate::text::table::{pairs, table};
use crate::text::{short, word};

/// Status, errors with their next steps, outputs, and where to look.
pub fn result(out: &Out, result: &EngineResult) -> String {
    let status = word(&result.status).to_uppercase();
    let status = match result.status {
        Status::Succeeded => out.good(&status),
        Status::Denied | Status::Failed => out.bad(&status),
        Status::Cancelled | Status::TimedOut => out.warn(&status),
    };
    let mut page = format!("{status}  {}\n", result.op_id);
    for error in &result.errors {
        page.push_str(&format!("  {}  {}\n", out.dim(error.code.as_str()), plain(&error.message)));
        if !error.hint.is_empty() {
            page.push_str(&format!("  {} {}\n", out.dim("→"), plain(&error.hint)));
        }
    }
    let rows = result
        .outputs
        .iter()
        .map(|handle| (handle, "output"))
        .chain(result.evidence.iter().map(|handle| (handle, "evidence")));
    let rows: Vec<Vec<String>> = rows
        .map(|(handle, what)| {
            vec![
                what.to_owned(),
                handle.role.clone(),
                handle.sha256.to_string().chars().take(16).collect(),
                format!("{} bytes", handle.size_bytes),
            ]
        })
        .collect();
    if !rows.is_empty() {
        page.push('\n');
        page.push_str(&table(out, &["KIND", "ROLE", "ARTIFACT", "SIZE"], rows));
    }
    page.push_str(&pairs(out, &[("Next:", format!("mex gates show {}", short(&result.op_id)))]));
    page
}
