//! What is counted of calls: money, tokens, requests. Pure.

use serde_json::{Map, Value};

use crate::directory::{Columns, Row};

/// The columns of every daily table that are added up.
pub const COLUMNS: &[&str] = &[
    "spend",
    "prompt_tokens",
    "completion_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "compression_saved_tokens",
    "compression_savings_spend",
    "prompt_caching_savings_spend",
    "gateway_injected_caching_savings_spend",
    "autorouter_savings_spend",
    "successful_requests",
    "failed_requests",
    "api_requests",
    "total_response_time_ms",
    "timed_requests",
];

/// The sums of these columns, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics([f64; COLUMNS.len()]);

/// LiteLLM's order of an answer; what no column is named after is worked out.
const SHOWN: &[&str] = &[
    "spend",
    "flat_cost",
    "prompt_tokens",
    "completion_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "compression_saved_tokens",
    "compression_savings_spend",
    "prompt_caching_savings_spend",
    "gateway_injected_caching_savings_spend",
    "autorouter_savings_spend",
    "total_tokens",
    "successful_requests",
    "failed_requests",
    "api_requests",
    "total_response_time_ms",
    "timed_requests",
];

/// The same for totals, whose names begin with `total_`.
const TOTALS: &[&str] = &[
    "spend",
    "flat_cost",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "api_requests",
    "successful_requests",
    "failed_requests",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "compression_saved_tokens",
    "compression_savings_spend",
    "prompt_caching_savings_spend",
    "gateway_injected_caching_savings_spend",
    "autorouter_savings_spend",
    "total_response_time_ms",
    "timed_requests",
];

impl Metrics {
    pub fn of(row: &Row) -> Self {
        let mut metrics = Self::default();
        for (value, name) in metrics.0.iter_mut().zip(COLUMNS) {
            *value = row.number(name).unwrap_or_default();
        }
        metrics
    }

    pub fn add(&mut self, other: &Self) {
        for (value, more) in self.0.iter_mut().zip(other.0) {
            *value += more;
        }
    }

    fn value(&self, name: &str) -> Value {
        let column = |name: &str| COLUMNS.iter().position(|column| *column == name).map_or(0.0, |at| self.0[at]);
        match name {
            // What is reserved by the day is no cost of a call, and nobody reserves anything here.
            "flat_cost" => 0.0.into(),
            "total_tokens" => whole(column("prompt_tokens") + column("completion_tokens")),
            _ if name.ends_with("spend") => column(name).into(),
            _ => whole(column(name)),
        }
    }

    pub fn json(&self) -> Value {
        Value::Object(SHOWN.iter().map(|name| ((*name).to_owned(), self.value(name))).collect())
    }

    pub fn json_of_totals(&self) -> Map<String, Value> {
        let named = |name: &&str| if name.starts_with("total_") { (*name).to_owned() } else { format!("total_{name}") };
        TOTALS.iter().map(|name| (named(name), self.value(name))).collect()
    }
}

fn whole(number: f64) -> Value {
    (number.round() as i64).into()
}
