//! `G-INTEGRITY`: inputs are what they say, no path leaves the workspace, every tool is the
//! pinned one, the engine has passed its conformance suite (contract GATE-4, SC-5, section 12).
//! Judges by facts that a host gathered; an absent fact counts against the attempt.

use super::Subject;
use super::facts::{ConformanceState, PathFact, ToolState};
use super::outcome::{GateFault, Opinion};
use super::path;
use crate::code::Code;
use crate::operation::{EntityRef, Input};
use crate::port::ArtifactState;

/// The most bytes inline params may have, serialised (contract GATE-4).
pub const MAX_PARAMS_BYTES: usize = 32 * 1024;

pub(super) fn judge(subject: &Subject<'_>) -> Result<Opinion, GateFault> {
    let mut opinion = Opinion::pass();
    let bytes = subject.attempt.params_bytes();
    if bytes > MAX_PARAMS_BYTES {
        opinion.deny(
            Code::IntegrityParamsSize,
            format!("`params` have {bytes} bytes, the limit is {MAX_PARAMS_BYTES}"),
        );
    }
    inputs(subject, &mut opinion);
    if subject.entry.is_some() {
        paths(subject, &mut opinion);
        tools(subject, &mut opinion);
        conformance(subject, &mut opinion);
    } else {
        opinion.leave_open("the operation's paths and tools are not known, see `G-SCHEMA`");
    }
    Ok(opinion)
}

fn inputs(subject: &Subject<'_>, opinion: &mut Opinion) {
    let facts = subject.facts;
    for input in &subject.operation.inputs {
        match input {
            Input::Artifact(handle) => {
                let sha256 = handle.sha256;
                match facts.artifacts.get(handle) {
                    Some(ArtifactState::Intact) => {}
                    Some(ArtifactState::Corrupt) => opinion.deny(
                        Code::IntegrityInputCorrupt,
                        format!("input {sha256} is not what its handle says"),
                    ),
                    Some(ArtifactState::Missing) | None => opinion.deny(
                        Code::IntegrityInputMissing,
                        format!("input {sha256} is not in the store"),
                    ),
                }
                if handle.role == "manifest" && facts.stage_manifest != Some(handle) {
                    opinion.deny(
                        Code::IntegrityInputCorrupt,
                        format!(
                            "manifest {sha256} is not that of the tree staged for this attempt"
                        ),
                    );
                }
            }
            Input::Entity(EntityRef::Workspace { wsid }) => {
                if facts.wsid != Some(wsid) {
                    opinion.deny(
                        Code::IntegrityInputMissing,
                        format!("workspace `{wsid}` is not the one staged for this attempt"),
                    );
                }
            }
        }
    }
}

fn paths(subject: &Subject<'_>, opinion: &mut Opinion) {
    let Some(entry) = subject.entry else { return };
    for path in entry.workspace_paths(subject.attempt.params()) {
        let name = path.escape_debug();
        if let Err(refusal) = path::lexical(path) {
            let cut: String = name.take(200).collect();
            opinion.deny(Code::IntegrityPath, format!("path `{cut}` {refusal}"));
            continue;
        }
        match subject.facts.paths.get(path) {
            Some(PathFact::StagedFile) => {}
            Some(PathFact::LinkLeaves) => opinion.deny(
                Code::IntegrityPath,
                format!("path `{name}` goes through a link that leaves the workspace"),
            ),
            Some(PathFact::CaseDiffers { staged }) => opinion.deny(
                Code::IntegrityPath,
                format!(
                    "path `{name}` differs in case from the staged file `{}`",
                    staged.escape_debug()
                ),
            ),
            Some(PathFact::NotStaged) | None => opinion
                .deny(Code::IntegrityPath, format!("path `{name}` is no file of the staged tree")),
        }
    }
}

fn tools(subject: &Subject<'_>, opinion: &mut Opinion) {
    let Some(entry) = subject.entry else { return };
    for tool in entry.tools_for(subject.attempt.params()) {
        match subject.facts.tools.get(tool) {
            Some(ToolState::Pinned(_)) => {}
            Some(ToolState::Changed { expected, found }) => opinion.deny(
                Code::IntegrityToolChanged,
                format!("tool `{tool}` is {found}, pinned is {expected}"),
            ),
            Some(ToolState::Unpinned) => opinion.deny(
                Code::IntegrityToolUnpinned,
                format!("tool `{tool}` has no pin in toolchain.lock.json"),
            ),
            Some(ToolState::Missing) | None => {
                opinion.deny(Code::IntegrityToolMissing, format!("tool `{tool}` is not installed"))
            }
        }
    }
}

fn conformance(subject: &Subject<'_>, opinion: &mut Opinion) {
    let engine = &subject.operation.engine_id;
    match subject.facts.conformance.get(engine) {
        Some(ConformanceState::Passed | ConformanceState::SuiteRunning) => {}
        Some(ConformanceState::Failed) => opinion.deny(
            Code::IntegrityConformance,
            format!("`{engine}` failed its conformance suite with these tools"),
        ),
        Some(ConformanceState::Missing) | None => opinion.deny(
            Code::IntegrityConformance,
            format!("`{engine}` has not run its conformance suite with these tools"),
        ),
    }
}
