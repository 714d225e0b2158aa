//! Any JSON object somebody gave as an operation (contract GATE-8), read once.
//! Owns the door: size, JSON, duplicate keys, the envelope's fields. Never judges what is asked for.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::budget::Budget;
use crate::code::Code;
use crate::determinism::{Determinism, EvidencePolicy};
use crate::digest::Digest;
use crate::id::{ActorId, ConsentId, EngineId, JobId, OpId, OperationName, ProfileId, RunId};
use crate::operation::{Input, OutputSpec, PlannedOperation};

/// The most bytes a request may have.
pub const MAX_REQUEST_BYTES: usize = 1 << 20;
/// The most items any list of the envelope may have.
const MAX_ITEMS: usize = 256;
/// The most bytes a name in a list of the envelope may have.
const MAX_NAME: usize = 256;

/// What was given is no attempt at all, but bad input (contract section 15): exit 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InputRefused {
    /// Over [`MAX_REQUEST_BYTES`].
    #[error("the operation has {bytes} bytes, the limit is {MAX_REQUEST_BYTES}")]
    TooBig {
        /// Its size.
        bytes: usize,
    },
    /// Not JSON, or with duplicate keys.
    #[error("the operation is not JSON: {0}")]
    NotJson(String),
    /// JSON, but not an object.
    #[error("the operation is {0} and not a JSON object")]
    NotAnObject(&'static str),
}

impl InputRefused {
    /// The code hosts switch on.
    pub const fn code(&self) -> Code {
        match self {
            Self::TooBig { .. } => Code::InputTooBig,
            Self::NotJson(_) | Self::NotAnObject(_) => Code::InputNotJson,
        }
    }
}

/// One attempt to run one operation, valid or not.
#[derive(Debug, Clone)]
pub struct Attempt {
    op_id: OpId,
    engine: String,
    name: String,
    request_sha256: Digest,
    params: Value,
    params_bytes: usize,
    operation: Result<Arc<PlannedOperation>, Vec<String>>,
}

impl Attempt {
    /// Reads a request. `fresh` becomes its id where it has no valid one.
    ///
    /// # Errors
    /// For what is too big, not JSON, or not an object. Any object is an attempt.
    pub fn parse(text: &str, fresh: OpId) -> Result<Self, InputRefused> {
        if text.len() > MAX_REQUEST_BYTES {
            return Err(InputRefused::TooBig { bytes: text.len() });
        }
        let value = crate::json::parse(text).map_err(|e| InputRefused::NotJson(e.to_string()))?;
        let kind = match value {
            Value::Object(fields) => {
                return Ok(Self::read(fields, Digest::of(text.as_bytes()), fresh));
            }
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
        };
        Err(InputRefused::NotAnObject(kind))
    }

