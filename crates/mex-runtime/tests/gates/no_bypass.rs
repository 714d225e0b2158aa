//! No bypass by type (contract GATE-9): what must not compile does not.

/// Nothing outside the gates makes an `Admitted`, ids do not mix, no adapter runs without proof.
#[test]
fn gate_9_no_proof_without_the_gates() {
    trybuild::TestCases::new().compile_fail("tests/gates/ui/*.rs");
}
