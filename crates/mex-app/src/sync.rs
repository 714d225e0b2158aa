//! `mex db sync`: fetch snapshots from their sources, one governed operation an ecosystem.
//! One that fails hides no other; what was there before stays in force.

use mex_runtime::code::Code;
use mex_runtime::port::Cancel;
use mex_runtime::result::Status;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::db::DatabaseView;
use crate::error::{AppError, AppResult};
use crate::fetch::{Fetch, failure};
use crate::progress::StepSink;

/// The ecosystems that are fetched where nobody names any.
pub const DEFAULT_ECOSYSTEMS: [&str; 5] = ["crates.io", "npm", "Go", "PyPI", "RubyGems"];

/// What a sync brought.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Synced {
    /// Every snapshot at hand now.
    pub databases: Vec<DatabaseView>,
    /// What could not be brought, and what to do.
    pub failures: Vec<AppError>,
}

impl App {
    /// Fetches the snapshots of ecosystems, from `source` where one is named.
    ///
    /// # Errors
    /// When no live consent allows it, and for a source with several ecosystems. A source that
    /// fails is a failure in the result.
    pub fn sync_databases(
        &self,
        ecosystems: &[String],
        source: Option<&str>,
        cancel: &Cancel,
        steps: StepSink<'_>,
    ) -> AppResult<Synced> {
        let wanted: Vec<String> = if ecosystems.is_empty() && source.is_none() {
            DEFAULT_ECOSYSTEMS.iter().map(ToString::to_string).collect()
        } else {
            ecosystems.to_vec()
        };
        if source.is_some() && wanted.len() != 1 {
            return Err(AppError::new(Code::Usage, "`--from` takes exactly one of `--ecosystems`"));
        }
        let mut failures = Vec::new();
        for ecosystem in wanted {
            let fetch =
                Fetch::Database { ecosystem: ecosystem.clone(), source: source.map(str::to_owned) };
            let result = self.fetch(&fetch, cancel, steps)?;
            match result.status {
                Status::Succeeded => {}
                Status::Denied => {
                    return Err(failure(&result, &format!("the sync of `{ecosystem}` was denied")));
                }
                Status::Cancelled => {
                    return Err(AppError::new(Code::Cancelled, "the sync was cancelled"));
                }
                Status::Failed | Status::TimedOut => {
                    failures.push(failure(&result, &format!("`{ecosystem}` was not fetched")));
                }
            }
        }
        Ok(Synced { databases: self.databases_view()?, failures })
    }
}
