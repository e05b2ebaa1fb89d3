//! Streams and answers that no provider sends: mocked ones, and whole answers played as a stream.

use serde_json::{Value, json};
use tollgate_testkit::{Script, Scripted, Step};
use tollgate_wire::Operation;

use crate::gateway::{Gateway, question, streamed_question};
use crate::log::Log;
use crate::whole::COMPLETION;

const MOCKS: &str = "
model_list:
  - {model_name: text, litellm_params: {model: openai/gpt-4o, mock_response: Mocked}}
  - {model_name: fails, litellm_params: {model: openai/gpt-4o, mock_response: litellm.RateLimitError}}
  - {model_name: vector, litellm_params: {model: openai/text-embedding-3-small, mock_response: [0.5, 1.5]}}
";

#[tokio::test]
async fn a_mock_answers_without_a_provider_and_without_a_key() {
    let check = async |operation: Operation, body: Value, place: &str, expected: &str| {
        let (gateway, log) = (Gateway::of(MOCKS, &[], []), Log::start());
        let answer = gateway.ask(operation, &body).await;
        assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"), "{}", answer.text);
        assert_eq!(answer.json()["model"], body["model"]);
        assert_eq!(answer.json().pointer(place).unwrap_or(&Value::Null).to_string(), expected, "{}", answer.text);
        assert!(gateway.provider.requests().is_empty());
        assert!(log.call().contains(" status=200"));
    };
    check(Operation::ChatCompletion, question("text"), "/choices/0/message/content", "\"Mocked\"").await;
    check(Operation::Embedding, json!({ "model": "vector", "input": "x" }), "/data/0/embedding", "[0.5,1.5]").await;
}

#[tokio::test]
async fn a_mock_streams_its_text_and_one_done() {
    let (gateway, log) = (Gateway::of(MOCKS, &[], []), Log::start());
    let answer = gateway.ask(Operation::ChatCompletion, &streamed_question("text")).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "text/event-stream; charset=utf-8"));
    assert_eq!(content(&answer.events()), "Mocked");
    assert!(log.call().contains(" status=200"));
}

#[tokio::test]
async fn a_mocked_failure_is_a_failure_like_any_other() {
    for body in [question("fails"), streamed_question("fails")] {
        let (gateway, log) = (Gateway::of(MOCKS, &[], []), Log::start());
        let answer = gateway.ask(Operation::ChatCompletion, &body).await;
        assert_eq!(answer.status, 429);
        assert!(answer.text.starts_with("litellm.RateLimitError: this is a mock rate limit error"), "{}", answer.text);
        assert!(log.call().contains(" status=429"));
    }
}

#[tokio::test]
async fn a_whole_answer_is_played_as_a_stream_where_the_provider_cannot_stream() {
    let (gateway, log) = (Gateway::new([Scripted::json(200, COMPLETION)]), Log::start());
    let mut body = streamed_question("groq");
    body["response_format"] = json!({ "type": "json_object" });
    body["stream_options"] = json!({ "include_usage": true });
    let answer = gateway.ask(Operation::ChatCompletion, &body).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "text/event-stream; charset=utf-8"));
    assert_ne!(gateway.sent_json()["stream"], true, "the provider is asked for a whole answer");
    let events = answer.events();
    assert_eq!(content(&events), "Hello");
    let usage: Value = serde_json::from_str(&events[events.len() - 2]).unwrap();
    assert_eq!(usage["usage"]["total_tokens"], 18);
    assert!(log.call().contains(" status=200") && log.call().contains(" prompt_tokens=11"), "{}", log.call());
}

#[tokio::test]
async fn a_whole_answer_where_a_stream_was_asked_is_played_as_one() {
    let (gateway, log) = (Gateway::new([Scripted::json(200, COMPLETION)]), Log::start());
    let answer = gateway.ask(Operation::ChatCompletion, &streamed_question("chat")).await;
    assert_eq!((answer.status, answer.content_type.as_str()), (200, "text/event-stream; charset=utf-8"));
    assert_eq!(content(&answer.events()), "Hello");
    assert!(!answer.text.contains("usage") && answer.text.contains(r#""model":"chat""#), "{}", answer.text);
    assert!(log.call().contains(" status=200") && log.call().contains(" prompt_tokens=11"), "{}", log.call());
}

#[tokio::test(start_paused = true)]
async fn an_error_or_a_stall_in_it_is_a_plain_failure() {
    let check = async |steps: Vec<Step>, status: u16| {
        let gateway = Gateway::new([Script::Answer { status: 200, content_type: "application/json", body: steps }]);
        let answer = gateway.ask(Operation::ChatCompletion, &streamed_question("chat")).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.text.starts_with("litellm."), "{}", answer.text);
        assert_eq!(gateway.provider.open_bodies(), 0);
    };
    check(vec![Step::Bytes(br#"{"error":{"message":"slow down","code":429}}"#)], 429).await;
    check(vec![Step::Bytes(b"{}")], 500).await;
    check(vec![], 500).await;
    check(vec![Step::Bytes(b"{"), Step::Break], 500).await;
    check(vec![Step::Bytes(b"{"), Step::Silence], 408).await;
}

#[tokio::test]
async fn a_failure_of_what_would_have_been_played_is_a_plain_one() {
    let gateway = Gateway::new([Scripted::json(429, r#"{"error":{"message":"slow down"}}"#)]);
    let mut body = streamed_question("groq");
    body["response_format"] = json!({ "type": "json_object" });
    let answer = gateway.ask(Operation::ChatCompletion, &body).await;
    assert_eq!(answer.status, 429);
    assert!(answer.text.starts_with("litellm.RateLimitError: RateLimitError: GroqException"), "{}", answer.text);
}

/// The text of all chunks; every chunk must name its finish once, and `[DONE]` must stand at the end only.
fn content(events: &[String]) -> String {
    let (last, chunks) = events.split_last().unwrap();
    assert_eq!(last, "[DONE]");
    let chunks: Vec<Value> = chunks.iter().map(|chunk| serde_json::from_str(chunk).unwrap()).collect();
    let finishes = chunks.iter().filter(|chunk| chunk["choices"][0]["finish_reason"] == "stop").count();
    assert_eq!(finishes, 1, "{events:?}");
    chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect()
}
