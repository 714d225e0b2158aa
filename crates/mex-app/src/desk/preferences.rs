//! What a person set up for the window and how they left it: one JSON file in the data folder, written
//! whole or not at all. Never anything a verdict rests on: policies and allowlists are recorded documents.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mex_runtime::code::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::editor::EditorChoice;
use super::{Screens, locked};
use crate::error::{AppError, AppResult, query};
use crate::whole;

/// The only `schema_version` of the file.
const SCHEMA_VERSION: &str = "pr-1.0";

/// The file's name in the data folder.
const FILE: &str = "preferences.json";

/// The longest text of how a window was left, in bytes.
pub const MOST_WINDOW: usize = 256 * 1024;

/// The longest file, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// The most saved views, filters and forgotten projects.
const MOST_ENTRIES: usize = 200;

/// What a person set up. Version `pr-1.0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Preferences {
    /// Always `"pr-1.0"`.
    pub schema_version: String,
    /// How the window looks.
    pub theme: Theme,
    /// Which editor files are opened in.
    pub editor: EditorChoice,
    /// Program and arguments of an editor of one's own, one entry each, with `{file}` and `{line}` in
    /// them. A window cannot set it: who edits this file by hand may name any program, a page may not.
    pub own_editor: Vec<String>,
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
    /// Which editor files are opened in.
    pub editor: Option<EditorChoice>,
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
            schema_version: SCHEMA_VERSION.to_owned(),
            theme: Theme::System,
            editor: EditorChoice::None,
            own_editor: Vec::new(),
            saved_views: BTreeMap::new(),
            last_filters: BTreeMap::new(),
            forgotten_projects: Vec::new(),
            window: String::new(),
        }
    }
}

impl Screens {
    /// The preferences in force. A damaged file is told and is no error: the defaults are in force then.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub fn preferences(&self) -> AppResult<PreferencesState> {
        let _alone = locked(&self.preferences);
        self.read_preferences()
    }

    /// Changes some preferences; the file is written whole or not at all. A damaged one is kept beside it.
    ///
    /// # Errors
    /// `MEX-PREFERENCES-INVALID` for what is too long, too many or out of range: nothing is changed
    /// then. When the file cannot be written, or the retention not be recorded.
    pub fn save_preferences(&self, patch: &PreferencesPatch) -> AppResult<PreferencesState> {
        let _alone = locked(&self.preferences);
        let mut state = self.read_preferences()?;
        let next = &mut state.preferences;
        if let Some(theme) = patch.theme {
            next.theme = theme;
        }
        if let Some(editor) = patch.editor {
            next.editor = editor;
        }
        if let Some(views) = &patch.saved_views {
            next.saved_views.clone_from(views);
        }
        if let Some(filters) = &patch.last_filters {
            next.last_filters.clone_from(filters);
        }
        if let Some(window) = &patch.window {
            next.window.clone_from(window);
        }
        check(next)?;
        if patch.retention_days.is_some_and(|days| !(1..=36_500).contains(&days)) {
            let message = "`retention_days` must be 1 to 36500";
            return Err(AppError::new(Code::PreferencesInvalid, message));
        }
        self.write_preferences(&state)?;
        if let Some(days) = patch.retention_days.filter(|days| *days != state.retention_days) {
            self.app
                .recorder
                .set_retention_days(days, "set in the window", &self.app.actor_id)
                .map_err(|error| AppError::new(Code::PreferencesInvalid, error.to_string()))?;
        }
        self.read_preferences()
    }

    /// Leaves a project out of the list of recent ones.
    pub(crate) fn forget(&self, path: &str) -> AppResult<()> {
        let _alone = locked(&self.preferences);
        let mut state = self.read_preferences()?;
        let forgotten = &mut state.preferences.forgotten_projects;
        if !forgotten.iter().any(|known| known == path) {
            forgotten.push(path.to_owned());
        }
        if forgotten.len() > MOST_ENTRIES {
            forgotten.remove(0);
        }
        check(&state.preferences)?;
        self.write_preferences(&state)
    }

    /// Puts a project back on the list: somebody scans it from the window.
    ///
    /// # Errors
    /// When the preferences cannot be read or written.
    pub fn remember_project(&self, path: &str) -> AppResult<()> {
        let _alone = locked(&self.preferences);
        let mut state = self.read_preferences()?;
        let before = state.preferences.forgotten_projects.len();
        state.preferences.forgotten_projects.retain(|known| known != path);
        if state.preferences.forgotten_projects.len() == before {
            return Ok(());
        }
        self.write_preferences(&state)
    }

    fn preferences_file(&self) -> PathBuf {
        self.app.places.data_dir.join(FILE)
    }

    fn read_preferences(&self) -> AppResult<PreferencesState> {
        let retention_days = self.app.recorder.retention_days().map_err(query)?;
        let (preferences, damage) = match read(&self.preferences_file()) {
            Ok(preferences) => (preferences, None),
            Err(why) => (Preferences::default(), Some(why)),
        };
        Ok(PreferencesState { preferences, retention_days, damage })
    }

    fn write_preferences(&self, state: &PreferencesState) -> AppResult<()> {
        let path = self.preferences_file();
        let failed = |error: std::io::Error| {
            AppError::new(Code::DataDir, format!("`{}` cannot be written: {error}", path.display()))
        };
        if state.damage.is_some() {
            // Best effort: where it cannot be kept it is still replaced by what was asked for.
            let _ = fs::rename(&path, path.with_extension("json.damaged"));
        }
        let mut bytes = serde_json::to_vec_pretty(&state.preferences)
            .map_err(|error| AppError::new(Code::Internal, error.to_string()))?;
        bytes.push(b'\n');
        whole::replace(&path, &bytes).map_err(failed)
    }
}

