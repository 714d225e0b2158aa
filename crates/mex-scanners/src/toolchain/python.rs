//! Provisioning of a Python program: its packages by hash into a folder of their own, together with
//! the interpreter and its standard library, so that the tool is one folder and nothing beside it
//! (contract SC-5). Owns the requirements the product carries; never runs during a scan.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mex_runtime::digest::Digest;
use mex_runtime::id::ToolName;

use super::ToolchainError;
use super::install::{inherited, io, run};
use super::lock::LockedTool;
use crate::process::provision::ProvisionContext;

/// What scancode is made of.
const REQUIREMENTS: &str = include_str!("../../assets/scancode/requirements.txt");
/// Completes the folder.
const ASSEMBLE: &str = include_str!("../../assets/scancode/assemble.py");
/// Starts the program.
const LAUNCH: &str = include_str!("../../assets/scancode/launch.py");

/// A folder made ready, where its packages came from, and the python in it.
pub(super) type Assembled = (PathBuf, String, String);

/// Builds the folder of a Python tool below `work`.
pub(super) fn build(
    locked: &LockedTool,
    (package, requirements_sha256): (&str, &Digest),
    work: &Path,
    context: &ProvisionContext<'_>,
    progress: &dyn Fn(&ToolName, &str),
) -> Result<Assembled, ToolchainError> {
    let name = &locked.name;
    let found = Digest::of(REQUIREMENTS.as_bytes());
    if found != *requirements_sha256 {
        return Err(ToolchainError::NotReproduced {
            name: name.clone(),
            what: "other requirements",
            expected: *requirements_sha256,
            found,
        });
    }
    let tool = work.join("tool");
    fs::create_dir(&tool).map_err(|source| io("create", &tool, source))?;
    let mut put = BTreeMap::new();
    for (file, text) in
        [("requirements.txt", REQUIREMENTS), ("assemble.py", ASSEMBLE), ("launch.py", LAUNCH)]
    {
        let path = work.join(file);
        fs::write(&path, text).map_err(|source| io("write", &path, source))?;
        put.insert(file, path.display().to_string());
    }
    let text = |path: &Path| path.display().to_string();
    let venv = work.join("venv");
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    progress(name, "making a virtual environment for it");
    let needs =
        ("python3", "Python 3.10 or newer with its venv module (Debian: python3, python3-venv)");
    run(name, needs, words(&["-m", "venv", "--copies", &text(&venv)]), inherited(), work, context)?;
    progress(name, "fetching its packages by hash");
    let python = text(&venv.join("bin").join("python"));
    let packages = text(&tool.join("packages"));
    let install = words(&[
        "-I",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--no-compile",
        "--no-cache-dir",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--target",
        &packages,
        "--requirement",
        &put["requirements.txt"],
    ]);
    run(name, (&python, "Python 3.10 or newer"), install, inherited(), work, context)?;
    progress(name, "putting its interpreter beside them");
    let assemble = words(&["-I", &put["assemble.py"], &text(&tool)]);
    let built = run(name, (&python, "Python 3.10 or newer"), assemble, inherited(), work, context)?;
    let built_with = String::from_utf8_lossy(&built.stdout).trim().chars().take(80).collect();
    let origin = format!("{package}=={} requirements sha256:{found}", locked.version);
    Ok((tool, origin, built_with))
}

/// How the program in `home` is started, writing nothing but below `work`.
pub(super) fn probe(home: &Path, work: &Path) -> (Vec<String>, BTreeMap<String, String>) {
    let home = home.display().to_string();
    let args = crate::scancode::argv::python(&home);
    let scratch = work.display().to_string();
    let env = crate::scancode::argv::env(&home)
        .into_iter()
        .map(|(name, value)| (name, value.replace("/scratch", &scratch)))
        .chain([("HOME".to_owned(), scratch.clone())])
        .collect();
    (args, env)
}
