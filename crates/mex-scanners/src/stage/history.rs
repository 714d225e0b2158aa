//! A bare repository of ours over the project's objects, so that history can be scanned with
//! nothing of the project's configuration in force (contract SC-10, promise P23).
//! Never copies objects and never writes to the project.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ledger::{Omitted, OmittedKind};

/// Where the project's objects must be mounted, read-only, for the copy to work.
pub const OBJECTS_INSIDE: &str = "/objects";
/// A file of refs longer than this is no file of refs.
const MAX_REF_BYTES: u64 = 64 << 20;

/// A history that can be scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryView {
    /// Our bare repository on this machine; mount it read-only.
    pub repository: PathBuf,
    /// The project's objects on this machine; mount them read-only at [`HistoryView::objects_inside`].
    pub objects: PathBuf,
    /// Why older commits are missing, where they are.
    pub partial: Option<String>,
}

impl HistoryView {
    /// Where the objects must be mounted.
    pub const fn objects_inside() -> &'static str {
        OBJECTS_INSIDE
    }

    /// The environment git needs inside to read this repository, which belongs to another uid
    /// there, and to obey nothing else: no configuration of the machine, and no replacement
    /// objects, with which a project could show other commits than it has.
    ///
    /// `inside` is where the repository is mounted. A git that fails makes `gitleaks git` write
    /// an error and exit with 0: whoever runs it must not take that for clean.
    pub fn git_environment(inside: &str) -> Vec<(String, String)> {
        [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "safe.directory"),
            ("GIT_CONFIG_VALUE_0", inside),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }
}

/// Makes the repository under `folder`; none where there is no history that belongs to the project.
pub(super) fn prepare(
    project: &Path,
    folder: &Path,
    omitted: &mut Vec<Omitted>,
) -> io::Result<Option<HistoryView>> {
    let Ok(repository) = gix::open_opts(project, gix::open::Options::isolated()) else {
        return Ok(None);
    };
    if repository.head_id().is_err() {
        return Ok(None);
    }
    let common = fs::canonicalize(repository.common_dir())?;
    let objects = fs::canonicalize(common.join("objects"))?;
    let root = fs::canonicalize(project)?;
    if !objects.starts_with(&root) {
        omitted.push(Omitted {
            path: ".git".to_owned(),
            kind: OmittedKind::VersionControl,
            reason:
                "its history is kept outside the project's folder; scan the main work tree for it"
                    .to_owned(),
        });
        return Ok(None);
    }
    let bare = folder.join("history.git");
    fs::create_dir_all(bare.join("objects/info"))?;
    fs::create_dir_all(bare.join("info"))?;
    fs::create_dir_all(bare.join("refs"))?;
    let format = match repository.object_hash() {
        gix::hash::Kind::Sha1 => {
            "[core]\n\trepositoryformatversion = 0\n\tbare = true\n".to_owned()
        }
        other => format!(
            "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = {other}\n"
        ),
    };
    fs::write(bare.join("config"), format)?;
    fs::write(bare.join("info/attributes"), "* !diff !textconv !filter\n")?;
    fs::write(bare.join("objects/info/alternates"), format!("{OBJECTS_INSIDE}\n"))?;
    let head = repository.head_id().map(|id| id.to_string()).unwrap_or_default();
    fs::write(bare.join("HEAD"), format!("{head}\n"))?;
    copy_small(&common.join("packed-refs"), &bare.join("packed-refs"))?;
    copy_refs(&common.join("refs"), &bare.join("refs"))?;
    let shallow = copy_small(&common.join("shallow"), &bare.join("shallow"))?;
    open_to_all(&bare)?;
    let partial = shallow.then(|| "a shallow clone: older commits are not here".to_owned());
    Ok(Some(HistoryView { repository: bare, objects, partial }))
}

fn copy_small(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(from) {
        Ok(meta) if meta.is_file() && meta.len() <= MAX_REF_BYTES => {
            fs::write(to, fs::read(from)?)?;
            Ok(true)
        }
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn copy_refs(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy_refs(&entry.path(), &target)?;
        } else {
            copy_small(&entry.path(), &target)?;
        }
    }
    Ok(())
}

fn open_to_all(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_to_all(&entry.path())?;
        } else {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o444))?;
        }
    }
    Ok(())
}
