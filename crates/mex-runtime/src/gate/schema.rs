//! `G-SCHEMA`: envelope and params valid, engine and operation known, version requirement
//! satisfied (contract GATE-2). Never looks at what an input holds.

use super::Subject;
use super::facts::OpIdState;
use super::outcome::{GateFault, Opinion};
use crate::code::Code;
use crate::engine::{EngineOperation, InputKind};
use crate::operation::{EntityRef, Input, PlannedOperation};

/// The opinion on an envelope that does not parse.
pub(super) fn envelope(errors: &[String]) -> Opinion {
    let mut opinion = Opinion::pass();
    for error in errors {
        opinion.deny(Code::SchemaEnvelope, error.as_str());
    }
    opinion
}

pub(super) fn judge(subject: &Subject<'_>) -> Result<Opinion, GateFault> {
    let Subject { attempt, operation, facts, .. } = *subject;
    let mut opinion = Opinion::pass();
    if facts.op_id == OpIdState::Used {
        opinion
            .deny(Code::SchemaEnvelope, "`op_id` was used by an earlier attempt, choose a new one");
    }
    let Some(engine) = subject.engine else {
        opinion.deny(
            Code::SchemaEngine,
            format!("`{}` is not in mechanical_engines.json", operation.engine_id),
        );
        return Ok(opinion);
    };
    if let Some(wanted) = &operation.engine_version_req
        && !wanted.matches(engine.adapter_version())
    {
        opinion.deny(
            Code::SchemaVersion,
            format!(
                "`engine_version_req` is `{wanted}` and `{}` is {}",
                engine.id(),
                engine.adapter_version()
            ),
        );
    }
    let Some(entry) = subject.entry else {
        opinion.deny(
            Code::SchemaOperation,
            format!("`{}` has no operation `{}`", engine.id(), operation.operation),
        );
        return Ok(opinion);
    };
    if !entry.params_match(attempt.params()) {
        for error in entry.params_errors(attempt.params()).into_iter().take(64) {
            opinion.deny(Code::SchemaParams, error);
        }
    }
    inputs(operation, entry, &mut opinion);
    Ok(opinion)
}

fn inputs(operation: &PlannedOperation, entry: &EngineOperation, opinion: &mut Opinion) {
    let kinds = &entry.entry().input_kinds;
    let (mut manifests, mut workspaces, mut others) = (0_u32, 0_u32, 0_u32);
    for input in &operation.inputs {
        match input {
            Input::Artifact(handle) if handle.role == "manifest" => manifests += 1,
            Input::Artifact(_) => others += 1,
            Input::Entity(EntityRef::Workspace { .. }) => workspaces += 1,
        }
    }
    let manifest_due = u32::from(kinds.contains(&InputKind::Manifest));
    if manifests != manifest_due {
        opinion.deny(
            Code::SchemaEnvelope,
            format!("`inputs` must hold {manifest_due} artifacts of role `manifest` and holds {manifests}"),
        );
    }
    if workspaces > u32::from(kinds.contains(&InputKind::Workspace)) {
        opinion.deny(
            Code::SchemaEnvelope,
            format!(
                "`inputs` holds {workspaces} workspaces, more than `{}` reads",
                operation.operation
            ),
        );
    }
    if others > 0 && !kinds.contains(&InputKind::Artifact) {
        opinion.deny(
            Code::SchemaEnvelope,
            format!("`inputs` holds artifacts that `{}` does not read", operation.operation),
        );
    }
}
