//! What we ask gitleaks. Owns its arguments and its configuration; reads and runs nothing.
//!
//! The rules are the tool's own without the global allowlist of paths: with it, a file's name alone
//! hides a secret (contract SC-10). Archives are opened two levels deep, inline `gitleaks:allow`
//! comments are ignored, and the ignore file is looked for where there is none. The report goes to
//! stdout, so that it never touches a disk. `debug` names the files passed over; no message of
//! that level carries a secret (the two that do are `trace`).

/// The rules, embedded.
pub const RULES: &str = include_str!("rules.toml");

/// The folder, inside the sandbox, that holds the configuration.
pub const CONFIG_FOLDER: &str = "/config";

/// The configuration's name in it.
pub const CONFIG_FILE: &str = "gitleaks.toml";

/// The exit code that means leaks, and nothing else does.
pub const LEAKS: i32 = 42;

/// What is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A folder of files.
    Tree,
    /// The commits of a bare repository.
    History,
}

/// The arguments for one run on a folder inside the sandbox.
pub fn args(scope: Scope, folder: &str) -> Vec<String> {
    let mode = match scope {
        Scope::Tree => "dir",
        Scope::History => "git",
    };
    let config = format!("{CONFIG_FOLDER}/{CONFIG_FILE}");
    let leaks = LEAKS.to_string();
    [
        mode,
        folder,
        "--no-banner",
        "--no-color",
        "--log-level",
        "debug",
        "--report-format",
        "json",
        "--report-path",
        "-",
        "--exit-code",
        &leaks,
        "--ignore-gitleaks-allow",
        "--config",
        &config,
        "--gitleaks-ignore-path",
        CONFIG_FOLDER,
        "--max-archive-depth",
        "2",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The environment beside the sandbox's own. What git needs for a history comes with the history.
pub fn env() -> Vec<(String, String)> {
    vec![("LC_ALL".to_owned(), "C".to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract SC-10.
    #[test]
    fn nothing_of_the_project_is_asked_for_silence() {
        let args = args(Scope::Tree, "/project");
        assert_eq!(args[..2], ["dir", "/project"]);
        assert!(args.contains(&"--ignore-gitleaks-allow".to_owned()));
        let rules: toml::Table = RULES.parse().unwrap();
        assert!(rules["allowlist"].get("paths").is_none());
        assert!(rules["rules"].as_array().unwrap().len() > 200);
    }
}
