//! Policy, from findings to verdict to Problems, and what changes between two (contract SC-1 to SC-4, SC-7,
//! DIAG-2, section 12; promises P4, P6).

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]

mod build;
mod delta;
mod documents;
mod merging;
mod model;
mod osv;
mod preview;
mod problems;
mod verdict;
