//! The rates of one call's tokens: table of tiers or thresholds, service tier, hours off peak.
//!
//! LiteLLM's `_get_token_base_cost`. Knows no counts but the length of the prompt.

use crate::money::ExactUsd;
use crate::prices::{At, Key, OffPeak, Prices, Step, Tier, Unit};

/// What decides over the rates of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    pub prices: &'a Prices,
    pub prompt_tokens: u64,
    pub tier: Tier,
    pub at_unix_s: u64,
    /// Whether a prompt of exactly the threshold pays the higher rate, as xAI has it.
    pub is_inclusive: bool,
}

/// USD a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rates {
    pub input: ExactUsd,
    pub output: ExactUsd,
    pub cache_read: ExactUsd,
    pub cache_write: ExactUsd,
    pub cache_write_hour: ExactUsd,
    pub reasoning: ExactUsd,
}

/// The rates while they are looked for: what a cache costs may be left to the input's rate.
struct Draft {
    input: ExactUsd,
    output: ExactUsd,
    cache_read: Option<ExactUsd>,
    cache_write: Option<ExactUsd>,
    cache_write_hour: Option<ExactUsd>,
}

impl<'a> Terms<'a> {
    pub fn rates(&self) -> Rates {
        let step = self.prices.step(self.prompt_tokens).filter(|step| step.rate(Unit::INPUT).is_some());
        let draft = step.map_or_else(|| self.by_threshold(), |step| self.by_step(step));
        let off_peak = self.off_peak();
        let now = |unit: Unit| off_peak.and_then(|block| block.rate(unit));
        let input = now(Unit::INPUT).unwrap_or(draft.input);
        let output = now(Unit::OUTPUT).unwrap_or(draft.output);
        let write = now(Unit::CACHE_WRITE).or(draft.cache_write).unwrap_or(input);
        Rates {
            input,
            output,
            cache_read: now(Unit::CACHE_READ).or(draft.cache_read).unwrap_or(input),
            cache_write: write,
            cache_write_hour: draft.cache_write_hour.unwrap_or(write),
            reasoning: now(Unit::REASONING).unwrap_or_else(|| self.reasoning(step, output)),
        }
    }

    fn off_peak(&self) -> Option<&'a OffPeak> {
        self.prices.off_peak().filter(|block| block.holds_at(self.at_unix_s))
    }

    /// The whole call is charged by one step; what it leaves open is the step's input rate, but never a free answer.
    fn by_step(&self, step: &Step) -> Draft {
        let input = step.rate(Unit::INPUT).unwrap_or_default();
        let output = step.rate(Unit::OUTPUT).or_else(|| self.prices.rate(Unit::OUTPUT)).unwrap_or_default();
        let write = step.rate(Unit::CACHE_WRITE).unwrap_or(input);
        Draft {
            input,
            output,
            cache_read: Some(step.rate(Unit::CACHE_READ).unwrap_or(input)),
            cache_write: Some(write),
            cache_write_hour: step.rate(Unit::CACHE_WRITE_HOUR).filter(|rate| !rate.is_zero()).or(Some(write)),
        }
    }

    fn by_threshold(&self) -> Draft {
        let base = |unit| self.prices.in_tier(Key::of(unit), self.tier);
        let output = base(Unit::OUTPUT).filter(|rate| !rate.is_zero());
        let mut draft = Draft {
            input: base(Unit::INPUT).unwrap_or_default(),
            // Models that only draw have no rate for text.
            output: output.or_else(|| self.prices.rate(Unit::OUTPUT_IMAGE_TOKEN)).unwrap_or_default(),
            cache_read: base(Unit::CACHE_READ),
            cache_write: base(Unit::CACHE_WRITE),
            cache_write_hour: self.prices.rate(Unit::CACHE_WRITE_HOUR),
        };
        self.thresholds().into_iter().for_each(|tokens| self.reprice(&mut draft, tokens));
        draft
    }

    /// The thresholds that the prompt has passed, the lowest first. All of its tokens are repriced.
    fn thresholds(&self) -> Vec<u64> {
        let units = [Unit::INPUT, Unit::OUTPUT, Unit::CACHE_READ, Unit::CACHE_WRITE, Unit::CACHE_WRITE_HOUR];
        let passed = |tokens: u64| self.prompt_tokens > tokens || (self.is_inclusive && self.prompt_tokens == tokens);
        let mut thresholds = Vec::new();
        for (key, _) in self.prices.rates() {
            let At::Above(tokens) = key.at else { continue };
            let is_ours = key.tier == Tier::Standard || key.tier == self.tier;
            if is_ours && units.contains(&key.unit) && passed(tokens) {
                thresholds.push(tokens);
            }
        }
        thresholds.sort_unstable();
        thresholds.dedup();
        thresholds
    }

    fn reprice(&self, draft: &mut Draft, tokens: u64) {
        let rate = |unit| self.prices.in_tier(Key::of(unit).at(At::Above(tokens)), self.tier);
        draft.input = rate(Unit::INPUT).unwrap_or(draft.input);
        draft.output = rate(Unit::OUTPUT).unwrap_or(draft.output);
        draft.cache_read = rate(Unit::CACHE_READ).or(draft.cache_read);
        draft.cache_write = rate(Unit::CACHE_WRITE).or(draft.cache_write);
        draft.cache_write_hour = rate(Unit::CACHE_WRITE_HOUR).or(draft.cache_write_hour);
    }

    /// What thinking costs, while `output` is what the answer's other tokens cost.
    fn reasoning(&self, step: Option<&Step>, output: ExactUsd) -> ExactUsd {
        let of_step = step.and_then(|step| step.rate(Unit::REASONING).or_else(|| step.rate(Unit::OUTPUT)));
        let own = |tier| self.prices.get(Key::of(Unit::REASONING).tier(tier));
        let is_priced_in_tier =
            self.tier != Tier::Standard && self.prices.get(Key::of(Unit::OUTPUT).tier(self.tier)).is_some();
        let standard = || if is_priced_in_tier { None } else { own(Tier::Standard) };
        of_step.or_else(|| own(self.tier)).or_else(standard).unwrap_or(output)
    }
}
