//! What cargo-deny's answer means: the licences it names for each crate of one `Cargo.lock`.
//! Owns the reading of exit code against list and the count (promise P4). Concludes nothing: its
//! list says which licences there are, not how they are joined.

use std::collections::BTreeMap;

use mex_runtime::code::Code;
use mex_runtime::coverage::{Drop as Dropped, ToolCount};
use mex_runtime::id::ToolName;
use mex_runtime::result::TypedError;

use super::NAME;
use super::wire::Output;
use crate::answer::{Answer, error, line};

/// One crate as cargo-deny sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The licences it names, as SPDX ids with their exceptions; none where it found none.
    pub licenses: Vec<String>,
    /// Its own name for the crate.
    pub native_id: String,
}

/// What one run means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// By name and version; the project's own crates are not among them.
    pub crates: BTreeMap<(String, String), Witness>,
    /// Count in = count out + drops.
    pub count: ToolCount,
}

/// Reads the answer of one run over the lockfile at `path`.
///
/// # Errors
/// When the answer cannot be trusted: then nothing of it is used.
pub fn normalise(answer: &Answer<'_>, path: &str) -> Result<Normalised, TypedError> {
    let code = answer.code(NAME)?;
    if code != 0 {
        return Err(error(
            Code::ToolExit,
            format!("`{NAME}` ended with {code}: {}", why(answer.stderr)),
        ));
    }
    let output: Output = serde_json::from_slice(answer.stdout).map_err(|fault| {
        error(
            Code::ToolOutput,
            format!(
                "`{NAME}` wrote a list that cannot be read (line {}, column {})",
                fault.line(),
                fault.column()
            ),
        )
    })?;
    let said = output.0.len() as u64;
    let mut crates = BTreeMap::new();
    let (mut own, mut doubles) = (Vec::new(), Vec::new());
    for (native_id, one) in output.0 {
        let mut words = native_id.splitn(3, ' ');
        let (Some(name), Some(version), Some(source)) = (words.next(), words.next(), words.next())
        else {
            let shown = line(&native_id);
            return Err(error(
                Code::ToolOutput,
                format!("`{NAME}` lists `{shown}`, which names no crate"),
            ));
        };
        if source.starts_with("path+") {
            own.push(native_id);
            continue;
        }
        let key = (name.to_owned(), version.to_owned());
        if crates.contains_key(&key) {
            doubles.push(native_id);
            continue;
        }
        crates.insert(key, Witness { licenses: one.licenses, native_id });
    }
    let kept = crates.len() as u64;
    let dropped = [("the project's own", own), ("the same crate from another source", doubles)]
        .into_iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(reason, ids)| Dropped { reason: reason.to_owned(), count: ids.len() as u64, ids })
        .collect();
    let count =
        ToolCount { tool: ToolName::known(NAME), subject: path.to_owned(), said, kept, dropped };
    Ok(Normalised { crates, count })
}

/// The first line of its log that names the trouble, without the clock it stands behind: the ledger
/// says the same of the same project at any time (contract section 3).
fn why(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let told = text
        .lines()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .find(|text| text.to_ascii_lowercase().contains("error:"))
        .or_else(|| text.lines().find(|text| !text.trim().is_empty()));
    let told = told.unwrap_or("it said nothing");
    line(told.split_once(" [ERROR] ").map_or(told, |(_clock, said)| said))
}
