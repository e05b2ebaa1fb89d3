//! What passed-on requests are charged, against LiteLLM 1.106.2.
//!
//! The numbers are `litellm.completion_cost(response, model, custom_llm_provider)` of LiteLLM with its own price map
//! (`LITELLM_LOCAL_MODEL_COST_MAP=True`), for a response whose usage its provider's transformation has read.

use http::{HeaderMap, Method};
use http_body_util::BodyExt;
use tollgate_core::pass::{Lookup, PassCall, Route};
use tollgate_core::upstream::RequestBody;
use tollgate_testkit::{Script, Scripted, Step};

use crate::log::Log;
use crate::paid::{Paid, costs};

const VARIABLES: &[(&str, &str)] = &[
    ("ANTHROPIC_API_KEY", "k"),
    ("OPENAI_API_KEY", "k"),
    ("GEMINI_API_KEY", "k"),
    ("COHERE_API_KEY", "k"),
    ("MISTRAL_API_KEY", "k"),
    ("ASSEMBLYAI_API_KEY", "k"),
    ("AZURE_API_BASE", "https://azure.example/"),
    ("AZURE_API_KEY", "k"),
    ("DEFAULT_VERTEXAI_PROJECT", "p"),
    ("DEFAULT_VERTEXAI_LOCATION", "us-central1"),
    ("DEFAULT_GOOGLE_APPLICATION_CREDENTIALS", "{}"),
];
const CONFIG: &str = "
model_list:
  - {model_name: az, litellm_params: {model: azure/my-gpt, api_base: 'https://mine.example', api_key: k,
     input_cost_per_token: 0.001, output_cost_per_token: 0.002}}
general_settings:
  master_key: sk-master-91fe
  pass_through_endpoints:
    - {path: /priced, target: 'https://priced.example', include_subpath: true, cost_per_request: 0.25}
    - {path: /plain, target: 'https://plain.example', include_subpath: true}
    - {path: /claude, target: 'https://api.anthropic.com', include_subpath: true}
";
const EVENTS: &str = "text/event-stream";

/// A request, and what is answered.
struct Case<'a> {
    to: &'static str,
    rest: &'a str,
    method: Method,
    body: &'static str,
    answer: Script,
}

fn json(to: &'static str, rest: &'static str, body: &'static str, answer: &'static str) -> Case<'static> {
    Case { to, rest, method: Method::POST, body, answer: Scripted::json(200, answer) }
}

fn events(to: &'static str, rest: &'static str, body: &'static str, answer: &'static str) -> Case<'static> {
    let answer = Script::Answer { status: 200, content_type: EVENTS, body: vec![Step::Bytes(answer.as_bytes())] };
    Case { to, rest, method: Method::POST, body, answer }
}

/// One request to its end; `to` is a provider, or the path of a route of the operator's.
async fn pass(case: Case<'_>) -> (Paid, Vec<String>) {
    let governed = Paid::of(CONFIG, VARIABLES, [case.answer]).await;
    let app = &governed.gateway.app;
    let route = match app.passes.find(&case.method, case.to) {
        Lookup::Found(operator, _) => Route::Operator(operator),
        _ => Route::Provider(case.to),
    };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    let call = PassCall {
        visitor: Some(governed.visitor.clone()),
        id: "call-1".to_owned(),
        route,
        method: case.method,
        rest: case.rest.to_owned(),
        query: None,
        headers,
        key: None,
        body: RequestBody::from(case.body.as_bytes().to_vec()),
        length_bytes: Some(case.body.len() as u64),
        started: std::time::Instant::now(),
    };
    let reply = match app.pass(call).await {
        Ok(reply) => reply,
        Err(error) => panic!("{}: {error}", case.to),
    };
    let told = reply.governed.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    let _ = reply.body.collect().await;
    (governed, told)
}

async fn check(case: Case<'_>, want_usd: f64, model: &str, provider: &str) {
    let what = format!("{} {}", case.to, case.rest);
    let (governed, _) = pass(case).await;
    let spend = governed.kept.one();
    costs(&spend, want_usd, &what);
    assert_eq!((spend.model.as_str(), spend.provider.as_str()), (model, provider), "{what}");
}

#[tokio::test]
async fn anthropic_is_charged_by_what_its_answers_count() {
    let body = r#"{"model":"claude-sonnet-4-5-20250929","messages":[]}"#;
    let answer = r#"{"model":"claude-sonnet-4-5-20250929","content":[],"usage":{"input_tokens":2095,
        "cache_creation_input_tokens":500,"cache_creation":{"ephemeral_5m_input_tokens":300,
        "ephemeral_1h_input_tokens":200},"cache_read_input_tokens":1000,"output_tokens":503,
        "server_tool_use":{"web_search_requests":2}}}"#;
    let (model, provider) = ("claude-sonnet-4-5-20250929", "anthropic");
    check(json("anthropic", "v1/messages", body, answer), 0.036455, model, provider).await;
    check(json("/claude", "v1/messages", body, answer), 0.036455, model, provider).await;
    let stream = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-sonnet-4-5-20250929\",\"usage\":{\"input_tokens\":25,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":4000,\"output_tokens\":1}}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    check(events("anthropic", "v1/messages", body, stream), 0.0015, model, provider).await;
}

