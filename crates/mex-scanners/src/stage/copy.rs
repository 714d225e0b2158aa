//! One file from the project into the stage: hashed while it is copied, in constant memory.
//! Never follows a link on the way, never keeps a copy of a file that changed meanwhile.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use mex_runtime::digest::Digest;
use mex_runtime::port::Cancel;
use rustix::fs::{Mode, OFlags, ResolveFlags};
use sha2::{Digest as _, Sha256};

/// A file copied whole.
pub(super) struct Copied {
    pub(super) size: u64,
    pub(super) sha256: Digest,
    /// Its git object, where asked for.
    pub(super) blob: Option<gix::ObjectId>,
    /// How many inline comments ask a scanner to look away.
    pub(super) inline_allows: u64,
}

/// Why a file was not copied.
pub(super) enum NotCopied {
    /// The project's side.
    Unreadable(io::Error),
    /// It changed meanwhile.
    Changed,
    /// It is over the limit, with its size.
    TooBig(u64),
    /// It is no regular file any more.
    NotAFile,
    /// The stage's side: nothing more can be staged.
    Stage(io::Error),
    /// Somebody cancelled.
    Cancelled,
}

/// Opens a file below `root` without following a link anywhere on the way.
pub(super) fn open_beneath(root: BorrowedFd<'_>, path: &OsStr) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    Ok(File::from(rustix::fs::openat2(root, path, flags, Mode::empty(), resolve)?))
}

/// Copies one file; the copy is mode 0444 whatever the original's. Without a place for the copy it
/// is read and hashed all the same.
pub(super) fn copy(
    root: BorrowedFd<'_>,
    path: &OsStr,
    to: Option<&Path>,
    max_bytes: u64,
    hash: Option<gix::hash::Kind>,
    cancel: &Cancel,
) -> Result<Copied, NotCopied> {
    let from = open_beneath(root, path).map_err(NotCopied::Unreadable)?;
    copy_open(&from, &from, to, max_bytes, hash, cancel)
}

/// Copies an open file. `reader` is that file again: a test puts a change between two reads there.
fn copy_open(
    from: &File,
    mut reader: impl io::Read,
    to: Option<&Path>,
    max_bytes: u64,
    hash: Option<gix::hash::Kind>,
    cancel: &Cancel,
) -> Result<Copied, NotCopied> {
    let before = from.metadata().map_err(NotCopied::Unreadable)?;
    if !before.is_file() {
        return Err(NotCopied::NotAFile);
    }
    if before.len() > max_bytes {
        return Err(NotCopied::TooBig(before.len()));
    }
    let mut out = to.map(create).transpose().map_err(NotCopied::Stage)?;
    let mut sha = Sha256::new();
    let mut blob = hash.map(gix::hash::hasher);
    if let Some(blob) = &mut blob {
        blob.update(format!("blob {}\0", before.len()).as_bytes());
    }
    let mut allows = InlineAllows::default();
    let mut size = 0;
    let room = usize::try_from(before.len()).unwrap_or(usize::MAX).saturating_add(1).min(256 << 10);
    let mut chunk = vec![0; room];
    loop {
        if cancel.is_cancelled() {
            return Err(NotCopied::Cancelled);
        }
        let count = match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(NotCopied::Unreadable(error)),
        };
        size += count as u64;
        if size > before.len() {
            return Err(NotCopied::Changed);
        }
        let bytes = &chunk[..count];
        sha.update(bytes);
        if let Some(blob) = &mut blob {
            blob.update(bytes);
        }
        allows.read(bytes);
        if let Some(out) = &mut out {
            out.write_all(bytes).map_err(NotCopied::Stage)?;
        }
    }
    let after = from.metadata().map_err(NotCopied::Unreadable)?;
    let stamp = |meta: &std::fs::Metadata| {
        (meta.len(), meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec())
    };
    if size != before.len() || stamp(&before) != stamp(&after) {
        return Err(NotCopied::Changed);
    }
    Ok(Copied {
        size,
        sha256: Digest::from_bytes(sha.finalize().into()),
        blob: blob.and_then(|blob| blob.try_finalize().ok()),
        inline_allows: allows.count,
    })
}

