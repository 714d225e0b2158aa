//! Which files of a project are configuration of a tool, and what they ask for (contract SC-10).
//! Never obeys one, and never repeats a value that could be a secret: only ids, paths and key names.

use mex_runtime::coverage::SelfStatement;

use crate::secret_name::redacted;

/// A kind of configuration no tool may see under its name.
struct Rule {
    /// Whether the lower-case path, with `/`, is one.
    matches: fn(&str) -> bool,
    tool: &'static str,
    effect: &'static str,
    asks: Asks,
}

/// How far its wishes can be read.
#[derive(Clone, Copy)]
enum Asks {
    /// One wish a line, `#` comments.
    Lines,
    /// Strings under keys that leave something out.
    TomlExceptions,
    /// The names of its keys.
    TomlKeys,
    /// Not at all: its values may be secrets, or its format is not worth a parser.
    Nothing,
}

const RULES: [Rule; 13] = [
    Rule {
        matches: |path| base(path) == ".gitleaksignore",
        tool: "gitleaks",
        effect: "would make the leaks it lists vanish",
        asks: Asks::Lines,
    },
    Rule {
        matches: |path| matches!(base(path), ".gitleaks.toml" | "gitleaks.toml"),
        tool: "gitleaks",
        effect: "would replace the rules that find secrets",
        asks: Asks::TomlExceptions,
    },
    Rule {
        matches: |path| base(path) == "osv-scanner.toml",
        tool: "osv-scanner",
        effect: "would make the advisories it lists vanish",
        asks: Asks::TomlExceptions,
    },
    Rule {
        matches: |path| ends(path, ".cargo/audit.toml"),
        tool: "cargo-audit",
        effect: "would make the advisories it lists vanish",
        asks: Asks::TomlExceptions,
    },
    Rule {
        matches: |path| ends(path, ".cargo/config.toml") || ends(path, ".cargo/config"),
        tool: "cargo",
        effect: "would redirect registries or run a program of the project in place of the compiler",
        asks: Asks::TomlKeys,
    },
    Rule {
        matches: |path| matches!(base(path), "rust-toolchain.toml" | "rust-toolchain"),
        tool: "cargo",
        effect: "would choose the toolchain, also one inside the project",
        asks: Asks::TomlKeys,
    },
    Rule {
        matches: |path| {
            matches!(
                base(path),
                "deny.toml" | ".deny.toml" | "deny.exceptions.toml" | ".deny.exceptions.toml"
            ) || ends(path, ".cargo/deny.toml")
                || ends(path, ".cargo/deny.exceptions.toml")
        },
        tool: "cargo-deny",
        effect: "would add its own exceptions and skip parts of the graph",
        asks: Asks::TomlExceptions,
    },
    Rule {
        matches: |path| {
            matches!(base(path), ".syft.yaml" | ".syft.yml" | ".syft.json" | ".syft.toml")
                || ends(path, ".syft/config.yaml")
        },
        tool: "syft",
        effect: "would make components vanish",
        asks: Asks::Nothing,
    },
    Rule {
        matches: |path| {
            matches!(base(path), ".grype.yaml" | ".grype.yml") || ends(path, ".grype/config.yaml")
        },
        tool: "grype",
        effect: "would make the advisories it lists vanish",
        asks: Asks::Nothing,
    },
    Rule {
        matches: |path| matches!(base(path), ".npmrc" | ".yarnrc" | ".yarnrc.yml" | ".pnpmrc"),
        tool: "npm",
        effect: "would redirect the registry and change settings",
        asks: Asks::Nothing,
    },
    Rule {
        matches: |path| matches!(base(path), ".trivyignore" | ".trivyignore.yaml"),
        tool: "trivy",
        effect: "would make the findings it lists vanish",
        asks: Asks::Lines,
    },
    Rule {
        matches: |path| matches!(base(path), "trivy.yaml" | "trivy-secret.yaml"),
        tool: "trivy",
        effect: "would change what is looked for",
        asks: Asks::Nothing,
    },
    Rule {
        matches: |path| base(path).starts_with(".scancode"),
        tool: "scancode",
        effect: "would change what is looked for",
        asks: Asks::Nothing,
    },
];

/// How many wishes are repeated, and how long each may be.
const MAX_ASKS: usize = 500;
const MAX_ASK_CHARS: usize = 200;

/// Whether a file must not be seen by any tool under its name.
pub(super) fn is_withheld(path: &str) -> bool {
    rule(path).is_some()
}