/// The file, or the defaults where there is none; else what is wrong with it.
fn read(path: &Path) -> Result<Preferences, String> {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(meta) if meta.len() > MOST_BYTES => {
            return Err(format!("`{shown}` is over {MOST_BYTES} bytes"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Preferences::default());
        }
        Err(error) => return Err(format!("`{shown}` cannot be read: {error}")),
    }
    let text =
        fs::read_to_string(path).map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    let preferences: Preferences = mex_runtime::json::parse(&text)
        .and_then(|value| match value {
            serde_json::Value::Object(_) => serde_json::from_value(value),
            _ => Err(serde::de::Error::custom("it is no JSON object")),
        })
        .map_err(|error| format!("`{shown}` is damaged: {error}; the defaults are in force"))?;
    if preferences.schema_version != SCHEMA_VERSION {
        return Err(format!(
            "`{shown}` was written by another version of mex; the defaults are in force"
        ));
    }
    check(&preferences).map_err(|error| format!("`{shown}`: {}", error.message))?;
    Ok(preferences)
}

/// What the file may hold.
fn check(preferences: &Preferences) -> AppResult<()> {
    let refused = |message: String| Err(AppError::new(Code::PreferencesInvalid, message));
    if preferences.window.len() > MOST_WINDOW {
        return refused(format!("`window` has more than {MOST_WINDOW} bytes"));
    }
    for (what, count) in [
        ("saved_views", preferences.saved_views.len()),
        ("last_filters", preferences.last_filters.len()),
        ("forgotten_projects", preferences.forgotten_projects.len()),
    ] {
        if count > MOST_ENTRIES {
            return refused(format!("`{what}` has more than {MOST_ENTRIES} entries"));
        }
    }
    let views = preferences.saved_views.iter().map(|(name, view)| (name, &view.query));
    for (name, query) in views.chain(&preferences.last_filters) {
        if name.chars().count() > 200 || query.chars().count() > super::query::MOST_CHARS {
            return refused(
                "a view's name has at most 200 characters, its query line 2000".to_owned(),
            );
        }
    }
    Ok(())
}
