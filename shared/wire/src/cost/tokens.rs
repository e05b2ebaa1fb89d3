//! What a call's tokens cost: every kind of them at its own rate, none of them twice.
//!
//! LiteLLM's `generic_cost_per_token`. Knows no provider.

use super::Charge;
use super::call::{Call, Residency};
use super::rates::{Rates, Terms};
use crate::money::{ExactUsd, Factor};
use crate::prices::{Key, Prices, Tier, Unit};
use crate::usage::{Details, Parts, Usage};

/// What of the prompt is paid as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Prompt {
    paid: Parts,
    cached: u64,
    cached_audio: u64,
}

/// The tokens of a call at the rates that hold for it, with all uplifts.
pub(super) fn cost(call: &Call<'_>, prices: &Prices, usage: &Usage, tier: Tier) -> Charge {
    let is_inclusive = call.provider == "xai";
    let (prompt_tokens, at_unix_s) = (usage.prompt_tokens, call.at_unix_s);
    let rates = Terms { prices, prompt_tokens, tier, at_unix_s, is_inclusive }.rates();
    let prompt = prompt(usage);
    let details = &usage.details;
    let cache_read = cache_read(prices, tier, &prompt, &rates);
    let cache_write = cache_write(details, &rates);
    let charge = Charge {
        input: input(prices, tier, &prompt, details, &rates).plus(cache_read).plus(cache_write),
        output: output(prices, usage, &rates),
        cache_read,
        cache_write,
        reasoning: rates.reasoning.times(details.reasoning),
        ..Charge::default()
    };
    let charge = charge.scaled(uplift(prices, call.residency));
    charge.scaled(endpoint_uplift(prices, call.vertex_location))
}

impl Charge {
    pub(super) fn scaled(self, factor: Factor) -> Self {
        if factor == Factor::ONE {
            return self;
        }
        Self {
            input: self.input.scaled(factor),
            output: self.output.scaled(factor),
            cache_read: self.cache_read.scaled(factor),
            cache_write: self.cache_write.scaled(factor),
            reasoning: self.reasoning.scaled(factor),
            ..self
        }
    }
}

/// OpenAI charges more in its regions.
pub(super) fn uplift(prices: &Prices, residency: Option<Residency>) -> Factor {
    let unit = match residency {
        Some(Residency::Eu) => Unit::UPLIFT_EU,
        Some(Residency::Us) => Unit::UPLIFT_US,
        None => return Factor::ONE,
    };
    prices.rate(unit).map_or(Factor::ONE, Factor::of_rate)
}

/// Vertex charges more for everything but its global endpoint.
pub(super) fn endpoint_uplift(prices: &Prices, location: Option<&str>) -> Factor {
    let is_regional = location.is_some_and(|location| !location.eq_ignore_ascii_case("global"));
    prices.rate(Unit::UPLIFT_ENDPOINT).filter(|_| is_regional).map_or(Factor::ONE, Factor::of_rate)
}

/// Splits the prompt. What the cache holds may be counted within the other kinds too, and is paid once.
fn prompt(usage: &Usage) -> Prompt {
    let details = &usage.details;
    let (cached, written) = (details.cached, details.written);
    let cached_audio = details.cached_parts.audio.min(cached);
    let cached_text = details.cached_parts.text.min(cached - cached_audio);
    let cached_image = details.cached_parts.image.min(cached - cached_audio - cached_text);
    let mut paid = Parts {
        text: details.prompt.text.saturating_sub(cached_text),
        audio: details.prompt.audio.saturating_sub(cached_audio),
        image: details.prompt.image.saturating_sub(cached_image),
        video: details.prompt.video,
    };
    let cache = cached.saturating_add(written);
    let all = paid.text.saturating_add(paid.media()).saturating_add(cache);
    if cache > 0 && all > usage.prompt_tokens {
        let mut left = usage.prompt_tokens.saturating_sub(cache);
        for kind in [&mut paid.audio, &mut paid.image, &mut paid.video] {
            *kind = left.min(*kind);
            left -= *kind;
        }
        paid.text = left;
    } else if paid.text == 0 && details.images == 0 {
        paid.text = usage.prompt_tokens.saturating_sub(paid.media().saturating_add(cache));
    }
    Prompt { paid, cached, cached_audio }
}

