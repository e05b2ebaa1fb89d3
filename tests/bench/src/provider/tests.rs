use super::{ANSWER_MARK, WHOLE, says};

#[test]
fn a_field_is_found_however_it_is_spaced() {
    let check = |json: &str, expected: bool| assert_eq!(says(json.as_bytes(), "stream", "true"), expected, "{json}");
    check(r#"{"stream":true}"#, true);
    check(r#"{"stream" :true}"#, false);
    check(r#"{"stream": true}"#, true);
    check(r#"{"stream":false}"#, false);
    check(r#"{"a":{"stream":false},"stream":  true}"#, true);
    check(r#"{"stream_options":{}}"#, false);
    check("", false);
}

#[test]
fn the_whole_answer_is_a_completion_with_usage() {
    let answer: serde_json::Value = serde_json::from_str(WHOLE).unwrap();
    assert!(answer["choices"][0]["message"]["content"].as_str().unwrap().contains(ANSWER_MARK));
    assert_eq!(answer["usage"]["total_tokens"], 32);
    assert!((500..800).contains(&WHOLE.len()), "{}", WHOLE.len());
}
