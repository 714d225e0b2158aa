//! A model behind an OpenAI-compatible endpoint (contract REG-2): one POST a prompt, bounded in time
//! and size, never redirected. Owns which endpoint is near and which is far; never decides whether a
//! far one may be asked: the caller holds the consent.

use std::io::Read as _;
use std::time::Duration;

use mex_runtime::capability::extract::model::{MAX_ANSWER, Model, ModelFault, Prompt};
use mex_runtime::code::Code;
use mex_runtime::port::Cancel;

use crate::http::{Client, Fault, FetchLimits, allowed, is_loopback};

/// Where a model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locality {
    /// On this machine.
    Local,
    /// Anywhere else, or on this machine on behalf of somebody else's.
    Cloud,
}

impl Locality {
    /// As FR-EVT-006 names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Cloud => "cloud",
        }
    }
}

/// An endpoint with one of its models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    host: String,
    model_id: String,
    locality: Locality,
}

impl Endpoint {
    /// Reads `URL` and a model's name. A `…-cloud` model of a local endpoint is far: the endpoint passes
    /// on what it gets.
    ///
    /// # Errors
    /// `MEX-MODEL-ADDRESS` for an address that may not be asked, and for a name that is none.
    pub fn new(base: &str, model_id: &str) -> Result<Self, ModelFault> {
        let refused = |message: String| ModelFault { code: Code::ModelAddress, message };
        if model_id.is_empty()
            || model_id.len() > 128
            || !model_id.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-:/@".contains(&c))
        {
            let shown: String = model_id.chars().take(80).flat_map(char::escape_default).collect();
            return Err(refused(format!("`{shown}` is no name of a model")));
        }
        let base = base.trim_end_matches('/');
        let url = if base.ends_with("/chat/completions") {
            base.to_owned()
        } else if base.ends_with("/v1") {
            format!("{base}/chat/completions")
        } else {
            format!("{base}/v1/chat/completions")
        };
        let uri = match allowed(&url) {
            Ok(uri) => uri,
            Err(Fault::Refused(message) | Fault::Network(message)) => return Err(refused(message)),
            Err(Fault::Cancelled) => return Err(refused(format!("`{url}` was not asked"))),
        };
        if uri.query().is_some() {
            return Err(refused(format!("`{url}` has a query, which would be recorded")));
        }
        let name = model_id.to_ascii_lowercase();
        let passed_on = name.ends_with("-cloud") || name.ends_with(":cloud");
        let locality =
            if is_loopback(&uri) && !passed_on { Locality::Local } else { Locality::Cloud };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        Ok(Self { url, host, model_id: model_id.to_owned(), locality })
    }

    /// Where it runs.
    pub const fn locality(&self) -> Locality {
        self.locality
    }

    /// The host, as a scope of `net.http` names it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address asked.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The model's name.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }
}

/// Bounds of one question.
const LIMITS: FetchLimits = FetchLimits {
    connect: Duration::from_secs(10),
    stall: Duration::from_secs(120),
    total: Duration::from_secs(180),
    bytes: MAX_ANSWER as u64,
};

/// The client of one endpoint.
pub struct HttpModel<'a> {
    endpoint: &'a Endpoint,
    key: Option<String>,
    client: Client,
    cancel: &'a Cancel,
}

impl<'a> HttpModel<'a> {
    /// With the key of the endpoint, where it asks for one; `limits` in place of the usual ones.
    pub fn new(
        endpoint: &'a Endpoint,
        key: Option<String>,
        limits: Option<FetchLimits>,
        cancel: &'a Cancel,
    ) -> Self {
        Self { endpoint, key, client: Client::new(limits.unwrap_or(LIMITS)), cancel }
    }
}

