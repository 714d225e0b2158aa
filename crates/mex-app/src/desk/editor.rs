//! From the id of a Problem to a place in a file of its project, opened in a person's editor. Only an id
//! is taken, and only a program from a list of known editors or from the preferences file: a page can
//! name neither a path nor a program (promise P29). The start itself is mex-scanners'.

use std::path::{Path, PathBuf};

use mex_runtime::code::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::preferences::Preferences;
use super::problems::row;
use super::{ById, Screens};
use crate::error::{AppError, AppResult, query};
use crate::workspace::Workspace;

/// An editor that can be chosen in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditorChoice {
    /// None is set up.
    #[default]
    None,
    /// Visual Studio Code.
    Code,
    /// VSCodium.
    Codium,
    /// Zed.
    Zed,
    /// Sublime Text.
    Sublime,
    /// An IDE of JetBrains, by its `idea` launcher.
    Idea,
    /// Kate.
    Kate,
    /// GNOME Text Editor.
    GnomeTextEditor,
    /// GVim.
    Gvim,
    /// Emacs, by `emacsclient`.
    Emacs,
    /// `own_editor` of the preferences file.
    Own,
}

/// Where the editor was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenedInEditor {
    /// The file, relative to the project.
    pub path: String,
    /// The line, from 1.
    pub line: u64,
    /// The editor's program, without its folder.
    pub program: String,
}

/// What is to be started, found and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EditorCall {
    pub(crate) argv: Vec<String>,
    pub(crate) shown: OpenedInEditor,
}

impl EditorChoice {
    const fn template(self) -> &'static [&'static str] {
        match self {
            Self::None | Self::Own => &[],
            Self::Code => &["code", "--goto", "{file}:{line}"],
            Self::Codium => &["codium", "--goto", "{file}:{line}"],
            Self::Zed => &["zed", "{file}:{line}"],
            Self::Sublime => &["subl", "{file}:{line}"],
            Self::Idea => &["idea", "--line", "{line}", "{file}"],
            Self::Kate => &["kate", "--line", "{line}", "{file}"],
            Self::GnomeTextEditor => &["gnome-text-editor", "{file}"],
            Self::Gvim => &["gvim", "+{line}", "{file}"],
            Self::Emacs => &["emacsclient", "--no-wait", "+{line}", "{file}"],
        }
    }
}

impl Screens {
    /// Opens the file of a Problem in the person's editor, at its line.
    ///
    /// # Errors
    /// `MEX-EDITOR-INVALID` where no editor is set up, the Problem has no file, the project or the file
    /// is gone or lies outside the project, and where the editor cannot be started.
    pub fn open_in_editor(&self, asked: &ById) -> AppResult<OpenedInEditor> {
        let call = self.editor_call(&asked.id)?;
        mex_scanners::process::editor::start(&call.argv).map_err(|error| {
            let message = format!("`{}` cannot be started: {error}", call.shown.program);
            AppError::new(Code::EditorInvalid, message)
        })?;
        Ok(call.shown)
    }

    /// What would be started for a Problem.
    pub(crate) fn editor_call(&self, id: &str) -> AppResult<EditorCall> {
        let fingerprint = self.app.problem_id(id)?;
        let found = self.app.recorder.found_problem(&fingerprint).map_err(query)?;
        let newest = self.newest()?;
        let wsid = found.problem.wsid.clone();
        let row = row(found, &newest);
        let Some(path) = row.file else {
            return Err(invalid("this problem is about no file"));
        };
        let project = wsid
            .and_then(|wsid| Some((newest.of(&wsid)?.path.clone(), wsid)))
            .ok_or_else(|| invalid("the project of this problem is not known any more"))?;
        let workspace = Workspace::at(Path::new(&project.0))
            .map_err(|error| invalid(&format!("the project is gone: {}", error.message)))?;
        if workspace.wsid != project.1 {
            return Err(invalid("another folder stands where the project was"));
        }
        let file = inside(&workspace.path, &path)?;
        let preferences = self.preferences()?.preferences;
        call(&preferences, &file, path, row.line.unwrap_or(1))
    }
}

