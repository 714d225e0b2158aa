//! The proof of admission can neither be defaulted, copied nor read from a file.
use mex_runtime::gate::Admitted;

fn main() {
    let _: Admitted = Default::default();
    let _ = <Admitted as Clone>::clone;
    let _: Admitted = serde_json::from_str("{}").unwrap();
}
