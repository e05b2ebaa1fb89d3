//! What drawn images cost: by tokens where the provider counts them, else by number, size and quality.
//!
//! LiteLLM's image calculators. Knows no tools but Gemini's search.

use super::breakdown::Basis;
use super::call::Call;
use super::pricing::{Priced, Unmapped, unmapped};
use super::{tokens, tools};
use crate::money::ExactUsd;
use crate::price_map::PriceMap;
use crate::prices::{At, Key, Prices, Tier, Unit};
use crate::usage::{Details, Parts, Usage};

/// Images of one call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Images<'a> {
    pub count: u64,
    /// `1024x1024`, or Fal's name of a size.
    pub size: Option<&'a str>,
    pub quality: Option<&'a str>,
    /// Fal's `resolution`: `2K`.
    pub resolution: Option<&'a str>,
    /// Stability's `steps`.
    pub steps: Option<u64>,
}

const DEFAULT_SIZE: &str = "1024-x-1024";
const STEPS: u64 = 50;

pub(super) fn cost(
    map: &PriceMap,
    call: &Call<'_>,
    images: &Images<'_>,
    priced: &Priced<'_>,
) -> Result<ExactUsd, Unmapped> {
    let flat = priced.prices.rate(Unit::OUTPUT_IMAGE).map(|rate| rate.times(images.count));
    let counted = || by_tokens(call, &priced.prices);
    Ok(match priced.provider {
        _ if priced.basis() == Basis::Unpriced && !priced.is_listed() => {
            let by_steps = stability(map, images, priced).filter(|_| priced.provider == "bedrock");
            by_steps.map_or_else(|| listed(map, call, images, priced), Ok)?
        }
        "gemini" | "vertex_ai" => {
            let search = tools::grounding(call.usage.details.searches, priced);
            let uplift = tokens::endpoint_uplift(&priced.prices, call.vertex_location);
            counted().unwrap_or_else(|| flat.unwrap_or_default().scaled(uplift)).plus(search)
        }
        "azure_ai" => match counted().or(flat) {
            Some(cost) => cost,
            None if priced.prices.rate(Unit::INPUT_PIXEL).is_some() => listed(map, call, images, priced)?,
            None => ExactUsd::ZERO,
        },
        "bedrock" => stability(map, images, priced).or(flat).unwrap_or_default(),
        "recraft" | "aiml" | "cometapi" | "runwayml" => flat.unwrap_or_default(),
        "fal_ai" => fal(map, images, priced).or(flat).unwrap_or_default(),
        "openai" | "azure" if is_gpt_image(priced, call) => counted().or(flat).unwrap_or_default(),
        _ => listed(map, call, images, priced)?,
    })
}

fn is_gpt_image(priced: &Priced<'_>, call: &Call<'_>) -> bool {
    [priced.key, call.names.request_model].iter().any(|name| name.to_ascii_lowercase().contains("gpt-image"))
}

/// `None` where no tokens are counted, or they have no price.
fn by_tokens(call: &Call<'_>, prices: &Prices) -> Option<ExactUsd> {
    let units = [Unit::INPUT, Unit::OUTPUT, Unit::INPUT_IMAGE_TOKEN, Unit::OUTPUT_IMAGE_TOKEN];
    let is_priced = units.into_iter().any(|unit| prices.rate(unit).is_some_and(|rate| !rate.is_zero()));
    let usage = call.usage;
    let is_counted = usage.prompt_tokens > 0 || usage.completion_tokens > 0;
    if !is_priced || !is_counted {
        return None;
    }
    let details = &usage.details;
    let (parts, reasoning) = (details.completion, details.reasoning);
    let known = parts.text.saturating_add(parts.media()).saturating_add(reasoning);
    // What is not itemised is image; what is itemised in part leaves text.
    let completion = match known {
        0 => Parts { image: usage.completion_tokens, ..Parts::default() },
        _ => Parts { text: parts.text.saturating_add(usage.completion_tokens.saturating_sub(known)), ..parts },
    };
    let prompt = Parts { audio: 0, video: 0, ..details.prompt };
    let details = Details { prompt, completion, reasoning, ..Details::NONE };
    let charge = tokens::cost(call, prices, &Usage { details, ..*usage }, Tier::Standard);
    Some(charge.input.plus(charge.output))
}

