//! From the start of an id to the whole of it, as people type it.

use super::IdKind;
use crate::error::QueryError;
use crate::recorder::FlightRecorder;

/// How many candidates an ambiguous prefix lists.
const CANDIDATES: usize = 10;

impl FlightRecorder {
    /// The one id that starts with `prefix`, as text.
    ///
    /// # Errors
    /// `MEX-NOT-FOUND` for none and for text no id starts with, `MEX-AMBIGUOUS-ID` with at most ten candidates for more.
    pub fn resolve(&self, kind: IdKind, prefix: &str) -> Result<String, QueryError> {
        let typed = prefix.trim().to_ascii_lowercase();
        let nothing =
            || QueryError::NotFound { what: kind.word(), id: prefix.chars().take(80).collect() };
        if typed.is_empty() || !typed.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-') {
            return Err(nothing());
        }
        let sql = match kind {
            IdKind::Event => {
                "SELECT DISTINCT event_id FROM event_rows WHERE event_id >= ?1 AND event_id < ?2 ORDER BY 1 LIMIT 11"
            }
            IdKind::Job => {
                "SELECT DISTINCT job_id FROM event_rows WHERE job_id >= ?1 AND job_id < ?2 ORDER BY 1 LIMIT 11"
            }
            IdKind::Scan => {
                "SELECT DISTINCT run_id FROM event_rows WHERE run_id >= ?1 AND run_id < ?2 ORDER BY 1 LIMIT 11"
            }
            IdKind::Operation => {
                "SELECT DISTINCT op_id FROM event_rows WHERE op_id >= ?1 AND op_id < ?2 ORDER BY 1 LIMIT 11"
            }
            IdKind::Diagnostic => {
                "SELECT DISTINCT diagnostic_id FROM diagnostics WHERE diagnostic_id >= ?1 AND diagnostic_id < ?2 ORDER BY 1 LIMIT 11"
            }
            IdKind::Problem => {
                "SELECT fingerprint FROM problems WHERE fingerprint >= ?1 AND fingerprint < ?2 ORDER BY 1 LIMIT 11"
            }
            IdKind::Consent => {
                "SELECT DISTINCT consent_id FROM event_rows WHERE lifecycle = 'consent' AND consent_id >= ?1 AND consent_id < ?2 ORDER BY 1 LIMIT 11"
            }
        };
        // `g` sorts after every character an id has.
        let end = format!("{typed}g");
        let mut found: Vec<String> = self.readers.ask(async |connection| {
            Ok(sqlx::query_scalar(sql).bind(&typed).bind(end).fetch_all(connection).await?)
        })?;
        if found.len() > 1 {
            found.truncate(CANDIDATES);
            return Err(QueryError::Ambiguous {
                what: kind.word(),
                prefix: prefix.to_owned(),
                candidates: found,
            });
        }
        found.pop().ok_or_else(nothing)
    }
}
