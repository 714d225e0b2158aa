//! Writes every generated file into the repository (`./dev gen`).
//! Owns nothing but the writing: what the files say stands in `mex_app::schemas`.

use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for file in mex_app::schemas::generated_files() {
        let path = root.join(&file.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if std::fs::read_to_string(&path).is_ok_and(|old| old == file.text) {
            continue;
        }
        std::fs::write(&path, file.text)?;
    }
    Ok(())
}
