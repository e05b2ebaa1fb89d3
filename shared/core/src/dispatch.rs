//! Dispatch: one attempt at one deployment, and its answer back.
//!
//! Has `wire` write the request, sends it, and hands the answer on: whole, as a stream, or as plain bytes. Which
//! deployment is asked, and what comes after a failure, is `journey`'s business. Knows no route and no header of the
//! client.

use std::sync::{Arc, OnceLock};

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

use crate::call::{Call, CallBody, Reply, ReplyBody, ServedBy, Timeouts};
use crate::controls::Controls;
use crate::deployment::Deployment;
use crate::exchange::{Requests, request, requests};
use crate::fetch::inline_media;
use crate::govern::told;
use crate::journey::{Ask, AskBody, Journey, Target};
use crate::record::Record;
use crate::relay::Work;
use crate::responses::{Continued, Keeping};
use crate::upload::Held;
use crate::{App, Error, body, controls, fault, upload};

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");

/// A call that failed, with what is known of the provider's part.
pub struct Failed {
    pub error: Error,
    pub served_by: ServedBy,
}

/// One attempt at a call, at one deployment.
pub(crate) struct Exchange<'a> {
    pub app: &'a App,
    pub call: &'a Call,
    pub deployment: Arc<Deployment>,
    pub timeouts: Timeouts,
    pub served_by: ServedBy,
    /// Whether the client wants the answer in pieces.
    pub streamed: bool,
    /// Whether the provider had begun a stream, in whose first events the attempt failed.
    pub begun: bool,
    /// How the answer is to be kept, if it is a response that nobody else keeps.
    pub keeping: Option<Keeping>,
    pub usage: Option<Usage>,
}

impl App {
    /// Serves one call of an authenticated caller.
    ///
    /// # Errors
    /// Everything that [`Error`] names; the call has been logged either way.
    pub async fn serve(&self, mut call: Call) -> Result<Reply, Failed> {
        let mut record = Record::new(call.id.clone(), call.operation, call.started);
        record.silent = call.hints.is_silent;
        let body = std::mem::replace(&mut call.body, CallBody::Json(Bytes::new()));
        let outcome = match &body {
            CallBody::Json(bytes) => self.serve_json(&call, bytes, record).await,
            CallBody::Upload(_) => Box::pin(self.serve_upload(&call, body, record)).await,
        };
        outcome.map_err(|failed| *failed)
    }

    async fn serve_json(&self, call: &Call, bytes: &Bytes, mut record: Record) -> Result<Reply, Box<Failed>> {
        let mut ask = match self.read(call, bytes).await {
            Ok(ask) => ask,
            Err(error) => return Err(refused(error, record).await),
        };
        if let Err(error) = self.bill(&mut ask, &mut record).await {
            return Err(refused(error, record).await);
        }
        if call.operation == Operation::CountMessageTokens {
            return self.count(&ask, record).await;
        }
        self.travel(&ask, record).await
    }

    /// Has the call admitted, where there is somebody who pays for it.
    async fn bill(&self, ask: &mut Ask<'_>, record: &mut Record) -> Result<(), Error> {
        if let Some(visitor) = &ask.call.visitor {
            record.model = ask.named.clone().unwrap_or_default();
            record.bill = Some(self.admit(visitor, ask).await?);
        }
        Ok(())
    }

    /// Makes the attempts, and ends the record unless a stream has taken it along.
    pub(crate) async fn travel(&self, ask: &Ask<'_>, record: Record) -> Result<Reply, Box<Failed>> {
        let mut journey = Journey::new(self, ask, Some(record));
        let outcome = journey.go().await;
        let (record, mut served_by) = (journey.record.take(), std::mem::take(&mut journey.served_by));
        let status = outcome.as_ref().map_or_else(Error::status, |_| 200);
        if let Some(record) = record {
            settle(record, status, &mut served_by).await;
        }
        match outcome {
            Ok((content_type, body)) => Ok(Reply { served_by, content_type, body }),
            Err(error) => Err(Box::new(Failed { error, served_by })),
        }
    }

    /// What the client asks, checked as far as no deployment has to be known.
    pub(crate) async fn read<'a>(&self, call: &'a Call, bytes: &'a Bytes) -> Result<Ask<'a>, Error> {
        let mut object = body::parse(bytes)?;
        if call.mode == Some(Mode::Streamed) {
            object.set_text("stream", "true".to_owned());
        }
        let timeouts = body::timeouts(&object, call.timeouts)?;
        controls::check_mocks(&object, self.resilience.allows_mocks)?;
        let controls = controls::read(&object, &call.hints)?;
        let named = match &call.path_model {
            Some(model) => Some(model.clone()),
            None => body::model_name(&object)?,
        };
        body::require(call.operation, &object, named.as_deref())?;
        let continued = match call.operation {
            Operation::Responses => Some(Continued::find(self, &object, named.as_deref()).await),
            _ => None,
        };
        let (body, counted) = (AskBody::Json { bytes, object }, OnceLock::new());
        Ok(Ask { call, body, named, controls, timeouts, continued, counted })
    }

