//! A tool the machine already has, such as npm: found once, at registration, by whoever installs;
//! afterwards it is what was registered, by the digest of all its files (contract SC-5, SC-11).
//! Never looks at `PATH` during a scan.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use mex_runtime::json;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::lock::{LockedTool, Source};

/// What a package folder must hold to run from there alone: Debian's npm keeps it elsewhere.
const ITS_OWN: &str = "node_modules/npm-registry-fetch/package.json";

/// Where a registered tool is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MachinePlace {
    /// The executable that runs it, absolute, no link: `/usr/bin/node`.
    pub runtime: PathBuf,
    /// Its package folder, absolute, no link: `/usr/lib/node_modules/npm`.
    pub folder: PathBuf,
}

/// The names by which a machine tool is looked for.
pub(super) struct Wanted<'a> {
    pub(super) runtime: &'a str,
    pub(super) entry: &'a str,
}

/// What a lock entry says of a machine tool; `None` for one that is built.
pub(super) fn wanted(locked: &LockedTool) -> Option<Wanted<'_>> {
    locked.sources.iter().find_map(|source| match source {
        Source::Machine { runtime, entry } => Some(Wanted { runtime, entry }),
        _ => None,
    })
}

/// Looks for a tool on the search path given, as a person's shell would.
///
/// # Errors
/// Why there is none that could be used, as one sentence.
pub(super) fn find(name: &str, wanted: &Wanted<'_>, path: &OsStr) -> Result<MachinePlace, String> {
    let on_path = |program: &str| {
        std::env::split_paths(path)
            .map(|folder| folder.join(program))
            .find(|file| file.is_file())
            .and_then(|file| std::fs::canonicalize(file).ok())
    };
    let runtime = on_path(wanted.runtime)
        .ok_or_else(|| format!("`{}` is not on this machine", wanted.runtime))?;
    let command = on_path(name).ok_or_else(|| format!("`{name}` is not on this machine"))?;
    let folder = below(&command, wanted.entry)
        .ok_or_else(|| format!("`{}` is not the program of a package", command.display()))?;
    if !folder.join(ITS_OWN).is_file() {
        return Err(format!(
            "the modules of `{}` lie outside its folder, where no digest covers them",
            folder.display()
        ));
    }
    Ok(MachinePlace { runtime, folder: folder.to_owned() })
}

/// The package folder of a program that lies at `entry` in it.
fn below<'a>(program: &'a Path, entry: &str) -> Option<&'a Path> {
    let up = Path::new(entry).components().count();
    let folder = program.ancestors().nth(up)?;
    (folder.join(entry) == program).then_some(folder)
}

/// The version a package folder gives itself.
///
/// # Errors
/// When its `package.json` does not say, or names another package.
pub(super) fn version(name: &str, place: &MachinePlace) -> Result<Version, String> {
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: Version,
    }
    let path = place.folder.join("package.json");
    let wrong = |why: String| format!("`{}` {why}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
    let package: Package = json::parse(&text)
        .and_then(serde_json::from_value)
        .map_err(|error| wrong(error.to_string()))?;
    if package.name != name {
        return Err(wrong(format!("is of {:?}, not of `{name}`", package.name)));
    }
    Ok(package.version)
}
