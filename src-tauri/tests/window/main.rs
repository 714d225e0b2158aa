//! The real window, built as it ships, with the real backend on small real projects: driven over
//! WebDriver on a display of its own. Never a mocked answer.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the failure report")]
#![expect(clippy::disallowed_methods, reason = "these tests start the built program itself")]

mod driver;
mod host;
mod operator;
mod stand;
