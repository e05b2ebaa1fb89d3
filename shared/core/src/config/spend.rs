//! What `general_settings` says of the record of what calls cost: journal, writing, spend logs, retention.
//!
//! Reads what the tables have checked already; holds the defaults. Writes nothing.

use std::time::Duration;

use super::budget::period_seconds;
use super::load::Surroundings;
use super::node::Node;
use super::params::Fields;
use crate::ledger::{Bounds, Cron, Pace, Retention, Rules, Schedule};

const BATCH_WRITE_SECONDS: f64 = 10.0;
/// LiteLLM waits as much longer by chance, and at most half as long again here.
const JITTER_MAX: Duration = Duration::from_secs(5);
const JOURNAL_SIZE_MAX_MB: f64 = 1024.0;
/// One transaction.
const BATCH: Bounds = Bounds { records_max: 1000, bytes_max: 4 * 1024 * 1024 };
const DAY: Duration = Duration::from_secs(86_400);
const CLEANUP_BATCH_ROWS: u64 = 1000;
const CLEANUP_BATCHES_MAX: u64 = 500;
const CLEANUP_RUN_MAX: Duration = Duration::from_secs(300);

/// What becomes of calls that cannot be journalled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JournalFull {
    /// They are refused: every call that is made is charged.
    #[default]
    Refuse,
    /// They are made, and what they cost may be lost.
    Degrade,
}

/// How what calls cost is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct SpendSettings {
    /// Tollgate's own, `spend_journal_sync`: whether the end of a call waits for the disk; true where nothing is set.
    pub journal_syncs: bool,
    /// Tollgate's own, `spend_journal_size_max_mb`: what may wait for the database; 1024 where nothing is set.
    pub journal_size_max_mb: f64,
    /// Tollgate's own, `spend_journal_full`: `refuse` where nothing is set.
    pub journal_full: JournalFull,
    /// `proxy_batch_write_at`, else the variable `PROXY_BATCH_WRITE_AT`, else 10 s.
    pub pace: Pace,
    /// `disable_spend_logs`, `disable_spend_updates`, `store_prompts_in_spend_logs` (else the variable
    /// `STORE_PROMPTS_IN_SPEND_LOGS`), and the variable `MAX_STRING_LENGTH_PROMPT_IN_DB`.
    pub rules: Rules,
    /// `maximum_spend_logs_retention_period` and what belongs to it: nothing is removed where it is not set.
    pub retention: Retention,
    /// Settings that LiteLLM reports and goes on without, each as a sentence.
    pub warnings: Vec<String>,
}

impl SpendSettings {
    pub(super) fn read(node: Option<&Node>, surroundings: &Surroundings<'_>) -> Self {
        let fields = Fields::of(node);
        let mut warnings = Vec::new();
        let is_degrading = fields.text("spend_journal_full").as_deref() == Some("degrade");
        Self {
            journal_syncs: fields.flag_unless_off("spend_journal_sync"),
            journal_size_max_mb: fields.number("spend_journal_size_max_mb").unwrap_or(JOURNAL_SIZE_MAX_MB),
            journal_full: if is_degrading { JournalFull::Degrade } else { JournalFull::Refuse },
            pace: pace(&fields, surroundings),
            rules: rules(&fields, surroundings),
            retention: retention(&fields, &mut warnings),
            warnings,
        }
    }

    /// The most that may wait for the database.
    pub fn journal_bytes_max(&self) -> u64 {
        // Saturates, and turns what is no number into 0.
        (self.journal_size_max_mb * 1024.0 * 1024.0) as u64
    }
}

fn pace(fields: &Fields<'_>, surroundings: &Surroundings<'_>) -> Pace {
    let variable = || surroundings.variable("PROXY_BATCH_WRITE_AT")?.trim().parse().ok();
    let seconds = fields.number("proxy_batch_write_at").or_else(variable).unwrap_or(BATCH_WRITE_SECONDS);
    let interval = Duration::try_from_secs_f64(seconds).unwrap_or(DAY).clamp(Duration::from_millis(100), DAY);
    Pace { interval, jitter: JITTER_MAX.min(interval / 2), bounds: BATCH }
}

fn rules(fields: &Fields<'_>, surroundings: &Surroundings<'_>) -> Rules {
    let variable = |name: &str| surroundings.variable(name).map(|text| text.trim().to_ascii_lowercase());
    let is_asked_for = || variable("STORE_PROMPTS_IN_SPEND_LOGS").is_some_and(|text| text == "true");
    let length = variable("MAX_STRING_LENGTH_PROMPT_IN_DB").and_then(|text| text.parse().ok());
    let usual = Rules::default();
    Rules {
        keeps_logs: !fields.flag("disable_spend_logs"),
        keeps_sums: !fields.flag("disable_spend_updates"),
        keeps_prompts: fields.flag("store_prompts_in_spend_logs") || is_asked_for(),
        text_chars_max: length.unwrap_or(usual.text_chars_max),
    }
}

fn retention(fields: &Fields<'_>, warnings: &mut Vec<String>) -> Retention {
    let mut period = |name: &str| {
        // LiteLLM takes a bare number for days.
        let days = fields.integer(name).map(|days| format!("{days}d"));
        let text = days.or_else(|| fields.text(name))?;
        let seconds = period_seconds(&text).filter(|seconds| *seconds > 0);
        if seconds.is_none() {
            warnings.push(format!("general_settings.{name}: `{text}` is no duration such as `30d`: it is not heeded"));
        }
        seconds.map(Duration::from_secs)
    };
    let (logs, tag_days) =
        (period("maximum_spend_logs_retention_period"), period("maximum_daily_tag_spend_retention_period"));
    let interval = period("maximum_spend_logs_retention_interval").unwrap_or(DAY);
    let run_max = period("maximum_spend_logs_cleanup_run_budget").unwrap_or(CLEANUP_RUN_MAX);
    let positive = |name: &str| fields.count(name).filter(|count| *count > 0);
    Retention {
        logs,
        tag_days,
        schedule: cron(fields, warnings).map_or(Schedule::Every(interval), Schedule::Cron),
        batch_rows: positive("maximum_spend_logs_cleanup_batch_size").unwrap_or(CLEANUP_BATCH_ROWS),
        batches_max: positive("maximum_spend_logs_cleanup_max_batches").unwrap_or(CLEANUP_BATCHES_MAX),
        run_max,
    }
}

fn cron(fields: &Fields<'_>, warnings: &mut Vec<String>) -> Option<Cron> {
    let text = fields.text("maximum_spend_logs_cleanup_cron").filter(|text| !text.is_empty())?;
    let cron = Cron::read(&text);
    if cron.is_none() {
        let text = format!("`{text}` is no cron of five fields such as `0 2 * * *`: the interval is kept instead");
        warnings.push(format!("general_settings.maximum_spend_logs_cleanup_cron: {text}"));
    }
    cron
}
