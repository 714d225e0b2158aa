//! What a run left, stored: report, coverage, evidence, each with its provenance (contract ART-2).
//! Owns the way from an adapter's outcome to handles and status. Never records.

use semver::Version;

use super::entry::Ending;
use super::reuse::{Found, ReusedFrom};
use super::{AdapterCall, Surroundings, typed};
use crate::adapter::{AdapterOutcome, Produced};
use crate::artifact::{ArtifactHandle, Provenance, Sidecar, ToolIdentity, media_type};
use crate::code::Code;
use crate::coverage::Coverage;
use crate::determinism::Determinism;
use crate::digest::Digest;
use crate::engine::{OperationEntry, ReportShape};
use crate::gate::{Admitted, GateReport, ResultFacts, StoredOutput};
use crate::operation::Input;
use crate::port::ArtifactState;
use crate::report::{
    Report, ReportKind, SecretReport, SecretReportKind, SupplyChainReport, canonical_findings,
    engine_version,
};
use crate::result::{Status, TypedError};

/// Everything a run left behind, as references.
pub(super) struct Kept {
    status: Status,
    outputs: Vec<(ArtifactHandle, ArtifactState)>,
    evidence: Vec<(ArtifactHandle, ArtifactState)>,
    provenance: Provenance,
    pub(super) errors: Vec<TypedError>,
    tools: Vec<ToolIdentity>,
    report: Option<Report>,
    coverage: Coverage,
    reached: Determinism,
    reused: Option<ReusedFrom>,
}

impl Kept {
    /// Stores what an adapter left. A fault of the store is an error of the run, and what is not
    /// safely there is not listed.
    pub(super) fn store(
        admitted: &Admitted,
        mut outcome: AdapterOutcome,
        entry: Option<&OperationEntry>,
        adapter_version: &Version,
        around: &Surroundings<'_>,
    ) -> Self {
        outcome.tools.sort();
        outcome.tools.dedup();
        outcome.databases.sort();
        outcome.databases.dedup();
        outcome.coverage.canonicalise();
        let status = match outcome.status {
            // Only a gate denies.
            Status::Denied => Status::Failed,
            other => other,
        };
        let provenance = provenance(admitted, &outcome, adapter_version, around);
        let mut kept = Self {
            status,
            outputs: Vec::new(),
            evidence: Vec::new(),
            provenance,
            errors: outcome.errors,
            tools: outcome.tools,
            report: None,
            coverage: outcome.coverage,
            reached: outcome.determinism,
            reused: None,
        };
        kept.count(admitted);
        kept.report = kept.make_report(outcome.findings, entry, around);
        let roles = entry.map_or(&[][..], |entry| &entry.output_roles);
        kept.store_documents(roles, around);
        for produced in outcome.evidence {
            let own_output = roles.contains(&produced.role);
            if let Some(stored) = kept.put(produced, around) {
                if own_output { kept.outputs.push(stored) } else { kept.evidence.push(stored) }
            }
        }
        kept
    }

    /// Takes over what an earlier attempt left, under this attempt's own rights and id. Nothing is
    /// stored again: the bytes are there, verified, with the sidecar of the attempt that ran.
    pub(super) fn reuse(admitted: &Admitted, found: Found, around: &Surroundings<'_>) -> Self {
        let Found { from, result, provenance, report, coverage } = found;
        let intact = |handles: Vec<ArtifactHandle>| {
            handles.into_iter().map(|handle| (handle, ArtifactState::Intact)).collect()
        };
        let mut kept = Self {
            status: result.status,
            outputs: intact(result.outputs),
            evidence: intact(result.evidence),
            errors: result.errors,
            tools: provenance.tools.clone(),
            report,
            coverage,
            reached: provenance.determinism,
            provenance: Provenance {
                op_id: admitted.operation().op_id,
                allowlist: around.allowlist.cloned(),
                capabilities_granted: admitted.capabilities_granted().to_vec(),
                environment_id: around.environment_id,
                capability_registry_version: admitted.capability_registry_version().to_owned(),
                reused_from: Some(from.op_id),
                ..provenance
            },
            reused: Some(from),
        };
        kept.count(admitted);
        kept
    }

