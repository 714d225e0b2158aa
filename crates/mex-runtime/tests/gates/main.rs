//! The gates from outside: what they record, what they refuse, that they cannot be bypassed.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop, helpers included")]

mod conformance;
mod files;
mod model;
mod no_bypass;
mod outcomes;
mod results;
mod support;
