//! Project folders: those that were scanned, and whether a folder can be. Never reads a file of one.

use std::path::Path;

use jiff::Timestamp;
use mex_recorder::query::ScanState;
use mex_runtime::id::{RunId, WorkspaceId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Screens;
use super::finder::name_of;
use crate::error::AppResult;
use crate::workspace::Workspace;

/// The most projects listed.
const MOST_PROJECTS: usize = 50;

/// The most names of a folder looked at for lockfiles.
const MOST_NAMES: usize = 10_000;

/// A project that was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecentProject {
    /// Its folder as the newest scan named it.
    pub path: String,
    /// The last part of the path.
    pub name: String,
    /// Its workspace.
    pub wsid: WorkspaceId,
    /// Its newest scan.
    pub last_scan: LastScan,
    /// The folder is not there any more, or is no folder.
    pub missing: bool,
}

/// A project's newest scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastScan {
    /// Which.
    pub run_id: RunId,
    /// `block`, `denied`, `incomplete` or `pass`; null where it runs or was interrupted.
    pub verdict: Option<String>,
    /// `release` or `normal`.
    pub mode: String,
    /// When it began.
    pub at: Timestamp,
}

/// A folder on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderQuestion {
    /// Its path.
    pub path: String,
}

/// Whether a folder can be scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FolderView {
    /// Its path without links, or as it was given where it is not there.
    pub path: String,
    /// The last part of the path.
    pub name: String,
    /// It is there and is a folder.
    pub exists: bool,
    /// Its workspace, where it exists.
    pub wsid: Option<WorkspaceId>,
    /// Names of lockfiles in its top folder, sorted.
    pub lockfiles: Vec<String>,
    /// Why it cannot be scanned, as one sentence; empty where it can.
    pub problem: String,
}

impl Screens {
    /// Projects that were scanned, the last one first, at most 50. One that was forgotten is left out
    /// until it is scanned again from this window.
    ///
    /// # Errors
    /// When the recorder cannot be read.
    pub fn recent_projects(&self) -> AppResult<Vec<RecentProject>> {
        let newest = self.newest()?;
        let forgotten = self.preferences()?.preferences.forgotten_projects;
        Ok(newest
            .projects()
            .into_iter()
            // A relative path names a folder only for who stood where the scan was begun.
            .filter(|(_, project)| Path::new(&project.path).is_absolute())
            .filter(|(_, project)| !forgotten.contains(&project.path))
            .take(MOST_PROJECTS)
            .map(|(wsid, project)| RecentProject {
                path: project.path.clone(),
                name: name_of(&project.path),
                wsid: wsid.clone(),
                last_scan: LastScan {
                    run_id: project.scan.run_id,
                    verdict: match &project.scan.state {
                        ScanState::Ended { verdict, .. } => Some(verdict.clone()),
                        ScanState::Running | ScanState::Interrupted { .. } => None,
                    },
                    mode: project.scan.mode.clone(),
                    at: project.scan.begun_at,
                },
                missing: !Path::new(&project.path).is_dir(),
            })
            .collect())
    }

    /// Takes a project off the list of recent ones. What was recorded of it stays.
    ///
    /// # Errors
    /// When the preferences cannot be written.
    pub fn forget_project(&self, asked: &FolderQuestion) -> AppResult<Vec<RecentProject>> {
        self.forget(&asked.path)?;
        self.recent_projects()
    }

    /// Whether a folder can be scanned. Reads names alone.
    ///
    /// # Errors
    /// Never for a folder: what is wrong with it is in the answer.
    pub fn inspect_folder(&self, asked: &FolderQuestion) -> AppResult<FolderView> {
        let name = name_of(&asked.path);
        Ok(match Workspace::at(Path::new(&asked.path)) {
            Ok(workspace) => FolderView {
                name: name_of(&workspace.path.to_string_lossy()),
                lockfiles: lockfiles(&workspace.path),
                path: workspace.path.display().to_string(),
                exists: true,
                wsid: Some(workspace.wsid),
                problem: String::new(),
            },
            Err(error) => FolderView {
                path: asked.path.clone(),
                name,
                exists: false,
                wsid: None,
                lockfiles: Vec::new(),
                problem: error.message,
            },
        })
    }
}

fn lockfiles(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .take(MOST_NAMES)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| mex_scanners::lockfile::kind::of(name).is_some())
        .collect();
    names.sort();
    names
}
