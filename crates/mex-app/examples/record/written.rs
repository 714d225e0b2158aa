//! A recording as files: one a command. Owns what stands in place of this machine's
//! paths and account, and of values that are random and look like keys. Never changes what was said.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use mex_app::desk::Screens;
use mex_app::place::Places;
use serde_json::Value;

use crate::answers::Recording;

/// Values of these names are random: a plain pattern of the same shape stands for each.
const RANDOM: [&str; 5] = ["public_key", "signature", "fingerprint_key", "salt", "reuse_key"];

/// Where packages are fetched from is no matter of a recording.
const REGISTRY: (&str, &str) = (concat!("registry.", "npmjs", ".org"), "registry.example");

/// The most of a stored text that is kept, in characters: a page shows a beginning.
const MOST_TEXT: usize = 8_000;

/// What of this machine stands in the answers.
pub struct Machine {
    /// Texts with what is written in their place, the longest first.
    shown: Vec<(String, String)>,
    account: String,
}

impl Machine {
    /// The folders of this run and who runs it.
    pub fn of(root: &Path, places: &Places, screens: &Screens) -> Result<Self, Box<dyn Error>> {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let mut shown = vec![
            (root.join("data"), "/srv/mex/data"),
            (places.tools_dir.clone(), "/srv/mex/tools"),
            (root.to_owned(), "/srv"),
        ];
        shown.extend(home.map(|home| (home, "/home/operator")));
        let mut shown: Vec<(String, String)> = shown
            .into_iter()
            .map(|(real, shown)| (real.display().to_string(), shown.to_owned()))
            .collect();
        shown.push((REGISTRY.0.to_owned(), REGISTRY.1.to_owned()));
        shown.sort_by_key(|(real, _)| std::cmp::Reverse(real.len()));
        let account = screens.open_state(Vec::new())?.actor.to_string();
        Ok(Self { shown, account })
    }

    fn told(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (real, shown) in &self.shown {
            text = text.replace(real, shown);
        }
        text
    }
}

/// Writes one file a command.
pub fn write(out: &Path, recording: &Recording, machine: &Machine) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(out)?;
    let mut plain = Plain::default();
    for exchanges in recording.0.values() {
        exchanges.iter().for_each(|exchange| plain.learn(exchange));
    }
    for (command, exchanges) in &recording.0 {
        let mut told = Vec::new();
        for exchange in exchanges {
            let mut exchange = exchange.clone();
            shorten(&mut exchange["answer"]);
            walk(&mut exchange, &mut |text| {
                *text = if *text == machine.account {
                    "operator".to_owned()
                } else {
                    machine.told(text)
                };
                plain.replace(text);
            });
            told.push(exchange);
        }
        // Short lines: whoever searches a file for words reads it line by line.
        let text = serde_json::to_string_pretty(&told)?;
        std::fs::write(out.join(format!("{command}.json")), format!("{text}\n"))?;
    }
    Ok(())
}

/// The text of an artifact, as if the host had cut it earlier.
fn shorten(answer: &mut Value) {
    let Some(text) = answer["text"].as_str() else { return };
    if let Some((end, _)) = text.char_indices().nth(MOST_TEXT) {
        answer["text"] = Value::String(text[..end].to_owned());
        answer["cut"] = Value::Bool(true);
    }
}

/// Random values with what stands for them.
#[derive(Default)]
struct Plain(BTreeMap<String, String>);

impl Plain {
    fn learn(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                let secret = fields.contains_key("rule") && fields.contains_key("in_name");
                for (name, value) in fields {
                    let random =
                        RANDOM.contains(&name.as_str()) || (secret && name == "fingerprint");
                    match value {
                        Value::String(text) if random => self.one(text),
                        _ => self.learn(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            _ => {}
        }
    }

    fn one(&mut self, text: &str) {
        let number = self.0.len();
        let hex = text.len() >= 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hex && !self.0.contains_key(text) {
            let pattern = format!("{:02x}", 0x5c + number).repeat(text.len() / 2);
            self.0.insert(text.to_owned(), pattern);
        }
    }

    fn replace(&self, text: &mut String) {
        for (real, shown) in &self.0 {
            if text.contains(real) {
                *text = text.replace(real, shown);
            }
        }
    }
}

fn walk(value: &mut Value, change: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
        Value::Object(fields) => fields.values_mut().for_each(|field| walk(field, change)),
        _ => {}
    }
}
