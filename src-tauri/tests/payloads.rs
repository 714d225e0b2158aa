//! A compromised page sends what it likes (promise P29): no payload raises a panic, every refusal has a
//! code of the closed list, and only ids are taken where a path could be abused.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use mex_app::error::AppResult;
use mex_app::place::Places;
use mex_app::runtime::code::Code;
use mex_desktop::command::{Asked, Command, Listener};
use mex_desktop::commands;
use mex_desktop::desk::Desk;
use mex_desktop::surface::{FileFilter, Surface};
use proptest::prelude::*;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A window nobody sits at.
struct Nobody;

impl Surface for Nobody {
    fn choose_folder(&self, _: &str) -> Option<PathBuf> {
        None
    }
    fn choose_file(&self, _: &str, _: FileFilter) -> Option<PathBuf> {
        None
    }
    fn choose_place(&self, _: &str, _: &str) -> Option<PathBuf> {
        None
    }
    fn browse(&self, address: &str) -> AppResult<()> {
        assert!(address.starts_with("https://"), "{address}");
        Ok(())
    }
    fn is_looked_at(&self) -> bool {
        true
    }
    fn notify(&self, _: &str, _: &str) {}
    fn leave(&self) {}
}

fn desk(data: PathBuf) -> Arc<Desk> {
    let tools = data.with_file_name("tools");
    let places = Places { data_dir: data, tools_dir: tools };
    let desk = Desk::new(places, (PathBuf::from("/no/such/program"), Vec::new()));
    desk.sit(Box::new(Nobody));
    desk
}

/// A desk on a new data folder, shared by the cases.
fn open_desk() -> &'static Arc<Desk> {
    static DESK: OnceLock<(TempDir, Arc<Desk>)> = OnceLock::new();
    let (_, desk) = DESK.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let desk = desk(folder.path().join("data"));
        desk.screens().unwrap();
        (folder, desk)
    });
    desk
}

/// A desk whose data folder cannot be opened: every question is read, nothing is done.
fn closed_desk() -> &'static Arc<Desk> {
    static DESK: OnceLock<(TempDir, Arc<Desk>)> = OnceLock::new();
    let (_, desk) = DESK.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("data"), "a file").unwrap();
        let desk = desk(folder.path().join("data"));
        assert!(desk.screens().is_err());
        (folder, desk)
    });
    desk
}

/// What begins something that takes minutes or ends the desk: asked of the closed one alone.
const LASTING: &[&str] = &["start_scan", "install_tools", "sync_databases", "quit"];

/// Each command with the schema of its question, and the definitions the schemas share.
type Questions = (Vec<(Command, Option<Value>)>, Map<String, Value>);

/// What is told of each command's question, with the definitions it uses.
fn questions() -> &'static Questions {
    static ALL: OnceLock<Questions> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        let all = commands::table()
            .into_iter()
            .map(|command| {
                let schema = command.shape.question.map(|make| make(&mut generator).to_value());
                (command, schema)
            })
            .collect();
        (all, generator.take_definitions(true).into_iter().collect())
    })
}