    /// An operation planned by the product itself, as if it had been given as text.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn planned(operation: &PlannedOperation) -> Result<Self, InputRefused> {
        let text =
            serde_json::to_string(operation).map_err(|e| InputRefused::NotJson(e.to_string()))?;
        Self::parse(&text, operation.op_id)
    }

    fn read(mut fields: Map<String, Value>, request_sha256: Digest, fresh: OpId) -> Self {
        let text = |name: &str| shown(fields.get(name).and_then(Value::as_str).unwrap_or_default());
        let (engine, name) = (text("engine_id"), text("operation"));
        let op_id = fields.get("op_id").and_then(read::<OpId>).unwrap_or(fresh);
        let errors = envelope_errors(&fields);
        let params = fields.get("params").cloned().unwrap_or(Value::Null);
        let params_bytes = serde_json::to_vec(&params).map_or(usize::MAX, |bytes| bytes.len());
        let operation = if errors.is_empty() {
            // Every field was read by itself; together they can fail only by a fault of ours.
            serde_json::from_value(Value::Object(std::mem::take(&mut fields)))
                .map(Arc::new)
                .map_err(|_| vec!["the fields are valid but the envelope is not".to_owned()])
        } else {
            Err(errors)
        };
        Self { op_id, engine, name, request_sha256, params, params_bytes, operation }
    }

    /// Its id: the request's own where it is valid, else the fresh one.
    pub const fn op_id(&self) -> OpId {
        self.op_id
    }

    /// The engine as asked for, cut and without control characters; empty where there is none.
    pub fn engine_text(&self) -> &str {
        &self.engine
    }

    /// The operation as asked for, cut and without control characters; empty where there is none.
    pub fn operation_text(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the request as received.
    pub const fn request_sha256(&self) -> Digest {
        self.request_sha256
    }

    /// The params as given; null where there are none.
    pub const fn params(&self) -> &Value {
        &self.params
    }

    /// How many bytes the params have as compact JSON (contract GATE-4).
    pub const fn params_bytes(&self) -> usize {
        self.params_bytes
    }

    /// The envelope, where it parses.
    ///
    /// # Errors
    /// Everything wrong with its fields, each by name and without its value.
    pub fn operation(&self) -> Result<&PlannedOperation, &[String]> {
        match &self.operation {
            Ok(operation) => Ok(operation),
            Err(errors) => Err(errors),
        }
    }

    pub(super) fn shared_operation(&self) -> Option<Arc<PlannedOperation>> {
        self.operation.as_ref().ok().cloned()
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

fn is<T: DeserializeOwned>(value: &Value) -> bool {
    T::deserialize(value).is_ok()
}

fn names(value: &Value) -> bool {
    read::<Vec<String>>(value).is_some_and(|list| {
        list.len() <= MAX_ITEMS && list.iter().all(|name| name.len() <= MAX_NAME)
    })
}

fn list<T: DeserializeOwned>(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.len() <= MAX_ITEMS && list.iter().all(is::<T>))
}

/// A text from outside as it may stand in an event: short, one line.
fn shown(text: &str) -> String {
    text.chars().take(128).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

enum Presence {
    Required,
    Optional,
}

struct Field {
    name: &'static str,
    presence: Presence,
    valid: fn(&Value) -> bool,
    rule: &'static str,
}

/// The envelope, field by field: the one table of contract ENV-1.
const FIELDS: [Field; 17] = {
    use Presence::{Optional, Required};
    const fn field(
        name: &'static str,
        presence: Presence,
        valid: fn(&Value) -> bool,
        rule: &'static str,
    ) -> Field {
        Field { name, presence, valid, rule }
    }
    [
        field("schema_version", Required, |v| v == crate::operation::SCHEMA_VERSION, "`poe-1.0`"),
        field("op_id", Required, is::<OpId>, "a UUID"),
        field(
            "engine_id",
            Required,
            is::<EngineId>,
            "an engine id such as `engine.guard.secret_scan`",
        ),
        field(
            "engine_version_req",
            Optional,
            |v| v.is_null() || is::<semver::VersionReq>(v),
            "null or a version requirement such as `^1.0`",
        ),
        field(
            "operation",
            Required,
            is::<OperationName>,
            "an operation name such as `secret_scan`",
        ),
        field(
            "inputs",
            Required,
            list::<Input>,
            "at most 256 artifact handles or entity references",
        ),
        field("params", Required, Value::is_object, "an object"),
        field(
            "capabilities_requested",
            Required,
            names,
            "at most 256 capability ids of at most 256 bytes",
        ),
        field("capability_profile_id", Required, is::<ProfileId>, "a profile id"),
        field(
            "actor_id",
            Required,
            is::<ActorId>,
            "1 to 128 characters without control characters",
        ),
        field("job_id", Required, is::<JobId>, "a UUID"),
        field("workflow_run_id", Optional, is::<Option<RunId>>, "null or a UUID"),
        field(
            "budget",
            Optional,
            is::<Option<Budget>>,
            "null or `cpu_time_ms`, `wall_time_ms`, `memory_bytes` and `output_bytes`, each a whole number",
        ),
        field("determinism", Required, is::<Determinism>, "one of `D0`, `D1`, `D2`, `D3`"),
        field(
            "evidence_policy",
            Optional,
            is::<Option<EvidencePolicy>>,
            "null or an object with `required`",
        ),
        field(
            "output_spec",
            Required,
            |v| is::<OutputSpec>(v) && v.get("roles").is_some_and(names),
            "an object with `roles`, at most 256 names",
        ),
        field("consents", Optional, list::<ConsentId>, "at most 256 UUIDs"),
    ]
};

fn envelope_errors(fields: &Map<String, Value>) -> Vec<String> {
    let mut errors = Vec::new();
    for field in &FIELDS {
        match (fields.get(field.name), &field.presence) {
            (None, Presence::Required) => errors.push(format!("`{}` is missing", field.name)),
            (None, Presence::Optional) => {}
            (Some(value), _) => {
                if !(field.valid)(value) {
                    errors.push(format!("`{}` must be {}", field.name, field.rule));
                }
            }
        }
    }
    for name in
        fields.keys().filter(|name| !FIELDS.iter().any(|field| field.name == **name)).take(16)
    {
        errors.push(format!("`{}` is not a field of the envelope", shown(name)));
    }
    errors
}