#[tokio::test]
async fn openai_is_charged_for_chats_responses_and_embeddings() {
    let chat = r#"{"model":"gpt-4o-2024-08-06","choices":[],"usage":{"prompt_tokens":2006,"completion_tokens":300,
        "total_tokens":2306,"prompt_tokens_details":{"cached_tokens":1920},"completion_tokens_details":{}}}"#;
    let asked = json("openai", "v1/chat/completions", r#"{"model":"gpt-4o"}"#, chat);
    check(asked, 0.005615, "gpt-4o", "openai").await;
    let stream = "data: {\"type\":\"response.created\",\"response\":{\"model\":\"gpt-5-2025-08-07\",\"usage\":null}}\n\ndata: {\"type\":\"response.completed\",\"response\":{\"model\":\"gpt-5-2025-08-07\",\"output\":[],\"usage\":{\"input_tokens\":1500,\"input_tokens_details\":{\"cached_tokens\":1024},\"output_tokens\":700,\"output_tokens_details\":{\"reasoning_tokens\":640},\"total_tokens\":2200}}}\n\n";
    let asked = events("openai", "v1/responses", r#"{"model":"gpt-5","stream":true}"#, stream);
    check(asked, 0.007723, "gpt-5", "openai").await;
    let vectors = r#"{"model":"text-embedding-3-small","data":[],"usage":{"prompt_tokens":800,"total_tokens":800}}"#;
    let asked = json("openai", "v1/embeddings", r#"{"model":"text-embedding-3-small"}"#, vectors);
    check(asked, 1.6e-05, "text-embedding-3-small", "openai").await;
    // LiteLLM asks its list of sizes, which has none for this model, and charges nothing.
    let image = r#"{"data":[{"b64_json":"aaaa"}],"usage":{"input_tokens":50,"output_tokens":4160,"total_tokens":4210,
        "input_tokens_details":{"text_tokens":40,"image_tokens":10}}}"#;
    let asked = json("openai", "v1/images/generations", r#"{"model":"gpt-image-1","n":1}"#, image);
    check(asked, 0.1667, "gpt-image-1", "openai").await;
}

#[tokio::test]
async fn google_is_charged_by_the_model_in_the_path() {
    let answer = r#"{"candidates":[],"modelVersion":"gemini-2.5-flash","usageMetadata":{"promptTokenCount":1200,
        "candidatesTokenCount":80,"thoughtsTokenCount":300,"totalTokenCount":1580,"cachedContentTokenCount":1000,
        "promptTokensDetails":[{"modality":"TEXT","tokenCount":1200}],
        "cacheTokensDetails":[{"modality":"TEXT","tokenCount":1000}]}}"#;
    let path = "v1beta/models/gemini-2.5-flash:generateContent";
    check(json("gemini", path, "{}", answer), 0.00104, "gemini-2.5-flash", "gemini").await;
    let grounded = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"groundingMetadata":{"webSearchQueries":
        ["one","two"]}}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":50,"totalTokenCount":150}}"#;
    check(json("gemini", path, "{}", grounded), 0.035155, "gemini-2.5-flash", "gemini").await;
    let path = "v1beta/models/gemini-3-flash-preview:generateContent";
    check(json("gemini", path, "{}", grounded), 0.0282, "gemini-3-flash-preview", "gemini").await;
    let answer = r#"{"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":50,"totalTokenCount":150}}"#;
    let path = "publishers/google/models/gemini-2.5-pro:generateContent";
    check(json("vertex_ai", path, "{}", answer), 0.000625, "gemini-2.5-pro", "vertex_ai").await;
    let answer = r#"{"model":"claude-sonnet-4-5-20250929","usage":{"input_tokens":10,"output_tokens":20,
        "cache_read_input_tokens":5}}"#;
    let path = "publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict";
    let model = "claude-sonnet-4-5@20250929";
    // With the uplift of a regional endpoint (`vertex_location="us-central1"`).
    check(json("vertex_ai", path, "{}", answer), 0.00036465, model, "vertex_ai").await;
}

