//! The content-addressed store: immutable bytes under their SHA-256, a sidecar beside them (contract ART-1, ART-2).
//! Never overwrites and never trusts: what is read is hashed again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use mex_runtime::artifact::{ArtifactHandle, Sidecar};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::port::{ArtifactState, ArtifactStore, StoreFault};

/// The folder `artifacts/`: `ab/cdef...` for bytes, `ab/cdef....sidecar.json` for where they come from.
#[derive(Debug, Clone)]
pub struct ArtifactFolder {
    root: PathBuf,
}

impl ArtifactFolder {
    pub(crate) const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn path(&self, sha256: &Digest) -> PathBuf {
        let name = sha256.to_string();
        let (folder, rest) = name.split_at(2);
        self.root.join(folder).join(rest)
    }

    /// The first sidecar of an artifact.
    ///
    /// # Errors
    /// When there is none, or it does not have its shape.
    pub fn sidecar(&self, sha256: &Digest) -> Result<Sidecar, StoreFault> {
        self.sidecars(sha256)?
            .into_iter()
            .next()
            .ok_or_else(|| missing(sha256, "it has no sidecar"))
    }

    /// Every sidecar of an artifact: one for each attempt that produced the same bytes, the first first.
    ///
    /// # Errors
    /// When the folder cannot be read or a sidecar does not have its shape.
    pub fn sidecars(&self, sha256: &Digest) -> Result<Vec<Sidecar>, StoreFault> {
        let path = self.path(sha256);
        let mut found = Vec::new();
        for file in sidecar_files(&path).map_err(|error| failed(sha256, &error))? {
            let text = fs::read_to_string(&file).map_err(|error| failed(sha256, &error))?;
            let sidecar: Sidecar = mex_runtime::json::parse(&text)
                .and_then(serde_json::from_value)
                .map_err(|error| corrupt(sha256, &format!("its sidecar is damaged: {error}")))?;
            if sidecar.artifact.sha256 != *sha256 {
                return Err(corrupt(sha256, "its sidecar speaks of another artifact"));
            }
            found.push(sidecar);
        }
        found.sort_by_key(|sidecar| sidecar.stored_at);
        Ok(found)
    }

    /// Every digest in the store, sorted.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Digest>, StoreFault> {
        let zero = Digest::from_bytes([0; 32]);
        let mut found = Vec::new();
        for folder in entries(&self.root).map_err(|error| failed(&zero, &error))? {
            let Some(start) = name(&folder).filter(|name| name.len() == 2) else { continue };
            for file in entries(&folder).map_err(|error| failed(&zero, &error))? {
                found.extend(
                    name(&file).and_then(|rest| format!("{start}{rest}").parse::<Digest>().ok()),
                );
            }
        }
        found.sort();
        Ok(found)
    }

    /// Removes bytes and sidecars; retention alone calls it.
    pub(crate) fn remove(&self, sha256: &Digest) -> Result<(), StoreFault> {
        let path = self.path(sha256);
        let gone = |result: io::Result<()>| match result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(sha256, &error)),
            _ => Ok(()),
        };
        for file in sidecar_files(&path).map_err(|error| failed(sha256, &error))? {
            gone(fs::remove_file(file))?;
        }
        gone(fs::remove_file(path))
    }

    fn write_sidecar(&self, path: &Path, sidecar: &Sidecar) -> io::Result<()> {
        let bytes = serde_json::to_vec_pretty(sidecar)?;
        let first = suffixed(path, ".sidecar.json");
        if !first.exists() && place(&first, &bytes)? {
            return Ok(());
        }
        let known = fs::read(&first)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Sidecar>(&bytes).ok())
            .is_some_and(|known| {
                known.provenance == sidecar.provenance
                    && known.artifact == sidecar.artifact
                    && known.annotations == sidecar.annotations
            });
        if known {
            return Ok(());
        }
        let mark = &Digest::of(&bytes).to_string()[..16];
        place(&suffixed(path, &format!(".{mark}.sidecar.json")), &bytes).map(|_| ())
    }
}