    /// What the gates judge the result by.
    pub(super) fn result_facts(&self) -> ResultFacts<'_> {
        ResultFacts {
            outputs: self.seen(&self.outputs),
            evidence: self.seen(&self.evidence),
            reached: self.reached,
            errors: &self.errors,
        }
    }

    fn seen<'k>(&'k self, list: &'k [(ArtifactHandle, ArtifactState)]) -> Vec<StoredOutput<'k>> {
        list.iter()
            .map(|(handle, state)| StoredOutput {
                handle,
                state: *state,
                provenance: Some(&self.provenance),
            })
            .collect()
    }

    /// Takes the gates' word on the result: a success they deny is denied, and what it put out
    /// is not handed on. Evidence stays in any case (contract GATE-5).
    pub(super) fn refuse(&mut self, gates: &[GateReport]) {
        let denials: Vec<TypedError> = super::refusals(gates);
        if denials.is_empty() {
            return;
        }
        if self.status == Status::Succeeded {
            self.status = Status::Denied;
            self.outputs.clear();
            self.report = None;
        }
        for denial in denials {
            let known = |own: &TypedError| own.code == denial.code && own.message == denial.message;
            if !self.errors.iter().any(known) {
                self.errors.push(denial);
            }
        }
    }

    /// The end of the attempt.
    pub(super) fn ending(self) -> Ending {
        let handles = |list: Vec<(ArtifactHandle, ArtifactState)>| {
            list.into_iter().map(|(handle, _)| handle).collect::<Vec<_>>()
        };
        let evidence = handles(self.evidence);
        let logs_ref =
            evidence.iter().find(|handle| matches!(&*handle.role, "log" | "stderr")).cloned();
        Ending {
            status: self.status,
            adapter: match self.reused {
                Some(_) => AdapterCall::NotCalled,
                None => AdapterCall::Called,
            },
            outputs: handles(self.outputs),
            evidence,
            provenance: Some(self.provenance),
            errors: self.errors,
            logs_ref,
            tools: self.tools,
            report: self.report,
            coverage: self.coverage,
            reused: self.reused,
            reuse_key: None,
        }
    }

    /// No finding is lost in normalising (promise P4): a count that does not balance fails the run.
    fn count(&mut self, admitted: &Admitted) {
        let lost: Vec<String> = self
            .coverage
            .counts
            .iter()
            .filter(|count| !count.balances())
            .map(|count| format!("`{}` on `{}`", count.tool, count.subject))
            .collect();
        if !lost.is_empty() {
            let message = format!(
                "what was said is not what was kept and dropped in `{}`: {}",
                admitted.operation().operation,
                lost.join(", ")
            );
            self.fail(typed(Code::Internal, message));
        }
    }

    fn make_report(
        &mut self,
        findings: Vec<crate::finding::Finding>,
        entry: Option<&OperationEntry>,
        around: &Surroundings<'_>,
    ) -> Option<Report> {
        let engine_version = engine_version(&self.tools);
        let timestamp = around.ports.clock.now();
        let findings = canonical_findings(findings);
        let kind = match entry?.report {
            ReportShape::None => return None,
            ReportShape::Secret => {
                let kind = SecretReportKind::Secret;
                return Some(Report::Secret(SecretReport {
                    kind,
                    engine_version,
                    timestamp,
                    findings,
                }));
            }
            ReportShape::Vuln => ReportKind::Vuln,
            ReportShape::Sbom => ReportKind::Sbom,
            ReportShape::License => ReportKind::License,
        };
        Some(Report::SupplyChain(SupplyChainReport { kind, engine_version, timestamp, findings }))
    }

    fn store_documents(&mut self, roles: &[String], around: &Surroundings<'_>) {
        let declared = |role: &str| roles.iter().any(|own| own == role);
        let report = self.report.as_ref().map(|report| match report {
            Report::SupplyChain(report) => (media_type::REPORT, crate::json::canonical(report)),
            Report::Secret(report) => (media_type::SECRET_REPORT, crate::json::canonical(report)),
        });
        let coverage = (media_type::COVERAGE, crate::json::canonical(&self.coverage));
        let documents = report
            .map(|document| ("report", document))
            .into_iter()
            .chain([("coverage", coverage)])
            .filter(|(role, _)| declared(role));
        for (role, (media_type, bytes)) in documents {
            match bytes {
                Err(error) => {
                    self.fail(typed(
                        Code::Internal,
                        format!("the {role} has no JSON form: {error}"),
                    ));
                }
                Ok(bytes) => {
                    let produced = Produced {
                        role: role.to_owned(),
                        media_type: media_type.to_owned(),
                        original_bytes: bytes.len() as u64,
                        bytes,
                    };
                    let stored = self.put(produced, around);
                    self.outputs.extend(stored);
                }
            }
        }
    }

    fn put(
        &mut self,
        produced: Produced,
        around: &Surroundings<'_>,
    ) -> Option<(ArtifactHandle, ArtifactState)> {
        let artifact = ArtifactHandle {
            sha256: Digest::of(&produced.bytes),
            media_type: produced.media_type,
            size_bytes: produced.bytes.len() as u64,
            role: produced.role,
        };
        let sidecar = Sidecar {
            schema_version: "sc-1.0".to_owned(),
            artifact: artifact.clone(),
            stored_at: around.ports.clock.now(),
            provenance: Some(self.provenance.clone()),
            truncated: produced.original_bytes > artifact.size_bytes,
            original_bytes: produced.original_bytes,
            annotations: std::collections::BTreeMap::new(),
        };
        match around.ports.store.put(&produced.bytes, &sidecar) {
            Ok(()) => {
                let state = around.ports.store.check(&artifact);
                Some((artifact, state))
            }
            Err(fault) => {
                self.fail(typed(fault.code, fault.message));
                None
            }
        }
    }

    fn fail(&mut self, error: TypedError) {
        if self.status == Status::Succeeded {
            self.status = Status::Failed;
        }
        self.errors.push(error);
    }
}

fn provenance(
    admitted: &Admitted,
    outcome: &AdapterOutcome,
    adapter_version: &Version,
    around: &Surroundings<'_>,
) -> Provenance {
    let operation = admitted.operation();
    let mut input_sha256: Vec<Digest> = operation
        .inputs
        .iter()
        .filter_map(|input| match input {
            Input::Artifact(handle) => Some(handle.sha256),
            Input::Entity(_) => None,
        })
        .collect();
    input_sha256.sort();
    Provenance {
        schema_version: "pv-1.0".to_owned(),
        engine_id: operation.engine_id.clone(),
        operation: operation.operation.clone(),
        op_id: operation.op_id,
        adapter_version: adapter_version.clone(),
        tools: outcome.tools.clone(),
        config_sha256: outcome.config_sha256,
        input_sha256,
        databases: outcome.databases.clone(),
        allowlist: around.allowlist.cloned(),
        determinism: outcome.determinism,
        capabilities_granted: admitted.capabilities_granted().to_vec(),
        environment_id: around.environment_id,
        sandbox: outcome.sandbox,
        capability_registry_version: admitted.capability_registry_version().to_owned(),
        reused_from: None,
    }
}
