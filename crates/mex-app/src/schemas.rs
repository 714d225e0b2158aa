//! The generated documentation: a JSON Schema for every envelope, event, report and file format
//! (contract ENV-5), and the list of error codes.
//! Owns names, versions and text of these files; writes nothing itself (the example `generate`
//! does), and never describes a shape that a Rust type does not have.

use std::fmt::Write as _;

use mex_runtime::capability::{CapabilityEntry, Profile};
use mex_runtime::code::Code;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// One generated file, by its path under the repository root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Relative, with `/`.
    pub path: String,
    /// The whole text, ending in a newline.
    pub text: String,
}

/// One format with its schema.
#[derive(Debug, Clone)]
pub struct Format {
    /// The file's stem under `schemas/`, such as `planned-operation`.
    pub name: &'static str,
    /// What the document's own version field must say; `None` where the version stands in the
    /// media type and the sidecar (contract ENV-5).
    pub version: Option<&'static str>,
    schema: Schema,
}

impl Format {
    fn of<T: JsonSchema>(name: &'static str, version: Option<&'static str>) -> Self {
        let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
        Self { name, version, schema }
    }

    /// The schema as a JSON value, with its identity and, where the document carries one, its
    /// version pinned.
    pub fn schema(&self) -> Value {
        let mut schema = self.schema.clone();
        schema.insert("$id".to_owned(), json!(format!("urn:mex:schema:{}", self.name)));
        let mut value = schema.to_value();
        if let Some(version) = self.version
            && let Some(field) = value.pointer_mut("/properties/schema_version")
        {
            field["const"] = json!(version);
        }
        value
    }

    /// Where the schema is kept.
    pub fn path(&self) -> String {
        format!("schemas/{}.schema.json", self.name)
    }
}

/// `capability_registry/assets/capability_registry.json` as it is written (contract REG-6).
#[derive(JsonSchema)]
#[schemars(title = "CapabilityRegistry", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used: the reader is mex_runtime::capability")]
struct RegistryDocument {
    /// The version of this format.
    schema_version: String,
    /// The registry's own version, pinned by every verdict (contract REG-8).
    #[schemars(extend(
        "pattern" = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(\+([0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?$"
    ))]
    capability_registry_version: String,
    /// The entries, each id once.
    capabilities: Vec<CapabilityEntry>,
}

/// `capability_registry/profiles.json` as it is written (contract CAP-3).
#[derive(JsonSchema)]
#[schemars(title = "Profiles", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used: the reader is mex_runtime::capability")]
struct ProfilesDocument {
    /// The version of this format.
    schema_version: String,
    /// The profiles, each id once.
    profiles: Vec<Profile>,
}