/// What a withheld file would do and asks for.
pub(super) fn statement(path: &str, content: &[u8]) -> Option<SelfStatement> {
    let rule = rule(path)?;
    let text = String::from_utf8_lossy(content);
    let mut asks = match rule.asks {
        Asks::Lines => text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect(),
        Asks::TomlExceptions => toml_strings(&text, Keep::Exceptions),
        Asks::TomlKeys => toml_strings(&text, Keep::Keys),
        Asks::Nothing => Vec::new(),
    };
    asks.truncate(MAX_ASKS);
    for ask in &mut asks {
        // A wish names files, and a name can hold a secret (contract FR-9).
        *ask = redacted(ask).chars().take(MAX_ASK_CHARS).collect();
    }
    Some(SelfStatement {
        path: path.to_owned(),
        tool: rule.tool.to_owned(),
        effect: rule.effect.to_owned(),
        asks,
    })
}

/// What comments that silence a line in a file would do.
pub(super) fn inline_statement(path: &str, count: u64) -> SelfStatement {
    SelfStatement {
        path: path.to_owned(),
        tool: "gitleaks".to_owned(),
        effect: format!("would make leaks on {count} lines vanish by inline comments"),
        asks: Vec::new(),
    }
}

fn rule(path: &str) -> Option<&'static Rule> {
    let lower = path.to_lowercase();
    RULES.iter().find(|rule| (rule.matches)(&lower))
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn ends(path: &str, tail: &str) -> bool {
    path == tail || path.strip_suffix(tail).is_some_and(|front| front.ends_with('/'))
}

#[derive(Clone, Copy)]
enum Keep {
    Exceptions,
    Keys,
}

fn toml_strings(text: &str, keep: Keep) -> Vec<String> {
    let Ok(table) = text.parse::<toml::Table>() else { return Vec::new() };
    let mut found = Vec::new();
    collect(&toml::Value::Table(table), "", false, keep, &mut found);
    found
}

fn collect(value: &toml::Value, name: &str, within: bool, keep: Keep, found: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let lower = key.to_lowercase();
                let path = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                // Regexes and stop words of an allowlist can be the secret itself.
                let leaf = matches!(lower.as_str(), "id" | "name" | "paths" | "path" | "crate");
                let opens = lower.contains("ignore")
                    || lower.contains("exception")
                    || lower.contains("skip")
                    || lower.contains("allowlist")
                    || lower.contains("packageoverrides");
                let within = match value {
                    toml::Value::String(_) => within && leaf || lower.contains("ignore"),
                    toml::Value::Array(items) if items.iter().all(toml::Value::is_str) => {
                        within && leaf || lower.contains("ignore")
                    }
                    _ => within || opens,
                };
                collect(value, &path, within, keep, found);
            }
        }
        toml::Value::Array(items) => {
            for item in items {
                collect(item, name, within, keep, found);
            }
        }
        toml::Value::String(text) => match keep {
            Keep::Exceptions if within => found.push(text.clone()),
            Keep::Exceptions => {}
            Keep::Keys => found.push(name.to_owned()),
        },
        _ => {
            if matches!(keep, Keep::Keys) {
                found.push(name.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_of_tools_is_known_at_any_depth_and_in_any_case() {
        let hostile = [
            ".gitleaksignore",
            "a/b/.GitLeaksIgnore",
            ".gitleaks.toml",
            "x/OSV-Scanner.toml",
            ".cargo/audit.toml",
            "sub/.cargo/config",
            ".Cargo/config.toml",
            ".npmrc",
            "deny.toml",
            ".deny.exceptions.toml",
            "a/rust-toolchain",
            "rust-toolchain.toml",
            ".syft.yaml",
            ".grype.yaml",
            ".trivyignore",
        ];
        for path in hostile {
            assert!(is_withheld(path), "{path}");
        }
        for path in ["src/main.rs", "x.cargo/config", "audit.toml", "npmrc", "config.toml"] {
            assert!(!is_withheld(path), "{path}");
        }
    }

    #[test]
    fn wishes_are_read_without_values_that_could_be_secrets() {
        let check = |path: &str, text: &str, expect: &[&str]| {
            assert_eq!(statement(path, text.as_bytes()).unwrap().asks, expect, "{path}");
        };
        check(".gitleaksignore", "# c\n\na.env:rule:1\n", &["a.env:rule:1"]);
        check(
            "osv-scanner.toml",
            "[[IgnoredVulns]]\nid = \"GHSA-1\"\nreason = \"r\"\n",
            &["GHSA-1"],
        );
        check(".cargo/audit.toml", "[advisories]\nignore = [\"RUSTSEC-1\"]\n", &["RUSTSEC-1"]);
        check(".gitleaks.toml", "[allowlist]\nregexes = ['abc']\npaths = ['x/y']\n", &["x/y"]);
        check(
            ".cargo/config.toml",
            "[build]\nrustc-wrapper = \"./evil\"\n",
            &["build.rustc-wrapper"],
        );
        check(".npmrc", "//r/:_authToken=value", &[]);
        check("osv-scanner.toml", "not [ toml", &[]);
    }
}
