//! What the program was started with, and whether a window can open at all.
//! Owns the reading of the command line; never opens anything.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

/// The scheme of our links.
pub const SCHEME: &str = "mex://";

/// The longest link read, in bytes.
const MAX_LINK: usize = 512;

/// What somebody wants to see first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Wanted {
    /// A project folder.
    Project {
        /// Its absolute path.
        path: String,
    },
    /// A place inside the product; resolved by its id alone.
    Link {
        /// Such as `mex://problem/ID`.
        uri: String,
    },
}

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// A window, on something or on the welcome.
    Window(Option<Wanted>),
    /// The text of `--help`.
    Help,
    /// The text of `--version`.
    Version,
}

/// A command line that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadStart {
    /// More than one project or link.
    #[error("one project folder or one link can be opened at a time")]
    TooMany,
    /// An option nobody knows.
    #[error("there is no option `{0}`: see `mex-desktop --help`")]
    UnknownOption(String),
    /// A folder that is not there.
    #[error("`{0}` is no folder: name a project folder")]
    NoFolder(String),
    /// A link that is too long or not printable.
    #[error("this is no link of mex: it is `mex://KIND/ID`")]
    NoLink,
}

impl Start {
    /// Reads the arguments after the program's name; paths are taken from `folder`.
    ///
    /// # Errors
    /// For what names nothing that could be opened.
    pub fn parse(
        arguments: impl IntoIterator<Item = OsString>,
        folder: &Path,
    ) -> Result<Self, BadStart> {
        let mut wanted = None;
        let mut options_over = false;
        for argument in arguments {
            let text = argument.to_string_lossy().into_owned();
            if !options_over && text.starts_with('-') && text != "-" {
                match text.as_str() {
                    "--" => options_over = true,
                    "-h" | "--help" => return Ok(Self::Help),
                    "-V" | "--version" => return Ok(Self::Version),
                    _ => return Err(BadStart::UnknownOption(text)),
                }
                continue;
            }
            if wanted.is_some() {
                return Err(BadStart::TooMany);
            }
            wanted = Some(if text.starts_with(SCHEME) {
                link(&text)?
            } else {
                project(&argument, folder)?
            });
        }
        Ok(Self::Window(wanted))
    }
}

/// A link as the system hands it over.
///
/// # Errors
/// For one that is longer than any id, or holds what no id holds.
pub fn link(uri: &str) -> Result<Wanted, BadStart> {
    let plain = uri.len() <= MAX_LINK
        && uri.strip_prefix(SCHEME).is_some_and(|rest| {
            !rest.is_empty()
                && rest.bytes().all(|c| c.is_ascii_alphanumeric() || b"/-_.:%".contains(&c))
        });
    if plain { Ok(Wanted::Link { uri: uri.to_owned() }) } else { Err(BadStart::NoLink) }
}

fn project(argument: &OsString, folder: &Path) -> Result<Wanted, BadStart> {
    let path = folder.join(PathBuf::from(argument));
    let shown = || path.display().to_string();
    let whole = std::path::absolute(&path).map_err(|_| BadStart::NoFolder(shown()))?;
    // The window cannot name what is not Unicode, so it is not opened as something else.
    match whole.to_str() {
        Some(text) if whole.is_dir() => Ok(Wanted::Project { path: text.to_owned() }),
        _ => Err(BadStart::NoFolder(shown())),
    }
}

/// What `mex-desktop --help` prints.
pub const HELP: &str = "\
mex-desktop [PATH | mex://KIND/ID]

Opens the window of mex: on the project in PATH, on the place a link names, or on the welcome.
A second start hands its argument to the window that is open.

  -h, --help       this text
  -V, --version    the version

MEX_DATA_DIR and MEX_TOOLS_DIR name the data folder and the tools folder. Without a display the
command `mex` does the same work.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str], expect: Result<Start, BadStart>) {
        let found = Start::parse(arguments.iter().map(OsString::from), Path::new("/"));
        assert_eq!(found, expect, "{arguments:?}");
    }

    fn link_of(uri: &str) -> Result<Start, BadStart> {
        Ok(Start::Window(Some(Wanted::Link { uri: uri.to_owned() })))
    }

    #[test]
    fn each_command_line_has_one_meaning() {
        check(&[], Ok(Start::Window(None)));
        check(&["--help", "x"], Ok(Start::Help));
        check(&["-V"], Ok(Start::Version));
        check(&["--wat"], Err(BadStart::UnknownOption("--wat".to_owned())));
        check(&["tmp"], Ok(Start::Window(Some(Wanted::Project { path: "/tmp".to_owned() }))));
        check(&["--", "tmp"], Ok(Start::Window(Some(Wanted::Project { path: "/tmp".to_owned() }))));
        check(&["/tmp", "/tmp"], Err(BadStart::TooMany));
        check(&["/no/such/folder"], Err(BadStart::NoFolder("/no/such/folder".to_owned())));
        check(&["mex://problem/0a1b"], link_of("mex://problem/0a1b"));
        check(&["mex://"], Err(BadStart::NoLink));
        check(&["mex://problem/<script>"], Err(BadStart::NoLink));
        check(&[&format!("mex://problem/{}", "a".repeat(600))], Err(BadStart::NoLink));
    }
}
