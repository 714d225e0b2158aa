//! The adapter of `npm_audit_live`: the registry itself is asked, as an operation of its own, with
//! `net.http` and a live consent (contract SC-11). D0: the world may answer differently tomorrow, so
//! question and answer are evidence. Never part of a scan.

use std::sync::Arc;

use mex_runtime::adapter::{Adapter, AdapterOutcome, RunContext};
use mex_runtime::code::Code;
use mex_runtime::coverage::CoverageState;
use mex_runtime::determinism::Determinism;
use mex_runtime::gate::Admitted;
use mex_runtime::id::{EngineId, OperationName, ToolName};
use mex_runtime::port::Progress;
use semver::Version;
use serde_json::Value;

use super::normalise::{Source, normalise};
use super::{NAME, NOT_ITS_LOCK, argv, run};
use crate::answer::{error, line};
use crate::errand::{self, Errand, answer, unprepared};
use crate::lockfile::{Lockfile, discover};
use crate::sandbox::Sandbox;
use crate::toolchain::Toolchain;
use crate::vuln_scan::{Share, only, tool_for};

/// Asks the npm registry about package-locks.
pub struct NpmAuditLive {
    toolchain: Arc<Toolchain>,
    sandbox: Arc<Sandbox>,
}

impl NpmAuditLive {
    /// With the tools of one tools folder.
    pub fn new(toolchain: Arc<Toolchain>, sandbox: Arc<Sandbox>) -> Self {
        Self { toolchain, sandbox }
    }

    fn ask(&self, admitted: &Admitted, context: &RunContext<'_>, share: &mut Share) {
        let params = &admitted.operation().params;
        let registry = params.get("registry").and_then(Value::as_str).unwrap_or(argv::REGISTRY);
        if !may_be_asked(registry) {
            let why = format!("`{}` is neither `https` nor this machine's own", line(registry));
            share.errors.push(error(Code::SchemaParams, why));
            return;
        }
        let Some(stage) = context.stage else {
            let why = "an audit was started without a staged tree".to_owned();
            share.errors.push(error(Code::Internal, why));
            return;
        };
        let found = match discover(&stage.root) {
            Ok(found) => only(found, params.get("lockfiles"), share),
            Err(fault) => {
                share.errors.push(unprepared("the list of lockfiles", &fault));
                return;
            }
        };
        share.entries.extend(found.entries);
        let name = ToolName::known(NAME);
        let (locks, others): (Vec<&Lockfile>, Vec<&Lockfile>) = found
            .lockfiles
            .iter()
            .filter(|lock| lock.kind.ecosystem == "npm")
            .partition(|lock| lock.kind.parser == "package-lock.json");
        share.note(&others, &name, CoverageState::NotScanned, NOT_ITS_LOCK);
        let errand =
            Errand { toolchain: &self.toolchain, sandbox: &self.sandbox, admitted, context };
        let (tool, begun) = tool_for(&errand, NAME, &locks);
        share.take(begun);
        let Some(tool) = tool else { return };
        let mut budget = *admitted.budget();
        for lock in locks {
            (context.progress)(Progress::Phase(format!("asking {registry}")));
            let ran = run::locked(&stage.root, lock).and_then(|locked| {
                run::run(&errand, &tool, &stage.root, lock, None, registry, budget)
                    .map(|ran| (locked, ran))
            });
            let (locked, (args, ran)) = match ran {
                Ok(ran) => ran,
                Err(fault) => {
                    share.fail(&[lock], &name, fault);
                    continue;
                }
            };
            budget = errand::rest(&budget, &ran.finished);
            share.asked.push(args);
            share.level(ran.finished.sandbox);
            let asked = ran.asked.as_deref();
            let said = answer(&ran.finished);
            let read = normalise(&said, asked, &lock.path, &locked, Source::Registry);
            share.read(read);
            share.keep(&ran.finished.stdout.bytes);
            share.keep(asked.unwrap_or_default());
        }
    }
}

/// Whether a question may go there: encrypted, or not off this machine.
fn may_be_asked(registry: &str) -> bool {
    let own = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    let plain = registry.bytes().all(|byte| byte.is_ascii_graphic());
    plain
        && (registry.starts_with("https://") || own.iter().any(|own| registry.starts_with(own)))
        && !registry.contains('@')
}

impl Adapter for NpmAuditLive {
    fn engine_id(&self) -> EngineId {
        EngineId::known("engine.supply_chain.vuln")
    }

    fn operation(&self) -> OperationName {
        OperationName::known("npm_audit_live")
    }

    fn version(&self) -> Version {
        Version::new(1, 0, 0)
    }

    fn run(&self, admitted: &Admitted, context: &RunContext<'_>) -> AdapterOutcome {
        let mut share = Share::default();
        self.ask(admitted, context, &mut share);
        AdapterOutcome { determinism: Determinism::D0, ..share.outcome(self.sandbox.level) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_encrypted_or_of_this_machine() {
        for (registry, expect) in [
            ("https://registry.npmjs.org/", true),
            ("http://127.0.0.1:4873/", true),
            ("http://registry.npmjs.org/", false),
            ("http://127.0.0.1.example.invalid/", false),
            ("https://user:word@example.invalid/", false),
            ("file:///etc", false),
            ("--registry", false),
            ("https://a b", false),
        ] {
            assert_eq!(may_be_asked(registry), expect, "{registry}");
        }
    }
}
