use super::*;
use crate::provider::find;

fn check(provider: &str, base: Option<&str>, protocol: Protocol, intent: Option<&str>, want: &str) {
    let provider = find(provider).expect("a known provider");
    let wish = Wish { model: "a b", intent, protocol };
    assert_eq!(url(provider, base, Some("2024-10-01"), wish).as_deref(), Ok(want));
}

#[test]
fn a_session_has_its_own_address() {
    use Protocol::{Beta, Current};
    check("openai", None, Current, None, "https://api.openai.com/v1/realtime?model=a%20b");
    check("openai", Some("http://h/v1"), Beta, None, "http://h/v1/realtime?model=a%20b");
    check("openai", None, Current, Some("transcription"), "https://api.openai.com/v1/realtime?intent=transcription");
    check("azure", Some("https://r"), Current, None, "https://r/openai/v1/realtime?model=a%20b");
    let beta = "https://r/openai/realtime?api-version=2024-10-01&deployment=a%20b";
    check("azure", Some("https://r/"), Beta, None, beta);
}

#[test]
fn tokens_are_counted_where_an_answer_is_done() {
    let done = r#"{"type":"response.done","response":{"usage":{"total_tokens":7,"input_tokens":3,"output_tokens":4}}}"#;
    let usage = usage(done).expect("usage");
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (3, 4, 7));
    for other in ["", "no JSON \"response.done\"", r#"{"type":"x","response.done":1}"#, r#"{"type":"response.done"}"#] {
        assert!(super::usage(other).is_none(), "{other}");
    }
}

#[test]
fn an_end_fits_into_a_close_frame() {
    assert_eq!((refusal_code(401), refusal_code(429), refusal_code(500)), (1008, 1013, 1011));
    assert_eq!((close_code(1000), close_code(1006), close_code(4000), close_code(0)), (1000, 1011, 4000, 1011));
    let long = "é".repeat(100);
    assert_eq!((close_reason("short"), close_reason(&long).len()), ("short", 122));
}
