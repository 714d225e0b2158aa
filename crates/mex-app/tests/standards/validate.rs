//! Judges documents by the official schemas in this folder (`SOURCE.md`). Never fetches anything.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jsonschema::{Draft, Registry};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../mex-app/tests/standards")
}

fn schema(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder().join(name)).unwrap()).unwrap()
}

/// Everything the JSON Schema in a file has against a document.
fn faults(name: &str, draft: Draft, document: &Value) -> Vec<String> {
    let mut registry = Registry::new();
    for part in ["spdx.schema.json", "jsf-0.82.schema.json", "cryptography-defs.schema.json"] {
        registry =
            registry.add(format!("http://cyclonedx.org/schema/{part}"), schema(part)).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let schema = schema(name);
    let validator = jsonschema::options()
        .with_draft(draft)
        .with_registry(&registry)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .offline()
        .build(&schema)
        .unwrap();
    validator
        .iter_errors(document)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}

/// SARIF 2.1.0, with what its first errata adds: a region has a start.
pub fn sarif(document: &Value) -> Vec<String> {
    let mut all = faults("sarif-2.1.0.schema.json", Draft::Draft7, document);
    regions(document, &mut all);
    all
}

fn regions(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let starts = ["startLine", "charOffset", "byteOffset"];
                if name == "region" && starts.iter().all(|start| inner.get(start).is_none()) {
                    all.push(format!("a region without a start: {inner}"));
                }
                regions(inner, all);
            }
        }
        Value::Array(list) => list.iter().for_each(|one| regions(one, all)),
        _ => {}
    }
}

/// OpenVEX 0.2.0.
pub fn openvex(document: &Value) -> Vec<String> {
    faults("openvex-0.2.0.schema.json", Draft::Draft202012, document)
}

/// CycloneDX of the version the document names; every reference leads somewhere.
pub fn cyclonedx(document: &Value) -> Vec<String> {
    let version = document["specVersion"].as_str().unwrap_or_default();
    let mut all = faults(&format!("bom-{version}.schema.json"), Draft::Draft7, document);
    let parts = document["components"].as_array().into_iter().flatten();
    let known: Vec<&Value> =
        parts.chain([&document["metadata"]["component"]]).map(|one| &one["bom-ref"]).collect();
    for one in document["vulnerabilities"].as_array().into_iter().flatten() {
        for hit in one["affects"].as_array().into_iter().flatten() {
            if !known.contains(&&hit["ref"]) {
                all.push(format!("{} affects {}, which is not there", one["id"], hit["ref"]));
            }
        }
    }
    all
}

/// SPDX 2.3.
pub fn spdx(document: &Value) -> Vec<String> {
    faults("spdx-2.3.schema.json", Draft::Draft201909, document)
}

/// JUnit XML, by libxml2's own validator.
pub fn junit(document: &[u8]) -> Vec<String> {
    let mut child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(folder().join("junit.xsd"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("xmllint does not start ({error}): run `./dev test`"));
    child.stdin.take().unwrap().write_all(document).unwrap();
    let answer = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    if answer.status.success() { Vec::new() } else { said.lines().map(str::to_owned).collect() }
}
