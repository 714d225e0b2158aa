//! `toolchain.lock.json`, version `tl-1.0`: which tools exist for the product and what each one is
//! made from (contract SC-5, SC-13). Owns the format and its strict reading.
//! Never looks at the machine: whether a tool is there is [`super::Toolchain`]'s business.
//! Long because every kind of source has its fields and its faults in one place.

use std::collections::{BTreeMap, BTreeSet};

use super::ToolchainError;
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::id::ToolName;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

/// The lock file the product was built with.
const EMBEDDED: &str = include_str!("../../../../toolchain.lock.json");
/// A lock file is small; more than this is not one.
const MAX_BYTES: usize = 1024 * 1024;

/// A platform a digest is for, as `os-arch`.
pub const PLATFORM: &str = if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
    "linux-x86_64"
} else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
    "linux-aarch64"
} else if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
    "macos-aarch64"
} else if cfg!(all(target_os = "macos", target_arch = "x86_64")) {
    "macos-x86_64"
} else if cfg!(all(target_os = "windows", target_arch = "x86_64")) {
    "windows-x86_64"
} else {
    "other"
};

/// Every platform a digest may be given for.
const PLATFORMS: &[&str] =
    &["linux-x86_64", "linux-aarch64", "macos-aarch64", "macos-x86_64", "windows-x86_64"];

/// The whole lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Always `"tl-1.0"`.
    pub schema_version: String,
    /// The tools, sorted by name.
    pub tools: Vec<LockedTool>,
    /// Databases and embedded data, sorted by name (contract SC-13).
    pub databases: Vec<LockedDatabase>,
}

/// One tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedTool {
    /// Its name, which is also its executable's.
    pub name: ToolName,
    /// The version it must report; for one of the machine's own, the least that will do.
    #[schemars(with = "String")]
    pub version: Version,
    /// Its licence as an SPDX expression.
    pub licence: String,
    /// How it is joined to the product.
    pub integration: Integration,
    /// What it is used for, as one sentence.
    pub purpose: String,
    /// Whether it is part of a scan or only of this project's own gate.
    pub used_by: UsedBy,
    /// Where it comes from; the first source that this platform can use is taken.
    pub sources: Vec<Source>,
    /// The digest of the executable by platform, where its build is reproducible. Where a platform
    /// has none, the digest is that of the provisioning record.
    pub executable_sha256: BTreeMap<String, Digest>,
    /// How it is asked for its version.
    pub version_probe: VersionProbe,
}

/// How a component is joined to the product (contract SC-13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Integration {
    /// Linked into the product.
    Linked,
    /// Run as a program of its own.
    Subprocess,
    /// Read as data.
    #[serde(rename = "data")]
    Records,
}

/// Who needs a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsedBy {
    /// The scans of the product: `mex tools install` provisions it.
    Scan,
    /// Only the gate of this project's own repository; installed when named.
    OwnGate,
}

/// Where a tool comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// An official release archive.
    Archive {
        /// Where it is, by platform.
        platforms: BTreeMap<String, ArchivePin>,
    },
    /// A Go program, built from its module.
    GoModule {
        /// The module path with the program's folder, as `go install` takes it.
        package: String,
        /// The module's version, with its `v`.
        version: String,
        /// The Go toolchain that builds it, such as `go1.27.3`.
        go: String,
        /// The linker flags.
        ldflags: String,
        /// Must be `false`: a build with cgo is not reproducible.
        cgo: bool,
        /// Must be `true`: a build with paths in it is not reproducible.
        trimpath: bool,
    },
    /// A Rust program, built from its crate with its own lock file.
    Crate {
        /// The crate.
        name: String,
        /// Its version.
        #[schemars(with = "String")]
        version: Version,
        /// The registry's SHA-256 of the `.crate` file.
        crate_sha256: Digest,
        /// The Rust toolchain that builds it.
        rust: String,
    },
    /// A Python program: its packages by hash, in a folder of their own with an interpreter.
    Python {
        /// The package, as the index names it.
        package: String,
        /// Its version.
        #[schemars(with = "String")]
        version: Version,
        /// The requirements the product carries: every package with the hashes of its files.
        requirements: String,
        /// The digest of those requirements.
        requirements_sha256: Digest,
    },
    /// A program the machine already has, a package folder and what runs it: registered, not built.
    /// The tool's version is the least that will do; the version registered is recorded.
    Machine {
        /// The executable that runs it, as `PATH` has it: `node`.
        runtime: String,
        /// The program in its package folder, such as `bin/npm-cli.js`.
        entry: String,
    },
}

