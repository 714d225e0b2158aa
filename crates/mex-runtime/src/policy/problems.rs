//! From findings, gaps and exceptions to diagnostics (contract DIAG-2, DIAG-5, SC-7).
//! Owns how a scan's results become Problems: what enters the fingerprint and what stands on the
//! instance only. Never groups or stores; that is the recorder's.
//! Long because every sort of finding becomes the same document, told in one place.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::matching::ExceptionStanding;
use super::merge;
use super::verdict::{Effect, JudgedOperation, Reason, Rule, ScanMode, Verdict, VerdictInput};
use crate::diagnostic::{
    Diagnostic, EvidenceRefs, LinkConfidence, Location, Range, Source, Surface,
};
use crate::digest::Digest;
use crate::finding::{Attribution, Finding, LicenseUnit};
use crate::id::{DiagnosticId, JobId, JobName, OpId, PolicyDecisionId, WorkspaceId};
use crate::operation::Actor;
use crate::severity::Severity;

/// The tag of a diagnostic that blocks a release.
pub const BLOCK_TAG: &str = "block";

/// What every diagnostic of one scan shares.
#[derive(Debug, Clone)]
pub struct ProblemContext {
    /// Who acted.
    pub actor: Actor,
    /// The workspace.
    pub wsid: Option<WorkspaceId>,
    /// The recorded job of each of the scan's jobs.
    pub jobs: BTreeMap<JobName, JobId>,
    /// The verdict as a decision; on the instance, never in the fingerprint.
    pub policy_decision_id: Option<PolicyDecisionId>,
    /// When.
    pub timestamp: Timestamp,
}

/// One diagnostic a merged finding, gap and remarkable exception of a scan. A BLOCK is `fatal` and
/// carries [`BLOCK_TAG`]; its fingerprint is that of the same finding outside release mode.
/// Denials are not here: the gates made their diagnostics.
pub fn problems(
    input: &VerdictInput<'_>,
    verdict: &Verdict,
    context: &ProblemContext,
    fresh: &mut dyn FnMut() -> Uuid,
) -> Vec<Diagnostic> {
    let origins = Origins::of(input.operations);
    let mut found: HashMap<Digest, Vec<Finding>> = HashMap::new();
    for finding in merged(input.operations) {
        if let Ok(fingerprint) = finding_fingerprint(&finding) {
            found.entry(fingerprint).or_default().push(finding);
        }
    }
    let mut diagnostics = Vec::new();
    for reason in &verdict.reasons {
        match reason.rule {
            Rule::Denied => continue,
            // A Problem can have several instances, such as one secret on two lines.
            Rule::Vulnerability | Rule::Secret | Rule::UnknownLicense => {
                let instances = reason.fingerprint.and_then(|known| found.remove(&known));
                for finding in instances.into_iter().flatten() {
                    let mut diagnostic = of_finding(&finding);
                    diagnostic.evidence_refs.op_ids = origins.operations(&finding);
                    dress(&mut diagnostic, reason, verdict, context);
                    diagnostics.push(diagnostic);
                }
            }
            _ => {
                let mut diagnostic = of_gap(reason);
                dress(&mut diagnostic, reason, verdict, context);
                diagnostics.push(diagnostic);
            }
        }
    }
    diagnostics.extend(verdict.exceptions.iter().filter_map(|used| {
        let (severity, what) = match used.standing {
            ExceptionStanding::Lifts if used.is_expiring(verdict.judged_at) => {
                (Severity::Warning, "expiring")
            }
            ExceptionStanding::Lifts => return None,
            ExceptionStanding::Expired => (Severity::Warning, "expired"),
            ExceptionStanding::Unsigned => (Severity::Warning, "unsigned"),
            ExceptionStanding::Doubled => (Severity::Warning, "doubled"),
            ExceptionStanding::Unused => (Severity::Info, "unused"),
        };
        let mut diagnostic = blank(severity);
        diagnostic.code = Some(format!("SC-4/{what}"));
        diagnostic.title = format!(
            "exception `{}` of `{}` is {what}",
            used.exception.id, used.exception.document_id
        );
        diagnostic.message = if what == "expiring" {
            format!("it stops holding at {}. Mend what it hides, or renew it.", used.expires)
        } else if used.note.is_empty() {
            "it matches nothing that this scan found. Remove it if it is no longer needed."
                .to_owned()
        } else {
            format!("{}. Renew it, mend it or remove it.", used.note)
        };
        diagnostic.locations = vec![Location {
            entity_id: Some(format!(
                "exception:{}/{}",
                used.exception.document_id, used.exception.id
            )),
            ..Location::default()
        }];
        diagnostic.tags = vec!["exception".to_owned(), what.to_owned()];
        settle(&mut diagnostic, context);
        Some(diagnostic)
    }));
    for diagnostic in &mut diagnostics {
        diagnostic.id = DiagnosticId::new(fresh());
    }
    diagnostics
}

