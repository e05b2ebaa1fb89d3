//! How long spend logs are kept, and when old ones are removed.
//!
//! A few rows at a time, so that nothing else waits for it; totals and daily sums stay. Knows no SQL.

mod cron;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{info, warn};

pub use cron::Cron;

use crate::clock::{Clock, Moment};
use crate::directory::schema::{DAILY_TAG, SPEND_LOGS};
use crate::directory::{Change, Columns, Directory, Fault, Filter, Query, Table, moment_text};

/// Between two batches.
const BREATH: Duration = Duration::from_millis(100);

/// When rows are removed.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// `maximum_spend_logs_retention_interval`.
    Every(Duration),
    /// `maximum_spend_logs_cleanup_cron`.
    Cron(Cron),
}

/// What is removed, and how much in one go.
#[derive(Clone, Debug, PartialEq)]
pub struct Retention {
    /// `maximum_spend_logs_retention_period`; `None` keeps them forever.
    pub logs: Option<Duration>,
    /// `maximum_daily_tag_spend_retention_period`.
    pub tag_days: Option<Duration>,
    pub schedule: Schedule,
    pub batch_rows: u64,
    pub batches_max: u64,
    /// How long a run may take.
    pub run_max: Duration,
}

impl Schedule {
    /// When it is time next; never, where a cron's time never comes.
    pub fn next(&self, now: Moment) -> Option<Moment> {
        match self {
            Self::Every(interval) => Some(now + *interval),
            Self::Cron(cron) => cron.next(now),
        }
    }
}

impl Retention {
    pub const fn is_on(&self) -> bool {
        self.logs.is_some() || self.tag_days.is_some()
    }

    /// Removes rows when it is time, for as long as it is polled.
    pub async fn run(&self, directory: Arc<dyn Directory>, clock: Clock) {
        while let Some(next) = self.schedule.next(clock.now()) {
            sleep(next.since(clock.now())).await;
            match self.prune(&*directory, clock.now()).await {
                Ok(0) => {}
                Ok(rows) => info!(rows, "{rows} rows of spend that were old enough are removed"),
                Err(fault) => warn!("old rows of spend are not removed: {fault}"),
            }
        }
        warn!("general_settings.maximum_spend_logs_cleanup_cron names a time that never comes: nothing is removed");
    }

    /// Removes what is too old now, and says how many rows that were.
    ///
    /// # Errors
    /// When the directory cannot be reached; what was removed before stays so.
    pub async fn prune(&self, directory: &dyn Directory, now: Moment) -> Result<u64, Fault> {
        let before = |kept: Duration| moment_text(Moment(now.0.saturating_sub(micros(kept))));
        let mut removed = 0;
        if let Some(kept) = self.logs {
            removed += self.remove(directory, (&SPEND_LOGS, "request_id", "startTime"), before(kept)).await?;
        }
        if let Some(kept) = self.tag_days {
            let day = before(kept).chars().take(10).collect();
            removed += self.remove(directory, (&DAILY_TAG, "id", "date"), day).await?;
        }
        Ok(removed)
    }

    async fn remove(
        &self,
        directory: &dyn Directory,
        (table, key, time): (&'static Table, &'static str, &'static str),
        before: String,
    ) -> Result<u64, Fault> {
        let started = Instant::now();
        let old = Query::of(table).with(Filter::Below(time, before.into()));
        let old = old.sorted(time, crate::directory::Direction::Up).page(0, self.batch_rows).only(&[key]);
        let mut removed = 0;
        for _ in 0..self.batches_max {
            let rows = directory.find(&old).await?;
            let ids: Vec<String> = rows.iter().filter_map(|row| row.text(key).map(str::to_owned)).collect();
            let count = ids.len() as u64;
            if count > 0 {
                directory.write(vec![Change::Delete(table, vec![Filter::In(key, ids)])]).await?;
                removed += count;
            }
            if count < self.batch_rows || started.elapsed() >= self.run_max {
                break;
            }
            sleep(BREATH).await;
        }
        Ok(removed)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
