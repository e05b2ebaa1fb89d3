//! Rules that LiteLLM's recorded answers do not show: what was settled before, tools, the worst case.

use super::*;
use crate::prices::Prices;
use crate::usage::{Details, Searches};

fn usage(prompt_tokens: u64, completion_tokens: u64) -> Usage {
    Usage { total_tokens: prompt_tokens + completion_tokens, ..Usage::counted(prompt_tokens, completion_tokens) }
}

fn cost(call: &Call<'_>) -> Cost {
    of(&PriceMap::built_in(), call, &Adjustments::default()).expect("a price")
}

fn usd(cost: f64) -> Picodollars {
    Picodollars::of_usd(cost).expect("money")
}

#[test]
fn what_is_settled_is_not_worked_out_again() {
    let usage = usage(1000, 1000);
    let call = Call::new("openai", "nobody-knows", &usage);
    let margin = Adjustments::read(&Value::Null, &serde_json::json!({"global": 0.5})).expect("shares");
    let cached = of(&PriceMap::built_in(), &Call { settled: Settled::Cached, ..call }, &margin).expect("nothing");
    assert_eq!((cached.total, cached.basis), (Picodollars(0), Basis::Cached));
    let stated = Call { settled: Settled::Stated(usd(0.25)), ..call };
    let stated = of(&PriceMap::built_in(), &stated, &margin).expect("what it says");
    assert_eq!((stated.total, stated.basis), (usd(0.25), Basis::Stated));
}

#[test]
fn a_model_that_nobody_knows_is_named() {
    let usage = usage(1, 1);
    let error = of(&PriceMap::built_in(), &Call::new("openai", "nobody-knows", &usage), &Adjustments::default());
    let error = error.expect_err("no price");
    assert!(
        error.to_string().starts_with("This model isn't mapped yet. model=nobody-knows, custom_llm_provider=openai. ")
    );
}

#[test]
fn a_known_model_without_prices_is_unpriced_and_a_model_of_zeros_is_free() {
    let usage = usage(10, 10);
    let (map, own, free) = (PriceMap::built_in(), Prices::parse("i=1e-6 o=2e-6"), Prices::parse("i=0 o=0"));
    for (provider, model, custom, want, basis) in [
        ("anthropic", "claude-newfamily-7-1", None, Standing::Unpriced, Some(Basis::Unpriced)),
        ("openai", "nobody-knows", None, Standing::Unpriced, None),
        ("openai", "gpt-4o", None, Standing::Priced, Some(Basis::Listed)),
        ("openai", "nobody-knows", Some(&own), Standing::Priced, Some(Basis::Custom)),
        ("openai", "gpt-4o", Some(&free), Standing::Free, Some(Basis::Custom)),
        ("lemonade", "anything", None, Standing::Free, Some(Basis::Listed)),
    ] {
        let call = Call { custom, ..Call::new(provider, model, &usage) };
        assert_eq!(standing(&map, &call), want, "{provider}/{model}");
        let cost = of(&map, &call, &Adjustments::default()).ok();
        assert_eq!(cost.map(|cost| cost.basis), basis, "{provider}/{model}");
    }
}

#[test]
fn tools_have_their_fees() {
    let usage = usage(0, 0);
    let tools = |provider, model, tools| cost(&Call { tools, ..Call::new(provider, model, &usage) }).breakdown.tools;
    let storage = FileSearch { storage: Storage(2500) };
    for (provider, model, done, want) in [
        ("openai", "gpt-4o", Tools { files: Some(FileSearch::default()), ..Tools::NONE }, 0.0025),
        ("azure", "gpt-4o", Tools { files: Some(storage), ..Tools::NONE }, 0.25),
        ("azure", "gpt-4o", Tools { vector_store: Storage(1000), ..Tools::NONE }, 0.1),
        ("azure", "gpt-4o", Tools { computer_input_tokens: 2000, computer_output_tokens: 1000, ..Tools::NONE }, 0.018),
        ("openai", "gpt-4o", Tools { code_sessions: 2, ..Tools::NONE }, 0.06),
        ("azure", "gpt-4o", Tools { code_sessions: 2, ..Tools::NONE }, 0.066),
        ("groq", "openai/gpt-oss-120b", Tools { code_sessions: 2, ..Tools::NONE }, 0.0),
    ] {
        assert_eq!(tools(provider, model, done), usd(want), "{provider} {done:?}");
    }
}

