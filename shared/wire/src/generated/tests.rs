use super::*;

fn check(chunks: &[&str], content: &str, reasoning: &str) {
    let mut generated = Generated::default();
    for chunk in chunks {
        generated.push(chunk);
    }
    assert_eq!(generated.content.text().as_deref(), Some(content), "{chunks:?}");
    assert_eq!(generated.reasoning.text().as_deref(), Some(reasoning), "{chunks:?}");
}

#[test]
fn strings_are_found_by_their_names() {
    check(&[r#"[{"delta":{"content":"Hello"}}]"#, r#"[{"delta":{"content": " you"}}]"#], "Hello you", "");
    check(&[r#"[{"delta":{"reasoning_content":"So","content":null}}]"#, r#"[{"delta":{"reasoning":"."}}]"#], "", "So.");
    check(&[r#"[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1}"}}]}}]"#], "{\"a\":1}", "");
    check(&[r#"[{"text":"as text"}]"#], "as text", "");
    check(&[r#"[{"delta":{"content":"say \"content\":\"x\""}}]"#], "say \"content\":\"x\"", "");
    check(
        &[r#"[{"delta":{"content":[1]}}]"#, r#"[{"delta":{"content""#, r#"{"content":"#, r#"{"content":"open\"#],
        "",
        "",
    );
}

#[test]
fn a_character_may_come_in_two_chunks() {
    check(&[r#"{"content":"\ud83d"}"#, r#"{"content":"\ude80"}"#], "🚀", "");
}

#[test]
fn what_is_too_long_is_measured_only() {
    let mut generated = Generated::default();
    let chunk = format!(r#"{{"content":"{}"}}"#, "a".repeat(100_000));
    for _ in 0..5 {
        generated.push(&chunk);
    }
    assert_eq!((generated.content.bytes(), generated.content.kept_bytes()), (500_000, 200_000));
}
