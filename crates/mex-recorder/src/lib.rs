//! The Flight Recorder: append-only events, diagnostics and Problems over SQLite, and the artifact store.
//!
//! Owns the data folder and the only SQL of the product. Never decides what may run, never
//! starts a process, never changes or deletes an event except by recorded retention (contract FR-1).

mod append;
mod artifacts;
mod chain;
mod connection;
mod error;
mod head;
mod keys;
mod publish;
pub mod query;
mod recorder;
mod retention;
mod schema;
mod session;
mod sweep;
mod terms;
mod verify;
mod writer;

pub use artifacts::ArtifactFolder;
pub use error::{ChangeError, OpenError, QueryError};
pub use head::{Head, HeadError};
pub use publish::{PublishOrigin, PublishRecord, PublishStatement, RecordError};
pub use recorder::{DATABASE, FlightRecorder};
pub use retention::{Absence, DEFAULT_DAYS, PurgeReport};
pub use sweep::Swept;
pub use verify::{ChainFault, FaultKind, VerifyReport, verify_folder};
