//! The projects that are measured: made anew each time, of a size that a real one has.

use std::fs;
use std::path::Path;

/// 2,000 files and a lockfile of 1,000 npm packages.
pub fn make_npm_project(project: &Path) {
    make_files(project, |number| match number % 10 {
        0 => "// SPDX-License-Identifier: MIT\n",
        _ => "",
    });
    let mut packages = serde_json::Map::new();
    let mut named = serde_json::Map::new();
    for number in 0..1000 {
        let (name, version) = (format!("package-{number}"), format!("1.0.{number}"));
        named.insert(name.clone(), version.clone().into());
        packages.insert(
            format!("node_modules/{name}"),
            // One in ten says its licence: scancode would read a thousand mentions in one file for longer
            // than its limit for a file on a busy machine, and a file that failed is never reused.
            match number % 10 {
                0 => serde_json::json!({"version": version, "license": "MIT"}),
                _ => serde_json::json!({"version": version}),
            },
        );
    }
    let own = serde_json::json!({"name": "p", "version": "1.0.0", "license": "MIT", "dependencies": named});
    packages.insert(String::new(), own.clone());
    let lock = serde_json::json!({"name": "p", "version": "1.0.0", "lockfileVersion": 3, "packages": packages});
    for (name, value) in [("package.json", own), ("package-lock.json", lock)] {
        fs::write(project.join(name), serde_json::to_vec_pretty(&value).unwrap()).unwrap();
    }
}

/// 2,000 files and 20 MB of text, and a lockfile of 1,000 crates.
pub fn make_project(project: &Path) {
    let mut lock = "version = 4\n".to_owned();
    for number in 0..1000 {
        lock.push_str(&format!(
            "\n[[package]]\nname = \"crate-{number}\"\nversion = \"1.0.{number}\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{}\"\n",
            "0".repeat(64)
        ));
    }
    make_files(project, |_| "");
    fs::write(project.join("Cargo.lock"), lock).unwrap();
}

fn make_files(project: &Path, head: impl Fn(u32) -> &'static str) {
    for number in 0..2000 {
        let folder = project.join(format!("src/{}", number % 50));
        fs::create_dir_all(&folder).unwrap();
        let line = format!(
            "fn number_{number}() -> u32 {{ {number} }} // some words that a scanner reads\n"
        );
        let text = format!("{}{}", head(number), line.repeat(130));
        fs::write(folder.join(format!("f{number}.rs")), text).unwrap();
    }
}