/// The Problem a finding belongs to (contract DIAG-2).
///
/// # Errors
/// Never for a value of this type; the signature is the canonicaliser's.
pub fn finding_fingerprint(finding: &Finding) -> Result<Digest, serde_json::Error> {
    of_finding(finding).fingerprint()
}

/// The Problem a gap belongs to.
pub(super) fn gap_fingerprint(reason: &Reason) -> Result<Digest, serde_json::Error> {
    of_gap(reason).fingerprint()
}

/// All findings of a scan, merged (contract SC-7).
pub(super) fn merged(operations: &[JudgedOperation]) -> Vec<Finding> {
    merge::merge(operations.iter().flat_map(|operation| operation.findings.clone()).collect())
}

/// What a finding is about, in one line: code and component, no tool's wording.
pub(crate) fn subject(finding: &Finding) -> String {
    match finding {
        Finding::Vulnerability(vulnerability) => {
            format!("{} in {}", vulnerability.id, vulnerability.component.purl)
        }
        Finding::Secret(secret) => format!("{} in {}", secret.rule, secret.path),
        Finding::Component(component) => component.component.purl.clone(),
        Finding::License(license) => match &license.concluded {
            Some(expression) => format!("{expression} for {}", license.place()),
            None => format!("unknown licence of {}", license.place()),
        },
    }
}

/// What is so: the sentence of the [`Reason`] that a finding makes.
pub fn sentence(finding: &Finding) -> String {
    match finding {
        Finding::Vulnerability(vulnerability) => {
            let summary = vulnerability.summary.trim().trim_end_matches('.');
            let told = if summary.is_empty() { String::new() } else { format!(": {summary}") };
            format!(
                "{} {} has {} ({}){told}",
                vulnerability.component.name,
                vulnerability.component.version,
                vulnerability.id,
                vulnerability.severity.word()
            )
        }
        Finding::Secret(secret) => {
            let commit = secret.commit.as_ref().map(|commit| format!(", commit {commit}"));
            if secret.is_in_a_name() {
                return format!(
                    "the name `{}` holds a secret that rule `{}` knows{}",
                    secret.path,
                    secret.rule,
                    commit.unwrap_or_default()
                );
            }
            format!(
                "`{}` holds a secret that rule `{}` knows, from line {}{}",
                secret.path,
                secret.rule,
                secret.start_line,
                commit.unwrap_or_default()
            )
        }
        Finding::Component(component) => {
            let one = &component.component;
            format!("{} {} is a component", one.name, one.version)
        }
        Finding::License(license) => match &license.concluded {
            Some(expression) => format!("`{}` is under {expression}", license.place()),
            None => format!(
                "the licence of `{}` is unknown: {}",
                license.place(),
                license.unknown_because
            ),
        },
    }
}

