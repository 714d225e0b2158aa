//! Fetching a database over the network, and taking it in through the same door as a file.
//! Never decides whether the network may be used: the caller holds the consent for `net.http`.

use jiff::Timestamp;
use mex_runtime::code::Code;
use mex_runtime::port::{Cancel, Clock};

use super::error::DatabaseRefused;
use super::import::{self, Source};
use super::{Databases, Form, Imported};
pub use crate::http::FetchLimits;
use crate::http::{Client, Fault};

/// OSV's public export of one ecosystem; `{ecosystem}` is its name as OSV spells it.
pub const OSV_EXPORT: &str =
    "https://storage.googleapis.com/osv-vulnerabilities/{ecosystem}/all.zip";
/// The RustSec advisory database as a source archive of its main branch.
pub const RUSTSEC_ARCHIVE: &str =
    "https://github.com/rustsec/advisory-db/archive/refs/heads/main.tar.gz";

/// Where a database is fetched from by default.
pub fn default_source(ecosystem: &str, form: Form) -> String {
    match form {
        Form::Osv => OSV_EXPORT.replace("{ecosystem}", &ecosystem.replace(' ', "%20")),
        Form::Rustsec => RUSTSEC_ARCHIVE.to_owned(),
    }
}

impl Databases {
    /// Fetches a database and takes it in through the same door as a file. A snapshot with less
    /// than half of the records that are already here is refused: it was cut somewhere.
    ///
    /// # Errors
    /// `MEX-DB-FETCH` for whatever the network or the source did, `MEX-CANCELLED`, and everything
    /// [`Databases::import`] refuses; nothing was changed.
    pub fn sync(
        &self,
        (ecosystem, form): (&str, Form),
        url: &str,
        limits: &FetchLimits,
        cancel: &Cancel,
        clock: &dyn Clock,
    ) -> Result<Imported, DatabaseRefused> {
        let mut got =
            Client::new(*limits).get(url, cancel).map_err(|fault| fault_at(url, fault))?;
        let at_least =
            self.current(ecosystem, form).map_or(0, |here| here.identity.record_count / 2);
        let origin = format!("sync: {url}");
        let source = Source {
            method: "sync",
            origin: &origin,
            not_before: got.last_modified.as_deref().and_then(http_date),
            ecosystem: Some(ecosystem),
            form: Some(form),
            at_least,
        };
        let came = import::import(&self.folder, &mut got.body, &source, clock);
        came.map_err(|refused| match got.body.fault.take() {
            Some(fault) => fault_at(url, fault),
            None => DatabaseRefused {
                message: format!("what `{url}` sent was refused: {}", refused.message),
                ..refused
            },
        })
    }
}

fn fault_at(url: &str, fault: Fault) -> DatabaseRefused {
    match fault {
        Fault::Cancelled => DatabaseRefused::new(
            Code::Cancelled,
            format!("the fetch from `{url}` was cancelled; nothing was changed"),
        ),
        Fault::Refused(why) => DatabaseRefused::new(Code::DbFetch, why),
        Fault::Network(why) => DatabaseRefused::new(
            Code::DbFetch,
            format!(
                "{why}; check the network and the source, or import a file with `mex db import`"
            ),
        ),
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}
