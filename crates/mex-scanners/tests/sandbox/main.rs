//! The spawn and its sandbox, with a tool that misbehaves on demand (promises P17 to P22).
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic here is the failure report")]

mod kit;
mod licences;
mod limits;
mod npm;
mod real;
mod through;
mod walls;
