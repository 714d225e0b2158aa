//! From a draft to the registry in force (contract REG-4 to REG-7): diff, review, impact, publish,
//! rollback, takeover. Owns the use cases and what they record; every step is a governed job of kind
//! `workflow_run` under the profile `capability_registry_build`. What a change means is
//! [`mex_runtime::capability::diff`]'s to say, and whether it may go out is a person's.

mod candidate;
mod diffed;
pub(crate) mod folder;
mod governed;
mod impact;
pub(crate) mod in_force;
mod released;
mod reviewed;
mod taken_over;
mod versions;

pub use diffed::{DiffOutcome, DiffRequest, RegistryDraftView, ReviewState};
pub use impact::{ImpactChange, ImpactEntry, RegistryImpact};
pub use released::{PublishOutcome, PublishRequest, RollbackRequest};
pub use reviewed::{ReviewOutcome, ReviewRequest, SignedReview};
pub use taken_over::TakeoverRequest;
pub use versions::{RegistryVersion, RegistryVersions, VersionState};

use mex_runtime::event::{EventBody, HumanAction};

use crate::app::App;
use crate::error::{AppError, AppResult};

/// The longest reason that is recorded, in characters.
const MOST_REASON: usize = 1000;

impl App {
    /// Records a refused attempt (contract section 15) and hands the result on.
    fn on_registry_record<T>(&self, attempt: &str, result: AppResult<T>) -> AppResult<T> {
        if let Err(error) = &result {
            self.record_registry_refusal(attempt, error)?;
        }
        result
    }

    pub(crate) fn record_registry_refusal(&self, attempt: &str, error: &AppError) -> AppResult<()> {
        let refused = HumanAction::RegistryRefused {
            attempt: attempt.to_owned(),
            code: error.code,
            reason: error.message.chars().take(MOST_REASON).collect(),
        };
        self.record(&self.by_person(), EventBody::HumanAction(refused)).map(drop)
    }
}
