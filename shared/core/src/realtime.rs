//! Realtime sessions: which deployment takes one, how it is asked, and what is known of it when it ends.
//!
//! Knows no WebSocket: whoever holds the sockets passes the provider's events here, to be counted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{self, HeaderName, HeaderValue};
use http::{Request, Response, Uri};
use tollgate_wire::failure::{Origin, Reader};
use tollgate_wire::realtime::{self, Protocol, Wish};
pub use tollgate_wire::realtime::{close_code, close_reason, error_event};
use tollgate_wire::{Operation, Usage};

use crate::call::Visitor;
use crate::deployment::Deployment;
use crate::exchange::signed;
use crate::record::Record;
use crate::upstream::{AnswerBody, Duplex, RequestBody, Switched, UpstreamError};
use crate::{App, Error};

/// LiteLLM's `call_type` of a session.
const CALL_TYPE: &str = "_arealtime";
/// The model of a transcription that names none; LiteLLM's.
const TRANSCRIPTION_MODEL: &str = "gpt-realtime-whisper";
const BETA: (HeaderName, HeaderValue) =
    (HeaderName::from_static("openai-beta"), HeaderValue::from_static("realtime=v1"));

/// The bounds of one session. Their names in the configuration stand beside them.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// `general_settings.realtime_max_message_size_mb`: one message of either side.
    pub message_bytes_max: usize,
    /// `general_settings.realtime_idle_timeout_seconds`: for which neither side says anything.
    pub idle_max: Duration,
}

/// A client that asks for a session; its key has been checked.
#[derive(Clone, Debug)]
pub struct SessionCall {
    pub id: String,
    pub visitor: Option<Visitor>,
    /// `?model=`.
    pub model: Option<String>,
    /// `?intent=`.
    pub intent: Option<String>,
    pub protocol: Protocol,
    pub started: Instant,
}

/// A session that may begin. Dropping it logs it.
pub struct Session {
    record: Option<Record>,
    deployment: Arc<Deployment>,
    uri: Uri,
    protocol: Protocol,
    usage: Option<Usage>,
}

/// Why a session ends without having begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The code of the close frame.
    pub code: u16,
    pub message: String,
    /// The status in the log.
    pub status: u16,
}

impl App {
    /// Finds the deployment of a session.
    ///
    /// # Errors
    /// When no model is named, none has the name, or its provider has no realtime sessions; logged either way.
    pub async fn open_session(&self, call: SessionCall) -> Result<Session, Error> {
        let mut record = Record::of(call.id.clone(), CALL_TYPE, call.started);
        match self.admit_other(call.visitor.as_ref(), (&call.id, CALL_TYPE), call.model.as_deref()).await {
            Ok(bill) => record.bill = bill,
            Err(error) => {
                record.finish(error.status()).durable().await;
                return Err(error);
            }
        }
        match find(self, &call, &mut record) {
            Ok((deployment, uri)) => {
                Ok(Session { record: Some(record), deployment, uri, protocol: call.protocol, usage: None })
            }
            Err(error) => {
                record.finish(error.status()).durable().await;
                Err(error)
            }
        }
    }
}

fn find(app: &App, call: &SessionCall, record: &mut Record) -> Result<(Arc<Deployment>, Uri), Error> {
    let is_transcription = call.intent.as_deref() == Some("transcription");
    let named = call.model.as_deref().or(is_transcription.then_some(TRANSCRIPTION_MODEL));
    let invalid = |message: String| Error::Invalid { param: Some("model"), message };
    let name = named.ok_or_else(|| invalid("model query parameter is required".to_owned()))?;
    name.clone_into(&mut record.model);
    let deployment = app.pick_for(name, call.visitor.as_ref())?.ok_or_else(|| {
        let hint = "Call `/v1/models` to view available models for your key.";
        invalid(format!("/realtime: Invalid model name passed in model={name}. {hint}"))
    })?;
    record.note(&deployment);
    if !matches!(deployment.provider, "openai" | "azure" | "litellm_proxy" | "hosted_vllm") {
        let provider = deployment.provider;
        return Err(invalid(format!("provider `{provider}` has no realtime sessions here: use openai or azure")));
    }
    if let Some(variables) = &deployment.missing_key {
        return Err(Error::NoProviderKey { provider: deployment.provider, variables: variables.clone() });
    }
    let settings = &deployment.rules.settings;
    let wish = Wish { model: &deployment.model, intent: call.intent.as_deref(), protocol: call.protocol };
    let text = realtime::url(settings.provider, settings.api_base.as_deref(), settings.api_version.as_deref(), wish);
    let uri = text.ok().and_then(|text| text.parse().ok());
    let uri = uri.ok_or_else(|| invalid(format!("model `{name}` has no address for realtime sessions")))?;
    Ok((deployment, uri))
}

