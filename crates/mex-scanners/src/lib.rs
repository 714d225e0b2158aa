//! Stage, process, sandbox, toolchain, advisory databases and one folder a scanner.
//! Never stores or judges: what is found goes to the runtime, what is kept goes through its ports.

pub mod advisory;
pub mod tool;
pub mod toolchain;
