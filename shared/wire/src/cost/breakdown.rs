//! A cost as it is told and stored: the total, and the parts that LiteLLM keeps as `cost_breakdown`.

use serde_json::{Map, Value, json};

use super::Charge;
use super::adjust::Adjustments;
use super::call::{Call, Residency};
use crate::money::Picodollars;
use crate::prices::Tier;

/// What a call costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    pub total: Picodollars,
    pub basis: Basis,
    pub breakdown: Breakdown,
}

/// Where a cost comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The gateway's cache answered: it costs nothing.
    Cached,
    /// The provider's own statement.
    Stated,
    /// The deployment's own prices.
    Custom,
    /// The price map.
    Listed,
    /// The model is known, its prices are not: the cost is nothing because nobody can tell it.
    Unpriced,
}

/// Parts of a cost; each is rounded on its own, the total is not their sum but the exact one's rounding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Breakdown {
    pub input: Picodollars,
    pub output: Picodollars,
    pub cache_read: Picodollars,
    pub cache_write: Picodollars,
    pub reasoning: Picodollars,
    pub tools: Picodollars,
    /// The fee of Azure's model router.
    pub router_fee: Picodollars,
    /// Before discount and margin.
    pub original: Picodollars,
    pub discount_share: f64,
    pub discount: Picodollars,
    pub margin_share: f64,
    pub margin_fixed: Picodollars,
    pub margin: Picodollars,
    pub tier: Option<&'static str>,
    pub residency: Option<Residency>,
    pub vertex_location: Option<String>,
}

impl Cost {
    /// A cost of which nothing is known but the total.
    pub(super) fn whole(total: Picodollars, basis: Basis) -> Self {
        Self { total, basis, breakdown: Breakdown { original: total, ..Breakdown::default() } }
    }

    pub(super) fn new(charge: &Charge, basis: Basis, call: &Call<'_>, adjustments: &Adjustments) -> Self {
        let adjusted = adjustments.apply(charge.total(), call.provider);
        let breakdown = Breakdown {
            input: charge.input.round(),
            output: charge.output.round(),
            cache_read: charge.cache_read.round(),
            cache_write: charge.cache_write.round(),
            reasoning: charge.reasoning.round(),
            tools: charge.tools.round(),
            router_fee: charge.additional.round(),
            original: charge.total().round(),
            discount_share: adjusted.discount_share.map_or(0.0, |share| share.number()),
            discount: adjusted.discount.round(),
            margin_share: adjusted.margin.map_or(0.0, |margin| margin.share.number()),
            margin_fixed: adjusted.margin.map_or(Picodollars(0), |margin| margin.fixed),
            margin: adjusted.margin_total.round(),
            tier: tier_name(call.tier()),
            residency: call.residency,
            vertex_location: call.vertex_location.map(str::to_owned),
        };
        Self { total: adjusted.total.round(), basis, breakdown }
    }
}

const fn tier_name(tier: Tier) -> Option<&'static str> {
    Some(match tier {
        Tier::Flex => "flex",
        Tier::Balanced => "balanced",
        Tier::Priority => "priority",
        Tier::Ultrafast => "ultrafast",
        Tier::Standard | Tier::Batches | Tier::Decisions => return None,
    })
}

impl Breakdown {
    /// LiteLLM's `cost_breakdown`, in USD; `total` is the cost it belongs to.
    pub fn to_json(&self, total: Picodollars) -> Value {
        let residency = self.residency.map(|region| if region == Residency::Eu { "eu" } else { "us" });
        let mut shown = Map::new();
        let mut set = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        set("input_cost", self.input.usd().into());
        set("output_cost", self.output.usd().into());
        set("total_cost", total.usd().into());
        set("tool_usage_cost", self.tools.usd().into());
        set("service_tier", self.tier.into());
        set("data_residency", residency.into());
        set("vertex_location", self.vertex_location.as_deref().into());
        let parts = [
            ("cache_read_cost", self.cache_read),
            ("cache_creation_cost", self.cache_write),
            ("reasoning_cost", self.reasoning),
        ];
        for (name, part) in parts {
            if part.0 > 0 {
                set(name, part.usd().into());
            }
        }
        if self.router_fee.0 > 0 {
            set("additional_costs", json!({ "Azure Model Router Flat Cost": self.router_fee.usd() }));
        }
        set("original_cost", self.original.usd().into());
        set("discount_percent", self.discount_share.into());
        set("discount_amount", self.discount.usd().into());
        set("margin_percent", self.margin_share.into());
        set("margin_fixed_amount", self.margin_fixed.usd().into());
        set("margin_total_amount", self.margin.usd().into());
        Value::Object(shown)
    }
}
