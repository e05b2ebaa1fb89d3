//! What a call can cost at most, before it is made; and whether a model has a price at all.
//!
//! For reservations. LiteLLM's `budget_reservation`, with the rates that LiteLLM leaves out there: thresholds, tiers,
//! cache writes and media. Knows no budgets.

use super::call::{Call, Work};
use super::native;
use super::pricing::{self, Priced};
use super::rates::Terms;
use super::tokens;
use crate::money::{ExactUsd, Picodollars};
use crate::price_map::PriceMap;
use crate::prices::{Key, Tier, Unit};

/// Answer tokens where neither the request nor the model has a limit, as in LiteLLM.
const OUTPUT_TOKENS: u64 = 16_384;

/// What is known of a call before it is made.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// `None`: the longest prompt that the model reads.
    pub input_tokens: Option<u64>,
    /// The request's own limit; `None`: the model's. LiteLLM takes 16,384 at most where the request has none.
    pub output_tokens: Option<u64>,
    /// The larger of `n` and `best_of`.
    pub choices: u64,
    /// Embeddings, reranks and moderations answer no tokens.
    pub has_answer: bool,
    /// Whether the request asks for its prompt to be cached.
    pub writes_cache: bool,
    /// Whether the prompt holds audio, images or films.
    pub has_media: bool,
}

/// The most that a call can cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worst {
    pub total: Picodollars,
    /// What is lost for certain once the call has been sent.
    pub input: Picodollars,
}

/// Whether a model has a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Priced,
    /// Its prices are listed, and all of them are zero.
    Free,
    /// Nobody knows its prices.
    Unpriced,
}

/// Whether calls like this one have a price.
pub fn standing(map: &PriceMap, call: &Call<'_>) -> Standing {
    match pricing::select(map, call) {
        Some(priced) if priced.prices.is_free() => Standing::Free,
        Some(priced) if !priced.prices.is_empty() => Standing::Priced,
        _ => Standing::Unpriced,
    }
}

/// The most that the call can cost, within the time that it may take; `None` where that cannot be told.
pub fn worst(map: &PriceMap, call: &Call<'_>, ask: &Ask) -> Option<Worst> {
    let priced = pricing::select(map, call)?;
    let of_time = || native::timed(call, &priced).map(|charge| charge.total()).filter(|most| !most.is_zero());
    if let Some(units) = of_images(call, &priced, ask).or_else(|| of_units(map, call, &priced)).or_else(of_time) {
        return Some(Worst { total: units.round(), input: Picodollars(0) });
    }
    let facts = map.find(priced.key);
    let limit = |of: Option<u64>| of.filter(|tokens| *tokens > 0);
    let input_tokens = ask.input_tokens.or_else(|| limit(facts.and_then(|facts| facts.max_input_tokens())))?;
    let longest = limit(facts.and_then(|facts| facts.max_output_tokens())).unwrap_or(OUTPUT_TOKENS);
    let output_tokens = if ask.has_answer { ask.output_tokens.unwrap_or(longest).min(longest) } else { 0 };
    let (input_rate, output_rate) = highest(call, &priced, ask, input_tokens);
    let input = input_rate?.times(input_tokens);
    let output = match output_rate {
        Some(rate) => rate.times(output_tokens).times(ask.choices.max(1)),
        None if output_tokens == 0 => ExactUsd::ZERO,
        None => return None,
    };
    let scaled = |cost: ExactUsd| uplifted(call, &priced, cost);
    Some(Worst { total: scaled(input.plus(output)).round(), input: scaled(input).round() })
}

/// Images by their number: the price of each, whichever side lists it.
fn of_images(call: &Call<'_>, priced: &Priced<'_>, ask: &Ask) -> Option<ExactUsd> {
    let is_drawing = matches!(priced.mode, "image_generation" | "image_edit") || matches!(call.work, Work::Images(_));
    let rate = |unit| priced.prices.rate(unit).unwrap_or_default();
    let each = rate(Unit::INPUT_IMAGE).plus(rate(Unit::OUTPUT_IMAGE));
    (is_drawing && !each.is_zero()).then(|| each.times(ask.choices.max(1)))
}

/// Work that is paid by units of its own, as many as the call says: characters, seconds, pages, searches. `None` where it
/// is paid by tokens.
fn of_units(map: &PriceMap, call: &Call<'_>, priced: &Priced<'_>) -> Option<ExactUsd> {
    if matches!(call.work, Work::Tokens | Work::Embedding | Work::Batch) {
        return None;
    }
    let charge = super::work(map, call, priced).ok()?.total();
    (!charge.is_zero()).then_some(charge)
}

/// The highest rates of a prompt and an answer token; `None` where there is none.
fn highest(
    call: &Call<'_>,
    priced: &Priced<'_>,
    ask: &Ask,
    prompt_tokens: u64,
) -> (Option<ExactUsd>, Option<ExactUsd>) {
    let prices = &priced.prices;
    let is_inclusive = call.provider == "xai";
    let terms = |tier| Terms { prices, prompt_tokens, tier, at_unix_s: call.at_unix_s, is_inclusive }.rates();
    // A tier that was asked for may not be served.
    let both = [terms(Tier::Standard), terms(call.tier())];
    let step = prices.step(prompt_tokens);
    let is_priced = |unit| prices.rate(unit).or_else(|| step?.rate(unit)).is_some();
    let media =
        |units: [Unit; 3]| units.into_iter().filter_map(|unit| prices.in_tier(Key::of(unit), call.tier())).max();
    let input = both.iter().map(|rates| rates.input).max();
    let writes = both.iter().map(|rates| rates.cache_write.max(rates.cache_write_hour)).max();
    let inputs = [Unit::INPUT_AUDIO, Unit::INPUT_IMAGE_TOKEN, Unit::INPUT_VIDEO_TOKEN];
    let input = input.max(writes.filter(|_| ask.writes_cache)).max(media(inputs).filter(|_| ask.has_media));
    let output = both.iter().map(|rates| rates.output.max(rates.reasoning)).max();
    let outputs = [Unit::OUTPUT_AUDIO, Unit::OUTPUT_IMAGE_TOKEN, Unit::OUTPUT_VIDEO_TOKEN];
    let is_text = matches!(priced.mode, "" | "chat" | "completion" | "responses" | "embedding" | "rerank");
    let output = output.max(media(outputs).filter(|_| !is_text || ask.has_media));
    let has_output = is_priced(Unit::OUTPUT) || is_priced(Unit::REASONING) || is_priced(Unit::OUTPUT_IMAGE_TOKEN);
    (input.filter(|_| is_priced(Unit::INPUT)), output.filter(|_| has_output))
}

fn uplifted(call: &Call<'_>, priced: &Priced<'_>, cost: ExactUsd) -> ExactUsd {
    let regional = cost.scaled(tokens::uplift(&priced.prices, call.residency));
    regional.scaled(tokens::endpoint_uplift(&priced.prices, call.vertex_location))
}
