//! The identity of a project folder. Never reads what is in it.

use std::path::{Path, PathBuf};

use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::id::WorkspaceId;

use crate::error::{AppError, AppResult};

/// A project folder with its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// The folder, without links in its path.
    pub path: PathBuf,
    /// Stable for a path on a machine.
    pub wsid: WorkspaceId,
}

impl Workspace {
    /// Names an existing folder.
    ///
    /// # Errors
    /// When it is missing, is no folder, or cannot be reached.
    pub fn at(path: &Path) -> AppResult<Self> {
        let shown = mex_scanners::secret_name::redacted(&path.display().to_string());
        let real = path.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => AppError::new(
                Code::StageMissing,
                format!("the project folder `{shown}` does not exist"),
            ),
            _ => AppError::new(
                Code::StageUnreadable,
                format!("the project folder `{shown}` cannot be reached: {error}"),
            ),
        })?;
        if !real.is_dir() {
            return Err(AppError::new(Code::StageNotAFolder, format!("`{shown}` is not a folder")));
        }
        let digest = Digest::of(real.as_os_str().as_encoded_bytes()).to_string();
        let wsid = digest[..32].parse().map_err(|error: mex_runtime::id::BadId| {
            AppError::new(Code::Internal, error.to_string())
        })?;
        Ok(Self { path: real, wsid })
    }

    /// Refuses a document of trust that lies in the project, under its own name or behind a link:
    /// who writes the project would approve for it (contract SC-4, SC-10).
    ///
    /// # Errors
    /// When it lies inside. One that is not there is the reader's to refuse.
    pub fn keeps_out(&self, path: &Path, what: &str) -> AppResult<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let places = [folder.canonicalize(), path.canonicalize()];
        if places.into_iter().flatten().any(|place| place.starts_with(&self.path)) {
            let message = format!("the {what} `{}` lies inside the project", path.display());
            return Err(AppError::new(Code::AllowlistInTree, message));
        }
        Ok(())
    }
}
