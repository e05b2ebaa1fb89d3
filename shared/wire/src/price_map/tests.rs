use serde_json::json;

use super::*;
use crate::money::ExactUsd;
use crate::prices::Unit;

fn map(document: &serde_json::Value) -> (PriceMap, Vec<String>) {
    let (map, faults) = PriceMap::parse(&document.to_string()).expect("a map");
    (map, faults.iter().map(ToString::to_string).collect())
}

fn input(map: &PriceMap, provider: &str, model: &str) -> Option<String> {
    match map.lookup(Wanted { provider, model })? {
        Found::Listed(facts) => facts.prices().rate(Unit::INPUT).map(ExactUsd::decimal),
        Found::Generalised => Some("a rule".to_owned()),
    }
}

#[test]
fn entries_of_a_document_override_and_extend_the_table() {
    let (map, faults) = map(&json!({
        "sample_spec": {"input_cost_per_token": "anything"},
        "GPT-4o": {"input_cost_per_token": 7e-6, "litellm_provider": "openai", "mode": "chat"},
        "zz/new": {"input_cost_per_token": "3e-7", "litellm_provider": "zz", "max_tokens": 9, "supports_vision": true},
    }));
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(input(&map, "openai", "gpt-4o").as_deref(), Some("7e-6"));
    assert_eq!(input(&map, "zz", "new").as_deref(), Some("3e-7"));
    assert_eq!(input(&map, "openai", "gpt-4o-mini"), input(&PriceMap::built_in(), "openai", "gpt-4o-mini"));
    let facts = map.find("ZZ/NEW").expect("an entry");
    assert_eq!((facts.max_tokens(), facts.declares(models::Capability::Vision)), (Some(9), Some(true)));
    assert_eq!(map.names().collect::<Vec<_>>(), ["GPT-4o", "zz/new"]);
}

#[test]
fn a_bad_entry_is_reported_by_name_and_the_table_stays() {
    let (map, faults) = map(&json!({
        "gpt-4o": {"input_cost_per_token": "much"},
        "gpt-4": {"output_cost_per_token": -1},
        "gpt-3": [1],
        "gpt-2": {"tiered_pricing": [{"range": [0]}]},
        "gpt-1": {"off_peak_pricing": {"hours_utc": "25:00-1"}},
        "gpt-0": {"off_peak_pricing": {"weekday_timezone": "Mars/Olympus"}},
        "bad\tname": {},
        "good": {"input_cost_per_token": 1e-6},
    }));
    for (name, why) in [
        ("gpt-4o", "input_cost_per_token"),
        ("gpt-4", "output_cost_per_token"),
        ("gpt-3", "object"),
        ("gpt-2", "tiered_pricing"),
        ("gpt-1", "25:00-1"),
        ("gpt-0", "Mars/Olympus"),
        ("bad\tname", "control characters"),
    ] {
        let told = faults.iter().any(|fault| fault.contains(&format!("`{name}`")) && fault.contains(why));
        assert!(told, "{name} {why}: {faults:?}");
    }
    assert_eq!(faults.len(), 7);
    assert_eq!(input(&map, "openai", "gpt-4o").as_deref(), Some("25e-7"));
    assert_eq!(input(&map, "any", "good").as_deref(), Some("1e-6"));
}

#[test]
fn what_is_no_object_of_entries_is_no_map() {
    for text in ["", "[]", "1", "{", "null"] {
        assert_eq!(PriceMap::parse(text).map(|_| ()), Err(NoMap), "{text}");
    }
}

#[test]
fn rules_of_a_document_speak_for_models_that_are_not_listed() {
    let (map, faults) = map(&json!({"fallback_generalizations": {"rules": [
        {"name": "routes", "pattern": "^mine-", "model_info": {"litellm_provider": "mine"}},
        {"name": "priced", "pattern": "^(?:x/)?mine-\\d+$", "model_info": {"mode": "chat", "input_cost_per_token": 2e-6}},
        {"name": "ahead", "pattern": "mine-(?!\\d)", "model_info": {"mode": "chat"}},
        {"name": "half", "model_info": {}},
    ]}}));
    assert_eq!(input(&map, "x", "MINE-7").as_deref(), Some("2e-6"));
    assert_eq!(input(&map, "x", "mine-seven"), None);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].contains("ahead") || faults[1].contains("ahead"), "{faults:?}");
}

#[test]
fn a_models_family_is_known_where_the_model_is_not() {
    let map = PriceMap::built_in();
    assert_eq!(input(&map, "anthropic", "claude-newfamily-7-1").as_deref(), Some("a rule"));
    assert_eq!(input(&map, "openai", "nobody-knows"), None);
    // Listed for another provider: no rule guesses.
    assert_eq!(input(&map, "groq", "claude-sonnet-4-5"), None);
}

#[test]
fn a_deployments_own_prices_are_read_or_refused() {
    let read = |fields: serde_json::Value| custom("d1", fields.as_object().expect("an object"));
    let prices = read(json!({"model": "x", "input_cost_per_token": "2e-7", "output_cost_per_second_720p": 0.1}));
    assert_eq!(prices.expect("prices").expect("some").rates().len(), 2);
    assert_eq!(read(json!({"model": "x", "input_cost_per_token": null})), Ok(None));
    let error = read(json!({"input_cost_per_token": -1})).expect_err("a negative price");
    assert!(error.to_string().contains("`d1`") && error.to_string().contains("input_cost_per_token"), "{error}");
}

/// All that can become resident: the built-in text, and of a document what differs from it.
#[test]
fn the_map_fits_in_a_mebibyte_and_a_document_that_changes_everything_in_another() {
    assert!(models::TABLE.len() + RULES.len() < 1 << 20);
    let entry = json!({"input_cost_per_token": 1.25e-7, "output_cost_per_token": 5e-7, "litellm_provider": "other"});
    let names = models::TABLE.lines().map(name_of);
    let document: serde_json::Map<String, serde_json::Value> =
        names.map(|name| (name.to_owned(), entry.clone())).collect();
    let (map, faults) = map(&document.clone().into());
    assert_eq!((map.names().count(), faults.len()), (document.len(), 0));
    assert!(map.own.capacity() < 1 << 20);
}
