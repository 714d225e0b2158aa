//! Makes what Tauri compiles in: the configuration, the icons, the access lists.

use std::path::Path;
use std::{fs, io};

use tauri_build::{AppManifest, Attributes};

/// What a window shows that was built without its pages.
const NOT_BUILT: &str = "<!doctype html><title>mex</title><p>The pages of this window were not built: run `./dev build`.</p>";

/// Generated of the table of commands, so it names each of them.
const CAPABILITY: &str = "capabilities/main.json";

fn main() -> io::Result<()> {
    let pages = Path::new("../ui/dist");
    if !pages.join("index.html").exists() {
        fs::create_dir_all(pages)?;
        fs::write(pages.join("index.html"), NOT_BUILT)?;
    }
    println!("cargo:rerun-if-changed={CAPABILITY}");
    let commands: &'static [&'static str] = Vec::leak(commands()?);
    // With this list Tauri asks the access list before every command.
    let attributes = Attributes::new().app_manifest(AppManifest::new().commands(commands));
    tauri_build::try_build(attributes).map_err(|error| io::Error::other(format!("{error:#}")))
}

fn commands() -> io::Result<Vec<&'static str>> {
    let capability: serde_json::Value = serde_json::from_slice(&fs::read(CAPABILITY)?)?;
    let permissions = capability["permissions"].as_array().into_iter().flatten();
    Ok(permissions
        .filter_map(|permission| permission.as_str()?.strip_prefix("allow-"))
        .map(|name| &*String::leak(name.replace('-', "_")))
        .collect())
}
