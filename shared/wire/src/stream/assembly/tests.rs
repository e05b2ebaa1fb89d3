use super::*;

/// What a stream of these documents comes to, however it is cut.
fn check(format: Format, documents: &[Value], want: &Value) {
    let stream: String = documents.iter().map(|document| format!("data: {document}\n\n")).collect();
    for size in [3, 50, stream.len()] {
        let mut assembly = Assembly::new(format);
        stream.as_bytes().chunks(size).for_each(|piece| assembly.push(Bytes::copy_from_slice(piece)));
        assembly.push(Bytes::from_static(b"data: [DONE]\n\n"));
        assert_eq!(assembly.finish().as_ref(), Some(want), "in pieces of {size}");
    }
}

#[test]
fn chunks_become_a_completion() {
    let chunk = |delta: Value, reason: Value| {
        json!({"id": "c", "created": 1, "model": "m", "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
    };
    let call = |call: Value| chunk(json!({"tool_calls": [call]}), Value::Null);
    let documents = [
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": "Hel", "reasoning_content": "Hm"}), Value::Null),
        chunk(json!({"content": "lo"}), Value::Null),
        call(json!({"index": 0, "id": "t", "function": {"name": "f", "arguments": ""}})),
        call(json!({"index": 0, "function": {"arguments": "{\"a\":"}})),
        call(json!({"index": 0, "function": {"arguments": "1}"}})),
        chunk(json!({}), "tool_calls".into()),
        json!({"id": "c", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}),
    ];
    let message = json!({"role": "assistant", "content": "Hello", "reasoning_content": "Hm", "tool_calls": [
        {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]});
    let want = json!({"id": "c", "created": 1, "model": "m", "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}});
    check(Format::OpenAi, &documents, &want);
}

#[test]
fn text_stays_text() {
    let piece = |text: &str, reason: Value| json!({"id": "c", "choices": [{"index": 0, "text": text, "finish_reason": reason}]});
    let want = json!({"id": "c", "object": "text_completion",
        "choices": [{"index": 0, "text": "ab", "finish_reason": "stop"}]});
    check(Format::OpenAi, &[piece("a", Value::Null), piece("b", "stop".into())], &want);
}

#[test]
fn messages_and_candidates_become_a_completion_too() {
    let events = [
        json!({"type": "message_start", "message": {"id": "m", "model": "claude", "usage": {"input_tokens": 3}}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "f"}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "{}"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 4}}),
        json!({"type": "message_stop"}),
    ];
    let mut assembly = Assembly::new(Format::Messages);
    events.iter().for_each(|event| assembly.push(format!("event: x\ndata: {event}\n\n").into()));
    let whole = assembly.finish().unwrap();
    let choice = json!({"index": 0, "finish_reason": "tool_calls", "message": {"role": "assistant", "content": "Hi",
        "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}});
    assert_eq!((&whole["id"], &whole["model"], &whole["choices"]), (&json!("m"), &json!("claude"), &json!([choice])));
    assert_eq!((&whole["usage"]["prompt_tokens"], &whole["usage"]["completion_tokens"]), (&json!(3), &json!(4)));
    let pieces = [
        json!({"modelVersion": "g", "candidates": [{"index": 0, "content": {"parts": [{"text": "a", "thought": true}, {"text": "b"}]}}]}),
        json!({"candidates": [{"index": 0, "finishReason": "STOP", "content": {"parts": [{"text": "c"}]}}]}),
    ];
    let message = json!({"role": "assistant", "content": "bc", "reasoning_content": "a"});
    let want = json!({"model": "g", "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}]});
    check(Format::GenerateContent, &pieces, &want);
}

#[test]
fn a_response_is_the_last_event_s() {
    let events = [
        json!({"type": "response.created", "response": {"id": "r", "output": []}}),
        json!({"type": "response.output_text.delta", "delta": "a"}),
        json!({"type": "response.completed", "response": {"id": "r", "output": [1]}}),
    ];
    check(Format::Responses, &events, &json!({"id": "r", "output": [1]}));
}

#[test]
fn what_is_too_long_for_a_log_is_let_go() {
    let mut assembly = Assembly::new(Format::OpenAi);
    for _ in 0..3 {
        let piece = json!({"choices": [{"delta": {"content": "ä".repeat(TEXT_BYTES_MAX / 4)}}]});
        assembly.push(format!("data: {piece}\n\n").into());
    }
    let whole = assembly.finish().unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"].as_str().map(str::len), Some(TEXT_BYTES_MAX));
    assert_eq!(Assembly::new(Format::OpenAi).finish(), None);
}
