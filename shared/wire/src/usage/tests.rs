use super::*;

fn check(text: &str, want: Option<(u64, u64, u64)>) {
    let got = Usage::parse(text).map(|usage| (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens));
    assert_eq!(got, want, "{text}");
}

#[test]
fn both_spellings_are_read() {
    check(r#"{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#, Some((3, 4, 7)));
    check(r#"{"input_tokens":3,"output_tokens":4}"#, Some((3, 4, 7)));
    check(r#"{"prompt_tokens":3,"total_tokens":9}"#, Some((3, 0, 9)));
}

#[test]
fn what_holds_no_count_is_no_usage() {
    for text in ["null", "{}", "[]", "1", r#"{"prompt_tokens":-1}"#, r#"{"prompt_tokens":"x"}"#] {
        check(text, None);
    }
}

#[test]
fn estimate_rounds_up() {
    let usage = Usage::estimate(5, 8);
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (2, 2, 4));
}
