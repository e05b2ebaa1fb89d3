//! What calls beside chats are charged, against LiteLLM 1.106.2.
//!
//! The numbers are `litellm.completion_cost` of the same answers, `litellm.search.search_provider_cost_per_query` and
//! `litellm.llms.openai.cost_calculation.video_generation_cost`, with LiteLLM's own price map.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tollgate_core::call::{Call, CallBody, Reply, ReplyBody, Upload};
use tollgate_core::govern::Settings;
use tollgate_core::govern::reset::ProxyBudget;
use tollgate_core::ledger::Spend;
use tollgate_core::quota::Enforcement;
use tollgate_core::resources::{Action, ResourceCall};
use tollgate_core::search::SearchCall;
use tollgate_core::upstream::RequestBody;
use tollgate_testkit::{Script, Scripted, Step};
use tollgate_wire::Operation;
use tollgate_wire::multipart::{self, Progress};

use crate::log::Log;
use crate::paid::{Paid, costs};
use crate::resources::with_json;

const CONFIG: &str = "
model_list:
  - {model_name: whisper, litellm_params: {model: openai/whisper-1, api_key: k}}
  - {model_name: mini, litellm_params: {model: openai/gpt-4o-transcribe, api_key: k}}
  - {model_name: draw, litellm_params: {model: openai/gpt-image-1, api_key: k}}
  - {model_name: each, litellm_params: {model: openai/drawn, api_key: k, output_cost_per_image: 0.04}}
  - {model_name: rank, litellm_params: {model: cohere/rerank-v3.5, api_key: k}}
  - {model_name: jina, litellm_params: {model: jina_ai/jina-reranker-v2-base-multilingual, api_key: k}}
  - {model_name: ocr, litellm_params: {model: mistral/mistral-ocr-latest, api_key: k}}
  - {model_name: film, litellm_params: {model: openai/sora-2, api_key: k}}
  - {model_name: speech, litellm_params: {model: openai/tts-1, api_key: k}}
  - {model_name: gpt, litellm_params: {model: openai/gpt-4.1, api_key: k}}
  - {model_name: five, litellm_params: {model: openai/gpt-5, api_key: k}}
  - {model_name: world, litellm_params: {model: openai/gpt-6-sol, api_key: k}}
  - {model_name: europe, litellm_params: {model: openai/gpt-6-sol, api_base: 'https://eu.api.openai.com/v1', api_key: k}}
  - {model_name: hourly, litellm_params: {model: openai/timed, api_key: k, input_cost_per_second: 1.0}}
search_tools:
  - {search_tool_name: tav, litellm_params: {search_provider: tavily, api_key: k}}
  - {search_tool_name: exa, litellm_params: {search_provider: exa_ai, api_key: k}}
general_settings: {master_key: sk-master-91fe}
";
/// The 44 bytes that stand before 12,345 samples at 16 kHz.
const WAV: &str = "524946469660000057415645666d74201000000001000100803e0000007d00000200100064617461726000000000";

async fn governed(answer: &'static str) -> Paid {
    Paid::of(CONFIG, &[], [Scripted::json(200, answer)]).await
}

async fn read(reply: Reply) -> Vec<String> {
    let headers = reply.served_by.governed.iter();
    let told = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    if let ReplyBody::Relayed(relay) = reply.body {
        let _ = relay.collect().await;
    }
    told
}

async fn serve(governed: &Paid, call: Call) -> Vec<String> {
    let call = Call { visitor: Some(governed.visitor.clone()), ..call };
    match governed.gateway.app.serve(call).await {
        Ok(reply) => read(reply).await,
        Err(failed) => panic!("{}", failed.error),
    }
}

async fn check(operation: Operation, body: Value, answer: &'static str, want_usd: f64) {
    let governed = governed(answer).await;
    let told = serve(&governed, governed.gateway.call(operation, &body)).await;
    let spend = governed.kept.one();
    costs(&spend, want_usd, &body.to_string());
    let cost = told.iter().find_map(|line| line.strip_prefix("x-litellm-response-cost: "));
    if operation != Operation::Speech {
        let cost: f64 = cost.expect("the cost among the headers").parse().unwrap();
        assert!((cost - want_usd).abs() < 1e-9, "{told:?}");
    }
}

