use super::*;

#[test]
fn whole_answer_becomes_a_stream() {
    let body = br#"{"id":"c","created":1,"model":"m","choices":[{"index":0,"finish_reason":"tool_calls","message":
        {"role":"assistant","content":null,"tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{}"}}]}}],
        "usage":{"total_tokens":3}}"#;
    let text: String =
        replay(body, UsageWish::Shown).into_iter().map(|event| String::from_utf8(event).expect("utf-8")).collect();
    let want = concat!(
        r#"data: {"id":"c","created":1,"model":"m","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"id":"x","type":"function","function":{"name":"f","arguments":"{}"},"index":0}]}}]}"#,
        "\n\n",
        r#"data: {"id":"c","created":1,"model":"m","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
        "\n\n",
        r#"data: {"id":"c","created":1,"model":"m","object":"chat.completion.chunk","choices":[{"index":0,"delta":{}}],"usage":{"total_tokens":3}}"#,
        "\n\ndata: [DONE]\n\n"
    );
    assert_eq!(text, want);
    assert_eq!(replay(b"{}", UsageWish::Hidden), [b"data: [DONE]\n\n".to_vec()]);
}

#[test]
fn text_completions_keep_their_form() {
    let events = replay(br#"{"object":"text_completion","choices":[]}"#, UsageWish::Hidden);
    assert_eq!(events, [b"data: {\"object\":\"text_completion\",\"choices\":[]}\n\n".to_vec(), DONE.to_vec()]);
}
