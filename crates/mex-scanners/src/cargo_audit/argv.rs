//! What we ask cargo-audit. Owns its arguments and its configuration; reads and runs nothing.
//!
//! It runs in a folder of ours with a configuration of ours, so that no `.cargo/audit.toml` of the
//! project is read (contract SC-10). The yanked check is off: it needs the network. Age is judged
//! by our policy and not by the tool, hence `--stale`.

/// The folder, inside the sandbox, it runs in.
pub const CONFIG_FOLDER: &str = "/config";

/// The configuration's path in it.
pub const CONFIG_FILE: &str = ".cargo/audit.toml";

/// The configuration.
pub const CONFIG: &str =
    "# Ours: nothing is ignored; yanked crates need the network.\n[yanked]\nenabled = false\n";

/// Where the database is inside the sandbox.
pub const DATABASE: &str = "/database";

/// The arguments for one lockfile, relative to the project.
pub fn args(lockfile: &str) -> Vec<String> {
    let file = format!("/project/{lockfile}");
    [
        "audit",
        "--no-fetch",
        "--stale",
        "--db",
        DATABASE,
        "--file",
        &file,
        "--color",
        "never",
        "--json",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The environment: a cargo home in the scratch folder.
pub fn env() -> Vec<(String, String)> {
    [("HOME", "/scratch"), ("CARGO_HOME", "/scratch"), ("TMPDIR", "/tmp"), ("LC_ALL", "C")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract SC-6, SC-10.
    #[test]
    fn a_run_fetches_nothing_and_names_its_lockfile() {
        let args = args("a/Cargo.lock");
        assert!(args.contains(&"--no-fetch".to_owned()));
        assert!(args.contains(&"/project/a/Cargo.lock".to_owned()));
        assert!(CONFIG.parse::<toml::Table>().is_ok());
    }
}
