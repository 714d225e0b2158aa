//! What we ask osv-scanner. Owns its arguments and its configuration; reads and runs nothing.
//!
//! Once an ecosystem, because one missing database loses the findings of all others. Never with
//! call analysis, which runs build scripts. The configuration is ours and empty, given by name, so
//! that no `osv-scanner.toml` of the project is looked for (contract SC-10).

use crate::lockfile::Lockfile;

/// The folder, inside the sandbox, that holds the configuration.
pub const CONFIG_FOLDER: &str = "/config";

/// The configuration's name in it.
pub const CONFIG_FILE: &str = "osv-scanner.toml";

/// The configuration: nothing is ignored, nothing overridden.
pub const CONFIG: &str = "# Ours, and empty: nothing is ignored and nothing is overridden.\n";

/// Where the project is inside the sandbox.
pub const PROJECT: &str = "/project/";

/// The folder, inside the sandbox, that holds the databases; the tool must be able to write there.
pub const DATABASES: &str = "/database";

/// Where the database of an ecosystem has to be below [`DATABASES`].
pub fn database_path(ecosystem: &str) -> String {
    format!("osv-scalibr/{ecosystem}/all.zip")
}

/// The arguments for one run over lockfiles of one ecosystem.
pub fn args<'a>(lockfiles: impl IntoIterator<Item = &'a Lockfile>) -> Vec<String> {
    let config = format!("{CONFIG_FOLDER}/{CONFIG_FILE}");
    let mut args: Vec<String> = [
        "scan",
        "source",
        "--offline",
        "--local-db-path",
        DATABASES,
        "--config",
        &config,
        "--no-resolve",
        "--all-vulns",
        "--format",
        "json",
    ]
    .map(str::to_owned)
    .to_vec();
    for lockfile in lockfiles {
        args.push("--lockfile".to_owned());
        args.push(format!("{}:{PROJECT}{}", lockfile.kind.parser, lockfile.path));
    }
    args
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
    use crate::lockfile::kind;

    /// Contract SC-8, SC-10.
    #[test]
    fn a_run_is_offline_with_a_configuration_of_ours() {
        let lockfile = Lockfile {
            path: "a:b/npm-shrinkwrap.json".into(),
            kind: kind::of("npm-shrinkwrap.json").unwrap(),
            packages: None,
        };
        let args = args([&lockfile]);
        for flag in ["--offline", "--no-resolve", "--config"] {
            assert!(args.contains(&flag.to_owned()), "{flag}");
        }
        assert!(!args.iter().any(|arg| arg.contains("call-analysis")));
        assert_eq!(args.last().unwrap(), "package-lock.json:/project/a:b/npm-shrinkwrap.json");
    }
}
