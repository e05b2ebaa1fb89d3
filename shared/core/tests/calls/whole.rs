//! Whole answers: what each kind of call sends to its provider, and what its client gets.

use serde_json::{Value, json};
use tollgate_testkit::{Script, Scripted, Step};
use tollgate_wire::Operation;

use crate::gateway::{Gateway, PROVIDER_KEY, question};
use crate::log::Log;

pub const COMPLETION: &str = r#"{"id":"c1","object":"chat.completion","created":1700000000,"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}"#;
const UNCOUNTED: &str = r#"{"id":"c1","object":"chat.completion","created":1700000000,"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}"#;
const TEXT: &str = r#"{"id":"t1","object":"text_completion","created":1700000000,"model":"gpt-3.5-turbo-instruct","choices":[{"index":0,"text":"Hello","logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;
const VECTORS: &str = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AACAPwAAAMA="}],"model":"text-embedding-3-small","usage":{"prompt_tokens":2,"total_tokens":2}}"#;
const MODERATION: &str = r#"{"id":"m1","model":"omni-moderation-latest","results":[{"flagged":false}]}"#;
const IMAGE: &str = r#"{"created":1700000000,"data":[{"b64_json":"AAAA"}]}"#;
const RANKING: &str = r#"{"id":"r1","results":[{"index":1,"relevance_score":0.9}],"meta":{}}"#;

/// One call and what becomes of it.
struct Case {
    operation: Operation,
    asks: Value,
    provider_says: &'static str,
    /// The path of the provider's address.
    path: &'static str,
    sends: Value,
    /// Places in the answer, and what stands there.
    shows: &'static [(&'static str, &'static str)],
}

async fn check(case: Case) {
    let gateway = Gateway::new([Scripted::json(200, case.provider_says)]);
    let answer = gateway.ask(case.operation, &case.asks).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"), "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/json", "the provider's headers are handed on");
    assert_eq!(gateway.sent_json(), case.sends);
    let sent = gateway.sent();
    assert!(sent.uri.ends_with(case.path), "{} does not end with {}", sent.uri, case.path);
    let shows_key =
        sent.headers.values().any(|value| value == PROVIDER_KEY || *value == format!("Bearer {PROVIDER_KEY}"));
    assert!(shows_key, "{:?}", sent.headers.keys());
    assert_eq!(sent.headers["content-type"], "application/json");
    let shown = answer.json();
    for (place, expected) in case.shows {
        let found = shown.pointer(place).unwrap_or_else(|| panic!("nothing at {place} in {shown}"));
        assert_eq!(found.to_string(), *expected, "{place} in {shown}");
    }
    assert_eq!(gateway.provider.open_bodies(), 0);
}

