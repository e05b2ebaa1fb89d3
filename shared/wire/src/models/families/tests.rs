use std::collections::BTreeMap;

use super::*;

/// Mode, longest prompt, longest answer, letters of what the family can.
type Known = (Option<String>, Option<u64>, Option<u64>, String);

fn ours(name: &str) -> Option<Known> {
    let facts = of(name)?;
    let mut letters: Vec<char> = facts.columns[7].chars().collect();
    letters.sort_unstable();
    let mode = Some(facts.mode.to_owned()).filter(|mode| !mode.is_empty());
    Some((mode, facts.max_input_tokens(), facts.max_output_tokens(), letters.into_iter().collect()))
}

/// Written by `tests/record/model_families.py`.
#[test]
fn families_are_those_of_litellm() {
    let golden: BTreeMap<String, Option<Known>> =
        serde_json::from_str(include_str!("golden.json")).expect("the fixture");
    let different: Vec<_> = golden
        .iter()
        .filter(|(name, known)| ours(name) != **known)
        .map(|(name, known)| (name, known, ours(name)))
        .collect();
    assert!(different.is_empty(), "{different:#?}");
}
