use bytes::Bytes;

use super::*;

/// For a request of 8 tokens.
fn estimator() -> Estimator {
    let request = Bytes::from_static(br#"{"messages":[{"role":"user","content":"Hi"}]}"#);
    let object = Object::parse(&request).expect("an object");
    Estimator::new("gpt-4o", &request, &object)
}

fn check(form: Form, body: &str, want: &str) {
    let answer = rewrite(form, "alias", &estimator(), body.as_bytes()).expect("JSON");
    assert_eq!(String::from_utf8(answer.body).expect("utf-8"), want);
}

const USAGE: &str = r#""usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}"#;

#[test]
fn only_the_model_changes() {
    check(
        Form::Chat,
        &format!(r#" {{"model" : "gpt-4o", "choices":[ {{"x":1.50}} ],{USAGE}}}"#),
        &format!(r#" {{"model" : "alias", "choices":[ {{"x":1.50}} ],{USAGE}}}"#),
    );
    check(Form::Plain, r#"{ "text" : "a" }"#, r#"{ "text" : "a" }"#);
}

#[test]
fn missing_counts_are_completed() {
    check(
        Form::Embedding,
        r#"{"data":[],"model":"m","usage":{"prompt_tokens":6,"total_tokens":6}}"#,
        r#"{"data":[],"model":"alias","usage":{"prompt_tokens":6,"total_tokens":6,"completion_tokens":0}}"#,
    );
    let answer = rewrite(Form::Chat, "alias", &estimator(), br#"{"choices":[{"message":{"content": "Hello there"}}]}"#)
        .expect("JSON");
    assert_eq!((answer.usage.prompt_tokens, answer.usage.completion_tokens), (8, 2));
}

#[test]
fn azure_filter_results_move() {
    check(
        Form::Chat,
        &format!(r#"{{"choices":[{{"index":0,"content_filter_results":{{"hate":1}}}}],{USAGE}}}"#),
        &format!(
            r#"{{"choices":[{{"index":0,"provider_specific_fields":{{"content_filter_results":{{"hate":1}}}}}}],{USAGE},"model":"alias"}}"#
        ),
    );
}

#[test]
fn chat_is_shown_as_text() {
    check(
        Form::ChatAsText,
        &format!(
            r#"{{"id":"c","created":1,"choices":[{{"index":0,"message":{{"content":"Hi"}},"finish_reason":"stop"}}],{USAGE}}}"#
        ),
        &format!(
            r#"{{"id":"c","created":1,{USAGE},"object":"text_completion","choices":[{{"finish_reason":"stop","index":0,"text":"Hi","logprobs":null}}],"model":"alias"}}"#
        ),
    );
}

#[test]
fn base64_vectors_become_numbers() {
    check(
        Form::EmbeddingFromBase64,
        &format!(r#"{{"data":[{{"embedding":"zczMPQAAgL4AAAA/"}}],{USAGE}}}"#),
        &format!(r#"{{"data":[{{"embedding":[0.10000000149011612,-0.25,0.5]}}],{USAGE},"model":"alias"}}"#),
    );
}

#[test]
fn what_answers_nothing_is_garbage() {
    for body in ["{}", r#"{"choices":null}"#, r#"{"choices":{}}"#] {
        assert!(rewrite(Form::Chat, "alias", &estimator(), body.as_bytes()).is_err(), "{body}");
        assert!(rewrite(Form::Embedding, "alias", &estimator(), body.as_bytes()).is_err(), "{body}");
    }
    assert!(rewrite(Form::Plain, "alias", &estimator(), b"{}").is_ok());
}

#[test]
fn what_is_no_object_is_garbage() {
    for body in ["", "this is not json", "[]", "<html>"] {
        assert!(rewrite(Form::Chat, "alias", &estimator(), body.as_bytes()).is_err(), "{body}");
        assert!(rewrite(Form::Plain, "alias", &estimator(), body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn a_forced_tool_becomes_content() {
    let call = r#"{"id":"x","function":{"name":"json_tool_call","arguments":"{}"}}"#;
    check(
        Form::ChatFromTool,
        &format!(
            r#"{{"choices":[{{"message":{{"content":null,"tool_calls":[{call}]}},"finish_reason":"tool_calls"}}],{USAGE}}}"#
        ),
        &format!(
            r#"{{"choices":[{{"message":{{"content":"{{}}"}},"finish_reason":"stop"}}],{USAGE},"model":"alias"}}"#
        ),
    );
}
