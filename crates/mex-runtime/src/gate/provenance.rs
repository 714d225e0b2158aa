//! `G-PROVENANCE`: before, that evidence is promised and roles are named; after, that every
//! output is stored, referenced and says where it comes from (contract GATE-6, ART-2).

use super::Subject;
use super::facts::{ResultFacts, StoredOutput};
use super::outcome::{GateFault, Opinion};
use crate::code::Code;
use crate::operation::PlannedOperation;
use crate::port::ArtifactState;

pub(super) fn judge(subject: &Subject<'_>) -> Result<Opinion, GateFault> {
    let operation = subject.operation;
    let mut opinion = Opinion::pass();
    if operation.determinism.owes_evidence() && operation.evidence_policy.is_none() {
        opinion.deny(
            Code::ProvenancePolicy,
            format!("`evidence_policy` is missing at {:?}", operation.determinism),
        );
    }
    let roles = &operation.output_spec.roles;
    if roles.is_empty() {
        opinion.deny(Code::ProvenanceRoles, "`output_spec.roles` is empty");
    }
    match subject.entry {
        None => opinion.leave_open("the operation's roles are not known, see `G-SCHEMA`"),
        Some(entry) => {
            for role in roles.iter().filter(|role| !entry.entry().output_roles.contains(role)) {
                opinion.deny(
                    Code::ProvenanceRoles,
                    format!(
                        "`output_spec.roles` names `{}`, which `{}` does not make",
                        role.escape_debug(),
                        operation.operation
                    ),
                );
            }
        }
    }
    Ok(opinion)
}

pub(super) fn judge_result(
    operation: &PlannedOperation,
    result: &ResultFacts<'_>,
) -> Result<Opinion, GateFault> {
    let mut opinion = Opinion::pass();
    for role in &operation.output_spec.roles {
        if !result.outputs.iter().any(|output| output.handle.role == *role) {
            opinion
                .deny(Code::ProvenanceMissing, format!("the output of role `{role}` is missing"));
        }
    }
    for output in result.outputs.iter().chain(&result.evidence) {
        stored(operation, output, &mut opinion);
    }
    Ok(opinion)
}

fn stored(operation: &PlannedOperation, output: &StoredOutput<'_>, opinion: &mut Opinion) {
    let role = &output.handle.role;
    if output.state != ArtifactState::Intact {
        opinion.deny(
            Code::ProvenanceInline,
            format!("the `{role}` {} does not resolve to stored bytes", output.handle.sha256),
        );
    }
    match output.provenance {
        None => opinion.deny(Code::ProvenanceMissing, format!("the `{role}` has no provenance")),
        Some(provenance)
            if provenance.op_id != operation.op_id
                || provenance.engine_id != operation.engine_id
                || provenance.operation != operation.operation =>
        {
            opinion.deny(
                Code::ProvenanceMissing,
                format!("the `{role}` carries the provenance of another operation"),
            );
        }
        Some(_) => {}
    }
}