/// The entries that are listed by size and quality: `hd/1024-x-1792/dall-e-3`.
fn listed(map: &PriceMap, call: &Call<'_>, images: &Images<'_>, priced: &Priced<'_>) -> Result<ExactUsd, Unmapped> {
    let size = images.size.filter(|size| size.contains('x')).unwrap_or(DEFAULT_SIZE);
    let size = dashed(size);
    let pixels = pixels(&size);
    let entry = names(call, &size, images.quality.unwrap_or("standard"));
    let entry = entry.iter().find_map(|name| map.find(name)).map(|facts| facts.prices());
    let own = priced.is_custom.then_some(&priced.prices);
    let tables = own.into_iter().chain(entry.as_ref());
    let priced_by = |table: &Prices| {
        let each = table.rate(Unit::INPUT_IMAGE).or_else(|| table.rate(Unit::OUTPUT_IMAGE));
        let area = || Some(table.rate(Unit::INPUT_PIXEL)?.times(pixels?));
        each.or_else(area)
    };
    let rate = tables.into_iter().find_map(priced_by).ok_or_else(|| unmapped(call))?;
    Ok(rate.times(images.count))
}

/// The names under which a size and quality may be listed, in LiteLLM's order.
fn names(call: &Call<'_>, size: &str, quality: &str) -> Vec<String> {
    let (provider, model) = (call.provider, call.names.request_model);
    let bare = model.strip_prefix(provider).and_then(|rest| rest.strip_prefix('/')).unwrap_or(model);
    let last = bare.rsplit('/').next().unwrap_or(bare);
    vec![
        format!("{quality}/{provider}/{size}/{bare}"),
        format!("{provider}/{quality}/{size}/{bare}"),
        format!("{provider}/{size}/{bare}"),
        format!("high/{provider}/{size}/{bare}"),
        format!("{quality}/{size}/{last}"),
        format!("{size}/{last}"),
        format!("{provider}/{bare}"),
        bare.to_owned(),
    ]
}

/// `1024x1024` is listed as `1024-x-1024`.
fn dashed(size: &str) -> String {
    if size.contains("-x-") { size.to_owned() } else { size.replace('x', "-x-") }
}

fn pixels(size: &str) -> Option<u64> {
    let (width, height) = size.split_once("-x-")?;
    width.parse::<u64>().ok()?.checked_mul(height.parse().ok()?)
}

/// The first generation of Stability's models is listed by size and steps.
fn stability(map: &PriceMap, images: &Images<'_>, priced: &Priced<'_>) -> Option<ExactUsd> {
    let size = dashed(images.size.unwrap_or(DEFAULT_SIZE));
    let steps = if images.steps.unwrap_or(STEPS) > STEPS { "max-steps" } else { "50-steps" };
    let bare = priced.key.rsplit('/').next().unwrap_or(priced.key);
    let entry = map.find(&format!("{size}/{steps}/{bare}")).filter(|_| !priced.is_custom)?;
    Some(entry.prices().rate(Unit::OUTPUT_IMAGE)?.times(images.count))
}

/// Fal's models are listed by resolution, or by quality and the nearest size.
fn fal(map: &PriceMap, images: &Images<'_>, priced: &Priced<'_>) -> Option<ExactUsd> {
    const SIZES: [(&str, &str); 6] = [
        ("square_hd", "1024-x-1024"),
        ("square", "512-x-512"),
        ("portrait_4_3", "768-x-1024"),
        ("portrait_16_9", "576-x-1024"),
        ("landscape_4_3", "1024-x-768"),
        ("landscape_16_9", "1024-x-576"),
    ];
    if priced.is_custom {
        return None;
    }
    let label = images.resolution.and_then(At::label);
    let labelled = label.and_then(|label| priced.prices.get(Key::of(Unit::OUTPUT_IMAGE).at(label)));
    let wanted = images.size.unwrap_or("landscape_4_3");
    let wanted = SIZES.iter().find(|(name, _)| *name == wanted).map_or(wanted, |(_, size)| size);
    let wanted = pixels(&dashed(wanted)).unwrap_or(1024 * 768);
    let quality = images.quality.filter(|quality| *quality != "auto").unwrap_or("high");
    let bare = priced.key.strip_prefix("fal_ai/").unwrap_or(priced.key);
    let nearest = || {
        let prefix = format!("fal_ai/{quality}/");
        let rows = map.with_prefix(&prefix).filter_map(|facts| {
            let rest = facts.key.strip_prefix("fal_ai/")?.strip_prefix(quality)?.strip_prefix('/')?;
            let area = pixels(rest.strip_suffix(bare)?.strip_suffix('/')?)?;
            Some((area, facts.prices().rate(Unit::OUTPUT_IMAGE)?))
        });
        rows.min_by_key(|(area, _)| (area.abs_diff(wanted), *area)).map(|(_, rate)| rate)
    };
    Some(labelled.or_else(nearest)?.times(images.count))
}
