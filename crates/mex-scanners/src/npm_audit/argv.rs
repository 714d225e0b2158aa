//! What we ask npm. Owns its arguments, its environment and the folders it sees; runs nothing.
//!
//! It runs on a copy that holds `package.json` and one lockfile and no `.npmrc`, with settings of
//! ours (contract SC-10). `--offline` is never among them: npm then says clean without asking.

use std::path::Path;

/// The program in npm's package folder.
pub const ENTRY: &str = "bin/npm-cli.js";

/// The folder, inside the sandbox, with the copy.
pub const PROJECT: &str = "/audit";

/// The folder, inside the sandbox, with our responder and its answers.
pub const RESPONDER: &str = "/responder";

/// The responder's name in it.
pub const RESPONDER_FILE: &str = "responder.cjs";

/// The answers' name in it.
pub const ANSWER_FILE: &str = "answer.json";

/// What the responder notes, in the scratch folder.
pub const ASKED_FILE: &str = "asked.json";

/// The responder.
pub const RESPONDER_TEXT: &str = include_str!("responder.cjs");

/// The registry that is never reached unless live.
pub const REGISTRY: &str = "https://registry.npmjs.org/";

/// The arguments for `node`.
pub fn args(package_folder: &Path, registry: &str) -> Vec<String> {
    let mut args = vec![
        "--require".to_owned(),
        format!("{RESPONDER}/{RESPONDER_FILE}"),
        package_folder.join(ENTRY).display().to_string(),
    ];
    args.extend(
        [
            "audit",
            "--package-lock-only",
            "--ignore-scripts",
            "--json",
            // An environment that says `production` would leave packages out.
            "--include=prod",
            "--include=dev",
            "--include=optional",
            "--include=peer",
            "--audit-level=info",
            "--registry",
            registry,
        ]
        .map(str::to_owned),
    );
    args
}

/// The environment: homes and caches in the scratch folder, no settings file of anybody.
pub fn env(answers: Answers) -> Vec<(String, String)> {
    let asked = format!("/scratch/{ASKED_FILE}");
    let answer = format!("{RESPONDER}/{ANSWER_FILE}");
    let mut env = vec![
        ("HOME", "/scratch"),
        ("LC_ALL", "C"),
        ("MEX_ASKED", &asked),
        ("NO_COLOR", "1"),
        ("NO_UPDATE_NOTIFIER", "1"),
        // The machine's settings for TLS are none of ours, and not always readable inside.
        ("OPENSSL_CONF", "/dev/null"),
        ("TMPDIR", "/tmp"),
        ("npm_config_cache", "/scratch/cache"),
        ("npm_config_fetch_retries", "1"),
        ("npm_config_globalconfig", "/scratch/no-global-settings"),
        ("npm_config_logs_max", "0"),
        ("npm_config_userconfig", "/scratch/no-settings"),
    ];
    if answers == Answers::Given {
        env.push(("MEX_ANSWER", &answer));
    }
    env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Who answers npm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// Our responder, from the pinned snapshot.
    Given,
    /// The registry.
    Live,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract SC-10, SC-11.
    #[test]
    fn a_run_is_answered_by_us_and_never_offline() {
        let args = args(Path::new("/usr/lib/node_modules/npm"), REGISTRY);
        assert_eq!(args[1], "/responder/responder.cjs");
        assert!(args.contains(&"--ignore-scripts".to_owned()));
        assert!(!args.iter().any(|arg| arg.contains("offline")));
        let answered = |answers| env(answers).iter().any(|(name, _)| name == "MEX_ANSWER");
        assert!(answered(Answers::Given) && !answered(Answers::Live));
    }
}