/// One pinned archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchivePin {
    /// Its address, `https` only.
    pub url: String,
    /// Its digest.
    pub sha256: Digest,
    /// The executable's path inside.
    pub member: String,
}

/// How a tool is asked for its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionProbe {
    /// The arguments. The version must stand as a word of its own in what it prints.
    pub args: Vec<String>,
}

/// A database or other data the product carries or fetches (contract SC-13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockedDatabase {
    /// Its name.
    pub name: String,
    /// Its licence as an SPDX expression.
    pub licence: String,
    /// How it is joined to the product.
    pub integration: Integration,
    /// Where it comes from.
    pub source: String,
    /// The commit, where it is of one.
    pub commit: Option<String>,
    /// The file in this repository, where it is carried.
    pub file: Option<String>,
    /// The digest of that file.
    pub sha256: Option<Digest>,
}

/// One thing wrong with a lock file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{at}`: {why}")]
pub struct LockFault {
    /// The field, as a JSON pointer.
    pub at: String,
    /// What it must be.
    pub why: String,
}

/// Everything wrong with a lock file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`toolchain.lock.json` is not valid: {}", listed(.0))]
pub struct LockInvalid(pub Vec<LockFault>);

impl LockInvalid {
    /// `MEX-TOOLCHAIN-LOCK`.
    pub const fn code(&self) -> Code {
        Code::ToolchainLock
    }
}

