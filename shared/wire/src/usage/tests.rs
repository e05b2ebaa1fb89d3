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

fn details(text: &str) -> Details {
    Usage::parse(text).expect("usage").details
}

#[test]
fn what_has_a_price_of_its_own_is_read() {
    let chat = details(
        r#"{"prompt_tokens":9,"completion_tokens":4,"service_tier":"priority","cost":0.5,
            "prompt_tokens_details":{"cached_tokens":5,"audio_tokens":1,"cache_write_tokens":2,"web_search_requests":3,
                "cache_creation_token_details":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":1}},
            "completion_tokens_details":{"reasoning_tokens":2,"image_tokens":1}}"#,
    );
    assert_eq!((chat.cached, chat.written, chat.reasoning), (5, 2, 2));
    assert_eq!(chat.written_for, Some(WrittenFor { five_minutes: 1, hour: 1 }));
    assert_eq!((chat.prompt.audio, chat.completion.image, chat.searches.grounding), (1, 1, Some(3)));
    assert_eq!(chat.served, Some(Served::Tier(crate::prices::Tier::Priority)));
    assert_eq!(chat.cost, Some(crate::money::Picodollars(500_000_000_000)));

    let responses = details(
        r#"{"input_tokens":9,"output_tokens":4,"input_tokens_details":{"cached_tokens":5},
            "output_tokens_details":{"reasoning_tokens":2}}"#,
    );
    assert_eq!((responses.cached, responses.reasoning), (5, 2));

    let realtime = details(
        r#"{"input_tokens":9,"output_tokens":4,"output_token_details":{"audio_tokens":3},
            "input_token_details":{"audio_tokens":6,"cached_tokens":5,"cached_tokens_details":{"audio_tokens":2}}}"#,
    );
    assert_eq!((realtime.prompt.audio, realtime.completion.audio, realtime.cached_parts.audio), (6, 3, 2));

    let message = details(
        r#"{"input_tokens":9,"output_tokens":4,"cache_read_input_tokens":5,"cache_creation_input_tokens":3,
            "cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":2},"speed":"fast",
            "inference_geo":"us","server_tool_use":{"web_search_requests":2},"service_tier":"standard"}"#,
    );
    assert_eq!((message.cached, message.written, message.searches.tool), (5, 3, Some(2)));
    assert_eq!(message.written_for, Some(WrittenFor { five_minutes: 1, hour: 2 }));
    assert_eq!((message.is_fast, message.is_in_us, message.served), (true, true, Some(Served::Base)));
}

#[test]
fn details_that_are_no_counts_are_nothing() {
    for details_text in ["null", "[]", r#"{"cached_tokens":-1}"#, r#"{"cached_tokens":"5"}"#, r#"{"audio_tokens":1.5}"#]
    {
        let text = format!(r#"{{"prompt_tokens":9,"prompt_tokens_details":{details_text},"cost":"much"}}"#);
        assert_eq!(details(&text), Details::NONE, "{text}");
    }
    assert_eq!(Details::default(), Details::NONE);
}
