//! Which deployment takes a call, by the name that its client uses.
//!
//! The expectations were read off LiteLLM 1.106.2 with the same configuration.

use std::collections::BTreeMap;

use serde_json::json;
use tollgate_core::call::Call;
use tollgate_testkit::Scripted;
use tollgate_wire::Operation;

use crate::gateway::{Answer, Gateway, question};
use crate::whole::COMPLETION;

const NAMES: &str = "
model_list:
  - {model_name: gpt, litellm_params: {model: openai/gpt-4o, api_key: k}, model_info: {id: first}}
  - {model_name: other, litellm_params: {model: openai/o3, api_key: k}, model_info: {id: gpt}}
  - {model_name: third, litellm_params: {model: openai/o1, api_key: k}, model_info: {id: shadowed}}
  - {model_name: openai/*, litellm_params: {model: openai/*, api_key: k}}
  - {model_name: openai/gpt-*, litellm_params: {model: openai/long-*, api_key: k}}
  - {model_name: fixed-*, litellm_params: {model: openai/gpt-5, api_key: k}}
  - {model_name: from-*-to-*, litellm_params: {model: openai/*/and/*, api_key: k}}
  - {model_name: two-*-one-*, litellm_params: {model: openai/*, api_key: k}}
router_settings:
  model_group_alias: {friend: gpt, shadowed: gpt, hidden: {model: gpt, hidden: true}, far: openai/o4}
";

/// The provider's name of the model that is asked, and what the client reads as the model.
async fn asked(yaml: &str, name: &str) -> (String, String) {
    let gateway = Gateway::of(yaml, &[], [Scripted::json(200, COMPLETION)]);
    let answer = gateway.chat(name).await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.text);
    let text = |value: &serde_json::Value| value["model"].as_str().unwrap().to_owned();
    (text(&gateway.sent_json()), text(&answer.json()))
}

#[tokio::test]
async fn a_name_is_a_group_an_id_an_alias_or_matches_a_pattern() {
    let check = async |name: &str, expected: &str| {
        assert_eq!(asked(NAMES, name).await, (expected.to_owned(), name.to_owned()), "{name}");
    };
    check("gpt", "gpt-4o").await;
    check("first", "gpt-4o").await;
    check("shadowed", "o1").await;
    check("friend", "gpt-4o").await;
    check("hidden", "gpt-4o").await;
    check("far", "o4").await;
    check("openai/anything", "anything").await;
    check("openai/gpt-x", "long-x").await;
    check("gpt-4o-mini", "long-4o-mini").await;
    check("o3-mini", "o3-mini").await;
    check("fixed-whatever", "gpt-5").await;
    check("from-a-to-b-to-c", "a-to-b/and/c").await;
}

#[test]
fn lists_show_groups_and_the_aliases_that_are_not_hidden() {
    let gateway = Gateway::of(NAMES, &[], []);
    let catalog = gateway.app.catalog.get();
    let names: Vec<&str> = catalog.names().map(|(name, _)| name).collect();
    assert_eq!(names, ["gpt", "other", "third", "friend", "shadowed"]);
}

#[tokio::test]
async fn a_star_alone_takes_every_name() {
    let yaml = "model_list: [{model_name: '*', litellm_params: {model: openai/*, api_key: k}}]";
    for (name, expected) in [("gpt-4o", "gpt-4o"), ("a/b/c", "a/b/c"), ("ä*ö", "ä*ö")] {
        assert_eq!(asked(yaml, name).await.0, expected);
    }
}

#[tokio::test]
async fn a_model_in_the_path_counts_and_its_client_reads_the_providers_name() {
    let gateway = Gateway::of(NAMES, &[], [Scripted::json(200, COMPLETION)]);
    let body = question("ignored");
    let call = Call { path_model: Some("gpt".to_owned()), ..gateway.call(Operation::ChatCompletion, &body) };
    let answer = gateway.serve(call).await;
    assert_eq!(answer.deployment_id.as_deref(), Some("first"));
    assert_eq!(gateway.sent_json()["model"], "gpt-4o");
    assert_eq!(answer.json()["model"], "gpt-4o");
}

#[tokio::test]
async fn an_unknown_name_is_refused_in_litellms_words() {
    let check = async |operation: Operation, body: serde_json::Value, expected: &str| {
        let gateway = Gateway::of(NAMES, &[], []);
        let answer = gateway.ask(operation, &body).await;
        let expected = format!("{expected}. Call `/v1/models` to view available models for your key.");
        assert_eq!((answer.status, answer.text), (400, expected));
        assert!(gateway.provider.requests().is_empty());
    };
    use Operation::{ChatCompletion, Embedding, ImageGeneration, Rerank, Speech, TextCompletion};
    check(ChatCompletion, question("no"), "/chat/completions: Invalid model name passed in model=no").await;
    check(ChatCompletion, json!({ "messages": [] }), "/chat/completions: Invalid model name passed in model=None")
        .await;
    let body = json!({ "model": "no", "prompt": "x", "input": "x", "query": "x", "documents": ["x"] });
    check(TextCompletion, body.clone(), "/completions: Invalid model name passed in model=no").await;
    check(Embedding, body.clone(), "/embeddings: Invalid model name passed in model=no").await;
    check(ImageGeneration, body.clone(), "/image/generations: Invalid model name passed in model=no").await;
    check(Speech, body.clone(), "/audio/speech: Invalid model name passed in model=no").await;
    check(Rerank, body, "/rerank: Invalid model name passed in model=no").await;
}

/// How often each deployment of the group `g` is chosen in 200 calls.
async fn chosen(group: &[&str]) -> BTreeMap<String, usize> {
    let entry = |(place, more): (usize, &&str)| {
        format!("  - {{model_name: g, litellm_params: {{model: openai/m{place}, api_key: k, {more}}}}}\n")
    };
    let entries: String = group.iter().enumerate().map(entry).collect();
    let scripts = (0..200).map(|_| Scripted::json(200, COMPLETION));
    let gateway = Gateway::of(&format!("model_list:\n{entries}"), &[], scripts);
    let mut chosen = BTreeMap::new();
    for _ in 0..200 {
        assert_eq!(gateway.chat("g").await.status, 200);
    }
    for request in gateway.provider.requests() {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        *chosen.entry(body["model"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    chosen
}

#[tokio::test]
async fn calls_are_shared_out_by_the_first_measure_that_any_has() {
    // The bounds are more than ten standard deviations from the mean.
    let check = async |group: &[&str], expected: &[std::ops::Range<usize>]| {
        let chosen = chosen(group).await;
        for (place, expected) in expected.iter().enumerate() {
            let count = chosen.get(&format!("m{place}")).copied().unwrap_or(0);
            assert!(expected.contains(&count), "{group:?}: {chosen:?}");
        }
    };
    check(&["", ""], &[20..181, 20..181]).await;
    check(&["weight: 1", "weight: 0"], &[200..201, 0..1]).await;
    check(&["weight: 0", "weight: 0"], &[20..181, 20..181]).await;
    check(&["weight: 0", "weight: 3", "weight: 0"], &[0..1, 200..201, 0..1]).await;
    check(&["weight: 9", "weight: 1"], &[130..201, 0..70]).await;
    check(&["weight: 1", "rpm: 1000"], &[200..201, 0..1]).await;
    check(&["rpm: 900", "rpm: 100", "tpm: 5"], &[130..201, 0..70, 0..1]).await;
    check(&["tpm: 5", ""], &[200..201, 0..1]).await;
}

#[tokio::test]
async fn entries_with_the_same_pattern_share_their_calls() {
    let yaml = "
model_list:
  - {model_name: dup/*, litellm_params: {model: openai/one-*, api_key: k}}
  - {model_name: dup/*, litellm_params: {model: openai/two-*, api_key: k}}
";
    let gateway = Gateway::of(yaml, &[], (0..100).map(|_| Scripted::json(200, COMPLETION)));
    for _ in 0..100 {
        gateway.chat("dup/x").await;
    }
    let ones =
        gateway.provider.requests().iter().filter(|request| request.body.starts_with(br#"{"model":"one-x""#)).count();
    assert!((1..100).contains(&ones), "{ones} of 100");
}

#[tokio::test]
async fn a_provider_without_its_key_is_not_asked() {
    let check = async |model: &str, variables: &[(&str, &str)], expected: Result<&str, &str>| {
        let yaml = format!("model_list: [{{model_name: m, litellm_params: {{model: {model}}}}}]");
        let gateway = Gateway::of(&yaml, variables, [Scripted::json(200, COMPLETION)]);
        let answer: Answer = gateway.chat("m").await;
        match expected {
            Ok(key) => assert_eq!(gateway.sent().headers["authorization"], key),
            Err(variable) => {
                assert_eq!(answer.status, 401, "{}", answer.text);
                assert!(answer.text.contains(variable), "no {variable} in {}", answer.text);
                assert!(gateway.provider.requests().is_empty());
            }
        }
    };
    check("openai/gpt-4o", &[], Err("OPENAI_API_KEY")).await;
    check("openai/gpt-4o", &[("OPENAI_API_KEY", "")], Err("OPENAI_API_KEY")).await;
    check("groq/llama", &[("OPENAI_API_KEY", "sk-1")], Err("GROQ_API_KEY")).await;
    check("openai/gpt-4o", &[("OPENAI_API_KEY", "sk-1")], Ok("Bearer sk-1")).await;
    check("groq/llama", &[("GROQ_API_KEY", "sk-2")], Ok("Bearer sk-2")).await;
}
