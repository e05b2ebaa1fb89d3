//! Routes of the operator's own: `general_settings.pass_through_endpoints`.
//!
//! Decides which of them a path belongs to, and where it leads. Knows no provider.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use std::time::Duration;
use tollgate_wire::money::Picodollars;

use super::headers::{self, Caller};
use super::provider::Forwards;
use super::ready::{Passes, sensitive, timeout};
use super::target::{self, Base};
use super::{METHODS, Outgoing, PassCall};
use crate::authenticate::Door;
use crate::config::PassThroughEndpoint;
use crate::{Error, Secret};

/// Names, in `headers`, the header in which callers show their key.
const KEY_HEADER: &str = "litellm_user_api_key";
/// Become one `Authorization`, as Langfuse wants it.
const LANGFUSE: [&str; 2] = ["LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"];

/// One route of the operator's, ready to be taken.
pub struct Operator {
    path: String,
    base: Base,
    methods: Vec<Method>,
    includes_subpath: bool,
    /// Whether callers need a key.
    pub wants_key: bool,
    key_header: Option<HeaderName>,
    is_langfuse: bool,
    headers: HeaderMap,
    forwards: Forwards,
    default_query: Option<String>,
    merges_query: bool,
    cost: Option<f64>,
    timeout: Option<Duration>,
}

/// What a path leads to.
#[derive(Clone, Copy)]
pub enum Lookup<'a> {
    /// The route, and where what stands behind its path begins.
    Found(&'a Operator, usize),
    WrongMethod,
    Nothing,
}

impl Operator {
    /// Reads one entry.
    ///
    /// # Errors
    /// Why it cannot be served, and what to do about it.
    pub fn new(endpoint: &PassThroughEndpoint) -> Result<Self, String> {
        let path = endpoint.path.trim_end_matches('/');
        if !path.starts_with('/') {
            return Err("its `path` must begin with `/` and name something".to_owned());
        }
        let base = Base::parse(&endpoint.target).map_err(|reason| format!("its `target` {reason}"))?;
        let methods = endpoint.methods.iter().map(|name| method(name)).collect::<Result<Vec<_>, _>>()?;
        let key_header = endpoint.headers.iter().find(|(name, _)| name == KEY_HEADER);
        let pairs = endpoint.default_query_params.iter();
        Ok(Self {
            path: path.to_owned(),
            base,
            methods: if methods.is_empty() { METHODS.to_vec() } else { methods },
            includes_subpath: endpoint.include_subpath,
            wants_key: endpoint.auth,
            key_header: key_header.and_then(|(_, name)| HeaderName::try_from(name.expose()).ok()),
            is_langfuse: endpoint.custom_auth_parser.as_deref() == Some("langfuse"),
            headers: own_headers(&endpoint.headers)?,
            forwards: if endpoint.forward_headers { Forwards::All } else { Forwards::Only(&[]) },
            default_query: pairs
                .fold(None, |query: Option<String>, (name, value)| Some(target::with(query.as_deref(), name, value))),
            merges_query: endpoint.merge_query_params,
            cost: endpoint.cost_per_request,
            timeout: endpoint.timeout_seconds.map(timeout),
        })
    }

    /// What a request costs, in picodollars.
    pub(super) fn price(&self) -> Option<u64> {
        self.cost.and_then(Picodollars::of_usd).map(|cost| cost.0)
    }

    /// Where else than usual its callers may show their key.
    pub const fn door(&self) -> Door<'_> {
        if self.is_langfuse { Door::BasicName } else { Door::Operator { header: self.key_header.as_ref() } }
    }

    pub(super) fn outgoing(
        &self,
        call: &PassCall<'_>,
        passes: &Passes,
        key_header: Option<&HeaderName>,
    ) -> Result<Outgoing, Error> {
        let caller = Caller { headers: &call.headers, key: call.key.as_deref(), key_header };
        let mut headers = headers::up(caller, self.forwards);
        if let Some(name) = &self.key_header {
            headers.remove(name);
        }
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        let query = self.query(call.query.as_deref());
        let uri = match call.rest.as_str() {
            "" => self.base.exactly(query.as_deref())?,
            rest => self.base.below(rest, query.as_deref())?,
        };
        Ok(Outgoing {
            uri,
            headers,
            timeout: self.timeout.unwrap_or(passes.timeout),
            cost: self.cost,
            scheme: None,
            deployment: None,
        })
    }

    /// Caller above target above defaults; without merging, a caller's query takes the place of the target's.
    fn query(&self, caller: Option<&str>) -> Option<String> {
        if self.merges_query || self.default_query.is_some() {
            let written = target::merged(caller, self.base.query());
            return target::merged(written.as_deref(), self.default_query.as_deref());
        }
        caller.filter(|query| !query.is_empty()).or(self.base.query()).map(str::to_owned)
    }

    /// Where what stands behind the route's path begins in `path`, if it is one of the route's.
    fn rest_of(&self, path: &str) -> Option<usize> {
        let rest = path.strip_prefix(self.path.as_str())?;
        let is_below = self.includes_subpath && rest.starts_with('/');
        (rest.is_empty() || is_below).then_some(self.path.len())
    }
}

/// The route that a path belongs to: the longest that takes its method.
pub(super) fn find<'a>(operators: &'a [Operator], method: &Method, path: &str) -> Lookup<'a> {
    let mut found = Lookup::Nothing;
    for operator in operators {
        let Some(rest) = operator.rest_of(path) else { continue };
        let is_method =
            operator.methods.contains(method) || (method == Method::HEAD && operator.methods.contains(&Method::GET));
        found = match found {
            Lookup::Found(_, longest) if longest >= rest => found,
            _ if is_method => Lookup::Found(operator, rest),
            Lookup::Nothing => Lookup::WrongMethod,
            _ => found,
        };
    }
    found
}

fn method(name: &str) -> Result<Method, String> {
    let known = METHODS.iter().find(|method| method.as_str() == name);
    known.cloned().ok_or_else(|| {
        let names: Vec<&str> = METHODS.iter().map(Method::as_str).collect();
        format!("its `methods` holds `{name}`: use {}", names.join(", "))
    })
}

fn own_headers(written: &[(String, Secret)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in written.iter().filter(|(name, _)| name != KEY_HEADER && !LANGFUSE.contains(&name.as_str())) {
        let refuse = || format!("its header `{name}` cannot be sent");
        if value.expose().contains("os.environ/") {
            return Err(format!("its header `{name}` names a variable that is not set"));
        }
        let header = HeaderName::try_from(name.as_str()).map_err(|_| refuse())?;
        headers.insert(header, sensitive(value.expose()).ok_or_else(refuse)?);
    }
    let of = |name| written.iter().find(|(own, _)| own == name).map(|(_, value)| value.expose());
    if let [Some(public), Some(private)] = LANGFUSE.map(of) {
        let value = format!("Basic {}", STANDARD.encode(format!("{public}:{private}")));
        headers.insert(header::AUTHORIZATION, sensitive(&value).unwrap_or(HeaderValue::from_static("")));
    }
    Ok(headers)
}
