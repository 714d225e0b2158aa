//! CycloneDX and SPDX documents in one canonical form: the same project gives the same bytes.
//! What varies from run to run is replaced by what follows from the content, lists are sorted, and
//! addresses lose their credentials (contract FR-9). What only our reading of a lockfile knows is
//! added. Never decides what a component is.

use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::finding::BomComponent;
use mex_runtime::json;
use mex_runtime::result::TypedError;
use serde_json::{Map, Value, json};

use crate::answer::error;
use crate::credentials::without_credentials;
use crate::syft::NAME;
use crate::syft::argv::CycloneDx;

/// The media type of a CycloneDX document.
pub const CYCLONEDX_TYPE: &str = "application/vnd.cyclonedx+json";

/// The media type of an SPDX document.
pub const SPDX_TYPE: &str = "application/spdx+json";

/// SPDX wants a date. The real one stands in the report beside the document.
const NO_DATE: &str = "1970-01-01T00:00:00Z";

/// What the document speaks of: a folder's own name is nobody's business and differs by checkout.
pub const ROOT: &str = "project";

/// The id of our root package in SPDX.
const SPDX_ROOT: &str = "SPDXRef-DocumentRoot-Directory-project";

/// What a document must hold beside what the tool wrote.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// How many packages the tool's own report has.
    pub said: u64,
    /// What only our reading of the lockfiles knows.
    pub added: &'a [BomComponent],
}

/// The one field that follows from all others of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// Of a CycloneDX document.
    SerialNumber,
    /// Of an SPDX document.
    DocumentNamespace,
}

impl Identity {
    const fn field(self) -> &'static str {
        match self {
            Self::SerialNumber => "serialNumber",
            Self::DocumentNamespace => "documentNamespace",
        }
    }
}

/// A document of ours with more fields, under the identity that then follows from its content.
///
/// # Errors
/// `MEX-TOOL-OUTPUT` where it is no document.
pub fn extended(
    bytes: &[u8],
    more: Map<String, Value>,
    identity: Identity,
) -> Result<Vec<u8>, TypedError> {
    let mut document = object(parse(bytes, "document")?, "document")?;
    document.remove(identity.field());
    document.extend(more);
    seal(document, identity)
}

/// Any JSON report of the tool: sorted keys, no credentials.
///
/// # Errors
/// `MEX-TOOL-OUTPUT` where it is no JSON.
pub fn evidence(bytes: &[u8]) -> Result<Vec<u8>, TypedError> {
    let mut value = parse(bytes, "report")?;
    clean(&mut value);
    canonical(&value)
}

/// A CycloneDX document.
///
/// # Errors
/// `MEX-TOOL-OUTPUT` where it is none of the version asked for, or holds another number of packages.
pub fn cyclonedx(
    bytes: &[u8],
    version: CycloneDx,
    expected: Expected<'_>,
) -> Result<Vec<u8>, TypedError> {
    let mut document = object(parse(bytes, "CycloneDX document")?, "CycloneDX document")?;
    if document.get("bomFormat").and_then(Value::as_str) != Some("CycloneDX")
        || document.get("specVersion").and_then(Value::as_str) != Some(version.word())
    {
        let message = format!("`{NAME}` wrote no CycloneDX {} document", version.word());
        return Err(error(Code::ToolOutput, message));
    }
    let mut components = list(&mut document, "components");
    components.retain(|one| one["type"] != "file");
    let packages = components.iter().filter(|one| one["type"] != "operating-system").count();
    counted("CycloneDX document", packages, expected.said)?;
    components.extend(expected.added.iter().map(|one| {
        let places =
            one.locations.iter().enumerate().map(
                |(at, path)| json!({"name": format!("mex:location:{at}:path"), "value": path}),
            );
        let known = json!({"name": "mex:known-by", "value": one.known_by.join(",")});
        json!({
            "bom-ref": one.component.purl,
            "type": "library",
            "name": one.component.name,
            "version": one.component.version,
            "purl": one.component.purl,
            "properties": std::iter::once(known).chain(places).collect::<Vec<_>>(),
        })
    }));
    let mut dependencies = list(&mut document, "dependencies");
    for dependency in &mut dependencies {
        if let Some(on) = dependency.get_mut("dependsOn").and_then(Value::as_array_mut) {
            sort(on, &[]);
        }
    }
    sort(&mut components, &["bom-ref"]);
    sort(&mut dependencies, &["ref"]);
    document.insert("components".to_owned(), Value::Array(components));
    document.insert("dependencies".to_owned(), Value::Array(dependencies));
    if let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("timestamp");
        metadata.insert(
            "component".to_owned(),
            json!({"bom-ref": ROOT, "type": "application", "name": ROOT}),
        );
    }
    document.remove(Identity::SerialNumber.field());
    seal(document, Identity::SerialNumber)
}

