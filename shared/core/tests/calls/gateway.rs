//! A gateway in memory: an `App` made of a YAML document, over a scripted provider. Reads no file and no variable.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;
use tollgate_core::balance::Balancer;
use tollgate_core::call::{Call, CallBody, Hints, Reply, ReplyBody, Timeouts};
use tollgate_core::clock::Clock;
use tollgate_core::config::{Config, Environment, Mode, ReadError, load};
use tollgate_core::deployment::Deployment;
use tollgate_core::health::Watch;
use tollgate_core::journey::Mirrors;
use tollgate_core::journey::mirror::Mirrored;
use tollgate_core::meter::{self, Meter};
use tollgate_core::pass::Passes;
use tollgate_core::resilience::Resilience;
use tollgate_core::resources::{Accounts, ResourceCall};
use tollgate_core::responses::Responses;
use tollgate_core::search::{SearchCall, SearchTool};
use tollgate_core::{App, Catalog, Error, Failed, Gatekeeper, Limits, Secret, Wildcard};
use tollgate_testkit::{NoFetch, Recorded, Script, Scripted, Stamp};
use tollgate_wire::Operation;

/// Longest answer that the gateway keeps.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
pub const MASTER_KEY: &str = "sk-master-91fe";
pub const PROVIDER_KEY: &str = "sk-provider-77ab";

/// One chat model and one of each other kind, all at OpenAI.
pub const MODELS: &str = "
model_list:
  - {model_name: chat, litellm_params: {model: openai/gpt-4o, api_key: sk-provider-77ab, timeout: 20, stream_timeout: 5}}
  - {model_name: instruct, litellm_params: {model: text-completion-openai/gpt-3.5-turbo-instruct, api_key: sk-provider-77ab}}
  - {model_name: embed, litellm_params: {model: openai/text-embedding-3-small, api_key: sk-provider-77ab}}
  - {model_name: packed, litellm_params: {model: azure/my-embed, api_base: 'https://a.example', api_version: 2024-10-21, api_key: sk-provider-77ab}}
  - {model_name: moderation, litellm_params: {model: openai/omni-moderation-latest, api_key: sk-provider-77ab}}
  - {model_name: image, litellm_params: {model: openai/gpt-image-1, api_key: sk-provider-77ab}}
  - {model_name: speech, litellm_params: {model: openai/tts-1, api_key: sk-provider-77ab, timeout: 20}}
  - {model_name: transcribe, litellm_params: {model: openai/whisper-1, api_key: sk-provider-77ab, timeout: 20}}
  - {model_name: rerank, litellm_params: {model: cohere/rerank-v3.5, api_key: sk-provider-77ab}}
  - {model_name: groq, litellm_params: {model: groq/llama-3.3-70b-versatile, api_key: sk-provider-77ab}}
general_settings: {master_key: sk-master-91fe}
";

/// A gateway and the provider behind it.
pub struct Gateway {
    pub app: App,
    pub provider: Arc<Scripted>,
    /// Copies of calls that wait to be made.
    pub mirrored: Option<Receiver<Mirrored>>,
    /// How often a call is retried; `None`: as the configuration says.
    pub retries: Option<u64>,
    /// The client's own patience, for every call that follows.
    pub timeouts: Timeouts,
}

/// What a gateway may share with others.
pub struct Setup {
    pub meter: Arc<dyn Meter>,
    pub clock: Clock,
}

impl Default for Setup {
    fn default() -> Self {
        Self { meter: Arc::new(meter::Memory::default()), clock: Clock::System }
    }
}

/// What a client gets, in the end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    /// The body, or an error's sentence.
    pub text: String,
    /// The deployment that was asked.
    pub deployment_id: Option<String>,
    /// The provider's headers.
    pub headers: HeaderMap,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The data of every event.
    pub fn events(&self) -> Vec<String> {
        let events = self.text.strip_suffix("\n\n").unwrap_or_else(|| panic!("no whole events: {self:?}"));
        let data = events.split("\n\n").map(|event| event.strip_prefix("data: "));
        data.map(|data| data.unwrap_or_else(|| panic!("no data: {self:?}")).to_owned()).collect()
    }
}

