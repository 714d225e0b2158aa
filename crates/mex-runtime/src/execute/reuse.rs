//! Whether an earlier result stands for a run that would be the same (contract SC-12). Owns the key,
//! and what an earlier result must be to be believed; never judges a gate and never records.
//!
//! Whatever is not known to be the same runs: a key is made of everything a result depends on, and
//! an adapter that cannot say what that is has none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use semver::Version;
use serde_json::json;

use super::Surroundings;
use crate::adapter::{Adapter, RunContext};
use crate::artifact::{ArtifactHandle, Provenance};
use crate::coverage::{Coverage, CoverageState};
use crate::determinism::Determinism;
use crate::digest::Digest;
use crate::gate::Admitted;
use crate::id::OpId;
use crate::port::ArtifactState;
use crate::report::Report;
use crate::result::{EngineResult, SCHEMA_VERSION, Status};

/// Of the form of keys: another number makes every earlier result one of another key.
const FORM: u32 = 1;

/// An earlier result as the Flight Recorder names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierResult {
    /// The attempt that ran.
    pub op_id: OpId,
    /// Its EngineResult.
    pub result: ArtifactHandle,
    /// What it put out.
    pub outputs: Vec<ArtifactHandle>,
    /// What backs it.
    pub evidence: Vec<ArtifactHandle>,
}

/// What becomes of an attempt that no earlier result stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// It runs.
    Run,
    /// It fails: what a run would read was not made ready, because a result was there a moment ago.
    Fail,
}

/// Where earlier results come from: one data folder, through its chained events alone.
pub trait EarlierResults: Sync {
    /// The digest of a key's ground under a secret of the data folder, so that no key means
    /// anything in another one.
    fn seal(&self, ground: &[u8]) -> Digest;

    /// What follows where there is none.
    fn otherwise(&self) -> Otherwise;

    /// The newest attempt that ran under a key; none where everything is to run again.
    ///
    /// # Errors
    /// One sentence about an event that is there and cannot be believed.
    fn find(&self, key: &Digest) -> Result<Option<EarlierResult>, DoubtfulResult>;
}

/// An earlier result is there and is not believed: what it would have spared runs again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an earlier result cannot be reused: {why}; everything runs again")]
pub struct DoubtfulResult {
    /// What is wrong with it, as one sentence that names the artifact or event.
    pub why: String,
}

/// The attempt whose result stands for this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct ReusedFrom {
    /// The attempt that ran.
    pub op_id: OpId,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// A result that was found, verified and read.
pub(super) struct Found {
    pub(super) from: ReusedFrom,
    pub(super) result: EngineResult,
    pub(super) provenance: Provenance,
    pub(super) report: Option<Report>,
    pub(super) coverage: Coverage,
}

/// The key of a run: everything its result depends on. None where the adapter cannot tell.
pub(super) fn key(
    admitted: &Admitted,
    adapter: &dyn Adapter,
    context: &RunContext<'_>,
    around: &Surroundings<'_>,
    earlier: &dyn EarlierResults,
) -> Option<Digest> {
    let ground = catch_unwind(AssertUnwindSafe(|| adapter.ground(admitted, context))).ok()??;
    let operation = admitted.operation();
    let ground = json!({
        "form": FORM,
        "engine_id": operation.engine_id,
        "operation": operation.operation,
        "adapter_version": adapter.version(),
        "params": operation.params,
        "inputs": operation.inputs,
        "stage": around.stage.map(|stage| &stage.manifest),
        "budget": admitted.budget(),
        "determinism": operation.determinism,
        "evidence_policy": operation.evidence_policy,
        "output_spec": operation.output_spec,
        "capabilities": admitted.capabilities_granted(),
        "tools": admitted.tools(),
        "environment_id": around.environment_id,
        "ground": ground,
    });
    Some(earlier.seal(&crate::json::canonical(&ground).ok()?))
}

/// Whether a result may stand for a later one: it ended well, whole, and nothing of it failed.
pub(super) fn may_be_reused(result: &EngineResult, coverage: &Coverage) -> bool {
    let provenance = result.provenance.as_ref();
    result.status == Status::Succeeded
        && result.errors.is_empty()
        && !result.outputs.is_empty()
        && provenance.is_some_and(|from| from.determinism >= Determinism::D2)
        && coverage.entries.iter().all(|entry| entry.state != CoverageState::Failed)
}

/// The earlier result of a key, with every byte of it verified; none where it must run.
///
/// # Errors
/// Where there is one that is damaged, or is not what its event says. Bytes that are gone are no
/// reason to doubt anything: retention takes them.
pub(super) fn find(
    admitted: &Admitted,
    key: &Digest,
    version: &Version,
    earlier: &dyn EarlierResults,
    around: &Surroundings<'_>,
) -> Result<Option<Found>, DoubtfulResult> {
    let Some(named) = earlier.find(key)? else { return Ok(None) };
    for handle in [&named.result].into_iter().chain(&named.outputs).chain(&named.evidence) {
        match around.ports.store.check(handle) {
            ArtifactState::Intact => {}
            ArtifactState::Missing => return Ok(None),
            ArtifactState::Corrupt => {
                return Err(doubt(format!("the `{}` {} is damaged", handle.role, handle.sha256)));
            }
        }
    }
    let result: EngineResult = read(&named.result, around)?;
    let operation = admitted.operation();
    let coverage: Coverage = match role(&result.outputs, "coverage") {
        Some(handle) => read(handle, around)?,
        None => return Ok(None),
    };
    let report: Option<Report> =
        role(&result.outputs, "report").map(|handle| read(handle, around)).transpose()?;
    let of_event = result.schema_version == SCHEMA_VERSION
        && result.op_id == named.op_id
        && result.outputs == named.outputs
        && result.evidence == named.evidence;
    let provenance = result.provenance.clone().filter(|from| {
        from.op_id == named.op_id
            && from.engine_id == operation.engine_id
            && from.operation == operation.operation
            && from.adapter_version == *version
            && from.reused_from.is_none()
    });
    let (true, Some(provenance)) = (of_event && may_be_reused(&result, &coverage), provenance)
    else {
        let why = format!("the result {} is not what its event says", named.result.sha256);
        return Err(doubt(why));
    };
    let from = ReusedFrom { op_id: named.op_id, ended_at: result.ended_at };
    Ok(Some(Found { from, result, provenance, report, coverage }))
}

fn role<'a>(handles: &'a [ArtifactHandle], role: &str) -> Option<&'a ArtifactHandle> {
    handles.iter().find(|handle| handle.role == role)
}

fn read<T: serde::de::DeserializeOwned>(
    handle: &ArtifactHandle,
    around: &Surroundings<'_>,
) -> Result<T, DoubtfulResult> {
    let bytes =
        around.ports.store.read(&handle.sha256).map_err(|fault| doubt(fault.to_string()))?;
    serde_json::from_slice(&bytes)
        .map_err(|_| doubt(format!("the `{}` {} cannot be read", handle.role, handle.sha256)))
}

const fn doubt(why: String) -> DoubtfulResult {
    DoubtfulResult { why }
}
