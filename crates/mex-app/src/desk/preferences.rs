//! What a person set up for the window and how they left it: one JSON file in the data folder, written
//! whole or not at all. Never anything a verdict rests on: policies and allowlists are recorded documents.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a person set up. Version `pr-1.0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Preferences {
    /// Always `"pr-1.0"`.
    pub schema_version: String,
    /// How the window looks.
    pub theme: Theme,
    /// The editor's program and arguments, one entry each, with `{file}`, `{line}` and `{column}` in
    /// them; empty where none is set up. No shell ever reads it.
    pub editor: Vec<String>,
    /// Query lines kept under a name, by name.
    pub saved_views: BTreeMap<String, SavedView>,
    /// The query line each screen was left with, by screen.
    pub last_filters: BTreeMap<String, String>,
    /// Projects that were taken off the list of recent ones, by path.
    pub forgotten_projects: Vec<String>,
    /// Tabs, selection, scroll and column widths, as the window wrote them; at most 256 KiB of JSON text.
    pub window: String,
}

/// How the window looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system does.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// High contrast.
    Contrast,
}

/// A query line with how its results are laid out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedView {
    /// The query line.
    pub query: String,
    /// The order.
    pub sort: super::problems::ProblemSort,
    /// By which field rows are grouped; null for a flat table.
    #[serde(default)]
    pub group_by: Option<super::problems::ProblemField>,
}

/// The preferences in force, and what stood in their way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PreferencesState {
    /// Those in force: the defaults where the file cannot be read.
    pub preferences: Preferences,
    /// Days that events are kept; a recorded setting, not part of the file.
    pub retention_days: u32,
    /// What is wrong with the file, as one sentence; null where nothing is. A damaged file is kept
    /// beside the new one when something is saved.
    pub damage: Option<String>,
}

/// What is to be changed; what is absent stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PreferencesPatch {
    /// How the window looks.
    pub theme: Option<Theme>,
    /// The editor's program and arguments.
    pub editor: Option<Vec<String>>,
    /// Every saved view.
    pub saved_views: Option<BTreeMap<String, SavedView>>,
    /// Every screen's query line.
    pub last_filters: Option<BTreeMap<String, String>>,
    /// Tabs, selection, scroll and column widths.
    pub window: Option<String>,
    /// Days that events are kept, 1 to 36500: recorded as a person's act.
    pub retention_days: Option<u32>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            schema_version: "pr-1.0".to_owned(),
            theme: Theme::System,
            editor: Vec::new(),
            saved_views: BTreeMap::new(),
            last_filters: BTreeMap::new(),
            forgotten_projects: Vec::new(),
            window: String::new(),
        }
    }
}
