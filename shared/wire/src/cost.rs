//! What a call costs: the price that counts for it, the arithmetic of its provider, discounts and margins.
//!
//! LiteLLM's `cost_calculator`, in exact integers. Pure: the time of the call is handed in. Knows no budgets.

mod adjust;
mod batch;
mod breakdown;
mod call;
mod image;
mod native;
mod pricing;
mod rates;
mod tokens;
mod tools;
mod units;
mod worst;

pub use adjust::{Adjustments, Margin, Unreadable};
pub use breakdown::{Basis, Breakdown, Cost};
pub use call::{Call, Names, Residency, Settled, Work};
pub use image::Images;
pub use pricing::{Priced, Unmapped};
pub use tools::{Context, FileSearch, Storage, Tools};
pub use worst::{Ask, Standing, Worst, standing, worst};

use crate::money::{ExactUsd, Picodollars};
use crate::price_map::PriceMap;

/// Parts of a cost before discounts and margins, not yet rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Charge {
    input: ExactUsd,
    output: ExactUsd,
    tools: ExactUsd,
    /// The fee of Azure's model router.
    additional: ExactUsd,
    /// Parts of `input` and `output`.
    cache_read: ExactUsd,
    cache_write: ExactUsd,
    reasoning: ExactUsd,
}

impl Charge {
    fn input(input: ExactUsd) -> Self {
        Self { input, ..Self::default() }
    }

    fn output(output: ExactUsd) -> Self {
        Self { output, ..Self::default() }
    }

    fn total(&self) -> ExactUsd {
        self.input.plus(self.output).plus(self.tools).plus(self.additional)
    }
}

/// What the call costs.
///
/// # Errors
/// Where no price map entry, rule or own price says anything of the model: LiteLLM's "This model isn't mapped yet".
pub fn of(map: &PriceMap, call: &Call<'_>, adjustments: &Adjustments) -> Result<Cost, Unmapped> {
    match call.settled {
        Settled::Cached => return Ok(Cost::whole(Picodollars(0), Basis::Cached)),
        Settled::Stated(cost) => return Ok(Cost::whole(cost, Basis::Stated)),
        Settled::No => {}
    }
    let (charge, basis) = charge(map, call)?;
    Ok(Cost::new(&charge, basis, call, adjustments))
}

fn charge(map: &PriceMap, call: &Call<'_>) -> Result<(Charge, Basis), Unmapped> {
    if let Some(charge) = native::stated(call) {
        return Ok((charge, Basis::Stated));
    }
    // Images may be listed by size and quality alone.
    let is_drawing = matches!(call.work, Work::Images(_));
    let nothing = || is_drawing.then(|| Priced::nothing(call));
    let priced = pricing::select(map, call).or_else(nothing).ok_or_else(|| pricing::unmapped(call))?;
    let mut charge = work(map, call, &priced)?;
    if call.work.has_tools() {
        charge.tools = tools::cost(map, call, &priced);
        charge.additional = native::router_fee(map, call, &priced);
    }
    Ok((charge, priced.basis()))
}

fn work(map: &PriceMap, call: &Call<'_>, priced: &Priced<'_>) -> Result<Charge, Unmapped> {
    Ok(match call.work {
        Work::Tokens | Work::Embedding => native::cost(call, priced),
        Work::Images(images) => Charge::output(image::cost(map, call, &images, priced)?),
        Work::Video { length, resolution, count } => {
            Charge::output(units::video(priced, length, resolution).times(count))
        }
        Work::Speech { characters } => units::speech(call, priced, characters),
        Work::Transcription { length } => units::transcription(call, priced, length),
        Work::Rerank { units, tokens } => Charge::input(units::rerank(call, priced, units, tokens)),
        Work::Pages { pages, annotated, credits } => Charge::input(units::pages(priced, pages, annotated, credits)),
        Work::PagesOfBatch { pages, annotated } => Charge::input(units::batch_pages(priced, pages, annotated)),
        Work::Search { queries, results_max } => Charge::input(units::search(priced, queries, results_max)),
        Work::VectorSearch => Charge::input(units::vector_search(map, call)),
        Work::Batch => batch::cost(call, priced),
    })
}

#[cfg(test)]
mod tests;
