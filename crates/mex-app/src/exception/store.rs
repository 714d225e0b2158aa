//! Where allowlists live: a project's own document in the data folder, or a file somebody names
//! (contract SC-4). Owns versions: what counts in the data folder is the artifact that the newest
//! event of the project names, never a file that could be edited. Never decides what an exception is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use mex_recorder::query::ApprovedAllowlist;
use mex_runtime::artifact::{ArtifactHandle, media_type};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{AllowlistChange, EventBody, HumanAction};
use mex_runtime::id::WorkspaceId;
use mex_runtime::policy::allowlist::{self, Allowlist, FingerprintKey};
use mex_runtime::port::ArtifactStore as _;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::app::App;
use crate::error::{AppError, AppResult, query};
use crate::exception::invalid;
use crate::{documents, input, whole};

/// Where an allowlist lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "in", rename_all = "snake_case")]
pub enum Place {
    /// Approved in the data folder, for one project.
    DataFolder {
        /// The project.
        wsid: WorkspaceId,
        /// Its path as the newest scan named it; empty where none is recorded.
        project: String,
    },
    /// A file somebody names.
    File {
        /// Which.
        #[serde(serialize_with = "shown")]
        path: PathBuf,
    },
}

fn shown<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// A document as it was read, to be changed.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) place: Place,
    pub(crate) document: Allowlist,
    /// The version read; null where a project has none yet.
    pub(crate) version: Option<Digest>,
}

/// A project's own allowlist: approved, or empty with the name and key it will have.
#[derive(Debug, Clone)]
pub(crate) struct ProjectAllowlist {
    pub(crate) document: Allowlist,
    pub(crate) approved: Option<ArtifactHandle>,
}

impl ProjectAllowlist {
    pub(crate) fn key(&self) -> AppResult<FingerprintKey> {
        crate::scan::key_of(&self.document)
    }
}

/// What one change of a document is.
pub(crate) struct Change<'a> {
    pub(crate) kind: AllowlistChange,
    pub(crate) exceptions: Vec<String>,
    pub(crate) reason: &'a str,
}

impl App {
    /// The allowlist in force for a project.
    pub(crate) fn project_allowlist(&self, wsid: &WorkspaceId) -> AppResult<ProjectAllowlist> {
        let approved = self.approved_allowlists()?.into_iter().find(|one| one.wsid == *wsid);
        let Some(ApprovedAllowlist { sha256, .. }) = approved else {
            let document = documents::project_document(&self.places.data_dir, wsid)?;
            return Ok(ProjectAllowlist { document, approved: None });
        };
        let bytes = self.recorder.artifacts().read(&sha256).map_err(|fault| {
            AppError::from(fault).hint(
                "the approved exceptions of this project cannot be read: restore the artifact from a backup, or name a copy with `--allowlist`",
            )
        })?;
        let document = Allowlist::parse(&String::from_utf8_lossy(&bytes))
            .map_err(|error| AppError::new(Code::AllowlistInvalid, error.to_string()))?;
        let handle = ArtifactHandle {
            sha256,
            media_type: media_type::ALLOWLIST.to_owned(),
            size_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            role: "allowlist".to_owned(),
        };
        Ok(ProjectAllowlist { document, approved: Some(handle) })
    }

    pub(crate) fn approved_allowlists(&self) -> AppResult<Vec<ApprovedAllowlist>> {
        self.recorder.approved_allowlists().map_err(query)
    }

    /// Says every project's newest version again, so that a purge of old events forgets none.
    pub(crate) fn keep_allowlists(&self) -> AppResult<()> {
        for ApprovedAllowlist { wsid, document_id, sha256 } in self.approved_allowlists()? {
            let mut context = self.by_person();
            context.wsid = Some(wsid);
            let kept = HumanAction::AllowlistChanged {
                document_id,
                change: AllowlistChange::Kept,
                exceptions: Vec::new(),
                sha256,
                before: Some(sha256),
                file: None,
                reason: "old events are about to be purged".to_owned(),
            };
            self.record(&context, EventBody::HumanAction(kept))?;
        }
        Ok(())
    }

    pub(crate) fn hold_project(&self, wsid: &WorkspaceId) -> AppResult<Held> {
        let own = self.project_allowlist(wsid)?;
        let project = self.project_of(wsid)?;
        Ok(Held {
            place: Place::DataFolder { wsid: wsid.clone(), project },
            document: own.document,
            version: own.approved.map(|handle| handle.sha256),
        })
    }

