//! The architecture as a test: which crate may see which, where a thing may be used at all, and
//! what every file carries. Reads the manifests and the sources; never runs the product.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]
#![expect(clippy::expect_used, reason = "a panic in a test is the failure report")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata");
    metadata.packages
}

fn dependencies(package: &Package) -> BTreeSet<&str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.as_str())
        .collect()
}

/// The arrows: hosts -> mex-app -> {mex-recorder, mex-scanners} -> mex-runtime -> nothing of ours.
const ARROWS: &[(&str, &[&str])] = &[
    ("mex-runtime", &[]),
    ("mex-recorder", &["mex-runtime"]),
    ("mex-scanners", &["mex-runtime"]),
    ("mex-app", &["mex-recorder", "mex-runtime", "mex-scanners"]),
    ("mex-cli", &["mex-app"]),
    ("mex-desktop", &["mex-app"]),
];

/// What may be linked in one place alone. The pattern is the crate's name, or a prefix with `*`.
const ONLY_THERE: &[(&str, &[&str])] = &[
    ("clap*", &["mex-cli"]),
    ("ctrlc", &["mex-cli"]),
    ("sqlx*", &["mex-recorder"]),
    ("tokio*", &["mex-recorder"]),
    ("ureq", &["mex-scanners"]),
    ("seccompiler", &["mex-scanners"]),
    ("gix*", &["mex-scanners"]),
    ("tauri*", &["mex-desktop"]),
    ("anyhow", &[]),
    ("openssl*", &[]),
];

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    }
}

fn wrong_arrows(package: &str, dependencies: &BTreeSet<&str>) -> Vec<String> {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package) else {
        return vec![format!("`{package}` is not in the architecture: add it with its arrows")];
    };
    let mut wrong: Vec<String> = dependencies
        .iter()
        .filter(|name| name.starts_with("mex-") && !allowed.contains(name))
        .map(|name| format!("`{package}` must not depend on `{name}`"))
        .collect();
    for (pattern, places) in ONLY_THERE {
        if places.contains(&package) {
            continue;
        }
        wrong.extend(
            dependencies
                .iter()
                .filter(|name| matches(pattern, name))
                .map(|name| format!("`{package}` must not depend on `{name}`: only {places:?}")),
        );
    }
    wrong
}

#[test]
fn crates_depend_along_the_arrows_only() {
    let packages = packages();
    let wrong: Vec<String> = packages
        .iter()
        .flat_map(|package| wrong_arrows(package.name.as_str(), &dependencies(package)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(packages.len(), ARROWS.len(), "a crate of the architecture is missing");
}

#[test]
fn arrows_check_refuses_each_kind_of_wrong_edge() {
    for (package, dependency) in [
        ("mex-recorder", "mex-scanners"),
        ("mex-scanners", "mex-recorder"),
        ("mex-runtime", "mex-app"),
        ("mex-cli", "mex-runtime"),
        ("mex-app", "clap"),
        ("mex-app", "sqlx"),
        ("mex-runtime", "tokio"),
        ("mex-cli", "tauri"),
    ] {
        assert_eq!(wrong_arrows(package, &BTreeSet::from([dependency])).len(), 1, "{package}");
    }
    assert!(!wrong_arrows("mex-new", &BTreeSet::new()).is_empty());
    assert!(wrong_arrows("mex-cli", &BTreeSet::from(["mex-app", "clap", "serde"])).is_empty());
}

struct SourceFile {
    path: String,
    text: String,
}

/// Every Rust file under `crates/*/FOLDER` and `src-tauri/FOLDER`, by its path under the root, with `/`.
fn sources(folder: &str) -> Vec<SourceFile> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        walk(&entry.unwrap().path().join(folder), &mut found);
    }
    walk(&root().join("src-tauri").join(folder), &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| SourceFile {
            text: std::fs::read_to_string(&path).unwrap(),
            path: path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"),
        })
        .collect()
}

/// The text before the file's own test module.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text)
}

/// A file past this many lines, tests apart, says `Long because` in its header.
const LONG: usize = 400;

