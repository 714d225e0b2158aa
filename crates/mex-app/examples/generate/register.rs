//! The OSS register (contract SC-13): every component of others that ships or runs here, with licence,
//! integration mode and pin. Owns where each is read from; a component without licence or pin is an
//! error that names it. Shared by the generator and by the test that holds the file against it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::process::Command;

use cargo_metadata::MetadataCommand;
use mex_app::runtime::license::canonical_expression;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The generated file.
pub const PATH: &str = "docs/oss-register.json";

/// What is built and tested, as `deny.toml` names it.
const TARGETS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// The whole register, version `or-1.0`.
#[derive(Debug, Serialize)]
pub struct Register {
    /// Always `"or-1.0"`.
    pub schema_version: &'static str,
    /// Every component, sorted.
    pub components: Vec<Entry>,
    /// Crates that the lockfile names and no target here builds: they neither ship nor run.
    pub not_built: Vec<String>,
}

/// One component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Entry {
    /// `crate`, `npm`, `tool`, `data`, `python`, `action` or `wheel`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its version; empty for data that has none.
    pub version: String,
    /// A canonical SPDX expression.
    pub licence: String,
    /// How it is part of this.
    pub integration: Mode,
    /// What pins it.
    pub pin: String,
}

/// How a component is part of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// In the program.
    Linked,
    /// Runs while the program is built.
    Build,
    /// Only in tests and benchmarks.
    Test,
    /// A program of its own.
    Subprocess,
    /// Embedded or read as data.
    Data,
    /// Runs in CI or in the developer's set-up.
    Workflow,
}

/// `docs/oss-reviewed.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reviewed {
    actions: BTreeMap<String, String>,
    wheels: BTreeMap<String, Wheel>,
    python: BTreeMap<String, String>,
    /// Packages whose own lockfile entry tells none.
    #[serde(default)]
    npm: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wheel {
    name: String,
    licence: String,
}

impl Register {
    /// Reads what is there, without a network.
    pub fn of(root: &Path) -> io::Result<Self> {
        let reviewed = Reviewed::read(root)?;
        let (mut components, not_built) = crates(root)?;
        components.extend(npm(root, &reviewed)?);
        components.extend(lock(root)?);
        components.extend(python(root, &reviewed)?);
        components.extend(workflow(root, &reviewed)?);
        Ok(Self { schema_version: "or-1.0", components: whole(components)?, not_built })
    }

    /// The file.
    pub fn text(&self) -> io::Result<String> {
        Ok(format!("{}\n", serde_json::to_string_pretty(self)?))
    }
}

impl Reviewed {
    /// Reads the file.
    pub fn read(root: &Path) -> io::Result<Self> {
        toml::from_str(&read(root, "docs/oss-reviewed.toml")?).map_err(io::Error::other)
    }
}

/// The entries in order, each with a canonical licence and a pin.
pub fn whole(mut components: Vec<Entry>) -> io::Result<Vec<Entry>> {
    components.sort();
    components.dedup();
    for entry in &mut components {
        let what = format!("{} `{} {}`", entry.kind, entry.name, entry.version);
        entry.licence = canonical_expression(&entry.licence)
            .ok_or_else(|| wrong(format!("{what}: `{}` is no SPDX expression", entry.licence)))?;
        if entry.pin.is_empty() {
            return Err(wrong(format!("{what} has no pin")));
        }
    }
    Ok(components)
}

fn wrong(why: String) -> io::Error {
    io::Error::other(why)
}

fn read(root: &Path, path: &str) -> io::Result<String> {
    std::fs::read_to_string(root.join(path)).map_err(|error| wrong(format!("`{path}`: {error}")))
}

/// The crates of the lockfile with their checksums, by name and version.
pub fn locked(root: &Path) -> io::Result<BTreeMap<(String, String), Option<String>>> {
    let lock: toml::Table = read(root, "Cargo.lock")?.parse().map_err(io::Error::other)?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let word = |package: &toml::Value, field: &str| {
        package.get(field).and_then(toml::Value::as_str).map(str::to_owned)
    };
    Ok(packages
        .filter_map(|package| {
            let key = (word(package, "name")?, word(package, "version")?);
            Some((key, word(package, "checksum")))
        })
        .collect())
}

