//! The registry from its specification: extraction, its sample, validation (contract section 10).

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]

mod extract;
mod model;
mod own;
mod sample;
mod validate;
