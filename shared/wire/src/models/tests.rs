use super::*;

#[test]
fn a_claude_that_the_map_does_not_list_has_its_familys_limits() {
    let limits = |provider, model| describe(provider, model).and_then(|facts| facts.max_input_tokens());
    assert_eq!(limits("openrouter", "anthropic/claude-sonnet-9.5"), Some(200_000));
    assert_eq!(limits("bedrock", "invoke/us.anthropic.claude-sonnet-4-5-20250929-v1:0"), Some(200_000));
    assert_eq!(limits("openrouter", "anthropic/claude-next"), None);
}

#[test]
fn every_line_is_found_by_its_name() {
    let mut count = 0;
    for line in TABLE.lines() {
        let facts = Facts::new(line);
        assert_eq!(find(facts.key), Some(facts), "{line}");
        assert_eq!(find(&facts.key.to_uppercase()).map(|found| found.key), Some(facts.key));
        count += 1;
    }
    assert!(count > 4_000, "{count}");
}

#[test]
fn lines_are_sorted_and_whole() {
    let keys: Vec<String> = TABLE.lines().map(|line| Facts::new(line).key.to_ascii_lowercase()).collect();
    assert!(keys.is_sorted());
    assert!(TABLE.lines().all(|line| line.split('\t').count() == COLUMNS));
}

#[test]
fn unknown_names_are_not_found() {
    for name in ["", "zzz", "\u{10ffff}", "gpt-4o\t", "!", "gpt-4o\nx"] {
        assert_eq!(find(name), None, "{name:?}");
    }
}

/// `want` is the key of the entry that answers for a model.
fn check(provider: &str, model: &str, want: Option<&str>) {
    assert_eq!(lookup(provider, model).map(|facts| facts.key), want, "{provider} {model}");
}

#[test]
fn own_entry_of_the_provider_comes_first() {
    check("openai", "gpt-4o", Some("gpt-4o"));
    check("azure", "gpt-4o", Some("azure/gpt-4o"));
    check("azure", "azure/gpt-4o", Some("azure/gpt-4o"));
    check("groq", "openai/gpt-oss-120b", Some("groq/openai/gpt-oss-120b"));
    check("openai", "ft:gpt-4o-2024-08-06:org:name:id", Some("ft:gpt-4o-2024-08-06"));
    check("openai", "gpt-5-2099-01-01", Some("gpt-5"));
}

#[test]
fn entries_of_other_providers_do_not_answer() {
    check("groq", "gpt-4o", None);
    check("anthropic", "gpt-4o", None);
    check("litellm_proxy", "gpt-4o", Some("gpt-4o"));
    check(
        "fireworks_ai",
        "accounts/fireworks/models/gpt-oss-120b",
        Some("fireworks_ai/accounts/fireworks/models/gpt-oss-120b"),
    );
}

#[test]
fn facts_are_those_of_the_map() {
    let facts = find("gpt-5").expect("gpt-5");
    assert_eq!((facts.provider, facts.mode), ("openai", "chat"));
    assert_eq!((facts.max_input_tokens(), facts.max_output_tokens()), (Some(272_000), Some(128_000)));
    assert_eq!((facts.input_cost_per_token_usd(), facts.output_cost_per_token_usd()), (Some(1.25e-6), Some(1e-5)));
    assert_eq!(facts.cache_read_cost_per_token_usd(), Some(1.25e-7));
    assert_eq!(facts.cache_write_cost_per_token_usd(), None);
    assert_eq!(facts.declares(Capability::Reasoning), Some(true));
    assert_eq!(facts.declares(Capability::AudioInput), None);
    assert!(supports("openai", "gpt-5", Capability::Vision) && !supports("openai", "zzz", Capability::Vision));
}
