//! From a job to its operations: which engine, which operation, which parameters.
//! Owns the table of jobs; never decides whether anything may run.

use mex_runtime::artifact::ArtifactHandle;
use mex_runtime::code::Code;
use mex_runtime::determinism::{Determinism, EvidencePolicy};
use mex_runtime::engine::EngineCatalog;
use mex_runtime::id::{
    ActorId, ConsentId, EngineId, JobId, JobName, OpId, OperationName, ProfileId, RunId,
    WorkspaceId,
};
use mex_runtime::operation::{EntityRef, Input, OutputSpec, PlannedOperation, SCHEMA_VERSION};
use mex_runtime::policy::file::LicenseFiles;
use serde_json::{Map, Value, json};

pub use mex_scanners::syft::argv::CycloneDx;

use crate::error::{AppError, AppResult};

/// Every job a scan can have, in the order they are shown (contract section 8).
pub const JOBS: [&str; 4] = ["secret", "vuln", "sbom", "license"];

/// The profile a scan runs under where nobody names one (contract CAP-3).
pub const SCAN_PROFILE: &str = "supply_chain_scan";

/// Whether secrets are searched in the history too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum History {
    /// The tree alone.
    #[default]
    Ignore,
    /// Every commit that a reference reaches.
    Search,
}

/// One operation a job is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The engine.
    pub engine: EngineId,
    /// Its operation.
    pub operation: OperationName,
    /// Its parameters.
    pub params: Map<String, Value>,
}

impl Part {
    /// Asks for another version of CycloneDX than the usual one, where an inventory is made.
    #[must_use]
    pub fn with_inventory(mut self, version: CycloneDx) -> Self {
        if self.operation.as_str() == "sbom_generate" && version != CycloneDx::default() {
            self.params.insert("cyclonedx_version".to_owned(), json!(version.word()));
        }
        self
    }

    /// Asks for every file of the project to be read for licences, where a policy wants that.
    #[must_use]
    pub fn with_license_files(mut self, files: LicenseFiles) -> Self {
        if self.operation.as_str() == "license_scan" && files == LicenseFiles::Full {
            self.params.insert("full".to_owned(), json!(true));
        }
        self
    }
}

fn part(engine: &str, operation: &str, params: Value) -> AppResult<Part> {
    let internal = |error: mex_runtime::id::BadId| AppError::new(Code::Internal, error.to_string());
    Ok(Part {
        engine: engine.parse().map_err(internal)?,
        operation: operation.parse().map_err(internal)?,
        params: params.as_object().cloned().unwrap_or_default(),
    })
}

/// The operations beside the jobs that read a project and need a consent: no scan runs one.
const LIVE: [(&str, &str); 2] = [
    ("engine.supply_chain.fetch", "dependency_fetch"),
    ("engine.supply_chain.vuln", "npm_audit_live"),
];

/// An operation beside the jobs, by its name.
///
/// # Errors
/// None but a fault of the build.
pub fn live(name: &str) -> AppResult<Option<Part>> {
    let known = LIVE.iter().find(|(_, operation)| *operation == name);
    known.map(|(engine, operation)| part(engine, operation, json!({}))).transpose()
}

/// The operations of a job.
///
/// # Errors
/// For a job whose engine is not built in.
pub fn parts(job: &JobName, history: History) -> AppResult<Vec<Part>> {
    match job.as_str() {
        "secret" => {
            let tree = part("engine.guard.secret_scan", "secret_scan", json!({"scope": "tree"}))?;
            let mut parts = vec![tree];
            if history == History::Search {
                parts.push(part(
                    "engine.guard.secret_scan",
                    "secret_scan",
                    json!({"scope": "history"}),
                )?);
            }
            Ok(parts)
        }
        "vuln" => Ok(vec![part("engine.supply_chain.vuln", "vuln_scan", json!({}))?]),
        "sbom" => Ok(vec![part("engine.supply_chain.sbom", "sbom_generate", json!({}))?]),
        "license" => Ok(vec![part("engine.supply_chain.license", "license_scan", json!({}))?]),
        other => Err(AppError::new(
            Code::NotFound,
            format!("the job `{other}` is not built into this version"),
        )),
    }
}

/// What one planned operation belongs to and reads.
#[derive(Debug, Clone)]
pub struct Planned<'a> {
    /// Who asks.
    pub actor_id: &'a ActorId,
    /// The profile that must grant its capabilities.
    pub profile_id: &'a ProfileId,
    /// The job.
    pub job_id: JobId,
    /// The scan.
    pub run_id: Option<RunId>,
    /// The workspace.
    pub wsid: &'a WorkspaceId,
    /// The manifest of the staged tree.
    pub manifest: &'a ArtifactHandle,
    /// The consents it may use.
    pub consents: Vec<ConsentId>,
}

/// The envelope for one part, with the catalog's own budget and capabilities: least privilege.
///
/// # Errors
/// When the catalog does not know the part: a fault of the build.
pub fn operation(
    part: &Part,
    op_id: OpId,
    catalog: &EngineCatalog,
    planned: &Planned<'_>,
) -> AppResult<PlannedOperation> {
    let spec = catalog.operation(&part.engine, &part.operation).ok_or_else(|| {
        let name = format!("{}.{}", part.engine, part.operation);
        AppError::new(Code::EnginesInvalid, format!("mechanical_engines.json has no `{name}`"))
    })?;
    Ok(PlannedOperation {
        schema_version: SCHEMA_VERSION.to_owned(),
        op_id,
        engine_id: part.engine.clone(),
        engine_version_req: None,
        operation: part.operation.clone(),
        inputs: vec![
            Input::Entity(EntityRef::Workspace { wsid: planned.wsid.clone() }),
            Input::Artifact(planned.manifest.clone()),
        ],
        params: part.params.clone(),
        capabilities_requested: spec
            .required_capabilities()
            .iter()
            .map(ToString::to_string)
            .collect(),
        capability_profile_id: planned.profile_id.clone(),
        actor_id: planned.actor_id.clone(),
        job_id: planned.job_id,
        workflow_run_id: planned.run_id,
        budget: Some(spec.entry().default_budget),
        determinism: Determinism::D2.min(spec.entry().determinism_ceiling),
        evidence_policy: Some(EvidencePolicy { required: true }),
        output_spec: OutputSpec { roles: spec.entry().output_roles.clone() },
        consents: planned.consents.clone(),
    })
}
