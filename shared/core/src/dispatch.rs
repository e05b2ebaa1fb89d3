//! Dispatch: one call to one deployment, and its answer back.
//!
//! Chooses a deployment, has `wire` write the request, sends it, and hands the answer on: whole, as a
//! stream, or as plain bytes. Knows no route and no header of the client.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use tollgate_wire::failure::Failure;
use tollgate_wire::json::Object;
use tollgate_wire::mock::{self, Mock};
use tollgate_wire::prepare;
use tollgate_wire::stream::{Rewriter, UsageWish, Wish};
use tollgate_wire::{Operation, answer, bridge, prompt_bytes, stream};

use crate::call::{Call, CallBody, Reply, ReplyBody, ServedBy};
use crate::deployment::Deployment;
use crate::exchange::request;
use crate::record::Record;
use crate::relay::Work;
use crate::upstream::RequestBody;
use crate::{App, Error, body, fault, upload};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");

/// A call that failed, with what is known of the provider's part.
pub struct Failed {
    pub error: Error,
    pub served_by: ServedBy,
}

/// One call under way.
pub(crate) struct Exchange<'a> {
    pub app: &'a App,
    pub call: Call,
    pub record: Option<Record>,
    pub served_by: ServedBy,
    /// Whether the client wants the answer in pieces.
    pub streamed: bool,
}

impl App {
    /// Serves one call of an authenticated caller.
    ///
    /// # Errors
    /// Everything that [`Error`] names; the call has been logged either way.
    pub async fn serve(&self, call: Call) -> Result<Reply, Failed> {
        let record = Record::new(call.id.clone(), call.operation, call.started);
        let mut exchange =
            Exchange { app: self, call, record: Some(record), served_by: ServedBy::default(), streamed: false };
        let outcome = exchange.run().await;
        let served_by = std::mem::take(&mut exchange.served_by);
        match outcome {
            Ok((content_type, body)) => {
                exchange.finish(200);
                Ok(Reply { served_by, content_type, body })
            }
            Err(error) => {
                let error = explained(error, exchange.call.operation, &served_by);
                exchange.finish(error.status());
                Err(Failed { error, served_by })
            }
        }
    }
}

type Answered = Result<(HeaderValue, ReplyBody), Error>;

