use super::*;

fn rate(prices: &Prices, key: Key) -> Option<String> {
    prices.get(key).map(ExactUsd::decimal)
}

#[test]
fn words_are_read_as_they_are_meant() {
    let prices = Prices::parse("i=25e-7 i>272k.p=5e-6 os@720p=1e-1 wh=4e-6 Q T0-1000;i=1e-6 junk =1 x=y i=");
    assert_eq!(rate(&prices, Key::of(Unit::INPUT)).as_deref(), Some("25e-7"));
    let above = Key::of(Unit::INPUT).at(At::Above(272_000));
    assert_eq!(rate(&prices, above), None);
    assert_eq!(rate(&prices, above.tier(Tier::Priority)).as_deref(), Some("5e-6"));
    let label = At::label("720p").expect("a label");
    assert_eq!(rate(&prices, Key::of(Unit::OUTPUT_SECOND).at(label)).as_deref(), Some("1e-1"));
    assert_eq!(prices.rates().len(), 4);
    assert!(prices.is_searched_by_query());
}

#[test]
fn names_of_rates_have_their_codes() {
    for (name, want) in [
        ("input_cost_per_token", Some("i")),
        ("cache_creation_input_token_cost_above_1hr", Some("wh")),
        ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", Some("wh>200k")),
        ("input_cost_per_token_above_272k_tokens_priority", Some("i>272k.p")),
        ("output_cost_per_token_above_512_tokens", Some("o>512")),
        ("output_cost_per_second_1080p", Some("os@1080p")),
        ("output_cost_per_image_0.5K", Some("om@0.5K")),
        ("output_cost_per_image_token_batches", Some("oi.b")),
        ("search_context_cost_per_query.search_context_size_low", Some("sl")),
        ("input_cost_per_token_sometimes", None),
        ("mode", None),
        ("max_tokens", None),
    ] {
        assert_eq!(code_of(name).as_deref(), want, "{name}");
    }
}

/// Monday the 23rd of November 2026, at midnight in UTC.
const MONDAY: u64 = 1_795_392_000;

#[test]
fn hours_off_peak_hold_on_their_days_and_over_midnight() {
    let at = |words: &str, day: u64, hour: u64, minute: u64| {
        let prices = Prices::parse(words);
        prices.off_peak().expect("hours").holds_at(MONDAY + day * 86_400 + hour * 3600 + minute * 60)
    };
    assert!(at("O;i=1 H;16:30-00:30", 0, 23, 0));
    assert!(at("O;i=1 H;16:30-00:30", 3, 0, 29));
    assert!(!at("O;i=1 H;16:30-00:30", 3, 0, 30));
    assert!(at("O;i=1 H1;04:00-06:00", 0, 4, 0));
    assert!(!at("O;i=1 H1;04:00-06:00", 1, 4, 0));
    assert!(at("O;i=1 H67;00:00-00:00", 5, 13, 0));
    assert!(!at("O;i=1 H67;00:00-00:00", 4, 23, 59));
    // 16:00 of Friday in UTC is Saturday in Shanghai.
    assert!(at("O;i=1 H67;00:00-00:00 Z8", 4, 16, 0));
    assert!(!at("O;i=1 H67;00:00-00:00 Z8", 6, 16, 0));
}

#[test]
fn a_prompt_falls_into_one_step() {
    let prices = Prices::parse("T0-1000;i=1e-6 T1000-5000;i=2e-6 S0-9;q=1e-3");
    let of = |tokens| prices.step(tokens).and_then(|step| step.rate(Unit::INPUT)).map(ExactUsd::decimal);
    for (tokens, want) in
        [(0, None), (1, Some("1e-6")), (1000, Some("1e-6")), (1001, Some("2e-6")), (9999, Some("2e-6"))]
    {
        assert_eq!(of(tokens).as_deref(), want, "{tokens}");
    }
}

#[test]
fn free_is_what_has_prices_and_all_of_them_zero() {
    for (words, is_free) in
        [("i=0 o=0", true), ("i=0 o=1e-9", false), ("", false), ("i=0 T0-9;i=1e-6", false), ("xe=11e-1", false)]
    {
        assert_eq!(Prices::parse(words).is_free(), is_free, "{words}");
    }
}
