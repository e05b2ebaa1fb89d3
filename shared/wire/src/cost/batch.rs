//! What the tokens of a batch cost: at the batch's own rates, else at half the ordinary ones.

use super::Charge;
use super::call::Call;
use super::pricing::Priced;
use super::tokens;
use crate::money::ExactUsd;
use crate::prices::{At, Key, Prices, Tier, Unit};
use crate::usage::Usage;

pub(super) fn cost(call: &Call<'_>, priced: &Priced<'_>) -> Charge {
    let (usage, prices) = (call.usage, &priced.prices);
    let rates = Batch { prices, prompt_tokens: usage.prompt_tokens, is_inclusive: call.provider == "xai" };
    let input = rates.rate(Unit::INPUT);
    let input = input.map_or_else(|| halved(prices, usage), |rate| rates.input(usage, rate));
    let charge = Charge { input, output: rates.output(usage), ..Charge::default() };
    let charge = charge.scaled(tokens::uplift(prices, call.residency));
    charge.scaled(tokens::endpoint_uplift(prices, call.vertex_location))
}

struct Batch<'a> {
    prices: &'a Prices,
    prompt_tokens: u64,
    is_inclusive: bool,
}

impl Batch<'_> {
    /// The batch's rate, above the highest threshold that it has and the prompt has passed.
    fn rate(&self, unit: Unit) -> Option<ExactUsd> {
        let passed = |key: &Key| match key.at {
            At::Above(tokens) if self.prompt_tokens > tokens => Some(tokens),
            At::Above(tokens) if self.is_inclusive && self.prompt_tokens == tokens => Some(tokens),
            _ => None,
        };
        let of_batch = self.prices.rates().iter().filter(|(key, _)| key.unit == unit && key.tier == Tier::Batches);
        let above = of_batch.filter_map(|(key, rate)| Some((passed(key)?, *rate))).max_by_key(|(tokens, _)| *tokens);
        above.map(|(_, rate)| rate).or_else(|| self.own(unit))
    }

    fn own(&self, unit: Unit) -> Option<ExactUsd> {
        self.prices.get(Key::of(unit).tier(Tier::Batches))
    }

    fn input(&self, usage: &Usage, rate: ExactUsd) -> ExactUsd {
        let details = &usage.details;
        let (read, write) = (self.rate(Unit::CACHE_READ), self.rate(Unit::CACHE_WRITE));
        let (cached, written) = (read.map_or(0, |_| details.cached), write.map_or(0, |_| details.written));
        let paid = details.prompt;
        let others = paid.media().saturating_add(cached).saturating_add(written);
        let media = |unit, tokens: u64| self.own(unit).unwrap_or(rate).times(tokens);
        rate.times(usage.prompt_tokens.saturating_sub(others))
            .plus(media(Unit::INPUT_AUDIO, paid.audio))
            .plus(media(Unit::INPUT_IMAGE_TOKEN, paid.image))
            .plus(media(Unit::INPUT_VIDEO_TOKEN, paid.video))
            .plus(read.unwrap_or_default().times(cached))
            .plus(write.unwrap_or_default().times(written))
    }

    fn output(&self, usage: &Usage) -> ExactUsd {
        let half = |unit| self.prices.rate(unit).map(ExactUsd::half);
        let text_rate = self.rate(Unit::OUTPUT).or_else(|| half(Unit::OUTPUT)).unwrap_or_default();
        let image_rate = self.own(Unit::OUTPUT_IMAGE_TOKEN).or_else(|| half(Unit::OUTPUT_IMAGE_TOKEN));
        let images = usage.details.completion.image.min(usage.completion_tokens);
        let text = text_rate.times(usage.completion_tokens - images);
        text.plus(image_rate.unwrap_or(text_rate).times(images))
    }
}

/// Half of the ordinary price; what the cache holds has no price where it is not listed.
fn halved(prices: &Prices, usage: &Usage) -> ExactUsd {
    let details = &usage.details;
    let Some(input) = prices.rate(Unit::INPUT).filter(|rate| !rate.is_zero()) else { return ExactUsd::ZERO };
    let plain = usage.prompt_tokens.saturating_sub(details.cached).saturating_sub(details.written);
    let read = prices.rate(Unit::CACHE_READ).unwrap_or_default();
    let write = prices.rate(Unit::CACHE_WRITE).filter(|rate| !rate.is_zero()).unwrap_or(input);
    input.times(plain).plus(read.times(details.cached)).plus(write.times(details.written)).half()
}