fn input(prices: &Prices, tier: Tier, prompt: &Prompt, details: &Details, rates: &Rates) -> ExactUsd {
    let paid = &prompt.paid;
    let per_character = prices.rate(Unit::INPUT_CHARACTER).filter(|_| details.characters > 0);
    let text = per_character.map_or_else(|| rates.input.times(paid.text), |rate| rate.times(details.characters));
    let per = |unit| prices.rate(unit);
    let seconds = per(Unit::INPUT_AUDIO_SECOND).map(|rate| rate.over(details.audio));
    let frames = per(Unit::INPUT_VIDEO_SECOND).map(|rate| rate.over(details.video));
    let images = per(Unit::INPUT_IMAGE).map(|rate| rate.times(details.images));
    let media = |unit, tokens: u64| prices.in_tier(Key::of(unit), tier).unwrap_or(rates.input).times(tokens);
    // Whatever is paid by its length or number is not paid by its tokens again.
    let audio = seconds.filter(|_| !details.audio.is_zero()).unwrap_or_else(|| media(Unit::INPUT_AUDIO, paid.audio));
    let video =
        frames.filter(|_| !details.video.is_zero()).unwrap_or_else(|| media(Unit::INPUT_VIDEO_TOKEN, paid.video));
    let image = images.filter(|_| details.images > 0).unwrap_or_else(|| media(Unit::INPUT_IMAGE_TOKEN, paid.image));
    let queries = per(Unit::QUERY).unwrap_or_default().times(details.queries);
    text.plus(audio).plus(video).plus(image).plus(queries)
}

fn cache_read(prices: &Prices, tier: Tier, prompt: &Prompt, rates: &Rates) -> ExactUsd {
    let audio = prices.in_tier(Key::of(Unit::CACHE_READ_AUDIO), tier).unwrap_or(rates.cache_read);
    rates.cache_read.times(prompt.cached - prompt.cached_audio).plus(audio.times(prompt.cached_audio))
}

fn cache_write(details: &Details, rates: &Rates) -> ExactUsd {
    match details.written_for {
        Some(times) => rates.cache_write.times(times.five_minutes).plus(rates.cache_write_hour.times(times.hour)),
        None => rates.cache_write.times(details.written),
    }
}

fn output(prices: &Prices, usage: &Usage, rates: &Rates) -> ExactUsd {
    let details = &usage.details;
    let parts = details.completion;
    let others = details.reasoning.saturating_add(parts.media());
    let per = |unit, tokens: u64| prices.rate(unit).unwrap_or(rates.output).times(tokens);
    let text = text_of_answer(usage);
    let text = if text == 0 { usage.completion_tokens.saturating_sub(others) } else { text };
    rates
        .output
        .times(text)
        .plus(rates.reasoning.times(details.reasoning))
        .plus(per(Unit::OUTPUT_AUDIO, parts.audio))
        .plus(per(Unit::OUTPUT_IMAGE_TOKEN, parts.image))
        .plus(per(Unit::OUTPUT_VIDEO_TOKEN, parts.video))
}

/// The text of the answer without the thinking that some providers count within it.
fn text_of_answer(usage: &Usage) -> u64 {
    let (parts, reasoning) = (usage.details.completion, usage.details.reasoning);
    let all = parts.text.saturating_add(reasoning).saturating_add(parts.media());
    let nested = reasoning.min(parts.text).min(all.saturating_sub(usage.completion_tokens));
    parts.text - nested
}

/// The same usage without what the answer was made of.
pub(super) fn undivided(usage: &Usage) -> Usage {
    let details = Details { completion: Parts::default(), reasoning: 0, ..usage.details };
    Usage { details, ..*usage }
}
