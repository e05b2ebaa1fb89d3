//! Money that may be spent in a period, by a deployment, a provider or a tag.
//!
//! Reads what the tables have checked already. Counts nothing.

use super::node::Node;
use super::params::Fields;

const MINUTE_SECONDS: u64 = 60;
const HOUR_SECONDS: u64 = 3_600;
const DAY_SECONDS: u64 = 86_400;
const WEEK_SECONDS: u64 = 604_800;
/// LiteLLM ends a month on the same day of the next one; here it always has 30 days.
const MONTH_SECONDS: u64 = 2_592_000;

/// A limit in US dollars for each period. LiteLLM takes a limit of 0 for none, so there is no budget of 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    pub limit_usd: f64,
    pub period_seconds: u64,
    /// As it was written: `1d`, `30s`, `1mo`, `daily`.
    pub period: String,
}

impl Budget {
    /// A budget needs both its limit and its period; without either there is none.
    pub(super) fn new(limit_usd: Option<f64>, period: Option<String>) -> Option<Self> {
        let (limit_usd, period) = (limit_usd.filter(|limit| *limit != 0.0)?, period?);
        Some(Self { limit_usd, period_seconds: period_seconds(&period)?, period })
    }

    /// The budgets of a map from names to what LiteLLM calls a `BudgetConfig`; of two names for a key the router's
    /// own, `budget_limit` or `time_period`, counts.
    pub(super) fn by_name(node: Option<&Node>) -> Vec<(String, Self)> {
        let mut budgets = Vec::new();
        for entry in node.map(Node::entries).unwrap_or_default() {
            let fields = Fields::of(Some(&entry.value));
            let limit_usd = fields.number("budget_limit").or_else(|| fields.number("max_budget"));
            let period = fields.text("time_period").or_else(|| fields.text("budget_duration"));
            if let (Some(name), Some(budget)) = (entry.name(), Self::new(limit_usd, period)) {
                budgets.push((name.to_owned(), budget));
            }
        }
        budgets
    }
}

/// The seconds of a period as LiteLLM writes it: a number with its unit in front, or a word such as `daily`.
pub(super) fn period_seconds(text: &str) -> Option<u64> {
    let word = match text.trim().to_ascii_lowercase().as_str() {
        "hourly" => Some(HOUR_SECONDS),
        "daily" => Some(DAY_SECONDS),
        "weekly" => Some(WEEK_SECONDS),
        "monthly" => Some(30 * DAY_SECONDS),
        _ => None,
    };
    word.or_else(|| {
        let digits_end = text.find(|character: char| !character.is_ascii_digit())?;
        let (digits, unit) = text.split_at(digits_end);
        digits.parse::<u64>().ok()?.checked_mul(unit_seconds(unit)?)
    })
}

/// What stands behind the unit is ignored, as it is there: `days` is `d`.
fn unit_seconds(unit: &str) -> Option<u64> {
    match unit.as_bytes() {
        [b'm', b'o', ..] => Some(MONTH_SECONDS),
        [b's', ..] => Some(1),
        [b'm', ..] => Some(MINUTE_SECONDS),
        [b'h', ..] => Some(HOUR_SECONDS),
        [b'd', ..] => Some(DAY_SECONDS),
        [b'w', ..] => Some(WEEK_SECONDS),
        _ => None,
    }
}
