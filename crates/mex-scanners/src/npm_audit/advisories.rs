//! What the registry would answer, from the records of the pinned snapshot. Owns the choice of what
//! is told: every record that is not withdrawn, for every name the lockfile holds, with the range
//! that npm then judges by its own rules.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::advisory::Selected;
use crate::osv_scanner::wire::{Affected, Record};

use super::range;

/// What is told of one lockfile's packages.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The records, by id.
    pub(crate) records: BTreeMap<String, Record>,
    /// By package, then by record: the range told.
    pub(crate) ranges: BTreeMap<String, BTreeMap<String, String>>,
}

impl Told {
    /// Reads the records that name a package of the lockfile.
    ///
    /// # Errors
    /// The id of a record that cannot be read: it was read whole at import.
    pub(crate) fn new(names: &BTreeSet<String>, selected: &[Selected]) -> Result<Self, String> {
        let mut told = Self::default();
        for chosen in selected {
            let record: Record =
                serde_json::from_slice(&chosen.bytes).map_err(|_| chosen.id.clone())?;
            if record.withdrawn.as_deref().is_some_and(|date| !date.is_empty()) {
                continue;
            }
            let hits: BTreeSet<&str> = record
                .affected
                .iter()
                .flatten()
                .filter_map(|part| part.package.as_ref())
                .filter(|package| package.ecosystem == "npm" && names.contains(&package.name))
                .map(|package| package.name.as_str())
                .collect();
            for name in &hits {
                let range = range::of_affected(parts(&record, name));
                told.ranges.entry((*name).to_owned()).or_default().insert(record.id.clone(), range);
            }
            if !hits.is_empty() {
                told.records.insert(record.id.clone(), record);
            }
        }
        Ok(told)
    }

    /// The responder's file: each name with its advisories, also with none.
    pub(crate) fn answer(&self, names: &BTreeSet<String>) -> Value {
        let none = BTreeMap::new();
        names
            .iter()
            .map(|name| {
                let ranges = self.ranges.get(name).unwrap_or(&none);
                let advisories: Vec<Value> = ranges
                    .iter()
                    .map(|(id, range)| {
                        // npm needs a word to count by; ours is computed from the record.
                        json!({
                            "id": id, "url": format!("https://osv.dev/{id}"), "title": id,
                            "severity": "high", "vulnerable_versions": range,
                        })
                    })
                    .collect();
                json!([name, advisories])
            })
            .collect()
    }
}

/// The parts of a record that speak of one npm package.
fn parts<'a>(record: &'a Record, name: &str) -> impl Iterator<Item = &'a Affected> {
    record.affected.iter().flatten().filter(move |part| {
        part.package
            .as_ref()
            .is_some_and(|package| package.ecosystem == "npm" && package.name == name)
    })
}
