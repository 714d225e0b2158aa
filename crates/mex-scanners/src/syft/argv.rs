//! What we ask syft. Owns its arguments and its configuration; reads and runs nothing.
//!
//! The configuration is ours and given by name, and the working directory is its folder, so that no
//! `.syft.yaml` of the project is looked for (contract SC-10). Nothing is fetched, no build tool is
//! started, development dependencies are listed, and a package without a name or a version is kept:
//! what becomes of it is ours to say (promise P4).

/// The folder, inside the sandbox, that holds the configuration.
pub const CONFIG_FOLDER: &str = "/config";

/// The configuration's name in it.
pub const CONFIG_FILE: &str = "syft.yaml";

/// The configuration. Catalogers are the tool's own choice for a folder.
pub const CONFIG: &str = "\
check-for-app-update: false
enrich: []
exclude: []
cache: {dir: '', ttl: '0'}
compliance: {missing-name: keep, missing-version: keep}
cpp: {vcpkg-allow-git-clone: false}
file: {metadata: {selection: none}, content: {globs: []}}
golang:
  search-local-mod-cache-licenses: false
  search-local-vendor-licenses: false
  search-remote-licenses: false
  use-packages-lib: false
java: {use-network: false, use-maven-local-repository: false, resolve-transitive-dependencies: false}
javascript: {search-remote-licenses: false, include-dev-dependencies: true}
license: {content: none}
python: {search-remote-licenses: false, guess-unpinned-requirements: false}
source: {name: project}
unknowns: {remove-when-packages-defined: true, executables-without-packages: true, unexpanded-archives: true}
";

/// Where the project is inside the sandbox.
pub const PROJECT: &str = "/project";

/// The tool's own report, in the scratch folder.
pub const REPORT: &str = "syft.json";

/// The CycloneDX document, in the scratch folder.
pub const CYCLONEDX: &str = "cyclonedx.json";

/// The SPDX document, in the scratch folder.
pub const SPDX: &str = "spdx.json";

/// The version of CycloneDX that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CycloneDx {
    /// 1.6, which most readers know.
    #[default]
    V1_6,
    /// 1.7, where it was asked for.
    V1_7,
}

impl CycloneDx {
    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::V1_6 => "1.6",
            Self::V1_7 => "1.7",
        }
    }
}

/// The arguments for one run.
pub fn args(version: CycloneDx) -> Vec<String> {
    vec![
        "scan".to_owned(),
        format!("dir:{PROJECT}"),
        "--base-path".to_owned(),
        PROJECT.to_owned(),
        "--config".to_owned(),
        format!("{CONFIG_FOLDER}/{CONFIG_FILE}"),
        "--output".to_owned(),
        format!("syft-json=/scratch/{REPORT}"),
        "--output".to_owned(),
        format!("cyclonedx-json@{}=/scratch/{CYCLONEDX}", version.word()),
        "--output".to_owned(),
        format!("spdx-json@2.3=/scratch/{SPDX}"),
        "--quiet".to_owned(),
    ]
}

/// The environment: a home in the scratch folder.
pub fn env() -> Vec<(String, String)> {
    [("HOME", "/scratch"), ("TMPDIR", "/tmp"), ("LC_ALL", "C"), ("NO_COLOR", "1")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract SC-8, SC-10.
    #[test]
    fn nothing_is_fetched_and_nothing_of_the_project_is_asked() {
        let args = args(CycloneDx::V1_7);
        assert_eq!(args[..2], ["scan", "dir:/project"]);
        assert!(args.contains(&"/config/syft.yaml".to_owned()));
        assert!(args.contains(&"cyclonedx-json@1.7=/scratch/cyclonedx.json".to_owned()));
        for off in [
            "check-for-app-update: false",
            "vcpkg-allow-git-clone: false",
            "use-packages-lib: false",
            "use-network: false",
            "exclude: []",
        ] {
            assert!(CONFIG.contains(off), "{off}");
        }
        assert_eq!(CONFIG.matches("search-remote-licenses: false").count(), 3);
    }
}