#[tokio::test]
async fn a_chat_is_relayed_with_the_model_replaced_in_both_ways() {
    check(Case {
        operation: Operation::ChatCompletion,
        asks: question("chat"),
        provider_says: COMPLETION,
        path: "//api.openai.com/v1/chat/completions",
        sends: question("gpt-4o"),
        shows: &[
            ("/model", r#""chat""#),
            ("/id", r#""c1""#),
            ("/choices/0/message/content", r#""Hello""#),
            ("/usage/total_tokens", "18"),
        ],
    })
    .await;
}

#[tokio::test]
async fn a_text_completion_reaches_a_model_that_completes_text_as_such() {
    check(Case {
        operation: Operation::TextCompletion,
        asks: json!({ "model": "instruct", "prompt": "Hi" }),
        provider_says: TEXT,
        path: "//api.openai.com/v1/completions",
        sends: json!({ "model": "gpt-3.5-turbo-instruct", "prompt": "Hi" }),
        shows: &[("/model", r#""instruct""#), ("/object", r#""text_completion""#), ("/choices/0/text", r#""Hello""#)],
    })
    .await;
}

#[tokio::test]
async fn a_text_completion_of_a_chat_model_is_asked_in_a_chat() {
    check(Case {
        operation: Operation::TextCompletion,
        asks: json!({ "model": "chat", "prompt": "Hi", "max_tokens": 3 }),
        provider_says: COMPLETION,
        path: "//api.openai.com/v1/chat/completions",
        sends: json!({ "model": "gpt-4o", "messages": [{ "role": "user", "content": "Hi" }], "max_tokens": 3 }),
        shows: &[
            ("/model", r#""chat""#),
            ("/object", r#""text_completion""#),
            ("/choices/0/text", r#""Hello""#),
            ("/choices/0/finish_reason", r#""stop""#),
            ("/usage/prompt_tokens", "11"),
        ],
    })
    .await;
}

#[tokio::test]
async fn vectors_that_travel_packed_arrive_as_they_were_asked_for() {
    check(Case {
        operation: Operation::Embedding,
        asks: json!({ "model": "packed", "input": ["Hi"] }),
        provider_says: VECTORS,
        path: "//a.example/openai/deployments/my-embed/embeddings?api-version=2024-10-21",
        sends: json!({ "input": ["Hi"], "encoding_format": "base64", "model": "my-embed" }),
        shows: &[("/model", r#""packed""#), ("/data/0/embedding", "[1.0,-2.0]"), ("/usage/completion_tokens", "0")],
    })
    .await;
    check(Case {
        operation: Operation::Embedding,
        asks: json!({ "model": "embed", "input": "Hi", "encoding_format": "base64" }),
        provider_says: VECTORS,
        path: "//api.openai.com/v1/embeddings",
        sends: json!({ "model": "text-embedding-3-small", "input": "Hi", "encoding_format": "base64" }),
        shows: &[("/model", r#""embed""#), ("/data/0/embedding", r#""AACAPwAAAMA=""#)],
    })
    .await;
}

#[tokio::test]
async fn moderations_images_and_rankings_are_relayed_as_they_are() {
    check(Case {
        operation: Operation::Moderation,
        asks: json!({ "model": "moderation", "input": "Hi" }),
        provider_says: MODERATION,
        path: "/v1/moderations",
        sends: json!({ "model": "omni-moderation-latest", "input": "Hi" }),
        shows: &[("/results/0/flagged", "false"), ("/model", r#""omni-moderation-latest""#)],
    })
    .await;
    check(Case {
        operation: Operation::ImageGeneration,
        asks: json!({ "model": "image", "prompt": "A cat" }),
        provider_says: IMAGE,
        path: "/v1/images/generations",
        sends: json!({ "model": "gpt-image-1", "prompt": "A cat" }),
        shows: &[("/data/0/b64_json", r#""AAAA""#)],
    })
    .await;
    check(Case {
        operation: Operation::Rerank,
        asks: json!({ "model": "rerank", "query": "Hi", "documents": ["a", "b"] }),
        provider_says: RANKING,
        path: "/v2/rerank",
        sends: json!({ "model": "rerank-v3.5", "query": "Hi", "documents": ["a", "b"] }),
        shows: &[("/results/0/index", "1")],
    })
    .await;
}

#[tokio::test]
async fn the_end_of_a_call_is_logged_once_with_its_usage() {
    let check = async |says: &'static str, fields: &[&str]| {
        let (gateway, log) = (Gateway::new([Scripted::json(200, says)]), Log::start());
        gateway.chat("chat").await;
        let line = log.call();
        for field in fields {
            assert!(line.contains(field), "no{field} in {line}");
        }
    };
    let counted =
        [" call_id=call-1", " model=chat", " status=200", " prompt_tokens=11", " completion_tokens=7", " duration_ms="];
    check(COMPLETION, &counted).await;
    // The frames of message and answer are seven tokens, "Hi" and "Hello" one each.
    check(UNCOUNTED, &[" status=200", " prompt_tokens=8", " completion_tokens=1"]).await;
}

#[tokio::test]
async fn speech_is_relayed_byte_by_byte_under_the_providers_content_type() {
    let check = async |content_type: &'static str| {
        let body = vec![Step::Bytes(b"ID3 data: [DONE]"), Step::Bytes(b"\n\nrest")];
        let script = Script::Answer { status: 200, content_type, body };
        let gateway = Gateway::new([script]);
        let asks = json!({ "model": "speech", "input": "Hi", "voice": "alloy" });
        let answer = gateway.ask(Operation::Speech, &asks).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "ID3 data: [DONE]\n\nrest"));
        assert_eq!(answer.content_type, content_type);
        assert_eq!(gateway.sent_json(), json!({ "model": "tts-1", "input": "Hi", "voice": "alloy" }));
    };
    check("audio/mpeg").await;
    check("audio/wav").await;
}
