//! JSON Schema, as schemars writes it, in the words of TypeScript.
//! Owns the translation. Refuses a keyword it does not know, so that a type never says less or more
//! than its schema; never guesses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// A schema TypeScript has no word for here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot be written in TypeScript: {why}; give its Rust type another shape")]
pub struct Untypable {
    name: String,
    why: Wordless,
}

/// What has no word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Wordless {
    #[error("its keyword `{0}` is not known")]
    Keyword(String),
    #[error("its type `{0}` is not known")]
    Type(String),
    #[error("`{0}` is no reference to a definition")]
    Reference(String),
    #[error("`{0}` is not what stands there in a schema")]
    Shape(String),
    #[error("two types have its name")]
    Twice,
}

/// What narrows a value and not its type.
const WITHOUT_A_WORD: &[&str] = &[
    "$schema",
    "title",
    "description",
    "default",
    "examples",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "unevaluatedProperties",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentEncoding",
    "contentMediaType",
    "propertyNames",
    "required",
    "properties",
    "additionalProperties",
    "patternProperties",
    "items",
    "prefixItems",
];

/// One exported type.
///
/// # Errors
/// For a schema without a word.
pub fn declare(text: &mut String, name: &str, schema: &Value) -> Result<(), Untypable> {
    if let Some(about) = schema.get("description").and_then(Value::as_str) {
        remark(text, "", about);
    }
    let mut used = Vec::new();
    let inside = |why| Untypable { name: name.to_owned(), why };
    let word = Words { used: &mut used }.of(schema, 0).map_err(inside)?;
    let _ = writeln!(text, "export type {} = {word};\n", identifier(name));
    Ok(())
}

/// The word for a type, with the names it uses put into `used`.
///
/// # Errors
/// For a schema without a word.
pub fn word(schema: &Value, used: &mut Vec<String>) -> Result<String, Untypable> {
    let inside = |why| Untypable { name: "a command".to_owned(), why };
    Words { used }.of(schema, 0).map_err(inside)
}

/// The error for a name that two types have.
pub fn twice(name: &str) -> Untypable {
    Untypable { name: name.to_owned(), why: Wordless::Twice }
}

/// `snake_case` as TypeScript's functions are called.
pub fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        text.push_str(&capital(word));
    }
    text
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A schema's name as an identifier: `Page_for_Problem` is `PageForProblem`.
fn identifier(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric()).map(capital).collect()
}

fn remark(text: &mut String, indent: &str, about: &str) {
    // What would end the remark is written apart.
    let about = about.replace("*/", "* /");
    let lines: Vec<&str> = about.lines().map(str::trim_end).collect();
    if let [line] = lines[..] {
        let _ = writeln!(text, "{indent}/** {line} */");
        return;
    }
    let _ = writeln!(text, "{indent}/**");
    for line in lines {
        let _ = writeln!(text, "{}", format!("{indent} * {line}").trim_end());
    }
    let _ = writeln!(text, "{indent} */");
}

struct Words<'a> {
    used: &'a mut Vec<String>,
}

