//! Keys of `general_settings` about what calls have cost: the journal, the writing to the database, retention.

use super::{Group, Kind, acted};

/// Keys LiteLLM does not have.
pub(super) const OWN: &[Group] = &[
    // Whether the end of a call waits for the disk; true where nothing is set.
    acted(Kind::Flag, &["spend_journal_sync"]),
    // What may wait for the database, 1024; and what becomes of calls beyond it.
    acted(Kind::Amount, &["spend_journal_size_max_mb"]),
    acted(Kind::Choice(&["refuse", "degrade"]), &["spend_journal_full"]),
];

pub(super) const SETTINGS: &[Group] = &[
    acted(Kind::Number, &["proxy_batch_write_at"]),
    acted(
        Kind::Any,
        &["disable_spend_updates", "maximum_spend_logs_cleanup_cron", "maximum_spend_logs_retention_interval"],
    ),
    acted(Kind::Flag, &["disable_spend_logs", "store_prompts_in_spend_logs"]),
    acted(Kind::Integer, &["maximum_spend_logs_cleanup_batch_size", "maximum_spend_logs_cleanup_max_batches"]),
    acted(
        Kind::Text,
        &[
            "maximum_daily_tag_spend_retention_period",
            "maximum_spend_logs_cleanup_run_budget",
            "maximum_spend_logs_retention_period",
        ],
    ),
];
