//! Discounts and margins on what a provider charges, by provider: `cost_discount_config` and `cost_margin_config`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::money::{ExactUsd, Factor, Picodollars};

/// The key of the margin that holds where a provider has none.
const GLOBAL: &str = "global";

/// What is taken off and put on a cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adjustments {
    discounts: BTreeMap<String, Factor>,
    margins: BTreeMap<String, Margin>,
}

/// A share of the cost, and an amount for every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    pub share: Factor,
    pub fixed: Picodollars,
}

/// A discount or margin that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{setting}` of provider `{provider}` must be {must}")]
pub struct Unreadable {
    pub setting: &'static str,
    pub provider: String,
    pub must: &'static str,
}

/// A cost with its discount and margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Adjusted {
    pub total: ExactUsd,
    pub discount_share: Option<Factor>,
    pub discount: ExactUsd,
    pub margin: Option<Margin>,
    pub margin_total: ExactUsd,
}

impl Adjustments {
    /// Reads `cost_discount_config` and `cost_margin_config` of the configuration; null where they are absent.
    ///
    /// # Errors
    /// Names the provider whose value cannot be meant: shares below zero, a discount of more than everything.
    pub fn read(discounts: &Value, margins: &Value) -> Result<Self, Unreadable> {
        let mut read = Self::default();
        for (provider, value) in discounts.as_object().into_iter().flatten() {
            let share = value.as_f64().and_then(Factor::of).filter(|share| *share <= Factor::ONE);
            let bad = || unreadable("cost_discount_config", provider, "a fraction from 0 to 1");
            read.discounts.insert(provider.clone(), share.ok_or_else(bad)?);
        }
        for (provider, value) in margins.as_object().into_iter().flatten() {
            let must = "a fraction, or an object with `percentage` and `fixed_amount` in USD, none below 0";
            let margin = margin(value).ok_or_else(|| unreadable("cost_margin_config", provider, must))?;
            read.margins.insert(provider.clone(), margin);
        }
        Ok(read)
    }

    pub(super) fn apply(&self, cost: ExactUsd, provider: &str) -> Adjusted {
        let discount_share = self.discounts.get(provider).copied();
        let discount = discount_share.map_or(ExactUsd::ZERO, |share| cost.scaled(share));
        let discounted = cost.minus(discount);
        let margin = self.margins.get(provider).or_else(|| self.margins.get(GLOBAL)).copied();
        let added = |margin: Margin| discounted.scaled(margin.share).plus(ExactUsd::of(margin.fixed));
        let margin_total = margin.map_or(ExactUsd::ZERO, added);
        Adjusted { total: discounted.plus(margin_total), discount_share, discount, margin, margin_total }
    }
}

fn unreadable(setting: &'static str, provider: &str, must: &'static str) -> Unreadable {
    Unreadable { setting, provider: provider.to_owned(), must }
}

fn margin(value: &Value) -> Option<Margin> {
    if let Some(share) = value.as_f64() {
        return Some(Margin { share: Factor::of(share)?, fixed: Picodollars(0) });
    }
    let parts = value.as_object()?;
    let number = |name: &str| parts.get(name).map_or(Some(0.0), Value::as_f64);
    let (share, fixed) = (Factor::of(number("percentage")?)?, Picodollars::of_usd(number("fixed_amount")?)?);
    Some(Margin { share, fixed })
}
