use super::*;

fn message(text: &str) -> Message<'_> {
    serde_json::from_str(text).expect("a message")
}

#[test]
fn plain_text_is_borrowed() {
    let text = r#"{"role":"user","content":"Hello"}"#;
    let Content::Text(Text(std::borrow::Cow::Borrowed(content))) = message(text).content else {
        panic!("the text was copied");
    };
    assert_eq!(content, "Hello");
}

#[test]
fn parts_keep_what_has_no_name_here() {
    let text = r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"b\n"}],"weight":1}"#;
    let message = message(text);
    assert_eq!(message.get("weight"), Some("1"));
    assert_eq!(message.content.text(), "b\n");
    let Content::Parts(parts) = &message.content else { panic!("no parts") };
    assert_eq!(parts[0].get("image_url"), Some(r#"{"url":"x"}"#));
}

#[test]
fn a_called_function_has_its_arguments_as_text_in_either_form() {
    let text = r#"{"role":"assistant","content":null,"tool_calls":[
        {"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
        {"id":"2","type":"function","function":{"name":"g","arguments":{"a":1}}}]}"#;
    let message = message(text);
    for called in &message.tool_calls {
        let function = called.function.as_ref().expect("a function");
        assert_eq!(function.arguments_text(), "{\"a\":1}");
    }
}

#[test]
fn an_answer_is_read_as_it_is_written() {
    let text = r#"{"id":"x","created":1,"model":"m","object":"chat.completion","choices":[{"finish_reason":"stop","index":0,"message":{"content":"Hi","role":"assistant","extra":1}}],"usage":{"completion_tokens":1,"prompt_tokens":2,"total_tokens":3,"cost":0.5},"service_tier":"default"}"#;
    let completion: Completion = serde_json::from_str(text).expect("an answer");
    assert_eq!(serde_json::to_string(&completion).expect("JSON"), text);
}
