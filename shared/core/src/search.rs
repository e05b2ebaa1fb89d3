//! Web searches: which tool of the configuration takes one, and its answer in LiteLLM's form.
//!
//! Knows no route; what a provider is asked is `wire`'s business.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, Limited};
use tollgate_wire::Operation;
use tollgate_wire::failure::{Failure, FailureClass, Origin, Reader};
use tollgate_wire::provider::Auth;
use tollgate_wire::search::SearchProvider;
use tracing::warn;

use crate::call::Visitor;
use crate::call::{Reply, ReplyBody, ServedBy};
use crate::config::Config;
use crate::deployment::Variables;
use crate::dispatch::{Failed, settle};
use crate::price::{Job, Named};
use crate::record::Record;
use crate::upstream::RequestBody;
use crate::{App, Error, Secret, body, fault};

/// One entry of `search_tools`, worked out. No `Debug`: its header is the operator's secret.
pub struct SearchTool {
    /// `search_tool_name`.
    pub name: String,
    pub provider: &'static SearchProvider,
    uri: Uri,
    key: Option<(HeaderName, HeaderValue)>,
    timeout: Duration,
}

impl SearchTool {
    /// Every tool of the configuration; one that cannot be used is named in the log.
    pub fn all(config: &Config, variables: Variables<'_>) -> Vec<Self> {
        let mut tools = Vec::new();
        for entry in &config.search_tools {
            let Some(provider) = SearchProvider::find(&entry.provider) else {
                let known = SearchProvider::names().collect::<Vec<_>>().join(", ");
                warn!("search tool `{}` is left out: `{}` is none of {known}", entry.name, entry.provider);
                continue;
            };
            let base = entry.api_base.clone().or_else(|| variables(provider.base_url_variable));
            let Ok(uri) = provider.url(base.as_deref()).parse() else {
                warn!("search tool `{}` is left out: its api_base is no address", entry.name);
                continue;
            };
            let of_environment = || provider.key_variables.iter().find_map(|name| variables(name)).map(Secret::new);
            let key = entry.api_key.clone().or_else(of_environment).and_then(|key| header(provider, &key));
            let timeout = Duration::try_from_secs_f64(config.litellm_settings.request_timeout_seconds);
            let timeout = timeout.unwrap_or(Duration::MAX);
            tools.push(Self { name: entry.name.clone(), provider, uri, key, timeout });
        }
        tools
    }
}

fn header(provider: &SearchProvider, key: &Secret) -> Option<(HeaderName, HeaderValue)> {
    let (name, text) = match provider.auth {
        Auth::Header(name) => (HeaderName::from_static(name), key.expose().to_owned()),
        _ => (AUTHORIZATION, format!("Bearer {}", key.expose())),
    };
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// A client's search; its key has been checked.
pub struct SearchCall {
    pub id: String,
    pub visitor: Option<Visitor>,
    /// The tool in the path.
    pub path_tool: Option<String>,
    pub body: Bytes,
    pub timeout: Option<Duration>,
    pub started: Instant,
}

impl App {
    /// Serves one search.
    ///
    /// # Errors
    /// Everything that [`Error`] names; the call has been logged either way.
    pub async fn search(&self, call: SearchCall) -> Result<Reply, Failed> {
        let mut record = Record::of(call.id.clone(), "asearch", call.started);
        let mut served_by = ServedBy::default();
        let admitted = self.admit_other(call.visitor.as_ref(), (&call.id, "asearch"), None).await;
        let outcome = match admitted {
            Ok(bill) => {
                record.bill = bill;
                self.searched(&call, &mut record, &mut served_by).await
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(bytes) => {
                settle(record, 200, &mut served_by).await;
                let content_type = HeaderValue::from_static("application/json");
                Ok(Reply { served_by, content_type, body: ReplyBody::Whole(bytes) })
            }
            Err(error) => {
                record.finish(error.status()).durable().await;
                Err(Failed { error, served_by })
            }
        }
    }

    async fn searched(&self, call: &SearchCall, record: &mut Record, served_by: &mut ServedBy) -> Result<Bytes, Error> {
        let object = body::parse(&call.body)?;
        let missing = |name: &'static str| Error::Invalid {
            param: Some(name),
            message: format!("/search: Missing required parameter: '{name}'."),
        };
        let in_body = || object.string("search_tool_name").or_else(|| object.string("model"));
        let name = call.path_tool.clone().or_else(|| in_body().map(std::borrow::Cow::into_owned));
        let name = name.filter(|name| !name.is_empty()).ok_or_else(|| missing("search_tool_name"))?;
        object.given("query").ok_or_else(|| missing("query"))?;
        record.model.clone_from(&name);
        let tool = self.search_tools.iter().find(|tool| tool.name == name).ok_or_else(|| Error::Invalid {
            param: Some("search_tool_name"),
            message: format!("Search tool '{name}' not found in router.search_tools"),
        })?;
        let provider = tool.provider.name;
        if let Some(bill) = &mut record.bill {
            // LiteLLM's name of what every search is charged as.
            let model = format!("{provider}/search");
            bill.named = Some(Named { provider: provider.to_owned(), model, ..Named::default() });
            bill.job = Job::search(&object);
        }
        let Some(key) = &tool.key else {
            let variables = tool.provider.key_variables.join(" or ");
            return Err(Error::NoProviderKey { provider: tool.provider.name, variables });
        };
        let mut request: Request<RequestBody> =
            Request::new(tool.provider.request(&object).to_string().into_bytes().into());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = tool.uri.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(key.0.clone(), key.1.clone());
        let limit = call.timeout.unwrap_or(tool.timeout);
        let asked = Instant::now();
        let outcome = tokio::time::timeout(limit, self.exchange_search(tool, request, served_by)).await;
        let taken = asked.elapsed();
        served_by.waited = taken;
        outcome.unwrap_or_else(|_| Err(fault::timed_out(&origin(tool), limit, taken).into()))
    }

    async fn exchange_search(
        &self,
        tool: &SearchTool,
        request: Request<RequestBody>,
        served_by: &mut ServedBy,
    ) -> Result<Bytes, Error> {
        let answer = self.upstream.exchange(request).await;
        let answer = answer.map_err(|error| fault::no_answer(&origin(tool), &tool.uri, &error))?;
        let (head, body) = answer.into_parts();
        served_by.headers = head.headers;
        let collected = Limited::new(body, self.limits.answer_bytes_max).collect().await;
        let bytes = collected.map_err(|error| Failure::new(FailureClass::Connection, &error.to_string()))?.to_bytes();
        if !head.status.is_success() {
            return Err(Failure::from_answer(&origin(tool), head.status.as_u16(), &bytes).into());
        }
        let answer = tool.provider.answer(&bytes).ok_or_else(|| Failure::from_garbage(&origin(tool), &bytes))?;
        Ok(answer.to_string().into())
    }
}

/// Who is asked; the operation only shapes sentences.
fn origin(tool: &SearchTool) -> Origin<'static> {
    Origin { provider: tool.provider.name, operation: Operation::Rerank, streamed: false, reader: Reader::Provider }
}
