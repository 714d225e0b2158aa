//! A model beside the rules (contract REG-2): what it would be told, whether it may be told, and every
//! question on record (FR-EVT-006). Owns the leakage guard: a model that is not on this machine gets
//! headings and lines that hold ids, with secrets, addresses and people taken out, under a live
//! consent for its host; what would be sent is stored and shown before anything is.

use std::sync::Mutex;

use mex_runtime::artifact::ArtifactHandle;
use mex_runtime::capability::draft::RegistryDraft;
use mex_runtime::capability::extract::model::{
    Assisted, Exposure, Model, ModelFault, Prompt, Shown, prompts,
};
use mex_runtime::capability::extract::{ExtractInput, Extractor as _};
use mex_runtime::code::Code;
use mex_runtime::digest::Digest;
use mex_runtime::event::{EventBody, EventContext, LlmInference};
use mex_runtime::port::{Cancel, Clock as _, Record, Recorder as _};
use mex_scanners::model::{Endpoint, HttpModel, Locality};
use schemars::JsonSchema;
use serde::Serialize;

use super::refused;
use crate::app::App;
use crate::error::{AppError, AppResult};
use crate::scan::locked;

/// Whether a model is asked, or only shown what it would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sending {
    /// It is asked.
    #[default]
    Send,
    /// Nothing leaves this process.
    ShowOnly,
}

/// Which model, and how.
#[derive(Debug, Clone)]
pub struct ModelRequest {
    /// The address of an OpenAI-compatible endpoint.
    pub url: String,
    /// The model's name there.
    pub model_id: String,
    /// The endpoint's key, where it asks for one; never recorded.
    pub key: Option<String>,
    /// Whether it is asked.
    pub sending: Sending,
}

/// What a model was told, or would be.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ModelAsked {
    /// The address.
    pub url: String,
    /// The model.
    pub model_id: String,
    /// `local` or `cloud`.
    pub locality: String,
    /// Whether it was asked.
    pub sent: bool,
    /// How many requests.
    pub requests: u64,
    /// How many bytes, together.
    pub bytes: u64,
    /// Whether the bound kept a part of the text back.
    pub all_shown: bool,
    /// Each request, whole, as an artifact.
    pub request_refs: Vec<ArtifactHandle>,
}

impl App {
    /// Asks a model beside the rules. Without a draft where nothing was to be sent.
    pub(super) fn ask_model(
        &self,
        request: &ModelRequest,
        input: &ExtractInput<'_>,
        context: &EventContext,
        cancel: &Cancel,
    ) -> AppResult<(Option<RegistryDraft>, ModelAsked)> {
        let endpoint = Endpoint::new(&request.url, &request.model_id).map_err(failed)?;
        let exposure = match endpoint.locality() {
            Locality::Local => Exposure::Whole,
            Locality::Cloud => Exposure::Derived,
        };
        let (planned, shown) = prompts(input, endpoint.model_id(), exposure).map_err(refused)?;
        let mut asked = ModelAsked {
            url: endpoint.url().to_owned(),
            model_id: endpoint.model_id().to_owned(),
            locality: endpoint.locality().as_str().to_owned(),
            sent: false,
            requests: u64::try_from(planned.len()).unwrap_or(u64::MAX),
            bytes: planned.iter().map(|one| u64::try_from(one.body.len()).unwrap_or(0)).sum(),
            all_shown: shown == Shown::All,
            request_refs: Vec::new(),
        };
        for prompt in &planned {
            let handle = self.store(prompt.body.as_bytes(), "application/json", "model_request")?;
            asked.request_refs.push(handle);
        }
        if request.sending == Sending::ShowOnly {
            return Ok((None, asked));
        }
        let decision = match endpoint.locality() {
            Locality::Local => None,
            Locality::Cloud => Some(self.consented_host(endpoint.host(), context)?),
        };
        let trace_id = self.clock.uuid().to_string();
        let recorded = Recorded {
            app: self,
            context,
            model: HttpModel::new(&endpoint, request.key.clone(), None, cancel),
            endpoint: &endpoint,
            trace_id: &trace_id,
            fault: Mutex::new(None),
        };
        let assisted = Assisted {
            model: &recorded,
            model_id: endpoint.model_id(),
            exposure,
            trace_id: &trace_id,
            policy_decision_id: decision,
        };
        let draft = assisted.extract(input);
        if let Some(fault) = locked(&recorded.fault).take() {
            return Err(fault);
        }
        asked.sent = true;
        Ok((Some(draft.map_err(refused)?), asked))
    }

    /// The right to reach a host, under a live consent; the check is an event.
    fn consented_host(
        &self,
        host: &str,
        context: &EventContext,
    ) -> AppResult<mex_runtime::id::PolicyDecisionId> {
        let scoped = format!("net.http:{host}");
        self.registry_right(&scoped, context)
    }
}

fn failed(fault: ModelFault) -> AppError {
    AppError::new(fault.code, fault.message)
}

/// A model whose every question is an event, before the next one is asked.
struct Recorded<'a> {
    app: &'a App,
    context: &'a EventContext,
    model: HttpModel<'a>,
    endpoint: &'a Endpoint,
    trace_id: &'a str,
    /// A recorder that failed: nothing goes on then.
    fault: Mutex<Option<AppError>>,
}

impl Model for Recorded<'_> {
    fn ask(&self, prompt: &Prompt) -> Result<String, ModelFault> {
        // The intent first: what cannot be recorded is not sent.
        self.record(prompt, None)?;
        let answer = self.model.ask(prompt)?;
        self.record(prompt, Some(Digest::of(answer.as_bytes())))?;
        Ok(answer)
    }
}

impl Recorded<'_> {
    fn record(&self, prompt: &Prompt, response_sha256: Option<Digest>) -> Result<(), ModelFault> {
        let inference = LlmInference {
            prompt_sha256: vec![prompt.sha256],
            locality: self.endpoint.locality().as_str().to_owned(),
            response_sha256,
        };
        let mut event = self.app.event(self.context, EventBody::LlmInference(inference));
        event.model_id = Some(self.endpoint.model_id().to_owned());
        event.trace_id = Some(self.trace_id.to_owned());
        self.app.recorder.record(vec![Record::from(event)]).map_err(|error| {
            let fault = ModelFault { code: error.code, message: error.message.clone() };
            *locked(&self.fault) = Some(AppError::new(Code::RecorderDb, error.message));
            fault
        })
    }
}
