//! What may run, under which proof, and what its result means.
//!
//! Owns the envelopes, the six gates, the capability model, reports, policy and verdict.
//! Never touches a file, a process, a socket, a database or a clock: whatever comes from
//! outside enters through the ports in [`port`] or as plain arguments.

pub mod adapter;
pub mod artifact;
pub mod budget;
pub mod capability;
pub mod code;
pub mod conformance;
pub mod coverage;
pub mod cvss;
mod decision;
pub mod delta;
pub mod determinism;
pub mod diagnostic;
pub mod digest;
pub mod engine;
pub mod event;
pub mod execute;
pub mod facet;
pub mod finding;
pub mod gate;
pub mod id;
pub mod json;
pub mod license;
pub mod operation;
pub mod policy;
pub mod port;
pub mod report;
pub mod result;
pub mod severity;
