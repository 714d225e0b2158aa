//! An engine's id is no capability.
use mex_runtime::capability::CapabilityId;
use mex_runtime::id::EngineId;

fn grant(_: CapabilityId) {}

fn main() {
    let engine: EngineId = "engine.guard.secret_scan".parse().unwrap();
    grant(engine);
}