impl Model for HttpModel<'_> {
    fn ask(&self, prompt: &Prompt) -> Result<String, ModelFault> {
        let failed = |fault: Fault| match fault {
            Fault::Cancelled => ModelFault {
                code: Code::Cancelled,
                message: "the model was not waited for".to_owned(),
            },
            Fault::Refused(message) => ModelFault { code: Code::ModelAddress, message },
            Fault::Network(message) => ModelFault { code: Code::ModelAnswer, message },
        };
        if self.cancel.is_cancelled() {
            return Err(failed(Fault::Cancelled));
        }
        let mut got = self
            .client
            .post_json(&self.endpoint.url, &prompt.body, self.key.as_deref(), self.cancel)
            .map_err(failed)?;
        let mut bytes = Vec::new();
        if got.body.read_to_end(&mut bytes).is_err() {
            let fault = got.body.fault.take();
            return Err(failed(
                fault.unwrap_or_else(|| {
                    Fault::Network(format!("`{}` broke off", self.endpoint.url))
                }),
            ));
        }
        String::from_utf8(bytes).map_err(|_| ModelFault {
            code: Code::ModelAnswer,
            message: format!("`{}` answered with what is no UTF-8", self.endpoint.url),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use mex_runtime::capability::extract::model::{Exposure, prompts};
    use mex_runtime::capability::extract::{ExtractInput, SpecFile};

    use super::*;

    /// What an endpoint of ours does with a connection.
    #[derive(Clone, Copy)]
    enum Manner {
        /// Says this.
        Says(&'static str),
        /// Says this and then nothing more, with the connection open.
        Stalls(&'static str),
        /// Says this over and over.
        Floods(&'static str),
    }

    /// One question to an endpoint that behaves so, with short bounds.
    fn ask(manner: Manner) -> (Result<String, ModelFault>, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (told, heard) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = [0_u8; 65_536];
                let count = stream.read(&mut request).unwrap_or(0);
                let _ = told.send(count);
                let (Manner::Says(text) | Manner::Stalls(text) | Manner::Floods(text)) = manner;
                let _ = stream.write_all(text.as_bytes());
                match manner {
                    Manner::Says(_) => {}
                    Manner::Stalls(_) => std::thread::sleep(Duration::from_secs(5)),
                    Manner::Floods(_) => while stream.write_all(&[b'x'; 65_536]).is_ok() {},
                }
            }
        });
        let endpoint = Endpoint::new(&url, "small").unwrap();
        let files = [SpecFile { name: "a.md", bytes: b"# Rights\n\n- `a.b`: one\n" }];
        let input = ExtractInput { specification: &files, engines: None, previous: None };
        let (prompts, _) = prompts(&input, "small", Exposure::Whole).unwrap();
        let limits = FetchLimits {
            connect: Duration::from_millis(500),
            stall: Duration::from_millis(500),
            total: Duration::from_millis(1_500),
            bytes: LIMITS.bytes,
        };
        let cancel = Cancel::default();
        let model = HttpModel::new(&endpoint, Some("k".to_owned()), Some(limits), &cancel);
        let answer = model.ask(&prompts[0]);
        (answer, heard.try_iter().count())
    }

    #[test]
    fn reg_2_an_honest_endpoint_is_heard() {
        let (answer, asked) = ask(Manner::Says(
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
        ));
        assert_eq!((answer, asked), (Ok("{}".to_owned()), 1));
    }

    #[test]
    fn reg_2_a_slow_broken_or_hostile_endpoint_is_an_error_and_is_asked_once() {
        for (manner, code) in [
            (Manner::Stalls(""), Code::ModelAnswer),
            (Manner::Stalls("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"), Code::ModelAnswer),
            (
                Manner::Says(
                    "HTTP/1.1 200 OK\r\ncontent-length: 900\r\nconnection: close\r\n\r\n{",
                ),
                Code::ModelAnswer,
            ),
            (
                Manner::Says("HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
                Code::ModelAnswer,
            ),
            (
                Manner::Says("HTTP/1.1 401 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
                Code::ModelAnswer,
            ),
            (
                Manner::Says(
                    "HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                ),
                Code::ModelAddress,
            ),
            (Manner::Says("what is this"), Code::ModelAnswer),
            (Manner::Floods("HTTP/1.1 200 OK\r\n\r\n"), Code::ModelAnswer),
            (Manner::Floods("HTTP/1.1 200 OK\r\nx: "), Code::ModelAnswer),
        ] {
            let (answer, asked) = ask(manner);
            assert_eq!(answer.map_err(|fault| fault.code), Err(code));
            assert_eq!(asked, 1);
        }
    }

    #[test]
    fn reg_2_a_cancelled_model_is_not_asked() {
        let endpoint = Endpoint::new("http://127.0.0.1:9/v1", "small").unwrap();
        let cancel = Cancel::default();
        cancel.cancel();
        let files = [SpecFile { name: "a.md", bytes: b"# Rights\n" }];
        let input = ExtractInput { specification: &files, engines: None, previous: None };
        let (prompts, _) = prompts(&input, "small", Exposure::Whole).unwrap();
        let model = HttpModel::new(&endpoint, None, None, &cancel);
        assert_eq!(model.ask(&prompts[0]).map_err(|fault| fault.code), Err(Code::Cancelled));
    }

    #[test]
    fn reg_2_what_is_not_this_machine_or_passes_on_is_far() {
        let of = |url: &str, model: &str| Endpoint::new(url, model).map(|one| one.locality());
        for (url, model, locality) in [
            ("http://127.0.0.1:11434", "llama3", Locality::Local),
            ("http://localhost:8080/v1", "a/b:7b", Locality::Local),
            ("http://[::1]:8080/v1/", "x", Locality::Local),
            ("http://127.0.0.1:11434", "gpt-oss:120b-cloud", Locality::Cloud),
            ("http://127.0.0.1:11434", "glm:CLOUD", Locality::Cloud),
            ("https://api.example.com/v1", "x", Locality::Cloud),
            ("https://127.0.0.1.example.com", "x", Locality::Cloud),
        ] {
            assert_eq!(of(url, model), Ok(locality), "{url} {model}");
        }
        for (url, model) in [
            ("http://api.example.com", "x"),
            ("ftp://127.0.0.1", "x"),
            ("https://name:word@api.example.com", "x"),
            ("https://api.example.com/v1?key=x", "x"),
            ("nonsense", "x"),
            ("https://api.example.com", ""),
            ("https://api.example.com", "a b"),
        ] {
            let fault = of(url, model).unwrap_err();
            assert_eq!(fault.code, Code::ModelAddress, "{url}");
        }
        let endpoint = Endpoint::new("http://127.0.0.1:1/v1", "x").unwrap();
        assert_eq!(endpoint.url(), "http://127.0.0.1:1/v1/chat/completions");
    }
}
