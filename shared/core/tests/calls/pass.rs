//! Requests passed on to a provider's own API: address, credential, headers, bytes, and the record.

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use tollgate_core::Error;
use tollgate_core::pass::{Lookup, PassCall, PassReply, Route};
use tollgate_core::upstream::{RequestBody, UpstreamError};
use tollgate_testkit::{Recorded, Script, Scripted, Step};

use crate::gateway::{Gateway, MASTER_KEY};
use crate::log::Log;
const VARIABLES: &[(&str, &str)] = &[
    ("ANTHROPIC_API_BASE", "http://anthropic.example/root"),
    ("ANTHROPIC_API_KEY", "sk-ant"),
    ("OPENAI_API_KEY", "sk-oai"),
    ("GEMINI_API_BASE", "http://gemini.example"),
    ("GEMINI_API_KEY", "g key"),
    ("COHERE_API_KEY", "sk-co"),
    ("AZURE_API_BASE", "https://azure.example/"),
    ("AZURE_API_KEY", "sk-az"),
    ("VLLM_API_BASE", "http://vllm.example"),
    ("CURSOR_API_KEY", "sk-cur"),
    ("ASSEMBLYAI_API_KEY", "sk-asm"),
    ("OPENROUTER_API_KEY", "sk-or"),
    ("WATSONX_TOKEN", "tok"),
    ("WATSONX_URL", "https://watsonx.example"),
];

const CONFIG: &str = "
model_list:
  - {model_name: az, litellm_params: {model: azure/my-gpt, api_base: 'https://mine.example', api_version: '2024-10-21', api_key: sk-mine}}
  - {model_name: local, litellm_params: {model: hosted_vllm/llama, api_base: 'http://local.example/v1', api_key: sk-local}}
  - {model_name: team/nim, litellm_params: {model: nvidia_nim/nv/yolo, api_base: 'http://nim.example/v1', api_key: sk-nim}}
  - {model_name: claude, litellm_params: {model: bedrock/converse/us.anthropic.claude-v1:0, aws_region_name: eu-west-1,
     aws_access_key_id: AKIA, aws_secret_access_key: s}}
  - {model_name: profile, litellm_params: {model: bedrock/anthropic.x, aws_region_name: eu-west-1, aws_access_key_id: AKIA,
     aws_secret_access_key: s, model_id: 'arn:aws:bedrock:eu-west-1:1:application-inference-profile/p1'}}
  - {model_name: gem, litellm_params: {model: vertex_ai/gemini-2.5-pro, vertex_project: lent, vertex_location: europe-west4,
     vertex_credentials: '{}', use_in_pass_through: true}}
  - {model_name: lender, litellm_params: {model: mistral/mistral-large, api_key: sk-lent, use_in_pass_through: true}}
general_settings:
  master_key: sk-master-91fe
  pass_through_endpoints:
    - {path: /hook, target: 'https://hook.example/in?fixed=1', headers: {x-own: a, Authorization: Bearer os.environ/COHERE_API_KEY}}
    - {path: /tree, target: 'https://tree.example/base/', include_subpath: true, forward_headers: true, methods: [GET, POST],
       default_query_params: {v: 1, w: 2}, cost_per_request: 0.25}
    - {path: /open, target: 'https://open.example', auth: false}
    - {path: /tree/deep, target: 'https://deep.example', methods: [POST]}
";

/// One request to be passed on.
struct Ask<'a> {
    provider: &'static str,
    method: Method,
    rest: &'a str,
    query: Option<&'a str>,
    headers: &'a [(&'static str, &'a str)],
    body: &'static [u8],
}

impl Default for Ask<'_> {
    fn default() -> Self {
        let headers = &[("content-type", "application/json")];
        Self { provider: "anthropic", method: Method::POST, rest: "v1/x", query: None, headers, body: b"{\"a\": 1}" }
    }
}

fn gateway(scripts: impl IntoIterator<Item = Script>) -> Gateway {
    Gateway::of(CONFIG, VARIABLES, scripts)
}