/// A small generator of random choices, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn text(&mut self) -> String {
        let hostile = [
            "",
            "0",
            "../../etc/passwd",
            "/etc/passwd",
            "/no/such/place",
            "file:///etc/passwd",
            "mex://problem/../../x",
            "mex://problem/0",
            "<script>alert(1)</script>",
            "\u{202e}exe.txt",
            "\u{0}",
            "%00",
            "%s%n",
            "';DROP TABLE events;--",
            "*",
            "a\nb",
            "\u{1b}[31m",
            "null",
            "is:open severity:high",
            "severity:",
            "-tag:",
            "\"",
            "is:open is:open (",
            "2026-01-01T00:00:00Z",
            "0194d6a0-0000-7000-8000-000000000001",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "0123456789abcdef0123456789abcdef",
            "net.http",
            "gitleaks",
        ];
        match self.below(6) {
            0 => "a".repeat(self.below(5_000)),
            1 => (0..self.below(80))
                .map(|_| char::from_u32(self.below(0xd800) as u32).unwrap_or('x'))
                .collect(),
            2 => format!("{:016x}", self.next()).repeat(4),
            _ => hostile[self.below(hostile.len())].to_owned(),
        }
    }

    fn anything(&mut self, depth: usize) -> Value {
        match self.below(if depth > 3 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => json!(self.one_in(2)),
            2 => json!(self.next().cast_signed()),
            3 => json!(f64::from_bits(self.next())),
            4 => json!(self.text()),
            5 => (0..self.below(5)).map(|_| self.anything(depth + 1)).collect(),
            _ => Value::Object(
                (0..self.below(5)).map(|_| (self.text(), self.anything(depth + 1))).collect(),
            ),
        }
    }

    /// Something like what the schema asks for, with a wrong piece now and then.
    fn like(&mut self, schema: &Value, definitions: &Map<String, Value>, depth: usize) -> Value {
        if depth > 8 || self.one_in(12) {
            return self.anything(2);
        }
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
            return self.like(&definitions[name], definitions, depth + 1);
        }
        if let Some(word) = schema.get("const") {
            return word.clone();
        }
        for key in ["oneOf", "anyOf", "enum"] {
            if let Some(choices) = schema[key].as_array() {
                let choice = &choices[self.below(choices.len())];
                return if key == "enum" {
                    choice.clone()
                } else {
                    self.like(choice, definitions, depth + 1)
                };
            }
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds[self.below(kinds.len())].clone(),
            kind => kind.clone(),
        };
        match kind.as_str().unwrap_or_default() {
            "null" => Value::Null,
            "boolean" => json!(self.one_in(2)),
            "integer" | "number" => {
                let numbers = [0, 1, -1, 500, 501, i64::MAX, i64::MIN, 4_294_967_296, 36_500];
                json!(numbers[self.below(numbers.len())])
            }
            "string" => json!(self.text()),
            "array" => (0..self.below(4))
                .map(|_| self.like(&schema["items"], definitions, depth + 1))
                .collect(),
            "object" => {
                let mut object = Map::new();
                for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                    if !self.one_in(8) {
                        object.insert(name.clone(), self.like(field, definitions, depth + 1));
                    }
                }
                if self.one_in(10) {
                    object.insert(self.text(), self.anything(2));
                }
                Value::Object(object)
            }
            _ => self.anything(2),
        }
    }
}

fn ask(desk: &Arc<Desk>, command: &Command, payload: Value) {
    let heard: Listener = Arc::new(|_| true);
    let shown = payload.to_string();
    let answer = Asked::parse(payload).and_then(|asked| {
        let listener = asked.channel.is_some().then_some(heard);
        command.run(desk, asked.question, listener)
    });
    match answer {
        Ok(text) => drop(serde_json::from_str::<Value>(&text).unwrap()),
        Err(error) => {
            assert!(
                error.code != Code::Internal,
                "`{}`: {error} for {}",
                command.name,
                shown.chars().take(2_000).collect::<String>()
            );
            assert!(!error.message.is_empty() && error.message.len() < 20_000);
        }
    }
}

fn cases() -> u32 {
    let long = std::env::var_os("MEX_LONG_TESTS").is_some_and(|value| value == "1");
    if long { 100_000 } else { 10_000 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// P29: whatever is sent is answered or refused.
    #[test]
    fn p29_no_payload_raises_a_panic(seed: u64) {
        let (all, definitions) = questions();
        let mut dice = Dice(seed);
        let (command, schema) = &all[dice.below(all.len())];
        let question = match schema {
            Some(schema) => dice.like(schema, definitions, 0),
            None => Value::Null,
        };
        let payload = match dice.below(10) {
            0 => dice.anything(0),
            1 => json!({"question": dice.anything(0), "channel": dice.anything(2)}),
            _ if command.shape.message.is_some() => json!({"question": question, "channel": "__CHANNEL__:1"}),
            _ => json!({"question": question}),
        };
        if !LASTING.contains(&command.name) {
            ask(open_desk(), command, payload.clone());
        }
        ask(closed_desk(), command, payload);
    }
}

/// Where a path comes from a person: what they scan, and the documents they name for it. The
/// commands that read or open something recorded take its id. The last ones take no file but one that was
/// dropped or chosen with the dialog of the system: see the test below.
const PATHS: &[(&str, &str)] = &[
    ("start_scan", "path"),
    ("start_scan", "policy"),
    ("start_scan", "allowlist"),
    ("inspect_folder", "path"),
    ("forget_project", "path"),
    ("import_report", "dropped"),
    ("review_registry", "policy"),
    ("review_registry", "signature"),
    ("review_registry", "signers"),
    ("publish_registry", "policy"),
    ("publish_registry", "signers"),
    ("save_review_payload", "policy"),
    ("save_review_payload", "signature"),
    ("save_review_payload", "signers"),
];

/// P29: a question has no field for a path but where a person names a project.
#[test]
fn p29_only_ids_are_accepted_where_a_path_could_be_abused() {
    let (all, definitions) = questions();
    let mut found = BTreeSet::new();
    for (command, schema) in all {
        let Some(schema) = schema else { continue };
        let mut names = BTreeSet::new();
        fields(schema, definitions, 0, &mut names);
        for name in names {
            let words = [
                "path",
                "file",
                "folder",
                "dir",
                "url",
                "uri",
                "policy",
                "allowlist",
                "dropped",
                "signature",
                "signers",
                "program",
                "editor",
            ];
            if words.iter().any(|word| name.split('_').any(|part| part == *word)) {
                found.insert((command.name, name));
            }
        }
    }
    // Read, never opened: a link is resolved by its id, and the editor is one of the settings.
    found.remove(&("resolve_link", "uri".to_owned()));
    found.remove(&("save_preferences", "editor".to_owned()));
    let known: BTreeSet<(&str, String)> =
        PATHS.iter().map(|(command, field)| (*command, (*field).to_owned())).collect();
    let surprise: Vec<_> = found.difference(&known).collect();
    assert!(surprise.is_empty(), "{surprise:?}");
}

fn fields(
    schema: &Value,
    definitions: &Map<String, Value>,
    depth: usize,
    found: &mut BTreeSet<String>,
) {
    if depth > 12 {
        return;
    }
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                if key == "properties" {
                    found.extend(value.as_object().unwrap().keys().cloned());
                }
                if let (true, Some(name)) = (key == "$ref", value.as_str()) {
                    let name = name.strip_prefix("#/$defs/").unwrap();
                    fields(&definitions[name], definitions, depth + 1, found);
                }
                fields(value, definitions, depth + 1, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                fields(item, definitions, depth + 1, found);
            }
        }
        _ => {}
    }
}

