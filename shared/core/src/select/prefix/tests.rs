use serde::Deserialize;

use super::keys;

#[derive(Deserialize)]
struct Case {
    claim: String,
    /// Each `@` stands for `repeat` times `A`.
    messages: String,
    repeat: usize,
    keys: Vec<String>,
}

fn check(case: &Case) {
    let messages = case.messages.replace('@', &"A".repeat(case.repeat));
    assert_eq!(keys(&messages), case.keys, "{}", case.claim);
}

#[test]
fn prompts_have_the_keys_that_litellm_gives_them() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("recorded.json")).unwrap();
    assert!(cases.len() >= 25);
    cases.iter().for_each(check);
}

#[test]
fn what_is_no_list_of_messages_has_no_keys() {
    let marked = r#"{"role":"user","content":"a","cache_control":{"type":"ephemeral"}}"#;
    assert_eq!(keys(&format!("[{marked}]")).len(), 1);
    for text in [marked, &format!("[{marked}, 1]"), &format!("[{marked}"), "", "[]", "null", "\"cache_control\""] {
        assert_eq!(keys(text), Vec::<String>::new(), "{text}");
    }
}
