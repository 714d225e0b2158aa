//! The recorder's integration tests, one binary. Never needs a network, a tool or a real secret.

#![expect(clippy::unwrap_used, reason = "what tests share fails by panicking, as they do")]

#[path = "../fault/mod.rs"]
mod fault;
mod faults;
mod finding;
mod kit;
mod promises;
mod reuse;
mod tampering;
