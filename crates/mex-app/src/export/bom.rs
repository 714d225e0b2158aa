//! The inventory the job `sbom` made, as CycloneDX and SPDX. To CycloneDX the vulnerabilities are
//! added with what was decided of each. Says in the document what is missing from it; where nothing
//! is to be added the bytes are those of the artifact. Never decides what a component is.

use std::collections::HashMap;

use mex_runtime::finding::Vulnerability;
use mex_runtime::policy::verdict::{Effect, Reason};
use mex_runtime::severity::VulnSeverity;
use mex_scanners::sbom_scan::documents::{self, Identity};
use serde_json::{Map, Value, json};

use super::{Exported, justification, openvex, sarif};
use crate::error::{AppError, AppResult};
use crate::plain::plain;

/// The CycloneDX document of an inventory, with the vulnerabilities of its components.
pub(super) fn cyclonedx(scan: &Exported<'_>, inventory: &[u8]) -> AppResult<Vec<u8>> {
    let known = references(inventory);
    let mut properties = vec![property("mex:verdict", scan.scanned.verdict.verdict.word())];
    properties.extend(missing(scan, "sbom").map(|gap| property("mex:gap:sbom", &gap)));
    properties.extend(missing(scan, "vuln").map(|gap| property("mex:gap:vuln", &gap)));
    let vulnerabilities: Vec<Value> = openvex::vulnerabilities(scan)
        .map(|(reason, one)| vulnerability(scan, reason, one, &known))
        .collect();
    let mut more = Map::new();
    more.insert("properties".to_owned(), Value::Array(properties));
    // An empty list would say that there are none.
    if !vulnerabilities.is_empty() || scan.job_is_whole("vuln") {
        more.insert("vulnerabilities".to_owned(), Value::Array(vulnerabilities));
    }
    if !scan.job_is_whole("sbom") {
        let all = json!([{"aggregate": "incomplete", "assemblies": [documents::ROOT]}]);
        more.insert("compositions".to_owned(), all);
    }
    extended(inventory, more, Identity::SerialNumber)
}

/// The SPDX document of an inventory.
pub(super) fn spdx(scan: &Exported<'_>, inventory: &[u8]) -> AppResult<Vec<u8>> {
    let gaps: Vec<String> = missing(scan, "sbom").collect();
    if gaps.is_empty() {
        return Ok(inventory.to_vec());
    }
    let mut more = Map::new();
    more.insert(
        "comment".to_owned(),
        json!(format!("This inventory is not whole. {}", gaps.join("; "))),
    );
    extended(inventory, more, Identity::DocumentNamespace)
}

fn extended(inventory: &[u8], more: Map<String, Value>, id: Identity) -> AppResult<Vec<u8>> {
    documents::extended(inventory, more, id)
        .map_err(|error| AppError::new(error.code, error.message))
}

/// What a job did not look at, as sentences.
fn missing(scan: &Exported<'_>, job: &'static str) -> impl Iterator<Item = String> {
    let left_out = scan
        .left_out()
        .filter(move |other| *other == job)
        .map(|job| format!("the job `{job}` was not asked for"));
    let gaps = scan
        .gaps()
        .filter(move |reason| {
            reason.effect != Effect::Warns
                && reason.job.as_ref().is_none_or(|other| other.as_str() == job)
        })
        .map(|reason| plain(&reason.sentence));
    left_out.chain(gaps)
}

/// The references of the components, by package URL.
fn references(inventory: &[u8]) -> HashMap<String, Vec<String>> {
    let document: Value = serde_json::from_slice(inventory).unwrap_or_default();
    let mut known: HashMap<String, Vec<String>> = HashMap::new();
    for component in document["components"].as_array().into_iter().flatten() {
        if let (Some(purl), Some(reference)) =
            (component["purl"].as_str(), component["bom-ref"].as_str())
        {
            known.entry(purl.to_owned()).or_default().push(reference.to_owned());
        }
    }
    known
}

fn vulnerability(
    scan: &Exported<'_>,
    reason: &Reason,
    one: &Vulnerability,
    known: &HashMap<String, Vec<String>>,
) -> Value {
    let fingerprint = reason.fingerprint.map(|print| print.to_string()).unwrap_or_default();
    let aliases = one.aliases.iter().filter(|alias| **alias != one.id);
    let mut ratings = vec![json!({"severity": severity(one.severity), "method": "other"})];
    ratings.extend(one.scores.iter().filter_map(|score| {
        let tenths = score.tenths?;
        Some(json!({
            "source": {"name": plain(&score.source)},
            "score": f64::from(tenths) / 10.0,
            "method": method(&score.version),
            "vector": plain(&score.vector),
        }))
    }));
    let mut said = json!({
        "bom-ref": format!("mex:problem:{fingerprint}"),
        "id": plain(&one.id),
        "source": source(&one.id),
        "references": aliases
            .map(|alias| json!({"id": plain(alias), "source": source(alias)}))
            .collect::<Vec<_>>(),
        "ratings": ratings,
        "description": plain(&one.summary),
        "recommendation": plain(&reason.next_step),
        "analysis": analysis(scan, reason),
    });
    match known.get(&one.component.purl) {
        Some(references) => {
            let affects = references.iter().map(|reference| json!({"ref": reference}));
            said["affects"] = affects.collect();
        }
        // The inventory does not list it, and a reference must lead somewhere.
        None => said["properties"] = json!([property("mex:component", &one.component.purl)]),
    }
    said
}

fn analysis(scan: &Exported<'_>, reason: &Reason) -> Value {
    let Some(acceptance) = scan.acceptance(reason) else {
        return json!({"state": "in_triage"});
    };
    let why = scan.exception(reason).map_or("", |used| used.reason.as_str());
    let detail = plain(&acceptance);
    match justification(why) {
        None => json!({"state": "exploitable", "detail": detail}),
        Some(word) => {
            let mut said = json!({"state": "not_affected", "detail": detail});
            // The two lists of justifications do not have all in common.
            let same = match word {
                "component_not_present" | "vulnerable_code_not_present" => "code_not_present",
                "vulnerable_code_not_in_execute_path" => "code_not_reachable",
                "inline_mitigations_already_exist" => "protected_by_mitigating_control",
                _ => return said,
            };
            said["justification"] = json!(same);
            said
        }
    }
}

fn source(id: &str) -> Value {
    match sarif::advisory_page(id) {
        Some(url) => json!({"name": "OSV", "url": url}),
        None => json!({"name": "OSV"}),
    }
}

const fn severity(severity: VulnSeverity) -> &'static str {
    match severity {
        VulnSeverity::Informational => "info",
        VulnSeverity::None => "none",
        VulnSeverity::Low => "low",
        VulnSeverity::Medium => "medium",
        VulnSeverity::Unscored => "unknown",
        VulnSeverity::High => "high",
        VulnSeverity::Critical => "critical",
    }
}

fn method(version: &str) -> &'static str {
    match version {
        "2.0" => "CVSSv2",
        "3.0" => "CVSSv3",
        "3.1" => "CVSSv31",
        "4.0" => "CVSSv4",
        _ => "other",
    }
}

fn property(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}
