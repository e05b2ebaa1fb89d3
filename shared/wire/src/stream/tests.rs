use super::*;
use crate::Source;
use proptest::prelude::*;

fn wish(form: Form, usage: UsageWish) -> Wish {
    let request =
        Bytes::from_static(br#"{"messages":[{"role":"system","content":"Be brief"},{"role":"user","content":"Hi"}]}"#);
    let object = Object::parse(&request).expect("an object");
    Wish { model: "alias".to_owned(), form, usage, estimator: Estimator::new("gpt-4o", &request, &object) }
}

fn run(wish: Wish, chunks: &[&[u8]]) -> (String, Usage, Option<Fault>) {
    let mut rewriter = Rewriter::new(wish);
    let mut out = Vec::new();
    let pushed = chunks.iter().try_for_each(|chunk| rewriter.push(Bytes::copy_from_slice(chunk), &mut out));
    let fault = pushed.and_then(|()| rewriter.finish(&mut out)).err();
    (String::from_utf8(out).expect("utf-8"), rewriter.usage(), fault)
}

fn check(usage: UsageWish, input: &str, want: &str) {
    let (got, _, fault) = run(wish(Form::Chat, usage), &[input.as_bytes()]);
    assert_eq!(fault, None);
    assert_eq!(got, want, "{input}");
}

const HELLO: &str = r#"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"Hello"}}]}

"#;
const USAGE: &str = r#"data: {"id":"c1","created":1,"model":"gpt-4o","choices":[],"usage":{"prompt_tokens":21,"completion_tokens":13,"total_tokens":34}}

"#;
const STOP: &str = r#"data: {"id":"c1","created":1,"model":"alias","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

"#;
const DONE: &str = "data: [DONE]\n\n";

#[test]
fn model_becomes_the_name_the_client_used() {
    let want = format!("{}{STOP}{DONE}", HELLO.replace("gpt-4o", "alias"));
    check(UsageWish::Hidden, &format!("{HELLO}{STOP}{DONE}"), &want);
}

#[test]
fn hidden_usage_is_known_to_the_gateway_only() {
    let (got, usage, _) =
        run(wish(Form::Chat, UsageWish::Hidden), &[HELLO.as_bytes(), USAGE.as_bytes(), DONE.as_bytes()]);
    assert!(!got.contains("usage"), "{got}");
    assert_eq!((usage.total_tokens, usage.source), (34, Source::Provider));
}

#[test]
fn shown_usage_is_one_chunk_before_the_end() {
    let want = format!(
        "{}{STOP}{}{DONE}",
        HELLO.replace("gpt-4o", "alias"),
        "data: {\"id\":\"c1\",\"created\":1,\"model\":\"alias\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{}}],\
         \"usage\":{\"prompt_tokens\":21,\"completion_tokens\":13,\"total_tokens\":34,\
         \"completion_tokens_details\":{\"reasoning_tokens\":0,\"text_tokens\":13}}}\n\n"
    );
    check(UsageWish::Shown, &format!("{HELLO}{STOP}{USAGE}{DONE}"), &want);
}

#[test]
fn usage_inside_a_content_chunk_is_taken_out() {
    let input = HELLO.replace("\"model\"", "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2},\"model\"");
    let (got, usage, _) = run(wish(Form::Chat, UsageWish::Hidden), &[input.as_bytes()]);
    assert!(got.contains("Hello") && !got.contains("usage"), "{got}");
    assert_eq!(usage.total_tokens, 3);
}

#[test]
fn a_silent_providers_tokens_are_counted() {
    let (_, usage, _) = run(wish(Form::Chat, UsageWish::Hidden), &[HELLO.as_bytes()]);
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.source), (14, 1, Source::Estimate));
}

