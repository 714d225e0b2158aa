//! The folder that scancode reads: links to, or copies of, the staged files to look at, under
//! names that it neither ignores nor mistakes, and in an encoding that it reads. Never writes to the stage.
//!
//! Ordinary names are kept, because scancode looks at them (`LICENSE`, `package.json`). Any other
//! name (a script beside Latin, a dot first, what version control owns) becomes a neutral one.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Tree;

/// What a neutral name begins with; no project's name is kept that begins so.
const NEUTRAL: &str = "mex-neutral-";
/// Names that scancode passes over as version control's.
const VERSION_CONTROL: &[&str] = &["CVS", "_MTN", "_darcs", "vssver.scc"];
/// A longer text in UTF-16 is given to scancode as it is.
const MAX_UTF16: u64 = 64 << 20;
/// A longer name becomes a neutral one.
const MAX_NAME: usize = 100;

/// The input folder; removed with this value.
pub(super) struct Input {
    folder: tempfile::TempDir,
    /// By the path the tool sees: the staged path.
    names: BTreeMap<String, String>,
}

/// Gives files and folders the names the tool sees.
#[derive(Default)]
struct Names {
    given: BTreeMap<(String, String), String>,
    count: u64,
}

impl Names {
    fn inside(&mut self, path: &str) -> String {
        let mut inside = String::new();
        for name in path.split('/') {
            let next = if is_ordinary(name) {
                name.to_owned()
            } else {
                let key = (inside.clone(), name.to_owned());
                let count = &mut self.count;
                let given = self.given.entry(key).or_insert_with(|| {
                    *count += 1;
                    format!("{NEUTRAL}{count}{}", ending(name))
                });
                given.clone()
            };
            if !inside.is_empty() {
                inside.push('/');
            }
            inside.push_str(&next);
        }
        inside
    }
}

fn is_ordinary(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"._+-@,=()".contains(&c);
    name.len() <= MAX_NAME
        && name.bytes().all(plain)
        && !name.starts_with(['.', '-'])
        && !name.ends_with('.')
        && !name.starts_with(NEUTRAL)
        && !VERSION_CONTROL.contains(&name)
}

/// What scancode reads from a name's end: `.tar.gz`, `.js.map`.
fn ending(name: &str) -> String {
    let plain = |part: &&str| {
        !part.is_empty() && part.len() <= 12 && part.bytes().all(|c| c.is_ascii_alphanumeric())
    };
    let name = name.trim_start_matches('.');
    let mut parts: Vec<&str> = name.rsplit('.').take(2).take_while(plain).collect();
    if name.rsplit('.').count() <= parts.len() {
        parts.pop();
    }
    parts.into_iter().rev().map(|part| format!(".{part}")).collect()
}

impl Input {
    /// Makes the folder in the work folder, of these files.
    pub(super) fn make<'a>(
        tree: &Tree<'_>,
        files: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("input-").tempdir_in(tree.work)?;
        open(folder.path())?;
        let mut made = Self { folder, names: BTreeMap::new() };
        let mut names = Names::default();
        for file in files {
            let inside = names.inside(file);
            made.put(&tree.root.join(file), &inside)?;
            made.names.insert(inside, file.to_owned());
        }
        Ok(made)
    }

    fn put(&self, from: &Path, inside: &str) -> io::Result<()> {
        let mut folder = self.folder.path().to_owned();
        let (above, name) = inside.rsplit_once('/').unwrap_or(("", inside));
        for part in above.split('/').filter(|part| !part.is_empty()) {
            folder.push(part);
            match fs::create_dir(&folder) {
                Ok(()) => open(&folder)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let to = folder.join(name);
        let meta = fs::symlink_metadata(from)?;
        if !meta.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if let Some(text) = from_utf16(from)? {
            fs::write(&to, text)?;
            return fs::set_permissions(&to, fs::Permissions::from_mode(0o444));
        }
        if meta.permissions().mode() & 0o004 != 0 && fs::hard_link(from, &to).is_ok() {
            return Ok(());
        }
        fs::copy(from, &to)?;
        fs::set_permissions(&to, fs::Permissions::from_mode(0o444))
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The tool's paths and the staged ones they stand for.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(|(inside, staged)| (inside.as_str(), staged.as_str()))
    }
}

/// The text of a file that says it is UTF-16, which scancode itself takes for binary.
fn from_utf16(path: &Path) -> io::Result<Option<String>> {
    let mut file = fs::File::open(path)?;
    let mut mark = [0; 2];
    if file.read_exact(&mut mark).is_err() {
        return Ok(None);
    }
    let unit: fn([u8; 2]) -> u16 = match mark {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return Ok(None),
    };
    let mut bytes = Vec::new();
    file.take(MAX_UTF16 + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_UTF16 {
        return Ok(None);
    }
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    Ok(Some(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()))
}

fn open(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_and_all_others_become_neutral() {
        let mut names = Names::default();
        for (given, expect) in [
            ("a/LICENSE-MIT", "a/LICENSE-MIT"),
            ("a/b (1).tar.gz", "a/mex-neutral-1.tar.gz"),
            ("日本語/LICENSE", "mex-neutral-2/LICENSE"),
            ("日本語/лицензия.txt", "mex-neutral-2/mex-neutral-3.txt"),
            (".git/x", "mex-neutral-4/x"),
            ("CVS/x", "mex-neutral-5/x"),
            ("mex-neutral-1.tar.gz", "mex-neutral-6.tar.gz"),
            (".hidden", "mex-neutral-7"),
            ("日本語/again", "mex-neutral-2/again"),
        ] {
            assert_eq!(names.inside(given), expect, "{given}");
        }
    }
}
