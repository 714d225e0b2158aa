//! OpenVEX 0.2 as it is read: `affected` and `under_investigation` are Problems, `not_affected` and
//! `fixed` are claims, which lift nothing.

use mex_runtime::severity::Severity;
use serde::Deserialize;

use super::document::{Claim, ForeignProblem, Format, Import, message, name};
use super::format::{Refusal, bounded};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    author: Option<String>,
    #[serde(default)]
    tooling: Option<String>,
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    vulnerability: Vulnerability,
    #[serde(default)]
    products: Option<Vec<Product>>,
    status: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
    #[serde(default)]
    action_statement: Option<String>,
    #[serde(default)]
    status_notes: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    name: String,
    #[serde(default)]
    aliases: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Product {
    #[serde(flatten)]
    own: Named,
    #[serde(default)]
    subcomponents: Option<Vec<Named>>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default, rename = "@id")]
    id: Option<String>,
    #[serde(default)]
    identifiers: Option<Identifiers>,
}

#[derive(Deserialize)]
struct Identifiers {
    #[serde(default)]
    purl: Option<String>,
}

impl Named {
    fn called(&self) -> String {
        let purl = self.identifiers.as_ref().and_then(|known| known.purl.as_deref());
        name(purl.or(self.id.as_deref()).unwrap_or_default())
    }
}

pub(super) fn read(text: &str, version: &str) -> Result<Import, Refusal> {
    let document: Document = serde_json::from_str(text).map_err(Refusal::shape)?;
    let mut import = Import::of(Format::OpenVex, version, text);
    for who in [&document.tooling, &document.author].into_iter().flatten() {
        import.tools.push(name(who));
    }
    let mut all: Vec<(Vec<String>, &Statement)> = Vec::new();
    for statement in &document.statements {
        all.push((places(statement), statement));
    }
    bounded("statements on components", all.iter().map(|(places, _)| places.len()).sum())?;
    for (places, statement) in all {
        for place in places {
            import.said += 1;
            read_one(statement, place, &mut import)?;
        }
    }
    Ok(import)
}

/// The subcomponents where there are some: the product is what ships them.
fn places(statement: &Statement) -> Vec<String> {
    let mut all = Vec::new();
    for product in statement.products.iter().flatten() {
        match product.subcomponents.as_deref() {
            None | Some([]) => all.push(product.own.called()),
            Some(parts) => all.extend(parts.iter().map(Named::called)),
        }
    }
    all.sort();
    all.dedup();
    if all.is_empty() {
        all.push(String::new());
    }
    all
}

fn read_one(statement: &Statement, place: String, import: &mut Import) -> Result<(), Refusal> {
    let id = name(&statement.vulnerability.name);
    let said = [&statement.impact_statement, &statement.action_statement, &statement.status_notes];
    let said: Vec<&str> = said.into_iter().flatten().map(String::as_str).collect();
    let problem = |severity, place: String| ForeignProblem {
        code: id.clone(),
        place: place.clone(),
        severity,
        message: message(&format!("{}: {}", statement.status, said.join("; "))),
        path: None,
        uri: (!place.is_empty()).then_some(place),
        range: None,
        fingerprint: None,
        suppressed_there: false,
    };
    match statement.status.as_str() {
        // It has no severity, and none said is not low (contract SC-2).
        "affected" => import.problems.push(problem(Severity::Error, place)),
        "under_investigation" => import.problems.push(problem(Severity::Warning, place)),
        status @ ("not_affected" | "fixed") => {
            let mut aliases: Vec<String> = statement
                .vulnerability
                .aliases
                .iter()
                .flatten()
                .map(|alias| name(alias))
                .filter(|alias| *alias != id)
                .collect();
            aliases.sort();
            aliases.dedup();
            import.claims.push(Claim {
                vulnerability: id,
                aliases,
                component: place,
                status: status.to_owned(),
                justification: name(statement.justification.as_deref().unwrap_or_default()),
                statement: message(&said.join("; ")),
            });
        }
        other => return Err(Refusal::word("status", other)),
    }
    Ok(())
}
