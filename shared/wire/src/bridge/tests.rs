use super::*;

fn check(request: &str, want: Option<&str>) {
    let object = Object::parse(request.as_bytes()).expect("an object");
    let got = text_to_chat(object).map(|chat| String::from_utf8(chat.to_vec()).expect("utf-8"));
    assert_eq!(got.as_deref(), want, "{request}");
}

#[test]
fn every_prompt_is_a_turn() {
    check(r#"{"prompt":"a","n":1}"#, Some(r#"{"n":1,"messages":[{"role":"user","content":"a"}]}"#));
    check(
        r#"{"prompt":["a","b"]}"#,
        Some(r#"{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}"#),
    );
}

#[test]
fn tokens_are_no_turn() {
    check(r#"{"prompt":[1,2]}"#, None);
    check(r#"{"prompt":3}"#, None);
}
