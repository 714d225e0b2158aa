//! One run of npm on a copy of one lockfile, answered by us or by the registry. Owns the copy and
//! the folder with the answers; never reads what npm says.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mex_runtime::budget::Budget;
use mex_runtime::code::Code;
use mex_runtime::result::TypedError;
use serde_json::Value;

use super::argv::{self, Answers};
use super::lock::Locked;
use crate::answer::{error, line};
use crate::errand::{Ask, Errand, read_only, unprepared};
use crate::lockfile::Lockfile;
use crate::process::{Captured, Finished, Keep, Network};
use crate::tool::PinnedTool;

/// More than any lockfile's question and answer.
const NOTES_BYTES: u64 = 256 << 20;

/// A run that ended.
pub(crate) struct Ran {
    pub(crate) finished: Finished,
    /// What the responder noted; null where it noted nothing whole.
    pub(crate) asked: Option<Vec<u8>>,
}

/// Reads a staged lockfile as npm will.
///
/// # Errors
/// When it cannot be read, or names packages in no way we know.
pub(crate) fn locked(root: &Path, lockfile: &Lockfile) -> Result<Locked, TypedError> {
    let mut text = String::new();
    let path = root.join(&lockfile.path);
    fs::File::open(path)
        .and_then(|mut file| file.read_to_string(&mut text))
        .map_err(|fault| unprepared(&format!("`{}`", line(&lockfile.path)), &fault))?;
    Locked::read(&text).map_err(|why| {
        error(Code::ToolOutput, format!("`{}` cannot be read: {why}", line(&lockfile.path)))
    })
}

/// Runs npm to its end; `answer` is what it is told, or null where the registry is asked.
///
/// # Errors
/// When it did not run, or its run could not be recorded.
pub(crate) fn run(
    errand: &Errand<'_>,
    tool: &PinnedTool,
    root: &Path,
    lockfile: &Lockfile,
    answer: Option<&Value>,
    registry: &str,
    budget: Budget,
) -> Result<(Vec<String>, Ran), TypedError> {
    let copy = copy(errand, root, &lockfile.path)
        .map_err(|fault| unprepared("the copy for npm", &fault))?;
    let responder = errand
        .config_folder(argv::RESPONDER_FILE, argv::RESPONDER_TEXT)
        .and_then(|folder| {
            if let Some(answer) = answer {
                put(&folder.path().join(argv::ANSWER_FILE), answer.to_string().as_bytes())?;
            }
            Ok(folder)
        })
        .map_err(|fault| unprepared("the answers for npm", &fault))?;
    let package = tool.mounts.first().map_or(Path::new("/"), |folder| folder.as_path());
    let args = argv::args(package, registry);
    let ask = Ask {
        args: args.clone(),
        env: argv::env(if answer.is_some() { Answers::Given } else { Answers::Live }),
        cwd: argv::PROJECT,
        mounts: vec![
            read_only(copy.path(), argv::PROJECT),
            read_only(responder.path(), argv::RESPONDER),
        ],
        extra_executables: Vec::new(),
        budget,
        redact: &<[u8]>::to_vec,
        keep_stdout: Keep::No,
    };
    let network = if answer.is_some() { Network::None } else { Network::Granted };
    let finished = errand.run_with(tool, ask, network)?;
    let noted = finished.scratch.read(argv::ASKED_FILE, NOTES_BYTES).ok();
    let asked = noted.filter(|noted: &Captured| !noted.is_truncated()).map(|noted| noted.bytes);
    Ok((args, Ran { finished, asked }))
}

/// `package.json` and the one lockfile, nothing else of the project.
fn copy(errand: &Errand<'_>, root: &Path, lockfile: &str) -> io::Result<tempfile::TempDir> {
    let folder = errand.open_folder(0o755)?;
    let (above, name) = lockfile.rsplit_once('/').unwrap_or(("", lockfile));
    let from = root.join(above);
    for (name, needed) in [(name, true), ("package.json", false)] {
        match fs::read(from.join(name)) {
            Ok(bytes) => put(&folder.path().join(name), &bytes)?,
            Err(fault) if !needed && fault.kind() == io::ErrorKind::NotFound => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(folder)
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o444))
}
