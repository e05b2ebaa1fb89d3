use super::*;

fn estimator(request: String) -> Estimator {
    let request = Bytes::from(request);
    let object = Object::parse(&request).expect("an object");
    Estimator::new("gpt-4o", &request, &object)
}

fn check(request: &str, generated: &str, want: (u64, u64)) {
    let mut gathered = Generated::default();
    gathered.push(generated);
    let usage = estimator(request.to_owned()).usage(&gathered);
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), want, "{request} {generated}");
    assert_eq!(usage.total_tokens, want.0 + want.1);
}

#[test]
fn both_sides_are_counted() {
    let hi = r#"{"messages":[{"role":"user","content":"Hi"}]}"#;
    check(hi, "", (8, 0));
    check(hi, r#"[{"message":{"content":"Hello there","reasoning_content":"Two and two make four."}}]"#, (8, 8));
    check(hi, r#"[{"message":{"content":"Gr\u00f6\u00dfe"}}]"#, (8, 2));
    check(r#"{"prompt":"Hello there"}"#, r#"[{"text":"Hello there"}]"#, (2, 2));
    check(r#"{"prompt":["Hello there",[1,2,3]]}"#, "", (5, 0));
    check(r#"{"input":["Hello there","Hello there"]}"#, "", (4, 0));
    check(r#"{"query":"Hello","documents":["there",{"text":"Hello there"}]}"#, "", (4, 0));
}

#[test]
fn what_cannot_be_counted_is_estimated() {
    // 4 bytes a token, of the whole request.
    check(r#"{"messages":[{"role":"user","content":[{"type":"odd"}]}]}"#, "", (15, 0));
    check("{}", r#"[{"message":{"content":"\ud800"}}]"#, (0, 2));
}

#[test]
fn a_long_request_is_estimated_from_its_bytes() {
    let prompt = "word ".repeat(300_000);
    let usage = estimator(format!(r#"{{"prompt":"{prompt}"}}"#)).usage(&Generated::default());
    assert_eq!(usage.prompt_tokens, 375_001);
}

#[test]
fn a_long_answer_follows_from_its_beginning() {
    let mut generated = Generated::default();
    for _ in 0..100 {
        generated.push(&format!(r#"[{{"delta":{{"content":"{}"}}}}]"#, "word ".repeat(2_000)));
    }
    let usage = estimator("{}".to_owned()).usage(&generated);
    assert!((195_000..205_000).contains(&usage.completion_tokens), "{usage:?}");
}
