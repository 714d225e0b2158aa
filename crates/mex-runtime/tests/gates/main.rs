//! The gates from outside: what they record, what they refuse, that they cannot be bypassed.

mod conformance;
mod files;
mod model;
mod no_bypass;
mod outcomes;
mod results;
mod support;
