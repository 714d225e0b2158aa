//! The gates from outside: what they record, what they refuse, what becomes of a result.
//! That nothing bypasses them is a matter of types: the compile-fail examples of
//! `mex_runtime::gate::Admitted` and `mex_runtime::capability::CapabilityId` are run with the tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop, helpers included")]

mod conformance;
mod files;
mod model;
mod outcomes;
mod registry;
mod results;
mod reuse;
mod support;