fn crates(root: &Path) -> io::Result<(Vec<Entry>, Vec<String>)> {
    let locked = locked(root)?;
    let mut found: BTreeMap<(String, String), Entry> = BTreeMap::new();
    let mut ours = BTreeSet::new();
    for target in TARGETS {
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .other_options(
                ["--locked", "--offline", "--filter-platform", target].map(str::to_owned),
            )
            .exec()
            .map_err(|error| wrong(format!("`cargo fetch --locked` may help: {error}")))?;
        let modes = modes(root, target)?;
        for package in &metadata.packages {
            let key = (package.name.to_string(), package.version.to_string());
            if package.source.is_none() {
                ours.insert(key);
                continue;
            }
            let Some(mode) = modes.get(&key).copied() else { continue };
            let checksum = locked.get(&key).cloned().flatten().unwrap_or_default();
            let entry = Entry {
                kind: "crate",
                name: key.0.clone(),
                version: key.1.clone(),
                licence: package.license.clone().unwrap_or_default(),
                integration: mode,
                pin: if checksum.is_empty() { checksum } else { format!("sha256:{checksum}") },
            };
            found
                .entry(key)
                .and_modify(|known| known.integration = known.integration.min(mode))
                .or_insert(entry);
        }
    }
    let not_built = locked
        .into_keys()
        .filter(|key| !found.contains_key(key) && !ours.contains(key))
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    Ok((found.into_values().collect(), not_built))
}