fn call<'a>(route: Route<'a>, ask: &Ask<'_>) -> PassCall<'a> {
    let mut headers = HeaderMap::new();
    for (name, value) in ask.headers {
        headers.append(*name, value.parse().unwrap());
    }
    PassCall {
        visitor: None,
        id: "call-1".to_owned(),
        route,
        method: ask.method.clone(),
        rest: ask.rest.to_owned(),
        query: ask.query.map(str::to_owned),
        headers,
        key: Some(MASTER_KEY.to_owned()),
        body: RequestBody::from(ask.body.to_vec()),
        length_bytes: Some(ask.body.len() as u64),
        started: std::time::Instant::now(),
    }
}

async fn ask(gateway: &Gateway, ask: &Ask<'_>) -> Result<PassReply, Error> {
    gateway.app.pass(call(Route::Provider(ask.provider), ask)).await
}

fn pairs(recorded: &Recorded) -> String {
    let mut pairs: Vec<String> = recorded
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "user-agent" | "content-type" | "content-length"))
        .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
        .collect();
    pairs.sort();
    pairs.join(" ")
}

async fn check(asked: Ask<'_>, uri: &str, headers: &str) {
    let gateway = gateway([Scripted::json(200, "{}")]);
    let provider = asked.provider;
    if let Err(error) = ask(&gateway, &asked).await {
        panic!("{provider}: {error}");
    }
    let sent = gateway.sent();
    assert_eq!((sent.uri.as_str(), pairs(&sent).as_str()), (uri, headers), "{provider}");
    assert_eq!(sent.body, asked.body, "{provider}");
}

#[tokio::test]
async fn each_provider_has_its_address_and_its_way_to_show_the_key() {
    let to = |provider, rest| Ask { provider, rest, ..Ask::default() };
    check(to("anthropic", "v1/messages"), "http://anthropic.example/root/v1/messages", "x-api-key=sk-ant").await;
    let both = "api-key=sk-oai authorization=Bearer sk-oai";
    check(to("openai", "v1/files"), "https://api.openai.com/v1/files", both).await;
    check(to("openai", "files"), "https://api.openai.com/v1/files", both).await;
    let gemini = "http://gemini.example/v1beta/models/g:generateContent";
    check(to("gemini", "v1beta/models/g:generateContent"), &format!("{gemini}?key=g%20key"), "").await;
    let asked = Ask { query: Some("alt=sse&key=x"), ..to("gemini", "v1beta/models/g:generateContent") };
    check(asked, &format!("{gemini}?alt=sse&key=g%20key"), "").await;
    check(to("cohere", "v2/chat"), "https://api.cohere.com/v2/chat", "authorization=Bearer sk-co").await;
    check(to("mistral", "v1/ocr"), "https://api.mistral.ai/v1/ocr", "authorization=Bearer sk-lent").await;
    check(to("cursor", "v0/me"), "https://api.cursor.com/v0/me", "authorization=Basic c2stY3VyOg==").await;
    check(to("assemblyai", "v2/t"), "https://api.assemblyai.com/v2/t", "authorization=sk-asm").await;
    check(to("eu.assemblyai", "v2/t"), "https://api.eu.assemblyai.com/v2/t", "authorization=sk-asm").await;
    check(to("openrouter", "v1/models"), "https://openrouter.ai/api/v1/models", "authorization=Bearer sk-or").await;
    check(to("vllm", "v1/models"), "http://vllm.example/v1/models", "").await;
    let watsonx = "https://watsonx.example/ml/v1/text?version=2024-03-13";
    check(to("watsonx", "ml/v1/text"), watsonx, "authorization=Bearer tok").await;
    let azure = "https://azure.example/openai/deployments/own/chat/completions?api-version=1";
    let asked = Ask { query: Some("api-version=1"), ..to("azure", "openai/deployments/own/chat/completions") };
    check(asked, azure, "api-key=sk-az authorization=Bearer sk-az").await;
}