/// Somebody who chooses one file, whatever they are asked.
struct Chooses(PathBuf);

impl Surface for Chooses {
    fn choose_folder(&self, _: &str) -> Option<PathBuf> {
        None
    }
    fn choose_file(&self, _: &str, _: FileFilter) -> Option<PathBuf> {
        Some(self.0.clone())
    }
    fn choose_place(&self, _: &str, _: &str) -> Option<PathBuf> {
        None
    }
    fn browse(&self, _: &str) -> AppResult<()> {
        Ok(())
    }
    fn is_looked_at(&self) -> bool {
        true
    }
    fn notify(&self, _: &str, _: &str) {}
    fn leave(&self) {}
}

/// P29: a page names no report and no document of its own: only what a person dropped or chose is read.
#[test]
fn p29_a_file_that_nobody_named_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("document");
    std::fs::write(&document, "{}").unwrap();
    let tools = folder.path().join("tools");
    let places = Places { data_dir: folder.path().join("data"), tools_dir: tools };
    let desk = Desk::new(places, (PathBuf::from("/no/such/program"), Vec::new()));
    desk.sit(Box::new(Chooses(document.clone())));
    let path = document.to_str().unwrap();
    let table = commands::table();
    let asked = |name: &str, question: Value| {
        let command = table.iter().find(|command| command.name == name).unwrap();
        command.run(&desk, question, None).map_err(|error| error.code)
    };
    let review = |signed: Value, policy: Value| {
        json!({ "diff_sha256": "0".repeat(64), "decision": "approve", "comment": "", "ticked": [],
            "policy": policy, "signed": signed })
    };
    let signed = json!({ "reviewer": "x", "signature": path, "signers": path });
    let questions = [
        ("import_report", json!({ "dropped": path })),
        ("review_registry", review(Value::Null, json!(path))),
        ("review_registry", review(signed.clone(), Value::Null)),
        (
            "save_review_payload",
            json!({ "review": review(Value::Null, json!(path)), "reviewer": "x" }),
        ),
        ("publish_registry", json!({ "review_id": "0", "policy": path })),
        ("publish_registry", json!({ "review_id": "0", "signers": path })),
    ];
    for (name, question) in &questions {
        assert_eq!(asked(name, question.clone()), Err(Code::Usage), "`{name}` reads nothing");
    }
    let chosen = asked("choose_file", json!({ "purpose": "signers" })).unwrap();
    assert!(chosen.contains("document"), "{chosen}");
    desk.dropped().keep(path);
    for (name, question) in &questions {
        let refusal = asked(name, question.clone()).expect_err("none of it is a real document");
        assert_ne!(refusal, Code::Usage, "`{name}` reads what was named");
    }
}