#[test]
fn reasoning_that_the_provider_does_not_count_is_counted() {
    let thought = HELLO.replace("\"content\":\"Hello\"", r#""reasoning_content":"Two and two make four.""#);
    let (got, usage, _) = run(wish(Form::Chat, UsageWish::Shown), &[thought.as_bytes(), HELLO.as_bytes()]);
    assert!(got.contains(r#""completion_tokens_details":{"reasoning_tokens":6,"text_tokens":1}"#), "{got}");
    assert_eq!((usage.completion_tokens, usage.total_tokens), (7, 21));
    let (got, ..) = run(wish(Form::Chat, UsageWish::Shown), &[thought.as_bytes(), USAGE.as_bytes()]);
    assert!(got.contains(r#""completion_tokens_details":{"reasoning_tokens":6,"text_tokens":7}"#), "{got}");
}

/// What LiteLLM states where the provider states nothing, by `tests/record/utility_routes.py`.
const RECORDED: &str = include_str!("recorded.json");

#[test]
fn counts_are_litellms_where_the_provider_has_none() {
    let rows: Vec<(serde_json::Value, String, serde_json::Value)> =
        serde_json::from_str(RECORDED).expect("the fixture");
    assert!(rows.len() >= 15, "the fixture has lost its rows");
    for (request, events, want) in rows {
        let request = Bytes::from(request.to_string());
        let object = Object::parse(&request).expect("an object");
        // The alias stands for `openai/gpt-3.5-turbo`, or for a model that LiteLLM counts like it.
        let model = if request.starts_with(b"{\"model\":\"gpt\"") { "gpt-4o" } else { "gpt-3.5-turbo" };
        let estimator = Estimator::new(model, &request, &object);
        let wish = Wish { model: "alias".to_owned(), form: Form::Chat, usage: UsageWish::Shown, estimator };
        let usage = run(wish, &[events.as_bytes()]).1;
        let got = [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens];
        let want =
            ["prompt_tokens", "completion_tokens", "total_tokens"].map(|name| want[name].as_u64().expect("a count"));
        assert_eq!(got, want, "{request:?} {events}");
    }
}

#[test]
fn missing_finish_is_added() {
    let (got, ..) = run(wish(Form::Chat, UsageWish::Hidden), &[HELLO.as_bytes()]);
    let end = r#""object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    assert!(got.ends_with(&format!("{end}\n\n{DONE}")), "{got}");
}

#[test]
fn missing_done_is_added_and_a_second_one_is_not() {
    check(UsageWish::Hidden, STOP, &format!("{STOP}{DONE}"));
    check(UsageWish::Hidden, &format!("{DONE}{HELLO}{DONE}"), DONE);
}

#[test]
fn bare_reasoning_is_renamed_only_where_it_is_a_name() {
    let input = HELLO.replace("\"content\":\"Hello\"", r#""reasoning":"say \"reasoning\":""#);
    let (got, ..) = run(wish(Form::Chat, UsageWish::Hidden), &[input.as_bytes()]);
    assert!(got.contains(r#""reasoning_content":"say \"reasoning\":""#), "{got}");
}

#[test]
fn chat_is_shown_as_text() {
    let (got, ..) = run(wish(Form::ChatAsText, UsageWish::Hidden), &[HELLO.as_bytes()]);
    let want =
        r#""object":"text_completion","choices":[{"index":0,"text":"Hello","logprobs":null,"finish_reason":null}]"#;
    assert!(got.contains(want), "{got}");
}

#[test]
fn faults_end_the_stream() {
    let fault = |input: &str| run(wish(Form::Chat, UsageWish::Hidden), &[input.as_bytes()]).2;
    assert_eq!(
        fault("data: {\"error\":{\"message\":\"no\"}}\n\n"),
        Some(Fault::Provider("{\"message\":\"no\"}".to_owned()))
    );
    assert_eq!(fault("<html>bad</html>"), Some(Fault::Garbage("<html>bad</html>".to_owned())));
    assert_eq!(fault("data: {bad\n\n"), Some(Fault::Garbage("{bad".to_owned())));
    assert_eq!(fault(": ping\n\nevent: x\n\n"), None);
}

proptest! {
    #[test]
    fn a_stream_split_at_any_byte_is_rewritten_alike(cuts in proptest::collection::vec(0usize..400, 0..8)) {
        let text = format!(": c\n\n{}{}{USAGE}{DONE}", HELLO.replace('\n', "\r\n"), HELLO.replace("Hello", "é🚀"));
        let bytes = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.sort_unstable();
        let mut parts = Vec::new();
        let mut from = 0;
        for cut in cuts.into_iter().chain([bytes.len()]) {
            parts.push(&bytes[from..cut]);
            from = cut;
        }
        let whole = run(wish(Form::Chat, UsageWish::Shown), &[bytes]);
        prop_assert_eq!(run(wish(Form::Chat, UsageWish::Shown), &parts), whole);
    }

    #[test]
    fn no_input_breaks_the_rewriter(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        run(wish(Form::Chat, UsageWish::Shown), &[&bytes]);
    }
}
