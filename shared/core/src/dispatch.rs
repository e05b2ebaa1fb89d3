//! Dispatch: one call to one deployment, and its answer back.
//!
//! Chooses a deployment, has `wire` write the request, sends it, and hands the answer on: whole, as a
//! stream, or as plain bytes. Knows no route and no header of the client.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, header};
use tollgate_wire::client::{self, Wanted};
use tollgate_wire::dialect::{Context, Mode, Stamp};
use tollgate_wire::failure::Failure;
use tollgate_wire::json::Object;
use tollgate_wire::mock::{self, Mock};
use tollgate_wire::prepare;
use tollgate_wire::stream::UsageWish;
use tollgate_wire::tokens::Estimator;
use tollgate_wire::{Operation, Usage, answer};

use crate::call::{Call, CallBody, Reply, ReplyBody, ServedBy};
use crate::deployment::Deployment;
use crate::exchange::{Requests, request, requests};
use crate::fetch::inline_media;
use crate::record::Record;
use crate::relay::Work;
use crate::responses::{Continued, Keeping};
use crate::{App, Error, body, fault, upload};

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
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
    /// Whether the provider had begun a stream, in whose first event the call failed.
    pub begun: bool,
    /// How the answer is to be kept, if it is a response that nobody else keeps.
    pub keeping: Option<Keeping>,
}

impl App {
    /// Serves one call of an authenticated caller.
    ///
    /// # Errors
    /// Everything that [`Error`] names; the call has been logged either way.
    pub async fn serve(&self, call: Call) -> Result<Reply, Failed> {
        let record = Record::new(call.id.clone(), call.operation, call.started);
        let mut exchange = Exchange {
            app: self,
            call,
            record: Some(record),
            served_by: ServedBy::default(),
            streamed: false,
            begun: false,
            keeping: None,
        };
        let outcome = exchange.run().await;
        let served_by = std::mem::take(&mut exchange.served_by);
        match outcome {
            Ok((content_type, body)) => {
                exchange.finish(200);
                Ok(Reply { served_by, content_type, body })
            }
            Err(error) => {
                let is_explained = !exchange.begun;
                let error = if is_explained { explained(error, exchange.call.operation, &served_by) } else { error };
                exchange.finish(error.status());
                Err(Failed { error, served_by })
            }
        }
    }
}

