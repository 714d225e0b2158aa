//! Diagnostics and the fingerprint that groups them into Problems (contract DIAG-1, DIAG-2).
//! Owns the shape and the fingerprint; storing and grouping is the recorder's.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::digest::Digest;
use crate::id::{DiagnosticId, EventId, JobId, OpId, PolicyDecisionId, WorkspaceId};
use crate::operation::Actor;
use crate::severity::Severity;

/// Where a diagnostic comes from: `lsp|terminal|validator|engine|connector|system|plugin:*|matcher:*`.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Source {
    /// A language server.
    Lsp,
    /// A command's output.
    Terminal,
    /// A validator of ours.
    Validator,
    /// A governed operation.
    Engine,
    /// Something outside.
    Connector,
    /// The product itself.
    System,
    /// A foreign report, by its tool's name.
    Plugin(String),
    /// A pattern over output, by its name.
    Matcher(String),
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        match source {
            Source::Lsp => "lsp".into(),
            Source::Terminal => "terminal".into(),
            Source::Validator => "validator".into(),
            Source::Engine => "engine".into(),
            Source::Connector => "connector".into(),
            Source::System => "system".into(),
            Source::Plugin(name) => format!("plugin:{name}"),
            Source::Matcher(name) => format!("matcher:{name}"),
        }
    }
}

impl TryFrom<String> for Source {
    type Error = crate::id::BadId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let name = |prefix: &str| {
            text.strip_prefix(prefix)
                .filter(|name| !name.is_empty() && !name.chars().any(char::is_control))
                .map(str::to_owned)
        };
        match text.as_str() {
            "lsp" => Ok(Self::Lsp),
            "terminal" => Ok(Self::Terminal),
            "validator" => Ok(Self::Validator),
            "engine" => Ok(Self::Engine),
            "connector" => Ok(Self::Connector),
            "system" => Ok(Self::System),
            _ => name("plugin:").map(Self::Plugin).or_else(|| name("matcher:").map(Self::Matcher)).ok_or(
                crate::id::BadId {
                    what: "a diagnostic source",
                    text: text.chars().take(80).collect(),
                    rule: "one of lsp, terminal, validator, engine, connector, system, plugin:NAME, matcher:NAME",
                },
            ),
        }
    }
}

/// Where a diagnostic is shown.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// An editor.
    Monaco,
    /// A canvas.
    Canvas,
    /// A table.
    Sheet,
    /// A terminal.
    Terminal,
    /// An outside system.
    Connector,
    /// The product itself.
    System,
}

/// How sure the link to a job or event is (contract DIAG-4).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LinkConfidence {
    /// References an existing job or event.
    Direct,
    /// Exactly one candidate.
    Inferred,
    /// Two or more candidates; never shown as direct.
    Ambiguous,
    /// None.
    Unlinked,
}

/// Where a Problem stands with people (contract DIAG-6).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ProblemStatus {
    /// Nobody has dealt with it.
    Open,
    /// Somebody knows.
    Acknowledged,
    /// Hidden from the default list; still counted by the verdict.
    Muted,
    /// Said to be gone; re-opens when it comes back.
    Resolved,
}

/// A place. At least one of the four names is set.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// A path relative to the project, `/` between parts.
    pub path: Option<String>,
    /// A URI: a purl, a secret's fingerprint as `secret:HEX`.
    pub uri: Option<String>,
    /// A workspace.
    pub wsid: Option<WorkspaceId>,
    /// Anything else with an id.
    pub entity_id: Option<String>,
    /// Lines, from 1; null in everything that enters a scan finding's fingerprint.
    pub range: Option<Range>,
}

/// Lines from `start` to `end`, from 1, both included.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// First line.
    pub start_line: u64,
    /// Last line.
    pub end_line: u64,
}

