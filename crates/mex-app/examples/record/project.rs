//! The projects that are recorded: a public one at two moments, as whoever records names it, and two
//! small ones of ours beside it. What the public one asks scanners to leave out is ours too.

use std::fs;
use std::io;
use std::path::Path;

/// The public project as it is at one moment, without its history.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    copy_folder(from, to)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, place) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() && entry.file_name() != ".git" {
            copy_folder(&entry.path(), &place)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), place)?;
        }
    }
    Ok(())
}

const TERMS: &str = "These shapes are lent, not given. You may print them on the walls of your own\n\
     house, and on nothing that is sold. Bring them back when you move out.\n";

/// Files in which a project asks scanners to look away (contract SC-10), and one under unknown terms.
pub fn wishes(project: &Path) -> io::Result<()> {
    put(project, ".gitleaks.toml", "[allowlist]\npaths = ['''artifacts/cert/server\\.key''']\n")?;
    put(
        project,
        "osv-scanner.toml",
        "[[IgnoredVulns]]\nid = \"CVE-2021-23337\"\nreason = \"only called with our own templates\"\n",
    )?;
    put(project, ".npmrc", "audit=false\n")?;
    // Terms that are no licence anybody knows.
    put(project, "app/assets/fonts/LICENSE.txt", TERMS)
}

/// What a linter says of the public project, and a picture: one report and what is none.
pub fn reports(folder: &Path) -> io::Result<()> {
    let result = |line: u32| {
        serde_json::json!({
            "ruleId": "no-eval",
            "level": "error",
            "message": { "text": "`eval` runs whatever somebody sends" },
            "locations": [{ "physicalLocation": {
                "artifactLocation": { "uri": "app/routes/contributions.js" },
                "region": { "startLine": line, "startColumn": 24 },
            } }],
        })
    };
    let report = serde_json::json!({
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "eslint", "version": "9.0.0" } },
            "results": [result(32), result(33), result(34)],
        }],
    });
    put(folder, "eslint.sarif", &report.to_string())?;
    put(folder, "holiday.png", "\u{89}PNG\r\n\u{1a}\n")
}

/// A small crate with old dependencies.
pub fn ledger(project: &Path) -> io::Result<()> {
    put(project, "Cargo.lock", &lockfile())?;
    put(
        project,
        "Cargo.toml",
        "[package]\nname = \"ledger\"\nversion = \"0.1.0\"\nlicense = \"MIT\"\n",
    )?;
    put(project, "src/main.rs", "fn main() {}\n")
}

/// A page and nothing else.
pub fn prototype(project: &Path) -> io::Result<()> {
    put(project, "index.html", "<!doctype html><title>prototype</title>\n")
}

fn put(project: &Path, path: &str, text: &str) -> io::Result<()> {
    let path = project.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

fn lockfile() -> String {
    let packages = [
        ("chrono", "0.4.19", "\"time\""),
        ("crossbeam-epoch", "0.9.18", ""),
        ("libc", "0.2.150", ""),
        ("smallvec", "1.6.0", ""),
        ("time", "0.1.45", "\"libc\""),
    ];
    let mut text = "version = 4\n\n[[package]]\nname = \"ledger\"\nversion = \"0.1.0\"\n\
                    dependencies = [\"chrono\", \"crossbeam-epoch\", \"smallvec\"]\n"
        .to_owned();
    for (name, version, below) in packages {
        text.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
             checksum = \"{}\"\ndependencies = [{below}]\n",
            "0".repeat(64),
        ));
    }
    text
}
