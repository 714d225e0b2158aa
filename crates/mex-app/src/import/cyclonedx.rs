//! CycloneDX 1.4 to 1.7 as it is read: a vulnerability is a Problem unless its analysis says that
//! nothing is affected; then it is a claim, which lifts nothing. Components are counted.

use std::collections::HashMap;

use mex_runtime::severity::Severity;
use serde::Deserialize;

use super::document::{Claim, ForeignProblem, Format, Import, message, name};
use super::format::{Refusal, bounded};

#[derive(Deserialize)]
struct Bom {
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    components: Option<Vec<Component>>,
    #[serde(default)]
    vulnerabilities: Option<Vec<Vulnerability>>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    tools: Option<Tools>,
    #[serde(default)]
    component: Option<Component>,
}

/// A list until 1.4, an object since 1.5.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tools {
    List(Vec<Tool>),
    Object {
        #[serde(default)]
        components: Option<Vec<Tool>>,
        #[serde(default)]
        services: Option<Vec<Tool>>,
    },
}

#[derive(Deserialize)]
struct Tool {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Component {
    name: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    purl: Option<String>,
    #[serde(default, rename = "bom-ref")]
    reference: Option<String>,
    #[serde(default)]
    components: Option<Vec<Component>>,
}

#[derive(Deserialize)]
struct Vulnerability {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    references: Option<Vec<Reference>>,
    #[serde(default)]
    ratings: Option<Vec<Rating>>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    affects: Option<Vec<Affected>>,
    #[serde(default)]
    analysis: Option<Analysis>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    id: Option<String>,
}

#[derive(Deserialize)]
struct Rating {
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    score: Option<f64>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    reference: String,
}

#[derive(Deserialize)]
struct Analysis {
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

pub(super) fn read(text: &str, version: &str) -> Result<Import, Refusal> {
    let bom: Bom = serde_json::from_str(text).map_err(Refusal::shape)?;
    let mut import = Import::of(Format::CycloneDx, version, text);
    let mut known = HashMap::new();
    if let Some(metadata) = &bom.metadata {
        for tool in tools(metadata) {
            if let Some(called) = &tool.name {
                import.tool(called, tool.version.as_deref());
            }
        }
        if let Some(own) = &metadata.component {
            remember(std::slice::from_ref(own), &mut known);
        }
    }
    import.components = remember(bom.components.as_deref().unwrap_or_default(), &mut known);
    let vulnerabilities = bom.vulnerabilities.unwrap_or_default();
    let said: usize = vulnerabilities
        .iter()
        .map(|one| one.affects.as_ref().map_or(1, |affects| affects.len().max(1)))
        .sum();
    bounded("vulnerabilities of components", said)?;
    for one in &vulnerabilities {
        read_one(one, &known, &mut import);
    }
    Ok(import)
}

fn tools(metadata: &Metadata) -> Vec<&Tool> {
    match &metadata.tools {
        Some(Tools::List(list)) => list.iter().collect(),
        Some(Tools::Object { components, services }) => {
            components.iter().chain(services).flatten().collect()
        }
        None => Vec::new(),
    }
}

/// What each reference stands for; gives how many components there are, nested ones too.
fn remember(components: &[Component], known: &mut HashMap<String, String>) -> u64 {
    let mut count = 0;
    for one in components {
        count += 1;
        if let Some(reference) = &one.reference {
            let called = one.purl.clone().unwrap_or_else(|| match &one.version {
                Some(version) => format!("{}@{version}", one.name),
                None => one.name.clone(),
            });
            known.insert(reference.clone(), called);
        }
        count += remember(one.components.as_deref().unwrap_or_default(), known);
    }
    count
}

fn read_one(one: &Vulnerability, known: &HashMap<String, String>, import: &mut Import) {
    let id = name(one.id.as_deref().unwrap_or("no id"));
    let mut places: Vec<String> = one
        .affects
        .iter()
        .flatten()
        .map(|hit| {
            let called = known.get(&hit.reference).unwrap_or(&hit.reference);
            // A BOM-Link ends in the reference: `urn:cdx:SERIAL/1#pkg:...`.
            name(
                called
                    .rsplit_once('#')
                    .filter(|_| called.starts_with("urn:cdx:"))
                    .map_or(called.as_str(), |(_, reference)| reference),
            )
        })
        .collect();
    if places.is_empty() {
        places.push(String::new());
    }
    let analysis = one.analysis.as_ref();
    let state = analysis.and_then(|analysis| analysis.state.as_deref());
    let detail = analysis.and_then(|analysis| analysis.detail.as_deref()).unwrap_or_default();
    let said = message(one.description.as_deref().unwrap_or_default());
    for place in places {
        import.said += 1;
        match state {
            Some(
                state @ ("not_affected" | "false_positive" | "resolved" | "resolved_with_pedigree"),
            ) => import.claims.push(Claim {
                vulnerability: id.clone(),
                aliases: aliases(one, &id),
                component: place,
                status: state.to_owned(),
                justification: name(
                    analysis
                        .and_then(|analysis| analysis.justification.as_deref())
                        .unwrap_or_default(),
                ),
                statement: message(detail),
            }),
            _ => import.problems.push(ForeignProblem {
                code: id.clone(),
                place: place.clone(),
                severity: severity(one),
                message: match detail {
                    "" => said.clone(),
                    detail => message(&format!("{said} ({detail})")),
                },
                path: None,
                uri: (!place.is_empty()).then_some(place),
                range: None,
                fingerprint: None,
                suppressed_there: false,
            }),
        }
    }
}

fn aliases(one: &Vulnerability, id: &str) -> Vec<String> {
    let mut all: Vec<String> = one
        .references
        .iter()
        .flatten()
        .filter_map(|reference| reference.id.as_deref().map(name))
        .filter(|alias| alias != id)
        .collect();
    all.sort();
    all.dedup();
    all
}

/// The gravest of what it says; nothing said is not low (contract SC-2).
fn severity(one: &Vulnerability) -> Severity {
    let of = |rating: &Rating| match rating.severity.as_deref() {
        Some("critical" | "high") => Some(Severity::Error),
        Some("medium") => Some(Severity::Warning),
        Some("low" | "info" | "none") => Some(Severity::Info),
        _ => rating.score.map(|score| match score {
            score if score >= 7.0 => Severity::Error,
            score if score >= 4.0 => Severity::Warning,
            _ => Severity::Info,
        }),
    };
    one.ratings.iter().flatten().filter_map(of).max().unwrap_or(Severity::Error)
}