#[tokio::test]
async fn headers_follow_the_providers_rule() {
    let headers = &[
        ("content-type", "application/json"),
        ("anthropic-version", "2023-06-01"),
        ("x-api-key", MASTER_KEY),
        ("authorization", "Bearer another"),
        ("x-pass-anthropic-beta", "b"),
    ];
    let anthropic = Ask { headers, ..Ask::default() };
    let want = "anthropic-beta=b anthropic-version=2023-06-01 x-api-key=sk-ant";
    check(anthropic, "http://anthropic.example/root/v1/x", want).await;
    let cohere = Ask { headers, provider: "cohere", ..Ask::default() };
    check(cohere, "https://api.cohere.com/v1/x", "anthropic-beta=b authorization=Bearer sk-co").await;
}

#[tokio::test]
async fn a_caller_may_bring_its_own_key_where_the_gateway_has_none() {
    let bring = |headers| Ask { headers, ..Ask::default() };
    let keyless = || Gateway::of(CONFIG, &[], [Scripted::json(200, "{}")]);
    let gateway = keyless();
    let own = &[("x-litellm-api-key", MASTER_KEY), ("x-api-key", "sk-mine")];
    assert!(ask(&gateway, &bring(own)).await.is_ok());
    assert_eq!(
        (gateway.sent().uri.as_str(), pairs(&gateway.sent()).as_str()),
        ("https://api.anthropic.com/v1/x", "x-api-key=sk-mine")
    );
    let error = ask(&keyless(), &bring(&[("x-api-key", MASTER_KEY)])).await.err().unwrap();
    assert_eq!((error.status(), error.to_string().contains("ANTHROPIC_API_KEY")), (401, true), "{error}");
    let unset = Ask { provider: "azure", ..Ask::default() };
    let error = ask(&keyless(), &unset).await.err().unwrap();
    assert_eq!(error.to_string(), "Required 'AZURE_API_BASE' in environment to make pass-through calls to azure");
}

async fn to_group(asked: Ask<'_>, uri: &str, headers: &str, body: &str) {
    let gateway = gateway([Scripted::json(200, "{}")]);
    if let Err(error) = ask(&gateway, &asked).await {
        panic!("{}: {error}", asked.rest);
    }
    let sent = gateway.sent();
    assert_eq!((sent.uri.as_str(), pairs(&sent).as_str()), (uri, headers), "{}", asked.rest);
    assert_eq!(std::str::from_utf8(&sent.body).unwrap(), body);
}

