//! What a governed call is told of its key and its limits, as headers of its answer: LiteLLM's names.
//!
//! Decides nothing.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use serde_json::Value;
use tollgate_wire::python;

use super::Caller;
use super::limits::Claim;
use crate::bill::Receipt;
use crate::directory::Columns;
use crate::quota::{Level, Measure};

const KEY_SPEND: HeaderName = HeaderName::from_static("x-litellm-key-spend");
const KEY_BUDGET: HeaderName = HeaderName::from_static("x-litellm-key-max-budget");
const KEY_REQUESTS: HeaderName = HeaderName::from_static("x-litellm-key-rpm-limit");
const KEY_TOKENS: HeaderName = HeaderName::from_static("x-litellm-key-tpm-limit");
const COST: HeaderName = HeaderName::from_static("x-litellm-response-cost");
/// The parts of a cost, by LiteLLM's names in its breakdown.
static PARTS: [(&str, HeaderName); 7] = [
    ("original_cost", HeaderName::from_static("x-litellm-response-cost-original")),
    ("discount_amount", HeaderName::from_static("x-litellm-response-cost-discount-amount")),
    ("margin_total_amount", HeaderName::from_static("x-litellm-response-cost-margin-amount")),
    ("margin_percent", HeaderName::from_static("x-litellm-response-cost-margin-percent")),
    ("input_cost", HeaderName::from_static("x-litellm-response-cost-input")),
    ("output_cost", HeaderName::from_static("x-litellm-response-cost-output")),
    ("tool_usage_cost", HeaderName::from_static("x-litellm-response-cost-tool-usage")),
];

pub type Headers = Vec<(HeaderName, HeaderValue)>;

/// What holds before the call is made: limits of the key, and what is left of every limit.
pub fn before(caller: &Caller, claims: &[Arc<Claim>], levels: &[Level]) -> Headers {
    let mut headers = Vec::with_capacity(8);
    if let Some(profile) = caller.profile() {
        let whole = |name: &str| profile.key.whole(name).map(HeaderValue::from);
        headers.extend(whole("rpm_limit").map(|limit| (KEY_REQUESTS, limit)));
        headers.extend(whole("tpm_limit").map(|limit| (KEY_TOKENS, limit)));
        let budget = profile.key.number("max_budget");
        headers.extend(budget.and_then(|budget| Some((KEY_BUDGET, number(budget)?))));
    }
    for (claim, level) in claims.iter().zip(levels) {
        let (Some((remaining, most)), Some(limit)) = (&claim.told, limit(&claim.draw.measure)) else { continue };
        headers.push((remaining.clone(), HeaderValue::from(limit.saturating_sub(level.used))));
        headers.push((most.clone(), HeaderValue::from(limit)));
    }
    headers
}

/// What a whole answer adds: its cost, and what the key has spent with it.
pub fn after(headers: &mut Headers, receipt: &Receipt) {
    headers.extend(number(receipt.cost_usd()).map(|cost| (COST, cost)));
    for (name, header) in &PARTS {
        let part = receipt.breakdown.as_ref().and_then(|breakdown| breakdown.get(*name)).and_then(Value::as_f64);
        headers.extend(part.and_then(number).map(|part| (header.clone(), part)));
    }
    headers.extend(number(receipt.key_spend_usd).map(|spend| (KEY_SPEND, spend)));
}

/// What an answer adds whose cost is not known when it begins: what the key had spent before.
pub fn during(headers: &mut Headers, key_spend_usd: f64) {
    headers.extend(number(key_spend_usd).map(|spend| (KEY_SPEND, spend)));
}

fn number(number: f64) -> Option<HeaderValue> {
    // Most parts of a cost are nothing.
    if number == 0.0 {
        return Some(HeaderValue::from_static("0.0"));
    }
    HeaderValue::try_from(python::float(number)).ok()
}

const fn limit(measure: &Measure) -> Option<u64> {
    match measure {
        Measure::Money(_) => None,
        Measure::Requests { limit, .. } | Measure::Tokens { limit, .. } | Measure::Parallel { limit } => Some(*limit),
    }
}
