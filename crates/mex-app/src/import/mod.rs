//! `mex import`: a report of somebody else's tool becomes evidence and Problems of source
//! `plugin:NAME`. Owns which formats and sizes are taken and what is recorded. Never lifts, hides or
//! passes anything: no verdict reads an import, and what a VEX says is not affected is a claim that
//! a person can accept by an exception. The file is hostile input (contract section 15).

mod cyclonedx;
mod document;
mod format;
mod openvex;
mod sarif;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use mex_recorder::query::ProblemFilter;
use mex_runtime::artifact::{ArtifactHandle, Sidecar};
use mex_runtime::diagnostic::{
    Diagnostic, EvidenceRefs, LinkConfidence, Location, Source, Surface,
};
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, EventContext, HumanAction};
use mex_runtime::id::{DiagnosticId, EventId, WorkspaceId};
use mex_runtime::port::{ArtifactStore as _, Clock as _, Record, Recorder as _};
use mex_runtime::severity::Severity;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult, query};
use crate::scan::internal;
use crate::workspace::Workspace;

pub use document::{Claim, ForeignProblem, Format, Import, MEDIA_TYPE, SCHEMA_VERSION};

/// The longest report read, in bytes.
pub const MAX_BYTES: usize = 128 * 1024 * 1024;

/// The most results, vulnerabilities or statements one report may hold.
pub const MAX_ITEMS: usize = 50_000;

/// For so many claims the Problems they speak of are looked up.
const MOST_LOOKED_UP: usize = 200;

/// What is to be taken in.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// The report.
    pub file: PathBuf,
    /// The project it is about, where the caller says so.
    pub project: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct ImportOutcome {
    /// The evidence.
    pub import_ref: ArtifactHandle,
    /// The event that records it.
    pub event_id: EventId,
    /// The project, where the caller named one.
    pub wsid: Option<WorkspaceId>,
    /// SHA-256 of the file as it was given.
    pub origin_sha256: Digest,
    /// Its format.
    pub format: Format,
    /// Its version.
    pub format_version: String,
    /// The source of its Problems, `plugin:` included.
    pub source: Source,
    /// The tools it names. Nobody proved them.
    pub tools: Vec<String>,
    /// How many results, vulnerabilities or statements it holds.
    pub said: u64,
    /// How many Problems they are.
    pub problems: u64,
    /// What it says that is no Problem, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// How many components it lists.
    pub components: u64,
    /// Why it cannot be taken as whole; a Problem too.
    pub gaps: Vec<String>,
    /// What it says is not affected or fixed. Nothing is lifted by it.
    pub claims: Vec<ClaimView>,
}

/// A claim with the Problems it speaks of.
#[derive(Debug, Clone, Serialize)]
pub struct ClaimView {
    /// What it says.
    #[serde(flatten)]
    pub claim: Claim,
    /// Problems of our own scans with that vulnerability and component; they stand.
    pub speaks_of: Vec<Digest>,
    /// A reason for `mex exception add`, where somebody wants to accept it.
    pub proposed_reason: String,
}

impl App {
    /// Takes in a foreign report. The same report again makes no other Problem: they group.
    ///
    /// # Errors
    /// A file that cannot be read, is over [`MAX_BYTES`], is no report of a known format and
    /// version, or holds more than [`MAX_ITEMS`]; each is recorded and nothing else changes.
    pub fn import_report(&self, request: &ImportRequest) -> AppResult<ImportOutcome> {
        let taken = self.take_report(request);
        if let Err(error) = &taken {
            let refused = HumanAction::ReportRefused {
                code: error.code,
                reason: document::message(&error.message),
            };
            self.record(&self.by_person(), EventBody::HumanAction(refused))?;
        }
        taken
    }

    fn take_report(&self, request: &ImportRequest) -> AppResult<ImportOutcome> {
        let wsid = request.project.as_deref().map(Workspace::at).transpose()?.map(|one| one.wsid);
        let shown = mex_scanners::secret_name::redacted(&request.file.display().to_string());
        let text = crate::input::text(&request.file, MAX_BYTES, "report")?;
        let import = format::read(&text)
            .map_err(|refusal| {
                AppError::new(refusal.code(), format!("the report `{shown}` is refused: {refusal}"))
            })?
            .finish();
        drop(text);
        let import_ref = self.keep(&import)?;
        let context = EventContext { wsid: wsid.clone(), ..self.by_person() };
        let diagnostics = diagnostics(self, &import, &import_ref, &context)?;
        let problems: BTreeSet<Digest> = diagnostics
            .iter()
            .map(Diagnostic::fingerprint)
            .collect::<Result<_, _>>()
            .map_err(internal)?;
        let problems = problems.len() as u64;
        let taken = HumanAction::ReportImported {
            format: import.format.word().to_owned(),
            format_version: import.format_version.clone(),
            plugin: import.plugin.clone(),
            origin_sha256: import.origin_sha256,
            origin_bytes: import.origin_bytes,
            import_ref: Box::new(import_ref.clone()),
            said: import.said,
            problems,
            claims: import.claims.len() as u64,
        };
        let event = self.event(&context, EventBody::HumanAction(taken));
        let event_id = event.event_id;
        let mut records = vec![Record::from(event)];
        records.extend(diagnostics.into_iter().map(|mut one| {
            one.evidence_refs.fr_event_ids = vec![event_id];
            Record::Diagnostic(Box::new(one), context.clone())
        }));
        self.recorder.record(records)?;
        Ok(ImportOutcome {
            import_ref,
            event_id,
            wsid,
            origin_sha256: import.origin_sha256,
            format: import.format,
            format_version: import.format_version,
            source: Source::Plugin(import.plugin),
            tools: import.tools,
            said: import.said,
            problems,
            dropped: import.dropped,
            components: import.components,
            gaps: import.gaps,
            claims: self.claims(import.claims)?,
        })
    }

