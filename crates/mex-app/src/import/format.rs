//! From text to a report of a known format and version, or a refusal that names what is wrong and
//! repeats nothing of the file but a version or a single word, cleaned.

use mex_runtime::code::Code;
use serde::Deserialize;
use serde_json::Value;

use super::document::{self, Import};
use super::{MAX_ITEMS, cyclonedx, openvex, sarif};

/// Why a report is not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
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
    /// The closed code.
    pub(super) const fn code(&self) -> Code {
        match self {
            Self::NotJson { .. } => Code::InputNotJson,
            Self::TooMany { .. } => Code::InputTooBig,
            Self::Unknown | Self::Version { .. } | Self::Shape { .. } | Self::Word { .. } => {
                Code::ImportFormat
            }
        }
    }

    /// A parser's error without what it quotes of the file.
    pub(super) fn shape(error: serde_json::Error) -> Self {
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

    /// A field that says what its format does not know.
    pub(super) fn word(field: &'static str, value: &str) -> Self {
        Self::Word { field, value: document::name(value) }
    }
}

/// Refuses more than [`MAX_ITEMS`] of something.
pub(super) fn bounded(what: &'static str, count: usize) -> Result<(), Refusal> {
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

/// Reads a report.
pub(super) fn read(text: &str) -> Result<Import, Refusal> {
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
