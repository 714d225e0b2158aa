//! Writes the access list and the bindings of the pages into the repository (`./dev gen`).
//! Owns nothing but the writing: what the files say stands in `mex_desktop::bindings`.

use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in mex_desktop::bindings::files().map_err(io::Error::other)? {
        let path = root.join(file.path);
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
