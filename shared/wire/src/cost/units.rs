//! Work that is not paid by tokens: seconds, characters, pages, queries.
//!
//! Knows no tools and no images.

use std::time::Duration;

use super::Charge;
use super::call::Call;
use super::pricing::Priced;
use super::tokens;
use crate::money::ExactUsd;
use crate::price_map::PriceMap;
use crate::prices::{At, Band, Key, Tier, Unit};

/// Results that a search of Parallel has in its price, and what each further one costs.
const PARALLEL_RESULTS: u64 = 10;
const PARALLEL_RESULT: ExactUsd = ExactUsd::of_billionths(1_000_000);

/// A film by its seconds, at the rate of its resolution where there is one.
pub(super) fn video(priced: &Priced<'_>, length: Duration, resolution: Option<&str>) -> ExactUsd {
    let prices = &priced.prices;
    let label = resolution.map(|text| text.trim().to_ascii_lowercase()).and_then(|text| At::label(&text));
    let labelled = || prices.get(Key::of(Unit::OUTPUT_SECOND).at(label?));
    let rate = prices.rate(Unit::OUTPUT_VIDEO_SECOND).or_else(labelled).or_else(|| prices.rate(Unit::OUTPUT_SECOND));
    rate.unwrap_or_default().over(length)
}

/// Speech by its characters, else by its tokens; music of Vertex by the piece.
pub(super) fn speech(call: &Call<'_>, priced: &Priced<'_>, characters: u64) -> Charge {
    let prices = &priced.prices;
    let is_music = priced.key.starts_with("vertex_ai/lyria");
    if let Some(piece) = prices.rate(Unit::OUTPUT_IMAGE).filter(|_| is_music) {
        return Charge::output(piece);
    }
    match prices.rate(Unit::INPUT_CHARACTER).filter(|rate| !rate.is_zero()) {
        Some(rate) => Charge::input(rate.times(characters)),
        None => tokens::cost(call, prices, call.usage, call.tier()),
    }
}

/// A recording by its tokens where they are counted, else by its seconds.
pub(super) fn transcription(call: &Call<'_>, priced: &Priced<'_>, length: Duration) -> Charge {
    let (usage, prices) = (call.usage, &priced.prices);
    if usage.prompt_tokens > 0 || usage.completion_tokens > 0 {
        return tokens::cost(call, prices, usage, call.tier());
    }
    match prices.rate(Unit::OUTPUT_SECOND).filter(|rate| !rate.is_zero()) {
        Some(rate) => Charge::output(rate.over(length)),
        None => Charge::input(prices.rate(Unit::INPUT_SECOND).unwrap_or_default().over(length)),
    }
}

/// Jina and Voyage charge tokens, the others searches.
pub(super) fn rerank(call: &Call<'_>, priced: &Priced<'_>, units: Option<u64>, tokens: Option<u64>) -> ExactUsd {
    let (unit, count) = match call.provider {
        "jina_ai" | "voyage" => (Unit::INPUT, tokens),
        _ => (Unit::QUERY, units),
    };
    priced.prices.rate(unit).unwrap_or_default().times(count.unwrap_or(0))
}

/// Pages by their number, or by credits (in thousandths) where the provider counts those.
pub(super) fn pages(priced: &Priced<'_>, pages: Option<u64>, annotated: u64, credits: Option<u64>) -> ExactUsd {
    let prices = &priced.prices;
    if let (Some(credits), Some(rate)) = (credits, prices.rate(Unit::CREDIT)) {
        return rate.times(credits).thousandth();
    }
    let page = prices.rate(Unit::PAGE);
    let annotation = prices.rate(Unit::ANNOTATED_PAGE).or(page).unwrap_or_default();
    page.unwrap_or_default().times(pages.unwrap_or(0)).plus(annotation.times(annotated))
}

/// The same within a batch.
pub(super) fn batch_pages(priced: &Priced<'_>, pages: u64, annotated: u64) -> ExactUsd {
    let rate = |unit| priced.prices.in_tier(Key::of(unit), Tier::Batches);
    let annotation = rate(Unit::ANNOTATED_PAGE).or_else(|| rate(Unit::PAGE)).unwrap_or_default();
    rate(Unit::PAGE).unwrap_or_default().times(pages).plus(annotation.times(annotated))
}

/// Queries, where it matters by how many results they ask for.
pub(super) fn search(priced: &Priced<'_>, queries: u64, results_max: u64) -> ExactUsd {
    let prices = &priced.prices;
    let fits = |from: u64, to: u64| from <= results_max && results_max <= to;
    let step = prices.steps(Band::SearchResults).find(|step| fits(step.from, step.to));
    let step = step.or_else(|| prices.steps(Band::SearchResults).last());
    let rate = step.map_or_else(|| prices.rate(Unit::QUERY), |step| step.rate(Unit::QUERY));
    let rate = rate.unwrap_or_default();
    if priced.provider == "parallel_ai" {
        // All queries of a call are one request; its further results are paid.
        return rate.plus(PARALLEL_RESULT.times(results_max.saturating_sub(PARALLEL_RESULTS)));
    }
    rate.times(queries)
}

/// Only Vertex charges a search in a vector store.
pub(super) fn vector_search(map: &PriceMap, call: &Call<'_>) -> ExactUsd {
    let entry = map.find("vertex_ai/search_api").filter(|_| call.provider == "vertex_ai");
    entry.and_then(|facts| facts.prices().rate(Unit::QUERY)).unwrap_or_default()
}