#[tokio::test]
async fn others_are_charged_by_their_own_names_of_counts() {
    let model = "anthropic.claude-3-5-sonnet-20241022-v2:0";
    let converse = r#"{"output":{},"usage":{"inputTokens":30,"outputTokens":60,"totalTokens":190,
        "cacheReadInputTokens":100}}"#;
    let path = "model/anthropic.claude-3-5-sonnet-20241022-v2%3A0/converse";
    check(json("bedrock", path, "{}", converse), 0.00102, model, "bedrock").await;
    // LiteLLM looks for chats under `cohere`, where its map has none of them, and charges nothing.
    let chat = r#"{"message":{},"usage":{"billed_units":{"input_tokens":7,"output_tokens":25},
        "tokens":{"input_tokens":70,"output_tokens":25}}}"#;
    let asked = json("cohere", "v2/chat", r#"{"model":"command-r-08-2024"}"#, chat);
    check(asked, 2.55e-05, "command-r-08-2024", "cohere_chat").await;
    let chat =
        r#"{"model":"mistral-large-latest","usage":{"prompt_tokens":70,"completion_tokens":25,"total_tokens":95}}"#;
    let asked = json("mistral", "v1/chat/completions", r#"{"model":"mistral-large-latest"}"#, chat);
    check(asked, 7.25e-05, "mistral-large-latest", "mistral").await;
}

/// Four bytes stand for a token where nobody has counted: 10 tokens of 40 bytes, 100 of 400.
#[tokio::test]
async fn a_stream_that_nobody_counted_is_charged_for_what_came() {
    const WANT_USD: f64 = 10.0 * 2.5e-6 + 100.0 * 1e-5;
    let chunk = format!(
        "data: {{\"model\":\"gpt-4o\",\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n",
        "x".repeat(400)
    );
    let chunk: &'static str = chunk.leak();
    for last in [Step::Bytes(b"data: [DONE]\n\n"), Step::Break] {
        let body = vec![Step::Bytes(chunk.as_bytes()), last];
        let answer = Script::Answer { status: 200, content_type: EVENTS, body };
        let asked = r#"{"model":"gpt-4o","stream":true,"x":0.0}"#;
        assert_eq!(asked.len(), 40);
        let case = Case { answer, ..json("openai", "v1/chat/completions", asked, "") };
        check(case, WANT_USD, "gpt-4o", "openai").await;
    }
}

#[tokio::test]
async fn a_group_is_charged_at_its_deployments_price() {
    let chat = r#"{"model":"gpt-4o","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#;
    let asked = json("azure", "openai/deployments/az/chat/completions", r#"{"model":"az"}"#, chat);
    check(asked, 0.007, "my-gpt", "azure").await;
    // What Azure's own deployments are called says nothing: the answer's model does.
    let chat = r#"{"model":"gpt-4o-2024-08-06","usage":{"prompt_tokens":2006,"completion_tokens":300,
        "total_tokens":2306,"prompt_tokens_details":{"cached_tokens":1920}}}"#;
    let asked = json("azure", "openai/deployments/own/chat/completions", "{}", chat);
    check(asked, 0.005615, "own", "azure").await;
}

#[tokio::test]
async fn an_operators_price_counts_for_answers_that_are_no_failure() {
    let priced = |status, answer| Case { answer: Scripted::json(status, answer), ..json("/priced", "", "{}", "") };
    check(priced(200, r#"{"model":"gpt-4o","usage":{"prompt_tokens":9}}"#), 0.25, "", "").await;
    check(priced(302, "{}"), 0.25, "", "").await;
    check(priced(404, "{}"), 0.0, "", "").await;
    check(priced(500, "{}"), 0.0, "", "").await;
    check(json("/plain", "", "{}", r#"{"model":"gpt-4o","usage":{"prompt_tokens":9}}"#), 0.0, "", "").await;
}

#[tokio::test]
async fn what_cannot_be_charged_is_said() {
    let log = Log::start();
    let answer = r#"{"model":"gpt-unheard-of","usage":{"prompt_tokens":9,"completion_tokens":1}}"#;
    let asked = json("openai", "v1/chat/completions", r#"{"model":"gpt-unheard-of"}"#, answer);
    check(asked, 0.0, "gpt-unheard-of", "openai").await;
    let text = log.text();
    assert!(text.contains("`gpt-unheard-of` of openai has no price"), "{text}");
    drop(log);
    let log = Log::start();
    check(json("openai", "v1/chat/completions", r#"{"model":"gpt-4o"}"#, "{}"), 0.0, "gpt-4o", "openai").await;
    assert!(log.text().contains("tells no usage"), "{}", log.text());
    drop(log);
    let log = Log::start();
    check(json("assemblyai", "v2/transcript", r#"{"audio_url":"u"}"#, r#"{"id":"t"}"#), 0.0, "", "").await;
    assert!(log.text().contains("what a job at assemblyai costs is not known"), "{}", log.text());
    drop(log);
    let log = Log::start();
    let list = Case { method: Method::GET, ..json("openai", "v1/models/gpt-4o", "", r#"{"id":"gpt-4o"}"#) };
    check(list, 0.0, "", "").await;
    check(json("anthropic", "v1/messages/count_tokens", r#"{"model":"c"}"#, r#"{"input_tokens":3}"#), 0.0, "", "")
        .await;
    assert!(!log.text().contains("charged nothing"), "{}", log.text());
}

#[tokio::test]
async fn a_caller_is_told_what_its_key_has_spent() {
    let (_, told) = pass(json("openai", "v1/models", "", "{}")).await;
    assert_eq!(told, ["x-litellm-key-spend: 0.0"]);
}
