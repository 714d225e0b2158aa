//! Fenced JSON, YAML and TOML blocks: read as what they are, then searched for declarations.
//! Owns the three readers' bounds (depth, duplicates, no aliases followed); a block that is broken
//! is a finding where it speaks of capabilities or engines, and nothing where it does not.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use super::stated::{FieldName, Stated, field_name};
use super::{Stance, Subject};
use crate::capability::draft::{Certainty, EntryField, Form};

/// The deepest nesting read.
const MAX_DEPTH: usize = 96;

/// One id a block declares.
#[derive(Debug)]
pub(super) struct BlockId {
    pub(super) text: String,
    pub(super) subject: Subject,
    pub(super) stance: Stance,
    pub(super) stated: Stated,
}

/// Which reader a block asks for; a block without a language that begins as JSON is JSON.
pub(super) fn format(info: &str, text: &str) -> Option<Form> {
    let language = info.split([' ', ',', '{', '\t']).next().unwrap_or_default().to_lowercase();
    match language.as_str() {
        "json" | "json5" | "jsonc" => Some(Form::Json),
        "yaml" | "yml" => Some(Form::Yaml),
        "toml" => Some(Form::Toml),
        "" if text.trim_start().starts_with(['{', '[']) => Some(Form::Json),
        _ => None,
    }
}

/// Whether a block has anything to do with us: what has not is never read.
pub(super) fn concerns(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("capabilit") || lower.contains("engine_id") || lower.contains("engineid")
}

/// Reads a block.
///
/// # Errors
/// With what is wrong, as the reader says it.
pub(super) fn parse(form: Form, text: &str) -> Result<Value, String> {
    match form {
        Form::Yaml => yaml(text),
        Form::Toml => {
            let table: toml::Table =
                toml::from_str(text).map_err(|error| error.message().to_owned())?;
            serde_json::to_value(table).map_err(|error| error.to_string())
        }
        _ => crate::json::parse(text).map_err(|error| error.to_string()),
    }
}

enum Open {
    List(Vec<Value>),
    Table(Map<String, Value>, Option<String>),
}

/// YAML 1.2 as JSON has it: an alias and a merge key are refused, a key is a scalar.
fn yaml(text: &str) -> Result<Value, String> {
    let mut documents: Vec<Value> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        let done = match event {
            Event::MappingStart(..) => {
                open.push(Open::Table(Map::new(), None));
                None
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingEnd => match open.pop() {
                Some(Open::Table(table, _)) => Some(Value::Object(table)),
                _ => return Err("a mapping ends that did not begin".to_owned()),
            },
            Event::SequenceEnd => match open.pop() {
                Some(Open::List(list)) => Some(Value::Array(list)),
                _ => return Err("a sequence ends that did not begin".to_owned()),
            },
            Event::Scalar(text, style, ..) => Some(scalar(&text, style)),
            Event::Alias(_) => return Err("an alias is not followed".to_owned()),
            _ => None,
        };
        if open.len() > MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
        }
        let Some(value) = done else { continue };
        match open.last_mut() {
            None => documents.push(value),
            Some(Open::List(list)) => list.push(value),
            Some(Open::Table(table, key)) => match key.take() {
                Some(name) => {
                    if table.insert(name.clone(), value).is_some() {
                        return Err(format!("duplicate key `{name}`"));
                    }
                }
                None => {
                    *key = Some(match value {
                        Value::String(text) => text,
                        Value::Object(_) | Value::Array(_) => {
                            return Err("a key is no scalar".to_owned());
                        }
                        other => other.to_string(),
                    });
                }
            },
        }
    }
    Ok(if documents.len() == 1 { documents.remove(0) } else { Value::Array(documents) })
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        text => Value::String(text.to_owned()),
    }
}

/// Every declaration of a block, in order.
pub(super) fn declarations(value: &Value) -> Vec<BlockId> {
    let mut found = Vec::new();
    walk(value, "", 0, &mut found);
    found
}

fn key_word(key: &str) -> String {
    key.to_lowercase().replace(['-', ' '], "_")
}

/// Keys of an object that has or asks for rights.
fn is_holder(fields: &Map<String, Value>) -> bool {
    fields.keys().any(|key| {
        matches!(
            key_word(key).as_str(),
            "profile_id"
                | "profile"
                | "role"
                | "operation"
                | "op_id"
                | "consent_id"
                | "capability_profile_id"
                | "grants"
                | "decision_outcome"
                | "actor_id"
                | "user"
        )
    })
}