    /// Reads a document somebody names.
    pub(crate) fn hold_file(&self, path: &Path) -> AppResult<Held> {
        let text = input::text(path, allowlist::MAX_BYTES, "allowlist")?;
        let document = Allowlist::parse(&text).map_err(|error| {
            AppError::new(Code::AllowlistInvalid, error.to_string())
                .details(serde_json::to_value(&error.faults).unwrap_or_default())
        })?;
        Ok(Held {
            place: Place::File { path: path.to_owned() },
            document,
            version: Some(Digest::of(text.as_bytes())),
        })
    }

    /// Takes a new version into force: stored, recorded with its digest, and only then written
    /// where it is a file.
    ///
    /// # Errors
    /// When the document changed since it was read, or is not valid any more; nothing changed then.
    pub(crate) fn save_allowlist(
        &self,
        held: &Held,
        next: &Allowlist,
        change: Change<'_>,
    ) -> AppResult<ArtifactHandle> {
        let text = next.to_text().map_err(crate::scan::internal)?;
        Allowlist::parse(&text).map_err(|error| {
            AppError::new(Code::AllowlistInvalid, error.to_string())
                .details(serde_json::to_value(&error.faults).unwrap_or_default())
        })?;
        let _lock = self.lock_allowlists()?;
        let (now, file) = match &held.place {
            Place::DataFolder { wsid, .. } => (self.hold_project(wsid)?.version, None),
            Place::File { path } => (self.hold_file(path)?.version, Some(path)),
        };
        if now != held.version {
            return Err(invalid("the allowlist was changed by somebody else meanwhile")
                .hint("run the command again and look at what it shows"));
        }
        let prepared = file.map(|path| prepare(path, &text)).transpose()?;
        let handle = self.store(text.as_bytes(), media_type::ALLOWLIST, "allowlist")?;
        let mut context = self.by_person();
        if let Place::DataFolder { wsid, .. } = &held.place {
            context.wsid = Some(wsid.clone());
        }
        let changed = HumanAction::AllowlistChanged {
            document_id: next.document_id.clone(),
            change: change.kind,
            exceptions: change.exceptions,
            sha256: handle.sha256,
            before: held.version,
            file: file.map(|path| path.display().to_string()),
            reason: change.reason.to_owned(),
        };
        self.record(&context, EventBody::HumanAction(changed))?;
        if let (Some(prepared), Some(path)) = (prepared, file) {
            prepared.persist(path).map_err(|error| unwritable(path, &error.error))?;
        }
        Ok(handle)
    }

    /// Two processes never change an allowlist at once.
    fn lock_allowlists(&self) -> AppResult<File> {
        let path = self.places.data_dir.join("allowlists.lock");
        let failed = |error: std::io::Error| {
            AppError::new(Code::DataDir, format!("`{}` cannot be locked: {error}", path.display()))
        };
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(file)
    }

    /// The path under which a project was last scanned.
    pub(crate) fn project_of(&self, wsid: &WorkspaceId) -> AppResult<String> {
        let mut before = None;
        loop {
            let page = self.recorder.scans(before, 0).map_err(query)?;
            if let Some(scan) = page.items.into_iter().find(|scan| scan.wsid.as_ref() == Some(wsid))
            {
                return Ok(scan.project);
            }
            before = page.next;
            if before.is_none() {
                return Ok(String::new());
            }
        }
    }
}

/// Whether a document may be written to a file: a file that is there is only replaced by another
/// version of the same document.
///
/// # Errors
/// When another file is there.
pub(crate) fn may_export(document: &Allowlist, path: &Path) -> AppResult<()> {
    if path.exists() {
        let text = input::text(path, allowlist::MAX_BYTES, "allowlist")?;
        let same =
            Allowlist::parse(&text).is_ok_and(|known| known.document_id == document.document_id);
        if !same {
            let message =
                format!("`{}` is there and is no version of this allowlist", path.display());
            return Err(invalid(message).hint("name another file with `--out`"));
        }
    }
    Ok(())
}

/// Writes a document for CI and colleagues.
///
/// # Errors
/// As [`may_export`], and when it cannot be written.
pub(crate) fn export(document: &Allowlist, path: &Path) -> AppResult<()> {
    may_export(document, path)?;
    let text = document.to_text().map_err(crate::scan::internal)?;
    prepare(path, &text)?.persist(path).map_err(|error| unwritable(path, &error.error)).map(drop)
}

/// A whole new file beside the one it will replace.
fn prepare(path: &Path, text: &str) -> AppResult<tempfile::NamedTempFile> {
    let write = || -> std::io::Result<tempfile::NamedTempFile> {
        let file = whole::prepared(path, text.as_bytes())?;
        if let Ok(known) = fs::metadata(path) {
            file.as_file().set_permissions(known.permissions())?;
        }
        Ok(file)
    };
    write().map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> AppError {
    AppError::new(Code::StoreIo, format!("`{}` cannot be written: {error}", path.display()))
        .hint("name another place or fix its permissions")
}
