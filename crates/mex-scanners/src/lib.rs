//! Stage, process, sandbox, toolchain, advisory databases and one folder a scanner.
//! Never stores or judges: what is found goes to the runtime, what is kept goes through its ports.

pub mod advisory;
pub mod answer;
pub mod cargo_audit;
pub mod cargo_deny;
pub mod credentials;
pub mod dependency;
mod errand;
pub mod fingerprint;
pub mod gitleaks;
mod ground;
mod http;
pub mod license_scan;
pub mod lockfile;
pub mod model;
pub mod npm_audit;
pub mod osv_scanner;
pub mod process;
mod reading;
pub mod redact;
pub mod sandbox;
pub mod sbom_scan;
pub mod scancode;
pub mod seal;
pub mod secret_name;
pub mod secret_scan;
pub mod stage;
pub mod syft;
pub mod tool;
pub mod toolchain;
mod version;
pub mod vuln_scan;
