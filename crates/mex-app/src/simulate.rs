//! `mex capability simulate`: would it be allowed, and why. Asks the same check as the gate and
//! records the answer as simulated; never allows anything.

use mex_runtime::capability::{CapabilityQuery, ConsentReferences, check};
use mex_runtime::code::Code;
use mex_runtime::event::{DecisionOutcome, EventBody};
use mex_runtime::id::{ConsentId, EngineId, OperationName, ProfileId};
use mex_runtime::port::{Clock as _, Record, Recorder as _};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::{AppError, AppResult};

/// What is asked.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// The profile.
    pub profile: String,
    /// The engine.
    pub engine: String,
    /// The operation.
    pub operation: String,
    /// The capability.
    pub capability: String,
}

/// The whole chain of the answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Simulated {
    /// What would happen.
    pub outcome: DecisionOutcome,
    /// The capability asked for.
    pub capability_id: String,
    /// The profile asked.
    pub profile_id: ProfileId,
    /// The registry in force.
    pub capability_registry_version: String,
    /// Whether the registry knows it.
    pub known: bool,
    /// Whether the engine and operation may use it.
    pub usable: bool,
    /// The grant of the profile that covers it.
    pub matched_grant: Option<String>,
    /// The live consent that would be used.
    pub consent_id: Option<ConsentId>,
    /// Every reason against it, with its code.
    pub refusals: Vec<(Code, String)>,
}

impl App {
    /// Asks whether a capability would be allowed to an operation under a profile.
    ///
    /// # Errors
    /// For an unknown profile, engine or operation. A denial is an answer and no error.
    pub fn simulate(&self, asked: &Simulation) -> AppResult<Simulated> {
        let profile_id = self.known_profile(&asked.profile)?;
        let unknown = |what: &str, name: &str| {
            AppError::new(
                Code::NotFound,
                format!("there is no {what} `{name}` in mechanical_engines.json"),
            )
        };
        let engine: EngineId =
            asked.engine.parse().map_err(|_| unknown("engine", &asked.engine))?;
        let engine =
            self.catalog.engine(&engine).ok_or_else(|| unknown("engine", &asked.engine))?;
        let operation: OperationName =
            asked.operation.parse().map_err(|_| unknown("operation", &asked.operation))?;
        let spec =
            engine.operation(&operation).ok_or_else(|| unknown("operation", &asked.operation))?;
        let consents = self.consents()?;
        let query = CapabilityQuery {
            registry: &self.registry.registry,
            profiles: &self.profiles,
            profile_id: &profile_id,
            usable: Some(spec.usable_capabilities()),
            consents: &consents,
            references: ConsentReferences::AnyLive,
            now: self.clock.now(),
        };
        let decision = check(&asked.capability, &query);
        let event = decision.event(&profile_id, &self.registry.registry, None);
        let mut recorded = self.event(&self.by_person(), EventBody::CapabilityCheck(event));
        recorded.capability_id = Some(asked.capability.clone());
        self.recorder.record(vec![Record::from(recorded)])?;
        let id: Option<mex_runtime::capability::CapabilityId> = asked.capability.parse().ok();
        Ok(Simulated {
            outcome: decision.outcome,
            capability_id: asked.capability.clone(),
            profile_id,
            capability_registry_version: self.registry.registry.version().to_owned(),
            known: id.as_ref().is_some_and(|id| self.registry.registry.knows(id)),
            usable: id.as_ref().is_some_and(|id| spec.usable_capabilities().contains(id)),
            matched_grant: decision.matched_grant.as_ref().map(ToString::to_string),
            consent_id: decision.consent_id,
            refusals: decision
                .refusals
                .iter()
                .map(|refusal| (refusal.code, refusal.reason.clone()))
                .collect(),
        })
    }
}
