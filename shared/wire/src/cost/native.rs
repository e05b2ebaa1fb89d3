//! Whose arithmetic a call's tokens follow: most providers' is the common one, some have their own.
//!
//! LiteLLM's `cost_per_token`. Knows no tools, images or other work.

use super::Charge;
use super::call::{Call, Work};
use super::pricing::{Priced, ROUTER_ENTRY, is_router};
use super::tokens::{self, undivided};
use crate::money::{ExactUsd, Factor};
use crate::price_map::PriceMap;
use crate::prices::{At, Band, Key, Prices, Tier, Unit};

/// Modes whose seconds are those of the clock, not of a film or a recording.
const TIMED_MODES: [&str; 6] = ["", "audio_transcription", "chat", "completion", "embedding", "responses"];

/// What the call's tokens cost, or its time where only that has a price.
pub(super) fn cost(call: &Call<'_>, priced: &Priced<'_>) -> Charge {
    let prices = &priced.prices;
    if let Some(charge) = timed(call, priced) {
        return charge;
    }
    let generic = |tier| tokens::cost(call, prices, call.usage, tier);
    let charge = match priced.provider {
        "anthropic" => anthropic(call, prices, generic(call.tier())),
        "perplexity" => perplexity(call, prices),
        "xai" => xai(call, prices),
        "dashscope" | "qwencloud" | "qwen_ai_platform" => dashscope(call, prices),
        "deepseek" | "tencent" | "fireworks_ai" => generic(Tier::Standard),
        "vertex_ai" => vertex(call, prices).unwrap_or_else(|| generic(call.tier())),
        _ => return generic(call.tier()),
    };
    // LiteLLM tells these parts as the common arithmetic has them, whatever the provider's own makes of the total.
    let parts = generic(call.tier()).scaled(geo(call, prices));
    let Charge { cache_read, cache_write, reasoning, .. } = parts;
    Charge { cache_read, cache_write, reasoning, ..charge }
}

/// Anthropic's factor for what it served in the US.
fn geo(call: &Call<'_>, prices: &Prices) -> Factor {
    prices.rate(Unit::UPLIFT_GEO_US).filter(|_| call.usage.details.is_in_us).map_or(Factor::ONE, Factor::of_rate)
}

/// Whether tokens have a price that is not zero, or a table of prices.
pub(super) fn has_token_prices(prices: &Prices) -> bool {
    let is_paid = |unit| prices.rate(unit).is_some_and(|rate| !rate.is_zero());
    is_paid(Unit::INPUT) || is_paid(Unit::OUTPUT) || prices.steps(Band::PromptTokens).next().is_some()
}

/// What is paid by the time that the provider takes.
pub(super) fn timed(call: &Call<'_>, priced: &Priced<'_>) -> Option<Charge> {
    let prices = &priced.prices;
    if has_token_prices(prices) || !TIMED_MODES.contains(&priced.mode) {
        return None;
    }
    let units = [Unit::SECOND, Unit::INPUT_SECOND, Unit::OUTPUT_SECOND];
    let rate = units.into_iter().find_map(|unit| prices.rate(unit))?;
    Some(Charge::input(rate.over(call.elapsed)))
}

/// Faster service and service in the US cost a multiple of everything.
fn anthropic(call: &Call<'_>, prices: &Prices, charge: Charge) -> Charge {
    let fast = prices.rate(Unit::UPLIFT_FAST).filter(|_| call.usage.details.is_fast);
    charge.scaled(fast.map_or(Factor::ONE, Factor::of_rate)).scaled(geo(call, prices))
}

/// What xAI and Perplexity say themselves that the call cost, searches and all.
pub(super) fn stated(call: &Call<'_>) -> Option<Charge> {
    let says = matches!(call.provider, "xai" | "perplexity") && matches!(call.work, Work::Tokens);
    let cost = call.usage.details.cost.filter(|_| says && call.custom.is_none())?;
    Some(Charge::output(ExactUsd::of(cost)))
}

