//! The built binary as a new user meets it: good input, bad input, faults. Real tools, real SQLite.
//! Never looks inside: only arguments, exit codes, streams and files.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]
#![expect(clippy::disallowed_methods, reason = "these tests start the built binary itself")]

mod commands;
mod delta;
mod dependency;
mod desk;
mod disk;
mod draft;
mod exception;
mod export;
#[path = "../../../mex-recorder/tests/fault/mod.rs"]
mod fault;
mod faults;
mod harness;
mod import;
mod input;
mod license;
mod registry;
mod reuse;
mod sbom;
mod scan;
#[path = "../../../mex-app/tests/standards/validate.rs"]
mod validate;
