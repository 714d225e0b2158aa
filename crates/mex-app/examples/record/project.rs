//! The project that is recorded: a small shop with old packages, a leaked token and an odd licence, as
//! it is at three moments. The token is made at run time and never stands in a file of ours.

use std::fs;
use std::io;
use std::path::Path;

/// The shop as it begins: two old crates.
pub fn first(project: &Path) -> io::Result<()> {
    put(project, "Cargo.lock", &lockfile(&[]))?;
    put(
        project,
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nlicense = \"MIT\"\n",
    )?;
    put(project, "src/main.rs", "fn main() {}\n")?;
    put(project, "README.md", "# shop\n")
}

/// Somebody commits a token and an npm front end with old packages.
pub fn second(project: &Path) -> io::Result<()> {
    let token = format!("{}_{}", ["g", "h", "p"].concat(), random(36)?);
    put(project, "deploy/ci.env", &format!("# for the pipeline\nTOKEN={token}\n"))?;
    put(
        project,
        "web/package.json",
        "{\"name\":\"shop-web\",\"version\":\"0.1.0\",\"license\":\"MIT\",\"dependencies\":{\"lodash\":\"4.17.20\",\"minimist\":\"1.2.5\"}}\n",
    )?;
    put(project, "web/package-lock.json", NPM)
}

/// One crate is updated and another comes in.
pub fn third(project: &Path) -> io::Result<()> {
    put(project, "Cargo.lock", &lockfile(&[("smallvec", "1.6.0")]))
}

fn put(project: &Path, path: &str, text: &str) -> io::Result<()> {
    let path = project.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

fn random(length: usize) -> io::Result<String> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = vec![0u8; length];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    let letter = |byte: u8| char::from(LETTERS[usize::from(byte) % LETTERS.len()]);
    Ok(bytes.into_iter().map(letter).collect())
}

fn lockfile(more: &[(&str, &str)]) -> String {
    let mut packages = vec![
        ("crossbeam-epoch", "0.9.18", vec![]),
        ("time", "0.1.45", vec!["libc"]),
        ("libc", "0.2.150", vec![]),
        ("chrono", "0.4.19", vec!["time"]),
    ];
    packages.extend(more.iter().map(|(name, version)| (*name, *version, vec![])));
    packages.sort();
    let mut all = vec!["chrono".to_owned(), "crossbeam-epoch".to_owned()];
    all.extend(more.iter().map(|(name, _)| (*name).to_owned()));
    let quoted: Vec<String> = all.iter().map(|name| format!("\"{name}\"")).collect();
    let mut text = format!(
        "version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\ndependencies = [{}]\n",
        quoted.join(", ")
    );
    for (name, version, below) in packages {
        let below: Vec<String> = below.iter().map(|name| format!("\"{name}\"")).collect();
        text.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
             checksum = \"{}\"\ndependencies = [{}]\n",
            "0".repeat(64),
            below.join(", ")
        ));
    }
    text
}

const NPM: &str = r#"{
  "name": "shop-web",
  "version": "0.1.0",
  "lockfileVersion": 3,
  "requires": true,
  "packages": {
    "": { "name": "shop-web", "version": "0.1.0", "license": "MIT", "dependencies": { "lodash": "4.17.20", "minimist": "1.2.5" } },
    "node_modules/lodash": { "version": "4.17.20", "license": "MIT" },
    "node_modules/minimist": { "version": "1.2.5", "license": "MIT" }
  }
}
"#;
