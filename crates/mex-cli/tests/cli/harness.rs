//! Starts the built `mex` on folders of its own. The provisioned tools come from `MEX_TOOLS_DIR`
//! (`./dev test` sets it); without them the tests fail and say so.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// What one invocation gave.
#[derive(Debug)]
pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Exit code, error code and hint of a refusal.
    #[track_caller]
    pub fn refuses(self, code: i32, error: &str) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.stderr.contains(&format!("error[{error}]")), "{self:?}");
        assert!(self.stderr.contains("hint: "), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        assert!(self.stdout.is_empty(), "{self:?}");
        self
    }
}

/// A data folder with the conformance suite passed, a project folder, and the provisioned tools.
pub struct Mex {
    pub folder: TempDir,
    pub tools: PathBuf,
}

/// The provisioned tools of this machine.
pub fn tools_dir() -> PathBuf {
    let dir = std::env::var_os("MEX_TOOLS_DIR").map(PathBuf::from).unwrap_or_else(|| {
        panic!("MEX_TOOLS_DIR must name the provisioned tools: run the tests with `./dev test`")
    });
    assert!(dir.join("tools").is_dir(), "`{}` holds no tools: run `./dev test`", dir.display());
    dir
}

/// A data folder in which every engine conforms, made once and copied for each test.
fn conforming_data() -> &'static Path {
    static DATA: OnceLock<TempDir> = OnceLock::new();
    DATA.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let answer = finish(command(&data, &tools_dir(), ["conformance"]));
        assert_eq!(answer.code, 0, "{answer:?}");
        folder
    })
    .path()
}

impl Mex {
    /// A fresh data folder in which nothing ever ran.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        Self { folder, tools: tools_dir() }
    }

    /// A data folder in which every engine conforms.
    pub fn ready() -> Self {
        let mex = Self::bare();
        copy(&conforming_data().join("data"), &mex.data());
        mex
    }

    /// A tools folder of its own: the same tools, and no database but the embedded one, whatever
    /// was synchronised into the provisioned folder.
    pub fn with_databases_of_its_own(mut self) -> Self {
        let own = self.folder.path().join("tools");
        fs::create_dir(&own).unwrap();
        std::os::unix::fs::symlink(self.tools.join("tools"), own.join("tools")).unwrap();
        self.tools = own;
        self
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Writes a file of the project.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        command(&self.data(), &self.tools, arguments)
    }

    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Answer {
        finish(self.command(arguments))
    }

    pub fn run_with_stdin<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        stdin: &[u8],
    ) -> Answer {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A program that refuses early may close its stdin.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        answer(child)
    }

    /// Scans the project for secrets and vulnerabilities, or for what `more` names; JSON out.
    pub fn scan(&self, more: &[&str]) -> Answer {
        let project = self.project();
        let mut arguments = vec!["scan", project.to_str().unwrap(), "--format", "json"];
        if !more.contains(&"--jobs") {
            arguments.extend(["--jobs", "secret,vuln,sbom"]);
        }
        arguments.extend(more);
        self.run(arguments)
    }
}

fn command<S: AsRef<OsStr>>(
    data: &Path,
    tools: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mex"));
    command
        .args(arguments)
        .env("MEX_DATA_DIR", data)
        .env("MEX_TOOLS_DIR", tools)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn finish(mut command: Command) -> Answer {
    answer(command.spawn().unwrap())
}

/// Waits for a started `mex`.
pub fn answer(child: Child) -> Answer {
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Copies a tree of regular files.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// A lockfile of packages from the one registry.
pub fn cargo_lock(packages: &[(&str, &str)]) -> String {
    let mut text = "version = 4\n".to_owned();
    for (name, version) in packages {
        text.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
             checksum = \"{}\"\n",
            "0".repeat(64)
        ));
    }
    text
}

/// A token of the form a rule knows, random for each run, so that none ever stands in a file here.
pub fn canary() -> String {
    let mut letters = String::new();
    while letters.len() < 36 {
        letters.push_str(&uuid::Uuid::new_v4().simple().to_string());
    }
    // The form of a personal access token of a known forge; composed so that no scanner finds it here.
    format!("{}_{}", ["g", "h", "p"].concat(), &letters[..36])
}

/// Promise P4: what each tool said is what was kept and what was dropped.
pub fn assert_balanced(outcome: &Value) {
    for count in outcome["coverage"]["counts"].as_array().unwrap() {
        let dropped: u64 = count["dropped"]
            .as_array()
            .unwrap()
            .iter()
            .map(|drop| drop["count"].as_u64().unwrap())
            .sum();
        assert_eq!(count["said"].as_u64().unwrap(), count["kept"].as_u64().unwrap() + dropped);
    }
}