    async fn serve_upload(&self, call: &Call, body: CallBody, mut record: Record) -> Result<Reply, Box<Failed>> {
        let CallBody::Upload(upload) = body else { return Err(refused(Error::MissingFile, record).await) };
        let named = match &call.path_model {
            Some(model) => Some(model.clone()),
            None => upload::model(&upload),
        };
        // Some models make an image of the words alone.
        if !upload.form.has_file && call.operation != Operation::ImageEdit {
            return Err(refused(Error::MissingFile, record).await);
        }
        let held = upload::hold(upload, self.limits.retried_upload_bytes_max).await;
        let controls = Controls { retries: call.hints.retries, ..Controls::default() };
        let body = AskBody::Upload(held);
        let (timeouts, counted) = (call.timeouts, OnceLock::new());
        let mut ask = Ask { call, body, named, controls, timeouts, continued: None, counted };
        if let Err(error) = self.bill(&mut ask, &mut record).await {
            return Err(refused(error, record).await);
        }
        self.travel(&ask, record).await
    }
}

/// Ends the record of a whole answer, and tells what it has cost.
pub(crate) async fn settle(mut record: Record, status: u16, served_by: &mut ServedBy) {
    let told = record.bill.as_mut().map(|bill| std::mem::take(&mut bill.told));
    let receipt = record.finish(status);
    if let Some(mut told) = told {
        if status < 300 {
            told::after(&mut told, &receipt);
        }
        served_by.governed = told;
    }
    receipt.durable().await;
}

/// A call that no deployment has a part in.
pub(crate) async fn refused(error: Error, record: Record) -> Box<Failed> {
    record.finish(error.status()).durable().await;
    Box::new(Failed { error, served_by: ServedBy::default() })
}

pub(crate) type Answered = Result<(HeaderValue, ReplyBody), Error>;

impl<'a> Exchange<'a> {
    pub fn new(app: &'a App, ask: &Ask<'a>, deployment: Arc<Deployment>) -> Self {
        Self {
            app,
            call: ask.call,
            deployment,
            timeouts: ask.timeouts,
            served_by: ServedBy::default(),
            streamed: false,
            begun: false,
            keeping: None,
            usage: None,
        }
    }

    /// Asks the deployment for what the client asks of this target; `fallbacks` have been made before.
    pub async fn ask_for(&mut self, ask: &Ask<'_>, target: &Target, fallbacks: u64) -> Answered {
        let deployment = Arc::clone(&self.deployment);
        if let Some(variables) = &deployment.missing_key {
            return Err(Error::NoProviderKey { provider: deployment.provider, variables: variables.clone() });
        }
        let (bytes, object) = match &ask.body {
            AskBody::Json { bytes, object } => (bytes, object),
            AskBody::Upload(held) => return self.upload(&deployment, held).await,
        };
        let mut object = object.clone();
        target.apply(&mut object);
        if let Some(continued) = &ask.continued {
            self.keeping = continued.apply(self.app, &deployment, &mut object)?;
        }
        // Whoever is served by another model than it asked for is told which one.
        let shown = match (&self.call.path_model, fallbacks) {
            (None, 0) => ask.named.clone().unwrap_or_default(),
            _ => deployment.model.clone(),
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

    fn mock(&mut self, deployment: &Deployment, mock: &Mock<'_>, shown: &str, object: &Object<'_>) -> Answered {
        self.streamed = body::wants_stream(object);
        let id = format!("chatcmpl-{}", crate::new_id());
        let call = mock::Call { origin: self.origin(deployment), alias: shown, id: &id, created_s: crate::now_s() };
        if self.streamed {
            let events = mock.events(&call, object)?;
            self.usage = Mock::usage(None);
            return Ok((EVENT_STREAM, ReplyBody::Events(events)));
        }
        let answer = mock.answer(&call, object)?;
        self.usage = Mock::usage(Some(&answer));
        Ok((JSON, ReplyBody::Whole(answer.into())))
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
        self.usage = Some(usage);
    }

    async fn stream(&mut self, deployment: &Deployment, requests: Requests, plan: &Plan) -> Answered {
        let silence_max = self.silence_max(deployment);
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
        let silence_max = self.timeouts.whole.unwrap_or(deployment.timeout);
        let answer = self.send(deployment, requests.first, silence_max).await?;
        let content_type = self.served_by.headers.get(header::CONTENT_TYPE).cloned();
        let relay = self.relay(deployment, answer, Work::Raw, silence_max).await?;
        Ok((content_type.unwrap_or(HeaderValue::from_static("audio/mpeg")), ReplyBody::Relayed(relay)))
    }

    async fn upload(&mut self, deployment: &Deployment, held: &Held) -> Answered {
        let (body, content) = held.rewritten(&deployment.model).ok_or(Error::UploadSpent)?;
        let uri = deployment.uri(self.call.operation, Mode::Whole)?;
        let request = request(deployment, uri, body, &content)?;
        let (content_type, bytes) = self.exchange(deployment, request).await?;
        let object = Object::parse(&bytes).ok();
        self.usage = object.and_then(|object| Usage::parse(object.given("usage")?));
        Ok((content_type.unwrap_or(JSON), ReplyBody::Whole(bytes)))
    }
}
