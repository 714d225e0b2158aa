//! The recorder's integration tests, one binary. Never needs a network, a tool or a real secret.

mod kit;
mod promises;