/// What a diagnostic rests on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRefs {
    /// Events of the Flight Recorder.
    pub fr_event_ids: Vec<EventId>,
    /// Jobs.
    pub related_job_ids: Vec<JobId>,
    /// Attempts.
    pub op_ids: Vec<OpId>,
    /// Artifacts.
    pub artifact_hashes: Vec<Digest>,
}

/// One problem instance, as its maker states it (contract DIAG-1). Status, count and first and
/// last sight belong to the Problem that groups instances, and are the recorder's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnostic {
    /// This instance.
    pub id: DiagnosticId,
    /// One line.
    pub title: String,
    /// What happened and what to do, in sentences.
    pub message: String,
    /// The instance's severity: a BLOCK is `fatal` (contract DIAG-5).
    pub severity: Severity,
    /// The severity that enters the fingerprint: the finding's own, never the verdict's (contract DIAG-2).
    pub own_severity: Severity,
    /// Where it comes from.
    pub source: Source,
    /// Where it is shown.
    pub surface: Surface,
    /// The tool, for attribution.
    pub tool: Option<String>,
    /// The tool as it enters the fingerprint: null for a finding of a scan (contract DIAG-2).
    pub fingerprint_tool: Option<String>,
    /// An error code of ours, a rule's name or a canonical alias.
    pub code: Option<String>,
    /// Free words for filtering: `block`, `release`, a job's name.
    pub tags: Vec<String>,
    /// The workspace it belongs to.
    pub wsid: Option<WorkspaceId>,
    /// The job it belongs to.
    pub job_id: Option<JobId>,
    /// The model that made it, if one did.
    pub model_id: Option<String>,
    /// Who acted.
    pub actor: Actor,
    /// The capability it is about.
    pub capability_id: Option<String>,
    /// The decision it is about.
    pub policy_decision_id: Option<PolicyDecisionId>,
    /// Whether `capability_id` and `policy_decision_id` enter the fingerprint: false for a finding of a scan.
    pub decision_in_fingerprint: bool,
    /// Where, with ranges.
    pub locations: Vec<Location>,
    /// What it rests on.
    pub evidence_refs: EvidenceRefs,
    /// How sure the link is.
    pub link_confidence: LinkConfidence,
    /// When.
    pub timestamp: Timestamp,
}

impl Diagnostic {
    /// Groups instances into Problems (contract DIAG-2).
    ///
    /// # Errors
    /// Never for a value of this type; the signature is the canonicaliser's.
    pub fn fingerprint(&self) -> Result<Digest, serde_json::Error> {
        let mut locations: Vec<(Option<String>, Option<Range>)> = self
            .locations
            .iter()
            .map(|location| {
                (location.name(), location.range.filter(|_| self.decision_in_fingerprint))
            })
            .collect();
        locations.sort();
        locations.dedup();
        let tidy = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
        let (capability, decision) = if self.decision_in_fingerprint {
            (self.capability_id.as_deref().map(tidy), self.policy_decision_id)
        } else {
            (None, None)
        };
        Digest::of_canonical(&(
            &self.source,
            self.surface,
            self.fingerprint_tool.as_deref().map(tidy),
            self.code.as_deref().map(tidy),
            self.own_severity,
            tidy(&self.title),
            locations,
            capability,
            decision,
        ))
    }

    /// Sets code, from our closed list.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> Self {
        self.code = Some(code.as_str().to_owned());
        self
    }
}

impl Location {
    /// A path inside the project.
    pub fn path(path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..Self::default() }
    }

    /// A URI.
    pub fn uri(uri: impl Into<String>) -> Self {
        Self { uri: Some(uri.into()), ..Self::default() }
    }

    /// What stands for the place in a fingerprint: the names that are set, joined, `/` between parts.
    fn name(&self) -> Option<String> {
        let path = self.path.as_deref().map(|path| path.trim().replace('\\', "/"));
        let parts: Vec<String> = [
            path,
            self.uri.clone(),
            self.entity_id.clone(),
            self.wsid.as_ref().map(ToString::to_string),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| parts.join("\n"))
    }
}