/// A form, whole or as far as it is when its head has been read.
fn upload(fields: &[(&str, &str)], file: &[u8], is_whole: bool) -> Upload {
    let mut form = Vec::new();
    for (name, value) in fields {
        form.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    form.extend(b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n");
    form.extend_from_slice(file);
    form.extend(b"\r\n--b--\r\n");
    let bytes = Bytes::from(form);
    let head = if is_whole { bytes.len() } else { bytes.len() - file.len() + WAV.len() / 2 };
    let found = match multipart::scan("b", &bytes[..head]).unwrap() {
        Progress::Ready(found) | Progress::Ended(found) => found,
        Progress::NeedMore => panic!("no form"),
    };
    let rest = Full::new(bytes.slice(head..)).map_err(|never| match never {});
    Upload {
        boundary: "b".to_owned(),
        head: bytes.slice(..head),
        form: found,
        rest: RequestBody::Streamed(rest.boxed_unsync()).into(),
        length_bytes: Some(bytes.len() as u64),
    }
}

fn recording(samples: usize) -> Vec<u8> {
    let head = (0..WAV.len()).step_by(2).map(|at| u8::from_str_radix(&WAV[at..at + 2], 16).unwrap());
    let mut file: Vec<u8> = head.take(44).collect();
    file.resize(44 + 2 * samples, 0);
    file
}

async fn transcribe(model: &str, file: &[u8], is_whole: bool, answer: &'static str, want_usd: f64) {
    let governed = governed(answer).await;
    let call = governed.gateway.call(Operation::Transcription, &Value::Null);
    let upload = upload(&[("model", model)], file, is_whole);
    let told = serve(&governed, Call { body: CallBody::Upload(upload), ..call }).await;
    costs(&governed.kept.one(), want_usd, answer);
    assert!(told.iter().any(|line| line.starts_with("x-litellm-response-cost: ")), "{told:?}");
}

#[tokio::test]
async fn transcriptions_are_charged_by_the_length_of_the_recording() {
    transcribe("whisper", b"no audio", true, r#"{"text":"a","duration":8.47}"#, 0.000847).await;
    transcribe("whisper", &recording(12_345), true, r#"{"text":"a"}"#, 7.715625e-05).await;
    // What is longer than may be kept is passed on while it arrives; its head is enough.
    transcribe("whisper", &recording(100_000), false, r#"{"text":"a"}"#, 7.715625e-05).await;
    let tokens = r#"{"text":"a","usage":{"type":"tokens","input_tokens":14,
        "input_token_details":{"text_tokens":0,"audio_tokens":14},"output_tokens":45,"total_tokens":59}}"#;
    transcribe("mini", &recording(12_345), true, tokens, 0.000485).await;
}

#[tokio::test]
async fn a_recording_of_unknown_length_is_charged_nothing_and_said() {
    let log = Log::start();
    transcribe("whisper", b"no audio", true, r#"{"text":"a"}"#, 0.0).await;
    assert!(log.text().contains("how long the recording is cannot be told"), "{}", log.text());
}

#[tokio::test]
async fn images_are_charged_by_tokens_or_by_their_number() {
    let tokens = r#"{"created":1,"data":[{"b64_json":"aaaa"}],"usage":{"input_tokens":50,"output_tokens":4160,
        "total_tokens":4210,"input_tokens_details":{"text_tokens":40,"image_tokens":10}}}"#;
    check(Operation::ImageGeneration, json!({"model": "draw", "prompt": "x"}), tokens, 0.1667).await;
    let two = r#"{"created":1,"data":[{"url":"u"},{"url":"v"}]}"#;
    check(Operation::ImageGeneration, json!({"model": "each", "prompt": "x", "n": 3}), two, 0.08).await;
}

#[tokio::test]
async fn edited_images_are_charged_by_their_tokens_too() {
    let tokens = r#"{"created":1,"data":[{"b64_json":"aaaa"}],"usage":{"input_tokens":50,"output_tokens":4160,
        "total_tokens":4210,"input_tokens_details":{"text_tokens":40,"image_tokens":10}}}"#;
    let governed = governed(tokens).await;
    let call = governed.gateway.call(Operation::ImageEdit, &Value::Null);
    let upload = upload(&[("model", "draw"), ("prompt", "x"), ("n", "1")], b"PNG", true);
    serve(&governed, Call { body: CallBody::Upload(upload), ..call }).await;
    costs(&governed.kept.one(), 0.1667, tokens);
}

