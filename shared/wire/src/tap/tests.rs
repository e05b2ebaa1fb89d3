use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

/// Prompt and completion tokens and the model, after an answer that comes in pieces of each size.
fn check(content_type: &str, answer: &[u8], want: Option<(u64, u64)>, model: Option<&str>) {
    for size in [1, 2, 3, 7, 64, answer.len().max(1)] {
        let mut tap = Tap::new(content_type).expect("a tap");
        answer.chunks(size).for_each(|piece| tap.push(piece));
        let got = tap.usage().map(|usage| (usage.prompt_tokens, usage.completion_tokens));
        let shown = String::from_utf8_lossy(answer);
        assert_eq!((got, tap.model()), (want, model), "in pieces of {size}: {shown}");
    }
}

#[test]
fn whole_answers_of_every_known_provider() {
    let json = "application/json; charset=utf-8";
    let chat =
        br#"{"model":"gpt-4o","choices":[{"message":{"content":"a \"usage\":{} b","usage":{"prompt_tokens":9}}}],
        "usage":{"prompt_tokens":21,"completion_tokens":13,"total_tokens":34,"prompt_tokens_details":{"x":{}}}}"#;
    check(json, chat, Some((21, 13)), Some("gpt-4o"));
    let anthropic = br#"{"model":"claude","content":[],"usage":{"input_tokens":2,"output_tokens":3,
        "cache_creation_input_tokens":10,"cache_read_input_tokens":null}}"#;
    check(json, anthropic, Some((12, 3)), Some("claude"));
    let gemini = br#"{"candidates":[{}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":5,
        "thoughtsTokenCount":6,"totalTokenCount":15},"modelVersion":"gemini-2.5"}"#;
    check(json, gemini, Some((4, 11)), Some("gemini-2.5"));
    check(json, br#"{"output":{},"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}"#, Some((1, 2)), None);
    let listed = br#"[{"usageMetadata":{"promptTokenCount":4}},
        {"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":7}}]"#;
    check(json, listed, Some((4, 7)), None);
}

#[test]
fn streams_of_every_known_provider() {
    let stream = "text/event-stream";
    let anthropic = b"event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude\",\"usage\":{\"input_tokens\":21,\"output_tokens\":1}}}\r\n\r\nevent: message_delta\ndata:{\"usage\":{\"output_tokens\":13}}\n\n";
    check(stream, anthropic, Some((21, 13)), Some("claude"));
    let chat = b"data: {\"model\":\"gpt\",\"usage\":null}\n\n: ping\n\ndata: {\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    check(stream, chat, Some((1, 2)), Some("gpt"));
    let responses = b"data: {\"type\":\"response.completed\",\"response\":{\"model\":\"gpt\",\"usage\":{\"input_tokens\":8,\"output_tokens\":9}}}\n\n";
    check(stream, responses, Some((8, 9)), Some("gpt"));
}

fn frame(document: &str) -> Vec<u8> {
    let headers = b"\x0b:event-type\x07\x00\x08metadata";
    let total = 12 + headers.len() + document.len() + 4;
    let mut frame = (total as u32).to_be_bytes().to_vec();
    frame.extend((headers.len() as u32).to_be_bytes());
    frame.extend([1, 2, 3, 4]);
    frame.extend_from_slice(headers);
    frame.extend_from_slice(document.as_bytes());
    frame.extend([5, 6, 7, 8]);
    frame
}