impl Exchange<'_> {
    async fn run(&mut self) -> Answered {
        match std::mem::replace(&mut self.call.body, CallBody::Json(Bytes::new())) {
            CallBody::Json(bytes) => self.json(&bytes).await,
            CallBody::Upload(upload) => self.upload(upload).await,
        }
    }

    /// Ends the record, unless a stream has taken it along.
    fn finish(&mut self, status: u16) {
        if let Some(record) = self.record.take() {
            record.finish(status);
        }
    }

    async fn json(&mut self, bytes: &[u8]) -> Answered {
        let object = body::parse(bytes)?;
        self.call.timeouts = body::timeouts(&object, self.call.timeouts)?;
        self.served_by.unheeded = body::unheeded(&object);
        let named = match &self.call.path_model {
            Some(model) => Some(model.clone()),
            None => body::model_name(&object)?,
        };
        body::require(self.call.operation, &object, named.as_deref())?;
        let deployment = self.choose(named.as_deref())?;
        let shown = match &self.call.path_model {
            Some(_) => deployment.model.clone(),
            None => named.unwrap_or_default(),
        };
        let mock = Mock { response: deployment.mock.as_ref(), tool_calls: None, times_out: false };
        if mock.applies(self.call.operation) {
            return self.mock(&deployment, &mock, &shown, &object);
        }
        let prompt_bytes = prompt_bytes(&object);
        let asked = self.asked(&deployment);
        let form = self.form(asked, &object);
        let object = if asked == self.call.operation { object } else { as_chat(object)? };
        let prepared =
            prepare::prepare(&deployment.rules, asked, object).map_err(|refusal| fault::refused(&refusal))?;
        let request = request(&deployment, asked, prepared.body.into(), &prepared.headers)?;
        let wanted = Wanted {
            shown,
            prompt_bytes,
            usage: if prepared.include_usage_wanted { UsageWish::Shown } else { UsageWish::Hidden },
            form: if prepared.json_tool { answer::Form::ChatFromTool } else { form },
        };
        self.streamed = prepared.stream;
        match (prepared.stream, prepared.upstream_stream) {
            _ if asked == Operation::Speech => self.raw(&deployment, request).await,
            (true, true) => self.stream(&deployment, request, wanted).await,
            (true, false) => self.replay(&deployment, request, wanted).await,
            (false, _) => {
                self.whole(&deployment, request, &wanted).await.map(|body| (JSON, ReplyBody::Whole(body.into())))
            }
        }
    }

    /// The operation that the provider is asked for: a model that only chats is asked in a chat.
    fn asked(&self, deployment: &Deployment) -> Operation {
        match self.call.operation {
            Operation::TextCompletion if !deployment.completes_text() => Operation::ChatCompletion,
            operation => operation,
        }
    }

    fn form(&self, asked: Operation, object: &Object<'_>) -> answer::Form {
        match (self.call.operation, asked) {
            (Operation::TextCompletion, Operation::ChatCompletion) => answer::Form::ChatAsText,
            (Operation::ChatCompletion, _) => answer::Form::Chat,
            (Operation::TextCompletion, _) => answer::Form::Text,
            (Operation::Embedding, _) if object.given("encoding_format").is_none() => answer::Form::EmbeddingFromBase64,
            (Operation::Embedding, _) => answer::Form::Embedding,
            _ => answer::Form::Plain,
        }
    }

    fn choose(&mut self, model: Option<&str>) -> Result<Arc<Deployment>, Error> {
        let name = model.unwrap_or("None");
        if let Some(record) = &mut self.record {
            record.model = model.unwrap_or_default().to_owned();
        }
        let operation = self.call.operation;
        let deployment = match self.call.pinned.take() {
            Some(pinned) => Some(pinned),
            None => self.app.catalog.select(name)?,
        };
        let deployment = deployment.ok_or_else(|| Error::UnknownModel { operation, model: name.to_owned() })?;
        if let Some(record) = &mut self.record {
            record.deployment_id.clone_from(&deployment.id);
        }
        self.served_by.deployment = Some(Arc::clone(&deployment));
        match &deployment.missing_key {
            Some(variables) => {
                Err(Error::NoProviderKey { provider: deployment.provider, variables: variables.clone() })
            }
            None => Ok(deployment),
        }
    }

    fn mock(&mut self, deployment: &Deployment, mock: &Mock<'_>, shown: &str, object: &Object<'_>) -> Answered {
        self.streamed = body::wants_stream(object);
        let id = format!("chatcmpl-{}", crate::new_id());
        let created_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let call = mock::Call { origin: self.origin(deployment), alias: shown, id: &id, created_s };
        if self.streamed {
            return Ok((EVENT_STREAM, ReplyBody::Events(mock.events(&call, object)?)));
        }
        Ok((JSON, ReplyBody::Whole(mock.answer(&call, object)?.into())))
    }
}

/// What the client expects of an answer.
struct Wanted {
    /// The model's name in the answer.
    shown: String,
    prompt_bytes: u64,
    usage: UsageWish,
    form: answer::Form,
}

