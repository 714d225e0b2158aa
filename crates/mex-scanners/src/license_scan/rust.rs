//! The Rust installation of whoever scans: the toolchain that answers cargo-deny's questions and the
//! cargo home with the fetched crates. Owns finding it without running anything; never a proxy,
//! which would obey the project, and never anything of the project.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mex_runtime::artifact::ToolIdentity;
use mex_runtime::id::ToolName;

use super::crates::CargoHome;
use crate::toolchain::hash;

/// What there is of Rust on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RustHere {
    /// The user's cargo home.
    pub cargo_home: Option<CargoHome>,
    /// A toolchain's own folder, with `bin/cargo`, `bin/rustc` and `lib/`.
    pub toolchain: Option<PathBuf>,
}

impl RustHere {
    /// Looks where `CARGO_HOME`, `RUSTUP_HOME`, `RUSTUP_TOOLCHAIN` and `HOME` of `variables` point.
    pub fn find(variables: &BTreeMap<String, OsString>) -> Self {
        let set =
            |name: &str| variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = set("HOME");
        let below = |folder: &str| home.as_ref().map(|home| home.join(folder));
        let cargo_home =
            set("CARGO_HOME").or_else(|| below(".cargo")).filter(|dir| dir.is_absolute());
        let rustup =
            set("RUSTUP_HOME").or_else(|| below(".rustup")).filter(|dir| dir.is_absolute());
        let wanted = variables.get("RUSTUP_TOOLCHAIN").and_then(|name| name.to_str());
        Self {
            cargo_home: cargo_home.map(CargoHome::at),
            toolchain: rustup.and_then(|rustup| toolchain(&rustup, wanted)),
        }
    }

    /// Cargo and rustc as they are now, by digest.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn identities(toolchain: &Path) -> io::Result<Vec<ToolIdentity>> {
        let version = toolchain.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ["cargo", "rustc"]
            .into_iter()
            .map(|name| {
                Ok(ToolIdentity {
                    name: ToolName::known(name),
                    version: version.clone(),
                    sha256: hash(fs::File::open(toolchain.join("bin").join(name))?)?,
                })
            })
            .collect()
    }
}

/// The toolchain rustup would take outside of any project: the one named, its default, or the first.
fn toolchain(rustup: &Path, wanted: Option<&str>) -> Option<PathBuf> {
    let folder = rustup.join("toolchains");
    let settings = fs::read_to_string(rustup.join("settings.toml")).unwrap_or_default();
    let default = settings
        .parse::<toml::Table>()
        .ok()
        .and_then(|table| Some(table.get("default_toolchain")?.as_str()?.to_owned()));
    let mut all: Vec<String> = fs::read_dir(&folder)
        .ok()?
        .filter_map(|item| Some(item.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    all.sort();
    let named = wanted.map(str::to_owned).into_iter().chain(default);
    // A name such as `1.95.0` stands for the folder with this machine's target behind it.
    named
        .filter_map(|name| {
            all.iter()
                .find(|known| **known == name || known.starts_with(&format!("{name}-")))
                .cloned()
        })
        .chain(all.clone())
        .map(|name| folder.join(name))
        .find(|dir| ["bin/cargo", "bin/rustc"].iter().all(|file| dir.join(file).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_the_default_and_then_any_whole_toolchain_is_taken() {
        let home = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let found = |more: &[(&str, &str)]| {
            let mut variables = BTreeMap::from([("HOME".to_owned(), home.path().into())]);
            for (name, value) in more {
                variables.insert((*name).to_owned(), value.into());
            }
            let toolchain = RustHere::find(&variables).toolchain;
            toolchain.map(|dir| dir.file_name().unwrap().to_string_lossy().into_owned())
        };
        assert_eq!(found(&[]), None);
        for name in ["1.90.0-x", "stable-x"] {
            write(&format!(".rustup/toolchains/{name}/bin/cargo"), "c");
            write(&format!(".rustup/toolchains/{name}/bin/rustc"), "r");
        }
        write(".rustup/toolchains/0-broken/bin/cargo", "c");
        assert_eq!(found(&[]).as_deref(), Some("1.90.0-x"));
        write(".rustup/settings.toml", "default_toolchain = \"stable-x\"\n");
        assert_eq!(found(&[]).as_deref(), Some("stable-x"));
        assert_eq!(found(&[("RUSTUP_TOOLCHAIN", "1.90.0")]).as_deref(), Some("1.90.0-x"));
        assert_eq!(found(&[("RUSTUP_HOME", "relative")]), None);
        let tools = RustHere::identities(&home.path().join(".rustup/toolchains/stable-x")).unwrap();
        assert_eq!(tools.len(), 2);
        assert_ne!(tools[0].sha256, tools[1].sha256);
    }
}