#[test]
fn frames_of_bedrock() {
    let kind = "application/vnd.amazon.eventstream";
    let converse =
        [frame(r#"{"delta":{"text":"Hi"}}"#), frame(r#"{"usage":{"inputTokens":5,"outputTokens":6}}"#)].concat();
    check(kind, &converse, Some((5, 6)), None);
    let packed = STANDARD.encode(r#"{"amazon-bedrock-invocationMetrics":{"inputTokenCount":7,"outputTokenCount":8}}"#);
    let invoke = [frame("{}"), frame(&format!(r#"{{"bytes":"{packed}","p":"abc"}}"#)), frame("")].concat();
    check(kind, &invoke, Some((7, 8)), None);
    check(kind, b"HTTP/1.1 500 no frames at all, but text of some length", None, None);
}

/// What is guessed of a stream that breaks off.
fn guessed(stream: &str, want: Option<(u64, u64)>) {
    let mut tap = Tap::new("text/event-stream").expect("a tap");
    tap.push(stream.as_bytes());
    let got = tap.estimate(40).map(|usage| (usage.prompt_tokens, usage.completion_tokens));
    assert_eq!(got, want, "{stream}");
}

#[test]
fn what_no_provider_has_counted_is_guessed() {
    let text = "x".repeat(400);
    let chunk = |delta: &str| format!("data: {{\"id\":\"text\",\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n");
    let chat = [chunk(r#"{"role":"assistant","content":""}"#), chunk(&format!(r#"{{"content":"{text}"}}"#))].concat();
    guessed(&chat, Some((10, 100)));
    let tool = chunk(&format!(r#"{{"tool_calls":[{{"index":0,"function":{{"name":"f","arguments":"{text}"}}}}]}}"#));
    guessed(&tool, Some((10, 100)));
    let begin =
        r#"data: {"type":"message_start","message":{"content":[],"usage":{"input_tokens":21,"output_tokens":1}}}"#;
    let piece = format!(r#"data: {{"type":"content_block_delta","delta":{{"type":"text_delta","text":"{text}"}}}}"#);
    guessed(&format!("{begin}\n\n{piece}\n\n{piece}\n\n"), Some((21, 200)));
    let response = format!(r#"data: {{"type":"response.output_text.delta","delta":"{text}"}}"#);
    guessed(&format!("{response}\n\n"), Some((10, 100)));
    guessed("data: {\"object\":\"list\"}\n\n", None);
}

/// Prompt, completion, read from the cache, written to it, and reasoning.
fn detailed(answer: &str, want: (u64, u64, u64, u64, u64)) {
    let mut tap = Tap::new("application/json").expect("a tap");
    tap.push(answer.as_bytes());
    let usage = tap.usage().unwrap_or_else(|| panic!("no usage: {answer}"));
    let details = usage.details;
    let got = (usage.prompt_tokens, usage.completion_tokens, details.cached, details.written, details.reasoning);
    assert_eq!(got, want, "{answer}");
}

#[test]
fn what_has_a_price_of_its_own_is_counted_apart() {
    let chat = r#"{"usage":{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,
        "prompt_tokens_details":{"cached_tokens":16},"completion_tokens_details":{"reasoning_tokens":4}}}"#;
    detailed(chat, (20, 9, 16, 0, 4));
    let response = r#"{"usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":16},"output_tokens":9,
        "output_tokens_details":{"reasoning_tokens":4},"total_tokens":29}}"#;
    detailed(response, (20, 9, 16, 0, 4));
    let claude = r#"{"usage":{"input_tokens":2,"output_tokens":3,"cache_creation_input_tokens":10,
        "cache_read_input_tokens":100,"server_tool_use":{"web_search_requests":2}}}"#;
    detailed(claude, (112, 3, 100, 10, 0));
    let gemini = r#"{"usageMetadata":{"promptTokenCount":120,"candidatesTokenCount":5,"thoughtsTokenCount":6,
        "totalTokenCount":131,"cachedContentTokenCount":100}}"#;
    detailed(gemini, (120, 11, 100, 0, 6));
    let converse = r#"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":103,"cacheReadInputTokens":100}}"#;
    detailed(converse, (101, 2, 100, 0, 0));
    let cohere = r#"{"usage":{"billed_units":{"input_tokens":7,"output_tokens":2},"tokens":{"input_tokens":70,"output_tokens":3}}}"#;
    detailed(cohere, (70, 3, 0, 0, 0));
    detailed(r#"{"embeddings":[],"meta":{"api_version":{},"billed_units":{"input_tokens":7}}}"#, (7, 0, 0, 0, 0));
}

#[test]
fn counts_of_the_head_count_where_the_body_has_none() {
    let mut tap = Tap::new("application/json").expect("a tap");
    tap.counted(3, 4);
    tap.push(b"{\"completion\": \"usage\"}");
    assert_eq!(tap.usage().map(|usage| (usage.prompt_tokens, usage.completion_tokens)), Some((3, 4)));
}

#[test]
fn what_holds_no_usage_has_no_tap() {
    for kind in ["", "text/html", "application/octet-stream", "audio/mpeg", "application/jsonl"] {
        assert!(Tap::new(kind).is_none(), "{kind}");
    }
    assert!(Tap::new("Application/Problem+JSON").is_some());
}

#[test]
fn memory_is_bounded() {
    let long = format!(r#"{{"model":"{}","usage":{{"prompt_tokens":1}}}}"#, "m".repeat(scan::VALUE_BYTES_MAX + 1));
    check("application/json", long.as_bytes(), Some((1, 0)), None);
    let key = format!(r#"{{"{}":{{}},"usage":{{"prompt_tokens":1}}}}"#, "k".repeat(100_000));
    check("application/json", key.as_bytes(), Some((1, 0)), None);
}

proptest! {
    #[test]
    fn any_bytes_pass(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for kind in ["application/json", "text/event-stream", "application/vnd.amazon.eventstream"] {
            let mut tap = Tap::new(kind).expect("a tap");
            tap.push(&bytes);
            let _ = (tap.usage(), tap.model());
        }
    }
}
