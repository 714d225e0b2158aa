//! `mex capability simulate`: would it be allowed, and why. Asks the same check as the gate and
//! records the answer as simulated; never allows anything.

use mex_runtime::capability::{
    CapabilityEntry, CapabilityId, CapabilityQuery, Consent, ConsentReferences, check,
};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
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

/// The whole chain of the answer, in the order the questions are asked (contract GATE-3).
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
    /// `embedded` or `published`.
    pub registry_source: String,
    /// SHA-256 of its file.
    pub registry_sha256: Digest,
    /// Whether the registry knows it.
    pub known: bool,
    /// The entry that makes it known: its own, or its axis; null where it is unknown.
    pub entry: Option<CapabilityEntry>,
    /// Whether the engine and operation may use it.
    pub usable: bool,
    /// The grant of the profile that covers it.
    pub matched_grant: Option<String>,
    /// Whether that grant is the capability itself, or an axis that covers it.
    pub granted_by_axis: bool,
    /// Whether it takes a consent.
    pub needs_consent: bool,
    /// The live consent that would be used.
    pub consent_id: Option<ConsentId>,
    /// That consent: of whom, for what, until when.
    pub consent: Option<Consent>,
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
        let rules = self.in_force()?;
        let query = CapabilityQuery {
            registry: &rules.registry,
            profiles: &rules.profiles,
            profile_id: &profile_id,
            usable: Some(spec.usable_capabilities()),
            consents: &consents,
            references: ConsentReferences::AnyLive,
            now: self.clock.now(),
        };
        let decision = check(&asked.capability, &query);
        let event = decision.event(&profile_id, &rules.registry, None);
        let mut recorded = self.event(&self.by_person(), EventBody::CapabilityCheck(event));
        recorded.capability_id = Some(asked.capability.clone());
        self.recorder.record(vec![Record::from(recorded)])?;
        let id: Option<CapabilityId> = asked.capability.parse().ok();
        let known = id.as_ref().filter(|id| rules.registry.knows(id));
        let entry = known.and_then(|id| {
            let axis: Option<CapabilityId> = id.base().parse().ok();
            let own = rules.registry.entry(id);
            own.or_else(|| axis.and_then(|axis| rules.registry.entry(&axis))).cloned()
        });
        let used = consents.into_iter().find(|consent| Some(consent.id) == decision.consent_id);
        let usable = spec.usable_capabilities();
        Ok(Simulated {
            outcome: decision.outcome,
            capability_id: asked.capability.clone(),
            profile_id,
            capability_registry_version: rules.registry.version().to_owned(),
            registry_source: crate::registry::source_word(rules.source).to_owned(),
            registry_sha256: rules.registry.digest(),
            known: known.is_some(),
            entry,
            usable: id.as_ref().is_some_and(|id| usable.iter().any(|own| own.covers(id))),
            granted_by_axis: decision.matched_grant.is_some() && decision.matched_grant != id,
            matched_grant: decision.matched_grant.as_ref().map(ToString::to_string),
            needs_consent: known.is_some_and(CapabilityId::needs_consent),
            consent_id: decision.consent_id,
            consent: used,
            refusals: decision
                .refusals
                .iter()
                .map(|refusal| (refusal.code, refusal.reason.clone()))
                .collect(),
        })
    }
}
