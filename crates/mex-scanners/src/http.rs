//! One question over the network, a GET or a POST of JSON: `https` only (plain `http` on loopback alone), bounded in time and
//! size, redirects followed by hand so that each is judged. Owns the client and what may be asked.
//! Never decides whether the network may be used: the caller holds the consent for `net.http`.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use mex_runtime::port::Cancel;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};

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

/// Why nothing, or not all, came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Somebody asked to stop.
    Cancelled,
    /// The address may not be asked; a whole sentence.
    Refused(String),
    /// The network or the source failed; a whole sentence that names the address.
    Network(String),
}

fn network(url: &str, why: impl AsRef<str>) -> Fault {
    Fault::Network(format!("`{url}` {}", why.as_ref()))
}

/// A client that keeps its connections from one question to the next.
pub(crate) struct Client {
    agent: ureq::Agent,
    limits: FetchLimits,
}

impl Client {
    /// With the bounds of each fetch.
    pub(crate) fn new(limits: FetchLimits) -> Self {
        // The machine's own roots: an organisation that has its own says so there, as to every tool.
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
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
        Self { agent: config.new_agent(), limits }
    }

    /// Follows redirects to a 200 and gives its head and its body, which obeys the bounds.
    ///
    /// # Errors
    /// For an address that may not be asked, and whatever the network or the source did.
    pub(crate) fn get<'a>(&self, url: &str, cancel: &'a Cancel) -> Result<Got<'a>, Fault> {
        let begun = Instant::now();
        let response = self.ask(url, begun)?;
        Ok(self.got(url, response, begun, cancel))
    }

    /// Sends JSON once and gives the body of a 200, which obeys the bounds. Never redirected: what was
    /// sent would go where nobody allowed it to go.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) fn post_json<'a>(
        &self,
        url: &str,
        body: &str,
        key: Option<&str>,
        cancel: &'a Cancel,
    ) -> Result<Got<'a>, Fault> {
        let begun = Instant::now();
        allowed(url)?;
        let mut request = self.agent.post(url).header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let response = request.send(body).map_err(|error| network(url, said(&error)))?;
        match response.status().as_u16() {
            200 => Ok(self.got(url, response, begun, cancel)),
            301 | 302 | 303 | 307 | 308 => {
                Err(refused(url, "it redirects, and what is sent goes nowhere else"))
            }
            status => Err(network(url, format!("answered with HTTP status {status}"))),
        }
    }

    fn got<'a>(
        &self,
        url: &str,
        response: ureq::http::Response<ureq::Body>,
        begun: Instant,
        cancel: &'a Cancel,
    ) -> Got<'a> {
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let last_modified = header("last-modified");
        let body = Body {
            expected: header("content-length")
                .filter(|_| header("content-encoding").is_none())
                .and_then(|text| text.parse().ok()),
            reader: response.into_body().into_with_config().limit(self.limits.bytes + 1).reader(),
            url: url.to_owned(),
            got: 0,
            limits: self.limits,
            begun,
            cancel,
            fault: None,
        };
        Got { last_modified, body }
    }

    fn ask(&self, url: &str, begun: Instant) -> Result<ureq::http::Response<ureq::Body>, Fault> {
        let mut at = url.to_owned();
        let own_machine = is_loopback(&allowed(url)?);
        for _ in 0..=MAX_REDIRECTS {
            let place = allowed(&at)?;
            if is_loopback(&place) && !own_machine {
                return Err(refused(&at, "a source elsewhere sends there, to this very machine"));
            }
            let response =
                self.agent.get(&at).call().map_err(|error| network(&at, said(&error)))?;
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
            if begun.elapsed() > self.limits.total {
                return Err(network(url, "took too long over its redirects"));
            }
        }
        Err(network(url, format!("redirects more than {MAX_REDIRECTS} times")))
    }
}

/// What a source answered.
pub(crate) struct Got<'a> {
    /// Its `Last-Modified`, as it stands.
    pub(crate) last_modified: Option<String>,
    /// The bytes.
    pub(crate) body: Body<'a>,
}

fn refused(url: &str, why: &str) -> Fault {
    let url: String = url.chars().take(200).collect();
    Fault::Refused(format!("{url:?} is not a source to fetch from: {why}"))
}

/// `https` anywhere, `http` on this machine only.
///
/// # Errors
/// With the reason, as a whole sentence.
pub(crate) fn allowed(url: &str) -> Result<Uri, Fault> {
    let uri: Uri = url.parse().map_err(|_| refused(url, "it is no address"))?;
    if uri.host().is_none() {
        return Err(refused(url, "it names no host"));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(refused(url, "it holds a name or password, which would be recorded"));
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_loopback(&uri) => Ok(uri),
        _ => Err(refused(url, "only `https` is used, and `http` on this machine alone")),
    }
}

pub(crate) fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
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

/// A body that ends when it should, and says why where it does not.
pub(crate) struct Body<'a> {
    reader: ureq::BodyReader<'static>,
    /// How many bytes the source promised; null where it promised none.
    pub(crate) expected: Option<u64>,
    url: String,
    got: u64,
    limits: FetchLimits,
    begun: Instant,
    cancel: &'a Cancel,
    /// Why a read failed.
    pub(crate) fault: Option<Fault>,
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
            return Err(self.fail(network(&self.url, why)));
        }
        let count = match self.reader.read(buffer) {
            Ok(count) => count,
            Err(error) => {
                let why = format!("broke off after {} bytes: {error}", self.got);
                return Err(self.fail(network(&self.url, why)));
            }
        };
        self.got += u64::try_from(count).unwrap_or(u64::MAX);
        if self.got > self.limits.bytes {
            let why = format!("sent more than {} bytes", self.limits.bytes);
            return Err(self.fail(network(&self.url, why)));
        }
        match self.expected {
            Some(expected) if count == 0 && self.got < expected => {
                let why = format!("broke off after {} of {expected} bytes", self.got);
                Err(self.fail(network(&self.url, why)))
            }
            _ => Ok(count),
        }
    }
}