impl Words<'_> {
    fn of(&mut self, schema: &Value, depth: usize) -> Result<String, Wordless> {
        let fields = match schema {
            Value::Bool(true) => return Ok("unknown".to_owned()),
            Value::Bool(false) => return Ok("never".to_owned()),
            Value::Object(fields) => fields,
            other => return Err(Wordless::Shape(other.to_string())),
        };
        let mut parts = Vec::new();
        // In one order, however the map keeps its keys.
        let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
        for (key, value) in sorted {
            match key.as_str() {
                "$ref" => parts.push(self.named(value)?),
                "const" => parts.push(value.to_string()),
                "enum" => parts.push(self.literals(value)?),
                "oneOf" | "anyOf" => parts.push(self.either(value, depth)?),
                "allOf" => {
                    for part in list(value)? {
                        parts.push(in_union(&self.of(part, depth)?));
                    }
                }
                "type" => {
                    if !fields.contains_key("const") && !fields.contains_key("enum") {
                        parts.extend(self.typed(value, fields, depth)?);
                    }
                }
                known if WITHOUT_A_WORD.contains(&known) => {}
                unknown => return Err(Wordless::Keyword(unknown.to_owned())),
            }
        }
        if !fields.contains_key("type") && fields.contains_key("properties") {
            parts.push(self.object(fields, depth)?);
        }
        Ok(match parts.len() {
            0 => "unknown".to_owned(),
            1 => parts.remove(0),
            _ => parts.iter().map(|part| in_union(part)).collect::<Vec<_>>().join(" & "),
        })
    }

    fn named(&mut self, reference: &Value) -> Result<String, Wordless> {
        let name = reference
            .as_str()
            .and_then(|text| text.strip_prefix("#/$defs/"))
            .ok_or_else(|| Wordless::Reference(reference.to_string()))?;
        let name = identifier(name);
        self.used.push(name.clone());
        Ok(name)
    }

    fn literals(&mut self, values: &Value) -> Result<String, Wordless> {
        let values: Vec<String> = list(values)?.iter().map(ToString::to_string).collect();
        Ok(values.join(" | "))
    }

    fn either(&mut self, variants: &Value, depth: usize) -> Result<String, Wordless> {
        let mut words = Vec::new();
        for variant in list(variants)? {
            let word = self.of(variant, depth)?;
            if !words.contains(&word) {
                words.push(word);
            }
        }
        if words.is_empty() {
            return Err(Wordless::Shape(variants.to_string()));
        }
        Ok(words.join(" | "))
    }

    /// Nothing where the type is an object without a field of its own beside its variants.
    fn typed(
        &mut self,
        value: &Value,
        fields: &Map<String, Value>,
        depth: usize,
    ) -> Result<Option<String>, Wordless> {
        let names: Vec<&Value> = match value {
            Value::Array(names) => names.iter().collect(),
            one => vec![one],
        };
        let beside =
            ["oneOf", "anyOf", "allOf", "$ref"].iter().any(|key| fields.contains_key(*key));
        let mut words = Vec::new();
        for name in names {
            words.push(match name.as_str().unwrap_or_default() {
                "object" if beside && !has_fields(fields) => return Ok(None),
                "string" => "string".to_owned(),
                "integer" | "number" => "number".to_owned(),
                "boolean" => "boolean".to_owned(),
                "null" => "null".to_owned(),
                "array" => self.array(fields, depth)?,
                "object" => self.object(fields, depth)?,
                other => return Err(Wordless::Type(other.to_owned())),
            });
        }
        Ok(Some(words.join(" | ")))
    }

    fn array(&mut self, fields: &Map<String, Value>, depth: usize) -> Result<String, Wordless> {
        if let Some(places) = fields.get("prefixItems") {
            let places: Vec<String> = list(places)?
                .iter()
                .map(|place| self.of(place, depth))
                .collect::<Result<_, _>>()?;
            return Ok(format!("[{}]", places.join(", ")));
        }
        match fields.get("items") {
            None => Ok("unknown[]".to_owned()),
            Some(items) => Ok(format!("{}[]", in_union(&self.of(items, depth)?))),
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, depth: usize) -> Result<String, Wordless> {
        let none = Map::new();
        let properties = fields.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let values = match (fields.get("patternProperties"), fields.get("additionalProperties")) {
            (Some(Value::Object(patterns)), _) => patterns.values().next(),
            (None, Some(Value::Bool(false))) | (None, None) => None,
            (_, values) => values,
        };
        if properties.is_empty() {
            return match values {
                Some(values) => Ok(format!("Record<string, {}>", self.of(values, depth)?)),
                None if fields.get("additionalProperties").is_none() => {
                    Ok("Record<string, unknown>".to_owned())
                }
                None => Ok("Record<string, never>".to_owned()),
            };
        }
        let required: Vec<&str> = fields
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let indent = "  ".repeat(depth + 1);
        let mut text = "{\n".to_owned();
        for (name, schema) in properties {
            if let Some(about) = schema.get("description").and_then(Value::as_str) {
                remark(&mut text, &indent, about);
            }
            let mark = if required.contains(&name.as_str()) { "" } else { "?" };
            let word = self.of(schema, depth + 1)?;
            let _ = writeln!(text, "{indent}{}{mark}: {word};", property(name));
        }
        text.push_str(&"  ".repeat(depth));
        text.push('}');
        match values {
            None => Ok(text),
            // Known fields beside a map: both hold.
            Some(values) => Ok(format!("{text} & Record<string, {}>", self.of(values, depth)?)),
        }
    }
}

