//! `mex import`: a report of somebody else's tool becomes evidence and Problems of source
//! `plugin:NAME`. Owns which formats and sizes are taken and what is recorded. Never lifts, hides or
//! passes anything: no verdict reads an import, and what a VEX says is not affected is a claim that
//! a person can accept by an exception. The file is hostile input (contract section 15).

mod cyclonedx;
mod document;
mod openvex;
mod sarif;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use mex_recorder::query::ProblemFilter;
use mex_runtime::artifact::{ArtifactHandle, Sidecar};
use mex_runtime::code::Code;
use mex_runtime::diagnostic::{
    Diagnostic, EvidenceRefs, LinkConfidence, Location, Source, Surface,
};
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, EventContext, HumanAction};
use mex_runtime::id::{DiagnosticId, EventId, WorkspaceId};
use mex_runtime::port::{ArtifactStore as _, Clock as _, Record, Recorder as _};
use mex_runtime::severity::Severity;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// Why a report is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("it is not JSON: {what} at line {line}, column {column}")]
    NotJson { what: &'static str, line: usize, column: usize },
    #[error(
        "it is JSON and no report of a known format: it has neither `runs`, `bomFormat` nor an OpenVEX `@context`"
    )]
    Unknown,
    #[error("it is {format} of version `{version}`, which is not read")]
    Version { format: &'static str, version: String },
    #[error("it does not have the shape of its format: {what} at line {line}, column {column}")]
    Shape { what: String, line: usize, column: usize },
    #[error("its field `{field}` says `{value}`, which its format does not know")]
    Word { field: &'static str, value: String },
    #[error("it holds {count} {what}, and the limit is {MAX_ITEMS}")]
    TooMany { what: &'static str, count: usize },
}

impl Refusal {
    const fn code(&self) -> Code {
        match self {
            Self::NotJson { .. } => Code::InputNotJson,
            Self::TooMany { .. } => Code::InputTooBig,
            Self::Unknown | Self::Version { .. } | Self::Shape { .. } | Self::Word { .. } => {
                Code::ImportFormat
            }
        }
    }

    /// A parser's error without what it quotes of the file.
    fn shape(error: serde_json::Error) -> Self {
        use serde_json::error::Category;
        let (line, column) = (error.line(), error.column());
        let what = match error.classify() {
            Category::Eof => "it ends before its end",
            Category::Syntax | Category::Io => "a fault of syntax, or it is nested too deeply",
            Category::Data => {
                let text = error.to_string();
                let of_ours = ["missing field `", "duplicate field `"];
                let known = of_ours.iter().any(|begin| text.starts_with(begin));
                let what = text.split(" at line ").next().filter(|_| known);
                let what = what.unwrap_or("a value is of another type").to_owned();
                return Self::Shape { what, line, column };
            }
        };
        Self::NotJson { what, line, column }
    }

    fn word(field: &'static str, value: &str) -> Self {
        Self::Word { field, value: document::name(value) }
    }
}

/// Refuses more than [`MAX_ITEMS`] of something.
fn bounded(what: &'static str, count: usize) -> Result<(), Refusal> {
    if count > MAX_ITEMS { Err(Refusal::TooMany { what, count }) } else { Ok(()) }
}

/// What tells the formats apart.
#[derive(Deserialize)]
struct Probe {
    #[serde(default)]
    version: Option<Value>,
    #[serde(default)]
    runs: Option<serde::de::IgnoredAny>,
    #[serde(default, rename = "bomFormat")]
    bom_format: Option<String>,
    #[serde(default, rename = "specVersion")]
    spec_version: Option<String>,
    #[serde(default, rename = "@context")]
    context: Option<Value>,
}

const OPENVEX: &str = "https://openvex.dev/ns";

fn read(text: &str) -> Result<Import, Refusal> {
    // A mark of byte order says nothing in UTF-8; some tools write one all the same.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let probe: Probe = serde_json::from_str(text).map_err(Refusal::shape)?;
    let context = probe.context.as_ref().and_then(Value::as_str);
    if probe.bom_format.as_deref() == Some("CycloneDX") {
        let version = probe.spec_version.unwrap_or_default();
        return match version.as_str() {
            "1.4" | "1.5" | "1.6" | "1.7" => cyclonedx::read(text, &version),
            _ => Err(Refusal::Version { format: "CycloneDX", version: document::name(&version) }),
        };
    }
    if let Some(context) = context.filter(|context| context.starts_with(OPENVEX)) {
        return match context.strip_prefix(OPENVEX).unwrap_or_default() {
            "/v0.2.0" => openvex::read(text, "0.2.0"),
            other => Err(Refusal::Version { format: "OpenVEX", version: document::name(other) }),
        };
    }
    if probe.runs.is_some() {
        return match probe.version.as_ref().and_then(Value::as_str) {
            Some("2.1.0") => sarif::read(text, "2.1.0"),
            other => Err(Refusal::Version {
                format: "SARIF",
                version: document::name(other.unwrap_or_default()),
            }),
        };
    }
    Err(Refusal::Unknown)
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
        let import = read(&text)
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
            let said = match claim.statement.as_str() {
                "" => claim.status.as_str(),
                said => said,
            };
            let proposed_reason = match claim.justification.as_str() {
                word if !word.is_empty() && !said.starts_with(word) => format!("{word}: {said}"),
                _ => said.to_owned(),
            };
            views.push(ClaimView {
                speaks_of: speaks_of.into_iter().collect(),
                proposed_reason,
                claim,
            });
        }
        Ok(views)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_is_refused_with_its_reason() {
        let deep = format!("{{\"runs\":{}", "[".repeat(200_000));
        let deep_inside = format!(
            "{{\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{{\"name\":{}",
            "[".repeat(200_000)
        );
        let cases: [(&str, Code, &str); 19] = [
            ("", Code::InputNotJson, "ends before"),
            ("{", Code::InputNotJson, "ends before"),
            ("<sarif/>", Code::InputNotJson, "line 1, column 1"),
            ("{} {}", Code::InputNotJson, "syntax"),
            ("[]", Code::ImportFormat, "neither"),
            ("{}", Code::ImportFormat, "neither"),
            (r#"{"runs":[]}"#, Code::ImportFormat, "SARIF of version ``"),
            (r#"{"version":"2.0.0","runs":[]}"#, Code::ImportFormat, "SARIF of version `2.0.0`"),
            (r#"{"version":"2.1.0","runs":{}}"#, Code::ImportFormat, "another type"),
            (r#"{"version":"2.1.0","runs":[{}]}"#, Code::ImportFormat, "missing field `tool`"),
            (
                r#"{"version":"2.1.0","version":"2.1.0","runs":[]}"#,
                Code::ImportFormat,
                "duplicate field `version`",
            ),
            (
                r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"a","name":"b"}}}]}"#,
                Code::ImportFormat,
                "duplicate field `name`",
            ),
            (
                r#"{"bomFormat":"CycloneDX","specVersion":"1.3"}"#,
                Code::ImportFormat,
                "CycloneDX of version `1.3`",
            ),
            (r#"{"bomFormat":"CycloneDX"}"#, Code::ImportFormat, "CycloneDX of version ``"),
            (
                r#"{"@context":"https://openvex.dev/ns","statements":[]}"#,
                Code::ImportFormat,
                "OpenVEX of version ``",
            ),
            (
                r#"{"@context":"https://openvex.dev/ns/v0.2.0"}"#,
                Code::ImportFormat,
                "missing field `statements`",
            ),
            (
                r#"{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"vulnerability":{"name":"CVE-1"},"status":"fine"}]}"#,
                Code::ImportFormat,
                "`fine`",
            ),
            (&deep, Code::InputNotJson, "ends before"),
            (&deep_inside, Code::InputNotJson, "ends before"),
        ];
        for (text, code, says) in cases {
            let refusal = read(text).unwrap_err();
            let shown: String = text.chars().take(80).collect();
            assert_eq!(refusal.code(), code, "{shown}: {refusal}");
            assert!(refusal.to_string().contains(says), "{shown}: {refusal}");
        }
        assert_eq!(bounded("results", MAX_ITEMS), Ok(()));
        assert_eq!(bounded("results", MAX_ITEMS + 1).unwrap_err().code(), Code::InputTooBig);
    }

    /// A closed nesting that is too deep for the shape is refused too, and none exhausts the stack.
    #[test]
    fn deep_nesting_is_refused_or_passed_over() {
        let nest = |n: usize| "[".repeat(n) + &"]".repeat(n);
        let ignored = format!(r#"{{"version":"2.1.0","x":{},"runs":[]}}"#, nest(200_000));
        assert!(read(&ignored).is_ok());
        let read_as_value = format!(r#"{{"version":{},"runs":[]}}"#, nest(200_000));
        assert_eq!(read(&read_as_value).unwrap_err().code(), Code::InputNotJson);
        let components = |n: usize| {
            let open = r#"{"name":"a","components":["#.repeat(n);
            let close = "]}".repeat(n);
            format!(
                r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{open}{close}]}}"#
            )
        };
        assert_eq!(read(&components(20)).unwrap().components, 20);
        assert_eq!(read(&components(50_000)).unwrap_err().code(), Code::InputNotJson);
    }

    #[test]
    fn an_error_repeats_nothing_of_the_file() {
        let text = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":{"hidden-word":1}}}}]}"#;
        assert!(!read(text).unwrap_err().to_string().contains("hidden"));
        let text = r#"{"version":"2.1.0","runs":"hidden-word"}"#;
        assert!(!read(text).unwrap_err().to_string().contains("hidden"));
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert!(read("\u{feff}{\"version\":\"2.1.0\",\"runs\":[]}").is_ok());
    }
}
