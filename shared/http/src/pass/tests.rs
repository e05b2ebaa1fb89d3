use std::sync::Arc;

use http::Request;
use http_body_util::{BodyExt, Full};
use tollgate_core::config::{Config, Environment, Mode, ReadError, load};
use tollgate_core::pass::Passes;
use tollgate_testkit::{Script, Scripted};

use super::*;
use crate::Gateway;
use crate::routes::check_free;
use crate::tests::{KEY, app};

const OPERATORS: &str = "
general_settings:
  pass_through_endpoints:
    - {path: /open, target: 'http://open.example/', auth: false}
    - {path: /closed, target: 'http://closed.example/', include_subpath: true, methods: [POST],
       headers: {litellm_user_api_key: x-hook-key}, cost_per_request: 0.5}
    - {path: /langfuse, target: 'http://langfuse.example/', custom_auth_parser: langfuse}
";

struct Document<'a>(&'a str);

impl Environment for Document<'_> {
    fn read(&self, _: &str, _: u64) -> Result<Vec<u8>, ReadError> {
        Ok(self.0.as_bytes().to_vec())
    }

    fn exists(&self, _: &str) -> bool {
        true
    }

    fn variable(&self, name: &str) -> Option<String> {
        name.ends_with("_API_KEY").then(|| format!("the {name}"))
    }
}

fn config(yaml: &str) -> Config {
    let loaded = load("config.yaml", &Document(yaml), Mode::Boot);
    loaded.unwrap_or_else(|refusal| panic!("refused:\n{refusal}")).config
}

fn gateway(provider: &Arc<Scripted>) -> Gateway {
    let (passes, warnings) = Passes::new(&config(OPERATORS), &|name| Document("").variable(name));
    assert_eq!(warnings, Vec::<String>::new());
    let upstream = Arc::<Scripted>::clone(provider);
    Gateway::new(Arc::new(App { passes, upstream, ..app() }))
}

/// What is answered, and where the request went: `200 http://…`.
async fn outcome(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let answer = Script::Answer { status: 200, content_type: "text/plain", body: Vec::new() };
    let provider = Scripted::new([answer]);
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::from("{}")).expect("a request");
    let answer = gateway(&provider).answer(request).await;
    let requests = provider.requests();
    let went: Vec<&str> = requests.iter().map(|request| request.uri.as_str()).collect();
    for request in &requests {
        assert!(!format!("{request:?}").contains(KEY), "{path}: the gateway's key went along");
    }
    format!("{} {}", answer.status().as_u16(), went.join(" ")).trim_end().to_owned()
}

async fn check(method: &str, path: &str, headers: &[(&str, &str)], want: &str) {
    assert_eq!(outcome(method, path, headers).await, want, "{method} {path} {headers:?}");
}

#[tokio::test]
async fn every_way_to_show_the_key_is_known_at_its_door() {
    let anthropic = "200 https://api.anthropic.com/v1/messages";
    for (name, value) in [
        ("authorization", "Bearer sk-test-0123456789"),
        ("x-api-key", KEY),
        ("x-litellm-api-key", KEY),
        ("litellm_user_api_key", KEY),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=sk-test-0123456789/20260101/us-east-1/bedrock/aws4_request, Signature=1",
        ),
        ("authorization", "AWS4-HMAC-SHA256 Credential=Bearer sk-test-0123456789/20260101/x"),
    ] {
        check("POST", "/anthropic/v1/messages", &[(name, value)], anthropic).await;
    }
    check("POST", "/anthropic/v1/messages?key=sk-test-0123456789", &[], "401").await;
    check("POST", "/anthropic/v1/messages", &[("x-api-key", "sk-other")], "400").await;
    let gemini = "200 https://generativelanguage.googleapis.com/v1beta/models?pageSize=1&key=the%20GEMINI_API_KEY";
    check("GET", "/gemini/v1beta/models?key=sk-test-0123456789&pageSize=1", &[], gemini).await;
    check("GET", "/gemini/v1beta/models?pageSize=1&key=sk%2Dtest-0123456789", &[], gemini).await;
    check("GET", "/gemini/v1beta/models?pageSize=1", &[("x-goog-api-key", KEY)], gemini).await;
    check("GET", "/gemini/v1beta/models?pageSize=1&key=sk-other", &[], "400").await;
}

#[tokio::test]
async fn operators_routes_are_guarded_unless_the_operator_says_otherwise() {
    check("GET", "/open", &[], "200 http://open.example/").await;
    check("POST", "/closed", &[], "401").await;
    check("POST", "/closed/a/../b", &[], "401").await;
    check("POST", "/closed/a", &[("x-hook-key", KEY)], "200 http://closed.example/a").await;
    check("POST", "/closed/a", &[("authorization", "Bearer sk-test-0123456789")], "200 http://closed.example/a").await;
    check("GET", "/closed", &[("x-hook-key", KEY)], "405").await;
    // The name of HTTP's basic scheme is the key.
    let basic = "Basic c2stdGVzdC0wMTIzNDU2Nzg5OndoYXRldmVy";
    check("POST", "/langfuse", &[("authorization", basic)], "200 http://langfuse.example/").await;
    check("POST", "/langfuse", &[("authorization", "Basic bm9ib2R5Og==")], "400").await;
}