#[test]
fn every_search_of_an_answer_is_paid() {
    let usage = usage(0, 0);
    let call = Call { tools: Tools { searched: Some(3), ..Tools::NONE }, ..Call::new("openai", "gpt-6-astra", &usage) };
    let one = Call { tools: Tools { searched: Some(1), ..Tools::NONE }, ..call };
    assert!(cost(&one).total.0 > 0);
    assert_eq!(cost(&call).total.0, 3 * cost(&one).total.0);
}

#[test]
fn xai_states_its_searches_with_its_cost() {
    let searches = Searches { server: Some(3), ..Searches::default() };
    let details = Details { cost: Some(usd(0.01)), searches, ..Details::NONE };
    let usage = Usage { details, ..usage(10, 10) };
    assert_eq!(cost(&Call::new("xai", "nobody-knows", &usage)).total, usd(0.01));
}

#[test]
fn discounts_and_margins_that_cannot_be_meant_are_refused_by_name() {
    use serde_json::json;
    for (discounts, margins, name) in [
        (json!({"openai": 1.5}), Value::Null, "cost_discount_config"),
        (json!({"openai": -0.1}), Value::Null, "cost_discount_config"),
        (json!({"openai": "much"}), Value::Null, "cost_discount_config"),
        (Value::Null, json!({"openai": -0.1}), "cost_margin_config"),
        (Value::Null, json!({"openai": {"fixed_amount": -1}}), "cost_margin_config"),
    ] {
        let error = Adjustments::read(&discounts, &margins).expect_err("not to be meant");
        assert!(error.to_string().contains(name) && error.to_string().contains("openai"), "{error}");
    }
}

const ASK: Ask = Ask {
    input_tokens: Some(1000),
    output_tokens: None,
    choices: 1,
    has_answer: true,
    writes_cache: false,
    has_media: false,
};

#[test]
fn the_worst_case_takes_the_highest_rates() {
    let (map, usage) = (PriceMap::built_in(), usage(0, 0));
    let call = Call::new("mine", "m", &usage);
    let long = ASK.input_tokens.map(|_| 300_000);
    for (words, ask, want) in [
        ("i=1e-6 o=2e-6", Ask { output_tokens: Some(100), ..ASK }, Some(0.0012)),
        ("i=1e-6 o=2e-6", Ask { output_tokens: Some(100), choices: 3, ..ASK }, Some(0.0016)),
        ("i=1e-6 o=2e-6", ASK, Some(0.033_768)),
        ("i=1e-6 o=2e-6", Ask { output_tokens: Some(999_999), ..ASK }, Some(0.033_768)),
        ("i=1e-6 o=2e-6", Ask { has_answer: false, ..ASK }, Some(0.001)),
        ("i=1e-6", Ask { has_answer: false, ..ASK }, Some(0.001)),
        ("i=1e-6", ASK, None),
        ("o=2e-6", ASK, None),
        ("i=1e-6 o=2e-6", Ask { input_tokens: None, ..ASK }, None),
        ("i=1e-6 w=2e-6 wh=3e-6 o=0", Ask { writes_cache: true, ..ASK }, Some(0.003)),
        ("i=1e-6 w=2e-6 wh=3e-6 o=0", ASK, Some(0.001)),
        ("i=1e-6 ia=9e-6 o=0", Ask { has_media: true, ..ASK }, Some(0.009)),
        ("i=1e-6 o=2e-6 t=4e-6", Ask { output_tokens: Some(1000), ..ASK }, Some(0.005)),
        ("i=1e-6 i>200k=2e-6 o=0", Ask { input_tokens: long, ..ASK }, Some(0.6)),
        ("i=1e-6 o=0 T0-1000;i=2e-6;o=0 T1000-9000;i=3e-6;o=0", Ask { input_tokens: Some(2000), ..ASK }, Some(0.006)),
        ("os=0.1", ASK, None),
    ] {
        let own = Prices::parse(words);
        let most = worst(&map, &Call { custom: Some(&own), ..call }, &ask).map(|most| most.total);
        assert_eq!(most, want.map(usd), "{words} {ask:?}");
    }
}

#[test]
fn the_worst_case_knows_the_limits_of_a_model_and_prices_of_tiers() {
    let (map, usage) = (PriceMap::built_in(), usage(0, 0));
    let call = Call::new("openai", "gpt-4o", &usage);
    let most = |call: &Call<'_>, ask| worst(&map, call, &ask).expect("a price");
    assert_eq!(most(&call, ASK).total, usd(1000.0 * 2.5e-6 + 16_384.0 * 1e-5));
    assert_eq!(most(&call, ASK).input, usd(0.0025));
    assert_eq!(most(&call, Ask { input_tokens: None, has_answer: false, ..ASK }).total, usd(128_000.0 * 2.5e-6));
    let rushed = most(&Call { tier: Some("priority"), ..call }, ASK);
    assert!(rushed.total > most(&call, ASK).total);
    let drawn =
        Call { work: Work::Images(Images { count: 2, ..Images::default() }), ..Call::new("aiml", "dall-e-3", &usage) };
    assert_eq!(most(&drawn, Ask { choices: 2, ..ASK }).total, usd(0.104));
}

