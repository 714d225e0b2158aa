//! What scancode says: one JSON document, output format 4.
//! Owns the shapes; lenient to fields we do not use, strict about those we do.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Output {
    pub headers: Vec<Header>,
    pub files: Vec<File>,
}

#[derive(Debug, Deserialize)]
pub struct Header {
    pub tool_name: String,
    pub tool_version: String,
    pub output_format_version: String,
    #[serde(default)]
    pub message: Option<String>,
    pub errors: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct File {
    pub path: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub license_detections: Vec<Detection>,
    pub license_clues: Vec<Match>,
    pub percentage_of_license_text: f64,
    pub scan_errors: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub struct Detection {
    pub license_expression: String,
    pub license_expression_spdx: String,
    pub matches: Vec<Match>,
}

#[derive(Debug, Deserialize)]
pub struct Match {
    pub license_expression: String,
    #[serde(default)]
    pub license_expression_spdx: Option<String>,
    pub from_file: Option<String>,
    pub start_line: u64,
    pub end_line: u64,
    pub score: f64,
    pub rule_identifier: String,
}
