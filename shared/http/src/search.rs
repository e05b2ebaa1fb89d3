//! Web searches: from a request to the core's words, and back.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::{Value, json};
use tollgate_core::App;
use tollgate_core::search::SearchCall;
use tracing::info;

use crate::endpoints::{call_id, timeouts};
use crate::headers::{Outcome, describe};
use crate::resources::Arrival;
use crate::{GatewayBody, decode, failure, json as json_answer, read, routes};

/// Serves one search.
pub async fn serve<B>(app: &App, arrival: Arrival<'_>, body: B) -> Response<GatewayBody>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    let Arrival { head, visitor, route, started } = arrival;
    let id = call_id(&head.headers);
    let body = match read::whole(&app.limits, &head.headers, body).await {
        Ok(body) => body,
        Err(error) => {
            info!(call_id = %id, call_type = "asearch", status = error.status(), "refused: {error}");
            return failure(&error);
        }
    };
    let places = routes::places(route.path, head.uri.path()).unwrap_or_default();
    let path_tool = places.first().map(|(_, tool)| decode(tool));
    let timeout = timeouts(&head.headers).whole;
    let (mut answer, served_by, outcome) =
        match app.search(SearchCall { id: id.clone(), visitor, path_tool, body, timeout, started }).await {
            Ok(reply) => {
                let mut answer = Response::new(GatewayBody::from(reply.body));
                answer.headers_mut().insert(header::CONTENT_TYPE, reply.content_type);
                (answer, reply.served_by, Outcome::Served)
            }
            Err(failed) => (failure(&failed.error), failed.served_by, Outcome::Failed),
        };
    describe(answer.headers_mut(), &id, started, &served_by, outcome);
    answer
}

/// `GET /v1/search/tools`.
pub fn tools(app: &App) -> Response<GatewayBody> {
    let data: Vec<Value> = app
        .search_tools
        .iter()
        .map(|tool| json!({ "search_tool_name": tool.name, "search_provider": tool.provider.name }))
        .collect();
    json_answer(StatusCode::OK, json!({ "object": "list", "data": data }).to_string().into_bytes())
}