/// Perplexity's tokens, citations, thinking and searches; its cache has no price.
fn perplexity(call: &Call<'_>, prices: &Prices) -> Charge {
    let usage = call.usage;
    let off_peak = prices.off_peak().filter(|block| block.holds_at(call.at_unix_s));
    let rate = |unit| off_peak.and_then(|block| block.rate(unit)).or_else(|| prices.rate(unit)).unwrap_or_default();
    let details = &usage.details;
    let citations = prices.rate(Unit::CITATION).unwrap_or_default().times(details.citations);
    let thinking = prices.rate(Unit::REASONING).filter(|_| details.reasoning > 0);
    let spoken = usage.completion_tokens.saturating_sub(thinking.map_or(0, |_| details.reasoning));
    let thought = thinking.unwrap_or_default().times(details.reasoning);
    let own = prices.rate(Unit::SEARCH_QUERY).filter(|rate| !rate.is_zero());
    let search = own.or_else(|| prices.rate(Unit::SEARCH_LOW)).unwrap_or_default();
    let searches = search.times(details.searches.grounding.unwrap_or(0));
    Charge {
        input: rate(Unit::INPUT).times(usage.prompt_tokens).plus(citations),
        output: rate(Unit::OUTPUT).times(spoken).plus(thought).plus(searches),
        ..Charge::default()
    }
}

/// xAI's tokens; it counts thinking beside the answer, and its price is the answer's.
fn xai(call: &Call<'_>, prices: &Prices) -> Charge {
    let usage = call.usage;
    let mut whole = undivided(usage);
    let is_within = usage.total_tokens == usage.prompt_tokens.saturating_add(usage.completion_tokens);
    if !is_within {
        whole.completion_tokens = usage.completion_tokens.saturating_add(usage.details.reasoning);
    }
    tokens::cost(call, prices, &whole, Tier::Standard)
}

/// All of a call is charged by the step that its whole prompt falls into.
fn dashscope(call: &Call<'_>, prices: &Prices) -> Charge {
    let (usage, details) = (call.usage, &call.usage.details);
    let step = prices.step(usage.prompt_tokens.max(details.cached.saturating_add(details.written)));
    let off_peak = prices.off_peak().filter(|block| block.holds_at(call.at_unix_s));
    let base = |unit| step.map_or_else(|| prices.rate(unit), |step| step.rate(unit));
    let now = |unit| off_peak.and_then(|block| block.rate(unit));
    let table_input = base(Unit::INPUT).unwrap_or_default();
    let input = now(Unit::INPUT).unwrap_or(table_input);
    let cache = |unit| now(unit).or_else(|| base(unit)).unwrap_or(table_input);
    let table_output = base(Unit::OUTPUT);
    let output = now(Unit::OUTPUT).or(table_output).or_else(|| prices.rate(Unit::OUTPUT)).unwrap_or_default();
    let flat_thinking = || prices.rate(Unit::REASONING).filter(|_| step.is_none() || table_output.is_none());
    let thinking = now(Unit::REASONING).or_else(|| base(Unit::REASONING)).or_else(flat_thinking).unwrap_or(output);
    let text = usage.prompt_tokens.saturating_sub(details.cached.saturating_add(details.written));
    let cache_read = cache(Unit::CACHE_READ).times(details.cached);
    let cache_write = cache(Unit::CACHE_WRITE).times(details.written);
    let reasoning = thinking.times(details.reasoning);
    let spoken = usage.completion_tokens.saturating_sub(details.reasoning);
    Charge {
        input: input.times(text).plus(cache_read).plus(cache_write),
        output: output.times(spoken).plus(reasoning),
        cache_read,
        cache_write,
        reasoning,
        ..Charge::default()
    }
}

/// Models with a price above 128,000 tokens are charged by it, prompt and answer each by its own length.
fn vertex(call: &Call<'_>, prices: &Prices) -> Option<Charge> {
    const LIMIT: u64 = 128_000;
    let above = |unit| prices.get(Key::of(unit).at(At::Above(LIMIT)));
    above(Unit::INPUT).or_else(|| above(Unit::OUTPUT))?;
    let rate = |unit, tokens: u64| {
        let long = above(unit).filter(|_| tokens > LIMIT);
        long.or_else(|| prices.rate(unit)).unwrap_or_default().times(tokens)
    };
    let charge = Charge {
        input: rate(Unit::INPUT, call.usage.prompt_tokens),
        output: rate(Unit::OUTPUT, call.usage.completion_tokens),
        ..Charge::default()
    };
    Some(charge.scaled(tokens::endpoint_uplift(prices, call.vertex_location)))
}

/// What Azure takes for having its router choose the model, where the model's own price does not hold it already.
pub(super) fn router_fee(map: &PriceMap, call: &Call<'_>, priced: &Priced<'_>) -> ExactUsd {
    let is_azure = matches!(call.provider, "azure" | "azure_ai") && matches!(call.work, Work::Tokens);
    let is_router = is_router(call.names.request_model) && !is_router(priced.key);
    let fee = || map.find(ROUTER_ENTRY)?.prices().rate(Unit::INPUT);
    if is_azure && is_router { fee().unwrap_or_default().times(call.usage.prompt_tokens) } else { ExactUsd::ZERO }
}