/// Whether a call is made where five cents are left, all told, and nothing may be overspent.
async fn fits(operation: Operation, body: Value) -> bool {
    let settings = Settings {
        proxy_budget: Some(ProxyBudget { max_usd: 0.05, duration: None }),
        enforcement: Enforcement::Strict,
        ..Settings::default()
    };
    let governed = Paid::set(CONFIG, &[], [Scripted::json(200, r#"{"data":[],"results":[]}"#)], settings).await;
    let call = governed.gateway.call(operation, &body);
    let outcome = governed.gateway.app.serve(Call { visitor: Some(governed.visitor.clone()), ..call }).await;
    let is_made = outcome.is_ok();
    assert_eq!(is_made, !governed.gateway.provider.requests().is_empty(), "{body}");
    is_made
}

#[tokio::test]
async fn a_strict_budget_holds_for_units_as_for_tokens() {
    let images = |count: u64| json!({"model": "each", "prompt": "x", "n": count});
    assert!(fits(Operation::ImageGeneration, images(1)).await);
    assert!(!fits(Operation::ImageGeneration, images(2)).await);
    let document = json!({"type": "document_url", "document_url": "https://h/a.pdf"});
    let ocr = |pages: Value| json!({"model": "ocr", "document": document, "pages": pages});
    assert!(fits(Operation::Ocr, ocr(json!([0, 1]))).await);
    assert!(!fits(Operation::Ocr, ocr(Value::Null)).await);
    let rerank = |documents: usize| json!({"model": "rank", "query": "q", "documents": vec!["d"; documents]});
    assert!(fits(Operation::Rerank, rerank(100)).await);
    assert!(!fits(Operation::Rerank, rerank(2600)).await);
}

#[tokio::test]
async fn reranks_pages_and_speech_have_units_of_their_own() {
    let billed = r#"{"id":"x","results":[],"meta":{"billed_units":{"search_units":2}}}"#;
    let body = |model| json!({"model": model, "query": "q", "documents": ["a"]});
    check(Operation::Rerank, body("rank"), billed, 0.004).await;
    let tokens = r#"{"model":"m","results":[],"usage":{"total_tokens":900}}"#;
    check(Operation::Rerank, body("jina"), tokens, 4.5e-05).await;
    let ocr = json!({"model": "ocr", "document": {"type": "document_url", "document_url": "https://h/a.pdf"}});
    let pages = r#"{"pages":[],"model":"mistral-ocr-latest","usage_info":{"pages_processed":3}}"#;
    check(Operation::Ocr, ocr.clone(), pages, 0.012).await;
    let annotated = r#"{"pages":[],"model":"mistral-ocr-latest","usage_info":{"pages_processed":3,
        "pages_processed_annotation":2}}"#;
    check(Operation::Ocr, ocr, annotated, 0.022).await;
    let speech = json!({"model": "speech", "input": "Hello there", "voice": "alloy"});
    check(Operation::Speech, speech, "sound", 0.000165).await;
}

#[tokio::test]
async fn tools_and_tiers_of_a_chat_are_charged() {
    let searched = r#"{"id":"resp_1","object":"response","status":"completed","model":"gpt-4.1","output":[
        {"type":"web_search_call","id":"w1","status":"completed"},{"type":"web_search_call","id":"w2","status":"completed"}],
        "usage":{"input_tokens":1500,"input_tokens_details":{"cached_tokens":0},"output_tokens":700,
        "output_tokens_details":{"reasoning_tokens":0},"total_tokens":2200}}"#;
    check(Operation::Responses, json!({"model": "gpt", "input": "x"}), searched, 0.0586).await;
    let flex = r#"{"id":"c","model":"gpt-5","service_tier":"flex","choices":[{"index":0,"finish_reason":"stop",
        "message":{"role":"assistant","content":"a"}}],
        "usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#;
    let body = json!({"model": "five", "messages": [{"role": "user", "content": "x"}], "service_tier": "flex"});
    check(Operation::ChatCompletion, body, flex, 0.001125).await;
}

#[tokio::test]
async fn regions_and_time_have_prices_of_their_own() {
    let answer = r#"{"id":"c","model":"gpt-6-sol","choices":[{"index":0,"finish_reason":"stop",
        "message":{"role":"assistant","content":"a"}}],
        "usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100}}"#;
    let body = |model: &str| json!({"model": model, "messages": [{"role": "user", "content": "x"}]});
    check(Operation::ChatCompletion, body("world"), answer, 0.003).await;
    check(Operation::ChatCompletion, body("europe"), answer, 0.0033).await;
    let governed = governed(answer).await;
    serve(&governed, governed.gateway.call(Operation::ChatCompletion, &body("hourly"))).await;
    let spend = governed.kept.one();
    let seconds = spend.ended.since(spend.started).as_secs_f64();
    costs(&spend, seconds, "a dollar a second");
}

