//! What a scan's results mean: merging, policy file, allowlist, verdict and Problems
//! (contract SC-1 to SC-4, SC-7, DIAG-2, DIAG-5). Pure: the same input gives the same answer,
//! and the time is an argument. Never reads a file and never writes one.

pub mod allowlist;
pub mod file;
pub mod judge;
pub mod matching;
pub mod merge;
pub mod preview;
pub mod problems;
pub mod signature;
pub mod verdict;

pub use judge::judge;
