//! Makes what Tauri compiles in: the configuration, the icons, the access lists.

use std::path::Path;
use std::{fs, io};

/// What a window shows that was built without its pages.
const NOT_BUILT: &str = "<!doctype html><title>mex</title><p>The pages of this window were not built: run `./dev build`.</p>";

fn main() -> io::Result<()> {
    let pages = Path::new("../ui/dist");
    if !pages.join("index.html").exists() {
        fs::create_dir_all(pages)?;
        fs::write(pages.join("index.html"), NOT_BUILT)?;
    }
    tauri_build::build();
    Ok(())
}