#[tokio::test]
async fn nothing_a_path_says_leads_elsewhere() {
    let key = &[("x-api-key", KEY)];
    for path in [
        "/anthropic/../openai/v1",
        "/anthropic/v1/..%2f..%2fx",
        "/anthropic/%2e%2e/x",
        "/anthropic/%252e%252e/x",
        "/anthropic/v1/..;/x",
        "/anthropic/v1/%5c..%5cx",
    ] {
        check("POST", path, key, "400").await;
    }
    let at = "200 https://api.anthropic.com";
    check("POST", "/anthropic//evil.example/x", key, &format!("{at}/evil.example/x")).await;
    check("POST", "/anthropic/@evil.example", key, &format!("{at}/@evil.example")).await;
    check("POST", "/anthropic/http://evil.example/", key, &format!("{at}/http:/evil.example/")).await;
    check("POST", "/anthropic/%2f%2fevil.example", key, &format!("{at}/%2f%2fevil.example")).await;
    check("POST", "http://evil.example/anthropic/v1", key, &format!("{at}/v1")).await;
    check("POST", "/anthropic/v1?x=http://evil.example/", key, &format!("{at}/v1?x=http://evil.example/")).await;
    check("POST", "/anthropicx/v1", key, "404").await;
    check("TRACE", "/anthropic/v1", key, "405").await;
    check("CONNECT", "/anthropic/v1", key, "405").await;
}

#[tokio::test]
async fn answers_carry_the_providers_headers_and_the_gateways() {
    let answer = Script::Answer { status: 429, content_type: "text/plain", body: Vec::new() };
    let provider = Scripted::new([answer]);
    let request = Request::builder().method("POST").uri("/closed").header("x-hook-key", KEY).body(Full::from("{}"));
    let answer = gateway(&provider).answer(request.expect("a request")).await;
    assert_eq!(answer.status(), 429);
    for (name, want) in [
        ("content-type", "text/plain"),
        ("x-litellm-model-api-base", "http://closed.example/"),
        ("x-litellm-version", crate::LITELLM_VERSION),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(answer.headers()[name], want);
    }
    // A failure costs nothing.
    assert!(!answer.headers().contains_key("x-litellm-response-cost"));
    assert!(answer.headers().contains_key("x-litellm-call-id"));
    assert!(answer.into_body().collect().await.expect("a body").to_bytes().is_empty());
}

#[tokio::test]
async fn an_answer_tells_what_the_operator_charges_for_it() {
    let provider = Scripted::new([Scripted::json(200, "{}")]);
    let request = Request::builder().method("POST").uri("/closed").header("x-hook-key", KEY).body(Full::from("{}"));
    let answer = gateway(&provider).answer(request.expect("a request")).await;
    assert_eq!(answer.headers()["x-litellm-response-cost"], "0.5");
    assert_eq!(answer.headers()["x-litellm-key-spend"], "0.0");
}

fn collide(entries: &str, want: &str) {
    let yaml = format!("general_settings:\n  pass_through_endpoints:\n{entries}");
    let endpoints = config(&yaml).general_settings.pass_through_endpoints;
    assert_eq!(check_free(&endpoints).err().unwrap_or_default(), want, "{entries}");
}

#[test]
fn a_path_that_is_taken_is_refused_by_name_and_line() {
    let own = "config.yaml:3: pass-through route `/v1/rerank` collides with the gateway's own `POST /v1/rerank`: choose another path";
    collide("    - {path: /v1/rerank, target: 'http://a.example'}", own);
    collide("    - {path: /v1/rerank, target: 'http://a.example', methods: [GET]}", "");
    let prefix = "config.yaml:3: pass-through route `/cohere/x` collides with the gateway's own `GET /cohere/{endpoint}`: choose another path";
    collide("    - {path: /cohere/x, target: 'http://a.example'}", prefix);
    let tree = "config.yaml:3: pass-through route `/cohere` collides with the gateway's own `GET /cohere/{endpoint}`: choose another path";
    collide("    - {path: /cohere, target: 'http://a.example', include_subpath: true}", tree);
    let twice = "config.yaml:4: pass-through route `/a/` is there twice for POST, first in line 3: choose other `methods` or paths";
    collide(
        "    - {path: /a, target: 'http://a.example'}\n    - {path: /a/, target: 'http://b.example', methods: [POST]}",
        twice,
    );
    collide(
        "    - {path: /a, target: 'http://a.example', methods: [GET]}\n    - {path: /a, target: 'http://b.example', methods: [POST]}",
        "",
    );
}
