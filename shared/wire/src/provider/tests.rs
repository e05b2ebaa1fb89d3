use super::*;

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = all().iter().map(|provider| provider.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn table_covers_what_litellm_calls_by_openais_wire() {
    let chats = all().iter().filter(|provider| provider.offers(Operation::ChatCompletion)).count();
    assert!(chats >= 100, "{chats}");
    for name in ["anthropic_text", "runwayml", "stability"] {
        let provider = find(name).expect(name);
        assert!(provider.is_untranslated(), "{name}");
    }
}

#[test]
fn every_provider_can_be_reached_or_must_be_told_where() {
    for provider in all().iter().filter(|provider| !provider.is_untranslated()) {
        let is_keyed = !provider.key_variables.is_empty() || provider.key == KeyNeed::Optional;
        assert!(is_keyed, "{} has no key variable", provider.name);
        let base = provider.base_url.unwrap_or("https://told");
        assert!(base.starts_with("http") && !base.ends_with('/'), "{}", provider.name);
        for operation in provider.operations {
            let address = url(provider, Some(base), None, "model", *operation).expect(provider.name);
            // DeepInfra reranks beside its OpenAI-shaped interface.
            assert!(address.starts_with(base.trim_end_matches("/openai")), "{address}");
        }
    }
}

#[test]
fn sets_of_parameters_know_their_names() {
    let set = Parameters::of(&["temperature", "stop", "no such parameter"]);
    assert!(set.contains("stop") && !set.contains("n") && !set.contains("no such parameter"));
    assert_eq!(set.with(&["n"]).without(&["stop"]).names().collect::<Vec<_>>(), ["temperature", "n"]);
    assert_eq!(set.union(Parameters::of(&["tools"])), set.with(&["tools"]));
    assert!(NAMES.iter().all(|name| is_parameter(name)) && !is_parameter("messages"));
}
