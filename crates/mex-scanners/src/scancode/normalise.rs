//! From scancode's answer to what is known of each file. Owns the judgement of exit codes and of
//! the document (promise P2); never runs anything and never concludes a licence.

use std::collections::{BTreeMap, BTreeSet};

use mex_runtime::code::Code;
use mex_runtime::finding::LicenseStatement;
use mex_runtime::license;
use mex_runtime::result::TypedError;
use serde::{Deserialize, Serialize};

use super::wire::{Detection, File, Match, Output};
use super::{NAME, VERSION};
use crate::answer::{Answer, error, line};

/// What scancode says of one file, without its path, so that it holds for the same content elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Licences it detects, sorted.
    pub detections: Vec<Detected>,
    /// Hints that are no detection of their own, sorted.
    pub clues: Vec<Detected>,
    /// How much of the file is licence text, in thousandths.
    pub share: u16,
}

/// One detection or clue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detected {
    /// First line of it in the file, from 1.
    pub start_line: u64,
    /// Last line of it in the file.
    pub end_line: u64,
    /// As scancode spells it.
    pub expression: String,
    /// As SPDX spells it, where scancode knows; it may name an unknown licence.
    pub spdx: String,
    /// The rules that matched, sorted.
    pub rules: Vec<String>,
    /// The lowest score of its matches, in hundredths of a percent.
    pub score: u32,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was read.
    Read(Told),
    /// It was not, with scancode's reason in one line.
    Failed(String),
}

/// A whole answer, read.
#[derive(Debug, Default)]
pub struct Reading {
    /// By path, as the tool saw it.
    pub files: BTreeMap<String, Outcome>,
    /// Why there is no answer.
    pub errors: Vec<TypedError>,
}

/// Reads an answer; `document` is the file it wrote, `None` where it wrote none or too much.
pub fn read(answer: &Answer<'_>, document: Option<&[u8]>) -> Reading {
    match parsed(answer, document) {
        Ok(files) => Reading { files, errors: Vec::new() },
        Err(fault) => Reading { files: BTreeMap::new(), errors: vec![fault] },
    }
}

fn parsed(
    answer: &Answer<'_>,
    document: Option<&[u8]>,
) -> Result<BTreeMap<String, Outcome>, TypedError> {
    let code = answer.code(NAME)?;
    if !matches!(code, 0 | 1) {
        return Err(error(Code::ToolExit, format!("`{NAME}` ended with exit code {code}")));
    }
    let Some(document) = document else {
        return Err(error(
            Code::ToolOutput,
            format!("`{NAME}` ended with exit code {code} and left no whole answer"),
        ));
    };
    let wrong = |why: String| error(Code::ToolOutput, format!("`{NAME}`: {}", line(&why)));
    let output: Output =
        serde_json::from_slice(document).map_err(|fault| wrong(fault.to_string()))?;
    let [header] = output.headers.as_slice() else {
        return Err(wrong(format!("{} headers where there is one", output.headers.len())));
    };
    if header.tool_name != "scancode-toolkit" || header.tool_version != VERSION {
        return Err(error(
            Code::ToolVersion,
            format!(
                "`{NAME}` reports `{} {}`",
                line(&header.tool_name),
                line(&header.tool_version)
            ),
        ));
    }
    if !header.output_format_version.starts_with("4.") {
        return Err(wrong(format!("output format {}", header.output_format_version)));
    }
    let mut files = BTreeMap::new();
    let mut failed = 0;
    for file in output.files {
        match file.kind.as_str() {
            "directory" if file.scan_errors.is_empty() => continue,
            "file" => {}
            kind => return Err(wrong(format!("`{}` is a {kind}", file.path))),
        }
        let path = file.path.clone();
        let outcome = outcome(file).map_err(|why| wrong(format!("`{path}`: {why}")))?;
        failed += u64::from(matches!(outcome, Outcome::Failed(_)));
        if files.insert(path.clone(), outcome).is_some() {
            return Err(wrong(format!("`{path}` is there twice")));
        }
    }
    // Its exit code and its document must say the same.
    let complains = failed > 0 || !header.errors.is_empty() || header.message.is_some();
    if (code == 1) != complains {
        let says = header.message.as_deref().or(header.errors.first().map(String::as_str));
        return Err(error(
            Code::ToolExit,
            format!(
                "`{NAME}` ended with exit code {code} and tells of {failed} failed files: {}",
                line(says.unwrap_or("no message"))
            ),
        ));
    }
    if failed == 0 && complains {
        let says = header.message.as_deref().or(header.errors.first().map(String::as_str));
        return Err(error(
            Code::ToolExit,
            format!("`{NAME}` failed as a whole: {}", line(says.unwrap_or("no message"))),
        ));
    }
    Ok(files)
}

