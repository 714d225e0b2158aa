//! What the stage left out, what it hides from the tools and what speaks for itself
//! (contract SC-3, SC-8, SC-10). Never judges: a host makes ledger entries of it.

use std::path::Path;

use mex_runtime::coverage::{CoverageEntry, CoverageState, SelfStatement};
use mex_runtime::id::JobName;
use serde::{Deserialize, Serialize};

use super::{HistoryView, StageError};

/// What a stage knows beside its manifest. Kept beside the staged tree, outside of it, so that
/// an adapter that has only the tree's root finds it with [`StageLedger::beside`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageLedger {
    /// Files and folders left out, sorted by path.
    pub omitted: Vec<Omitted>,
    /// Configuration of tools, staged under a neutral name so that it is still scanned.
    pub withheld: Vec<WithheldFile>,
    /// What would have silenced, redirected or run a tool.
    pub self_statements: Vec<SelfStatement>,
    /// How many files were staged, the withheld ones included.
    pub files: u64,
    /// The history, where the project is a git work tree that has one.
    pub history: Option<HistoryView>,
}

/// A file under a neutral name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithheldFile {
    /// Where it is in the staged tree, relative with `/`.
    pub staged: String,
    /// Where it is in the project, relative with `/`.
    pub original: String,
}

/// Why something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OmittedKind {
    /// Ignored by the project's `.gitignore` and not tracked. Not a gap.
    Ignored,
    /// The version control's own folder; its history is scanned apart. Not a gap.
    VersionControl,
    /// A link to something staged anyway. Not a gap.
    LinkInside,
    /// A link that leaves the tree (contract SC-8). Not a gap: nothing of the project is behind it.
    LinkOutside,
    /// A link that leads nowhere or in a circle. Not a gap.
    LinkBroken,
    /// A device, pipe or socket. Not a gap: it holds no content of the project.
    Special,
    /// Tracked by git, but not there. Not a gap: there is nothing to scan.
    Deleted,
    /// A submodule or nested repository whose files are not there or not ours to read: a gap.
    Submodule,
    /// It could not be read: a gap.
    Unreadable,
    /// It changed twice while it was copied: a gap.
    Changed,
    /// Over the size limit: a gap.
    TooBig,
}

impl OmittedKind {
    /// Whether something that should have been scanned was not (contract SC-3).
    pub const fn is_gap(self) -> bool {
        matches!(self, Self::Submodule | Self::Unreadable | Self::Changed | Self::TooBig)
    }
}

/// One thing left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Omitted {
    /// Relative with `/`; escaped like in the manifest.
    pub path: String,
    /// Why.
    pub kind: OmittedKind,
    /// Why, as one sentence.
    pub reason: String,
}

impl StageLedger {
    /// Reads the ledger of the staged tree at `root` (`StagedTree::root`).
    ///
    /// # Errors
    /// When the tree was not made by [`super::Stage::take`].
    pub fn beside(root: &Path) -> Result<Self, StageError> {
        let path = root.parent().unwrap_or(root).join("ledger.json");
        let unreadable =
            |source: std::io::Error| StageError::Unreadable { path: path.clone(), source };
        let text = std::fs::read(&path).map_err(unreadable)?;
        serde_json::from_slice(&text).map_err(|error| unreadable(error.into()))
    }

    pub(super) fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::write(folder.join("ledger.json"), serde_json::to_vec(self)?)
    }

    /// The real path of a staged one; the same text where it has no other name.
    pub fn original_path<'a>(&'a self, staged: &'a str) -> &'a str {
        self.withheld
            .iter()
            .find(|file| file.staged == staged)
            .map_or(staged, |file| file.original.as_str())
    }

    /// What was left out, as entries of a job's coverage ledger.
    pub fn coverage(&self, job: &JobName) -> Vec<CoverageEntry> {
        self.omitted
            .iter()
            .map(|omitted| CoverageEntry {
                job: job.clone(),
                subject: omitted.path.clone(),
                tool: None,
                state: if omitted.kind.is_gap() {
                    CoverageState::NotScanned
                } else {
                    CoverageState::Skipped
                },
                reason: omitted.reason.clone(),
                // A file that is not there stands for nothing: what was in it is gone and not unread.
                items: u64::from(omitted.kind != OmittedKind::Deleted),
            })
            .collect()
    }
}
