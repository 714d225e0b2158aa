//! Results as text for people. Pure functions from a result to a string; never prints.

pub mod artifact;
pub mod delta;
pub mod draft;
pub mod exception;
pub mod govern;
pub mod import;
pub mod jobs;
pub mod operation;
pub mod problems;
pub mod recorder;
pub mod registry;
pub mod scan;
pub mod table;
pub mod tools;

use jiff::Timestamp;

/// `2026-11-21 12:03:13`, UTC.
pub fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The first part of an id, long enough to be typed and to be unique for a while.
pub fn short(id: &impl ToString) -> String {
    id.to_string().chars().take(18).collect()
}

/// A serialised word, such as `timed_out`.
pub fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