/// Every format this product reads or writes, sorted by name.
pub fn formats() -> Vec<Format> {
    use mex_runtime::policy::{allowlist, file, verdict};
    use mex_runtime::{
        artifact, capability, coverage, delta, diagnostic, engine, event, operation,
    };
    use mex_runtime::{report, result};
    use mex_scanners::{advisory, stage, toolchain};

    let mut formats = vec![
        Format::of::<allowlist::Allowlist>("allowlist", Some(allowlist::SCHEMA_VERSION)),
        Format::of::<artifact::ArtifactHandle>("artifact-handle", None),
        Format::of::<artifact::Provenance>("provenance", Some("pv-1.0")),
        Format::of::<artifact::Sidecar>("sidecar", Some("sc-1.0")),
        Format::of::<capability::Consent>("consent", None),
        Format::of::<capability::draft::RegistryDraft>(
            "capability-registry-draft",
            Some(capability::draft::SCHEMA_VERSION),
        ),
        Format::of::<capability::validate::Validation>(
            "capability-registry-validation",
            Some(capability::validate::SCHEMA_VERSION),
        ),
        Format::of::<capability::diff::RegistryDiff>(
            "capability-registry-diff",
            Some(capability::diff::SCHEMA_VERSION),
        ),
        Format::of::<capability::review::Review>(
            "capability-registry-review",
            Some(capability::review::SCHEMA_VERSION),
        ),
        Format::of::<mex_recorder::PublishRecord>("registry-publish-record", Some("rp-1.0")),
        Format::of::<coverage::Coverage>("coverage", Some("cl-1.0")),
        Format::of::<delta::Delta>("delta", Some(delta::SCHEMA_VERSION)),
        Format::of::<diagnostic::Diagnostic>("diagnostic", None),
        Format::of::<engine::EnginesFile>("mechanical-engines", Some(engine::SCHEMA_VERSION)),
        Format::of::<event::Event>("event", Some("fe-1.0")),
        Format::of::<crate::import::Import>("import", Some(crate::import::SCHEMA_VERSION)),
        Format::of::<file::Policy>("policy", Some(file::SCHEMA_VERSION)),
        Format::of::<operation::PlannedOperation>(
            "planned-operation",
            Some(operation::SCHEMA_VERSION),
        ),
        Format::of::<ProfilesDocument>("profiles", Some("cp-1.0")),
        Format::of::<RegistryDocument>("capability-registry", Some("cr-1.0")),
        Format::of::<report::SecretReport>("secret-report", None),
        Format::of::<report::SupplyChainReport>("supply-chain-report", None),
        Format::of::<result::EngineResult>("engine-result", Some(result::SCHEMA_VERSION)),
        Format::of::<mex_recorder::Head>("recorder-head", Some("he-1.0")),
        Format::of::<advisory::snapshot::Description>("advisory-snapshot", Some("as-1.0")),
        Format::of::<stage::Manifest>("manifest", Some("mf-1.0")),
        Format::of::<toolchain::Lock>("toolchain-lock", Some("tl-1.0")),
        Format::of::<toolchain::ProvisioningRecord>("provisioning-record", Some("tr-1.0")),
        Format::of::<verdict::Verdict>("verdict", Some(verdict::SCHEMA_VERSION)),
    ];
    formats.sort_by_key(|format| format.name);
    formats
}

/// Every generated file of the repository, sorted by path.
pub fn generated_files() -> Vec<GeneratedFile> {
    let mut files: Vec<GeneratedFile> = formats()
        .iter()
        .map(|format| GeneratedFile {
            path: format.path(),
            text: format!("{:#}\n", format.schema()),
        })
        .collect();
    files.push(GeneratedFile { path: "docs/error-codes.md".to_owned(), text: error_codes() });
    files.push(GeneratedFile { path: "schemas/README.md".to_owned(), text: index() });
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn error_codes() -> String {
    let mut text = String::from(
        "# Error codes\n\n\
         The closed list of codes that leave the product: as `code` of an error, a denial or a\n\
         diagnostic. Programs switch on the code and never on a sentence. A code is never renamed\n\
         without a line in the changelog. Which exit code goes with it says [exit-codes.md](exit-codes.md).\n\n\
         Generated by `./dev gen` from `crates/mex-runtime/src/code.rs`; do not edit.\n\n\
         | code | what it means | what to do |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        let _ = writeln!(text, "| `{code}` | {} | {} |", code.meaning(), code.hint());
    }
    text
}

fn index() -> String {
    let mut text = String::from(
        "# JSON Schemas\n\n\
         One file a format, JSON Schema 2020-12, generated from the Rust types by `./dev gen`; do\n\
         not edit. `version` is what the document's own `schema_version` must say; where there is\n\
         none, the version stands in the media type and in the sidecar.\n\n\
         | schema | version |\n|---|---|\n",
    );
    for format in formats() {
        let version = format.version.map_or("-".to_owned(), |version| format!("`{version}`"));
        let _ = writeln!(text, "| [{0}]({0}.schema.json) | {version} |", format.name);
    }
    text
}
