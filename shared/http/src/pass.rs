//! Pass-through routes: a request handed on as it came, and the answer as it comes.
//!
//! Knows neither providers nor addresses. Its callers have been authenticated.

use std::time::Instant;

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use tollgate_core::call::Visitor;
use tollgate_core::pass::{Operator, PassCall, Route as Goal};
use tollgate_core::upstream::RequestBody;
use tollgate_core::{App, Door};
use tracing::info;

use crate::routes::{Access, Endpoint, Route};
use crate::{GatewayBody, endpoints, failure, headers, read};

/// The route that was taken.
#[derive(Clone, Copy)]
pub struct Taken<'a> {
    goal: Goal<'a>,
    /// What stands behind its prefix, still percent-encoded.
    rest: &'a str,
    pub access: Access,
    /// Where its callers may have shown their key.
    pub door: Door<'a>,
}

impl<'a> Taken<'a> {
    /// `None` where the route leads to no provider.
    pub fn provider(route: &'static Route, rest: &'a str, query: Option<&'a str>) -> Option<Self> {
        let Endpoint::PassThrough(name) = route.endpoint else { return None };
        let door = if name == "gemini" { Door::Google { query } } else { Door::PassThrough };
        Some(Self { goal: Goal::Provider(name), rest, access: route.access, door })
    }

    pub const fn operator(operator: &'a Operator, rest: &'a str) -> Self {
        let access = if operator.wants_key { Access::Key } else { Access::Public };
        Self { goal: Goal::Operator(operator), rest, access, door: operator.door() }
    }
}

/// Hands the request on.
pub async fn answer<B>(
    app: &App,
    taken: Taken<'_>,
    (head, visitor): (&Parts, Option<Visitor>),
    started: Instant,
    body: B,
) -> Response<GatewayBody>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    let id = endpoints::call_id(&head.headers);
    if let Err(error) = read::check_length(&app.limits, &head.headers) {
        info!(call_id = %id, call_type = "pass_through_endpoint", status = error.status(), "refused: {error}");
        return failure(&error);
    }
    let key = app.gatekeeper.presented(taken.door, &head.headers);
    let call = PassCall {
        id: id.clone(),
        visitor,
        route: taken.goal,
        method: head.method.clone(),
        rest: taken.rest.to_owned(),
        query: query(head, taken.door),
        headers: head.headers.clone(),
        key: key.ok().map(std::borrow::Cow::into_owned),
        body: RequestBody::Streamed(read::boxed(body)),
        length_bytes: read::content_length(&head.headers),
        started,
    };
    let (mut answer, api_base, cost, governed) = match app.pass(call).await {
        Ok(reply) => {
            let mut answer = Response::new(GatewayBody::Passed(reply.body));
            *answer.status_mut() = reply.status;
            *answer.headers_mut() = reply.headers;
            (answer, reply.api_base, reply.cost, reply.governed)
        }
        Err(error) => (failure(&error), String::new(), None, Vec::new()),
    };
    headers::describe_passed(answer.headers_mut(), &id, started, &api_base, cost);
    answer.headers_mut().extend(governed);
    answer
}

/// The query without the gateway's own key.
fn query(head: &Parts, door: Door<'_>) -> Option<String> {
    let query = head.uri.query()?;
    if !matches!(door, Door::Google { .. }) {
        return Some(query.to_owned());
    }
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("key=")).collect();
    (!pairs.is_empty()).then(|| pairs.join("&"))
}

#[cfg(test)]
mod tests;
