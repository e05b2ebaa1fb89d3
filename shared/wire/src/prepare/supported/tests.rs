use std::collections::BTreeMap;

use crate::prepare::{Rules, Settings};
use crate::provider::{self, NAMES};

/// Where another answer than LiteLLM's is meant, and why.
const DELIBERATE: &[(&str, &str)] = &[
    // Bedrock lets every Claude be told which tool to call, whether the map lists it or not.
    ("bedrock/anthropic.claude-3-haiku-20240307-v1:0", "+tool_choice"),
    // Tools are written into the prompt: LiteLLM takes them out of the parameters before it looks at this list.
    ("ollama/llama3.1", "+function_call +functions +tool_choice +tools"),
];
/// For the gateway and the header of the request; nothing of them is in a body.
const ELSEWHERE: [&str; 2] = ["extra_headers", "max_retries"];

fn ours(model: &str) -> Option<Vec<String>> {
    let resolved = provider::resolve(model, None, None).ok()?;
    let rules = Rules::new(Settings::new(resolved.provider, resolved.model));
    let mut names: Vec<String> = rules.parameters().map(str::to_owned).collect();
    names.sort_unstable();
    Some(names)
}

/// What only one of both lists holds: `+` is ours alone, `-` LiteLLM's.
fn difference(model: &str, theirs: &[String]) -> Vec<String> {
    let ours = ours(model).unwrap_or_default();
    let is_compared = |name: &&String| NAMES.contains(&name.as_str()) && !ELSEWHERE.contains(&name.as_str());
    let theirs: Vec<&String> = theirs.iter().filter(is_compared).collect();
    let more = ours.iter().filter(is_compared).filter(|name| !theirs.contains(name)).map(|name| format!("+{name}"));
    more.chain(theirs.iter().filter(|name| !ours.contains(name)).map(|name| format!("-{name}"))).collect()
}

/// Written by `tests/record/supported_parameters.py`.
#[test]
fn parameters_are_those_of_litellm() {
    let golden: BTreeMap<String, Option<Vec<String>>> =
        serde_json::from_str(include_str!("golden.json")).expect("the fixture");
    let mut faults = Vec::new();
    for (model, theirs) in &golden {
        let Some(theirs) = theirs else { continue };
        let difference = difference(model, theirs);
        let meant = DELIBERATE.iter().find(|(name, _)| name == model).map_or("", |(_, difference)| difference);
        if difference.join(" ") != meant {
            faults.push(format!("{model}: {}", difference.join(" ")));
        }
    }
    assert!(faults.is_empty(), "{} of {} differ:\n{}", faults.len(), golden.len(), faults.join("\n"));
}
