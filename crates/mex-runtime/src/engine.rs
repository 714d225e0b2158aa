//! Which engines exist and what each may do: `mechanical_engines.json`, raw to valid at the door.
//! Owns the file's rules and the compiled parameter schemas. Never decides about an attempt:
//! that is the gates'.
//! Long because the file's shape and every rule over it are read together.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::budget::Budget;
use crate::capability::{CapabilityId, CapabilityRegistry};
use crate::determinism::Determinism;
use crate::digest::Digest;
use crate::id::{EngineId, OperationName, ToolName};

/// The only `schema_version` of `mechanical_engines.json`.
pub const SCHEMA_VERSION: &str = "me-1.0";

/// The `format` that marks a parameter as a path inside the workspace (contract GATE-4).
pub const WORKSPACE_PATH: &str = "workspace-path";

/// The file as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnginesFile {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// Every engine.
    pub engines: Vec<EngineEntry>,
}

/// One engine as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngineEntry {
    /// Its stable id.
    pub engine_id: EngineId,
    /// For people.
    pub title: String,
    /// The version of our adapter code; `engine_version_req` is held against it.
    #[schemars(with = "String")]
    pub adapter_version: Version,
    /// What every operation of it needs.
    pub required_capabilities: Vec<CapabilityId>,
    /// What it can do.
    pub operations: Vec<OperationEntry>,
}

/// One operation as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationEntry {
    /// Its name, unique in the engine.
    pub operation: OperationName,
    /// For people.
    pub title: String,
    /// JSON Schema (2020-12) of its params: an object without additional properties. A path
    /// inside the workspace is a string of `"format": "workspace-path"`.
    pub params: Value,
    /// What it needs beside the engine's.
    #[serde(default)]
    pub required_capabilities: Vec<CapabilityId>,
    /// What it may use beside that.
    #[serde(default)]
    pub optional_capabilities: Vec<CapabilityId>,
    /// The tools it runs. Params named `tools` narrow them.
    pub tools: Vec<ToolName>,
    /// The roles of the outputs it makes.
    pub output_roles: Vec<String>,
    /// The kind of report it makes.
    pub report: ReportShape,
    /// What a planner asks for where nobody says otherwise.
    pub default_budget: Budget,
    /// What nobody may exceed.
    pub max_budget: Budget,
    /// What it can claim at most (contract DET-2).
    pub determinism_ceiling: Determinism,
    /// What it reads.
    pub input_kinds: Vec<InputKind>,
}

/// Which report an operation makes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ReportShape {
    /// A SecretReport.
    Secret,
    /// A SupplyChainReport of vulnerabilities.
    Vuln,
    /// A SupplyChainReport of components.
    Sbom,
    /// A SupplyChainReport of licences.
    License,
    /// None.
    None,
}

/// What an operation reads.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// Exactly one artifact of role `manifest`: the staged tree (contract ENV-6). Not optional.
    Manifest,
    /// At most one workspace entity.
    Workspace,
    /// Any other artifacts.
    Artifact,
}

/// One thing wrong with `mechanical_engines.json`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{place}`: {rule}")]
pub struct EngineDefect {
    /// The engine, operation or field.
    pub place: String,
    /// The rule it breaks.
    pub rule: String,
}

/// Why `mechanical_engines.json` is refused: code `MEX-ENGINES-INVALID`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnginesError {
    /// It cannot be read at all.
    #[error("mechanical_engines.json is not readable: {0}")]
    Unreadable(String),
    /// Every rule it breaks.
    #[error("mechanical_engines.json breaks {} rules, first {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Defects(Vec<EngineDefect>),
}

/// Every engine, valid, with the parameter schemas compiled.
#[derive(Debug)]
pub struct EngineCatalog {
    digest: Digest,
    engines: BTreeMap<EngineId, Engine>,
}

/// One engine, valid.
#[derive(Debug)]
pub struct Engine {
    id: EngineId,
    title: String,
    adapter_version: Version,
    operations: BTreeMap<OperationName, EngineOperation>,
}

/// One operation, valid.
#[derive(Debug)]
pub struct EngineOperation {
    entry: OperationEntry,
    validator: jsonschema::Validator,
    required: Vec<CapabilityId>,
    usable: Vec<CapabilityId>,
    paths: Vec<Vec<Step>>,
}

/// One step on the way to a path in params.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Each,
}

