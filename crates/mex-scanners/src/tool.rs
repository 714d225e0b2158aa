//! A pinned tool as it is handed to a spawn.
//! Never made from `PATH`: only [`crate::toolchain::Toolchain::resolve`] vouches for one (contract SC-5).

use std::path::PathBuf;

use mex_runtime::artifact::ToolIdentity;

/// An external program whose bytes were compared with its pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedTool {
    /// Name, version and digest as pinned.
    pub identity: ToolIdentity,
    /// The executable on this machine.
    pub executable: PathBuf,
    /// Further read-only paths it needs, such as its package folder.
    pub mounts: Vec<PathBuf>,
}

impl PinnedTool {
    /// The tool's own folder, for a tool of many files: it is mounted where it is.
    pub fn home(&self) -> String {
        let folder = self.mounts.first().map(PathBuf::as_path).or_else(|| self.executable.parent());
        folder.map(|folder| folder.display().to_string()).unwrap_or_default()
    }
}
