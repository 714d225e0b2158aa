//! The archives of dependencies, kept by content in `archives/` of the tools folder: an archive lies
//! under the checksum that a lockfile names, and is there whole or not at all. Owns that layout;
//! never trusts it: who reads an archive compares it with the checksum again.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mex_runtime::digest::Digest;
use mex_runtime::port::Cancel;
use sha2::{Digest as _, Sha256, Sha512};

/// No archive of a registry comes near it.
pub const ARCHIVE_BYTES: u64 = 128 << 20;
/// What a killed fetch left is gone after this long.
const STALE: Duration = Duration::from_secs(3600);
/// The first characters of what is being written.
const PART: &str = ".part-";

/// What an archive must hash to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sum {
    /// As a `Cargo.lock` names it.
    Sha256(Digest),
    /// As a package-lock names it in `integrity`; 128 lowercase hex characters.
    Sha512(String),
}

impl Sum {
    /// Reads the SHA-512 of an `integrity`; null where it names none. Weaker ones vouch for nothing.
    pub fn of_integrity(text: &str) -> Option<Self> {
        text.split_ascii_whitespace().find_map(|one| {
            let encoded = one.strip_prefix("sha512-")?;
            let encoded = encoded.split('?').next().unwrap_or(encoded);
            let bytes = STANDARD.decode(encoded).ok().filter(|bytes| bytes.len() == 64)?;
            Some(Self::Sha512(hex(&bytes)))
        })
    }

    /// Whether bytes hash to it.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Sha256(digest) => Digest::of(bytes) == *digest,
            Self::Sha512(text) => hex(&Sha512::digest(bytes)) == *text,
        }
    }

    fn parts(&self) -> (&'static str, String) {
        match self {
            Self::Sha256(digest) => ("sha256", digest.to_string()),
            Self::Sha512(text) => ("sha512", text.clone()),
        }
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, hex) = self.parts();
        write!(f, "{kind}:{hex}")
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    fn of(sum: &Sum) -> Self {
        match sum {
            Sum::Sha256(_) => Self::Sha256(Sha256::new()),
            Sum::Sha512(_) => Self::Sha512(Sha512::new()),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    fn found(self) -> String {
        match self {
            Self::Sha256(hasher) => hex(&hasher.finalize()),
            Self::Sha512(hasher) => hex(&hasher.finalize()),
        }
    }
}

/// Why an archive was not kept.
#[derive(Debug)]
pub enum NotKept {
    /// The source broke off; it knows why.
    Source,
    /// What came is not what the lockfile names; how many bytes it had.
    OtherBytes(u64),
    /// Somebody asked to stop.
    Cancelled,
    /// It could not be written.
    Disk(io::Error),
}

/// The archives of one tools folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archives {
    folder: PathBuf,
}

impl Archives {
    /// Those of a tools folder; nothing is made before the first one is kept.
    pub fn of(tools_dir: &Path) -> Self {
        Self { folder: tools_dir.join("archives") }
    }

    /// The folder they lie in, whether it is there or not.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where an archive lies, whether it is there or not.
    pub fn path(&self, sum: &Sum) -> PathBuf {
        let (kind, hex) = sum.parts();
        self.folder.join(kind).join(&hex[..2]).join(&hex[2..])
    }

