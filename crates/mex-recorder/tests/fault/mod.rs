//! A failing disk on purpose: a small library of ours that `LD_PRELOAD` puts between a program under
//! test and libc. Counts every change below one folder and spoils the n-th. Needs `cc`, as SQLite does.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// What happens at the n-th change of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Nothing; changes are counted.
    Count,
    /// That one fails with `EIO`.
    Error,
    /// From there on there is no space.
    Full,
    /// That write takes half of its bytes, and then there is no space.
    Torn,
    /// `SIGKILL` in its place.
    Kill,
    /// Half of that write, then `SIGKILL`.
    Half,
}

impl Deed {
    const fn word(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Error => "error",
            Self::Full => "full",
            Self::Torn => "torn",
            Self::Kill => "kill",
            Self::Half => "half",
        }
    }
}

/// Makes `command` meet `deed` at its `at`-th change below `under`.
pub fn inject(command: &mut Command, under: &Path, deed: Deed, at: u32) {
    command
        .env("LD_PRELOAD", library())
        .env("FAULT_UNDER", under)
        .env("FAULT_AT", at.to_string())
        .env("FAULT_DEED", deed.word());
}

/// How many changes below `under` a command makes when nothing fails; `run` must wait for its end.
pub fn count(mut command: Command, under: &Path, run: impl FnOnce(Command)) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("count");
    inject(&mut command, under, Deed::Count, 0);
    command.env("FAULT_COUNT", &file);
    run(command);
    std::fs::read_to_string(file).unwrap().trim().parse().unwrap()
}

/// The library, built once for this test binary.
pub fn library() -> PathBuf {
    static BUILT: OnceLock<TempDir> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let source = folder.path().join("write_fault.c");
            std::fs::write(&source, include_str!("write_fault.c")).unwrap();
            let done = compiler()
                .args(["-shared", "-fPIC", "-O1", "-o"])
                .arg(folder.path().join("write_fault.so"))
                .arg(&source)
                .arg("-ldl")
                .output()
                .unwrap_or_else(|error| panic!("these tests need `cc`: {error}"));
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            folder
        })
        .path()
        .join("write_fault.so")
}

#[expect(clippy::disallowed_methods, reason = "the library is compiled where it is used")]
fn compiler() -> Command {
    Command::new("cc")
}
