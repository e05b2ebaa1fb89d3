//! Parameters over all providers that have a form of their own, against LiteLLM.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Rules, Settings, prepare};
use crate::json::Object;
use crate::{Operation, provider};

/// Written by `tests/record/parameter_rules.py`.
#[derive(Deserialize)]
struct Case {
    name: String,
    model: String,
    body: Value,
    sent: Value,
}

/// Where another request than LiteLLM's is meant: beginnings of case and model, and why.
const DELIBERATE: &[(&str, &str)] = &[
    // Paths are followed in the client's own words as well, whatever a provider makes of them.
    ("dropped within the first tool", "anthropic/"),
    ("dropped within the first tool", "bedrock/invoke/"),
    ("dropped within the first tool", "gemini/"),
    ("dropped within the first tool", "ollama/"),
    ("dropped within tools", "ollama/"),
    ("dropped by a dotted name", "anthropic/"),
    ("dropped by a dotted name", "bedrock/invoke/"),
    ("dropped by a dotted name", "ollama/"),
    // An empty list of tools makes LiteLLM ask for JSON.
    ("no tools", "ollama/"),
];

fn ours(case: &Case) -> Value {
    let resolved = provider::resolve(&case.model, None, None).expect("a known provider");
    let rules = Rules::new(Settings::new(resolved.provider, resolved.model));
    let mut body = case.body.clone();
    body["messages"] = json!([{"role": "user", "content": "Hi."}]);
    let text = body.to_string();
    match prepare(&rules, Operation::ChatCompletion, Object::parse(text.as_bytes()).expect("an object")) {
        Ok(prepared) => serde_json::from_slice(&prepared.body).expect("JSON"),
        Err(refusal) => json!({"refused": format!("litellm.{}: {refusal}", refusal.class())}),
    }
}

#[test]
fn parameters_become_what_litellm_makes_of_them() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("parameter_rules/golden.json")).expect("the fixture");
    let mut faults = Vec::new();
    let mut unused: Vec<_> = DELIBERATE.to_vec();
    for case in &cases {
        let ours = ours(case);
        if ours == case.sent {
            continue;
        }
        let is_meant = |(name, model): &(&str, &str)| case.name == *name && case.model.starts_with(model);
        match DELIBERATE.iter().position(is_meant) {
            Some(place) => unused.retain(|other| *other != DELIBERATE[place]),
            None => faults.push(format!("{} ({}):\n  ours   {ours}\n  theirs {}", case.name, case.model, case.sent)),
        }
    }
    assert!(faults.is_empty(), "{} of {} differ:\n{}", faults.len(), cases.len(), faults.join("\n"));
    assert!(unused.is_empty(), "differences that no longer exist: {unused:?}");
}
