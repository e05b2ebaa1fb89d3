use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use tollgate_core::balance::Balancer;
use tollgate_core::health::Watch;
use tollgate_core::journey::Mirrors;
use tollgate_core::pass::Passes;
use tollgate_core::resilience::Resilience;
use tollgate_core::{Catalog, Gatekeeper, Limits, Secret};
use tollgate_testkit::{NoFetch, Scripted, Stamp};

use super::*;
use crate::routes;

mod management;
mod stored;
mod walk;

pub(crate) const KEY: &str = "sk-test-0123456789";

pub(crate) fn app() -> App {
    App {
        gatekeeper: Gatekeeper::MasterKey { key: Secret::new(KEY.to_owned()), header: None },
        governance: tollgate_core::govern::Governance::default(),
        catalog: Catalog::default().into(),
        stored: tollgate_core::stored::Storage::default(),
        accounts: tollgate_core::resources::Accounts::default(),
        responses: tollgate_core::responses::Responses::default(),
        upstream: Scripted::new([]),
        fetch: Arc::new(NoFetch),
        signer: Arc::new(Stamp::default()),
        balancer: Balancer::default(),
        resilience: Resilience::default(),
        health: Watch::default(),
        mirrors: Mirrors::default(),
        limits: Limits {
            retried_upload_bytes_max: 0,
            request_bytes_max: 100,
            answer_bytes_max: 1000,
            media_bytes_max: 1000,
            header_bytes_max: 1000,
            request_timeout: Duration::from_secs(1),
        },
        passes: Passes::default(),
        search_tools: Vec::new(),
        session_limits: tollgate_core::realtime::SessionLimits {
            message_bytes_max: 1024 * 1024,
            idle_max: Duration::from_secs(30),
        },
        draining: AtomicBool::new(false),
    }
}

fn gateway() -> Gateway {
    Gateway::new(Arc::new(app()))
}

struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: String,
}

fn ask(gateway: &Gateway, request: http::request::Builder, body: &'static str) -> Answer {
    let request = request.body(Full::from(body)).expect("a request");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (head, body) = gateway.answer(request).await.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    })
}

#[test]
fn no_route_misses_its_key() {
    let gateway = gateway();
    let mut guarded = 0;
    for route in routes::all() {
        let path = route.path.replace(['{', '}'], "");
        for method in route.method.names() {
            let answer = ask(&gateway, Request::builder().method(*method).uri(&path), "{}");
            if route.access != Access::Public {
                guarded += 1;
                assert_eq!(answer.status, 401, "{method} {path} answers without a key");
                assert!(answer.body.contains("No api key passed in."), "{path}: {}", answer.body);
            } else {
                assert_eq!(answer.status, 200, "{path} is public");
            }
        }
    }
    assert!(guarded > 130, "only {guarded} routes want a key");
}

#[test]
fn public_routes_are_only_these() {
    let public: Vec<&str> =
        routes::all().filter(|route| route.access == Access::Public).map(|route| route.path).collect();
    let known =
        ["/health/liveliness", "/health/liveness", "/health/readiness", "/", "/docs", "/openapi.json", "/routes"];
    assert_eq!(public, known);
}