/// A stream to its end, where prompts are kept.
async fn stream(operation: Operation, body: Value, events: &'static str) -> Spend {
    let settings = Settings { keeps_prompts: true, ..Settings::default() };
    let script =
        Script::Answer { status: 200, content_type: "text/event-stream", body: vec![Step::Bytes(events.as_bytes())] };
    let governed = Paid::set(CONFIG, &[], [script], settings).await;
    let told = serve(&governed, governed.gateway.call(operation, &body)).await;
    assert!(told.contains(&"x-litellm-key-spend: 0.0".to_owned()), "{told:?}");
    governed.kept.one()
}

#[tokio::test]
async fn a_stream_is_kept_as_the_answer_that_it_came_to() {
    let body = json!({"model": "gpt", "stream": true, "messages": [{"role": "user", "content": "x"}]});
    let events = "data: {\"id\":\"c\",\"model\":\"gpt-4.1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"}}]}\n\ndata: {\"id\":\"c\",\"model\":\"gpt-4.1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\",\"annotations\":[{\"type\":\"url_citation\"}]},\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"c\",\"model\":\"gpt-4.1\",\"choices\":[],\"usage\":{\"prompt_tokens\":1500,\"completion_tokens\":700,\"total_tokens\":2200}}\n\ndata: [DONE]\n\n";
    let spend = stream(Operation::ChatCompletion, body, events).await;
    let response = spend.response.clone().unwrap_or_default();
    assert_eq!(response["choices"][0]["message"]["content"], "Hello", "{response}");
    assert_eq!((&response["object"], &response["model"]), (&json!("chat.completion"), &json!("gpt")));
    // One search, for a chat only cites what it has found.
    costs(&spend, 0.0336, "a chat that has searched");
    let body = json!({"model": "gpt", "stream": true, "input": "x"});
    let events = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"gpt-4.1\",\"output\":[{\"type\":\"web_search_call\",\"id\":\"w1\",\"status\":\"completed\"},{\"type\":\"web_search_call\",\"id\":\"w2\",\"status\":\"completed\"}],\"usage\":{\"input_tokens\":1500,\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":700,\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":2200}}}\n\n";
    let spend = stream(Operation::Responses, body, events).await;
    costs(&spend, 0.0586, "a response that has searched");
    assert_eq!(spend.response.unwrap_or_default()["object"], "response");
}

async fn search(tool: &str, body: Value, want_usd: f64) {
    let governed = governed("{}").await;
    let call = SearchCall {
        id: "call-1".to_owned(),
        visitor: Some(governed.visitor.clone()),
        path_tool: Some(tool.to_owned()),
        body: body.to_string().into(),
        timeout: None,
        started: std::time::Instant::now(),
    };
    let told = match governed.gateway.app.search(call).await {
        Ok(reply) => read(reply).await,
        Err(failed) => panic!("{}", failed.error),
    };
    costs(&governed.kept.one(), want_usd, &body.to_string());
    assert!(told.iter().any(|line| line.starts_with("x-litellm-response-cost: ")), "{told:?}");
}

#[tokio::test]
async fn searches_are_charged_by_query_and_by_results() {
    search("tav", json!({"query": "x"}), 0.008).await;
    search("exa", json!({"query": "x", "max_results": 3}), 0.005).await;
    search("exa", json!({"query": "x", "max_results": 60}), 0.025).await;
    search("exa", json!({"query": ["x", "y"]}), 0.01).await;
}

async fn resource(call: ResourceCall, answer: &'static str, want_usd: f64) -> Vec<String> {
    let governed = governed(answer).await;
    let call = ResourceCall { visitor: Some(governed.visitor.clone()), ..call };
    let told = match governed.gateway.app.serve_resource(call).await {
        Ok(reply) => read(reply).await,
        Err(failed) => panic!("{}", failed.error),
    };
    costs(&governed.kept.one(), want_usd, answer);
    told
}

#[tokio::test]
async fn films_are_charged_by_their_seconds_when_they_are_ordered() {
    let body = json!({"model": "film", "prompt": "a cat", "seconds": "8"});
    let film = r#"{"id":"video_1","object":"video","status":"queued","seconds":"8","size":"1280x720"}"#;
    let told = resource(with_json(Action::CreateVideo, &body), film, 0.8).await;
    assert!(told.contains(&"x-litellm-response-cost: 0.8".to_owned()), "{told:?}");
}
