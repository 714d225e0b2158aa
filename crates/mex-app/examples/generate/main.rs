//! Writes every generated file into the repository (`./dev gen`).
//! Owns nothing but the writing: what the files say stands in `mex_app::schemas` and in `register`.

mod register;

use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<(String, String)> = mex_app::schemas::generated_files()
        .into_iter()
        .map(|file| (file.path, file.text))
        .collect();
    files.push((register::PATH.to_owned(), register::Register::of(&root)?.text()?));
    for (path, text) in files {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        std::fs::write(&path, text)?;
    }
    Ok(())
}