impl ArtifactStore for ArtifactFolder {
    fn put(&self, bytes: &[u8], sidecar: &Sidecar) -> Result<(), StoreFault> {
        let handle = &sidecar.artifact;
        let sha256 = Digest::of(bytes);
        if sha256 != handle.sha256 || handle.size_bytes != bytes.len() as u64 {
            return Err(corrupt(&handle.sha256, "the bytes to store are not what its handle says"));
        }
        let path = self.path(&sha256);
        let io = |error: io::Error| failed(&sha256, &error);
        if let Some(folder) = path.parent()
            && !folder.is_dir()
        {
            private_dir(folder).map_err(io)?;
            sync_dir(&self.root).map_err(io)?;
        }
        // Bytes that are there and wrong are replaced by right ones: nobody can mean the wrong ones.
        if fs::read(&path).map_or(true, |found| Digest::of(&found) != sha256) {
            replace(&path, bytes).map_err(io)?;
        }
        let back = fs::read(&path).map_err(io)?;
        if Digest::of(&back) != sha256 {
            return Err(corrupt(&sha256, "it did not read back as it was written"));
        }
        self.write_sidecar(&path, sidecar).map_err(io)
    }

    fn check(&self, handle: &ArtifactHandle) -> ArtifactState {
        let bytes = match fs::read(self.path(&handle.sha256)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return ArtifactState::Missing,
            Err(_) => return ArtifactState::Corrupt,
        };
        let agrees = Digest::of(&bytes) == handle.sha256
            && bytes.len() as u64 == handle.size_bytes
            && self.sidecars(&handle.sha256).is_ok_and(|known| {
                known.iter().any(|sidecar| sidecar.artifact.media_type == handle.media_type)
            });
        if agrees { ArtifactState::Intact } else { ArtifactState::Corrupt }
    }

    fn read(&self, sha256: &Digest) -> Result<Vec<u8>, StoreFault> {
        let bytes = match fs::read(self.path(sha256)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(missing(sha256, "it is not in the store"));
            }
            Err(error) => return Err(failed(sha256, &error)),
        };
        if Digest::of(&bytes) != *sha256 {
            return Err(corrupt(sha256, "its bytes are not what its digest says"));
        }
        Ok(bytes)
    }
}

/// Writes a file whole or not at all, and leaves one that is there; false when one was.
pub(crate) fn place(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let folder = path.parent().unwrap_or(path);
    let file = temporary(folder, bytes)?;
    match file.persist_noclobber(path) {
        Ok(_) => sync_dir(folder).map(|()| true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    temporary(folder, bytes)?.persist(path).map_err(|error| error.error)?;
    sync_dir(folder)
}

fn temporary(folder: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".put-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes a folder that only its owner can read.
pub(crate) fn private_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn sidecar_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(folder), Some(stem)) = (path.parent(), name(path)) else { return Ok(Vec::new()) };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let ours = |file: &PathBuf| {
        name(file).is_some_and(|name| name.starts_with(&stem) && name.ends_with(".sidecar.json"))
    };
    Ok(entries(folder)?.into_iter().filter(ours).collect())
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

fn name(path: &Path) -> Option<String> {
    path.file_name().and_then(|name| name.to_str()).map(str::to_owned)
}

fn failed(sha256: &Digest, error: &io::Error) -> StoreFault {
    let message = format!("artifact {sha256} cannot be stored or read: {error}");
    StoreFault { code: Code::StoreIo, message }
}

fn missing(sha256: &Digest, why: &str) -> StoreFault {
    StoreFault { code: Code::StoreMissing, message: format!("artifact {sha256}: {why}") }
}

fn corrupt(sha256: &Digest, why: &str) -> StoreFault {
    StoreFault { code: Code::StoreCorrupt, message: format!("artifact {sha256}: {why}") }
}
