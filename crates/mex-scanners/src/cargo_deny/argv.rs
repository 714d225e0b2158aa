//! What we ask cargo-deny. Owns its arguments, environment and configuration; reads and runs nothing.
//!
//! It starts `cargo metadata`, which obeys what lies around the manifest. So: no file of the project
//! that configures cargo is staged, cargo and rustc are named by their paths inside the sandbox and
//! are no proxies, wrappers are empty, and the cargo home is a folder of ours with the user's
//! registry read-only in it (contract SC-10). Nothing reaches the network (contract SC-6).

/// The folder, inside the sandbox, of its configuration.
pub const CONFIG_FOLDER: &str = "/config";

/// The configuration's path in it.
pub const CONFIG_FILE: &str = "deny.toml";

/// The configuration: nothing is clarified or left out.
pub const CONFIG: &str = "# Ours: no exception, no clarification, no part of the graph left out.\n[graph]\nall-features = true\n[licenses]\nconfidence-threshold = 0.93\n";

/// Where the Rust toolchain is inside the sandbox.
pub const TOOLCHAIN: &str = "/rust";

/// Where the cargo home is inside the sandbox.
pub const CARGO_HOME: &str = "/cargo-home";

/// Where the fetched crates are inside the sandbox, when the cargo home has not all of them.
pub const FETCHED: &str = "/fetched";

/// The arguments for the lockfile in `folder`, relative to the project.
pub fn args(folder: &str) -> Vec<String> {
    let manifest = if folder.is_empty() {
        "/project/Cargo.toml".to_owned()
    } else {
        format!("/project/{folder}/Cargo.toml")
    };
    let config = format!("{CONFIG_FOLDER}/{CONFIG_FILE}");
    [
        "--offline",
        "--locked",
        "--all-features",
        "--color",
        "never",
        "--config",
        &config,
        "--manifest-path",
        &manifest,
        "list",
        "--threshold",
        "0.93",
        "--format",
        "json",
        "--layout",
        "crate",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The environment.
pub fn env() -> Vec<(String, String)> {
    let cargo = format!("{TOOLCHAIN}/bin/cargo");
    let rustc = format!("{TOOLCHAIN}/bin/rustc");
    [
        ("CARGO", cargo.as_str()),
        ("RUSTC", rustc.as_str()),
        ("RUSTC_WRAPPER", ""),
        ("RUSTC_WORKSPACE_WRAPPER", ""),
        ("CARGO_HOME", CARGO_HOME),
        ("CARGO_NET_OFFLINE", "true"),
        ("HOME", "/scratch"),
        ("TMPDIR", "/tmp"),
        ("LC_ALL", "C"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract SC-6, SC-10.
    #[test]
    fn a_run_is_offline_locked_and_under_our_configuration() {
        let args = args("a/b");
        for word in ["--offline", "--locked", "--config", "/config/deny.toml"] {
            assert!(args.contains(&word.to_owned()), "{word}");
        }
        assert!(args.contains(&"/project/a/b/Cargo.toml".to_owned()));
        assert!(CONFIG.parse::<toml::Table>().is_ok());
        let env = env();
        for name in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
            assert!(env.contains(&(name.to_owned(), String::new())), "{name}");
        }
        assert!(env.contains(&("RUSTC".to_owned(), "/rust/bin/rustc".to_owned())));
    }
}
