//! The built binary as a new user meets it: good input, bad input, faults. Real tools, real SQLite.
//! Never looks inside: only arguments, exit codes, streams and files.

mod commands;
mod faults;
mod harness;
mod input;
mod scan;