fn has_fields(fields: &Map<String, Value>) -> bool {
    fields.get("properties").and_then(Value::as_object).is_some_and(|fields| !fields.is_empty())
}

fn list(value: &Value) -> Result<&Vec<Value>, Wordless> {
    value.as_array().ok_or_else(|| Wordless::Shape(value.to_string()))
}

/// In brackets where it is a union or an intersection.
fn in_union(word: &str) -> String {
    let mut depth = 0_i32;
    let open = word.chars().any(|c| {
        depth += i32::from(matches!(c, '{' | '(' | '[' | '<'))
            - i32::from(matches!(c, '}' | ')' | ']' | '>'));
        depth == 0 && matches!(c, '|' | '&')
    });
    if open { format!("({word})") } else { word.to_owned() }
}

fn property(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain { name.to_owned() } else { format!("{name:?}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: Value, expect: &str) {
        assert_eq!(word(&schema, &mut Vec::new()).as_deref(), Ok(expect), "{schema}");
    }

    #[test]
    fn every_shape_has_its_word() {
        check(json!(true), "unknown");
        check(json!({"type": "string", "format": "uuid"}), "string");
        check(json!({"type": ["integer", "null"], "minimum": 0}), "number | null");
        check(json!({"type": "string", "enum": ["a", "b"]}), "\"a\" | \"b\"");
        check(json!({"type": "string", "const": "a"}), "\"a\"");
        check(json!({"anyOf": [{"$ref": "#/$defs/A_for_B"}, {"type": "null"}]}), "AForB | null");
        check(json!({"type": "array", "items": {"$ref": "#/$defs/A"}}), "A[]");
        check(json!({"type": "array", "items": {"type": ["string", "null"]}}), "(string | null)[]");
        check(
            json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]}),
            "[string, number]",
        );
        check(
            json!({"type": "object", "additionalProperties": {"type": "boolean"}}),
            "Record<string, boolean>",
        );
        check(json!({"type": "object", "additionalProperties": false}), "Record<string, never>");
        check(
            json!({"type": "object", "properties": {"a": {"type": "string"}, "b-c": {"type": "null"}}, "required": ["a"]}),
            "{\n  a: string;\n  \"b-c\"?: null;\n}",
        );
        check(
            json!({"type": "object", "properties": {"a": true}, "required": ["a"], "oneOf": [{"type": "object", "properties": {"k": {"const": 1}}, "required": ["k"]}, {"$ref": "#/$defs/B"}]}),
            "({\n  k: 1;\n} | B) & {\n  a: unknown;\n}",
        );
    }

    #[test]
    fn what_has_no_word_is_refused_by_name() {
        let error = declare(&mut String::new(), "Odd", &json!({"not": {}})).unwrap_err();
        assert!(
            error.to_string().contains("`Odd`") && error.to_string().contains("`not`"),
            "{error}"
        );
        assert!(word(&json!({"type": "date"}), &mut Vec::new()).is_err());
        assert!(word(&json!({"$ref": "http://elsewhere/x"}), &mut Vec::new()).is_err());
    }

    #[test]
    fn a_remark_cannot_be_left() {
        let mut text = String::new();
        declare(&mut text, "A", &json!({"description": "x */ evil() /*\nsecond"})).unwrap();
        assert_eq!(text.matches("*/").count(), 1, "{text}");
    }
}
