//! Which price counts: the deployment's own, or that of the first of a call's names that the map knows.

use super::breakdown::Basis;
use super::call::{Call, Work};
use crate::money::ExactUsd;
use crate::price_map::{Found, PriceMap, Wanted};
use crate::prices::{Key, Prices, Unit};

/// The map's entry of the fee for Azure's model router.
pub(super) const ROUTER_ENTRY: &str = "azure_ai/model_router";

/// The prices of a call, and where they come from.
#[derive(Clone, Debug)]
pub struct Priced<'m> {
    /// The map's name of the entry; the deployment's model where the prices are its own.
    pub key: &'m str,
    pub mode: &'m str,
    /// Whose arithmetic counts.
    pub provider: &'m str,
    pub prices: Prices,
    pub is_custom: bool,
    is_listed: bool,
}

/// No entry, rule or own price for the model. Its spend cannot be known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "This model isn't mapped yet. model={model}, custom_llm_provider={provider}. Add its price to the deployment or to the price map."
)]
pub struct Unmapped {
    pub model: String,
    pub provider: String,
}

impl<'a> Priced<'a> {
    /// A model of which nothing is known.
    pub(super) fn nothing(call: &Call<'a>) -> Self {
        let (key, provider) = (call.names.request_model, call.provider);
        Self { key, mode: "", provider, prices: Prices::default(), is_custom: false, is_listed: false }
    }

    pub(super) fn basis(&self) -> Basis {
        match (self.is_custom, self.prices.is_empty()) {
            (true, _) => Basis::Custom,
            (false, false) => Basis::Listed,
            (false, true) => Basis::Unpriced,
        }
    }

    /// Whether the map has an entry for exactly this model, not only a rule for its family.
    pub const fn is_listed(&self) -> bool {
        self.is_listed
    }
}

pub(super) fn unmapped(call: &Call<'_>) -> Unmapped {
    let model = names(call).next().unwrap_or_default().to_owned();
    Unmapped { model, provider: call.provider.to_owned() }
}

/// The prices that count; `None` where nobody knows the model.
pub(super) fn select<'a>(map: &'a PriceMap, call: &Call<'a>) -> Option<Priced<'a>> {
    let public = names(call).find_map(|name| public(map, call, name));
    let Some(custom) = call.custom.filter(|custom| counts(custom, call.work)) else { return public };
    let (key, mode) = public.as_ref().map_or((call.names.request_model, ""), |public| (public.key, public.mode));
    // Images and video take what the deployment does not say from the public entry; tokens do not.
    let prices = match (&public, call.work) {
        (Some(public), Work::Images(_) | Work::Pages { .. } | Work::PagesOfBatch { .. }) => custom.or(&public.prices),
        _ => custom.clone(),
    };
    let mode = if matches!(call.work, Work::Tokens | Work::Embedding) { "" } else { mode };
    let prices = with_cache_default(call.provider, prices);
    Some(Priced { key, mode, provider: call.provider, prices, is_custom: true, is_listed: public.is_some() })
}

/// A deployment's prices count where they are about what was done.
fn counts(custom: &Prices, work: Work<'_>) -> bool {
    let is_of_tokens =
        matches!(work, Work::Tokens | Work::Embedding | Work::Batch | Work::Speech { .. } | Work::Rerank { .. });
    !custom.is_empty() && (custom.charges_calls() || !is_of_tokens)
}

/// The names in the order in which they count.
fn names<'a>(call: &Call<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let names = call.names;
    let first = names.base_model.or(names.provider_model);
    let all = [first, names.response_model, Some(names.request_model)];
    all.into_iter().flatten().filter(|name| !name.is_empty())
}

fn public<'a>(map: &'a PriceMap, call: &Call<'a>, name: &'a str) -> Option<Priced<'a>> {
    if call.provider == "lemonade" {
        // The user's own machine.
        return Some(Priced { prices: Prices::parse("i=0 o=0"), is_listed: true, ..Priced::nothing(call) });
    }
    let fixed = category(map, call, name);
    let name = fixed.unwrap_or(name);
    let provider = call.provider;
    let region = call.region.filter(|_| call.names.base_model.is_none());
    let regional = region.and_then(|region| regional(map, provider, region, name));
    let found = regional.or_else(|| map.lookup(Wanted { provider, model: name }));
    match found.or_else(|| fallback(map, provider, name))? {
        Found::Listed(facts) => Some(Priced {
            key: facts.key,
            mode: facts.mode,
            provider: call.provider,
            prices: with_cache_default(call.provider, facts.prices()),
            is_custom: false,
            is_listed: true,
        }),
        Found::Generalised => Some(Priced {
            key: name,
            mode: "chat",
            provider: call.provider,
            prices: Prices::default(),
            is_custom: false,
            is_listed: false,
        }),
    }
}

/// The entry for the region: `bedrock/us-east-1/…`. A rule for the family knows no regions.
fn regional<'m>(map: &'m PriceMap, provider: &str, region: &str, name: &str) -> Option<Found<'m>> {
    let bare = name.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
    let found = map.lookup(Wanted { provider, model: &format!("{region}/{bare}") });
    found.filter(|found| matches!(found, Found::Listed(_)))
}