/// What to do.
pub(super) fn next_step(finding: &Finding) -> String {
    match finding {
        Finding::Vulnerability(vulnerability) => match vulnerability.fixed_versions.as_slice() {
            [] => "no fixed version is known: replace the package, or have the risk accepted by an exception".to_owned(),
            versions => format!("update {} to {}", vulnerability.component.name, versions.join(" or ")),
        },
        Finding::Secret(_) => {
            "revoke the secret where it was issued, then remove it from the project and its history".to_owned()
        }
        Finding::Component(_) => String::new(),
        Finding::License(license) if !license.is_unknown() => String::new(),
        Finding::License(license) => match license.unit {
            LicenseUnit::Component { .. } => "ask its makers, or read its texts and have the licence accepted by an exception".to_owned(),
            LicenseUnit::Project => "add a LICENSE file, or declare an SPDX expression in the manifest".to_owned(),
            LicenseUnit::File { .. } => "name the licence by an `SPDX-License-Identifier` line, or have the text accepted by an exception".to_owned(),
        },
    }
}

/// Which operations a merged finding came from.
pub(super) struct Origins<'a> {
    known: HashMap<(&'a str, &'a str), BTreeSet<(&'a JobName, OpId)>>,
}

impl<'a> Origins<'a> {
    pub(super) fn of(operations: &'a [JudgedOperation]) -> Self {
        let mut known: HashMap<_, BTreeSet<_>> = HashMap::new();
        for operation in operations {
            for finding in &operation.findings {
                for key in keys(finding) {
                    known.entry(key).or_default().insert((&operation.job, operation.op_id));
                }
            }
        }
        Self { known }
    }

    /// The job whose operation found it.
    pub(super) fn job(&self, finding: &Finding) -> Option<JobName> {
        self.all(finding).first().map(|(job, _)| (*job).clone())
    }

    fn operations(&self, finding: &Finding) -> Vec<OpId> {
        let ids: BTreeSet<OpId> = self.all(finding).into_iter().map(|(_, op_id)| op_id).collect();
        ids.into_iter().collect()
    }

    fn all(&self, finding: &Finding) -> BTreeSet<(&'a JobName, OpId)> {
        keys(finding).filter_map(|key| self.known.get(&key)).flatten().copied().collect()
    }
}

/// What an operation's finding and the merged one have in common.
fn keys(finding: &Finding) -> impl Iterator<Item = (&str, &str)> {
    let (place, names): (&str, Vec<&str>) = match finding {
        Finding::Vulnerability(vulnerability) => (
            &vulnerability.component.purl,
            vulnerability
                .aliases
                .iter()
                .map(String::as_str)
                .chain([vulnerability.id.as_str()])
                .collect(),
        ),
        Finding::Secret(secret) => (&secret.path, vec![secret.fingerprint.as_str()]),
        Finding::Component(component) => (&component.component.purl, vec!["component"]),
        Finding::License(license) => (license.place(), vec!["license"]),
    };
    names.into_iter().map(move |name| (place, name))
}

/// The finding's own part of its diagnostic: everything that enters the fingerprint, and its range.
fn of_finding(finding: &Finding) -> Diagnostic {
    let (severity, code, locations, attributions): (_, &str, _, &[Attribution]) = match finding {
        Finding::Vulnerability(vulnerability) => (
            vulnerability.severity.as_diagnostic(),
            &vulnerability.id,
            vec![Location::uri(vulnerability.component.purl.as_str())],
            &vulnerability.attributions,
        ),
        Finding::Secret(secret) => {
            let range = (secret.start_line > 0).then_some(Range {
                start_line: secret.start_line,
                end_line: secret.end_line.max(secret.start_line),
            });
            let location = Location {
                path: Some(secret.path.clone()),
                uri: Some(format!("secret:{}", secret.fingerprint)),
                range,
                ..Location::default()
            };
            (Severity::Error, &secret.rule, vec![location], &secret.attributions)
        }
        Finding::Component(component) => (
            Severity::Info,
            "component",
            vec![Location::uri(component.component.purl.as_str())],
            &component.attributions,
        ),
        Finding::License(license) => {
            let location = match &license.unit {
                LicenseUnit::Component { component } => Location::uri(component.purl.as_str()),
                LicenseUnit::Project => {
                    Location { entity_id: Some("project".to_owned()), ..Location::default() }
                }
                // The same text under the same name is the same Problem, wherever its lines are.
                LicenseUnit::File { path } => Location {
                    path: Some(path.clone()),
                    uri: Some(format!("sha256:{}", license.content_sha256)),
                    ..Location::default()
                },
            };
            (Severity::Error, "UNKNOWN", vec![location], &license.attributions)
        }
    };
    let tools: BTreeSet<&str> =
        attributions.iter().map(|attribution| attribution.tool.as_str()).collect();
    let mut diagnostic = blank(severity);
    diagnostic.title = subject(finding);
    diagnostic.code = Some(code.to_owned());
    diagnostic.locations = locations;
    diagnostic.tool = (!tools.is_empty()).then(|| tools.into_iter().collect::<Vec<_>>().join(", "));
    diagnostic
}