impl EngineCatalog {
    /// Reads and validates the file, and compiles every parameter schema once.
    ///
    /// # Errors
    /// All defects at once, each with its place and rule; code `MEX-ENGINES-INVALID`.
    pub fn parse(text: &str) -> Result<Self, EnginesError> {
        let unreadable = |error: serde_json::Error| EnginesError::Unreadable(error.to_string());
        let mut document = crate::json::parse(text).map_err(unreadable)?;
        let listed = document.get_mut("engines").and_then(Value::as_array_mut).map(std::mem::take);
        let file: EnginesFile = serde_json::from_value(document).map_err(unreadable)?;
        let mut defects = Vec::new();
        let mut report = |place: &str, rule: String| {
            defects.push(EngineDefect { place: place.to_owned(), rule });
        };
        if file.schema_version != SCHEMA_VERSION {
            report("schema_version", format!("must be `{SCHEMA_VERSION}`"));
        }
        let listed = listed.unwrap_or_default();
        if listed.is_empty() {
            report("engines", "must name at least one engine".to_owned());
        }
        let mut engines = BTreeMap::new();
        for (at, value) in listed.into_iter().enumerate() {
            match serde_json::from_value::<EngineEntry>(value) {
                Err(error) => report(&format!("engines/{at}"), error.to_string()),
                Ok(entry) => {
                    let id = entry.engine_id.clone();
                    let engine = Engine::valid(entry, &mut report);
                    if engines.insert(id.clone(), engine).is_some() {
                        report(id.as_str(), "`engine_id` must be unique".to_owned());
                    }
                }
            }
        }
        if defects.is_empty() {
            Ok(Self { digest: Digest::of(text.as_bytes()), engines })
        } else {
            Err(EnginesError::Defects(defects))
        }
    }

    /// SHA-256 of the file's bytes.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// An engine by id.
    pub fn engine(&self, id: &EngineId) -> Option<&Engine> {
        self.engines.get(id)
    }

    /// Every engine, by id.
    pub fn engines(&self) -> impl Iterator<Item = &Engine> {
        self.engines.values()
    }

    /// An operation of an engine.
    pub fn operation(&self, engine: &EngineId, name: &OperationName) -> Option<&EngineOperation> {
        self.engine(engine)?.operation(name)
    }

    /// The capabilities the file names that the registry does not know (contract REG-3).
    pub fn uncovered<'a>(&'a self, registry: &CapabilityRegistry) -> BTreeSet<&'a CapabilityId> {
        let named = self.engines.values().flat_map(Engine::operations).flat_map(|op| &op.usable);
        named.filter(|id| !registry.knows(id)).collect()
    }
}

impl Engine {
    fn valid(entry: EngineEntry, report: &mut dyn FnMut(&str, String)) -> Self {
        let place = entry.engine_id.to_string();
        if entry.title.trim().is_empty() {
            report(&place, "`title` must not be empty".to_owned());
        }
        if entry.operations.is_empty() {
            report(&place, "`operations` must name at least one operation".to_owned());
        }
        let mut operations = BTreeMap::new();
        for raw in entry.operations {
            let name = raw.operation.clone();
            let place = format!("{place}/{name}");
            let valid = EngineOperation::valid(raw, &entry.required_capabilities, &mut |rule| {
                report(&place, rule);
            });
            if let Some(operation) = valid
                && operations.insert(name, operation).is_some()
            {
                report(&place, "`operation` must be unique in its engine".to_owned());
            }
        }
        Self {
            id: entry.engine_id,
            title: entry.title,
            adapter_version: entry.adapter_version,
            operations,
        }
    }

    /// Its id.
    pub const fn id(&self) -> &EngineId {
        &self.id
    }

    /// For people.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The version of our adapter code.
    pub const fn adapter_version(&self) -> &Version {
        &self.adapter_version
    }

    /// An operation by name.
    pub fn operation(&self, name: &OperationName) -> Option<&EngineOperation> {
        self.operations.get(name)
    }

    /// Every operation, by name.
    pub fn operations(&self) -> impl Iterator<Item = &EngineOperation> {
        self.operations.values()
    }

    /// Every tool any of its operations runs, sorted.
    pub fn tools(&self) -> BTreeSet<&ToolName> {
        self.operations.values().flat_map(|operation| &operation.entry.tools).collect()
    }
}

impl EngineOperation {
    fn valid(
        entry: OperationEntry,
        engine_required: &[CapabilityId],
        report: &mut dyn FnMut(String),
    ) -> Option<Self> {
        if entry.title.trim().is_empty() {
            report("`title` must not be empty".to_owned());
        }
        if entry.output_roles.is_empty() {
            report("`output_roles` must name at least one role".to_owned());
        }
        for role in entry.output_roles.iter().filter(|role| role.trim().is_empty()) {
            report(format!("`output_roles` holds an empty role `{role}`"));
        }
        for ((limit, max), (_, default)) in
            entry.max_budget.fields().into_iter().zip(entry.default_budget.fields())
        {
            let field = limit.field();
            if max == 0 {
                report(format!("`max_budget.{field}` must be positive"));
            }
            if default == 0 || default > max {
                report(format!(
                    "`default_budget.{field}` must be positive and at most the maximum"
                ));
            }
        }
        let sorted = |ids: BTreeSet<&CapabilityId>| ids.into_iter().cloned().collect::<Vec<_>>();
        let required: BTreeSet<_> =
            engine_required.iter().chain(&entry.required_capabilities).collect();
        let usable: BTreeSet<_> =
            required.iter().copied().chain(&entry.optional_capabilities).collect();
        for tool in &entry.tools {
            let scope = format!("proc.exec:{tool}");
            if !usable.iter().any(|id| id.as_str() == scope) {
                report(format!("runs `{tool}` without the capability `{scope}`"));
            }
        }
        let (required, usable) = (sorted(required), sorted(usable));
        if entry.params.get("type").and_then(Value::as_str) != Some("object")
            || entry.params.get("additionalProperties") != Some(&Value::Bool(false))
        {
            report(
                "`params` must be a schema of an object without additional properties".to_owned(),
            );
        }
        let mut paths = Vec::new();
        if let Err(rule) = find_paths(&entry.params, &mut Vec::new(), &mut paths) {
            report(rule);
        }
        let compiled =
            jsonschema::options().with_draft(jsonschema::Draft::Draft202012).build(&entry.params);
        match compiled {
            Ok(validator) => Some(Self { entry, validator, required, usable, paths }),
            Err(error) => {
                report(format!("`params` is not a JSON Schema (2020-12): {error}"));
                None
            }
        }
    }

