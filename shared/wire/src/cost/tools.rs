//! Fees for what a provider does beside the model: searches, files, code, a computer.
//!
//! LiteLLM's `tool_call_cost_tracking`. Knows no tokens.

use super::call::Call;
use super::pricing::Priced;
use crate::money::ExactUsd;
use crate::price_map::PriceMap;
use crate::prices::Unit;
use crate::usage::Searches;

/// Prices where the map has none: xAI's and Gemini's search, Google Maps by query and by prompt, Groq's opened page,
/// OpenAI's file search, Azure's gigabyte a day, Azure's computer by 1,000 tokens in and out.
const XAI_SEARCH: ExactUsd = ExactUsd::of_billionths(5_000_000);
const GEMINI_SEARCH: ExactUsd = ExactUsd::of_billionths(35_000_000);
const MAPS_QUERY: ExactUsd = ExactUsd::of_billionths(14_000_000);
const MAPS_PROMPT: ExactUsd = ExactUsd::of_billionths(25_000_000);
const GROQ_PAGE: ExactUsd = ExactUsd::of_billionths(1_000_000);
const OPENAI_FILE_SEARCH: ExactUsd = ExactUsd::of_billionths(2_500_000);
const AZURE_STORAGE: ExactUsd = ExactUsd::of_billionths(100_000_000);
const AZURE_COMPUTER_INPUT: ExactUsd = ExactUsd::of_billionths(3_000_000);
const AZURE_COMPUTER_OUTPUT: ExactUsd = ExactUsd::of_billionths(12_000_000);

/// What was done beside the model, as the request and the answer tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tools {
    /// Searches that stand in the answer: its search calls, one where it only cites pages.
    pub searched: Option<u64>,
    /// `search_context_size` of the request.
    pub context: Option<Context>,
    /// Where the answer searched files.
    pub files: Option<FileSearch>,
    pub vector_store: Storage,
    /// Sessions of a code interpreter.
    pub code_sessions: u64,
    pub computer_input_tokens: u64,
    pub computer_output_tokens: u64,
}

/// How much of the web a search reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    Low,
    Medium,
    High,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileSearch {
    pub storage: Storage,
}

/// Thousandths of a gigabyte, kept for a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Storage(pub u64);

impl Tools {
    pub const NONE: Self = Self {
        searched: None,
        context: None,
        files: None,
        vector_store: Storage(0),
        code_sessions: 0,
        computer_input_tokens: 0,
        computer_output_tokens: 0,
    };
}

pub(super) fn cost(map: &PriceMap, call: &Call<'_>, priced: &Priced<'_>) -> ExactUsd {
    let fees = [maps(call, priced), search(call, priced), files(call, priced), azure(call, priced), code(map, call)];
    fees.into_iter().fold(ExactUsd::ZERO, ExactUsd::plus)
}

/// Searches of the web, which every provider counts and charges in its own way.
fn search(call: &Call<'_>, priced: &Priced<'_>) -> ExactUsd {
    let searches = call.usage.details.searches;
    let is_counted =
        searches.grounding.is_some() || searches.tool.is_some() || searches.server.is_some_and(|calls| calls > 0);
    if call.tools.searched.is_none() && !is_counted {
        return ExactUsd::ZERO;
    }
    let medium = priced.prices.rate(Unit::SEARCH_MEDIUM);
    match priced.provider {
        // Counted among the answer's tokens.
        "perplexity" => ExactUsd::ZERO,
        "anthropic" => medium.unwrap_or_default().times(searches.tool.unwrap_or(0)),
        "gemini" => grounding(searches, priced),
        "xai" => xai(call, priced),
        "groq" => {
            let pages = GROQ_PAGE.times(searches.opened);
            medium.unwrap_or_default().times(searches.tool.unwrap_or(0)).plus(pages)
        }
        provider if provider.starts_with("vertex_ai") => {
            let is_claude = priced.key.to_ascii_lowercase().contains("claude");
            let claude = || medium.unwrap_or_default().times(searches.tool.unwrap_or(0));
            if is_claude { claude() } else { grounding(searches, priced) }
        }
        _ => by_context(call, priced).times(call.tools.searched.unwrap_or(1)),
    }
}