pub(crate) type Answered = Result<(HeaderValue, ReplyBody), Error>;

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

    async fn json(&mut self, bytes: &Bytes) -> Answered {
        let mut object = body::parse(bytes)?;
        if self.call.mode == Some(Mode::Streamed) {
            object.set_text("stream", "true".to_owned());
        }
        self.call.timeouts = body::timeouts(&object, self.call.timeouts)?;
        self.served_by.unheeded = body::unheeded(&object);
        let named = match &self.call.path_model {
            Some(model) => Some(model.clone()),
            None => body::model_name(&object)?,
        };
        body::require(self.call.operation, &object, named.as_deref())?;
        if self.call.operation == Operation::CountMessageTokens {
            return self.count(bytes, object).await;
        }
        let continued = match self.call.operation {
            Operation::Responses => Some(Continued::find(self.app, &object, named.as_deref()).await),
            _ => None,
        };
        let maker = continued.as_ref().and_then(|continued| continued.deployment.clone());
        self.call.pinned = self.call.pinned.take().or(maker);
        let deployment = self.choose(named.as_deref())?;
        if let Some(continued) = continued {
            self.keeping = continued.apply(self.app, &deployment, &mut object)?;
        }
        let shown = match &self.call.path_model {
            Some(_) => deployment.model.clone(),
            None => named.unwrap_or_default(),
        };
        body::forward(&mut object, &self.call.forwarded, deployment.provider);
        let mock = Mock { response: deployment.mock.as_ref(), tool_calls: None, times_out: false };
        if mock.applies(self.call.operation) {
            return self.mock(&deployment, &mock, &shown, &object);
        }
        if self.call.operation == Operation::CountContentTokens && !deployment.rules.speaks(self.call.operation) {
            let counted = client::count_content_tokens(&deployment.rules, &object);
            let counted = counted.map_err(|refusal| fault::refused(&refusal))?;
            return Ok((JSON, ReplyBody::Whole(counted.into())));
        }
        let estimator = Estimator::new(&deployment.model, bytes, &object);
        self.ask(&deployment, shown, object, estimator).await
    }

    /// Has the request written, sends it, and hands on what comes.
    pub(crate) async fn ask(
        &mut self,
        deployment: &Deployment,
        shown: String,
        object: Object<'_>,
        estimator: Estimator,
    ) -> Answered {
        let operation = self.call.operation;
        let mut asked = if operation == Operation::TextCompletion && !deployment.completes_text() {
            let expected = "a string or a list of strings";
            client::ask_in_chat(object).ok_or(Error::WrongType { name: "prompt", expected })?
        } else {
            client::ask(&deployment.rules, operation, object).map_err(|refusal| fault::refused(&refusal))?
        };
        inline_media(self.app, &deployment.rules, &mut asked.body).await?;
        let prepared = prepare::prepare(&deployment.rules, asked.operation, asked.body);
        let prepared = prepared.map_err(|refusal| fault::refused(&refusal))?;
        let usage = if prepared.include_usage_wanted { UsageWish::Shown } else { UsageWish::Hidden };
        let is_from_tool = prepared.json_tool && asked.form == answer::Form::Chat;
        let form = if is_from_tool { answer::Form::ChatFromTool } else { asked.form };
        let wanted = Wanted { model: shown, estimator, usage, form, echo: asked.echo };
        let mut plan = Plan { asked: asked.operation, context: self.context(deployment), wanted };
        plan.context.notes.clone_from(&prepared.notes);
        plan.context.notes.json_tool |= prepared.json_tool;
        if let Some(keeping) = &mut self.keeping {
            keeping.id = client::own_id(&plan.context);
        }
        self.streamed = prepared.stream;
        let mode = if prepared.upstream_stream { Mode::Streamed } else { Mode::Whole };
        let (is_stream, is_streamed) = (prepared.stream, prepared.upstream_stream);
        let requests = requests(deployment, plan.asked, mode, prepared)?;
        match (is_stream, is_streamed) {
            _ if plan.asked == Operation::Speech => self.raw(deployment, requests).await,
            (true, true) => self.stream(deployment, requests, &plan).await,
            (true, false) => self.replay(deployment, requests, &plan).await,
            (false, _) => self.whole(deployment, requests, &plan).await,
        }
    }

    fn context(&self, deployment: &Deployment) -> Context {
        let (provider, model) = (deployment.provider, deployment.model.clone());
        let is_response = self.call.operation == Operation::Responses;
        let ids = is_response.then(|| self.app.responses.ids.of(provider, &deployment.id));
        Context { provider, model, stamp: Stamp::new(crate::new_id(), crate::now_s()), ids, ..Context::default() }
    }

    pub(crate) fn choose(&mut self, model: Option<&str>) -> Result<Arc<Deployment>, Error> {
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
        let call = mock::Call { origin: self.origin(deployment), alias: shown, id: &id, created_s: crate::now_s() };
        if self.streamed {
            return Ok((EVENT_STREAM, ReplyBody::Events(mock.events(&call, object)?)));
        }
        Ok((JSON, ReplyBody::Whole(mock.answer(&call, object)?.into())))
    }
}

/// A call on its way: what the provider is asked, and what the client expects.
struct Plan {
    asked: Operation,
    context: Context,
    wanted: Wanted,
}