impl Gateway {
    /// A gateway of [`MODELS`].
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::of(MODELS, &[], scripts)
    }

    /// A gateway of this document, with these variables set.
    pub fn of(yaml: &str, variables: &[(&str, &str)], scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::set_up(yaml, variables, scripts, Setup::default())
    }

    /// The same on this meter and this clock.
    pub fn set_up(
        yaml: &str,
        variables: &[(&str, &str)],
        scripts: impl IntoIterator<Item = Script>,
        setup: Setup,
    ) -> Self {
        let config = config(yaml, variables);
        let provider = Scripted::new(scripts);
        let (mirrors, mirrored) = Mirrors::new(4);
        let app = App {
            gatekeeper: Gatekeeper::MasterKey { key: Secret::new(MASTER_KEY.to_owned()), header: None },
            governance: tollgate_core::govern::Governance::default(),
            catalog: catalog(&config, variables, Arc::clone(&setup.meter)).into(),
            stored: tollgate_core::stored::Storage::default(),
            balancer: Balancer::new(&config, setup.meter, setup.clock),
            resilience: Resilience::new(&config),
            health: Watch::new(&config),
            mirrors,
            accounts: Accounts::new(&config, &|name| {
                variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
            }),
            responses: Responses::default(),
            upstream: Arc::<Scripted>::clone(&provider),
            fetch: Arc::new(NoFetch),
            signer: Arc::new(Stamp::default()),
            limits: Limits {
                request_bytes_max: 1024 * 1024,
                answer_bytes_max: ANSWER_BYTES_MAX,
                media_bytes_max: 1000,
                retried_upload_bytes_max: 64 * 1024,
                header_bytes_max: 64 * 1024,
                request_timeout: Duration::from_secs(30),
            },
            passes: Passes::new(&config, &|name| {
                variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
            })
            .0,
            search_tools: SearchTool::all(&config, &|_| None),
            session_limits: tollgate_core::realtime::SessionLimits {
                message_bytes_max: 1024 * 1024,
                idle_max: Duration::from_secs(30),
            },
            draining: AtomicBool::new(false),
        };
        Self { app, provider, retries: Some(0), timeouts: Timeouts::default(), mirrored: Some(mirrored) }
    }

    /// A call as it comes in, without a model in its path.
    pub fn call(&self, operation: Operation, body: &Value) -> Call {
        Call {
            visitor: None,
            id: "call-1".to_owned(),
            operation,
            path_model: None,
            pinned: None,
            mode: None,
            timeouts: self.timeouts,
            forwarded: Vec::new(),
            // What comes after a failure has tests of its own.
            hints: Hints { retries: self.retries, ..Hints::default() },
            seed: None,
            body: CallBody::Json(body.to_string().into()),
            started: Instant::now(),
        }
    }

    pub async fn ask(&self, operation: Operation, body: &Value) -> Answer {
        self.serve(self.call(operation, body)).await
    }

    /// Asks for a chat of this model.
    pub async fn chat(&self, model: &str) -> Answer {
        self.ask(Operation::ChatCompletion, &question(model)).await
    }

    /// One call to its end.
    pub async fn serve(&self, call: Call) -> Answer {
        match self.app.serve(call).await {
            Ok(reply) => read(reply).await,
            Err(failed) => refused(failed),
        }
    }

    /// One call about a resource to its end.
    pub async fn serve_resource(&self, call: ResourceCall) -> Answer {
        match self.app.serve_resource(call).await {
            Ok(reply) => read(reply).await,
            Err(failed) => refused(failed),
        }
    }

    /// One search to its end.
    pub async fn search(&self, tool: Option<&str>, body: &Value) -> Answer {
        let path_tool = tool.map(str::to_owned);
        let body = body.to_string().into();
        let call = SearchCall {
            id: "call-1".to_owned(),
            visitor: None,
            path_tool,
            body,
            timeout: None,
            started: Instant::now(),
        };
        match self.app.search(call).await {
            Ok(reply) => read(reply).await,
            Err(failed) => refused(failed),
        }
    }

    /// The one request that the provider has got.
    pub fn sent(&self) -> Recorded {
        let requests = self.provider.requests();
        let [request] = requests.as_slice() else { panic!("{} requests: {requests:#?}", requests.len()) };
        request.clone()
    }

    /// The body of that request.
    pub fn sent_json(&self) -> Value {
        let body = self.sent().body;
        serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{error}: {body:?}"))
    }
}

