//! Advisory databases: list, import, sync (contract SC-6). Each import and each refusal is an event.

use std::path::Path;

use mex_runtime::artifact::DatabaseIdentity;
use mex_runtime::event::{EventBody, SystemEvent};
use mex_runtime::port::Clock as _;
use mex_scanners::advisory::{DatabaseRefused, Imported, Novelty, Snapshot};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::documents;
use crate::error::{AppError, AppResult};

/// A snapshot as it is shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DatabaseView {
    /// Which.
    #[serde(flatten)]
    pub identity: DatabaseIdentity,
    /// Whole days since its date.
    pub age_days: i64,
    /// Whether the default policy calls that too old for a release.
    pub stale: bool,
    /// Whether a scan would use it: the newest of its ecosystem and form.
    pub current: bool,
    /// `embedded`, `file` or `sync`.
    pub method: String,
    /// Where it came from.
    pub origin: String,
}

impl App {
    /// Every snapshot, newest first.
    ///
    /// # Errors
    /// When the tools folder cannot be read.
    pub fn databases_view(&self) -> AppResult<Vec<DatabaseView>> {
        let databases = self.databases()?;
        let limit = i64::from(documents::policy(None)?.value.database_max_age_days);
        Ok(databases
            .list()
            .into_iter()
            .map(|snapshot| {
                let current = databases
                    .current(&snapshot.identity.ecosystem, snapshot.form)
                    .is_some_and(|newest| newest.identity.sha256 == snapshot.identity.sha256);
                self.view(snapshot, current, limit)
            })
            .collect())
    }

    /// Takes in a snapshot from a file.
    ///
    /// # Errors
    /// When it is empty, truncated, unparsable or of another ecosystem; nothing is changed then.
    pub fn import_database(&self, file: &Path, ecosystem: Option<&str>) -> AppResult<DatabaseView> {
        let origin = mex_scanners::secret_name::redacted(&file.display().to_string());
        let result = self.databases()?.import(file, ecosystem, &*self.clock);
        self.taken_in(result, ecosystem.unwrap_or("not named"), &origin, "file")
    }

    pub(crate) fn taken_in(
        &self,
        result: Result<Imported, DatabaseRefused>,
        ecosystem: &str,
        origin: &str,
        method: &str,
    ) -> AppResult<DatabaseView> {
        let context = self.by_person();
        match result {
            Ok(imported) => {
                let event = SystemEvent::DatabaseImported {
                    database: imported.snapshot.identity.clone(),
                    method: method.to_owned(),
                    origin: origin.to_owned(),
                };
                if imported.novelty == Novelty::New {
                    self.record(&context, EventBody::System(event))?;
                }
                let limit = i64::from(documents::policy(None)?.value.database_max_age_days);
                Ok(self.view(imported.snapshot, true, limit))
            }
            Err(error) => {
                let event = SystemEvent::DatabaseRefused {
                    ecosystem: ecosystem.to_owned(),
                    origin: origin.to_owned(),
                    code: error.code,
                    reason: error.message.clone(),
                };
                self.record(&context, EventBody::System(event))?;
                Err(refused(error))
            }
        }
    }

    fn view(&self, snapshot: Snapshot, current: bool, limit: i64) -> DatabaseView {
        let age_days = self.clock.now().duration_since(snapshot.identity.date).as_hours() / 24;
        DatabaseView {
            identity: snapshot.identity,
            age_days,
            stale: age_days > limit,
            current,
            method: snapshot.method,
            origin: snapshot.origin,
        }
    }
}

pub(crate) fn refused(error: DatabaseRefused) -> AppError {
    AppError::new(error.code, error.message)
}
