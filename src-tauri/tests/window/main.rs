//! The real window, built as it ships, with the real backend on small real projects: driven over
//! WebDriver on a display of its own. Never a mocked answer.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]
#![expect(clippy::disallowed_methods, reason = "these tests start the built program itself")]

mod beside;
mod driver;
#[expect(dead_code, reason = "only its library is needed here")]
#[path = "../../../crates/mex-recorder/tests/fault/mod.rs"]
mod fault;
mod hands;
mod host;
mod hostile;
mod keyboard;
mod leaving;
mod links;
mod operator;
mod review;
mod same;
mod stand;
mod trouble;