#[test]
fn the_worst_case_of_units_is_what_the_call_says() {
    let (map, usage) = (PriceMap::built_in(), usage(0, 0));
    let second = Duration::from_secs(100);
    for (provider, model, work, want) in [
        ("openai", "whisper-1", Work::Transcription { length: second }, 0.01),
        ("openai", "tts-1", Work::Speech { characters: 1000 }, 0.015),
        ("cohere", "rerank-v3.5", Work::Rerank { units: Some(3), tokens: None }, 0.006),
        ("mistral", "mistral-ocr-latest", Work::Pages { pages: Some(10), annotated: 0, credits: None }, 0.04),
        ("openai", "sora-2", Work::Video { length: second, resolution: None, count: 1 }, 10.0),
    ] {
        let call = Call { work, ..Call::new(provider, model, &usage) };
        assert_eq!(worst(&map, &call, &ASK).map(|most| most.total), Some(usd(want)), "{model}");
    }
    let own = Prices::parse("os=0.1");
    let timed = Call { custom: Some(&own), elapsed: second, ..Call::new("mine", "m", &usage) };
    assert_eq!(worst(&map, &timed, &ASK).map(|most| most.total), Some(usd(10.0)));
    let call = Call {
        work: Work::Rerank { units: Some(1), tokens: None },
        ..Call::new("jina_ai", "jina-reranker-v2-base-multilingual", &usage)
    };
    let ask = Ask { has_answer: false, ..ASK };
    assert_eq!(worst(&map, &call, &ask).map(|most| most.total), Some(usd(1000.0 * 5e-8)));
}

/// No call costs more than what was reserved for it, whatever it turned out to be.
#[test]
fn no_call_costs_more_than_its_worst_case() {
    let map = PriceMap::built_in();
    for (provider, model) in [
        ("openai", "gpt-6-astra"),
        ("anthropic", "claude-sonnet-4-5"),
        ("gemini", "gemini-2.5-pro"),
        ("dashscope", "qwen-plus-2025-04-28"),
        ("deepseek", "deepseek-v4-pro"),
        ("xai", "grok-4.20-0309-reasoning"),
    ] {
        for prompt in [1, 1000, 32_001, 200_000, 272_001] {
            for (cached, written, reasoning) in [(0, 0, 0), (1, 0, 500), (0, 1, 0)] {
                let details =
                    Details { cached: prompt * cached, written: prompt * written, reasoning, ..Details::NONE };
                let usage = Usage { details, ..usage(prompt, 500) };
                let call = Call { tier: Some("priority"), ..Call::new(provider, model, &usage) };
                let ask = Ask { input_tokens: Some(prompt), output_tokens: Some(500), writes_cache: true, ..ASK };
                let (most, paid) = (worst(&map, &call, &ask).expect("a price"), cost(&call));
                assert!(paid.total <= most.total, "{model} {prompt} {details:?}: {paid:?} of {most:?}");
            }
        }
    }
}

#[test]
fn the_breakdown_is_litellms() {
    let usage = Usage { details: Details { cached: 400, reasoning: 100, ..Details::NONE }, ..usage(1000, 500) };
    let adjustments = serde_json::json!({"openai": 0.1});
    let adjustments = Adjustments::read(&adjustments, &serde_json::json!({"openai": {"fixed_amount": 0.01}}));
    let call = Call { tier: Some("priority"), ..Call::new("openai", "gpt-4o", &usage) };
    let cost = of(&PriceMap::built_in(), &call, &adjustments.expect("shares")).expect("a price");
    let shown = cost.breakdown.to_json(cost.total);
    let number = |name: &str| shown[name].as_f64().unwrap_or_else(|| panic!("{name} in {shown}"));
    assert_eq!(shown["service_tier"], "priority");
    assert!((number("total_cost") - (number("original_cost") * 0.9 + 0.01)).abs() < 1e-12);
    assert!((number("input_cost") + number("output_cost") - number("original_cost")).abs() < 1e-12);
    assert!(number("cache_read_cost") > 0.0 && number("reasoning_cost") > 0.0);
    assert_eq!((number("discount_percent"), number("margin_fixed_amount")), (0.1, 0.01));
}