#[test]
fn every_answer_keeps_browsers_safe() {
    for path in ["/", "/no/such", "/v1/models"] {
        let answer = ask(&gateway(), Request::builder().uri(path), "");
        assert_eq!(answer.headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert!(!answer.body.is_empty(), "{path}");
    }
}

#[test]
fn large_bodies_are_refused_before_they_are_read() {
    let key = format!("Bearer {KEY}");
    let request = || Request::builder().method("POST").uri("/v1/chat/completions").header("authorization", &key);
    let said = ask(&gateway(), request().header("content-length", "101"), "{}");
    assert_eq!(said.status, 413, "{}", said.body);
    let long: &'static str = Box::leak(" ".repeat(101).into_boxed_str());
    let found = ask(&gateway(), request(), long);
    assert_eq!(found.status, 413, "{}", found.body);
}

#[test]
fn draining_is_said_to_load_balancers() {
    let gateway = gateway();
    gateway.app.draining.store(true, Ordering::Relaxed);
    for path in ["/health/readiness", "/health/liveliness"] {
        let answer = ask(&gateway, Request::builder().uri(path), "");
        assert_eq!((answer.status, answer.body.as_str()), (503, r#"{"status":"shutting_down"}"#), "{path}");
    }
}

#[test]
fn a_trailing_slash_is_sent_where_the_route_is() {
    let answer = ask(&gateway(), Request::builder().uri("/v1/models/?a=b"), "");
    assert_eq!((answer.status, answer.headers["location"].as_bytes()), (307, b"/v1/models?a=b".as_slice()));
    assert_eq!(ask(&gateway(), Request::builder().uri("//evil.example/"), "").status, 404);
}

#[test]
fn browsers_may_ask_first() {
    let request = Request::builder().method("OPTIONS").uri("/v1/models").header("origin", "https://example.com");
    let answer = ask(&gateway(), request.header("access-control-request-method", "GET"), "");
    assert_eq!((answer.status, answer.body.as_str()), (200, "OK"));
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
}

#[test]
fn the_document_describes_every_route() {
    let answer = ask(&gateway(), Request::builder().uri("/openapi.json"), "");
    let document: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    for route in routes::all() {
        assert!(document["paths"][route.path].is_object(), "{}", route.path);
    }
    let page = ask(&gateway(), Request::builder().uri("/docs"), "").body;
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "an outside asset");
}

#[test]
fn percent_signs_are_decoded_once() {
    for (text, want) in
        [("gpt%2D4o", "gpt-4o"), ("a%252Fb", "a%2Fb"), ("a%zz", "a%zz"), ("a%", "a%"), ("é%C3%A9", "éé")]
    {
        assert_eq!(decode(text), want);
    }
}

/// Refusals of routes in other formats than OpenAI's, as recorded from LiteLLM 1.106.2.
const RECORDED: &str = include_str!("../../../tests/recorded/format_errors.json");
const EQUAL: [&str; 31] = [
    "messages: no key",
    "messages: malformed key",
    "messages: wrong key",
    "messages: wrong x-api-key",
    "messages: empty",
    "messages: unknown model",
    "messages: unknown model, request id",
    "messages: no model",
    "messages: model null",
    "messages: model number",
    "messages: model empty",
    "messages: model list",
    "messages claude: no messages",
    "messages claude: no max_tokens",
    "count messages: no key",
    "count messages: empty",
    "count messages: no model",
    "count messages claude: no messages",
    "responses: no key",
    "responses: empty",
    "responses: unknown model",
    "responses: no model",
    "responses: model number",
    "responses claude: no input",
    "responses claude: input null",
    "generate: no key",
    "generate: wrong goog key",
    "generate: empty",
    "generate: unknown model",
    "generate claude: no contents",
    "count contents: malformed key",
];

#[test]
fn refusals_of_other_formats_are_litellms() {
    let (gateway, cases): (_, Vec<serde_json::Value>) = (gateway(), serde_json::from_str(RECORDED).expect("JSON"));
    for name in EQUAL {
        let case = cases.iter().find(|case| case["name"] == name).unwrap_or_else(|| panic!("no case {name}"));
        let text = |field: &str| case[field].as_str().expect("a text").replace("sk-oracle-master", KEY);
        let mut request =
            Request::builder().method("POST").uri(text("path")).header("content-type", "application/json");
        for (header, value) in case["headers"].as_object().expect("headers") {
            request = request.header(header, value.as_str().expect("a text").replace("sk-oracle-master", KEY));
        }
        let answer = ask(&gateway, request, text("body").leak());
        assert_eq!(
            (u64::from(answer.status), answer.body),
            (case["status"].as_u64().expect("a status"), text("answer")),
            "{name}"
        );
    }
}