impl Exchange<'_> {
    async fn whole(
        &mut self,
        deployment: &Deployment,
        request: Request<RequestBody>,
        wanted: &Wanted,
    ) -> Result<Vec<u8>, Error> {
        let (_, bytes) = self.exchange(deployment, request).await?;
        self.rewrite(deployment, wanted, &bytes)
    }

    fn rewrite(&mut self, deployment: &Deployment, wanted: &Wanted, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let rewritten = answer::rewrite(wanted.form, &wanted.shown, wanted.prompt_bytes, bytes)
            .map_err(|_| Failure::from_garbage(&self.origin(deployment), bytes))?;
        if let Some(record) = &mut self.record {
            record.usage = Some(rewritten.usage);
        }
        Ok(rewritten.body)
    }

    async fn stream(&mut self, deployment: &Deployment, request: Request<RequestBody>, wanted: Wanted) -> Answered {
        let silence_max = self.call.timeouts.stream.or(self.call.timeouts.whole).unwrap_or(deployment.stream_timeout);
        let form = match wanted.form {
            answer::Form::Text => stream::Form::Text,
            answer::Form::ChatAsText => stream::Form::ChatAsText,
            _ => stream::Form::Chat,
        };
        let answer = self.send(deployment, request, silence_max).await?;
        if self.answered_json() {
            // No stream after all: an error under status 200, or a provider that ignores the wish.
            let bytes = self.collect_within(deployment, answer, silence_max).await?;
            let body = self.rewrite(deployment, &wanted, &bytes)?;
            return Ok((EVENT_STREAM, ReplyBody::Events(stream::replay(&body, wanted.usage))));
        }
        let wish = Wish { model: wanted.shown, form, usage: wanted.usage, prompt_bytes: wanted.prompt_bytes };
        let work = Work::Events(Box::new(Rewriter::new(wish)));
        let relay = self.relay(deployment, answer, work, silence_max).await?;
        Ok((EVENT_STREAM, ReplyBody::Relayed(relay)))
    }

    fn answered_json(&self) -> bool {
        let content_type = self.served_by.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        content_type.is_some_and(|text| text.starts_with("application/json"))
    }

    /// A stream made of a whole answer, where the provider cannot stream what was asked.
    async fn replay(&mut self, deployment: &Deployment, request: Request<RequestBody>, wanted: Wanted) -> Answered {
        let body = self.whole(deployment, request, &wanted).await?;
        let events = stream::replay(&body, wanted.usage);
        Ok((EVENT_STREAM, ReplyBody::Events(events)))
    }

    /// Audio: bytes that mean nothing to the gateway.
    async fn raw(&mut self, deployment: &Deployment, request: Request<RequestBody>) -> Answered {
        let silence_max = self.call.timeouts.whole.unwrap_or(deployment.timeout);
        let answer = self.send(deployment, request, silence_max).await?;
        let content_type = self.served_by.headers.get(header::CONTENT_TYPE).cloned();
        let relay = self.relay(deployment, answer, Work::Raw, silence_max).await?;
        Ok((content_type.unwrap_or(HeaderValue::from_static("audio/mpeg")), ReplyBody::Relayed(relay)))
    }

    async fn upload(&mut self, upload: crate::call::Upload) -> Answered {
        let named = match &self.call.path_model {
            Some(model) => Some(model.clone()),
            None => upload::model(&upload),
        };
        if !upload.form.has_file {
            return Err(Error::MissingFile);
        }
        let deployment = self.choose(named.as_deref())?;
        let (body, content) = upload::rewritten(upload, &deployment.model);
        let request = request(&deployment, self.call.operation, body, &content)?;
        let (content_type, bytes) = self.exchange(&deployment, request).await?;
        Ok((content_type.unwrap_or(JSON), ReplyBody::Whole(bytes)))
    }
}

/// A provider's failure, and what LiteLLM's router says after it; one that began in a stream is not explained.
fn explained(error: Error, operation: Operation, served_by: &ServedBy) -> Error {
    match (error, &served_by.deployment) {
        (Error::Provider(failure), Some(deployment)) => fault::explained(*failure, operation, deployment).into(),
        (error, _) => error,
    }
}

fn as_chat(object: Object<'_>) -> Result<Object<'_>, Error> {
    bridge::text_to_chat(object).ok_or(Error::WrongType { name: "prompt", expected: "a string or a list of strings" })
}