/// The body of a small chat.
pub fn question(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "Hi" }] })
}

/// The same as a stream.
pub fn streamed_question(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "Hi" }], "stream": true })
}

/// The sentence that a client reads in an error.
pub fn sentence(error: &Error) -> String {
    match error {
        Error::Provider(failure) => failure.client_message(),
        error => error.to_string(),
    }
}

pub fn config(yaml: &str, variables: &[(&str, &str)]) -> Config {
    let loaded = load("config.yaml", &Memory { yaml, variables }, Mode::Boot);
    loaded.unwrap_or_else(|refusal| panic!("refused:\n{refusal}")).config
}

/// What `host` makes of a configuration.
fn catalog(config: &Config, variables: &[(&str, &str)], meter: Arc<dyn Meter>) -> Catalog {
    let variables: Vec<(String, String)> = variables.iter().map(|(name, value)| own(name, value)).collect();
    let look = move |name: &str| variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    let mut catalog = Catalog::new(meter);
    for entry in &config.models {
        if !entry.group.contains('*') {
            catalog.add(Deployment::new(config, entry, &look).unwrap());
            continue;
        }
        let (look, config, entry) = (look.clone(), config.clone(), entry.clone());
        let (pattern, target) = (entry.group.clone(), entry.params.model.clone());
        let template = Box::new(move |model: &str| {
            let mut concrete = entry.clone();
            model.clone_into(&mut concrete.params.model);
            let deployment = Deployment::new(&config, &concrete, &look);
            deployment.map_err(|error| Error::NoProvider { model: model.to_owned(), reason: error.0 })
        });
        catalog.add_wildcard(Wildcard { pattern, target, template });
    }
    for alias in &config.router_settings.model_group_alias {
        catalog.add_alias(alias.clone());
    }
    for group in &config.router_settings.routing_groups {
        catalog.add_routing_group(group);
    }
    catalog
}

fn own(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

async fn read(reply: Reply) -> Answer {
    let body: Bytes = match reply.body {
        ReplyBody::Whole(bytes) => bytes,
        ReplyBody::Relayed(relay) => relay.collect().await.unwrap().to_bytes(),
        ReplyBody::Events(events) => events.concat().into(),
    };
    Answer {
        status: 200,
        content_type: reply.content_type.to_str().unwrap().to_owned(),
        text: String::from_utf8(body.to_vec()).unwrap(),
        deployment_id: reply.served_by.deployment.map(|deployment| deployment.id.clone()),
        headers: reply.served_by.headers,
    }
}

fn refused(failed: Failed) -> Answer {
    Answer {
        status: failed.error.status(),
        content_type: String::new(),
        text: sentence(&failed.error),
        deployment_id: failed.served_by.deployment.map(|deployment| deployment.id.clone()),
        headers: failed.served_by.headers,
    }
}

/// One document and a few variables.
struct Memory<'a> {
    yaml: &'a str,
    variables: &'a [(&'a str, &'a str)],
}

impl Environment for Memory<'_> {
    fn read(&self, path: &str, _: u64) -> Result<Vec<u8>, ReadError> {
        if path == "config.yaml" { Ok(self.yaml.as_bytes().to_vec()) } else { Err(ReadError::Missing) }
    }

    fn exists(&self, path: &str) -> bool {
        path == "config.yaml"
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
    }
}