    /// Stores the evidence, with where it comes from beside it.
    fn keep(&self, import: &Import) -> AppResult<ArtifactHandle> {
        let bytes = mex_runtime::json::canonical(import).map_err(internal)?;
        let size_bytes = bytes.len() as u64;
        let artifact = ArtifactHandle {
            sha256: Digest::of(&bytes),
            media_type: MEDIA_TYPE.to_owned(),
            size_bytes,
            role: "import".to_owned(),
        };
        let annotations = [
            ("origin.bytes", import.origin_bytes.to_string()),
            ("origin.format", format!("{} {}", import.format.word(), import.format_version)),
            ("origin.sha256", import.origin_sha256.to_string()),
            ("origin.tools", import.tools.join("; ")),
        ];
        let sidecar = Sidecar {
            schema_version: "sc-1.0".to_owned(),
            artifact: artifact.clone(),
            stored_at: self.clock.now(),
            provenance: None,
            truncated: false,
            original_bytes: size_bytes,
            annotations: annotations.map(|(name, value)| (name.to_owned(), value)).into(),
        };
        self.recorder.artifacts().put(&bytes, &sidecar)?;
        Ok(artifact)
    }

    /// Which Problems of ours the claims speak of.
    fn claims(&self, claims: Vec<Claim>) -> AppResult<Vec<ClaimView>> {
        let mut views = Vec::with_capacity(claims.len());
        for (at, claim) in claims.into_iter().enumerate() {
            let mut speaks_of = BTreeSet::new();
            if at < MOST_LOOKED_UP && !claim.component.is_empty() {
                for id in std::iter::once(&claim.vulnerability).chain(&claim.aliases) {
                    let filter = ProblemFilter { code: Some(id.clone()), ..Default::default() };
                    let known = self.recorder.problems(&filter).map_err(query)?.items;
                    let title = format!("{id} in {}", claim.component);
                    let ours = known.into_iter().filter(|one| one.source == "engine");
                    speaks_of
                        .extend(ours.filter(|one| one.title == title).map(|one| one.fingerprint));
                }
            }
            let proposed_reason = proposed(&claim);
            views.push(ClaimView {
                speaks_of: speaks_of.into_iter().collect(),
                proposed_reason,
                claim,
            });
        }
        Ok(views)
    }
}

/// A reason for an exception: it begins with the justification in OpenVEX's own word, where there is
/// one, so that an export says the same again.
fn proposed(claim: &Claim) -> String {
    let word = match claim.justification.as_str() {
        "code_not_present" => "vulnerable_code_not_present",
        "code_not_reachable" => "vulnerable_code_not_in_execute_path",
        "protected_by_mitigating_control"
        | "protected_at_perimeter"
        | "protected_at_runtime"
        | "protected_by_compiler" => "inline_mitigations_already_exist",
        other => other,
    };
    let said = match claim.statement.as_str() {
        "" => claim.status.as_str(),
        said => said,
    };
    if word.is_empty() || said.starts_with(word) {
        said.to_owned()
    } else {
        format!("{word}: {said}")
    }
}

/// One instance a problem, and one for what keeps the report from being whole.
fn diagnostics(
    app: &App,
    import: &Import,
    import_ref: &ArtifactHandle,
    context: &EventContext,
) -> AppResult<Vec<Diagnostic>> {
    let blank = || Diagnostic {
        id: DiagnosticId::new(app.clock.uuid()),
        title: String::new(),
        message: String::new(),
        severity: Severity::Error,
        own_severity: Severity::Error,
        source: Source::Plugin(import.plugin.clone()),
        surface: Surface::System,
        tool: Some(import.plugin.clone()),
        fingerprint_tool: Some(import.plugin.clone()),
        code: None,
        tags: vec!["import".to_owned(), import.format.word().to_owned()],
        wsid: context.wsid.clone(),
        job_id: None,
        model_id: None,
        actor: context.actor,
        capability_id: None,
        policy_decision_id: None,
        decision_in_fingerprint: false,
        locations: Vec::new(),
        evidence_refs: EvidenceRefs {
            artifact_hashes: vec![import_ref.sha256],
            ..EvidenceRefs::default()
        },
        link_confidence: LinkConfidence::Direct,
        timestamp: app.clock.now(),
    };
    let mut all = Vec::with_capacity(import.problems.len() + 1);
    for problem in &import.problems {
        let mut one = blank();
        one.title = match problem.place.as_str() {
            "" => problem.code.clone(),
            place => format!("{} in {place}", problem.code),
        };
        one.message = problem.message.clone();
        one.severity = problem.severity;
        one.own_severity = problem.severity;
        one.code = Some(problem.code.clone());
        if problem.suppressed_there {
            one.tags.push("suppressed-there".to_owned());
        }
        one.locations = vec![Location {
            path: problem.path.clone(),
            uri: problem.uri.clone(),
            wsid: None,
            entity_id: problem.fingerprint.map(|print| format!("fingerprint:{print}")),
            range: problem.range,
        }];
        all.push(one);
    }
    if !import.gaps.is_empty() {
        let mut one = blank();
        one.title = format!("the report of `{}` is not whole", import.plugin);
        one.message = import.gaps.join("; ");
        one.code = Some("import/incomplete".to_owned());
        one.locations = vec![Location {
            entity_id: Some(format!("report:{}", import.format.word())),
            ..Location::default()
        }];
        all.push(one);
    }
    Ok(all)
}
