//! Prices of one model: its rates by what they are for, the tiers of its table, and when it is off peak.
//!
//! Read from the words of `data/models.tsv` (described in `data/generate.py`). Knows no call.

mod field;
mod off_peak;
mod step;

pub use field::{At, Key, Tier, Unit};
pub(crate) use field::{code_of, listed};
pub use off_peak::OffPeak;
pub(crate) use off_peak::window;
pub use step::{Band, Step};

use crate::money::ExactUsd;

/// Most rates that one model has today is 75.
const RATES_EXPECTED: usize = 16;

/// All prices of one model. Empty where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    rates: Vec<(Key, ExactUsd)>,
    steps: Vec<Step>,
    off_peak: Option<OffPeak>,
    is_searched_by_query: bool,
}

impl Prices {
    /// Reads the words of a line of the map; what is no price is left out.
    pub fn parse(words: &str) -> Self {
        let mut prices = Self { rates: Vec::with_capacity(RATES_EXPECTED), ..Self::default() };
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            prices.take(word);
        }
        prices
    }

    fn take(&mut self, word: &str) {
        match word.as_bytes()[0] {
            b'T' | b'S' => self.steps.extend(Step::parse(word)),
            b'O' | b'H' | b'Z' => self.off_peak.get_or_insert_default().take(word),
            b'Q' => self.is_searched_by_query = true,
            _ => self.rates.extend(field::rate(word)),
        }
    }

    /// The rate of exactly this.
    pub fn get(&self, key: Key) -> Option<ExactUsd> {
        find(&self.rates, key)
    }

    /// The rate that LiteLLM calls so: `input_cost_per_token_above_272k_tokens_priority`.
    pub fn named(&self, name: &str) -> Option<ExactUsd> {
        let (key, _) = field::rate(&format!("{}=0", field::code_of(name)?))?;
        self.get(key)
    }

    /// The rate of this unit, without threshold or tier.
    pub fn rate(&self, unit: Unit) -> Option<ExactUsd> {
        self.get(Key::of(unit))
    }

    /// The rate in a tier, else the ordinary one.
    pub fn in_tier(&self, key: Key, tier: Tier) -> Option<ExactUsd> {
        self.get(key.tier(tier)).or_else(|| self.get(key))
    }

    /// All rates, as the map has them.
    pub fn rates(&self) -> &[(Key, ExactUsd)] {
        &self.rates
    }

    /// The steps of `tiered_pricing`, in the map's order.
    pub fn steps(&self, band: Band) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.band == band)
    }

    /// The step that a prompt of so many tokens is charged by as a whole; beyond the last it is the last.
    pub fn step(&self, tokens: u64) -> Option<&Step> {
        if tokens == 0 {
            return None;
        }
        let fits = |step: &&Step| step.from < tokens && tokens <= step.to;
        let in_order = |wanted: &dyn Fn(&&Step) -> bool| {
            self.steps(Band::PromptTokens).filter(wanted).min_by_key(|step| step.from)
        };
        in_order(&fits).or_else(|| self.steps(Band::PromptTokens).max_by_key(|step| step.from))
    }

    pub const fn off_peak(&self) -> Option<&OffPeak> {
        self.off_peak.as_ref()
    }

    /// Searches are charged one by one, not once a prompt.
    pub const fn is_searched_by_query(&self) -> bool {
        self.is_searched_by_query
    }

    pub fn is_empty(&self) -> bool {
        self.rates.is_empty() && self.steps.is_empty() && self.off_peak.is_none()
    }

    /// These prices, and the other's where these say nothing; `tiered_pricing` and off-peak blocks are not mixed.
    pub fn or(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.rates.extend(other.rates.iter().filter(|(key, _)| self.get(*key).is_none()));
        if both.steps.is_empty() {
            both.steps.clone_from(&other.steps);
        }
        both.off_peak = both.off_peak.or_else(|| other.off_peak.clone());
        both.is_searched_by_query |= other.is_searched_by_query;
        both
    }

    /// The same with one rate more, unless there is one already.
    pub fn with_default(mut self, key: Key, rate: ExactUsd) -> Self {
        if self.get(key).is_none() {
            self.rates.push((key, rate));
        }
        self
    }

    pub(crate) const fn off_peak_mut(&mut self) -> Option<&mut OffPeak> {
        self.off_peak.as_mut()
    }

    /// Whether tokens, time or queries have a price, so that calls can be charged by it at all.
    pub fn charges_calls(&self) -> bool {
        !self.steps.is_empty() || self.rates.iter().any(|(key, _)| key.unit.charges_calls())
    }

    /// Whether everything that has a price costs nothing.
    pub fn is_free(&self) -> bool {
        let steps = self.steps.iter().flat_map(|step| &step.rates);
        let mut all = self.rates.iter().filter(|(key, _)| !key.unit.is_multiplier()).chain(steps).peekable();
        all.peek().is_some() && all.all(|(_, rate)| rate.is_zero())
    }
}

fn find(rates: &[(Key, ExactUsd)], key: Key) -> Option<ExactUsd> {
    rates.iter().find(|(known, _)| *known == key).map(|(_, rate)| *rate)
}

#[cfg(test)]
mod tests;