impl Exchange<'_> {
    async fn whole(&mut self, deployment: &Deployment, requests: Requests, plan: &Plan) -> Answered {
        let bodies = self.collect_all(deployment, requests).await?;
        let answer: Bytes = self.rewrite(deployment, plan, &bodies)?.into();
        if let Some(keeping) = self.keeping.take() {
            keeping.keep(answer.clone()).await;
        }
        Ok((JSON, ReplyBody::Whole(answer)))
    }

    /// The bodies of all answers, one after the other: most calls have one.
    async fn collect_all(&mut self, deployment: &Deployment, requests: Requests) -> Result<Vec<Bytes>, Error> {
        let mut bodies = Vec::with_capacity(requests.more.len() + 1);
        for request in std::iter::once(requests.first).chain(requests.more) {
            bodies.push(self.exchange(deployment, request).await?.1);
        }
        Ok(bodies)
    }

    fn rewrite(&mut self, deployment: &Deployment, plan: &Plan, bodies: &[Bytes]) -> Result<Vec<u8>, Error> {
        let answer = client::answer(&deployment.rules, plan.asked, &plan.context, &plan.wanted, bodies);
        let answer = answer.map_err(|_| self.garbage(deployment, bodies))?;
        self.note_usage(answer.usage);
        Ok(answer.body)
    }

    fn garbage(&self, deployment: &Deployment, bodies: &[Bytes]) -> Failure {
        let last = bodies.last().map(Bytes::as_ref).unwrap_or_default();
        Failure::from_garbage(&self.origin(deployment), last)
    }

    fn note_usage(&mut self, usage: Usage) {
        if let Some(record) = &mut self.record {
            record.usage = Some(usage);
        }
    }

    async fn stream(&mut self, deployment: &Deployment, requests: Requests, plan: &Plan) -> Answered {
        let silence_max = self.call.timeouts.stream.or(self.call.timeouts.whole).unwrap_or(deployment.stream_timeout);
        let answer = self.send(deployment, requests.first, silence_max).await?;
        if self.answered_json() && !deployment.rules.is_translated() {
            // No stream after all: an error under status 200, or a provider that ignores the wish.
            let bytes = self.collect_within(deployment, answer, silence_max).await?;
            // What both sides speak is handed on as it is.
            if matches!(plan.wanted.form, answer::Form::Native(_)) {
                return Ok((JSON, ReplyBody::Whole(self.rewrite(deployment, plan, &[bytes])?.into())));
            }
            return self.replayed(deployment, plan, &[bytes]).await;
        }
        let work = Work::Events(client::stream(&deployment.rules, &plan.context, &plan.wanted));
        let relay = self.relay(deployment, answer, work, silence_max).await?;
        Ok((EVENT_STREAM, ReplyBody::Relayed(relay)))
    }

    fn answered_json(&self) -> bool {
        let content_type = self.served_by.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        content_type.is_some_and(|text| text.starts_with("application/json"))
    }

    /// A stream made of a whole answer, where the provider cannot stream what was asked.
    async fn replay(&mut self, deployment: &Deployment, requests: Requests, plan: &Plan) -> Answered {
        let bodies = self.collect_all(deployment, requests).await?;
        self.replayed(deployment, plan, &bodies).await
    }

    async fn replayed(&mut self, deployment: &Deployment, plan: &Plan, bodies: &[Bytes]) -> Answered {
        let replay = client::replay(&deployment.rules, plan.asked, &plan.context, &plan.wanted, bodies);
        let (events, usage) = replay.map_err(|_| self.garbage(deployment, bodies))?;
        self.note_usage(usage);
        if let (Some(keeping), Some(response)) = (self.keeping.take(), client::response_in(&events)) {
            keeping.keep(response.into()).await;
        }
        Ok((EVENT_STREAM, ReplyBody::Events(events)))
    }

    /// Audio: bytes that mean nothing to the gateway.
    async fn raw(&mut self, deployment: &Deployment, requests: Requests) -> Answered {
        let silence_max = self.call.timeouts.whole.unwrap_or(deployment.timeout);
        let answer = self.send(deployment, requests.first, silence_max).await?;
        let content_type = self.served_by.headers.get(header::CONTENT_TYPE).cloned();
        let relay = self.relay(deployment, answer, Work::Raw, silence_max).await?;
        Ok((content_type.unwrap_or(HeaderValue::from_static("audio/mpeg")), ReplyBody::Relayed(relay)))
    }

    async fn upload(&mut self, upload: crate::call::Upload) -> Answered {
        let named = match &self.call.path_model {
            Some(model) => Some(model.clone()),
            None => upload::model(&upload),
        };
        // Some models make an image of the words alone.
        if !upload.form.has_file && self.call.operation != Operation::ImageEdit {
            return Err(Error::MissingFile);
        }
        let deployment = self.choose(named.as_deref())?;
        let (body, content) = upload::rewritten(upload, &deployment.model);
        let uri = deployment.uri(self.call.operation, Mode::Whole)?;
        let request = request(&deployment, uri, body, &content)?;
        let (content_type, bytes) = self.exchange(&deployment, request).await?;
        Ok((content_type.unwrap_or(JSON), ReplyBody::Whole(bytes)))
    }
}

/// A provider's failure, and what LiteLLM's router says after it.
fn explained(error: Error, operation: Operation, served_by: &ServedBy) -> Error {
    match (error, &served_by.deployment) {
        (Error::Provider(failure), Some(deployment)) => fault::explained(*failure, operation, deployment).into(),
        (error, _) => error,
    }
}
