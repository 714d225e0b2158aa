//! An adapter takes the proof, not the operation.
use mex_runtime::adapter::{Adapter, AdapterOutcome, RunContext};
use mex_runtime::operation::PlannedOperation;

fn bypass(
    adapter: &dyn Adapter,
    operation: &PlannedOperation,
    context: &RunContext<'_>,
) -> AdapterOutcome {
    adapter.run(operation, context)
}

fn main() {
    let _ = bypass;
}