fn walk(value: &Value, under: &str, depth: usize, found: &mut Vec<BlockId>) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Array(items) => {
            for item in items {
                if let (
                    Value::String(text),
                    "capabilities" | "capability" | "rights" | "permissions",
                ) = (item, under)
                {
                    found.push(BlockId {
                        text: text.clone(),
                        subject: Subject::Capability,
                        stance: Stance::Declares(
                            Certainty::Medium,
                            "a block lists it under `capabilities`".to_owned(),
                        ),
                        stated: Stated::default(),
                    });
                } else {
                    walk(item, under, depth + 1, found);
                }
            }
        }
        Value::Object(fields) => object(fields, under, depth, found),
        _ => {}
    }
}

fn object(fields: &Map<String, Value>, under: &str, depth: usize, found: &mut Vec<BlockId>) {
    let text_of = |names: &[&str]| {
        fields.iter().find_map(|(key, value)| {
            names.contains(&key_word(key).as_str()).then(|| value.as_str()).flatten()
        })
    };
    let engine = text_of(&["engine_id", "engineid"]);
    let capability = text_of(&["capability_id", "capabilityid"]).or_else(|| {
        let listed = matches!(under, "capabilities" | "capability" | "rights" | "permissions");
        text_of(&["id", "name"]).filter(|_| listed && engine.is_none())
    });
    let holder = is_holder(fields);
    if let Some(id) = engine.filter(|_| !holder || fields.contains_key("operations")) {
        found.push(BlockId {
            text: id.to_owned(),
            subject: Subject::Engine,
            stance: Stance::Declares(Certainty::High, "a block declares the engine".to_owned()),
            stated: stated(fields),
        });
    } else if let Some(id) = capability {
        let stance = if holder {
            Stance::Mention("a block names it as what somebody has or asks for".to_owned())
        } else if fields.iter().any(|(key, value)| gone(key, value)) {
            Stance::Negated { why: "its block says that it is gone".to_owned(), abolished: true }
        } else {
            Stance::Declares(Certainty::High, "a block declares it".to_owned())
        };
        found.push(BlockId {
            text: id.to_owned(),
            subject: Subject::Capability,
            stance,
            stated: stated(fields),
        });
    }
    for (key, inner) in fields {
        let key = key_word(key);
        let listing = matches!(key.as_str(), "capabilities" | "rights" | "permissions");
        match inner {
            // `capabilities: {"fs.read": {…}}`.
            Value::Object(entries) if listing && engine.is_none() && !holder => {
                for (id, own) in entries {
                    let Some(own) = own.as_object() else {
                        if own.is_string() && super::lexeme::form_of(id).is_some() {
                            let mut stated = Stated::default();
                            stated.set(FieldName::Description, own.as_str().unwrap_or_default());
                            found.push(mapped(id, stated));
                        }
                        continue;
                    };
                    let deep = own.contains_key("capability_id");
                    if deep
                        || super::lexeme::form_of(id).is_none() && stated(own) == Stated::default()
                    {
                        walk(&Value::Object(own.clone()), &key, depth + 1, found);
                    } else {
                        found.push(mapped(id, stated(own)));
                    }
                }
            }
            Value::Array(_) if listing && (engine.is_some() || holder || capability.is_some()) => {}
            Value::Array(_) | Value::Object(_) => walk(inner, &key, depth + 1, found),
            _ => {}
        }
    }
}

fn mapped(id: &str, stated: Stated) -> BlockId {
    BlockId {
        text: id.to_owned(),
        subject: Subject::Capability,
        stance: Stance::Declares(
            Certainty::High,
            "a block declares it as a key of `capabilities`".to_owned(),
        ),
        stated,
    }
}

fn gone(key: &str, value: &Value) -> bool {
    let flag =
        matches!(key_word(key).as_str(), "removed" | "forbidden" | "reserved" | "deprecated");
    let word = key_word(key) == "status"
        && value.as_str().is_some_and(|text| super::words::abolishes(&text.to_lowercase()));
    word || flag && *value == Value::Bool(true)
}

fn stated(fields: &Map<String, Value>) -> Stated {
    let mut stated = Stated::default();
    for (key, value) in fields {
        let Some(name) = field_name(key) else { continue };
        if name == FieldName::Entry(EntryField::CapabilityId) {
            continue;
        }
        match value {
            Value::String(text) => stated.set(name, text),
            Value::Array(items) => {
                let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                stated.set(name, &words.join(", "));
            }
            Value::Null => {}
            other => stated.set(name, &other.to_string()),
        }
    }
    stated
}
