//! Where the data folder and the tools folder are when nobody names them, and who acts.
//! Never creates a folder.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use mex_runtime::code::Code;
use mex_runtime::id::ActorId;
use mex_scanners::license_scan::go::GoHere;
use mex_scanners::license_scan::rust::RustHere;

use crate::error::{AppError, AppResult};

/// The folders of one invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Recorder, artifacts, approved documents.
    pub data_dir: PathBuf,
    /// Provisioned tools and advisory snapshots, shared by all data folders.
    pub tools_dir: PathBuf,
}

impl Places {
    /// Takes what was named, and the platform's folders for the rest (contract section 12).
    ///
    /// # Errors
    /// When neither a folder was named nor the platform tells a home.
    pub fn resolve(data_dir: Option<PathBuf>, tools_dir: Option<PathBuf>) -> AppResult<Self> {
        let absolute = |dir: PathBuf| {
            std::path::absolute(&dir).map_err(|error| {
                AppError::new(
                    Code::DataDir,
                    format!("`{}` is not a usable path: {error}", dir.display()),
                )
            })
        };
        let data_dir = match data_dir {
            Some(dir) => dir,
            None => platform_data()?.join("mex"),
        };
        let tools_dir = match tools_dir {
            Some(dir) => dir,
            None => platform_data()?.join("mex-tools"),
        };
        Ok(Self { data_dir: absolute(data_dir)?, tools_dir: absolute(tools_dir)? })
    }
}

fn platform_data() -> AppResult<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let found = if cfg!(target_os = "macos") {
        set("HOME").map(|home| home.join("Library/Application Support"))
    } else if cfg!(windows) {
        set("LOCALAPPDATA")
    } else {
        set("XDG_DATA_HOME")
            .filter(|dir| dir.is_absolute())
            .or_else(|| set("HOME").map(|home| home.join(".local/share")))
    };
    found.ok_or_else(|| {
        AppError::new(Code::DataDir, "no data folder was named and this account has no home")
            .hint("name one with `--data-dir` and `--tools-dir`, or set `MEX_DATA_DIR` and `MEX_TOOLS_DIR`")
    })
}

/// The tools that a package of the product put beside this program: `/usr/lib/mex/tools` for
/// `/usr/bin/mex` and for `/usr/lib/mex/mex-window`. None where there are none.
pub fn shipped_tools() -> Option<PathBuf> {
    let program = env::current_exe().ok()?.canonicalize().ok()?;
    beside(&program).into_iter().find(|folder| folder.is_dir())
}

fn beside(program: &Path) -> Vec<PathBuf> {
    let folder = program.parent();
    let prefix = folder.and_then(Path::parent).map(|prefix| prefix.join("lib/mex/tools"));
    let own = folder.filter(|folder| folder.ends_with("lib/mex")).map(|own| own.join("tools"));
    own.into_iter().chain(prefix).collect()
}

/// The Rust toolchain and the fetched crates of the account that runs this process.
pub fn rust_here() -> RustHere {
    RustHere::find(&variables(&["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "HOME"]))
}

/// The Go modules of the account that runs this process.
pub fn go_here() -> GoHere {
    GoHere::find(&variables(&["GOMODCACHE", "GOPATH", "HOME"]))
}

fn variables(names: &[&str]) -> BTreeMap<String, OsString> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), env::var_os(name)?))).collect()
}

/// The account that runs this process, by the system's own list and not by a variable anyone can set.
pub fn logged_in() -> ActorId {
    let name = account_name().unwrap_or_else(|| "unknown-account".to_owned());
    name.parse().unwrap_or_else(|_| fallback_actor())
}

#[expect(clippy::expect_used, reason = "the text is a constant that parses; a test says so")]
fn fallback_actor() -> ActorId {
    "unknown-account".parse().expect("a constant actor id parses")
}

#[cfg(unix)]
fn account_name() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let uid = fs::metadata("/proc/self").ok()?.uid();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse::<u32>().ok()? == uid).then(|| name.to_owned())
    });
    Some(named.unwrap_or_else(|| format!("uid-{uid}")))
}

#[cfg(not(unix))]
fn account_name() -> Option<String> {
    env::var("USERNAME").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_folders_win_and_become_absolute() {
        let places = Places::resolve(Some("a".into()), Some("/b".into())).unwrap();
        assert!(places.data_dir.is_absolute() && places.data_dir.ends_with("a"));
        assert_eq!(places.tools_dir, PathBuf::from("/b"));
    }

    #[test]
    fn packaged_tools_lie_beside_the_program() {
        let shipped = PathBuf::from("/usr/lib/mex/tools");
        assert_eq!(beside(Path::new("/usr/lib/mex/mex-window")).first(), Some(&shipped));
        assert_eq!(beside(Path::new("/usr/bin/mex")), [shipped]);
        assert!(beside(Path::new("/")).is_empty());
    }

    #[test]
    fn somebody_is_always_logged_in() {
        assert!(!logged_in().as_str().is_empty());
        assert_eq!(fallback_actor().as_str(), "unknown-account");
    }
}
