//! Where gitleaks looks away without a word, and how we make it look.
//!
//! It takes a file for an archive when its *name* holds `.br`, `.gz`, `.tar` and the like anywhere
//! (`app.browser.js`, `build.target.env`), and for a binary when its first bytes look like one (a
//! text that starts with `MZ`). Neither is scanned and the first is not even logged. A hostile or
//! merely unlucky name must not hide a secret (contract SC-10), so texts among them are copied
//! under neutral names behind an empty first line and scanned once more. What is left out after
//! that stands in the ledger with its reason. Owns this choice; never reads for secrets itself.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// How many bytes tell text from binary.
const HEAD: usize = 8 * 1024;

/// Texts over this size are not copied; a gap.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Parts of a file name that make gitleaks take it for an archive.
const ARCHIVE_NAMES: &[&str] = &[
    ".7z", ".br", ".bz2", ".gz", ".lz4", ".rar", ".sz", ".s2", ".tar", ".xz", ".zip", ".zz", ".zst",
];

/// First bytes of the archives it can open.
const ARCHIVE_HEADS: &[&[u8]] = &[
    b"7z\xbc\xaf\x27\x1c",
    b"BZh",
    b"\x1f\x8b",
    b"\x04\x22\x4d\x18",
    b"Rar!",
    b"\xff\x06\x00\x00",
    b"LZIP",
    b"\xfd7zXZ",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x78\x01",
    b"\x78\x5e",
    b"\x78\x9c",
    b"\x78\xda",
    b"\x28\xb5\x2f\xfd",
];

/// What a file's name and first bytes make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Read as it stands, by the tool's own way.
    Plain,
    /// An archive that the tool opens.
    Archive,
    /// A text with an archive's name: passed over in silence.
    TextInDisguise,
    /// An archive's name, and neither text nor an archive.
    Opaque,
}

/// Judges one file by its name and its first bytes.
pub fn nature(name: &str, head: &[u8]) -> Nature {
    let name = name.to_lowercase();
    let named = ARCHIVE_NAMES.iter().any(|part| name.contains(part))
        || [".lz", ".mz"].iter().any(|ending| name.ends_with(ending));
    if !named {
        Nature::Plain
    } else if ARCHIVE_HEADS.iter().any(|magic| head.starts_with(magic))
        || head.get(257..262) == Some(b"ustar")
    {
        Nature::Archive
    } else if is_text(head) {
        Nature::TextInDisguise
    } else {
        Nature::Opaque
    }
}

/// Whether the first bytes are text, whatever they claim to be.
pub fn is_text(head: &[u8]) -> bool {
    !head.contains(&0)
        && match std::str::from_utf8(head) {
            Ok(_) => true,
            // A character cut at the end of the head, or a text in an old encoding.
            Err(fault) => {
                fault.valid_up_to() + 4 > head.len() || {
                    let odd = head.iter().filter(|byte| !matches!(byte, 9..=13 | 32..=126)).count();
                    odd * 10 < head.len()
                }
            }
        }
}

/// What a walk over the staged tree found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Files in the tree.
    pub files: u64,
    /// Texts with an archive's name, relative to the stage.
    pub disguised: Vec<String>,
    /// Files with an archive's name that nobody can open.
    pub opaque: Vec<String>,
}

/// Walks the staged tree by name, and reads the heads of files named like archives.
///
/// # Errors
/// When a folder or a head cannot be read.
pub fn survey(root: &Path) -> io::Result<Survey> {
    let mut survey = Survey::default();
    walk(root, "", &mut survey)?;
    survey.disguised.sort();
    survey.opaque.sort();
    Ok(survey)
}

fn walk(root: &Path, folder: &str, survey: &mut Survey) -> io::Result<()> {
    for item in fs::read_dir(root.join(folder))? {
        let item = item?;
        let name = item.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let file_type = item.file_type()?;
        if file_type.is_dir() {
            walk(root, &path, survey)?;
        } else if file_type.is_file() {
            survey.files += 1;
            if nature(&name, b"") != Nature::Plain {
                match nature(&name, &head(&item.path())?) {
                    Nature::TextInDisguise => survey.disguised.push(path),
                    Nature::Opaque => survey.opaque.push(path),
                    Nature::Plain | Nature::Archive => {}
                }
            }
        }
    }
    Ok(())
}

/// The first bytes of a file.
///
/// # Errors
/// When it cannot be read.
pub fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    fs::File::open(path)?.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Copies files under neutral names behind an empty first line.
/// Returns the real path of each copy by its neutral name, and the files that are too big.
///
/// # Errors
/// When a copy cannot be written.
pub fn unmask<'a>(
    root: &Path,
    paths: impl IntoIterator<Item = &'a String>,
    folder: &Path,
) -> io::Result<(BTreeMap<String, String>, Vec<String>)> {
    let (mut names, mut too_big) = (BTreeMap::new(), Vec::new());
    for (number, path) in paths.into_iter().enumerate() {
        let source = root.join(path);
        if fs::metadata(&source)?.len() > MAX_BYTES {
            too_big.push(path.clone());
            continue;
        }
        let name = format!("{number:06}");
        let target = folder.join(&name);
        let mut copy = fs::File::create(&target)?;
        copy.write_all(b"\n")?;
        io::copy(&mut fs::File::open(&source)?, &mut copy)?;
        fs::set_permissions(&target, fs::Permissions::from_mode(0o444))?;
        names.insert(name, path.clone());
    }
    Ok((names, too_big))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contract SC-10: a name or a first byte hides nothing.
    #[test]
    fn names_and_first_bytes_are_seen_through() {
        let check = |name, head: &[u8], expect| assert_eq!(nature(name, head), expect, "{name}");
        check("a.env", b"MZ text", Nature::Plain);
        check("app.browser.js", b"let a = 1", Nature::TextInDisguise);
        check("x.TARget.env", b"A=1", Nature::TextInDisguise);
        check("creds.zip", b"A=1", Nature::TextInDisguise);
        check("real.zip", b"PK\x03\x04\x00", Nature::Archive);
        check("a.tar.gz", b"\x1f\x8b\x08\x00", Nature::Archive);
        check("odd.br", b"\x00\x01\x02", Nature::Opaque);
        check("notes.zip", "caf\u{e9} \u{4e16}".as_bytes(), Nature::TextInDisguise);
    }

    #[test]
    fn a_survey_finds_them_and_unmasking_copies_them_behind_a_line() {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir(tree.path().join("d")).unwrap();
        fs::write(tree.path().join("d/a.browser.js"), "secret").unwrap();
        fs::write(tree.path().join("plain"), "x").unwrap();
        let survey = survey(tree.path()).unwrap();
        assert_eq!(
            (survey.files, survey.disguised.as_slice()),
            (2, &["d/a.browser.js".to_owned()][..])
        );
        let out = tempfile::tempdir().unwrap();
        let (names, too_big) = unmask(tree.path(), &survey.disguised, out.path()).unwrap();
        assert_eq!(names["000000"], "d/a.browser.js");
        assert!(too_big.is_empty());
        assert_eq!(fs::read(out.path().join("000000")).unwrap(), b"\nsecret");
    }
}
