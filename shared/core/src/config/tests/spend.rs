//! What the record of what calls cost is told by the configuration.

use std::time::Duration;

use super::fake::{Fake, served};
use crate::config::{JournalFull, Mode, SpendSettings};
use crate::ledger::{Cron, Rules, Schedule};

fn of(settings: &str) -> SpendSettings {
    served(&format!("general_settings: {{{settings}}}")).config.general_settings.spend
}

#[test]
fn nothing_said_is_safe_and_as_litellm_does_it() {
    let spend = of("");
    assert!(spend.journal_syncs);
    assert_eq!((spend.journal_bytes_max(), spend.journal_full), (1024 * 1024 * 1024, JournalFull::Refuse));
    assert_eq!((spend.pace.interval, spend.pace.jitter), (Duration::from_secs(10), Duration::from_secs(5)));
    assert_eq!(spend.rules, Rules::default());
    assert!(!spend.retention.is_on());
    assert_eq!(spend.retention.schedule, Schedule::Every(Duration::from_secs(86_400)));
}

#[test]
fn what_is_said_is_heeded() {
    let spend = of("spend_journal_sync: false, spend_journal_size_max_mb: 0.5, spend_journal_full: degrade, \
                    proxy_batch_write_at: 2, disable_spend_logs: true, store_prompts_in_spend_logs: true, \
                    maximum_spend_logs_retention_period: 30d, maximum_spend_logs_retention_interval: 6h, \
                    maximum_spend_logs_cleanup_batch_size: 10, maximum_spend_logs_cleanup_max_batches: 7");
    assert!(!spend.journal_syncs && spend.rules.keeps_prompts && !spend.rules.keeps_logs && spend.rules.keeps_sums);
    assert_eq!((spend.journal_bytes_max(), spend.journal_full), (512 * 1024, JournalFull::Degrade));
    assert_eq!((spend.pace.interval, spend.pace.jitter), (Duration::from_secs(2), Duration::from_secs(1)));
    assert_eq!(spend.retention.logs, Some(Duration::from_hours(24 * 30)));
    assert_eq!(spend.retention.schedule, Schedule::Every(Duration::from_hours(6)));
    assert_eq!((spend.retention.batch_rows, spend.retention.batches_max), (10, 7));
    assert!(!of("disable_spend_updates: true").rules.keeps_sums);
}

#[test]
fn a_cron_stands_above_the_interval() {
    let spend = of("maximum_spend_logs_cleanup_cron: '0 2 * * *', maximum_spend_logs_retention_interval: 6h");
    assert_eq!(Some(spend.retention.schedule), Cron::read("0 2 * * *").map(Schedule::Cron));
    assert!(spend.warnings.is_empty());
}

#[test]
fn what_cannot_be_read_is_said_and_removes_nothing() {
    let spend = of("maximum_spend_logs_retention_period: soon, maximum_spend_logs_cleanup_cron: often");
    assert!(!spend.retention.is_on());
    assert_eq!(spend.retention.schedule, Schedule::Every(Duration::from_secs(86_400)));
    assert_eq!(spend.warnings.len(), 2, "{:?}", spend.warnings);
}

#[test]
fn variables_stand_below_the_document() {
    let load = |yaml: &str| {
        let fake = Fake::with("config.yaml", yaml).set("PROXY_BATCH_WRITE_AT", "3");
        let fake = fake.set("STORE_PROMPTS_IN_SPEND_LOGS", "True").set("MAX_STRING_LENGTH_PROMPT_IN_DB", "100");
        fake.load(Mode::Boot).unwrap().config.general_settings.spend
    };
    let spend = load("model_list: []");
    assert_eq!((spend.pace.interval, spend.rules.text_chars_max), (Duration::from_secs(3), 100));
    assert!(spend.rules.keeps_prompts);
    let spend = load("general_settings: {proxy_batch_write_at: 4}");
    assert_eq!(spend.pace.interval, Duration::from_secs(4));
}
