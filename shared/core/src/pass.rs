//! Pass-through: requests that go to a provider's own API, or to an address of the operator's, as they are.
//!
//! Decides the address, the credential and the headers; bodies are relayed both ways without being kept. Knows no
//! format: a tap reads usage from the copy. Its callers have been authenticated.

mod bedrock;
mod charge;
mod group;
mod headers;
mod named;
mod operator;
mod provider;
mod ready;
mod relay;
mod send;
mod target;
mod upload;
mod vertex;

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};

pub use operator::{Lookup, Operator};
pub use ready::Passes;
pub use relay::Passing;
pub use target::decode;

use crate::bill::Bill;
use crate::call::Visitor;
use crate::deployment::Deployment;
use crate::record::Record;
use crate::sign::Scheme;
use crate::upstream::RequestBody;
use crate::{App, Error};
use headers::Caller;
use provider::Way;
use ready::{Ready, Shown};
use upload::Upload;

/// The methods that are passed on, as LiteLLM's routes have them; `HEAD` besides, for it is a `GET` without a body.
pub const METHODS: [Method; 6] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// A request to be passed on; its key has been checked.
pub struct PassCall<'a> {
    /// The client's own id, or a new one.
    pub id: String,
    pub visitor: Option<Visitor>,
    pub route: Route<'a>,
    pub method: Method,
    /// What stands behind the route's prefix, percent-encoded as it came.
    pub rest: String,
    pub query: Option<String>,
    pub headers: HeaderMap,
    /// The key that the caller has shown to the gateway: it goes to nobody else.
    pub key: Option<String>,
    pub body: RequestBody,
    /// Bytes of the body, if the client has said.
    pub length_bytes: Option<u64>,
    pub started: Instant,
}

/// Which route a request came to.
#[derive(Clone, Copy)]
pub enum Route<'a> {
    /// LiteLLM's name of the provider.
    Provider(&'static str),
    Operator(&'a Operator),
}

impl Route<'_> {
    /// What the operator says that a request costs.
    fn price(&self) -> Option<u64> {
        match self {
            Self::Provider(_) => None,
            Self::Operator(operator) => operator.price(),
        }
    }
}

/// The provider's answer on its way.
pub struct PassReply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Box<Passing>,
    /// Where it came from, without query.
    pub api_base: String,
    /// US dollars, where the operator has set a price.
    pub cost: Option<f64>,
    /// What the caller's key and limits say of themselves, as headers of the answer.
    pub governed: Vec<(HeaderName, HeaderValue)>,
}

/// Everything but the body of a request that is going out.
struct Outgoing {
    uri: Uri,
    headers: HeaderMap,
    timeout: std::time::Duration,
    cost: Option<f64>,
    /// How the caller is shown, where no fixed key is among the headers.
    scheme: Option<Scheme>,
    /// `None` where no deployment is asked.
    deployment: Option<Arc<Deployment>>,
}

impl App {
    /// Passes one request on.
    ///
    /// # Errors
    /// Where it cannot be passed on, or nobody answers; an answer that is a failure is a reply. It is logged either way.
    pub async fn pass(&self, mut call: PassCall<'_>) -> Result<PassReply, Error> {
        let mut record = Record::of(std::mem::take(&mut call.id), "pass_through_endpoint", call.started);
        match self.admit_passed(&mut call, &record.call_id).await {
            Ok(bill) => record.bill = bill,
            Err(error) => {
                record.finish(error.status()).durable().await;
                return Err(error);
            }
        }
        let outcome = match call.route {
            Route::Provider(name) => self.to_provider(&mut call, name).await,
            Route::Operator(operator) => operator.outgoing(&call, &self.passes, self.gatekeeper.key_header()),
        };
        let sent = match outcome {
            Ok(outgoing) => {
                if let Some(deployment) = &outgoing.deployment {
                    record.note(deployment);
                }
                send::send(self, call, outgoing, record).await
            }
            Err(error) => Err((error, record)),
        };
        match sent {
            Ok(reply) => Ok(reply),
            Err((error, record)) => {
                record.finish(error.status()).durable().await;
                Err(error)
            }
        }
    }

    async fn admit_passed(&self, call: &mut PassCall<'_>, call_id: &str) -> Result<Option<Bill>, Error> {
        let model = named::model(self, call).await?;
        let asked = (model.as_deref(), call.route.price());
        self.admit_at(call.visitor.as_ref(), (call_id, "pass_through_endpoint"), asked).await
    }

    async fn to_provider(&self, call: &mut PassCall<'_>, name: &'static str) -> Result<Outgoing, Error> {
        let ready = self.passes.provider(name)?;
        let way = ready.provider.way;
        let deployment = match way {
            Way::Azure => group::in_path_or_body(self, call).await?,
            Way::BodyGroup => group::in_body(self, call).await?,
            Way::PathGroup => Some(group::at_front(self, call)?),
            _ => None,
        };
        let caller =
            Caller { headers: &call.headers, key: call.key.as_deref(), key_header: self.gatekeeper.key_header() };
        if way == Way::Vertex {
            return vertex::outgoing(self, call, &self.passes.vertex);
        }
        let headers = headers::up(caller, ready.provider.forwards);
        if let (Way::Bedrock, Some(account)) = (way, &ready.account) {
            return bedrock::outgoing(self, call, headers, account);
        }
        if let Some(deployment) = deployment {
            return group::outgoing(&deployment, call, headers, self.passes.timeout);
        }
        ready.outgoing(call, headers, self.passes.timeout)
    }
}

impl Ready {
    fn outgoing(
        &self,
        call: &PassCall<'_>,
        mut headers: HeaderMap,
        timeout: std::time::Duration,
    ) -> Result<Outgoing, Error> {
        let base = self.base.as_ref().ok_or_else(|| self.unset(self.provider.base_variables))?;
        let scheme = self.account.as_ref().and_then(|account| account.scheme.clone());
        let mut query = target::merged(call.query.as_deref(), base.query());
        match &self.shown {
            Some(Shown::Headers(own)) => {
                headers::drop_credentials(&mut headers);
                headers.extend(own.iter().cloned());
            }
            Some(Shown::Query(key)) => {
                query = Some(target::with(target::without(query.as_deref(), "key").as_deref(), "key", key.expose()));
            }
            None if self.provider.way == Way::Anthropic && headers::has_credential(&headers) => {}
            None if self.provider.way == Way::BodyGroup || scheme.is_some() => headers::drop_credentials(&mut headers),
            None => return Err(self.keyless()),
        }
        if self.provider.way == Way::Watsonx && !target::has(query.as_deref(), "version") {
            query = Some(target::with(query.as_deref(), "version", WATSONX_VERSION));
        }
        let uri = match self.provider.way {
            Way::OpenAi => ready::with_one_version(base, &call.rest).below(&call.rest, query.as_deref())?,
            Way::OpenRouter => {
                base.with_path(base.path().trim_end_matches("/v1")).below(&call.rest, query.as_deref())?
            }
            _ => base.below(&call.rest, query.as_deref())?,
        };
        Ok(Outgoing { uri, headers, timeout, cost: None, scheme, deployment: None })
    }

    fn unset(&self, variables: &[&str]) -> Error {
        Error::PassThroughUnset { provider: self.provider.name, variables: variables.join("' or '") }
    }

    fn keyless(&self) -> Error {
        Error::NoProviderKey { provider: self.provider.name, variables: self.provider.key_variables.join(" or ") }
    }
}

/// LiteLLM's own.
const WATSONX_VERSION: &str = "2024-03-13";
