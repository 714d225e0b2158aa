//! Which files name packages, for which ecosystem, and which parser of osv-scanner reads them.
//! Owns the table of names; never opens a file.

/// How a lockfile is written, as far as we look at it ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// A JSON object.
    Json,
    /// A TOML document.
    Toml,
    /// A text that must hold this marker.
    Marked(&'static str),
    /// A text we do not look into.
    Text,
}

/// What one kind of lockfile is.
#[derive(Debug, PartialEq, Eq)]
pub struct LockKind {
    /// The name osv-scanner gives the parser, also the usual file name.
    pub parser: &'static str,
    /// The ecosystem as OSV spells it.
    pub ecosystem: &'static str,
    /// How it is written.
    pub syntax: Syntax,
}

const fn kind(parser: &'static str, ecosystem: &'static str, syntax: Syntax) -> LockKind {
    LockKind { parser, ecosystem, syntax }
}

static KINDS: &[LockKind] = &[
    kind("Cargo.lock", "crates.io", Syntax::Toml),
    kind("package-lock.json", "npm", Syntax::Json),
    kind("pnpm-lock.yaml", "npm", Syntax::Marked("lockfileVersion")),
    kind("yarn.lock", "npm", Syntax::Text),
    kind("bun.lock", "npm", Syntax::Marked("lockfileVersion")),
    kind("go.mod", "Go", Syntax::Marked("module ")),
    kind("requirements.txt", "PyPI", Syntax::Text),
    kind("poetry.lock", "PyPI", Syntax::Toml),
    kind("uv.lock", "PyPI", Syntax::Toml),
    kind("pdm.lock", "PyPI", Syntax::Toml),
    kind("pylock.toml", "PyPI", Syntax::Toml),
    kind("Pipfile.lock", "PyPI", Syntax::Json),
    kind("Gemfile.lock", "RubyGems", Syntax::Text),
    kind("composer.lock", "Packagist", Syntax::Json),
    kind("pom.xml", "Maven", Syntax::Marked("<project")),
    kind("gradle.lockfile", "Maven", Syntax::Text),
    kind("pubspec.lock", "Pub", Syntax::Text),
    kind("packages.lock.json", "NuGet", Syntax::Json),
    kind("packages.config", "NuGet", Syntax::Marked("<packages")),
    kind("mix.lock", "Hex", Syntax::Text),
    kind("renv.lock", "CRAN", Syntax::Json),
    kind("cabal.project.freeze", "Hackage", Syntax::Text),
    kind("stack.yaml.lock", "Hackage", Syntax::Text),
    kind("conan.lock", "ConanCenter", Syntax::Json),
];

/// Lockfiles that no pinned tool reads: a gap wherever they stand (contract SC-3).
const UNREAD: &[&str] =
    &["deno.lock", "Package.resolved", "Podfile.lock", "bun.lockb", "Cartfile.resolved"];

/// The kind of a file, by its name alone.
pub fn of(file_name: &str) -> Option<&'static LockKind> {
    let parser = match file_name {
        "npm-shrinkwrap.json" => "package-lock.json",
        "gems.locked" => "Gemfile.lock",
        "buildscript-gradle.lockfile" => "gradle.lockfile",
        name if is_requirements(name) => "requirements.txt",
        name => name,
    };
    KINDS.iter().find(|kind| kind.parser == parser)
}

/// Whether a file is a lockfile that no pinned tool reads.
pub fn is_unread(file_name: &str) -> bool {
    UNREAD.contains(&file_name)
}

fn is_requirements(name: &str) -> bool {
    name.strip_suffix(".txt").is_some_and(|stem| {
        stem == "requirements"
            || ["requirements-", "requirements_", "requirements."]
                .iter()
                .any(|p| stem.starts_with(p))
            || ["-requirements", "_requirements", ".requirements"].iter().any(|s| stem.ends_with(s))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_kind_and_look_alikes_do_not() {
        let parser = |name| of(name).map(|kind| kind.parser);
        assert_eq!(parser("npm-shrinkwrap.json"), Some("package-lock.json"));
        assert_eq!(parser("requirements-dev.txt"), Some("requirements.txt"));
        assert_eq!(parser("test-requirements.txt"), Some("requirements.txt"));
        assert_eq!(parser("Cargo.lock"), Some("Cargo.lock"));
        for name in ["cargo.lock", "Cargo.lock.bak", "myrequirements.txt", "package.json", ""] {
            assert_eq!(parser(name), None, "{name}");
        }
        assert!(is_unread("deno.lock") && !is_unread("Cargo.lock"));
    }
}