fn outcome(file: File) -> Result<Outcome, String> {
    if !file.scan_errors.is_empty() {
        return Ok(Outcome::Failed(line(&file.scan_errors.join(" "))));
    }
    let mut detections: Vec<Detected> = file
        .license_detections
        .iter()
        .map(|one| detection(one, &file.path))
        .collect::<Result<_, _>>()?;
    let mut clues: Vec<Detected> = file.license_clues.iter().map(clue).collect();
    detections.sort();
    clues.sort();
    let share = file.percentage_of_license_text;
    if !(0.0..=100.0).contains(&share) {
        return Err(format!("{share} percent of licence text"));
    }
    Ok(Outcome::Read(Told { detections, clues, share: thousandths(share / 100.0) }))
}

/// Of a share between 0 and 1.
fn thousandths(share: f64) -> u16 {
    (share * 1000.0).round() as u16
}

/// Of a score from 0 to 100.
fn hundredths(score: f64) -> u32 {
    (score.clamp(0.0, 100.0) * 100.0).round() as u32
}

fn detection(one: &Detection, path: &str) -> Result<Detected, String> {
    if one.license_expression.is_empty() || one.license_expression_spdx.is_empty() {
        return Err("a detection without an expression".to_owned());
    }
    let here = |found: &&Match| found.from_file.as_deref().is_none_or(|from| ends_in(from, path));
    let rules: BTreeSet<&str> =
        one.matches.iter().map(|found| found.rule_identifier.as_str()).collect();
    let score = one.matches.iter().map(|found| hundredths(found.score)).min().unwrap_or(0);
    Ok(Detected {
        start_line: one
            .matches
            .iter()
            .filter(here)
            .map(|found| found.start_line)
            .min()
            .unwrap_or(0),
        end_line: one.matches.iter().filter(here).map(|found| found.end_line).max().unwrap_or(0),
        expression: one.license_expression.clone(),
        spdx: one.license_expression_spdx.clone(),
        rules: rules.into_iter().map(str::to_owned).collect(),
        score,
    })
}

fn ends_in(from: &str, path: &str) -> bool {
    from.strip_suffix(path).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

fn clue(found: &Match) -> Detected {
    Detected {
        start_line: found.start_line,
        end_line: found.end_line,
        expression: found.license_expression.clone(),
        spdx: found.license_expression_spdx.clone().unwrap_or_default(),
        rules: vec![found.rule_identifier.clone()],
        score: hundredths(found.score),
    }
}

impl Told {
    /// The licences it states, each once; a text that was found and not identified has no `spdx`.
    pub fn statements(&self, path: &str) -> Vec<LicenseStatement> {
        let mut all: Vec<LicenseStatement> =
            self.detections.iter().map(|one| license::statement(&one.spdx, path)).collect();
        all.sort();
        all.dedup();
        all
    }

    /// How many things it says: detections and clues.
    pub fn said(&self) -> u64 {
        (self.detections.len() + self.clues.len()) as u64
    }
}