    /// Everything the file says of it.
    pub const fn entry(&self) -> &OperationEntry {
        &self.entry
    }

    /// Its name.
    pub const fn name(&self) -> &OperationName {
        &self.entry.operation
    }

    /// What must be requested, sorted: the engine's and its own.
    pub fn required_capabilities(&self) -> &[CapabilityId] {
        &self.required
    }

    /// What may be requested, sorted: the required and the optional.
    pub fn usable_capabilities(&self) -> &[CapabilityId] {
        &self.usable
    }

    /// Everything wrong with params, as `pointer: rule`, without the values themselves: they
    /// could hold a secret (contract FR-9).
    pub fn params_errors(&self, params: &Value) -> Vec<String> {
        self.validator
            .iter_errors(params)
            .map(|error| format!("`params{}`: {}", error.instance_path(), error.masked()))
            .collect()
    }

    /// Whether params match the schema.
    pub fn params_match(&self, params: &Value) -> bool {
        self.validator.is_valid(params)
    }

    /// Every value in params that the schema marks as a path inside the workspace.
    pub fn workspace_paths<'v>(&self, params: &'v Value) -> Vec<&'v str> {
        let mut found = Vec::new();
        for steps in &self.paths {
            collect(params, steps, &mut found);
        }
        found
    }

    /// Puts `path` where the first path of params belongs; says whether there is such a place.
    pub(crate) fn put_workspace_path(&self, params: &mut Value, path: &str) -> bool {
        let Some(steps) = self.paths.first() else { return false };
        let inner = steps.iter().rev().fold(Value::from(path), |inner, step| match step {
            Step::Field(name) => Value::Object([(name.clone(), inner)].into_iter().collect()),
            Step::Each => Value::Array(vec![inner]),
        });
        match (params.as_object_mut(), inner) {
            (Some(fields), Value::Object(own)) => fields.extend(own),
            _ => return false,
        }
        true
    }

    /// The tools an attempt with these params runs: those its `tools` names, else all.
    pub fn tools_for<'t>(&'t self, params: &Value) -> Vec<&'t ToolName> {
        let named = params.get("tools").and_then(Value::as_array);
        let wanted = |tool: &&ToolName| {
            named.is_none_or(|list| list.iter().any(|name| name.as_str() == Some(tool.as_str())))
        };
        self.entry.tools.iter().filter(wanted).collect()
    }
}

/// Finds where paths stand. A mark anywhere but in `properties` and `items` would be a path that
/// no gate sees, so it is refused.
fn find_paths(
    schema: &Value,
    steps: &mut Vec<Step>,
    found: &mut Vec<Vec<Step>>,
) -> Result<(), String> {
    let Some(fields) = schema.as_object() else { return Ok(()) };
    if fields.get("format").and_then(Value::as_str) == Some(WORKSPACE_PATH) {
        found.push(steps.clone());
    }
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                for (name, inner) in properties {
                    steps.push(Step::Field(name.clone()));
                    find_paths(inner, steps, found)?;
                    steps.pop();
                }
            }
            ("items", inner) => {
                steps.push(Step::Each);
                find_paths(inner, steps, found)?;
                steps.pop();
            }
            ("format", _) => {}
            (key, other) if mentions_path(other) => {
                return Err(format!(
                    "`params` marks a `{WORKSPACE_PATH}` under `{key}`; only `properties` and `items` may hold one"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn mentions_path(value: &Value) -> bool {
    match value {
        Value::String(text) => text == WORKSPACE_PATH,
        Value::Array(items) => items.iter().any(mentions_path),
        Value::Object(fields) => fields.values().any(mentions_path),
        _ => false,
    }
}

fn collect<'v>(value: &'v Value, steps: &[Step], found: &mut Vec<&'v str>) {
    match steps {
        [] => found.extend(value.as_str()),
        [Step::Field(name), rest @ ..] => {
            if let Some(inner) = value.get(name) {
                collect(inner, rest, found);
            }
        }
        [Step::Each, rest @ ..] => {
            for inner in value.as_array().into_iter().flatten() {
                collect(inner, rest, found);
            }
        }
    }
}