#[tokio::test]
async fn a_model_group_leads_to_its_deployment() {
    let json: &'static [u8] = br#"{"model":"az","x":1.50}"#;
    let in_path =
        Ask { provider: "azure", rest: "openai/deployments/az/chat/completions", body: json, ..Ask::default() };
    let uri = "https://mine.example/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21";
    to_group(in_path, uri, "api-key=sk-mine", r#"{"model":"az","x":1.50}"#).await;
    let in_body = Ask { provider: "azure", rest: "openai/v1/responses", body: json, ..Ask::default() };
    let uri = "https://mine.example/openai/v1/responses?api-version=2024-10-21";
    to_group(in_body, uri, "api-key=sk-mine", r#"{"model":"my-gpt","x":1.50}"#).await;
    let local = br#"{"stream":true,"model":"local"}"#;
    let in_body = Ask { provider: "vllm", rest: "v1/chat/completions", body: local, ..Ask::default() };
    let uri = "http://local.example/v1/chat/completions";
    to_group(in_body, uri, "authorization=Bearer sk-local", r#"{"stream":true,"model":"llama"}"#).await;
    let nim = Ask { provider: "nvidia_nim", rest: "team/nim/v1/infer", body: b"{}", ..Ask::default() };
    to_group(nim, "http://nim.example/v1/infer", "authorization=Bearer sk-nim", "{}").await;
    let error = ask(&gateway([]), &Ask { provider: "nvidia_nim", rest: "local/v1", ..Ask::default() }).await.err();
    assert_eq!(error.map(|error| error.status()), Some(400));
}

#[tokio::test]
async fn a_way_out_is_refused_before_anything_is_sent() {
    for provider in ["anthropic", "openai", "gemini", "azure", "vllm"] {
        for rest in ["../x", "v1/%2e%2e/x", "v1/..%2f..%2fx", "%252e%252e/x"] {
            let gateway = gateway([Scripted::json(200, "{}")]);
            let refused = ask(&gateway, &Ask { provider, rest, ..Ask::default() }).await.err();
            assert!(matches!(refused, Some(Error::PathEscapes)), "{provider} {rest}");
            assert!(gateway.provider.requests().is_empty());
        }
    }
}

#[tokio::test]
async fn bedrock_is_asked_where_its_region_or_its_group_is() {
    let to = |rest| Ask { provider: "bedrock", rest, ..Ask::default() };
    let own = "https://bedrock-runtime.us-west-2.amazonaws.com/model";
    let stamp = "authorization=stamped aws 8";
    check(to("model/anthropic.x%3A0/converse"), &format!("{own}/anthropic.x%3A0/converse"), stamp).await;
    let arn = "model/arn%3Aaws%3Abedrock%3Aus-west-2%3A1%3Aprompt/p/converse-stream";
    check(to(arn), &format!("{own}/arn%3Aaws%3Abedrock%3Aus-west-2%3A1%3Aprompt%2Fp/converse-stream"), stamp).await;
    let group = "https://bedrock-runtime.eu-west-1.amazonaws.com/model";
    check(to("model/claude/invoke"), &format!("{group}/us.anthropic.claude-v1%3A0/invoke"), stamp).await;
    let profile = "arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Aapplication-inference-profile%2Fp1";
    check(to("model/profile/converse"), &format!("{group}/{profile}/converse"), stamp).await;
    // A group of another provider is a model of Amazon's.
    check(to("model/local/invoke"), &format!("{own}/local/invoke"), stamp).await;
    let agent = "https://bedrock-agent-runtime.us-west-2.amazonaws.com/knowledgebases/KB/retrieve";
    check(to("knowledgebases/KB/retrieve"), agent, stamp).await;
}

#[tokio::test]
async fn bedrocks_own_headers_go_along_and_the_callers_signature_does_not() {
    let headers = &[
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("authorization", "AWS4-HMAC-SHA256 Credential=sk-master-91fe/x"),
        ("x-amz-date", "20260101T000000Z"),
        ("x-amz-security-token", "t"),
        ("x-amzn-bedrock-trace", "ENABLED"),
    ];
    let asked = Ask { provider: "bedrock", rest: "model/m/invoke", headers, ..Ask::default() };
    let uri = "https://bedrock-runtime.us-west-2.amazonaws.com/model/m/invoke";
    check(asked, uri, "accept=application/json authorization=stamped aws 8 x-amzn-bedrock-trace=ENABLED").await;
}

const VERTEX: &[(&str, &str)] = &[
    ("DEFAULT_VERTEXAI_PROJECT", "mine"),
    ("DEFAULT_VERTEXAI_LOCATION", "us-central1"),
    ("DEFAULT_GOOGLE_APPLICATION_CREDENTIALS", "{}"),
];

async fn vertex(rest: &str, query: Option<&str>, uri: &str) {
    let gateway = Gateway::of(CONFIG, VERTEX, [Scripted::json(200, "{}")]);
    let asked = Ask { provider: "vertex_ai", rest, query, ..Ask::default() };
    if let Err(error) = ask(&gateway, &asked).await {
        panic!("{rest}: {error}");
    }
    let sent = gateway.sent();
    assert_eq!((sent.uri.as_str(), pairs(&sent).as_str()), (uri, "authorization=stamped google 0"), "{rest}");
}

#[tokio::test]
async fn vertex_has_project_location_and_host_of_its_account() {
    let own = "https://us-central1-aiplatform.googleapis.com/v1/projects/mine/locations/us-central1";
    let model = "publishers/google/models/g:generateContent";
    vertex(model, None, &format!("{own}/{model}")).await;
    vertex(&format!("v1/projects/theirs/locations/asia-east1/{model}"), None, &format!("{own}/{model}")).await;
    vertex(&format!("projects/theirs/locations/asia-east1/{model}"), Some("a=b"), &format!("{own}/{model}?a=b")).await;
    let stream = "publishers/google/models/g:streamGenerateContent";
    vertex(stream, None, &format!("{own}/{stream}?alt=sse")).await;
    vertex(stream, Some("alt=json"), &format!("{own}/{stream}?alt=json")).await;
    let cached = "https://us-central1-aiplatform.googleapis.com/v1beta1/projects/mine/locations/us-central1";
    vertex("cachedContents", None, &format!("{cached}/cachedContents")).await;
    let lent = "https://europe-west4-aiplatform.googleapis.com/v1/projects/lent/locations/europe-west4";
    let group = "publishers/google/models/gem:generateContent";
    vertex(group, None, &format!("{lent}/publishers/google/models/gemini-2.5-pro:generateContent")).await;
    let discovery = "https://discoveryengine.googleapis.com/v1/projects/mine/locations/us-central1/dataStores/d";
    vertex("discovery/v1/projects/p/locations/global/dataStores/d", None, discovery).await;
}

#[tokio::test]
async fn vertex_takes_the_callers_own_token_where_the_gateway_has_no_account() {
    let headers = &[("x-litellm-api-key", MASTER_KEY), ("authorization", "Bearer ya29")];
    let rest = "v1/projects/p/locations/global/publishers/google/models/g:generateContent";
    let gateway = gateway([Scripted::json(200, "{}")]);
    assert!(ask(&gateway, &Ask { provider: "vertex_ai", rest, headers, ..Ask::default() }).await.is_ok());
    assert_eq!(gateway.sent().uri, format!("https://aiplatform.googleapis.com/{rest}"));
    assert_eq!(pairs(&gateway.sent()), "authorization=Bearer ya29");
    for (rest, status) in [
        ("v1/projects/p/locations/evil.example%2F/models/g:x", 400),
        ("v1/projects/p/locations/evil.example#/models/g:x", 400),
        ("v1/models/g:x", 400),
    ] {
        let refused = ask(&gateway, &Ask { provider: "vertex_ai", rest, headers, ..Ask::default() }).await.err();
        assert_eq!(refused.map(|error| error.status()), Some(status), "{rest}");
    }
    let keyless =
        Ask { provider: "vertex_ai", rest, headers: &[("authorization", "Bearer sk-master-91fe")], ..Ask::default() };
    assert_eq!(ask(&gateway, &keyless).await.err().map(|error| error.status()), Some(401));
}

async fn operator(method: Method, path: &str, query: Option<&str>, want: &str) {
    let gateway = gateway([Scripted::json(200, "{}")]);
    let got = match gateway.app.passes.find(&method, path) {
        Lookup::Found(route, at) => {
            let headers = &[("x-client", "c"), ("authorization", "Bearer sk-master-91fe")];
            let asked = Ask { method, rest: &path[at..], query, headers, ..Ask::default() };
            gateway.app.pass(call(Route::Operator(route), &asked)).await.map(|_| ()).unwrap();
            let sent = gateway.sent();
            format!("{} {}", sent.uri, pairs(&sent))
        }
        Lookup::WrongMethod => "405".to_owned(),
        Lookup::Nothing => "404".to_owned(),
    };
    assert_eq!(got, want, "{path} {query:?}");
}

#[tokio::test]
async fn operators_routes_lead_to_their_targets() {
    let hook = "authorization=Bearer sk-co x-own=a";
    operator(Method::POST, "/hook", None, &format!("https://hook.example/in?fixed=1 {hook}")).await;
    operator(Method::PUT, "/hook", Some("a=b"), &format!("https://hook.example/in?a=b {hook}")).await;
    operator(Method::POST, "/hook/more", None, "404").await;
    operator(Method::POST, "/hooked", None, "404").await;
    operator(Method::GET, "/tree", None, "https://tree.example/base/?v=1&w=2 x-client=c").await;
    operator(Method::GET, "/tree/a//b/", Some("w=9"), "https://tree.example/base/a/b/?w=9&v=1 x-client=c").await;
    operator(Method::DELETE, "/tree/a", None, "405").await;
    operator(Method::POST, "/tree/deep", None, "https://deep.example/ ").await;
    operator(Method::GET, "/tree/deep", None, "https://tree.example/base/deep?v=1&w=2 x-client=c").await;
}

#[tokio::test]
async fn answers_come_back_as_they_are_whatever_their_status() {
    for status in [200, 201, 302, 404, 429, 500] {
        let gateway = gateway([Scripted::json(status, r#"{"error":"as it is"}"#)]);
        let reply = ask(&gateway, &Ask::default()).await.ok().unwrap();
        assert_eq!(reply.status, status);
        assert_eq!(reply.api_base, "http://anthropic.example/root/v1/x");
        let body = reply.body.collect().await.unwrap().to_bytes();
        assert_eq!(body, Bytes::from_static(br#"{"error":"as it is"}"#));
        assert_eq!(gateway.provider.requests().len(), 1, "a redirect is not followed");
    }
}

#[tokio::test]
async fn the_record_has_model_usage_and_status() {
    let events = br#"data: {"message":{"usage":{"input_tokens":21,"output_tokens":1}}}

data: {"usage":{"output_tokens":13}}

"#;
    let script = Script::Answer { status: 200, content_type: "text/event-stream", body: vec![Step::Bytes(events)] };
    let (gateway, log) = (gateway([script]), Log::start());
    let asked = Ask { body: br#"{"messages":[{"model":"no"}],"model":"claude"}"#, ..Ask::default() };
    let reply = ask(&gateway, &asked).await.ok().unwrap();
    reply.body.collect().await.unwrap();
    for part in ["pass_through_endpoint", "claude", "prompt_tokens=21", "completion_tokens=13", "status=200"] {
        assert!(log.text().contains(part), "{part} is missing: {}", log.text());
    }
}

#[tokio::test]
async fn a_client_that_leaves_closes_the_call() {
    let body = vec![Step::Bytes(b"data: {}\n\n"), Step::Silence];
    let script = Script::Answer { status: 200, content_type: "text/event-stream", body };
    let (gateway, log) = (gateway([script]), Log::start());
    let reply = ask(&gateway, &Ask::default()).await.ok().unwrap();
    assert_eq!(gateway.provider.open_bodies(), 1);
    drop(reply);
    assert_eq!(gateway.provider.open_bodies(), 0);
    assert!(log.text().contains("status=499"), "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn silence_and_breaks_cut_the_answer() {
    for (step, status) in [(Step::Silence, "status=504"), (Step::Break, "status=502")] {
        let body = vec![Step::Bytes(b"data: {}\n\n"), step];
        let script = Script::Answer { status: 200, content_type: "text/event-stream", body };
        let (gateway, log) = (gateway([script]), Log::start());
        let reply = ask(&gateway, &Ask::default()).await.ok().unwrap();
        assert!(reply.body.collect().await.is_err());
        assert!(log.text().contains(status), "{}", log.text());
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_an_error_in_time() {
    let error = ask(&gateway([Script::Hang]), &Ask::default()).await.err().unwrap();
    let want = "no answer from anthropic.example within 600 s (general_settings.pass_through_request_timeout)";
    assert_eq!((error.status(), error.to_string().as_str()), (500, want));
    let error = ask(&gateway([Script::Fail(UpstreamError::Refused)]), &Ask::default()).await.err().unwrap();
    assert_eq!(error.to_string(), "no answer from anthropic.example: connection refused");
}
