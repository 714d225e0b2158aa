//! The ports: everything outside that the runtime needs, as traits a host implements.
//! Never an implementation; a port exists only where it has two real users (the product's
//! and a failing one in tests).

use std::path::PathBuf;

use jiff::Timestamp;
use uuid::Uuid;

use crate::artifact::{ArtifactHandle, Sidecar};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::digest::Digest;
use crate::event::{Event, EventContext};

/// Time and fresh ids. The runtime has no clock of its own.
pub trait Clock: Send + Sync {
    /// Now, UTC.
    fn now(&self) -> Timestamp;
    /// A fresh UUIDv7.
    fn uuid(&self) -> Uuid;
}

/// One thing to write. Everything in one call to [`Recorder::record`] is one transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// An event.
    Event(Box<Event>),
    /// A diagnostic in its context: the recorder stores the instance and writes its FR-EVT-003.
    Diagnostic(Box<Diagnostic>, EventContext),
}

impl From<Event> for Record {
    fn from(event: Event) -> Self {
        Self::Event(Box::new(event))
    }
}

/// The recorder could not record. Nothing may run after it (contract GATE-9).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RecorderFault {
    /// `HSK-400-INVALID-EVENT` or `HSK-500-DB`.
    pub code: Code,
    /// One sentence that names the file or field.
    pub message: String,
}

/// The Flight Recorder as the runtime sees it.
pub trait Recorder: Send + Sync {
    /// Appends in order, all or nothing; durable when it returns.
    ///
    /// # Errors
    /// When the write did not reach the disk: the caller must stop.
    fn record(&self, records: Vec<Record>) -> Result<(), RecorderFault>;
    /// One process lifetime of the product; owner of what is open.
    fn session_id(&self) -> &str;
}

/// What the store knows of a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactState {
    /// The bytes are there and hash to the handle, and size and media type agree.
    Intact,
    /// There are no such bytes.
    Missing,
    /// There are bytes, and they are not what the handle says.
    Corrupt,
}

/// The store could not store or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreFault {
    /// `MEX-STORE-*`.
    pub code: Code,
    /// One sentence that names the artifact.
    pub message: String,
}

/// The content-addressed store (contract ART-1). Bytes first, then the sidecar.
pub trait ArtifactStore: Send + Sync {
    /// Stores bytes and their sidecar atomically and reads them back.
    ///
    /// # Errors
    /// When the bytes are not safely there.
    fn put(&self, bytes: &[u8], sidecar: &Sidecar) -> Result<(), StoreFault>;
    /// What is known of a handle, by reading the bytes.
    fn check(&self, handle: &ArtifactHandle) -> ArtifactState;
    /// The bytes, verified.
    ///
    /// # Errors
    /// When they are missing or corrupt.
    fn read(&self, sha256: &Digest) -> Result<Vec<u8>, StoreFault>;
}

/// The staged tree an operation reads: copied, hashed, with nothing in it that speaks for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedTree {
    /// Where the copy is. Read-only for every tool.
    pub root: PathBuf,
    /// The manifest, as an artifact (contract ENV-6).
    pub manifest: ArtifactHandle,
}

/// Cooperative cancel: cheap to clone, checked by whoever waits.
#[derive(Debug, Clone, Default)]
pub struct Cancel(std::sync::Arc<std::sync::atomic::AtomicBool>);

impl Cancel {
    /// Asks everything that holds this to stop.
    pub fn cancel(&self) {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
    }

    /// Whether somebody asked.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

/// What a running operation tells a host that watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A phase began: `staging`, `judging`, `running gitleaks`, `reading output`, `storing`.
    Phase(String),
    /// What is being read right now.
    Reading(String),
}

/// Where progress goes; must return at once.
pub type ProgressSink<'a> = &'a (dyn Fn(Progress) + Send + Sync);
