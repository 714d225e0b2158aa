//! What a file was when it was last hashed: size, inode, modification and change time.
//! Lives in memory, and beyond the process only under a data folder's seal (see `memory`): a cache
//! beside the tool could be rewritten together with it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use jiff::Timestamp;
use mex_runtime::digest::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A file's stat, and the digest it had with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verified {
    stat: Stat,
    pub(super) sha256: Digest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stat {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stat {
    fn of(file: &File) -> io::Result<Option<Self>> {
        let meta = file.metadata()?;
        Ok(meta.is_file().then(|| Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }))
    }
}

impl Verified {
    /// Whether the stat is old enough to show the next change, however coarse the clock of the file
    /// system is.
    pub(super) fn is_settled(&self, now: Timestamp) -> bool {
        self.stat.modified.0.max(self.stat.changed.0) < now.as_second() - 2
    }

    /// Hashes the file unless `known` has the stat it still has; `None` for what is no regular
    /// file. A link is not followed.
    pub(super) fn read(path: &Path, known: Option<&Self>) -> io::Result<Option<Self>> {
        if std::fs::symlink_metadata(path)?.file_type().is_symlink() {
            return Ok(None);
        }
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let Some(stat) = Stat::of(&file)? else { return Ok(None) };
        if let Some(known) = known.filter(|known| known.stat == stat) {
            return Ok(Some(known.clone()));
        }
        let sha256 = hash(&file)?;
        // Written to while it was read: the digest is of neither state. The old stat makes the
        // next look hash again.
        Ok(Some(Self { stat, sha256 }))
    }
}

/// The digest of everything in a reader, in constant memory.
pub(crate) fn hash(mut reader: impl Read) -> io::Result<Digest> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(Digest::from_bytes(hasher.finalize().into())),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
