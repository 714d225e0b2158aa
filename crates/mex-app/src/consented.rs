//! What rests on a consent runs as long as the consent holds (contract CAP-5): a revocation, by any
//! process on the data folder, ends it within a moment. Owns watching; whether a consent holds is
//! [`mex_runtime::capability::Consent`]'s to say.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mex_runtime::capability::{CapabilityId, CapabilityQuery, ConsentReferences, check};
use mex_runtime::code::Code;
use mex_runtime::event::{CapabilityCheck, DecisionOutcome, EventBody, EventContext};
use mex_runtime::gate::Attempt;
use mex_runtime::operation::PlannedOperation;
use mex_runtime::port::{Cancel, Clock as _, Record, Recorder as _};

use crate::app::App;
use crate::error::AppResult;
use crate::scan::locked;

/// How long between two looks at the caller's cancel.
const TICK: Duration = Duration::from_millis(50);

/// How many looks at the cancel there are to one at the consents.
const TICKS: u32 = 5;

/// A capability whose consent ended while it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LostConsent {
    capability: CapabilityId,
}

impl LostConsent {
    /// One sentence for people and the record.
    pub(crate) fn reason(&self) -> String {
        format!(
            "the consent for `{}` was revoked or ran out while it was used: the operation was stopped",
            self.capability
        )
    }
}

/// Runs something with a cancel of its own, which is the caller's and also that of every consent the
/// attempt rests on.
pub(crate) fn while_consented<T>(
    app: &App,
    attempt: &Attempt,
    cancel: &Cancel,
    run: impl FnOnce(&Cancel) -> T,
) -> (T, Option<LostConsent>) {
    let needs = match attempt.operation() {
        Ok(operation) => consented(app, operation),
        Err(_) => Vec::new(),
    };
    let Some(operation) = attempt.operation().ok().filter(|_| !needs.is_empty()) else {
        return (run(cancel), None);
    };
    let (inner, done, lost) = (Cancel::default(), AtomicBool::new(false), Mutex::new(None));
    let result = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut tick: u32 = 0;
            while !done.load(Ordering::SeqCst) {
                if cancel.is_cancelled() {
                    inner.cancel();
                }
                tick = tick.wrapping_add(1);
                if tick.is_multiple_of(TICKS) && !inner.is_cancelled() {
                    // A record that cannot be read cannot say that the consent still holds.
                    let held = consented(app, operation);
                    if let Some(gone) = needs.iter().find(|need| !held.contains(need)) {
                        *locked(&lost) = Some(LostConsent { capability: gone.clone() });
                        inner.cancel();
                    }
                }
                std::thread::park_timeout(TICK);
            }
        });
        let result = run(&inner);
        done.store(true, Ordering::SeqCst);
        watch.thread().unpark();
        result
    });
    (result, lost.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// The capabilities an operation asks for that take a consent and have one now.
fn consented(app: &App, operation: &PlannedOperation) -> Vec<CapabilityId> {
    let Ok(consents) = app.consents() else { return Vec::new() };
    let now = app.clock.now();
    operation
        .capabilities_requested
        .iter()
        .filter_map(|id| id.parse::<CapabilityId>().ok())
        .filter(CapabilityId::needs_consent)
        .filter(|id| {
            consents.iter().any(|consent| {
                operation.consents.contains(&consent.id)
                    && consent.allows(id, &operation.capability_profile_id, now)
            })
        })
        .collect()
}

impl App {
    /// The check that ended a running operation, as an event (contract CAP-4).
    ///
    /// # Errors
    /// When it cannot be recorded.
    pub(crate) fn record_lost_consent(
        &self,
        lost: &LostConsent,
        attempt: &Attempt,
        context: &EventContext,
    ) -> AppResult<()> {
        let Ok(operation) = attempt.operation() else { return Ok(()) };
        let rules = self.in_force()?;
        let profile_id = &operation.capability_profile_id;
        let decision = check(
            lost.capability.as_str(),
            &CapabilityQuery {
                registry: &rules.registry,
                profiles: &rules.profiles,
                profile_id,
                usable: None,
                consents: &[],
                references: ConsentReferences::Named(&[]),
                now: self.clock.now(),
            },
        );
        let body = CapabilityCheck {
            decision_outcome: DecisionOutcome::Deny,
            code: Some(Code::CapConsent),
            reason: lost.reason(),
            ..decision.event(profile_id, &rules.registry, Some(attempt.op_id()))
        };
        let mut event = self.event(context, EventBody::CapabilityCheck(body));
        event.capability_id = Some(lost.capability.to_string());
        self.recorder.record(vec![Record::from(event)])?;
        Ok(())
    }
}