/// The file of a project, with nothing on its way that leads out.
fn inside(project: &Path, path: &str) -> AppResult<PathBuf> {
    let file = project
        .join(path)
        .canonicalize()
        .map_err(|error| invalid(&format!("`{}` cannot be found: {error}", crate::plain(path))))?;
    if !file.starts_with(project) {
        return Err(invalid(&format!("`{}` leads out of the project", crate::plain(path))));
    }
    if !file.is_file() {
        return Err(invalid(&format!("`{}` is no file", crate::plain(path))));
    }
    Ok(file)
}

fn call(preferences: &Preferences, file: &Path, path: String, line: u64) -> AppResult<EditorCall> {
    let template: Vec<&str> = match preferences.editor {
        EditorChoice::Own => preferences.own_editor.iter().map(String::as_str).collect(),
        known => known.template().to_vec(),
    };
    let Some(program) = template.first().filter(|program| !program.is_empty()) else {
        return Err(invalid("no editor is set up"));
    };
    let shown = Path::new(program).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = file.to_str().ok_or_else(|| invalid("the file's name is no UTF-8"))?;
    let argv = template
        .iter()
        .enumerate()
        // The program is never made of a file's name.
        .map(|(at, word)| if at == 0 { (*word).to_owned() } else { filled(word, text, line) })
        .collect();
    Ok(EditorCall { argv, shown: OpenedInEditor { path, line, program: shown } })
}

/// A word of the template with file and line in it. What a file's name holds is not looked at again.
fn filled(word: &str, file: &str, line: u64) -> String {
    let line = line.to_string();
    let parts: Vec<String> =
        word.split("{file}").map(|part| part.replace("{line}", &line)).collect();
    parts.join(file)
}

fn invalid(message: &str) -> AppError {
    AppError::new(Code::EditorInvalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(editor: EditorChoice, own: &[&str], file: &str) -> AppResult<Vec<String>> {
        let own_editor = own.iter().map(|word| (*word).to_owned()).collect();
        let preferences = Preferences { editor, own_editor, ..Preferences::default() };
        call(&preferences, Path::new(file), "a".to_owned(), 7).map(|call| call.argv)
    }

    #[test]
    fn a_files_name_stays_one_word_and_is_filled_in_once() {
        let hostile = "/srv/{line} $(id); `id`\n--x {file}";
        assert_eq!(
            argv(EditorChoice::Code, &[], hostile).unwrap(),
            ["code", "--goto", &format!("{hostile}:7")]
        );
        assert_eq!(
            argv(EditorChoice::Idea, &[], hostile).unwrap(),
            ["idea", "--line", "7", hostile]
        );
        assert_eq!(
            argv(EditorChoice::Own, &["/opt/{file}", "-f={file}", "{line}"], "/a").unwrap(),
            ["/opt/{file}", "-f=/a", "7"]
        );
        for nothing in [argv(EditorChoice::None, &["sh"], "/a"), argv(EditorChoice::Own, &[], "/a")]
        {
            assert_eq!(nothing.unwrap_err().code, Code::EditorInvalid);
        }
    }

    #[test]
    fn only_a_file_inside_the_project_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        std::fs::create_dir_all(project.join("src")).unwrap();
        std::fs::write(project.join("src/a.rs"), "").unwrap();
        std::fs::write(folder.path().join("outside"), "").unwrap();
        std::os::unix::fs::symlink(folder.path().join("outside"), project.join("way-out")).unwrap();
        let project = project.canonicalize().unwrap();
        assert_eq!(inside(&project, "src/a.rs").unwrap(), project.join("src/a.rs"));
        let absolute = folder.path().join("outside").display().to_string();
        for path in ["../outside", "way-out", "src", "none", "src/../../outside", &absolute, "a\0b"]
        {
            assert_eq!(inside(&project, path).unwrap_err().code, Code::EditorInvalid, "{path}");
        }
    }
}
