//! What syft says in its own format: packages, what depends on what, and files it could not read.
//! Owns the shapes; lenient to fields we do not use, strict about those we do.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Report {
    pub artifacts: Vec<Package>,
    #[serde(rename = "artifactRelationships")]
    pub relationships: Vec<Relationship>,
    #[serde(default)]
    pub files: Vec<File>,
    pub descriptor: Descriptor,
}

#[derive(Debug, Deserialize)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub version: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(rename = "foundBy")]
    pub found_by: String,
    pub locations: Vec<Location>,
    #[serde(default)]
    pub licenses: Vec<License>,
    pub purl: String,
}

#[derive(Debug, Deserialize)]
pub struct Location {
    pub path: String,
}

#[derive(Debug, Deserialize)]
pub struct License {
    #[serde(default)]
    pub value: String,
    #[serde(default, rename = "spdxExpression")]
    pub spdx: String,
}

#[derive(Debug, Deserialize)]
pub struct Relationship {
    pub parent: String,
    pub child: String,
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Debug, Deserialize)]
pub struct File {
    pub location: Location,
    #[serde(default)]
    pub unknowns: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Descriptor {
    pub name: String,
}