/// An SPDX 2.3 document. Its list of files is left out: the tool gives them no digest but zeros.
///
/// # Errors
/// `MEX-TOOL-OUTPUT` where it is none, or holds another number of packages.
pub fn spdx(bytes: &[u8], expected: Expected<'_>) -> Result<Vec<u8>, TypedError> {
    let mut document = object(parse(bytes, "SPDX document")?, "SPDX document")?;
    if document.get("spdxVersion").and_then(Value::as_str) != Some("SPDX-2.3") {
        return Err(error(Code::ToolOutput, format!("`{NAME}` wrote no SPDX 2.3 document")));
    }
    document.remove("files");
    let mut packages = list(&mut document, "packages");
    let own = packages.iter().filter(|one| one["SPDXID"] == SPDX_ROOT).count();
    counted("SPDX document", packages.len() - own, expected.said)?;
    let mut relationships = list(&mut document, "relationships");
    relationships.retain(|link| {
        ["spdxElementId", "relatedSpdxElement"]
            .iter()
            .all(|end| !link[*end].as_str().unwrap_or("").starts_with("SPDXRef-File-"))
    });
    for one in expected.added {
        let digest = Digest::of(one.component.purl.as_bytes()).to_string();
        let id = format!("SPDXRef-Package-lockfile-{}", &digest[..16.min(digest.len())]);
        relationships.push(json!({
            "spdxElementId": SPDX_ROOT, "relatedSpdxElement": id, "relationshipType": "CONTAINS",
        }));
        packages.push(json!({
            "SPDXID": id,
            "name": one.component.name,
            "versionInfo": one.component.version,
            "supplier": "NOASSERTION",
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": false,
            "sourceInfo": format!("read by mex from {}", one.locations.join(", ")),
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": one.component.purl,
            }],
        }));
    }
    sort(&mut packages, &["SPDXID"]);
    sort(&mut relationships, &["spdxElementId", "relationshipType", "relatedSpdxElement"]);
    document.insert("packages".to_owned(), Value::Array(packages));
    document.insert("relationships".to_owned(), Value::Array(relationships));
    if document.contains_key("hasExtractedLicensingInfos") {
        let mut texts = list(&mut document, "hasExtractedLicensingInfos");
        sort(&mut texts, &["licenseId"]);
        document.insert("hasExtractedLicensingInfos".to_owned(), Value::Array(texts));
    }
    document.insert("name".to_owned(), json!(ROOT));
    if let Some(creation) = document.get_mut("creationInfo").and_then(Value::as_object_mut) {
        creation.insert("created".to_owned(), json!(NO_DATE));
    }
    document.remove(Identity::DocumentNamespace.field());
    seal(document, Identity::DocumentNamespace)
}

/// Cleans the document and gives it the one id that follows from its content.
fn seal(document: Map<String, Value>, identity: Identity) -> Result<Vec<u8>, TypedError> {
    let mut document = Value::Object(document);
    clean(&mut document);
    let digest = Digest::of(&canonical(&document)?).to_string();
    document[identity.field()] = Value::String(format!("urn:uuid:{}", uuid_of(&digest)));
    canonical(&document)
}

/// The first half of a digest as a UUID of version 8, which is for makers' own rules.
fn uuid_of(digest: &str) -> String {
    let hex: Vec<u8> = digest.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = hex.chunks_exact(2).filter_map(|pair| {
        std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())
    });
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(pairs).for_each(|(byte, found)| *byte = found);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    uuid::Uuid::from_bytes(bytes).to_string()
}

fn counted(what: &str, holds: usize, said: u64) -> Result<(), TypedError> {
    if holds as u64 == said {
        return Ok(());
    }
    let message = format!(
        "`{NAME}` reported {said} packages and its {what} holds {holds}: one of them is cut"
    );
    Err(error(Code::ToolOutput, message))
}

fn parse(bytes: &[u8], what: &str) -> Result<Value, TypedError> {
    serde_json::from_slice(bytes).map_err(|fault| {
        let place = format!("line {}, column {}", fault.line(), fault.column());
        error(Code::ToolOutput, format!("`{NAME}` wrote a {what} that cannot be read ({place})"))
    })
}

fn object(value: Value, what: &str) -> Result<Map<String, Value>, TypedError> {
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(error(Code::ToolOutput, format!("`{NAME}` wrote a {what} that is no object"))),
    }
}

fn list(document: &mut Map<String, Value>, field: &str) -> Vec<Value> {
    match document.remove(field) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

/// By the fields named, then by the whole.
fn sort(list: &mut [Value], fields: &[&str]) {
    list.sort_by_cached_key(|value| {
        let named: Vec<String> =
            fields.iter().map(|field| value[*field].as_str().unwrap_or("").to_owned()).collect();
        (named, value.to_string())
    });
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => {
            let cleaned = without_credentials(text);
            if cleaned != *text {
                *text = cleaned;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(clean),
        Value::Object(map) => map.values_mut().for_each(clean),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn canonical(value: &Value) -> Result<Vec<u8>, TypedError> {
    json::canonical(value).map_err(|fault| {
        error(Code::ToolOutput, format!("a document has no canonical form: {fault}"))
    })
}
