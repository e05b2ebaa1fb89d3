use std::time::{Duration, Instant};

use super::*;

/// What LiteLLM counts, by `tests/record/token_counts.py`.
const RECORDED: &str = include_str!("recorded.json");
/// Far above what a megabyte takes (0.5 s at worst), far below what anything quadratic would.
const MEGABYTE_TIME_MAX: Duration = Duration::from_secs(20);

fn count(model: &str, request: &Value) -> Result<u64, Uncountable> {
    if let Some(text) = request["text"].as_str() {
        return Ok(count_text(model, text));
    }
    let text = request.to_string();
    count_chat(model, &Object::parse(text.as_bytes()).expect("an object"))
}

#[test]
fn every_recorded_count_is_litellms() {
    let rows: Vec<(String, Value, u64)> = serde_json::from_str(RECORDED).expect("the fixture");
    assert!(rows.len() >= 300, "the fixture has lost its rows");
    let differs = |(model, request, want): &(String, Value, u64)| {
        let got = count(model, request);
        (got != Ok(*want)).then(|| format!("{model} {request}: {got:?}, LiteLLM counts {want}"))
    };
    let wrong: Vec<String> = rows.iter().filter_map(differs).collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// "你好，世界。" is 4 tokens in `o200k_base` and 7 in `cl100k_base`.
fn check_vocabulary(model: &str, want: u64) {
    assert_eq!(count_text(model, "你好，世界。"), want, "{model}");
}

#[test]
fn models_read_in_tiktokens_vocabulary_whatever_their_prefix() {
    for model in
        ["gpt-4o", "openai/gpt-4o", "azure/gpt-5-mini", "groq/openai/gpt-oss-120b", "ft:gpt-4o:mine", "o1", "o3-mini"]
    {
        check_vocabulary(model, 4);
    }
    for model in
        ["gpt-4", "gpt-4-turbo", "gpt-3.5-turbo", "", "claude-sonnet-4-5", "o", "o10", "o4", "text-embedding-3-small"]
    {
        check_vocabulary(model, 7);
    }
}

fn check_input(input: &str, want: u64) {
    assert_eq!(count_input("gpt-4o", input), want, "{input}");
}

#[test]
fn an_input_is_a_text_a_list_of_texts_or_token_numbers() {
    check_input(r#""Hello, world!""#, 4);
    check_input(r#"["Hello, world!","Hello, world!"]"#, 8);
    check_input("[1,2,3]", 3);
    check_input("[[1,2],[3]]", 3);
    for odd in ["null", "{}", "", "[null]", r#"[{"a":"b"}]"#] {
        check_input(odd, 0);
    }
}

fn check_refused(request: &str) {
    let object = Object::parse(request.as_bytes()).expect("an object");
    assert!(count_chat("gpt-4o", &object).is_err(), "{request}");
}

#[test]
fn what_litellm_cannot_count_is_refused() {
    for request in [
        "{}",
        r#"{"messages":"Hi"}"#,
        r#"{"messages":["Hi"]}"#,
        r#"{"messages":[{"content":[{"type":"odd"}]}]}"#,
        r#"{"messages":[{"content":[{}]}]}"#,
        r#"{"messages":[{"content":[5]}]}"#,
        r#"{"messages":[{"content":[{"type":"image_url"}]}]}"#,
        r#"{"messages":[{"content":[{"type":"image_url","image_url":" "}]}]}"#,
        r#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"x","detail":"max"}}]}]}"#,
        r#"{"messages":[{"content":[{"type":"document"}]}]}"#,
        r#"{"messages":[{"content":[{"type":"tool_result"}]}]}"#,
        r#"{"messages":[{"tool_calls":5}]}"#,
        r#"{"messages":[{"tool_calls":[{}]}]}"#,
        r#"{"messages":[{"function_call":"f"}]}"#,
    ] {
        check_refused(request);
    }
}

#[test]
fn an_image_that_cannot_be_seen_has_the_standard_size() {
    for url in ["https://example.com/a.png", "data:image/png;base64,!", "data:image/png;base64,iVBORw0KGgo=", "x"] {
        assert_eq!(image::count(url, image::Detail::High), 255, "{url}");
    }
}

fn check_time(what: &str, text: &str) {
    for model in ["gpt-4o", "gpt-4"] {
        let started = Instant::now();
        let tokens = count_text(model, text);
        let took = started.elapsed();
        assert!(took < MEGABYTE_TIME_MAX, "{what} took {took:?}");
        assert!(tokens > 0, "{what}");
    }
}

#[test]
fn a_megabyte_of_anything_is_counted_in_bounded_time() {
    let million = 1_000_000;
    for letter in ["a", " ", "\n", "=", "0", "é", "你", "👍", "ab", " \n", "\u{301}"] {
        check_time(letter, &letter.repeat(million / letter.len()));
    }
    let mixed: String =
        (0..million as u32).map(|at| char::from(b'a' + (at.wrapping_mul(2_654_435_761) >> 24) as u8 % 26)).collect();
    check_time("letters at random", &mixed);
}

#[test]
fn beyond_the_limit_samples_stand_for_the_whole() {
    // 0.25 of a token a character, as every sample has.
    let text = "word ".repeat(1_000_000);
    let tokens = count_text("gpt-4o", &text);
    assert!((990_000..1_010_000).contains(&tokens), "{tokens}");
}