fn create(to: &Path) -> io::Result<File> {
    let out = OpenOptions::new().write(true).create_new(true).mode(0o444).open(to)?;
    // Whatever the umask: the tool runs under another uid.
    out.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o444))?;
    Ok(out)
}

/// Counts `gitleaks:allow` across chunks.
#[derive(Default)]
struct InlineAllows {
    count: u64,
    tail: Vec<u8>,
}

impl InlineAllows {
    fn read(&mut self, bytes: &[u8]) {
        const WORD: &[u8] = b"gitleaks:allow";
        const BEFORE: usize = 8;
        let seam = self.tail.len();
        let joined;
        let text = if seam == 0 {
            bytes
        } else {
            let mut tail = std::mem::take(&mut self.tail);
            tail.extend_from_slice(bytes);
            joined = tail;
            &joined
        };
        let mut at = 0;
        while let Some(step) = text[at..].iter().position(|byte| *byte == b':') {
            let colon = at + step;
            if colon >= BEFORE && text[colon - BEFORE..].starts_with(WORD) {
                self.count += 1;
            }
            at = colon + 1;
        }
        let keep = text.len().saturating_sub(WORD.len() - 1);
        self.tail = text[keep..].to_vec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that somebody changes once `after` bytes of it were read.
    struct Changing<'a, F: FnMut()> {
        file: &'a File,
        after: usize,
        change: F,
    }

    impl<F: FnMut()> io::Read for Changing<'_, F> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let room = into.len().min(self.after.max(1));
            let count = self.file.read(&mut into[..room])?;
            if self.after > 0 {
                self.after -= count;
                if self.after == 0 {
                    (self.change)();
                }
            }
            Ok(count)
        }
    }

    /// Contract ENV-6: whatever the manifest names is the file as it was at one moment.
    #[test]
    fn every_change_in_the_middle_of_a_copy_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("source");
        let write = |text: &[u8]| {
            OpenOptions::new().write(true).open(&path).unwrap().write_all(text).unwrap();
        };
        let cut = |size| OpenOptions::new().write(true).open(&path).unwrap().set_len(size).unwrap();
        let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        let changes: [(&str, &dyn Fn()); 5] = [
            ("rewritten at the same length", &|| write(b"XXXXXXXXXX")),
            ("longer", &|| cut(20)),
            ("shorter", &|| cut(7)),
            ("emptied", &|| cut(0)),
            ("its first half rewritten, which was read already", &|| write(b"XXXXX")),
        ];
        for (what, change) in changes {
            std::fs::write(&path, b"0123456789").unwrap();
            // Long ago, so that the change shows however coarse the file system's clock is.
            File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
            let from = File::open(&path).unwrap();
            let reader = Changing { file: &from, after: 5, change };
            let to = folder.path().join(what);
            let copied = copy_open(&from, reader, Some(&to), 100, None, &Cancel::default());
            assert!(matches!(copied, Err(NotCopied::Changed)), "{what}");
        }
        std::fs::write(&path, b"0123456789").unwrap();
        let from = File::open(&path).unwrap();
        let reader = Changing { file: &from, after: 5, change: || () };
        let to = folder.path().join("whole");
        let copied = copy_open(&from, reader, Some(&to), 100, None, &Cancel::default());
        assert_eq!(copied.ok().unwrap().sha256, Digest::of(b"0123456789"));
    }

    #[test]
    fn inline_comments_are_counted_across_chunks_once_each() {
        let text = b"x gitleaks:allow\ny # gitleaks:allow z gitleaks:all gitleaks:allow";
        for size in 1..text.len() {
            let mut allows = InlineAllows::default();
            text.chunks(size).for_each(|chunk| allows.read(chunk));
            assert_eq!(allows.count, 3, "chunks of {size}");
        }
    }
}