fn by_context(call: &Call<'_>, priced: &Priced<'_>) -> ExactUsd {
    let unit = match call.tools.context {
        Some(Context::Low) => Unit::SEARCH_LOW,
        Some(Context::High) => Unit::SEARCH_HIGH,
        Some(Context::Medium) | None => Unit::SEARCH_MEDIUM,
    };
    priced.prices.rate(unit).unwrap_or_default()
}

/// Gemini 3 charges every query, the older ones every prompt that was grounded.
pub(super) fn grounding(searches: Searches, priced: &Priced<'_>) -> ExactUsd {
    let rate = priced.prices.rate(Unit::SEARCH_MEDIUM).unwrap_or(GEMINI_SEARCH);
    let count = searches.grounding.filter(|count| *count > 0).or(searches.tool).unwrap_or(0);
    rate.times(if priced.prices.is_searched_by_query() { count } else { count.min(1) })
}

fn maps(call: &Call<'_>, priced: &Priced<'_>) -> ExactUsd {
    let is_google = priced.provider == "gemini" || priced.provider.starts_with("vertex_ai");
    let Some(count) = call.usage.details.searches.maps.filter(|_| is_google) else { return ExactUsd::ZERO };
    let is_by_query = priced.prices.is_searched_by_query();
    let default = if is_by_query { MAPS_QUERY } else { MAPS_PROMPT };
    let rate = priced.prices.rate(Unit::MAPS_QUERY).unwrap_or(default);
    rate.times(if is_by_query { count } else { count.min(1) })
}

fn xai(call: &Call<'_>, priced: &Priced<'_>) -> ExactUsd {
    let details = &call.usage.details;
    if details.cost.is_some() && !priced.is_custom {
        return ExactUsd::ZERO;
    }
    let units = [Unit::SEARCH_MEDIUM, Unit::SEARCH_LOW, Unit::SEARCH_HIGH];
    let known = units.into_iter().filter_map(|unit| priced.prices.rate(unit)).find(|rate| !rate.is_zero());
    known.unwrap_or(XAI_SEARCH).times(details.searches.server.unwrap_or(0))
}

fn files(call: &Call<'_>, priced: &Priced<'_>) -> ExactUsd {
    let Some(files) = call.tools.files else { return ExactUsd::ZERO };
    if call.provider == "azure" {
        return stored(priced.prices.rate(Unit::FILE_SEARCH_STORAGE), files.storage);
    }
    priced.prices.rate(Unit::FILE_SEARCH).unwrap_or(OPENAI_FILE_SEARCH)
}

fn stored(rate: Option<ExactUsd>, storage: Storage) -> ExactUsd {
    rate.unwrap_or(AZURE_STORAGE).times(storage.0).thousandth()
}

/// Azure charges its vector stores and its computer by the call.
fn azure(call: &Call<'_>, priced: &Priced<'_>) -> ExactUsd {
    if call.provider != "azure" {
        return ExactUsd::ZERO;
    }
    let rate = |unit, default| priced.prices.rate(unit).filter(|rate| !rate.is_zero()).unwrap_or(default);
    let input = rate(Unit::COMPUTER_INPUT, AZURE_COMPUTER_INPUT).times(call.tools.computer_input_tokens);
    let output = rate(Unit::COMPUTER_OUTPUT, AZURE_COMPUTER_OUTPUT).times(call.tools.computer_output_tokens);
    let computer = input.plus(output).thousandth();
    stored(priced.prices.rate(Unit::VECTOR_STORE), call.tools.vector_store).plus(computer)
}

/// Sessions of the provider's containers, which the map lists as a model of their own.
fn code(map: &PriceMap, call: &Call<'_>) -> ExactUsd {
    if call.tools.code_sessions == 0 {
        return ExactUsd::ZERO;
    }
    let entry = map.find(&format!("{}/container", call.provider));
    let rate = entry.and_then(|facts| facts.prices().rate(Unit::CODE_SESSION));
    rate.unwrap_or_default().times(call.tools.code_sessions)
}