/// How each crate that is really compiled is part of this, by name and version. `cargo metadata` also
/// names what no feature switches on.
fn modes(root: &Path, target: &str) -> io::Result<BTreeMap<(String, String), Mode>> {
    let mut modes = BTreeMap::new();
    // What ships: the command and the desktop.
    let shipped: &[&str] = &["--package=mex-cli", "--package=mex-desktop"];
    for (mode, packages, edges) in [
        (Mode::Linked, shipped, "--edges=normal,no-proc-macro"),
        (Mode::Build, shipped, "--edges=normal,build"),
        (Mode::Test, &["--workspace"], "--edges=normal,build,dev"),
    ] {
        let mut tree = cargo();
        tree.arg("tree").args(packages).arg(edges).args(["--locked", "--offline", "--prefix=none"]);
        tree.args(["--format={p}", "--target", target]).current_dir(root);
        let output = tree.output()?;
        if !output.status.success() {
            return Err(wrong(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let mut words = line.split(' ');
            if let (Some(name), Some(version)) = (words.next(), words.next()) {
                let key = (name.to_owned(), version.trim_start_matches('v').to_owned());
                modes.entry(key).or_insert(mode);
            }
        }
    }
    Ok(modes)
}

#[expect(clippy::disallowed_methods, reason = "a generator for developers, not the product")]
fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The packages of the pages, by the lockfile: what is not for development is in the program.
pub fn npm(root: &Path, reviewed: &Reviewed) -> io::Result<Vec<Entry>> {
    const LOCK: &str = "ui/package-lock.json";
    let lock: Value = serde_json::from_str(&read(root, LOCK)?)?;
    let packages = lock["packages"].as_object().into_iter().flatten();
    let mut entries = Vec::new();
    let mut used = BTreeSet::new();
    for (path, package) in packages {
        let Some((_, name)) = path.rsplit_once("node_modules/") else { continue };
        let word = |field: &str| package[field].as_str().unwrap_or_default().to_owned();
        let licence = match reviewed.npm.get(name) {
            Some(licence) => {
                used.insert(name);
                licence.clone()
            }
            None => word("license"),
        };
        entries.push(Entry {
            kind: "npm",
            name: name.to_owned(),
            version: word("version"),
            licence,
            integration: if package["dev"] == true { Mode::Build } else { Mode::Linked },
            pin: word("integrity"),
        });
    }
    match reviewed.npm.keys().find(|name| !used.contains(name.as_str())) {
        Some(stale) => {
            Err(wrong(format!("docs/oss-reviewed.toml names `{stale}`, which `{LOCK}` does not")))
        }
        None => Ok(entries),
    }
}

/// Tools, databases and embedded data.
fn lock(root: &Path) -> io::Result<Vec<Entry>> {
    let lock: Value = serde_json::from_str(&read(root, "toolchain.lock.json")?)?;
    let list = |name: &str| lock[name].as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tools = list("tools").into_iter().map(|tool| Entry {
        kind: "tool",
        name: word(&tool["name"]),
        version: word(&tool["version"]),
        licence: word(&tool["licence"]),
        integration: Mode::Subprocess,
        pin: pin(&tool),
    });
    let data = list("databases").into_iter().map(|data| Entry {
        kind: "data",
        name: word(&data["name"]),
        version: word(&data["commit"]),
        licence: word(&data["licence"]),
        integration: Mode::Data,
        pin: match word(&data["sha256"]) {
            sha256 if sha256.is_empty() => sha256,
            sha256 => format!("sha256:{sha256}"),
        },
    });
    Ok(tools.chain(data).collect())
}

fn pin(tool: &Value) -> String {
    let executables = tool["executable_sha256"].as_object().into_iter().flatten();
    let mut pins: Vec<String> = executables
        .filter_map(|(platform, sha256)| Some(format!("{platform} sha256:{}", sha256.as_str()?)))
        .collect();
    for source in tool["sources"].as_array().into_iter().flatten() {
        let field = |name: &str| source[name].as_str().unwrap_or_default();
        pins.push(match field("kind") {
            "crate" => format!("crate sha256:{}", field("crate_sha256")),
            "go_module" => {
                format!("{}@{} with {}", field("package"), field("version"), field("go"))
            }
            "python" => format!("requirements sha256:{}", field("requirements_sha256")),
            "machine" => {
                "the machine's own, by the digest of all its files when registered".to_owned()
            }
            _ => continue,
        });
    }
    pins.join("; ")
}

/// What runs inside scancode: name, version and digests stand in its requirements.
fn python(root: &Path, reviewed: &Reviewed) -> io::Result<Vec<Entry>> {
    let text = read(root, "crates/mex-scanners/assets/scancode/requirements.txt")?;
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(digest) = line.trim().strip_prefix("--hash=") {
            let last =
                entries.last_mut().ok_or_else(|| wrong(format!("`{line}` is of nothing")))?;
            if last.pin.is_empty() {
                digest.trim_end_matches(['\\', ' ']).clone_into(&mut last.pin);
            }
        } else if let Some((name, rest)) = line.split_once("==") {
            let name = name.split('[').next().unwrap_or(name);
            let licence = reviewed.python.get(name).cloned().ok_or_else(|| {
                wrong(format!("`{name}` has no licence in docs/oss-reviewed.toml"))
            })?;
            entries.push(Entry {
                kind: "python",
                name: name.to_owned(),
                version: rest.split([' ', ';', '\\']).next().unwrap_or_default().to_owned(),
                licence,
                integration: Mode::Subprocess,
                pin: String::new(),
            });
        }
    }
    let known: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    if let Some(stale) = reviewed.python.keys().find(|name| !known.contains(name.as_str())) {
        return Err(wrong(format!("docs/oss-reviewed.toml names `{stale}`, which nothing uses")));
    }
    Ok(entries)
}

/// The actions of the workflows, and what `dev` fetches.
pub fn workflow(root: &Path, reviewed: &Reviewed) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for file in std::fs::read_dir(root.join(".github/workflows"))? {
        let text = std::fs::read_to_string(file?.path())?;
        for used in text
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses:"))
        {
            let (action, version) = used.trim().split_once('#').unwrap_or((used.trim(), ""));
            let (name, commit) = action.trim().split_once('@').unwrap_or((action.trim(), ""));
            let is_commit = commit.len() == 40 && commit.bytes().all(|c| c.is_ascii_hexdigit());
            let licence = reviewed.actions.get(name).cloned().ok_or_else(|| {
                wrong(format!("the action `{name}` has no licence in docs/oss-reviewed.toml"))
            })?;
            entries.push(Entry {
                kind: "action",
                name: name.to_owned(),
                version: version.trim().to_owned(),
                licence,
                integration: Mode::Workflow,
                pin: if is_commit { format!("commit:{commit}") } else { String::new() },
            });
        }
    }
    let dev = read(root, "dev")?;
    for line in dev.lines() {
        let Some((variable, version)) = line.split_once("_WHEEL=") else { continue };
        let variable = format!("{variable}_WHEEL");
        let wheel = reviewed.wheels.get(&variable).ok_or_else(|| {
            wrong(format!("`{variable}` of dev is not in docs/oss-reviewed.toml"))
        })?;
        entries.push(Entry {
            kind: "wheel",
            name: wheel.name.clone(),
            version: version.to_owned(),
            licence: wheel.licence.clone(),
            integration: Mode::Workflow,
            pin: format!("version:{version}"),
        });
    }
    Ok(entries)
}