fn wrong_file(file: &SourceFile) -> Vec<String> {
    let mut wrong = Vec::new();
    let code = without_tests(&file.text);
    if !file.text.starts_with("//!") {
        wrong.push("opens without `//!` saying what it owns and what it never does".to_owned());
    }
    let header = file.text.lines().take_while(|line| line.starts_with("//!"));
    if code.lines().count() > LONG && !header.into_iter().any(|line| line.contains("Long because"))
    {
        wrong.push(format!("is over {LONG} lines and its header has no `Long because`"));
    }
    let spawns = file.path == "crates/mex-scanners/src/process.rs"
        || file.path.starts_with("crates/mex-scanners/src/process/")
        || file.path.starts_with("crates/mex-scanners/src/sandbox/")
        || file.path.starts_with("crates/mex-scanners/src/bin/");
    if !spawns && (code.contains("Command::new(\"") || code.contains("process::Command")) {
        wrong.push("starts a process: only `mex-scanners/src/process` may".to_owned());
    }
    for line in code.lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("#[allow(") || trimmed.starts_with("#![allow(") {
            wrong.push("has a bare `#[allow]`: use `#[expect(.., reason = ..)]`".to_owned());
        }
        if let Some(name) = type_name(trimmed)
            && BANNED.iter().any(|suffix| name.ends_with(suffix))
        {
            wrong.push(format!("names a type `{name}`: say what it is"));
        }
    }
    wrong.into_iter().map(|what| format!("`{}` {what}", file.path)).collect()
}

const BANNED: &[&str] =
    &["Manager", "Service", "Helper", "Util", "Utils", "Processor", "Wrapper", "Data", "Info"];

/// The name a line defines as a type or trait.
fn type_name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    if !matches!(words.next()?, "struct" | "enum" | "trait" | "type" | "union") {
        return None;
    }
    words.next()?.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

#[test]
fn every_source_file_keeps_the_house_rules() {
    let files = sources("src");
    assert!(files.len() > 20, "the sources were not found");
    assert!(files.iter().any(|file| file.path == "src-tauri/src/main.rs"), "nor the desktop's");
    let wrong: Vec<String> = files.iter().flat_map(wrong_file).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn house_rules_check_refuses_each_kind_of_wrong_file() {
    let long = format!("//! Header.\n{}", "// line\n".repeat(LONG));
    for text in [
        "fn headless() {}\n",
        &long,
        "//! Header.\nfn run() { std::process::Command::new(\"sh\"); }\n",
        "//! Header.\n#[allow(dead_code)]\nfn idle() {}\n",
        "//! Header.\npub struct ScanManager;\n",
        "//! Header.\npub(crate) enum ToolInfo { A }\n",
    ] {
        let file = SourceFile { path: "crates/mex-app/src/x.rs".to_owned(), text: text.to_owned() };
        assert_eq!(wrong_file(&file).len(), 1, "{text:.60}");
    }
    let excused = SourceFile {
        path: "crates/mex-app/src/x.rs".to_owned(),
        text: format!("//! Header.\n//! Long because it is a table.\n{}", "// line\n".repeat(LONG)),
    };
    assert!(wrong_file(&excused).is_empty());
}

/// No file of the repository speaks of the machine it was written on.
#[test]
fn no_file_names_a_machine_path() {
    // Composed, so that this file is not its own finding.
    let forbidden =
        [["/wo", "rk/"].concat(), ["/opt/dev", "-tools"].concat(), ["/ro", "ot/"].concat()];
    let mut files = sources("src");
    files.extend(sources("tests"));
    files.extend(sources("benches"));
    for path in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "dev", ".ci/run", "deny.toml"] {
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        files.push(SourceFile { path: path.to_owned(), text });
    }
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        // The pictures of the screens.
        if path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        files.push(SourceFile { path: path.display().to_string(), text });
    }
    for file in files {
        for path in &forbidden {
            // A probe of the sandbox may name root's home: it must not be readable there.
            let probe = path.contains("ro") && file.path.contains("/tests/");
            assert!(probe || !file.text.contains(path), "`{}` names `{path}`", file.path);
        }
    }
}

/// unsafe stays forbidden, and the lints that keep the rules stay on.
#[test]
fn workspace_lints_stay_on() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for line in [
        "unsafe_code = \"forbid\"",
        "unwrap_used = \"deny\"",
        "print_stdout = \"deny\"",
        "disallowed_methods = \"deny\"",
    ] {
        assert!(manifest.contains(line), "`{line}` left Cargo.toml");
    }
    for package in packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "`{}` does not take the workspace's lints",
            package.name
        );
    }
}
