//! The desktop as a library: the window's commands, what they run on, and the bindings the pages are
//! written against. Owns the window and the state behind it. Never has a rule, a query or a scan of
//! its own: those are use cases of mex-app.

pub mod bindings;
mod bridge;
pub mod command;
pub mod commands;
pub mod desk;
pub mod host;
pub mod named;
pub mod news;
pub mod outside;
pub mod running;
pub mod start;
pub mod surface;
pub mod window;