/// A gap's own part of its diagnostic. Its reason may be worded by the day; its rule, job and subject are not.
fn of_gap(reason: &Reason) -> Diagnostic {
    let place = match &reason.job {
        Some(job) => format!("{job}:{}", reason.subject),
        None => reason.subject.clone(),
    };
    let mut diagnostic = blank(Severity::Error);
    diagnostic.title = format!("{} for {place}", reason.rule);
    diagnostic.code = Some(reason.rule.as_str().to_owned());
    diagnostic.locations = vec![Location { entity_id: Some(place), ..Location::default() }];
    diagnostic
}

fn blank(severity: Severity) -> Diagnostic {
    Diagnostic {
        id: DiagnosticId::new(Uuid::nil()),
        title: String::new(),
        message: String::new(),
        severity,
        own_severity: severity,
        source: Source::Engine,
        surface: Surface::System,
        tool: None,
        fingerprint_tool: None,
        code: None,
        tags: Vec::new(),
        wsid: None,
        job_id: None,
        model_id: None,
        actor: Actor::System,
        capability_id: None,
        policy_decision_id: None,
        decision_in_fingerprint: false,
        locations: Vec::new(),
        evidence_refs: EvidenceRefs::default(),
        link_confidence: LinkConfidence::Unlinked,
        timestamp: Timestamp::UNIX_EPOCH,
    }
}

/// What stands on the instance only: the verdict's effect, the job, the words.
fn dress(
    diagnostic: &mut Diagnostic,
    reason: &Reason,
    verdict: &Verdict,
    context: &ProblemContext,
) {
    let mut tags: BTreeSet<String> = reason.job.iter().map(ToString::to_string).collect();
    tags.extend(
        reason.severity.map(|severity| format!("severity:{}", severity.word().to_lowercase())),
    );
    if verdict.mode == ScanMode::Release {
        tags.insert("release".to_owned());
    }
    match &reason.lifted_by {
        Some(exception) => {
            tags.insert("lifted".to_owned());
            tags.insert(format!("exception:{}/{}", exception.document_id, exception.id));
        }
        None if reason.effect == Effect::Blocks => {
            tags.insert(BLOCK_TAG.to_owned());
            diagnostic.severity = Severity::Fatal;
        }
        None => {}
    }
    diagnostic.tags = tags.into_iter().collect();
    diagnostic.message =
        format!("{}. To do: {}. Rule {}.", reason.sentence, reason.next_step, reason.rule);
    diagnostic.job_id = reason.job.as_ref().and_then(|job| context.jobs.get(job)).copied();
    settle(diagnostic, context);
}

fn settle(diagnostic: &mut Diagnostic, context: &ProblemContext) {
    diagnostic.actor = context.actor;
    diagnostic.wsid.clone_from(&context.wsid);
    diagnostic.policy_decision_id = context.policy_decision_id;
    diagnostic.timestamp = context.timestamp;
    diagnostic.evidence_refs.related_job_ids = diagnostic.job_id.into_iter().collect();
    diagnostic.link_confidence = match diagnostic.job_id {
        Some(_) => LinkConfidence::Direct,
        None => LinkConfidence::Unlinked,
    };
}
