use super::{Pace, StreamBody, Usage};
use http_body_util::BodyExt;
use std::time::Duration;

async fn check(usage: Usage, frames: usize, before_done: &str) {
    let pace = Pace { chunks: 3, interval: Duration::ZERO };
    let text = StreamBody::new(pace, usage).collect().await.unwrap().to_bytes();
    let text = std::str::from_utf8(&text).unwrap();
    let events: Vec<&str> = text.split_terminator("\n\n").collect();
    assert_eq!(events.len(), frames, "{text}");
    assert_eq!(events[frames - 1], "data: [DONE]");
    assert!(events[frames - 2].contains(before_done), "{text}");
    for event in &events[..frames - 1] {
        serde_json::from_str::<serde_json::Value>(event.strip_prefix("data: ").unwrap()).unwrap();
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_finish_and_done() {
    check(Usage::Omitted, 5, r#""finish_reason":"stop""#).await;
}

#[tokio::test]
async fn usage_comes_just_before_done_when_asked_for() {
    check(Usage::Sent, 6, r#""total_tokens":124"#).await;
}