    /// An archive, where it is there and is what its checksum says.
    pub fn read(&self, sum: &Sum) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(self.path(sum)).ok()?.take(ARCHIVE_BYTES + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= ARCHIVE_BYTES && sum.is_of(&bytes)).then_some(bytes)
    }

    /// Takes an archive in: hashed while it is written, moved into place where it is the one named.
    /// Gives its size.
    ///
    /// # Errors
    /// With nothing left behind.
    pub fn keep(&self, sum: &Sum, from: &mut dyn Read, stop: &Cancel) -> Result<u64, NotKept> {
        let path = self.path(sum);
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(NotKept::Disk)?;
        let mut fresh = tempfile::Builder::new()
            .prefix(PART)
            .tempfile_in(&self.folder)
            .map_err(NotKept::Disk)?;
        let mut hasher = Hasher::of(sum);
        let mut buffer = vec![0; 64 * 1024];
        let mut size = 0_u64;
        loop {
            let count = from.read(&mut buffer).map_err(|_| NotKept::Source)?;
            let Some(part) = buffer.get(..count).filter(|part| !part.is_empty()) else { break };
            hasher.take(part);
            size += count as u64;
            fresh.write_all(part).map_err(NotKept::Disk)?;
        }
        if hasher.found() != sum.parts().1 {
            return Err(NotKept::OtherBytes(size));
        }
        fresh.as_file().sync_all().map_err(NotKept::Disk)?;
        if stop.is_cancelled() {
            return Err(NotKept::Cancelled);
        }
        readable(fresh.path()).map_err(NotKept::Disk)?;
        fresh.persist(&path).map_err(|fault| NotKept::Disk(fault.error))?;
        Ok(size)
    }

    /// Removes what killed fetches left.
    pub fn sweep(&self, now: SystemTime) {
        for item in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let part = item.file_name().to_string_lossy().starts_with(PART);
            let old = item
                .metadata()
                .and_then(|meta| meta.modified())
                .is_ok_and(|changed| now.duration_since(changed).is_ok_and(|since| since > STALE));
            if part && old {
                // The next sweep finds what could not be removed now.
                let _ = fs::remove_file(item.path());
            }
        }
    }
}

/// As every file of the tools folder: for all who may use the tools, changed by nobody.
fn readable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(folder: &Path) -> usize {
        fs::read_dir(folder.join("archives"))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|item| item.file_name().to_string_lossy().starts_with(PART))
            .count()
    }

    #[test]
    fn only_the_bytes_that_are_named_are_kept_and_damage_is_absence() {
        let folder = tempfile::tempdir().unwrap();
        let archives = Archives::of(folder.path());
        let integrity = format!("sha1-x sha512-{}", STANDARD.encode(Sha512::digest(b"abc")));
        let both = [Sum::Sha256(Digest::of(b"abc")), Sum::of_integrity(&integrity).unwrap()];
        let stop = Cancel::default();
        for sum in both {
            assert_eq!(archives.read(&sum), None);
            let lie = archives.keep(&sum, &mut &b"abd"[..], &stop);
            assert!(matches!(lie, Err(NotKept::OtherBytes(3))), "{lie:?}");
            assert_eq!(archives.read(&sum), None);
            assert_eq!(archives.keep(&sum, &mut &b"abc"[..], &stop).unwrap(), 3);
            assert_eq!(archives.read(&sum).unwrap(), b"abc");
            fs::write(archives.path(&sum), "abd").unwrap();
            assert_eq!(archives.read(&sum), None, "changed afterwards");
            assert_eq!(archives.keep(&sum, &mut &b"abc"[..], &stop).unwrap(), 3);
            assert_eq!(archives.read(&sum).unwrap(), b"abc");
        }
        assert_eq!(parts(folder.path()), 0);
        stop.cancel();
        let sum = Sum::Sha256(Digest::of(b"late"));
        let late = archives.keep(&sum, &mut &b"late"[..], &stop);
        assert!(matches!(late, Err(NotKept::Cancelled)), "{late:?}");
        assert_eq!(archives.read(&sum), None);
    }

    #[test]
    fn weak_and_broken_integrities_vouch_for_nothing() {
        for text in ["", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "sha512-", "sha512-AAAA", "sha512-*"]
        {
            assert_eq!(Sum::of_integrity(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_killed_fetch_left_goes_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let archives = Archives::of(folder.path());
        let own = folder.path().join("archives");
        fs::create_dir(&own).unwrap();
        let now = fs::metadata(&own).unwrap().modified().unwrap();
        for (name, age) in [(".part-old", 2 * STALE), (".part-new", Duration::ZERO)] {
            let file = File::create(own.join(name)).unwrap();
            file.set_modified(now - age).unwrap();
        }
        archives.sweep(now);
        assert!(!own.join(".part-old").exists() && own.join(".part-new").exists());
    }
}
