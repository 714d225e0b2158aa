//! Where exports go: named by the caller, found usable before anything runs, written whole or not
//! at all. Never over a folder or a device, and never half a file (contract section 15).

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use mex_runtime::code::Code;

use crate::error::{AppError, AppResult};
use crate::whole::folder_of;

/// A file to write, in a folder that could be written to when it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile(PathBuf);

/// A folder to write files into, which could be written to when it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFolder(PathBuf);

impl OutputFile {
    /// Checks a place for one file.
    ///
    /// # Errors
    /// `MEX-OUTPUT-PATH` (exit 2) where its folder is missing or cannot be written to, and where
    /// something is there that is no file.
    pub fn at(path: &Path) -> AppResult<Self> {
        let wrong = |why: &str| refused(path, why);
        // A link stays what it is: the file behind it is the one to replace.
        let real = match fs::metadata(path) {
            Ok(known) if known.is_dir() => return Err(wrong("it is a folder")),
            Ok(known) if !known.is_file() => return Err(wrong("what is there is no regular file")),
            Ok(_) => path.canonicalize().map_err(|error| wrong(&error.to_string()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(wrong(&error.to_string())),
        };
        if real.file_name().is_none() {
            return Err(wrong("it names no file"));
        }
        probe(folder_of(&real), path)?;
        Ok(Self(real))
    }

    /// Replaces the file: by a whole new one, or not at all.
    ///
    /// # Errors
    /// `MEX-OUTPUT-IO` (exit 4).
    pub fn write(&self, bytes: &[u8]) -> AppResult<()> {
        let failed = |error: io::Error| unwritable(&self.0, &error);
        if fs::symlink_metadata(&self.0).is_ok_and(|known| known.is_dir()) {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let mut file = temporary(folder_of(&self.0)).map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        file.persist(&self.0).map(drop).map_err(|error| failed(error.error))
    }
}

impl OutputFolder {
    /// Checks a folder, and makes it where only its parent is there.
    ///
    /// # Errors
    /// `MEX-OUTPUT-PATH` (exit 2) where it cannot be made or written to, and where it is no folder.
    pub fn at(path: &Path) -> AppResult<Self> {
        match fs::create_dir(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !path.is_dir() {
                    return Err(refused(path, "it is no folder"));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(refused(path, "its parent folder does not exist"));
            }
            Err(error) => return Err(refused(path, &error.to_string())),
        }
        probe(path, path)?;
        Ok(Self(path.to_owned()))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes one file of it, in place of one that is there.
    ///
    /// # Errors
    /// `MEX-OUTPUT-IO` (exit 4).
    pub fn write(&self, name: &str, bytes: &[u8]) -> AppResult<()> {
        OutputFile(self.0.join(name)).write(bytes)
    }

    /// Removes a file that an earlier scan left and this one has nothing to put in its place.
    ///
    /// # Errors
    /// `MEX-OUTPUT-IO` (exit 4): what stays would be taken for this scan's.
    pub fn clear(&self, name: &str) -> AppResult<()> {
        let path = self.0.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(&path, &error)),
            _ => Ok(()),
        }
    }
}

/// Readable as the umask has it, as a file made by any other program is.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".mex-")
        .permissions(fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
}

fn probe(folder: &Path, named: &Path) -> AppResult<()> {
    if !folder.is_dir() {
        return Err(refused(named, "its folder does not exist"));
    }
    temporary(folder).map(drop).map_err(|error| {
        // The name of the probe is nobody's business.
        refused(named, &format!("its folder cannot be written to ({})", error.kind()))
    })
}

fn refused(path: &Path, why: &str) -> AppError {
    let shown = mex_scanners::secret_name::redacted(&path.display().to_string());
    AppError::new(Code::OutputPath, format!("`{shown}` cannot be written: {why}"))
}

fn unwritable(path: &Path, error: &io::Error) -> AppError {
    let shown = mex_scanners::secret_name::redacted(&path.display().to_string());
    AppError::new(Code::OutputIo, format!("`{shown}` cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_refused_before_and_a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        for wrong in [at("folder"), at("missing/x.json"), "/dev/null".into(), at("..")] {
            let error = OutputFile::at(&wrong).unwrap_err();
            assert_eq!((error.code, error.exit_code()), (Code::OutputPath, 2), "{wrong:?}");
            assert!(!error.hint.is_empty());
        }
        fs::write(at("old"), "a long old text").unwrap();
        std::os::unix::fs::symlink("old", at("link")).unwrap();
        OutputFile::at(&at("link")).unwrap().write(b"new").unwrap();
        assert_eq!(fs::read(at("old")).unwrap(), b"new");
        assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
        for wrong in [at("old"), at("missing/deep")] {
            assert_eq!(OutputFolder::at(&wrong).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
        let out = OutputFolder::at(&at("out")).unwrap();
        out.write("a", b"1").unwrap();
        out.write("a", b"2").unwrap();
        assert_eq!(fs::read(at("out/a")).unwrap(), b"2");
        out.clear("a").unwrap();
        out.clear("a").unwrap();
        fs::create_dir(at("out/b")).unwrap();
        assert_eq!(out.write("b", b"x").unwrap_err().exit_code(), 4);
        assert_eq!(out.clear("b").unwrap_err().exit_code(), 4);
        let left: Vec<_> =
            fs::read_dir(at("out")).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(left, ["b"], "no half file stays");
    }
}
