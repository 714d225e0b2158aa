//! Use cases shared by every host: the desktop and the command line call the same ones.
//!
//! Owns the composition of runtime, recorder and scanners. Never has a rule of its own (the
//! runtime does), never a window or a terminal (the hosts do), never SQL, never a spawn.

pub mod app;
mod around;
pub mod artifact;
mod clock;
pub mod conformance;
pub mod consent;
mod consented;
pub mod db;
pub mod delta;
pub mod desk;
pub mod documents;
pub mod draft;
mod embedded;
mod engines;
pub mod error;
pub mod exception;
pub mod export;
mod facts;
mod fetch;
pub mod history;
pub mod import;
pub mod input;
mod job;
pub mod op;
pub mod place;
mod plain;
pub mod plan;
pub mod problem;
pub mod progress;
pub mod publish;
pub mod registry;
pub mod reuse;
pub mod scan;
pub mod schemas;
pub mod simulate;
pub mod sync;
pub mod tools;
mod whole;
mod work;
mod workspace;

pub use app::sandbox_init;
pub use job::{JobRun, ReusedAttempt};
pub use plain::{is_deceptive, plain};

/// The runtime's types, as hosts show them.
pub use mex_runtime as runtime;

/// What the recorder answers, as hosts show it.
pub mod record {
    pub use mex_recorder::query::*;
    pub use mex_recorder::{Head, PurgeReport, VerifyReport};
}