impl Session {
    /// Opens the provider's side.
    ///
    /// # Errors
    /// How to tell the client that there will be no session.
    pub async fn connect(&self, app: &App, key: &str) -> Result<Box<dyn Duplex>, Ending> {
        let limit = self.deployment.timeout;
        let origin = Origin {
            provider: self.deployment.provider,
            operation: Operation::Speech,
            streamed: true,
            reader: Reader::Provider,
        };
        let switch = async {
            let request = signed(app, &self.deployment, &origin, self.request(key)).await;
            match request {
                Ok(request) => Ok(app.upstream.switch(request).await),
                Err(error) => Err(Ending { code: 1011, message: error.to_string(), status: error.status() }),
            }
        };
        let Ok(switched) = tokio::time::timeout(limit, switch).await else {
            let message = format!("the provider did not open the session within {} s", limit.as_secs());
            return Err(Ending { code: 1011, message, status: 504 });
        };
        match switched? {
            Ok(Switched::Stream(stream)) => Ok(stream),
            Ok(Switched::Refused(answer)) => Err(refused(&answer)),
            Err(error) => Err(unreachable_provider(&error)),
        }
    }

    /// The request that asks for a WebSocket; `key` is its `Sec-WebSocket-Key`.
    fn request(&self, key: &str) -> Request<RequestBody> {
        let mut request = Request::new(Vec::new().into());
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.clone_from(&self.deployment.headers);
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::ACCEPT);
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        if let Ok(key) = HeaderValue::try_from(key) {
            headers.insert(header::SEC_WEBSOCKET_KEY, key);
        }
        if self.protocol == Protocol::Beta {
            headers.insert(BETA.0, BETA.1);
        }
        request
    }

    /// Counts what an event of the provider says of tokens.
    pub fn observe(&mut self, event: &str) {
        let Some(usage) = realtime::usage(event) else { return };
        let sum = self.usage.get_or_insert(Usage { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, ..usage });
        sum.prompt_tokens = sum.prompt_tokens.saturating_add(usage.prompt_tokens);
        sum.completion_tokens = sum.completion_tokens.saturating_add(usage.completion_tokens);
        sum.total_tokens = sum.total_tokens.saturating_add(usage.total_tokens);
    }

    /// Ends the session's record.
    pub fn end(mut self, status: u16) {
        if let Some(mut record) = self.record.take() {
            record.usage = self.usage;
            // The session is over: nobody holds a last frame back.
            let _ = record.finish(status);
        }
    }
}

impl Drop for Session {
    /// A session that nobody ended: its client left.
    fn drop(&mut self) {
        if let Some(record) = &mut self.record {
            record.usage = self.usage;
        }
    }
}

fn refused(answer: &Response<AnswerBody>) -> Ending {
    let status = answer.status().as_u16();
    let message = format!("Upstream realtime handshake rejected with HTTP {status}");
    Ending { code: realtime::refusal_code(status), message, status: if status >= 400 { status } else { 502 } }
}

fn unreachable_provider(error: &UpstreamError) -> Ending {
    Ending { code: 1011, message: format!("the provider cannot be reached: {error}"), status: 502 }
}
