//! Fetching a database over the network: `https` only (plain `http` on loopback alone), bounded in
//! time and size, redirects followed by hand so that each is judged.
//! Never decides whether the network may be used: the caller holds the consent for `net.http`.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mex_runtime::code::Code;
use mex_runtime::port::{Cancel, Clock};
use ureq::http::Uri;

use super::error::DatabaseRefused;
use super::import::{self, Source};
use super::{Databases, Form, Imported};

/// OSV's public export of one ecosystem; `{ecosystem}` is its name as OSV spells it.
pub const OSV_EXPORT: &str =
    "https://storage.googleapis.com/osv-vulnerabilities/{ecosystem}/all.zip";
/// The RustSec advisory database as a source archive of its main branch.
pub const RUSTSEC_ARCHIVE: &str =
    "https://github.com/rustsec/advisory-db/archive/refs/heads/main.tar.gz";
/// More redirects than this are a loop.
const MAX_REDIRECTS: usize = 5;

/// Bounds of one fetch.
#[derive(Debug, Clone, Copy)]
pub struct FetchLimits {
    /// Until a connection stands.
    pub connect: Duration,
    /// Without a single byte.
    pub stall: Duration,
    /// In all.
    pub total: Duration,
    /// Bytes of the body.
    pub bytes: u64,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            total: Duration::from_secs(900),
            bytes: 1 << 30,
        }
    }
}

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
        let begun = Instant::now();
        let response = ask(url, limits, begun)?;
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let not_before = header("last-modified").and_then(|text| http_date(&text));
        let mut body = Body {
            expected: header("content-length")
                .filter(|_| header("content-encoding").is_none())
                .and_then(|text| text.parse().ok()),
            reader: response.into_body().into_with_config().limit(limits.bytes + 1).reader(),
            got: 0,
            limits: *limits,
            begun,
            cancel,
            fault: None,
        };
        let at_least =
            self.current(ecosystem, form).map_or(0, |here| here.identity.record_count / 2);
        let origin = format!("sync: {url}");
        let source = Source {
            method: "sync",
            origin: &origin,
            not_before,
            ecosystem: Some(ecosystem),
            form: Some(form),
            at_least,
        };
        let came = import::import(&self.folder, &mut body, &source, clock);
        came.map_err(|refused| match body.fault {
            Some(fault) => fault_at(url, fault),
            None => DatabaseRefused {
                message: format!("what `{url}` sent was refused: {}", refused.message),
                ..refused
            },
        })
    }
}

enum Fault {
    Cancelled,
    Network(String),
}

fn fault_at(url: &str, fault: Fault) -> DatabaseRefused {
    match fault {
        Fault::Cancelled => DatabaseRefused::new(
            Code::Cancelled,
            format!("the fetch from `{url}` was cancelled; nothing was changed"),
        ),
        Fault::Network(why) => DatabaseRefused::new(
            Code::DbFetch,
            format!(
                "`{url}` {why}; check the network and the source, or import a file with \
                 `mex db import`"
            ),
        ),
    }
}

fn network(url: &str, why: impl Into<String>) -> DatabaseRefused {
    fault_at(url, Fault::Network(why.into()))
}

/// Follows redirects to a 200.
fn ask(
    url: &str,
    limits: &FetchLimits,
    begun: Instant,
) -> Result<ureq::http::Response<ureq::Body>, DatabaseRefused> {
    let config = ureq::Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_connect(Some(limits.connect))
        .timeout_recv_response(Some(limits.stall))
        .timeout_per_read(Some(limits.stall))
        .timeout_global(Some(limits.total))
        .user_agent(concat!("mex/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("identity")
        .build();
    let agent = config.new_agent();
    let mut at = url.to_owned();
    for _ in 0..=MAX_REDIRECTS {
        let place = allowed(&at)?;
        let response = agent.get(&at).call().map_err(|error| network(&at, said(&error)))?;
        let status = response.status().as_u16();
        match status {
            200 => return Ok(response),
            301 | 302 | 303 | 307 | 308 => {
                let location = response.headers().get("location");
                let next = location.and_then(|value| value.to_str().ok()).unwrap_or_default();
                at = match (next.starts_with('/'), place.scheme_str(), place.authority()) {
                    (true, Some(scheme), Some(host)) => format!("{scheme}://{host}{next}"),
                    _ => next.to_owned(),
                };
            }
            _ => return Err(network(&at, format!("answered with HTTP status {status}"))),
        }
        if begun.elapsed() > limits.total {
            return Err(network(url, "took too long over its redirects"));
        }
    }
    Err(network(url, format!("redirects more than {MAX_REDIRECTS} times")))
}

/// `https` anywhere, `http` on this machine only.
fn allowed(url: &str) -> Result<Uri, DatabaseRefused> {
    let refused = |why: &str| {
        let url: String = url.chars().take(200).collect();
        DatabaseRefused::new(Code::DbFetch, format!("{url:?} is not a source to fetch from: {why}"))
    };
    let uri: Uri = url.parse().map_err(|_| refused("it is no address"))?;
    let host = uri.host().ok_or_else(|| refused("it names no host"))?;
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(refused("it holds a name or password, which would be recorded"));
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare == "localhost"
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if loopback => Ok(uri),
        _ => Err(refused("only `https` is used, and `http` on this machine alone")),
    }
}

fn said(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "has a host that cannot be found".to_owned(),
        ureq::Error::ConnectionFailed => "cannot be connected to".to_owned(),
        ureq::Error::Timeout(what) => format!("did not answer in time ({what})"),
        ureq::Error::Io(error) => format!("broke the connection: {error}"),
        other => format!("cannot be fetched: {other}"),
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// A body that ends when it should, and says why where it does not.
struct Body<'a> {
    reader: ureq::BodyReader<'static>,
    expected: Option<u64>,
    got: u64,
    limits: FetchLimits,
    begun: Instant,
    cancel: &'a Cancel,
    fault: Option<Fault>,
}

impl Body<'_> {
    fn fail(&mut self, fault: Fault) -> io::Error {
        self.fault = Some(fault);
        io::Error::other("the fetch ended")
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(self.fail(Fault::Cancelled));
        }
        if self.begun.elapsed() > self.limits.total {
            let seconds = self.limits.total.as_secs_f32();
            let why = format!("sent {} bytes in {seconds} s and was not done", self.got);
            return Err(self.fail(Fault::Network(why)));
        }
        let count = match self.reader.read(buffer) {
            Ok(count) => count,
            Err(error) => {
                let why = format!("broke off after {} bytes: {error}", self.got);
                return Err(self.fail(Fault::Network(why)));
            }
        };
        self.got += u64::try_from(count).unwrap_or(u64::MAX);
        if self.got > self.limits.bytes {
            let why = format!("sent more than {} bytes", self.limits.bytes);
            return Err(self.fail(Fault::Network(why)));
        }
        match self.expected {
            Some(expected) if count == 0 && self.got < expected => {
                let why = format!("broke off after {} of {expected} bytes", self.got);
                Err(self.fail(Fault::Network(why)))
            }
            _ => Ok(count),
        }
    }
}