fn listed(faults: &[LockFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Lock {
    /// The lock file the product was built with.
    ///
    /// # Errors
    /// Never for a released product: a test reads it.
    pub fn embedded() -> Result<Self, LockInvalid> {
        Self::parse(EMBEDDED)
    }

    /// Reads a lock file strictly: duplicate keys, unknown fields and every broken rule.
    ///
    /// # Errors
    /// All faults at once, each with its place (contract SC-5, section 15).
    pub fn parse(text: &str) -> Result<Self, LockInvalid> {
        let whole = |why: String| LockInvalid(vec![LockFault { at: "/".to_owned(), why }]);
        if text.len() > MAX_BYTES {
            return Err(whole(format!(
                "is {} bytes; a lock file has at most {MAX_BYTES}",
                text.len()
            )));
        }
        let value = mex_runtime::json::parse(text).map_err(|error| whole(error.to_string()))?;
        let lock: Self = serde_json::from_value(value).map_err(|error| whole(error.to_string()))?;
        let faults = lock.faults();
        if faults.is_empty() { Ok(lock) } else { Err(LockInvalid(faults)) }
    }

    /// The entry of a tool.
    pub fn tool(&self, name: &ToolName) -> Option<&LockedTool> {
        self.tools.iter().find(|tool| tool.name == *name)
    }

    fn faults(&self) -> Vec<LockFault> {
        let mut faults = Vec::new();
        let mut fault = |at: String, why: &str| faults.push(LockFault { at, why: why.to_owned() });
        if self.schema_version != "tl-1.0" {
            fault("/schema_version".to_owned(), "must be `tl-1.0`");
        }
        if self.tools.is_empty() {
            fault("/tools".to_owned(), "must name at least one tool");
        }
        let mut names = BTreeSet::new();
        for (index, tool) in self.tools.iter().enumerate() {
            let at = |field: &str| format!("/tools/{index}/{field}");
            if !names.insert(&tool.name) {
                fault(at("name"), "is named twice");
            }
            if tool.licence.trim().is_empty() {
                fault(at("licence"), "must be an SPDX expression");
            }
            if tool.version_probe.args.is_empty() {
                fault(at("version_probe/args"), "must name at least one argument");
            }
            if tool.sources.is_empty() {
                fault(at("sources"), "must name at least one source");
            }
            for platform in tool.executable_sha256.keys() {
                if !PLATFORMS.contains(&platform.as_str()) {
                    fault(at(&format!("executable_sha256/{platform}")), "is no known platform");
                }
            }
            let machine = |source: &Source| matches!(source, Source::Machine { .. });
            if tool.sources.iter().any(machine)
                && (tool.sources.len() > 1 || !tool.executable_sha256.is_empty())
            {
                fault(at("sources"), "one of the machine's own is the only source, without a pin");
            }
            for (place, source) in tool.sources.iter().enumerate() {
                source.faults(&tool.version, &mut |field, why| {
                    fault(at(&format!("sources/{place}/{field}")), why);
                });
            }
        }
        let mut databases = BTreeSet::new();
        for (index, database) in self.databases.iter().enumerate() {
            let at = |field: &str| format!("/databases/{index}/{field}");
            if !databases.insert(&database.name) {
                fault(at("name"), "is named twice");
            }
            if database.file.is_some() != database.sha256.is_some() {
                fault(at("sha256"), "must be given exactly where `file` is");
            }
        }
        faults
    }
}

impl LockedTool {
    /// Whether it is one of the machine's own, registered and not built.
    pub fn is_of_machine(&self) -> bool {
        self.sources.iter().any(|source| matches!(source, Source::Machine { .. }))
    }

    /// Whether what a tool says of itself has this version as a word of its own.
    pub(super) fn agrees(&self, said: &[u8]) -> Result<(), ToolchainError> {
        let said = String::from_utf8_lossy(said);
        let expected = self.version.to_string();
        if said.split_whitespace().any(|word| word.trim_start_matches('v') == expected) {
            return Ok(());
        }
        let first = said.lines().next().unwrap_or_default();
        Err(ToolchainError::Version {
            name: self.name.clone(),
            expected: self.version.clone(),
            found: crate::answer::line(first).chars().take(80).collect(),
        })
    }

    /// Whether the tool is a folder of many files, pinned by their manifest.
    pub fn is_many_files(&self) -> bool {
        self.sources.iter().any(|source| matches!(source, Source::Python { .. }))
    }
}

impl Source {
    fn faults(&self, tool_version: &Version, fault: &mut dyn FnMut(&str, &str)) {
        match self {
            Self::Archive { platforms } => {
                for (platform, pin) in platforms {
                    if !PLATFORMS.contains(&platform.as_str()) {
                        fault(&format!("platforms/{platform}"), "is no known platform");
                    }
                    if !pin.url.starts_with("https://") {
                        fault(&format!("platforms/{platform}/url"), "must start with `https://`");
                    }
                    if pin.member.starts_with('/') || pin.member.split('/').any(|part| part == "..")
                    {
                        fault(&format!("platforms/{platform}/member"), "must stay in the archive");
                    }
                }
            }
            Self::GoModule { package, version, go, cgo, trimpath, ldflags } => {
                if package.starts_with('-') || package.contains(['@', ' ']) || package.is_empty() {
                    fault("package", "must be a module path without its version");
                }
                if version.strip_prefix('v') != Some(&tool_version.to_string()) {
                    fault("version", "must be `v` and the tool's version");
                }
                if !go.starts_with("go1.") {
                    fault("go", "must name one Go release, such as `go1.27.3`");
                }
                if *cgo {
                    fault("cgo", "must be `false`: such a build is not reproducible");
                }
                if !*trimpath {
                    fault("trimpath", "must be `true`: such a build is not reproducible");
                }
                if ldflags.contains("-extld") {
                    fault("ldflags", "must not name another linker");
                }
            }
            Self::Crate { name, version, rust, .. } => {
                let plain = |text: &str| {
                    !text.is_empty()
                        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
                        && !text.starts_with('-')
                };
                if !plain(name) {
                    fault("name", "must be a crate's name");
                }
                if version != tool_version {
                    fault("version", "must be the tool's version");
                }
                if Version::parse(rust).is_err() {
                    fault("rust", "must name one Rust release, such as `1.95.0`");
                }
            }
            Self::Python { package, version, requirements, .. } => {
                if package.is_empty() || package.starts_with('-') || package.contains([' ', '=']) {
                    fault("package", "must be a package's name");
                }
                if version != tool_version {
                    fault("version", "must be the tool's version");
                }
                if !requirements.ends_with("/requirements.txt") || requirements.starts_with('/') {
                    fault(
                        "requirements",
                        "must be the path of a `requirements.txt` of the product",
                    );
                }
            }
            Self::Machine { runtime, entry } => {
                if runtime.is_empty() || runtime.contains('/') {
                    fault("runtime", "must be a program's name");
                }
                let plain = |part: &str| !matches!(part, "" | "." | "..");
                if !entry.split('/').all(plain) {
                    fault("entry", "must be a file of the package folder");
                }
            }
        }
    }
}