/// Providers whose entries have other names than their models: old endpoints, or classes of size.
fn category(map: &PriceMap, call: &Call<'_>, name: &str) -> Option<&'static str> {
    match call.provider {
        "databricks" => databricks(name.strip_prefix("databricks/").unwrap_or(name)),
        "together_ai" => {
            let bare = name.strip_prefix("together_ai/").unwrap_or(name);
            let entry = map.find(&format!("together_ai/{bare}"));
            let is_priced = entry.is_some_and(|facts| facts.input_cost_per_token_usd().is_some());
            if is_priced { None } else { together(bare, matches!(call.work, Work::Embedding)) }
        }
        _ => None,
    }
}

fn databricks(name: &str) -> Option<&'static str> {
    const NAMES: [(&str, &str); 7] = [
        ("dbrx-instruct", "databricks-dbrx-instruct"),
        ("meta-llama-3.1-70b-instruct", "databricks-meta-llama-3-1-70b-instruct"),
        ("meta-llama-3.1-405b-instruct", "databricks-meta-llama-3-1-405b-instruct"),
        ("mixtral-8x7b-instruct-v0.1", "databricks-mixtral-8x7b-instruct"),
        ("bge-large-en", "databricks-bge-large-en"),
        ("gte-large-en", "databricks-gte-large-en"),
        ("llama-2-70b-chat", "databricks-llama-2-70b-chat"),
    ];
    NAMES.iter().find(|(old, _)| name.starts_with(old)).map(|(_, entry)| *entry)
}

/// Together's classes by the billions of parameters that a name tells.
fn together(name: &str, is_embedding: bool) -> Option<&'static str> {
    let millions = number_before(name, b'm').filter(|_| is_embedding);
    let billions = number_before(name, b'b').filter(|_| !is_embedding);
    match (millions, billions) {
        (Some(..=150), _) => Some("together-ai-embedding-up-to-150m"),
        (Some(..=350), _) => Some("together-ai-embedding-151m-to-350m"),
        (_, Some(..=4)) => Some("together-ai-up-to-4b"),
        (_, Some(..=8)) => Some("together-ai-4.1b-8b"),
        (_, Some(..=21)) => Some("together-ai-8.1b-21b"),
        (_, Some(..=41)) => Some("together-ai-21.1b-41b"),
        (_, Some(..=80)) => Some("together-ai-41.1b-80b"),
        (_, Some(..=110)) => Some("together-ai-81.1b-110b"),
        _ => None,
    }
}

/// Whether Azure chooses the model.
pub(super) fn is_router(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    model.contains("model-router") || model.contains("model_router")
}

/// Azure's router is listed for its fee. Fireworks serves models that no entry names, by class of size.
fn fallback<'m>(map: &'m PriceMap, provider: &str, name: &str) -> Option<Found<'m>> {
    if provider == "azure_ai" && is_router(name) {
        return map.find(ROUTER_ENTRY).map(Found::Listed);
    }
    if provider != "fireworks_ai" {
        return None;
    }
    let bare = name.strip_prefix("fireworks_ai/").unwrap_or(name);
    let class = || map.find(fireworks(&bare.to_ascii_lowercase()));
    map.find(bare).or_else(class).map(Found::Listed)
}

fn fireworks(name: &str) -> &'static str {
    if let Some((experts, billions)) = experts(name) {
        match experts.saturating_mul(billions) {
            ..=56 => return "fireworks-ai-moe-up-to-56b",
            57..=176 => return "fireworks-ai-56b-to-176b",
            _ => {}
        }
    }
    match number_before(name, b'b') {
        Some(..=4) => "fireworks-ai-up-to-4b",
        Some(5..=16) => "fireworks-ai-4.1b-to-16b",
        Some(_) => "fireworks-ai-above-16b",
        None => "fireworks-ai-default",
    }
}

/// `8x7b`.
fn experts(name: &str) -> Option<(u64, u64)> {
    name.match_indices('x').find_map(|(place, _)| {
        let before = &name[..place];
        let digits = before.len() - before.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
        let experts = before[before.len() - digits..].parse().ok()?;
        let after = &name[place + 1..];
        let end = after.find(|letter: char| !letter.is_ascii_digit())?;
        let billions = after[..end].parse().ok()?;
        after[end..].starts_with('b').then_some((experts, billions))
    })
}

/// The first number that this letter follows.
fn number_before(name: &str, letter: u8) -> Option<u64> {
    let bytes = name.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(_, byte)| byte.eq_ignore_ascii_case(&letter));
    ends.map(|(end, _)| end).find_map(|end| {
        let digits = bytes[..end].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        name[end - digits..end].parse().ok()
    })
}

/// Fireworks reads its cache for half the price of the input where no entry says otherwise.
fn with_cache_default(provider: &str, prices: Prices) -> Prices {
    let input = prices.rate(Unit::INPUT).filter(|_| provider == "fireworks_ai");
    let Some(input) = input.filter(|_| prices.rate(Unit::CACHE_READ).is_none()) else { return prices };
    let mut prices = prices.with_default(Key::of(Unit::CACHE_READ), input.half());
    if let Some(block) = prices.off_peak_mut() {
        let rate = block.rate(Unit::INPUT).unwrap_or(input);
        if block.rate(Unit::CACHE_READ).is_none() {
            block.add(Unit::CACHE_READ, ExactUsd::half(rate));
        }
    }
    prices
}
